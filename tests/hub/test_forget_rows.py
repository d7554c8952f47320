"""What is erased and what stays: any history, a room that two shared, names that mean two things, the time series."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from hub.config.read import read_home
from hub.config.staying import arrive, leave, move
from hub.errors import SeriesRefused, SeriesUnreachable
from hub.exporting import export
from hub.forgetting.anew import erase, look
from hub.forgetting.refusing import refusal
from hub.forgetting.series import Part, Store, parts_of
from hub.forgetting.words import Words
from hub.ledger.load import load
from hub.ledger.write import open_store
from hub.series import InfluxSeries
from hub.verify import verify
from rules.home import Home
from rules.inputs import Configured
from tests.hub.config_home import write_home
from tests.hub.core_parts import DOOR, PRESS, rig
from tests.hub.http_parts import answering
from tests.hub.series_parts import VictoriaMetrics, point
from tests.hub.test_export import reloaded
from tests.hub.test_forget import nothing
from tests.hub.test_verify import MORE, STANDS, History

LATER_MS = 1_900_000_000_000


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A small home with both rules of the catalogue."""
    return read_home(write_home(tmp_path_factory.mktemp("home"))).home


def forget(ledger: Path, resident: str) -> None:
    """Whatever stands against it."""
    erase(ledger, resident, by="manager-1", wall_ms=LATER_MS, before=nothing)


@pytest.mark.parametrize("seed", range(6))
def test_any_history_folds_to_what_is_stored_after_it(seed: int, tmp_path: Path, home: Home) -> None:
    """Whatever happened to Margaret: she has left, the house lives on without her, `verify` agrees, before and after
    further days, and nobody's table holds her."""
    path = tmp_path / "ledger.db"
    history = History(path, home, seed)
    history.more = (*MORE, *STANDS)
    history.live(60)
    without = replace(home, residents=tuple(one for one in home.residents if one.resident != "margaret"))
    without = replace(without, devices=tuple(one for one in home.devices if one.person != "margaret"))
    history._commit([Configured(home=without)])
    history._home = without
    history.live(10)
    history.close()
    looked, counts = look(path, "margaret")
    assert looked.own == {"zigbee2mqtt/room-001-pendant"}
    assert counts["events"] > 0
    parts = parts_of(looked)
    assert {part.value for part in parts if part.is_whole} >= {"margaret", "room-001-pendant"}
    assert {part.value for part in parts if not part.is_whole} == {"room-001-door", "room-001-bed", "room-001-light"}
    with closing(open_store(path)) as store:
        before = load(store).state.tables()
    forget(path, "margaret")
    assert verify(path).shown == []
    assert b"argaret" not in path.read_bytes()
    with closing(open_store(path)) as store:
        after = load(store).state.tables()
    for name in ("shift", "meta"):
        assert after[name].rows == before[name].rows
    history.live(40)
    history.close()
    verdict = verify(path)
    assert (verdict.shown, verdict.inputs > 40) == ([], True)


async def test_in_a_room_that_was_shared_the_other_keeps_what_is_theirs(tmp_path: Path) -> None:
    """What hung there and was tied to nobody said something of both: it stays, and is nobody's afterwards either."""
    async with rig(tmp_path) as elm:
        plan = elm.folder / "residents/resident-002.yaml"
        plan.write_text(plan.read_text().partition("rules:")[0])
        move(elm.folder, "resident-002", room="001")
        await reloaded(elm)
        for topic, said in ((DOOR, b'{"contact":true}'), ("zigbee2mqtt/room-002-pendant", PRESS)):
            elm.broker.say(topic, said)
        await elm.quiet()
        for (alert,) in elm.rows("SELECT key FROM alerts WHERE state <> 'closed'"):
            await elm.ask(id=f"c{alert}", do="close", by="carer-1", alert=alert, ending="helped", reason="asleep")
        leave(elm.folder, "resident-002")
        await reloaded(elm)
        await elm.stop()
        before = list(export(elm.ledger, "resident-001"))
        forget(elm.ledger, "resident-002")
        assert list(export(elm.ledger, "resident-001")) == before
        assert elm.rows("SELECT count(*) FROM events WHERE device = ?", DOOR) == [(1,)]
        assert elm.rows("SELECT count(*) FROM events WHERE device LIKE '%002-pendant'") == [(0,)]
        await elm.start()


