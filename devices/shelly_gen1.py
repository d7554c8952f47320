"""Shelly, first generation: what its devices say below `shellies/`, and how relays and lights are told what to do.

A device's address is `shellies/<id>`, the topic all of its own begin with. Source: Shelly's API documentation of the
first generation, "MQTT support", and what devices are known to send beside it.

| it hears, below `shellies/<id>/` | it becomes |
|---|---|
| `input_event/N` with a gesture (`S`, `L`, `SS`, `SSS`, `SL`, `LS`) | `button`, a press, named by its count |
| `input_event/N` with an empty gesture | nothing: a start, or a switch that has no gestures |
| `input/N`, `ext_switch/N` 0 / 1 | `other`: what is wired to it, the place it was given says |
| `sensor/smoke`, `sensor/gas`, `sensor/flood` | `smoke`, `gas` (a test has no value), `water_leak` |
| `sensor/state`, `sensor/motion`, `sensor/vibration` | `contact`, `motion`, `vibration`; `unknown`, -1: no value |
| `sensor/temperature`, `ext_temperature/N`, `sensor/humidity`, `sensor/battery` | the same; 999 and -1 have no value |
| `status` of a motion sensor, `info` of a radiator valve | `motion`, `vibration`, `temperature`, `battery` |
| `relay/N`, `light/N`, `white/N`, `color/N` | `switch`, `light`; `overpower` is off, and `other` |
| `roller/N`, `roller/N/pos` | `cover`: the word it moves to, the position in percent |
| `…/power`, `emeter/N/power` | `power`; the temperature inside a device is not the room's |
| `valve/N/state`, `overtemperature`, `loaderror` | `other` |
| `online` | `availability`; a device that sleeps on a battery is offline as `…/link`, which calls nobody |
| `announce`, `info`; `shellies/announce` | an introduction |
| `…/command`, `…/set`, `sensor/mute`, `start_self_test` | nothing: a wish of somebody |

| it is told | sends |
|---|---|
| `TurnOn`, `TurnOff` | `relay/N/command`, or `light/N/set` with brightness, colour temperature and transition |
| `SetCover` | `roller/N/command` with the word, `roller/N/command/pos` |
| `SetTemperature` | `thermostat/0/command/target_t` of a radiator valve |
"""

from __future__ import annotations

import re

from devices.adapter import NOTHING, Decoded, Description, Known, Message, Property, Refused
from devices.commands import Command
from devices.events import Event, Kind, Value
from devices.said import bit_of, fact, introduced, json_of, link, number_of, reading, text_of
from devices.shelly_gen1_commands import encode
from devices.stamps import number_ms
from devices.topics import addressable

REPEAT_WINDOW_MS = 4000
"""A press is sent once; its last one is sent again with every periodic update, told apart by its count alone. The
closed circuit of a press comes before its gesture, of a long one by as long as it is held."""
UNCOUNTED_WINDOW_MS = 1000
"""Of a gesture without a count, which nothing tells from the next."""

LONGEST_NAME = 100
SWITCHED = frozenset({"on", "off", "overpower"})
GAS: dict[str, Value] = {"none": False, "mild": True, "heavy": True}
STATE: dict[str, Value] = {"open": "open", "close": "closed", "closed": "closed"}
BITS: dict[str, Kind] = {
    "smoke": Kind.SMOKE,
    "flood": Kind.WATER_LEAK,
    "motion": Kind.MOTION,
    "vibration": Kind.VIBRATION,
    "tamper": Kind.TAMPER,
}
NUMBERS: dict[str, Kind] = {
    "temperature": Kind.TEMPERATURE,
    "humidity": Kind.HUMIDITY,
    "battery": Kind.BATTERY,
}
OUTPUTS: dict[str, Kind] = {"relay": Kind.SWITCH, "light": Kind.LIGHT, "white": Kind.LIGHT, "color": Kind.LIGHT}
WISHES = frozenset({"command", "set", "start_self_test", "mute", "unmute"})
TROUBLE = frozenset({"overtemperature", "loaderror", "overload", "overpower"})

