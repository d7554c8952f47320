"""Which addresses are gateways, and which devices hang on which: what one gateway's loss takes with it.

A device tied to one gateway says so when it introduces itself (`Description.gateway`). Otherwise its address says where
it belongs: everything of a base topic hangs on that base's bridge, or on all radio receivers below it together.
"""

from __future__ import annotations

RECEIVERS = frozenset({"rtl_433", "theengs"})
"""Ecosystems whose receivers share their devices, and are themselves `<ecosystem>/<receiver>`: one says of itself that
it is gone, and another may still hear them. An ecosystem whose receivers announce themselves so adds its name."""
BRIDGE = "/bridge"
"""What the address of an ecosystem's one bridge ends with: `zigbee2mqtt/bridge`, or another base topic."""


def hears_below(address: str) -> str | None:
    """What the addresses begin with of all that this one hears, where it is a gateway by its name; else None."""
    if address.endswith(BRIDGE):
        return address.removesuffix("bridge")
    base, _, rest = address.partition("/")
    return f"{base}/" if base in RECEIVERS and rest and "/" not in rest else None


def base_of(address: str) -> str:
    """The part of the house's network a device belongs to, by its address alone: `zigbee2mqtt/`."""
    return address.partition("/")[0] + "/"
