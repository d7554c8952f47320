"""When somebody may not be forgotten yet: they live here, or something of theirs has not come to its end."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import orjson

from hub.forgetting.traces import NotForgotten, Traces
from rules.home import Home


def refusal(folder: Path, files: Home | None, by: str) -> Callable[[sqlite3.Connection, Traces], None]:
    """A check that raises `NotForgotten` in one sentence; `files` is the home as its files say it now."""

    def refuse(store: sqlite3.Connection, traces: Traces) -> None:
        for reason in (
            _lives_here(folder, traces, files),
            _is_named_now(traces),
            _has_open(store, traces),
            _is_not_staff(traces, by),
        ):
            if reason:
                raise NotForgotten(f"nothing was erased: {reason}")

    return refuse


def why_not(folder: Path, files: Home | None, store: sqlite3.Connection, traces: Traces) -> str:
    """The first reason why it cannot be done now; empty where it can."""
    return _lives_here(folder, traces, files) or _is_named_now(traces) or _has_open(store, traces)


def _lives_here(folder: Path, traces: Traces, files: Home | None) -> str:
    who = traces.resident
    first = f"handrail has-left {folder} {who}, or has-died"
    if files is not None and any(row.resident == who for row in files.residents):
        return f"{who} lives here by the home's files: first {first}, and let the hub read it"
    if any(row["resident"] == who for row in traces.newest[2]["residents"]):
        return f"{who} lives here by what the hub accepted last: first {first}, and run the hub until it has read it"
    return ""


def _is_named_now(traces: Traces) -> str:
    """One that they wore, is called after them and is used on would bring the name back with its next message."""
    for row in traces.newest[2]["devices"]:
        for said in (row["name"], row["device"]):
            if row["device"] in traces.worn and traces.words.are_in(said):
                return (
                    f'devices.yaml has a device called "{said}": give it another name there and in its gateway, or take'
                    " it out, and run the hub until it has read it"
                )
    return ""


def _has_open(store: sqlite3.Connection, traces: Traces) -> str:
    for key, body in store.execute("SELECT key, body FROM alerts WHERE state <> 'closed'").fetchall():
        said = orjson.loads(body)
        missed = any(
            row["resident"] == traces.resident and row["answered_by"] is None for row in said.get("missed", ())
        )
        if key in traces.alerts or said.get("resident") == traces.resident or missed:
            return f"alert {key} of theirs is open: answer it and close it at the board"
    running = "SELECT key FROM episodes WHERE state = 'helping' AND body ->> '$.rule.resident' = ?"
    if store.execute(running, (traces.resident,)).fetchone() is not None:
        return "a rule of theirs still runs: run the hub until it has ended"
    return ""


def _is_not_staff(traces: Traces, by: str) -> str:
    known = [row["id"] for row in traces.newest[2]["staff"]]
    if by in known:
        return ""
    return f"say who erases, for the record: --by and one of {', '.join(known)}"
