"""The outbox: at least once, in order per key, the newest version alone, and one dead end blocks no other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import pytest

from hub.outbox import RETRY_S, Outbox, Wish, wish_of
from tests.hub.core_parts import BULK, PENDANT, PRESS, SLUG, URGENT, rig
from tests.parts import until

Answer = Callable[[bool, str], None]


@dataclass
class Line:
    """A lane whose answers a test gives."""

    lane: str = URGENT
    up: bool = True
    unacknowledged: int = 0
    backlog: int = 0
    subscriptions: tuple[str, ...] = ()
    sent: list[tuple[str, bytes, bool, Answer]] = field(default_factory=list)

    def acknowledge(self, packets: object, *, out_of_turn: bool = False) -> None:
        """Nothing arrives here."""

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 1,
        retain: bool = False,
        correlation_data: bytes | None = None,
        on_acknowledged: Answer | None = None,
    ) -> None:
        """Remember the message and whom to answer."""
        assert on_acknowledged is not None
        assert qos == 1
        self.sent.append((topic, payload, retain, on_acknowledged))

    async def subscribe(self, *filters: str) -> None:
        """Nothing is heard here."""

    async def unsubscribe(self, *filters: str) -> None:
        """Nothing is heard here."""

    def answer(self, place: int = 0, *, ok: bool = True, why: str = "") -> None:
        """The broker's word on a message."""
        self.sent.pop(place)[3](ok, why)

    @property
    def payloads(self) -> list[bytes]:
        """What is on its way."""
        return [payload for _, payload, _, _ in self.sent]


class Desk:
    """An outbox with everything around it."""

    def __init__(self) -> None:
        self.urgent, self.bulk = Line(URGENT), Line(BULK)
        self.elapsed_ms = 0
        self.paged: list[Wish] = []
        self.dropped: list[str] = []
        self.refused: list[str] = []
        self.taken: list[str] = []
        self.timers: list[tuple[float, Callable[[], None]]] = []
        self.outbox = Outbox(
            urgent=self.urgent,
            bulk=self.bulk,
            elapsed_ms=lambda: self.elapsed_ms,
            page=self.paged.append,
            on_dropped=lambda wish: self.dropped.append(wish.key),
            on_refused=lambda topic, _why: self.refused.append(topic),
            on_taken=self.taken.append,
            later=lambda seconds, work: self.timers.append((seconds, work)),
        )

    def ring(self) -> None:
        """Every timer that was set rings."""
        timers, self.timers = self.timers, []
        for seconds, work in timers:
            assert seconds == RETRY_S
            work()


def a_wish(key: str, seq: int, **more: object) -> Wish:
    """A message whose payload is its place in the sequence."""
    wish = Wish(key=key, seq=seq, urgent=True, topic=key, payload=b"%d" % seq)
    for name, value in more.items():
        setattr(wish, name, value)
    return wish


def test_only_the_newest_of_the_versions_that_wait_is_sent() -> None:
    """While the first is on its way."""
    desk = Desk()
    desk.outbox.offer([a_wish("alert/a", 1)])
    desk.outbox.offer([a_wish("alert/a", 2)])
    desk.outbox.offer([a_wish("alert/a", 3)])
    assert desk.urgent.payloads == [b"1"]
    desk.urgent.answer()
    assert desk.urgent.payloads == [b"3"]
    desk.urgent.answer()
    assert desk.outbox.carried == [("alert/a", 1), ("alert/a", 3)]
    assert len(desk.outbox) == 0


def test_one_alert_whose_answer_does_not_come_holds_up_no_other() -> None:
    """Nor does a lane that is dead."""
    desk = Desk()
    desk.outbox.offer([a_wish("alert/a", 1), a_wish("alert/b", 2), a_wish("do/3", 3, urgent=False)])
    desk.urgent.answer(1)
    desk.bulk.answer(ok=False, why="connection lost")
    desk.outbox.offer([a_wish("alert/b", 4)])
    assert desk.urgent.payloads == [b"1", b"4"]


def test_what_was_lost_with_a_connection_goes_out_in_order_when_it_is_back() -> None:
    """The newest version of each, and the lane is not blamed."""
    desk = Desk()
    desk.outbox.offer([a_wish("alert/b", 1), a_wish("alert/a", 2), a_wish("alert/c", 3)])
    desk.urgent.up = False
    for _ in range(3):
        desk.urgent.answer(ok=False, why="connection lost")
    desk.outbox.offer([a_wish("alert/b", 4)])
    desk.urgent.answer(ok=False, why="not connected to the broker")
    desk.ring()
    assert desk.refused == []
    assert desk.urgent.sent == []
    desk.urgent.up = True
    desk.outbox.lane_up(urgent=True)
    assert desk.urgent.payloads == [b"2", b"3", b"4"]


def test_the_loss_of_a_connection_is_no_refusal_although_the_lane_still_calls_itself_up() -> None:
    """It learns of it a moment later."""
    desk = Desk()
    desk.outbox.offer([a_wish("alert/a", 1)])
    desk.urgent.answer(ok=False, why="connection lost")
    desk.outbox.lane_up(urgent=True)
    desk.ring()
    assert desk.refused == []
    assert desk.urgent.payloads == [b"1"]


def test_what_the_broker_refuses_is_told_tried_again_and_told_when_it_is_taken() -> None:
    """Somebody mends the broker's rights meanwhile."""
    desk = Desk()
    desk.outbox.offer([a_wish("alert/a", 1)])
    desk.urgent.answer(ok=False, why="not authorized")
    desk.ring()
    assert desk.refused == ["alert/a"]
    desk.urgent.answer(ok=False, why="not authorized")
    desk.ring()
    desk.urgent.answer()
    assert desk.taken == ["alert/a"]
    assert desk.outbox.carried == [("alert/a", 1)]


