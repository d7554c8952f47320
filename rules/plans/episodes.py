"""One run of one rule: help the resident first, then settle, or tell staff. Never end with nothing (promise 4).

A run carries the rule it began with and ends under it, whatever becomes of the plan. It ends settled, unsettled (staff
were told) or, where it is a reminder that tells nobody, offered. What starts it is in `triggers.py`.
"""

from __future__ import annotations

from devices.events import Event
from devices.records import replace
from devices.registry import CALLS, Placed
from rules.alerting.levels import Level
from rules.alerting.raising import Found, raise_alert
from rules.effects import Did
from rules.plans import helping, refusing, standing
from rules.plans.conditions import about, is_beyond, number_of, says
from rules.plans.help import AnswerTo, Ask, Wait
from rules.plans.plan import Nothing, Otherwise, Rule, Settles
from rules.proof.watch import told_late
from rules.setting import Setting, at_once, key_of
from rules.state import Episode, EpisodeState, Person
from rules.turn import LATE_MS, Turn, plainly

LIGHT_DROP_MS = helping.DROP_MS
ASKED_FOR = Otherwise(level=Level.REQUEST, say="")
"""Whom an answer tells that staff shall hear of, in a rule that tells nobody otherwise."""


# -- from its beginning ... ---------------------------------------------------------------------------------------


def start(turn: Turn, key: str, rule: Rule, *, overdue_ms: int = 0, since_ms: int | None = None) -> None:
    """Begin a run, under the rule as it is now. Delays that nobody agreed to, or that are off just now, are none."""
    meta, watch = turn.meta, turn.state.watches.get(key)
    turn.set_meta(replace(meta, episodes=meta.episodes + 1))
    if watch is not None and watch.since_ms and not isinstance(rule.when, Nothing):
        turn.state.watches.put(key, replace(watch, blocked=False, started=True))
    run = turn.setting.as_run(key, rule)
    hurried = "" if rule.is_reminder else standing.no_delay(turn, rule.resident, rule)
    if hurried:
        run = at_once(run)
    episode = Episode(
        id=f"e{meta.episodes + 1:06d}",
        rule=run,
        state=EpisodeState.HELPING,
        started_ms=turn.now.elapsed_ms,
        started_wall_ms=turn.now.wall_ms,
        since_ms=since_ms,
    )
    marked = ", late" if overdue_ms > LATE_MS else ""
    why = f"; staff are told at once: {hurried}" if hurried else ""
    turn.log(Did.HELPING, f"{rule.rule}: {about(turn, rule)}{marked}{why}", episode=episode)
    _go_on(turn, key, episode, overdue_ms=overdue_ms)


def due(turn: Turn, key: str, overdue_ms: int) -> None:
    """A wait is over."""
    episode = turn.state.episodes.get(key)
    if episode is None:
        return
    if question_of(episode) is not None:
        episode = _asked_no_more(turn, episode)
    _go_on(turn, key, replace(episode, step=episode.step + 1), overdue_ms=overdue_ms)


def _asked_no_more(turn: Turn, episode: Episode) -> Episode:
    """A question that was answered, or whose time is over, leaves the screen: no answer to it would be taken."""
    turn.show_room(episode.rule.place)
    return replace(episode, said="", spoken=False)


def _go_on(turn: Turn, key: str, episode: Episode, *, overdue_ms: int) -> None:
    """Take the steps up to the next wait; after the last one the run ends."""
    late = overdue_ms > LATE_MS
    rule = episode.rule
    for place in range(episode.step, len(rule.help)):
        step = rule.help[place]
        if late and not isinstance(step, Wait):
            turn.log(Did.DROPPED, f"help that came too late is not given: {helping.words(step)}", episode=episode)
            continue
        episode = helping.give(turn, episode, step, place)
        seconds = helping.waits_s(rule, step)
        if seconds > 0:
            waiting = episode if episode.step == place else replace(episode, step=place)
            _wait(turn, key, waiting, seconds * 1000 - overdue_ms)
            return
    _after_help(turn, key, episode, overdue_ms)


def _wait(turn: Turn, key: str, episode: Episode, ms: int) -> None:
    turn.state.episodes.put(key, episode)
    turn.arm("episode", key, turn.now.elapsed_ms + ms)


def _after_help(turn: Turn, key: str, episode: Episode, overdue_ms: int) -> None:
    """Nothing settled it: staff are told, or the reminder was given. Its last words stand for a while, unless it waited
    after them (then it goes on behind its last step)."""
    late = overdue_ms > LATE_MS
    if not episode.rule.is_reminder:
        _unsettled(turn, key, episode, late=late)
    elif episode.said and not late and episode.step < len(episode.rule.help):
        _wait(
            turn,
            key,
            replace(episode, step=len(episode.rule.help)),
            helping.lingers_s(turn, episode.rule) * 1000 - overdue_ms,
        )
    else:
        _offered(turn, key, episode)


