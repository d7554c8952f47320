"""Two plans over the same past: which runs belong together, and between which bounds the truth lies.

What a resident would have done under other help is unknown, so every answer is a range.

- *Help given then* is what the old plan gave in the run that began at the same moment, where that was heard live. Of
  imported events nothing is known to have helped.
- A run that gives the help that was given then counts as recorded, in both bounds.
- **Most** (never settles by self-help): where the run gives less than was given then, or staff were told earlier then,
  a recorded settling behind that may have come of it: the run counts as told.
- **Least** (always settles): where the run gives help that was not given then, and gives it before staff are told, it
  counts as settled right after that help.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rules.replay.replay import Ran

STAFF = "staff were told"


@dataclass(frozen=True, slots=True)
class Bounds:
    """Whether a run ends with staff: when nobody settles by self-help, and when everybody does."""

    most: bool
    least: bool


@dataclass(frozen=True, slots=True)
class Pair:
    """What the old plan and the new one made of the same moment; None where one of them ran nothing."""

    old: Ran | None
    new: Ran | None
    was: Bounds
    would: Bounds

    @property
    def resident(self) -> str:
        """Whose it is."""
        return _one(self).resident

    @property
    def started_ms(self) -> int:
        """When it began (wall)."""
        return _one(self).started_ms

    @property
    def later_ms(self) -> int:
        """How much later staff were told, where both end with staff; negative: earlier."""
        if self.old is None or self.new is None or not (self.old.told and self.new.told):
            return 0
        return self.new.ended_ms - self.old.ended_ms

    @property
    def same(self) -> bool:
        """Both did the same for the resident and ended alike: whatever came of it, came of both."""
        old, new = self.old, self.new
        if old is None or new is None:
            return False
        return (old.started_ms, old.help, old.ended_ms, old.state) == (
            new.started_ms,
            new.help,
            new.ended_ms,
            new.state,
        )

    @property
    def differs(self) -> bool:
        """Staff would have been told otherwise, in one bound at least, or at another time."""
        if self.same:
            return False
        return self.was != self.would or self.later_ms != 0 or self.was.most != self.was.least


@dataclass(slots=True)
class Counts:
    """Of one resident, or of all of them. Pairs of numbers are (least, most)."""

    episodes_old: int = 0
    episodes_new: int = 0
    told_old: tuple[int, int] = (0, 0)
    told_new: tuple[int, int] = (0, 0)
    rang_old: int = 0
    """Alerts of their own, as recorded: several things of one resident within ten minutes are one."""
    rang_new: int = 0
    avoided: tuple[int, int] = (0, 0)
    added: tuple[int, int] = (0, 0)
    later: int = 0
    earlier: int = 0
    latest_ms: int = 0
    """The most that one was told later."""

    @property
    def differs(self) -> bool:
        """Staff would have been told otherwise than they were, or may have been."""
        changes = (self.avoided, self.added)
        return (
            any(each != (0, 0) for each in changes)
            or self.told_old != self.told_new
            or bool(self.later or self.earlier)
        )


def pairs(old: Iterable[Ran], new: Iterable[Ran]) -> list[Pair]:
    """Runs of the same moment: of the same rule, or else of the same resident; else those that overlap."""
    left = sorted(old, key=_in_order)
    found: list[tuple[Ran | None, Ran | None]] = []
    rest = sorted(new, key=_in_order)
    for key in (_moment_and_rule, _moment):
        by_key: dict[object, list[Ran]] = {}
        for ran in left:
            by_key.setdefault(key(ran), []).append(ran)
        unmatched = []
        for ran in rest:
            same = by_key.get(key(ran))
            if same:
                found.append((same.pop(0), ran))
            else:
                unmatched.append(ran)
        left = sorted((ran for each in by_key.values() for ran in each), key=_in_order)
        rest = unmatched
    by_rule: dict[tuple[str, str], list[Ran]] = {}
    for ran in left:
        by_rule.setdefault((ran.resident, ran.rule), []).append(ran)
    for ran in rest:
        others = by_rule.get((ran.resident, ran.rule), [])
        while others and (others[0].ended_ms or others[0].started_ms) < ran.started_ms:
            found.append((others.pop(0), None))
        near = others.pop(0) if others and _overlap(others[0], ran) else None
        found.append((near, ran))
    found += [(ran, None) for others in by_rule.values() for ran in others]
    made = [_pair(one, other) for one, other in found]
    return sorted(made, key=lambda pair: (pair.started_ms, pair.resident, _one(pair).rule))


def _pair(old: Ran | None, new: Ran | None) -> Pair:
    given = _given(old)
    return Pair(old=old, new=new, was=bounds(old, given), would=bounds(new, given))


def _given(old: Ran | None) -> list[tuple[int, str]]:
    """What really happened to the resident in that run, in time from its beginning."""
    if old is None or not old.live:
        return []
    given = [(at_ms - old.started_ms, words) for at_ms, words in old.help]
    return [*given, (old.ended_ms - old.started_ms, STAFF)] if old.told else given


def bounds(ran: Ran | None, given: Sequence[tuple[int, str]]) -> Bounds:
    """Between what the run's end lies, given what really happened then."""
    if ran is None or not ran.ended_ms:
        return Bounds(most=False, least=False)
    lasted_ms = ran.ended_ms - ran.started_ms
    gives = [(at_ms - ran.started_ms, words) for at_ms, words in ran.help]
    if ran.told:
        new_help = any(one not in given and one[0] < lasted_ms for one in gives)
        return Bounds(most=True, least=not new_help)
    missing = any(one not in gives and one[0] < lasted_ms for one in given)
    return Bounds(most=missing, least=False)


