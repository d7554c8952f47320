"""How records become rows and rows records again: nothing is lost on the way, so that the past can be folded."""

from __future__ import annotations

from dataclasses import fields
from functools import cache

import orjson
from pydantic import TypeAdapter

from devices.events import TWO_WORDS, UNITS, Event, Kind, Value
from rules.home import Rule
from rules.inputs import (
    Asked,
    ClockStepped,
    ConfigurationRefused,
    Configured,
    Delivered,
    Described,
    Dropped,
    Faulted,
    FellDue,
    Heard,
    Input,
    Linked,
    Now,
    Remembered,
    Served,
    SetAside,
    Started,
    Tried,
    Unread,
)
from rules.state import Episode

EventRow = tuple[int, int, int, str, str, str | int | float | None, str | None]
InputRow = tuple[int, int, int, str, str]
OWN_FAULT = "our own fault: "
"""The reason of a message in quarantine that a bug of ours could not bear begins with this."""
OWN_WORK = "our own fault in the hub's own work: "
"""And that of an input of the hub's own, which was set aside in the same commit."""

NOT_TRUE_OR_FALSE = frozenset({*TWO_WORDS, *UNITS, Kind.BUTTON, Kind.OTHER})
"""Kinds whose 1 and 0 are numbers; in all others they mean true and false."""

_EPISODE = tuple(field.name for field in fields(Episode))

OTHER_INPUTS: dict[str, type] = {
    kind.__name__: kind
    for kind in (
        FellDue,
        Asked,
        Delivered,
        Configured,
        ConfigurationRefused,
        Started,
        Linked,
        ClockStepped,
        Unread,
        Faulted,
        Dropped,
        Served,
        Remembered,
        Described,
        Tried,
        SetAside,
    )
}


@cache
def adapter(kind: type) -> TypeAdapter[object]:
    """The reader and writer of one record type."""
    return TypeAdapter(kind)


_RULES: dict[int, tuple[Rule, orjson.Fragment]] = {}
RULES_KEPT = 512


def body_of(row: object) -> str:
    """A record, or plain data, as the JSON that the ledger keeps."""
    if type(row) is Episode:
        # An episode carries its whole rule, which is written with every step of every run and never changes.
        said: dict[str, object] = {name: getattr(row, name) for name in _EPISODE}
        said["rule"] = _json_of(row.rule)
        return orjson.dumps(said).decode()
    return orjson.dumps(row).decode()


def _json_of(rule: Rule) -> orjson.Fragment:
    """A rule's JSON, made once; the memo holds the rule, so that its id is nobody else's."""
    kept = _RULES.get(id(rule))
    if kept is None:
        if len(_RULES) >= RULES_KEPT:
            _RULES.clear()
        kept = _RULES[id(rule)] = (rule, orjson.Fragment(orjson.dumps(rule)))
    return kept[1]


def event_row(seq: int, now: Now, given: Heard) -> EventRow:
    """A heard event as the row of `events`; what most events do not have goes into `extra`."""
    event = given.event
    value = event.value
    extra: dict[str, object] = {}
    if value is True or value is False:
        if event.kind in NOT_TRUE_OR_FALSE:
            extra["bool"] = 1
        value = int(value)
    if event.unit is not None:
        extra["unit"] = event.unit
    if event.field is not None:
        extra["field"] = event.field
    if event.press:
        extra["press"] = 1
    if event.stamp is not None:
        extra["stamp"] = event.stamp
    if event.at_ms is not None:
        extra["at_ms"] = event.at_ms
    if event.press_id is not None:
        extra["press_id"] = event.press_id
    if event.repeat_window_ms:
        extra["repeat_window_ms"] = event.repeat_window_ms
    if given.retained:
        extra["retained"] = 1
    if given.can_call:
        extra["can_call"] = 1
    more = orjson.dumps(extra).decode() if extra else None
    return (seq, now.wall_ms, now.elapsed_ms, event.device, str(event.kind), value, more)


def event_of(device: str, kind: str, value: str | int | float | None, extra: str | None) -> Heard:
    """The heard event of a row."""
    more: dict[str, object] = orjson.loads(extra) if extra else {}
    known = Kind(kind)
    said: Value = value
    if isinstance(value, int) and (more.get("bool") or known not in NOT_TRUE_OR_FALSE):
        said = bool(value)
    at_ms, window = more.get("at_ms"), more.get("repeat_window_ms", 0)
    return Heard(
        event=Event(
            device=device,
            kind=known,
            value=said,
            unit=_text(more.get("unit")),
            field=_text(more.get("field")),
            press=bool(more.get("press")),
            stamp=_text(more.get("stamp")),
            at_ms=at_ms if isinstance(at_ms, int) else None,
            press_id=_text(more.get("press_id")),
            repeat_window_ms=window if isinstance(window, int) else 0,
        ),
        retained=bool(more.get("retained")),
        can_call=bool(more.get("can_call")),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def input_row(seq: int, now: Now, given: Input) -> InputRow:
    """Any other input as the row of `inputs`."""
    what = type(given).__name__
    return (seq, now.wall_ms, now.elapsed_ms, what, adapter(OTHER_INPUTS[what]).dump_json(given).decode())


def input_of(what: str, body: str) -> Input:
    """The input of a row of `inputs`."""
    return adapter(OTHER_INPUTS[what]).validate_json(body)  # type: ignore[return-value]
