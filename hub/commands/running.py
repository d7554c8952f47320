"""`handrail run`: the hub of one home, until somebody stops it; with the screens beside it where asked for."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import signal
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from hub.bootstrap import build
from hub.children import Child, require_free
from hub.clock import SystemClock
from hub.commands.homes import Known, known, named
from hub.commands.screens import address, environment
from hub.errors import HandrailError, LedgerUnwritable
from hub.hub import Hub

log = logging.getLogger("handrail.run")

SCREENS_AFTER_S = 3.0
"""The screens start when the hub is ready, or so much later: the start of one must not slow the other down."""


def run_hub(folder: Path, *, with_dashboards: bool, verbose: bool) -> int:
    """Run until SIGTERM or SIGINT; 0 after a clean stop, 1 where a part of the hub failed."""
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    home = _with_free_port(known(folder)) if with_dashboards else None
    try:
        with asyncio.Runner(loop_factory=_loops()) as runner:
            return runner.run(_run(folder, home))
    except BaseExceptionGroup as group:
        foreseen = _only_foreseen(group)
        if foreseen is None:
            raise
        raise foreseen from None


def _with_free_port(home: Known) -> Known:
    settings = home.settings
    mend = "stop what listens there, or choose another `dashboards: port:` in home.yaml"
    require_free(settings.dashboards_host, settings.dashboards_port, mend)
    return home


def _loops() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


def _only_foreseen(group: BaseExceptionGroup[BaseException]) -> HandrailError | None:
    """The first foreseen error of a group that holds nothing else."""
    _, others = group.split((HandrailError, asyncio.CancelledError))
    if others is not None:
        return None
    leaves = list(_leaves(group))
    return next((leaf for leaf in leaves if isinstance(leaf, HandrailError)), None)


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


async def _run(folder: Path, screens_of: Known | None) -> int:
    try:
        with named(folder):
            hub = build(folder, SystemClock(), random.Random())
    except sqlite3.DatabaseError as error:
        raise LedgerUnwritable(f"the ledger of {folder} cannot be read: {error}; put its backup in its place") from error
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, hub.stop)
    loop.add_signal_handler(signal.SIGHUP, hub.reload)
    if screens_of is None:
        await hub.run()
    else:
        await _run_both(hub, screens_of)
    return 0 if hub.failure is None else 1


async def _run_both(hub: Hub, home: Known) -> None:
    """The screens never hold up the hub: where they cannot be kept running, it goes on without them."""
    screens = Child("dashboards", ["-m", "dashboards"], environment=environment(home))
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
    try:
        await screens.start()
        log.info("the night board is at %s", address(home))
        await screens.keep()
    except HandrailError as error:
        log.error("%s", error)
