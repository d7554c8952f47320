"""A replay of the past under two configurations: what `handrail replay` and the trial of a plan run.

Night by night, so that a year needs no more memory than its differences: the runs of a night are paired a day after it
ended, and its events are kept only where the plans differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from itertools import islice

from devices.events import Event, Kind, Value, is_active
from devices.registry import Registry, meaning
from rules.home import Home
from rules.inputs import Heard, Input, Now, Started
from rules.replay.compare import Counts, Pair, counts, pairs
from rules.replay.coverage import DAY_MS, Coverage, night_shift_ms
from rules.replay.planting import MINUTE_MS, Plant, Planted, plant, plants
from rules.replay.relevant import NOTHING_KNOWN, Known, Relevant, relevant
from rules.replay.replay import Ran, Side, quiet
from rules.setting import Setting

SHOWN = frozenset(Kind) - {Kind.BATTERY, Kind.AVAILABILITY, Kind.TEMPERATURE, Kind.HUMIDITY, Kind.POWER, Kind.OTHER}
"""Kinds that a picture of a night shows."""
FLEETING = frozenset({Kind.MOTION, Kind.OCCUPANCY, Kind.VIBRATION})
"""Of these only the beginning is shown."""
TIDY_EVERY = 256
MOST_EVENTS = 400
"""So many events of a resident's night are kept to be shown."""
MOST_KEPT = 4_000
"""And so many are looked at for them."""
MOST_NIGHTS = 250
"""So many differing nights keep their events; the others keep what staff were told."""
MOST_CALLS = 10_000

Later = Callable[[], Heard]
"""An event that is read where somebody looks at it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One event as it is shown: a state that changed, or a press."""

    wall_ms: int
    name: str
    kind: str
    value: Value
    matters: bool = True
    """A plan in question can depend on it."""


@dataclass(frozen=True, slots=True)
class Call:
    """An emergency or call of the record under both configurations."""

    wall_ms: int
    resident: str
    device: str
    level: str
    said: str
    told_old: bool
    told_new: bool

    @property
    def delayed(self) -> bool:
        """The new configuration did not tell in the step that heard it. It must never be so."""
        return not self.told_new


@dataclass(frozen=True, slots=True)
class Night:
    """One resident's night (noon to noon) in which the plans differ."""

    resident: str
    from_ms: int
    pairs: tuple[Pair, ...]
    events: tuple[Seen, ...]


@dataclass(slots=True)
class Answer:
    """What replay answers, coverage first."""

    coverage: Coverage
    residents: tuple[str, ...]
    by_resident: dict[str, Counts] = field(default_factory=dict)
    whole: Counts = field(default_factory=Counts)
    nights: list[Night] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    calls_heard: int = 0
    delayed: int = 0
    planted: Planted | None = None


