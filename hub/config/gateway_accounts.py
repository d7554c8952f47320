"""The gateways' accounts on the home's broker: what each may say and hear, and where its devices are told things.

All are prepared: a password of 24 random bytes that nobody uses opens nothing, and a right that is missing on the day a
gateway is bought loses its presses. Some ecosystems have no first level of their own (`+/status`); what of Handrail's
topics such a form would cover is denied, which Mosquitto looks at first.
"""

from __future__ import annotations

from dataclasses import dataclass

OURS = tuple(f"deny handrail/+/{what}" for what in ("alert/#", "room/#", "done/#", "log", "status", "watch/#"))
"""What no gateway may say, whatever else it may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """An account that devices of one ecosystem share."""

    username: str
    what: str
    topics: tuple[str, ...]
    """Its rights, as Mosquitto's access list writes them behind `topic`."""
    told: tuple[str, ...] = ()
    """Where its devices are told things: the watcher sounds sirens there."""


GATEWAYS: tuple[Gateway, ...] = (
    Gateway(
        username="zigbee2mqtt",
        what="Zigbee2MQTT.",
        topics=("readwrite zigbee2mqtt/#", "readwrite homeassistant/#"),
        told=("zigbee2mqtt/+/set", "zigbee2mqtt/+/+/set"),
    ),
    Gateway(username="rtl_433", what="rtl_433.", topics=("readwrite rtl_433/#",)),
    Gateway(
        username="esphome",
        what="ESPHome, with and without discovery; a node may also have an account of its own, see below.",
        topics=(
            *("readwrite homeassistant/#", "readwrite esphome/#", "write +/status", "write +/debug"),
            *("write +/+/+/state", "read +/+/+/command", "write +/+/+/+/state", "read +/+/+/+/command"),
            *(*OURS, "deny handrail/+/do/state"),
        ),
        told=("+/+/+/command", "+/+/+/+/command"),
    ),
    Gateway(
        username="shelly",
        what="Shelly: the first generation, and later ones with any topic prefix of one level or two.",
        topics=(
            *OURS,
            "readwrite shellies/#",
            "readwrite shelly/#",
            *(
                f"{right} {prefix}/{tail}"
                for prefix in ("+", "+/+")
                for right, tail in (
                    ("write", "events/rpc"),
                    ("write", "online"),
                    ("write", "status/+"),
                    ("readwrite", "rpc"),
                    ("read", "command/#"),
                    ("write", "debug/log"),
                )
            ),
        ),
        told=("shellies/+/+/+/command", "shellies/+/+/+/set", "+/rpc", "+/+/rpc", "shelly/+/+/rpc"),
    ),
    Gateway(
        username="tasmota",
        what="Tasmota, in either order of its topics.",
        topics=(
            *("readwrite tasmota/#", "readwrite stat/#", "readwrite tele/#", "readwrite cmnd/#"),
            *("readwrite +/stat/#", "readwrite +/tele/#", "readwrite +/cmnd/#"),
            *OURS,
        ),
        told=("cmnd/#", "+/cmnd/#"),
    ),
    Gateway(
        username="theengs",
        what="Theengs Gateway and OpenMQTTGateway.",
        topics=("readwrite home/#", "readwrite homeassistant/#"),
    ),
    Gateway(
        username="lorawan",
        what="LoRaWAN: ChirpStack with its gateways, and the bridge from The Things Stack.",
        topics=(
            *("readwrite application/#", "readwrite v3/#", "readwrite gateway/#"),
            *(f"readwrite +/gateway/+/{what}/#" for what in ("event", "state", "command")),
            *OURS,
        ),
        told=("application/+/device/+/command/down", "v3/+/devices/+/down/push"),
    ),
    Gateway(
        username="homie",
        what="Homie 4 and 5.",
        topics=("readwrite homie/#",),
        told=("homie/+/+/+/set", "homie/5/+/+/+/set"),
    ),
    Gateway(username="frigate", what="Frigate.", topics=("readwrite frigate/#",)),
    Gateway(
        username="handrail-device",
        what="What somebody builds in Handrail's plain form.",
        topics=("readwrite handrail-device/#",),
        told=("handrail-device/+/set",),
    ),
)


def rights() -> str:
    """Their blocks in the access list."""
    return "\n\n".join(
        "\n".join((f"# {one.what}", f"user {one.username}", *(f"topic {topic}" for topic in one.topics)))
        for one in GATEWAYS
    )


def sirens() -> str:
    """The lines with which the watcher may sound any gateway's sirens."""
    return "\n".join(f"topic write {topic}" for one in GATEWAYS for topic in one.told)
