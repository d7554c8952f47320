"""Home Assistant's MQTT discovery: devices that say themselves which topics they speak on and what their values are.

ESPHome, Tasmota, Theengs, OpenMQTTGateway, scripts for Shelly and much that people build introduce themselves so, on
`homeassistant/<component>/[<node>/]<object>/config`, or whole on `homeassistant/device/<object>/config`. Their states
may come on any topic: the catalogue finds this adapter by what is known (`devices/known.py`).

A device's address is `homeassistant/<its first identifier>`. What lies on topics of an ecosystem that Handrail reads
itself (Zigbee2MQTT introduces its devices here too) is reported as introduced and never becomes a second device.

| it hears | it becomes |
|---|---|
| a configuration, abbreviated or not, of one component or of a device | a device with all that it introduced so far |
| the same topic, empty | that part is forgotten; a device none of whose parts are left is forgotten |
| a state, through its value template | the kind of its device class, or of its own name where it has none |
| a device trigger, an event | `button` with its gesture, a press; `emergency` where it names one |
| a state that is active and takes itself back (`off_delay`) | a press |
| availability, one topic or several | `availability` |
| `unavailable`, `unknown`, `None`, `nan`, nothing | nothing |

Sources: Home Assistant's documentation "MQTT" (discovery, availability) and of each component; ESPHome's "MQTT client
component".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from devices.adapter import NOTHING, Adapter, Decoded, Description, Introduced, Known, Message, Refused
from devices.commands import Command
from devices.discovery_commands import encode
from devices.discovery_config import LONGEST_NAME, UNSAFE, Config, Refusal, configs_of, device_of, identity, parted
from devices.discovery_device import Draft, Table, moved, readings, without
from devices.discovery_entities import Maker
from devices.discovery_read import event_of
from devices.entity import Entity
from devices.events import EMERGENCY_KINDS, Event, Kind
from devices.known import by_source, on_topic
from devices.template_values import NO_JSON, json_of
from devices.topics import matches

REPEAT_WINDOW_MS = 1000
"""A device that has both a trigger and an event for its button publishes both at once."""
MOST_DEVICES = 3000
"""More than any home has; whoever invents devices must not fill the memory."""
LONGEST_STATE_BYTES = 262_144
MOST_EVALUATED = 120_000
"""So many letters of a message are put through templates that need the engine, one template after the other; behind
that emergencies are looked for in the message as it came. A message of 2 KB may have sixty of them."""
TOO_MUCH = "{{ too_much() }}"
"""A template that is never evaluated."""


def line_of(node: str) -> str:
    """The address under which an ESPHome node is known that nobody introduced."""
    return f"esphome/{UNSAFE.sub('_', node.removeprefix('esphome/'))[:LONGEST_NAME]}"


class Discovery:
    """The adapter of all devices below one discovery prefix. `native` are the adapters whose topics are not its own."""

    def __init__(self, native: Sequence[Adapter] = (), prefix: str = "homeassistant") -> None:
        self.prefix = prefix.strip("/")
        self.name = "homeassistant_discovery"
        self.filters: tuple[str, ...] = (f"{self.prefix}/#",)
        self.urgent_filters: tuple[str, ...] = ()
        self.repeat_window_ms = REPEAT_WINDOW_MS
        self._native = tuple(
            (name, adapter.name.partition("_")[0], frozenset(name.split("/")) - {"+", "#"})
            for adapter in native
            for name in adapter.filters
        )
        self._tables: dict[str, tuple[Description, Table]] = {}

    def decode(self, message: Message, known: Known) -> Decoded:
        """Read one message. Never raises: what cannot be read is `Decoded(error=reason)`."""
        topic = message.topic
        devices = on_topic(known, topic)
        if devices:
            return self._state(message, devices, known)
        names = parted(self.prefix, topic)
        if names is not None:
            return self._introduction(message, names, known)
        # Home Assistant itself and its mirrors speak here too.
        ours = topic == self.prefix or topic.startswith(f"{self.prefix}/")
        return NOTHING if ours else Decoded(error="nobody introduced a device that speaks on this topic")

    def encode(self, command: Command, known: Known) -> tuple[Message, ...] | Refused:
        """The messages that carry out a command, or why the device cannot do it."""
        return encode(self.prefix, command, known)

    def topics_of(self, device: str) -> tuple[str, ...]:
        """None before it has introduced itself: nobody knows where it will speak. After that, see its description."""
        return ()

    # -- introductions ----------------------------------------------------------------------------------------------

    def _introduction(self, message: Message, names: tuple[str, str, str], known: Known) -> Decoded:
        changed: dict[str, Description | None] = {}
        if not message.payload.strip():
            self._remove(message.topic, "", known, changed)
            return _decoded(changed, [])
        try:
            configs = configs_of(message.topic, names, message.payload)
        except Refusal as refusal:
            return Decoded(error=str(refusal))
        introduced: list[Introduced] = []
        maker, drafts = Maker(len(configs)), dict[str, Draft]()
        for config in (config for config in configs if config.removed):
            self._remove(config.source, "", known, changed)
        for config in (config for config in configs if not config.removed):
            entity = maker.entity(config)
            if entity is not None:
                self._take(config, entity, known, changed, drafts, introduced)
        if len(known) + len(drafts) > MOST_DEVICES and not drafts.keys() <= known.keys():
            return Decoded(error=f"there are more than {MOST_DEVICES} devices already")
        changed.update((device, draft.described(device)) for device, draft in drafts.items())
        return _decoded(changed, introduced)

    def _take(
        self,
        config: Config,
        entity: Entity,
        known: Known,
        changed: dict[str, Description | None],
        drafts: dict[str, Draft],
        introduced: list[Introduced],
    ) -> None:
        """Add one component to its device."""
        said = [read.topic for read in entity.reads if read.kind is not Kind.AVAILABILITY]
        said += [str(topic) for name, topic in entity.settings.items() if name.endswith("_topic")]
        native = next((topic for topic in said if self._is_native(topic, config)), None)
        if native is not None:
            introduced.append(Introduced(device=native, kind=entity.kind, name=entity.name))
            return
        device = identity(self.prefix, config)
        introduced.append(Introduced(device=device, kind=entity.kind, name=entity.name))
        if not said:
            return
        self._remove(config.source, device, known, changed)
        self._remove_guesses(device, said, known, changed)
        self._remove_lines(entity, known, changed)
        if device not in drafts:
            drafts[device] = Draft(changed[device] if device in changed else known.get(device), config)
        drafts[device].put(self._on_own_topics(entity, said))

    def _on_own_topics(self, entity: Entity, said: list[str]) -> Entity:
        """A device names topics of its own; one that names Handrail's, or what introduces devices, is not believed."""
        foreign = next((topic for topic in said if self._is_ours(topic)), None)
        if foreign is not None:
            reason = f"{entity.name}: it names the topic {foreign[:80]}, which is not a device's"
            return replace(entity, reads=(), settings={}, unclear=reason)
        kept = tuple(
            read
            for read in entity.reads
            if read.kind is not Kind.AVAILABILITY
            or not (self._is_ours(read.topic) or self._is_native(read.topic, None))
        )
        return entity if len(kept) == len(entity.reads) else replace(entity, reads=kept)

    def _is_ours(self, topic: str) -> bool:
        return topic.startswith(("handrail/", "$")) or parted(self.prefix, topic) is not None

    def _is_native(self, topic: str, config: Config | None) -> bool:
        """Whether an ecosystem's own adapter reads this topic.

        A filter that begins with a name is sure. One that only has a form, such as `+/status/+`, fits what people build
        as well: there the introduction, or the topic, must bear the ecosystem's name.
        """
        levels = set(topic.split("/"))
        for name, ecosystem, words in self._native:
            if words <= levels and matches(name, topic):
                is_sure = name[0] not in "+#"
                if is_sure or (config is not None and _bears(config, topic, ecosystem)):
                    return True
        return False

    def _remove(self, source: str, to: str, known: Known, changed: dict[str, Description | None]) -> None:
        """Take what this introduced from every device, but for the one `to` which it belongs now."""
        for device in by_source(known, source.partition(" ")[0]):
            before = changed[device] if device in changed else known.get(device)
            if device == to or before is None:
                continue
            if not to:
                changed[device] = without(before, source)
            elif any(part.source == source for part in before.entities):
                changed[device] = moved(before, source, to)

    def _remove_guesses(
        self, device: str, said: list[str], known: Known, changed: dict[str, Description | None]
    ) -> None:
        """What another adapter made of these topics, before their device said itself what they are."""
        for topic in said:
            for other in on_topic(known, topic):
                before = changed[other] if other in changed else known.get(other)
                if before is not None and other != device and before.ecosystem != self.name:
                    changed[other] = moved(before, topic, device)

    def _remove_lines(self, entity: Entity, known: Known, changed: dict[str, Description | None]) -> None:
        """An ESPHome node says that it is online before it introduces itself: that was nobody else."""
        for read in entity.reads:
            node, _, last = read.topic.rpartition("/")
            row = known.get(line_of(node)) if last == "status" and read.kind is Kind.AVAILABILITY else None
            if row is not None and not row.entities:
                changed[row.device] = None

    # -- states -----------------------------------------------------------------------------------------------------

    def _state(self, message: Message, devices: tuple[str, ...], known: Known) -> Decoded:
        if not message.payload:
            return NOTHING
        if len(message.payload) > LONGEST_STATE_BYTES:
            return Decoded(error=f"a state of {len(message.payload)} bytes is too long")
        try:
            text = message.payload.decode()
        except UnicodeDecodeError:
            return Decoded(error="the state is not text")
        data = json_of(message.payload) if text[:1] in '{["-0123456789tfn ' else NO_JSON
        calls: list[Event] = []
        states: list[Event] = []
        learned: list[Description] = []
        for device in devices:
            description = known.get(device)
            if description is None:
                continue
            found = self._events(description, message.topic, text, data)
            if len(devices) > 1:
                shared = description.gateway or self._shared(message.topic)
                if not description.gateway and any(event.kind is Kind.AVAILABILITY for event in found):
                    learned.append(replace(description, gateway=shared))
                found = [_of_gateway(event, shared) for event in found]
            # One message is one call, whoever and however many parts of a device tell of it.
            presses = [event for event in found if event.press]
            alarms = [event for event in found if not event.press and event.kind in EMERGENCY_KINDS]
            quiet = (event for event in found if not event.press and event.kind not in EMERGENCY_KINDS)
            states += [event for event in quiet if event not in states]
            if not calls:
                calls = alarms + sorted(presses, key=lambda event: event.kind not in EMERGENCY_KINDS)[:1]
        return Decoded(events=(*calls, *states), learned=tuple(learned))

    def _shared(self, topic: str) -> str:
        """The address of what several devices call their availability, where none of them named a gateway."""
        return f"{self.prefix}/{UNSAFE.sub('_', topic)[:LONGEST_NAME]}"

    def _events(self, description: Description, topic: str, text: str, data: object) -> list[Event]:
        kept = self._tables.get(description.device)
        if kept is None or kept[0] is not description:
            kept = (description, readings(description))
            self._tables[description.device] = kept
        found: list[Event] = []
        spent = 0
        for read in kept[1].get(topic, ()):
            is_costly = bool(read.template) and _needs_engine(read.template)
            spent += len(text) if is_costly else 0
            cheap = replace(read, template=TOO_MUCH) if is_costly and spent > MOST_EVALUATED else read
            event = event_of(description.device, cheap, text, data, REPEAT_WINDOW_MS)
            if event is not None and event not in found:
                found.append(event)
        return found


def _of_gateway(event: Event, gateway: str) -> Event:
    """What is said of several devices at once that hang on one gateway is said of the gateway."""
    return replace(event, device=gateway) if event.kind is Kind.AVAILABILITY else event


def _bears(config: Config, topic: str, ecosystem: str) -> bool:
    """Whether an introduction or its topic has the ecosystem's name in it."""
    origin = config.settings.get("origin")
    blocks = (device_of(config), origin if isinstance(origin, dict) else {})
    said = [str(value)[:400] for block in blocks for value in block.values()]
    return ecosystem in " ".join((topic, config.source, *said)).casefold()


def _decoded(changed: dict[str, Description | None], introduced: list[Introduced]) -> Decoded:
    learned = tuple(row for row in changed.values() if row is not None)
    forgotten = tuple(device for device, row in changed.items() if row is None)
    return Decoded(learned=learned, forgotten=forgotten, introduced=tuple(introduced))


def _needs_engine(template: str) -> bool:
    """Whether a template is more than a path through a filter or two; the engine is loaded with the first of them."""
    from devices.templates import needs_engine

    return needs_engine(template)
