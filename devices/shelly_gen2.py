"""Shelly of the second generation and later (Plus, Pro, Gen3, Gen4): MQTT with RPC, and BLU devices behind a gateway.

Each device speaks below a topic prefix that is its id (`shellyplus1-a8032abe54dc`) until somebody changes it, so they
are recognised by the shape of what they say; all else there is nobody's. The address is `shelly/<prefix>`, behind it
`/bthomedevice:200` for a device that a gateway hears; one that a script on a gateway hears is
`shelly/blu/<hardware address>`. Source: Shelly's API documentation, "MQTT", "Notifications", each component's page.

| it hears | it becomes |
|---|---|
| `<prefix>/events/rpc`, NotifyEvent of `input:N`, `button:N`, `bthomedevice:N` | `button`, a press with its time |
| … `btn_down`; `btn_up` | `button`, a press that the gesture behind it repeats; `other` |
| … of a script, with BTHome data and an address | `button`, `contact`, `motion`, `battery`, … of that BLU device |
| NotifyStatus, NotifyFullStatus, `<prefix>/status/<component>` | what the component says: |
| … `switch`, `light`, `rgb`, `rgbw`, `cct`, `cover` | `switch`, `light`, `cover` (percent, or the word) and `power` |
| … `smoke`, `flood`, `presence`, `presencezone` | `smoke`, `water_leak`, `occupancy` |
| … `temperature`, `humidity`, `devicepower`, `pm1`, `em`, `em1` | `temperature`, `humidity`, `battery`, `power` |
| … `input` that is a switch | `other`: what is wired to it, the place it was given says |
| … of nothing that is a fact | `other`: it was heard |
| … `bthomesensor` | by its configuration: `contact`, `motion`, …; `other` while that is unknown |
| `<prefix>/online` of a device that is known, or called Shelly | `availability`; one that sleeps goes as `…/link` |
| `…/rpc` with an answer that lists components or configurations | an introduction |
| `…/rpc` with a method, `…/command` | nothing: a wish of somebody |

| it is told | sends on `<prefix>/rpc` |
|---|---|
| `TurnOn`, `TurnOff` | `Switch.Set`, `Light.Set`, … for each output, with brightness, colour temperature, transition |
| `SetCover` | `Cover.Open`, `Cover.Close`, `Cover.Stop`, `Cover.GoToPosition` |
| `SetTemperature` | `Thermostat.SetConfig` |
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from devices import shelly_blu as blu
from devices.adapter import NOTHING, Decoded, Description, Known, Message, Property, Refused
from devices.commands import Command
from devices.events import Event, Kind
from devices.said import fact, heard, introduced, json_of, link
from devices.shelly_gen2_commands import encode
from devices.shelly_gen2_parts import ALARMS, COMPONENT, GESTURES, KINDS, LIGHTS, PRESSED, Status, events_of, field_of
from devices.stamps import number_ms
from devices.topics import addressable

REPEAT_WINDOW_MS = 3000
"""A gesture follows its `btn_down` within 2 s; what matches two filters (`shelly/x/…`) comes twice, up to 2 s apart."""
HOME = "shelly"
MOST_PARTS = 100
MOST_CHILDREN = 25
"""More than any gateway has; a longer message is read up to here, so that no message can hold up the next."""
MOST_EVENTS = 25
LONGEST_SLEEP_S = 31 * 86_400
SLEEPS = re.compile(r"shelly(?:plus)?(?:ht|smoke|flood)", re.IGNORECASE)
"""Devices that sleep on a battery, while they have not spoken of it."""
IDENT = re.compile(r"shelly[a-z0-9]*-[0-9a-f]{12}", re.IGNORECASE)
"""What a device calls itself; a script in it says the prefix instead."""
DEPTHS = ("+", "+/+")
"""Prefixes of one and two levels; one with more is heard below `shelly/`."""

Parts = dict[str, Property]


class ShellyGen2:
    """The adapter of all Shellies that speak RPC, wherever their prefixes are."""

    def __init__(self) -> None:
        self.name = "shelly_gen2"
        tails = ("status/+", "online", "rpc", "command/#")
        # `+/+/rpc` covers the events of prefixes of one level: a filter of their own would bring each press twice.
        others = (f"{prefix}/{tail}" for prefix in DEPTHS for tail in tails)
        self.filters: tuple[str, ...] = (f"{HOME}/#", *others, f"{DEPTHS[-1]}/events/rpc")
        self.urgent_filters: tuple[str, ...] = ()
        self.repeat_window_ms = REPEAT_WINDOW_MS

    def decode(self, message: Message, known: Known) -> Decoded:
        """Read one message. Never raises; what is not Shelly's is nothing, where it stands on a topic of that shape."""
        topic, payload = message.topic, message.payload
        levels = topic.split("/")
        last = levels[-1]
        if topic.endswith("/events/rpc"):
            return self._frame("/".join(levels[:-2]), payload, known) if payload else NOTHING
        if len(levels) > 2 and levels[-2] == "status":
            return self._status("/".join(levels[:-2]), last, payload, known)
        if len(levels) > 1 and last == "online":
            return self._online("/".join(levels[:-1]), payload, known)
        if len(levels) > 1 and last == "rpc":
            return self._answer(payload, known)
        if levels[0] == HOME or "command" in levels[1:]:
            return NOTHING
        return Decoded(error="the topic is none of a Shelly's")

    def encode(self, command: Command, known: Known) -> tuple[Message, ...] | Refused:
        """The messages that carry out a command, or why the device cannot do it."""
        return encode(HOME, command, known)

    def topics_of(self, device: str) -> tuple[str, ...]:
        """Where it reports presses and its status; a BLU device is heard on its gateway's topics, whichever it is."""
        home, _, prefix = device.partition("/")
        if home != HOME or not prefix or not addressable(device):
            return ()
        if prefix.startswith("blu/"):
            return (f"{HOME}/+/events/rpc", *(f"{depth}/events/rpc" for depth in DEPTHS))
        above, _, last = prefix.rpartition("/")
        if above and COMPONENT.fullmatch(last):
            prefix = above
        return (f"{prefix}/events/rpc", f"{prefix}/status/+")

    # -- messages ---------------------------------------------------------------------------------------------------

    def _frame(self, prefix: str, payload: bytes, known: Known) -> Decoded:
        """A notification: what happened (NotifyEvent), or what is so now (NotifyStatus, NotifyFullStatus)."""
        data = json_of(payload)
        if not isinstance(data, dict) or not isinstance(params := data.get("params"), dict):
            if f"{HOME}/{prefix}" in known or _named(prefix):
                return Decoded(error=f"a notification of {prefix} is not an RPC frame in JSON")
            return NOTHING
        device, method = f"{HOME}/{prefix}", data.get("method")
        stamp, at_ms = _time(params.get("ts"))
        events: list[Event] = []
        spoken_of: dict[str, Kind] = {}
        if method == "NotifyEvent":
            rows = params.get("events")
            for row in rows[:MOST_EVENTS] if isinstance(rows, list) else ():
                if isinstance(row, dict) and isinstance(name := row.get("component"), str):
                    events += self._event(device, name, row, known)
                    if str(row.get("event")) in GESTURES:
                        spoken_of[name] = Kind.BUTTON
        elif method in ("NotifyStatus", "NotifyFullStatus"):
            for name, status in list(params.items())[:MOST_PARTS]:
                if isinstance(status, dict):
                    events += self._component(device, name, status, known, stamp, at_ms)
                    spoken_of[name] = KINDS.get(name.partition(":")[0], Kind.OTHER)
            if not events and (device in known or _named(prefix)):
                events.append(heard(device))
        else:
            return NOTHING
        source = data.get("src")
        learned = self._seen(device, spoken_of, known, source if isinstance(source, str) else "", _wakes(params))
        heard_by_script = blu.introductions(events, f"{HOME}/blu/", self.name, self.topics_of, known)
        return Decoded(events=tuple(events), learned=(*learned, *heard_by_script))

    def _status(self, prefix: str, name: str, payload: bytes, known: Known) -> Decoded:
        """One component on a topic of its own: `switch:0`, with the same number inside."""
        matched = COMPONENT.fullmatch(name)
        data = json_of(payload) if matched is not None and matched.group(1) in KINDS else None
        if matched is None or not isinstance(data, dict) or data.get("id") != int(matched.group(2)):
            return NOTHING
        device = f"{HOME}/{prefix}"
        events = self._component(device, name, data, known, None, None)
        return Decoded(events=tuple(events), learned=self._seen(device, {name: KINDS[matched.group(1)]}, known, ""))

    def _online(self, prefix: str, payload: bytes, known: Known) -> Decoded:
        """`true` or `false`, retained. BLU devices named it as their gateway."""
        device = f"{HOME}/{prefix}"
        is_up = {b"true": True, b"false": False}.get(payload.strip().lower())
        described = known.get(device)
        if is_up is None or (described is None and not _named(prefix)):
            return NOTHING
        sleeps = SLEEPS.search(prefix) is not None or (
            described is not None and any(prop.name == "devicepower:0" for prop in described.properties)
        )
        return Decoded(events=(link(device, is_up, sleeps=sleeps),))

    def _component(
        self, device: str, name: str, status: Status, known: Known, stamp: str | None, at_ms: int | None
    ) -> list[Event]:
        if name.startswith("bthomesensor:"):
            return self._bthome_sensor(device, name, status, known)
        if name == "blu":
            return self._blu_status(status, stamp, at_ms)
        return events_of(device, name, status, stamp, at_ms, known.get(device))

    def _bthome_sensor(self, device: str, name: str, status: Status, known: Known) -> list[Event]:
        """A value that means nothing without its configuration; kept as `other` until that is known."""
        value = status.get("value")
        if value is None or isinstance(value, (dict, list)) or not isinstance(value, (str, bool, int, float)):
            return []
        stamp, at_ms = _time(status.get("last_updated_ts"))
        found = blu.sensor_of(device, name, known)
        if found is None:
            return [fact(device, Kind.OTHER, value, field=name, stamp=stamp, at_ms=at_ms)]
        child, prop = found
        number, index = prop.on, prop.off
        if not isinstance(number, int) or not isinstance(index, int):
            return []
        return list(blu.events_of_object(child, number, value, index, stamp, at_ms))

    def _blu_status(self, status: Status, stamp: str | None, at_ms: int | None) -> list[Event]:
        """A script's status of BLU devices by name; the press in it comes as an event of its own."""
        found: list[Event] = []
        for name, said in list(status.items())[:MOST_CHILDREN]:
            address = blu.address_of(said.get("addr") or name) if isinstance(said, dict) else None
            if address is not None and isinstance(said, dict):
                child = f"{HOME}/blu/{address}"
                found += blu.events_of_names(child, said, REPEAT_WINDOW_MS, stamp, at_ms, presses=False)
        return found

    def _event(self, device: str, name: str, row: Mapping[str, object], known: Known) -> list[Event]:
        """One event of a NotifyEvent."""
        component, _, number = name.partition(":")
        event, data = row.get("event"), row.get("data")
        stamp, at_ms = _time(row.get("ts"))
        if component in PRESSED and isinstance(event, str) and (event in GESTURES or event == "btn_up"):
            return [self._gesture(device, name, event, row, known)]
        if component in ("smoke", "flood") and isinstance(event, str) and event in ALARMS:
            field = field_of(component, number)
            return [fact(device, KINDS[component], ALARMS[event], field=field, stamp=stamp, at_ms=at_ms)]
        if not isinstance(data, dict):
            return []
        if component == "blu":
            address = blu.address_of(data.get("device"))
            presses = blu.presses_of(f"{HOME}/blu/{address}", data.get("value"), REPEAT_WINDOW_MS, stamp, at_ms)
            return list(presses) if address is not None and event == "button" else []
        address = blu.address_of(data.get("address") or data.get("addr"))
        if component != "script" or address is None:
            return []
        inside = data.get("service_data")
        said = inside if isinstance(inside, dict) else data
        child = f"{HOME}/blu/{address}"
        return blu.events_of_names(child, said, REPEAT_WINDOW_MS, stamp, at_ms, presses=True)

    def _gesture(self, device: str, name: str, event: str, row: Mapping[str, object], known: Known) -> Event:
        """A hand on an input or a BLU button.

        A gesture is named by its time. `btn_down` is not: it is the first sign of the press that the gesture behind it
        tells again, and where no gesture follows (four quick presses have none) it is the only one.
        """
        stamp, at_ms = _time(row.get("ts"))
        component, _, number = name.partition(":")
        index = row.get("idx")
        if component == "bthomesensor":
            found = blu.sensor_of(device, name, known)
            device = found[0] if found is not None else f"{device}/{name}"
        elif component not in ("input", "button"):
            device, number = f"{device}/{name}", "0"
        else:
            index = int(number) if number.isdigit() and len(number) < 7 else 0
        where = ("input" if component == "input" else "button") + f":{index}"
        field = where if isinstance(index, int) and not isinstance(index, bool) and index > 0 else None
        if event == "btn_up":
            return fact(device, Kind.OTHER, event, field=where, stamp=stamp, at_ms=at_ms)
        return Event(
            device=device,
            kind=Kind.BUTTON,
            value=event,
            field=field,
            press=True,
            stamp=stamp,
            at_ms=at_ms,
            press_id=stamp if event != "btn_down" and at_ms is not None else None,
            repeat_window_ms=REPEAT_WINDOW_MS,
        )

    # -- introductions ----------------------------------------------------------------------------------------------

    def _seen(
        self, device: str, spoken_of: Mapping[str, Kind], known: Known, source: str, wakes_s: int | None = None
    ) -> tuple[Description, ...]:
        """Introduce a device by the components it has spoken of, and BLU devices behind it."""
        before = known.get(device)
        parts: Parts = {prop.name: prop for prop in before.properties} if before is not None else {}
        was = dict(parts)
        children: list[Description] = []
        for name, kind in spoken_of.items():
            matched = COMPONENT.fullmatch(name)
            if matched is None or matched.group(1) not in PRESSED | KINDS.keys() or len(parts) >= MOST_PARTS:
                continue
            is_child = name.startswith("bthomedevice:")
            if is_child:
                children += self._child_heard(device, name, known, pressed=kind is Kind.BUTTON)
            if name not in parts or (kind is Kind.BUTTON and not is_child and parts[name].kind is not kind):
                parts[name] = Property(name=name, kind=Kind.OTHER if is_child else kind)
        text = before.text if before is not None and before.text and not IDENT.fullmatch(source) else source
        wakes_s = wakes_s or (before.checks_in_s if before is not None else None)
        if not parts or (before is not None and parts == was and before.text == text and before.checks_in_s == wakes_s):
            return tuple(children)
        return (replace(self._described(device, parts, text), checks_in_s=wakes_s), *children)

    def _child_heard(self, gateway: str, name: str, known: Known, *, pressed: bool) -> list[Description]:
        """A BLU device is introduced when it is first heard, and again when its button is."""
        before = known.get(f"{gateway}/{name}")
        if before is None:
            return [self._child(gateway, name, {})]
        if before.gateway and (not pressed or Kind.BUTTON in before.kinds):
            return []
        said = {"name": before.name, "model_id": before.model, "addr": before.text}
        parts = {prop.name: prop for prop in before.properties}
        more = (
            {"button": Property(name="button", kind=Kind.BUTTON)} if pressed and Kind.BUTTON not in before.kinds else {}
        )
        return [self._child(gateway, name, said, {**parts, **more})]

    def _described(self, device: str, parts: Parts, source: str, name: str = "") -> Description:
        outputs = [part.name.partition(":")[0] for part in parts.values()]
        words = ["turn_on", "turn_off"] if {"switch", *LIGHTS} & set(outputs) else []
        words += ["brightness", "transition"] if LIGHTS & set(outputs) else []
        words += ["color_temp"] if {"cct", "rgbcct"} & set(outputs) else []
        words += ["open_close", "position"] if "cover" in outputs else []
        words += ["set_temperature"] if "thermostat" in outputs else []
        prefix = device.removeprefix(f"{HOME}/")
        return introduced(
            device=device,
            name=name or prefix,
            ecosystem=self.name,
            properties=tuple(parts.values()),
            topics=self.topics_of(device),
            model=source.partition("-")[0],
            vendor="Shelly",
            text=source,
            commands=tuple(words),
        )

    def _child(
        self, gateway: str, name: str, config: Mapping[str, object], sensors: Parts | None = None
    ) -> Description:
        """A BLU device behind a gateway."""
        called, model = config.get("name"), config.get("model_id")
        known_as = called if isinstance(called, str) and called else f"{gateway.removeprefix(f'{HOME}/')} {name}"
        parts = sensors if sensors is not None else {}
        return introduced(
            device=f"{gateway}/{name}",
            name=known_as[:80],
            ecosystem=self.name,
            properties=tuple(parts.values()),
            kinds=frozenset() if parts else frozenset({Kind.BUTTON}),
            topics=self.topics_of(f"{gateway}/{name}"),
            model=str(model) if isinstance(model, (str, int)) else "",
            vendor="Shelly",
            text=blu.address_of(config.get("addr")) or "",
            gateway=gateway,
        )

    def _answer(self, payload: bytes, known: Known) -> Decoded:
        """An answer to somebody's question; where it lists components, they are introduced with their configuration."""
        data = json_of(payload)
        result = data.get("result") if isinstance(data, dict) else None
        source = data.get("src") if isinstance(data, dict) else None
        if not isinstance(result, dict) or not isinstance(source, str) or not source:
            return NOTHING
        gateway = next(
            (item.device for item in known.values() if item.ecosystem == self.name and item.text == source),
            f"{HOME}/{source}",
        )
        configs = _configs(result)
        learned: dict[str, Description] = {}
        for name, config in configs.items():
            if name.startswith("bthomedevice:"):
                before = known.get(f"{gateway}/{name}")
                kept = {prop.name: prop for prop in before.properties} if before is not None else {}
                learned[f"{gateway}/{name}"] = self._child(gateway, name, config, kept)
        for name, config in configs.items():
            address = blu.address_of(config.get("addr"))
            prop = blu.property_of(name, config) if name.startswith("bthomesensor:") else None
            child = blu.child_at(gateway, address, known, learned) if prop is not None and address else None
            if prop is not None and child is not None:
                sensors = {**{one.name: one for one in child.properties}, name: prop}
                said = {"name": child.name, "model_id": child.model, "addr": child.text}
                learned[child.device] = self._child(gateway, child.device.rpartition("/")[2], said, sensors)
        listed = {name: KINDS.get(name.partition(":")[0], Kind.OTHER) for name in configs}
        own = self._seen(gateway, listed, {**known, **learned}, source) if listed else ()
        changed = [item for item in (*own, *learned.values()) if known.get(item.device) != item]
        return Decoded(learned=tuple({item.device: item for item in changed}.values()))


