"""Zigbee2MQTT: what its devices say, and how lights and sirens are told what to do.

A device's address is the topic of its state, `<base>/<friendly name>`, so that the commonest message is found
with one look into a dictionary. Devices that have introduced themselves (`bridge/devices`) are read by what they
expose, all others by the names of their values.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

import orjson

from devices.adapter import NOTHING, Decoded, Description, Known, Message, Refused
from devices.commands import Command
from devices.events import Event, Kind, Value
from devices.spoken import spoken
from devices.stamps import iso_ms, number_ms
from devices.zigbee2mqtt_commands import encode
from devices.zigbee2mqtt_inventory import address, contradiction, describe, topics_of
from devices.zigbee2mqtt_properties import EMERGENCY_ACTIONS, How, Reader, Scalar, fall, guessed_reader, number, reader

REPEAT_WINDOW_MS = 500
"""One press arrives as JSON and as plain `/action`, a few milliseconds apart."""
MOST_VALUES = 400
"""More values than any device has; a longer message is read up to here, so that no message can hold up the next."""
LONGEST_NAME = 64

LIGHT_KEYS = frozenset({"brightness", "color", "color_temp", "color_mode"})
SWITCH_WORDS: dict[Scalar, Value] = {"ON": "on", "OFF": "off"}
LOCK_WORDS: dict[Scalar, Value] = {"LOCK": "locked", "UNLOCK": "unlocked"}
COVER_WORDS: dict[Scalar, Value] = {"OPEN": "open", "CLOSE": "closed", "STOP": None}
AVAILABILITY_WORDS = {"online": "online", "offline": "offline"}
COMES_AND_GOES = frozenset({"device_leave", "device_joined", "device_announce"})

Table = dict[str, Reader | None]


class Zigbee2MQTT:
    """The adapter of one Zigbee2MQTT, known by its base topic."""

    def __init__(self, base: str = "zigbee2mqtt") -> None:
        self.base = base.strip("/")
        self.name = "zigbee2mqtt"
        self.filters: tuple[str, ...] = (f"{self.base}/#",)
        self.urgent_filters: tuple[str, ...] = ()
        self.repeat_window_ms = REPEAT_WINDOW_MS
        self._prefix = f"{self.base}/"
        self._tables: dict[str, tuple[Description, Table]] = {}

    def decode(self, message: Message, known: Known) -> Decoded:
        """Read one message. Never raises: what cannot be read is `Decoded(error=reason)`."""
        topic = message.topic
        description = known.get(topic)
        if description is not None:
            return self._state(topic, message.payload, description)
        if not topic.startswith(self._prefix):
            return Decoded(error=f"the topic is not below {self._prefix}")
        rest = topic[len(self._prefix) :]
        if rest.startswith("bridge/"):
            return self._bridge(rest[7:], message.payload, known)
        return self._other_topic(topic, rest, message.payload, known)

    def encode(self, command: Command, known: Known) -> tuple[Message, ...] | Refused:
        """The message that carries out a command, or why the device cannot do it."""
        return encode(self.base, command, known)

    def topics_of(self, device: str) -> tuple[str, ...]:
        """The device's own topic and those directly below it."""
        return topics_of(device) if device.startswith(self._prefix) else ()

    def _other_topic(self, topic: str, rest: str, payload: bytes, known: Known) -> Decoded:
        """A device nobody described, or one of the topics below a device's own."""
        name, _, last = rest.rpartition("/")
        if name:
            above = name.rpartition("/")[2]
            if last in ("set", "get") or above in ("set", "get"):
                return NOTHING
            is_json = payload[:1] == b"{"
            device = address(self.base, name)
            if last == "availability":
                return self._availability(device, payload)
            if last == "action" and not is_json:
                return self._plain_action(device, payload)
            if not is_json:
                return self._plain_value(device, last, payload, known.get(device))
        if not rest:
            return Decoded(error="the topic names no device")
        return self._state(topic, payload, None)

    def _state(self, device: str, payload: bytes, description: Description | None) -> Decoded:
        """The JSON state of a device: every value it has, the old ones repeated with the new."""
        if not payload:
            return NOTHING
        try:
            data = orjson.loads(payload)
        except orjson.JSONDecodeError as error:
            return Decoded(error=f"the state of {device} is not JSON: {error}")
        if data.__class__ is not dict:
            return Decoded(error=f"the state of {device} is not a JSON object")
        return Decoded(events=self._events(device, data, description))

    def _events(self, device: str, data: dict[str, object], description: Description | None) -> tuple[Event, ...]:
        table = self._table(device, description)
        seen = data.get("last_seen")
        stamp = at_ms = None
        if seen is not None and isinstance(seen, (str, int, float)) and not isinstance(seen, bool):
            stamp = str(seen)
            at_ms = iso_ms(seen) if isinstance(seen, str) and "-" in seen else number_ms(seen, 1)
        events: list[Event] = []
        values = data.items() if len(data) <= MOST_VALUES else islice(data.items(), MOST_VALUES)
        for key, value in values:
            how = table.get(key, table)
            if how is table:
                how = self._guessed(key, value, data, description, table)
            if how is None or value is None or not isinstance(how, Reader):
                continue
            event = _event(device, how, value, stamp, at_ms)
            if event is not None:
                events.append(event)
        return tuple(events)

    def _table(self, device: str, description: Description | None) -> Table:
        """The readers of a described device, made once; the memo holds the description, so a new one is noticed."""
        if description is None:
            return {}
        kept = self._tables.get(device)
        if kept is not None and kept[0] is description:
            return kept[1]
        table: Table = {prop.name: reader(prop) for prop in description.properties}
        self._tables[device] = (description, table)
        return table

    def _guessed(
        self, key: str, value: object, data: Mapping[str, object], description: Description | None, table: Table
    ) -> Reader | None:
        """A value that was not announced, read by its name; the answer is kept in a described device's table."""
        if len(key) > LONGEST_NAME:
            return None
        if key.startswith("state") and isinstance(value, str) and (description is None or not description.properties):
            how = _state_reader(key, value, data)
            if how is not None:
                return how
        how = guessed_reader(key, description is not None)
        if description is not None and len(table) < MOST_VALUES:
            table[key] = how
        return how

    def _plain_action(self, device: str, payload: bytes) -> Decoded:
        """`<device>/action`: the same press again, in plain text."""
        try:
            action = payload.decode().strip().strip('"')
        except UnicodeDecodeError:
            return Decoded(error=f"the action of {device} is not text")
        if not action or action == "null":
            return NOTHING
        return Decoded(events=(_press(device, action, None, None),))

    def _plain_value(self, device: str, name: str, payload: bytes, description: Description | None) -> Decoded:
        """`<device>/<name>`: one value on a topic of its own, as `output: attribute` publishes it."""
        if not payload:
            return NOTHING
        try:
            value: object = orjson.loads(payload)
        except orjson.JSONDecodeError:
            try:
                value = payload.decode()
            except UnicodeDecodeError:
                return Decoded(error=f"{name} of {device} is neither JSON nor text")
        if isinstance(value, (dict, list)):
            return NOTHING if isinstance(value, list) else Decoded(error=f"{name} of {device} is not a plain value")
        return Decoded(events=self._events(device, {name: value}, description))

    def _availability(self, device: str, payload: bytes) -> Decoded:
        """`{"state":"online"}` since 1.29, `online` before."""
        if not payload:
            return NOTHING
        try:
            said: object = orjson.loads(payload)
        except orjson.JSONDecodeError:
            said = payload.decode(errors="replace").strip()
        if isinstance(said, dict):
            said = said.get("state")
        word = AVAILABILITY_WORDS.get(said.lower()) if isinstance(said, str) else None
        if word is None:
            return Decoded(error=f"the availability of {device} is neither online nor offline")
        return Decoded(events=(Event(device=device, kind=Kind.AVAILABILITY, value=word),))

    def _bridge(self, what: str, payload: bytes, known: Known) -> Decoded:
        """What the bridge says of itself. Log lines may quote an emergency; nothing but these three topics is read."""
        if what == "devices":
            return self._inventory(payload, known)
        if what == "state":
            return self._availability(f"{self._prefix}bridge", payload)
        if what == "event":
            return self._comes_and_goes(payload)
        return NOTHING

    def _inventory(self, payload: bytes, known: Known) -> Decoded:
        """The whole list of devices: who is there, and who is there no more."""
        try:
            entries: object = orjson.loads(payload)
        except orjson.JSONDecodeError as error:
            return Decoded(error=f"bridge/devices is not JSON: {error}")
        if not isinstance(entries, list):
            return Decoded(error="bridge/devices is not a list")
        found = [describe(self.base, entry) for entry in entries if isinstance(entry, dict)]
        named: dict[str, list[Description]] = {}
        for item in found:
            if item is not None:
                named.setdefault(item.device, []).append(item)
        learned = {device: contradiction(same) for device, same in named.items()}
        forgotten = tuple(device for device in known if device.startswith(self._prefix) and device not in learned)
        return Decoded(learned=tuple(learned.values()), forgotten=forgotten)

    def _comes_and_goes(self, payload: bytes) -> Decoded:
        """A device joined or left; `bridge/devices` follows, so this is only kept and shown."""
        try:
            event: object = orjson.loads(payload)
        except orjson.JSONDecodeError as error:
            return Decoded(error=f"bridge/event is not JSON: {error}")
        data = event.get("data") if isinstance(event, dict) else None
        name = data.get("friendly_name") if isinstance(data, dict) else None
        kind = event.get("type") if isinstance(event, dict) else None
        if not isinstance(name, str) or not isinstance(kind, str) or kind not in COMES_AND_GOES:
            return NOTHING
        return Decoded(events=(Event(device=address(self.base, name), kind=Kind.OTHER, value=kind, field="bridge"),))


