"""Which lane hears what, and how a topic changes lane without a gap: subscribe anew, wait, then unsubscribe."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping

from devices.adapter import Description
from devices.catalogue import Catalogue
from devices.known import KnownDevices
from hub import kill_points
from hub.abc import Broker
from hub.errors import SubscriptionRefused
from hub.kill_points import Point
from hub.lanes import BULK, URGENT, Overlap
from hub.topics import Filters, Topics
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
            introduced = known.get(placed.module)
            filters += catalogue.topics_of(placed.module) or (introduced.topics if introduced is not None else ())
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
        on_refused: Callable[..., None],
    ) -> None:
        """`on_refused` is called with what the broker said of new filters, or with nothing where all are granted."""
        self._topics, self._catalogue, self._state, self._known = topics, catalogue, state, known
        self._overlap = overlap
        self._first = Setting(first) if first is not None else None
        self._on_changed = on_changed
        self._on_refused = on_refused
        self.filters: dict[str, tuple[str, ...]] = {}
        self._set({URGENT: self._urgent(), BULK: bulk_filters(catalogue, known)})

    def _urgent(self) -> tuple[str, ...]:
        return urgent_filters(self._topics, self._catalogue, self._state.setting or self._first, self._known)

    def _set(self, filters: dict[str, tuple[str, ...]], leaving: Iterable[str] = ()) -> None:
        self.filters = filters
        self._overlap.hear(filters[URGENT], leaving=leaving)

    async def follow(self, lanes: Mapping[str, Broker]) -> None:
        """Bring both lanes up to date with configuration and introductions.

        The bulk lane hears a new topic first and lets go of it last: an urgent copy must not wait for a bulk copy that
        cannot come. The overlap covers old and new filters while both may be subscribed: a copy that has no twin yet
        waits at most two seconds and is then acted on.
        """
        refused = False
        urgent, bulk = self._urgent(), bulk_filters(self._catalogue, self._known)
        strays = tuple(self._overlap.strays)
        self._overlap.strays.clear()
        more = {
            lane: [name for name in wanted if name not in set(self.filters[lane])]
            for lane, wanted in ((BULK, bulk), (URGENT, urgent))
        }
        refused = await self._more(BULK, lanes[BULK], more[BULK])
        refused |= await self._more(URGENT, lanes[URGENT], more[URGENT], strays)
        if not refused:
            self._on_refused()
        await self._less(URGENT, lanes[URGENT], urgent, more[URGENT])
        await self._less(BULK, lanes[BULK], bulk, more[BULK])

    async def _more(self, lane: str, broker: Broker, new: list[str], strays: tuple[str, ...] = ()) -> bool:
        """Subscribe to what is new; `strays` are held already and looked after from here. Whether one was refused."""
        if not new and not strays:
            return False
        self._set({**self.filters, lane: tuple(dict.fromkeys((*self.filters[lane], *strays, *new)))})
        self._on_changed()
        if not new:
            return False
        kill_points.at(Point.WIDENED, new)
        refused = False
        try:
            await broker.subscribe(*new)
        except SubscriptionRefused as error:
            refused = True
            self._on_refused(str(error))
        kill_points.at(Point.SUBSCRIBED, new)
        log.info("%s lane: %d filters more", lane, len(new))
        return refused

    async def _less(self, lane: str, broker: Broker, wanted: tuple[str, ...], new: list[str]) -> None:
        """Unsubscribe from what is no longer wanted, or was refused."""
        kept = set(wanted) - (set(new) - set(broker.subscriptions))
        old = [name for name in self.filters[lane] if name not in kept]
        if not old:
            return
        await broker.unsubscribe(*old)
        leaving = [name for name in old if name not in new] if lane == URGENT else []
        self._set({**self.filters, lane: tuple(name for name in wanted if name in kept)}, leaving=leaving)
        self._on_changed()
        log.info("%s lane: %d filters less", lane, len(old))
