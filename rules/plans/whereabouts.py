"""A resident is away and comes back, or has left or died: what staff say about it, and what then happens.

While somebody is away their rules rest and their pendant does not. Nobody is away for ever: at the end of the time the
plan runs again and whoever reviews it is told. Who leaves for good is no longer named anywhere (`standing.present`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from devices.events import Kind
from rules.alerting import alerts, reach
from rules.alerting.levels import Level
from rules.alerting.raising import Found, raise_alert
from rules.asking import floor
from rules.effects import Did
from rules.hearing import walking
from rules.home import Home
from rules.inputs import Asked
from rules.plans import episodes, standing, watching
from rules.plans.plan import is_for_away
from rules.rows import Away, Person
from rules.setting import Setting, key_of
from rules.state import Alert, AlertState, Ending, Episode
from rules.turn import Turn, plainly

LONGEST_AWAY_S = 366 * 86_400
CONFIRM_MS = 120_000
"""An equal second request confirms the first one for so long."""
HOSPITAL = "hospital"
GONE = ("left", "died")

Said = tuple[bool, str]


# -- away and back ------------------------------------------------------------------------------------------------


def away(turn: Turn, request: Asked) -> Said:
    """The resident is not in the house: rules rest, runs end with that reason; said again, it is another time."""
    problem = _who(turn, request)
    if problem:
        return False, problem
    why = request.reason.strip()
    if not why:
        return False, "say where she or he is: reason (hospital, family, …)"
    if not 0 < request.until_s <= LONGEST_AWAY_S:
        return False, "say until when: until (a time, or seconds), within a year"
    reviewer = request.reviewed_by or request.by
    if not floor.is_staff(turn, reviewer):
        return False, f"nobody called {reviewer!r} is known or signed on: say who looks at it then, reviewed_by"
    person = _without_visit(turn, standing.person_of(turn, request.resident))
    until = turn.now.wall_ms + request.until_s * 1000
    since = person.away.since_wall_ms if person.away else turn.now.wall_ms
    row = Away(why=why, by=request.by, since_wall_ms=since, until_wall_ms=until, reviewed_by=reviewer)
    standing.keep(turn, replace(person, away=row))
    turn.arm("away", request.resident, turn.now.elapsed_ms + request.until_s * 1000)
    name = turn.setting.name_of(request.resident)
    words = f"{name} is away ({why}) until {_at(turn, until)}; {reach.name(turn, reviewer)} looks at it then"
    _log(turn, Did.AWAY, words, request)
    _end_runs(turn, request.resident, f"{name} is away ({why})")
    _end_question(turn, request.resident, f"{reach.name(turn, request.by)}: away until {_at(turn, until)}")
    turn.show_room(turn.setting.room_of(request.resident))
    return True, f"{name}'s plan rests until {_at(turn, until)}; call points stay live"


def back(turn: Turn, request: Asked) -> Said:
    """The resident is back: the plan runs again, from a hospital without delays until somebody has looked."""
    problem = _who(turn, request)
    if problem:
        return False, problem
    person = standing.person_of(turn, request.resident)
    name = turn.setting.name_of(request.resident)
    if person.away is None:
        return False, f"{name} is not away"
    _return(turn, person, f"{reach.name(turn, request.by)}: {name} is back", request.by)
    _end_question(turn, request.resident, f"{reach.name(turn, request.by)} says that {name} is back")
    return True, f"{name}'s plan runs again" + _delays(turn, request.resident)


def _return(turn: Turn, person: Person, why: str, by: str | None) -> None:
    was = person.away
    turn.disarm("away", person.resident)
    turn.disarm("returned", person.resident)
    standing.keep(turn, replace(person, away=None))
    room = turn.setting.room_of(person.resident)
    turn.log(Did.RETURNED, f"{why}: the plan runs again", resident=person.resident, room=room, by=by)
    if was is not None and HOSPITAL in was.why.casefold():
        standing.turn_delays_off(turn, person.resident, f"back from hospital on {standing.today(turn)}", by)
    watching.look_again(turn, person.resident)
    turn.show_room(room)


def _delays(turn: Turn, resident: str) -> str:
    return "; without delays until somebody has looked" if standing.no_delay(turn, resident) else ""


def away_due(turn: Turn, resident: str, overdue_ms: int) -> None:
    """The time is over: the plan runs again, because nobody says that she is still away, and who reviews it is told."""
    person = turn.state.people.get(resident)
    if person is None or person.away is None:
        return
    name, was = turn.setting.name_of(resident), person.away
    over = f"the time that {name} was to be away ({was.why}) is over"
    _return(turn, person, over, None)
    reviewer = reach.name(turn, was.reviewed_by)
    words = f"{over}: {reviewer} looks at it: is {name} back? If not, say until when; the plan runs again meanwhile"
    alert = _ask(turn, resident, words, turn.setting.room_of(resident))
    if was.reviewed_by in reach.on_shift(turn) and was.reviewed_by not in alert.told:
        alert = replace(alert, version=alert.version + 1, told=alerts.also_told(alert, (was.reviewed_by,)))
        turn.show(alert)
        alerts.say_told(turn, alert, (was.reviewed_by,), "who looks at it")
        reach.ring(turn, alert, (was.reviewed_by,), sounders=False)


def returned_due(turn: Turn, resident: str, overdue_ms: int) -> None:
    """Something moved in the room of somebody who is away: staff are asked, once, whether she is back."""
    person = turn.state.people.get(resident)
    if person is None or person.away is None:
        return
    name, was = turn.setting.name_of(resident), person.away
    room = turn.setting.room_of(resident)
    words = (
        f"somebody is in {turn.setting.place_name(room)}: is {name} back? "
        f"{name} was to be away ({was.why}) until {_at(turn, was.until_wall_ms)}, and the plan rests until you say back"
    )
    _ask(turn, resident, words, room)


def _ask(turn: Turn, resident: str, words: str, room: str | None) -> Alert:
    cause = Found(
        level=Level.CHECK,
        kind=Kind.OTHER,
        cause=_question(resident),
        reason=words,
        resident=resident,
        place=room,
    )
    return raise_alert(turn, cause)


def _question(resident: str) -> str:
    return f"away:{resident}"


def _end_question(turn: Turn, resident: str, why: str) -> None:
    """The question is answered: its alert ends, unless it stands for something else as well."""
    for alert in turn.open_alerts():
        if alert.cause == _question(resident) and not alert.also and alert.state is AlertState.TOLD:
            alerts.end(turn, alert, Ending.OTHER, why, by=None)


# -- has left, has died -------------------------------------------------------------------------------------------


def gone(turn: Turn, request: Asked) -> Said:
    """Has left, or has died: at once no speech, no name, no invitation, no rule; call points stay live."""
    problem = _who(turn, request)
    if problem:
        return False, problem
    how = request.reason
    if how not in GONE:
        return False, "say left or died: reason"
    person, name = standing.person_of(turn, request.resident), turn.setting.name_of(request.resident)
    said = f"{how} by {request.by}"
    again = person.leaving == said and turn.now.elapsed_ms - person.leaving_ms <= CONFIRM_MS
    if not (request.confirmed or again):
        standing.keep(turn, replace(person, leaving=said, leaving_ms=turn.now.elapsed_ms))
        return False, f"{name} has {how}? Say it once more within {plainly(CONFIRM_MS)}, or with confirmed: true"
    _leave(turn, person, how, request)
    return True, f"the plan has ended, and nothing says the name any more; call points of {name}'s stay live"


def _leave(turn: Turn, person: Person, how: str, request: Asked) -> None:
    resident, setting = person.resident, turn.setting
    name, room = setting.name_of(resident), setting.room_of(resident)
    _log(turn, Did.GONE, f"{name} has {how}; call points stay live", request)
    _end_runs(turn, resident, f"{name} has {how}", whatever=True)
    for what in ("away", "returned", "visit", "not_now"):
        turn.disarm(what, resident)
    standing.keep(turn, Person(resident=resident, gone=how, near=person.near, near_wall_ms=person.near_wall_ms))
    walking.interrupt(turn, "a resident is no longer here")
    running = sorted(turn.state.episodes, key=_in_order)
    turn.state.setting = turn.setting = Setting(
        standing.present(setting.home, turn.state.people), [episode.rule for episode in running]
    )
    watching.follow(turn, setting)
    _unname(turn, resident, name, room)
    turn.show_room(room)


def _unname(turn: Turn, resident: str, name: str, room: str | None) -> None:
    """Open alerts go on as they are, and name the room."""
    place = turn.setting.place_name(room)
    for alert in turn.open_alerts():
        missed = tuple(
            replace(row, resident=None, place=row.place or room) if row.resident == resident else row
            for row in alert.missed
        )
        mine = alert.resident == resident
        if not mine and missed == alert.missed:
            continue
        turn.show(
            replace(
                alert,
                version=alert.version + 1,
                resident=None if mine else alert.resident,
                place=(alert.place or room) if mine else alert.place,
                reason=alert.reason.replace(name, place) if mine else alert.reason,
                also=tuple(words.replace(name, place) for words in alert.also) if mine else alert.also,
                missed=missed,
            )
        )


# -- the clock, and a new configuration ---------------------------------------------------------------------------

DUE: dict[str, Callable[[Turn, str, int], None]] = {"away": away_due, "returned": returned_due}
"""What a timer of this file does, with its resident and how late it is."""


def clock_stepped(turn: Turn, step_ms: int) -> None:
    """Somebody set the clock: a time by the wall that is nearer now comes then; none is put off."""
    for person in sorted(turn.state.people, key=lambda row: row.resident):
        timer = turn.state.timers.get(f"away/{person.resident}")
        if person.away is not None and timer is not None:
            by_wall = turn.now.elapsed_ms + person.away.until_wall_ms - turn.now.wall_ms
            turn.arm("away", person.resident, max(turn.now.elapsed_ms, min(timer.due_ms, by_wall)))
        if person.visited_until_wall_ms:
            standing.keep(turn, replace(person, visited_until_wall_ms=person.visited_until_wall_ms + step_ms))


def follow(turn: Turn, home: Home, before: Setting | None) -> None:
    """A configuration was accepted: who is no longer in it is nobody's concern, who is new here has no delays yet."""
    known = {row.resident for row in home.residents}
    for person in sorted(turn.state.people, key=lambda row: row.resident):
        if person.resident not in known:
            _forget(turn, person)
    for row in home.residents:
        new = standing.new_here(turn, row.resident)
        person = standing.person_of(turn, row.resident)
        if new and not person.looked_by and not person.delays_off:
            standing.turn_delays_off(turn, row.resident, new)
        withdrawn = _withdrawn(row.senses) - _withdrawn(_senses(before, row.resident))
        if withdrawn:
            words = f"{row.known_as} has withdrawn {', '.join(sorted(withdrawn))}: agree another way, together"
            turn.log(Did.REVIEW_ASKED, words, resident=row.resident, room=row.room)


