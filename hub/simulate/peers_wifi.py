"""Devices and gateways that speak MQTT themselves, each with its own last will."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hub.simulate.peer import Peer, Sent, inside, read, said, stamp

ON_OFF = ("ON", "OFF")


class Workshop(Peer):
    """An ESPHome box that introduces an SOS cord and a lamp behind it by Home Assistant's discovery."""

    account = "esphome"
    name, what = "discovery", "a box that introduces itself by Home Assistant's discovery, with a cord and a lamp"
    caller, lamp, dims = "homeassistant/workshop-cord", "homeassistant/workshop-lamp", True
    hears = ("workshop/light/lamp/command",)

    def _will(self) -> Sent:
        return said("workshop/status", "offline", retain=True)

    def _hello(self, at_ms: int) -> Sequence[Sent]:
        cord = {
            "name": "SOS",
            "device_class": "safety",
            "stat_t": "workshop/binary_sensor/cord/state",
            "avty_t": "workshop/status",
            "uniq_id": "workshop-cord-sos",
            "dev": {"ids": ["workshop-cord"], "name": "Workshop cord", "via_device": "workshop"},
        }
        lamp = {
            "name": "Lamp",
            "schema": "json",
            "brightness": True,
            "stat_t": "workshop/light/lamp/state",
            "cmd_t": "workshop/light/lamp/command",
            "avty_t": "workshop/status",
            "uniq_id": "workshop-lamp-light",
            "dev": {"ids": ["workshop-lamp"], "name": "Workshop lamp", "via_device": "workshop"},
        }
        return (
            said("homeassistant/binary_sensor/workshop-cord/config", cord, retain=True),
            said("homeassistant/light/workshop-lamp/config", lamp, retain=True),
            said("workshop/status", "online", retain=True),
            said("workshop/binary_sensor/cord/state", "OFF"),
            said("workshop/light/lamp/state", {"state": "OFF"}),
        )

    def _press(self, at_ms: int) -> Sequence[Sent]:
        return (said("workshop/binary_sensor/cord/state", "ON"), said("workshop/binary_sensor/cord/state", "OFF"))

    def _told(self, topic: str, payload: bytes, at_ms: int) -> Sequence[Sent]:
        wanted = read(payload)
        return (said("workshop/light/lamp/state", wanted),) if wanted.get("state") in ON_OFF else ()


class EspHomeCord(Peer):
    """An ESPHome node without discovery, with an SOS cord."""

    account = "esphome"
    name, what, node = "esphome", "an ESPHome node with a cord", "annexe-cord"
    caller = f"esphome/{node}"

    def _will(self) -> Sent:
        return said(f"{self.node}/status", "offline", retain=True)

    def _hello(self, at_ms: int) -> Sequence[Sent]:
        # ESPHome says that it is there before anything else, and its states behind it.
        state = said(f"{self.node}/binary_sensor/sos_cord/state", "OFF", retain=True)
        return (said(f"{self.node}/status", "online", retain=True), state)

    def _press(self, at_ms: int) -> Sequence[Sent]:
        topic = f"{self.node}/binary_sensor/sos_cord/state"
        return (said(topic, "ON", retain=True), said(topic, "OFF", retain=True))


class EspHomeLamp(Peer):
    """An ESPHome node with a lamp."""

    account = "esphome"
    name, what, node = "esphome-lamp", "an ESPHome node with a lamp", "annexe-lamp"
    lamp, dims = f"esphome/{node}", True
    hears = (f"{node}/light/reading_lamp/command",)

    def _will(self) -> Sent:
        return said(f"{self.node}/status", "offline", retain=True)

    def _hello(self, at_ms: int) -> Sequence[Sent]:
        lamp = said(f"{self.node}/light/reading_lamp/state", {"state": "OFF"}, retain=True)
        return (said(f"{self.node}/status", "online", retain=True), lamp)

    def _told(self, topic: str, payload: bytes, at_ms: int) -> Sequence[Sent]:
        wanted = read(payload)
        if wanted.get("state") not in ON_OFF:
            return ()
        return (said(f"{self.node}/light/reading_lamp/state", wanted, retain=True),)


