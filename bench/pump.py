"""What an event costs the hub itself: from a lane to the ledger and out again, with no broker and no socket.

    python bench/pump.py [doors|sensors] [EVENTS]

`doors` is the generator's burst, where every second event begins an episode and the next ends it; `sensors` is its
background, which no rule cares about. Prints one object of JSON: events a second, and the microseconds of CPU an event
takes on the loop's thread and on the others, which are the ledger's. CPU is counted, because the machine may be shared.
Where it goes, of the samples in which something ran:

    py-spy record -t -r 1000 -f raw -o samples -- python bench/pump.py doors 120000
    python bench/pump.py shares samples
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from time import perf_counter, process_time, thread_time

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import orjson
import uvloop

from hub.bootstrap import build
from hub.clock import SystemClock
from hub.config.new import write_new
from hub.lanes import BULK
from hub.mqtt.types import Message, Packet, Up

ROOMS = 60
EVENTS = 20_000
GROUP = 100
TAKEN = "taken"
UP = Up(
    connection=1,
    session_present=False,
    receive_max=65_535,
    max_packet_size=None,
    keep_alive_s=5,
    session_expiry_s=0,
)
OnAcknowledged = Callable[[bool, str], None]


class NoBroker:
    """A lane whose broker takes everything at once."""

    def __init__(
        self,
        *,
        lane: str,
        on_packets: Callable[[list[Packet]], None],
        on_up: Callable[[Up], None],
        subscriptions: Iterable[str],
        **_: object,
    ) -> None:
        self.lane = lane
        self.up = False
        self.unacknowledged = self.backlog = 0
        self.subscriptions = tuple(subscriptions)
        self.acknowledged = 0
        self.on_packets = on_packets
        self._on_up = on_up
        self._stopped = asyncio.Event()
        self.more = asyncio.Event()

    async def run(self) -> None:
        """Be up until `stop`."""
        self.up = True
        self._on_up(UP)
        await self._stopped.wait()

    async def stop(self, *, last: Message | None = None, within_s: float = 2.0) -> None:
        """End."""
        self._stopped.set()

    def acknowledge(self, packets: Iterable[Packet], *, out_of_turn: bool = False) -> None:
        """Count them."""
        self.acknowledged += len(list(packets))
        self.more.set()

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 1,
        retain: bool = False,
        correlation_data: bytes | None = None,
        on_acknowledged: OnAcknowledged | None = None,
    ) -> None:
        """Taken, a turn of the loop later."""
        if on_acknowledged is not None:
            asyncio.get_running_loop().call_soon(on_acknowledged, True, TAKEN)

    async def subscribe(self, *filters: str) -> None:
        """Granted."""

    async def unsubscribe(self, *filters: str) -> None:
        """Granted."""

    async def ask_again(self, *, everything: bool = False) -> tuple[str, ...]:
        """Nothing is refused."""
        return ()


def packets(what: str, events: int) -> list[Packet]:
    """What the bulk lane hears."""
    chance = random.Random(1)
    found: list[Packet] = []
    for n in range(events):
        room = n % ROOMS + 1
        if what == "doors":
            topic, said = f"room-{room:03}-door", f'"contact":{"false" if n // ROOMS % 2 == 0 else "true"}'
        elif chance.random() < 5 / 9:
            topic, said = f"room-{room:03}-motion-{n % 4}", f'"occupancy":{chance.choice(("true", "false"))}'
        else:
            topic, said = f"room-{room:03}-temp-{n % 4}", f'"temperature":{chance.choice((20.1, 20.4, 21.0, 21.7))}'
        payload = b'{%b,"linkquality":120}' % said.encode()
        ident = n % 65_535 + 1
        found.append(Packet(BULK, f"zigbee2mqtt/{topic}", payload, False, 1, ident, False, 1, None, None))
    return found


async def measure(folder: Path, what: str, events: int) -> dict[str, object]:
    """Run a hub, let it hear these events a group at a time, and count."""
    write_new(folder, rooms=ROOMS, slug="bench", broker="mqtt://127.0.0.1", held_for="20 s")
    lanes: dict[str, NoBroker] = {}

    def connect(**how: object) -> NoBroker:
        made = NoBroker(**how)  # type: ignore[arg-type]
        lanes[made.lane] = made
        return made

    hub = build(folder, SystemClock(), random.Random(1), connect=connect)
    running = asyncio.create_task(hub.run())
    await hub.ready.wait()
    await asyncio.sleep(1)
    given, bulk = packets(what, events), lanes[BULK]
    began = (perf_counter(), process_time(), thread_time())
    done = bulk.acknowledged
    for at in range(0, events, GROUP):
        bulk.on_packets(given[at : at + GROUP])
        done += len(given[at : at + GROUP])
        while bulk.acknowledged < done:
            bulk.more.clear()
            await bulk.more.wait()
    wall, cpu, loop = perf_counter() - began[0], process_time() - began[1], thread_time() - began[2]
    hub.stop()
    await running
    return {
        "what": what,
        "events": events,
        "events_per_s": round(events / wall),
        "cpu_us": round(cpu / events * 1e6, 1),
        "loop_us": round(loop / events * 1e6, 1),
        "ledger_us": round((cpu - loop) / events * 1e6, 1),
    }


PLACES: tuple[tuple[str, str], ...] = (
    ("write (hub/ledger/write.py", "the ledger: BEGIN and COMMIT"),
    ("(hub/ledger/write.py", "the ledger: JSON and inserts"),
    ("(rules/plans/episodes.py", "rules: episodes"),
    ("step (rules/machine.py", "rules: the rest of the step"),
    (".decode (devices/", "decoding"),
    ("Steps._wish (hub/steps.py", "effects into log lines, commands and rows"),
    ("Steps.finish (hub/steps.py", "effects into log lines, commands and rows"),
    ("Steps.take (hub/steps.py", "an event's own rows"),
    ("Pump._form (hub/pump.py", "lanes, packet ids, the rest of forming a group"),
    ("Pump.run (hub/pump.py", "acknowledging, handing out"),
)
"""What a sample is counted as: the first of these that its stack holds, the commit only where it is at the very end."""


def shares(file: Path) -> dict[str, float]:
    """The shares of a py-spy recording, in percent."""
    counted: Counter[str] = Counter()
    for line in file.read_text().splitlines():
        stack, _, count = line.rpartition(" ")
        last = stack.rpartition(";")[2]
        if last.startswith("Writer._work"):
            continue  # it waits for a commit
        for part, name in PLACES:
            if last.startswith(part) if name.endswith("COMMIT") else part in stack:
                counted[name] += int(count)
                break
    every = sum(counted.values())
    return {name: round(100 * count / every, 1) for name, count in counted.most_common()}


def main() -> int:
    """Print the figures, or the shares."""
    what = sys.argv[1] if len(sys.argv) > 1 else "doors"
    if what == "shares":
        print(orjson.dumps(shares(Path(sys.argv[2])), option=orjson.OPT_INDENT_2).decode())
        return 0
    events = int(sys.argv[2]) if len(sys.argv) > 2 else EVENTS
    with tempfile.TemporaryDirectory() as folder:
        print(orjson.dumps(uvloop.run(measure(Path(folder) / "home", what, events))).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
