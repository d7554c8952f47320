"""The plain values that go between the hub and its MQTT connections."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple


class Packet(NamedTuple):
    """A message that arrived and is not yet acknowledged; a tuple because thousands a second are made."""

    lane: str
    topic: str
    payload: bytes
    retain: bool
    """Stored at the broker before we subscribed; a message published just now has it off, whatever its sender set."""
    qos: int
    packet_id: int | None
    duplicate: bool
    connection: int
    """The generation number of the network connection it came on."""
    response_topic: str | None
    correlation_data: bytes | None
    resumed: bool = False
    """The broker still had our session when that connection was made."""
    arrival: int = 0
    """The place among the QoS 1 messages of its connection, from 0."""


class Publication(NamedTuple):
    """A message on its way to the broker, and who is told what came of it; a tuple for the same reason."""

    topic: str
    payload: bytes
    qos: int
    retain: bool
    on_acknowledged: Callable[[bool, str], None] | None
    correlation_data: bytes | None = None
    """What a request of MQTT 5 wants to find in its answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message to be published: a last will, or the last words at a clean stop."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerAddress:
    """Where the broker is and how to log in; passwords and keys are in files, never in the configuration."""

    host: str
    port: int = 1883
    tls: bool = False
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    username: str | None = None
    password_file: Path | None = None

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Up:
    """What the broker agreed to when a connection came up and its subscriptions were answered."""

    connection: int
    session_present: bool
    receive_max: int
    max_packet_size: int | None
    keep_alive_s: int
    session_expiry_s: int
    refused: tuple[str, ...] = ()
    """A sentence for each filter that was not granted; the others work."""
    kept_out: bool = False
    """Since the last time it had not let our account in."""
