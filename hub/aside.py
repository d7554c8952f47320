"""Blocking work of other people's libraries, each on a thread of its own that nobody has to wait for.

`asyncio.to_thread` keeps a stopping process waiting until the slowest call has returned. A message service that hangs
must delay neither a press nor a stop: its thread is a daemon, and who no longer waits has left it behind.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import TypeVar

log = logging.getLogger("handrail.aside")

Result = TypeVar("Result")


async def aside(name: str, work: Callable[[], Result]) -> Result:
    """Run `work` on a thread and return or raise what it does; cancelled, it is left to end by itself."""
    loop = asyncio.get_running_loop()
    waiting: asyncio.Future[Result] = loop.create_future()

    def done(result: Result) -> None:
        if not waiting.done():
            waiting.set_result(result)

    def failed(error: BaseException) -> None:
        if waiting.done():
            log.warning("%s failed after nobody waited for it any more: %s", name, error)
        else:
            waiting.set_exception(error)

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - carried over to whoever waits, where it is raised
            _tell(loop, failed, error)
        else:
            _tell(loop, done, result)

    threading.Thread(target=run, name=name, daemon=True).start()
    return await waiting


Told = TypeVar("Told")


def _tell(loop: asyncio.AbstractEventLoop, what: Callable[[Told], None], about: Told) -> None:
    try:
        loop.call_soon_threadsafe(what, about)
    except RuntimeError:
        # The loop is closed: the program ends, and nobody is left to be told.
        log.debug("work ended after its program did")
