"""Help, one step at a time: a light, words, a question, a blind. What cannot be given is said, and the rest goes on."""

from __future__ import annotations

from devices.commands import Command, SetCover, Sound, TurnOff, TurnOn
from devices.commands import Say as Speak
from devices.records import replace
from devices.registry import Purpose
from rules.alerting import reach
from rules.alerting.levels import RANK
from rules.effects import CallService, Did, Log
from rules.inputs import Served
from rules.plans import able, standing
from rules.plans.daytimes import next_day
from rules.plans.help import Alarm, Ask, Cover, Light, Say, Scene, Service, Show, Step, Switch, Wait
from rules.plans.plan import AtTime, Rule
from rules.plans.ways import abilities_of, placed_for, ways_to, worded
from rules.rows import Watch
from rules.setting import key_of
from rules.state import Episode
from rules.turn import LATE_MS, Turn

DROP_MS = 30_000
"""Help that could not be carried out within this is dropped: it would come as a surprise."""
FOUGHT_MS = 60_000
"""Two rules that command one device within this are in each other's way: the higher level has it."""
SOUNDING = frozenset({Purpose.SIREN, Purpose.SOUNDER})
FELT_S = 5.0
LINGER_S, LONGEST_LINGER_S = 300, 7_200
"""The last words of a reminder stand on the screen so long, and at most so long."""
ANSWERED_WITHIN_S = 900
"""A reminder whose question does not say how long it waits waits so long: nobody else waits for it."""


def give(turn: Turn, episode: Episode, step: Step, place: int) -> Episode:
    """Give one step of help, the one at `place` of its rule; the episode as it is then."""
    if isinstance(step, Light | Switch | Cover | Alarm):
        _act(turn, episode, step)
    elif isinstance(step, Scene):
        turn.log(Did.HELPING, f"scene {step.scene}", episode=episode)
        for part in step.steps:
            _act(turn, episode, part)
    elif isinstance(step, Service):
        _ask_for(turn, episode, step)
    elif isinstance(step, Say | Show | Ask):
        return _words(turn, episode, step, place)
    return episode


def served(turn: Turn, given: Served) -> None:
    """What came of a service: it is said, and the rest of the help goes on as it would."""
    did, said = (Did.DELIVERED, "done") if given.ok else (Did.UNDELIVERED, given.reason)
    reason = f"{given.why}: {given.service}: {said}"
    episode = next((row for row in turn.state.episodes if row.id == given.episode), None)
    if episode is not None:
        turn.log(did, reason, episode=episode)
    else:
        # The run is over by now: the line still says which it was.
        turn.effects.append(Log(did=did, reason=reason, episode=given.episode or None))


def _ask_for(turn: Turn, episode: Episode, step: Service) -> None:
    """Nobody knows whether a service speaks or plays: in a fire it is not asked for."""
    if turn.meta.mode == "fire":
        turn.log(Did.DROPPED, f"no service while there is a fire alarm: {step.service}", episode=episode)
        return
    why = episode.rule.rule
    turn.effects.append(
        CallService(service=step.service, data=step.data, why=why, drop_after_ms=DROP_MS, episode=episode.id)
    )


def waits_s(rule: Rule, step: Step) -> int:
    """How long the help stops at a step."""
    if isinstance(step, Wait):
        return step.seconds
    if isinstance(step, Ask):
        return step.within_s or (ANSWERED_WITHIN_S if rule.is_reminder else 0)
    return 0


# -- words --------------------------------------------------------------------------------------------------------


