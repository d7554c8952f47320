"""From one component's introduction to what Handrail reads and tells: which topic, which template, which words.

Sources: Home Assistant's documentation of each MQTT component: "MQTT binary sensor", "MQTT sensor", "MQTT event", "MQTT
device trigger", "MQTT lock", "MQTT cover", "MQTT switch", "MQTT light", "MQTT siren", "MQTT climate", "MQTT alarm
control panel", "MQTT valve", "MQTT device tracker" for the names and defaults of their settings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from devices import discovery_kinds as kinds
from devices.discovery_config import LONGEST_NAME, Config, Settings, device_of, number, text
from devices.entity import Entity, How, Read
from devices.events import EMERGENCY_KINDS, Kind, Value, canonical
from devices.spoken import SAYS_SO, WORST_FIRST, falls
from devices.topics import publishable

CHECKED, CHECKED_LETTERS = 8, 300
"""How many different templates of one message are looked through when it comes, and how much of them beside the first
(of a message with many parts, with the first); the others are when they are first needed."""
MANY_PARTS = 20
ORDINARY = frozenset({kind.value for kind in Kind} | {"state", "action", "water_leak", "leak", "moisture", "door"})
MOST_AVAILABILITY = 4
QUIET = (
    *("disarmed", "arming", "disarming", "armed_home", "armed_away", "armed_night", "armed_vacation"),
    "armed_custom_bypass",
)
"""What a panel says while nobody raised an alarm; `pending` may be the beginning of one."""
PANIC = frozenset({"panic", "sos"})
SETTINGS_KEPT = (
    *("schema", "command_topic", "command_template", "command_on_template", "command_off_template", "payload_on"),
    *("payload_off", "on_command_type", "brightness", "brightness_scale", "brightness_command_topic"),
    *("brightness_command_template", "color_temp", "color_temp_kelvin", "color_temp_command_topic", "code_format"),
    *("color_temp_command_template", "min_mireds", "max_mireds", "min_kelvin", "max_kelvin", "support_duration"),
    *("support_volume_set", "payload_open", "payload_close", "payload_stop", "payload_lock", "payload_unlock"),
    *("set_position_topic", "set_position_template", "position_open", "position_closed", "optimistic"),
    *("temperature_command_topic", "temperature_command_template", "min_temp", "max_temp", "temperature_unit"),
)


class Maker:
    """Makes the entities of one message."""

    def __init__(self, parts: int = 1) -> None:
        """`parts` is how many components the message has."""
        self._is_many = parts > MANY_PARTS
        self._checked: set[str] = set()
        self._letters = 0

    def entity(self, config: Config) -> Entity | None:
        """What was introduced; `None` where it is no fact of ours."""
        make = MAKERS.get(config.component)
        if make is None:
            return None
        named = Named(config)
        kind, reads = make(named)
        settings = {} if named.is_setting or config.component not in COMMANDED else _settings(config.settings)
        return Entity(
            source=config.source,
            component=config.component,
            name=named.shown[:LONGEST_NAME],
            kind=kind,
            reads=(*reads, *(_availability(named) if reads or settings else ())),
            settings=settings,
            checks_in_s=round(expires) if (expires := number(config.settings, "expire_after", 0)) > 0 else None,
            unclear=self._unclear(named, [*(read.template for read in reads), *_templates(settings)]),
        )

    def _unclear(self, named: Named, templates: list[str]) -> str:
        for template in templates:
            if not template:
                continue
            if template not in self._checked:
                letters = self._letters + len(template)
                if len(self._checked) >= CHECKED or (letters > CHECKED_LETTERS and (self._checked or self._is_many)):
                    continue
                self._letters = letters
                self._checked.add(template)
            from devices.templates import refusal_of

            refusal = refusal_of(template)
            if refusal:
                return f"{named.shown}: {refusal}"
        return ""


class Named:
    """A component's introduction with what its names say."""

    def __init__(self, config: Config) -> None:
        self.config, self.settings = config, config.settings
        device = device_of(config)
        device_name = text(device, "name")
        self.device = f"{device_name} {text(device, 'model')}"
        """What the device is called: a bare *alarm* of a smoke detector is smoke."""
        named = (device_name, text(device, "model"), config.node, config.object_id, text(self.settings, "name"))
        self.says_it_calls = kinds.says_it_calls(*named) is not None
        name = text(self.settings, "name")
        self.shown = (name if name and name != "None" else "") or config.object_id
        own = kinds.slug(name.removeprefix(device_name)) if name and name != "None" else ""
        key = kinds.slug(config.object_id)
        for start in (kinds.slug(device_name), kinds.slug(config.node)):
            if start and key != start:
                key = key.removeprefix(f"{start}_")
        self.own = key if kinds.slug(config.object_id) else own
        self.words = f"{own}_{self.own}".strip("_")
        self.each = (own, self.own)
        self.device_class = text(self.settings, "device_class").casefold()
        self.is_setting = text(self.settings, "entity_category") == "config"
        self.is_diagnosis = text(self.settings, "entity_category") == "diagnostic"

    def field(self, kind: Kind) -> str | None:
        """What the event calls the value: nothing where it is the kind's ordinary name."""
        return None if self.own == kind.value or self.own in ORDINARY else self.own[:64]

    def topic(self, name: str) -> str:
        """A topic of the settings, if it can be one."""
        said = text(self.settings, name)
        return said if publishable(said) else ""

    def read(self, topic: str, template: str, how: How, kind: Kind, **more: object) -> list[Read]:
        """One reading, where the topic is named."""
        named = self.topic(topic)
        if not named:
            return []
        values: dict[str, object] = {"field": self.field(kind), **more}
        return [Read(topic=named, template=text(self.settings, template), how=how, kind=kind, **values)]  # type: ignore[arg-type]