SLEEPS = re.compile(r"shellydw|flood|smoke|shellyht|button1|SHDW-|SHWT-|SHSM-|SHHT-|SHBTN-", re.IGNORECASE)
"""Devices that sleep on a battery; the motion sensors and the valve on theirs do not."""

Made = tuple[tuple[str, Kind], ...]
MODELS: tuple[tuple[re.Pattern[str], Made], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), made)
    for pattern, made in (
        (r"smoke|SHSM-", (("sensor/smoke", Kind.SMOKE), ("sensor/battery", Kind.BATTERY))),
        (r"gas|SHGS-", (("sensor/gas", Kind.GAS),)),
        (r"flood|SHWT-", (("sensor/flood", Kind.WATER_LEAK), ("sensor/battery", Kind.BATTERY))),
        (r"shellydw|SHDW-", (("sensor/state", Kind.CONTACT), ("sensor/battery", Kind.BATTERY))),
        (r"motion|SHMOS-", (("status", Kind.MOTION),)),
        (r"sense|SHSEN-", (("sensor/motion", Kind.MOTION),)),
        (r"shellyht|SHHT-", (("sensor/temperature", Kind.TEMPERATURE), ("sensor/humidity", Kind.HUMIDITY))),
        (r"button1|SHBTN-", (("input_event/0", Kind.BUTTON), ("sensor/battery", Kind.BATTERY))),
        (r"ix3|SHIX3-", tuple((f"input_event/{number}", Kind.BUTTON) for number in range(3))),
        (r"shellytrv|SHTRV-", (("info", Kind.TEMPERATURE),)),
        (r"4pro|SHSW-44", tuple((f"relay/{number}", Kind.SWITCH) for number in range(4))),
        (r"dimmer|duo|vintage|SHDM-|SHBDUO-|SHVIN-", (("light/0", Kind.LIGHT),)),
        (r"rgbw2|colorbulb|SHRGBW2|SHCB-", (("color/0", Kind.LIGHT),)),
        (r"shellyem|SHEM", (("relay/0", Kind.SWITCH), ("emeter/0/power", Kind.POWER))),
        (r"switch25|switch-|uni|SHSW-2[15]|SHUNI-", (("relay/0", Kind.SWITCH), ("relay/1", Kind.SWITCH))),
        (r"shelly1|plug|SHSW-|SHPLG", (("relay/0", Kind.SWITCH),)),
    )
)
"""What an `announce` does not say: the parts of a device, by its id or model number, most special first."""


