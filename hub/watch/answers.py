"""What the hub says of each press that the watcher heard too: taken, or at least heard, or nothing at all. Pure.

A hub whose heart beats may still hear nothing, or not tell what it heard. Each emergency and call is therefore held
against the hub's log and its alerts. In doubt a press counts as answered: a real one that the hub does not hear
comes again, and a watcher that cries for nothing is switched off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from devices.events import Event
from hub.watch.records import Cry, Now

ANSWER_MS = 7_000
"""The hub's own slowest way, with room to spare: 2 s for a twin that does not come, 1 s for a commit that hangs, 10 ms
at a time for those in front. It leaves 3 s of the promised 10."""
MOST_MS = 9_500
"""A hub that was just started may take its time from then, but nobody's press waits longer than this for it."""
ALIVE_MS = 2_000
"""A heartbeat so long after the press shows that the hub lives, and only then its silence means something."""
LONGEST_MS, SETTLED_MS = 20_000, 1_000
"""However often the watcher's own connection breaks, whatever it could hear of the hub's heart: no press waits
for longer, once the connection has stood for a moment."""
AGAIN_AFTER_LINK_MS, AGAIN_WITHIN_MS = 5_000, 30_000
"""So soon after a new connection, the broker may say once more what the last one had brought so shortly before."""
SURE_MS = 60_000
"""The broker keeps the watcher's session so long. What the hub says of a press meanwhile comes to the next watcher."""
MOST = 4_096
LINES_MOST = 1_000
"""Of the lines of its log the hub says so many once more at the most: those that the broker had not acknowledged."""
GREW_MOST = 20


