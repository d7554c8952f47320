"""What a value most likely is, by its name alone: for ecosystems whose devices name their values as they like.

A name is taken apart into words (`leakageStatus`, `LEAKAGE_STATUS` and `leakage-status` are one name), and the words
decide. A name that speaks of a setting, a counter, a test or the health of a sensor is never an alarm.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from devices.events import Kind, Value, canonical

LONGEST = 80
"""Longer names and words are no names and words."""
PIECES = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
BRACKETS = re.compile(r"\([^)]*\)")
CALLS = re.compile(
    r"\b(?:sos|panic|emergency|distress|pull ?cord|call ?(?:button|cord|point|bell)|(?:nurse|help|assistance) call"
    r"|alarm (?:button|cord|pendant)|personal alarm|pendant)\b"
)


class How(IntEnum):
    """How a value of this name is read."""

    BINARY = 0
    CONTACT = 1
    PRESS = 2
    NUMBER = 3
    BATTERY = 4
    VOLTS = 5
    LOW = 6
    COUNTED = 7
    """As `BINARY`; any number above 0 is on."""
    FLAG = 8
    """As `BINARY`, of a call for help: each time it is on is a press."""


@dataclass(frozen=True, slots=True)
class Guess:
    """What a value is and how it is read."""

    kind: Kind
    how: How
    opens: int | None = None
    """The number that means open, where one does."""
    plain: bool = False
    """The name says nothing but that somebody calls: even a word that nobody has heard of is then a call."""


@lru_cache(maxsize=4096)
def words_of(text: str) -> tuple[str, ...]:
    """The words of a name or a value, in small letters."""
    return tuple(piece.lower() for piece in PIECES.findall(BRACKETS.sub(" ", text[:LONGEST])))


def says_it_calls(*texts: str) -> bool:
    """Whether a name, a model or a description says that the thing is there to call for help."""
    return any(CALLS.search(" ".join(words_of(text[:LONGEST]))) is not None for text in texts)


UNKNOWN = frozenset({"unknown", "unavailable", "invalid", "error", "nan", "null", "undefined"})
OFF = frozenset(
    {"no", "not", "non", "none", "off", "false", "normal", "inactive", "deactivated", "clear", "cleared", "idle"}
    | {"ok", "dry", "vacant", "unoccupied", "empty", "free", "released", "release", "installed", "disabled", "disable"}
    | {"stop", "stopped", "end", "ended", "standby", "safe", "unpressed", "undetected", "resolved", "test", "testing"}
    | {"closed", "close", "absent", "noleak", "quiet", "deactivation", "recovered", "recovery", "dismissed"}
)
ON = frozenset(
    {"yes", "on", "true", "alarm", "alarmed", "alarming", "active", "activated", "triggered", "trigger", "detected"}
    | {"leak", "leaking", "leakage", "wet", "flood", "flooded", "motion", "moving", "occupied", "occuppied", "present"}
    | {"presence", "pressed", "press", "sos", "panic", "emergency", "fall", "fallen", "smoke", "fire", "gas", "tamper"}
    | {"tampered", "uninstalled", "removed", "open", "opened", "alert", "start", "started", "begin", "tripped"}
    | {"mandown", "help", "distress", "duress", "medical", "pulled"}
)


def truth(value: object) -> bool | None:
    """A two-valued value, however it is written; `None` where it does not say."""
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return True if value == 1 else False if value == 0 else None
    if not isinstance(value, str):
        return None
    said = set(words_of(value))
    if not said or said & UNKNOWN:
        return None
    if said & OFF or said == {"0"}:
        return False
    return True if said & ON or said == {"1"} else None


HAZARDS = frozenset({Kind.FALL, Kind.SMOKE, Kind.GAS, Kind.CO, Kind.WATER_LEAK})
HAPPENS = frozenset(
    {"event", "events", "action", "alarm", "alarms", "alert", "alerts", "button", "press", "trigger", "message"}
    | {"report", "notification", "reason", "msg"}
)
NOT_NOW = frozenset(
    {"mode", "enabled", "config", "setting", "battery", "number", "contact", "exit", "light", "lights", "lighting"}
    | {"status", "state", "info", "information", "data", "record", "records", "historical", "log", "datalog"}
)
"""Of a value: it speaks of a setting or another thing, or is the title of a message whose values say what is so."""
BEFORE = frozenset({"last", "previous", "prev", "old", "history", "config", "configuration", "settings", "setting"})
"""Of a name: what stands there is not what is so now."""
IN_VAIN = BEFORE | frozenset(
    {"restart", "reboot", "reset", "boot", "wakeup", "crash", "false", "fail", "failure", "error", "count"}
)
STANDS = frozenset({"status", "state"})
OF_ITSELF = STANDS | {"dev", "device", "current", "system", "tracker", "user"}
"""A status of nothing else: what the device as a whole is in."""
TYPED = frozenset({"data", "uplink", "packet", "payload"})
"""The type of one of these is what this message is."""
CALLING = frozenset({"sos", "panic", "emergency", "distress", "duress", "medical"})


def calls(name: str, value: object) -> bool:
    """Whether a value is a word for a call (`SOS`, `panic button pressed`) of something that happens (`event`)."""
    return happened(name, value) == (Kind.EMERGENCY, True) and not HAPPENS.isdisjoint(words_of(name))


def happened(name: str, value: object) -> tuple[Kind, bool] | None:
    """The hazard that a value speaks of (`event`: `smoke alarm`), and whether it is so or has ended; else `None`."""
    if not isinstance(value, str) or len(value) > LONGEST:
        return None
    about = frozenset(words_of(name))
    if about & IN_VAIN:
        return None
    stands = about & STANDS and about <= OF_ITSELF
    is_news = "type" in about and about & TYPED
    return _hazard_told(value) if about & HAPPENS or stands or is_news else None


@lru_cache(maxsize=2048)
def _hazard_told(value: str) -> tuple[Kind, bool] | None:
    words = words_of(value)
    said = frozenset(words)
    if said & NOT_NOW or said & (NEVER - {"trigger", "type"}):
        return None
    if said & CALLING or ("help" in said and said <= OF_A_CALL | HAPPENS):
        kind = Kind.EMERGENCY
    elif (said & {"fall", "fallen", "mandown"} or {"man", "down"} <= said) and not said & OTHER_FALLS:
        kind = Kind.FALL
    else:
        found = _hazard(words, said) or _state(said)
        if found is None or found.kind not in (Kind.SMOKE, Kind.GAS, Kind.CO, Kind.WATER_LEAK, Kind.MOTION):
            return None
        kind = found.kind
    return (kind, truth(value) is not False) if not said & UNKNOWN else None


OTHER_FALLS = frozenset({"free", "rain", "snow", "risk", "back"})


def hazard_told(name: str, value: object) -> Kind | None:
    """The hazard that a value names of something that happens (`event`: `fall_detected`); None where it names none, or
    its end. A call for help is `calls`."""
    told = happened(name, value)
    return told[0] if told is not None and told[1] and told[0] in HAZARDS else None


OPEN = frozenset({"open", "opened", "opening", "absent"})
CLOSED = frozenset({"closed", "close", "closing", "present", "shut", "shorted"})


def opening(value: object, opens: int | None) -> Value:
    """A door: `open` or `closed`; a number only where its sense is documented."""
    if isinstance(value, str):
        said = set(words_of(value))
        if said & OPEN:
            return "open"
        return "closed" if said & CLOSED else None
    bit = truth(value)
    if bit is None or opens is None:
        return None
    return canonical(Kind.CONTACT, bit == bool(opens))


def reading(value: object) -> float | int | None:
    """A finite number, or the text of one."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            value = float(value) if len(value) <= LONGEST else math.nan
        except ValueError:
            return None
    return value if isinstance(value, (int, float)) and math.isfinite(value) else None