class ShellyGen1:
    """The adapter of all first-generation Shellies below one base topic."""

    def __init__(self, base: str = "shellies") -> None:
        self.base = base.strip("/")
        self.name = "shelly_gen1"
        self.filters: tuple[str, ...] = (f"{self.base}/#",)
        self.urgent_filters: tuple[str, ...] = ()
        self.repeat_window_ms = REPEAT_WINDOW_MS

    def decode(self, message: Message, known: Known) -> Decoded:
        """Read one message. Never raises: what cannot be read is `Decoded(error=reason)`."""
        if not message.topic.startswith(f"{self.base}/"):
            return Decoded(error=f"the topic is not below {self.base}/")
        name, *rest = message.topic[len(self.base) + 1 :].split("/")
        if not message.payload or not name:
            return NOTHING
        if not rest:
            return self._announce(message.payload, known) if name == "announce" else NOTHING
        if not WISHES.isdisjoint(rest):
            return NOTHING
        device = f"{self.base}/{name}"
        if rest == ["announce"]:
            return self._announce(message.payload, known)
        if rest[0] in ("info", "status", "settings") and len(rest) == 1:
            return self._whole(device, rest[0], message.payload, known)
        if rest[0] == "input_event":
            return self._gesture(device, rest[-1], message.payload, known)
        said = text_of(message.payload)
        if said is None:
            return Decoded(error=f"{'/'.join(rest)[:80]} of {device} is not text")
        return Decoded(events=_events(device, rest, said, known.get(device)))

    def encode(self, command: Command, known: Known) -> tuple[Message, ...] | Refused:
        """The messages that carry out a command, or why the device cannot do it."""
        return encode(self.base, command, known)

    def topics_of(self, device: str) -> tuple[str, ...]:
        """Where it reports presses, what its sensors feel, and what is wired to its inputs."""
        path = device.removeprefix(f"{self.base}/")
        if path == device or not path or "/" in path or not addressable(path):
            return ()
        return (f"{device}/input_event/+", f"{device}/input/+", f"{device}/sensor/+")

    # -- introductions ----------------------------------------------------------------------------------------------

    def _announce(self, payload: bytes, known: Known) -> Decoded:
        """A device says who it is: id, model, address on the network."""
        data = json_of(payload)
        if (
            not isinstance(data, dict)
            or not isinstance(name := data.get("id"), str)
            or not name
            or "/" in name
            or len(name) > LONGEST_NAME
        ):
            return Decoded(error="an announcement is no JSON object with an id")
        if "gen" in data and data.get("gen") != 1:
            return NOTHING  # a script lets later generations announce themselves here; they are heard elsewhere
        model = data.get("model")
        model = model[:LONGEST_NAME] if isinstance(model, str) else ""
        device = f"{self.base}/{name}"
        before = known.get(device)
        made = next((made for pattern, made in MODELS if pattern.search(f"{name} {model}")), ())
        parts = {prop.name: prop for prop in before.properties} if before is not None else {}
        for part, kind in made:
            parts.setdefault(part, Property(name=part, kind=kind))
        return self._learned(device, parts, known, model)

    def _learned(self, device: str, parts: dict[str, Property], known: Known, model: str = "") -> Decoded:
        """The device with these parts; nothing where that is known already."""
        before = known.get(device)
        item = introduced(
            device=device,
            name=device.removeprefix(f"{self.base}/"),
            ecosystem=self.name,
            properties=tuple(parts.values()),
            topics=self.topics_of(device),
            model=model or (before.model if before is not None else ""),
            vendor="Shelly",
            commands=_commands(parts),
        )
        return NOTHING if item == before else Decoded(learned=(item,))

    # -- JSON -------------------------------------------------------------------------------------------------------

    def _whole(self, device: str, what: str, payload: bytes, known: Known) -> Decoded:
        """`info` lists a device's parts; `status` is how a motion sensor speaks; both may carry readings."""
        data = json_of(payload)
        if not isinstance(data, dict):
            return Decoded(error=f"the {what} of {device} is not a JSON object")
        events = tuple(_of_a_motion_sensor(device, data) if what == "status" else ()) + tuple(_of_a_valve(device, data))
        if what != "info":
            return Decoded(events=events)
        before = known.get(device)
        parts = {prop.name: prop for prop in before.properties} if before is not None else {}
        for part, kind in _parts(data):
            parts.setdefault(part, Property(name=part, kind=kind))
        learned = self._learned(device, parts, known).learned if parts else ()
        return Decoded(events=events, learned=learned)

    def _gesture(self, device: str, number: str, payload: bytes, known: Known) -> Decoded:
        """`{"event": "S", "event_cnt": 3}`: a gesture, repeated with each update until the next; empty after a start.

        Counts begin anew with each start of the device, so a press is named by the start and the count together: the
        first press after a power cut is not the first press before it. The starts are kept in the introduction.
        """
        data = json_of(payload)
        if not isinstance(data, dict):
            return Decoded(error=f"input_event/{number[:20]} of {device} is not a JSON object")
        gesture, count = data.get("event"), data.get("event_cnt")
        field = f"input:{number}" if number != "0" else None
        starts, pressed = _starts(known.get(device))
        if not isinstance(count, int) or isinstance(count, bool):
            count = None
        if not isinstance(gesture, str) or not gesture.strip():
            if count == 0 and number in pressed:
                return self._remember(device, starts + 1, (), known)
            return NOTHING
        event = Event(
            device=device,
            kind=Kind.BUTTON,
            value=gesture.strip()[:20],
            field=field,
            press=True,
            press_id=f"{starts}/{count}" if count is not None else None,
            repeat_window_ms=UNCOUNTED_WINDOW_MS if count is None else REPEAT_WINDOW_MS,
        )
        learned = self._remember(device, starts, (*pressed, number), known).learned if number not in pressed else ()
        return Decoded(events=(event,), learned=learned)

    def _remember(self, device: str, starts: int, pressed: tuple[str, ...], known: Known) -> Decoded:
        """Keep how often the device has started and which of its inputs were pressed since."""
        before = known.get(device)
        parts = {prop.name: prop for prop in before.properties} if before is not None else {}
        parts["starts"] = Property(name="starts", kind=Kind.OTHER, on=starts, active_values=pressed[:16])
        for number in pressed[:16]:
            parts.setdefault(f"input_event/{number}", Property(name=f"input_event/{number}", kind=Kind.BUTTON))
        return self._learned(device, parts, known)