class _Tasmota(Peer):
    account = "tasmota"
    topic = ""
    relays, buttons, detached = (0,), (0,), 0

    def _will(self) -> Sent:
        return said(f"tele/{self.topic}/LWT", "Offline", retain=True)

    def _hello(self, at_ms: int) -> Sequence[Sent]:
        mac = f"5CCF7F0A{sum(self.topic.encode()):04X}"
        about = {
            "dn": self.topic,
            "mac": mac,
            "md": "Generic",
            "t": self.topic,
            "ft": "%prefix%/%topic%/",
            "tp": ["cmnd", "stat", "tele"],
            "rl": self.relays,
            "swc": [-1],
            "btn": self.buttons,
            "so": {"73": self.detached, "114": 0},
            "ver": 1,
        }
        return (
            said(f"tele/{self.topic}/LWT", "Online", retain=True),
            said(f"tasmota/discovery/{mac}/config", about, retain=True),
        )


class TasmotaCord(_Tasmota):
    """A Tasmota whose button is a cord, apart from any relay (`SetOption73 1`)."""

    name, what, topic = "tasmota", "a Tasmota with a cord", "cord-5"
    caller = f"tasmota/{topic}"
    buttons, detached = (1,), 1

    def _press(self, at_ms: int) -> Sequence[Sent]:
        return (said("stat/cord-5/RESULT", {"Button1": {"Action": "SINGLE"}}),)


class TasmotaLamp(_Tasmota):
    """A Tasmota socket; it says its output as a result and by itself."""

    name, what, topic = "tasmota-lamp", "a Tasmota socket", "lamp-5"
    lamp = f"tasmota/{topic}"
    hears = (f"cmnd/{topic}/#",)
    relays = (1,)

    def _told(self, topic: str, payload: bytes, at_ms: int) -> Sequence[Sent]:
        word = payload.decode(errors="replace")
        if word not in ON_OFF or not topic.rpartition("/")[2].startswith("POWER"):
            return ()
        return (said("stat/lamp-5/RESULT", {"POWER": word}), said("stat/lamp-5/POWER", word))


class _Gen1(Peer):
    account = "shelly"
    device, model = "", ""

    def _will(self) -> Sent:
        return said(f"shellies/{self.device}/online", "false", retain=True)

    def _hello(self, at_ms: int) -> Sequence[Sent]:
        about = {"id": self.device, "model": self.model, "mac": self.device[-12:], "ip": "192.0.2.31"}
        return (said(f"shellies/{self.device}/online", "true", retain=True), said("shellies/announce", about))


class Gen1Cord(_Gen1):
    """A Shelly i3 of the first generation; it tells its last gesture again with each update."""

    name, what, device, model = "shelly1", "a Shelly i3 with a cord", "shellyix3-98CDAC1F0001", "SHIX3-1"
    caller = f"shellies/{device}"

    def _hello(self, at_ms: int) -> Sequence[Sent]:
        return (*super()._hello(at_ms), said(f"{self.caller}/input/0", "0"))

    def _press(self, at_ms: int) -> Sequence[Sent]:
        self.count += 1
        gesture = said(f"{self.caller}/input_event/0", {"event": "S", "event_cnt": self.count})
        return (said(f"{self.caller}/input/0", "1"), gesture, said(f"{self.caller}/input/0", "0"), gesture)


class Gen1Lamp(_Gen1):
    """A Shelly 1 with a lamp on its relay."""

    name, what, device, model = "shelly1-lamp", "a Shelly 1 with a lamp", "shelly1-98CDAC1F0002", "SHSW-1"
    lamp = f"shellies/{device}"
    hears = (f"{lamp}/relay/0/command",)

    def _told(self, topic: str, payload: bytes, at_ms: int) -> Sequence[Sent]:
        word = payload.decode(errors="replace")
        return (said(f"{self.lamp}/relay/0", word),) if word in ("on", "off") else ()


