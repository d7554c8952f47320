"""The commands about residents and their plans, with their words; each does its work in a file of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

Home = Annotated[Path, typer.Argument(help="The folder of the home, as `handrail new` writes it.", show_default=False)]
Name = Annotated[str, typer.Argument(help="The resident's short name, as in residents/NAME.yaml.", show_default=False)]
Whom = Annotated[
    str, typer.Argument(help="The resident's short name, or what they like to be called.", show_default=False)
]
Room = Annotated[str, typer.Option(help="The place that is theirs.", show_default=False)]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def arrives(
    home: Home,
    name: Name,
    room: Room,
    known_as: Annotated[str, typer.Option(help="What they like to be called; unset, the name.")] = "",
    respite_until: Annotated[str | None, typer.Option(help="The last day of a stay, as in 2026-12-05.")] = None,
) -> int:
    """Let somebody move in.

    Calls alone at first: nothing is sensed and nothing waits. Says what comes next.
    """
    from hub.commands.residents import arrives as begin

    return begin(home, name, room=room, known_as=known_as, until=respite_until)


def moves(home: Home, name: Whom, room: Room) -> int:
    """Let somebody move to another room.

    Devices of the person go along, devices of the room stay.
    """
    from hub.commands.residents import moves as go

    return go(home, name, room=room)


def has_left(home: Home, name: Whom, yes: Yes = False) -> int:
    """End the plan of somebody who left.

    Nothing says the name any more; call points stay live.
    """
    from hub.commands.residents import has_gone

    return has_gone(home, name, how="left", yes=yes)


def has_died(home: Home, name: Whom, yes: Yes = False) -> int:
    """End the plan of somebody who died.

    Nothing says the name any more; call points stay live.
    """
    from hub.commands.residents import has_gone

    return has_gone(home, name, how="died", yes=yes)


def explain(
    home: Home, resident: Annotated[str, typer.Option(help="Whose plan: the name of its file, or of the resident.")]
) -> int:
    """Say a resident's plan in plain English.

    For the resident, the family and the file: what it does, who agreed, and lines to sign on.
    """
    from hub.commands.plan_texts import explain_plan

    return explain_plan(home, resident=resident)


def week(
    home: Home,
    resident: Annotated[str, typer.Option(help="Whose week: the name of the plan's file, or of the resident.")],
    first: Annotated[str | None, typer.Option("--from", help="A day of that week; unset, today.")] = None,
) -> int:
    """Print a resident's week, and the page for the review.

    Activities and reminders by day; then goals, how help went, and what was agreed.
    """
    from hub.commands.plan_texts import print_week

    return print_week(home, resident=resident, first=first)


def invited(home: Home) -> int:
    """Say who was asked to what takes place today.

    With what they answered: for whoever keeps a place.
    """
    from hub.commands.plan_texts import print_invited

    return print_invited(home)


def export(
    home: Home,
    resident: Annotated[str, typer.Option(help="Whose: the short name, or what they like to be called.")],
) -> int:
    """Hand over what is kept of a resident.

    JSON lines: plans, events of their devices, imported ones too, alerts, runs of rules, the log.
    """
    from hub.commands.exporting import export_resident

    return export_resident(home, resident=resident)


def forget(
    home: Home,
    resident: Annotated[str, typer.Option(help="Who: the short name, or what they liked to be called.")],
    by: Annotated[str, typer.Option(help="Who erases, for the record: an id of staff.yaml.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Erase, and do not ask.")] = False,
) -> int:
    """Erase what is kept of somebody who left or died.

    Without `--yes` it shows what would go, also while the hub runs, and asks for the name at a terminal. To erase, stop
    the hub first. What staff did stays, without who, where and why.
    """
    from hub.commands.forgetting import forget_resident

    return forget_resident(home, resident=resident, by=by, yes=yes)


def backup(home: Home, file: Annotated[Path, typer.Argument(help="Where the copy goes; not there yet.")]) -> int:
    """Copy the ledger while the hub runs.

    Whole and sound, or not there. To put it back: stop the hub, lay it in place of `ledger.db`, remove `ledger.db-wal`
    and `ledger.db-shm` beside it, start the hub.
    """
    from hub.commands.backing_up import back_up

    return back_up(home, file)


def import_events(
    home: Home,
    file: Annotated[Path, typer.Argument(help="CSV with the columns ts, device, kind, value.", show_default=False)],
) -> int:
    """Keep a recorded log for replay.

    Its events never reach the live machine. The same file again adds nothing.
    """
    from hub.commands.importing import import_file

    return import_file(home, file)


def replay(
    home: Home,
    plans: Annotated[
        Path | None, typer.Option(help="A folder of plans to try; unset, the home's own as they are written now.")
    ] = None,
    start: Annotated[str | None, typer.Option("--from", help="The first day or moment, 2026-03-02.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Where it ends; that moment is no part of it.")] = None,
    events: Annotated[
        Path | None, typer.Option(help="A file instead of the ledger: CSV, or JSON lines of `simulate`.")
    ] = None,
    resident: Annotated[str | None, typer.Option(help="One resident alone; unset, all whose plans differ.")] = None,
    at_once: Annotated[bool, typer.Option("--at-once", help="Compare with telling staff at once.")] = False,
    planted: Annotated[
        bool, typer.Option("--planted/--no-planted", help="Plant calls at every minute, to show none is delayed.")
    ] = True,
    nights: Annotated[bool, typer.Option("--nights", help="List what was heard in each night that differs.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as one JSON object.")] = False,
    html: Annotated[Path | None, typer.Option(help="Write the answer as one page into this file.")] = None,
) -> int:
    """Try plans on the past.

    What staff would have been told, between two bounds. Exit 1 where a call would have been delayed.
    """
    from hub.commands.replaying import replay_home

    return replay_home(
        home,
        plans=plans,
        period=(start, end),
        events=events,
        resident=resident,
        options=(at_once, planted),
        as_json=as_json,
        html=html,
        nights=nights,
    )


def shadow(
    home: Home,
    start: Annotated[str | None, typer.Option("--from", help="Where it begins; unset, at the last report.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Where it ends; unset, now.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as one JSON object.")] = False,
    morning_of: Annotated[str | None, typer.Option(hidden=True, help="Of one resident: the hub's own report.")] = None,
) -> int:
    """Say what plans on trial would have done.

    Plans on trial are residents/NAME.shadow.yaml. The hub says the same every morning of the time since the one before.
    """
    from hub.commands.shadowing import try_shadows

    return try_shadows(home, start=start, end=end, as_json=as_json, resident=morning_of)


COMMANDS: dict[str, Callable[..., int]] = {
    "arrives": arrives,
    "moves": moves,
    "has-left": has_left,
    "has-died": has_died,
    "explain": explain,
    "week": week,
    "invited": invited,
    "export": export,
    "forget": forget,
    "backup": backup,
    "import": import_events,
    "replay": replay,
    "shadow": shadow,
}
"""What each command is called."""
