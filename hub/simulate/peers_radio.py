"""Gateways of devices that have a radio and no network of their own: Zigbee, 433 MHz, LoRaWAN, Bluetooth."""

from __future__ import annotations

from collections.abc import Sequence

from hub.simulate.peer import Peer, Sent, inside, read, said, stamp

EXPOSES_BUTTON = [{"type": "enum", "name": "action", "property": "action", "access": 1, "values": ["emergency"]}]
EXPOSES_LIGHT = [
    {
        "type": "light",
        "features": [
            {
                "type": "binary",
                "name": "state",
                "property": "state",
                "access": 7,
                "value_on": "ON",
                "value_off": "OFF",
            },
            {
                "type": "numeric",
                "name": "brightness",
                "property": "brightness",
                "access": 7,
                "value_min": 0,
                "value_max": 254,
            },
        ],
    }
]


class Zigbee2Mqtt(Peer):
    """A coordinator; its bridge leaves `bridge/state` behind. What it is asked to switch it reports as a state."""

    account = "zigbee2mqtt"
    name, what = "zigbee2mqtt", "Zigbee2MQTT with a pendant and a lamp"
    caller, lamp, dims = "zigbee2mqtt/room-001-pendant", "zigbee2mqtt/room-001-light", True
    hears = (f"{lamp}/set",)

    def _will(self) -> Sent:
        return said("zigbee2mqtt/bridge/state", {"state": "offline"}, retain=True)

    def _hello(self, at_ms: int) -> Sequence[Sent]:
        rows = [("pendant", EXPOSES_BUTTON, "EndDevice"), ("light", EXPOSES_LIGHT, "Router")]
        devices = [
            {
                "friendly_name": f"room-001-{what}",
                "ieee_address": f"0x00158d000000000{number}",
                "type": sort,
                "definition": {"model": "M1", "vendor": "Example", "description": what, "exposes": exposes},
            }
            for number, (what, exposes, sort) in enumerate(rows)
        ]
        return (
            said("zigbee2mqtt/bridge/state", {"state": "online"}, retain=True),
            said("zigbee2mqtt/bridge/devices", devices, retain=True),
            said(self.lamp, {"state": "OFF", "brightness": 100}),
            said(self.caller, {"battery": 80, "last_seen": stamp(at_ms)}),
        )

    def _press(self, at_ms: int) -> Sequence[Sent]:
        return (said(self.caller, {"action": "emergency", "battery": 80, "last_seen": stamp(at_ms)}),)

    def _told(self, topic: str, payload: bytes, at_ms: int) -> Sequence[Sent]:
        wanted = read(payload)
        return (said(topic.removesuffix("/set"), wanted),) if "state" in wanted else ()


class Rtl433(Peer):
    """A radio stick: a pendant's frame is heard three times, as transmitters repeat it."""

    account = "rtl_433"
    name, what = "rtl_433", "rtl_433 with a 433 MHz pendant"
    caller = "rtl_433/Generic-Remote/3111"

    def _will(self) -> Sent:
        return said("rtl_433/attic/availability", "offline", retain=True)

    def _hello(self, at_ms: int) -> Sequence[Sent]:
        return (said("rtl_433/attic/availability", "online", retain=True),)

    def _press(self, at_ms: int) -> Sequence[Sent]:
        frame = {"time": stamp(at_ms), "model": "Generic-Remote", "id": 3111, "cmd": 12, "tristate": "0FF"}
        return (said("rtl_433/attic/events", frame),) * 3