class Gen2(Peer):
    """A Shelly of the third generation with a lamp on its relay, which hears a BLU button for the house."""

    account = "shelly"
    name, what, prefix = "shelly2", "a Shelly Gen3 with a lamp, and a BLU button behind it", "shelly1g3-34cdb0770006"
    caller, lamp = f"shelly/{prefix}/bthomedevice:200", f"shelly/{prefix}"
    hears = (f"{prefix}/rpc",)

    def _will(self) -> Sent:
        return said(f"{self.prefix}/online", "false", retain=True)

    def _hello(self, at_ms: int) -> Sequence[Sent]:
        parts = {
            "switch:0": {"id": 0, "output": False},
            "bthomedevice:200": {"id": 200, "rssi": -60, "battery": 100, "packet_id": 1},
        }
        return (said(f"{self.prefix}/online", "true", retain=True), self._notify("NotifyFullStatus", parts, at_ms))

    def _press(self, at_ms: int) -> Sequence[Sent]:
        row = {"component": "bthomedevice:200", "id": 200, "event": "single_push", "idx": 0, "ts": at_ms / 1000}
        return (self._notify("NotifyEvent", {"events": [row]}, at_ms),)

    def _told(self, topic: str, payload: bytes, at_ms: int) -> Sequence[Sent]:
        wanted = read(payload)
        is_on = inside(wanted, "params", "on")
        if wanted.get("method") != "Switch.Set" or not isinstance(is_on, bool):
            return ()
        answer = {"id": wanted.get("id"), "src": self.prefix, "dst": wanted.get("src"), "result": {"was_on": not is_on}}
        state = {"id": 0, "source": "MQTT", "output": is_on}
        return (
            said(f"{wanted.get('src')}/rpc", answer),
            self._notify("NotifyStatus", {"switch:0": state}, at_ms),
            said(f"{self.prefix}/status/switch:0", state),
        )

    def _notify(self, method: str, params: Mapping[str, object], at_ms: int) -> Sent:
        body = {"src": self.prefix, "dst": f"{self.prefix}/events", "method": method}
        return said(f"{self.prefix}/events/rpc", {**body, "params": {"ts": at_ms / 1000, **params}})


class _Homie4(Peer):
    account = "homie"
    device = ""

    def _will(self) -> Sent:
        return said(f"homie/{self.device}/$state", "lost", retain=True)

    def _introduce(self, node: str, name: str, attributes: dict[str, str]) -> list[Sent]:
        base = f"homie/{self.device}"
        about = {f"{node}/{name}/{key}": value for key, value in attributes.items()}
        words = {"$homie": "4.0.0", "$name": self.what, "$nodes": node, f"{node}/$properties": name, **about}
        rows = [said(f"{base}/{key}", value, retain=True) for key, value in words.items()]
        return [said(f"{base}/$state", "init", retain=True), *rows, said(f"{base}/$state", "ready", retain=True)]


class Homie4Cord(_Homie4):
    """A Homie 4 device with a cord, whose property is a thing that happens."""

    name, what, device = "homie4", "a Homie 4 cord", "cord-11"
    caller = f"homie/{device}"

    def _hello(self, at_ms: int) -> Sequence[Sent]:
        return self._introduce("cord", "sos", {"$datatype": "boolean", "$retained": "false"})

    def _press(self, at_ms: int) -> Sequence[Sent]:
        return (said(f"{self.caller}/cord/sos", "true"),)


class Homie4Lamp(_Homie4):
    """A Homie 4 lamp."""

    name, what, device = "homie4-lamp", "a Homie 4 lamp", "lamp-11"
    lamp = f"homie/{device}"
    hears = (f"{lamp}/light/power/set",)

    def _hello(self, at_ms: int) -> Sequence[Sent]:
        power = {"$datatype": "boolean", "$settable": "true"}
        return [*self._introduce("light", "power", power), said(f"{self.lamp}/light/power", "false", retain=True)]

    def _told(self, topic: str, payload: bytes, at_ms: int) -> Sequence[Sent]:
        return (said(f"{self.lamp}/light/power", payload.decode(errors="replace"), retain=True),)