# -- ... to its end -----------------------------------------------------------------------------------------------


def settle(turn: Turn, key: str, episode: Episode, reason: str) -> None:
    """The resident managed: nobody is told."""
    _end(turn, key, episode, EpisodeState.SETTLED, Did.SETTLED, reason)


def _end(
    turn: Turn, key: str, episode: Episode, state: EpisodeState, did: Did, reason: str, alert: str = ""
) -> Episode:
    """The one end of every run, as it is kept; `reason` is kept with it."""
    turn.disarm("episode", key)
    turn.disarm("again", key)
    under = f"; under the plan it began with: {episode.changed}" if episode.changed else ""
    ended = replace(
        episode, state=state, ended_wall_ms=turn.now.wall_ms, alert=alert or None, reason=f"{reason}{under}"
    )
    turn.state.episodes.finish(key, ended)
    turn.log(did, ended.reason, episode=ended)
    if episode.said:
        turn.show_room(episode.rule.place)
    return ended


def _unsettled(turn: Turn, key: str, episode: Episode, *, late: bool, answered: str = "") -> None:
    """Help was not enough: a person is told, and the episode has its end."""
    rule = episode.rule
    otherwise = rule.otherwise or replace(ASKED_FOR, say=rule.why)
    since = episode.started_ms if episode.since_ms is None else episode.since_ms
    lasted = plainly(turn.now.elapsed_ms - since)
    who = turn.setting.name_of(rule.resident)
    words = otherwise.say
    for slot, text in {"{for}": lasted, "{who}": who, "{room}": turn.setting.place_name(rule.place)}.items():
        words = words.replace(slot, text)
    alert = raise_alert(
        turn,
        Found(
            level=otherwise.level,
            kind=rule.kind or "other",
            cause=rule.rule,
            reason=f"{words} {who} answered: {answered}." if answered else words,
            resident=rule.resident,
            place=rule.place,
            device=rule.device or None,
            late=late,
            episode=episode.id,
            also=(episode.changed,) if episode.changed else (),
        ),
    )
    if answered:
        why = f"answered {answered!r}: told as {alert.level}"
    else:
        why = f"not settled after {lasted}: told as {alert.level}"
    ended = _end(turn, key, episode, EpisodeState.UNSETTLED, Did.UNSETTLED, f"{why}, {alert.id}", alert.id)
    if late or not answered:
        told_late(turn, ended, late=late)


def _offered(turn: Turn, key: str, episode: Episode) -> None:
    """A reminder was given. That nobody answered a question is counted, where the resident lets it be counted."""
    reason = "offered"
    if episode.answer:
        reason = f"offered: answered {episode.answer!r}"
    elif episode.asked_step is not None:
        reason = "offered: no answer"
        known = turn.setting.residents.get(episode.rule.resident)
        if known is not None and known.counts_leisure:
            refusing.dismissed(turn, episode.rule)
    _end(turn, key, episode, EpisodeState.OFFERED, Did.OFFERED, reason)


# -- what settles it ----------------------------------------------------------------------------------------------


def said(turn: Turn, keys: list[str], placed: Placed, event: Event) -> None:
    """A device's state changed: runs that it settles are over."""
    kind = event.kind.value
    for key in keys:
        episode = turn.state.episodes.get(key)
        if episode is None or not any(_is(one, placed.name, event) for one in episode.rule.settled_by):
            continue
        if _may_settle(turn, placed, episode.rule):
            settle(turn, key, episode, f"{placed.name}: {kind.replace('_', ' ')} {event.value}")


def _is(settles: Settles, device: str, event: Event) -> bool:
    if settles.device != device or settles.kind != event.kind:
        return False
    if settles.above is None and settles.below is None:
        return says(event.value, settles.value)
    number = number_of(event.value)
    return number is not None and is_beyond(number, settles.above, settles.below)


def is_theirs(turn: Turn, placed: Placed, rule: Rule) -> bool:
    """Whether a device speaks of the rule's resident: where two live, only one that is tied to that person does."""
    return placed.person == rule.resident or len(turn.setting.live_in.get(rule.place, ())) < 2


def _may_settle(turn: Turn, placed: Placed, rule: Rule) -> bool:
    """In a shared room only a device tied to the person may end a delay; what merely lasts ends with what began it."""
    return is_theirs(turn, placed, rule) or (placed.name == rule.device and rule.delay_agreed is None)


def _running(turn: Turn) -> list[Episode]:
    """The runs, oldest first, whatever order the table has them in."""
    return sorted(turn.state.episodes, key=lambda episode: (len(episode.id), episode.id))