def _state_reader(key: str, value: str, data: Mapping[str, object]) -> Reader | None:
    """`state` or `state_left` of a device nobody described: its word says whether it is a switch, a lock or a cover."""
    end = key[5:]
    if end and not end.startswith("_"):
        return None
    field = key if end else None
    if value in SWITCH_WORDS:
        is_light = f"brightness{end}" in data or any(name in data for name in LIGHT_KEYS)
        return Reader(how=How.WORDS, kind=Kind.LIGHT if is_light else Kind.SWITCH, field=field, words=SWITCH_WORDS)
    if value in LOCK_WORDS:
        return Reader(how=How.WORDS, kind=Kind.LOCK, field=field, words=LOCK_WORDS)
    if value in COVER_WORDS:
        return Reader(how=How.WORDS, kind=Kind.COVER, field=field, words=COVER_WORDS)
    return None


def _press(device: str, action: str, stamp: str | None, at_ms: int | None) -> Event:
    """A press: an emergency where the action names one, a gesture otherwise.

    A stamp tells two presses apart unless it counts whole seconds, as `last_seen: ISO_8601_local` does.
    """
    names_one = action in EMERGENCY_ACTIONS
    return Event(
        device=device,
        kind=Kind.EMERGENCY if names_one else Kind.BUTTON,
        value=True if names_one else action,
        press=True,
        stamp=stamp,
        at_ms=at_ms,
        press_id=None if stamp is not None and "T" in stamp and "." not in stamp else stamp,
        repeat_window_ms=REPEAT_WINDOW_MS,
    )


