"""What the broker does not let the hub hear, asked again every minute until it does.

A broker says no in its answer to a subscription, or, as Mosquitto with an access list does, says yes and passes nothing
on. The second is found by a probe: an empty message on a topic under each filter, then one on a topic of our own. A
broker keeps the order, so when the last has come back, those that have not were held back. The hub passes over
these empty messages before any adapter reads them.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from hub.abc import Broker
from hub.topics import PROBE, Topics

PATIENCE_S = 10.0
SHOWN = 3
SILENT = "silent"


class Rights:
    """Who was refused what; one fault while anything is."""

    def __init__(self, on_fault: Callable[..., None], *, told: bool = False) -> None:
        """`told`: people were told before this start, and nobody has taken it back."""
        self._on_fault = on_fault
        self._told = told
        self._refused: dict[str, tuple[str, ...]] = {}
        self.again: Mapping[str, Callable[[], Awaitable[None]]] = {}
        """What asks anew, by the part of the hub that was refused."""

    def say(self, part: str, *sentences: str) -> None:
        """A part of the hub was refused this, or nothing any more."""
        # The probe has the last word on what was told before this start.
        if sentences == self._refused.get(part, ()) and not (self._told and part == SILENT and not self._refused):
            return
        if sentences:
            self._refused[part] = sentences
        else:
            self._refused.pop(part, None)
        said = list(dict.fromkeys(sentence for some in self._refused.values() for sentence in some))
        self._told = bool(said)
        if not said:
            self._on_fault("subscription", False, "the broker lets the hub hear everything again")
            return
        more = f"; and {len(said) - SHOWN} more" if len(said) > SHOWN else ""
        self._on_fault("subscription", True, "; ".join(said[:SHOWN]) + more)

    @property
    def lacking(self) -> bool:
        """Whether something is refused now."""
        return bool(self._refused)

    async def ask_again(self) -> None:
        """Let every part that was refused something ask for it once more."""
        for part in list(self._refused):
            if part in self.again:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(PATIENCE_S):
                        await self.again[part]()


class Probe:
    """Messages of our own that show what comes through, and at which QoS."""

    def __init__(self, *, topics: Topics, bulk: Broker, urgent: Broker, filters: tuple[str, ...]) -> None:
        # A lane does not hear its own words, so the bulk lane speaks where it listens, the urgent lane on requests.
        whole = [name for name in filters if name.endswith("/#") and "+" not in name]
        devices = {f"{name.removesuffix('/#')}{PROBE}": name for name in whole}
        self._asked = (
            (bulk, topics.probe("bulk"), devices),
            (urgent, topics.probe("urgent"), {topics.request_probe: topics.requests}),
        )
        self._qos0 = topics.probe("qos0")
        self._came: dict[str, int] = {}
        self._answers: dict[str, bool] = {}
        self._news = asyncio.Event()
        self.topics = (self._qos0, *(topic for _, last, some in self._asked for topic in (*some, last)))
        """What must be subscribed to for it."""

    def came(self, topic: str, qos: int) -> None:
        """A message of ours came back."""
        self._came[topic] = qos
        self._news.set()

    def _answered(self, topic: str, ok: bool, _why: str) -> None:
        self._answers[topic] = ok
        self._news.set()

    async def ask(self) -> tuple[list[str], bool] | None:
        """The filters under which nothing comes through, and whether QoS 0 is raised; None where it cannot be told."""
        self._came.clear()
        self._answers.clear()
        bulk = self._asked[0][0]
        bulk.publish(self._qos0, b"", qos=0)
        for lane, last, some in self._asked:
            for topic in (*some, last):
                lane.publish(topic, b"", on_acknowledged=partial(self._answered, topic))
        await self._until(lambda: all(topic in self._answers for topic in self.topics[1:]))
        if not all(self._answers.get(last) for _, last, _ in self._asked):
            return None
        await self._until(lambda: all(last in self._came for _, last, _ in self._asked))
        silent: list[str] = []
        for _, last, some in self._asked:
            if last not in self._came:
                silent.append(last)
            silent += [name for topic, name in some.items() if self._answers.get(topic) and topic not in self._came]
        return silent, self._came.get(self._qos0, 1) == 1

    async def _until(self, condition: Callable[[], bool]) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not condition():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return