def settle_by_ok(turn: Turn, resident: str) -> int:
    """The resident said *I'm all right*: runs that may settle so do. Returns how many."""
    found = [
        episode
        for episode in _running(turn)
        if episode.rule.resident == resident and any(settles.ok for settles in episode.rule.settled_by)
    ]
    for episode in found:
        settle(turn, key_of(episode.rule), episode, "the resident said: I'm all right")
    return len(found)


def carer_came(turn: Turn, place: str | None, why: str) -> None:
    """A carer is known to be in a place: runs there that this settles are over."""
    for episode in _running(turn):
        if place and episode.rule.place == place and any(settles.carer for settles in episode.rule.settled_by):
            settle(turn, key_of(episode.rule), episode, why)


def hush(turn: Turn, resident: str) -> None:
    """Words of this resident's runs are on the screen no longer; the runs go on, and wait as long as they would."""
    for episode in _running(turn):
        if episode.rule.resident == resident and episode.said:
            turn.state.episodes.put(key_of(episode.rule), replace(episode, said="", spoken=False, picture=""))
            turn.show_room(episode.rule.place)


# -- answers ------------------------------------------------------------------------------------------------------


def question_of(episode: Episode) -> Ask | None:
    """The question that waits for an answer now."""
    steps = episode.rule.help
    if not episode.said or episode.asked_step != episode.step or episode.step >= len(steps):
        return None
    step = steps[episode.step]
    return step if isinstance(step, Ask) else None


def pressed(turn: Turn, keys: list[str], placed: Placed, event: Event) -> bool:
    """A button that answers a question was pressed: once is the first answer, twice the second. Whether it was one.

    What calls for help answers nothing here: of a pendant's second button see `answering.py`."""
    if placed.purpose in CALLS:
        return False
    gesture = str(event.value).casefold()
    place = 1 if "double" in gesture else (None if any(word in gesture for word in NO_ANSWER) else 0)
    for key in keys:
        episode = turn.state.episodes.get(key)
        ask = question_of(episode) if episode is not None else None
        if episode is None or ask is None or ask.button != placed.name or place is None or place >= len(ask.answers):
            continue
        theirs = is_theirs(turn, placed, episode.rule)
        answered(turn, key, episode, ask.answers[place], f"on {placed.name}", alone=theirs)
        return True
    return False


NO_ANSWER = ("hold", "long", "release", "triple", "quadruple", "many")
"""Gestures that answer nothing."""


def answered(
    turn: Turn,
    key: str,
    episode: Episode,
    given: AnswerTo,
    how: str,
    *,
    alone: bool,
    device: str | None = None,
    stamp: str | None = None,
) -> None:
    """The resident answered. What nobody can tie to this resident (not `alone`) is kept and settles nothing.

    `device` and `stamp` are of the press where one answered that would have called."""
    rule = episode.rule
    refusing.answered(turn, rule, question_of(episode), given)
    person = turn.state.people.get(rule.resident) or Person(resident=rule.resident)
    turn.state.people.put(rule.resident, replace(person, answers={**person.answers, rule.rule: given.answer}))
    episode = replace(episode, answer=given.answer)
    why = f"{given.answer}, {how}: {episode.said}"
    turn.log(Did.ANSWERED_BY_RESIDENT, why, episode=episode, device=device, stamp=stamp)
    timer = turn.state.timers.get(f"episode/{key}")
    overdue_ms = max(0, turn.now.elapsed_ms - timer.due_ms) if timer is not None else 0
    turn.disarm("episode", key)
    episode = _asked_no_more(turn, episode)
    if given.means == "tells":
        _unsettled(turn, key, episode, late=False, answered=given.answer)
    elif given.means == "settles" and (alone or rule.is_reminder):
        settle(turn, key, episode, f"answered {given.answer!r}")
    elif rule.is_reminder:
        _offered(turn, key, episode)
    else:
        # An answer that came when its time was over makes no run longer than was proved.
        _go_on(turn, key, replace(episode, step=episode.step + 1), overdue_ms=overdue_ms)


# -- a plan that changed ------------------------------------------------------------------------------------------


def follow_plans(turn: Turn, before: Setting | None) -> None:
    """The plan changed, or the resident moved, in the middle of a run: it goes on as it began, and its end says so."""
    if before is None:
        return
    for episode in _running(turn):
        key, rule = key_of(episode.rule), episode.rule
        new, room = turn.setting.rules.get(key), turn.setting.room_of(rule.resident)
        who = turn.setting.name_of(rule.resident)
        if room is not None and before.room_of(rule.resident) not in (None, room):
            what = f"{who} lives in {turn.setting.place_name(room)} now"
        elif new is None:
            what = f"{rule.rule} is no longer in the plan of {who}"
        elif new != before.rules.get(key):
            what = f"{rule.rule} was changed"
        else:
            continue
        if what != episode.changed:
            turn.state.episodes.put(key, replace(episode, changed=what))
            turn.log(Did.PLAN_CHANGED, f"{what}: this run ends under the plan it began with", episode=episode)
