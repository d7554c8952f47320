"""What asks the broker once more for what it did not let the hub hear.

What it refused is asked for until it is granted. What it granted and did not pass on is subscribed to anew once it
does: only then the broker sends what it has retained there, introductions and alarms that are on among it. It said
none of that at our connect, and would not before the next.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from hub.abc import Lane
from hub.broker.rights import Rights


class Again:
    """The ways to ask again, by the part of the hub that was refused, and for all of it."""

    def __init__(
        self, rights: Rights, *, lanes: Sequence[Lane], follow: Callable[[], None], look: Callable[[], Awaitable[None]]
    ) -> None:
        """`follow` lets the filters follow what devices introduced; `look` looks at what the broker shows for us."""
        self._rights, self._lanes, self._follow, self._look = rights, lanes, follow, look
        self.by_part: dict[str, Callable[[], Awaitable[None]]] = {
            **{lane.lane: partial(self._ask, lane) for lane in lanes},
            "devices": self._devices,
            "shown": look,
        }

    async def _ask(self, lane: Lane, *, everything: bool = False) -> None:
        self._rights.say(lane.lane, *await lane.ask_again(everything=everything))

    async def _devices(self) -> None:
        self._follow()

    async def all_of_it(self) -> None:
        """As at a connect: every filter of both lanes, and what the broker shows."""
        for lane in self._lanes:
            await self._ask(lane, everything=True)
        await self._look()
