"""`handrail watch`: the watcher of one home, until somebody stops it."""

from __future__ import annotations

import asyncio
import logging
import signal
from pathlib import Path

from hub.channels import AppriseChannel
from hub.clock import SystemClock
from hub.errors import LedgerBusy, WatcherBusy
from hub.homes import named
from hub.lock import Lock
from hub.watch.kept import read
from hub.watch.watcher import Watcher

LOCK = "watcher.lock"


def run_watcher(folder: Path, *, verbose: bool) -> int:
    """Run until SIGTERM or SIGINT; 0 after a clean stop. Raises `HandrailError` where it cannot start."""
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    return asyncio.run(_run(folder.absolute()))


async def _run(folder: Path) -> int:
    with named(folder):
        kept = read(folder)
    lock = Lock(kept.settings.data / LOCK)
    kept.settings.data.mkdir(parents=True, exist_ok=True)
    try:
        lock.acquire()
    except LedgerBusy:
        raise WatcherBusy(f"another watcher of {folder} runs on this machine: stop it first") from None
    channel = AppriseChannel()
    watcher = Watcher(folder=folder, kept=kept, clock=SystemClock(), channel=channel)
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, watcher.stop)
    loop.add_signal_handler(signal.SIGHUP, watcher.reload)
    warming = asyncio.create_task(channel.warm())
    try:
        await watcher.run()
    finally:
        warming.cancel()
        lock.release()
    return 0
