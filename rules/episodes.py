"""One run of one rule: help the resident first, then settle, or tell staff. Never end with nothing (promise 4)."""

from __future__ import annotations

from dataclasses import replace

from devices.commands import TurnOn
from devices.events import Event
from rules import alerts
from rules.alerts import Found
from rules.effects import Did
from rules.home import Light, Rule, Say, Settles, Wait
from rules.setting import key_of, without_agreement
from rules.state import Episode, EpisodeState
from rules.turn import LATE_MS, Turn, plainly

LIGHT_DROP_MS = 30_000
"""A light that could not be asked for within this is dropped: it would come as a surprise."""


def changed(turn: Turn, device: str, event: Event) -> None:
    """A device's state changed: settle what it settles, start what it triggers."""
    kind, value = event.kind.value, event.value
    for key in turn.setting.settlers.get((device, kind), ()):
        episode = turn.state.episodes.get(key)
        if episode and any(_is(settles, device, kind, value) for settles in episode.rule.settled_by):
            settle(turn, key, episode, f"{device}: {alerts.words_of(kind)} {value}")
    for key in turn.setting.triggers.get((device, kind), ()):
        rule = turn.setting.rules[key]
        if value == rule.value and turn.state.episodes.get(key) is None:
            if rule.during is None or turn.is_within(*rule.during):
                start(turn, key, rule)


def _is(settles: Settles, device: str, kind: str, value: object) -> bool:
    return settles.device == device and settles.kind == kind and settles.value == value


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
    turn.log(Did.HELPING, f"{rule.rule}: {rule.device} {alerts.words_of(rule.kind)} {rule.value}", episode=episode)
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
        elif turn.meta.mode == "fire":
            turn.log(Did.DROPPED, "no speech while there is a fire alarm", episode=episode)
        else:
            turn.log(Did.HELPING, f"said in the room: {step.text}", episode=episode)
            turn.show_room(episode.rule.place)
            episode = replace(episode, step=place)
    _unsettled(turn, key, episode, late=late)


def _words(step: Light | Say) -> str:
    return f"light {step.device}" if isinstance(step, Light) else step.text


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
    if any(isinstance(step, Say) for step in episode.rule.help):
        turn.show_room(episode.rule.place)


def _unsettled(turn: Turn, key: str, episode: Episode, *, late: bool) -> None:
    """Help was not enough: a person is told, and the episode has its end."""
    rule = episode.rule
    lasted = plainly(turn.now.elapsed_ms - episode.started_ms)
    words = rule.otherwise.say
    for slot, text in {
        "{for}": lasted,
        "{who}": turn.setting.name_of(rule.resident),
        "{room}": turn.setting.place_name(rule.place),
    }.items():
        words = words.replace(slot, text)
    alert = alerts.raise_alert(
        turn,
        Found(
            level=rule.otherwise.level,
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
    ended = replace(
        episode, state=EpisodeState.UNSETTLED, ended_wall_ms=turn.now.wall_ms, alert=alert.id, reason=f"told as {alert.id}"
    )
    turn.state.episodes.finish(key, ended)
    turn.log(Did.UNSETTLED, f"not settled after {lasted}: told as {alert.level}", episode=ended)


def settle_by_ok(turn: Turn, residents: tuple[str, ...]) -> int:
    """The resident said *I'm all right*: runs that may settle so do. Returns how many."""
    found = [
        (key_of(episode.rule), episode)
        for episode in list(turn.state.episodes)
        if episode.rule.resident in residents and any(settles.ok for settles in episode.rule.settled_by)
    ]
    for key, episode in found:
        settle(turn, key, episode, "the resident said: I'm all right")
    return len(found)
