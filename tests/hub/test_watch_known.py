"""What the hub lets the watcher know, also one that starts later: who is no longer here, whose device is not ours."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from tests.hub import core_parts, test_watch_shell
from tests.hub.core_parts import PENDANT, PRESS, SLUG
from tests.parts import until

KNOWN = f"handrail/{SLUG}/watch/known"
STRANGER = "zigbee2mqtt/somebody"
SECOND = "zigbee2mqtt/room-002-pendant"


async def has_died(home: core_parts.Rig) -> bytes:
    """Staff say that the resident of the first room has died; what the broker shows of it."""
    more = {"resident": "resident-001", "reason": "died", "by": "manager-1", "confirmed": True}
    answer = await home.ask(id="q-1", do="gone", **more)
    assert answer["ok"], answer
    await until(lambda: KNOWN in home.broker.retained)
    return home.broker.retained[KNOWN]


async def test_a_watcher_that_starts_later_names_nobody_who_is_gone(tmp_path: Path) -> None:
    """The files still have the plan, and the hub has died since: the broker shows the watcher what the hub knew."""
    async with core_parts.rig(tmp_path) as home:
        shown = await has_died(home)
    async with test_watch_shell.rig(tmp_path) as watcher:
        watcher.link.say(KNOWN, shown, True)
        watcher.hub_dies()
        watcher.link.say(PENDANT, PRESS, False)
        watcher.link.say(SECOND, PRESS, False)
        await until(lambda: len(watcher.link.shown) == 2)
        said = [orjson.loads(body) for body in watcher.link.shown.values()]
        assert [(row["who"], row["where"]) for row in said] == [("", "Room 1"), ("Resident 002", "lives in Room 2")]
        assert b"Resident 001" not in b"".join(watcher.link.shown.values())


async def test_a_broker_that_forgot_who_is_gone_is_told_again(tmp_path: Path) -> None:
    """At each connection what it shows becomes what the ledger holds; of another time it is put right."""
    async with core_parts.rig(tmp_path) as home:
        shown = await has_died(home)
        for forgotten in (None, b'{"gone":["resident-002"],"not_ours":[]}'):
            await home.kill()
            home.broker.retained.pop(KNOWN)
            if forgotten is not None:
                home.broker.retained[KNOWN] = forgotten
            await home.start()
            await until(lambda: home.broker.retained.get(KNOWN) == shown)


async def test_a_home_that_nobody_has_left_says_nothing(tmp_path: Path) -> None:
    """Nor is it said again with each thing that happens."""
    async with core_parts.rig(tmp_path) as home:
        home.broker.say(PENDANT, PRESS)
        home.broker.say(STRANGER, PRESS)
        await home.quiet()
        assert home.broker.on(KNOWN) == []


async def test_a_strangers_device_that_is_not_ours_rings_nobody_by_the_watcher_either(tmp_path: Path) -> None:
    """A manager marked it; taken back, it rings again."""
    async with core_parts.rig(tmp_path) as home:
        home.broker.say(STRANGER, PRESS)
        await home.quiet()
        shown: list[bytes] = []
        for number, do in enumerate(("not_ours", "ours")):
            answer = await home.ask(id=f"q-{number}", do=do, device=STRANGER, by="manager-1")
            assert answer["ok"], answer
            await until(lambda: len(home.broker.on(KNOWN)) > len(shown))
            shown.append(home.broker.retained[KNOWN])
        assert orjson.loads(shown[0]) == {"gone": [], "not_ours": [STRANGER]}
    async with test_watch_shell.rig(tmp_path) as watcher:
        watcher.hub_dies()
        for payload, told in zip(shown, (0, 1), strict=True):
            watcher.link.say(KNOWN, payload, True)
            watcher.link.say(STRANGER, PRESS, False)
            assert len(watcher.link.shown) == told


@pytest.mark.parametrize("payload", [b"", b"\xff", b'{"gone":7}'])
async def test_what_cannot_be_read_of_it_changes_nothing(tmp_path: Path, payload: bytes) -> None:
    """Residents are named as before."""
    async with test_watch_shell.rig(tmp_path) as watcher:
        watcher.link.say(KNOWN, b'{"gone":["resident-001"],"not_ours":[]}', True)
        watcher.link.say(KNOWN, payload, False)
        watcher.hub_dies()
        watcher.link.say(PENDANT, PRESS, False)
        (said,) = watcher.link.shown.values()
        assert orjson.loads(said)["where"] == "Room 1"