def _wakes(params: Mapping[str, object]) -> int | None:
    """How often a device that sleeps wakes and speaks, where it says so; 0 there is one that does not sleep."""
    system = params.get("sys")
    seconds = system.get("wakeup_period") if isinstance(system, dict) else None
    return seconds if type(seconds) is int and 0 < seconds <= LONGEST_SLEEP_S else None


def _named(prefix: str) -> bool:
    """Whether a prefix is still the one it came with."""
    return prefix.rpartition("/")[2].lower().startswith("shelly")


def _time(seconds: object) -> tuple[str | None, int | None]:
    """A device's Unix seconds as its stamp and in milliseconds; before it learns the time they are no time."""
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        return None, None
    return str(seconds), number_ms(seconds, 1000)


def _configs(result: Mapping[str, object]) -> dict[str, Mapping[str, object]]:
    """The configurations in an answer: of GetComponents, of GetConfig as a whole, or of one BTHome component."""
    found: dict[str, Mapping[str, object]] = {}
    rows = result.get("components")
    for row in rows[:MOST_PARTS] if isinstance(rows, list) else ():
        if isinstance(row, dict) and isinstance(key := row.get("key"), str):
            config, attrs = row.get("config"), row.get("attrs")
            more = {"model_id": attrs.get("model_id")} if isinstance(attrs, dict) else {}
            found[key] = {**config, **more} if isinstance(config, dict) else {}
    parts = list(result.items())[:MOST_PARTS]
    found.update((key, config) for key, config in parts if isinstance(config, dict) and COMPONENT.fullmatch(key))
    number = result.get("id")
    if isinstance(number, int) and not isinstance(number, bool) and "addr" in result:
        found[f"{'bthomesensor' if 'obj_id' in result else 'bthomedevice'}:{number}"] = result
    return found
