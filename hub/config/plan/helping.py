"""Help, step by step, as the machine gives it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal

import orjson

from devices.registry import CALLS, Purpose
from hub.config.plan.context import At, Checking
from hub.config.plan.forms import (
    AlarmForm,
    AskForm,
    CoverForm,
    HelpForm,
    HomeAssistantStepForm,
    LightForm,
    SceneStepForm,
    SwitchForm,
)
from hub.config.problems import nearest, one_of
from rules.plans import second
from rules.plans.help import Alarm, AnswerTo, Ask, Cover, Light, Say, Scene, Service, Show, Step, Switch, Wait

LIGHTS = (Purpose.LIGHT,)
SWITCHES = (Purpose.SWITCH,)
COVERS = (Purpose.OTHER, Purpose.SWITCH)
SOUNDERS = (Purpose.SOUNDER, Purpose.OTHER)
SHAKERS = (Purpose.VIBRATOR, Purpose.SOUNDER, Purpose.SWITCH, Purpose.OTHER)
BUTTONS = (Purpose.OTHER, Purpose.SWITCH)
AnswerMeans = Literal["settles", "tells", "kept"]
_SERVICE = re.compile(r"[a-z0-9_]+\.[a-z0-9_]+")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,6})?")


def steps_of(check: Checking, forms: Sequence[HelpForm], at: At) -> list[Step]:
    """The steps in order; a form that is not one step is refused."""
    return [step for number, form in enumerate(forms) for step in _step(check, form, (*at, number))]


def _step(check: Checking, form: HelpForm, at: At) -> Iterator[Step]:
    said = [name for name in HelpForm.model_fields if getattr(form, name) is not None]
    if len(said) != 1:
        check.no(at, "this is not one step of help", one_of(HelpForm.model_fields))
        return
    here = (*at, said[0])
    if form.light or form.switch or form.cover:
        yield from _set(check, form, here)
    elif form.say is not None:
        check.words(form.say, here)
        yield Say(text=form.say)
    elif form.show is not None:
        check.words(form.show.words, here)
        yield Show(words=form.show.words, picture=form.show.picture or "")
    elif form.ask is not None:
        yield _ask(check, form.ask, here)
    elif form.sound is not None:
        yield from _alarm(check, form.sound, "a sounder", SOUNDERS, here)
    elif form.vibrate is not None:
        yield from _alarm(check, form.vibrate, "something that vibrates", SHAKERS, here)
    elif form.scene is not None:
        yield from _scene(check, form.scene, here)
    elif form.wait is not None:
        yield Wait(seconds=form.wait)
    elif form.home_assistant is not None:
        yield from _service(check, form.home_assistant, here)


def _set(check: Checking, form: HelpForm | SceneStepForm, at: At) -> Iterator[Light | Switch | Cover]:
    if form.light is not None:
        yield from _light(check, form.light, at)
    elif form.switch is not None:
        yield from _switch(check, form.switch, at)
    elif form.cover is not None:
        yield from _cover(check, form.cover, at)


def _light(check: Checking, form: LightForm, at: At) -> Iterator[Light]:
    if light := check.used("a light", LIGHTS, form.device, at):
        yield Light(device=light.name, brightness_pct=form.brightness_pct, color_temp_k=form.color_temp_k)


def _switch(check: Checking, form: SwitchForm, at: At) -> Iterator[Switch]:
    if socket := check.used("a socket", SWITCHES, form.device, at):
        yield Switch(socket=socket.name, on=form.to == "on")


def _cover(check: Checking, form: CoverForm, at: At) -> Iterator[Cover]:
    if cover := check.used("a blind", COVERS, form.device, at):
        yield Cover(cover=cover.name, position_pct=form.to)


def _alarm(check: Checking, form: AlarmForm, what: str, purposes: Sequence[Purpose], at: At) -> Iterator[Alarm]:
    if sounder := check.used(what, purposes, form.device, at):
        yield Alarm(sounder=sounder.name, sound_s=form.lasts)


def _ask(check: Checking, form: AskForm, at: At) -> Ask:
    check.words(form.text, at)
    answers = [answer for answer, _ in form.answers]
    for number, answer in enumerate(answers):
        if answer.casefold() in [before.casefold() for before in answers[:number]]:
            check.no((*at, "answers", number), f'the answer "{answer}" stands there twice', "each once")
    if form.button is not None:
        _button(check, form.button, (*at, "button"))
    return Ask(
        question=form.text,
        answers=tuple(AnswerTo(answer=answer, means=means) for answer, means in _meant(form.answers)),
        within_s=form.within,
        button=form.button or "",
    )


def _button(check: Checking, name: str, at: At) -> None:
    """What may answer: a button that calls nobody, or the second one of the resident's own pendant."""
    fitting = _buttons(check)
    button = check.known(name, fitting, at)
    if button is None:
        return
    if button.purpose in CALLS:
        if refused := second.unfit(button, check.plan.resident, check.house.devices.values()):
            what, expected = refused
            check.no(at, what, f"{expected}, or {one_of(fitting)}" if fitting else expected)
    elif check.may_watch(button, fitting, at):
        if button.purpose not in BUTTONS:
            said = f'"{button.name}" is for {button.purpose} and cannot answer'
            check.no(at, said, *check.instead(button.name, fitting))
        check.theirs(button, at)


