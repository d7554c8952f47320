"""What a building and its broker can do besides in the simulated months: a disk that hangs and returns, a hub that
stands still, a dead line, bytes gone wrong, QoS 0, copies that are lost, a change of lane, a backup laid in place, a
broker that loses what it had not saved."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from copy import copy
from pathlib import Path

import orjson

from devices.topics import matches
from hub.ledger.backup import copy as back_up
from tests.hub.core_parts import BULK, URGENT
from tests.hub.fake_broker import Session
from tests.hub.months import DAY_MS, HOUR_MS, MINUTE_MS, Months
from tests.hub.told import WITHOUT
from tests.mutations import mutated

KEEP_ALIVE_MS = 7_500
"""After so long without a word from the hub the broker ends its connections."""
APART_MS = 3 * HOUR_MS
"""So far apart are two things that take one of a message's two copies: with both lost, nobody can hear it."""
FAR_MS = 2**60
LANES = (URGENT, BULK)


class Misfortunes(Months):
    """The months, with these besides."""

    def __init__(self, folder: Path, seed: int, *, rooms: int = 4) -> None:
        super().__init__(folder, seed, rooms=rooms)
        self.unheard: set[str] = set()
        """Presses that the broker lost before anybody could hear them, by their stamp."""
        self.unheard_without = 0
        """The same of presses without one."""
        self.nonsense = 0
        """Messages whose bytes were changed on their way."""
        self._copied: Path | None = None
        self._is_changed = False
        """A pendant is out of the files."""

    def befalls(self) -> Mapping[Callable[[], Awaitable[None]], float]:
        """What goes wrong, and how often a day."""
        return {
            **super().befalls(),
            self.commit_hangs: 0.4,
            self.stands_still: 0.4,
            self.line_is_dead: 0.4,
            self.bytes_go_wrong: 3.0,
            self.presses_at_qos_0: 0.4,
            self.loses_a_copy: 0.3,
            self.lane_changes: 0.2,
            self.broker_dies: 0.3,
            self.broker_forgets_all: 0.03,
            self.is_put_back: 0.05,
        }

    # -- what is so -----------------------------------------------------------------------------------------------
    def _is_well(self) -> bool:
        """The hub runs, hears both lanes, and nothing is under way that will end it or stop its commits."""
        hub = self.hub
        if not hub.is_up or hub.is_hanging or hub.hangs or hub.disk is not None or hub.fails_next:
            return False
        lines = [(hub.lane(name), hub.broker.session(name)) for name in LANES]
        return hub.broker.answers and all(
            line.up and not line.is_half_open and not session.paused for line, session in lines
        )

    def _is_all_heard(self) -> bool:
        """The broker holds nothing for the hub."""
        return not any(session.queue or session.inflight for session in self._sessions())

    def _sessions(self) -> list[Session]:
        return [self.hub.broker.session(name) for name in LANES]

    async def _is_at_rest(self) -> bool:
        """Well, and nothing under way: copies that waited for their twin are through, too."""
        if self._is_well():
            await self.hub.settle()
        return self._is_well() and self._is_all_heard() and not self.hub.hub.parts.overlap.waiting

    # -- the disk and the machine ---------------------------------------------------------------------------------
    async def commit_hangs(self) -> None:
        """The disk does not answer for a while, somebody presses, and then it does."""
        hub = self.hub
        if not hub.is_up or hub.disk is not None or hub.is_hanging:
            return
        self.faults["hanging disks"] += 1
        hub.disk = disk = asyncio.Event()
        self.press(self._pendant(), "emergency")
        hangs_ms = self.rng.choice((500, 900, 5_000, 60_000, 15 * MINUTE_MS))
        await asyncio.sleep(min(hangs_ms / 1000, 1.2))
        if self.rng.random() < 0.5:
            self.press(self._pendant(), "emergency")

        async def answers() -> None:
            if hub.disk is disk:
                hub.disk = None
            disk.set()

        self.later(hangs_ms, answers)

    async def stands_still(self) -> None:
        """The hub is stopped where it is (SIGSTOP), people press, and it goes on where it was: on its connections, or,
        where the broker had not heard of it for too long, on new ones."""
        if not self.hub.is_up or self.hub.is_hanging:
            return
        self.faults["stood still"] += 1
        lines = [self.hub.lane(name) for name in LANES if self.hub.lane(name).up]
        for line in lines:
            self.hub.broker.pause(line.lane)
        stands_ms = self.rng.choice((700, 3_000, 30_000, 5 * MINUTE_MS, 2 * HOUR_MS))
        for _ in range(self.rng.randint(1, 3)):
            self.press(self._pendant(), "emergency")
            self.hub.true.forward(stands_ms // 3)
        for line in lines:
            if stands_ms > KEEP_ALIVE_MS:
                line.go_down()
            self.hub.broker.resume(line.lane)
        for line in lines:
            if not line.connected:
                line.come_up()

    # -- the network ----------------------------------------------------------------------------------------------
    async def line_is_dead(self) -> None:
        """Half open: the hub hears nothing, what it says and acknowledges vanishes, until one side notices."""
        lines = [self.hub.lane(name) for name in self.rng.choice(((URGENT,), (BULK,), LANES)) if self.hub.is_up]
        lines = [line for line in lines if line.up and not line.is_half_open]
        if not lines:
            return
        self.faults["dead lines"] += 1
        self.press(self._pendant(), "emergency")  # on its way when the line dies: its acknowledgement is not
        for line in lines:
            line.is_half_open = True
        if self.rng.random() < 0.5:
            await self.hub.settle()
        self.press(self._pendant(), "emergency")
        starts = self.hub.starts

        async def is_noticed() -> None:
            for line in lines:
                if self.hub.starts == starts and self.hub.is_up and line.is_half_open:
                    line.go_down()
                    line.come_up()

        self.later(self.rng.uniform(1_000, KEEP_ALIVE_MS), is_noticed)

    async def bytes_go_wrong(self) -> None:
        """A message comes changed, payload or topic: whatever it is now, it is not a press."""
        topic = self.rng.choice([row.device for row in self.home.devices])
        if "/" not in topic:
            topic = f"zigbee2mqtt/{topic}"
        body: dict[str, object] = {"battery": 90, "contact": False, "occupancy": True, "linkquality": 120}
        if topic.endswith("pendant") and self.rng.random() < 0.5:
            body["action"] = "emergency"
        payload = mutated(self.rng, orjson.dumps(body))
        if self.rng.random() < 0.2:
            changed = mutated(self.rng, topic.encode()).decode(errors="ignore")
            topic = "".join(letter for letter in changed if letter not in "+#\0") or "x"
        if _may_be_a_press(payload):
            return
        self.nonsense += 1
        self.hub.broker.say(topic, payload, qos=self.rng.choice((0, 1)))

    async def presses_at_qos_0(self) -> None:
        """A gateway that sends at QoS 0, with a broker that does not raise it: heard while all is well, once."""
        if not self._is_well():
            return
        self.faults["presses at QoS 0"] += 1
        topic = self._pendant()
        for _ in range(self.rng.randint(1, 3)):
            self.press(topic, "emergency", qos=0)
            if self.rng.random() < 0.5:
                self.hub.true.forward(self.rng.choice((1, 300, 12_000)))
        await self.hub.settle()

    # -- the lanes ------------------------------------------------------------------------------------------------
    async def loses_a_copy(self) -> None:
        """The broker drops one of a press's two copies: the other one is enough."""
        if not self._may_lose_a_copy() or not self._is_well():
            return
        await self._press_and_lose(self._pendant(), self.rng.choice(LANES))

    def _may_lose_a_copy(self) -> bool:
        """One at a time, and none while the other lane still owes one: a swallowed copy would be the last."""
        is_apart = self.now_ms - self._forgotten_ms > APART_MS
        return is_apart and self.hub.is_up and self.hub.rows("SELECT count(*) FROM twins") == [(0,)]

    async def _press_and_lose(self, topic: str, name: str) -> None:
        if not all(any(matches(row, topic) for row in session.filters) for session in self._sessions()):
            return
        self._forgotten_ms = self.now_ms
        self.faults[f"{name} copies lost"] += 1
        self.hub.broker.pause(name)
        self.press(topic, "emergency")
        self.hub.broker.session(name).queue.pop()
        if self.rng.random() < 0.5:
            await self.hub.settle()
        self.press(self._pendant(), "emergency")
        self.hub.broker.resume(name)

    async def lane_changes(self) -> None:
        """A pendant is taken out of the files, and so out of the urgent lane, and put in again; pressed meanwhile."""
        path = self.hub.folder / "devices.yaml"
        placed = path.read_text(encoding="utf-8")
        if not self._can_reload() or not self._may_lose_a_copy() or self._is_changed:
            return
        self.faults["lanes changed"] += 1
        topic = self._pendant()
        line = next(row for row in placed.splitlines() if f"{{device: {topic.rpartition('/')[2]}," in row)
        path.write_text(placed.replace(line, f"#{line}"), encoding="utf-8")
        self._is_changed, self._forgotten_ms = True, FAR_MS  # it has one copy only, for as long
        await self._change_with(topic)

        async def again() -> None:
            if not self._can_reload():
                self.later(MINUTE_MS, again)
                return
            path.write_text(placed, encoding="utf-8")
            self._is_changed, self._forgotten_ms = False, self.now_ms
            await self._change_with(topic)

        self.later(self.rng.choice((500, 5_000, 90_000, 2 * HOUR_MS)), again)

    def _can_reload(self) -> bool:
        return self.hub.is_up and not self.hub.is_hanging and self.hub.disk is None

    async def _change_with(self, topic: str) -> None:
        """The files are read anew, and somebody presses before, meanwhile and after."""
        self.press(topic, "emergency")
        await self.hub.hub.parts.reload.read()
        self.press(topic, "emergency")
        if self._is_well() and self.rng.random() < 0.3:
            # Without a stamp, the next press would be taken for the bulk copy that is owed: it may be the only one.
            await self._press_and_lose(topic, URGENT if topic.endswith(WITHOUT) else self.rng.choice(LANES))
            self._forgotten_ms = FAR_MS if self._is_changed else self.now_ms
        if self.rng.random() < 0.5:
            await self.hub.settle()
        self.press(topic, "emergency")

    # -- what was kept, and where -----------------------------------------------------------------------------------
    async def broker_dies(self) -> None:
        """The broker is killed and comes back as it last saved itself: sessions, queues and retained messages of then.
        What it queued since, nobody can hear; what the hub had heard by then counts."""
        broker, starts = self.hub.broker, self.hub.starts
        if self.now_ms - self._forgotten_ms <= APART_MS or not await self._is_at_rest():
            return
        self._forgotten_ms = self.now_ms
        self.faults["brokers killed"] += 1
        saved = [copy(session) for session in self._sessions()]
        filters = [dict(session.filters) for session in self._sessions()]
        retained = dict(broker.retained)
        self.press(self._pendant(), "emergency")
        await self.hub.settle()
        down = self.rng.choice(((), (URGENT,), (BULK,), LANES))
        for name in down:
            self.hub.lane(name).go_down()
        topic = self._pendant()
        stamp = self.press(topic, "emergency")
        if down == LANES:
            self.faults["presses the broker lost"] += 1
            self.unheard_without += not stamp
            self.unheard |= {stamp} - {""}
        if self.rng.random() < 0.5:
            await self.hub.settle()
        for name in LANES:
            if self.hub.is_up and self.hub.lane(name).connected:
                self.hub.lane(name).go_down()
        for session, then, heard in zip(self._sessions(), saved, filters, strict=True):
            session.queue.clear()
            session.inflight.clear()
            session.filters, session.last_id = heard, then.last_id
        broker.retained = retained

        async def back() -> None:
            for name in LANES:
                if self.hub.starts == starts and self.hub.is_up and not self.hub.lane(name).connected:
                    self.hub.lane(name).come_up()

        self.later(self.rng.choice((1_000, 20_000, 5 * MINUTE_MS)), back)

    async def broker_forgets_all(self) -> None:
        """A broker that saves nothing is started anew: no session, nothing retained. What is open is shown again."""
        if self._is_changed or not await self._is_at_rest():
            return
        self._forgotten_ms = self.now_ms
        self.faults["brokers that forgot all"] += 1
        self.press(self._pendant(), "emergency")
        await self.hub.settle()
        lines = [self.hub.lane(name) for name in LANES if self.hub.is_up and self.hub.lane(name).connected]
        for line in lines:
            line.go_down()
        self.hub.broker.retained.clear()
        for line in lines:
            line.come_up(session_lost=True)
        await self.hub.settle()
        await asyncio.sleep(3.0)  # the hub looks at what the broker shows
        await self.hub.settle()
        open_ones = {str(alert) for (alert,) in self.hub.rows("SELECT key FROM alerts WHERE state <> 'closed'")}
        assert open_ones <= {topic.rpartition("/")[2] for topic in self.hub.broker.retained}

    async def is_put_back(self) -> None:
        """A backup is made while the hub runs, and laid in place hours or days later: what came since is not in the
        record any more, but was told."""
        file = self.hub.folder / "data" / "backup.db"
        if self._copied is not None or not self._can_reload():
            return
        back_up(self.hub.ledger, file)
        self._copied = file

        async def laid() -> None:
            if not await self._is_at_rest():
                self.later(10 * MINUTE_MS, laid)
                return
            self.faults["backups laid in place"] += 1
            self.told.count(self.hub)
            await self.hub.stop()
            self.read()
            for name in ("ledger.db-wal", "ledger.db-shm"):
                self.hub.ledger.with_name(name).unlink(missing_ok=True)
            file.replace(self.hub.ledger)
            self._copied = None
            self.told.goes_on_from_a_copy(self.hub)
            await self.starts()

        self.later(self.rng.uniform(MINUTE_MS, 2 * DAY_MS), laid)


def _may_be_a_press(payload: bytes) -> bool:
    """Whether these bytes still say an action, any: of somebody's pendant each is told."""
    try:
        read = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return False
    return isinstance(read, dict) and any("action" in str(key) or "click" in str(key) for key in read)
