"""What a plan on trial would have made of the last day, in one sentence for the manager's morning."""

from __future__ import annotations

from rules.inputs import Report, TriedRun
from rules.replay.beside import Beside
from rules.replay.compare import Pair
from rules.replay.past import Answer
from rules.replay.words import Words, plain_range, range_of
from rules.turn import plainly

MOST_MOMENTS = 5
MOST_RUNS = 1_000
"""So many runs are named in a report; of more the sums say it."""
A_DAY_MS = 25 * 3_600_000
"""A period that is not longer needs no dates: each time of day is in it once, but for an hour that comes twice."""


def report(words: Words, resident: str, beside: Beside | None = None, since_ms: int = 0) -> Report:
    """What one plan on trial would have come to in the period of an answer; `beside` the plan in force since a moment,
    where it is known since when."""
    answer, name = words.answer, words.name(resident)
    covered = answer.coverage
    period = f"{words.moment(covered.from_ms)} to {words.moment(covered.to_ms)}"
    runs = _runs(beside.pairs) if beside is not None else ()
    late = answer.delayed + (len(answer.planted.late) if answer.planted is not None else 0)
    if late:
        said = f"{name}'s plan on trial would have DELAYED {late} calls ({period}): do not use it"
        return Report(resident=resident, words=said, matters=True, runs=runs)
    moments = [_moment(words, pair) for night in answer.nights for pair in night.pairs if pair.differs]
    said = f"{name}'s plan on trial, {period}: {_came_to(answer, resident)}"
    if moments:
        more = f" and {len(moments) - MOST_MOMENTS} more" if len(moments) > MOST_MOMENTS else ""
        said += f": {'; '.join(moments[:MOST_MOMENTS])}{more}"
    if beside is not None and beside.under_way:
        said += f". Still under way, for the next report: {beside.under_way}"
    if covered.down:
        said += f". Nobody could hear for {plainly(sum(end - start for start, end in covered.down))}"
    if silent := [known.name for known in covered.silent()]:
        said += f". Never heard: {', '.join(silent)}"
    since = f". On trial since {words.moment(since_ms)}" if since_ms else ""
    return Report(
        resident=resident, words=f"{said}{since}. No call delayed", matters=bool(moments), since_ms=since_ms, runs=runs
    )


def _runs(found: list[Pair]) -> tuple[TriedRun, ...]:
    ran = [pair.new for pair in found if pair.new is not None][:MOST_RUNS]
    return tuple(
        TriedRun(rule=one.rule, started_ms=one.started_ms, ended_ms=one.ended_ms, state=one.state) for one in ran
    )


def _moment(words: Words, pair: Pair) -> str:
    """One moment, with its day where the period has several of that time or it began before."""
    covered = words.answer.coverage
    said = words.pair(pair)
    if covered.to_ms - covered.from_ms <= A_DAY_MS and pair.started_ms >= covered.from_ms:
        return said
    return f"{words.moment(pair.started_ms).rpartition(' ')[0]} {said}"


def _came_to(answer: Answer, resident: str) -> str:
    found = answer.by_resident.get(resident)
    if found is None:
        return "nothing began under either plan"
    if not answer.nights:
        return f"the same as the plan in force, staff told {range_of(found.told_old)}"
    told = f"staff told {range_of(found.told_new)} instead of {plain_range(found.told_old)}"
    return f"{told}, avoided {plain_range(found.avoided)}, added {plain_range(found.added)}"