def _meant(answers: Sequence[tuple[str, str]]) -> Iterator[tuple[str, AnswerMeans]]:
    meanings: dict[str, AnswerMeans] = {"settles": "settles", "tells": "tells", "kept": "kept"}
    for answer, means in answers:
        yield answer, meanings[means]


def _buttons(check: Checking) -> list[str]:
    devices, resident = check.house.devices.values(), check.plan.resident
    return [
        device.name
        for device in devices
        if device.purpose in BUTTONS
        or (device.purpose in second.MAY_ANSWER and second.unfit(device, resident, devices) is None)
    ]


def _scene(check: Checking, name: str, at: At) -> Iterator[Scene]:
    scene = check.house.scenes.get(name)
    if scene is None:
        scenes = check.house.scenes
        check.no(at, f'unknown scene "{name}"', f"{one_of(scenes)}, in scenes of home.yaml", nearest(name, scenes))
        return
    # What is wrong with it in this room is said where it is used: elsewhere the same scene may be right.
    yield Scene(scene=name, steps=tuple(step for form in scene.steps for step in _set(check, form, at)))


def _service(check: Checking, form: HomeAssistantStepForm, at: At) -> Iterator[Service]:
    if not check.house.has_home_assistant:
        check.no(at, "home.yaml names no Home Assistant", "home_assistant: with url and token_file in home.yaml")
        return
    if not _SERVICE.fullmatch(form.service):
        check.no((*at, "service"), f'service cannot be "{form.service}"', "as in media_player.play_media")
        return
    data = _plain(form.data)
    text = orjson.dumps(data, option=orjson.OPT_SORT_KEYS).decode()
    if form.service.startswith("lock.") or re.search(r'"lock\.', text):
        check.no(at, f"{form.service} would turn a lock: no plan locks or unlocks a door", "another service")
        return
    yield Service(service=form.service, data=text)


def _plain(written: object) -> object:
    """Numbers and truths as such: our files hold text alone."""
    if isinstance(written, dict):
        return {str(key): _plain(value) for key, value in written.items()}
    if isinstance(written, list):
        return [_plain(value) for value in written]
    if written in ("true", "false"):
        return written == "true"
    if isinstance(written, str) and _NUMBER.fullmatch(written):
        return float(written) if "." in written else int(written)
    return written


def sets(steps: Sequence[Step]) -> Iterator[tuple[str, int]]:
    """Each device that these steps set, and to what: 0 is off or closed, else its percent."""
    for step in steps:
        if isinstance(step, Light):
            yield step.device, 100 if step.brightness_pct else 0
        elif isinstance(step, Switch):
            yield step.socket, 100 if step.on else 0
        elif isinstance(step, Cover):
            yield step.cover, step.position_pct
        elif isinstance(step, Scene):
            yield from sets(step.steps)


def waited_s(steps: Sequence[Step]) -> int:
    """How long these steps last at most, in seconds: waits, and answers that are waited for. A hold is no delay."""
    return sum(
        step.seconds if isinstance(step, Wait) else step.within_s
        for step in steps
        if (isinstance(step, Wait) and not step.hold) or isinstance(step, Ask)
    )