class TheThingsStack(Peer):
    """A network server, bridged: the home's Mosquitto says whether the bridge has its line. A cord and a socket."""

    account = "lorawan"
    name, what = "tts", "The Things Stack with a cord and a socket"
    base = "v3/care@ttn/devices"
    caller, lamp = f"{base}/cord-8", f"{base}/socket-8"
    hears = (f"{base}/+/down/push",)
    line = "v3/care@ttn/bridge/state"

    def _will(self) -> Sent:
        return said(self.line, "0", retain=True)

    def _hello(self, at_ms: int) -> Sequence[Sent]:
        return (said(self.line, "1", retain=True), *self.uplinks(at_ms))

    def uplinks(self, at_ms: int) -> Sequence[Sent]:
        """Both its devices are heard."""
        return (self._up("socket-8", {"socket_status": "off"}, at_ms), self._up("cord-8", {"battery": 90}, at_ms))

    def _press(self, at_ms: int) -> Sequence[Sent]:
        return (self._up("cord-8", {"sos": True, "battery": 90}, at_ms),)

    def _told(self, topic: str, payload: bytes, at_ms: int) -> Sequence[Sent]:
        word = inside(read(payload), "downlinks", 0, "decoded_payload", "socket_status")
        return (self._up(topic.split("/")[3], {"socket_status": word}, at_ms),) if word in ("on", "off") else ()

    def _up(self, device: str, what: dict[str, object], at_ms: int) -> Sent:
        self.count += 1
        uplink = {
            "f_port": 85,
            "f_cnt": self.count,
            "frm_payload": "AQ==",
            "decoded_payload": what,
            "rx_metadata": [{"gateway_ids": {"gateway_id": "annexe-gw"}, "rssi": -90}],
        }
        ids = {"device_id": device, "dev_addr": "260B1234", "application_ids": {"application_id": "care"}}
        return said(
            f"{self.base}/{device}/up", {"end_device_ids": ids, "received_at": stamp(at_ms), "uplink_message": uplink}
        )


class ChirpStack(Peer):
    """A gateway in the annexe, whose forwarder leaves `state/conn` behind, and the network server behind it."""

    account = "lorawan"
    name, what = "chirpstack", "ChirpStack with a cord and a socket"
    base, gateway = "application/7c1d/device", "eu868/gateway/a84041ffff1e0001/state/conn"
    caller, lamp = f"{base}/70b3d50000000009", f"{base}/70b3d5000000000a"
    hears = (f"{base}/+/command/down",)

    def _will(self) -> Sent:
        return said(self.gateway, {"gatewayId": self.gateway.split("/")[2], "state": "OFFLINE"}, retain=True)

    def _hello(self, at_ms: int) -> Sequence[Sent]:
        return (
            said(self.gateway, {"gatewayId": self.gateway.split("/")[2], "state": "ONLINE"}, retain=True),
            self._up(self.lamp, {"socket_status": "off"}, at_ms),
            self._up(self.caller, {"battery": 90}, at_ms),
        )

    def _press(self, at_ms: int) -> Sequence[Sent]:
        return (self._up(self.caller, {"sos": True, "battery": 90}, at_ms),)

    def _told(self, topic: str, payload: bytes, at_ms: int) -> Sequence[Sent]:
        word = inside(read(payload), "object", "socket_status")
        device = topic.removesuffix("/command/down")
        return (self._up(device, {"socket_status": word}, at_ms),) if word in ("on", "off") else ()

    def _up(self, device: str, what: dict[str, object], at_ms: int) -> Sent:
        self.count += 1
        eui = device.rpartition("/")[2]
        body = {
            "time": stamp(at_ms),
            "deviceInfo": {"deviceName": f"annexe {eui[-2:]}", "deviceProfileName": "annexe", "devEui": eui},
            "devAddr": f"0100{eui[-4:]}",
            "fCnt": self.count,
            "fPort": 85,
            "data": "AQID",
            "object": what,
            "rxInfo": [{"gatewayId": self.gateway.split("/")[2], "rssi": -90}],
        }
        return said(f"{device}/event/up", body)


class Theengs(Peer):
    """A Bluetooth gateway in the hall; its button's packet is heard twice."""

    account = "theengs"
    name, what = "theengs", "Theengs Gateway with a Bluetooth button"
    caller = "theengs/ble/B43522FE1001"

    def _will(self) -> Sent:
        return said("home/hall/LWT", "offline", retain=True)

    def _hello(self, at_ms: int) -> Sequence[Sent]:
        return (said("home/hall/LWT", "online", retain=True),)

    def _press(self, at_ms: int) -> Sequence[Sent]:
        self.count += 1
        packet = {
            "id": "B4:35:22:FE:10:01",
            "rssi": -61,
            "brand": "Shelly",
            "model": "ShellyBLU Button1",
            "type": "BTN",
            "packet": self.count % 256,
            "batt": 99,
            "button": 1,
        }
        return (said("home/hall/BTtoMQTT/B43522FE1001", packet),) * 2
