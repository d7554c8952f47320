"""A demonstration with a device of each ecosystem: whose they are, and a tour that lets each call and each lamp obey.

Room 001 speaks Zigbee2MQTT, room 002 rtl_433, and so on (`hub/simulate/ecosystems.py`); all else in the house is
Zigbee2MQTT's, as in the plain demonstration.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from hub.demo.gateways import Gateways
from hub.errors import HandrailError
from hub.simulate.ecosystems import ECOSYSTEMS, peers
from hub.simulate.messages import Said
from rules.placing import quoted

EACH_S = 6.0
"""So long after one ecosystem the tour comes to the next."""
DOOR_OPEN_S = 8.0
HELP = "take NAME: it loses its power. bring NAME: it is back. p NAME: somebody calls with it. list: their names."


class NoSuchGateway(HandrailError):
    """A name that no simulated gateway has."""


def names() -> list[str]:
    """What can be taken away."""
    return [peer.name for peer in peers()]


def known(wanted: list[str]) -> tuple[str, ...]:
    """These names, or `NoSuchGateway` with those there are."""
    for name in wanted:
        if name not in names():
            raise NoSuchGateway(f'there is no simulated gateway "{name}": expected one of {", ".join(names())}')
    return tuple(wanted)


SIDE_DOOR = """\
  - {place: side-door, name: Side door, kind: outside_door, zone: ground, call_point: "the bell at the door"}
"""
ALL_DAY = """
# Only for the demonstration at any hour: whoever stands before the camera of the side door is told.
times:
  doors_watched: always
"""


def place_all(folder: Path) -> None:
    """Pendants and lamps of the first rooms become those of the ecosystems, and a camera looks at the side door."""
    home = folder / "home.yaml"
    said = home.read_text(encoding="utf-8").replace("\nplaces:\n", f"\nplaces:\n{SIDE_DOOR}", 1)
    home.write_text(said + ALL_DAY, encoding="utf-8")
    devices = folder / "devices.yaml"
    text = devices.read_text(encoding="utf-8")
    for number, one in enumerate(ECOSYSTEMS, 1):
        room = f"{number:03d}"
        if one.caller:
            text = text.replace(f"address: zigbee2mqtt/room-{room}-pendant,", f"address: {quoted(one.caller)},")
        if one.lamp:
            text = text.replace(f"address: zigbee2mqtt/room-{room}-light,", f"address: {quoted(one.lamp)},")
        for peer in one.peers:
            if peer.eye:
                text += f"  - {{device: side-door-camera, address: {peer.eye}, for: motion, place: side-door}}\n"
    devices.write_text(text, encoding="utf-8")


class Tour:
    """Lets each ecosystem call once and its lamp be lit, one after the other; afterwards people at the terminal do."""

    def __init__(self, gateways: Gateways, say: Callable[[Said], None]) -> None:
        """`say` lets a Zigbee device speak: the doors of the house are."""
        self._gateways = gateways
        self._say = say

    async def run(self) -> None:
        """Once round the house."""
        async with asyncio.TaskGroup() as group:
            for number, one in enumerate(ECOSYSTEMS, 1):
                await asyncio.sleep(EACH_S)
                for peer in one.peers:
                    if (peer.caller or peer.eye) and self._gateways.is_there(peer.name):
                        self._gateways.press(peer.name)
                if one.lamp:
                    group.create_task(self._door(f"zigbee2mqtt/room-{number:03d}-door"))

    async def _door(self, door: str) -> None:
        """The plan lights the lamp while the door is open."""
        self._say(Said(at_ms=0, topic=door, body={"contact": False}))
        await asyncio.sleep(DOOR_OPEN_S)
        self._say(Said(at_ms=0, topic=door, body={"contact": True}))

    def typed(self, line: str) -> str:
        """What somebody typed at the terminal is done; what is to be said to them."""
        word, _, name = line.partition(" ")
        name = name.strip()
        gateways = self._gateways
        if word == "list":
            return "  ".join(one if gateways.is_there(one) else f"({one})" for one in gateways.peers)
        if word not in ("take", "bring", "p"):
            return HELP
        if name not in gateways.peers:
            return f'there is no gateway "{name}". {HELP}'
        if word == "take":
            gateways.take(name)
            return f"taken away: {name}, {gateways.peers[name].what}"
        if word == "bring":
            gateways.bring(name)
            return f"there again: {name}"
        gateways.press(name)
        return f"pressed: {name}"
