"""Two lanes around a crash: whatever is lost between hub and broker, each press is acted on once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.lanes import OWED_BULK_MS
from tests.hub.core_parts import BULK, PENDANT, PRESS, URGENT, Rig, rig
from tests.hub.test_subscriptions import NEW, introduction
from tests.parts import until

OTHER = "zigbee2mqtt/room-002-pendant"


def _deaf(home: Rig, lane: str) -> None:
    """The PUBACKs of this lane do not reach the broker."""
    home.lanes[lane].acknowledge = lambda packets, **how: None  # type: ignore[method-assign]


async def _let_go(home: Rig) -> None:
    """Until the broker has nothing more to send, and a copy that waits has had its time."""
    home.forward(3)
    await until(lambda: not home.broker.session(URGENT).inflight and not home.broker.session(BULK).inflight)
    await home.quiet()
    home.forward(3)
    await home.quiet()


# -- two equal presses around a crash -----------------------------------------------------------------------------


@pytest.mark.parametrize("deaf", [(), (URGENT,), (BULK,), (URGENT, BULK)])
async def test_an_equal_press_after_a_crash_is_a_press_and_not_a_redelivery(
    tmp_path: Path, deaf: tuple[str, ...]
) -> None:
    """The first was kept and not acknowledged on these lanes, the second came while the hub was down."""
    async with rig(tmp_path) as home:
        for lane in deaf:
            _deaf(home, lane)
        home.broker.say(PENDANT, PRESS)
        await until(lambda: home.presses() == 1)
        await until(lambda: not home.rows("SELECT * FROM twins"))
        await home.kill()
        home.forward(1)
        home.broker.say(PENDANT, PRESS)
        await home.start()
        await until(lambda: home.presses() == 2)
        await _let_go(home)
        assert home.presses() == 2
        assert len({line["seq"] for line in home.broker.log("raised")}) == 1
        assert len({line["seq"] for line in home.broker.log("pressed")}) == 1


async def test_an_equal_press_is_a_press_although_the_first_one_was_never_kept(tmp_path: Path) -> None:
    """The hub died before the commit: both come at its start, and both are acted on."""
    async with rig(tmp_path) as home:
        home.fail("COMMIT")
        home.broker.say(PENDANT, PRESS)
        await home.failed()
        await home.kill()
        home.forward(1)
        home.broker.say(PENDANT, PRESS)
        await home.start()
        await until(lambda: home.presses() == 2)
        await _let_go(home)
        assert home.presses() == 2
        assert len({line["seq"] for line in home.broker.log("raised")}) == 1


# -- one copy of two ----------------------------------------------------------------------------------------------


async def test_a_waiting_bulk_copy_whose_twin_never_comes_is_acted_on_after_a_crash(tmp_path: Path) -> None:
    """It waits its two seconds anew: nothing of it was kept, and it was never acknowledged."""
    async with rig(tmp_path) as home:
        home.broker.pause(URGENT)
        home.broker.say(PENDANT, PRESS)
        await until(lambda: home.hub.parts.overlap.waiting == 1)
        await home.kill()
        home.broker.session(URGENT).queue.clear()
        await home.start()
        await until(lambda: home.hub.parts.overlap.waiting == 1)
        assert home.presses() == 0
        home.forward(2.1)
        await until(lambda: home.presses() == 1)
        await _let_go(home)
        assert home.presses() == 1


@pytest.mark.parametrize("deaf", [(), (BULK,)])
async def test_the_urgent_copy_of_a_bulk_copy_acted_on_before_a_crash_is_the_same(
    tmp_path: Path, deaf: tuple[str, ...]
) -> None:
    """What is owed is in the ledger, acknowledged or not."""
    async with rig(tmp_path) as home:
        for lane in deaf:
            _deaf(home, lane)
        home.broker.pause(URGENT)
        home.broker.say(PENDANT, PRESS)
        await until(lambda: home.hub.parts.overlap.waiting == 1)
        home.forward(2.1)
        await until(lambda: home.presses() == 1)
        await home.kill()
        home.broker.session(URGENT).paused = False
        await home.start()
        await _let_go(home)
        assert home.presses() == 1
        assert not home.rows("SELECT * FROM twins")


async def test_a_bulk_copy_that_came_first_is_paired_once_around_a_crash(tmp_path: Path) -> None:
    """The urgent copy came, the commit paired both, and neither PUBACK reached the broker."""
    async with rig(tmp_path) as home:
        _deaf(home, URGENT)
        _deaf(home, BULK)
        home.broker.pause(URGENT)
        home.broker.say(PENDANT, PRESS)
        await until(lambda: home.hub.parts.overlap.waiting == 1)
        home.broker.resume(URGENT)
        await until(lambda: home.presses() == 1)
        await home.kill()
        await home.start()
        await _let_go(home)
        assert home.presses() == 1


async def test_a_bulk_copy_the_broker_dropped_holds_up_no_later_press(tmp_path: Path) -> None:
    """It is owed for a while, and then no longer: a press that comes by the bulk lane alone waits two seconds."""
    async with rig(tmp_path) as home:
        home.broker.pause(BULK)
        home.broker.say(PENDANT, PRESS)
        await until(lambda: home.presses() == 1)
        home.broker.session(BULK).queue.clear()
        home.broker.resume(BULK)
        home.forward(OWED_BULK_MS / 1000 + 1)
        await until(lambda: not home.rows("SELECT * FROM twins"))
        home.broker.pause(URGENT)
        home.broker.say(PENDANT, PRESS)
        await until(lambda: home.hub.parts.overlap.waiting == 1)
        home.forward(2.1)
        await until(lambda: home.presses() == 2)


# -- a lane changes -----------------------------------------------------------------------------------------------


async def test_a_press_in_the_middle_of_a_lane_change_survives_a_crash(tmp_path: Path) -> None:
    """The urgent lane was asked to hear the device and had not answered; the press came by the bulk lane alone."""
    async with rig(tmp_path) as home:
        home.lanes[URGENT].subscribe = _never  # type: ignore[method-assign]
        home.broker.say("zigbee2mqtt/bridge/devices", introduction("new one"))
        await until(lambda: home.hub.parts.overlap.urgent.covers(NEW))
        home.broker.say(NEW, PRESS)
        await until(lambda: home.hub.parts.overlap.waiting == 1)
        await home.kill()
        await home.start()
        await until(lambda: NEW in home.broker.session(URGENT).filters)
        home.forward(2.1)
        await until(lambda: home.presses() == 1)
        home.forward(1)
        home.broker.say(NEW, PRESS)
        await _let_go(home)
        assert home.presses() == 2
        assert len({line["seq"] for line in home.broker.log("raised")}) == 1


async def _never(*_filters: str) -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize("first", [URGENT, BULK])
async def test_a_press_queued_on_a_lane_that_the_device_left_meanwhile_is_one(tmp_path: Path, first: str) -> None:
    """While the hub was down the device was taken out of the home's files: both sessions still hold its press."""
    async with rig(tmp_path) as home:
        await home.stop()
        home.broker.say(OTHER, PRESS)
        devices = home.folder / "devices.yaml"
        lines = [line for line in devices.read_text().splitlines() if "room-002-pendant" not in line]
        devices.write_text("\n".join(lines) + "\n")
        second = BULK if first == URGENT else URGENT
        home.broker.session(second).paused = True
        await home.start()
        if first == URGENT:
            await until(lambda: home.presses() == 1)
        else:
            await until(lambda: home.hub.parts.overlap.waiting == 1)
        home.broker.resume(second)
        await _let_go(home)
        assert home.presses() == 1


