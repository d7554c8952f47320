"""The one place that wires a hub, with plain arguments. Nothing is built at import."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from devices.catalogue import Catalogue
from hub.abc import Lane
from hub.broker.again import Again
from hub.broker.drops import Drops
from hub.broker.rights import Probe, Rights
from hub.broker.watch import WATCH, BrokerWatch
from hub.channels import AppriseChannel, Pager
from hub.clock import Clock
from hub.condition import Condition
from hub.config.problems import ConfigurationRefused
from hub.config.read import Reading, continued, read_home
from hub.config.settings import HubSettings, data_folder, remember_data_folder
from hub.config.stored import settings_from_json
from hub.config.watch import stamps
from hub.elapsed import Belief, HomeClock
from hub.errors import HandrailError
from hub.home_assistant import Asking, asking_of
from hub.hub import Hub, Parts
from hub.keeping import Keeping
from hub.lanes import BULK, LOG, URGENT, Overlap
from hub.ledger.checkpoint import Checkpointer
from hub.ledger.load import Loaded
from hub.ledger.opening import Opened, make, opened
from hub.ledger.source import LedgerLines, LedgerSource
from hub.ledger.write import Writer
from hub.lock import Lock
from hub.logbook import Logbook
from hub.mqtt.connection import Connection
from hub.mqtt.types import Message
from hub.one_by_one import OneByOne
from hub.outbox import Outbox, dumps
from hub.paging import Paging
from hub.pump import Pump
from hub.put_back import PutBack
from hub.record import Record, answers
from hub.reload import Reload
from hub.replay.trying import trying
from hub.series import InfluxSeries, SeriesWriter
from hub.shown import Shown
from hub.status import LOST, Health
from hub.steps import Steps
from hub.subscriptions import Subscriptions
from hub.topics import Topics
from hub.watched import Watched
from rules.state import AlertState

SWITCH_S = 0.0002
"""How long one thread may keep the interpreter from another: the writer must not wait 5 ms a statement for the loop."""
RECEIVE_MAX = {URGENT: 65_535, BULK: 1_000, LOG: 10, WATCH: 100}


class NeverConfigured(HandrailError):
    """The configuration is refused and none was ever accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Start:
    """What a hub starts from: the home's files, what its ledger holds, and where it learns time and chance."""

    folder: Path
    reading: Reading | None
    refused: ConfigurationRefused | None
    slug: str
    settings: HubSettings
    found: Opened
    writer: Writer
    loaded: Loaded
    clock: HomeClock
    topics: Topics
    catalogue: Catalogue
    rng: random.Random
    connect: Callable[..., Lane]

    @property
    def told(self) -> frozenset[str]:
        """The faults that people were told of before, and that nobody has taken back: they end when they are right."""
        open_ones = (alert for alert in self.loaded.state.alerts if alert.state is not AlertState.CLOSED)
        return frozenset(one.cause.removeprefix("hub:") for one in open_ones if one.cause.startswith("hub:"))


def build(folder: Path, clock: Clock, rng: random.Random, *, connect: Callable[..., Lane] = Connection) -> Hub:
    """Put a hub together for the home in `folder`; raises `HandrailError` with one sentence where it cannot start.

    A configuration that is refused now stops nothing where one was accepted before: that one goes on (promise 7).
    `connect` makes a lane to the broker.
    """
    sys.setswitchinterval(SWITCH_S)
    seen = stamps(folder)
    reading, refused = _read(folder)
    data = reading.settings.data if reading is not None else data_folder(folder)
    make(data)
    if reading is not None:
        remember_data_folder(folder, data)
    lock = Lock(data / "hub.lock")
    lock.acquire()
    try:
        start = _start(folder, reading, refused, opened(data / "ledger.db"), clock, rng, connect)
    except BaseException:
        lock.release()
        raise
    hub = Hub(lock)
    hub.assemble(_parts(hub, start, lock))
    hub.parts.reload.seen = seen
    return hub


def _start(
    folder: Path,
    reading: Reading | None,
    refused: ConfigurationRefused | None,
    found: Opened,
    clock: Clock,
    rng: random.Random,
    connect: Callable[..., Lane],
) -> _Start:
    loaded = found.loaded
    if reading is not None:
        reading = continued(reading, loaded.home) if loaded.home is not None else reading
        home, settings = reading.home, reading.settings
    elif loaded.home is not None:
        home, settings = loaded.home, settings_from_json(loaded.settings.encode())
    else:
        found.writer.close()
        raise refused or NeverConfigured(f"{folder}: no configuration was ever accepted")
    return _Start(
        folder=folder,
        reading=reading,
        refused=refused,
        slug=home.slug,
        settings=settings,
        found=found,
        writer=found.writer,
        loaded=loaded,
        clock=HomeClock(clock, loaded.elapsed_ms, loaded.wall_ms, loaded.cursors),
        topics=Topics(home.slug),
        catalogue=Catalogue(),
        rng=rng,
        connect=connect,
    )


