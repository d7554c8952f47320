"""What becomes of each row of the ledger: it stays, goes, or stays without the person.

What staff did stays: which step, when, by whom, and of each alert how long it took and how it ended, without who, where
and why. What names somebody else as well stays without this name.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import orjson

from hub.forgetting.traces import Traces
from hub.forgetting.words import FORMER
from hub.ledger.rows import adapter, body_of
from hub.stays import Line, lives_alone, plan_in
from rules.effects import Did
from rules.state import Alert

Row = tuple[Any, ...]
Change = Callable[[Row], Row | None]
OF_A_ROOM = frozenset({Did.COMMANDED, Did.NOT_A_PRESS})
"""Steps that a device of theirs leaves without an alert, and that say what they did."""
BY_A_ROOM = frozenset({"ok", "answer", "choose", "company", "not_now", "call", "visit", "assist", "command"})
"""Requests from the screen of a room, which name nobody where one person lives there."""
OF_NO_USE = frozenset({"FellDue", "Dropped", "Served", "Unread", "Described"})
"""Inputs that nobody reads again once a snapshot lies behind them: one that names the person goes whole."""


class Rows:
    """The changes, table by table; `counts` says what was done."""

    def __init__(self, traces: Traces, store: sqlite3.Connection) -> None:
        """`store` has the ledger attached as `old`, and the table `temp.spans` of what was theirs."""
        self._traces = traces
        self._words = traces.words
        self._store = store
        self.counts: Counter[str] = Counter()
        self.changes: Mapping[str, Change] = {
            "inputs": self._input,
            "log": self._log,
            "configurations": self._configuration,
            "alerts": self._alert,
            "episodes": self._episode,
            "people": self._person,
            "timers": self._timer,
            "watches": self._watch,
            "outbox": self._outbox,
            "quarantine": self._quarantine,
            "raw": self._raw,
            "twins": lambda row: self._topic(row, row[2]),
            "subscriptions": lambda row: self._topic(row, row[1]),
            "snapshots": lambda row: (*row[:-2], "", b""),
            "answers": self._named,
            "shift": self._named,
            "devices": self._device,
            "known": self._device,
            "strangers": self._device,
            "walks": self._device,
        }

    # -- the past -----------------------------------------------------------------------------------------------------
    def _configuration(self, row: Row) -> Row | None:
        seq, wall_ms, body, settings = row
        if seq == self._traces.newest[0]:
            return row  # it holds now, and says what the home's files say
        home = orjson.loads(body)
        without = self._words.taken_out(orjson.dumps(self._home(home)).decode())
        self.counts["plans"] += plan_in(home, self._traces.resident) is not None
        return (seq, wall_ms, without, settings)

    def _home(self, home: Line) -> Line:
        """A configuration without them. Where two shared a room somebody still lives there, or what hung in it would
        seem to be the other's alone."""
        plan = plan_in(home, self._traces.resident)
        if plan is None:
            return home
        residents = [row for row in home["residents"] if row is not plan]
        if not lives_alone(home, plan["room"]):
            names = {row["resident"] for row in residents}
            name = next(one for one in _numbered("former-resident") if one not in names)
            residents.append({"resident": name, "known_as": FORMER, "room": plan["room"], "rules": []})
        devices = []
        for row in home["devices"]:
            if row["device"] in self._traces.own:
                continue
            if row.get("person") == plan["resident"]:
                row = {**row, "person": None, "place": row.get("place") or plan["room"]}  # noqa: PLW2901
            devices.append(row)
        return {**home, "residents": residents, "devices": devices}

    def _input(self, row: Row) -> Row | None:
        seq, *when, what, body = row
        if what == "Configured":
            return self._configured(row)
        if what == "Tried" and self._words.are_in(body):
            said = orjson.loads(body)
            said["reports"] = [one for one in said["reports"] if one["resident"] != self._traces.resident]
            body = orjson.dumps(said).decode()
        if what == "Asked" and self._is_theirs(orjson.loads(body), seq):
            return self._gone("requests")
        if what in OF_NO_USE and self._words.are_in(body):
            return self._gone("other inputs")
        return (seq, *when, what, self.without(body))

    def _configured(self, row: Row) -> Row:
        seq, wall_ms, elapsed_ms, what, body = row
        given = orjson.loads(body)
        if seq != self._traces.newest[0]:
            given["home"] = orjson.loads(self._words.taken_out(orjson.dumps(self._home(given["home"])).decode()))
        given["refused"] = [self._words.taken_out(one) for one in given.get("refused", ())]
        return (seq, wall_ms, elapsed_ms, what, orjson.dumps(given).decode())

    def _is_theirs(self, asked: Line, seq: int) -> bool:
        traces = self._traces
        if asked.get("resident"):
            return bool(asked["resident"] == traces.resident)
        if asked.get("alert") in traces.alerts or asked.get("episode") in traces.episodes:
            return True
        if asked.get("device") and traces.had(asked["device"], seq) and not asked.get("by"):
            return True
        return asked["do"] in BY_A_ROOM and self._lived_alone_in(asked.get("room", ""), seq) and not asked.get("by")

    def _lived_alone_in(self, room: str, seq: int) -> bool:
        return any(
            span.from_seq <= seq <= span.to_seq
            and span.plan is not None
            and span.plan["room"] == room
            and lives_alone(home, room)
            for span, (*_, home) in zip(self._traces.spans, self._traces.homes, strict=True)
        )

    def _log(self, row: Row) -> Row | None:
        seq, wall_ms, cause, step, urgent, alert, episode, resident, body = row
        traces, said = self._traces, None
        theirs = resident == traces.resident or alert in traces.alerts or episode in traces.episodes
        if not theirs and step in OF_A_ROOM and alert is None:
            said = orjson.loads(body)
            theirs = traces.had(said.get("device", ""), seq)
        if not theirs:
            return (seq, wall_ms, cause, step, urgent, alert, episode, resident, self.without(body))
        said = said or orjson.loads(body)
        if not self._is_staff(said.get("by")):
            return self._gone("lines of the log")
        kept = alert if alert in traces.alerts else None
        short = {"seq": said["seq"], "at": said["at"], "step": step, "reason": f"about {FORMER}"}
        short |= {"alert": kept} if kept else {}
        short["by"] = said["by"]
        self.counts["kept: steps of staff"] += 1
        return (seq, wall_ms, cause, step, urgent, kept, None, None, orjson.dumps(short).decode())

    def _is_staff(self, by: str | None) -> bool:
        """A name typed at sign-on is one of staff too; a room's screen is none."""
        return bool(by) and not str(by).startswith("room-") and not self._words.are_in(str(by))

    # -- what the machine knows ---------------------------------------------------------------------------------------
    def _alert(self, row: Row) -> Row:
        key, body = row
        if key in self._traces.alerts:
            self.counts["kept: alerts without who, where and why"] += 1
            return (key, body_of(_bare(adapter(Alert).validate_json(body))))  # type: ignore[arg-type]
        said = orjson.loads(body)
        mine = [one for one in said.get("missed", ()) if one["resident"] == self._traces.resident]
        if mine:
            self.counts["missed presses in alerts of several"] += len(mine)
            nobody = {"resident": None, "device": "", "place": None, "kind": "other"}
            said["missed"] = [{**one, **nobody} if one in mine else one for one in said["missed"]]
            body = orjson.dumps(said).decode()
        return (key, self.without(body))

    def _episode(self, row: Row) -> Row | None:
        if row[0] in self._traces.episodes:
            return self._gone("runs of rules")
        return self._said(row)

    def _person(self, row: Row) -> Row | None:
        return self._said(row) if row[0] != self._traces.resident else self._went()

    def _timer(self, row: Row) -> Row | None:
        _, _, ref = row[0].partition("/")
        return self._went() if self._is_of_theirs(ref) else row

    def _watch(self, row: Row) -> Row | None:
        said = orjson.loads(row[1])
        named = (row[0], said.get("by", ""), row[0].partition("/")[2])
        return self._went() if any(self._is_of_theirs(one) for one in named) else row

    def _is_of_theirs(self, ref: str) -> bool:
        return ref.split("/", 1)[0] == self._traces.resident or any(ref.startswith(one) for one in self._traces.own)

    def _device(self, row: Row) -> Row | None:
        key, body = row
        if key in self._traces.placed or not (key in self._traces.own or self._words.are_in(body)):
            return row
        return self._went()

    def _named(self, row: Row) -> Row | None:
        return self._went() if self._words.are_in(row[0]) else self._said(row)

    def _said(self, row: Row) -> Row:
        return (row[0], self.without(row[1]))

    # -- on its way, and bytes ----------------------------------------------------------------------------------------
    def _outbox(self, row: Row) -> Row | None:
        key, seq, urgent, body = row
        told = key.split("/")
        late = told[0] == "tell" and told[1] in self._traces.alerts
        if late or self._words.are_in(key) or (told[0] in ("do", "ask") and self._words.are_in(body)):
            return self._gone("messages on their way")
        return (key, seq, urgent, self.without(body))

    def _quarantine(self, row: Row) -> Row | None:
        seq, _, topic, payload, reason = row
        theirs = self._heard_on(topic, seq) or self._words.are_in(reason) or self._words.are_in_bytes(payload)
        return self._gone("messages that nobody could read") if theirs else row

    def _raw(self, row: Row) -> Row | None:
        seq, topic, payload = row
        found = self._store.execute("SELECT device FROM old.events WHERE seq = ?", (seq,)).fetchone()
        theirs = (found is not None and self._traces.had(found[0], seq)) or self._heard_on(topic, seq)
        return self._gone("bytes behind emergencies") if theirs or self._words.are_in_bytes(payload) else row

    def _topic(self, row: Row, topic: str) -> Row | None:
        return self._went() if self._words.are_in(topic) else row

    def _heard_on(self, topic: str, seq: int) -> bool:
        if self._words.are_in(topic):
            return True
        now = [span for span in self._traces.spans if span.from_seq <= seq <= span.to_seq]
        theirs = {device.partition("#")[0] for span in now for device in span.theirs}
        return any(topic == device or topic.startswith(f"{device}/") for device in theirs)

    def _gone(self, what: str) -> Row | None:
        self.counts[what] += 1
        return None

    def _went(self) -> Row | None:
        return self._gone("other rows")

    @property
    def resident(self) -> str:
        """Who it is."""
        return self._traces.resident

    @property
    def names(self) -> list[str]:
        """What they were called."""
        return self._words.names

    def without(self, text: str) -> str:
        """A text of others without the person."""
        without = self._words.taken_out(text)
        self.counts["kept: texts about others, without the name"] += without != text
        return without


def _numbered(name: str) -> Any:
    yield name
    number = 2
    while True:
        yield f"{name}-{number}"
        number += 1


def _bare(alert: Alert) -> Alert:
    """When it was, how urgent, who of staff did what and how it ended: nothing of who called, where and what for."""
    return replace(
        alert,
        kind="other",
        reason=f"about {FORMER}",
        cause="",
        resident=None,
        place=None,
        room=None,
        zone=None,
        device=None,
        stamp=None,
        near=None,
        near_wall_ms=None,
        unproved_reason=None if alert.unproved_reason is None else f"about {FORMER}",
        promise=None,
        word=None,
        also=(),
        missed=(),
        episode=None,
        test=None,
    )
