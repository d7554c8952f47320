"""The same person out of the time series beside the ledger.

InfluxDB erases by tags and time. VictoriaMetrics, which takes the same writes, erases whole series and no part of one:
there goes what is labelled with the person and what their own devices said; what hung in their room goes on as the
room's, without a name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from hub.errors import SeriesRefused, SeriesUnreachable
from hub.forgetting.traces import Traces
from hub.series import ANSWER_S, CONNECT_S
from hub.series_lines import MEASUREMENT

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

INFLUX = "/api/v2/delete"
VICTORIA = "/api/v1/admin/tsdb/delete_series"
NOT_THERE = frozenset({400, 404, 405})
"""What a store answers that has no such address."""
DONE = frozenset({200, 204})
FIRST_MS = 0
LAST_MS = 4_102_444_800_000
"""2100: behind everything that was heard."""


@dataclass(frozen=True, slots=True)
class Part:
    """What is erased: one tag's value, between two moments."""

    tag: str
    value: str
    from_ms: int = FIRST_MS
    to_ms: int = LAST_MS

    @property
    def is_whole(self) -> bool:
        """Whether it is all of it, whenever it was."""
        return (self.from_ms, self.to_ms) == (FIRST_MS, LAST_MS)


def parts_of(traces: Traces) -> list[Part]:
    """What of the series is theirs."""
    own = {*traces.own, *traces.own_names}
    parts = {Part("resident", traces.resident), *(Part("device", name) for name in own)}
    for span in traces.spans:
        ends = max(FIRST_MS, min(span.wall_ms, LAST_MS)), min(span.to_wall_ms, LAST_MS)
        parts |= {Part("device", name, *ends) for name in span.theirs.values() if name not in own}
    return sorted(parts, key=lambda part: (not part.is_whole, part.tag, part.value, part.from_ms))


class Store:
    """One store, by the address that `home.yaml` names."""

    def __init__(self, *, url: str, org: str, bucket: str, token_file: Path | None) -> None:
        from urllib3 import PoolManager, Timeout

        self._url = url.rstrip("/")
        self._query = urlencode({"org": org, "bucket": bucket})
        self._token_file = token_file
        self._pool = PoolManager(timeout=Timeout(connect=CONNECT_S, read=ANSWER_S * 4), retries=False)

    def erase(self, parts: list[Part]) -> str:
        """Erase them all, which may be done again without harm; what is to be known of it, in words.

        Raises `SeriesUnreachable` or `SeriesRefused`.
        """
        if self._has_influx():
            for part in parts:
                self._done(self._influx(part))
            return f"{len(parts)} deletions were asked for"
        for part in (one for one in parts if one.is_whole):
            self._done(self._ask(VICTORIA, fields={"match[]": f"{{{part.tag}={_quoted(part.value)}}}"}))
        left = len({part.value for part in parts if not part.is_whole})
        return (
            f"what is labelled with the person was erased; of {left} devices of the room nothing, for this store erases"
            " no part of a series: they say no name"
        )

    def _has_influx(self) -> bool:
        """A deletion of nothing shows whether the store knows how."""
        answer = self._influx(Part("resident", "nobody at all", FIRST_MS, FIRST_MS + 1))
        if answer.status not in NOT_THERE:
            self._done(answer)
            return True
        return False

    def _influx(self, part: Part) -> BaseHTTPResponse:
        predicate = f'_measurement="{MEASUREMENT}" AND {part.tag}={_quoted(part.value)}'
        body = {"start": _moment(part.from_ms), "stop": _moment(part.to_ms), "predicate": predicate}
        return self._ask(f"{INFLUX}?{self._query}", json=body)

    def _ask(self, path: str, **said: dict[str, str]) -> BaseHTTPResponse:
        from urllib3.exceptions import HTTPError

        headers = dict(self._headers())
        try:
            if "json" in said:
                return self._pool.request("POST", self._url + path, json=said["json"], headers=headers)
            body = urlencode(said["fields"])
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            return self._pool.request("POST", self._url + path, body=body, headers=headers)
        except (HTTPError, OSError) as error:
            raise SeriesUnreachable(f"the time series does not answer ({type(error).__name__}): {_NOTHING}") from None

    def _headers(self) -> Iterator[tuple[str, str]]:
        if self._token_file is not None:
            try:
                yield "Authorization", f"Token {self._token_file.read_text().strip()}"
            except (OSError, UnicodeDecodeError) as error:
                raise SeriesRefused(f"the token {self._token_file} cannot be read ({error}): {_NOTHING}") from None

    def _done(self, answer: BaseHTTPResponse) -> None:
        if answer.status not in DONE:
            said = " ".join(answer.data.decode(errors="replace").split())[:200]
            raise SeriesRefused(f"the time series refuses to erase, {answer.status} {said}: {_NOTHING}")


_NOTHING = "nothing was erased in the ledger; try again, or take `series` out of home.yaml where it is no more"


def _moment(wall_ms: int) -> str:
    return datetime.fromtimestamp(wall_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
