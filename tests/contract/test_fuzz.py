"""Ten thousand messages that nobody meant, at a hub that runs: all is read or kept aside, and a true press is told."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import psutil
from aiomqtt import Client, ProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from devices.catalogue import Catalogue
from devices.registry import Registry
from devices.topics import matches
from hub.config.read import read_home
from hub.intake import RAW_MOST
from tests.contract.fuzz_messages import Oracle, Said, endless, harmless
from tests.contract.home_parts import DEADLINE_S, TOP, RunningHome, Stranger, home_with, stranger
from tests.contract.test_life import finished
from tests.mutations import seeded
from tests.parts import Mosquitto, until

COUNT = 10_000
FILTERS = Catalogue().filters()
PRESSES = 10
"""True ones, in the middle of the others."""
AT_ONCE = 100
DIGESTED_S = 90.0
GROWTH_MOST_BYTES = 100 << 20


class Ledger:
    """The hub's file, looked at from outside."""

    def __init__(self, home: RunningHome) -> None:
        self._path = home.folder / "data" / "ledger.db"

    def rows(self, sql: str, *given: object) -> list[tuple[object, ...]]:
        """What it holds now."""
        connection = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=5)
        try:
            return connection.execute(sql, given).fetchall()
        finally:
            connection.close()


async def send(client: Client, said: Said) -> None:
    """As whoever has an MQTT client can."""
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    if said.answer_on is not None:
        properties.ResponseTopic = said.answer_on
    await client.publish(said.topic, said.payload, qos=said.qos, retain=said.retain, properties=properties, timeout=60)


async def send_all(port: int, me: Stranger, messages: Sequence[Said]) -> None:
    """All of them, true presses in between, and behind them a mark on the bulk lane."""
    async with Client("127.0.0.1", port, protocol=ProtocolVersion.V5) as client:
        client.pending_calls_threshold = 10 * AT_ONCE
        for start in range(0, len(messages), AT_ONCE):
            await asyncio.gather(*(send(client, said) for said in messages[start : start + AT_ONCE]))
            if start % (COUNT // PRESSES) == 0:
                number = start // (COUNT // PRESSES)
                await me.press(f"{number % 2 + 3:03}", 1_700_000_000_000 + number * 1_000)
        await client.publish("zigbee2mqtt/mark", b'{"temperature":12.5}', qos=1)


async def test_ten_thousand_messages_that_nobody_meant_harm_nothing(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Nothing is lost of them, no alarm is made, the hub never stumbles; also after a restart, and `verify` agrees."""
    rng = seeded()
    with home_with(tmp_path / "home", mosquitto, rooms=4) as home:
        registry = Registry(read_home(home.folder).home.devices)
        oracle = Oracle(registry)
        messages = harmless(rng, oracle, COUNT)
        ledger = Ledger(home)
        async with stranger(mosquitto.port) as me:
            home.start()
            await me.is_ready()
            assert home.process is not None
            before = psutil.Process(home.process.pid).memory_info().rss
            await send_all(mosquitto.port, me, messages)
            mark = "SELECT 1 FROM events WHERE device = 'zigbee2mqtt/mark'"
            await until(lambda: ledger.rows(mark) or home.process is None or home.process.poll(), DIGESTED_S)
            await me.press("001", 1)
            told = await me.line("raised", device="room-001-pendant")
            await until(lambda: me.on(f"{TOP}/alert/{told['alert']}"), DEADLINE_S)
            assert home.process.poll() is None
            assert psutil.Process(home.process.pid).memory_info().rss - before < GROWTH_MOST_BYTES
            await everything_was_kept(ledger, oracle, messages)
            only_true_presses_called(ledger)
            home.kill()
            home.start()
            await me.is_ready()
            await me.press("002", 2)
            await me.line("raised", device="room-002-pendant")
            only_true_presses_called(ledger, 4)
        assert home.stop() == 0
        quiet(home.said)
        verified = await asyncio.to_thread(finished, "verify", home.folder)
        assert verified.returncode == 0, verified.stdout + verified.stderr


def test_no_reader_stumbles_over_any_of_it() -> None:
    """The adapters and the reader of requests alone, with all that devices could have told about themselves."""
    oracle = Oracle(Registry(()))
    for said in islice(endless(seeded()), COUNT):
        oracle.learn(said)
        oracle.calls(said)
        assert oracle.unreadable(said) in (True, False, None)


def kept(ledger: Ledger) -> Counter[tuple[object, object]]:
    """What is in quarantine, and how often."""
    return Counter((topic, payload) for topic, payload in ledger.rows("SELECT topic, payload FROM quarantine"))


async def everything_was_kept(ledger: Ledger, oracle: Oracle, messages: Sequence[Said]) -> None:
    """What nobody can read is in quarantine, each of them once; what can be read brought its events."""
    must, may = set[tuple[object, object]](), Counter[tuple[object, object]]()
    devices = set[str]()
    for said in messages:
        unreadable = oracle.unreadable(said)
        if unreadable is not False:
            # What the broker remembers comes again with each new subscription, what two filters match comes twice.
            copies = sum(matches(name, said.topic) for name in FILTERS)
            may[said.topic, said.payload[:RAW_MOST]] += COUNT if said.retain else max(1, copies)
        if unreadable:
            must.add((said.topic, said.payload[:RAW_MOST]))
        devices |= oracle.devices(said)
    # A copy whose twin on the other lane does not come is acted on after two seconds.
    await until(lambda: must <= kept(ledger).keys(), DEADLINE_S)
    assert list((kept(ledger) - may).items())[:3] == []
    assert devices <= {str(device) for (device,) in ledger.rows("SELECT DISTINCT device FROM events")}


def only_true_presses_called(ledger: Ledger, rooms: int = 3) -> None:
    """Ten presses of two pendants, each counted once, and one or two of the others: no other call for help."""
    rows = ledger.rows("SELECT body ->> 'device', level FROM alerts WHERE level IN ('emergency', 'urgent', 'call')")
    assert sorted(str(device) for device, _ in rows) == sorted(
        f"room-{room:03}-pendant" for room in (1, 2, 3, 4) if room != 2 or rooms == 4
    )
    stamps = ledger.rows(
        "SELECT body ->> 'stamp' FROM log WHERE step IN ('raised', 'pressed') AND CAST(body ->> 'stamp' AS INTEGER) > 2"
    )
    assert sorted(int(str(stamp)) for (stamp,) in stamps) == [1_700_000_000_000 + n * 1_000 for n in range(PRESSES)]


def quiet(said: str) -> None:
    """Nothing went wrong inside, and no lane was lost, but for the kill."""
    lines = [line for line in said.splitlines() if "was still shown and is not open: cleared" not in line]
    assert lines == []
