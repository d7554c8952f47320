"""Which lane hears what, and how a topic changes lane without a gap: subscribe anew, wait, then unsubscribe."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from devices.adapter import Description
from devices.catalogue import Catalogue
from devices.known import KnownDevices
from hub.abc import Broker
from hub.errors import SubscriptionRefused
from hub.lanes import BULK, URGENT, Overlap
from hub.topics import Filters, Topics
from rules.home import Home
from rules.setting import Setting
from rules.state import State

log = logging.getLogger("handrail.lanes")


def urgent_filters(
    topics: Topics, catalogue: Catalogue, setting: Setting | None, known: Mapping[str, Description]
) -> tuple[str, ...]:
    """The requests, and the topics of every device that can report an emergency or a call."""
    filters = [topics.requests, *catalogue.urgent_filters()]
    if setting is not None:
        for placed in setting.registry.urgent:
            introduced = known.get(placed.device)
            filters += catalogue.topics_of(placed.device) or (introduced.topics if introduced is not None else ())
    for described in known.values():
        if described.can_call:
            filters += described.topics or catalogue.topics_of(described.device)
    return tuple(dict.fromkeys(filters))


def bulk_filters(catalogue: Catalogue, known: Mapping[str, Description]) -> tuple[str, ...]:
    """What the ecosystems' own filters cover, and each other topic that a discovered device named."""
    filters = catalogue.filters()
    named = known.on_topic if isinstance(known, KnownDevices) else ()
    covered = Filters(filters)
    return (*filters, *sorted(topic for topic in named if not covered.covers(topic)))


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
        on_refused: Callable[[str], None],
    ) -> None:
        self._topics, self._catalogue, self._state, self._known = topics, catalogue, state, known
        self._overlap = overlap
        self._first = Setting(first) if first is not None else None
        self._on_changed = on_changed
        self._on_refused = on_refused
        self.filters: dict[str, tuple[str, ...]] = {}
        self._set({URGENT: self._urgent(), BULK: bulk_filters(catalogue, known)})

    def _urgent(self) -> tuple[str, ...]:
        return urgent_filters(self._topics, self._catalogue, self._state.setting or self._first, self._known)

    def _set(self, filters: dict[str, tuple[str, ...]]) -> None:
        self.filters = filters
        self._overlap.urgent = Filters(filters[URGENT])

    async def follow(self, lanes: Mapping[str, Broker]) -> None:
        """Bring both lanes up to date with configuration and introductions.

        The bulk lane hears a new topic first and lets go of it last: an urgent copy must not wait for a bulk copy that
        cannot come. The overlap covers old and new filters while both may be subscribed: a copy that has no twin yet
        waits at most two seconds and is then acted on.
        """
        urgent, bulk = self._urgent(), bulk_filters(self._catalogue, self._known)
        bulk = await self._more(BULK, lanes[BULK], bulk)
        urgent = await self._more(URGENT, lanes[URGENT], urgent)
        await self._less(URGENT, lanes[URGENT], urgent)
        await self._less(BULK, lanes[BULK], bulk)

    async def _more(self, lane: str, broker: Broker, wanted: tuple[str, ...]) -> tuple[str, ...]:
        """Subscribe to what is new; returns what is wanted and was not refused."""
        have = self.filters[lane]
        new = [name for name in wanted if name not in set(have)]
        if not new:
            return wanted
        self._set({**self.filters, lane: (*have, *new)})
        self._on_changed()
        try:
            await broker.subscribe(*new)
        except SubscriptionRefused as error:
            self._on_refused(str(error))
            granted = set(broker.subscriptions)
            wanted = tuple(name for name in wanted if name in granted)
        log.info("%s lane: %d filters more", lane, len(new))
        return wanted

    async def _less(self, lane: str, broker: Broker, wanted: tuple[str, ...]) -> None:
        """Unsubscribe from what is no longer wanted."""
        old = [name for name in self.filters[lane] if name not in set(wanted)]
        if not old:
            return
        await broker.unsubscribe(*old)
        self._set({**self.filters, lane: wanted})
        self._on_changed()
        log.info("%s lane: %d filters less", lane, len(old))
