"""A press of a pendant's second button that answers a question, in place of calling.

It stands before an emergency, so it is as narrow as it can be: a button that was placed by itself and that the plan of
this resident names; her one open question, since long enough that she can have heard it; pressed once or twice, in a
word that means nothing else; while the hub hears and can write, and she has not called already. Whatever is in doubt
calls.
"""

from __future__ import annotations

from dataclasses import dataclass

from devices.events import Event, Kind
from devices.gestures import answer_of
from devices.registry import Placed
from rules.alerting.levels import RANK, Level
from rules.hearing.missed import QUEUED_MS
from rules.plans import episodes, second
from rules.plans.help import AnswerTo
from rules.setting import key_of
from rules.state import Episode
from rules.turn import Turn

HEARD_MS = 2_000
"""So soon after a question was asked nobody has heard it: what is pressed then is no answer to it."""


@dataclass(frozen=True, slots=True)
class Given:
    """The answer that a press gives."""

    key: str
    episode: Episode
    answer: AnswerTo


def given_by(turn: Turn, placed: Placed | None, said: Event) -> Given | None:
    """The answer that this press gives; None where it calls. `said` is the part's event, as its ecosystem told it."""
    if placed is None or not placed.part or placed.purpose not in second.MAY_ANSWER or placed.person is None:
        return None
    cares = turn.setting.cares.get((placed.device, Kind.BUTTON))
    place = answer_of(said)
    if cares is None or not cares.answers or place is None or _is_in_doubt(turn, placed):
        return None
    return _asked(turn, placed, said, place)


def _asked(turn: Turn, placed: Placed, said: Event, place: int) -> Given | None:
    """The one question of hers that is open, where this button answers it and she can have heard it."""
    hers = [one for one in turn.state.episodes if one.rule.resident == placed.person]
    asking = [(one, ask) for one in hers if (ask := episodes.question_of(one)) is not None]
    if len(asking) != 1:
        return None
    (episode, ask) = asking[0]
    rule = episode.rule
    if ask.button != placed.name or place >= len(ask.answers):
        return None
    if second.unfit(placed, rule.resident, turn.setting.home.devices) is not None:
        return None
    if second.is_never_given(rule, ask.answers[place]) or not _is_heard(turn, episode, said):
        return None
    return Given(key_of(rule), episode, ask.answers[place])


def _is_in_doubt(turn: Turn, placed: Placed) -> bool:
    """Whether a press of hers means a call now, whatever is asked: the hub cannot hear or write, there is a fire, a
    carer tests this pendant, or she has called already."""
    meta = turn.meta
    if not meta.linked or meta.unkept or meta.mode == "fire":
        return True
    tested = turn.setting.registry.by_name(meta.walking) if meta.walking else None
    if tested is not None and tested.module == placed.module:
        return True
    calls = (alert for alert in turn.open_alerts() if RANK[alert.level] >= RANK[Level.CALL])
    return any(alert.resident == placed.person for alert in calls)


def _is_heard(turn: Turn, episode: Episode, said: Event) -> bool:
    """Whether the question was there when she pressed, by our clock and, where it has one, by the device's.

    In the first moments of a link comes what waited at the broker: there only a press counts that says itself when it
    was made.
    """
    open_ms = turn.now.elapsed_ms - episode.asked_ms
    if open_ms < HEARD_MS:
        return False
    linked_ms = turn.now.elapsed_ms - turn.meta.linked_ms
    if linked_ms < QUEUED_MS:
        return said.at_ms is not None and turn.now.wall_ms - said.at_ms <= min(open_ms, linked_ms)
    return said.at_ms is None or turn.now.wall_ms - said.at_ms <= open_ms


def answer(turn: Turn, placed: Placed, said: Event, given: Given) -> None:
    """Take it: logged with who, which button and the press's stamp, by which the watcher sees that it was heard."""
    how = f"on {placed.name}"
    episodes.answered(
        turn, given.key, given.episode, given.answer, how, alone=True, device=placed.name, stamp=said.stamp
    )
