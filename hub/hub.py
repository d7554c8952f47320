"""The life of a hub: starts from its ledger, hears both lanes, works, and stops cleanly.

Everything it is made of is handed in by `hub/bootstrap.py`; this file only says what happens when.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from hub import status
from hub.config.read import Reading, read_home
from hub.config.problems import ConfigurationRefused as Refused
from hub.config.stored import settings_json
from hub.config.watch import changes
from hub.elapsed import HomeClock
from hub.lanes import BULK, URGENT, Overlap
from hub.ledger.source import LedgerSource
from hub.ledger.write import Batch, Checkpointer, Writer
from hub.logbook import Logbook
from hub.lock import Lock
from hub.mqtt import Connection
from hub.mqtt_types import Message, Packet, Up
from hub.outbox import Outbox, Wish, dumps
from hub.pump import Pump
from hub.status import Health
from hub.steps import Group, Steps
from hub.subscriptions import Subscriptions
from rules.inputs import ClockStepped, ConfigurationRefused, Configured, Faulted, Linked, Started
from rules.messages import alert_message
from rules.state import AlertState

log = logging.getLogger("handrail.hub")

RECONCILE_S = 2.0
CHECKPOINT_S = 10.0


@dataclass(slots=True)
class Parts:
    """What a hub is made of."""

    folder: Path
    reading: Reading | None
    refused: Refused | None
    down_from_ms: int
    writer: Writer
    checkpointer: Checkpointer
    clock: HomeClock
    steps: Steps
    overlap: Overlap
    subscriptions: Subscriptions
    pump: Pump
    outbox: Outbox
    logs: dict[str, Logbook]
    lanes: dict[str, Connection]
    health: Health
    source: LedgerSource
    background: list[Callable[[], Awaitable[None]]]
    after_commit: list[Callable[[], None]]
    closers: list[Callable[[], Awaitable[None]]]


class Hub:
    """One home's hub, from `run` to `stop`."""

    def __init__(self, lock: Lock) -> None:
        self._lock = lock
        self._parts: Parts | None = None
        self._up: dict[str, Up] = {}
        self._stop = asyncio.Event()
        self._follow = asyncio.Event()
        self._configured = asyncio.Event()
        self._seen_alerts: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._save_subscriptions = True
        self.ready = asyncio.Event()

    @property
    def parts(self) -> Parts:
        if self._parts is None:
            raise RuntimeError("the hub has not been put together yet")
        return self._parts

    def assemble(self, parts: Parts) -> None:
        """Take what bootstrap made."""
        self._parts = parts

    # -- what the parts report ------------------------------------------------------------------------------------
    def on_packets(self, packets: list[Packet]) -> None:
        self.parts.pump.offer(packets)

    def on_up(self, lane: str, up: Up) -> None:
        """A lane is connected and subscribed: what waits for it goes out, and the hub is linked once both are."""
        parts = self.parts
        self._up[lane] = up
        parts.health.why.pop(f"lane:{lane}", None)
        for sentence in up.refused:
            parts.health.why[f"refused:{lane}"] = sentence
        self.later(self._lane_up(lane))

    async def _lane_up(self, lane: str) -> None:
        await self._configured.wait()
        parts = self.parts
        parts.logs[lane].lane_up()
        parts.outbox.lane_up(urgent=lane == URGENT)
        if len(self._up) < len(parts.lanes):
            return
        parts.pump.put(Linked(up=True, why="both lanes are subscribed"))
        parts.health.ready = True
        self.ready.set()
        self.beat()
        await self._reconcile()

    def on_down(self, lane: str, why: str) -> None:
        """A lane was lost: its unacknowledged messages come again, its log waits in the ledger."""
        parts = self.parts
        was_up = self._up.pop(lane, None)
        parts.health.why[f"lane:{lane}"] = why
        parts.logs[lane].lane_down()
        parts.overlap.drop_connection(lane, parts.lanes[lane].connection)
        if was_up is not None:
            parts.pump.put(Linked(up=False, why=why))

    def on_retained_alert(self, alert: str) -> None:
        self._seen_alerts.add(alert)

    def on_learned(self) -> None:
        self._follow.set()

    def on_commit_failed(self, why: str) -> None:
        self.parts.health.why["ledger"] = why
        self.beat()

    def on_commit_back(self) -> None:
        self.parts.health.why.pop("ledger", None)
        self.beat()

    def on_subscriptions_changed(self) -> None:
        self._save_subscriptions = True
        if self._parts is not None:
            self._parts.pump.save_soon()

    def on_refused_filter(self, sentence: str) -> None:
        self.parts.health.why["filter"] = sentence
        self.parts.pump.put(Faulted(fault="subscription", on=True, reason=sentence))

    def on_fault(self, fault: str, on: bool, reason: str) -> None:
        """A part of the hub's own fails or is mended: one technical alert while it lasts."""
        if on:
            self.parts.health.why[fault] = reason
        else:
            self.parts.health.why.pop(fault, None)
        self.parts.pump.put(Faulted(fault=fault, on=on, reason=reason))

    def on_dropped(self, wish: Wish) -> None:
        log.info("too late and dropped: %s %s", wish.why, wish.topic)

    # -- with each commit -----------------------------------------------------------------------------------------
    def housekeeping(self, batch: Batch) -> None:
        """What goes with a commit besides inputs: what was carried out, cursors, subscriptions."""
        parts = self.parts
        batch.carried += parts.outbox.take_carried()
        for lane, book in parts.logs.items():
            batch.cursors[f"log_{lane}"] = book.cursor
        batch.cursors.update(parts.source.moved)
        parts.source.moved.clear()
        if self._save_subscriptions:
            self._save_subscriptions = False
            batch.subscriptions.update(parts.subscriptions.filters)

    def after(self, group: Group) -> None:
        """After a commit: log lines and wishes go out, whoever waits for commits is woken."""
        parts = self.parts
        if parts.steps.state.setting is not None:
            self._configured.set()
        parts.logs[URGENT].offer(group.lines[True])
        parts.logs[BULK].offer(group.lines[False])
        parts.outbox.offer(group.wishes.values())
        for wake in parts.after_commit:
            wake()
        if group.batch.configurations:
            self._follow.set()

    # -- the run --------------------------------------------------------------------------------------------------
    async def run(self) -> None:
        """Work until `stop` or until something ends that must not."""
        parts = self.parts
        pump = parts.pump
        pump.put(Started(down_from_ms=parts.down_from_ms))
        if parts.reading is not None:
            self._configure(parts.reading)
        elif parts.refused is not None:
            pump.put(ConfigurationRefused(problems=tuple(map(str, parts.refused.problems))))
        jobs: list[Callable[[], Awaitable[None]]] = [pump.run, *(lane.run for lane in parts.lanes.values())]
        jobs += [self._look_after, self._follow_changes, self._watch_files, *parts.background]
        try:
            async with asyncio.TaskGroup() as group:
                running = [group.create_task(_named(job)) for job in jobs]
                await self._stop.wait()
                await self._goodbye()
                for task in running:
                    task.cancel()
        except* asyncio.CancelledError:
            log.info("stopped")

    def stop(self) -> None:
        """End the run: finish the commit under way, say goodbye to the broker, keep the session."""
        self._stop.set()

    async def _goodbye(self) -> None:
        parts = self.parts
        parts.health.stopping = True
        await parts.pump.drain()
        last = Message(topic=parts.steps.topics.status, payload=dumps(self._status()))
        await parts.lanes[URGENT].stop(last=last)
        await parts.lanes[BULK].stop()
        for close in parts.closers:
            await close()
        await parts.pump.save_last()
        parts.writer.close()
        self._lock.release()

    def later(self, work: Awaitable[None]) -> None:
        """Do something soon, and keep hold of it meanwhile."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.critical("a part of the hub failed: %r", error, exc_info=error)
            self.failure = error
            self._stop.set()

    failure: BaseException | None = None

    def reload(self) -> None:
        """Read the home's files again (SIGHUP, or somebody saved one)."""
        self.later(self._reload())

    async def _reload(self) -> None:
        parts = self.parts
        setting = parts.steps.state.setting
        try:
            reading = await asyncio.to_thread(read_home, parts.folder, setting.home if setting else None)
        except Refused as refused:
            for problem in refused.problems:
                log.error("%s", problem)
            parts.pump.put(ConfigurationRefused(problems=tuple(map(str, refused.problems))))
            return
        self._configure(reading)

    def _configure(self, reading: Reading) -> None:
        setting = self.parts.steps.state.setting
        refused = tuple(map(str, reading.refused_plans))
        for problem in refused:
            log.error("%s", problem)
        if setting is None or setting.home != reading.home or refused:
            self.parts.steps.settings = settings_json(reading.settings).decode()
            self.parts.pump.put(Configured(home=reading.home, refused=refused))

    async def _watch_files(self) -> None:
        async for _names in changes(self.parts.folder, self._stop):
            await self._reload()

    async def _follow_changes(self) -> None:
        while True:
            await self._follow.wait()
            self._follow.clear()
            await self.parts.subscriptions.follow(self.parts.lanes[URGENT])

    async def _look_after(self) -> None:
        """The heartbeat, the checkpoint, the clock, once a second or as their own time comes."""
        parts, beat, checkpoint = self.parts, 0.0, 0.0
        ledger = parts.writer.path
        while True:
            if (step := parts.clock.stepped_ms()) != 0:
                parts.pump.put(ClockStepped(step_ms=step))
            gone = parts.overlap.expire(parts.clock.now().elapsed_ms) if self._up.get(URGENT) else []
            if gone:
                log.warning("%d urgent copies never came", len(gone))
            if beat <= 0:
                beat = status.BEAT_S
                await asyncio.to_thread(parts.health.look_at_disk, ledger)
                self._watch_wal()
                self.beat()
                parts.pump.save_soon()
            if checkpoint <= 0:
                checkpoint = CHECKPOINT_S
                await asyncio.to_thread(parts.checkpointer.checkpoint)
            beat, checkpoint = beat - 1, checkpoint - 1
            await asyncio.sleep(1)

    def _watch_wal(self) -> None:
        """A write-ahead log that only grows means that somebody reads for too long, or that the disk is failing."""
        large, told = self.parts.health.wal_bytes > status.WAL_MOST_BYTES, "wal" in self.parts.health.why
        if large != told:
            size = self.parts.health.wal_bytes // 2**20
            self.on_fault("wal", large, f"the ledger's write-ahead log is {size} MiB: a reader holds it for too long")

    def on_publish_refused(self, topic: str, why: str) -> None:
        """The broker answers and does not take what we publish: its rights are wrong, and somebody must know."""
        if "publish" not in self.parts.health.why:
            reason = f"the broker does not let the hub publish on {topic}: {why}; give its account the right (acl)"
            self.on_fault("publish", True, reason)

    def beat(self) -> None:
        """Publish the heartbeat now."""
        topic = self.parts.steps.topics.status
        self.parts.lanes[URGENT].publish(topic, dumps(self._status()), retain=True)

    def _status(self) -> dict[str, object]:
        parts = self.parts
        return parts.health.message(
            elapsed_ms=parts.clock.now().elapsed_ms, backlog=parts.pump.backlog, oldest_unacknowledged_ms=parts.pump.oldest_ms()
        )

    async def _reconcile(self) -> None:
        """The broker's retained alerts become what the ledger holds: no ghost stays, none is missing."""
        parts = self.parts
        lane, reading, topics = parts.lanes[URGENT], parts.lanes[BULK], parts.steps.topics
        self._seen_alerts.clear()
        await reading.subscribe(topics.alerts)  # the other lane, because a lane does not hear its own words
        await asyncio.sleep(RECONCILE_S)
        await reading.unsubscribe(topics.alerts)
        alerts = parts.steps.state.alerts
        for ghost in sorted(self._seen_alerts):
            alert = alerts.get(ghost)
            if alert is None or alert.state is AlertState.CLOSED:
                log.warning("alert %s was still shown and is not open: cleared", ghost)
                lane.publish(topics.alert(ghost), b"", retain=True)
        wanted = [alert.id for alert in alerts if alert.state is not AlertState.CLOSED and alert.id not in self._seen_alerts]
        for missing in wanted:
            self._show_again(missing)

    def _show_again(self, alert_id: str) -> None:
        alert = self.parts.steps.state.alerts.get(alert_id)
        if alert is not None:
            topic = self.parts.steps.topics.alert(alert_id)
            self.parts.lanes[URGENT].publish(topic, dumps(alert_message(alert)), retain=True)


async def _named(job: Callable[[], Awaitable[None]]) -> None:
    await job()
