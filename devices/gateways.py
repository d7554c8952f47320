"""Which addresses are gateways, and which devices hang on which: what one gateway's loss takes with it.

A device tied to one gateway says so when it introduces itself (`Description.gateway`). Otherwise its address says where
it belongs: everything of a base topic hangs on that base's bridge, or on all radio receivers below it together.
"""

from __future__ import annotations

import re

RECEIVERS = frozenset({"rtl_433", "theengs"})
"""Ecosystems whose receivers share their devices, and are themselves `<ecosystem>/<receiver>`: one says of itself that
it is gone, and another may still hear them. An ecosystem whose receivers announce themselves so adds its name."""
BRIDGE = "/bridge"
"""What the address of an ecosystem's one bridge ends with: `zigbee2mqtt/bridge`, or another base topic."""


def hears_below(address: str) -> str | None:
    """What the addresses begin with of all that this one hears, where it is a gateway by its name; else None."""
    if is_network(address):
        return address.removesuffix("bridge")
    base, _, rest = address.partition("/")
    return f"{base}/" if base in RECEIVERS and rest and "/" not in rest else None


def is_network(address: str) -> bool:
    """Whether all below its base topic comes through this one, also what is heard by a gateway of its own behind it."""
    return address.endswith(BRIDGE) and not has_line(address)


LINES = frozenset({"tasmota", "shellies", "shelly", "esphome", "homie", "handrail-device"})
"""Ecosystems whose devices are clients of the broker themselves and leave it a last will: one that said `online`, and
not `offline` since, has a line to the broker, which the broker tests by itself."""
CODES = re.compile(r"(tasmota/.+?)/(?:rf/.+|ir)")
"""What a bridge hears without any address of its own."""


def module_of(address: str) -> str:
    """The device whose part this address is (`shelly/hall#input:1`), or that hears it; empty where it is its own."""
    module, _, part = address.partition("#")
    if part:
        return module
    heard = CODES.fullmatch(address)
    return heard.group(1) if heard is not None else ""


def has_line(address: str) -> bool:
    """Whether the broker tells by itself when the device of this address is gone."""
    return address.partition("/")[0] in LINES


def base_of(address: str) -> str:
    """The part of the house's network a device belongs to, by its address alone: `zigbee2mqtt/`."""
    return address.partition("/")[0] + "/"