def test_a_closed_alert_is_shown_and_then_its_retained_message_is_cleared() -> None:
    """Also where the connection is lost between the two."""
    desk = Desk()
    desk.outbox.offer([a_wish("alert/a", 1, clear=True)])
    assert desk.urgent.sent[0][:3] == ("alert/a", b"1", False)
    desk.urgent.answer()
    assert desk.urgent.sent[0][:3] == ("alert/a", b"", True)
    desk.urgent.up = False
    desk.urgent.answer(ok=False, why="connection lost")
    desk.urgent.up = True
    desk.outbox.lane_up(urgent=True)
    assert desk.urgent.sent[0][:3] == ("alert/a", b"", True)
    assert desk.outbox.carried == []
    desk.urgent.answer()
    assert desk.outbox.carried == [("alert/a", 1)]


def test_what_is_too_late_is_dropped_and_told() -> None:
    """At once, or when its lane comes back."""
    desk = Desk()
    desk.elapsed_ms = 100
    desk.outbox.offer([a_wish("do/1", 1, drop_ms=99), a_wish("do/2", 2, drop_ms=100)])
    assert desk.dropped == ["do/1"]
    desk.urgent.up = False
    desk.urgent.answer(ok=False, why="connection lost")
    desk.elapsed_ms = 200
    desk.urgent.up = True
    desk.outbox.lane_up(urgent=True)
    assert desk.dropped == ["do/1", "do/2"]
    assert desk.outbox.carried == [("do/1", 1), ("do/2", 2)]


def test_a_person_is_told_once_at_a_time_with_the_newest_words() -> None:
    """Their channel says when it is done."""
    desk = Desk()
    first, second, third = (a_wish("tell/a/ana/0", seq, tell={"version": seq}) for seq in (1, 2, 3))
    for wish in (first, second, third):
        desk.outbox.offer([wish])
    assert desk.paged == [first]
    desk.outbox.finished(first)
    assert desk.paged == [first, third]


@pytest.mark.parametrize(
    "wish",
    [
        Wish(key="alert/a", seq=1, urgent=True, topic="t", payload=b"{}", retain=True),
        Wish(key="alert/a", seq=2, urgent=True, topic="t", payload=b"{}", clear=True),
        Wish(key="do/1", seq=3, urgent=False, topic="t", payload=b"{}", drop_ms=7, why="a light"),
        Wish(key="response/5", seq=5, urgent=True, topic="t", payload=b"{}", correlation=b"\xff\x00{"),
        Wish(key="response/6", seq=6, urgent=True, topic="t", payload=b"{}", correlation=b""),
        Wish(key="tell/a/b/0", seq=4, urgent=True, tell={"alert": "a", "version": 3}),
    ],
)
def test_a_wish_comes_back_from_its_row(wish: Wish) -> None:
    """As it went in."""
    key, seq, urgent, body = wish.row()
    assert wish_of(key, seq, urgent, orjson.loads(orjson.dumps(body))) == wish


async def test_what_was_not_carried_out_before_a_kill_is_carried_out_after_it(tmp_path: Path) -> None:
    """The alert was committed and never left."""
    async with rig(tmp_path) as home:
        home.broker.refuses.add(f"handrail/{SLUG}/alert/a00001")
        home.broker.say(PENDANT, PRESS)
        await until(lambda: home.rows("SELECT * FROM outbox WHERE key = 'alert/a00001'"))
        await home.kill()
        home.broker.refuses.clear()
        await home.start()
        await until(lambda: f"handrail/{SLUG}/alert/a00001" in home.broker.retained)
        await until(lambda: not home.rows("SELECT * FROM outbox"))


async def test_a_dead_urgent_lane_stops_neither_the_bulk_lane_nor_what_is_kept(tmp_path: Path) -> None:
    """Events go on, and the alert goes out when the lane is back."""
    async with rig(tmp_path) as home:
        home.lanes[URGENT].go_down()
        home.broker.say(PENDANT, PRESS)
        home.broker.say("zigbee2mqtt/room-002-climate", b'{"temperature":3}')
        await until(lambda: home.rows("SELECT * FROM events WHERE kind = 'temperature'"))
        home.forward(3)
        await until(lambda: home.presses() == 1)
        home.lanes[URGENT].come_up()
        await until(lambda: f"handrail/{SLUG}/alert/a00001" in home.broker.retained)


async def test_an_alert_the_broker_shows_and_nobody_holds_open_is_cleared(tmp_path: Path) -> None:
    """And one that is open and missing there is shown again."""
    async with rig(tmp_path) as home:
        home.broker.say(PENDANT, PRESS)
        await until(lambda: f"handrail/{SLUG}/alert/a00001" in home.broker.retained)
        await home.quiet()
        await home.stop()
        shown = home.broker.retained.pop(f"handrail/{SLUG}/alert/a00001")
        home.broker.retained[f"handrail/{SLUG}/alert/a99999"] = shown
        await home.start()
        await until(lambda: f"handrail/{SLUG}/alert/a99999" not in home.broker.retained)
        await until(lambda: f"handrail/{SLUG}/alert/a00001" in home.broker.retained)
        assert orjson.loads(home.broker.retained[f"handrail/{SLUG}/alert/a00001"]) == orjson.loads(shown)
