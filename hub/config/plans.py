"""Residents' plans: each is read, checked and compiled alone, so that one that is wrong stops no other."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import ValidationError

from devices.registry import CALLS, Placed
from hub.config.complain import complaints
from hub.config.document import Document, read_document
from hub.config.files import HelpForm, LeftOpenForm, OutOfBedForm, ResidentFile
from hub.config.problems import ConfigurationRefused, Problem, nearest, one_of
from rules.catalogue import (
    CATALOGUE,
    LIGHT_PURPOSES,
    PLACEHOLDERS,
    Chosen,
    Whose,
    rule_of,
    unagreed_wait_s,
)
from rules.home import DelayAgreed, Light, Otherwise, Resident, Rule, Say, Step, Wait

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
SHADOW = ".shadow.yaml"
"""How the file of a plan ends that is tried beside the live one (`hub/trial.py`): it holds for nobody."""
_At = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What a plan may refer to."""

    places: Mapping[str, str]
    """The name of each place."""
    devices: Mapping[str, Placed]
    rooms: Mapping[str, str]
    """The room of each resident."""

    def shared(self, room: str) -> bool:
        """Whether two or more residents live in the room."""
        return Counter(self.rooms.values())[room] > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A resident's file as it was found: readable, or known by name alone."""

    resident: str
    known_as: str
    room: str
    document: Document | None = None
    plan: ResidentFile | None = None
    problems: tuple[Problem, ...] = ()


def written_plans(folder: Path) -> list[Written]:
    """Every file of `residents/`, in the order of their names."""
    every = sorted(path.name for path in (folder / "residents").glob("*.yaml") if not path.name.startswith("."))
    found = [name for name in every if not name.endswith(SHADOW)]
    return [_written(folder, name) for name in found]


def _written(folder: Path, name: str) -> Written:
    stem = name.removesuffix(".yaml")
    try:
        document = read_document(folder, f"residents/{name}")
    except ConfigurationRefused as refused:
        known_as, room = _by_eye(folder / "residents" / name)
        return Written(resident=stem, known_as=known_as or stem, room=room, problems=refused.problems)
    try:
        plan = ResidentFile.model_validate(document.data)
    except ValidationError as error:
        data = document.data if isinstance(document.data, dict) else {}
        known_as, room = (value if isinstance(value := data.get(key), str) else "" for key in ("known_as", "room"))
        problems = tuple(complaints(error, document, ResidentFile))
        return Written(resident=stem, known_as=known_as or stem, room=room, document=document, problems=problems)
    problems = ()
    if plan.resident != stem:
        said = f'resident "{plan.resident}" in a file called {name}'
        problems = (document.problem(("resident",), said, f"{stem}, or a file called {plan.resident}.yaml"),)
    return Written(
        resident=stem, known_as=plan.known_as, room=plan.room, document=document, plan=plan, problems=problems
    )


def _by_eye(path: Path) -> tuple[str, str]:
    """Name and room from a file that is no YAML: a line that says so is enough to keep the resident known."""
    try:
        text = path.read_bytes()[:65_536].decode("utf-8", "replace")
    except OSError:
        return "", ""
    found = (re.search(rf"^{key}:[ \t]*[\"']?([^\"'#\n]*)", text, re.MULTILINE) for key in ("known_as", "room"))
    known_as, room = (match[1].strip() if match else "" for match in found)
    return known_as, room


def compile_plan(written: Written, house: House) -> tuple[Resident, list[Problem], list[Problem]]:
    """The resident, what is wrong with the plan (then without rules), and what to be warned of."""
    bare = Resident(
        resident=written.resident,
        known_as=written.known_as,
        room=written.room if written.room in house.places else "",
    )
    if written.problems or written.plan is None or written.document is None:
        return bare, list(written.problems), []
    check = _Plan(written.document, written.plan, house)
    rules = check.rules()
    if check.problems:
        return bare, sorted(check.problems, key=lambda problem: problem.line), []
    return replace(bare, rules=tuple(rules)), [], check.warnings


