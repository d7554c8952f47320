"""`handrail run`: the hub of one home, until somebody stops it; with the screens beside it where asked for."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import random
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path

from hub import kill_points
from hub.bootstrap import build
from hub.children import Child
from hub.clock import SystemClock
from hub.errors import LedgerShared
from hub.homes import Known, known, named
from hub.hub import Hub
from hub.priority import SCREENS
from hub.record import SECOND
from hub.screens import address, environment, require_port
from hub.systemd import Systemd
from rules.inputs import Faulted

log = logging.getLogger("handrail.run")

SCREENS_AFTER_S = 3.0
"""The screens start when the hub is ready, or so much later: the start of one must not slow the other down."""


def run_hub(folder: Path, *, with_dashboards: bool, verbose: bool) -> int:
    """Run until SIGTERM or SIGINT; 0 after a clean stop, 1 where a part of the hub failed."""
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    kill_points.arm(os.environ)
    home = None
    if with_dashboards:
        home = known(folder)
        require_port(home)
    with asyncio.Runner(loop_factory=_loops()) as runner:
        return runner.run(_run(folder, home))


def _loops() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


async def _run(folder: Path, screens_of: Known | None) -> int:
    living = asyncio.create_task(Systemd(os.environ).run())
    try:
        hub = await _run_one(folder, screens_of)
        while isinstance(hub.failure, LedgerShared):
            hub = await _run_one(folder, screens_of, hub.failure)
    finally:
        living.cancel()
        await asyncio.gather(living, return_exceptions=True)
    return 0 if hub.failure is None else 1


async def _run_one(folder: Path, screens_of: Known | None, before: LedgerShared | None = None) -> Hub:
    """One hub until its end; `before` is why the one before it gave way to its own ledger."""
    with named(folder):
        hub = build(folder, SystemClock(), random.Random())
        _look_for_garbage()
    if before is not None and before.by_another:
        about = {"folder": str(hub.parts.writer.path.parent)}
        hub.put(Faulted(fault=SECOND, on=True, reason=str(before), about=about))
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, hub.stop)
    loop.add_signal_handler(signal.SIGHUP, hub.reload)
    try:
        await (hub.run() if screens_of is None else _run_both(hub, screens_of))
    except BaseException:
        # A commit may be under way, and its thread must not outlive the loop that it answers.
        with contextlib.suppress(sqlite3.ProgrammingError):
            hub.parts.writer.close()
        raise
    return hub


def _look_for_garbage() -> None:
    """From here on, and never again among what the start has made: all of it stays."""
    gc.freeze()
    gc.enable()


async def _run_both(hub: Hub, home: Known) -> None:
    """The screens never hold up the hub: where they do not start, it goes on, and they are tried again."""
    screens = Child("dashboards", ["-m", "dashboards"], environment=environment(home), nice=SCREENS)
    serving = asyncio.create_task(_serve(hub, screens, home))
    try:
        await hub.run()
    finally:
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving
        await screens.stop()


async def _serve(hub: Hub, screens: Child, home: Known) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SCREENS_AFTER_S):
            await hub.ready.wait()
    log.info("the night board is at %s", address(home))
    await screens.keep()
