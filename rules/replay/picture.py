"""A night of a replay as a picture: what was heard, and what either plan made of it, as places on a strip of time.

Only numbers and words; `replay.html` draws them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from devices.events import ACTIVE, TWO_WORDS, Kind
from rules.replay.compare import Bounds, Pair
from rules.replay.coverage import Coverage, HeardOf
from rules.replay.past import Night, Seen
from rules.replay.replay import Ran
from rules.replay.words import Words, plain

LEFT, RIGHT, WIDTH, LANE, RUN = 176, 20, 1040, 24, 30
HOUR_MS = 3_600_000
QUIET_MS = 45 * 60_000
"""The picture begins so long before the first run and ends so long after the last."""
LEAST = 3
MOST_DAYS = 10


@dataclass(frozen=True, slots=True)
class Mark:
    """Something at a moment, or from one to another."""

    x: float
    width: float
    said: str
    sort: str = ""


@dataclass(slots=True)
class Lane:
    """One line of the picture."""

    name: str
    y: int
    height: int = LANE
    bars: list[Mark] = field(default_factory=list)
    ticks: list[Mark] = field(default_factory=list)


@dataclass(slots=True)
class Picture:
    """One night of one resident."""

    title: str
    height: int
    hours: list[Mark]
    lanes: list[Lane]
    plans: list[Lane]
    words: list[str]


class _Scale:
    """From moments to places."""

    def __init__(self, first_ms: int, last_ms: int) -> None:
        self.first_ms, self.last_ms = first_ms, max(last_ms, first_ms + LEAST * HOUR_MS)

    def x(self, wall_ms: int) -> float:
        inside = min(max(wall_ms, self.first_ms), self.last_ms)
        share = (inside - self.first_ms) / (self.last_ms - self.first_ms)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)


def picture_of(words: Words, night: Night) -> Picture:
    """What was heard above, the old plan and the new one below."""
    scale = _scale(words, night)
    lanes = _lanes(words, night.events, scale)
    y = sum(lane.height for lane in lanes) + 10
    plans = []
    for name, new in (("before", False), ("with the new plan", True)):
        plan = Lane(name, y, RUN)
        for pair in night.pairs:
            _run(words, plan, pair, scale, new=new)
        plans.append(plan)
        y += RUN
    return Picture(
        title=f"{words.name(night.resident)}, {words.night(night.from_ms)}",
        height=y + 24,
        hours=_hours(words, scale),
        lanes=lanes,
        plans=plans,
        words=[words.pair(pair) for pair in night.pairs if pair.differs],
    )


def _scale(words: Words, night: Night) -> _Scale:
    runs = [ran for pair in night.pairs if pair.differs for ran in (pair.old, pair.new) if ran is not None]
    first_ms = min(ran.started_ms for ran in runs) - QUIET_MS
    last_ms = max(ran.ended_ms or ran.started_ms for ran in runs) + QUIET_MS
    whole = _Scale(first_ms, last_ms)
    first = words.local(whole.first_ms).replace(minute=0, second=0, microsecond=0)
    last = words.local(whole.last_ms).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return _Scale(int(first.timestamp() * 1000), int(last.timestamp() * 1000))


def _hours(words: Words, scale: _Scale) -> list[Mark]:
    whole = (scale.last_ms - scale.first_ms) // HOUR_MS
    every = 1 if whole <= 14 else 2
    moments = range(scale.first_ms, scale.last_ms + 1, every * HOUR_MS)
    return [Mark(scale.x(at), 0, words.clock(at)) for at in moments]


def _lanes(words: Words, events: Iterable[Seen], scale: _Scale) -> list[Lane]:
    """A line for each device and kind: a bar while a state lasts, a tick for what merely happens."""
    by_name: dict[tuple[str, str], list[Seen]] = {}
    for seen in events:
        by_name.setdefault((seen.name, seen.kind), []).append(seen)
    lanes, y = [], 0
    for (name, kind), rows in sorted(by_name.items(), key=lambda item: (item[0][1] != Kind.BED, item[0])):
        lane = Lane(name, y)
        if Kind(kind) in TWO_WORDS:
            _bars(words, lane, rows, scale, ACTIVE[Kind(kind)])
        else:
            lane.ticks = [
                Mark(scale.x(seen.wall_ms), 2, f"{words.clock(seen.wall_ms)} {plain(seen)}", kind)
                for seen in rows
                if scale.first_ms <= seen.wall_ms <= scale.last_ms
            ]
        if lane.bars or lane.ticks:
            lanes.append(lane)
            y += lane.height
    return lanes


def _bars(words: Words, lane: Lane, rows: list[Seen], scale: _Scale, active: object) -> None:
    began: Seen | None = None
    if rows[0].value != active and rows[0].wall_ms > scale.first_ms:
        began = Seen(scale.first_ms, rows[0].name, rows[0].kind, str(active))
    for seen in rows:
        if seen.value == active:
            began = began or seen
        elif began is not None:
            _bar(words, lane, began, seen.wall_ms, scale)
            began = None
    if began is not None:
        _bar(words, lane, began, scale.last_ms, scale)


def _bar(words: Words, lane: Lane, began: Seen, ended_ms: int, scale: _Scale) -> None:
    if ended_ms <= scale.first_ms or began.wall_ms >= scale.last_ms:
        return
    x = scale.x(began.wall_ms)
    said = f"{plain(began)}, {words.clock(began.wall_ms)} to {words.clock(ended_ms)}"
    lane.bars.append(Mark(x, max(2.0, round(scale.x(ended_ms) - x, 1)), said, began.kind))


def _run(words: Words, lane: Lane, pair: Pair, scale: _Scale, *, new: bool) -> None:
    """One run: a bar while it lasted, its help, and its end: told, settled, or one of the two."""
    ran, ends = (pair.new, pair.would) if new else (pair.old, pair.was)
    if ran is None:
        return
    last_ms = ran.ended_ms or scale.last_ms
    if last_ms < scale.first_ms or ran.started_ms > scale.last_ms:
        return
    x = scale.x(ran.started_ms)
    lane.bars.append(Mark(x, max(3.0, round(scale.x(last_ms) - x, 1)), f"{ran.rule}, {words.clock(ran.started_ms)}"))
    lane.ticks += [Mark(scale.x(at), 0, f"{words.clock(at)} {what}", "help") for at, what in ran.help]
    if ran.ended_ms:
        lane.ticks.append(Mark(scale.x(last_ms), 0, _end(words, ran, ends), _sort(ends)))


def _sort(ends: Bounds) -> str:
    if ends.most != ends.least:
        return "either"
    return "told" if ends.most else "settled"


def _end(words: Words, ran: Ran, ends: Bounds) -> str:
    at = words.clock(ran.ended_ms)
    if ends.most != ends.least:
        return f"{at}: staff told, or settled"
    return f"{at}: staff told ({ran.level})" if ends.most else f"{at}: settled"


@dataclass(frozen=True, slots=True)
class Strip:
    """When one device was heard, over the whole period."""

    name: str
    said: str
    gaps: tuple[Mark, ...]


def strips_of(words: Words, covered: Coverage) -> list[Strip]:
    """The coverage: a strip for each device, with what nobody heard; of many devices those with a gap."""
    return [_strip(words, known, covered) for known in words.shown()]


def days_of(words: Words, covered: Coverage) -> list[Mark]:
    """Some days of the period, for the foot of the coverage."""
    scale = _Scale(covered.from_ms, covered.to_ms)
    every = max(1, -(-covered.nights // MOST_DAYS))
    first = words.local(covered.from_ms).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    days = [first + timedelta(days=number) for number in range(0, covered.nights, every)]
    moments = [(day, int(day.timestamp() * 1000)) for day in days]
    return [Mark(scale.x(at), 0, f"{day.day} {day:%b}") for day, at in moments if at < covered.to_ms]


def _strip(words: Words, known: HeardOf, covered: Coverage) -> Strip:
    scale = _Scale(covered.from_ms, covered.to_ms)
    gaps = known.gaps if known.events else [(covered.from_ms, covered.to_ms)]
    marks = [
        Mark(scale.x(a), round(scale.x(b) - scale.x(a), 1), f"{words.moment(a)} to {words.moment(b)}") for a, b in gaps
    ]
    down = [
        Mark(scale.x(a), max(1.0, round(scale.x(b) - scale.x(a), 1)), f"hub down {words.moment(a)}", "down")
        for a, b in covered.down
    ]
    return Strip(known.name, words.device(known, covered), (*marks, *down))
