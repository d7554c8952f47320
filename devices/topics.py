"""MQTT topic filters, matched the way a broker matches them."""

from __future__ import annotations


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


def publishable(topic: str) -> bool:
    """Whether a broker would accept a message on this topic: not empty, no wildcard, no NUL, short enough."""
    return bool(topic) and not any(char in topic for char in "+#\0") and len(topic.encode(errors="replace")) <= 65_535
