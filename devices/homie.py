"""Homie 4 and 5: devices that describe every value they have, each value on a topic of its own.

| topic                                                    | hears                                            |
|----------------------------------------------------------|--------------------------------------------------|
| `homie/<device>/$state`, `homie/5/<device>/$state`       | `ready` online; `lost`, `disconnected` offline   |
| `homie/<device>/<node>/<property>/$datatype`, `$unit`, … | a description, piece by piece (Homie 4)          |
| `homie/5/<device>/$description`                          | the whole description (Homie 5)                  |
| `…/<node>/<property>`                                    | a value, read by name, datatype, unit and format |
| `…/$stats/battery`                                       | battery in percent (Homie 3 and its extension)   |
| `…/$stats/interval`, `…/$stats/uptime`                   | how often it speaks at least; that it is there   |
| `homie/5/<device>/$alert/<id>`                           | what the device complains of: kept and shown     |
| `…/set`, `…/$target`, `$broadcast`, `$log`               | nothing: commands passing by, and logs           |

A child of Homie 5 hangs on its root: that one's last will takes all of its children with it.

It commands settable properties on `…/set`: lights and switches (on, off), brightness and colour temperature in the
range the property's format names, sirens; locks and covers in the words of their format, where a cover shall stand,
the set point of a thermostat. A property that is not retained is momentary: each `true` is a press. After the Homie
convention, versions 4.0.0 and 5 (homieiot/convention).
"""

from __future__ import annotations

from devices.adapter import NOTHING, Decoded, Description, Known, Message, Refused
from devices.commands import Command
from devices.events import BETWEEN, UNITS, Event, Kind, Value
from devices.homie_commands import encode
from devices.homie_description import (
    REPEAT_WINDOW_MS,
    described,
    momentary,
    named,
    noted,
    several,
    speaks_every,
    value_of,
)
from devices.names import happened, reading, words_of
from devices.topics import addressable, publishable

STATES: dict[str, str] = {"ready": "online", "lost": "offline", "disconnected": "offline"}
"""`init`, `sleeping` and `alert` are neither: a device that sleeps is not lost."""
LONGEST_VALUE = 4096
GESTURES = frozenset({"press", "pressed", "push", "click", "single", "double", "triple", "short", "long", "hold"})
"""Words of a thing that happens (`action`, not retained) that are somebody's hand."""


