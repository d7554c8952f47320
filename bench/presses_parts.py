"""What `presses.py` is made of: the processes it kills, what it counts, and how it waits."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STOP_S = 30.0


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert isinstance(port, int)
    return port


@dataclass
class Part:
    """A process of this run, which is killed and started again; ended by its own id."""

    name: str
    words: list[str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    kills: int = 0
    died: int = 0
    """How often it ended without having been killed by us."""

    def start(self) -> None:
        """Start it, in a process group of its own, so that its children go with it."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.words,
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        """Kill -9."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.kills += 1

    def look(self) -> None:
        """Start it again where it ended by itself, and remember that."""
        if self.process is not None and self.process.poll() is not None:
            self.died += 1
            self.start()

    def stop(self) -> int | None:
        """SIGTERM, and its exit code; killed where it does not end."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            return self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            return None


@dataclass
class Count:
    """What was pressed, and what became of it."""

    sent_s: dict[str, float] = field(default_factory=dict)
    """When the broker had taken the press, by its stamp."""
    seen: dict[str, set[int]] = field(default_factory=dict)
    took_s: list[float] = field(default_factory=list)
    open: set[str] = field(default_factory=set)
    alerts: int = 0
    closed: int = 0
    state: str = ""
    last_s: float = 0.0

    def line(self, said: dict[str, object]) -> None:
        """A line of the log topic; one that comes again has the same `seq`."""
        step, alert, now_s = said.get("step"), str(said.get("alert")), time.perf_counter()
        if step in ("raised", "reopened") and alert not in self.open:
            self.open.add(alert)
            self.alerts += step == "raised"
        if step == "closed" and alert in self.open:
            self.open.discard(alert)
            self.closed += 1
        stamp = said.get("stamp")
        if step not in ("raised", "pressed") or stamp is None:
            return
        self.last_s = now_s
        seqs = self.seen.setdefault(str(stamp), set())
        if not seqs and str(stamp) in self.sent_s:
            self.took_s.append(now_s - self.sent_s[str(stamp)])
        seqs.add(int(str(said["seq"])))

    @property
    def missing(self) -> int:
        """Presses the broker took and nobody has answered yet."""
        return sum(stamp not in self.seen for stamp in self.sent_s)


def ms(taken: list[float], share: float) -> float | None:
    """Milliseconds of the slowest of this share."""
    return round(1000 * taken[min(len(taken) - 1, int(share * len(taken)))], 1) if taken else None


async def until(condition: Callable[[], bool], timeout_s: float, complaint: str) -> None:
    """Wait for it, or give up with one line."""
    deadline_s = time.perf_counter() + timeout_s
    while not condition():
        if time.perf_counter() > deadline_s:
            raise SystemExit(f"{complaint} within {timeout_s:g} s")
        await asyncio.sleep(0.05)


def note(sentence: str) -> None:
    """Progress, for whoever watches."""
    print(f"{time.strftime('%H:%M:%S')} {sentence}", file=sys.stderr, flush=True)
