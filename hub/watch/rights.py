"""Whether the broker lets the watcher hear the devices: Mosquitto says yes to every subscription, and passes on what
the rights allow. Pure.

Every few minutes the hub says an empty message under each filter and then one on a topic of its own. A broker keeps the
order: what has not come to the watcher before the last, does not come at all.
"""

from __future__ import annotations

PROBE = "/handrail/probe"


class Rights:
    """What came of the hub's last round."""

    def __init__(self, filters: tuple[str, ...]) -> None:
        self._asked = {
            f"{name.removesuffix('/#')}{PROBE}": name for name in filters if name.endswith("/#") and "+" not in name
        }
        self._came: set[str] = set()
        self._whole = False
        self.not_heard: tuple[str, ...] = ()

    def linked(self) -> None:
        """A new connection: the round that is under way has begun without us."""
        self._whole = False

    def came(self, topic: str) -> None:
        """A message came; one of the hub's, perhaps."""
        if topic in self._asked:
            self._came.add(topic)

    def round_over(self) -> bool:
        """The last message of a round came. Whether anything is not heard that was, or is heard that was not."""
        missing = tuple(name for topic, name in self._asked.items() if topic not in self._came)
        self._came.clear()
        before, was_whole, self._whole = self.not_heard, self._whole, True
        if was_whole:
            self.not_heard = missing
        return self.not_heard != before
