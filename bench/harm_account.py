"""What can be said of each press after an hour of harm, when the one record of them all may be gone.

A press counts as heard where the broker showed it, as a line of the log, an alert, or a call that the watcher told, and
where a record says that it was told: the ledger of now, or one that was put aside.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import aiomqtt
import orjson
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

SESSION_S = 3_600
TOLD = frozenset({"raised", "pressed"})
STOOD = re.compile(r"Open when the record broke, as (\S+?):")
HANDED_S = 5.0
"""So long before a broker died, what the hub took may be in its file as not yet handed over: the file is some seconds
old, and a slow network between."""


# -- what was shown on the broker -------------------------------------------------------------------------------------
@dataclass
class Seen:
    """What a screen with a session sees: lines of the log, alerts, and what the watcher tells."""

    top: str
    lines: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    """Stamps of presses, and the places of the lines that say they were told."""
    stamps: set[str] = field(default_factory=set)
    by_watcher: set[str] = field(default_factory=set)
    alerts: dict[str, str] = field(default_factory=dict)
    """Each alert of a person that was ever open, and its last state; `cleared` where it was taken off."""
    closed: set[str] = field(default_factory=set)
    """Alerts of which a line says that they were closed."""
    handed_at: dict[str, float] = field(default_factory=dict)
    """By its stamp, when the hub took a press, by the clock of then, which may have been wrong."""
    unkept: dict[str, str] = field(default_factory=dict)
    """Alerts that were told from memory and never kept, and the stamp of the press: it was not acknowledged, so that it
    comes again, and then has a line."""
    anew: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Of an alert that was told anew, its names of before."""
    faults: set[str] = field(default_factory=set)
    counts: dict[str, list[tuple[str, int, str]]] = field(default_factory=lambda: defaultdict(list))
    """By device, in the order in which they came: an alert's name, its number of presses, the stamp of the newest."""

    async def listen(self, port: int, password: str) -> None:
        """Until cancelled. Connected to the broker itself, not through what cuts the hub off.

        Twice: who acknowledges to a broker that was just killed loses what that had already written to them, so that
        the log is heard at QoS 0 as well, to the last byte.
        """
        await asyncio.gather(
            self._listen(port, password, "harm-sees", ("log", "alert/+", "watch/alert/+"), qos=1),
            self._listen(port, password, "harm-sees-lines", ("log",), qos=0),
        )

    async def _listen(self, port: int, password: str, name: str, topics: Sequence[str], *, qos: int) -> None:
        kept = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        kept.SessionExpiryInterval = SESSION_S
        while True:
            with contextlib.suppress(aiomqtt.MqttError):
                async with aiomqtt.Client(
                    "127.0.0.1",
                    port,
                    username="dashboards",
                    password=password,
                    identifier=name,
                    protocol=aiomqtt.ProtocolVersion.V5,
                    clean_start=False,
                    properties=kept,
                    keepalive=5,
                    timeout=5,
                ) as client:
                    await client.subscribe([(f"{self.top}/{topic}", qos) for topic in topics])
                    async for message in client.messages:
                        assert isinstance(message.payload, bytes)
                        self.saw(message.topic.value.removeprefix(f"{self.top}/"), message.payload)
            await asyncio.sleep(0.2)

    def saw(self, topic: str, payload: bytes) -> None:
        """One message."""
        what, _, name = topic.rpartition("/")
        said = orjson.loads(payload) if payload else {}
        stamp = str(said.get("stamp") or "")
        if topic == "log":
            if said["step"] in TOLD and stamp:
                self.lines[stamp].add(said["seq"])
                self.handed_at.setdefault(stamp, datetime.fromisoformat(said["at"]).timestamp())
            elif said["step"] == "closed":
                self.closed.add(str(said.get("alert")))
        elif what == "watch/alert":
            self.by_watcher.add(stamp)
        elif not payload:
            if name in self.alerts:
                self.alerts[name] = "cleared"
        else:
            self.stamps.add(stamp)
            self.counts[str(said["device"])].append((name, said["presses"], stamp))
            self.anew[name].update(STOOD.findall(" ".join((said["reason"], *said["also"]))))
            if str(said["cause"]).startswith("hub:"):
                self.faults.add(said["cause"].removeprefix("hub:"))
            else:
                self.alerts[name] = said["state"]
                self.unkept.pop(name, None)
                if said["unrecorded"] and "-" in name:
                    self.unkept[name] = stamp

    def is_heard(self, stamp: str) -> bool:
        """Whether anybody was shown this press."""
        return stamp in self.stamps or stamp in self.lines or stamp in self.by_watcher

    def was_just_handed(self, stamp: str, died_at: Sequence[float], wrong_by_s: Sequence[float]) -> bool:
        """Whether a broker died right after the hub took this press, with whatever clock that was."""
        taken_at = self.handed_at.get(stamp)
        clocks = [taken_at - by_s for by_s in (0.0, *wrong_by_s)] if taken_at is not None else []
        return any(0 <= died - at <= HANDED_S for died in died_at for at in clocks)

    def around(self, device: str, stamp: int) -> list[tuple[str, int, str]]:
        """What alerts of this device showed, with stamps of the minute before and after."""
        return [one for one in self.counts[device] if abs(int(one[2] or 0) - stamp) < 60_000]

    def is_in_a_count(self, device: str, stamp: str, pressed: Sequence[str]) -> bool:
        """Whether an alert showed it with a later press, of which alone it says the stamp: from one showing to the
        next it counts as many more as were pressed between the two stamps. `pressed`: all stamps of this device."""
        last: dict[str, tuple[int, str]] = {}
        for name, count, newest in self.counts[device]:
            before, since = last.get(name, (count, newest))
            between = [one for one in pressed if since < one <= newest]
            if stamp in between and count - before >= len(between):
                return True
            last[name] = count, newest
        return False


