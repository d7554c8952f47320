"""A plan on trial, beside the plan in force from the moment it was put on trial: what a living machine would have done.

A replay of one resident's rules, in pieces: what both sides came to at the end of a piece is `Carried`, and the next
one goes on from there. So whatever crosses a morning is what it would have been: a door that is open since yesterday, a
silence of thirty hours, a count, a run under way, a rule that rests. Each run is told of once, in the piece in which it
came to its end.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from devices.events import Event
from rules.home import Home, Resident
from rules.inputs import Configured, Now
from rules.replay.compare import Pair, pairs
from rules.replay.coverage import DAY_MS
from rules.replay.past import Answer, Later, Replay
from rules.replay.planting import plants
from rules.replay.relevant import NOTHING_KNOWN, Known, relevant
from rules.replay.replay import Ran, Side, quiet
from rules.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What one side came to."""

    state: State
    running: tuple[Ran, ...]
    came: tuple[tuple[int, str], ...]
    live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What a trial has to know to go on."""

    now: Now
    accepted: Home
    """The configuration in force."""
    old: Kept
    new: Kept
    held: tuple[tuple[Ran, ...], tuple[Ran, ...]]
    """Runs that ended, of either side, beside one of the other that goes on: they are told of together."""


def laid_over(home: Home, tried: Resident) -> Home:
    """The home with a resident's plan on trial in place of the one in force."""
    others = tuple(tried if one.resident == tried.resident else one for one in home.residents)
    return replace(home, residents=others if tried in others else (*others, tried))


class Beside(Replay):
    """Two sides of one resident: the plan in force as it changed, and the plan on trial."""

    def __init__(
        self,
        tried: Resident,
        accepted: Home,
        *,
        begin: Now,
        count_from_ms: int,
        known: Known = NOTHING_KNOWN,
        later: Iterable[Home] = (),
        with_planted: bool = True,
    ) -> None:
        """`accepted` is in force when it begins, `later` what is accepted in the period: what any of them can depend on
        is taken. Until `put_on_trial` or `go_on` the plan on trial has no rules."""
        new = laid_over(accepted, tried)
        whose = frozenset({tried.resident})
        super().__init__(
            accepted, new, whose, begin=begin, count_from_ms=count_from_ms, with_planted=with_planted, known=known
        )
        homes = [each for one in (accepted, *later) for each in (one, laid_over(one, tried))]
        self.relevant = relevant(homes, whose, known)
        self._tried, self._accepted, self._whose = tried, accepted, whose
        self._since_ms = 0
        self._held: tuple[tuple[Ran, ...], tuple[Ran, ...]] = ((), ())
        self.answer: Answer = self._answer
        self.pairs: list[Pair] = []
        """What came to its end in this piece, old beside new."""
        self.under_way = 0
        """So many runs of the plan on trial go on at the end."""
        watched = quiet(new, whose)
        bare = replace(watched, residents=tuple(replace(one, rules=()) for one in watched.residents))
        self._sides = (self._sides[0], Side(bare, begin))

    def put_on_trial(self, now: Now) -> None:
        """From here on the plan on trial has its rules: what lasts already counts from now, as under any new plan."""
        self._since_ms = now.wall_ms
        self._pass(now)
        self._sides[1].take(Configured(home=quiet(laid_over(self._accepted, self._tried), self._whose)), now)

    def accept(self, home: Home, now: Now) -> None:
        """Another configuration is in force, for the plan on trial as well."""
        self._pass(now)
        self._accepted = home
        homes = (home, laid_over(home, self._tried))
        for side, each in zip(self._sides, homes, strict=True):
            side.take(Configured(home=quiet(each, self._whose)), now)
        if self._planted is not None:
            self._plants = plants(homes[1], self._whose)

    def _pass(self, now: Now) -> None:
        if self._plants and now.wall_ms >= self._minute_ms:
            self._plant(now)
        self._now = now

    def go_on(self, carried: Carried, since_ms: int) -> None:
        """Go on from the end of the piece before; on trial since a moment."""
        self._since_ms = since_ms
        for side, kept in zip(self._sides, (carried.old, carried.new), strict=True):
            side.go_on(kept.state, kept.running, kept.came)
            side.live = kept.live
        for ran, held in zip(self._ran, carried.held, strict=True):
            ran.extend(held)
        self._now = carried.now
        self._night = (carried.now.wall_ms + self.coverage.shift_ms) // DAY_MS

    def carried(self) -> Carried:
        """What the next piece goes on from; `finish` comes first."""
        old, new = (
            Kept(
                state=side.state,
                running=tuple(side.running.values()),
                came=tuple(sorted(side.came)),
                live=side.live,
            )
            for side in self._sides
        )
        return Carried(now=self._now, accepted=self._accepted, old=old, new=new, held=self._held)

    def end(self, end: Now, to_ms: int) -> None:
        """Let time pass to the end of the piece; `to_ms` is later where the hub was down at its end."""
        self.finish(end)
        self.coverage.to_ms = to_ms

    def saw(self, device: str, wall_ms: int, event: Event | Later) -> None:
        """No picture is drawn of it."""

    def _compare(self, before: int, *, last: bool) -> None:
        """Not night by night, but all that ended: a pair of which one goes on waits for the next piece."""
        if not last:
            return
        found = pairs(*self._ran)
        goes_on = [pair for pair in found if any(ran is not None and not ran.ended_ms for ran in (pair.old, pair.new))]
        self.under_way = sum(pair.new is not None and not pair.new.ended_ms for pair in goes_on)
        self._held = (
            tuple(pair.old for pair in goes_on if pair.old is not None and pair.old.ended_ms),
            tuple(pair.new for pair in goes_on if pair.new is not None and pair.new.ended_ms),
        )
        waiting = {id(pair) for pair in goes_on}
        self.pairs = [pair for pair in found if id(pair) not in waiting and pair.started_ms >= self._since_ms]
        self._add_nights(self.pairs)
