"""Child processes that never outlive us: each on a leash, in a session of its own, ended by its own id."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from hub.errors import HandrailError

log = logging.getLogger("handrail.children")

STOP_S = 8.0
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
STEADY_S = 60.0
"""A child that ran for so long begins its back-off anew."""
REFUSED = 2
"""The exit code of a program of ours that said in one line why it does not start."""


class ChildRefused(HandrailError):
    """A child does not start, and starting it again would not help."""


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
    ) -> None:
        """`output` is the file that its words are added to; unset, they go where ours go. `nice`: of its process."""
        self.what = what
        self._command = tuple(command)
        self._environment = {**os.environ, **(environment or {})}
        self._output = output
        self._nice = nice
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = False

    @property
    def pid(self) -> int | None:
        """The id of the running process."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def start(self) -> None:
        """Start it."""
        with contextlib.ExitStack() as stack:
            words = stack.enter_context(self._output.open("ab")) if self._output is not None else None
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

    async def ended(self) -> int:
        """Wait until it has ended; its exit code, negative for a signal."""
        if self._process is None:
            raise RuntimeError(f"the {self.what} was never started")
        return await self._process.wait()

    async def keep(self) -> None:
        """Start it again whenever it dies, with back-off; raises `ChildRefused` where it says itself that it cannot."""
        loop, pause_s = asyncio.get_running_loop(), FIRST_PAUSE_S
        while True:
            began_s = loop.time()
            code = await self.ended()
            if self._stopping:
                return
            ran_s = loop.time() - began_s
            if code == REFUSED and ran_s < FIRST_PAUSE_S * 10:
                raise ChildRefused(f"the {self.what} did not start: {self.last_words()}")
            if ran_s >= STEADY_S:
                pause_s = FIRST_PAUSE_S
            log.warning("the %s ended (%s): started again in %g s", self.what, ending(code), pause_s)
            await asyncio.sleep(pause_s)
            pause_s = min(LONGEST_PAUSE_S, pause_s * 2)
            await self.start()

    def last_words(self) -> str:
        """The last line it said."""
        if self._output is None:
            return "see the line above"
        lines = self._output.read_text(encoding="utf-8", errors="replace").strip().splitlines()
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
        if process is None or process.returncode is not None:
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
