"""DESIGN §7, driven by a stranger: a home of sixty rooms runs, and everything goes over MQTT."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import orjson
import pytest
from aiomqtt import Client, ProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.contract.home_parts import DEADLINE_S, SLUG, TOP, RunningHome, Stranger, home_with, stranger
from tests.parts import Mosquitto, until

RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
NO_TAG = "no tag or screen here"
ALERT = {
    *("id", "version", "level", "state", "resident", "place", "room", "device", "kind", "cause", "stamp", "reason"),
    *("raised_at", "rung", "told", "claimed_by", "presses", "late", "unrecorded"),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHome]:
    """One hub for the whole file; each test has rooms of its own."""
    folder = tmp_path_factory.mktemp("broker")
    for parent in (folder.parent, folder.parent.parent):
        parent.chmod(0o755)
    broker = Mosquitto(folder).start()
    with home_with(tmp_path_factory.mktemp("contract") / "home", broker, rooms=60) as running:
        running.start()
        yield running
    broker.stop()


@pytest.fixture
async def me(home: RunningHome) -> AsyncIterator[Stranger]:
    """A stranger to whom the hub has said that it is ready."""
    async with stranger(home.broker.port) as somebody:
        await until(lambda: somebody.state == "ready", DEADLINE_S)
        yield somebody


async def test_a_press_is_an_alert_and_a_log_line(me: Stranger) -> None:
    """With the fields that DESIGN §7 names, the device's stamp verbatim."""
    stamp = "2026-11-23T00:00:01.5+00:00"
    await me.press("012", stamp)
    line = await me.line("raised", device="room-012-pendant")
    assert (line["stamp"], line["resident"], line["room"]) == (stamp, "resident-012", "012")
    assert isinstance(line["seq"], int)
    assert RFC3339.fullmatch(str(line["at"]))
    assert line["reason"]
    topic = f"{TOP}/alert/{line['alert']}"
    await until(lambda: me.on(topic), DEADLINE_S)
    alert = me.on(topic)[0]
    assert alert.keys() >= ALERT
    assert (alert["id"], alert["level"], alert["state"], alert["stamp"]) == (line["alert"], "emergency", "told", stamp)
    assert alert["told"] == ["carer-1", "carer-2"]
    assert RFC3339.fullmatch(str(alert["raised_at"]))
    assert (alert["presses"], alert["late"], alert["unrecorded"], alert["claimed_by"]) == (1, False, False, None)


async def test_an_alert_is_retained_while_it_is_open(me: Stranger, home: RunningHome) -> None:
    """Somebody who comes later sees it; when it is closed, nobody does."""
    await me.press("013")
    line = await me.line("raised", device="room-013-pendant")
    topic = f"{TOP}/alert/{line['alert']}"
    await until(lambda: me.on(topic), DEADLINE_S)
    shown = await me.retained(topic, home.broker.port)
    assert shown is not None
    assert b'"state":"told"' in shown
    await me.ask(
        "dashboards", id="13", do="close", alert=line["alert"], by="carer-1", ending="no_help_needed", reason=NO_TAG
    )
    await until(lambda: me.raw(topic)[-1] == b"", DEADLINE_S)
    assert me.on(topic)[-1]["state"] == "closed"
    assert await me.retained(topic, home.broker.port) is None


async def test_an_alert_is_claimed_attended_and_closed_over_mqtt(me: Stranger) -> None:
    """Each answered on `done` and on the response topic, each a log line with who did it."""
    await me.press("014", 1)
    alert = (await me.line("raised", device="room-014-pendant"))["alert"]
    for number, do in enumerate(("claim", "attend", "close")):
        answer = await me.ask(
            "dashboards",
            id=f"14-{do}",
            do=do,
            alert=alert,
            by="carer-2",
            ending="helped",
            reason=NO_TAG if do == "attend" else "",
            answer_on=f"handrail/me/{do}",
        )
        assert answer["id"] == f"14-{do}"
        assert answer["ok"] is True
        await until(lambda do=do: me.on(f"handrail/me/{do}"), DEADLINE_S)  # type: ignore[misc]
        assert me.on(f"handrail/me/{do}") == [answer]
        step = ("claimed", "attended", "closed")[number]
        assert (await me.line(step, alert=alert))["by"] == "carer-2"
    steps = [str(line["step"]) for line in me.log(alert=alert)]
    assert steps == ["raised", "told", "claimed", "attended", "closed"]
    seqs = [line["seq"] for line in me.log(alert=alert)]
    assert seqs == sorted(set(map(int, map(str, seqs))))
    versions = [shown["version"] for shown in me.on(f"{TOP}/alert/{alert}")]
    assert versions == sorted(versions, key=lambda version: int(str(version)))


