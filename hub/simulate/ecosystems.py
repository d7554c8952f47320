"""One home with a device of each ecosystem: the simulated gateways and devices, room by room. To add one, a subclass of
`Peer` and its name here."""

from __future__ import annotations

from dataclasses import dataclass

from hub.simulate.peer import Peer
from hub.simulate.peers_radio import ChirpStack, Rtl433, Theengs, TheThingsStack, Zigbee2Mqtt
from hub.simulate.peers_wifi import (
    EspHomeCord,
    EspHomeLamp,
    Frigate,
    Gen1Cord,
    Gen1Lamp,
    Gen2,
    Homie4Cord,
    Homie4Lamp,
    Homie5,
    OwnCord,
    OwnLamp,
    TasmotaCord,
    TasmotaLamp,
    Workshop,
)


@dataclass(frozen=True, slots=True)
class Ecosystem:
    """An ecosystem of the demonstration, and what of it is simulated."""

    title: str
    peers: tuple[type[Peer], ...]

    @property
    def caller(self) -> str:
        """The address somebody calls with; empty where nobody can."""
        return next((peer.caller for peer in self.peers if peer.caller), "")

    @property
    def lamp(self) -> str:
        """The address of its lamp; empty where it has none."""
        return next((peer.lamp for peer in self.peers if peer.lamp), "")

    @property
    def dims(self) -> bool:
        """Whether its lamp takes a brightness."""
        return any(peer.dims for peer in self.peers)


ECOSYSTEMS: tuple[Ecosystem, ...] = (
    Ecosystem("Zigbee2MQTT", (Zigbee2Mqtt,)),
    Ecosystem("rtl_433", (Rtl433,)),
    Ecosystem("Home Assistant's discovery", (Workshop,)),
    Ecosystem("ESPHome", (EspHomeCord, EspHomeLamp)),
    Ecosystem("Tasmota", (TasmotaCord, TasmotaLamp)),
    Ecosystem("Shelly, first generation", (Gen1Cord, Gen1Lamp)),
    Ecosystem("Shelly Gen2+ with a BLU button", (Gen2,)),
    Ecosystem("The Things Stack", (TheThingsStack,)),
    Ecosystem("ChirpStack", (ChirpStack,)),
    Ecosystem("Theengs, OpenMQTTGateway", (Theengs,)),
    Ecosystem("Homie 4", (Homie4Cord, Homie4Lamp)),
    Ecosystem("Homie 5", (Homie5,)),
    Ecosystem("the plain form", (OwnCord, OwnLamp)),
    Ecosystem("Frigate", (Frigate,)),
)
"""Each has the room of its number; the last has no caller, and its camera hangs at the side door."""
LIVED_IN = sum(1 for one in ECOSYSTEMS if one.caller)
"""So many rooms are wanted for all of them."""


def peers() -> list[Peer]:
    """All of them, freshly made."""
    return [peer() for one in ECOSYSTEMS for peer in one.peers]
