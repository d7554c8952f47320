"""`handrail new`: writes a home and says what to do with it."""

from __future__ import annotations

import sys
from pathlib import Path

from hub.config.new import write_new


def write_home(folder: Path, *, rooms: int, slug: str | None, broker: str) -> int:
    """Write the home's folder; what was written and what comes next is said on standard output."""
    made = write_new(folder, rooms=rooms, slug=slug, broker=broker)
    lines = [f"{folder}: home {made.slug}, {rooms} rooms, {len(made.files)} files"]
    if made.accounts:
        names = ", ".join(account.username for account in made.accounts)
        lines.append(f"  accounts on the broker: {names}; their passwords are in {folder / 'secrets'}")
    lines += [
        f"  broker:  mosquitto -c {folder / 'mosquitto.conf'}",
        f"  next:    edit the files, then: handrail check {folder}",
        f"           handrail run {folder} --with-dashboards",
        f"           handrail watch {folder}, best on another machine: it tells calls while the hub is gone",
        "  gateway: Zigbee2MQTT sends at QoS 0, which may be dropped; set its device_options: {qos: 1}",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0
