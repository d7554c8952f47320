"""MQTT topic filters, matched the way a broker matches them."""

from __future__ import annotations

import re


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


_REFUSED = re.compile("[+#\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def publishable(topic: str) -> bool:
    """Whether a broker would accept a message on this topic: not empty, no wildcard, short enough, and no control
    character, for which Mosquitto ends the sender's connection."""
    return bool(topic) and _REFUSED.search(topic) is None and len(topic.encode()) <= 65_535