async def test_an_answer_carries_the_correlation_data_of_its_request(me: Stranger, home: RunningHome) -> None:
    """Several asked at once on one response topic; any bytes come back as they went, and none where none were given."""
    sent: tuple[bytes | None, ...] = (b"first", b"\xff\x00\xfe not text", b"x" * 2_000, None)
    back: dict[str, bytes | None] = {}
    async with Client("127.0.0.1", home.broker.port, protocol=ProtocolVersion.V5) as asker, asyncio.timeout(DEADLINE_S):
        await asker.subscribe("mine/answers", qos=1)
        for number, correlation in enumerate(sent):
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.ResponseTopic = "mine/answers"
            if correlation is not None:
                properties.CorrelationData = correlation
            wish = b'{"id":"c%d","do":"claim","alert":"a99999","by":"carer-1"}' % number
            await asker.publish(f"{TOP}/do/dashboards", wish, qos=1, properties=properties)
        async for message in asker.messages:
            assert isinstance(message.payload, bytes)
            back[orjson.loads(message.payload)["id"]] = getattr(message.properties, "CorrelationData", None)
            if len(back) == len(sent):
                break
    assert back == {f"c{number}": correlation for number, correlation in enumerate(sent)}
    await until(lambda: all(me.on(f"{TOP}/done/{ident}") for ident in back), DEADLINE_S)


async def test_a_second_press_is_added_to_the_open_alert(me: Stranger) -> None:
    """A press that opens an alert is `raised`, one that is added is `pressed`, each with its own stamp."""
    for stamp in (1_700_000_000_000, 1_700_000_005_000):
        await me.press("015", stamp)
    added = await me.line("pressed", device="room-015-pendant")
    raised = me.log("raised", device="room-015-pendant")
    assert [line["stamp"] for line in (*raised, added)] == ["1700000000000", "1700000005000"]
    assert raised[0]["alert"] == added["alert"]
    await until(lambda: me.on(f"{TOP}/alert/{added['alert']}")[-1]["presses"] == 2, DEADLINE_S)


async def test_a_repeated_id_is_answered_again_and_done_once(me: Stranger) -> None:
    """Whoever asks with it."""
    await me.press("016")
    alert = (await me.line("raised", device="room-016-pendant"))["alert"]
    first = await me.ask("dashboards", id="16", do="claim", alert=alert, by="carer-1")
    again = await me.ask("dashboards", id="16", do="claim", alert=alert, by="carer-2")
    assert first == again
    await me.ask("dashboards", id="16b", do="close", alert=alert, by="carer-1", ending="helped", reason=NO_TAG)
    await me.line("closed", alert=alert)
    assert [line["by"] for line in me.log("claimed", alert=alert)] == ["carer-1"]


async def test_what_cannot_be_done_is_answered_with_the_reason(me: Stranger) -> None:
    """Unknown request, unknown alert, presence neither shown nor explained, closed alert, unreadable request."""
    unknown = await me.ask("dashboards", id="17a", do="dance", by="carer-1")
    assert unknown["ok"] is False
    assert "dance" in str(unknown["reason"])
    nothing = await me.ask("dashboards", id="17b", do="claim", alert="a99999", by="carer-1")
    assert nothing["ok"] is False
    await me.press("017")
    alert = (await me.line("raised", device="room-017-pendant"))["alert"]
    alone = await me.ask("dashboards", id="17b2", do="close", alert=alert, by="carer-2", ending="mistake")
    assert alone["ok"] is False
    assert "say why (reason)" in str(alone["reason"])
    await me.ask("dashboards", id="17c", do="close", alert=alert, by="carer-2", ending="mistake", proof="screen:017")
    closed = await me.ask("dashboards", id="17d", do="claim", alert=alert, by="carer-1")
    assert closed["ok"] is False
    assert "Carer 2" in str(closed["reason"])
    await me.publish(f"{TOP}/do/dashboards", b'{"id":"17e", this is no JSON')
    await until(lambda: me.on(f"{TOP}/done/17e"), DEADLINE_S)
    assert me.on(f"{TOP}/done/17e")[0]["ok"] is False