def _starts(described: Description | None) -> tuple[int, tuple[str, ...]]:
    """How often a device is known to have started, and which inputs were pressed since the last time."""
    for prop in described.properties if described is not None else ():
        if prop.name == "starts" and isinstance(prop.on, int):
            return prop.on, prop.active_values
    return 0, ()


def _commands(parts: dict[str, Property]) -> tuple[str, ...]:
    kinds = {prop.kind for name, prop in parts.items() if name.split("/")[0] in OUTPUTS}
    words = ["turn_on", "turn_off"] if kinds else []
    if Kind.LIGHT in kinds:
        words += ["brightness", "color_temp", "transition"]
    if any(name.startswith("roller/") for name in parts):
        words += ["open_close", "position"]
    if "info" in parts:
        words.append("set_temperature")
    return tuple(words)


def _parts(info: dict[str, object]) -> list[tuple[str, Kind]]:
    """The parts that an `info` lists."""
    found: list[tuple[str, Kind]] = []
    lists = (("relays", "relay", Kind.SWITCH), ("rollers", "roller", Kind.COVER), ("lights", "light", Kind.LIGHT))
    rollers = info.get("rollers")
    for key, part, kind in (*lists, ("inputs", "input_event", Kind.BUTTON), ("emeters", "emeter", Kind.POWER)):
        rows = info.get(key)
        if not isinstance(rows, list) or (key == "relays" and isinstance(rollers, list) and rollers):
            continue
        for number, row in enumerate(rows[:8]):
            mode = row.get("mode") if isinstance(row, dict) and key == "lights" else None
            # An RGBW2 has one coloured channel or four white ones, each on topics of that name.
            name = f"{mode if mode in ('white', 'color') and len(rows) in (1, 4) else part}/{number}"
            if key != "inputs" or (isinstance(row, dict) and row.get("event_cnt")):
                found.append((name, kind))
    for key, kind in (("smoke", Kind.SMOKE), ("flood", Kind.WATER_LEAK), ("gas_sensor", Kind.GAS)):
        if key in info:
            found.append((f"sensor/{key.removesuffix('_sensor')}", kind))
    return found


def _of_a_motion_sensor(device: str, data: dict[str, object]) -> list[Event]:
    """`{"motion": true, "timestamp": 1735725780, "vibration": false, "bat": 83}`."""
    seconds = data.get("timestamp")
    stamp = str(seconds) if isinstance(seconds, (int, float)) and not isinstance(seconds, bool) and seconds else None
    at_ms = number_ms(stamp, 1000) if stamp is not None else None
    found: list[Event] = []
    for key in ("motion", "vibration"):
        bit = bit_of(data.get(key))
        if bit is not None:
            found.append(fact(device, BITS[key], bit, stamp=stamp, at_ms=at_ms))
    if "bat" in data:
        found.append(reading(device, Kind.BATTERY, data["bat"], stamp=stamp, at_ms=at_ms))
    warmth = data.get("tmp")
    if isinstance(warmth, dict) and "value" in warmth:
        found.append(reading(device, Kind.TEMPERATURE, _celsius(warmth), stamp=stamp, at_ms=at_ms))
    return found


def _celsius(warmth: dict[str, object]) -> object:
    """`{"value": 68.0, "units": "F", "is_valid": true}`: the unit is what its owner chose."""
    number = number_of(warmth.get("value"))
    if number is None or warmth.get("is_valid") is False:
        return None
    return round((number - 32) / 1.8, 2) if warmth.get("units") == "F" else number


