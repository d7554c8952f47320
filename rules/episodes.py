"""One run of one rule: help the resident first, then settle, or tell staff. Never end with nothing (promise 4)."""

from __future__ import annotations

from dataclasses import replace

from devices.commands import TurnOn
from devices.events import Event
from devices.registry import Placed
from rules.effects import Did
from rules.help import Light, Say, Step, Wait
from rules.levels import Level
from rules.plan import Otherwise, Rule, Settles
from rules.proof_watch import told_late
from rules.raising import Found, raise_alert
from rules.setting import key_of, without_agreement
from rules.state import Episode, EpisodeState
from rules.turn import LATE_MS, Turn, plainly

LIGHT_DROP_MS = 30_000
"""A light that could not be asked for within this is dropped: it would come as a surprise."""


def changed(turn: Turn, placed: Placed, event: Event) -> None:
    """A device's state changed: settle what it settles, start what it triggers."""
    setting = turn.setting
    what = (placed.name, event.kind.value)
    settles, triggers = setting.settlers.get(what), setting.triggers.get(what)
    if settles is None and triggers is None:
        return
    kind, value = event.kind.value, event.value
    for key in settles or ():
        episode = turn.state.episodes.get(key)
        if episode is None or not any(_is(one, placed.name, kind, value) for one in episode.rule.settled_by):
            continue
        if _may_settle(turn, placed, episode.rule):
            settle(turn, key, episode, f"{placed.name}: {_plain(kind)} {value}")
    for key in triggers or ():
        rule = setting.rules[key]
        if value != rule.value or turn.state.episodes.get(key) is not None:
            continue
        if rule.during is None or turn.is_within(*rule.during):
            start(turn, key, rule if _is_theirs(turn, placed, rule) else replace(rule, delay_agreed=None))


def _is(settles: Settles, device: str, kind: str, value: object) -> bool:
    return settles.device == device and settles.kind == kind and settles.value == value


def _is_theirs(turn: Turn, placed: Placed, rule: Rule) -> bool:
    """Whether a device speaks of the rule's resident: where two live, only one that is tied to that person does."""
    return placed.person == rule.resident or len(turn.setting.live_in.get(rule.place, ())) < 2


def _may_settle(turn: Turn, placed: Placed, rule: Rule) -> bool:
    """In a shared room only a device tied to the person may end a delay; what merely lasts ends with what began it."""
    return _is_theirs(turn, placed, rule) or (placed.name == rule.device and rule.delay_agreed is None)


def _plain(kind: str) -> str:
    return kind.replace("_", " ")


def start(turn: Turn, key: str, rule: Rule) -> None:
    """Begin a run, under the rule as it is now."""
    meta = turn.meta
    turn.set_meta(replace(meta, episodes=meta.episodes + 1))
    episode = Episode(
        id=f"e{meta.episodes + 1:06d}",
        rule=without_agreement(rule),
        state=EpisodeState.HELPING,
        started_ms=turn.now.elapsed_ms,
        started_wall_ms=turn.now.wall_ms,
    )
    turn.log(Did.HELPING, f"{rule.rule}: {rule.device} {_plain(rule.kind)} {rule.value}", episode=episode)
    _go_on(turn, key, episode, overdue_ms=0)


def due(turn: Turn, key: str, overdue_ms: int) -> None:
    """A wait is over."""
    episode = turn.state.episodes.get(key)
    if episode is not None:
        _go_on(turn, key, replace(episode, step=episode.step + 1), overdue_ms=overdue_ms)


def _go_on(turn: Turn, key: str, episode: Episode, *, overdue_ms: int) -> None:
    """Take the steps up to the next wait; after the last one staff are told."""
    late = overdue_ms > LATE_MS
    steps = episode.rule.help
    for place in range(episode.step, len(steps)):
        step = steps[place]
        if isinstance(step, Wait):
            if step.seconds > 0:
                due_ms = turn.now.elapsed_ms - overdue_ms + step.seconds * 1000
                turn.state.episodes.put(key, replace(episode, step=place))
                turn.arm("episode", key, due_ms)
                return
        elif late:
            turn.log(Did.DROPPED, f"help that came too late is not given: {_words(step)}", episode=episode)
        elif isinstance(step, Light):
            _light(turn, episode, step)
        elif not isinstance(step, Say):
            turn.log(Did.UNDELIVERED, f"this help is not given yet: {_words(step)}", episode=episode)
        elif turn.meta.mode == "fire":
            turn.log(Did.DROPPED, f"no speech while there is a fire alarm: {step.text}", episode=episode)
        else:
            turn.log(Did.HELPING, f"said in the room: {step.text}", episode=episode)
            turn.show_room(episode.rule.place)
            episode = replace(episode, said=step.text)
    _unsettled(turn, key, episode, late=late)


def _words(step: Step) -> str:
    if isinstance(step, Light):
        return f"light {step.device}"
    return step.text if isinstance(step, Say) else type(step).__name__.lower()


def _light(turn: Turn, episode: Episode, step: Light) -> None:
    address = turn.setting.address_of(step.device)
    if address is None:
        turn.log(Did.UNDELIVERED, f"{step.device} is not placed: no light", episode=episode, device=step.device)
        return
    command = TurnOn(device=address, brightness_pct=step.brightness_pct)
    turn.carry(command, episode.rule.rule, LIGHT_DROP_MS, episode=episode.id)


def settle(turn: Turn, key: str, episode: Episode, reason: str) -> None:
    """The resident managed: nobody is told."""
    turn.disarm("episode", key)
    ended = replace(episode, state=EpisodeState.SETTLED, ended_wall_ms=turn.now.wall_ms, reason=reason)
    turn.state.episodes.finish(key, ended)
    turn.log(Did.SETTLED, reason, episode=ended)
    if episode.said:
        turn.show_room(episode.rule.place)


def _unsettled(turn: Turn, key: str, episode: Episode, *, late: bool) -> None:
    """Help was not enough: a person is told, and the episode has its end."""
    rule = episode.rule
    otherwise = rule.otherwise or Otherwise(level=Level.CHECK, say=rule.why)
    lasted = plainly(turn.now.elapsed_ms - episode.started_ms)
    words = otherwise.say
    for slot, text in {
        "{for}": lasted,
        "{who}": turn.setting.name_of(rule.resident),
        "{room}": turn.setting.place_name(rule.place),
    }.items():
        words = words.replace(slot, text)
    alert = raise_alert(
        turn,
        Found(
            level=otherwise.level,
            kind=rule.kind,
            cause=rule.rule,
            reason=words,
            resident=rule.resident,
            place=rule.place,
            device=rule.device,
            late=late,
            episode=episode.id,
        ),
    )
    turn.disarm("episode", key)
    if episode.said:
        turn.show_room(rule.place)
    ended = replace(
        episode,
        state=EpisodeState.UNSETTLED,
        ended_wall_ms=turn.now.wall_ms,
        alert=alert.id,
        reason=f"told as {alert.id}",
    )
    turn.state.episodes.finish(key, ended)
    turn.log(Did.UNSETTLED, f"not settled after {lasted}: told as {alert.level}", episode=ended)
    told_late(turn, ended, late=late)


def settle_by_ok(turn: Turn, resident: str) -> int:
    """The resident said *I'm all right*: runs that may settle so do. Returns how many."""
    found = [
        episode
        for episode in turn.state.episodes
        if episode.rule.resident == resident and any(settles.ok for settles in episode.rule.settled_by)
    ]
    found.sort(key=lambda episode: (len(episode.id), episode.id))
    for episode in found:
        settle(turn, key_of(episode.rule), episode, "the resident said: I'm all right")
    return len(found)
