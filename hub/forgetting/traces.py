"""Where somebody is in the ledger: how they are called there, which devices, alerts and runs of rules were theirs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from hub.called import called
from hub.errors import HandrailError
from hub.forgetting.words import Words
from hub.stays import Accepted, Line, Span, homes_of, spans_of
from rules.home import Resident

SHARED_LEVEL = "technical"
"""Alerts of this level are about devices and about the house, also where a line of theirs names somebody."""
OF_THE_HOUSE = frozenset({"staff_assist", "smoke", "gas", "co", "water_leak"})
"""What concerns everybody, wherever it was."""


class NotForgotten(HandrailError):
    """Nothing was erased, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """One person in a ledger. Devices are addresses."""

    resident: str
    known_as: tuple[str, ...]
    room: str
    homes: Sequence[Accepted]
    spans: Sequence[Span]
    own: frozenset[str]
    """Devices that were tied to them alone, or are called after them, and that nobody has now."""
    own_names: frozenset[str]
    """What these were called by us, where nothing else ever was."""
    worn: frozenset[str]
    """Devices that were tied to them, whoever has them now."""
    placed: frozenset[str]
    """Devices that the home has now."""
    alerts: frozenset[str]
    episodes: frozenset[str]
    words: Words
    named_twice: tuple[str, ...]
    """Names of theirs that are another's too: what others' lines say by it is left alone."""

    @property
    def newest(self) -> Accepted:
        """The configuration that holds now."""
        return self.homes[-1]

    def had(self, device: str, seq: int) -> bool:
        """Whether this device was theirs at this place in the sequence."""
        return device in self.own or _in_span(self.spans, device, seq)


def traces_of(store: sqlite3.Connection, name: str) -> Traces:
    """Everything that says where they are; raises `NotOneResident` where the ledger knows nobody of that name."""
    homes = homes_of(store)
    if not homes:
        raise NotForgotten("the ledger holds no configuration yet: nothing is kept of anybody")
    ever = {row["resident"]: row for *_, home in homes for row in home["residents"]}
    residents = [
        Resident(resident=one["resident"], known_as=one["known_as"], room=one["room"]) for one in ever.values()
    ]
    who = called(name, residents)
    plans = [row for *_, home in homes for row in home["residents"] if row["resident"] == who.resident]
    names = dict.fromkeys([who.known_as, *(row["known_as"] for row in plans)])
    others = set(_names_of_others(homes, who.resident))
    own = _own(store, homes, who.resident, Words([who.resident, *names], others))
    rows = [row for *_, home in homes for row in home["devices"]]
    own_names = {row["name"] for row in rows if row["device"] in own}
    own_names -= {row["name"] for row in rows if row["device"] not in own}
    spans = spans_of(store, homes, who.resident)
    said = set(_sentences(plans)) - {text for *_, home in homes for text in _sentences(_without(home, who.resident))}
    return Traces(
        resident=who.resident,
        known_as=tuple(names),
        room=who.room,
        homes=homes,
        spans=spans,
        own=own,
        own_names=frozenset(own_names),
        worn=frozenset(row["device"] for row in rows if row.get("person") == who.resident),
        placed=_placed(homes[-1][2]),
        alerts=_alerts(store, who.resident) | _alerts_in_their_room(store, spans, own),
        episodes=_episodes(store, who.resident),
        words=Words([who.resident, *names, *own, *own_names], others, said),
        named_twice=tuple(name for name in names if name in others),
    )


def _names_of_others(homes: Sequence[Accepted], resident: str) -> Iterator[str]:
    for *_, home in homes:
        for row in home["residents"]:
            if row["resident"] != resident:
                yield from (row["resident"], row["known_as"])
        for row in home["staff"]:
            yield from (row["id"], row["name"])
        for row in home["places"]:
            yield from (row["place"], row["name"])


def _own(store: sqlite3.Connection, homes: Sequence[Accepted], resident: str, words: Words) -> frozenset[str]:
    had: set[str] = set()
    another: set[str] = set()
    rooms = {row["room"] for *_, home in homes for row in home["residents"] if row["resident"] == resident}
    for *_, home in homes:
        for row in home["devices"]:
            if row.get("person") == resident:
                had.add(row["device"])
            elif row.get("person") is not None or row.get("place") not in rooms:
                another.add(row["device"])
            elif words.are_in(row["device"]) or words.are_in(row["name"]):
                had.add(row["device"])
    tables = ("devices", "known", "strangers")
    heard = [key for table in tables for (key,) in store.execute(f"SELECT key FROM {table}").fetchall()]
    heard += [device for (device,) in store.execute("SELECT DISTINCT device FROM rollups").fetchall()]
    had |= {device for device in heard if words.are_in(device)}
    return frozenset(had - another - _placed(homes[-1][2]))


def _placed(home: Line) -> frozenset[str]:
    return frozenset(row["device"] for row in home["devices"])


def _without(home: Line, resident: str) -> Line:
    return {**home, "residents": [row for row in home["residents"] if row["resident"] != resident]}


def _sentences(data: Any) -> Iterator[str]:
    """What somebody wrote, of more than a word."""
    if isinstance(data, str):
        if " " in data.strip():
            yield data
    elif isinstance(data, dict):
        for value in data.values():
            yield from _sentences(value)
    elif isinstance(data, list):
        for value in data:
            yield from _sentences(value)


def _alerts(store: sqlite3.Connection, resident: str) -> frozenset[str]:
    """Theirs by the alert, or by the log: an alert that was open when they left says their name no more."""
    mine = {key for (key,) in store.execute("SELECT key FROM alerts WHERE resident = ?", (resident,)).fetchall()}
    logged = store.execute("SELECT DISTINCT alert FROM log WHERE resident = ? AND alert IS NOT NULL", (resident,))
    for (key,) in logged.fetchall():
        row = store.execute("SELECT body FROM alerts WHERE key = ?", (key,)).fetchone()
        said = orjson.loads(row[0]) if row else {}
        if said.get("resident") is None and not said.get("missed") and said.get("level") != SHARED_LEVEL:
            mine.add(key)
    return frozenset(mine)


def _alerts_in_their_room(store: sqlite3.Connection, spans: Sequence[Span], own: frozenset[str]) -> set[str]:
    """What a cord or a sensor told that hung where they lived alone, as its events are theirs."""
    devices = own.union(*(span.theirs for span in spans))
    found = set()
    for key, body in store.execute("SELECT key, body FROM alerts WHERE resident IS NULL").fetchall():
        said = orjson.loads(body)
        if said.get("device") not in devices or said.get("missed") or said["level"] == SHARED_LEVEL:
            continue
        (seq,) = store.execute("SELECT min(seq) FROM log WHERE alert = ?", (key,)).fetchone()
        if said["device"] in own or (said["kind"] not in OF_THE_HOUSE and seq and _in_span(spans, said["device"], seq)):
            found.add(key)
    return found


def _in_span(spans: Sequence[Span], device: str, seq: int) -> bool:
    return any(span.from_seq <= seq <= span.to_seq and device in span.theirs for span in spans)


def _episodes(store: sqlite3.Connection, resident: str) -> frozenset[str]:
    runs = "SELECT key FROM episodes WHERE body ->> '$.rule.resident' = ?1"
    logged = "SELECT DISTINCT episode FROM log WHERE resident = ?1 AND episode IS NOT NULL"
    return frozenset(key for (key,) in store.execute(f"{runs} UNION {logged}", (resident,)).fetchall())