NEVER = frozenset(
    {"mode", "enable", "enabled", "disable", "config", "configuration", "settings", "setting", "threshold", "thresh"}
    | {"count", "counter", "counts", "cnt", "num", "times", "time", "duration", "interval", "period"}
    | {"delay", "timeout"}
    | {"timer", "timestamp", "test", "tested", "testing", "hush", "mute", "muted", "silenced"}
    | {"silence", "fault", "error", "failure", "last"}
    | {"maintenance", "lifetime", "sensitivity", "calibration", "version", "type", "class", "source", "reason", "rate"}
    | {"silenced", "silence", "hold", "holdoff", "blind", "number", "id", "index", "min", "max"}
    | {"activation", "value", "d", "trigger"}
)
"""A name with one of these is a setting, a counter or a note about the device, never a state of the home."""
OF_THE_SENSOR = frozenset(
    {"sensor", "level", "concentration", "chamber", "fouled", "light", "lighting", "exit", "free"}
    | {"ppm", "ppb", "raw", "adc", "phone"}
)
"""With one of these a name of a hazard speaks of the detector, an amount of something, or another thing altogether."""
SAYS_SO = frozenset({"alarm", "detected", "detection", "status", "state", "alert", "event", "flag", "leak", "leakage"})
NOT_A_READING = NEVER | frozenset(
    {"target", "set", "setpoint", "alarm", "mutation", "offset", "high", "low", "range", "control", "hysteresis"}
    | {"color", "colour", "light", "out", "status", "factor", "supply", "event", "apparent", "reactive", "outage"}
    | {"average", "avg", "averaged", "data"}
) - frozenset({"value", "sensor", "d"})


