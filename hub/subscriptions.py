"""Which lane hears what, and how a topic changes lane without a gap: subscribe anew, wait, then unsubscribe."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping

from devices.adapter import Description
from devices.catalogue import Catalogue
from hub import kill_points
from hub.abc import Broker
from hub.errors import SubscriptionRefused
from hub.kill_points import Point
from hub.lanes import BULK, URGENT, Overlap
from hub.topics import Topics
from rules.home import Home
from rules.setting import Setting
from rules.state import State

log = logging.getLogger("handrail.lanes")


def urgent_filters(
    topics: Topics, catalogue: Catalogue, setting: Setting | None, known: Mapping[str, Description]
) -> tuple[str, ...]:
    """The requests, the watcher's heartbeat, and the topics of every device that can report an emergency or a call."""
    filters = [topics.requests, topics.watcher, *catalogue.urgent_filters()]
    if setting is not None:
        for placed in setting.registry.urgent:
            filters += catalogue.topics_of(placed.device)
    for described in known.values():
        if described.can_call:
            filters += described.topics or catalogue.topics_of(described.device)
    return tuple(dict.fromkeys(filters))


class Subscriptions:
    """Keeps both lanes' filters what configuration and introductions ask for.

    `first` is the configuration a new ledger is about to accept, so that the lanes need not be changed at once.
    """

    def __init__(
        self,
        *,
        topics: Topics,
        catalogue: Catalogue,
        state: State,
        known: Mapping[str, Description],
        overlap: Overlap,
        first: Home | None,
        on_changed: Callable[[], None],
        on_refused: Callable[..., None],
    ) -> None:
        """`on_refused` is called with what the broker said of new filters, or with nothing where all are granted."""
        self._topics, self._catalogue, self._state, self._known = topics, catalogue, state, known
        self._overlap = overlap
        self._first = Setting(first) if first is not None else None
        self._on_changed = on_changed
        self._on_refused = on_refused
        self.filters: dict[str, tuple[str, ...]] = {}
        self._set({URGENT: self._urgent(), BULK: catalogue.filters()})

    def _urgent(self) -> tuple[str, ...]:
        return urgent_filters(self._topics, self._catalogue, self._state.setting or self._first, self._known)

    def _set(self, filters: dict[str, tuple[str, ...]], leaving: Iterable[str] = ()) -> None:
        self.filters = filters
        self._overlap.hear(filters[URGENT], leaving=leaving)

    async def follow(self, urgent: Broker) -> None:
        """Bring the urgent lane up to date with configuration and introductions.

        The overlap covers old and new filters while both may be subscribed: a copy that has no twin yet waits at most
        two seconds and is then acted on.
        """
        wanted, have = self._urgent(), tuple(dict.fromkeys((*self.filters[URGENT], *self._overlap.strays)))
        self._overlap.strays.clear()
        new = [name for name in wanted if name not in self.filters[URGENT]]
        old = [name for name in have if name not in wanted]
        if not new:
            self._on_refused()
        if not new and not old:
            return
        self._set({**self.filters, URGENT: tuple(dict.fromkeys((*have, *new)))})
        self._on_changed()
        kill_points.at(Point.WIDENED, new)
        if new:
            try:
                await urgent.subscribe(*new)
            except SubscriptionRefused as error:
                self._on_refused(str(error))
                wanted = tuple(name for name in wanted if name in urgent.subscriptions)
                old = [name for name in self.filters[URGENT] if name not in wanted]
            else:
                self._on_refused()
        kill_points.at(Point.SUBSCRIBED, new)
        if old:
            await urgent.unsubscribe(*old)
            self._set({**self.filters, URGENT: wanted}, leaving=[name for name in old if name not in new])
            self._on_changed()
        log.info("urgent lane: %d filters more, %d less", len(new), len(old))
