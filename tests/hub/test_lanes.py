"""Two lanes that overlap: two copies of one message are one press, two presses are two, in every order."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.lanes import OWED_BULK_MS, OWED_URGENT_MS, TWIN_WAIT_MS, Overlap, Received, digest
from hub.mqtt.types import Packet
from hub.topics import Filters
from tests.hub.core_parts import BULK, PENDANT, PRESS, SLUG, URGENT, Rig, rig
from tests.parts import until


async def test_the_hubs_own_word_among_the_requests_is_acknowledged_and_nothing_else(tmp_path: Path) -> None:
    """Where a broker gives it back: no request, and nothing that cannot be read."""
    async with rig(tmp_path) as home:
        home.broker.say(f"handrail/{SLUG}/do/~probe", b"")
        await until(lambda: b"" in home.acknowledged(URGENT))
        assert home.rows("SELECT count(*) FROM quarantine") == [(0,)]


async def _pressed(home: Rig, times: int) -> None:
    await until(lambda: home.presses() >= times)
    await home.quiet()
    home.forward(3)
    await home.quiet()
    assert home.presses() == times
    for lane in (URGENT, BULK):
        assert home.acknowledged(lane).count(PRESS) == times
    await until(lambda: not home.broker.session(URGENT).inflight and not home.broker.session(BULK).inflight)


@pytest.mark.parametrize(("first", "second"), [(URGENT, BULK), (BULK, URGENT)])
async def test_two_copies_in_different_groups_are_one_press(tmp_path: Path, first: str, second: str) -> None:
    """Whichever lane is quicker."""
    async with rig(tmp_path) as home:
        home.broker.pause(second)
        home.broker.say(PENDANT, PRESS)
        if first == URGENT:
            await until(lambda: home.presses() == 1)
        else:
            await until(lambda: home.hub.parts.overlap.waiting == 1)
            assert PRESS not in home.acknowledged(BULK)
        home.broker.resume(second)
        await _pressed(home, 1)
        assert not home.rows("SELECT * FROM twins")


@pytest.mark.parametrize("order", [(URGENT, BULK), (BULK, URGENT)])
async def test_two_copies_that_arrive_together_are_one_press(tmp_path: Path, order: tuple[str, str]) -> None:
    """In one wake of the pump."""
    async with rig(tmp_path) as home:
        for lane in order:
            home.broker.pause(lane)
        home.broker.say(PENDANT, PRESS)
        for lane in order:
            home.broker.resume(lane)
        await _pressed(home, 1)


@pytest.mark.parametrize("paused", [None, URGENT, BULK])
async def test_two_identical_presses_are_two(tmp_path: Path, paused: str | None) -> None:
    """Outside the repeat window, which the machine looks after; the lanes pair copies one to one."""
    async with rig(tmp_path) as home:
        if paused:
            home.broker.pause(paused)
        home.broker.say(PENDANT, PRESS)
        home.forward(1)
        home.broker.say(PENDANT, PRESS)
        if paused:
            home.broker.resume(paused)
        await _pressed(home, 2)


async def test_a_bulk_copy_alone_is_acted_on_after_two_seconds_and_the_late_urgent_copy_is_the_same(
    tmp_path: Path,
) -> None:
    """The urgent lane is slow, for whatever reason."""
    async with rig(tmp_path) as home:
        home.broker.pause(URGENT)
        home.broker.say(PENDANT, PRESS)
        await until(lambda: home.hub.parts.overlap.waiting == 1)
        home.forward(1.5)
        assert home.presses() == 0
        home.forward(1)
        await until(lambda: home.presses() == 1)
        await until(lambda: home.broker.log("raised"))
        home.broker.resume(URGENT)
        await _pressed(home, 1)


async def test_an_urgent_copy_that_waited_out_an_hour_without_its_lane_is_still_the_same(tmp_path: Path) -> None:
    """What is owed expires only while the lane that owes it is up."""
    async with rig(tmp_path) as home:
        home.lanes[URGENT].go_down()
        home.broker.say(PENDANT, PRESS)
        await until(lambda: home.hub.parts.overlap.waiting == 1)
        home.forward(3)
        await until(lambda: home.presses() == 1)
        home.forward(3600)
        home.lanes[URGENT].come_up()
        await until(lambda: PRESS in home.acknowledged(URGENT))
        await home.quiet()
        assert home.presses() == 1


@pytest.mark.parametrize("paused", [URGENT, BULK])
async def test_a_restart_between_two_copies_makes_one_press_of_them(tmp_path: Path, paused: str) -> None:
    """The pairing is in the ledger."""
    async with rig(tmp_path) as home:
        home.broker.pause(paused)
        home.broker.say(PENDANT, PRESS)
        if paused == URGENT:
            await until(lambda: home.hub.parts.overlap.waiting == 1)
            home.forward(3)
        await until(lambda: home.presses() == 1)
        await home.kill()
        home.broker.session(paused).paused = False
        await home.start()
        await until(lambda: not home.broker.session(URGENT).inflight and not home.broker.session(BULK).inflight)
        home.forward(3)
        await home.quiet()
        assert home.presses() == 1
        await until(lambda: not home.rows("SELECT * FROM twins"))


async def test_a_lost_connection_brings_a_waiting_copy_again_and_it_is_still_one(tmp_path: Path) -> None:
    """The copy that waits is the one that comes again."""
    async with rig(tmp_path) as home:
        home.broker.pause(URGENT)
        home.broker.say(PENDANT, PRESS)
        await until(lambda: home.hub.parts.overlap.waiting == 1)
        home.lanes[BULK].go_down()
        home.lanes[BULK].come_up()
        await until(lambda: home.hub.parts.pump.backlog == 1)
        home.broker.resume(URGENT)
        await until(lambda: home.presses() == 1)
        await home.quiet()
        home.forward(3)
        await home.quiet()
        assert home.presses() == 1
        await until(lambda: not home.broker.session(BULK).inflight)


async def test_a_waiting_copy_is_acted_on_although_the_broker_forgot_the_session(tmp_path: Path) -> None:
    """It will not come again, and its urgent twin neither."""
    async with rig(tmp_path) as home:
        home.broker.pause(URGENT)
        home.broker.say(PENDANT, PRESS)
        await until(lambda: home.hub.parts.overlap.waiting == 1)
        for lane in (URGENT, BULK):
            home.lanes[lane].go_down()
            home.lanes[lane].come_up(session_lost=True)
        home.forward(3)
        await until(lambda: home.presses() == 1)


async def test_a_copy_owed_by_a_session_that_was_lost_swallows_no_later_press(tmp_path: Path) -> None:
    """The bulk copy of the first press never comes; the second press, by the bulk lane alone, counts."""
    async with rig(tmp_path) as home:
        home.broker.pause(BULK)
        home.broker.say(PENDANT, PRESS)
        await until(lambda: home.presses() == 1)
        home.forward(10)
        home.lanes[BULK].go_down()
        home.lanes[BULK].come_up(session_lost=True)
        await until(lambda: not home.rows("SELECT * FROM twins"))
        home.broker.pause(URGENT)
        home.broker.say(PENDANT, PRESS)
        await until(lambda: home.hub.parts.overlap.waiting == 1)
        home.forward(3)
        await until(lambda: home.presses() == 2)


async def test_a_copy_that_was_lost_swallows_no_press_after_the_pendant_left_its_lane(tmp_path: Path) -> None:
    """Its line was taken out of devices.yaml: the next press comes by the bulk lane alone, and looks like the copy of
    the press before that the broker lost. A button that says no time cannot be told apart by anything else."""
    async with rig(tmp_path) as home:
        await home.quiet()
        home.broker.pause(BULK)
        home.broker.say(PENDANT, PRESS)
        home.broker.session(BULK).queue.pop()
        home.broker.resume(BULK)
        await home.quiet()
        assert home.presses() == 1
        devices = home.folder / "devices.yaml"
        devices.write_text(
            devices.read_text().replace("  - {device: room-001-pendant,", "#  - {device: room-001-pendant,")
        )
        await home.hub.parts.reload.read()
        await until(lambda: not any(PENDANT in topic for topic in home.broker.session(URGENT).filters))
        home.forward(30)
        home.broker.say(PENDANT, PRESS)
        await home.quiet()
        home.forward(5)
        await home.quiet()
        assert home.presses() == 2


async def test_a_broker_that_forgot_a_session_is_told(tmp_path: Path) -> None:
    """While the hub runs and while it was down; a first start is no loss."""
    async with rig(tmp_path) as home:
        assert not home.broker.log("fault")
        home.lanes[URGENT].go_down()
        home.lanes[URGENT].come_up(session_lost=True)
        await until(lambda: len(home.broker.log("fault")) == 1)
        await home.quiet()
        await home.stop()
        home.broker.sessions.clear()
        await home.start()
        await until(lambda: "bulk lane's session" in str(home.broker.log("fault")[-1]["reason"]))
        assert "urgent lane's session" in str(home.broker.log("fault")[0]["reason"])


async def test_a_redelivery_of_what_is_committed_is_no_second_press(tmp_path: Path) -> None:
    """DUP, the session resumed, and the newest committed use of that packet id is the same message."""
    async with rig(tmp_path) as home:
        home.lanes[URGENT].acknowledge = lambda packets, **how: None  # type: ignore[method-assign]
        home.broker.say(PENDANT, PRESS)
        await until(lambda: home.presses() == 1)
        await home.kill()
        await home.start()
        await until(lambda: PRESS in home.acknowledged(URGENT))
        await home.quiet()
        assert home.presses() == 1
        assert len({line["seq"] for line in home.broker.log("raised", "pressed")}) == 1


async def _again(home: Rig, *, duplicate: bool, resumed: bool, payload: bytes) -> None:
    lane = home.lanes[URGENT]
    packet = lane.packet(PENDANT, payload, False, 1, duplicate, None)
    home.forward(5)
    lane.on_packets([packet._replace(resumed=resumed)])


@pytest.mark.parametrize(
    ("duplicate", "resumed", "payload"),
    [(True, False, PRESS), (False, True, PRESS), (True, True, b'{"action":"emergency","battery":9}')],
)
async def test_where_a_redelivery_is_uncertain_it_is_a_press(
    tmp_path: Path, duplicate: bool, resumed: bool, payload: bytes
) -> None:
    """DUP without a resumed session, no DUP, or another message under the same packet id."""
    async with rig(tmp_path) as home:
        home.broker.say(PENDANT, PRESS)
        await until(lambda: home.presses() == 1)
        await home.quiet()
        await _again(home, duplicate=duplicate, resumed=resumed, payload=payload)
        await until(lambda: home.presses() == 2)


async def test_the_same_packet_again_is_a_redelivery(tmp_path: Path) -> None:
    """The control to the test before."""
    async with rig(tmp_path) as home:
        home.broker.say(PENDANT, PRESS)
        await until(lambda: home.presses() == 1)
        await home.quiet()
        await _again(home, duplicate=True, resumed=True, payload=PRESS)
        await home.quiet()
        home.broker.say(PENDANT, b'{"battery":7}')
        await until(lambda: home.rows("SELECT * FROM events WHERE kind = 'battery'"))
        assert home.presses() == 1


# -- the pairing by itself ----------------------------------------------------------------------------------------


def a_packet(packet_id: int = 1, *, payload: bytes = PRESS, duplicate: bool = False, resumed: bool = False) -> Packet:
    """A message of the bulk lane."""
    return Packet(BULK, PENDANT, payload, False, 1, packet_id, duplicate, 1, None, None, resumed, 0)


def test_copies_that_wait_are_overdue_in_the_order_in_which_they_came() -> None:
    """And no more of them at once than asked for."""
    overlap = Overlap([])
    for number in range(5):
        packet = a_packet(number, payload=b"%d" % (number % 2))
        overlap.hold(packet, digest(packet), number)
    assert overlap.next_overdue_ms() == TWIN_WAIT_MS
    assert overlap.overdue(TWIN_WAIT_MS - 1, 100) == []
    first = overlap.overdue(TWIN_WAIT_MS + 10, 3)
    assert [held.packet.packet_id for held in first] == [0, 1, 2]
    assert [held.packet.packet_id for held in overlap.overdue(TWIN_WAIT_MS + 10, 100)] == [3, 4]
    assert overlap.waiting == 0
    assert overlap.next_overdue_ms() is None


def test_what_a_lane_owes_expires_only_while_it_is_up() -> None:
    """Counted from when it came up."""
    overlap = Overlap([(7, URGENT, PENDANT, b"k", 0), (8, BULK, PENDANT, b"k", 0)])
    late = OWED_URGENT_MS * 10
    overlap.expire(late, {})
    overlap.expire(late, {URGENT: late - 1})
    assert overlap.unowed == []
    overlap.expire(late + OWED_URGENT_MS, {URGENT: late - 1, BULK: late - 1})
    assert overlap.unowed == [7]
    assert overlap.settle(URGENT, b"k") is None
    overlap.expire(late + OWED_BULK_MS, {BULK: late - 1})
    assert overlap.unowed == [7, 8]
    assert overlap.settle(BULK, b"k") is None


def test_the_newest_use_of_a_packet_id_is_the_one_that_counts() -> None:
    """Also where it comes from the ledger."""
    one, two = digest(a_packet()), digest(a_packet(payload=b"other"))
    received = Received([(URGENT, b"\0\x05" + one), (URGENT, b"\0\x05" + two + b"\0\x06" + one)])
    assert received.is_use(URGENT, 5, two)
    assert not received.is_use(URGENT, 5, one)
    assert received.is_use(URGENT, 6, one)
    assert not received.is_use(BULK, 5, two)
    received.use(URGENT, 5, one)
    assert received.is_use(URGENT, 5, one)


def test_filters_cover_what_a_broker_would_deliver() -> None:
    """Exact names and patterns."""
    filters = Filters(("a/b", "c/+/d", "e/#"))
    assert [name for name in ("a/b", "a/c", "c/x/d", "c/d", "e", "e/f/g") if filters.covers(name)] == [
        "a/b", "c/x/d", "e", "e/f/g",
    ]  # fmt: skip
