"""Child processes that never outlive us: each on a leash, in a session of its own, ended by its own id."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import signal
import socket
import stat
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from hub.errors import HandrailError

log = logging.getLogger("handrail.children")

STOP_S = 8.0
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 10.0
"""Whatever kept it from starting, it is there at most so long after that is over."""
STANDS_S = 5.0
"""A child that is there for so long has started; when it ends then, that is news again."""
REST_S, REST_LOOK_S = 3.0, 0.05
STEADY_S = 60.0
"""A child that ran for so long begins its back-off anew."""
LAST_BYTES = 8_192
LONGEST_REASON = 300
_STAMP = re.compile(r"^[\d:.,TZ +-]{8,}")
"""When a line of a log was written: the same said later is no news."""


class ChildRefused(HandrailError):
    """A child would not start: what it needs is wrong."""


class PortTaken(HandrailError):
    """Somebody else listens where we were asked to."""


class Child:
    """One process of ours: a module (`-m`, `name`) or a program, started, watched, stopped."""

    def __init__(
        self,
        what: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        output: Path | None = None,
        nice: int = 0,
        mend: Callable[[str], None] | None = None,
    ) -> None:
        """`output` is the file that its words are added to; unset, they go where ours go. `nice`: of its process.
        `mend` is told its last words before it is started again."""
        self.what = what
        self._command = tuple(command)
        self._environment = {**os.environ, **(environment or {})}
        self._output = output
        self._nice = nice
        self._mend = mend
        self._process: asyncio.subprocess.Process | None = None
        self.first_pause_s, self.stands_s = FIRST_PAUSE_S, STANDS_S
        self._said_bytes = 0
        self._unwritten = ""
        self._group: int | None = None
        """Of a process that may have left others behind."""
        self._stopping = False

    @property
    def pid(self) -> int | None:
        """The id of the running process."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def start(self) -> None:
        """Start it."""
        with contextlib.ExitStack() as stack:
            words = self._words()
            if words is not None:
                stack.enter_context(words)
                self._said_bytes = words.tell()
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "hub.leash",
                *(("--nice", str(self._nice)) if self._nice else ()),
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=words,
                stderr=words,
                env=self._environment,
                start_new_session=True,
            )
            self._group = self._process.pid

    def _words(self) -> BinaryIO | None:
        """The file that its words are added to. One that cannot be written keeps nobody from being started: then they
        go where ours go, which is said once."""
        if self._output is None:
            return None
        why = "is no ordinary file"
        try:
            # A pipe in its place would keep us waiting for whoever reads it.
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NONBLOCK
            words = os.fdopen(os.open(self._output, flags, 0o666), "ab")
            if stat.S_ISREG(os.fstat(words.fileno()).st_mode):
                self._unwritten = ""
                return words
            words.close()
        except OSError as error:
            why = error.strerror or str(error)
        if why != self._unwritten:
            log.warning("the %s: %s cannot be written (%s): what it says is said here", self.what, self._output, why)
        self._unwritten = why
        return None

    async def ended(self) -> int:
        """Wait until it has ended; its exit code, negative for a signal."""
        if self._process is None:
            raise RuntimeError(f"the {self.what} was never started")
        code = await self._process.wait()
        await self._end_rest()
        return code

    async def _end_rest(self) -> None:
        """End what a leash that was killed has left behind: a program that goes on holds the port of the next one."""
        group = self._group
        if group is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGTERM)
            log.warning("the %s goes on without its leash, which was killed: it is ended", self.what)
            for _ in range(round(REST_S / REST_LOOK_S)):
                await asyncio.sleep(REST_LOOK_S)
                os.killpg(group, 0)
            os.killpg(group, signal.SIGKILL)
        self._group = None

    async def keep(self) -> None:
        """Start it, and start it again whenever it dies or refuses, for ever: with back-off, and a line for each new
        reason. Others rely on what else runs, so this never raises."""
        loop, pause_s, said, tries = asyncio.get_running_loop(), self.first_pause_s, "", 0
        cannot = "" if self._process is not None else await self._again()
        while True:
            began_s = loop.time()
            if not cannot and said and await self._stands():
                if tries > 1:
                    log.warning("the %s: started again, and stays", self.what)
                said, tries = "", 0
            reason = cannot or self._reason(await self.ended())
            if self._stopping:
                return
            if loop.time() - began_s >= STEADY_S:
                pause_s = self.first_pause_s
            if reason != said:
                log.warning("the %s ended (%s): started again in %g s", self.what, reason, pause_s)
            said, tries = reason, tries + 1
            await asyncio.sleep(pause_s)
            if self._mend is not None:
                self._mend(self.last_words())
            pause_s = min(LONGEST_PAUSE_S, pause_s * 2)
            cannot = await self._again()

    async def _again(self) -> str:
        """Start it; why that cannot be, empty where it can."""
        try:
            if not self._stopping:
                await self.start()
        except OSError as error:
            return f"cannot be started: {error}"
        return ""

    async def _stands(self) -> bool:
        """Whether it is there still after a moment."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.stands_s):
                await self.ended()
        return self.pid is not None

    def _reason(self, code: int) -> str:
        """How it ended, and what it said of it: in one line, the same each time it is the same."""
        said = _STAMP.sub("", self.last_words()) if code > 0 else ""
        return f"{ending(code)}: {said}"[:LONGEST_REASON] if said else ending(code)

    def last_words(self) -> str:
        """The last line it said since it was started."""
        if self._output is None or self._unwritten:
            return "see the line above"
        try:
            with self._output.open("rb") as file:
                file.seek(max(self._said_bytes, self._output.stat().st_size - LAST_BYTES))
                lines = file.read().decode("utf-8", "replace").strip().splitlines()
        except OSError as error:
            return f"what it said cannot be read: {error}"
        return lines[-1] if lines else f"it said nothing in {self._output}"

    def kill(self) -> None:
        """End it at once, whatever it does, with all that it started; `keep` starts it again."""
        if (pid := self.pid) is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)

    async def stop(self, within_s: float = STOP_S) -> None:
        """End it, gently first, and wait until it is gone."""
        self._stopping = True
        process = self._process
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(within_s):
                await process.wait()
        except TimeoutError:
            log.warning("the %s did not end within %g s and is killed", self.what, within_s)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        await self._end_rest()


def ending(code: int) -> str:
    """How a process ended, in words."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"


def require_free(host: str, port: int, mend: str) -> None:
    """Raise `PortTaken` where nobody could listen there; `mend` says what to do about it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(f"cannot listen on {host}:{port} ({error.strerror or error}): {mend}") from error


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody listens on now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


async def listening(host: str, port: int, child: Child, within_s: float) -> bool:
    """Wait until somebody accepts connections there; False where the child ended or the time is over."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            while child.pid is not None:
                try:
                    _, writer = await asyncio.open_connection(host, port)
                except OSError:
                    await asyncio.sleep(0.05)
                else:
                    writer.close()
                    return True
    return False