async def test_the_alert_of_several_missed_calls_keeps_the_others(tmp_path: Path) -> None:
    """Pressed while the hub was down and answered one by one: hers stays as one that was answered, and by whom."""
    async with rig(tmp_path) as elm:
        await elm.stop()
        for room in ("001", "002"):
            pressed = b'{"action":"emergency","last_seen":%d}' % elm.clock.wall_ms()
            elm.broker.say(f"zigbee2mqtt/room-{room}-pendant", pressed)
        elm.clock.forward(7_200_000)
        await elm.start()
        await elm.quiet()
        ((alert,),) = elm.rows("SELECT key FROM alerts WHERE body ->> 'missed' <> '[]'")
        for who in ("resident-001", "resident-002"):
            said = {"alert": alert, "resident": who, "ending": "helped", "reason": "asleep"}
            assert (await elm.ask(id=f"c{who}", do="close", by="carer-1", **said))["ok"]
        leave(elm.folder, "resident-002")
        await reloaded(elm)
        await elm.stop()
        before = list(export(elm.ledger, "resident-001"))
        forget(elm.ledger, "resident-002")
        assert list(export(elm.ledger, "resident-001")) == before
        ((body,),) = elm.rows("SELECT body FROM alerts WHERE key = ?", alert)
        missed = [(row["resident"], row["answered_by"]) for row in orjson.loads(str(body))["missed"]]
        assert missed == [("resident-001", "carer-1"), (None, "carer-1")]
        assert verify(elm.ledger).shown == []
        await elm.start()


def test_a_name_counts_whole_and_as_it_is_written() -> None:
    """Longer names of others, months, staff of the same name, JSON and foreign letters."""
    words = Words(["rose", "Rose", "May"], ["Rose Hill", "rosemary", "Ana"])
    said = words.taken_out("Rose and Rose Hill see rosemary, Rosemary, rose.")
    assert said == "a former resident and Rose Hill see rosemary, Rosemary, a former resident."
    assert words.taken_out("back on 12 May, 10:00, says May") == "back on 12 May, 10:00, says a former resident"
    assert not words.are_in("Rose Hill, prose")
    assert Words(["Ana"], ["Ana"]).taken_out("Ana is going") == "Ana is going"
    quoted = Words(['Liz "Betty"', "Amélie"], [], ["Sing, Amélie."])
    text = orjson.dumps({"a": 'Liz "Betty"', "b": "Amélie", "c": "Sing, Amélie."}).decode()
    assert orjson.loads(quoted.taken_out(text)) == {"a": "a former resident", "b": "a former resident", "c": "…"}
    assert quoted.are_in_bytes(b'{"name":"Am\\u00e9lie"}')
    assert quoted.are_in_bytes("\xff Amélie".encode())


# -- the time series ----------------------------------------------------------------------------------------------


@pytest.fixture
def victoria(tmp_path: Path) -> Iterator[VictoriaMetrics]:
    """The real store."""
    store = VictoriaMetrics(tmp_path).start()
    yield store
    store.stop()