async def test_a_topic_the_urgent_session_holds_from_another_time_is_paired_and_let_go(tmp_path: Path) -> None:
    """A broker put back from a copy hears for us what we gave up long ago; a press there is one, and then it is told
    to stop."""
    async with rig(tmp_path) as home:
        home.broker.session(URGENT).filters["zigbee2mqtt/old one"] = None
        home.broker.pause(BULK)
        home.broker.say("zigbee2mqtt/old one", PRESS)
        await until(lambda: home.presses() == 1)
        home.broker.resume(BULK)
        await until(lambda: "zigbee2mqtt/old one" not in home.broker.session(URGENT).filters)
        await _let_go(home)
        assert home.presses() == 1
        await until(lambda: home.hub.parts.overlap._leaving_since_ms is not None)
        home.forward(61)
        await until(lambda: not home.hub.parts.overlap.urgent.covers("zigbee2mqtt/old one"))
        home.broker.say("zigbee2mqtt/old one", PRESS)
        await until(lambda: home.presses() == 2)


# -- any order of anything ----------------------------------------------------------------------------------------

Deed = Callable[[Rig], object]


def _cut(home: Rig, lane: str) -> None:
    if not home.lanes[lane].connected:
        return
    home.lanes[lane].go_down()
    _hears(home, lane)
    home.lanes[lane].come_up()


