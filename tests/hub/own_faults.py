"""What the tests of faults of our own share: a planted bug, a home with a plan, and what others saw."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import orjson

from hub.config.new import write_new
from hub.verify import verify
from tests.hub.core_parts import SLUG, Rig
from tests.hub.fake_broker import Json

PLAN = """\
resident: resident-002
known_as: Resident 002
room: "002"
rules:
  - rule: out-of-bed
    why: Resident 002 walks to the bathroom alone and likes to do it without company.
    bed: room-002-bed
    during: 00:00-23:59
    help:
      - light: {device: room-002-light}
      - wait: 15 min
    otherwise: {level: check, say: "{known_as} has been up for {for}."}
    delay_agreed: {risk: walks steadily, by: "J. Shah, RN", on: 2026-10-02}
  - rule: door-open
    why: She likes her door closed.
    when: {door: open, held_for: 10 min}
    otherwise: {level: check, say: "The door of {room} has been open for {for}."}
"""


def bug(*_: object, **__: object) -> None:
    """What must not be."""
    raise ZeroDivisionError


def shown(home: Rig, device: str) -> list[Json]:
    """Every version of the alerts of a device (of the hub's own: `hub:…`) that others saw, the oldest first."""
    said = [orjson.loads(body) for topic, body, _ in home.broker.published if f"/{SLUG}/alert/" in topic and body]
    newest: dict[tuple[object, object], Json] = {}
    for one in said:
        if str(one["device"]).startswith(device):
            newest.setdefault((one["id"], one["version"]), one)
    return list(newest.values())


def newest(home: Rig, device: str) -> Json:
    """The last of them."""
    return [{}, *shown(home, device)][-1]


def is_folded_alike(home: Rig) -> bool:
    """Whether the inputs in the ledger make of themselves what it holds."""
    verdict = verify(home.ledger)
    return verdict.different == 0 and verdict.inputs > 0


async def killed_and_back(home: Rig) -> None:
    """As kill -9 and a new start."""
    await home.quiet()
    await home.kill()
    await home.start()
    await home.quiet()


@asynccontextmanager
async def with_plan(folder: Path) -> AsyncIterator[Rig]:
    """A home with a resident whose rule helps first and then tells."""
    write_new(folder / "home", rooms=2, slug=SLUG, timezone="UTC")
    (folder / "home" / "residents" / "resident-002.yaml").write_text(PLAN)
    made = Rig(folder / "home")
    await made.start()
    try:
        yield made
    finally:
        if not made._running.done():
            await made.stop()
