"""The pump: one writer for everything that happens. Inputs of both lanes, of timers and of the hub itself are gathered
into groups, stepped, committed off the event loop, and only then acknowledged and carried out.

A bulk group holds at most 100 messages or what came within 5 ms; what is urgent goes in front of the next group and
never waits for one to fill. A group whose commit fails is undone as a whole and its inputs go back where they were.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping

from hub.abc import Broker
from hub.elapsed import HomeClock
from hub.errors import HandrailError
from hub.intake import Intake, Taken
from hub.lanes import BULK, TWIN_WAIT_MS, URGENT, Overlap, Received
from hub.ledger.write import Batch
from hub.mqtt_types import Packet
from hub.steps import Group, Steps
from hub.timers import Timers
from rules.inputs import FellDue, Input, Now

log = logging.getLogger("handrail.pump")

GROUP_MOST = 100
GROUP_MOST_AROUND_A_PRESS = 40
AROUND_A_PRESS_MS = 3_000
"""While somebody presses, bulk groups are small: the next press may have to wait for one."""
BRAKE_AT = 2_000
"""Messages of our own that the broker has not taken yet: with more, bulk waits at the broker and not in our memory."""
LINGER_MS = 5
RETRY_S = 0.5


class Pump:
    """Gathers, steps, commits, acknowledges, hands over."""

    def __init__(
        self,
        *,
        steps: Steps,
        commit: Callable[[Batch], Awaitable[None]],
        clock: HomeClock,
        timers: Timers,
        overlap: Overlap,
        received: Received,
        after: Callable[[Group], None],
        housekeeping: Callable[[Batch], None],
        on_retained_alert: Callable[[str], None],
        on_learned: Callable[[], None],
        on_failure: Callable[[str], None],
        on_recovery: Callable[[], None],
        retry_s: float = RETRY_S,
    ) -> None:
        self._steps = steps
        self._commit = commit
        self._clock = clock
        self._timers = timers
        self._overlap = overlap
        self._received = received
        self._intake = Intake(steps=steps, overlap=overlap, received=received, on_retained_alert=on_retained_alert)
        self._after = after
        self._housekeeping = housekeeping
        self._on_learned = on_learned
        self._on_failure = on_failure
        self._on_recovery = on_recovery
        self._retry_s = retry_s
        self.lanes: Mapping[str, Broker] = {}
        self._urgent: deque[Packet | Input] = deque()
        self._bulk: deque[Packet] = deque()
        self._bulk_since_ms = 0
        self._urgent_ms = -AROUND_A_PRESS_MS
        self._bulk_ages: deque[tuple[int, int]] = deque(maxlen=4_096)
        self._alternate = False
        self._save = False
        self._failing = False
        self._wake = asyncio.Event()
        self._finished = asyncio.Event()
        self._stopping = False

    # -- in -------------------------------------------------------------------------------------------------------
    def offer(self, packets: list[Packet]) -> None:
        """Take what a lane received; nothing of it is acknowledged yet."""
        now_ms = self._clock.now().elapsed_ms
        if packets[0].lane == URGENT:
            self._urgent_ms = now_ms
            self._urgent.extend(packets)
        else:
            if not self._bulk:
                self._bulk_since_ms = now_ms
            self._bulk.extend(packets)
            self._bulk_ages.append((now_ms, len(packets)))
        self._wake.set()

    def put(self, given: Input) -> None:
        """Take an input of the hub's own; it goes with the next group."""
        self._urgent.append(given)
        self._wake.set()

    def save_soon(self) -> None:
        """Something other than an input wants to be kept; it goes with the next commit, or one of its own."""
        self._save = True
        self._wake.set()

    @property
    def backlog(self) -> int:
        """Inputs that wait to be stepped."""
        return len(self._urgent) + len(self._bulk) + self._overlap.waiting

    @property
    def is_calm(self) -> bool:
        """Nobody is waiting, and nobody has pressed just now: a commit may take something along."""
        return not self._urgent and self._clock.now().elapsed_ms - self._urgent_ms >= AROUND_A_PRESS_MS

    def oldest_ms(self) -> int:
        """How long the oldest message that is not acknowledged has been waiting here."""
        now_ms = self._clock.now().elapsed_ms
        twin = self._overlap.next_overdue_ms()
        since = [now_ms] if twin is None else [now_ms, twin - TWIN_WAIT_MS]
        if self._bulk:
            passed = 0
            for at_ms, count in reversed(self._bulk_ages):
                passed += count
                since.append(at_ms)
                if passed >= len(self._bulk):
                    break
        return max(0, now_ms - min(since))

    # -- the loop -------------------------------------------------------------------------------------------------
    async def run(self) -> None:
        """Work until `drain`; a fault of the core's own ends it loudly."""
        try:
            while not self._stopping:
                await self._wait()
                await self._one_group()
        finally:
            self._finished.set()

    async def _one_group(self, *, last: bool = False) -> None:
        group = self._steps.begin()
        taken = Taken()
        now = self._clock.now()
        if last:
            for given in (item for item in self._urgent if not isinstance(item, Packet)):
                self._steps.take(group, given, now)
        else:
            self._gather(group, taken, now)
        self._steps.finish(group)
        self._housekeeping(group.batch)
        self._save = False
        if await self._keep(group, taken, now):
            self._done(group, taken)

    async def drain(self) -> None:
        """Finish the group under way and one more, then return; what is left is the broker's to send again."""
        self._stopping = True
        self._wake.set()
        await self._finished.wait()

    async def save_last(self) -> None:
        """One last commit after the broker was told goodbye: what was carried out meanwhile, and what came of it.

        What is not acknowledged and what falls due is for the next start, which can act on it.
        """
        await self._one_group(last=True)

    async def _wait(self) -> None:
        """Until there is something to do: urgent at once, bulk when a group is full or has waited long enough."""
        while True:
            now_ms = self._clock.now().elapsed_ms
            if self._stopping or self._urgent or self._due_ms() <= now_ms:
                return
            wait_ms = self._due_ms() - now_ms
            brakes = self._brakes()
            if self._save and (brakes or not self._bulk):
                return
            if self._bulk and brakes:
                wait_ms = min(wait_ms, LINGER_MS)
            elif self._bulk:
                lingered = now_ms - self._bulk_since_ms
                if len(self._bulk) >= GROUP_MOST or lingered >= LINGER_MS:
                    return
                wait_ms = min(wait_ms, LINGER_MS - lingered)
            self._wake.clear()
            alarm = asyncio.get_running_loop().call_later(min(wait_ms, 60_000) / 1000, self._wake.set)
            await self._wake.wait()
            alarm.cancel()

    def _brakes(self) -> bool:
        """Whether the broker is behind with what we send it. Not while much is unacknowledged: its answers come
        through the same socket, which is not read then, and only working on can free it."""
        lane = self.lanes.get(BULK)
        return lane is not None and lane.backlog > BRAKE_AT and lane.unacknowledged < BRAKE_AT // 2

    def _due_ms(self) -> int:
        far = self._clock.now().elapsed_ms + 60_000
        timer, twin = self._timers.next_due_ms, self._overlap.next_overdue_ms()
        return min(far if timer is None else timer, far if twin is None else twin)

    def _gather(self, group: Group, taken: Taken, now: Now) -> None:
        """Form a group: what is urgent first, then what fell due; bulk joins only where nothing urgent was, or it has
        waited one group. Every second urgent group leaves half of its room, so that no flood of one starves another."""
        urgent = bool(self._urgent)
        room = GROUP_MOST
        for _ in range(min(len(self._urgent), room // 2 if self._alternate else room)):
            item = self._urgent.popleft()
            taken.urgent.append(item)
            room -= 1
            if isinstance(item, Packet):
                self._intake.take(group, taken, item, now)
            else:
                self._steps.take(group, item, now)
        for timer in self._timers.due(now.elapsed_ms, room):
            self._steps.take(group, FellDue(timer=timer), now)
            room -= 1
        for held in self._overlap.overdue(now.elapsed_ms, room):
            self._intake.take_overdue(group, taken, held, now)
            room -= 1
        if urgent and not self._alternate:
            self._alternate = True
            return
        self._alternate = False
        if self._brakes():
            return
        around_a_press = now.elapsed_ms - self._urgent_ms < AROUND_A_PRESS_MS
        most = GROUP_MOST_AROUND_A_PRESS if around_a_press else GROUP_MOST
        for _ in range(min(len(self._bulk), most, room)):
            packet = self._bulk.popleft()
            taken.bulk.append(packet)
            self._intake.take(group, taken, packet, now)
        self._bulk_since_ms = now.elapsed_ms

    async def _keep(self, group: Group, taken: Taken, now: Now) -> bool:
        """Commit a group; undo it and give everything back where that fails."""
        group.batch.cursors["seq"] = self._steps.seq
        group.batch.cursors["elapsed_ms"] = now.elapsed_ms
        group.batch.cursors["wall_ms"] = now.wall_ms
        try:
            await self._commit(group.batch)
        except HandrailError as error:
            self._give_back(taken)
            if not self._failing:
                self._failing = True
                log.error("%s", error)
            self._on_failure(str(error))
            await asyncio.sleep(self._retry_s)
            return False
        if self._failing:
            self._failing = False
            log.warning("the ledger takes commits again")
            self._on_recovery()
        return True

    def _give_back(self, taken: Taken) -> None:
        self._steps.undo()
        self._urgent.extendleft(reversed(taken.urgent))
        self._bulk.extendleft(reversed(taken.bulk))
        self._intake.give_back(taken)
        self._save = True

    def _done(self, group: Group, taken: Taken) -> None:
        """After the commit: adopt, acknowledge in order, set timers, carry out."""
        self._steps.adopt()
        for (lane, packet_id), key in group.batch.received.items():
            self._received.use(lane, packet_id, key)
        self._timers.change(group.timers)
        for name, broker in self.lanes.items():
            mine = [packet for packet in taken.packets if packet.lane == name]
            if mine:
                broker.acknowledge(mine)
        self._after(group)
        if taken.known:
            self._on_learned()