def _hears(home: Rig, lane: str) -> None:
    vars(home.lanes[lane]).pop("acknowledge", None)


def _down(home: Rig, lane: str) -> None:
    if home.lanes[lane].connected:
        home.lanes[lane].go_down()


def _up(home: Rig, lane: str) -> None:
    if not home.lanes[lane].connected:
        _hears(home, lane)
        home.lanes[lane].come_up()


async def _crash(home: Rig) -> None:
    await home.kill()
    await home.start()
    home.hub.parts.pump._unkept._retry_ms = 10


async def _breathe(home: Rig) -> None:
    for _ in range(5):
        await asyncio.sleep(0.002)


DEEDS: dict[str, Deed] = {
    "press": lambda home: home.broker.say(PENDANT, PRESS),
    "press another": lambda home: home.broker.say(OTHER, PRESS),
    "urgent paused": lambda home: home.broker.pause(URGENT),
    "urgent goes on": lambda home: home.broker.resume(URGENT),
    "bulk paused": lambda home: home.broker.pause(BULK),
    "bulk goes on": lambda home: home.broker.resume(BULK),
    "urgent cut": lambda home: _cut(home, URGENT),
    "bulk cut": lambda home: _cut(home, BULK),
    "urgent down": lambda home: _down(home, URGENT),
    "urgent up": lambda home: _up(home, URGENT),
    "bulk down": lambda home: _down(home, BULK),
    "bulk up": lambda home: _up(home, BULK),
    "urgent unheard": lambda home: _deaf(home, URGENT),
    "bulk unheard": lambda home: _deaf(home, BULK),
    "disk full": lambda home: home.fail("COMMIT"),
    "disk back": lambda home: home.mend(),
    "crash": _crash,
    "a moment": _breathe,
    "a second": lambda home: home.forward(1),
}
PRESSES = [name for name in DEEDS if name.startswith("press")]
STORIES = st.lists(st.sampled_from([*DEEDS, *PRESSES * 3, *["a moment"] * 3, "a second"]), min_size=6, max_size=25)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STORIES)
async def test_whatever_is_cut_off_each_press_is_acted_on_once(
    tmp_path_factory: pytest.TempPathFactory, story: list[str]
) -> None:
    """Lanes that stand still, break and come back, PUBACKs that are lost, commits that fail, crashes: never none, never
    two, as long as the broker keeps its sessions."""
    async with rig(tmp_path_factory.mktemp("any")) as home:
        home.hub.parts.pump._unkept._retry_ms = 10
        for name in story:
            done = DEEDS[name](home)
            if asyncio.iscoroutine(done):
                await done
        home.mend()
        for lane in (URGENT, BULK):
            home.broker.session(lane).paused = False
            _cut(home, lane)
            _up(home, lane)
        said = sum(name in PRESSES for name in story)
        await _let_go(home)
        await until(lambda: home.presses() == said)
        assert not home.rows("SELECT * FROM twins")
