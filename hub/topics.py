"""Handrail's own topics (DESIGN §7), written once."""

from __future__ import annotations

from functools import lru_cache

from devices.topics import matches

PROBE = "/handrail/probe"
"""The end of a topic among the devices' own on which the hub says an empty message: is it passed on?"""


class Topics:
    """The topics of one home."""

    __slots__ = ("_base", "_do", "_shown", "_tree", "for_watcher", "home", "record", "request_probe", "watcher")

    def __init__(self, home: str) -> None:
        self.home = home
        self._base = f"handrail/{home}"
        self._tree = f"{self._base}/"
        self.for_watcher = f"{self._base}/watch/known"
        """What the watcher has to know."""
        self.record = f"{self._base}/record"
        """How far the ledger has come."""
        self._shown = (f"{self._base}/alert/", f"{self._base}/room/", self.for_watcher, self.record)
        self._do = f"{self._base}/do/"
        self.watcher = f"{self._base}/watch/status"
        """The watcher's heartbeat's."""
        self.request_probe = f"{self._base}/do/~probe"
        """The hub's own word among the requests; no account on the broker can be called so."""

    @property
    def requests(self) -> str:
        """The filter of all requests."""
        return f"{self._base}/do/+"

    @property
    def alerts(self) -> str:
        """The filter of all alerts."""
        return f"{self._base}/alert/+"

    @property
    def rooms(self) -> str:
        """The filter of what all rooms' screens show."""
        return f"{self._base}/room/+"

    @property
    def log(self) -> str:
        """Where every step is told."""
        return f"{self._base}/log"

    @property
    def status(self) -> str:
        """The heartbeat's."""
        return f"{self._base}/status"

    def probe(self, of: str) -> str:
        """Where the hub speaks to itself, to see what the broker passes on."""
        return f"{self._base}/probe/{of}"

    def alert(self, alert: str) -> str:
        """Where one alert is shown."""
        return f"{self._base}/alert/{alert}"

    def room(self, room: str) -> str:
        """Where a room's screen reads."""
        return f"{self._base}/room/{room}"

    def done(self, request: str) -> str:
        """Where a request is answered."""
        return f"{self._base}/done/{request}"

    def is_in_tree(self, topic: str) -> bool:
        """Whether it is one of Handrail's own at all; no device's is."""
        return topic.startswith(self._tree)

    def is_ours(self, topic: str) -> bool:
        """Whether only the hub and those who ask it may speak there; `done` is the one where anybody is answered."""
        return topic.startswith(f"{self._base}/") and not topic.startswith(f"{self._base}/done/")

    def client_of(self, topic: str) -> str | None:
        """Who asks, where a topic is that of a request."""
        start = self._do
        return topic[len(start) :] if topic.startswith(start) else None

    def is_shown(self, topic: str) -> bool:
        """Whether it is one of those on which the hub shows something."""
        return topic.startswith(self._shown)

    def alert_of(self, topic: str) -> str | None:
        """Which alert a topic shows."""
        start = self._shown[0]
        return topic[len(start) :] if topic.startswith(start) else None

    def room_of(self, topic: str) -> str | None:
        """Which room a topic shows."""
        start = self._shown[1]
        return topic[len(start) :] if topic.startswith(start) else None


class Filters:
    """A set of filters that answers quickly whether a topic is covered by one of them."""

    def __init__(self, filters: tuple[str, ...]) -> None:
        self.filters = filters
        self._exact = frozenset(name for name in filters if "+" not in name and "#" not in name)
        self._patterns = tuple(name for name in filters if name not in self._exact)
        self._covers = lru_cache(maxsize=4096)(self._look)

    def covers(self, topic: str) -> bool:
        """Whether a message on this topic comes by one of the filters."""
        return topic in self._exact or (bool(self._patterns) and self._covers(topic))

    def _look(self, topic: str) -> bool:
        return any(matches(pattern, topic) for pattern in self._patterns)