class Replay:
    """Takes the past in its order; `finish` gives the answer."""

    def __init__(
        self,
        old: Home,
        new: Home,
        residents: frozenset[str],
        *,
        begin: Now,
        count_from_ms: int,
        with_planted: bool = True,
        known: Known = NOTHING_KNOWN,
    ) -> None:
        """`residents` are those in question. What lies before `count_from_ms` (wall) only leads in."""
        self.relevant: Relevant = relevant((old, new), residents, known)
        self._residents = residents
        self._timezone: tzinfo = Setting(new).timezone
        self._sides = (Side(quiet(old, residents), begin), Side(quiet(new, residents), begin))
        self._placed = {placed.device: placed for placed in (*old.devices, *new.devices)}
        self._registry = Registry(self._placed.values())
        self._names = {placed.module: placed.name for placed in self._placed.values() if placed.module != placed.device}
        self._names |= {device: placed.name for device, placed in self._placed.items()}
        self._count_from_ms = count_from_ms
        shift_ms = night_shift_ms(_offset_ms(self._timezone, count_from_ms))
        self.coverage = Coverage(from_ms=count_from_ms, shift_ms=shift_ms)
        whole = {device: whose for device, whose in self.relevant.whose.items() if "#" not in device}
        self.coverage.watch(whole, self._names)
        self._plants: tuple[Plant, ...] = plants(new, residents) if with_planted else ()
        self._planted = Planted() if with_planted else None
        self._minute_ms = -(-count_from_ms // MINUTE_MS) * MINUTE_MS
        self._now = begin
        self._taken = 0
        self._night = (begin.wall_ms + shift_ms) // DAY_MS
        self._seen: dict[tuple[str, int], list[tuple[int, Event | Later]]] = {}
        self._ran: tuple[list[Ran], list[Ran]] = ([], [])
        self._pairs: list[Pair] = []
        self._by_resident: dict[str, list[Pair]] = {}
        self._answer = Answer(coverage=self.coverage, residents=tuple(sorted(residents)))

    def take(self, given: Input, now: Now, *, live: bool) -> None:
        """The next input of the past that counts (`relevant`)."""
        if type(given) is Started:
            self._start(given, now)
            return
        wall_ms = now.wall_ms
        if wall_ms >= self._minute_ms and self._plants:
            self._plant(now)
        if (wall_ms + self.coverage.shift_ms) // DAY_MS != self._night:
            self._next_night(now)
        old, new = self._sides
        old.live = new.live = live
        old.take(given, now)
        new.take(given, now)
        self._now = now
        if old.calls or new.calls:
            self._calls(now)
        if type(given) is Heard:
            self.saw(given.event.device, wall_ms, given.event)
        self._taken += 1
        if self._taken % TIDY_EVERY == 0:
            old.tidy()
            new.tidy()

    def finish(self, end: Now) -> Answer:
        """Let the rest of the period pass, and say what came of it."""
        if self._plants:
            self._plant(end)
        for side in self._sides:
            side.until(end)
        self._calls(end)
        self._now = end
        if (end.wall_ms + self.coverage.shift_ms) // DAY_MS > self._night:
            self._next_night(end)  # nothing was heard in the last of them, and a rule may have waited for just that
        for side, ran in zip(self._sides, self._ran, strict=True):
            ran.extend([*side.ended, *side.running.values()])
        self._compare(self._night + 1, last=True)
        answer = self._answer
        self.coverage.end(end.wall_ms)
        answer.whole = _sum(answer.by_resident.values())
        answer.planted = self._planted
        answer.nights.sort(key=lambda night: (night.from_ms, night.resident))
        return answer

    # -- as time passes -----------------------------------------------------------------------------------------------
    def _start(self, given: Started, now: Now) -> None:
        """The hub was down: time passes up to its last commit, then nobody heard or did anything until now."""
        before_ms = given.down_from_ms or now.wall_ms
        gone_ms = min(max(before_ms, self._now.wall_ms), now.wall_ms)
        gone = Now(max(self._now.elapsed_ms, now.elapsed_ms - (now.wall_ms - gone_ms)), gone_ms)
        if self._plants:
            self._plant(gone)
        for side in self._sides:
            side.until(gone)
        self._skip(now)
        for side in self._sides:
            side.live = True
            side.start(given, now)
        self._now = now
        if (now.wall_ms + self.coverage.shift_ms) // DAY_MS != self._night:
            self._next_night(now)

    def _plant(self, now: Now) -> None:
        """Plant in every minute up to this moment, each on the state of that minute; not where nobody could hear."""
        new, planted = self._sides[1], self._planted
        assert planted is not None
        if not new.is_linked:
            self._skip(now)
        while self._minute_ms <= now.wall_ms:
            then = Now(now.elapsed_ms - (now.wall_ms - self._minute_ms), self._minute_ms)
            if new.next_ms <= then.elapsed_ms:
                new.until(then)
            plant(new.state, self._plants, then, planted)
            self._minute_ms += MINUTE_MS

    def _skip(self, now: Now) -> None:
        """Nobody could hear up to this moment: nothing is planted there."""
        minutes = (now.wall_ms - self._minute_ms) // MINUTE_MS + 1
        if self._planted is not None and minutes > 0:
            self._planted.unheard += minutes
            self._minute_ms += minutes * MINUTE_MS

    def _calls(self, now: Now) -> None:
        """Emergencies and calls of this input: the same on both sides, or the answer says where not."""
        old, new = self._sides
        told_old = {(call.resident, call.device): call for call in old.calls}
        told_new = {(call.resident, call.device): call for call in new.calls}
        old.calls, new.calls = [], []
        if now.wall_ms < self._count_from_ms:
            return
        for key in dict.fromkeys([*told_old, *told_new]):
            one, other = told_old.get(key), told_new.get(key)
            known = other or one
            assert known is not None
            call = Call(
                wall_ms=now.wall_ms,
                resident=known.resident,
                device=known.device,
                level=known.level,
                said=known.said,
                told_old=one is not None and one.told,
                told_new=other is not None and other.told,
            )
            self._answer.calls_heard += 1
            self._answer.delayed += call.delayed
            if call.delayed or len(self._answer.calls) < MOST_CALLS:
                self._answer.calls.append(call)

    def saw(self, device: str, wall_ms: int, event: Event | Later) -> None:
        """Keep it for the night's picture, also where no plan depends on it; it is looked at where a night differs."""
        for resident in self.relevant.whose.get(device, ()):
            row = self._seen.setdefault((resident, (wall_ms + self.coverage.shift_ms) // DAY_MS), [])
            if len(row) < MOST_KEPT:
                row.append((wall_ms, event))

    def _shown(self, rows: Iterable[tuple[int, Event | Later]]) -> Iterator[Seen]:
        """What was news in a night, as the devices' purposes have it."""
        values: dict[tuple[str, str, str | None], Value] = {}
        for wall_ms, kept in rows:
            event = kept if isinstance(kept, Event) else kept().event
            matters = self.relevant.is_(event.device, event.kind)
            event = self._registry.of_part(event)
            placed = self._placed.get(event.device)
            if placed is not None:
                event = meaning(event, placed)
            key = (event.device, event.kind.value, event.field)
            if event.kind not in SHOWN or (values.get(key) == event.value and not event.press):
                continue
            values[key] = event.value
            if event.kind not in FLEETING or is_active(event.kind, event.value):
                name = self._names.get(event.device, event.device)
                yield Seen(wall_ms, name, event.kind.value, event.value, matters)

    def _next_night(self, now: Now) -> None:
        """It is noon: the night before the last one is complete."""
        for side, ran in zip(self._sides, self._ran, strict=True):
            if side.next_ms <= now.elapsed_ms:
                side.until(now)
            ran.extend(side.ended)
            side.ended = []
        self._night = (now.wall_ms + self.coverage.shift_ms) // DAY_MS
        self._compare(self._night - 1, last=False)

    def _compare(self, before: int, *, last: bool) -> None:
        """Pair the runs that began before a night, but for residents of whom one still goes on."""
        waiting = (
            set()
            if last
            else {ran.resident for side in self._sides for ran in side.running.values() if self._of(ran) < before}
        )
        ready: list[list[Ran]] = []
        for ran in self._ran:
            ready.append([one for one in ran if self._of(one) < before and one.resident not in waiting])
            ran[:] = [one for one in ran if self._of(one) >= before or one.resident in waiting]
        self._add_nights([pair for pair in pairs(*ready) if pair.started_ms >= self._count_from_ms])
        for key in [key for key in self._seen if key[1] < before and key[0] not in waiting]:
            del self._seen[key]

    def _add_nights(self, found: Iterable[Pair]) -> None:
        nights: dict[tuple[str, int], list[Pair]] = {}
        for pair in found:
            night = (pair.started_ms + self.coverage.shift_ms) // DAY_MS
            nights.setdefault((pair.resident, night), []).append(pair)
        for (resident, night), each in sorted(nights.items()):
            self._add(resident, each)
            if any(pair.differs for pair in each):
                rows = self._seen.get((resident, night), [])
                keep = len(self._answer.nights) < MOST_NIGHTS
                self._answer.nights.append(
                    Night(
                        resident=resident,
                        from_ms=night * DAY_MS - self.coverage.shift_ms,
                        pairs=tuple(each) if keep else tuple(pair for pair in each if pair.differs),
                        events=tuple(islice(self._shown(rows), MOST_EVENTS)) if keep else (),
                    )
                )

    def _of(self, ran: Ran) -> int:
        return (ran.started_ms + self.coverage.shift_ms) // DAY_MS

    def _add(self, resident: str, each: Iterable[Pair]) -> None:
        found = counts(each)
        before = self._answer.by_resident.get(resident)
        self._answer.by_resident[resident] = _sum([before, found]) if before is not None else found


def _sum(every: Iterable[Counts]) -> Counts:
    whole = Counts()
    for one in every:
        for name in ("episodes_old", "episodes_new", "rang_old", "rang_new", "later", "earlier"):
            setattr(whole, name, getattr(whole, name) + getattr(one, name))
        for name in ("told_old", "told_new", "avoided", "added"):
            (a, b), (c, d) = getattr(whole, name), getattr(one, name)
            setattr(whole, name, (a + c, b + d))
        whole.latest_ms = max(whole.latest_ms, one.latest_ms)
    return whole


def _offset_ms(timezone: tzinfo, wall_ms: int) -> int:
    offset = datetime.fromtimestamp(wall_ms / 1000, UTC).astimezone(timezone).utcoffset()
    return int(offset.total_seconds() * 1000) if offset is not None else 0
