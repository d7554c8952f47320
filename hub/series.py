"""The time series beside the ledger: every event copied to InfluxDB, late when it must be and never in the way.

The ledger is the queue: the writer reads a page behind its cursor, writes it, moves the cursor. Whatever happens
between, a page is written again, and that changes nothing (`hub/series_lines.py` says why).
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hub.abc import EventSource, Point, Series
from hub.aside import aside
from hub.errors import HandrailError, SeriesRefused, SeriesUnreachable
from hub.series_lines import lines_of

if TYPE_CHECKING:
    from influxdb_client.client.influxdb_client import InfluxDBClient
    from influxdb_client.rest import ApiException

log = logging.getLogger("handrail.series")

CURSOR = "series"
CONNECT_S = 3.0
ANSWER_S = 15.0

_PATIENCE = frozenset({408, 425, 429})
_BEYOND_RETENTION = "beyond retention policy"


class InfluxSeries:
    """InfluxDB 2, or any store that takes its `/api/v2/write`, through `influxdb-client`.

    The synchronous client on a thread: its asynchronous twin needs aiohttp, six more wheels to lock for one request a
    second. The library is loaded with the first write, because loading it takes longer than a hub may take to start.
    """

    def __init__(self, *, url: str, org: str, bucket: str, token_file: Path | None = None) -> None:
        """The token file is read again after a refusal, so that a mended one needs no restart."""
        self._url = url
        self._org = org
        self._bucket = bucket
        self._token_file = token_file
        self._where = _without_login(url)
        self._client: InfluxDBClient | None = None
        self._told_retention = False

    async def write(self, points: Sequence[Point]) -> None:
        """Write all points; returns when the store has them. Raises `SeriesUnreachable` or `SeriesRefused`."""
        if points:
            await aside("series", lambda: self._write(points))

    async def close(self) -> None:
        """Give the connection back; a later write opens another."""
        client, self._client = self._client, None
        if client is not None:
            client.close()  # type: ignore[no-untyped-call]

    def _write(self, points: Sequence[Point]) -> None:
        from influxdb_client.client.write_api import SYNCHRONOUS
        from influxdb_client.rest import ApiException
        from urllib3.exceptions import HTTPError

        body = "\n".join(lines_of(points)).encode(errors="replace")
        client = self._connected()
        try:
            client.write_api(write_options=SYNCHRONOUS).write(bucket=self._bucket, org=self._org, record=body)
        except ApiException as error:
            self._answered(error)
        except (HTTPError, OSError) as error:
            raise SeriesUnreachable(f"the time series at {self._where} does not answer: {_why(error)}") from None

    def _connected(self) -> InfluxDBClient:
        client = self._client
        if client is None:
            from influxdb_client.client.influxdb_client import InfluxDBClient

            timeout_ms = (int(CONNECT_S * 1000), int(ANSWER_S * 1000))
            client = InfluxDBClient(url=self._url, token=self._token(), org=self._org, timeout=timeout_ms)
            self._client = client
        return client

    def _token(self) -> str:
        if self._token_file is None:
            return ""
        try:
            return self._token_file.read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SeriesRefused(f"the token of the time series cannot be read: {self._token_file}: {error}") from None

    def _answered(self, error: ApiException) -> None:
        """What an answer that is not a yes means, in plain words."""
        status = int(error.status or 0)
        said = _said(error)
        if status >= 500 or status in _PATIENCE:
            raise SeriesUnreachable(f"the time series at {self._where} asks for patience: {status} {said}") from None
        if status == 422 and _BEYOND_RETENTION in said:
            if not self._told_retention:
                self._told_retention = True
                log.warning("the time series drops events older than its bucket keeps: %s", said)
            return
        self._client = None
        raise SeriesRefused(self._refusal(status, said)) from None

    def _refusal(self, status: int, said: str) -> str:
        where = f"the time series at {self._where}"
        if status == 401:
            token = f"the token in {self._token_file}" if self._token_file else "a writer without a token (token_file)"
            return f"{where} does not accept {token}: {said}"
        if status == 403:
            return f"{where} does not let this token write to the bucket {self._bucket}: {said}"
        if status == 404:
            return f"{where} knows no bucket {self._bucket} of organisation {self._org}, or is no InfluxDB 2: {said}"
        if status == 0:
            return f"{where} cannot be trusted: {said}"
        return f"{where} refuses what is written (bucket {self._bucket}, organisation {self._org}): {status} {said}"


class SeriesWriter:
    """Copies every event behind the cursor to the series, a page at a time, until `stop`.

    A page never splits a millisecond, and the cursor stays in front of the newest millisecond until a later one has
    come: so the events of one millisecond are always written together, in the same lines.
    """

    def __init__(
        self,
        source: EventSource,
        series: Series,
        *,
        rng: random.Random,
        on_fault: Callable[[bool, str], None],
        page: int = 500,
        gather_s: float = 1.0,
        breath_s: float = 0.05,
        first_wait_s: float = 1.0,
        longest_wait_s: float = 60.0,
        tell_after_s: float = 60.0,
        told: bool = False,
    ) -> None:
        """`on_fault(True, why)` comes when it was away for `tell_after_s` or refuses, `(False, …)` when it is back;
        `told` says that it came before this start.

        `gather_s` is how long events are gathered while there are few, `breath_s` the pause between full pages.
        """
        self._source = source
        self._series = series
        self._rng = rng
        self._on_fault = on_fault
        self._page = page
        self._gather_s = gather_s
        self._breath_s = breath_s
        self._first_wait_s = first_wait_s
        self._longest_wait_s = longest_wait_s
        self._tell_after_s = tell_after_s
        self._cursor = source.cursor(CURSOR)
        self._written = self._cursor
        self._fault: type[HandrailError] | None = None
        self._told = told
        self._failures = 0
        self._away_s = 0.0
        self._woken = asyncio.Event()
        self._stopping = asyncio.Event()
        self._current: asyncio.Task[float] | None = None

    @property
    def faulty(self) -> bool:
        """Whether the last attempt failed."""
        return self._fault is not None

    @property
    def written(self) -> int:
        """The sequence of the newest event that the series has."""
        return self._written

    def wake(self) -> None:
        """There may be new events: called after each commit, costs nothing."""
        self._woken.set()

    async def run(self) -> None:
        """Copy until `stop`; only a bug or an unreadable ledger ends it otherwise."""
        try:
            while not self._stopping.is_set():
                self._current = asyncio.create_task(self._turn())
                try:
                    await asyncio.wait({self._current})
                finally:
                    self._current.cancel()
                if self._current.cancelled():
                    log.warning("stopped before the time series answered; what it missed follows at the next start")
                    return
                await self._pause(self._current.result())
                await self._woken.wait()
        finally:
            await self._series.close()

    async def stop(self, within_s: float = 2.0) -> None:
        """Let `run` end after the page that is being written, or without it: it is written again at the next start."""
        self._stopping.set()
        self._woken.set()
        if self._current is not None:
            await asyncio.wait({self._current}, timeout=within_s)
            self._current.cancel()

    async def _turn(self) -> float:
        """Write one page; returns how long to wait before the next."""
        self._woken.clear()
        try:
            more = await self._copy()
        except HandrailError as error:
            if not (error.retry or isinstance(error, SeriesRefused)):
                raise
            return self._went(error)
        self._came_back()
        if more:
            self._woken.set()
            return self._breath_s
        return self._gather_s

    async def _copy(self) -> bool:
        """Copy the next page; whether there is more behind it."""
        page = await self._source.points_after(self._cursor, self._page)
        full = len(page) >= self._page
        whole = page
        if full and page[0].wall_ms != page[-1].wall_ms:
            whole = page[: _newest_millisecond(page)]
        if whole and whole[-1].seq > self._written:
            await self._series.write(whole)
            self._written = whole[-1].seq
        # Of a full page the last millisecond kept is complete; of any other more may still be committed.
        behind = len(whole) if full else _newest_millisecond(whole)
        if behind:
            self._cursor = whole[behind - 1].seq
            self._source.move_cursor(CURSOR, self._cursor)
        return full

    def _went(self, error: HandrailError) -> float:
        """Log once when it goes; say so to people when it stays away, or when only they can mend it."""
        refused = not error.retry
        if self._fault is not type(error):
            log.warning("%s; events wait in the ledger", error)
        self._fault = type(error)
        if not self._told and (refused or self._away_s >= self._tell_after_s):
            self._told = True
            self._on_fault(True, str(error))
        wait_s = min(self._longest_wait_s, self._first_wait_s * 2.0 ** min(self._failures, 30))
        wait_s *= self._rng.uniform(0.5, 1.0)
        self._failures += 1
        self._away_s += wait_s
        self._woken.set()
        return wait_s

    def _came_back(self) -> None:
        if self._fault is None and not self._told:
            return
        self._fault, self._failures, self._away_s = None, 0, 0.0
        log.info("the time series is back; what it missed follows")
        if self._told:
            self._told = False
            self._on_fault(False, "the time series is back; what it missed follows")

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return


def _newest_millisecond(points: Sequence[Point]) -> int:
    """Where the run of events of the newest millisecond begins."""
    at = len(points)
    while at and points[at - 1].wall_ms == points[-1].wall_ms:
        at -= 1
    return at


def _without_login(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _said(error: ApiException) -> str:
    """What the store said, short, on one line."""
    words = str(error.reason) if error.status == 0 else str(error.message)
    if isinstance(error.message, bytes):
        words = error.message.decode(errors="replace")
    return " ".join(words.split())[:200]


def _why(error: Exception) -> str:
    """A network error without the memory addresses and nested names it is printed with."""
    from urllib3 import exceptions

    # The first is a sort of the second, and that of the third.
    if isinstance(error, exceptions.NameResolutionError):
        return "its name cannot be resolved"
    if isinstance(error, exceptions.NewConnectionError):
        return "nobody listens there"
    if isinstance(error, exceptions.ConnectTimeoutError | exceptions.ReadTimeoutError):
        return "no answer in time"
    return "the connection broke"
