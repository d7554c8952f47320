"""Messages that nobody meant: real-looking ones of every sort, broken in every way we could think of, by a seed.

None of them may be read as a call for help. Whether one would be is asked of the adapters themselves, of what devices
are for, and of the reader of requests (`calls`): what they say is a press stays out, so that any alarm is one that
nobody made.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from devices.adapter import Description, Message
from devices.catalogue import Catalogue
from devices.events import is_active
from devices.registry import Registry, meaning
from devices.topics import publishable
from hub.requests import UnreadableRequest, read_request
from rules.alerting.levels import LEVEL_OF
from tests.contract.home_parts import TOP
from tests.mutations import mutated

WALL_MS = 1_790_000_000_000
SPEAKS = frozenset({"call", "assist"})
"""Requests that are calls for help."""
HUGE = (2**63 - 1, 2**64 - 1, -(2**63) - 1, 10**400, 1e308, -1e308, 5e-324, 0.1 + 0.2)
STRANGE: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    "",
    " ",
    "\0",
    "null",
    "ON",
    [],
    {},
    [[]],
    {"a": {}},
    "é\u202e",
    "x" * 5_000,
    *HUGE,
)
NAMES = ("room-001-door", "room-001-bed", "room-001-motion", "room-001-light", "room-002-door", "room-002-motion")
ODD_NAMES = ("Küche/Fenster", "床", "a b  c", "x" * 300, "deep/" * 60 + "end", "$SYS", "..", "%s%n", "room-001-door ")
ASKS = ("claim", "attend", "close", "promise", "ok", "sign_on", "sign_off", "command", "mode", "not_ours", "ours", "x")


@dataclass(frozen=True, slots=True)
class Said:
    """One message to be published."""

    topic: str
    payload: bytes
    qos: int
    retain: bool
    answer_on: str | None = None


def _state(rng: random.Random) -> tuple[str, object]:
    name = rng.choice((*NAMES, *NAMES, *ODD_NAMES))
    said: dict[str, object] = {"linkquality": rng.randrange(256), "battery": rng.randrange(101)}
    said |= rng.choice(
        (
            {"contact": rng.random() < 0.5},
            {"occupancy": rng.random() < 0.5},
            {"state": rng.choice(("ON", "OFF", "LOCK")), "brightness": rng.randrange(255)},
            {"temperature": rng.uniform(-40, 90), "humidity": rng.uniform(0, 100)},
            {"action": "", "voltage": 3_000},
            {"action": None, "last_seen": WALL_MS},
            {"update": {"state": "idle"}, "last_seen": "2026-11-22T03:00:00.123Z", "tamper": False},
            {"smoke": False, "water_leak": False, "position": 30, "state_l1": "ON"},
        )
    )
    return f"zigbee2mqtt/{name}", said


def _bridge(rng: random.Random) -> tuple[str, object]:
    name = rng.choice(ODD_NAMES)
    expose = {"type": "enum", "name": "action", "property": "action", "access": 1, "values": ["emergency", "single"]}
    device = {
        "friendly_name": rng.choice((name, f"{name}\x01", "a/" * 300, f"{name}\ufffe", f"+/{name}")),
        "ieee_address": "0x00124b0000000001",
        "type": "EndDevice",
        "definition": {"model": "SOS1", "vendor": "V", "description": "SOS button", "exposes": [expose]},
    }
    return rng.choice(
        (
            ("zigbee2mqtt/bridge/devices", [device] * rng.randint(0, 3)),
            ("zigbee2mqtt/bridge/event", {"type": "device_joined", "data": {"friendly_name": name}}),
            ("zigbee2mqtt/bridge/state", {"state": "online"}),
            ("zigbee2mqtt/bridge/logging", {"level": "info", "message": 'payload \'{"action":"emergency"}\''}),
            (f"zigbee2mqtt/{name}/availability", {"state": "online"}),
            (f"zigbee2mqtt/{name}/set", {"state": "ON"}),
            (f"zigbee2mqtt/{name}/temperature", rng.uniform(0, 30)),
            ("zigbee2mqtt/bridge/groups", [{"id": 1, "members": []}]),
        )
    )


def _radio(rng: random.Random) -> tuple[str, object]:
    frame: dict[str, object] = {
        "time": "2026-11-22 03:00:00",
        "model": "Honeywell-Security",
        "id": rng.randrange(10**6),
        "channel": 8,
        "event": 160,
        "contact_open": rng.randrange(2),
        "alarm": 0,
        "tamper": 0,
        "battery_ok": rng.randrange(2),
        "heartbeat": 0,
    }
    weather: dict[str, object] = {"time": str(WALL_MS / 1000), "model": "Acurite-Tower", "id": 3, "temperature_C": 20.5}
    return rng.choice(
        (
            ("rtl_433/attic/events", frame),
            ("rtl_433/attic/events", weather),
            ("rtl_433/attic/devices/Honeywell-Security/8/4711/contact_open", rng.randrange(2)),
            ("rtl_433/attic/devices/Acurite-Tower/A/3/temperature_C", rng.uniform(-40, 90)),
            ("rtl_433/attic/states", {"center_frequency": 433920000}),
        )
    )


def _request(rng: random.Random) -> tuple[str, object]:
    asked: dict[str, object] = {
        "id": str(rng.randrange(10**9)),
        "do": rng.choice(ASKS),
        "alert": f"a{rng.randrange(40, 100_000):05}",
        "by": rng.choice(("carer-1", "carer-9", "", "é" * 100)),
        "until": rng.choice(("600", "2026-11-22T03:00:00Z", 10**9, "²")),
        "reason": rng.choice(("on", "off", "", "because")),
        "room": "001",
        "device": rng.choice(("room-001-light", "nobody", "zigbee2mqtt/床")),
    }
    return f"{TOP}/do/{rng.choice(('dashboards', 'room-001', 'é', 'x' * 300))}", asked


def _ours(rng: random.Random) -> tuple[str, object]:
    """What only the hub should say, said by somebody else."""
    what = rng.choice(("alert/a00001", "alert/a9", f"alert/{'x' * 200}", "done/1", "room/001", "alert/é"))
    return f"{TOP}/{what}", {"id": "a00001", "version": 10**6, "state": "told", "level": "emergency"}


TEMPLATES: Sequence[Callable[[random.Random], tuple[str, object]]] = (_state, _state, _bridge, _radio, _request, _ours)


def _deep(depth: int) -> bytes:
    return b'{"contact":' + b"[" * depth + b"]" * depth + b"}"


def _broken(rng: random.Random, value: object) -> bytes:
    """The value as bytes, with something wrong about it."""
    whole = orjson.dumps(value)
    match rng.randrange(14):
        case 0:
            return b""
        case 1:
            return whole[: rng.randrange(len(whole) + 1)]
        case 2:
            return _deep(rng.choice((10, 1_000, 60_000)))
        case 3:
            return whole.replace(b"{", b'{"contact":true,"contact":"x","contact":null,', 1)
        case 4:
            return b'{"battery":%b,"temperature":%b}' % tuple(
                rng.choices((b"NaN", b"-Infinity", b"1e9999", b"-0"), k=2)
            )
        case 5:
            return whole.replace(b'"', b'"\xff\xc3', 1)
        case 6:
            return rng.randbytes(rng.choice((1, 40, 4_000)))
        case 7:
            return rng.choice((b"null", b"[]", b"0", b'""', b"true", b"{}", b"\xef\xbb\xbf{}", b" ", b"online", b"\0"))
        case 8:
            return b'{"x%d":1,' % rng.randrange(10) * rng.choice((1, 500)) + whole[1:]
        case 9 | 10 if isinstance(value, dict):
            changed: dict[str, Any] = dict(value)
            for name in rng.sample(sorted(changed), rng.randint(1, len(changed))):
                changed[name] = rng.choice(STRANGE)
            # Python's own writer takes numbers that no other does.
            return repr(changed).replace("'", '"').encode(errors="replace") if rng.random() < 0.2 else _dumps(changed)
        case 11:
            return whole * rng.choice((2, 300))
        case 12:
            return whole
    return mutated(rng, whole)


def _dumps(value: object) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # an integer of more than 64 bits
        import json

        return json.dumps(value).encode()


def _topic(rng: random.Random, topic: str) -> str:
    """Nearly always as it is; sometimes with something else in it that a broker still takes."""
    match rng.randrange(40):
        case 0:
            return f"{topic}/{rng.choice(('action', 'é', 'x' * 60_000, 'a/' * 120, '', 'set', 'get'))}"
        case 1:
            at = rng.randrange(len(topic))
            return topic[:at] + rng.choice(("é", "\U0001f9d3", "/", "//", " ", "%", "\u202e", "")) + topic[at:]
        case 2:
            return mutated(rng, topic.encode()).decode(errors="replace")
    return topic


def endless(rng: random.Random) -> Iterator[Said]:
    """Messages for ever, every sort again and again; no topic has a wildcard or anything a broker refuses."""
    answers = (
        None,
        None,
        None,
        "me/answers",
        "a/" * 150,
        "a/" * 400,
        f"{TOP}/status",
        "zigbee2mqtt/room-001-light/set",
    )
    while True:
        topic, value = rng.choice(TEMPLATES)(rng)
        topic = _topic(rng, topic)
        # The hub's own voice is what the test listens to.
        if not publishable(topic) or topic.startswith("$") or topic in (f"{TOP}/log", f"{TOP}/status"):
            continue
        answer_on = rng.choice(answers) if "/do/" in topic else None
        yield Said(topic, _broken(rng, value), rng.choice((0, 1, 1, 2)), rng.random() < 0.1, answer_on)


def asks(topic: str) -> bool:
    """Whether it is one on which the hub takes requests."""
    start, _, client = topic.rpartition("/")
    return start == f"{TOP}/do" and client != "#"


class Oracle:
    """What the pure parts say of a message: whether it is a call for help, and whether it can be read."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._catalogue = Catalogue()
        self.told: dict[str, list[Description]] = {}
        """What devices said about themselves, by their topic: any of it may be known when a message comes."""

    def learn(self, said: Said) -> None:
        """Remember what this message would teach."""
        adapter = self._catalogue.adapter_for(said.topic)
        if adapter is not None:
            for found in adapter.decode(Message(said.topic, said.payload), {}).learned:
                self.told.setdefault(found.device, []).append(found)

    def _knowledge(self, topic: str) -> list[Mapping[str, Description]]:
        return [{}, *({topic: found} for found in self.told.get(topic, ()))]

    def calls(self, said: Said) -> bool:
        """Whether somebody could be told because of it, with whatever may be known then."""
        if asks(said.topic):
            try:
                return read_request("x", said.payload, WALL_MS).do in SPEAKS
            except UnreadableRequest:
                return False
        adapter = self._catalogue.adapter_for(said.topic)
        if adapter is None:
            return False
        message = Message(said.topic, said.payload)
        for known in self._knowledge(said.topic):
            for event in adapter.decode(message, known).events:
                for can_call in (False, True):
                    meant = meaning(event, self._registry.by_address(event.device), can_call=can_call)
                    if meant.kind in LEVEL_OF and (meant.press or is_active(meant.kind, meant.value)):
                        return True
        return False

    def unreadable(self, said: Said) -> bool | None:
        """Whether it belongs into quarantine; `None` where that depends on what is known when it comes."""
        if asks(said.topic):
            try:
                read_request("x", said.payload, WALL_MS)
            except UnreadableRequest:
                return True
            return False
        adapter = self._catalogue.adapter_for(said.topic)
        if adapter is None:
            return False
        message = Message(said.topic, said.payload)
        errors = {adapter.decode(message, known).error is not None for known in self._knowledge(said.topic)}
        return errors.pop() if len(errors) == 1 else None

    def devices(self, said: Said) -> set[str]:
        """Whose events it surely brings."""
        adapter = self._catalogue.adapter_for(said.topic)
        if adapter is None or len(self._knowledge(said.topic)) > 1:
            return set()
        return {event.device for event in adapter.decode(Message(said.topic, said.payload), {}).events}


def harmless(rng: random.Random, oracle: Oracle, count: int) -> list[Said]:
    """So many messages that call nobody, whichever of the others came before them."""
    found: list[Said] = []
    source = endless(rng)
    while len(found) < count:
        said = next(source)
        oracle.learn(said)
        found.append(said)
        if len(found) == count:
            # What is known changes with all of them, so they are asked when all of it is.
            found = [message for message in found if not oracle.calls(message)]
    return found