def _event(device: str, how: Reader, value: object, stamp: str | None, at_ms: int | None) -> Event | None:
    """The event of one value; `None` where it says nothing."""
    if isinstance(value, (dict, list)):
        return None
    what = how.how
    unit = None
    meaning: Value
    if what is How.WORDS:
        words = how.words
        meaning = words.get(value) if words is not None and isinstance(value, (str, bool, int, float)) else None
        if meaning is None and how.kind is Kind.OTHER:
            meaning = value if isinstance(value, (str, bool, int, float)) else None
    elif what is How.NUMBER:
        meaning, unit = number(value, how), how.unit
        if isinstance(value, str) and meaning is None:
            return None
    elif what is How.PRESS:
        if isinstance(value, bool) or value == "":
            return None
        return _press(device, str(value), stamp, at_ms)
    elif what is How.FALL:
        meaning = fall(value)
    elif what is How.SPOKEN:
        said = how.words.get(value) if how.words and isinstance(value, (str, bool, int, float)) else None
        meaning = said if said is not None else spoken(how.kind, value)
    else:
        meaning, unit = (value if isinstance(value, (str, bool, int, float)) else None), how.unit
    return Event(device=device, kind=how.kind, value=meaning, unit=unit, field=how.field, stamp=stamp, at_ms=at_ms)
