"""The `mosquitto.conf` that Handrail ships: in the package, or at the root of a checkout."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def broker_settings() -> str:
    """The `mosquitto.conf` that Handrail ships, without listeners and users."""
    shipped = files("hub") / "resources" / "mosquitto.conf"
    if shipped.is_file():
        return shipped.read_text(encoding="utf-8")
    return (Path(__file__).resolve().parents[2] / "mosquitto.conf").read_text(encoding="utf-8")
