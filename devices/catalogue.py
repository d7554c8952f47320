"""Which ecosystems Handrail hears. To add one, write its adapter and name it in `ADAPTERS`."""

from __future__ import annotations

from collections.abc import Sequence

from devices.adapter import Adapter, Known
from devices.discovery import Discovery
from devices.esphome import EspHome
from devices.frigate import Frigate
from devices.homie import Homie
from devices.known import KnownDevices
from devices.lorawan_chirpstack import ChirpStack
from devices.lorawan_tts import TheThingsStack
from devices.own import Own
from devices.rtl_433 import Rtl433
from devices.shelly_gen1 import ShellyGen1
from devices.shelly_gen2 import ShellyGen2
from devices.tasmota import Tasmota
from devices.theengs import Theengs
from devices.topics import matches
from devices.zigbee2mqtt import Zigbee2MQTT

NATIVE: tuple[Adapter, ...] = (
    Zigbee2MQTT(),
    Rtl433(),
    ShellyGen1(),
    ShellyGen2(),
    Tasmota(),
    Theengs(),
    TheThingsStack(),
    ChirpStack(),
    Homie(),
    Frigate(),
    Own(),
)
"""Every ecosystem that has topics of its own, with its default ones."""
ADAPTERS: tuple[Adapter, ...] = (*NATIVE, Discovery(NATIVE), EspHome())
"""Every ecosystem. What Home Assistant's discovery introduces on the topics of the native ones is theirs; what ESPHome
says is read as discovery introduced it, and by its own form only where nobody did."""


class Catalogue:
    """The adapters of one home, found by topic. Built once: each message asks it."""

    def __init__(self, adapters: Sequence[Adapter] = ADAPTERS) -> None:
        self.adapters = tuple(adapters)
        by_first: dict[str, list[tuple[str, Adapter]]] = {}
        for adapter in self.adapters:
            for topic_filter in adapter.filters:
                by_first.setdefault(topic_filter.split("/", 1)[0], []).append((topic_filter, adapter))
        self._anywhere = by_first.pop("+", []) + by_first.pop("#", [])
        self._by_first = by_first
        self._only: dict[str, Adapter] = {
            first: found[0][1] for first, found in by_first.items() if [f for f, _ in found] == [f"{first}/#"]
        }
        """First levels that are one ecosystem's: its messages are found with one look, whatever filters others have."""
        self._discovery = next((adapter for adapter in self.adapters if isinstance(adapter, Discovery)), None)

    def adapter_for(self, topic: str, known: Known | None = None) -> Adapter | None:
        """The adapter that reads messages on this topic, and devices of this address.

        With `known`, topics are found too that only a discovered device named: after those that begin with an
        ecosystem's own name, and before the filters of ecosystems that have none.
        """
        first = topic.partition("/")[0]
        if first in self._only:
            return self._only[first]
        if known.__class__ is KnownDevices and topic in known.on_topic:
            return self._discovery
        for topic_filter, adapter in self._by_first.get(first, []) + self._anywhere:
            if matches(topic_filter, topic):
                return adapter
        return None

    def filters(self) -> tuple[str, ...]:
        """Everything the bulk lane subscribes to."""
        return tuple(dict.fromkeys(f for adapter in self.adapters for f in adapter.filters))

    def urgent_filters(self) -> tuple[str, ...]:
        """What is urgent as a whole, because all devices of an ecosystem share a topic."""
        return tuple(dict.fromkeys(f for adapter in self.adapters for f in adapter.urgent_filters))

    def topics_of(self, device: str) -> tuple[str, ...]:
        """The topics this device reports presses on; none where no adapter knows the address."""
        adapter = self.adapter_for(device)
        return adapter.topics_of(device) if adapter is not None else ()


DEFAULT = Catalogue()


def adapter_for(topic: str) -> Adapter | None:
    """The adapter of the default catalogue that reads this topic."""
    return DEFAULT.adapter_for(topic)
