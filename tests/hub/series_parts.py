"""A ledger to read from and stores to write to, for the tests of the time series."""

import asyncio
import signal
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import orjson
import pytest

from devices.events import Value
from hub.abc import Point
from hub.errors import SeriesUnreachable
from hub.series_lines import lines_of
from tests.parts import end, free_port, listens, part, until_now

WALL_MS = 1_750_000_000_000


def point(
    seq: int, value: Value = 1.0, *, kind: str = "temperature", wall_ms: int | None = None, field: str | None = None
) -> Point:
    """An event of the room's one device."""
    return Point(
        seq=seq,
        wall_ms=WALL_MS + seq if wall_ms is None else wall_ms,
        device="zigbee2mqtt/room 012",
        kind=kind,
        value=value,
        field=field,
        resident="resident-012",
        place="012",
        name="room-012-sensor",
    )


class Events:
    """An event source in memory; the cursor is what a restart finds."""

    def __init__(self) -> None:
        self.points: list[Point] = []
        self.cursors: dict[str, int] = {}
        self.largest_page = 0

    def add(self, value: Value = 1.0, *, kind: str = "temperature", wall_ms: int | None = None) -> None:
        """One more event; sequence numbers have gaps, because the log has its own places among them."""
        seq = self.points[-1].seq + 3 if self.points else 1
        self.points.append(point(seq, value, kind=kind, wall_ms=wall_ms))

    async def points_after(self, seq: int, limit: int) -> Sequence[Point]:
        """A page behind `seq`."""
        await asyncio.sleep(0)
        page = [point for point in self.points if point.seq > seq][:limit]
        self.largest_page = max(self.largest_page, len(page))
        return page

    def cursor(self, name: str) -> int:
        """How far that reader is."""
        return self.cursors.get(name, 0)

    def move_cursor(self, name: str, seq: int) -> None:
        """The reader is further."""
        self.cursors[name] = seq


class Store:
    """A store like VictoriaMetrics: one sample a series and millisecond. It can be away, and can lose its answer."""

    def __init__(self) -> None:
        self.samples: dict[tuple[str, int], str] = {}
        self.away = False
        self.answers_lost = 0
        self.error: Exception = SeriesUnreachable(
            "the time series at http://store does not answer: nobody listens there"
        )
        self.writes = 0
        self.closed = False

    async def write(self, points: Sequence[Point]) -> None:
        """Keep the points, or fail before or after."""
        self.writes += 1
        if self.away:
            raise self.error
        for line in lines_of(points):
            series, value, stamp = line.replace(r"\ ", "_").split(" ")
            self.samples[series, int(stamp) // 1_000_000] = value
        if self.answers_lost:
            self.answers_lost -= 1
            raise SeriesUnreachable("the time series at http://store does not answer: the connection broke")

    async def close(self) -> None:
        """Nothing to give back."""
        self.closed = True


class VictoriaMetrics:
    """The real store; it can be stopped and started again on its port and folder."""

    def __init__(self, folder: Path, *settings: str) -> None:
        self._program = part("victoria-metrics")
        self._folder = folder
        self._settings = settings
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "VictoriaMetrics":
        """Start, or start again with what was kept."""
        with (self._folder / "victoria-metrics.log").open("ab") as log:
            process = subprocess.Popen(
                [
                    self._program,
                    f"-httpListenAddr=127.0.0.1:{self.port}",
                    f"-storageDataPath={self._folder / 'data'}",
                    "-retentionPeriod=100y",
                    "-search.latencyOffset=0s",
                    "-dedup.minScrapeInterval=1ms",
                    "-memory.allowedBytes=64MB",
                    *self._settings,
                ],
                stdout=log,
                stderr=log,
            )
        self._process = process
        until_now(lambda: process.poll() is not None or listens(self.port), 20.0)
        if process.poll() is not None:
            pytest.fail((self._folder / "victoria-metrics.log").read_text(errors="replace"))
        return self

    def stop(self) -> None:
        """End it as a shutdown does."""
        if self._process is not None:
            end(self._process, signal.SIGTERM)

    def samples(self) -> list[tuple[dict[str, str], int, float]]:
        """Everything that is stored: labels, millisecond, value."""
        self._get("/internal/force_flush")
        query = urllib.parse.urlencode({"match[]": '{__name__="event_value"}', "start": 1, "end": 4_000_000_000})
        rows = [orjson.loads(line) for line in self._get(f"/api/v1/export?{query}").splitlines()]
        return [
            (row["metric"], stamp, value)
            for row in rows
            for stamp, value in zip(row["timestamps"], row["values"], strict=True)
        ]

    def _get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            body = answer.read()
        assert isinstance(body, bytes)
        return body
