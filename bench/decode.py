"""How many messages a second the adapters read on one core.

    python bench/decode.py [SECONDS]

In time of the processor, so that other work on the machine does not count.
The first line is the hot path: the JSON state of a Zigbee2MQTT device that has introduced itself.
"""

from __future__ import annotations

import sys
from pathlib import Path
from time import thread_time

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import orjson

from devices.adapter import Adapter, Description, Known, Message
from devices.catalogue import adapter_for
from devices.rtl_433 import Rtl433
from devices.shelly_gen2 import ShellyGen2
from devices.tasmota import Tasmota
from devices.zigbee2mqtt import Zigbee2MQTT

DOOR = {
    "friendly_name": "room-001-door",
    "ieee_address": "0x00124b0000000001",
    "type": "EndDevice",
    "definition": {
        "model": "D1",
        "vendor": "Example",
        "description": "Door sensor",
        "exposes": [
            {
                "type": "binary",
                "name": "contact",
                "property": "contact",
                "access": 1,
                "value_on": False,
                "value_off": True,
            },
            {"type": "numeric", "name": "battery", "property": "battery", "access": 1, "unit": "%"},
            {"type": "numeric", "name": "linkquality", "property": "linkquality", "access": 1, "unit": "lqi"},
        ],
    },
}
STATE = Message("zigbee2mqtt/room-001-door", b'{"contact":false,"linkquality":120,"battery":88}')
PRESS = Message(
    "zigbee2mqtt/room-001-pendant", b'{"action":"emergency","linkquality":90,"last_seen":"2026-11-22T03:00:00.123Z"}'
)
FRAME = Message(
    "rtl_433/attic/events",
    b'{"time":"2026-11-22 03:00:00","model":"Honeywell-Security","id":75948,"channel":8,"event":160,"state":"open",'
    b'"contact_open":1,"reed_open":1,"alarm":0,"tamper":0,"battery_ok":1,"heartbeat":0}',
)
GESTURE = Message(
    "shellyplusi4-c049ef8a1b20/events/rpc",
    b'{"src":"shellyplusi4-c049ef8a1b20","dst":"shellyplusi4-c049ef8a1b20/events","method":"NotifyEvent","params":'
    b'{"ts":1795312800.25,"events":[{"component":"input:1","id":1,"event":"single_push","ts":1795312800.25}]}}',
)
REGULAR = Message(
    "tele/plug/STATE", b'{"Time":"2026-11-22T03:00:00","Uptime":"0T01:00:00","POWER":"ON","Wifi":{"RSSI":70}}'
)


def rate(adapter: Adapter, message: Message, known: Known, seconds: float) -> tuple[float, float]:
    """Messages a second and microseconds a message, the best of five."""
    batch, best = 1000, float("inf")
    decode = adapter.decode
    for _ in range(5):
        done, started = 0, thread_time()
        while thread_time() - started < seconds / 5:
            for _ in range(batch):
                adapter_for(message.topic)
                decode(message, known)
            done += batch
        best = min(best, (thread_time() - started) / done)
    return 1 / best, best * 1e6


def main() -> int:
    """Print one line per kind of message."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    zigbee, radio = Zigbee2MQTT(), Rtl433()
    inventory = zigbee.decode(Message("zigbee2mqtt/bridge/devices", orjson.dumps([DOOR])), {})
    known: dict[str, Description] = {item.device: item for item in inventory.learned}
    cases: tuple[tuple[str, Adapter, Message, Known], ...] = (
        ("zigbee2mqtt state, device known", zigbee, STATE, known),
        ("zigbee2mqtt state, device unknown", zigbee, STATE, {}),
        ("zigbee2mqtt press with last_seen", zigbee, PRESS, {}),
        ("rtl_433 frame", radio, FRAME, {}),
        ("Shelly press over RPC", ShellyGen2(), GESTURE, {}),
        ("Tasmota state", Tasmota(), REGULAR, {}),
    )
    for name, adapter, message, devices in cases:
        per_second, micros = rate(adapter, message, devices, seconds)
        print(f"{name:36} {per_second:10,.0f} messages/s {micros:8.2f} µs")
    return 0


if __name__ == "__main__":
    sys.exit(main())
