"""Ecosystems without a first level of their own, on a real broker: filters overlap, and one press stays one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.contract.home_parts import RunningHome, home_with, stranger
from tests.parts import Mosquitto, until

MARKER = "zigbee2mqtt/heard-behind-it"
FRAME = '{"ZbReceived":{"0x2B03":{"Device":"0x2B03","0501!02":"","Endpoint":1}}}'


def count(home: RunningHome, query: str, *values: str) -> int:
    """A number from the ledger."""
    with closing(sqlite3.connect(f"file:{home.folder / 'data' / 'ledger.db'}?mode=ro", uri=True)) as store:
        return int(store.execute(query, values).fetchone()[0])


@pytest.mark.parametrize(
    ("topic", "said"),
    [
        ("tasmota/zb/tele/SENSOR", FRAME),
        (
            "shelly/cord/events/rpc",
            '{"src":"shellyplusi4-a8032abe54dc","method":"NotifyEvent","params":{"events":'
            '[{"component":"input:0","event":"btn_down","ts":1795312800}]}}',
        ),
    ],
)
async def test_a_press_whose_topic_matches_two_filters_is_one_press(
    mosquitto: Mosquitto, tmp_path: Path, topic: str, said: str
) -> None:
    """A full topic that begins with `tasmota/`, a prefix that begins with `shelly/`, each told to the whole second: the
    broker delivers them once for each filter, and once on the urgent lane."""
    with home_with(tmp_path / "home", mosquitto, rooms=1) as home:
        row = '\n  - {device: cord, address: shelly/shelly/cord, for: emergency, place: "001"}\n'
        home.edit("devices.yaml", lambda text: text.rstrip() + row)
        async with stranger(mosquitto.port) as me:
            home.start()
            await me.is_ready()
            await me.publish(topic, said, retain=False)
            await me.publish(MARKER, b'{"temperature":1}')
            await until(lambda: count(home, "SELECT COUNT(*) FROM events WHERE device = ?", MARKER) > 0, 20)
            presses = "SELECT COUNT(*) FROM events WHERE extra ->> 'press' = 1"
            await until(lambda: count(home, presses) == 2, 20)  # the second copy, at once or after the 2 s of its lane
            raised = count(home, "SELECT COUNT(*) FROM log WHERE step = 'raised'")
            again = count(home, "SELECT COUNT(*) FROM log WHERE step = 'pressed'")
        assert home.stop() == 0
    assert (raised, again) == (1, 0)
