"""An hour with the demonstration for somebody who means harm: whatever is pulled, no press vanishes.

    python bench/harm.py --minutes 60
    python bench/harm.py --minutes 3 --seed 7      # to see that it runs
    python bench/harm.py --minutes 60 --files      # and the ledger's own files, see `harm_files.py`

`handrail demo` runs with its record on a small disk of its own (where we are root; else on the ordinary one). Somebody
presses pendants all the while, each press with a stamp, as a gateway does: at QoS 1, again until the broker has it. By
chance the hub is killed or stopped for a while, the broker killed or stopped, the screens and the watcher killed, the
disk filled, a file of the home spoiled, the network between the hub and its broker cut, slowed or half open (a proxy of
its own), the clock set wrong by an hour, a day or ten years and put right again (of the Python processes: the hub, the
watcher, the screens). At the end everything is left in peace, the demonstration is ended, and the ledger is asked: each
press in it once, none missing; `verify` agrees; the exit code is 0.

What a broker that is killed had acknowledged less than three seconds before may be lost (README, "What a crash may
lose") and is counted apart; so is a press whose acknowledgement was lost, which a gateway says twice, and one that the
hub took less than three seconds before: such a broker may hand it over once more, as a press.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiomqtt
import orjson
import psutil

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from bench.harm_account import Account, Seen, kept_and_told  # noqa: E402
from bench.harm_files import Files  # noqa: E402
from tests.wire_proxy import BOTH, DOWN, UP, WireProxy  # noqa: E402

SLUG = "willow-court"
ROOMS = 40
UNSAVED_S = 3.0
"""The broker writes its file every second or two; what it acknowledged since the last time dies with it."""
PEACE_S = 60.0
LOOK_S = 30.0
"""So much longer where files were harmed: each minute the hub reads what its next start would."""
HOUR_MS = 3_600_000
WRONG_BY_MS = (HOUR_MS, -HOUR_MS, 24 * HOUR_MS, -24 * HOUR_MS, 10 * 365 * 24 * HOUR_MS)
CLOCK = """
import mmap, os, struct, time