def counts(found: Iterable[Pair]) -> Counts:
    """The sums."""
    made = Counts()
    for pair in found:
        made.episodes_old += pair.old is not None
        made.episodes_new += pair.new is not None
        made.rang_old += pair.old is not None and pair.old.rang
        made.rang_new += pair.new is not None and pair.new.rang
        made.told_old = _more(made.told_old, pair.was.least, pair.was.most)
        made.told_new = _more(made.told_new, pair.would.least, pair.would.most)
        made.avoided = _more(made.avoided, *_range(pair, avoided=True))
        made.added = _more(made.added, *_range(pair, avoided=False))
        made.later += pair.later_ms > 0
        made.earlier += pair.later_ms < 0
        made.latest_ms = max(made.latest_ms, pair.later_ms)
    return made


def _range(pair: Pair, *, avoided: bool) -> tuple[bool, bool]:
    """Whether this one is avoided (or added): surely, and possibly. What the old plan did is compared as recorded."""
    if pair.same:
        return False, False
    was = pair.old is not None and pair.old.told
    if avoided:
        return was and not pair.would.most, was and not pair.would.least
    return not was and pair.would.least, not was and pair.would.most


def _more(before: tuple[int, int], least: bool, most: bool) -> tuple[int, int]:
    return before[0] + least, before[1] + most


def _one(pair: Pair) -> Ran:
    ran = pair.new or pair.old
    assert ran is not None
    return ran


def _in_order(ran: Ran) -> tuple[int, str, str, str]:
    return ran.started_ms, ran.resident, ran.rule, ran.episode


def _moment_and_rule(ran: Ran) -> object:
    return ran.resident, ran.started_ms, ran.rule


def _moment(ran: Ran) -> object:
    return ran.resident, ran.started_ms


def _overlap(one: Ran, other: Ran) -> bool:
    if (one.resident, one.rule) != (other.resident, other.rule):
        return False
    return one.started_ms <= (other.ended_ms or other.started_ms) and other.started_ms <= (
        one.ended_ms or one.started_ms
    )


__all__ = ["Bounds", "Counts", "Pair", "bounds", "counts", "pairs"]
