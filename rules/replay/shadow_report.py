"""What a plan on trial would have made of the last day, in one sentence for the manager's morning."""

from __future__ import annotations

from rules.inputs import Report
from rules.replay.past import Answer
from rules.replay.words import Words, plain_range, range_of

MOST_MOMENTS = 5


def report(words: Words, resident: str) -> Report:
    """What one plan on trial would have come to in the period of an answer."""
    answer, name = words.answer, words.name(resident)
    covered = answer.coverage
    period = f"{words.moment(covered.from_ms)} to {words.moment(covered.to_ms)}"
    late = answer.delayed + (len(answer.planted.late) if answer.planted is not None else 0)
    if late:
        said = f"{name}'s plan on trial would have DELAYED {late} calls ({period}): do not use it"
        return Report(resident=resident, words=said, matters=True)
    moments = [words.pair(pair) for night in answer.nights for pair in night.pairs if pair.differs]
    said = f"{name}'s plan on trial, {period}: {_came_to(answer, resident)}"
    if moments:
        more = f" and {len(moments) - MOST_MOMENTS} more" if len(moments) > MOST_MOMENTS else ""
        said += f": {'; '.join(moments[:MOST_MOMENTS])}{more}"
    if silent := [known.name for known in covered.silent()]:
        said += f". Never heard: {', '.join(silent)}"
    return Report(resident=resident, words=f"{said}. No call delayed", matters=bool(moments))


def _came_to(answer: Answer, resident: str) -> str:
    found = answer.by_resident.get(resident)
    if found is None:
        return "nothing began under either plan"
    if not answer.nights:
        return f"the same as the plan in force, staff told {range_of(found.told_old)}"
    told = f"staff told {range_of(found.told_new)} instead of {plain_range(found.told_old)}"
    return f"{told}, avoided {plain_range(found.avoided)}, added {plain_range(found.added)}"