class Homie:
    """The adapter of all Homie devices below one base topic, of version 4 and of version 5."""

    def __init__(self, base: str = "homie") -> None:
        self.base = base.strip("/")
        self.name = "homie"
        self.filters: tuple[str, ...] = (f"{self.base}/#",)
        self.urgent_filters: tuple[str, ...] = ()
        self.repeat_window_ms = REPEAT_WINDOW_MS

    def decode(self, message: Message, known: Known) -> Decoded:
        """Read one message. Never raises: what cannot be read is `Decoded(error=reason)`."""
        if not message.topic.startswith(f"{self.base}/"):
            return Decoded(error=f"the topic is not below {self.base}/")
        levels = message.topic[len(self.base) + 1 :].split("/")
        device, rest = self._device(levels)
        if device is None:
            return Decoded(error="the topic names no device")
        if device.rsplit("/", 1)[-1].startswith("$") or not rest:
            return NOTHING
        if rest[-1] in ("set", "$target") or rest[0] in ("$log", "$broadcast"):
            return NOTHING
        try:
            said = message.payload.decode()
        except UnicodeDecodeError:
            return Decoded(error=f"{'/'.join(rest)} of {device} is not text")
        if rest[0].startswith("$"):
            return self._of_the_device(device, rest, said, known)
        if len(rest) == 2 and not rest[1].startswith("$"):
            return self._value(device, "/".join(rest), said, known.get(device))
        if len(rest) == 3 and rest[2].startswith("$"):
            return self._learned(noted(known.get(device), self.name, device, "/".join(rest[:2]), rest[2], said), known)
        return NOTHING

    def encode(self, command: Command, known: Known) -> tuple[Message, ...] | Refused:
        """The messages that carry out a command, or why the device cannot do it."""
        if not self.topics_of(command.device) or not publishable(f"{command.device}/a/b/set"):
            return Refused(f"{command.device} is not a Homie device of {self.base}")
        return encode(command, known)

    def topics_of(self, device: str) -> tuple[str, ...]:
        """The topics of the device's values."""
        below = device.removeprefix(f"{self.base}/")
        if below == device or not addressable(device):
            return ()
        levels = below.split("/")
        wanted = 2 if levels[0] == "5" else 1
        return (f"{device}/+/+",) if len(levels) == wanted and all(levels) else ()

    def _device(self, levels: list[str]) -> tuple[str | None, list[str]]:
        depth = 2 if levels[0] == "5" else 1
        if len(levels) < depth or not all(levels[:depth]):
            return None, []
        return f"{self.base}/{'/'.join(levels[:depth])}", levels[depth:]

    def _of_the_device(self, device: str, rest: list[str], said: str, known: Known) -> Decoded:
        what = rest[0]
        if what == "$state" and len(rest) == 1:
            return self._state(device, said)
        if what == "$name" and len(rest) == 1:
            return self._learned(named(known.get(device), self.name, device, said), known)
        if what == "$description" and len(rest) == 1:
            found = described(self.name, device, said) if said else None
            return Decoded(error=found) if isinstance(found, str) else self._learned(found, known)
        if what == "$stats" and rest[1:] == ["interval"]:
            return self._learned(speaks_every(known.get(device), self.name, device, said), known)
        if what == "$stats" and rest[1:] == ["uptime"]:
            return self._told(device, Kind.OTHER, "heard", "heard") if said else NOTHING
        if what == "$stats" and rest[1:] == ["battery"]:
            level = reading(said)
            return self._told(device, Kind.BATTERY, level, None) if level is not None and 0 <= level <= 100 else NOTHING
        if what == "$alert" and len(rest) == 2:
            return self._told(device, Kind.OTHER, said[:200], f"$alert/{rest[1]}"[:60])
        return NOTHING

    def _state(self, device: str, said: str) -> Decoded:
        if not said:
            return Decoded(forgotten=(device,))
        word = said.strip().lower()
        value = STATES.get(word, word if word in BETWEEN else None)
        if value is None:
            return Decoded(error=f"the state of {device} is none that Homie has")
        return self._told(device, Kind.AVAILABILITY, value, None)

    def _told(self, device: str, kind: Kind, value: Value, field: str | None) -> Decoded:
        unit = UNITS.get(kind) if isinstance(value, (int, float)) else None
        return Decoded(events=(Event(device=device, kind=kind, value=value, unit=unit, field=field),))

    def _learned(self, found: Description | None, known: Known) -> Decoded:
        return NOTHING if found is None or found == known.get(found.device) else Decoded(learned=(found,))

    def _value(self, device: str, name: str, said: str, description: Description | None) -> Decoded:
        if not said or len(said) > LONGEST_VALUE:
            return NOTHING
        prop = next((p for p in description.properties if p.name == name), None) if description is not None else None
        fact = value_of(name, said, prop, told_apart=several(description, prop))
        if fact is None:
            return NOTHING
        kind, value, unit, field = fact
        word = happened(name, said) is not None and (prop is None or prop.kind in (Kind.BUTTON, Kind.OTHER))
        once = momentary(description, name)
        if kind is Kind.OTHER and once and isinstance(value, str) and not GESTURES.isdisjoint(words_of(value)):
            kind = Kind.BUTTON
        press = _is_press(kind, value, once or word)
        event = Event(
            device=device,
            kind=kind,
            value=value,
            unit=unit,
            field=field,
            press=press,
            repeat_window_ms=REPEAT_WINDOW_MS if press else 0,
        )
        return Decoded(events=(event,))


def _is_press(kind: Kind, value: Value, is_momentary: bool) -> bool:
    """A gesture always is one; an alarm that is not retained, or a word for a call, is one each time."""
    if kind is Kind.BUTTON:
        return value is not None
    return is_momentary and value is True