OF_A_CALL = SAYS_SO | frozenset(
    {"sos", "panic", "emergency", "distress", "button", "key", "press", "pressed", "call", "help", "signal", "request"}
    | {"active", "activated", "triggered", "pull", "pulled", "cord", "pendant", "nurse", "duress"}
    | {"medical", "point", "bell"}
)


THINGS = frozenset({"button", "cord", "point", "bell"})
"""What a call is made with."""


@lru_cache(maxsize=4096)
def guess(name: str) -> Guess | None:
    """What a value of this name is, or `None` where the name does not tell."""
    words = words_of(name)
    said = frozenset(words)
    battery = _battery(said)
    if battery is not None:
        return battery
    if not said & NEVER:
        found = _hazard(words, said) or _state(said)
        if found is not None:
            return found
    elif said & NEVER == {"type"} and said & {"button", "press", "click"}:
        return Guess(Kind.BUTTON, How.PRESS)
    return _number(said)


def _battery(said: frozenset[str]) -> Guess | None:
    about = said & {"battery", "batt", "bat", "batv", "vbat", "vdd", "volt"}
    if not about or said & (NEVER - {"lifetime", "value"}) or "days" in said or "dys" in said:
        return None
    if said & {"v", "volt", "voltage", "mv", "batv", "vbat", "vdd"}:
        return Guess(Kind.BATTERY, How.VOLTS)
    if "low" in said:
        return Guess(Kind.BATTERY, How.LOW)
    return None if said & {"status", "event", "alarm", "temperature"} else Guess(Kind.BATTERY, How.BATTERY)


