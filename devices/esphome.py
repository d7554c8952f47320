"""ESPHome without Home Assistant's discovery: nodes known by the form of their topics alone.

A node publishes to `<node>/<component>/<object>/state`; `<node>` is its name unless its configuration says otherwise
(`topic_prefix`), so nothing fixed stands in front. With discovery, ESPHome's default, `devices/discovery.py` reads it
better: it knows the device class. Here an object is what its own name says. Its first state introduces it,
so that its topic can become urgent and its switch be told something; when discovery introduces it later, that counts.

A device's address is `esphome/<node>`.

| it hears | it becomes |
|---|---|
| `<node>/binary_sensor/<object>/state` `ON`, `OFF` | by its name: `sos_button` an emergency, `window` a contact |
| `<node>/sensor/<object>/state` | temperature (°C), humidity, battery, power by the last word of the name; `other` |
| `<node>/switch`, `light`, `lock`, `cover` … `/state` | `switch`, `light`, `lock`, `cover` |
| `<node>/event/<object>/state` | `button`, or `emergency` where it is named so, a press |
| `<node>/status` | `availability`; the first `online` of a node that has said nothing else introduces it |
| `nan`, empty, other words, `…/command` | nothing |

It is told what discovery would have told: `<node>/<component>/<object>/command`.

Source: ESPHome's documentation "MQTT client component" and of each component.
"""

from __future__ import annotations

from functools import lru_cache

from devices.adapter import NOTHING, Decoded, Description, Known, Message, Refused
from devices.commands import Command
from devices.discovery import MOST_DEVICES, REPEAT_WINDOW_MS
from devices.discovery_commands import encode
from devices.discovery_config import UNSAFE, Config
from devices.discovery_device import Draft
from devices.discovery_entities import Maker
from devices.discovery_read import event_of
from devices.entity import Entity, How, Read
from devices.events import Event, Kind
from devices.template_values import NO_JSON, json_of

COMPONENTS = ("binary_sensor", "sensor", "switch", "light", "lock", "cover", "event", "alarm_control_panel")
LAST_WORDS = {"temperature": "°C", "humidity": "%", "battery": "%", "power": "W"}
LONGEST_BYTES = 4096
LONGEST_NAME = 120
STATUS = {"online": "online", "offline": "offline"}


class EspHome:
    """The adapter of all ESPHome nodes that nobody introduced."""

    def __init__(self, base: str = "esphome") -> None:
        self.base = base.strip("/")
        self.name = "esphome"
        self.filters: tuple[str, ...] = (
            f"{self.base}/#",
            *(f"+/{component}/+/state" for component in COMPONENTS),
            "+/status",
        )
        self.urgent_filters: tuple[str, ...] = ()
        self.repeat_window_ms = REPEAT_WINDOW_MS

    def decode(self, message: Message, known: Known) -> Decoded:
        """Read one message. Never raises: what cannot be read is `Decoded(error=reason)`."""
        ours = message.topic.startswith(f"{self.base}/")
        levels = message.topic.removeprefix(f"{self.base}/").split("/")
        is_state = len(levels) == 4 and levels[3] == "state" and levels[1] in COMPONENTS and levels[0] and levels[2]
        is_status = len(levels) == 2 and levels[1] == "status" and levels[0]
        if not is_state and not is_status:
            return NOTHING if ours else Decoded(error="the topic is not of the form <node>/<component>/<object>/state")
        if len(message.payload) > LONGEST_BYTES:
            return Decoded(error=f"a state of {len(message.payload)} bytes is none of ESPHome's")
        try:
            text = message.payload.decode().strip()
        except UnicodeDecodeError:
            return Decoded(error="the state is not text")
        device = f"{self.base}/{UNSAFE.sub('_', levels[0])[:LONGEST_NAME]}"
        if is_status:
            return self._line(device, levels[0], STATUS.get(text), known, ours=bool(ours))
        entity = _entity(message.topic, levels[1], levels[2][:LONGEST_NAME], levels[0][:LONGEST_NAME])
        return self._state(device, levels[0], entity, text, known) if entity is not None else NOTHING

    def encode(self, command: Command, known: Known) -> tuple[Message, ...] | Refused:
        """The messages that carry out a command, or why the device cannot do it."""
        return encode(self.base, command, known)

    def topics_of(self, device: str) -> tuple[str, ...]:
        """None before it has spoken: its topics begin with a name that only its own configuration knows."""
        return ()

    def _line(self, device: str, node: str, word: str | None, known: Known, *, ours: bool) -> Decoded:
        """A node says that it is online before anything else, and one that only has a button says no more for weeks. So
        short a topic may be anybody's: `offline` counts of a node that has spoken."""
        is_new = device not in known
        if word is None or (is_new and not ours and (word != "online" or len(known) >= MOST_DEVICES)):
            return NOTHING
        event = Event(device=device, kind=Kind.AVAILABILITY, value=word)
        if not is_new or word != "online" or len(known) >= MOST_DEVICES:
            return Decoded(events=(event,))
        row = Description(
            device=device,
            name=node[:LONGEST_NAME],
            ecosystem=self.name,
            kinds=(),
            kind=Kind.OTHER,
            text="so far it has only said that it is online",
        )
        return Decoded(events=(event,), learned=(row,))

    def _state(self, device: str, node: str, entity: Entity, text: str, known: Known) -> Decoded:
        """The first state of an object: what it means, and the object itself. Later ones are found by their topic."""
        data = json_of(text.encode()) if text[:1] == "{" else NO_JSON
        reads = [read for read in entity.reads if read.kind is not Kind.AVAILABILITY and _is_its(read, text)]
        found = [event_of(device, read, text, data, REPEAT_WINDOW_MS) for read in reads]
        events = tuple(event for event in found if event is not None)
        if not events or (device not in known and len(known) >= MOST_DEVICES):
            return Decoded(events=events)
        return Decoded(events=events, learned=(_described(device, node, entity, known.get(device)),))


def _is_its(read: Read, text: str) -> bool:
    """ESPHome writes its words in one way; others who publish in this form (Home Assistant's mirror) in another."""
    return read.how is not How.WORDS or bool(read.template) or text in read.words


def _described(device: str, node: str, entity: Entity, before: Description | None) -> Description:
    draft = Draft(before, Config(source=entity.source, component="", object_id="", node=node, settings={}))
    draft.put(entity)
    return draft.described(device, "esphome")


@lru_cache(maxsize=2048)
def _entity(topic: str, component: str, object_id: str, node: str) -> Entity | None:
    """What discovery would have said of this object, as far as its name tells."""
    command = f"{topic.removesuffix('state')}command"
    settings: dict[str, object] = {"state_topic": topic}
    if component in ("switch", "light", "lock", "cover"):
        settings["command_topic"] = command
    if component == "light":
        settings |= {"schema": "json", "brightness": True}
    if component == "sensor":
        last = object_id.removesuffix("_level").rpartition("_")[2]
        settings |= {"device_class": last, "unit_of_measurement": LAST_WORDS[last]} if last in LAST_WORDS else {}
    config = Config(source=topic, component=component, object_id=object_id, node=node, settings=settings)
    return Maker().entity(config)