Made = tuple[Kind, list[Read]]


def _availability(named: Named) -> list[Read]:
    """Where it is said whether the device is there. Of several topics each is a value of its own; where any of them is
    enough, that one of them is gone says nothing."""
    rows = named.settings.get("availability")
    listed = [row for row in rows if isinstance(row, dict)][:MOST_AVAILABILITY] if isinstance(rows, list) else []
    single: Settings = {"topic": named.settings.get("availability_topic")}
    single["value_template"] = named.settings.get("availability_template")
    single.update({name: named.settings.get(name) for name in ("payload_available", "payload_not_available")})
    found = listed or [single]
    several = len(found) > 1
    any_is_enough = several and text(named.settings, "availability_mode") == "any"
    reads = []
    for row in found:
        topic, template = text(row, "topic"), text(row, "value_template")
        if not publishable(topic):
            continue
        words: dict[str, Value] = {} if any_is_enough else {text(row, "payload_not_available", "offline"): "offline"}
        words[text(row, "payload_available", "online")] = "online"
        field = topic[:200] if several else None
        reads.append(
            Read(topic=topic, template=template, how=How.WORDS, kind=Kind.AVAILABILITY, words=words, field=field)
        )
    return reads


def _settings(settings: Settings) -> Mapping[str, str | bool | int | float]:
    kept = {name: settings[name] for name in SETTINGS_KEPT if isinstance(settings.get(name), (str, bool, int, float))}
    for name in [name for name, said in kept.items() if name.endswith("_topic") and not publishable(str(said))]:
        del kept[name]
    modes = settings.get("supported_color_modes")
    if isinstance(modes, list):
        kept["supported_color_modes"] = " ".join(mode for mode in modes if isinstance(mode, str))[:200]
    return kept  # type: ignore[return-value]


def _templates(settings: Mapping[str, object]) -> list[str]:
    return [value for name, value in settings.items() if name.endswith("template") and isinstance(value, str)]


def _words(named: Named, kind: Kind, on: str, off: str) -> dict[str, Value]:
    low = kind is Kind.BATTERY
    inverse = kind in kinds.ON_IS_INACTIVE and named.config.component == "binary_sensor"
    return {off: "ok" if low else canonical(kind, inverse), on: "low" if low else canonical(kind, not inverse)}


def _binary_sensor(named: Named) -> Made:
    kind = kinds.binary_kind(named.device_class, named.words, named.says_it_calls, *named.each)
    if kind is Kind.OTHER and not named.device_class and set(named.own.split("_")) <= SAYS_SO:
        kind = kinds.alarm_of(named.device)
    by_name = named.device_class not in kinds.BINARY
    calls = kind is Kind.EMERGENCY and named.is_diagnosis
    if by_name and (calls or (kind in EMERGENCY_KINDS and named.is_setting)):
        kind = Kind.OTHER
    if named.is_setting or (named.is_diagnosis and kind is Kind.OTHER):
        return kind, []
    heard = kind
    if kind is Kind.AVAILABILITY and not set(named.words.split("_")) <= kinds.OF_THE_NODE:
        heard = Kind.OTHER  # whether the cloud is reached does not say whether the device is there
    on, off = text(named.settings, "payload_on", "ON"), text(named.settings, "payload_off", "OFF")
    momentary = bool(text(named.settings, "off_delay")) and canonical(heard, True) is True
    more = {"words": _words(named, heard, on, off), "momentary": momentary}
    field = None if heard is Kind.AVAILABILITY else named.field(heard)
    return kind, named.read("state_topic", "value_template", How.WORDS, heard, **more, field=field)


