"""Real input, end to end: recorded messages on a real broker, the hub behind it; no emergency missed, none invented.

`score.py`, beside the recordings, says what a message means; here it is asked what the hub then did.
"""

from __future__ import annotations

import importlib.util
import sqlite3
from contextlib import closing
from pathlib import Path
from types import ModuleType

import pytest

from devices.adapter import Description, Message
from devices.catalogue import Catalogue
from devices.events import EMERGENCY_KINDS, Event, is_active
from devices.registry import meaning, presses_call
from tests.contract.home_parts import DEADLINE_S, TOP, Json, RunningHome, Stranger, home_with, stranger
from tests.parts import REPOSITORY, Mosquitto, until

FOLDER = REPOSITORY.parent / "shared" / "corpora"
MARKER = "zigbee2mqtt/the end of the recording"
ALERTED = """SELECT raw.topic, raw.payload, alerts.body ->> 'kind', alerts.body ->> 'device'
    FROM log JOIN raw ON raw.seq = log.cause JOIN alerts ON alerts.key = log.alert
    WHERE log.step IN ('raised', 'pressed') AND alerts.level = 'emergency'"""


@pytest.fixture(scope="module")
def score() -> ModuleType:
    """The judge that lies beside the recordings."""
    path = FOLDER / "score.py"
    if not path.exists():
        pytest.skip(f"the recorded messages are not beside this checkout: {path}")
    spec = importlib.util.spec_from_file_location("score", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def recorded(score: ModuleType, ecosystem: str) -> list[Json]:
    """The messages in the order in which a gateway sends them.

    The whole inventory first, parts of it last, because each takes the place of the one before.
    """
    rows: list[Json] = score.lines(FOLDER / "open" / f"{ecosystem}.jsonl")
    rows.sort(key=lambda row: _message(row) == "inventory")
    first: list[Json] = score.inventory(FOLDER / "open", ecosystem)
    return [*first, *rows]


def _message(row: Json) -> object:
    expect = row.get("expect")
    return expect.get("message") if isinstance(expect, dict) else None


class Reader:
    """What each message says, read as the hub reads it, to find the device that a row is about."""

    def __init__(self) -> None:
        self._catalogue = Catalogue()
        self._known: dict[str, Description] = {}

    def read(self, row: Json) -> list[Event]:
        """The emergencies in a message."""
        topic, payload = str(row["topic"]), str(row["payload"]).encode()
        adapter = self._catalogue.adapter_for(topic)
        if adapter is None:
            return []
        decoded = adapter.decode(Message(topic, payload, bool(row["retain"])), self._known)
        self._known.update({described.device: described for described in decoded.learned})
        found: list[Event] = []
        for event in decoded.events:
            known = self._known.get(event.device)
            meant = meaning(event, None, can_call=known is not None and presses_call(known))
            if meant.kind in EMERGENCY_KINDS and is_active(meant.kind, meant.value):
                found.append(meant)
        return found


async def _publish_all(me: Stranger, home: RunningHome, rows: list[Json]) -> None:
    for row in rows:
        await me.publish(str(row["topic"]), str(row["payload"]), retain=bool(row["retain"]))
    await me.publish(MARKER, b'{"temperature":1}')
    await until(lambda: _ledger(home, "SELECT 1 FROM events WHERE device = ?", MARKER), 60)
    await me.is_ready()
    # Copies may wait for their twins on the other lane a little longer.
    await until(lambda: me.on(f"{TOP}/status")[-1]["backlog"] == 0, DEADLINE_S)


def _ledger(home: RunningHome, query: str, *values: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(f"file:{home.folder / 'data' / 'ledger.db'}?mode=ro", uri=True)) as store:
        found: list[tuple[object, ...]] = store.execute(query, values).fetchall()
    return found


@pytest.mark.parametrize("ecosystem", ["zigbee2mqtt", "rtl_433", "shelly_gen1", "shelly_gen2"])
async def test_no_emergency_of_the_recordings_is_missed_and_none_is_invented(
    score: ModuleType, mosquitto: Mosquitto, tmp_path: Path, ecosystem: str
) -> None:
    """Every device that reported one is an alert of its kind, and every alert goes back to a message that meant it."""
    rows = recorded(score, ecosystem)
    with home_with(tmp_path / "home", mosquitto, rooms=1) as home:
        async with stranger(mosquitto.port) as me:
            home.start()
            await me.is_ready()
            await _publish_all(me, home, rows)
            alerted = _ledger(home, ALERTED)
            await me.press("001")
            await me.line("raised", device="room-001-pendant")
        assert home.stop() == 0
        assert "Traceback" not in home.said
    _compare(score, rows, alerted)


def _compare(score: ModuleType, rows: list[Json], alerted: list[tuple[object, ...]]) -> None:
    reader, missed, meant = Reader(), list[str](), dict[tuple[str, str], set[str]]()
    devices = {(str(device), str(kind)) for _, _, kind, device in alerted}
    for row in rows:
        events, expect = reader.read(row), row.get("expect")
        kinds: set[str] = score.urgent_kinds(expect)
        meant.setdefault((str(row["topic"]), str(row["payload"])), set()).update(kinds)
        if _must_alarm(score, expect) and not any((event.device, str(event.kind)) in devices for event in events):
            missed.append(str(row["id"]))
    invented = [
        (topic, payload, kind)
        for topic, payload, kind, _ in alerted
        if isinstance(payload, bytes) and kind not in meant.get((str(topic), payload.decode()), set())
    ]
    assert missed == []
    assert invented == []
    assert devices


def _must_alarm(score: ModuleType, expect: object) -> bool:
    """Whether a message means an emergency and nothing less: some may as well be a plain button or `other`."""
    if (
        not isinstance(expect, dict)
        or "message" in expect
        or not {expect["kind"], *expect.get("accept", [])} <= score.URGENT
    ):
        return False
    return expect["kind"] not in expect.get("must_not", []) and bool(score.active(expect))
