"""MQTT topic filters, matched the way a broker matches them."""

from __future__ import annotations

import re
from functools import lru_cache


def matches(topic_filter: str, topic: str) -> bool:
    """Whether a broker would deliver `topic` to a subscription on `topic_filter`."""
    if topic.startswith("$") and topic_filter[:1] in ("+", "#"):
        return False
    wanted = topic_filter.split("/")
    levels = topic.split("/")
    for index, part in enumerate(wanted):
        if part == "#":
            return True
        if index >= len(levels) or part not in ("+", levels[index]):
            return False
    return len(wanted) == len(levels)


MOST_SLASHES = 200
"""Mosquitto ends the connection of whoever uses more."""
_NONCHARACTERS = "\ufdd0-\ufdef" + "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
_REFUSED = re.compile(f"[+#\x00-\x1f\x7f-\x9f\ud800-\udfff{_NONCHARACTERS}]")


def publishable(topic: str) -> bool:
    """Whether a broker would accept a message on this topic: not empty, no wildcard, not too long or deep, and nothing
    for which Mosquitto ends the sender's connection: control characters, and those that Unicode says are none."""
    return _known_publishable(topic) if len(topic) <= ORDINARY_LENGTH else _is_publishable(topic)


def _is_publishable(topic: str) -> bool:
    return (
        bool(topic)
        and _REFUSED.search(topic) is None
        and topic.count("/") <= MOST_SLASHES
        and len(topic.encode()) <= 65_535
    )


_known_publishable = lru_cache(maxsize=2_048)(_is_publishable)
ORDINARY_LENGTH = 200
"""Answers for topics up to this length are remembered: the same few hundred are published on all day."""


def addressable(device: str) -> bool:
    """Whether topics below a device's address can be published and subscribed to, three levels and a name more."""
    return publishable(f"{device}/x/x/{'x' * 40}")


def subscribable(topic_filter: str) -> bool:
    """Whether a broker would accept a subscription to this: wildcards are whole levels, the rest is publishable."""
    levels = topic_filter.split("/")
    if "#" in levels[:-1]:
        return False
    return publishable("/".join("x" if level in ("+", "#") else level for level in levels))