def _sensor(named: Named) -> Made:
    unit = text(named.settings, "unit_of_measurement")
    if named.own in ("action", "click"):
        return Kind.BUTTON, named.read("state_topic", "value_template", How.PRESS, Kind.BUTTON, field=None)
    if named.own.startswith(kinds.SCENES):
        words: dict[str, Value] = dict(kinds.SCENE_WORDS)
        return Kind.BUTTON, named.read("state_topic", "value_template", How.PRESS, Kind.BUTTON, words=words)
    if named.device_class in ("", "none", "enum") and not unit and not named.is_setting:
        found = kinds.in_words(named.words, named.each, named.settings.get("options"))
        if found is not None:
            how = How.FALL if found is Kind.FALL else How.SPOKEN
            words = dict(kinds.IS_SO) if any(map(falls, named.each)) else {}
            return found, named.read("state_topic", "value_template", how, found, words=words)
    kind, unit_of, scale, offset = kinds.number_of(named.device_class, named.own, unit)
    if kind is Kind.OTHER:
        if named.is_setting or named.is_diagnosis or named.device_class == "timestamp":
            return kind, []
        return kind, named.read("state_topic", "value_template", How.TEXT, kind, field=named.own[:64], unit=unit_of)
    more = {"unit": unit_of, "scale": scale, "offset": offset}
    return kind, named.read("state_topic", "value_template", How.NUMBER, kind, **more)


def _trigger(named: Named) -> Made:
    """A device trigger: this payload on this topic is a press."""
    settings = named.settings
    kind_of, subtype = text(settings, "type"), text(settings, "subtype")
    gesture = kinds.slug("_".join(part for part in (subtype, _type(kind_of)) if part)) or named.own or "pressed"
    said = set(map(kinds.happened, _spoken(kind_of, subtype, settings)))
    kind = next((kind for kind in WORST_FIRST if kind in said), Kind.BUTTON)
    payload = text(settings, "payload")
    words: dict[str, Value] = {payload: gesture} if payload else {"": gesture}
    return kind, named.read("topic", "value_template", How.PRESS, kind, words=words, field=None)


def _type(said: str) -> str:
    return "" if said in ("action", "click", "button") else said.removeprefix("button_")


def _spoken(*said: object) -> list[str]:
    """Each word of a trigger for itself: a `subtype` of `off` does not take back a `payload` of `sos`."""
    *words, settings = said
    payload = text(settings, "payload") if isinstance(settings, dict) else ""
    return [kinds.slug(str(word)) for word in (*words, payload) if len(str(word)) <= 64]


def _event(named: Named) -> Made:
    types = named.settings.get("event_types")
    listed = [said for said in types if isinstance(said, str)][:100] if isinstance(types, list) else []
    itself = named.device_class in ("", "none", "button") and kinds.names_emergency(named.words)
    words: dict[str, Value] = {said[:64]: said[:64] for said in listed}
    speaks = set(map(kinds.happened, listed))
    kind = Kind.EMERGENCY if itself else Kind.MOTION if named.device_class == "motion" else Kind.BUTTON
    kind = Kind.FALL if kind is Kind.BUTTON and any(map(falls, named.each)) else kind
    shown = next((said for said in WORST_FIRST if said in speaks), kind)
    field = None if kind is Kind.EMERGENCY else named.field(kind)
    return shown, named.read("state_topic", "value_template", How.EVENT, kind, words=words, field=field)


def _switch(named: Named) -> Made:
    """A switch; one that is called after a panic alarm is on while that alarm is, whoever raised it."""
    if named.is_setting:
        return Kind.SWITCH, []
    reads = _on_off(named, Kind.SWITCH, "value_template")
    if PANIC.isdisjoint(named.words.split("_")) or not kinds.names_emergency(named.words):
        return Kind.SWITCH, reads
    words: dict[str, Value] = {word: said == "on" for read in reads for word, said in read.words.items()}
    return Kind.SWITCH, [*reads, *(replace(read, kind=Kind.EMERGENCY, words=words, field=None) for read in reads)]


def _on_off(named: Named, kind: Kind, template: str) -> list[Read]:
    on = text(named.settings, "state_on") or text(named.settings, "payload_on", "ON")
    off = text(named.settings, "state_off") or text(named.settings, "payload_off", "OFF")
    return named.read("state_topic", template, How.WORDS, kind, words={off: "off", on: "on"})