_file = open(os.environ["HARM_CLOCK"], "rb")
_offset = mmap.mmap(_file.fileno(), 8, access=mmap.ACCESS_READ)
_real = time.time_ns
time.time_ns = lambda: _real() + struct.unpack("<q", _offset[:8])[0] * 1_000_000
time.time = lambda: time.time_ns() / 1e9
"""
"""What every Python process of the demonstration reads at its start: a clock that somebody else can set."""


@dataclass
class Press:
    """One press and what became of it on its way to the broker."""

    stamp: int
    room: int
    taken_s: float = 0.0
    said: int = 0

    @property
    def device(self) -> str:
        """Whose it is, as the gateway names it."""
        return f"zigbee2mqtt/room-{self.room:03d}-pendant"


@dataclass
class Harm:
    """The demonstration, who presses, and who pulls."""

    folder: Path
    port: int
    board: int
    rng: random.Random
    demo: subprocess.Popen[bytes]
    wire: WireProxy
    presses: list[Press] = field(default_factory=list)
    broker_died_s: list[float] = field(default_factory=list)
    broker_died_at: list[float] = field(default_factory=list)
    deeds: Counter[str] = field(default_factory=Counter)
    over: bool = False
    files: Files | None = None

    # -- who presses ----------------------------------------------------------------------------------------------
    async def press_on(self, rate: float) -> None:
        """A gateway: says each press until the broker has taken it."""
        password = (self.folder / "secrets" / "zigbee2mqtt.password").read_text().strip()
        waiting: Press | None = None
        while not self.over or waiting is not None:
            try:
                async with aiomqtt.Client(
                    "127.0.0.1", self.port, username="zigbee2mqtt", password=password, keepalive=5, timeout=5
                ) as client:
                    while not self.over or waiting is not None:
                        if waiting is None:
                            waiting = Press(stamp=time.time_ns() // 1_000_000, room=self.rng.randint(1, ROOMS))
                            self.presses.append(waiting)
                        waiting.said += 1
                        said = {"action": "emergency", "last_seen": waiting.stamp}
                        await client.publish(waiting.device, orjson.dumps(said), qos=1)
                        waiting.taken_s, waiting = time.monotonic(), None
                        await asyncio.sleep(self.rng.expovariate(rate))
            except aiomqtt.MqttError:
                await asyncio.sleep(0.2)

    # -- who pulls ------------------------------------------------------------------------------------------------
    def find(self, words: str) -> psutil.Process | None:
        """The process of the demonstration that was started so."""
        with contextlib.suppress(psutil.NoSuchProcess):
            for process in psutil.Process(self.demo.pid).children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                    line = " ".join(process.cmdline())
                    if words in line and (words != "mosquitto" or "hub.leash" not in line):
                        return process
        return None

    async def _signal(self, words: str, what: signal.Signals, for_s: float = 0.0) -> None:
        process = await asyncio.to_thread(self.find, words)
        if process is None:
            return
        if words == "mosquitto" and what is signal.SIGKILL:
            self.broker_died_s.append(time.monotonic())
            self.broker_died_at.append(time.time())
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(what)
            if what is signal.SIGSTOP:
                await asyncio.sleep(for_s)
                process.send_signal(signal.SIGCONT)

    async def _fill(self) -> None:
        filler = self.folder / "data" / "filler"
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while file.tell() < 64 * 2**20:
                file.write(bytes(2**18))
        await asyncio.sleep(self.rng.uniform(3, 12))
        filler.unlink(missing_ok=True)

    async def _spoil(self) -> None:
        file = self.folder / self.rng.choice(("home.yaml", "devices.yaml", "staff.yaml"))
        right = file.read_bytes()
        file.write_bytes(right[: self.rng.randrange(len(right))])
        await asyncio.sleep(self.rng.uniform(1, 8))
        file.write_bytes(right)

    async def _cut(self) -> None:
        """Nothing gets through, and both ends see it."""
        self.wire.refuses = True
        self.wire.reset()
        await asyncio.sleep(self.rng.uniform(1, 15))
        self.wire.heal()

    async def _half_open(self) -> None:
        """Bytes are lost and nobody is told: what is connected stays dead until somebody's patience ends."""
        self.wire.swallow(*self.rng.choice((BOTH, (UP,), (DOWN,))))
        await asyncio.sleep(self.rng.uniform(1, 15))
        self.wire.heal()

    async def _slow(self) -> None:
        for way in self.wire.ways.values():
            way.delay_s = self.rng.uniform(0.2, 1.5)
        await asyncio.sleep(self.rng.uniform(2, 15))
        self.wire.heal()

    async def _set_clock(self) -> None:
        _offset(self.folder.parent, self.rng.choice(WRONG_BY_MS))
        await asyncio.sleep(self.rng.uniform(1, 20))
        _offset(self.folder.parent, 0)

    async def through_the_wire(self) -> None:
        """From now on the hub, the watcher and the screens reach the broker through the proxy."""
        home = self.folder / "home.yaml"
        home.write_text(home.read_text().replace(f":{self.port}", f":{self.wire.port}"))
        for words in ("commands run", "commands watch", "-m dashboards"):
            await self._signal(words, signal.SIGKILL)
        async with asyncio.timeout(60):
            while not self.wire.connections:  # noqa: ASYNC110, they are other processes
                await asyncio.sleep(0.1)

    async def pull_on(self) -> None:
        """One deed after the other, with little peace between them."""
        kill, stop = signal.SIGKILL, signal.SIGSTOP
        deeds: dict[str, Callable[[], Awaitable[None]]] = {
            "hub killed": lambda: self._signal("commands run", kill),
            "hub stopped": lambda: self._signal("commands run", stop, self.rng.uniform(1, 15)),
            "broker killed": lambda: self._signal("mosquitto", kill),
            "broker stopped": lambda: self._signal("mosquitto", stop, self.rng.uniform(1, 15)),
            "screens killed": lambda: self._signal("-m dashboards", kill),
            "watcher killed": lambda: self._signal("commands watch", kill),
            "disk filled": self._fill,
            "file spoiled": self._spoil,
            "network cut": self._cut,
            "network half open": self._half_open,
            "network slow": self._slow,
            "clock set": self._set_clock,
        }
        more = self.files.deeds() if self.files is not None else {}
        if self.files is not None and "rights taken" not in more:
            print("chattr +i does nothing here: no rights are taken", file=sys.stderr)
        deeds |= more
        while not self.over:
            await asyncio.sleep(self.rng.uniform(0.5, 10))
            # The files' own come twice as often: some change nothing that a hub looks at.
            name = self.rng.choice([*deeds, "hub killed", "disk filled", *more])
            self.deeds[name] += 1
            print(f"{time.strftime('%H:%M:%S')} {name}; {len(self.presses)} presses", file=sys.stderr, flush=True)
            await deeds[name]()

    # -- and then -------------------------------------------------------------------------------------------------
    def count_with(self, seen: Seen) -> dict[str, object]:
        """What was shown of each press, and what this ledger and those before it hold."""
        assert self.files is not None
        account = Account.take(self.files.ledger, self.files.away, seen)
        unsaved = self._unsaved()
        once = [press for press in self.presses if press not in unsaved]
        pressed: dict[str, list[str]] = defaultdict(list)
        for press in self.presses:
            pressed[press.device].append(str(press.stamp))
        became = {one.stamp: account.of(one.device, str(one.stamp), pressed[one.device]) for one in self.presses}
        for press in once:
            if became[press.stamp]:
                near = seen.around(press.device, press.stamp)
                print(f"{became[press.stamp]}: {press}; shown of its device: {near}", file=sys.stderr)
        return {
            "presses": len(self.presses),
            **{
                word: sum(1 for press in once if became[press.stamp] == word)
                for word in ("lost", "not_told", "told_by_old_ledgers_alone", "told_in_a_count_alone")
            },
            **self._twice({press.stamp for press in once if account.is_doubled(str(press.stamp))}, seen),
            "told_again_after_a_lost_record": sum(1 for press in once if account.is_told_again(str(press.stamp))),
            "told_by_the_watcher": len(seen.by_watcher & {str(press.stamp) for press in self.presses}),
            "alerts": len(seen.alerts),
            "alerts_told_anew": len(set().union(*seen.anew.values())),
            "alerts_vanished": account.vanished(),
            "ladders_that_stand_still": self._still(),
            "ledgers_put_aside": len(account.before),
            "faults_told": sorted(seen.faults),
            "unsaved_by_a_killed_broker": len(unsaved),
            "of_these_lost": sum(1 for press in unsaved if became[press.stamp] == "lost"),
            "said_twice_by_the_gateway": sum(1 for press in self.presses if press.said > 1),
            "deeds": dict(self.deeds),
        }

    def _still(self) -> object:
        """How many; the words of SQLite where the ledger is one that cannot be read."""
        told = "SELECT count(*) FROM alerts WHERE state = 'told' AND 'ladder/' || key NOT IN (SELECT key FROM timers)"
        try:
            with contextlib.closing(sqlite3.connect(f"file:{self.folder}/data/ledger.db?mode=ro", uri=True)) as store:
                return store.execute(told).fetchone()[0]
        except sqlite3.Error as error:
            return str(error)

    def _twice(self, stamps: set[int], seen: Seen) -> dict[str, int]:
        """Of the presses that were told twice: those by our fault, and those that a broker which forgot that it had
        handed them over handed over again."""
        twice = [press for press in self.presses if press.stamp in stamps and press.said == 1]
        died_at, wrong_by_s = self.broker_died_at, [by_ms / 1000 for by_ms in WRONG_BY_MS]
        again = [press for press in twice if seen.was_just_handed(str(press.stamp), died_at, wrong_by_s)]
        for press in twice:
            taken_at = seen.handed_at.get(str(press.stamp))
            print(f"told twice: {press}, taken at {taken_at}; brokers died at {died_at}", file=sys.stderr)
        return {"doubled": len(twice) - len(again), "handed_over_again_by_a_killed_broker": len(again)}

    def _unsaved(self) -> list[Press]:
        died = self.broker_died_s
        return [press for press in self.presses if any(0 <= at_s - press.taken_s <= UNSAVED_S for at_s in died)]

    def count(self, seen: Seen) -> dict[str, object]:
        """What the ledger holds of each press."""
        kept, told = kept_and_told(self.folder / "data" / "ledger.db")
        unsaved = self._unsaved()
        once = [press for press in self.presses if press not in unsaved]
        return {
            "presses": len(self.presses),
            "lost": sum(1 for press in once if not kept[press.stamp]),
            "not_told": sum(1 for press in once if kept[press.stamp] and not told[press.stamp]),
            **self._twice({press.stamp for press in once if told[press.stamp] > 1}, seen),
            "ladders_that_stand_still": self._still(),
            "unsaved_by_a_killed_broker": len(unsaved),
            "of_these_lost": sum(1 for press in unsaved if not kept[press.stamp]),
            "said_twice_by_the_gateway": sum(1 for press in self.presses if press.said > 1),
            "deeds": dict(self.deeds),
        }