def _withdrawn(senses: Mapping[str, str]) -> set[str]:
    return {sense for sense, said in senses.items() if said == "withdrawn"}


def _senses(before: Setting | None, resident: str) -> Mapping[str, str]:
    known = before.residents.get(resident) if before is not None else None
    return known.senses if known else {}


def _forget(turn: Turn, person: Person) -> None:
    for what in ("away", "returned", "visit", "not_now"):
        turn.disarm(what, person.resident)
    kept = Person(
        resident=person.resident,
        near=person.near,
        near_wall_ms=person.near_wall_ms,
        night=person.night,
        calls=person.calls,
        endings=person.endings,
        delays_off=person.delays_off,
    )
    if kept != person:
        standing.keep(turn, kept)
    for episode in sorted(turn.state.episodes, key=_in_order):
        if episode.rule.resident == person.resident and episode.said:
            turn.state.episodes.put(key_of(episode.rule), replace(episode, said="", spoken=False, picture=""))
            turn.show_room(episode.rule.place)


# -- small --------------------------------------------------------------------------------------------------------


def _who(turn: Turn, request: Asked) -> str:
    """What is wrong with whom a request names and who asks it; empty where nothing is."""
    if request.resident not in turn.setting.residents:
        return f"nobody called {request.resident!r} lives here" if request.resident else "say who: resident"
    if not floor.is_staff(turn, request.by):
        return f"nobody called {request.by!r} is known or signed on: sign on first" if request.by else "say who: by"
    return ""


def _end_runs(turn: Turn, resident: str, why: str, *, whatever: bool = False) -> None:
    """Runs end with that reason; but not one that is just about to tell staff, nor one for the room of who is away."""
    for episode in sorted(turn.state.episodes, key=_in_order):
        key = key_of(episode.rule)
        timer = turn.state.timers.get(f"episode/{key}")
        is_telling = timer is not None and timer.due_ms <= turn.now.elapsed_ms and not episode.rule.is_reminder
        stays = is_telling or is_for_away(episode.rule.only_if)
        if episode.rule.resident == resident and (whatever or not stays):
            episodes.settle(turn, key, episode, why)


def _without_visit(turn: Turn, person: Person) -> Person:
    turn.disarm("visit", person.resident)
    return replace(person, visited_until_ms=0, visited_until_wall_ms=0, visited_by="", paused={})


def _in_order(episode: Episode) -> tuple[int, str]:
    return len(episode.id), episode.id


def _log(turn: Turn, did: Did, words: str, request: Asked) -> None:
    room = turn.setting.room_of(request.resident)
    turn.log(did, words, resident=request.resident, room=room, by=request.by)


def _at(turn: Turn, wall_ms: int) -> str:
    return f"{turn.local(wall_ms):%d %b, %H:%M}"