class _Plan:
    """One plan being checked; problems are collected, so that all are told at once."""

    def __init__(self, document: Document, plan: ResidentFile, house: House) -> None:
        self._document = document
        self._plan = plan
        self._house = house
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []

    def rules(self) -> list[Rule]:
        """The compiled rules; meaningless where `problems` were found."""
        room = self._plan.room
        if room not in self._house.places:
            places = self._house.places
            self._no(("room",), f'unknown place "{room}"', one_of(places), nearest(room, places))
        names = [form.name or form.rule for form in self._plan.rules]
        for number, name in enumerate(names):
            if name in names[:number]:
                self._no(("rules", number), f'a second rule named "{name}"', "a name: of its own")
        return [rule for number, form in enumerate(self._plan.rules) if (rule := self._rule(number, form))]

    def _rule(self, number: int, form: LeftOpenForm | OutOfBedForm) -> Rule | None:
        at: _At = ("rules", number)
        setting, device = ("door", form.door) if isinstance(form, LeftOpenForm) else ("bed", form.bed)
        entry = CATALOGUE[form.rule]
        help_steps = tuple(self._steps(form.help, (*at, "help")))
        delay_agreed: DelayAgreed | None = None
        if isinstance(form, LeftOpenForm):
            for index, step in enumerate(help_steps):
                if isinstance(step, Wait):
                    self._no((*at, "help", index), "left-open waits by held_for alone", "light or say")
            help_steps += (Wait(seconds=form.held_for, hold=True),)
        elif form.delay_agreed is not None:
            agreed = form.delay_agreed
            delay_agreed = DelayAgreed(risk=agreed.risk, by=agreed.by, on=agreed.on)
        self._words(form.otherwise.say, (*at, "otherwise", "say"))
        delayed = any(isinstance(step, Wait) and not step.hold for step in help_steps)
        watched = self._watched(device, entry.rule, (*at, setting), delayed)
        if waited_s := unagreed_wait_s(help_steps, delay_agreed):
            said = f"waits {waited_s} s that nobody has agreed to: they are 0 until delay_agreed names risk, by and on"
            self.warnings.append(self._document.problem((*at, "help"), said))
        if watched is None or self.problems:
            return None
        place = watched.place or self._plan.room
        chosen = Chosen(
            entry=entry,
            name=form.name or form.rule,
            why=form.why,
            device=device,
            during=form.during,
            help=help_steps,
            otherwise=Otherwise(level=form.otherwise.level, say=form.otherwise.say),
            delay_agreed=delay_agreed,
        )
        whose = Whose(
            resident=self._plan.resident,
            known_as=self._plan.known_as,
            place=place,
            place_name=self._house.places[place],
        )
        return rule_of(chosen, whose)

    def _steps(self, forms: Sequence[HelpForm], at: _At) -> Iterator[Step]:
        for number, form in enumerate(forms):
            here = (*at, number)
            if sum(part is not None for part in (form.light, form.say, form.wait)) != 1:
                self._no(here, "this is not one step of help", "one of light, say, wait")
            elif form.light is not None:
                self._light(form.light.device, (*here, "light", "device"))
                yield Light(device=form.light.device, brightness_pct=form.light.brightness_pct)
            elif form.say is not None:
                self._words(form.say, (*here, "say"))
                yield Say(text=form.say)
            elif form.wait is not None:
                yield Wait(seconds=form.wait)

    def _light(self, name: str, at: _At) -> None:
        lights = [device.name for device in self._house.devices.values() if device.purpose in LIGHT_PURPOSES]
        light = self._known(name, lights, at)
        if light is None:
            return
        if light.purpose not in LIGHT_PURPOSES:
            self._no(at, f'"{name}" is for {light.purpose} and cannot be a light', *self._instead(name, lights))
        self._theirs(light, at)

    def _watched(self, name: str, rule: str, at: _At, delayed: bool) -> Placed | None:
        entry = CATALOGUE[rule]
        fitting = [device.name for device in self._house.devices.values() if device.purpose is entry.watches]
        device = self._known(name, fitting, at)
        if device is None:
            return None
        if device.purpose in CALLS:
            said = f'"{name}" is for {device.purpose}: staff are told at once, no rule may stand before it'
            self._no(at, said, *self._instead(name, fitting))
        elif device.purpose is not entry.watches:
            said = f'"{name}" is for {device.purpose} and cannot be the {entry.watches} of {rule}'
            self._no(at, said, *self._instead(name, fitting))
        self._theirs(device, at)
        if delayed and device.person is None and self._house.shared(self._plan.room):
            said = f'"{name}" is nobody\'s in a room that is shared: it may not start a delay'
            self._no(at, said, f"a device with person: {self._plan.resident}")
        return device

    def _known(self, name: str, fitting: Sequence[str], at: _At) -> Placed | None:
        device = self._house.devices.get(name)
        if device is None:
            self._no(at, f'unknown device "{name}"', *self._instead(name, fitting))
        return device

    def _instead(self, name: str, fitting: Sequence[str]) -> tuple[str, str]:
        """The devices that would do, those of the resident's own room first, and the nearest name."""
        room = self._plan.room
        here = [other for other in fitting if self._house.devices[other].place == room]
        return one_of(here or fitting), nearest(name, here) or nearest(name, fitting)

    def _theirs(self, device: Placed, at: _At) -> None:
        """A rule may use what is this resident's or nobody's, never what is somebody else's."""
        resident, room = self._plan.resident, self._plan.room
        if device.person is not None and device.person != resident:
            self._no(at, f'"{device.name}" belongs to {device.person}', f"a device of {resident}")
        elif device.person is None and device.place != room and device.place in self._house.rooms.values():
            self._no(at, f'"{device.name}" is in room {device.place}, where somebody else lives', f"a device in {room}")

    def _words(self, words: str, at: _At) -> None:
        for name in _PLACEHOLDER.findall(words):
            if name not in PLACEHOLDERS:
                shown = [f"{{{known}}}" for known in PLACEHOLDERS]
                meant = nearest(name, PLACEHOLDERS)
                self._no(at, f"unknown filling {{{name}}}", one_of(shown), f"{{{meant}}}" if meant else "")

    def _no(self, at: _At, what: str, expected: str = "", meant: str = "") -> None:
        self.problems.append(self._document.problem(at, what, expected, meant))
