"""Tasmota: plugs, relays, lights, sensors, and bridges for Zigbee, 433 MHz and infrared.

Each device speaks below a full topic of two words, a prefix (`stat`, `tele`; `cmnd` are wishes) and its own topic, in
either order: `stat/<topic>/…` by default, `<topic>/stat/…` where somebody chose it. The address is `tasmota/<topic>`;
what a bridge hears has its own below that: `tasmota/<topic>/<Zigbee name>`, `tasmota/<topic>/rf/<code>`.
Source: Tasmota's documentation, "MQTT", "Commands", "Auto discovery", and the page of each peripheral.

| it hears | it becomes |
|---|---|
| `stat/…/RESULT` `{"Button1":{"Action":"SINGLE"}}` | `button`, a press; `CLEAR`, the end of a hold, is `other` |
| `{"Switch1":{"Action":"ON"}}`, `Switch1` in SENSOR | `other`: what is wired to it, the place it was given says |
| `POWER`, `POWER2` in RESULT, STATE or on its own topic | `switch`; `light` where it is dimmed or introduced as one |
| a retained `cmnd/…/POWER` | the same: a device obeys it each time it connects, so that is how it stands |
| `Shutter1` | `cover` in percent |
| SENSOR, STATUS8: `Temperature` in C or F, `Humidity`, `ENERGY.Power` | `temperature` in °C, `humidity`, `power` |
| `ZbReceived`: `Contact`, `Occupancy`, `Fire`, `Water` | `contact`, `occupancy`, `smoke`, `water_leak` |
| … `CO`, `PersonalAlarm`, `Panic`, `Movement`, `GlassBreak` | `co`, `emergency`, `vibration` |
| … `Click`, `Action`, on, off and toggle sent to others | `button`, a press |
| … emergency or panic of a keypad (`0501!02`, `0501!04`) | `emergency`, a press |
| … `ZoneStatus` | `other` alarm, `tamper`, `battery` |
| `LwReceived` | what a LoRaWAN payload of these names means |
| `RfReceived`, `IrReceived` | `button` with the code, a press |
| `LWT` | `availability`; what its bridge hears goes with it; in deep sleep it is offline as `…/link` |
| `tasmota/discovery/<mac>/config` | an introduction |
| STATE and SENSOR with nothing of these | `other`: it was heard |
| all other `cmnd/…`, settings, status of the device itself | nothing |

| it is told | sends |
|---|---|
| `TurnOn`, `TurnOff` | `cmnd/…/POWER1` for each output; a light `Dimmer`, `CT` and `Speed2` in one `Backlog0` |
| `SetCover` | `cmnd/…/ShutterOpen1`, `ShutterClose1`, `ShutterStop1`, `ShutterPosition1` |
"""

from __future__ import annotations

import re

from devices.adapter import NOTHING, Decoded, Description, Known, Message, Property, Refused
from devices.commands import Command
from devices.events import Event, Kind
from devices.said import bit_of, heard, introduced, json_of, link, text_of
from devices.tasmota_commands import encode
from devices.tasmota_values import POWER, REPEAT_WINDOW_MS, Json, hands, outputs, received, sensors
from devices.topics import addressable

HOME = "tasmota"
PREFIXES = ("cmnd", "stat", "tele")
DEPTHS = ("+", "+/+")
"""Topics of one and two levels in the second order; the first order takes topics of any length."""
STATUS = re.compile(r"STATUS\d{0,2}")
RELAY, LIGHT, SHUTTER = 1, 2, 3
REGULAR = ("STATE", "SENSOR")
"""What it says every few minutes, whatever happens."""
NESTED = ("StatusSNS", "StatusSTS", "sn")


