"""MQTT 5 reason codes as sentences for the person who runs the hub: what happened, and what to change."""

import ssl

import mqtt5

from hub.errors import (
    BrokerBusy,
    BrokerClosed,
    BrokerError,
    BrokerRefused,
    BrokerUnreachable,
    BrokerUntrusted,
    ProtocolBroken,
    SessionTakenOver,
)

FIRST_FAILURE = 128
NOT_YET_VALID, EXPIRED = 9, 10
"""What OpenSSL says of a certificate's time."""
FILTER_INVALID = int(mqtt5.SubAckReasonCode.TOPIC_FILTER_INVALID)

_PROTOCOL_ERROR = int(mqtt5.DisconnectReasonCode.PROTOCOL_ERROR)
_ALIAS_INVALID = int(mqtt5.DisconnectReasonCode.TOPIC_ALIAS_INVALID)

# What the broker answers to our CONNECT, and says when it ends a connection by itself.
_CONNECTION: dict[int, str] = {
    128: "it gave no reason; its log may say more",
    129: "it could not read what we sent; is something between us and the broker changing bytes?",
    130: "it found our packets against the protocol; please report this with the broker's name and version",
    131: "it has a reason of its own; its log may say more",
    132: "it does not speak MQTT 5; use Mosquitto 2 or another MQTT 5 broker",
    133: "it does not accept our client id; allow it in the broker's settings",
    134: "user name or password are wrong; compare them with the broker's password file",
    135: "user name or password are wrong, or this user has no rights; compare them with the broker's password file",
    136: "it is not available now",
    137: "it is busy",
    138: "this client is banned; lift the ban in the broker's settings",
    139: "it is shutting down",
    140: "it wants another way to log in; allow user name and password in its settings",
    141: "it heard nothing from us for too long; is the network or this machine overloaded?",
    142: "another client connected with our client id",
    143: "a topic filter is not valid there",
    144: "a topic is not valid there",
    147: "we sent more at once than it takes; please report this with the broker's name and version",
    148: "it found a topic alias it does not know",
    149: "a packet was larger than it takes; raise its packet size limit",
    150: "we send too fast for it; raise its rate limit",
    151: "a quota is used up; raise it in the broker's settings",
    152: "somebody ended it in the broker's administration",
    153: "a payload is not in the form announced",
    154: "it keeps no retained messages; switch them on in its settings",
    155: "it does not take QoS 1; allow it in its settings",
    156: "it asks us to use another server; change the broker's address in home.yaml",
    157: "it has moved; change the broker's address in home.yaml",
    158: "it offers no shared subscriptions",
    159: "we connect too often for it; raise its connection rate limit",
    160: "the longest connection time it allows is over",
    161: "it offers no subscription identifiers",
    162: "it offers no wildcard subscriptions; allow them in its settings",
}
LOGIN = frozenset({134, 135, 138, 140})
"""It does not let our account in. Mosquitto 2.0.11 says 135 where the password is wrong."""
_BUSY = frozenset({128, 131, 136, 137, 139, 151, 159})

_PUBLISH: dict[int, str] = {
    0: "taken by the broker",
    16: "taken by the broker, nobody subscribes",
    128: "the broker did not take it and gave no reason; its log may say more",
    131: "the broker did not take it for a reason of its own; its log may say more",
    135: "not authorised to publish there; give the hub's user write rights for {topic} in the broker's access list",
    144: "the broker does not accept the topic {topic}",
    145: "the broker says the packet id is in use; the connection is out of step",
    151: "a quota of the broker is used up; raise it in the broker's settings",
    153: "the broker found the payload not in the form announced",
}

_SUBSCRIBE: dict[int, str] = {
    128: "no reason given; the broker's log may say more",
    131: "a reason of the broker's own; its log may say more",
    135: "not authorised; give the hub's user read rights for it in the broker's access list",
    143: "it is not a valid topic filter there; correct it in home.yaml or devices.yaml",
    145: "the packet id is in use; the connection is out of step",
    151: "a quota is used up; raise it in the broker's settings",
    158: "shared subscriptions are not offered",
    161: "subscription identifiers are not offered",
    162: "wildcard subscriptions are not offered; allow them in the broker's settings",
}


def connection_words(code: int) -> str:
    """Why a broker refused or ended a connection."""
    return _CONNECTION.get(code, f"reason code {code}")


def publish_words(code: int, topic: str) -> str:
    """What became of a message, from its PUBACK."""
    return _PUBLISH.get(code, f"the broker answered with reason code {code}").replace("{topic}", topic)


