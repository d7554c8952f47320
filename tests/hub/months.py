"""Three months of a small home, with everything that goes wrong in a building, at random and by one seed."""

from __future__ import annotations

import asyncio
import heapq
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson

from hub.config.new import write_new
from hub.config.read import read_home
from hub.demo.carers import Carers
from hub.simulate.days import days_of
from hub.simulate.messages import Said
from tests.hub.core_parts import BULK, SLUG, URGENT
from tests.hub.told import WITHOUT, Told, stamp_of
from tests.hub.virtual_time import VirtualRig

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
LOOKS_MS = 20 * MINUTE_MS
A_LOOK_MS = 10_000
"""So often somebody looks at a board with something on it."""
DAY_MS = 24 * HOUR_MS
ZONE = ZoneInfo("Europe/London")
PEOPLE = ("carer-1", "carer-2", "manager-1")
RETENTION = "\nretention: {events_days: 20, log_days: 30, rollups_days: 30, quarantine_days: 5, raw_days: 5}\n"


class Months:
    """One home, its residents, its carers, and what befalls it."""

    def __init__(self, folder: Path, seed: int, *, rooms: int = 4, is_peaceful: bool = False) -> None:
        """`is_peaceful`: nothing goes wrong, people only press."""
        self.rng = random.Random(f"months/{seed}")
        self.seed = seed
        write_new(folder, rooms=rooms, slug=SLUG, timezone=ZONE.key)
        written = (folder / "home.yaml").read_text(encoding="utf-8")
        (folder / "home.yaml").write_text(written + RETENTION, encoding="utf-8")
        # Each second seed lives through the night that is an hour longer, the others through the shorter one.
        self.first = date(2026, 8, 20) if seed % 2 else date(2027, 1, 20)
        self.home = read_home(folder).home
        self.hub = VirtualRig(folder, int(datetime.combine(self.first, time(12), ZONE).timestamp() * 1000))
        self.carers = Carers(PEOPLE, random.Random(f"carers/{seed}"))
        self.told = Told()
        self.pressed: dict[str, str] = {}
        """Every press by its stamp, with the device."""
        self.without = 0
        """Presses without one."""
        self.faults: Counter[str] = Counter()
        self.silent: dict[str, int] = {}
        """Devices that say nothing, until when."""
        self._is_peaceful = is_peaceful
        self._looked_ms = self._forgotten_ms = 0
        self._held_up: dict[str, int] = {}
        self.gateway_ms = 0
        """How far the gateway's clock is off."""
        self._missed: dict[str, list[str]] = {}
        self._later: list[tuple[int, int, Callable[[], Awaitable[None]]]] = []
        self._tie = 0
        self.days = 0

    # -- time -----------------------------------------------------------------------------------------------------
    @property
    def now_ms(self) -> int:
        """True time."""
        return self.hub.true.true_ms()

    def later(self, ms: float, deed: Callable[[], Awaitable[None]]) -> None:
        """Something happens so much later."""
        self._tie += 1
        heapq.heappush(self._later, (self.now_ms + int(ms), self._tie, deed))

    async def until(self, at_ms: int) -> None:
        """Time passes up to a moment; whatever falls due on the way happens at its own."""
        while True:
            due = self.hub.next_due_ms() if self.hub.is_up else 2**50
            next_ms = min(self.now_ms + max(0, due), self._later[0][0] if self._later else 2**60)
            if self.hub.is_up and self.carers.open_alerts:
                next_ms = min(next_ms, self.now_ms + A_LOOK_MS)
            if next_ms > at_ms:
                break
            self.hub.true.forward(next_ms - self.now_ms)
            while self._later and self._later[0][0] <= self.now_ms:
                await heapq.heappop(self._later)[2]()
            await self.rest()
        self.hub.true.forward(at_ms - self.now_ms)

    async def rest(self) -> None:
        """The hub does what there is to do; a crash that was under way happens; the carers look at the board."""
        if self.now_ms - self._looked_ms > LOOKS_MS:
            self._looked_ms = self.now_ms
            await asyncio.sleep(1.0)  # the hub looks after itself: its clock, its disk, copies that never came
        await self.hub.settle()
        if self.hub.is_hanging:
            await self.crash()
        self.read()
        if self.hub.is_up:
            for asked in (wishes := self.carers.wishes(self.now_ms)):
                if self._comes(orjson.loads(asked)):
                    self.ask_each(asked)
            if wishes:
                await self.hub.settle()

    def _comes(self, asked: dict[str, str]) -> bool:
        """Now and then who is going does not arrive, and the others are told again."""
        alert = asked["alert"]
        if asked["do"] == "claim" and self.rng.random() < 0.1:
            self._held_up[alert] = self.now_ms + 5 * MINUTE_MS
        return asked["do"] == "claim" or self._held_up.get(alert, 0) < self.now_ms

    def ask_each(self, request: bytes) -> None:
        """What was missed while the hub was down is answered resident by resident."""
        asked = orjson.loads(request)
        missed = self._missed.get(asked["alert"], ()) if asked["do"] == "close" else ()
        for device in missed:
            self.ask(orjson.dumps(asked | {"id": f"{asked['id']}-{device}", "device": device}))
        if not missed:
            self.ask(request)

    def ask(self, request: bytes) -> None:
        """A screen asks; now and then it asks again, because it heard no answer."""
        topic = f"handrail/{SLUG}/do/dashboards"
        self.hub.broker.say(topic, request)
        if self.rng.random() < 0.1:
            self.hub.broker.say(topic, request)

    def read(self) -> None:
        """What the hub said since we last looked; it is not kept."""
        published, self.hub.broker.published = self.hub.broker.published, []
        for topic, payload, _ in published:
            _, _, what, *rest = topic.split("/")
            if what == "alert":
                self.carers.see(rest[0], payload, self.now_ms)
                shown = orjson.loads(payload) if payload else {}
                self._missed[rest[0]] = [
                    str(row["device"]) for row in shown.get("missed", ()) if not row["answered_by"]
                ]
                if not payload:
                    del self._missed[rest[0]]
            elif what == "log":
                self.told.line(orjson.loads(payload))
        for lane in self.hub.lanes.values():
            lane.acknowledged.clear()

    # -- days -----------------------------------------------------------------------------------------------------
    async def live(self, days: int) -> None:
        """So many more days, and what befalls the home in each."""
        if not self.hub.is_up:
            await self.hub.start()
        for day in range(self.days, self.days + days):
            for fault in self._of_a_day():
                self.later(self.rng.uniform(0, DAY_MS), fault)
            for said in days_of(self.home, seed=self.seed, first=self.first + timedelta(days=day), days=1):
                await self.until(said.at_ms)
                self.say(said)
                await self.rest()
            self.told.count(self.hub)
        self.days += days

    def say(self, said: Said) -> None:
        """A device speaks, unless it is silent for now. A press has the stamp of its gateway's own clock."""
        if self.silent.get(said.topic, 0) > self.now_ms:
            return
        if "action" in said.body:
            self.press(said.topic, str(said.body["action"]))
        else:
            self.hub.broker.say(said.topic, said.payload())

    def press(self, topic: str, action: str, *, qos: int = 1) -> str:
        """Somebody presses; no two stamps are the same, and one pendant's gateway has none. Returns the stamp."""
        if topic.endswith(WITHOUT):
            self.without += 1
            self.hub.broker.say(topic, orjson.dumps({"action": action}), qos=qos)
            return ""
        at_ms = self.now_ms + self.gateway_ms
        while stamp_of(at_ms) in self.pressed:
            at_ms += 1
        self.pressed[stamp_of(at_ms)] = topic
        payload = {"action": action, "last_seen": stamp_of(at_ms)}
        self.hub.broker.say(topic, orjson.dumps(payload), qos=qos)
        return stamp_of(at_ms)

    # -- what goes wrong ------------------------------------------------------------------------------------------
    def befalls(self) -> Mapping[Callable[[], Awaitable[None]], float]:
        """What goes wrong, and how often a day."""
        return {
            self.presses_in_a_row: 1.0,
            self.commits_fail: 0.7,
            self.dies: 0.5,
            self.is_stopped: 0.1,
            self.loses_lanes: 0.7,
            self.lanes_out_of_order: 1.5,
            self.clock_is_set: 0.3,
            self.gateway_is_wrong: 0.2,
            self.files_change: 0.2,
            self.device_is_silent: 0.2,
            self.broker_is_slow: 0.5,
        }

    def _of_a_day(self) -> list[Callable[[], Awaitable[None]]]:
        chosen: list[Callable[[], Awaitable[None]]] = []
        for fault, a_day in self.befalls().items():
            if self._is_peaceful and fault != self.presses_in_a_row:
                continue
            chosen += [fault] * (int(a_day) + (self.rng.random() < a_day % 1))
        return chosen

    def _pendant(self) -> str:
        """A pendant that things happen to: half of the time the one whose presses only the broker can tell apart."""
        pendants = [row.device for row in self.home.devices if row.name.endswith("pendant")]
        return (
            next(p for p in pendants if p.endswith(WITHOUT)) if self.rng.random() < 0.5 else self.rng.choice(pendants)
        )

    async def presses_in_a_row(self) -> None:
        """Two to five presses of one pendant, some within a second, with whatever else is going on."""
        self.faults["presses in a row"] += 1
        topic = self._pendant()
        for _ in range(self.rng.randint(2, 5)):
            self.press(topic, "emergency")
            if self.rng.random() < 0.7:
                self.hub.true.forward(self.rng.choice((1, 300, 700, 12_000, 70_000)))
            if self.rng.random() < 0.5:
                await self.hub.settle()

    async def commits_fail(self) -> None:
        """The disk is full for a few tries, and somebody presses."""
        self.faults["commits fail"] += 1
        self.hub.fails_next = self.rng.randint(1, 4)
        self.press(self._pendant(), "emergency")

    async def dies(self) -> None:
        """Killed: at rest, before a commit, or between a commit and its acknowledgement."""
        self.hub.hangs = self.rng.choice(("", "before", "after"))
        if self.hub.hangs:
            self.press(self._pendant(), "emergency")
        else:
            await self.crash()

    async def crash(self) -> None:
        """It is gone, and comes back after seconds or hours; the machine may have been off, too."""
        if not self.hub.is_up:
            return
        self.faults["crashes"] += 1
        await self.hub.kill()
        self._comes_back()

    async def is_stopped(self) -> None:
        """Stopped cleanly."""
        if self.hub.is_up and all(lane.up for lane in self.hub.lanes.values()):
            self.faults["stops"] += 1
            await self.hub.stop()
            self._comes_back()

    def _comes_back(self) -> None:
        if self.rng.random() < 0.2:
            self.hub.true.boots += 1
        down_ms = self.rng.choice((1_000, 5_000, 30_000, 5 * MINUTE_MS, 3 * HOUR_MS))
        self.later(down_ms, self.starts)
        if self.rng.random() < 0.5:
            self.later(down_ms * self.rng.random(), self._one_press)

    async def starts(self) -> None:
        """The hub is started again."""
        if not self.hub.is_up:
            self.hub.broker.answer()
            for session in self.hub.broker.sessions.values():
                session.paused = False
            await self.hub.start()

    async def _one_press(self) -> None:
        self.press(self._pendant(), "emergency")

    async def loses_lanes(self) -> None:
        """A lane or two lose their connection with messages under way; what was not acknowledged comes again."""
        if not self.hub.is_up:
            return
        self.faults["lost lanes"] += 1
        lost = self.rng.choice(((URGENT,), (BULK,), (URGENT, BULK)))
        self.press(self._pendant(), "emergency")
        if self.rng.random() < 0.5:
            await self.hub.settle()
        for name in lost:
            if self.hub.lane(name).up:
                self.hub.lane(name).go_down()
        self.press(self._pendant(), "emergency")
        starts = self.hub.starts
        # One at a time: a broker that forgets both is told, and nobody promises anything of it.
        forgotten = len(lost) == 1 and self.rng.random() < 0.2 and self.now_ms - self._forgotten_ms > 3 * HOUR_MS
        self._forgotten_ms = self.now_ms if forgotten else self._forgotten_ms
        self.faults["sessions forgotten"] += forgotten

        async def back() -> None:
            for name in lost:
                if self.hub.starts == starts and self.hub.is_up and not self.hub.lane(name).connected:
                    self.hub.lane(name).come_up(session_lost=forgotten)

        self.later(self.rng.choice((50, 1_500, 20_000, 10 * MINUTE_MS, 2 * HOUR_MS)), back)

    async def lanes_out_of_order(self) -> None:
        """One lane is slower than the other, by more or less than a copy is waited for."""
        if not self.hub.is_up:
            return
        self.faults["lanes out of order"] += 1
        name = self.rng.choice((URGENT, BULK))
        self.hub.broker.pause(name)
        self.press(self._pendant(), "emergency")

        async def on() -> None:
            self.hub.broker.resume(name)

        self.later(self.rng.choice((100, 1_900, 2_100, 5_000, 60_000)), on)

    async def clock_is_set(self) -> None:
        """The wall clock is set wrong, by a minute or by ten years, and right again hours later."""
        if self.hub.true.wrong_ms:
            return
        self.faults["clock steps"] += 1
        self.hub.true.wrong_ms = self.rng.choice((-1, 1)) * self.rng.choice(
            (MINUTE_MS, HOUR_MS, HOUR_MS, 3 * HOUR_MS, DAY_MS, 3_650 * DAY_MS)
        )

        async def right() -> None:
            self.hub.true.wrong_ms = 0

        self.later(self.rng.uniform(MINUTE_MS, 12 * HOUR_MS), right)

    async def gateway_is_wrong(self) -> None:
        """The gateway's clock is not ours: its stamps are hours early or late."""
        self.faults["gateway's clock"] += 1
        self.gateway_ms = self.rng.choice((-1, 1)) * self.rng.choice((2_000, HOUR_MS, 3 * HOUR_MS, DAY_MS))

        async def right() -> None:
            self.gateway_ms = 0

        self.later(self.rng.uniform(HOUR_MS, DAY_MS), right)

    async def files_change(self) -> None:
        """Somebody edits the home's files: rightly, or not."""
        if not self.hub.is_up or self.hub.disk is not None:
            return
        self.faults["files changed"] += 1
        path = self.hub.folder / "staff.yaml"
        right = path.read_text(encoding="utf-8")
        wrong = self.rng.random() < 0.4
        path.write_text(right.replace("role: manager", "role: king") if wrong else f"{right}# more\n", encoding="utf-8")
        await self.hub.hub.parts.reload.read()
        if wrong:
            path.write_text(right, encoding="utf-8")
            await self.hub.settle()
            if not self.hub.is_hanging:
                await self.hub.hub.parts.reload.read()

    async def device_is_silent(self) -> None:
        """A device says nothing for hours or days."""
        self.faults["silent devices"] += 1
        device = self.rng.choice([row.device for row in self.home.devices if not row.name.endswith("pendant")])
        self.silent[device] = self.now_ms + int(self.rng.uniform(6 * HOUR_MS, 4 * DAY_MS))

    async def broker_is_slow(self) -> None:
        """What the hub publishes is not answered for a while."""
        self.faults["broker slow"] += 1
        self.hub.broker.answers = False

        async def answers() -> None:
            self.hub.broker.answer()

        self.later(self.rng.choice((1_000, 30_000)), answers)

    # -- the end --------------------------------------------------------------------------------------------------
    async def calm(self) -> None:
        """Nothing goes wrong any more, and people see to what is open."""
        while self._later:
            await self.until(self._later[0][0])
        await self.starts()
        for lane in self.hub.lanes.values():
            if not lane.connected:
                lane.come_up()
        for hours in range(12):
            await self.until(self.now_ms + HOUR_MS)
            await self.rest()
            if hours > 6:
                for (alert,) in self.hub.rows("SELECT key FROM alerts WHERE state <> 'closed'"):
                    ending = {"id": f"last-{hours}-{alert}", "do": "close", "alert": alert, "by": "carer-1"}
                    self.ask_each(orjson.dumps(ending | {"ending": "helped"}))
                await self.rest()
        self.told.count(self.hub)