class Tasmota:
    """The adapter of all Tasmotas, whichever order their full topics have."""

    def __init__(self) -> None:
        self.name = "tasmota"
        second = (f"{depth}/{prefix}/#" for depth in DEPTHS for prefix in PREFIXES)
        self.filters: tuple[str, ...] = (f"{HOME}/#", *(f"{prefix}/#" for prefix in PREFIXES), *second)
        self.urgent_filters: tuple[str, ...] = ()
        self.repeat_window_ms = REPEAT_WINDOW_MS

    def decode(self, message: Message, known: Known) -> Decoded:
        """Read one message. Never raises: what cannot be read is `Decoded(error=reason)`."""
        levels = message.topic.split("/")
        if levels[:2] == [HOME, "discovery"]:
            return self._discovered(levels[2:], message.payload, known)
        found = _place(levels)
        if found is None:
            return NOTHING if levels[0] == HOME else Decoded(error="the topic has no cmnd, stat or tele in it")
        place, prefix, topic, leaf = found
        device = f"{HOME}/{topic}"
        if not message.payload or not topic:
            return NOTHING
        if prefix == "cmnd":
            return self._stands(device, leaf, message, known) if message.retain else NOTHING
        if leaf == "LWT":
            return self._will(device, place, message.payload, known)
        is_json = message.payload.lstrip()[:1] == b"{"
        if POWER.fullmatch(leaf) and not is_json:
            return Decoded(events=self._output(device, leaf, message.payload, known))
        if not is_json:
            return NOTHING  # the output of a script, a sensor's answer in its own words
        data = json_of(message.payload)
        if not isinstance(data, dict):
            return self._unreadable(leaf, device, message.payload)
        events = self._said(device, leaf, data, known)
        if leaf in REGULAR and not message.retain and not any(event.device == device for event in events):
            events.append(heard(device))
        return Decoded(events=tuple(events), learned=self._heard_for_others(device, events, known))

    def encode(self, command: Command, known: Known) -> tuple[Message, ...] | Refused:
        """The messages that carry out a command, or why the device cannot do it."""
        return encode(HOME, command, known)

    def topics_of(self, device: str) -> tuple[str, ...]:
        """Everything the Tasmota says that is no command, in both orders: presses come as results and as readings."""
        home, _, topic = device.partition("/")
        if home != HOME or not topic or not addressable(topic):
            return ()
        owners = [topic]
        if "/" in topic:
            owners.append(topic.rpartition("/")[0])
        if "/rf/" in topic:
            owners.append(topic.partition("/rf/")[0])
        return tuple(
            dict.fromkeys(
                one
                for owner in owners
                for prefix in ("stat", "tele")
                for one in (f"{prefix}/{owner}/+", f"{owner}/{prefix}/+")
            )
        )

    # -- messages ---------------------------------------------------------------------------------------------------

    def _said(self, device: str, leaf: str, data: Json, known: Known) -> list[Event]:
        """What RESULT, STATE, SENSOR, POWER and STATUS say; settings and the device's own affairs say nothing."""
        if STATUS.fullmatch(leaf):
            data = next((part for key in NESTED if isinstance(part := data.get(key), dict)), {})
        found = outputs(device, data, known.get(device))
        found += hands(device, data, leaf)
        found += received(device, data)
        return found + sensors(device, data)

    def _heard_for_others(self, device: str, events: list[Event], known: Known) -> tuple[Description, ...]:
        """Introduce what a bridge hears, by what it says: Zigbee and Bluetooth devices, not each radio code."""
        parts: dict[str, dict[str, Property]] = {}
        for event in events:
            child = event.device
            if child in (device, f"{device}/ir") or child.startswith(f"{device}/rf/"):
                continue
            before = known.get(child)
            has = parts.setdefault(child, {prop.name: prop for prop in before.properties} if before is not None else {})
            name = "alarm" if event.field == "alarm" else event.kind.value
            has.setdefault(name, Property(name=name, kind=event.kind))
        made = (
            introduced(
                device=child,
                name=child.removeprefix(f"{HOME}/"),
                ecosystem=self.name,
                properties=tuple(has.values()),
                topics=self.topics_of(child),
                gateway=device,
            )
            for child, has in parts.items()
        )
        return tuple(item for item in made if known.get(item.device) != item)

    def _output(self, device: str, leaf: str, payload: bytes, known: Known) -> tuple[Event, ...]:
        said = (text_of(payload) or "").upper()
        return tuple(outputs(device, {leaf: said}, known.get(device)))

    def _stands(self, device: str, leaf: str, message: Message, known: Known) -> Decoded:
        """A retained command: what a Tasmota's own switch leaves for the device it works on (SwitchRetain)."""
        return Decoded(events=self._output(device, leaf, message.payload, known)) if POWER.fullmatch(leaf) else NOTHING

    def _unreadable(self, leaf: str, device: str, payload: bytes) -> Decoded:
        if leaf not in ("RESULT", "SENSOR", "STATE"):
            return NOTHING
        # Long results are cut, and some carry control characters: none of that is news, but a press might be.
        return Decoded(error=f"the {leaf} of {device} is not JSON") if b'"Button' in payload else NOTHING

    def _will(self, device: str, place: int, payload: bytes, known: Known) -> Decoded:
        """`Online` and `Offline`, retained. What it hears for others named it as their gateway."""
        word = (text_of(payload) or "").lower()
        if word not in ("online", "offline"):
            return NOTHING
        is_up = word == "online"
        described = known.get(device)
        learned = (self._in_second_order(device),) if place and described is None else ()
        sleeps = described is not None and any(prop.name == "DeepSleep" for prop in described.properties)
        return Decoded(events=(link(device, is_up, sleeps=sleeps),), learned=learned)

    def _in_second_order(self, device: str) -> Description:
        """Nobody introduced it, and its commands go elsewhere than by default: that is remembered."""
        topic = device.removeprefix(f"{HOME}/")
        topics = (f"{topic}/stat/+", f"{topic}/tele/+")
        return introduced(device=device, name=topic, ecosystem=self.name, properties=(), topics=topics)

    # -- introductions ----------------------------------------------------------------------------------------------

    def _discovered(self, rest: list[str], payload: bytes, known: Known) -> Decoded:
        """`tasmota/discovery/<mac>/config`; `sensors` beside it repeats readings of some time ago."""
        if len(rest) != 2 or rest[1] != "config":
            return NOTHING
        if not payload:
            return Decoded(
                forgotten=tuple(d.device for d in known.values() if d.ecosystem == HOME and d.text == rest[0])
            )
        data = json_of(payload)
        if not isinstance(data, dict) or not isinstance(topic := data.get("t"), str) or not topic:
            return Decoded(error=f"the discovery of {rest[0][:40]} has no topic in it")
        name, model, order = data.get("dn"), data.get("md"), data.get("ft")
        stat, tele = (_topic(order, prefix, topic) for prefix in ("stat", "tele"))
        found = _place(f"{stat}/x".split("/"))
        device = f"{HOME}/{found[2] if found is not None else topic}"
        parts = _parts(data)
        is_usual = data.get("tp") in (None, list(PREFIXES)) and found is not None
        item = introduced(
            device=device,
            name=name[:80] if isinstance(name, str) and name else topic,
            ecosystem=self.name,
            properties=parts,
            topics=(f"{stat}/+", f"{tele}/+"),
            model=model[:80] if isinstance(model, str) else "",
            vendor="Tasmota",
            text=rest[0],
            commands=_commands(parts, data),
            unclear="" if is_usual else "it speaks on topics of its own making; give it the prefixes cmnd, stat, tele",
        )
        return NOTHING if known.get(device) == item else Decoded(learned=(item,))