def subscribe_words(code: int) -> str:
    """Why a broker does not grant a filter."""
    return _SUBSCRIBE.get(code, f"reason code {code}")


def _said(reason: str | None) -> str:
    return f' (it says: "{reason}")' if reason else ""


def refusal(packet: mqtt5.ConnAckPacket, where: str, client_id: str, username: str | None) -> BrokerError:
    """The error for a CONNACK that is not a welcome."""
    code = int(packet.reason_code)
    who = f"user {username!r}" if username else "a client without user name"
    sentence = f"the broker at {where} refused {who}, client id {client_id!r}: {connection_words(code)}"
    return (BrokerBusy if code in _BUSY else BrokerRefused)(sentence + _said(packet.reason_str))


def untrusted(error: ssl.SSLError, where: str) -> BrokerUntrusted:
    """The error for a handshake that failed, with what to change."""
    if not isinstance(error, ssl.SSLCertVerificationError):
        return BrokerUntrusted(
            f"no TLS with the broker at {where}: {error.reason or error}; is it the port of its TLS listener?"
        )
    if error.verify_code == EXPIRED:
        return BrokerUntrusted(
            f"the certificate of the broker at {where} has ended: renew it, put the new one where `certfile` in"
            " mosquitto.conf says, then `kill -HUP` the broker"
        )
    if error.verify_code == NOT_YET_VALID:
        return BrokerUntrusted(
            f"the certificate of the broker at {where} is not valid yet: set this machine's clock,"
            " `timedatectl set-ntp true`"
        )
    return BrokerUntrusted(
        f"the certificate of the broker at {where} is not to be trusted: {error.verify_message};"
        " name the authority that signed it as the broker's ca_file"
    )


def broken_off(error: Exception | None, where: str) -> BrokerError:
    """The error for a connection that ended without a word of MQTT."""
    said = (error.reason or "") if isinstance(error, ssl.SSLError) else ""
    if "ALERT" in said and "CERTIFICATE" in said:
        words = "has ended" if "EXPIRED" in said else f"is not to its liking ({said.lower().replace('_', ' ')})"
        return BrokerRefused(
            f"the broker at {where} says that our certificate {words}: renew `cert_file` and `key_file` of home.yaml"
        )
    lost = f"the connection to the broker at {where} was lost"
    return BrokerUnreachable(f"{lost}: {error}" if error else lost)


def farewell(packet: mqtt5.DisconnectPacket, where: str, client_id: str) -> BrokerError:
    """The error for a DISCONNECT that the broker sent."""
    if packet.reason_code == mqtt5.DisconnectReasonCode.SESSION_TAKEN_OVER:
        return SessionTakenOver(
            f"another client connected to the broker at {where} with the id {client_id!r}: are there two hubs?"
            " Stop one of them, or give it another home name"
        )
    words = connection_words(int(packet.reason_code)) if int(packet.reason_code) else "it gave no reason"
    return BrokerClosed(f"the broker at {where} ended the connection: {words}{_said(packet.reason_str)}")


def closed_silently(where: str, client_id: str, times: int, *, worked: bool) -> BrokerError:
    """The error for a connection that was closed without a word and let in again at once, again and again.

    Two hubs with one id see that, and so does a hub whose network cuts: who has worked here goes on, a newcomer leaves.
    """
    sentence = (
        f"the broker at {where} closed our connection {times} times within a minute without a word and let us in again"
        f" at once: probably another client connects with the id {client_id!r}. Are there two hubs? Stop one of them,"
        " or give it another home name"
    )
    if worked:
        return BrokerUnreachable(f"{sentence}; or the network cuts again and again")
    return SessionTakenOver(sentence)


def forbidden(packet: mqtt5.Packet) -> ProtocolBroken:
    """The error for a packet that a broker may not send, or not now."""
    name = type(packet).__name__.removesuffix("Packet").upper()
    if isinstance(packet, mqtt5.PublishPacket):
        if packet.topic_alias is not None:
            return ProtocolBroken("the broker sent a topic alias; we allow none", _ALIAS_INVALID)
        if packet.qos == 2:
            return ProtocolBroken("the broker sent QoS 2; we subscribe with QoS 1 at most", _PROTOCOL_ERROR)
    return ProtocolBroken(f"the broker sent a {name} packet where none may be", _PROTOCOL_ERROR)


def too_large(topic: str, size_bytes: int, most_bytes: int) -> str:
    """Why a message of ours was not sent."""
    return f"too large for the broker: {size_bytes} bytes for {topic}, it takes {most_bytes}"
