"""`handrail watch`: the watcher of one home, until somebody stops it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from pathlib import Path

from hub.aside import aside
from hub.channels import AppriseChannel
from hub.clock import SystemClock
from hub.errors import HandrailError, LedgerBusy, WatcherBusy
from hub.homes import named
from hub.lock import Lock
from hub.watch.kept import read
from hub.watch.watcher import Watcher

log = logging.getLogger("handrail.watch")

LOCK = "watcher.lock"
LOOK_S = 1.0


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
    with contextlib.suppress(OSError):  # without its folder the watcher works, and its lock is had later or never
        kept.settings.data.mkdir(parents=True, exist_ok=True)
    try:
        lock.acquire()
    except LedgerBusy:
        raise _busy(folder) from None
    channel = AppriseChannel()
    watcher = Watcher(folder=folder, kept=kept, clock=SystemClock(), channel=channel)
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, watcher.stop)
    loop.add_signal_handler(signal.SIGHUP, watcher.reload)
    beside = [asyncio.create_task(channel.warm()), looking := asyncio.create_task(_look(lock, watcher))]
    looking.add_done_callback(_looked)
    try:
        await watcher.run()
    finally:
        for task in beside:
            task.cancel()
        lock.release()
    if looking.done() and not looking.cancelled() and looking.exception() is None:
        raise _busy(folder)
    return 0


def _busy(folder: Path) -> WatcherBusy:
    return WatcherBusy(f"another watcher of {folder} runs on this machine: stop it first")


async def _look(lock: Lock, watcher: Watcher) -> None:
    """A lock whose file was removed is taken again. Where another watcher has it meanwhile this one ends: the two would
    take the broker's connection from each other for ever, and neither hear."""
    said = ""
    while True:
        await asyncio.sleep(LOOK_S)
        try:
            await aside("lock", lock.look)
        except LedgerBusy:
            watcher.stop()
            return
        except HandrailError as error:
            if str(error) != said:
                said = str(error)
                log.warning("the watcher works without its lock: %s", said)


def _looked(task: asyncio.Task[None]) -> None:
    """The watcher goes on whatever became of looking at its lock; a bug there is said."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("the watcher's lock is not looked at any more: %r", error)