def _of_a_valve(device: str, data: dict[str, object]) -> list[Event]:
    """The radiator valve has no topics of its own for what it measures."""
    rows = data.get("thermostats")
    if not isinstance(rows, list):
        return []
    found: list[Event] = []
    for row in rows[:1]:
        warmth = row.get("tmp") if isinstance(row, dict) else None
        if isinstance(warmth, dict) and warmth.get("is_valid") is not False:
            found.append(reading(device, Kind.TEMPERATURE, _celsius(warmth)))
    battery = data.get("bat")
    if isinstance(battery, dict):
        found.append(reading(device, Kind.BATTERY, battery.get("value")))
    return found


def _events(device: str, rest: list[str], said: str, described: Description | None) -> tuple[Event, ...]:
    """What a single word on a topic of its own says."""
    part = rest[0]
    number = rest[1] if len(rest) > 1 and rest[1].isdigit() else None
    field = f"{part}:{number}" if number not in (None, "0") else None
    if part == "online":
        bit = bit_of(said)
        sleeps = SLEEPS.search(f"{device} {described.model if described is not None else ''}") is not None
        return (link(device, bit, sleeps=sleeps),) if bit is not None else ()
    if rest[-1] == "power" and part in (*OUTPUTS, "roller", "emeter"):
        return (reading(device, Kind.POWER, said, field=field),)
    if part in OUTPUTS:
        return _output(device, rest, said, field)
    if part == "roller":
        return _roller(device, rest, said, field)
    if part == "sensor" and len(rest) == 2:
        return _sensor(device, rest[1], said)
    if part == "input" and number is not None:
        return _input(device, number, said, described)
    if part == "ext_switch" and number is not None:
        bit = bit_of(said)
        return (fact(device, Kind.OTHER, bit, field=f"input:ext:{number}"),) if bit is not None else ()
    if part in ("ext_temperature", "ext_humidity") and number is not None:
        warmth = None if number_of(said) == 999 else said
        kind = NUMBERS[part.removeprefix("ext_")]
        return (reading(device, kind, warmth, field=field),)
    if part == "valve" or part in TROUBLE:
        value = bit_of(said)
        return (fact(device, Kind.OTHER, said if value is None else value, field=part),)
    return ()


def _output(device: str, rest: list[str], said: str, field: str | None) -> tuple[Event, ...]:
    kind = OUTPUTS[rest[0]]
    if len(rest) == 2 and said in SWITCHED:
        state = fact(device, kind, "on" if said == "on" else "off", field=field)
        return (state, fact(device, Kind.OTHER, said, field="overpower")) if said == "overpower" else (state,)
    if len(rest) == 3 and rest[2] == "status":
        data = json_of(said.encode())
        lit = data.get("ison") if isinstance(data, dict) else None
        return (fact(device, kind, "on" if lit else "off", field=field),) if isinstance(lit, bool) else ()
    return ()


def _roller(device: str, rest: list[str], said: str, field: str | None) -> tuple[Event, ...]:
    if len(rest) == 2 and said in STATE:
        return (fact(device, Kind.COVER, STATE[said], field=field),)
    if len(rest) == 3 and rest[2] == "pos":
        place = number_of(said)
        return (fact(device, Kind.COVER, place if place is not None and 0 <= place <= 100 else None, field=field),)
    return ()


def _sensor(device: str, name: str, said: str) -> tuple[Event, ...]:
    if name in NUMBERS:
        if name == "temperature" and number_of(said) == 999:
            said = "none"
        return (reading(device, NUMBERS[name], said),)
    if name in BITS:
        return (fact(device, BITS[name], bit_of(said)),)
    if name == "gas":
        return (fact(device, Kind.GAS, GAS.get(said)),)
    if name == "state":
        return (fact(device, Kind.CONTACT, STATE.get(said)),)
    return ()


def _input(device: str, number: str, said: str, described: Description | None) -> tuple[Event, ...]:
    """A switch, a contact or a button is wired to it. Where gestures come from it, it is a button."""
    bit = bit_of(said)
    if bit is None:
        return ()
    is_button = number in _starts(described)[1]
    return (fact(device, Kind.OTHER, bit, field=f"{'button' if is_button else 'input'}:{number}"),)
