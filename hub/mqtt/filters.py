"""Filters on their way to the broker: in portions that any broker takes, without those for which one hangs up."""

from collections.abc import Sequence

from devices.topics import subscribable

_FILTERS_A_PACKET = 100


def portions(filters: Sequence[str]) -> list[list[str]]:
    """What may be asked for, so many at a time."""
    good = [name for name in filters if subscribable(name)]
    return [good[at : at + _FILTERS_A_PACKET] for at in range(0, len(good), _FILTERS_A_PACKET)]


def impossible(filters: Sequence[str]) -> list[str]:
    """What must never be asked for: the broker would end the connection, now and at each connect."""
    return [name for name in filters if not subscribable(name)]
