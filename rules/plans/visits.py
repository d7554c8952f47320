"""A carer is with a resident, the resident wants to be left alone, a condition changed, somebody has looked.

A visit keeps the checks of the room back for twenty minutes at most. What such a rule watches for is looked at again
when the visit ends: a bed that is still empty is told at once. What is urgent, or more, never waits for a visit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rules.alerting import reach
from rules.asking import floor
from rules.effects import Did
from rules.inputs import Asked
from rules.plans import episodes, refusing, standing
from rules.plans.conditions import says
from rules.plans.help import Ask, Say, Show, Wait
from rules.plans.plan import LONGEST_NOT_NOW_S, Beyond, Held, Rule
from rules.rows import Person
from rules.setting import key_of
from rules.state import Episode
from rules.turn import Turn, plainly

ROOM = "room-"

Said = tuple[bool, str]


# -- a carer's visit ----------------------------------------------------------------------------------------------


def visit(turn: Turn, request: Asked) -> Said:
    """A carer is with the resident; the same again, or twenty minutes, ends it."""
    resident, problem = _one_of(turn, request)
    if problem:
        return False, problem
    person = standing.person_of(turn, resident)
    by = reach.name(turn, request.by) if request.by else "a carer"
    name = turn.setting.name_of(resident)
    if standing.is_visited(turn, person):
        _end(turn, person, f"{by} ended the visit", request.by)
        return True, f"the visit is over: {name}'s checks run again"
    lasts_ms = turn.setting.home.times.visit_s * 1000
    room = turn.setting.room_of(resident)
    person = replace(
        person,
        visited_until_ms=turn.now.elapsed_ms + lasts_ms,
        visited_until_wall_ms=turn.now.wall_ms + lasts_ms,
        visited_by=request.by or request.client,
        paused={},
    )
    standing.keep(turn, person)
    turn.arm("visit", resident, person.visited_until_ms)
    words = f"{by} is with {name}: checks wait until the visit ends, {plainly(lasts_ms)} at most"
    turn.log(Did.VISIT_BEGAN, words, resident=resident, room=room, by=request.by or None)
    _hold_back(turn, person, words)
    turn.show_room(room)
    return True, f"{name}'s checks wait for {plainly(lasts_ms)} at most; the same again ends it"


def _hold_back(turn: Turn, person: Person, why: str) -> None:
    """Checks that are running end here; what they watch for is looked at when the visit ends."""
    paused: dict[str, int] = {}
    for episode in sorted(turn.state.episodes, key=_in_order):
        key = key_of(episode.rule)
        timer = turn.state.timers.get(f"episode/{key}")
        is_telling = timer is not None and timer.due_ms <= turn.now.elapsed_ms
        mine = episode.rule.resident == person.resident and turn.setting.rules.get(key) is not None
        if mine and not is_telling and standing.waits_for_visit(turn, episode.rule):
            paused[key] = episode.started_ms
            episodes.settle(turn, key, episode, why)
    if paused:
        standing.keep(turn, replace(person, paused=paused))


def visit_due(turn: Turn, resident: str, overdue_ms: int) -> None:
    """The longest time of a visit is over."""
    person = turn.state.people.get(resident)
    if person is not None and person.visited_until_ms:
        late = ", while the hub was down" if overdue_ms > 60_000 else ""
        _end(turn, person, f"the visit's time is over{late}", None)


def _end(turn: Turn, person: Person, why: str, by: str | None) -> None:
    resident, paused = person.resident, person.paused
    room = turn.setting.room_of(resident)
    turn.disarm("visit", resident)
    standing.keep(turn, replace(person, visited_until_ms=0, visited_until_wall_ms=0, visited_by="", paused={}))
    turn.log(Did.VISIT_ENDED, f"{why}: {_checks(len(paused))}", resident=resident, room=room, by=by or None)
    for key in sorted(paused):
        rule = turn.setting.rules.get(key)
        if rule is None:
            words = f"{key} is not in the plan any more: it is not looked at again"
            turn.log(Did.DROPPED, words, resident=resident, room=room)
        elif turn.state.episodes.get(key) is None and holds(turn, rule):
            _tell(turn, key, rule, paused[key])
    turn.show_room(room)


def _tell(turn: Turn, key: str, rule: Rule, since_ms: int) -> None:
    """Start a rule that a visit kept back; what else would look at it again need not."""
    watch = turn.state.watches.get(key)
    if watch is not None and watch.blocked:
        since_ms = watch.since_ms or since_ms
        turn.state.watches.put(key, replace(watch, blocked=False))
        turn.disarm("watch", key)
    episodes.start(turn, key, _at_once(rule, turn.now.elapsed_ms - since_ms))


def _checks(number: int) -> str:
    if not number:
        return "no check had to wait"
    return f"{number} check{'s' if number > 1 else ''} waited, what is still so is told now"


def holds(turn: Turn, rule: Rule) -> bool:
    """Whether the state that starts a rule lasts now, as far as its device has said. False for what is no state."""
    status = turn.state.devices.get(turn.setting.address_of(rule.device) or "")
    if status is None:
        return False
    known = [status.values[key] for key in sorted(status.values) if key.partition(":")[0] == rule.kind]
    when = rule.when
    if isinstance(when, Beyond):
        numbers = [value for value in known if isinstance(value, int | float) and not isinstance(value, bool)]
        return any(
            (when.above is not None and number > when.above) or (when.below is not None and number < when.below)
            for number in numbers
        )
    if not any(says(value, rule.value) for value in known):
        return False
    watch = turn.state.watches.get(key_of(rule))
    if isinstance(when, Held) and watch is not None and watch.since_ms:
        # It ended and began again meanwhile: its own timer will say when it has lasted long enough.
        return turn.now.elapsed_ms - watch.since_ms >= when.held_s * 1000
    return True


def _at_once(rule: Rule, lasted_ms: int) -> Rule:
    """The same rule without its waits and words: who was there has had time to help."""
    steps = tuple(step for step in rule.help if not isinstance(step, Wait | Ask | Say | Show))
    otherwise = rule.otherwise
    if otherwise is not None:
        otherwise = replace(otherwise, say=otherwise.say.replace("{for}", plainly(lasted_ms)))
    return replace(rule, help=steps, delay_agreed=None, otherwise=otherwise)


# -- not now ------------------------------------------------------------------------------------------------------


def not_now(turn: Turn, request: Asked) -> Said:
    """The resident wants no words for a while: reminders and speech are silent, staff are told as ever."""
    resident, problem = _one_of(turn, request)
    if problem:
        return False, problem
    lasts_ms = min(turn.setting.residents[resident].snooze_s, LONGEST_NOT_NOW_S) * 1000
    person = standing.person_of(turn, resident)
    standing.keep(turn, replace(person, not_now_until_ms=turn.now.elapsed_ms + lasts_ms))
    turn.arm("not_now", resident, turn.now.elapsed_ms + lasts_ms)
    name, room = turn.setting.name_of(resident), turn.setting.room_of(resident)
    words = f"{name} said: not now; no reminder and no speech for {plainly(lasts_ms)}, staff are told as ever"
    turn.log(Did.NOT_NOW, words, resident=resident, room=room, by=request.by or None)
    for episode in sorted(turn.state.episodes, key=_in_order):
        if episode.rule.resident == resident and episode.said:
            sent_away = episode.rule.is_reminder and not episode.answer
            if sent_away:
                refusing.dismissed(turn, episode.rule)
            answer = refusing.NOT_NOW if sent_away else episode.answer
            silent = replace(episode, said="", spoken=False, picture="", answer=answer)
            turn.state.episodes.put(key_of(episode.rule), silent)
    turn.show_room(room)
    return True, f"quiet for {plainly(lasts_ms)}"


def not_now_due(turn: Turn, resident: str, overdue_ms: int) -> None:
    """The quiet time is over."""
    person = turn.state.people.get(resident)
    if person is not None and person.not_now_until_ms:
        standing.keep(turn, replace(person, not_now_until_ms=0))
        turn.show_room(turn.setting.room_of(resident))


# -- delays -------------------------------------------------------------------------------------------------------


def looked(turn: Turn, request: Asked) -> Said:
    """A named person has looked after a fall, a hospital, a move, a change: delays are as agreed again."""
    resident, problem = _named(turn, request)
    if problem:
        return False, problem
    person, name = standing.person_of(turn, resident), turn.setting.name_of(resident)
    was = person.delays_off or (standing.new_here(turn, resident) if not person.looked_by else "")
    standing.keep(turn, replace(person, delays_off="", looked_by=request.by))
    if not was:
        return True, f"thank you; nothing waited for a look at {name}"
    who, room = reach.name(turn, request.by), turn.setting.room_of(resident)
    turn.log(Did.LOOKED, f"{who} has looked ({was})", resident=resident, room=room, by=request.by)
    return True, f"{name}'s delays are as agreed again" + (
        "" if not standing.no_delay(turn, resident) else f", but {standing.no_delay(turn, resident)}"
    )


def change_of_condition(turn: Turn, request: Asked) -> Said:
    """Something is different with this resident: no delays until somebody has looked."""
    resident, problem = _named(turn, request)
    if problem:
        return False, problem
    if not request.reason.strip():
        return False, "say what has changed: reason"
    who = reach.name(turn, request.by)
    standing.turn_delays_off(turn, resident, f"{who}: {request.reason.strip()}", request.by)
    return True, f"no delay for {turn.setting.name_of(resident)} until somebody has looked"


# -- whom ---------------------------------------------------------------------------------------------------------

DUE: dict[str, Callable[[Turn, str, int], None]] = {"visit": visit_due, "not_now": not_now_due}
"""What a timer of this file does, with its resident and how late it is."""


def _one_of(turn: Turn, request: Asked) -> tuple[str, str]:
    """Whose room it is, and what is wrong: in a shared room somebody has to say who."""
    is_room = request.client.startswith(ROOM)
    if not is_room and not floor.is_staff(turn, request.by):
        return "", f"nobody called {request.by!r} is known or signed on" if request.by else "say who: by"
    room = request.client.removeprefix(ROOM) if is_room else request.room
    room = room or (turn.setting.room_of(request.resident) or "")
    live = turn.setting.live_in.get(room, [])
    if not live:
        return "", f"nobody lives in {room!r}"
    if request.resident in live:
        return request.resident, ""
    if request.resident:
        return "", f"{request.resident!r} does not live in {room!r}"
    return (live[0], "") if len(live) == 1 else ("", "more than one person lives here: say who")


def _named(turn: Turn, request: Asked) -> tuple[str, str]:
    if request.resident not in turn.setting.residents:
        return "", f"nobody called {request.resident!r} lives here" if request.resident else "say who: resident"
    if not floor.is_staff(turn, request.by):
        return "", f"nobody called {request.by!r} is known or signed on" if request.by else "say who: by"
    return request.resident, ""


def _in_order(episode: Episode) -> tuple[int, str]:
    return len(episode.id), episode.id
