"""`handrail replay`: what would have happened, told for a manager, for a program, or as a page."""

from __future__ import annotations

import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson

from hub.commands.progress import progress
from hub.config.read import read_home
from hub.errors import HandrailError
from hub.homes import LEDGER, named
from hub.priority import COMMANDS, give_way
from hub.replay.page import page_of
from hub.replay.recorded import FileRefused, when
from hub.replay.replaying import Period, Question, newest_accepted, over_file, over_ledger, question
from hub.replay.trial import read_with_plans
from rules.replay.past import Answer
from rules.replay.words import text_of


class NoSuchTime(HandrailError):
    """An end of the period cannot be understood."""


def replay_home(
    folder: Path,
    *,
    plans: Path | None,
    period: tuple[str | None, str | None],
    events: Path | None,
    resident: str | None,
    options: tuple[bool, bool],
    as_json: bool,
    html: Path | None,
    nights: bool = False,
) -> int:
    """Answer; 1 where an emergency or call would have been delayed. `options`: at once, planted."""
    give_way(COMMANDS)
    asked, answer = answered(folder, plans=plans, period=period, events=events, resident=resident, options=options)
    if html is not None:
        html.write_text(page_of(asked.new, answer, asked.old_is), encoding="utf-8")
        sys.stderr.write(f"handrail: the page is {html}\n")
    if as_json:
        sys.stdout.buffer.write(json_of(asked, answer))
    elif html is None:
        sys.stdout.write(text_of(asked.new, answer, asked.old_is, nights=nights))
    return 1 if is_delayed(answer) else 0


def answered(
    folder: Path,
    *,
    plans: Path | None = None,
    period: tuple[str | None, str | None] = (None, None),
    events: Path | None = None,
    resident: str | None = None,
    options: tuple[bool, bool] = (False, True),
) -> tuple[Question, Answer]:
    """The question as the words of the command put it, and its answer."""
    with named(folder):
        reading = read_home(folder)
    home = reading.home
    tried = read_with_plans(folder, plans).home if plans is not None else None
    ledger = reading.settings.data / LEDGER
    at_once, planted = options
    asked = question(
        accepted=newest_accepted(ledger),
        files=home,
        tried=tried,
        at_once=at_once,
        resident=resident,
        planted=planted,
    )
    ends = Period(from_ms=moment_of(period[0], home.timezone), to_ms=moment_of(period[1], home.timezone))
    try:
        with progress("replaying") as tell:
            return asked, (
                over_ledger(asked, ledger, ends, tell) if events is None else over_file(asked, events, ends, tell)
            )
    except FileRefused as refused:
        for problem in refused.problems[:-1]:
            sys.stderr.write(f"handrail: {problem}\n")
        raise HandrailError(str(refused.problems[-1])) from None


def is_delayed(answer: Answer) -> bool:
    """Whether any emergency or call, recorded or planted, would not have been told at once."""
    return bool(answer.delayed or (answer.planted is not None and answer.planted.late))


def json_of(asked: Question, answer: Answer) -> bytes:
    """The answer for a program; the same past and plans give the same bytes."""
    made = {"old": asked.old_is, "home": asked.new.slug, "timezone": asked.new.timezone, "answer": answer}
    return orjson.dumps(made, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"


def moment_of(written: str | None, timezone: str) -> int | None:
    """A day or time of the home, or an RFC 3339 time, as Unix milliseconds."""
    if written is None:
        return None
    local: datetime | None = None
    with suppress(ValueError):
        # A number is no date, though `fromisoformat` takes some for one.
        local = None if written.isdigit() else datetime.fromisoformat(written)
    if local is not None and local.tzinfo is None:
        return int(local.replace(tzinfo=ZoneInfo(timezone)).timestamp() * 1000)
    moment_ms = when(written)
    if isinstance(moment_ms, str):
        raise NoSuchTime(f"{moment_ms}: expected a day as in 2026-03-02, or a time as in 2026-03-02T03:12")
    return moment_ms
