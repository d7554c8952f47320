"""A home with a device of each ecosystem, on a real broker and a real hub: each call is told, each lamp obeys, and each
gateway that is cut off is exactly one alert that names whom it leaves. On a moved clock: tests/stories/."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from hub.clock import SystemClock
from hub.demo.ecosystems import place_all
from hub.demo.gateways import Gateways
from hub.mqtt.types import BrokerAddress
from hub.simulate.ecosystems import ECOSYSTEMS, LIVED_IN, peers
from tests.contract.home_parts import DEADLINE_S, TOP, RunningHome, Stranger, home_with, stranger
from tests.parts import Mosquitto, until


@asynccontextmanager
async def every_gateway(broker: Mosquitto) -> AsyncIterator[Gateways]:
    """All of them, connected."""
    address = BrokerAddress(host="127.0.0.1", port=broker.port)
    gateways = Gateways(peers(), address=lambda _: address, clock=SystemClock())
    running = asyncio.create_task(gateways.run())
    try:
        await until(lambda: len(gateways.connected) == len(gateways.peers), DEADLINE_S)
        yield gateways
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def says(home: RunningHome, device: str, *values: str) -> bool:
    """Whether the ledger holds that the device said one of these."""
    with closing(sqlite3.connect(f"file:{home.folder / 'data' / 'ledger.db'}?mode=ro", uri=True)) as store:
        rows = store.execute("SELECT value FROM events WHERE device = ?", (device,)).fetchall()
    return (not values and bool(rows)) or any(str(value).strip('"') in values for (value,) in rows)


def open_alerts(me: Stranger) -> dict[str, dict[str, object]]:
    """The alerts that are not closed, each as it was said last."""
    found: dict[str, dict[str, object]] = {}
    for topic, _, _ in me.heard:
        if topic.startswith(f"{TOP}/alert/") and (said := me.on(topic)):
            found[topic] = said[-1]
    return {topic: said for topic, said in found.items() if said["state"] != "closed"}


async def test_each_ecosystem_calls_obeys_and_is_missed(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """One home, all of them at once; every gateway with a last will is cut by its wire, and mended."""
    with home_with(tmp_path / "home", mosquitto, rooms=LIVED_IN) as home:
        place_all(home.folder)
        async with stranger(mosquitto.port) as me:
            home.start()
            await me.is_ready()
            async with every_gateway(mosquitto) as gateways:
                await _each_call_is_told(me, gateways)
                await _each_lamp_obeys(home, me)
                gateways.press("frigate")
                await until(lambda: says(home, "frigate/side_door", "1", "true", "True"), DEADLINE_S)
                await _everything_is_closed(me)
                await _each_gateway_is_missed(home, me, gateways)
        assert home.stop() == 0
        assert "Traceback" not in home.said


async def _each_call_is_told(me: Stranger, gateways: Gateways) -> None:
    """Everybody calls at once; each is one emergency of the one whose device it is."""
    for peer in gateways.peers.values():
        if peer.caller:
            gateways.press(peer.name)
    for number, _ in enumerate((one for one in ECOSYSTEMS if one.caller), 1):
        await me.line("raised", resident=f"resident-{number:03d}", device=f"room-{number:03d}-pendant")
    assert len(me.log("raised")) == LIVED_IN
    assert {alert["level"] for alert in open_alerts(me).values()} == {"emergency"}


async def _each_lamp_obeys(home: RunningHome, me: Stranger) -> None:
    """A door stays open, the plan lights the room's lamp, and the lamp says that it is lit."""
    rooms = [(f"{number:03d}", one.lamp) for number, one in enumerate(ECOSYSTEMS, 1) if one.lamp]
    for room, _ in rooms:
        await me.publish(f"zigbee2mqtt/room-{room}-door", b'{"contact":false}')
    for room, lamp in rooms:
        await until(lambda lamp=lamp: says(home, lamp, "on"), DEADLINE_S)  # type: ignore[misc]
        await me.publish(f"zigbee2mqtt/room-{room}-door", b'{"contact":true}')
    assert me.log("undelivered") == []


async def _everything_is_closed(me: Stranger) -> None:
    """The calls are answered, so that the board is empty."""
    for number, alert in enumerate(list(open_alerts(me).values())):
        answer = await me.ask(
            "dashboards",
            id=f"c{number}",
            do="close",
            alert=alert["id"],
            by="carer-1",
            ending="helped",
            reason="was beside it",
        )
        assert answer["ok"], answer
    await until(lambda: not open_alerts(me), DEADLINE_S)


async def _each_gateway_is_missed(home: RunningHome, me: Stranger, gateways: Gateways) -> None:
    """One after the other; the board is empty before and after, and nothing that comes behind raises one more."""
    numbers = {peer: number for number, one in enumerate(ECOSYSTEMS, 1) for peer in one.peers}
    for peer in gateways.peers.values():
        if peer.will is None:
            continue  # the Things Stack: known by its silence, on a moved clock
        before = len(me.log("raised"))
        gateways.take(peer.name)
        await until(lambda: open_alerts(me), DEADLINE_S)
        await _all_was_heard(home, me, f"gone-{peer.name}")
        assert len(me.log("raised")) == before + 1, (peer.name, me.log("raised")[before:])
        (alert,) = open_alerts(me).values()
        room = numbers[type(peer)]
        assert (f"Resident {room:03d}" in str(alert["reason"])) == bool(peer.caller), (peer.name, alert)
        gateways.bring(peer.name)
        await until(lambda: not open_alerts(me), DEADLINE_S)
        await _all_was_heard(home, me, f"back-{peer.name}")
        assert len(me.log("raised")) == before + 1, peer.name


async def _all_was_heard(home: RunningHome, me: Stranger, marker: str) -> None:
    """Until the hub has taken what the broker has now."""
    await me.publish(f"zigbee2mqtt/{marker}", b'{"temperature":20}')
    await until(lambda: says(home, f"zigbee2mqtt/{marker}"), DEADLINE_S)