async def test_the_client_decides_who_may_ask_for_what(me: Stranger) -> None:
    """Only the dashboards' account names a person; a room is that room; anybody else may only call."""
    await me.press("018")
    alert = (await me.line("raised", device="room-018-pendant"))["alert"]
    for client in ("room-018", "watcher", "dashboards2"):
        for do in ("claim", "attend", "close", "sign_on", "mode", "command"):
            answer = await me.ask(client, id=f"18-{client}-{do}", do=do, alert=alert, by="carer-1", ending="helped")
            assert answer["ok"] is False, (client, do)
    await me.ask("room-018", id="18-ok", do="ok", room="019")
    await me.line("ok_said", alert=alert)
    assert (await me.ask("homeassistant", id="18-call", do="call", room="019"))["ok"] is True
    called = await me.line("raised", room="019")
    assert called["resident"] == "resident-019"
    assert (await me.ask("room-020", id="20-call", do="call", room="019"))["ok"] is True
    await me.line("raised", room="020")


async def test_unreadable_messages_stand_in_front_of_nothing(me: Stranger) -> None:
    """They are told, and the press behind them is an alert."""
    for garbage in (b"\xff\xfe\x00", b"{", b"[" * 5_000, b'{"action":'):
        await me.publish("zigbee2mqtt/room-021-pendant", garbage)
    await me.press("021")
    await me.line("raised", device="room-021-pendant")
    await until(lambda: len(me.log("quarantined", device="zigbee2mqtt/room-021-pendant")) == 4, DEADLINE_S)
    assert me.state == "ready"


async def test_numbers_no_machine_can_keep_harm_nothing(me: Stranger) -> None:
    """A device that sends 2^64 - 1, and one that sends an endless number."""
    await me.publish(
        "zigbee2mqtt/room-022-pendant", b'{"battery":18446744073709551615,"x":1e308,"y":-9223372036854775809}'
    )
    await me.publish(f"{TOP}/do/dashboards", b'{"id":"22","do":"promise","until":"%s"}' % ("²" * 20).encode())
    await me.publish(f"{TOP}/do/dashboards", b'{"id":"22\\n","do":"claim"}')
    await me.press("022")
    await me.line("raised", device="room-022-pendant")


async def test_an_emergency_of_a_device_nobody_has_placed_rings_everybody(me: Stranger) -> None:
    """With what is known of it."""
    await me.publish("zigbee2mqtt/a box from the shop", b'{"action":"emergency"}')
    line = await me.line("raised", device="zigbee2mqtt/a box from the shop")
    await until(lambda: me.on(f"{TOP}/alert/{line['alert']}"), DEADLINE_S)
    alert = me.on(f"{TOP}/alert/{line['alert']}")[0]
    assert (alert["level"], alert["resident"]) == ("emergency", None)
    assert alert["told"] == ["carer-1", "carer-2"]


async def test_a_call_goes_on_with_a_room_that_shows_it(me: Stranger) -> None:
    """The room's screen is told that somebody comes, and who."""
    await me.press("023")
    alert = (await me.line("raised", device="room-023-pendant"))["alert"]
    await until(lambda: me.on(f"{TOP}/room/023"), DEADLINE_S)
    assert me.on(f"{TOP}/room/023")[-1]["heard"] is True
    await me.ask("dashboards", id="23", do="claim", alert=alert, by="carer-1")
    await until(lambda: "Carer 1" in str(me.on(f"{TOP}/room/023")[-1]), DEADLINE_S)


async def test_the_heartbeat_says_how_the_hub_is(me: Stranger) -> None:
    """Again and again, with the fields of DESIGN §7."""
    await until(lambda: len(me.on(f"{TOP}/status")) >= 2, DEADLINE_S)
    beats = me.on(f"{TOP}/status")
    fields = {"state", "uptime_s", "backlog", "oldest_unacknowledged_s", "wal_bytes", "disk_free_bytes", "why"}
    assert beats[0].keys() == fields
    first, second = (int(str(beat["uptime_s"])) for beat in me.on(f"{TOP}/status")[:2])
    assert second > first
    assert me.on(f"{TOP}/status")[1]["why"] == ""


def test_check_passes_on_what_new_wrote(home: RunningHome) -> None:
    """Unchanged."""
    from tests.contract.test_life import finished

    done = finished("check", home.folder)
    assert done.returncode == 0, done.stderr
    assert SLUG in (Path(home.folder) / "home.yaml").read_text()
