"""The broker's retained alerts become what the ledger holds: no ghost stays, none is missing (DESIGN §7)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from hub.abc import Broker
from hub.errors import SubscriptionRefused
from hub.outbox import dumps
from hub.topics import Topics
from rules.messages import alert_message
from rules.state import AlertState, State

log = logging.getLogger("handrail.shown")

LOOK_S = 2.0


class Shown:
    """What the broker shows of our alerts, compared with what is open."""

    def __init__(
        self,
        *,
        urgent: Broker,
        bulk: Broker,
        topics: Topics,
        state: State,
        save_soon: Callable[[], None],
        on_refused_filter: Callable[..., None],
    ) -> None:
        """Read on the bulk lane what the urgent lane published, because a lane does not hear its own words."""
        self._urgent = urgent
        self._bulk = bulk
        self._topics = topics
        self._state = state
        self._save_soon = save_soon
        self._on_refused_filter = on_refused_filter
        self._seen: set[str] = set()
        self._unchecked: list[str] = []
        self._looked = False

    async def look(self) -> None:
        """Let the broker send all it shows; a later look begins anew."""
        self._seen.clear()
        try:
            await self._bulk.subscribe(self._topics.alerts)
        except SubscriptionRefused as error:
            self._on_refused_filter(str(error))
            return
        self._on_refused_filter()
        await asyncio.sleep(LOOK_S)
        await self._bulk.unsubscribe(self._topics.alerts)
        self._looked = True
        self._save_soon()

    def saw(self, alert: str) -> None:
        """The broker shows this alert."""
        self._unchecked.append(alert)

    def compare(self) -> None:
        """Right after a commit, because nothing may be shown before it is kept."""
        for shown in self._unchecked:
            if not self._is_open(shown):
                log.warning("alert %s was still shown and is not open: cleared", shown)
                self._urgent.publish(self._topics.alert(shown), b"", retain=True)
        self._seen.update(self._unchecked)
        self._unchecked.clear()
        if self._looked:
            self._looked = False
            for alert in self._state.alerts:
                if alert.state is not AlertState.CLOSED and alert.id not in self._seen:
                    self._urgent.publish(self._topics.alert(alert.id), dumps(alert_message(alert)), retain=True)

    def _is_open(self, alert_id: str) -> bool:
        alert = self._state.alerts.get(alert_id)
        return alert is not None and alert.state is not AlertState.CLOSED