def _place(levels: list[str]) -> tuple[int, str, str, str] | None:
    """Where the prefix stands, which it is, the device's topic, and the last level: first order before second."""
    for place in (0, 1, 2):
        if len(levels) > place + 1 and levels[place] in PREFIXES:
            topic = "/".join((*levels[:place], *levels[place + 1 : -1]))
            return (place, levels[place], topic, levels[-1]) if topic else None
    return None


def _of_mac(mac: str, known: Known) -> tuple[str, ...]:
    """The device that introduced itself under this hardware address."""
    return tuple(item.device for item in known.values() if item.ecosystem == HOME and mac and item.text == mac)


def _topic(order: object, prefix: str, topic: str) -> str:
    """A full topic with its words put in, without the stroke at its end."""
    template = order if isinstance(order, str) and "%topic%" in order else "%prefix%/%topic%/"
    return template.replace("%prefix%", prefix).replace("%topic%", topic).rstrip("/")


def _parts(data: Json) -> tuple[Property, ...]:
    """Outputs by number, and whether there are buttons that are told apart from them."""
    parts: list[Property] = []
    relays, shutters = data.get("rl"), 0
    for number, sort in enumerate(relays[:32] if isinstance(relays, list) else (), 1):
        if sort in (RELAY, LIGHT):
            parts.append(Property(name=f"POWER{number}", kind=Kind.LIGHT if sort == LIGHT else Kind.SWITCH))
        elif sort == SHUTTER:
            shutters += 1
    parts += [Property(name=f"Shutter{number + 1}", kind=Kind.COVER) for number in range((shutters + 1) // 2)]
    options, buttons = data.get("so"), data.get("btn")
    detached = isinstance(options, dict) and options.get("73") == 1
    for number, has in enumerate(buttons[:32] if isinstance(buttons, list) else (), 1):
        if has == 1 and detached:
            parts.append(Property(name=f"Button{number}", kind=Kind.BUTTON))
    switches = data.get("swc")
    for number, mode in enumerate(switches[:32] if isinstance(switches, list) else (), 1):
        if isinstance(mode, int) and mode >= 0:
            parts.append(Property(name=f"input:{number}", kind=Kind.OTHER))
    if bit_of(data.get("dslp")):
        parts.append(Property(name="DeepSleep", kind=Kind.OTHER))
    return tuple(parts)


def _commands(parts: tuple[Property, ...], data: Json) -> tuple[str, ...]:
    kinds = {prop.kind for prop in parts}
    words = ["turn_on", "turn_off"] if kinds & {Kind.SWITCH, Kind.LIGHT} else []
    subtype = data.get("lt_st")
    if Kind.LIGHT in kinds:
        words += ["brightness", "transition"]
        words += ["color_temp"] if subtype in (2, 5) else []
    if Kind.COVER in kinds:
        words += ["open_close", "position"]
    return tuple(words)
