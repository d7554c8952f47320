"""Help, step by step: what is done for the resident before staff are told. Part of a plan (`plan.py`), plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """A light on, at this brightness; 0 switches it off."""

    device: str
    brightness_pct: int = 30
    color_temp_k: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """A socket on or off."""

    socket: str
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """A blind or curtain to a position: 0 closed, 100 open."""

    cover: str
    position_pct: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Words for the resident. How they reach the person, spoken, shown, felt, their abilities decide."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """Words on the room's screen, never spoken; `picture` names one that the screen has."""

    words: str
    picture: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerTo:
    """One answer to a question, and what it means: `settles` the run, `tells` staff at once, is `kept` and no more."""

    answer: str
    means: Literal["settles", "tells", "kept"] = "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A question to the resident: on the screen, by voice where that is how help reaches them, answered by a tap, a
    button (once: the first answer, twice: the second) or not at all. It waits `within_s` for an answer, then help
    goes on; in a rule that ends with staff that wait is a delay like any other."""

    question: str
    answers: tuple[AnswerTo, ...]
    within_s: int = 0
    button: str = ""
    """Our name of a placed button that may answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A sounder, or something that vibrates, for so long: a pillow pad, a wrist band."""

    sounder: str
    sound_s: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The steps of a scene that the home wrote once: already put in place here, with its name for the log."""

    scene: str
    steps: tuple[Light | Switch | Cover, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service of Home Assistant, where one is configured: `media_player.play_media`, with its data as JSON."""

    service: str
    data: str = "{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A help step: give it time. `hold` is the time a state must last before it is worth telling; otherwise it is a
    delay, which needs its agreement."""

    seconds: int
    hold: bool = False


Step = Light | Switch | Cover | Say | Show | Ask | Alarm | Scene | Service | Wait
