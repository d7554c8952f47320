"""How long until everybody's phone has the next press, when the hub stands still? From outside, with a real broker.

    python bench/stopped.py                  # ten rounds, three phones: some six minutes
    python bench/stopped.py --rounds 3 --phones 5

Each round: hub and watcher are well, the hub is stopped (SIGSTOP) at a random moment between two of its heartbeats, and
a random time after that somebody presses. Counted is from the press to each phone; and, after the hub goes on (SIGCONT)
and has it back, whether each phone got it once. One line of JSON says what came out; the exit code is 0 where each
phone got each press once and within 10 s.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import aiomqtt
import orjson

from bench.presses_parts import ROOT, Part, free_port, ms, note, until
from hub.config.new import write_new

SLUG = "stopped"
TOP = f"handrail/{SLUG}"
PROMISED_S = 10.0
PATIENCE_S = 60.0
BEAT_S = 5.0


class Phone:
    """A phone that keeps when it got what."""

    def __init__(self) -> None:
        self.got: list[tuple[str, float]] = []
        self.port = 0

    async def start(self) -> asyncio.Server:
        """Listen on a free port of loopback."""
        server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.split("content-length:")[1].split("\r\n")[0])
        said = orjson.loads(await reader.readexactly(length))
        self.got.append((said["title"], time.perf_counter()))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        await writer.drain()
        writer.close()


class Run:
    """One run: its folder, its broker, hub, watcher and phones."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.rng = random.Random(args.seed)
        self.phones = [Phone() for _ in range(args.phones)]
        self.hub_state, self.watcher_state, self.beats = "", "", 0
        self.work: Path = args.work
        if self.work.exists() and any(self.work.iterdir()) and not (self.work / "broker.conf").exists():
            raise SystemExit(f"{self.work} holds something that is not from here: name another folder with --work")
        shutil.rmtree(self.work, ignore_errors=True)
        (self.work / "broker").mkdir(parents=True)
        self.port = free_port()
        home = self.work / "home"
        write_new(home, rooms=args.rounds, slug=SLUG, broker=f"mqtt://127.0.0.1:{self.port}")
        self.home = home / "home.yaml"
        lines = [f"listener {self.port} 127.0.0.1", "allow_anonymous true", "user root"]
        lines += [f"persistence_location {self.work}/broker/", "log_dest stderr"]
        conf = self.work / "broker.conf"
        conf.write_text((ROOT / "mosquitto.conf").read_text() + "\n" + "\n".join(lines) + "\n")
        self.broker = Part("broker", ["mosquitto", "-c", str(conf)], self.work / "broker.log")
        self.hub, self.watcher = (
            Part(name, [sys.executable, "-m", "hub.commands", name, str(home)], self.work / f"{name}.log")
            for name in ("run", "watch")
        )

    async def run(self) -> dict[str, object]:
        """All rounds."""
        servers = [await phone.start() for phone in self.phones]
        channels = "".join(f"    - url: json://127.0.0.1:{phone.port}/\n" for phone in self.phones)
        self.home.write_text(self.home.read_text() + f"\nwatcher:\n  channels:\n{channels}")
        self.broker.start()
        try:
            await asyncio.sleep(1.0)
            async with aiomqtt.Client("127.0.0.1", self.port, protocol=aiomqtt.ProtocolVersion.V5) as client:
                await client.subscribe([(f"{TOP}/status", 1), (f"{TOP}/watch/status", 1)])
                listening = asyncio.create_task(self._listen(client))
                self.hub.start()
                self.watcher.start()
                rounds = [await self._round(client, number) for number in range(1, self.args.rounds + 1)]
                listening.cancel()
        finally:
            for part in (self.watcher, self.hub, self.broker):
                part.stop()
            for server in servers:
                server.close()
        return self._result(rounds)

    async def _listen(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            said = orjson.loads(message.payload)
            if message.topic.value == f"{TOP}/status":
                self.hub_state, self.beats = str(said["state"]), self.beats + (not message.retain)
            else:
                self.watcher_state = str(said["state"])

    async def _round(self, client: aiomqtt.Client, number: int) -> list[float]:
        """From the press to each phone, in seconds."""
        await until(self._all_well, PATIENCE_S, "hub and watcher are not well")
        beats = self.beats
        await until(lambda: self.beats > beats, PATIENCE_S, "the hub does not beat")
        await asyncio.sleep(self.rng.uniform(0, BEAT_S))
        assert self.hub.process is not None
        self.hub.process.send_signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(self.rng.uniform(0, self.args.after))
            title, pressed_s = f"EMERGENCY: Resident {number:03}, lives in Room {number}", time.perf_counter()
            await client.publish(f"zigbee2mqtt/room-{number:03}-pendant", b'{"action":"emergency"}', qos=1)
            await until(lambda: all(self._times(phone, title) for phone in self.phones), PATIENCE_S, "not told")
        finally:
            self.hub.process.send_signal(signal.SIGCONT)
        await until(lambda: self.watcher_state == "watching", PATIENCE_S, "the watcher does not give back")
        took = [self._times(phone, title)[0] - pressed_s for phone in self.phones]
        note(f"round {number}: told after {', '.join(f'{s:.2f}' for s in took)} s")
        wrong = [phone.port for phone in self.phones if len(self._times(phone, title)) != 1]
        if wrong:
            raise SystemExit(f"round {number}: told more than once on {wrong}")
        return took

    def _all_well(self) -> bool:
        return self.hub_state in ("ready", "degraded") and self.watcher_state == "watching"

    def _times(self, phone: Phone, title: str) -> list[float]:
        return [at_s for said, at_s in phone.got if said == title]

    def _result(self, rounds: list[list[float]]) -> dict[str, object]:
        taken = sorted(s for each in rounds for s in each)
        return {
            "rounds": len(rounds),
            "phones": len(self.phones),
            "told": len(taken),
            "p50_ms": ms(taken, 0.5),
            "worst_ms": ms(taken, 1.0),
            "later_than_10_s": sum(s > PROMISED_S for s in taken),
            "seed": self.args.seed,
        }


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--phones", type=int, default=3)
    parser.add_argument(
        "--after", type=float, default=2.0, help="the press comes at most so many seconds after the stop"
    )
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "handrail-stopped")
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
    return 1 if result["later_than_10_s"] else 0


if __name__ == "__main__":
    sys.exit(main())