class Answers:
    """The presses that the hub has not shown to have taken, and what it showed of them. `knows`: whether a name is one
    of our own house; a hub whose files are newer than ours may call a device by another."""

    def __init__(self, knows: Callable[[str], bool]) -> None:
        self.waiting: list[Cry] = []
        self._knows = knows
        self._lines: dict[str, None] = {}
        self._presses: dict[str, int] = {}
        self._not_ours: dict[str, None] = {}
        self._heard_ms: dict[str, int] = {}
        self._linked_ms = 0

    def take_up(
        self, waiting: Iterable[Cry], presses: Iterable[tuple[str, int]], lines: Iterable[str], now: Now
    ) -> list[Cry]:
        """What a watcher before this one waited for. Comes back of what nobody knows whether the hub said anything."""
        self._presses |= dict(presses)
        self._lines |= dict.fromkeys(lines)
        late: list[Cry] = []
        for cry in waiting:
            is_sure = cry.answered or 0 <= now.wall_ms - cry.heard_wall_ms < SURE_MS
            (self.waiting if is_sure else late).append(cry)
            self._heard_ms[cry.device] = cry.heard_ms
        return late

    @property
    def presses(self) -> tuple[tuple[str, int], ...]:
        """How many presses each alert of the hub showed."""
        return tuple(self._presses.items())

    @property
    def lines(self) -> tuple[str, ...]:
        """The last lines of the hub's log that were read."""
        return tuple(self._lines)[-LINES_MOST:]

    def linked(self, now_ms: int) -> None:
        """A new connection to the broker."""
        self._linked_ms = now_ms

    # -- what was pressed -----------------------------------------------------------------------------------------
    def wait_for(self, cry: Cry) -> None:
        """A press of its own, of which the hub should say something."""
        before_ms = self._heard_ms.pop(cry.device, None)
        self._heard_ms[cry.device] = cry.heard_ms
        _shorten(self._heard_ms)
        sent_again = (
            cry.heard_ms - self._linked_ms < AGAIN_AFTER_LINK_MS
            and before_ms is not None
            and before_ms < self._linked_ms
            and cry.heard_ms - before_ms < AGAIN_WITHIN_MS
        )
        self.waiting.append(replace(cry, answered=cry.answered or sent_again))

    def add_form(self, event: Event) -> None:
        """The same press in another form: the hub may name either."""
        for place, cry in reversed(list(enumerate(self.waiting))):
            if cry.device == event.device and cry.kind is event.kind:
                if event.stamp not in cry.stamps:
                    self.waiting[place] = replace(cry, stamps=(*cry.stamps, event.stamp))
                return

    def due(self, before_ms: int) -> list[Cry]:
        """Those heard until then, which wait no longer."""
        found = [cry for cry in self.waiting if cry.heard_ms <= before_ms]
        self.waiting = [cry for cry in self.waiting if cry.heard_ms > before_ms]
        return found

    def without_answer(self, is_over: Callable[[Cry], bool]) -> list[Cry]:
        """Those of which the hub said nothing for too long; they wait no longer."""
        found = [cry for cry in self.waiting if not cry.answered and is_over(cry)]
        self.waiting = [cry for cry in self.waiting if cry.answered or not is_over(cry)]
        return found

    def forget(self, before_ms: int) -> None:
        """What is so old is none of ours any more."""
        self.waiting = [cry for cry in self.waiting if cry.heard_ms >= before_ms]

    # -- what the hub says ----------------------------------------------------------------------------------------
    def is_new(self, line: str | None) -> bool:
        """Whether a line of the log was not read before: after a restart the hub may send some again."""
        if line is None:
            return True
        if line in self._lines:
            return False
        self._lines[line] = None
        _shorten(self._lines)
        return True

    def judged(self, device: str, *, not_ours: bool) -> None:
        """The hub shows whether this is a stranger's device that rings nobody."""
        self._not_ours.pop(device, None)
        if not_ours:
            self._not_ours[device] = None
            _shorten(self._not_ours)

    def taken(self, device: str, stamp: str | None) -> bool:
        """The hub told it, or people said that nobody is to be told: it needs nobody else. False where none that waits
        is named so exactly."""
        for place, cry in enumerate(self.waiting):
            if device in (cry.name, cry.device) and stamp in cry.stamps:
                del self.waiting[place]
                return True
        return False

    def heard(self, device: str, stamp: str | None) -> bool:
        """The hub heard it, whatever it made of it: should the hub die now, the watcher still tells it. False where
        none waits that this may be."""
        tests: tuple[Callable[[Cry], bool], ...] = (
            lambda cry: device in (cry.name, cry.device, cry.topic) and stamp in cry.stamps,
            lambda cry: device in (cry.name, cry.device, cry.topic) and (stamp is None or None in cry.stamps),
        )
        if "/" not in device and not device.startswith("hub:") and not self._knows(device):
            tests = (lambda cry: stamp in cry.stamps, lambda cry: stamp is None or None in cry.stamps)
        for is_meant in tests:
            for place, cry in enumerate(self.waiting):
                if not cry.answered and is_meant(cry):
                    self.waiting[place] = replace(cry, answered=True)
                    return True
        return False

    def are_not_ours(self, devices: Iterable[str]) -> None:
        """The hub says which strangers' devices ring nobody."""
        self._not_ours = dict.fromkeys(devices)

    def is_not_ours(self, device: str) -> bool:
        """Whether staff marked a stranger's device so."""
        return device in self._not_ours

    def marked(self, device: str) -> None:
        """Staff say something of a stranger's device: what it was is not what it is."""
        self._not_ours.pop(device, None)

    def shown(self, alert: str, presses: int) -> int:
        """An alert of the hub shows so many presses: how many of them it did not show before."""
        more = presses - self._presses.pop(alert, 0)
        self._presses[alert] = presses
        _shorten(self._presses)
        return min(max(0, more), GREW_MOST)

    def cleared(self, alert: str) -> None:
        """An alert is over."""
        self._presses.pop(alert, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """Since when the watcher hears without a gap (`fair_ms`), and has not stood still itself (`awake_ms`)."""

    fair_ms: int
    awake_ms: int

    def since_ms(self, cry: Cry) -> int:
        """From when on the hub's silence about a press counts."""
        return max(cry.heard_ms, self.fair_ms)

    def is_stale(self, cry: Cry, now_ms: int) -> bool:
        """Whether a press has waited longer than any may, whatever could be heard of the hub meanwhile."""
        return now_ms - max(cry.heard_ms, self.awake_ms) >= LONGEST_MS and now_ms - self.fair_ms >= SETTLED_MS


def is_over(cry: Cry, now_ms: int, hearing: Hearing, *, well_from_ms: int | None, beat_ms: int) -> bool:
    """Whether the hub has said nothing of a press for too long: since it counts and, within bounds, since the hub was
    well (None: it is not), while its heart was heard to beat (`beat_ms`)."""
    if hearing.is_stale(cry, now_ms):
        return True
    since_ms = hearing.since_ms(cry)
    if well_from_ms is None or beat_ms - since_ms < ALIVE_MS:
        return False
    return now_ms >= min(max(since_ms, well_from_ms) + ANSWER_MS, since_ms + MOST_MS)


def _shorten(rows: dict[str, None] | dict[str, int]) -> None:
    if len(rows) > MOST:
        del rows[next(iter(rows))]