def _words(turn: Turn, episode: Episode, step: Say | Show | Ask, place: int) -> Episode:
    rule = episode.rule
    text = words(step)
    if turn.meta.mode == "fire":
        turn.log(Did.DROPPED, f"no speech while there is a fire alarm: {text}", episode=episode)
        return episode
    if silent := standing.keeps_silent(turn, rule):
        turn.log(Did.DROPPED, f"{silent}: {text}", episode=episode)
        return episode
    if isinstance(step, Ask) and not waits_s(rule, step):
        turn.log(Did.DROPPED, f"nobody waits for an answer: {text}", episode=episode)
        return episode
    text = worded(turn, rule.resident, text)
    spoken = _say(turn, episode, text, is_shown=isinstance(step, Show))
    if able.forgets(abilities_of(turn, rule.resident)):
        turn.arm("again", key_of(rule), turn.now.elapsed_ms + able.SAID_AGAIN_S * 1000)
    how = "asked" if isinstance(step, Ask) else ("said" if spoken else "shown")
    turn.log(Did.HELPING, f"{how} in the room: {text}", episode=episode)
    turn.show_room(rule.place)
    return replace(
        episode,
        said=text,
        spoken=spoken,
        times=1,
        picture=step.picture if isinstance(step, Show) else "",
        asked_step=place if isinstance(step, Ask) else None,
        asked_ms=turn.now.elapsed_ms if isinstance(step, Ask) else 0,
    )


def say_again(turn: Turn, key: str, overdue_ms: int) -> None:
    """Whoever forgets is given the words once more, while they stand. The run waits as long as it would."""
    episode = turn.state.episodes.get(key)
    if episode is None or not episode.said or episode.times > 1:
        return
    rule, last = episode.rule, episode.rule.help[: episode.step + 1]
    step = next((step for step in reversed(last) if isinstance(step, Say | Show | Ask)), None)
    why = "no speech while there is a fire alarm" if turn.meta.mode == "fire" else standing.keeps_silent(turn, rule)
    if why or overdue_ms > LATE_MS:
        turn.log(Did.DROPPED, f"{why or 'too late to be said again'}: {episode.said}", episode=episode)
        return
    spoken = _say(turn, episode, episode.said, is_shown=isinstance(step, Show))
    turn.log(Did.HELPING, f"once more in the room: {episode.said}", episode=episode)
    turn.state.episodes.put(key, replace(episode, spoken=spoken, times=2))
    turn.show_room(rule.place)


DUE = {"again": say_again}
"""What a timer of this file does, with the key of its run and how late it is."""


def lingers_s(turn: Turn, rule: Rule) -> int:
    """How long the last words of a reminder stand: for whoever forgets, until what they are about begins."""
    if not able.forgets(abilities_of(turn, rule.resident)):
        return LINGER_S
    activity = rule.when.activity if isinstance(rule.when, AtTime) else ""
    begins = next((one.at for one in turn.setting.home.activities if one.activity == activity), "")
    until_s = (next_day(turn.local(), begins)[1] - turn.now.wall_ms) // 1000 if begins else 0
    return max(able.LINGERS_S, min(until_s, LONGEST_LINGER_S))


def _say(turn: Turn, episode: Episode, text: str, *, is_shown: bool) -> bool:
    """Let the words reach the person as they can: returns whether they are spoken."""
    rule = episode.rule
    ways = ways_to(turn, rule.resident, rule.place)
    if is_shown and not ways.say_shown:
        return False
    speaker = placed_for(turn, Purpose.SPEAKER, rule.resident, rule.place) if ways.speak else None
    if speaker is not None:
        _carry(turn, episode, speaker.name, Speak(device=speaker.device, text=text))
    pad = placed_for(turn, Purpose.VIBRATOR, rule.resident, rule.place) if ways.vibrate else None
    if pad is not None:
        _carry(turn, episode, pad.name, Sound(device=pad.device, duration_s=FELT_S, level="help"))
    lamp = placed_for(turn, Purpose.LIGHT, rule.resident, rule.place) if ways.light_pct else None
    if lamp is not None and not any(isinstance(step, Light) for step in rule.help):
        _carry(turn, episode, lamp.name, TurnOn(device=lamp.device, brightness_pct=ways.light_pct))
    return ways.speak


# -- devices ------------------------------------------------------------------------------------------------------


