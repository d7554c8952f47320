"""The pump: nothing is acknowledged, told or forgotten before the commit that keeps it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.ledger.write import Batch
from tests.hub.core_parts import BULK, DOOR, PENDANT, PRESS, SLUG, URGENT, rig
from tests.parts import until


async def test_a_press_is_acknowledged_on_both_lanes_and_told_once(tmp_path: Path) -> None:
    """The whole way of one press, in memory."""
    async with rig(tmp_path) as home:
        home.broker.say(PENDANT, PRESS)
        await until(lambda: home.acknowledged(URGENT) == [PRESS] and PRESS in home.acknowledged(BULK))
        await home.quiet()
        assert len(home.broker.log("raised")) == 1
        assert home.presses() == 1
        assert f"handrail/{SLUG}/alert/a00001" in home.broker.retained


async def test_inputs_of_a_failed_commit_are_kept_in_their_order(tmp_path: Path) -> None:
    """Presses and what the bulk lane brought, both."""
    async with rig(tmp_path) as home:
        home.fail("BEGIN")
        for number in range(130):
            home.broker.say("zigbee2mqtt/room-001-climate", b'{"temperature":%d}' % number)
            home.broker.say(PENDANT, b'{"action":"emergency","last_seen":%d}' % (1_700_000_000_000 + number * 1000))
        await home.failed()
        home.mend()
        await until(lambda: home.rows("SELECT count(*) FROM events") == [(260,)])
        await home.quiet()
        values = [value for (value,) in home.rows("SELECT value FROM events WHERE kind = 'temperature' ORDER BY seq")]
        assert values == list(range(130))
        lines = home.broker.log("raised", "pressed")
        stamps = [line["stamp"] for line in lines if line["device"] == "room-001-pendant"]
        assert stamps == [str(1_700_000_000_000 + number * 1000) for number in range(130)]


async def test_what_a_failed_commit_had_learned_is_learned_again(tmp_path: Path) -> None:
    """An introduction is kept and followed although its first commit failed."""
    devices = orjson.dumps(
        [{"friendly_name": "new one", "type": "EndDevice", "definition": {"exposes": [
            {"type": "enum", "property": "action", "name": "action", "access": 1, "values": ["emergency"]}]}}]
    )  # fmt: skip
    async with rig(tmp_path) as home:
        home.fail("COMMIT")
        home.broker.say("zigbee2mqtt/bridge/devices", devices)
        await home.failed()
        home.mend()
        await until(lambda: home.rows("SELECT * FROM known WHERE key = 'zigbee2mqtt/new one'"))
        await until(lambda: "zigbee2mqtt/new one" in home.lanes[URGENT].subscriptions)


def _introduction(name: str, values: list[str]) -> dict[str, object]:
    exposes = [{"type": "enum", "property": "action", "name": "action", "access": 1, "values": values}]
    return {"friendly_name": name, "type": "EndDevice", "definition": {"exposes": exposes}}


async def test_a_device_its_gateway_lists_no_longer_is_forgotten_unless_it_can_call(tmp_path: Path) -> None:
    """A list may be incomplete, and the next press of a pendant must still be one."""
    async with rig(tmp_path) as home:
        both = [_introduction("pendant", ["emergency"]), _introduction("remote", ["single"])]
        home.broker.say("zigbee2mqtt/bridge/devices", orjson.dumps(both))
        await until(lambda: len(home.rows("SELECT * FROM known")) == 2)
        home.broker.say("zigbee2mqtt/bridge/devices", b"[]")
        await until(lambda: home.rows("SELECT key FROM known") == [("zigbee2mqtt/pendant",)])
        assert set(home.hub.parts.steps.known) == {"zigbee2mqtt/pendant"}


async def test_what_was_carried_out_is_struck_off_although_a_commit_failed(tmp_path: Path) -> None:
    """A failed commit must not leave rows in the outbox that go out again at the next start."""
    async with rig(tmp_path) as home:
        home.broker.answers = False
        home.broker.say(PENDANT, PRESS)
        await until(lambda: home.rows("SELECT * FROM outbox"))
        home.fail("COMMIT")
        home.broker.answer()
        await until(lambda: len(home.hub.parts.outbox) == 0)
        home.hub.save_soon()
        await home.failed()
        home.mend()
        await until(lambda: not home.rows("SELECT * FROM outbox"))
        await until(lambda: home.hub.parts.outbox.carried == [])


async def test_the_pairing_of_a_failed_commit_is_undone(tmp_path: Path) -> None:
    """A bulk copy that waited is paired once, and not left over to become a press of its own."""
    async with rig(tmp_path) as home:
        home.broker.pause(URGENT)
        home.broker.say(PENDANT, PRESS)
        await until(lambda: home.hub.parts.overlap.waiting == 1)
        home.fail("COMMIT")
        home.broker.resume(URGENT)
        await home.failed()
        home.mend()
        await until(lambda: home.presses() == 1)
        await home.quiet()
        home.forward(3)
        home.broker.say(DOOR, b'{"contact":false}')
        await until(lambda: home.rows("SELECT * FROM events WHERE kind = 'contact'"))
        assert home.presses() == 1
        assert home.hub.parts.overlap.waiting == 0


async def test_what_is_owed_by_a_failed_commit_is_owed_once(tmp_path: Path) -> None:
    """The bulk copy pairs with the press that was kept, and the next press by the bulk lane alone is one."""
    async with rig(tmp_path) as home:
        home.broker.pause(BULK)
        home.fail("COMMIT")
        home.broker.say(PENDANT, PRESS)
        await home.failed()
        home.mend()
        await until(lambda: home.presses() == 1)
        home.broker.resume(BULK)
        await home.quiet()
        home.broker.pause(URGENT)
        home.forward(1)
        home.broker.say(PENDANT, PRESS)
        await until(lambda: home.hub.parts.overlap.waiting == 1)
        home.forward(3)
        await until(lambda: home.presses() == 2)


async def test_a_copy_that_was_paired_in_a_failed_commit_pairs_again(tmp_path: Path) -> None:
    """The press was kept before, its bulk copy comes while the ledger is full."""
    async with rig(tmp_path) as home:
        home.broker.pause(BULK)
        home.broker.say(PENDANT, PRESS)
        await until(lambda: home.presses() == 1)
        home.fail("COMMIT")
        home.broker.resume(BULK)
        await home.failed()
        home.mend()
        await home.quiet()
        home.forward(3)
        await home.quiet()
        assert home.presses() == 1
        await until(lambda: not home.rows("SELECT * FROM twins"))


async def test_a_bulk_copy_held_in_a_failed_commit_waits_once(tmp_path: Path) -> None:
    """Its group comes back, and with it one copy and not two."""
    async with rig(tmp_path) as home:
        home.broker.pause(URGENT)
        home.fail("COMMIT")
        home.broker.say(PENDANT, PRESS)
        await home.failed()
        home.mend()
        await until(lambda: "ledger" not in home.hub.parts.health.why)
        await until(lambda: home.hub.parts.overlap.waiting == 1)
        home.broker.resume(URGENT)
        await home.quiet()
        home.forward(3)
        await home.quiet()
        assert home.presses() == 1


async def test_a_gateway_at_qos_0_is_told_also_where_the_first_commit_failed(tmp_path: Path) -> None:
    """The emergency is handled, the gateway named in one technical alert."""
    async with rig(tmp_path) as home:
        home.fail("COMMIT")
        home.broker.say(PENDANT, PRESS, qos=0)
        await home.failed()
        home.mend()
        await until(lambda: any(line["device"] == "hub:qos0:zigbee2mqtt" for line in home.broker.log("raised")))
        await home.quiet()
        levels = {orjson.loads(payload)["level"] for name, payload in home.broker.retained.items() if "/alert/" in name}
        assert levels == {"emergency", "technical"}
        assert home.presses() == 1


async def test_what_is_urgent_goes_in_front_of_bulk_and_no_group_holds_more_than_a_hundred(tmp_path: Path) -> None:
    """A flood on the bulk lane, and a press behind it."""
    async with rig(tmp_path) as home:
        pump, sizes, order = home.hub.parts.pump, list[int](), list[str]()
        commit = pump._commit

        async def counted(batch: Batch) -> None:
            sizes.append(len(batch.events) + len(batch.inputs))
            order.extend(row[4] for row in batch.events)
            await commit(batch)

        pump._commit = counted
        home.broker.pause(URGENT)
        home.broker.pause(BULK)
        for number in range(1_500):
            home.broker.say("zigbee2mqtt/room-002-climate", b'{"temperature":%d}' % number)
        home.broker.say(PENDANT, PRESS)
        home.broker.resume(BULK)
        home.broker.resume(URGENT)
        await until(lambda: len(order) == 1_501)
        assert max(sizes) <= 100
        assert order.index("emergency") < 200


async def test_around_a_press_bulk_rests_for_as_long_as_its_group_took(tmp_path: Path) -> None:
    """The next press finds the hub free half of the time, whatever floods the house."""
    async with rig(tmp_path) as home:
        pump, groups, loop = home.hub.parts.pump, list[set[str]](), asyncio.get_running_loop()
        commit = pump._commit

        async def slow(batch: Batch) -> None:
            groups.append({row[4] for row in batch.events})
            await commit(batch)
            if "temperature" in groups[-1]:
                await asyncio.sleep(0.02)
                loop.call_later(0.003, home.broker.say, PENDANT, PRESS)

        pump._commit = slow
        home.broker.say(PENDANT, PRESS)
        home.broker.pause(BULK)
        for number in range(200):
            home.broker.say("zigbee2mqtt/room-002-climate", b'{"temperature":%d}' % number)
        home.broker.resume(BULK)
        await until(lambda: sum("temperature" in group for group in groups) >= 4)
        bulk = [place for place, group in enumerate(groups) if "temperature" in group][:4]
        assert all("emergency" in groups[place + 1] for place in bulk[:3])


async def test_a_flood_of_urgent_messages_starves_neither_timers_nor_bulk(tmp_path: Path) -> None:
    """Every second group leaves room."""
    async with rig(tmp_path) as home:
        home.broker.say(PENDANT, PRESS)
        await home.quiet()
        home.broker.pause(URGENT)
        home.broker.say(DOOR, b'{"contact":false}')
        for number in range(1_000):
            home.broker.say("zigbee2mqtt/room-002-pendant", b'{"battery":%d}' % (number % 100))
        home.forward(46)
        home.broker.resume(URGENT)
        await until(lambda: home.broker.log("climbed"))
        await home.quiet()
        (climbed,) = home.rows("SELECT min(seq) FROM log WHERE step = 'climbed'")[0]
        (last,) = home.rows("SELECT max(seq) FROM events WHERE kind = 'battery'")[0]
        assert isinstance(climbed, int)
        assert isinstance(last, int)
        assert climbed < last


async def test_unreadable_bytes_are_kept_told_and_acknowledged(tmp_path: Path) -> None:
    """And what comes behind them is handled."""
    async with rig(tmp_path) as home:
        home.broker.say(PENDANT, b"\xff\xfe{")
        home.broker.say(PENDANT, PRESS)
        await until(lambda: home.broker.log("raised"))
        await home.quiet()
        kept = home.rows("SELECT topic, payload FROM quarantine")
        assert kept == [(PENDANT, b"\xff\xfe{")]
        assert len(home.broker.log("quarantined")) == 1
        assert home.acknowledged(URGENT) == [b"\xff\xfe{", PRESS]


async def test_a_retained_message_is_never_a_press(tmp_path: Path) -> None:
    """Retained press and retained state, both acknowledged."""
    async with rig(tmp_path) as home:
        await home.stop()
        home.broker.say(PENDANT, PRESS, retain=True)
        home.broker.session(URGENT).queue.clear()
        home.broker.session(BULK).queue.clear()
        await home.start()
        await until(lambda: home.broker.log("not_a_press"))
        await home.quiet()
        assert not home.broker.log("raised")
        assert PRESS in home.acknowledged(URGENT)
        assert PRESS in home.acknowledged(BULK)


async def test_what_arrives_while_the_hub_stops_is_left_to_the_next_start(tmp_path: Path) -> None:
    """It is neither acknowledged nor lost."""
    async with rig(tmp_path) as home:
        await home.hub.parts.pump.drain()
        home.broker.say(PENDANT, PRESS)
        await home.stop()
        assert home.presses() == 0
        await home.start()
        await until(lambda: home.broker.log("raised"))
        await home.quiet()
        assert home.presses() == 1


@pytest.mark.parametrize("number", [2**64 - 1, 2**63, -(2**63)])
async def test_a_number_too_large_for_the_ledger_is_kept_as_near_as_it_can_be(tmp_path: Path, number: int) -> None:
    """And stops nothing."""
    async with rig(tmp_path) as home:
        home.broker.say("zigbee2mqtt/room-001-climate", b'{"temperature":%d,"unheard_of":%d}' % (number, number))
        await until(lambda: len(home.rows("SELECT * FROM events")) == 2)
        assert {value for (value,) in home.rows("SELECT value FROM events")} <= {number, float(number)}


def _json(value: object) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:
        return repr(value).encode(errors="replace")


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(
    ("action", "contact", "battery", "temperature", "last_seen", "smoke", "model", "id", "channel", "time", "event")
)
TOPICS = st.sampled_from(
    [PENDANT, f"{PENDANT}/action", "zigbee2mqtt/bridge/devices", "zigbee2mqtt/x/availability", "rtl_433/h/events",
     "rtl_433/h/devices/A/1/2/temperature_C", f"handrail/{SLUG}/do/dashboards", f"handrail/{SLUG}/do/room-001"]
)  # fmt: skip
PAYLOADS = (
    st.binary(max_size=40)
    | JSON_VALUES.map(_json)
    | st.dictionaries(KEYS, JSON_VALUES, max_size=5).map(_json)
    | st.fixed_dictionaries(
        {"id": st.text(min_size=1, max_size=6), "do": st.sampled_from(["claim", "promise", "ok", "x"])},
        optional={"until": JSON_VALUES, "until_s": JSON_VALUES, "alert": JSON_VALUES, "by": JSON_VALUES},
    ).map(_json)
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(TOPICS, PAYLOADS), min_size=20, max_size=60))
async def test_whatever_comes_the_hub_lives_and_hears_the_next_press(
    tmp_path_factory: object, said: list[tuple[str, bytes]]
) -> None:
    """Bad input harms nothing: no message, however strange, stops the ledger or the pump."""
    folder = tmp_path_factory.mktemp("fuzz")  # type: ignore[attr-defined]
    async with rig(folder) as home:
        for topic, payload in said:
            home.broker.say(topic, payload)
        home.broker.say("zigbee2mqtt/room-002-pendant", b'{"action":"emergency","last_seen":1700000000000}')
        await until(lambda: any(line.get("device") == "room-002-pendant" for line in home.broker.log("raised")))
        assert "ledger" not in home.hub.parts.health.why
