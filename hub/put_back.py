"""Whether the ledger was put back from a copy, and which of the alerts open in it were closed since (DESIGN §7).

Two things know it. A copy that `handrail backup` made says so itself. And the broker keeps how far the ledger had come
(`record`): said again and again, and never before it shows all alerts of up to then. So where it is ahead of us, an
alert that it does not show was closed. Until that is known no alert of before rings: at most some seconds.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from typing import TYPE_CHECKING

import orjson

from hub.elapsed import HomeClock
from hub.ledger.backup import COPIED
from hub.ledger.load import Loaded
from hub.outbox import Wish, dumps, wish_of
from hub.timers import Timers
from hub.topics import Topics
from rules.hearing.remembered import CAUSE
from rules.inputs import Remembered
from rules.state import AlertState

if TYPE_CHECKING:
    from hub.hub import Hub

log = logging.getLogger("handrail.put_back")

LINK_S, LOOK_MOST_S = 3.0, 3.0
"""How long alerts of before wait for a link, and then for what the broker shows."""
LATE_MS = 30_000
"""What the broker says of the record may stand behind much else that it has for us."""
EVERY_MS = 4_000
MADE = "made_ms"


class PutBack:
    """One start's question, answered once; then says how far the ledger has come."""

    def __init__(self, hub: Hub, loaded: Loaded, topics: Topics, clock: HomeClock) -> None:
        self._hub = hub
        self._topics = topics
        self._clock = clock
        self._loaded_seq = loaded.seq
        self.made_ms = loaded.cursors.get(MADE) or clock.now().wall_ms
        """Which ledger this is: when it was first written."""
        self._is_copy = bool(loaded.cursors.get(COPIED))
        self._open = {alert.id: alert.version for alert in loaded.state.alerts if alert.state is not AlertState.CLOSED}
        self.timers = Timers(loaded.state.timers, lambda timer: timer.ref.partition("/")[0] in self._open)
        wishes = [wish_of(key, seq, urgent, body) for key, seq, urgent, body in loaded.outbox]
        self.held = [wish for wish in wishes if self._is_of_open(wish)]
        """What others were to be told of alerts that may be over."""
        self.left_over = [wish for wish in wishes if not self._is_of_open(wish)]
        self._of: tuple[int, int] | None = None
        self._free = asyncio.Event()
        self._is_looking = False
        self._looked_ms: int | None = None
        self._decided = loaded.seq == 0
        self._not_before = 0
        self._seq = self._said_seq = 0
        self._said_ms: int | None = None
        if self._decided:
            self._free.set()

    def _is_of_open(self, wish: Wish) -> bool:
        what, _, rest = wish.key.partition("/")
        return what in ("alert", "tell") and rest.partition("/")[0] in self._open

    async def run(self) -> None:
        """Let go of what waits once the question is answered, or after some seconds: nobody waits for long."""
        self._hub.parts.keeping.note(MADE, self.made_ms)
        try:
            async with asyncio.timeout(LINK_S):
                await self._hub.ready.wait()
            async with asyncio.timeout(LOOK_MOST_S):
                await self._free.wait()
        except TimeoutError:
            log.warning("the broker has not said how far the ledger had come: alerts go on as they are")
            if self._is_copy and not self._decided:
                self._put(Remembered(shown={}, restored=True, perhaps=tuple(sorted(self._open))))
        self._let_go()

    def _let_go(self) -> None:
        """Timers run, and what was wished of alerts that are open as they were then is carried out."""
        parts, held = self._hub.parts, self.held
        self._free.set()
        self.timers.release()
        self.held = []
        owed = {wish.key for wish in parts.outbox.every()}
        for wish in held:
            alert = parts.steps.state.alerts.get(wish.key.split("/")[1])
            is_open = alert is not None and alert.state is not AlertState.CLOSED
            is_as_it_was = alert is not None and alert.version == self._open[alert.id]
            # An older version must not follow a newer one.
            if is_open and wish.key not in owed and (is_as_it_was or wish.tell is not None):
                parts.outbox.offer([wish])
            elif wish.key not in owed:
                parts.outbox.carried.append((wish.key, wish.seq))
        self._hub.save_soon()

    def _put(self, given: Remembered) -> None:
        """Before anything that waits, and before the timers that are let go then."""
        self._not_before = self._hub.parts.steps.seq
        self._hub.parts.pump.put_first(given)

    # -- what the broker shows ----------------------------------------------------------------------------------------
    def looks(self) -> None:
        """A look at what the broker shows begins."""
        self._is_looking = True

    def looked(self) -> None:
        """It is over."""
        self._is_looking = False
        if self._looked_ms is None:
            self._looked_ms = self._clock.elapsed_ms()

    def saw(self, payload: bytes) -> None:
        """How far the broker says that the ledger had come."""
        if self._decided or (read := _read(payload)) is None:
            return
        self._of = read if self._of is None else max(self._of, read, key=lambda one: one[1])
        if not self._is_copy and not self._is_behind:
            self._decide()

    @property
    def _is_behind(self) -> bool:
        return self._of is not None and (self._of[0] != self.made_ms or self._of[1] > self._loaded_seq)

    def _decide(self) -> None:
        self._decided = True
        self._let_go()

    def over(self, seen: Collection[str]) -> frozenset[str]:
        """After a look: the alerts that were closed since, which nobody may be shown again."""
        if self._decided or self._looked_ms is None:
            return frozenset()
        if not self._is_copy and not self._is_behind:
            if self._clock.elapsed_ms() - self._looked_ms >= LATE_MS:
                self._decide()
            elif not self._free.is_set():
                self._let_go()
            return frozenset()
        remembers = self._of is not None and self._of[0] == self.made_ms and self._of[1] > self._loaded_seq
        alerts = self._hub.parts.steps.state.alerts
        missing = {name for name in self._open if self._topics.alert(name) not in seen}
        # What the hub says of itself ends by itself: a part that thinks it told of a fault would not tell it again.
        causes = {name: alert.cause for name in missing if (alert := alerts.get(name)) is not None}
        ours = {name for name, cause in causes.items() if cause.startswith("hub:") and cause != CAUSE}
        over = causes.keys() - ours if remembers else set[str]()
        log.error("the ledger was put back from a copy; closed since: %s", ", ".join(sorted(over)) or "none")
        perhaps = tuple(sorted(causes.keys() - over))
        self._put(Remembered(shown={}, restored=True, over=tuple(sorted(over)), perhaps=perhaps))
        self._hub.parts.keeping.note(COPIED, 0)
        self.held = [wish for wish in self.held if wish.key.split("/")[1] not in over or self._drop(wish)]
        self._decide()
        return frozenset(over)

    def _drop(self, wish: Wish) -> bool:
        self._hub.parts.outbox.carried.append((wish.key, wish.seq))
        return False

    # -- how far it has come ------------------------------------------------------------------------------------------
    def committed(self, seq: int) -> None:
        """The ledger holds everything up to here; said after the alerts of up to then, and while nothing is unclear."""
        self._seq = max(self._seq, seq)
        if self._said_ms is None or self._clock.elapsed_ms() - self._said_ms >= EVERY_MS:
            self.say()

    def say(self) -> None:
        """Say it now."""
        lane, owed = self._hub.parts.lanes["urgent"], self._hub.parts.outbox.every()
        if not (self._decided and lane.up and self._seq > max(self._not_before, self._said_seq)) or self._is_looking:
            return
        if any(wish.key.startswith("alert/") for wish in owed) or not self._hub.parts.shown.is_whole:
            return
        self._said_seq, self._said_ms = self._seq, self._clock.elapsed_ms()
        lane.publish(self._topics.record, dumps(record_message(self.made_ms, self._seq)), retain=True)


def record_message(made_ms: int, seq: int) -> dict[str, object]:
    """What others see of it: when the record was begun, in Unix milliseconds, and how far it has come."""
    return {"made_ms": made_ms, "seq": seq}


def _read(payload: bytes) -> tuple[int, int] | None:
    try:
        said: object = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return None
    made, seq = (said.get("made_ms"), said.get("seq")) if isinstance(said, dict) else (None, None)
    return (made, seq) if isinstance(made, int) and isinstance(seq, int) else None