def _act(turn: Turn, episode: Episode, step: Light | Switch | Cover | Alarm) -> None:
    name = device_of(step)
    placed = turn.setting.registry.by_name(name)
    if placed is None:
        said = f"{name} is not placed: no {words(step).split(' ', maxsplit=1)[0]}"
        turn.log(Did.UNDELIVERED, said, episode=episode, device=name)
    elif isinstance(step, Alarm) and placed.purpose is not Purpose.VIBRATOR and turn.meta.mode == "fire":
        turn.log(Did.DROPPED, f"no sound while there is a fire alarm: {words(step)}", episode=episode)
    elif isinstance(step, Alarm) and placed.purpose in SOUNDING and reach.rings_now(turn, name):
        # Its few seconds would end that alert's sound.
        turn.log(Did.DROPPED, f"an alert sounds just now: {words(step)}", episode=episode)
    else:
        _carry(turn, episode, name, _command(step, placed.device))


def _command(step: Light | Switch | Cover | Alarm, address: str) -> Command:
    if isinstance(step, Light) and step.brightness_pct > 0:
        return TurnOn(device=address, brightness_pct=step.brightness_pct, color_temp_k=step.color_temp_k)
    if isinstance(step, Cover):
        return SetCover(device=address, position_pct=step.position_pct)
    if isinstance(step, Alarm):
        return Sound(device=address, duration_s=step.sound_s, level="help")
    return TurnOn(device=address) if isinstance(step, Switch) and step.on else TurnOff(device=address)


def rank_of(rule: Rule) -> int:
    """How much a rule's help matters beside another's: as its level does; a reminder least."""
    return RANK[rule.otherwise.level] if rule.otherwise is not None else 0


def _carry(turn: Turn, episode: Episode, name: str, command: Command) -> None:
    """Command a device, unless a rule that matters more did so a moment ago; a rule it is taken from is told why."""
    rule, now = episode.rule, turn.now.elapsed_ms
    key, mine = f"device/{name}", key_of(rule)
    last = turn.state.watches.get(key)
    theirs = int(last.level) if last is not None and last.level else 0
    if last is not None and last.by != mine and now - last.at_ms < FOUGHT_MS and theirs > rank_of(rule):
        other = last.by.split("/")[1]
        turn.log(Did.DROPPED, f"{other} has {name} just now and matters more", episode=episode, device=name)
        return
    if last is not None and last.by != mine and now - last.at_ms < FOUGHT_MS and last.why != repr(command):
        _taken_over(turn, last, rule, name, matters_more=theirs < rank_of(rule))
    turn.state.watches.put(key, Watch(key=key, by=mine, level=str(rank_of(rule)), at_ms=now, why=repr(command)))
    turn.carry(command, rule.rule, DROP_MS, episode=episode.id)


def _taken_over(turn: Turn, last: Watch, rule: Rule, name: str, *, matters_more: bool) -> None:
    """What another rule wanted of a device a moment ago is so no longer: said at that rule's run, also one that is
    over."""
    resident, other, _ = last.by.split("/", 2)
    why = "matters more" if matters_more else "came later"
    words = f"{other}: {rule.rule} has {name} from here on and {why}"
    episode = turn.state.episodes.get(last.by)
    turn.log(Did.DROPPED, words, episode=episode, resident=resident, room=rule.place, device=name)


def device_of(step: Light | Switch | Cover | Alarm) -> str:
    """Our name of the device that a step commands."""
    if isinstance(step, Light):
        return step.device
    if isinstance(step, Switch):
        return step.socket
    return step.cover if isinstance(step, Cover) else step.sounder


def words(step: Step) -> str:
    """A step as a log line says it: its own words, or what it does with which device."""
    if isinstance(step, Say):
        return step.text
    if isinstance(step, Show):
        return step.words
    if isinstance(step, Ask):
        return step.question
    if isinstance(step, Scene):
        return f"scene {step.scene}"
    if isinstance(step, Service):
        return f"service {step.service}"
    if isinstance(step, Wait):
        return f"wait {step.seconds} s"
    what = "sound" if isinstance(step, Alarm) else type(step).__name__.lower()
    return f"{what} {device_of(step)}"