def _light(named: Named) -> Made:
    schema = text(named.settings, "schema", "basic")
    if schema == "json":
        template = "{{ value_json.state }}"
        topic = named.topic("state_topic")
        words: dict[str, Value] = {"OFF": "off", "ON": "on"}
        field = named.field(Kind.LIGHT)
        read = Read(topic=topic, template=template, how=How.WORDS, kind=Kind.LIGHT, words=words, field=field)
        return Kind.LIGHT, [read] if topic else []
    if schema == "template":
        return Kind.LIGHT, named.read(
            "state_topic", "state_template", How.WORDS, Kind.LIGHT, words={"off": "off", "on": "on"}
        )
    return Kind.LIGHT, _on_off(named, Kind.LIGHT, "state_value_template")


def _siren(named: Named) -> Made:
    """Its state is a word, or JSON with the word in it."""
    reads = _on_off(named, Kind.SWITCH, "state_value_template")
    either = "{{ value_json.state if value_json is mapping else value }}"
    return Kind.SWITCH, [read if read.template else replace(read, template=either) for read in reads]


def _fan(named: Named) -> Made:
    reads = _on_off(named, Kind.OTHER, "state_value_template")
    return Kind.OTHER, reads


def _lock(named: Named) -> Made:
    settings = named.settings
    words: dict[str, Value] = {
        text(settings, "state_jammed", "JAMMED"): None,
        text(settings, "state_unlocked", "UNLOCKED"): "unlocked",
        text(settings, "state_locked", "LOCKED"): "locked",
    }
    return Kind.LOCK, named.read("state_topic", "value_template", How.WORDS, Kind.LOCK, words=words)


def _cover(named: Named) -> Made:
    settings = named.settings
    words: dict[str, Value] = {
        text(settings, "state_open", "open"): "open",
        text(settings, "state_closed", "closed"): "closed",
    }
    reads = named.read("state_topic", "value_template", How.WORDS, Kind.COVER, words=words)
    if not reads:
        return Kind.COVER, _position(named, named.field(Kind.COVER))
    own = named.field(Kind.COVER)
    return Kind.COVER, [*reads, *_position(named, f"{own}_position" if own else "position")]


def _position(named: Named, field: str | None) -> list[Read]:
    """How far a cover is open: in percent, whatever its own two ends are. A value of its own beside open and closed."""
    opened, closed = number(named.settings, "position_open", 100), number(named.settings, "position_closed", 0)
    if opened == closed:
        return []
    scale = 100 / (opened - closed)
    more = {"unit": "%", "scale": scale, "offset": -closed * scale, "field": field}
    return named.read("position_topic", "position_template", How.NUMBER, Kind.COVER, **more)


def _valve(named: Named) -> Made:
    return Kind.OTHER, named.read("state_topic", "value_template", How.TEXT, Kind.OTHER, field=named.own[:64])


def _climate(named: Named) -> Made:
    unit = text(named.settings, "temperature_unit", "C")
    scale, offset = kinds.DEGREES.get(unit, (1.0, 0.0))
    how, degrees = How.NUMBER, Kind.TEMPERATURE
    reads = named.read(
        "current_temperature_topic",
        "current_temperature_template",
        how,
        degrees,
        unit="°C",
        scale=scale,
        offset=offset,
    )
    reads += named.read("current_humidity_topic", "current_humidity_template", how, Kind.HUMIDITY, unit="%")
    return degrees, reads


def _panel(named: Named) -> Made:
    """A burglar alarm is not ours, unless its name says that people press it."""
    if kinds.names_emergency(named.words) or named.says_it_calls:
        words: dict[str, Value] = dict.fromkeys(QUIET, False)
        words["triggered"] = True
        return Kind.EMERGENCY, named.read("state_topic", "value_template", How.WORDS, Kind.EMERGENCY, words=words)
    return Kind.OTHER, named.read("state_topic", "value_template", How.TEXT, Kind.OTHER, field=named.own[:64])


def _tracker(named: Named) -> Made:
    words: dict[str, Value] = {
        text(named.settings, "payload_home", "home"): "home",
        text(named.settings, "payload_not_home", "not_home"): "not_home",
    }
    return Kind.OTHER, named.read(
        "state_topic", "value_template", How.WORDS, Kind.OTHER, words=words, field=named.own[:64]
    )


def _notify(named: Named) -> Made:
    return Kind.OTHER, []


MAKERS: Mapping[str, Callable[[Named], Made]] = {
    "binary_sensor": _binary_sensor,
    "sensor": _sensor,
    "device_automation": _trigger,
    "event": _event,
    "switch": _switch,
    "light": _light,
    "siren": _siren,
    "fan": _fan,
    "lock": _lock,
    "cover": _cover,
    "valve": _valve,
    "climate": _climate,
    "water_heater": _climate,
    "humidifier": _climate,
    "alarm_control_panel": _panel,
    "device_tracker": _tracker,
    "notify": _notify,
}
COMMANDED = frozenset({"switch", "light", "siren", "cover", "lock", "climate", "water_heater", "notify"})
