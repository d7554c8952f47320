"""The life of a hub: starts from its ledger, hears both lanes, works, and stops cleanly.

Everything it is made of is handed in by `hub/bootstrap.py`; this file only says what happens when.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass

from hub import kill_points, status
from hub.abc import Lane
from hub.broker.watch import BrokerWatch
from hub.condition import Condition
from hub.config.problems import ConfigurationRefused as Refused
from hub.config.read import Reading
from hub.elapsed import HomeClock
from hub.errors import LedgerUnwritable
from hub.keeping import APART_MS, Keeping
from hub.kill_points import Point
from hub.lanes import BULK, LOG, URGENT, Overlap, lost_meanwhile
from hub.ledger.checkpoint import Checkpointer
from hub.ledger.source import LedgerSource
from hub.ledger.write import Batch, Writer
from hub.lock import Lock
from hub.logbook import Logbook
from hub.mqtt.types import Message, Packet, Up
from hub.outbox import Outbox, Wish, dumps
from hub.pump import Pump
from hub.reload import Reload
from hub.shown import Shown
from hub.status import Health
from hub.steps import Group, Steps
from hub.subscriptions import Subscriptions
from hub.watched import Watched
from rules.inputs import ClockStepped, Dropped, Faulted, Input, Linked, Started

log = logging.getLogger("handrail.hub")

CHECKPOINT_S = 1.0


@dataclass(slots=True)
class Parts:
    """What a hub is made of."""

    reading: Reading | None
    refused: Refused | None
    down_from_ms: int
    left_over: list[Wish]
    set_aside: list[tuple[str, bytes, int]]
    """Messages that a bug of ours could not bear just before, and whether people were told of each."""
    had_sessions: set[str]
    """The lanes whose session the broker should still have."""
    writer: Writer
    checkpointer: Checkpointer
    clock: HomeClock
    steps: Steps
    overlap: Overlap
    subscriptions: Subscriptions
    pump: Pump
    outbox: Outbox
    logs: dict[str, Logbook]
    lanes: dict[str, Lane]
    health: Health
    condition: Condition
    keeping: Keeping
    source: LedgerSource
    shown: Shown
    watched: Watched
    reload: Reload
    watch: BrokerWatch
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
        self._looking: asyncio.Task[None] | None = None
        self._up_ms: dict[str, int] = {}
        self._refused_topics: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._saved_filters: dict[str, tuple[str, ...]] = {}
        self._saving: tuple[int, int, dict[str, tuple[str, ...]]] = (0, 0, {})
        self.ready = asyncio.Event()

    @property
    def parts(self) -> Parts:
        """What the hub is made of, once it was put together."""
        if self._parts is None:
            raise RuntimeError("the hub has not been put together yet")
        return self._parts

    def assemble(self, parts: Parts) -> None:
        """Take what bootstrap made."""
        self._parts = parts

    # -- what the parts report ------------------------------------------------------------------------------------
    def on_packets(self, packets: list[Packet]) -> None:
        """A lane received these."""
        kill_points.at(Point.RECEIVED, packets)
        self.parts.pump.offer(packets)

    def on_up(self, lane: str, up: Up) -> None:
        """A lane is connected and subscribed: what waits for it goes out, and the hub is linked once both are."""
        parts = self.parts
        self._up[lane] = up
        parts.health.why.pop(f"lane:{lane}", None)
        parts.watch.rights.say(lane, *up.refused)
        now_ms = parts.clock.now().elapsed_ms
        self._up_ms[lane] = now_ms
        if not up.session_present and lane != LOG:
            parts.pump.session_lost(lane, now_ms)
        if lane != LOG and lane in parts.had_sessions and (reason := lost_meanwhile(lane, up)):
            parts.pump.put(Faulted(fault="session", on=True, reason=reason))
        parts.had_sessions.add(lane)
        self.later(self._lane_up(lane, up.connection))

    async def _lane_up(self, lane: str, connection: int) -> None:
        await self._configured.wait()
        parts = self.parts
        if lane not in self._up or self._up[lane].connection != connection:
            return
        if lane in parts.logs:
            parts.logs[lane].lane_up()
        if lane == LOG:
            return
        parts.outbox.lane_up(urgent=lane == URGENT)
        if not {URGENT, BULK} <= self._up.keys():
            return
        parts.pump.put(Linked(up=True, why="both lanes are subscribed"))
        parts.health.ready = True
        self.ready.set()
        self.beat()
        if self._looking is not None:
            self._looking.cancel()
        self._looking = self.later(parts.shown.look())

    def on_down(self, lane: str, why: str) -> None:
        """A lane was lost: its unacknowledged messages come again, its log waits in the ledger."""
        parts = self.parts
        was_up = self._up.pop(lane, None)
        self._up_ms.pop(lane, None)
        parts.health.why[f"lane:{lane}"] = why
        if lane in parts.logs:
            parts.logs[lane].lane_down()
        if was_up is not None and lane != LOG:
            parts.pump.put(Linked(up=False, why=why))

    def on_learned(self) -> None:
        """Devices introduced themselves: the lanes may have to hear other topics."""
        self._follow.set()

    def on_commit_failed(self, fault: str, why: str, alerts: Sequence[str]) -> None:
        """The ledger does not take what happened: from here people are told from memory, and they are told so."""
        parts = self.parts
        parts.health.why["ledger"] = why
        about = {**parts.writer.about(fault), "alerts": " ".join(alerts)}
        parts.pump.put_first(Faulted(fault=fault, on=True, reason=why, about=about))
        self.beat()

    def on_unkept(self, group: Group) -> None:
        """Something was stepped that the ledger does not hold yet: it is carried out; its log lines wait."""
        parts = self.parts
        if parts.steps.state.setting is not None:
            self._configured.set()
        parts.outbox.offer(group.wishes.values())
        if group.batch.configurations:
            self._follow.set()

    def on_commit_back(self, faults: tuple[str, ...], lost: int) -> None:
        """The ledger takes it again, and holds what was told meanwhile."""
        self.parts.health.why.pop("ledger", None)
        less = f"; {lost} messages of sensors were let go meanwhile" if lost else ""
        for fault in faults:
            self.on_fault(fault, False, f"the ledger takes commits again{less}")
        self.beat()

    def put(self, given: Input) -> None:
        """An input of the hub's own for the machine."""
        self.parts.pump.put(given)

    def save_soon(self) -> None:
        """Something other than an input wants to be kept."""
        self.parts.pump.save_soon()

    def on_rights(self, part: str, *refused: str) -> None:
        """The broker does not let a part of us hear something, or lets it hear everything again."""
        self.parts.watch.rights.say(part, *refused)

    def on_fault(self, fault: str, on: bool, reason: str, **about: str) -> None:
        """A part of the hub's own fails or is mended: one technical alert while it lasts."""
        if on:
            self.parts.health.why[fault] = reason
        else:
            self.parts.health.why.pop(fault, None)
        about.setdefault("folder", str(self.parts.writer.path.parent))
        self.parts.pump.put(Faulted(fault=fault, on=on, reason=reason, about=about))

    def on_watcher(self, packet: Packet) -> None:
        """The watcher's heartbeat."""
        now_ms = self.parts.clock.now().elapsed_ms
        self.parts.watched.heard(packet.payload, retained=packet.retain, now_ms=now_ms)

    def on_dropped(self, wish: Wish) -> None:
        """Something came too late to be carried out."""
        self.parts.pump.put(Dropped(what=wish.topic, why=wish.why))

    # -- with each commit -----------------------------------------------------------------------------------------
    def housekeeping(self, batch: Batch) -> None:
        """What goes with a commit besides inputs: what was carried out, cursors, subscriptions. It is struck off here
        only after the commit, so that one that fails loses nothing."""
        parts = self.parts
        carried, unowed = parts.outbox.carried, parts.overlap.unowed
        batch.carried += carried
        batch.paired += unowed
        filters = parts.subscriptions.filters
        self._saving = (len(carried), len(unowed), filters)
        for lane, book in parts.logs.items():
            batch.cursors[f"log_{lane}"] = book.cursor
        batch.cursors.update(parts.source.moved)
        parts.keeping.join(batch, parts.clock.now())
        if filters is not self._saved_filters:
            batch.subscriptions.update(filters)

    def after(self, group: Group) -> None:
        """After a commit: log lines and wishes go out, whoever waits for commits is woken."""
        parts = self.parts
        carried, unowed, self._saved_filters = self._saving
        del parts.outbox.carried[:carried], parts.overlap.unowed[:unowed]
        self._saving = (0, 0, self._saved_filters)
        if parts.steps.state.setting is not None:
            self._configured.set()
        parts.logs[URGENT].offer(group.lines[True])
        parts.logs[LOG].offer(group.lines[False])
        parts.outbox.offer(group.wishes.values())
        for wake in parts.after_commit:
            wake()
        if group.batch.configurations:
            self._follow.set()
        if parts.keeping.committed(parts.clock.now()):
            asyncio.get_running_loop().call_later(APART_MS / 1000, self.save_soon)
        parts.shown.compare(group.batch.cursors.get("seq", 0))

    # -- the run --------------------------------------------------------------------------------------------------
    async def run(self) -> None:
        """Work until `stop` or until something ends that must not."""
        parts = self.parts
        pump = parts.pump
        pump.put(Started(down_from_ms=parts.down_from_ms))
        if parts.reading is not None:
            parts.reload.accept(parts.reading)
        elif parts.refused is not None:
            parts.reload.refuse(parts.refused)
        pump.leave_out(parts.set_aside)
        parts.outbox.offer(parts.left_over)
        work: list[Callable[[], Awaitable[None]]] = [pump.run, *(lane.run for lane in parts.lanes.values())]
        side = [self._look_after, self._look_at_disk, self._follow_changes, self._watch_files, parts.shown.put_back.run]
        try:
            async with asyncio.TaskGroup() as group:
                running = [group.create_task(_named(job)) for job in (*work, *parts.background)]
                helping = [group.create_task(_named(job)) for job in side]
                await self._stop.wait()
                for task in (*helping, *self._tasks):
                    task.cancel()
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
        parts.shown.put_back.say()
        await parts.lanes[URGENT].stop(last=Message(topic=parts.steps.topics.status, payload=dumps(self._status())))
        await parts.lanes[BULK].stop()
        await parts.lanes[LOG].stop()
        for close in parts.closers:
            await close()
        await parts.pump.save_last()
        parts.writer.close()
        self._lock.release()

    def later(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Do something soon, and keep hold of it meanwhile."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.critical("a part of the hub failed: %r", error, exc_info=error)
            self.failure = error
            self._stop.set()

    failure: BaseException | None = None

    def reload(self) -> None:
        """Read the home's files again (SIGHUP, or somebody saved one)."""
        self.later(self.parts.reload.read())
        self.parts.watch.look_soon()

    async def _watch_files(self) -> None:
        await self.parts.reload.watch(self._stop)

    async def _follow_changes(self) -> None:
        while True:
            await self._follow.wait()
            self._follow.clear()
            await self.parts.subscriptions.follow(self.parts.lanes)

    async def _look_after(self) -> None:
        """The heartbeat, the clock, and who must be heard from; it waits for no disk."""
        parts, beat = self.parts, 0.0
        while True:
            if (step := parts.clock.stepped_ms()) != 0:
                parts.pump.put(ClockStepped(step_ms=step))
            now = parts.clock.now()
            parts.condition.look_at_clock(now, step)
            parts.overlap.expire(now.elapsed_ms, self._up_ms)
            parts.watched.look(now.elapsed_ms, linked={URGENT, BULK} <= self._up.keys())
            if beat <= 0:
                beat = status.BEAT_S
                self.beat()
                parts.pump.save_soon()
            beat -= 1
            await asyncio.sleep(1)

    async def _look_at_disk(self) -> None:
        """The checkpoint, the room on the disk, snapshots: a disk that hangs holds up this alone."""
        parts, look = self.parts, 0.0
        while True:
            if look <= 0:
                look = status.BEAT_S
                await asyncio.to_thread(parts.health.look_at_disk, parts.writer.path)
                parts.condition.look_at_disk(parts.clock.now())
                await parts.keeping.look(parts.clock.now())
            await self._checkpoint()
            look -= CHECKPOINT_S
            await asyncio.sleep(CHECKPOINT_S)

    async def _checkpoint(self) -> None:
        failure, begin_anew = "", self.parts.condition.wants_log_anew(calm=self.parts.pump.is_calm)
        try:
            await asyncio.to_thread(self.parts.checkpointer.checkpoint, begin_anew=begin_anew)
        except LedgerUnwritable as error:
            failure = str(error)
        self.parts.condition.look_at_checkpoint(failure)

    def on_publish_refused(self, topic: str, why: str) -> None:
        """The broker answers and does not take what we publish: its rights are wrong, and somebody must know."""
        if not self._refused_topics:
            self.on_fault("publish", True, f"the broker does not take what the hub publishes on {topic}: {why}")
        self._refused_topics.add(topic)

    def on_publish_taken(self, topic: str) -> None:
        """What was refused is taken now."""
        self._refused_topics.discard(topic)
        if not self._refused_topics:
            self.on_fault("publish", False, "the broker takes again what the hub publishes")

    def beat(self) -> None:
        """Publish the heartbeat now."""
        topic = self.parts.steps.topics.status
        self.parts.lanes[URGENT].publish(topic, dumps(self._status()), retain=True)

    def _status(self) -> dict[str, object]:
        parts = self.parts
        return parts.health.message(
            elapsed_ms=parts.clock.now().elapsed_ms,
            backlog=parts.pump.backlog,
            oldest_unacknowledged_ms=parts.pump.oldest_ms(),
        )


async def _named(job: Callable[[], Awaitable[None]]) -> None:
    await job()
