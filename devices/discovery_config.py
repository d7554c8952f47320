"""A discovery message of Home Assistant's, read into plain settings: abbreviations written out, `~` put in, a device's
components parted. What is too large, too deep or no JSON is refused here.

Sources: Home Assistant's documentation "MQTT discovery" (topics, abbreviations, base topic, device discovery payload).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import orjson

LARGEST_BYTES = 262_144
DEEPEST = 12
"""A device's components hold lists of words: four levels. More is no introduction."""
MOST_COMPONENTS = 100
MOST_LISTS = 2000
LONGEST_NAME = 120
LONGEST_TEXT = 4096

Setting = str | bool | int | float
Settings = dict[str, object]

ABBREVIATED: Mapping[str, str] = {
    "atype": "automation_type",
    "avty": "availability",
    "avty_mode": "availability_mode",
    "avty_t": "availability_topic",
    "avty_tpl": "availability_template",
    "av_tones": "available_tones",
    "bri": "brightness",
    "bri_cmd_t": "brightness_command_topic",
    "bri_cmd_tpl": "brightness_command_template",
    "bri_scl": "brightness_scale",
    "clr_temp": "color_temp",
    "clr_temp_k": "color_temp_kelvin",
    "clr_temp_cmd_t": "color_temp_command_topic",
    "clr_temp_cmd_tpl": "color_temp_command_template",
    "cmd_t": "command_topic",
    "cmd_tpl": "command_template",
    "cmd_on_tpl": "command_on_template",
    "cmd_off_tpl": "command_off_template",
    "cmps": "components",
    "cod_form": "code_format",
    "curr_hum_t": "current_humidity_topic",
    "curr_hum_tpl": "current_humidity_template",
    "curr_temp_t": "current_temperature_topic",
    "curr_temp_tpl": "current_temperature_template",
    "dev": "device",
    "dev_cla": "device_class",
    "en": "enabled_by_default",
    "ent_cat": "entity_category",
    "evt_typ": "event_types",
    "exp_aft": "expire_after",
    "max_mirs": "max_mireds",
    "min_mirs": "min_mireds",
    "max_k": "max_kelvin",
    "min_k": "min_kelvin",
    "mode_cmd_t": "mode_command_topic",
    "o": "origin",
    "obj_id": "object_id",
    "def_ent_id": "default_entity_id",
    "off_dly": "off_delay",
    "on_cmd_type": "on_command_type",
    "ops": "options",
    "opt": "optimistic",
    "p": "platform",
    "pl": "payload",
    "pl_avail": "payload_available",
    "pl_not_avail": "payload_not_available",
    "pl_cls": "payload_close",
    "pl_open": "payload_open",
    "pl_stop": "payload_stop",
    "pl_lock": "payload_lock",
    "pl_unlk": "payload_unlock",
    "pl_on": "payload_on",
    "pl_off": "payload_off",
    "pl_rst": "payload_reset",
    "pl_home": "payload_home",
    "pl_not_home": "payload_not_home",
    "pl_prs": "payload_press",
    "pos_clsd": "position_closed",
    "pos_open": "position_open",
    "pos_t": "position_topic",
    "pos_tpl": "position_template",
    "ptrn": "pattern",
    "ret": "retain",
    "set_pos_t": "set_position_topic",
    "set_pos_tpl": "set_position_template",
    "stat_cla": "state_class",
    "stat_clsd": "state_closed",
    "stat_closing": "state_closing",
    "stat_locked": "state_locked",
    "stat_locking": "state_locking",
    "stat_off": "state_off",
    "stat_on": "state_on",
    "stat_open": "state_open",
    "stat_opening": "state_opening",
    "stat_stopped": "state_stopped",
    "stat_t": "state_topic",
    "stat_tpl": "state_template",
    "stat_unlocked": "state_unlocked",
    "stat_unlocking": "state_unlocking",
    "stat_val_tpl": "state_value_template",
    "stat_jam": "state_jammed",
    "stype": "subtype",
    "sup_clrm": "supported_color_modes",
    "sup_dur": "support_duration",
    "sup_vol": "support_volume_set",
    "t": "topic",
    "temp_cmd_t": "temperature_command_topic",
    "temp_cmd_tpl": "temperature_command_template",
    "temp_stat_t": "temperature_state_topic",
    "temp_stat_tpl": "temperature_state_template",
    "temp_unit": "temperature_unit",
    "uniq_id": "unique_id",
    "unit_of_meas": "unit_of_measurement",
    "val_tpl": "value_template",
    "rep_pos": "reports_position",
}
OF_A_DEVICE: Mapping[str, str] = {
    "cns": "connections",
    "ids": "identifiers",
    "mf": "manufacturer",
    "mdl": "model",
    "mdl_id": "model_id",
    "sa": "suggested_area",
    "sw": "sw_version",
    "hw": "hw_version",
    "cu": "configuration_url",
    "sn": "serial_number",
}
SHARED = ("device", "origin", "availability", "availability_topic", "availability_template", "availability_mode")
SHARED_TOO = ("payload_available", "payload_not_available", "state_topic", "command_topic", "qos", "encoding")
UNSAFE = re.compile(r"[+#\s\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """One component's introduction."""

    source: str
    component: str
    object_id: str
    node: str
    settings: Settings
    removed: bool = False
    """Home Assistant's form of removing one component of a device: its platform and nothing else."""


class Refusal(ValueError):
    """A discovery message that is not read; the reason in plain words."""


def parted(prefix: str, topic: str) -> tuple[str, str, str] | None:
    """Component, node and object of a configuration topic; none of another topic."""
    levels = topic[len(prefix) + 1 :].split("/")
    if not topic.startswith(f"{prefix}/") or levels[-1] != "config" or not 3 <= len(levels) <= 4 or "" in levels:
        return None
    return levels[0], levels[1] if len(levels) == 4 else "", levels[-2]


def configs_of(topic: str, names: tuple[str, str, str], payload: bytes) -> list[Config]:
    """The introductions in a message; raises `Refusal`."""
    if len(payload) > LARGEST_BYTES:
        raise Refusal(f"an introduction of {len(payload)} bytes is too long")
    try:
        data: object = orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise Refusal(f"the introduction is not JSON: {error}") from error
    if not isinstance(data, dict):
        raise Refusal("the introduction is not a JSON object")
    if _depth(data) > DEEPEST:
        raise Refusal(f"the introduction is nested more than {DEEPEST} deep, or holds more than {MOST_LISTS} lists")
    component, node, object_id = names
    given = _expanded(data, "")
    if "migrate_discovery" in given:
        return []
    if component != "device":
        return [Config(source=topic, component=component, object_id=object_id, node=node, settings=given)]
    return _components(topic, node or object_id, given, _base(data))


def _components(topic: str, node: str, given: Settings, base: str) -> list[Config]:
    components = given.get("components")
    if not isinstance(components, dict) or not isinstance(given.get("device"), dict):
        raise Refusal("the introduction of a device names no device or no components")
    if len(components) > MOST_COMPONENTS:
        raise Refusal(f"the introduction names {len(components)} components; no device has so many")
    shared = {name: given[name] for name in (*SHARED, *SHARED_TOO) if name in given}
    found = []
    for key, entry in components.items():
        if not isinstance(entry, dict):
            continue
        own = _expanded(entry, base)
        platform = own.pop("platform", None)
        if isinstance(platform, str):
            source = f"{topic} {key[:LONGEST_NAME]}"
            config = Config(
                source=source,
                component=platform,
                object_id=key[:LONGEST_NAME],
                node=node,
                settings={**shared, **own},
                removed=not own,
            )
            found.append(config)
    return found


def _base(data: Mapping[str, object]) -> str:
    base = data.get("~")
    return base if isinstance(base, str) else ""


def _expanded(data: Mapping[str, object], base: str) -> Settings:
    """Long names, and topics in full."""
    base = _base(data) or base
    full: Settings = {}
    for key, value in data.items():
        name = ABBREVIATED.get(key, key)
        if name == "device" and isinstance(value, dict):
            full[name] = {OF_A_DEVICE.get(inner, inner): said for inner, said in value.items()}
        elif name == "availability" and isinstance(value, (list, dict)):
            rows = value if isinstance(value, list) else [value]
            full[name] = [_expanded(row, base) for row in rows if isinstance(row, dict)]
        elif name.endswith("topic") and isinstance(value, str):
            full[name] = _in_full(value, base)
        elif key != "~":
            full[name] = value
    return full


def _in_full(topic: str, base: str) -> str:
    if base and topic.startswith("~"):
        return base + topic[1:]
    return topic[:-1] + base if base and topic.endswith("~") else topic


def _depth(data: dict[str, object]) -> int:
    """How deep it is nested, counted level by level and no further than needed."""
    level: list[dict[str, object] | list[object]] = [data]
    deep = 0
    while level and deep <= DEEPEST:
        deep += 1
        below: list[dict[str, object] | list[object]] = []
        for value in level:
            inside = value.values() if isinstance(value, dict) else value
            below += (inner for inner in inside if isinstance(inner, (dict, list)))
            if len(below) > MOST_LISTS:
                return DEEPEST + 1
        level = below
    return deep


def text(settings: Mapping[str, object], name: str, otherwise: str = "") -> str:
    """A setting as text, as Home Assistant takes it: `true` is `True`, `1` is `1`."""
    value = settings.get(name)
    if isinstance(value, (str, bool, int, float)):
        return str(value)[:LONGEST_TEXT]
    return otherwise


def truth(settings: Mapping[str, object], name: str, otherwise: bool = False) -> bool:
    """A setting that is yes or no."""
    value = settings.get(name)
    if isinstance(value, str):
        return value.strip().lower() in ("true", "yes", "on", "1", "enable")
    return bool(value) if isinstance(value, (bool, int)) else otherwise


def number(settings: Mapping[str, object], name: str, otherwise: float) -> float:
    """A setting that is a number, and no silly one."""
    try:
        value = float(text(settings, name))
    except ValueError:
        return otherwise
    return value if abs(value) < 1e6 else otherwise


def device_of(config: Config) -> Settings:
    """The device block; empty where there is none."""
    device = config.settings.get("device")
    return device if isinstance(device, dict) else {}


def identity(prefix: str, config: Config) -> str:
    """The address of the device: its first identifier, its first connection, or the node or object it came as."""
    device = device_of(config)
    found = _first(device.get("identifiers")) or _connection(device.get("connections")) or config.node
    return f"{prefix}/{UNSAFE.sub('_', found or config.object_id)[:LONGEST_NAME]}"


def gateway_of(prefix: str, config: Config) -> str:
    """The address of the device it is heard through, where its introduction names one."""
    via = device_of(config).get("via_device")
    return f"{prefix}/{UNSAFE.sub('_', via.strip())[:LONGEST_NAME]}" if isinstance(via, str) and via.strip() else ""


def _first(value: object) -> str:
    if isinstance(value, list):
        value = next((item for item in value if isinstance(item, (str, int)) and str(item).strip()), "")
    return str(value).strip() if isinstance(value, (str, int)) and not isinstance(value, bool) else ""


def _connection(value: object) -> str:
    pair = next((item for item in value if isinstance(item, list)), None) if isinstance(value, list) else None
    return _first(pair[1:]) if pair is not None else ""
