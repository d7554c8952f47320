"""Where a hub may die: every step between receiving a press and having delivered it, by name, in order.

Promise 2 says that kill -9 at any line loses nothing and doubles nothing. A test walks these points with the real
program and the real broker: it starts a hub that kills itself at one of them, starts it again, and looks.

In a home nothing is armed and a point is a loop over an empty list, a handful of times for each group of inputs. Only
`handrail run` arms one, from the environment variable below, once, at its start. It wants a point's name and a word of
what passes there (a device, an alert), so that no value somebody sets by accident does anything, and it says so aloud.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from hub.errors import HandrailError

DIE_AT = "HANDRAIL_DIE_AT"
"""`point@word`, as in `committed@room-003-pendant`: die where that word first passes this point."""
SENT_S = 0.05
"""By then what was handed to the socket has left."""


class Point(StrEnum):
    """The steps, in the order in which a press takes them; below the line, those of other ways."""

    RECEIVED = "received"
    """Read from the socket, not yet in the pump."""
    STEPPED = "stepped"
    """The machine has decided; nothing is written."""
    COMMITTING = "committing"
    """Inside the transaction, all rows written, before COMMIT."""
    COMMITTED = "committed"
    """On disk; nobody in this process knows yet."""
    ADOPTED = "adopted"
    """The new state holds; the broker has no PUBACK."""
    ACKNOWLEDGED = "acknowledged"
    """The PUBACK has left; nothing was published."""
    PUBLISHED = "published"
    """The broker has the alert and has said so; we have not heard it."""
    CARRIED = "carried"
    """We know that it was carried out; its row is still in the outbox."""
    PAGED = "paged"
    """A person's channel took the page; nothing of that is kept."""
    # ---- the end of an alert, what the broker shows, the change of a lane
    CLOSED = "closed"
    """`state: closed` was published; the retained alert is not yet cleared."""
    LOOKED = "looked"
    """The broker shows what it should not; it is not yet put right."""
    WIDENED = "widened"
    """A topic shall change its lane; nothing was asked of the broker."""
    SUBSCRIBED = "subscribed"
    """The new lane has it (first SUBACK), the old filters are not yet taken away."""


class NoSuchPoint(HandrailError):
    """Nothing is armed by a value that cannot be read."""


@dataclass(frozen=True, slots=True)
class _Death:
    point: Point
    word: str

    def meets(self, point: Point, about: object) -> bool:
        return point is self.point and self.word in str(about)


_ARMED: list[_Death] = []


def at(point: Point, about: object) -> None:
    """Pass a point with something; the hub lives on unless a test wants it otherwise."""
    for death in _ARMED:
        if death.meets(point, about):
            _die()


async def once_sent(point: Point, about: object) -> None:
    """The same for a point that is reached when the socket has taken what was handed to it."""
    for death in _ARMED:
        if death.meets(point, about):
            await asyncio.sleep(SENT_S)
            _die()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def arm(environment: Mapping[str, str]) -> None:
    """Arm the point that the environment names, aloud; raises `NoSuchPoint` for what is none."""
    wanted = environment.get(DIE_AT)
    if not wanted:
        return
    name, _, word = wanted.partition("@")
    if name not in set(Point) or not word:
        raise NoSuchPoint(f"{DIE_AT}={wanted}: this is for tests; it wants point@word, point one of {', '.join(Point)}")
    _ARMED.append(_Death(Point(name), word))
    sys.stderr.write(f"handrail: {DIE_AT} IS SET: THIS HUB WILL KILL ITSELF at {wanted}. Never set it in a home.\n")