# -- what the records say ---------------------------------------------------------------------------------------------
@dataclass
class Ledger:
    """What can be read of one, whatever became of it."""

    kept: set[str] = field(default_factory=set)
    lines: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    closed: set[str] = field(default_factory=set)
    anew: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    @classmethod
    def read(cls, path: Path) -> Ledger:
        """From the front to the first page that cannot be read, and from the back."""
        found = cls()
        for extra, press in _rows(path, "events", "extra, kind"):
            if press == b"emergency" and (said := _json(extra)).get("press"):
                found.kept.add(str(said.get("stamp")))
        for seq, step, body, alert in _rows(path, "log", "seq, step, body, alert"):
            said = _json(body)
            if step in (b"raised", b"pressed") and said.get("stamp") and isinstance(seq, int):
                found.lines[str(said["stamp"])].add(seq)
            name = alert.decode(errors="replace") if isinstance(alert, bytes) else ""
            if step == b"closed":
                found.closed.add(name)
            found.anew[name].update(STOOD.findall(str(said.get("reason"))))
        return found


def _rows(path: Path, table: str, columns: str) -> Iterator[tuple[object, ...]]:
    for order in ("ASC", "DESC"):
        with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(path)) as store:
            store.text_factory = bytes
            yield from store.execute(f"SELECT {columns} FROM {table} ORDER BY seq {order}")
            return


def _json(body: object) -> dict[str, object]:
    with contextlib.suppress(orjson.JSONDecodeError):
        said: object = orjson.loads(body) if isinstance(body, bytes) else None
        return said if isinstance(said, dict) else {}
    return {}


def kept_and_told(path: Path) -> tuple[Counter[int], Counter[int]]:
    """Of a ledger that was never harmed: by its stamp, how often each press is in it, and how often it was told."""
    pressed = "SELECT extra ->> 'stamp' FROM events WHERE kind = 'emergency' AND extra ->> 'press' = 1"
    lines = "SELECT body ->> 'stamp' FROM log WHERE step IN ('raised', 'pressed') AND body ->> 'stamp' > ''"
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as store:
        kept = Counter(int(stamp) for (stamp,) in store.execute(pressed) if stamp is not None)
        told = Counter(int(stamp) for (stamp,) in store.execute(lines) if str(stamp).isdigit())
    return kept, told


@dataclass
class Account:
    """All of it together."""

    seen: Seen
    now: Ledger
    before: list[Ledger]

    @classmethod
    def take(cls, ledger: Path, away: Path, seen: Seen) -> Account:
        """After everything has ended: the ledger, and those of before that were brought `away`."""
        aside = [path for path in away.rglob("*") if re.search(r"(\.db|broken-[^/]*)$", path.name)]
        aside = [path for path in aside if not path.name.endswith(("-wal", "-shm"))]
        return cls(seen, Ledger.read(ledger), [Ledger.read(path) for path in aside])

    def of(self, device: str, stamp: str, pressed: Sequence[str]) -> str:
        """What became of one press, in a word; empty where it was told and is kept."""
        is_kept = any(stamp in one.kept for one in (self.now, *self.before))
        if stamp in self.now.lines or self.seen.is_heard(stamp):
            return ""
        if any(stamp in one.lines for one in self.before):
            return "told_by_old_ledgers_alone"
        if self.seen.is_in_a_count(device, stamp, pressed):
            return "told_in_a_count_alone"
        return "not_told" if is_kept else "lost"

    def is_doubled(self, stamp: str) -> bool:
        """Told twice, and one record knows of both."""
        return any(len(one.lines.get(stamp, ())) > 1 for one in (self.now, *self.before))

    def is_told_again(self, stamp: str) -> bool:
        """Told by two hubs, of which the later one had lost the record of the earlier."""
        every = self.seen.lines.get(stamp, set()).union(*(one.lines.get(stamp, ()) for one in (self.now, *self.before)))
        return len(every) > 1 and not self.is_doubled(stamp)

    def vanished(self) -> list[str]:
        """Alerts of people that were shown, and that nobody closed, shows any more, or told anew by one that has not
        vanished itself."""
        closed = self.seen.closed.union(self.now.closed, *(one.closed for one in self.before))
        was: dict[str, set[str]] = defaultdict(set)
        after: dict[str, set[str]] = defaultdict(set)
        for anew in (self.seen.anew, self.now.anew, *(one.anew for one in self.before)):
            for alert, names in anew.items():
                was[alert] |= names
                for name in names:
                    after[name].add(alert)
        there = {name for name, state in self.seen.alerts.items() if state != "cleared" or self._came_again(name)}
        there |= closed

        def leads_on(name: str) -> bool:
            found, looked = [name], set[str]()
            while found and not there & set(found):
                looked.add(one := found.pop())
                # One that was raised from memory and never kept leaves to the next hub those that it told anew.
                found += (after[one] | (was[one] if one in self.seen.unkept else set())) - looked
            return bool(found)

        return sorted(name for name in self.seen.alerts if not leads_on(name))

    def _came_again(self, name: str) -> bool:
        stamp = self.seen.unkept.get(name, "")
        return stamp in self.seen.lines or any(stamp in one.lines for one in (self.now, *self.before))