def _offset(work: Path, by_ms: int) -> None:
    """Set the clock of every Python process wrong by so much."""
    with (work / "clock").open("r+b") as file:
        file.write(struct.pack("<q", by_ms))


def _demo(folder: Path, port: int, board: int) -> subprocess.Popen[bytes]:
    work = folder.parent
    (work / "clock").write_bytes(bytes(8))
    (work / "python").mkdir()
    (work / "python" / "sitecustomize.py").write_text(CLOCK)
    words = ["demo", "--no-browser", "--folder", str(folder), "--port", str(board), "--mqtt-port", str(port)]
    return subprocess.Popen(
        [sys.executable, "-m", "hub.commands", *words],
        env={**os.environ, "PYTHONPATH": f"{work / 'python'}:{ROOT}", "HARM_CLOCK": str(work / "clock")},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )


def _run(*words: str) -> int:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(words, env=environment, stdout=subprocess.DEVNULL, check=False).returncode


async def main() -> int:
    """Run it; 0 where nothing was lost or doubled and the ledger verifies."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", type=float, default=2, help="presses a second")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--disk-mib", type=int, default=48)
    parser.add_argument("--files", action="store_true", help="harm the ledger's own files too")
    args = parser.parse_args()
    print(f"seed {args.seed}", file=sys.stderr)
    work = Path(tempfile.mkdtemp(prefix="handrail-harm-"))
    folder = work / "home"
    port, board = random.Random(args.seed).randint(30_000, 40_000), random.Random(args.seed + 1).randint(40_001, 50_000)
    small = os.geteuid() == 0
    if small:
        (folder / "data").mkdir(parents=True)
        _run("mount", "-t", "tmpfs", "-o", f"size={args.disk_mib}m", "tmpfs", str(folder / "data"))
    try:
        async with WireProxy(port) as wire:
            return await _harm(args, folder, port, board, wire)
    finally:
        if small:
            _run("umount", "--lazy", str(folder / "data"))


async def _harm(args: argparse.Namespace, folder: Path, port: int, board: int, wire: WireProxy) -> int:
    demo = _demo(folder, port, board)
    harm = Harm(folder=folder, port=port, board=board, rng=random.Random(args.seed), demo=demo, wire=wire)
    seen, seeing = Seen(f"handrail/{SLUG}"), asyncio.create_task(asyncio.sleep(0))
    try:
        while not (folder / "secrets" / "zigbee2mqtt.password").exists() or harm.find("commands watch") is None:
            if demo.poll() is not None:
                print("the demonstration did not start", file=sys.stderr)
                return 2
            await asyncio.sleep(0.2)
        await harm.through_the_wire()
        if args.files:
            harm.files = Files(
                folder / "data", folder.parent / "aside", harm.rng, lambda: harm._signal("commands run", signal.SIGKILL)
            )
        password = (folder / "secrets" / "dashboards.password").read_text().strip()
        seeing = asyncio.create_task(seen.listen(port, password))
        pressing = asyncio.create_task(harm.press_on(args.rate))
        pulling = asyncio.create_task(harm.pull_on())
        await asyncio.sleep(args.minutes * 60)
        harm.over = True
        await asyncio.gather(pressing, pulling)
        await asyncio.sleep(PEACE_S + (LOOK_S if harm.files is not None else 0))
        died = demo.poll()
    finally:
        demo.terminate()
        demo.wait()
        seeing.cancel()
    if harm.files is None:
        found = harm.count(seen)
    else:
        harm.files.clear_away()
        found = harm.count_with(seen)
    verify = _run(sys.executable, "-m", "hub.commands", "verify", str(folder))
    found |= {"seed": args.seed, "minutes": args.minutes, "verify": verify, "demo_ended_by_itself": died is not None}
    if harm.files is not None:
        found["ledger_is_scribbled_over"] = harm.files.is_scribbled()
    print(json.dumps(found))
    wrong = ("lost", "not_told", "doubled", "ladders_that_stand_still", "alerts_vanished", "told_by_old_ledgers_alone")
    if found.get("ledger_is_scribbled_over"):  # all that can be asked of it is that `verify` says so
        found |= {"verify": 0} | ({} if isinstance(found[wrong[3]], int) else {wrong[3]: 0})
    return 1 if any(found.get(what) for what in (*wrong, "verify")) or died is not None else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
