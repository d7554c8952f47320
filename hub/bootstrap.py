"""The one place that wires a hub, with plain arguments. Nothing is built at import."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path

from devices.catalogue import Catalogue
from hub.channels import AppriseChannel, Pager
from hub.clock import Clock
from hub.config.problems import ConfigurationRefused
from hub.config.read import Reading, continued, read_home
from hub.config.settings import HubSettings, data_folder
from hub.config.stored import settings_from_json
from hub.elapsed import HomeClock
from hub.errors import HandrailError, LedgerUnwritable
from hub.hub import Hub, Parts
from hub.lanes import BULK, URGENT, Overlap, Received
from hub.ledger.load import Loaded, load
from hub.ledger.source import LedgerSource
from hub.ledger.write import Checkpointer, Writer
from hub.lock import Lock
from hub.logbook import Line, Logbook
from hub.mqtt import Connection
from hub.mqtt_types import Message
from hub.outbox import Outbox, Wish, dumps, wish_of
from hub.paging import Paging
from hub.pump import Pump
from hub.series import InfluxSeries, SeriesWriter
from hub.status import LOST, Health
from hub.steps import Steps
from hub.subscriptions import Subscriptions
from hub.timers import Timers
from hub.topics import Topics

LEDGER = "ledger.db"
SWITCH_S = 0.0002
"""How long one thread may keep the interpreter from another: the writer must not wait 5 ms a statement for the loop."""
RECEIVE_MAX = {URGENT: 65_535, BULK: 2_000}


class NeverConfigured(HandrailError):
    """The configuration is refused and none was ever accepted."""


def build(folder: Path, clock: Clock, rng: random.Random) -> Hub:
    """Put a hub together for the home in `folder`; raises `HandrailError` with one sentence where it cannot start.

    A configuration that is refused now stops nothing where one was accepted before: that one goes on (promise 7).
    """
    sys.setswitchinterval(SWITCH_S)
    reading, refused = _read(folder)
    data = reading.settings.data if reading is not None else data_folder(folder)
    _make(data)
    lock = Lock(data / "hub.lock")
    lock.acquire()
    writer = Writer(data / LEDGER)
    loaded = load(writer.store)
    if reading is not None:
        reading = continued(reading, loaded.home) if loaded.home is not None else reading
        home, settings = reading.home, reading.settings
    elif loaded.home is not None:
        home, settings = loaded.home, settings_from_json(loaded.settings.encode())
    else:
        raise refused or NeverConfigured(f"{folder}: no configuration was ever accepted")
    hub = Hub(lock)
    hub.assemble(_parts(hub, folder, reading, refused, settings, writer, loaded, clock, rng, home.slug))
    return hub


def _make(data: Path) -> None:
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LedgerUnwritable(f"the folder {data} cannot be made: {error.strerror}; give the hub's user the right") from error


def _read(folder: Path) -> tuple[Reading | None, ConfigurationRefused | None]:
    try:
        return read_home(folder), None
    except ConfigurationRefused as refused:
        return None, refused


def _parts(
    hub: Hub,
    folder: Path,
    reading: Reading | None,
    refused: ConfigurationRefused | None,
    settings: HubSettings,
    writer: Writer,
    loaded: Loaded,
    clock: Clock,
    rng: random.Random,
    slug: str,
) -> Parts:
    home_clock = HomeClock(clock, loaded.elapsed_ms, loaded.wall_ms)
    catalogue, topics = Catalogue(), Topics(slug)
    steps = Steps(state=loaded.state, seq=loaded.seq, topics=topics, catalogue=catalogue, known=loaded.known)
    overlap = Overlap(loaded.twins)
    subscriptions = Subscriptions(
        topics=topics,
        catalogue=catalogue,
        state=loaded.state,
        known=loaded.known,
        overlap=overlap,
        first=reading.home if reading else None,
        on_changed=hub.on_subscriptions_changed,
        on_refused=hub.on_refused_filter,
    )
    lanes = _lanes(hub, settings, loaded, subscriptions, topics, slug, rng)
    reader = sqlite3.connect(f"file:{writer.path}?mode=ro", uri=True, isolation_level=None, timeout=1)
    paging = Paging(state=loaded.state, put=lambda given: pump.put(given))
    outbox = Outbox(
        urgent=lanes[URGENT],
        bulk=lanes[BULK],
        elapsed_ms=lambda: home_clock.now().elapsed_ms,
        page=paging.page,
        on_dropped=hub.on_dropped,
        on_refused=hub.on_publish_refused,
        later=asyncio.get_running_loop().call_later,
    )
    pump = Pump(
        steps=steps,
        commit=writer.commit,
        clock=home_clock,
        timers=Timers(loaded.state.timers),
        overlap=overlap,
        received=Received(loaded.received),
        after=hub.after,
        housekeeping=hub.housekeeping,
        on_retained_alert=hub.on_retained_alert,
        on_learned=hub.on_learned,
        on_failure=hub.on_commit_failed,
        on_recovery=hub.on_commit_back,
    )
    pump.lanes = lanes
    pager = Pager(AppriseChannel(), on_result=paging.result, file=settings.file)
    paging.connect(pager, outbox)
    source = LedgerSource(writer.path, loaded.state, loaded.cursors, pump.save_soon)
    series = _series(hub, settings, source, rng)
    outbox.offer(_left_over(loaded))
    return Parts(
        folder=folder,
        reading=reading,
        refused=refused,
        down_from_ms=loaded.wall_ms,
        writer=writer,
        checkpointer=Checkpointer(writer.path),
        clock=home_clock,
        steps=steps,
        overlap=overlap,
        subscriptions=subscriptions,
        pump=pump,
        outbox=outbox,
        logs={lane: _logbook(lane, lanes[lane], topics, loaded, reader) for lane in (URGENT, BULK)},
        lanes=lanes,
        health=Health(home=slug, started_ms=home_clock.now().elapsed_ms),
        source=source,
        background=[series.run] if series else [],
        after_commit=[series.wake] if series else [],
        closers=[pager.stop, *([series.stop] if series else [])],
    )


def _lanes(
    hub: Hub,
    settings: HubSettings,
    loaded: Loaded,
    subscriptions: Subscriptions,
    topics: Topics,
    slug: str,
    rng: random.Random,
) -> dict[str, Connection]:
    def lane(name: str, will: Message | None) -> Connection:
        return Connection(
            lane=name,
            client_id=f"handrail-{slug}-{name}",
            address=settings.broker,
            subscriptions=subscriptions.filters[name],
            receive_max=RECEIVE_MAX[name],
            will=will,
            on_packets=hub.on_packets,
            on_up=lambda up: hub.on_up(name, up),
            on_down=lambda why: hub.on_down(name, why),
            rng=rng,
            no_longer_subscribed=(*loaded.subscriptions.get(name, ()), topics.alerts),
        )

    return {URGENT: lane(URGENT, Message(topic=topics.status, payload=dumps(LOST))), BULK: lane(BULK, None)}


def _series(hub: Hub, settings: HubSettings, source: LedgerSource, rng: random.Random) -> SeriesWriter | None:
    """The copy of every event in an InfluxDB, where `home.yaml` names one."""
    named = settings.series
    if named is None:
        return None
    store = InfluxSeries(url=named.url, org=named.org, bucket=named.bucket, token_file=named.token_file)
    return SeriesWriter(source, store, rng=rng, on_fault=lambda on, why: hub.on_fault("series", on, why))


def _left_over(loaded: Loaded) -> list[Wish]:
    return [wish_of(key, seq, urgent, body) for key, seq, urgent, body in loaded.outbox]


def _logbook(lane: str, connection: Connection, topics: Topics, loaded: Loaded, reader: sqlite3.Connection) -> Logbook:
    urgent = int(lane == URGENT)

    def read(after: int, limit: int) -> Sequence[Line]:
        rows = reader.execute(
            "SELECT seq, body FROM log WHERE seq > ? AND urgent = ? ORDER BY seq LIMIT ?", (after, urgent, limit)
        ).fetchall()
        return [(seq, body.encode()) for seq, body in rows]

    return Logbook(topic=topics.log, lane=connection, cursor=loaded.cursors.get(f"log_{lane}", 0), read=read)