class Homie5(Peer):
    """A Homie 5 root with a cord and a lamp as its children; only the root has a last will."""

    account = "homie"
    name, what = "homie5", "a Homie 5 bridge with a cord and a lamp"
    root, caller, lamp = "homie/5/bridge-12", "homie/5/cord-12", "homie/5/lamp-12"
    hears = (f"{lamp}/light/power/set",)

    def _will(self) -> Sent:
        return said(f"{self.root}/$state", "lost", retain=True)

    def _hello(self, at_ms: int) -> Sequence[Sent]:
        cord = {"cord": {"properties": {"sos": {"datatype": "boolean", "retained": False}}}}
        lamp = {"light": {"properties": {"power": {"datatype": "boolean", "settable": True}}}}
        rows: list[Sent] = []
        children = {"cord-12": cord, "lamp-12": lamp}
        about = {"homie": "5.0", "version": 1, "name": "bridge", "children": list(children), "nodes": {}}
        rows.append(said(f"{self.root}/$description", about, retain=True))
        for name, nodes in children.items():
            more = {"homie": "5.0", "version": 1, "name": name, "root": "bridge-12", "nodes": nodes}
            rows.append(said(f"homie/5/{name}/$description", more, retain=True))
            rows.append(said(f"homie/5/{name}/$state", "ready", retain=True))
        rows.append(said(f"{self.root}/$state", "ready", retain=True))
        return [*rows, said(f"{self.lamp}/light/power", "false", retain=True)]

    def _press(self, at_ms: int) -> Sequence[Sent]:
        return (said(f"{self.caller}/cord/sos", "true"),)

    def _told(self, topic: str, payload: bytes, at_ms: int) -> Sequence[Sent]:
        return (said(f"{self.lamp}/light/power", payload.decode(errors="replace"), retain=True),)


class Frigate(Peer):
    """Frigate with a camera at the side door."""

    account = "frigate"
    name, what = "frigate", "Frigate with a camera at the side door"
    eye = "frigate/side_door"

    def _will(self) -> Sent:
        return said("frigate/available", "offline", retain=True)

    def _hello(self, at_ms: int) -> Sequence[Sent]:
        return (said("frigate/available", "online", retain=True), said(f"{self.eye}/person", "0", retain=True))

    def _press(self, at_ms: int) -> Sequence[Sent]:
        seen = {"camera": "side_door", "label": "person", "false_positive": False, "frame_time": at_ms / 1000}
        return (
            said("frigate/events", {"type": "new", "before": seen, "after": seen}),
            said(f"{self.eye}/person", "1", retain=True),
            said(f"{self.eye}/person", "0", retain=True),
        )


class OwnCord(Peer):
    """A cord somebody built, in the plain form."""

    account = "handrail-device"
    name, what = "own", "a cord in Handrail's plain form"
    caller = "handrail-device/cord-14"

    def _will(self) -> Sent:
        return said(f"{self.caller}/available", "offline", retain=True)

    def _hello(self, at_ms: int) -> Sequence[Sent]:
        about = {"name": "Cord 14", "kinds": ["emergency", "battery"], "vendor": "our own"}
        return (
            said(f"{self.caller}/about", about, retain=True),
            said(f"{self.caller}/available", "online", retain=True),
        )

    def _press(self, at_ms: int) -> Sequence[Sent]:
        self.count += 1
        fact = {"kind": "emergency", "id": f"{at_ms}-{self.count}", "at": stamp(at_ms), "battery": 81}
        return (said(self.caller, fact),) * 2


class OwnLamp(Peer):
    """A lamp somebody built."""

    account = "handrail-device"
    name, what = "own-lamp", "a lamp in Handrail's plain form"
    lamp, dims = "handrail-device/lamp-14", True
    hears = (f"{lamp}/set",)

    def _will(self) -> Sent:
        return said(f"{self.lamp}/available", "offline", retain=True)

    def _hello(self, at_ms: int) -> Sequence[Sent]:
        about = {"name": "Lamp 14", "kinds": ["light"], "commands": ["turn_on", "turn_off", "brightness"]}
        return (
            said(f"{self.lamp}/about", about, retain=True),
            said(f"{self.lamp}/available", "online", retain=True),
            said(self.lamp, {"kind": "light", "value": "off"}),
        )

    def _told(self, topic: str, payload: bytes, at_ms: int) -> Sequence[Sent]:
        word = {"turn_on": "on", "turn_off": "off"}.get(str(read(payload).get("do")))
        return (said(self.lamp, {"kind": "light", "value": word}),) if word is not None else ()
