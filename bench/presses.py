"""Does every press reach a person, whatever is killed? Counted press by press, with a real broker as shipped.

    python bench/presses.py --presses 100000 --rate 100
    python bench/presses.py --presses 2000 --rate 40 --kill-every 8      # a minute, to see that it runs
    python bench/presses.py --watcher --seed 7

Pendants of forty rooms are pressed at a steady rate, each press with a stamp of its own; other devices talk behind
them; hub, screens and watcher are killed (kill -9) at random and started again; a carer closes what is open every some
seconds. The log topic, read with a persistent session, says of each stamp whether it was raised or added to an open
alert, and by its `seq` whether that happened twice. At the end `handrail verify` folds the ledger, and one line of JSON
says what came out; the exit code is 0 where nothing was lost or doubled, nothing died by itself and verify agrees.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import aiomqtt
import orjson
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from bench.presses_parts import ROOT, Count, Part, free_port, ms, note, until
from hub.config.new import write_new

SLUG = "presses"
TOP = f"handrail/{SLUG}"
CARER = "carer-1"
SESSION_S = 86_400
READY_S = 30.0


class Run:
    """One run: its folder, its broker, its parts."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.rng = random.Random(args.seed)
        self._over = False
        self.count = Count()
        self.work: Path = args.work
        if self.work.exists() and any(self.work.iterdir()) and not (self.work / "broker.conf").exists():
            raise SystemExit(f"{self.work} holds something that is not from here: name another folder with --work")
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        self.home = self.work / "home"
        self.port = free_port()
        write_new(
            self.home,
            rooms=args.rooms,
            slug=SLUG,
            broker=f"mqtt://127.0.0.1:{self.port}",
            dashboards_port=free_port(),
        )
        self.broker = Part("broker", ["mosquitto", "-c", str(self._broker_file())], self.work / "broker.log")
        names = ["run", "dashboards", *(["watch"] if args.watcher else [])]
        if (
            args.watcher
            and subprocess.run(handrail("watch", "--help"), cwd=ROOT, capture_output=True, check=False).returncode
        ):
            raise SystemExit("there is no `handrail watch` in this checkout: leave --watcher out")
        self.parts = [self._part(name) for name in names]
        self._stamp = 0
        self._pressing: set[asyncio.Task[None]] = set()
        self._killing: asyncio.Task[None] | None = None

    def _part(self, name: str) -> Part:
        return Part(name, handrail(name, str(self.home)), self.work / f"{name}.log")

    def _broker_file(self) -> Path:
        """The shipped settings, with a listener and a place of this run."""
        kept = self.work / "broker"
        kept.mkdir()
        # Started by root, Mosquitto becomes its own user.
        kept.chmod(0o777)
        lines = [
            (ROOT / "mosquitto.conf").read_text(),
            f"listener {self.port} 127.0.0.1",
            "allow_anonymous true",
            f"persistence_location {kept}/",
            "log_dest stderr",
            *(["user root"] if os.geteuid() == 0 else []),
        ]
        path = self.work / "broker.conf"
        path.write_text("\n".join(lines) + "\n")
        return path

    def client(self, name: str, *, session: bool = False) -> aiomqtt.Client:
        """A connection to the broker, one that the broker remembers where asked for."""
        properties = None
        if session:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = SESSION_S
        return aiomqtt.Client(
            "127.0.0.1",
            self.port,
            identifier=f"bench-{name}",
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=not session,
            properties=properties,
            max_queued_incoming_messages=0,
            max_queued_outgoing_messages=0,
            max_inflight_messages=1_000,
            timeout=60,
        )

    # -- what goes on while it runs -------------------------------------------------------------------------------
    async def listen(self) -> None:
        """Follow the log, with a session, so that a lost connection loses no line."""
        while True:
            try:
                async with self.client("log", session=True) as client:
                    await client.subscribe([(f"{TOP}/log", 1), (f"{TOP}/status", 1)])
                    async for message in client.messages:
                        assert isinstance(message.payload, bytes)
                        said = orjson.loads(message.payload)
                        if message.topic.value == f"{TOP}/status":
                            self.count.state = str(said["state"])
                        else:
                            self.count.line(said)
            except aiomqtt.MqttError as error:
                note(f"the log's reader lost the broker and comes back: {error}")
                await asyncio.sleep(0.2)

    async def press_on(self) -> None:
        """All presses, at their rate, whatever else goes on; counted when the broker has taken them."""
        start_s = time.perf_counter()
        async with self.client("pendants") as client:
            client.pending_calls_threshold = 100_000
            for number in range(self.args.presses):
                await asyncio.sleep(max(0.0, start_s + number / self.args.rate - time.perf_counter()))
                press = asyncio.create_task(self._press(client, number % self.args.rooms + 1))
                self._pressing.add(press)
                press.add_done_callback(self._pressing.discard)
                if number % max(1, self.args.presses // 20) == 0:
                    note(f"{number} pressed, {self.count.missing} on their way, {len(self.count.open)} alerts open")
            await asyncio.gather(*self._pressing)

    async def _press(self, client: aiomqtt.Client, room: int) -> None:
        self._stamp = max(self._stamp + 1, time.time_ns() // 1_000_000)
        stamp, at_s = str(self._stamp), time.perf_counter()
        payload = b'{"action":"emergency","last_seen":%s}' % stamp.encode()
        await client.publish(f"zigbee2mqtt/room-{room:03}-pendant", payload, qos=1)
        # Its reaction may have come before its acknowledgement.
        self.count.sent_s[stamp] = at_s
        if stamp in self.count.seen:
            self.count.took_s.append(time.perf_counter() - at_s)

    async def talk(self) -> None:
        """Motion, temperatures and doors behind the presses, at QoS 0 as gateways send."""
        start_s, said = time.perf_counter(), 0
        async with self.client("devices") as client:
            while not self._over:  # a publish that ends as we are cancelled swallows the cancellation
                due = int((time.perf_counter() - start_s) * self.args.background)
                for number in range(said, due):
                    await client.publish(*self._event(number), qos=0)
                said = max(said, due)
                await asyncio.sleep(0.005)

    def _event(self, number: int) -> tuple[str, bytes]:
        room, turn = number * 7 % self.args.rooms + 1, number // self.args.rooms
        if number % 10 == 0:
            return f"zigbee2mqtt/room-{room:03}-door", b'{"contact":%s}' % (b"true" if turn % 2 else b"false")
        if number % 2:
            return f"zigbee2mqtt/room-{room:03}-motion", b'{"occupancy":%s}' % (b"true" if turn % 2 else b"false")
        return f"zigbee2mqtt/room-{room:03}-temperature-{turn % 4}", b'{"temperature":%.1f}' % (18 + turn % 70 / 10)

    async def care(self) -> None:
        """A carer who closes what is open; what was not answered is asked again the next time."""
        asked = 0
        async with self.client("carer") as client:
            while True:
                await asyncio.sleep(self.args.close_every)
                for alert in sorted(self.count.open):
                    asked += 1
                    wish = {"id": f"{self.args.seed}-{asked}", "do": "close", "alert": alert, "by": CARER}
                    wish |= {"ending": "helped", "reason": "seen"}
                    await client.publish(f"{TOP}/do/dashboards", orjson.dumps(wish), qos=1)

    async def kill_on(self) -> None:
        """Kill -9 of one part at random, the hub most often; a moment later it is started again."""
        weights = [3 if part.name == "run" else 1 for part in self.parts]
        while True:
            await asyncio.sleep(min(self.rng.expovariate(1 / self.args.kill_every), 4 * self.args.kill_every))
            for part in self.parts:
                part.look()
            (part,) = self.rng.choices(self.parts, weights)
            self._killing = asyncio.create_task(asyncio.to_thread(part.kill))
            await asyncio.shield(self._killing)
            await asyncio.sleep(self.rng.choice((0.0, 0.0, 0.5, 3.0)))
            part.start()

    # -- from beginning to end ------------------------------------------------------------------------------------
    async def run(self) -> dict[str, object]:
        """The whole of it; raises where it cannot begin."""
        self.broker.start()
        try:
            await until(self._listens, READY_S, "the broker does not listen")
            listening = asyncio.create_task(self.listen())
            for part in self.parts:
                part.start()
            await until(lambda: self.count.state in ("ready", "degraded"), READY_S, "the hub is not ready")
            began_s = time.perf_counter()
            await self._storm([self.talk, self.care, self.kill_on])
            await self._settle()
            listening.cancel()
            return await self._result(time.perf_counter() - began_s)
        finally:
            for part in (*self.parts, self.broker):
                part.stop()

    async def _storm(self, beside: list[Callable[[], Coroutine[None, None, None]]]) -> None:
        """Press to the end; whatever goes on beside must not end by itself."""
        tasks = [asyncio.create_task(job()) for job in beside]
        pressing = asyncio.create_task(self.press_on())
        try:
            done, _ = await asyncio.wait({pressing, *tasks}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self._over = True
            for task in (pressing, *tasks):
                task.cancel()
            await asyncio.gather(pressing, *tasks, return_exceptions=True)

    async def _settle(self) -> None:
        """Everybody is up again, and the last press is answered, or nothing more comes."""
        if self._killing is not None:
            await self._killing  # one that was under way when the last press was made
        for part in self.parts:
            part.look() if part.process is None or part.process.returncode is None else part.start()
        quiet_s = time.perf_counter() + self.args.quiet
        while self.count.missing and time.perf_counter() < max(quiet_s, self.count.last_s + self.args.quiet):  # noqa: ASYNC110
            await asyncio.sleep(0.2)
        # One that is doubled would come after its first.
        await asyncio.sleep(min(5.0, self.args.quiet))

    async def _result(self, took_s: float) -> dict[str, object]:
        codes = {part.name: part.stop() for part in self.parts}
        note("verifying")
        words = handrail("verify", str(self.home))
        verified = await asyncio.to_thread(
            subprocess.run,
            words,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            check=False,
        )
        count, taken = self.count, sorted(self.count.took_s)
        (self.work / "verify.log").write_bytes(verified.stdout + verified.stderr)
        return {
            "presses": len(count.sent_s),
            "lost": count.missing,
            "doubled": sum(len(seqs) > 1 for seqs in count.seen.values()),
            "made_up": len(count.seen.keys() - count.sent_s.keys()),
            f"later_than_{self.args.late:g}_s": sum(s > self.args.late for s in taken),
            "p50_ms": ms(taken, 0.5),
            "p99_ms": ms(taken, 0.99),
            "worst_ms": ms(taken, 1.0),
            "kills": {part.name: part.kills for part in self.parts},
            "died": {part.name: part.died for part in self.parts},
            "exit_codes": codes,
            "alerts": count.alerts,
            "closed": count.closed,
            "verify": verified.returncode,
            **self._kept(),
            "seconds": round(took_s, 1),
            "rate": self.args.rate,
            "background": self.args.background,
            "seed": self.args.seed,
        }

    def _kept(self) -> dict[str, object]:
        """What the ledger itself says, a second opinion."""
        path = self.home / "data" / "ledger.db"
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)
        try:
            stamps, distinct = connection.execute(
                "SELECT count(body ->> 'stamp'), count(DISTINCT body ->> 'stamp') FROM log"
                " WHERE step IN ('raised', 'pressed')"
            ).fetchone()
            (events,) = connection.execute("SELECT count(*) FROM events").fetchone()
        finally:
            connection.close()
        size = round(path.stat().st_size / 2**20)
        return {"ledger_presses": stamps, "ledger_stamps": distinct, "ledger_events": events, "ledger_mib": size}

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


def handrail(*words: str) -> list[str]:
    """The program of this checkout."""
    return [sys.executable, "-m", "hub.commands", *words]


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--presses", type=int, default=100_000)
    parser.add_argument("--rate", type=float, default=20, help="presses a second")
    parser.add_argument("--background", type=float, default=800, help="other events a second")
    parser.add_argument("--rooms", type=int, default=40)
    parser.add_argument("--kill-every", type=float, default=15, help="seconds between two kills, on average")
    parser.add_argument("--close-every", type=float, default=10, help="seconds between two rounds of the carer")
    parser.add_argument("--watcher", action="store_true", help="run `handrail watch` too, and kill it as well")
    parser.add_argument("--late", type=float, default=10, help="a press answered after so many seconds is late")
    parser.add_argument("--quiet", type=float, default=60, help="give up after so many seconds without a reaction")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "handrail-presses")
    args = parser.parse_args()
    if args.seed is None:
        args.seed = random.SystemRandom().randrange(10**6)
    return args


def main() -> int:
    """Run once and say what came out."""
    args = arguments()
    note(f"seed {args.seed}, folder {args.work}")
    result = asyncio.run(Run(args).run())
    print(json.dumps(result), flush=True)
    wrong = [result["lost"], result["doubled"], result["made_up"], result["verify"]]
    died = result["died"]
    assert isinstance(died, dict)
    return 1 if any(wrong) or any(died.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