def _hazard(words: tuple[str, ...], said: frozenset[str]) -> Guess | None:
    """What nobody may wait for."""
    if said & OF_THE_SENSOR:
        return None
    alone = len(said) == 1
    plain = all(word in OF_A_CALL or word.isdigit() for word in said)
    if said & CALLING and ("contact" in said or {"alarm", "switch"} <= said):
        return None
    helps = plain and ("help" in said or {"nurse", "call"} <= said or ("call" in said and len(said & THINGS) > 0))
    if helps or said & CALLING:
        return Guess(Kind.EMERGENCY, How.FLAG, plain=plain)
    if said & {"help", "call"} and said <= OF_A_CALL | {"nurse"}:
        return Guess(Kind.EMERGENCY, How.FLAG)
    if CALLS.search(" ".join(words)) or ("cord" in said and said & {"pull", "pulled"}):
        return Guess(Kind.EMERGENCY, How.FLAG)
    if ("fall" in said and (alone or said & (SAYS_SO | {"down"}))) or {"man", "down"} <= said or "mandown" in said:
        return Guess(Kind.FALL, How.BINARY)
    if "smoke" in said or (said & {"fire", "burning"} and (alone or said & SAYS_SO)):
        return Guess(Kind.SMOKE, How.BINARY)
    if {"carbon", "monoxide"} <= said or ("co" in said and "2" not in said and said & SAYS_SO):
        return Guess(Kind.CO, How.BINARY)
    if "gas" in said and (said & SAYS_SO):
        return Guess(Kind.GAS, How.BINARY)
    if said & {"leak", "leakage", "waterleak", "flood", "flooding"} or ("water" in said and said & SAYS_SO):
        return Guess(Kind.WATER_LEAK, How.COUNTED)
    return None


def _state(said: frozenset[str]) -> Guess | None:
    if said & {"tamper", "tampered"}:
        return Guess(Kind.TAMPER, How.BINARY)
    if said & {"door", "window", "contact", "magnet", "reed"}:
        return Guess(Kind.CONTACT, How.CONTACT, opens=1 if said & {"door", "window"} else None)
    if "bed" in said and said & {"in", "on", "occupied", "occupancy", "presence", "status", "state", "sensor"}:
        return Guess(Kind.BED, How.COUNTED)
    if said & {"pir", "motion", "movement"}:
        return Guess(Kind.MOTION, How.COUNTED)
    if said & {"occupancy", "occupied", "occupy", "presence"}:
        return Guess(Kind.OCCUPANCY, How.COUNTED)
    if said & {"button", "press", "pressed", "click", "clicked", "doorbell"}:
        return Guess(Kind.BUTTON, How.PRESS)
    return None


def _number(said: frozenset[str]) -> Guess | None:
    if said & NOT_A_READING:
        return None
    if said & {"temperature", "temp"}:
        return Guess(Kind.TEMPERATURE, How.NUMBER)
    if said & {"humidity", "humi", "hum", "rh"}:
        return Guess(Kind.HUMIDITY, How.NUMBER)
    if "power" in said and said <= {"power", "active", "w", "total", "instant"}:
        return Guess(Kind.POWER, How.NUMBER)
    return None


SOUND: dict[Kind, tuple[float, float]] = {
    Kind.TEMPERATURE: (-60, 150),
    Kind.HUMIDITY: (0, 100),
    Kind.POWER: (-100_000, 100_000),
}
"""What a number of this kind can be; anything else is no reading (`999`, kelvin, a raw count)."""
EMPTY_BELOW_V = 2.5
"""Cells differ; below this a lithium cell or two alkaline ones are near their end. Volts never become percent."""
MOST_VOLTS = 5.0


def battery(value: object, how: How) -> Value:
    """Percent, or `low` / `ok` where only a voltage or a flag is told; `None` where it is no reading."""
    if how is How.LOW:
        low = truth(value)
        return None if low is None else "low" if low else "ok"
    if isinstance(value, str):
        said = set(words_of(value.replace("(", " ")))
        if "low" in said or "critical" in said:
            return "low"
        if said & {"medium", "high", "ok", "good", "full", "normal"}:
            return "ok"
        if value.strip().lower().endswith("v"):
            how, value = How.VOLTS, value.strip()[:-1]
        value = value.strip().rstrip("%")
    number = reading(value)
    if number is None:
        return None
    if how is How.VOLTS or (0 < number <= MOST_VOLTS and isinstance(number, float) and not number.is_integer()):
        volts = number / 1000 if number > 100 else number
        return None if not 0 < volts <= 30 else "low" if volts < EMPTY_BELOW_V else "ok"
    return number if 0 <= number <= 100 else None
