"""Ends a hub whose loop stands still, so that it is started again: what `WatchdogSec` does in a home.

The hub says to a socket of ours that it lives (`hub/systemd.py`). That needs no broker, so one that is gone or slow
makes nobody look dead.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from hub.children import Child

log = logging.getLogger("handrail.demo")

PATIENCE_S = 30.0
"""As long as `WatchdogSec` of deploy/handrail.service."""
LOOKS = 20
"""How often within that time it is looked for. Looks are counted, and no seconds: while the demonstration itself stands
still, nobody grows silent."""


class Watchdog:
    """Hears one hub. One that never said that it is ready is not watched: its start may take as long as it must."""

    def __init__(self, hearing: socket.socket, address: str, patience_s: float) -> None:
        self._hearing, self._address, self._patience_s = hearing, address, patience_s
        self._is_watched = False
        self._silent = 0
        self._pid: int | None = None

    @property
    def environment(self) -> Mapping[str, str]:
        """What the hub must be started with, as systemd does it."""
        return {"NOTIFY_SOCKET": self._address, "WATCHDOG_USEC": str(int(self._patience_s * 1e6))}

    async def run(self, hub: Child) -> None:
        """Until cancelled; who keeps the hub starts it again."""
        while True:
            await asyncio.sleep(self._patience_s / LOOKS)
            if hub.pid != self._pid:
                self._pid, self._is_watched, self._silent = hub.pid, False, 0
            if not self._stands_still():
                continue
            log.warning("the %s has stood still for %g s: ended, to be started again", hub.what, self._patience_s)
            hub.kill()

    def _stands_still(self) -> bool:
        said = list(self._said())
        self._silent = 0 if said else self._silent + 1
        for words in said:
            self._is_watched = (self._is_watched or b"READY=1" in words) and b"STOPPING=1" not in words
        return self._is_watched and self._silent >= LOOKS

    def _said(self) -> Iterator[bytes]:
        while True:
            try:
                yield self._hearing.recv(4096)
            except BlockingIOError:
                return


@contextmanager
def watchdog(patience_s: float) -> Iterator[Watchdog]:
    """A watchdog with a socket of its own, gone with us."""
    with ExitStack() as stack:
        hearing = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        hearing.setblocking(False)
        if sys.platform == "linux":
            # One of Linux' abstract names: nothing to write, and nothing to leave behind.
            address = f"@handrail-demo-{os.getpid()}-{hearing.fileno()}"
            hearing.bind(f"\0{address[1:]}")
        else:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="handrail-"))
            address = str(Path(folder) / "alive")
            hearing.bind(address)
        yield Watchdog(hearing, address, patience_s)
