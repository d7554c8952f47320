"""Which ecosystems Handrail hears. To add one, write its adapter and name it in `ADAPTERS`."""

from __future__ import annotations

from collections.abc import Sequence

from devices.adapter import Adapter
from devices.frigate import Frigate
from devices.homie import Homie
from devices.lorawan_chirpstack import ChirpStack
from devices.lorawan_tts import TheThingsStack
from devices.own import Own
from devices.rtl_433 import Rtl433
from devices.topics import matches
from devices.zigbee2mqtt import Zigbee2MQTT

ADAPTERS: tuple[Adapter, ...] = (
    Zigbee2MQTT(),
    Rtl433(),
    TheThingsStack(),
    ChirpStack(),
    Homie(),
    Frigate(),
    Own(),
)
"""Every ecosystem with its default topics."""


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
            first: found[0][1]
            for first, found in by_first.items()
            if [f for f, _ in found] == [f"{first}/#"] and not self._anywhere
        }

    def adapter_for(self, topic: str) -> Adapter | None:
        """The adapter that reads messages on this topic, and devices of this address."""
        first = topic.partition("/")[0]
        if first in self._only:
            return self._only[first]
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
