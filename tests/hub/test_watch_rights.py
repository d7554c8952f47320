"""What the broker keeps from the watcher: the real broker, the hub's own probe, the watcher's own connection."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hub.clock import SystemClock
from hub.config.new import write_new
from hub.watch.kept import read
from hub.watch.watcher import Watcher
from rules.faults import FAULTS
from tests.hub.core_parts import SLUG
from tests.hub.program import listening
from tests.hub.test_broker_watch import allow, mended, running, told
from tests.hub.test_watch_shell import Phones
from tests.parts import Mosquitto

OTHERS = "topic readwrite #\nuser watcher\ntopic write handrail/#\n"
LESS = f"{OTHERS}topic read handrail/#\ntopic read rtl_433/#\n"
ALL = f"{OTHERS}topic read #\n"


async def test_a_watcher_that_the_broker_keeps_the_devices_from_is_told_to_staff(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """Mosquitto says yes to its subscriptions and passes nothing on; the hub's probe shows it, and its mending."""
    folder = tmp_path / "home"
    write_new(folder, rooms=1, slug=SLUG, broker=f"mqtt://hub:p@127.0.0.1:{mosquitto.port}")
    password = (folder / "secrets" / "watcher.password").read_text().strip()
    mosquitto.with_users({"hub": "p", "watcher": password, "screens": "p"}, acl="")
    allow(mosquitto, LESS)
    screens = listening(mosquitto.port, f"handrail/{SLUG}/alert/#", username="screens", password="p")
    async with screens as heard, running(folder):
        watcher = Watcher(folder=folder, kept=read(folder), clock=SystemClock(), channel=Phones())
        work = asyncio.create_task(watcher.run())
        said = await told(heard, "watcher")
        assert said.startswith("The broker does not let the watcher hear zigbee2mqtt/#, shellies/#")
        assert "rtl_433" not in said
        assert said.endswith(FAULTS["watcher"].mend)
        allow(mosquitto, ALL)
        await mended(heard, "watcher")
        watcher.stop()
        await work
