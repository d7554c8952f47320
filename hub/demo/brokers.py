"""The broker of the demonstration: Mosquitto with our configuration, else the one in the `iotcore` wheel."""

from __future__ import annotations

import importlib.util
import logging
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

from hub.children import Child, free_port
from hub.config.accounts import DASHBOARDS
from hub.config.gateway_accounts import GATEWAYS
from hub.errors import HandrailError
from hub.mqtt.types import BrokerAddress

log = logging.getLogger("handrail.demo")

HOST = "127.0.0.1"
UNREADABLE = "Couldn't open database"
"""Mosquitto's last word where its file is cut short or no longer what it wrote."""
ELSEWHERE = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin")
"""Where Debian and Homebrew keep brokers, off an ordinary user's PATH."""

RUMQTTD = """\
# The broker in the iotcore wheel: one listener for simulated devices, one for the hub. What it queues dies with it.
id = 0

[router]
id = 0
max_connections = 200
max_outgoing_packet_count = 200
max_segment_size = 104857600
max_segment_count = 10

[v4.devices]
name = "devices"
listen = "{host}:{devices}"
next_connection_delay_ms = 1

[v4.devices.connections]
connection_timeout_ms = 60000
max_payload_size = 8388608
max_inflight_count = 200
dynamic_filters = true

[v5.hub]
name = "hub"
listen = "{host}:{hub}"
next_connection_delay_ms = 1

[v5.hub.connections]
connection_timeout_ms = 60000
max_payload_size = 8388608
max_inflight_count = 200
dynamic_filters = true
"""


class NoBroker(HandrailError):
    """No broker is installed that the demonstration could use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoBroker:
    """A broker that is about to be started."""

    name: str
    url: str
    """Of the hub, for `home.yaml`."""
    command: Callable[[Path], list[str]]
    port: int
    """Of the devices."""
    has_accounts: bool

    def child(self, folder: Path) -> Child:
        """Its process."""
        return Child("broker", self.command(folder), output=folder / "broker.log", mend=partial(put_aside, folder))

    def address(self, folder: Path, account: str) -> BrokerAddress:
        """How a device or person of the demonstration reaches it."""
        if not self.has_accounts:
            return BrokerAddress(host=HOST, port=self.port)
        password_file = folder / "secrets" / f"{account}.password"
        return BrokerAddress(host=HOST, port=self.port, username=account, password_file=password_file)


def put_aside(folder: Path, last_words: str) -> None:
    """What Mosquitto kept and cannot read any more keeps it from starting for ever, and no call is heard: it is given
    another name, and the broker begins without it. The hub finds its session gone, and staff look in on everybody."""
    kept = folder / "broker" / "mosquitto.db"
    if UNREADABLE not in last_words or not kept.exists():
        return
    aside = next(name for n in count(1) if not (name := kept.with_name(f"{kept.name}.broken-{n}")).exists())
    try:
        kept.rename(aside)
    except OSError as error:
        log.warning("the broker cannot read %s, and it cannot be put aside: %s", kept, error.strerror or error)
    else:
        log.warning("the broker could not read what it had kept: put aside as %s, and it begins without it", aside)


DEVICES, PEOPLE = GATEWAYS[0].username, DASHBOARDS
"""The accounts of the simulated devices and of the simulated carers, who answer as if at a screen."""


def choose(port: int) -> DemoBroker:
    """The best broker of this machine; raises `NoBroker` with what to install."""
    places = os.pathsep.join([os.environ.get("PATH", os.defpath), *ELSEWHERE])
    program = shutil.which("mosquitto", path=places)
    if program is not None:
        return mosquitto(program, port)
    if importlib.util.find_spec("iotcore") is not None:
        return rumqttd(port)
    raise NoBroker(
        "no MQTT broker is here: install Mosquitto (Debian: sudo apt-get install mosquitto; macOS: brew install"
        " mosquitto), then start the demo again"
    )


def mosquitto(program: str, port: int) -> DemoBroker:
    """Mosquitto as a real home runs it, with accounts and rights."""
    return DemoBroker(
        name="Mosquitto",
        url=f"mqtt://hub@{HOST}:{port}",
        command=lambda folder: [program, "-c", str(folder / "mosquitto.conf")],
        port=port,
        has_accounts=True,
    )


def rumqttd(port: int) -> DemoBroker:
    """The broker in the wheel: one port for the devices, which speak 3.1.1, and one for the hub, which speaks 5."""
    hub_port = free_port()

    def command(folder: Path) -> list[str]:
        settings = folder / "rumqttd.toml"
        settings.write_text(RUMQTTD.format(host=HOST, devices=port, hub=hub_port), encoding="utf-8")
        return ["-m", "hub.demo.rumqttd", str(settings)]

    return DemoBroker(
        name="rumqttd (iotcore)",
        url=f"mqtt://{HOST}:{hub_port}",
        command=command,
        port=port,
        has_accounts=False,
    )