def _read(folder: Path) -> tuple[Reading | None, ConfigurationRefused | None]:
    try:
        return read_home(folder), None
    except ConfigurationRefused as refused:
        return None, refused


def _parts(hub: Hub, start: _Start, lock: Lock) -> Parts:
    loaded, writer, topics = start.loaded, start.writer, start.topics
    steps = Steps(state=loaded.state, seq=loaded.seq, topics=topics, catalogue=start.catalogue, known=loaded.known)
    steps.settings, steps.unread = loaded.settings, loaded.unread
    overlap = Overlap(loaded.twins, leaving=loaded.subscriptions.get(URGENT, ()))
    subscriptions = _subscriptions(hub, start, overlap)
    lanes = _lanes(hub, start, subscriptions)
    lines = LedgerLines(writer.path, partial(answers, hub))
    record = Record(hub, start.found, lock, lines, start.clock)
    shown = _shown(hub, start, lanes, record)
    channel, paging = AppriseChannel(), Paging(state=loaded.state, put=hub.put)
    outbox = _outbox(hub, start, lanes, paging)
    asking = asking_of(hub, outbox, start.settings.home_assistant, start.clock.elapsed_ms, start.told)
    pump = _pump(hub, start, steps, overlap, shown, record)
    pump.lanes = lanes
    pager = Pager(channel, on_result=paging.result, file=start.settings.file)
    paging.connect(pager, outbox)
    source = LedgerSource(writer.path, loaded.state, loaded.cursors, hub.save_soon)
    series = _series(hub, start, source, start.rng)
    logs = _logs(hub, start, lanes, lines)
    watch = _watch(hub, start, lanes, shown, source)
    keeping, health = _keeping(hub, start, pump), Health(home=start.slug, started_ms=start.clock.elapsed_ms())
    record.begins(pump.put, keeping.note)
    jobs: list[Asking | SeriesWriter] = [asking, *([series] if series else [])]
    return Parts(
        reading=start.reading,
        refused=start.refused,
        down_from_ms=loaded.wall_ms,
        set_aside=loaded.set_aside,
        left_over=shown.put_back.left_over,
        had_sessions=set(loaded.subscriptions),
        writer=writer,
        checkpointer=Checkpointer(writer.path, writer),
        clock=start.clock,
        steps=steps,
        overlap=overlap,
        subscriptions=subscriptions,
        pump=pump,
        outbox=outbox,
        logs=logs,
        lanes=lanes,
        health=health,
        condition=Condition(
            health=health,
            state=loaded.state,
            belief=Belief(start.clock.moved_ms, start.clock.now(), is_fresh=start.clock.is_fresh),
            on_fault=hub.on_fault,
            save=keeping.note,
            count_anew=start.clock.count_anew,
        ),
        keeping=keeping,
        source=source,
        shown=shown,
        watched=_watched(hub, start),
        reload=Reload(folder=start.folder, steps=steps, put=pump.put),
        watch=watch,
        background=[*(job.run for job in (*jobs, record, watch)), _warming(hub, channel), trying(hub, start.folder)],
        after_commit=[series.wake] if series else [],
        closers=[pager.stop, *(job.stop for job in jobs), lines.close, watch.stop],
    )


def _watched(hub: Hub, start: _Start) -> Watched:
    return Watched(expected=start.settings.watcher is not None, told="watcher" in start.told, on_fault=hub.on_fault)


def _keeping(hub: Hub, start: _Start, pump: Pump) -> Keeping:
    return Keeping(
        path=start.writer.path,
        keep=start.settings.retention,
        loaded=start.loaded,
        first=start.found.first,
        clock=start.clock,
        is_calm=lambda: pump.is_calm,
        on_fault=hub.on_fault,
    )


def _warming(hub: Hub, channel: AppriseChannel) -> Callable[[], Awaitable[None]]:
    """Load what people's channels need, where somebody has one: after the start, before the first alert."""

    async def warm() -> None:
        await hub.ready.wait()
        setting = hub.parts.steps.state.setting
        if setting is not None and any(carer.channels for carer in setting.staff.values()):
            await channel.warm()

    return warm


def _subscriptions(hub: Hub, start: _Start, overlap: Overlap) -> Subscriptions:
    return Subscriptions(
        topics=start.topics,
        catalogue=start.catalogue,
        state=start.loaded.state,
        known=start.loaded.known,
        overlap=overlap,
        first=start.reading.home if start.reading else None,
        on_changed=hub.save_soon,
        on_refused=partial(hub.on_rights, "devices"),
    )


def _shown(hub: Hub, start: _Start, lanes: dict[str, Lane], record: Record) -> Shown:
    return Shown(
        urgent=lanes[URGENT],
        bulk=lanes[BULK],
        topics=start.topics,
        state=start.loaded.state,
        save_soon=hub.save_soon,
        on_refused_filter=partial(hub.on_rights, "shown"),
        on_refused=hub.on_publish_refused,
        on_taken=hub.on_publish_taken,
        put=hub.put,
        put_back=PutBack(hub, start.loaded, start.topics, start.clock),
        behind=record.behind,
        on_standing=record.standing,
    )


