"""The pump: one writer for everything that happens. Inputs of both lanes, of timers and of the hub itself are gathered
into groups, stepped, committed off the event loop, and only then acknowledged and carried out.

A bulk group holds at most 100 messages or what came within 10 ms; what is urgent goes in front of the next group and
never waits for one to fill. Where the ledger does not take a group, or does not answer within a second, people are
told from memory and nothing is acknowledged until it does (`hub/unkept.py`).
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from hub import kill_points
from hub.abc import Broker
from hub.elapsed import HomeClock
from hub.errors import HandrailError
from hub.intake import Intake, Taken, Unbearable
from hub.kill_points import Point
from hub.lanes import BULK, TWIN_WAIT_MS, URGENT, Overlap, Received
from hub.ledger.write import Batch
from hub.mqtt.types import Packet
from hub.one_by_one import OneByOne, Unwritable, blamed, write_down
from hub.outbox import Wish
from hub.steps import Group, Steps
from hub.timers import Timers
from hub.unkept import RETRY_MS, Anew, Unkept, done_or_slow, no_other
from rules.inputs import FellDue, Input, Now

log = logging.getLogger("handrail.pump")

GROUP_MOST = 100
GROUP_MOST_AROUND_A_PRESS = 40
AROUND_A_PRESS_MS = 3_000
"""While somebody presses, bulk groups are small: the next press may have to wait for one."""
REST_MOST_MS, RESTS_FOR_MS = 20, 1_000
"""For a second bulk also rests after each, as long as that took: half of the time nothing is in a press's way."""
BRAKE_AT = 2_000
"""Messages of our own that the broker has not taken yet: with more, bulk waits at the broker and not in our memory."""
LINGER_MS = 10
EARLY_MS = 1
"""The event loop counts whole milliseconds, and may wake us this much before the time."""
SLOW_S = 1.0
"""A commit that has not returned by then is a disk that hangs: people are told without it."""
UNACKNOWLEDGED_MOST = 30_000
"""Of the 65,535 messages that the broker lets us leave unacknowledged: past it, what is no call is let go."""
LAST_S = 2.0
"""How long a stop waits for a ledger that did not take commits."""
LEDGER, LEDGER_SLOW = "ledger", "ledger-slow"


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
        on_shown: Callable[[str, bytes], None],
        on_watcher: Callable[[Packet], None],
        on_learned: Callable[[], None],
        on_unkept: Callable[[Group], None],
        on_failure: Callable[[str, str, Sequence[str]], None],
        on_recovery: Callable[[tuple[str, ...], int], None],
        retry_ms: int = RETRY_MS,
        anew: Anew = no_other,
        one_by_one: OneByOne,
    ) -> None:
        """`on_unkept` carries a group out from memory; `on_failure(fault, why, alerts)` says that this began, with the
        alerts raised by then, or has another reason; `on_recovery(faults, lost)` that it is over and how many messages
        were let go."""
        self._steps = steps
        self._commit = commit
        self._clock = clock
        self._timers = timers
        self._overlap = overlap
        self._received = received
        self._intake = Intake(steps=steps, overlap=overlap, received=received, on_shown=on_shown, on_watcher=on_watcher)
        self.session_lost = self._intake.session_lost
        self._one_by_one = one_by_one
        self._after = after
        self._housekeeping = housekeeping
        self._on_learned = on_learned
        self._on_unkept = on_unkept
        self._on_failure = on_failure
        self._on_recovery = on_recovery
        self._wake = asyncio.Event()
        self._unkept = Unkept(on_kept=self._kept, wake=self._wake.set, retry_ms=retry_ms, anew=anew)
        self._faults: tuple[str, ...] = ()
        self._lost = 0
        self._withheld: dict[str, Wish] = {}
        self.lanes: Mapping[str, Broker] = {}
        self._urgent: deque[Packet | Input] = deque()
        self._bulk: deque[Packet] = deque()
        self._bulk_since_ms = 0
        self._bulk_again_ms = 0
        self._lingering: asyncio.TimerHandle | None = None
        self._urgent_ms = -AROUND_A_PRESS_MS
        self._bulk_ages: deque[tuple[int, int]] = deque(maxlen=4_096)
        self._alternate = False
        self._save = self._stopping = False
        self._finished = asyncio.Event()

    # -- in -------------------------------------------------------------------------------------------------------
    def offer(self, packets: list[Packet]) -> None:
        """Take what a lane received; nothing of it is acknowledged yet."""
        now_ms = self._clock.elapsed_ms()
        if packets[0].lane == URGENT:
            self._urgent_ms = now_ms
            self._urgent.extend(packets)
            self._wake.set()
            return
        # Nobody is woken before they have lingered, or the group is full: at hundreds a second, waking is what costs.
        if not self._bulk:
            self._bulk_since_ms = now_ms
            self._lingering = asyncio.get_running_loop().call_later(LINGER_MS / 1000, self._wake.set)
        self._bulk.extend(packets)
        self._bulk_ages.append((now_ms, len(packets)))
        if len(self._bulk) >= GROUP_MOST:
            self._wake.set()

    def put(self, given: Input) -> None:
        """Take an input of the hub's own; it goes with the next group."""
        self._urgent.append(given)
        self._wake.set()

    def put_first(self, given: Input) -> None:
        """Take one that must be known before anything else that waits."""
        self._urgent.appendleft(given)
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
        return not self._urgent and self._clock.elapsed_ms() - self._urgent_ms >= AROUND_A_PRESS_MS

    def oldest_ms(self) -> int:
        """How long the oldest message that is not acknowledged has been waiting here."""
        now_ms = self._clock.elapsed_ms()
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
        """Work until `drain`; a fault of the core's own ends it loudly, and the message that met it is set aside."""
        try:
            while not self._stopping:
                await self._wait()
                await self._one_group()
        except (Unbearable, Unwritable) as bug:
            await write_down(bug, self._commit, self._steps.seq + 1, self._clock.now(), SLOW_S)
            raise
        finally:
            self._finished.set()

    async def _one_group(self, *, last: bool = False) -> None:
        now = self._clock.now()
        if self._unkept:
            self._catch_up(now.elapsed_ms)
        formed = self._form(now, last=last)
        self._save = False
        if self._unkept:
            self._from_memory(*formed)
            await asyncio.sleep(0)  # the loop belongs to the others too
            return
        group, taken = formed
        self._housekeeping(group.batch)
        kill_points.at(Point.STEPPED, group.batch)
        if await self._is_kept(asyncio.ensure_future(self._commit(group.batch)), group, taken):
            kill_points.at(Point.ADOPTED, group.batch)
            self._acknowledge(taken)
            await kill_points.once_sent(Point.ACKNOWLEDGED, group.batch)
            self._after(group)
            if self._bulk_since_ms == now.elapsed_ms:
                ended_ms = self._clock.elapsed_ms()
                self._bulk_again_ms = ended_ms + EARLY_MS + min(REST_MOST_MS, ended_ms - now.elapsed_ms)

    def _form(self, now: Now, *, last: bool = False) -> tuple[Group, Taken]:
        """Gather a group and step it: from here it is how things are, for the machine alone until it is kept."""
        group, taken = Group(), Taken()
        if last:
            for given in (item for item in self._urgent if not isinstance(item, Packet)):
                self._steps.take_own(group, given, now)
        else:
            self._gather(group, taken, now)
        self._intake.finish(group, taken)
        self._one_by_one.form(group.batch, now)
        group.batch.cursors["seq"] = self._steps.seq
        group.batch.cursors["elapsed_ms"] = now.elapsed_ms
        group.batch.cursors["wall_ms"] = now.wall_ms
        self._adopt(group, taken)
        return group, taken

    def leave_out(self, messages: Iterable[tuple[str, bytes, int]]) -> None:
        """What was set aside by runs before is told once, and not acted on when the broker sends it again."""
        self._urgent.extend(self._intake.leave_out(messages, self._clock.now()))

    async def drain(self) -> None:
        """Finish the group under way and one more, then return; what is left is the broker's to send again."""
        self._stopping = True
        self._wake.set()
        await self._finished.wait()

    async def save_last(self) -> None:
        """One last commit after the broker was told goodbye: what was carried out meanwhile, and what came of it.

        What is not acknowledged and what falls due is for the next start, which can act on it.
        """
        ends = asyncio.get_running_loop().time() + LAST_S
        while self._unkept and asyncio.get_running_loop().time() < ends:
            self._catch_up(self._clock.elapsed_ms())
            await asyncio.sleep(0.05)
        if self._unkept:
            log.error("the ledger never took the last %d groups: all of it comes again", len(self._unkept))
            return
        await self._one_group(last=True)

    async def _wait(self) -> None:
        """Until there is something to do: urgent at once, bulk when a group is full or has waited long enough."""
        while True:
            now_ms = self._clock.elapsed_ms()
            due_ms, ledger_ms = self._due_ms(now_ms), self._unkept.next_ms(now_ms)
            due_ms = due_ms if ledger_ms is None else min(due_ms, ledger_ms)
            if self._stopping or self._urgent or due_ms <= now_ms:
                return
            wait_ms = due_ms - now_ms
            brakes = self._brakes()
            if self._save and (brakes or not self._bulk):
                return
            if self._bulk and brakes:
                wait_ms = min(wait_ms, LINGER_MS)
            elif self._bulk:
                left_ms = self._bulk_left_ms(now_ms)
                if left_ms <= EARLY_MS:
                    return
                wait_ms = min(wait_ms, left_ms)
            self._wake.clear()
            alarm = asyncio.get_running_loop().call_later(min(wait_ms, 60_000) / 1000, self._wake.set)
            await self._wake.wait()
            alarm.cancel()

    def _bulk_left_ms(self, now_ms: int) -> int:
        is_full = self._one_by_one.is_on or len(self._bulk) >= GROUP_MOST
        gathers_ms = 0 if is_full else self._bulk_since_ms + LINGER_MS - now_ms
        rests_ms = self._bulk_again_ms - now_ms if now_ms - self._urgent_ms < RESTS_FOR_MS else 0
        return max(gathers_ms, rests_ms)

    def _brakes(self) -> bool:
        """Whether the broker is behind with what we send it. Not while much is unacknowledged: its answers come
        through the same socket, which is not read then, and only working on can free it."""
        lane = self.lanes.get(BULK)
        return lane is not None and lane.backlog > BRAKE_AT and lane.unacknowledged < BRAKE_AT // 2

    def _due_ms(self, now_ms: int) -> int:
        far = now_ms + 60_000
        timer, twin = self._timers.next_due_ms, self._overlap.next_overdue_ms()
        return min(far if timer is None else timer, far if twin is None else twin)

    def _gather(self, group: Group, taken: Taken, now: Now) -> None:
        """Form a group: what is urgent first, then what fell due; bulk joins only where nothing urgent was, or it has
        waited one group. Every second urgent group leaves half of its room, so that no flood of one starves another."""
        urgent = bool(self._urgent)
        room = GROUP_MOST
        for _ in range(min(len(self._urgent), room // 2 if self._alternate else room)):
            item = self._urgent.popleft()
            room -= 1
            if isinstance(item, Packet):
                if not self._is_let_go(item):
                    self._intake.take(group, taken, item, now)
            else:
                self._steps.take_own(group, item, now)
            if not self._one_by_one.room(taken, room):
                break
        for timer in self._timers.due(now.elapsed_ms, room):
            self._steps.take_own(group, FellDue(timer=timer), now)
            room -= 1
        for held in self._overlap.overdue(now.elapsed_ms, self._one_by_one.room(taken, room)):
            self._intake.take_overdue(group, taken, held, now)
            room -= 1
        if urgent and not self._alternate:
            self._alternate = True
            return
        self._alternate = False
        if self._brakes():
            return
        most = GROUP_MOST_AROUND_A_PRESS if now.elapsed_ms - self._urgent_ms < AROUND_A_PRESS_MS else GROUP_MOST
        for _ in range(min(len(self._bulk), most, self._one_by_one.room(taken, room))):
            self._intake.take(group, taken, self._bulk.popleft(), now)
        self._bulk_since_ms = now.elapsed_ms
        if self._lingering is not None:
            self._lingering.cancel()

    async def _is_kept(self, keeping: asyncio.Future[None], group: Group, taken: Taken) -> bool:
        """Whether the commit returned in time. Where it failed or hangs, what was stepped is told from memory."""
        await done_or_slow(keeping, SLOW_S)
        if not keeping.done():
            # A machine that was suspended finds both done at once, the commit a turn later.
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        fault, why = LEDGER_SLOW, "the ledger has not answered for a second"
        if keeping.done():
            try:
                keeping.result()
                return True
            except HandrailError as error:
                fault, why = LEDGER, str(error)
                self._unkept.wait(self._clock.elapsed_ms())
            except Exception as error:
                raise blamed(taken, error) from error
        self._fails(fault, why, list(group.alerts))
        self._unkept.add(group, taken)
        self._withheld, group.wishes = group.wishes, {}
        if not keeping.done():
            self._unkept.under_way(keeping)
        return False

    def _fails(self, fault: str, why: str, alerts: Sequence[str] = ()) -> None:
        if fault not in self._faults:
            log.error("%s; people are told from memory", why)
            self._faults = (*self._faults, fault)
            self._on_failure(fault, why, alerts)

    def _from_memory(self, group: Group, taken: Taken) -> None:
        """The machine goes on without the ledger: told now, kept and acknowledged later."""
        if not (taken.packets or group.batch.events or group.batch.inputs or self._withheld):
            return
        self._unkept.add(group, taken)
        group.wishes = {**self._withheld, **group.wishes}
        self._withheld = {}
        self._on_unkept(group)
        group.wishes = {}

    def _is_let_go(self, packet: Packet) -> bool:
        """While the ledger takes nothing, the broker stops at so many unacknowledged messages: what is no call is let
        go, and counted as lost, before it could stop the next call."""
        if not self._unkept or self.lanes[URGENT].unacknowledged < UNACKNOWLEDGED_MOST:
            return False
        if packet.lane != URGENT or self._intake.may_call(packet):
            return False
        self.lanes[URGENT].acknowledge([packet], out_of_turn=True)
        self._lost += 1
        return True

    def _catch_up(self, now_ms: int) -> None:
        why = self._unkept.go_on(now_ms, self._commit)
        if why is not None:
            self._fails(LEDGER, why)
        if not self._unkept:
            log.warning("the ledger takes commits again")
            self._on_recovery(self._faults, self._lost)
            self._faults, self._lost, self._save = (), 0, True

    def _adopt(self, group: Group, taken: Taken) -> None:
        """What was stepped is how things are: timers follow, and a message sent again is known as such."""
        self._steps.adopt()
        for (lane, packet_id), key in group.batch.received.items():
            self._received.use(lane, packet_id, key)
        self._timers.change(group.timers)
        if taken.learned or self._overlap.strays:
            self._on_learned()

    def _kept(self, group: Group, taken: Taken) -> None:
        """The ledger took what was told from memory."""
        self._acknowledge(taken)
        self._after(group)

    def _acknowledge(self, taken: Taken) -> None:
        """After the commit: in order, each on its lane."""
        mine: dict[str, list[Packet]] = {}
        for packet in taken.packets:
            mine.setdefault(packet.lane, []).append(packet)
        for lane, packets in mine.items():
            self.lanes[lane].acknowledge(packets)