async def test_a_real_store_holds_nothing_labelled_with_her(victoria: VictoriaMetrics) -> None:
    """VictoriaMetrics: series with her tag and of her own devices go, all others stay, and it says what it cannot."""
    mine, other = point(1), replace(point(2), resident="resident-002", name="room-002-sensor")
    series = InfluxSeries(url=victoria.url, org="home", bucket="events")
    await series.write([mine, other, replace(other, resident=None, name="margaret-mat", wall_ms=other.wall_ms + 1)])
    await series.close()
    assert {labels["device"] for labels, *_ in victoria.samples()} >= {"room-012-sensor", "margaret-mat"}
    store = Store(url=victoria.url, org="home", bucket="events", token_file=None)
    parts = [Part("resident", "resident-012"), Part("device", "margaret-mat"), Part("device", "room-002-sensor", 1, 2)]
    said = await asyncio.to_thread(store.erase, parts)
    assert "of 1 devices of the room nothing" in said
    assert {labels["device"] for labels, *_ in victoria.samples()} == {"room-002-sensor"}


async def test_influxdb_is_asked_by_tag_and_time() -> None:
    """Each part one deletion, within its hours; one that is refused, or nobody there, stops everything before the
    ledger is touched."""
    parts = [Part("resident", "margaret"), Part("device", "room-001-door", 1_750_000_000_000, 1_750_000_060_000)]
    async with answering(204, b"") as influx:
        store = Store(url=f"http://127.0.0.1:{influx.port}", org="home", bucket="events", token_file=None)
        assert await asyncio.to_thread(store.erase, parts) == "2 deletions were asked for"
        *_, whole, door = [orjson.loads(body) for body in influx.bodies]
        assert whole["predicate"] == '_measurement="event" AND resident="margaret"'
        assert door == {
            "start": "2025-06-15T15:06:40.000Z",
            "stop": "2025-06-15T15:07:40.000Z",
            "predicate": '_measurement="event" AND device="room-001-door"',
        }
        assert "POST /api/v2/delete?org=home&bucket=events" in influx.headers[-1]
        influx.status = 403
        with pytest.raises(SeriesRefused, match="nothing was erased in the ledger"):
            await asyncio.to_thread(store.erase, parts)
    with pytest.raises(SeriesUnreachable, match="nothing was erased in the ledger"):
        await asyncio.to_thread(store.erase, parts)


async def test_the_next_ones_pendant_of_the_same_name_and_a_fire_stay(tmp_path: Path) -> None:
    """Names of devices are given again with the room; smoke concerns everybody, wherever it was."""
    async with rig(tmp_path) as elm:
        for said in (b'{"smoke":true}', b'{"smoke":false}', b'{"occupancy":true}'):
            elm.broker.say("zigbee2mqtt/room-002-motion", said)
        await elm.quiet()
        for (alert,) in elm.rows("SELECT key FROM alerts WHERE state <> 'closed'"):
            await elm.ask(id=f"c{alert}", do="close", by="carer-1", alert=alert, ending="helped", reason="toast")
        leave(elm.folder, "resident-002")
        arrive(elm.folder, "ada", room="002", known_as="Ada", since="2026-11-23", until=None)
        devices = (elm.folder / "devices.yaml").read_text(encoding="utf-8")
        devices = devices.replace("zigbee2mqtt/room-002-pendant", "zigbee2mqtt/0x0002")
        (elm.folder / "devices.yaml").write_text(devices, encoding="utf-8")
        await reloaded(elm)
        elm.broker.say("zigbee2mqtt/0x0002", PRESS)
        await elm.quiet()
        await elm.stop()
        before = list(export(elm.ledger, "ada"))
        files = read_home(elm.folder).home
        erase(
            elm.ledger,
            "resident-002",
            by="manager-1",
            wall_ms=LATER_MS,
            before=refusal(elm.folder, files, "manager-1"),
        )
        assert list(export(elm.ledger, "ada")) == before
        kinds = [kind for (kind,) in elm.rows("SELECT kind FROM events WHERE device = 'zigbee2mqtt/room-002-motion'")]
        assert kinds == ["smoke", "smoke"]
        assert [row["kind"] for row in before if row["what"] == "event"].count("emergency") == 1
        assert verify(elm.ledger).shown == []
        await elm.start()