def _outbox(hub: Hub, start: _Start, lanes: dict[str, Lane], paging: Paging) -> Outbox:
    return Outbox(
        urgent=lanes[URGENT],
        bulk=lanes[BULK],
        elapsed_ms=start.clock.elapsed_ms,
        page=paging.page,
        on_dropped=hub.on_dropped,
        on_refused=hub.on_publish_refused,
        on_taken=hub.on_publish_taken,
        later=asyncio.get_running_loop().call_later,
    )


def _pump(hub: Hub, start: _Start, steps: Steps, overlap: Overlap, shown: Shown, record: Record) -> Pump:
    return Pump(
        steps=steps,
        commit=start.writer.commit,
        clock=start.clock,
        timers=shown.put_back.timers,
        overlap=overlap,
        received=record.received,
        after=hub.after,
        housekeeping=hub.housekeeping,
        on_shown=shown.saw,
        on_watcher=hub.on_watcher,
        on_learned=hub.on_learned,
        on_unkept=hub.on_unkept,
        on_failure=hub.on_commit_failed,
        on_recovery=hub.on_commit_back,
        anew=record.begin_anew,
        one_by_one=OneByOne(start.loaded.cursors, start.clock.now()),
    )


def _lanes(hub: Hub, start: _Start, subscriptions: Subscriptions) -> dict[str, Lane]:
    topics = start.topics

    def lane(name: str, will: Message | None) -> Lane:
        return start.connect(
            lane=name,
            client_id=f"handrail-{start.slug}-{name}",
            address=start.settings.broker,
            subscriptions=subscriptions.filters.get(name, ()),
            receive_max=RECEIVE_MAX[name],
            will=will,
            on_packets=hub.on_packets,
            on_up=lambda up: hub.on_up(name, up),
            on_down=lambda why: hub.on_down(name, why),
            rng=start.rng,
            no_longer_subscribed=()
            if name == LOG
            else (*start.loaded.subscriptions.get(name, ()), topics.alerts, topics.rooms),
        )

    will = Message(topic=topics.status, payload=dumps(LOST))
    return {URGENT: lane(URGENT, will), BULK: lane(BULK, None), LOG: lane(LOG, None)}


def _watch(hub: Hub, start: _Start, lanes: dict[str, Lane], shown: Shown, source: LedgerSource) -> BrokerWatch:
    watch = BrokerWatch(
        probe=Probe(topics=start.topics, bulk=lanes[BULK], urgent=lanes[URGENT], filters=start.catalogue.filters()),
        rights=Rights(hub.on_fault, told="subscription" in start.told),
        drops=Drops(source, hub.on_fault, start.clock.elapsed_ms),
        on_fault=hub.on_fault,
        wall_ms=lambda: start.clock.now().wall_ms,
        address=start.settings.broker,
        folder=start.folder,
        ready=hub.ready,
        told=start.told,
    )
    watch.lane = start.connect(
        lane=WATCH,
        client_id=f"handrail-{start.slug}-{WATCH}",
        address=start.settings.broker,
        subscriptions=watch.topics,
        receive_max=RECEIVE_MAX[WATCH],
        on_packets=watch.on_packets,
        on_up=watch.on_up,
        on_down=watch.on_down,
        rng=start.rng,
        session_expiry_s=0,
    )

    again = Again(watch.rights, lanes=(lanes[BULK], lanes[URGENT]), follow=hub.on_learned, look=shown.look)
    watch.rights.again, watch.hear_anew = again.by_part, again.all_of_it
    return watch


def _series(hub: Hub, start: _Start, source: LedgerSource, rng: random.Random) -> SeriesWriter | None:
    """The copy of every event in an InfluxDB, where `home.yaml` names one."""
    if (named := start.settings.series) is None:
        return None
    store = InfluxSeries(url=named.url, org=named.org, bucket=named.bucket, token_file=named.token_file)
    told = "series" in start.told
    return SeriesWriter(source, store, rng=rng, on_fault=lambda on, why: hub.on_fault("series", on, why), told=told)


def _logs(hub: Hub, start: _Start, lanes: dict[str, Lane], lines: LedgerLines) -> dict[str, Logbook]:
    """The two streams of log lines."""

    def logbook(lane: str) -> Logbook:
        return Logbook(
            topic=start.topics.log,
            lane=lanes[lane],
            cursor=start.loaded.cursors.get(f"log_{lane}", 0),
            read=partial(lines.read, int(lane == URGENT)),
            later=asyncio.get_running_loop().call_later,
            on_refused=hub.on_publish_refused,
            on_taken=hub.on_publish_taken,
            refused="publish" in start.told,
        )

    return {lane: logbook(lane) for lane in (URGENT, LOG)}
