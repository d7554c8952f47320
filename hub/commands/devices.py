"""`handrail devices`: what hangs in the house, what nobody has placed, who is without a device; and placing one."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import orjson

from devices.registry import CALLS, Placed, Purpose
from hub.clock import SystemClock
from hub.config.place import NotPlaced, Placing, Wanted, place_device
from hub.config.problems import nearest
from hub.homes import named
from hub.roster import roster_of
from rules.hearing.protection import Blind, may_be_silent_s
from rules.hearing.walks import TESTABLE
from rules.placing import as_line, line_for, notes_of, why_blind
from rules.roster import Roster, Row
from rules.setting import Setting
from rules.turn import plainly

QOS: dict[str, str] = {
    "zigbee2mqtt": "in Zigbee2MQTT's configuration.yaml set device_options: {qos: 1}; it publishes at QoS 0 otherwise",
    "rtl_433": 'start rtl_433 with -F "mqtt://host:1883,retain=0,qos=1"; it publishes at QoS 0 otherwise',
    "shelly_gen1": "in the Shelly's MQTT settings set Max QoS 1; it publishes at QoS 0 otherwise",
    "tasmota": (
        "a Tasmota publishes at QoS 0 alone, and nothing in it changes that: between it and the broker a press is sent "
        "once. What can be set: the home's mosquitto.conf keeps it for a hub that is away; SetOption73 1 lets a button "
        "call, SetOption114 1 a switch"
    ),
    "lorawan_tts": (
        "The Things Stack speaks QoS 0 alone: bridge it to the home's broker (topic v3/# both 0), which keeps a press "
        "for a hub that is away"
    ),
    "lorawan_chirpstack": "in ChirpStack's [integration.mqtt] set qos=1; it publishes at QoS 0 otherwise",
    "frigate": "in Frigate's configuration set mqtt: {qos: 1}; it publishes at QoS 0 otherwise",
}
"""Which gateway setting to change, or that there is none to change."""
ANY_QOS = "let its gateway publish at QoS 1; at QoS 0 a press is sent once and never again (README, The gateways)"
SWITCHED = frozenset({Purpose.LIGHT, Purpose.SWITCH, Purpose.COVER, Purpose.LOCK, Purpose.THERMOSTAT})
"""What has buttons on the page of its room."""
Table = tuple[Sequence[str], list[Sequence[str]]]
"""The heads of the columns, and the rows."""


def devices_of(
    folder: Path,
    *,
    do: str | None,
    device: str | None,
    said_as: str | None,
    where: tuple[str | None, str | None, str | None],
    unheard: bool,
    lists: tuple[bool, bool],
    as_json: bool,
) -> int:
    """What the command line asked for: `where` is room, person and name, `lists` is all of them and who is blind."""
    room, person, name = where
    if do is None:
        if device or said_as or room or person or name or unheard:
            raise NotPlaced("to place a device: handrail devices HOME place DEVICE --room 012 --as pendant")
        return show_devices(folder, every=lists[0], blind=lists[1], as_json=as_json)
    if do != "place":
        raise NotPlaced(f'"{do}" is nothing that can be done with a device: expected place')
    if not device or not said_as:
        raise NotPlaced("say which device, and what it is for: place DEVICE --room 012 --as pendant")
    wanted = Wanted(address=device, said_as=said_as, room=room, person=person, name=name)
    return place(folder, wanted, unheard=unheard, as_json=as_json)


def show_devices(folder: Path, *, every: bool, blind: bool, as_json: bool) -> int:
    """List; with `blind`, 1 where somebody is without a working device."""
    roster = roster_of(folder)
    now_ms = SystemClock().wall_ms()
    if as_json:
        sys.stdout.write(orjson.dumps(_as_json(roster, now_ms, blind=blind)).decode() + "\n")
        return 1 if blind and roster.blind else 0
    if roster.note:
        sys.stderr.write(f"handrail: {roster.note}\n")
    if blind:
        _show_blind(roster, now_ms)
        return 1 if roster.blind else 0
    _show(roster, now_ms, every=every, folder=folder)
    return 0


def place(folder: Path, wanted: Wanted, *, unheard: bool, as_json: bool) -> int:
    """Place a device and say what comes next."""
    roster = roster_of(folder)
    address = _meant(roster, wanted.address, unheard=unheard)
    whole = address.partition("#")[0]
    rows = (*roster.strangers, *roster.gateways, *(roster.placed if whole != address else ()))
    row = next((one for one in rows if one.address == whole), Row(address=address))
    wanted = replace(wanted, address=address, unheard=unheard)
    with named(folder):
        made = place_device(folder, wanted, row.description)
    if as_json:
        said = {"ok": True, "file": "devices.yaml", "line": made.line, "device": made.row}
        sys.stdout.write(orjson.dumps(said).decode() + "\n")
        return 0
    sys.stdout.writelines(f"{line}\n" for line in _said(made, row))
    return 0


def _meant(roster: Roster, said: str, *, unheard: bool) -> str:
    """The address of the device somebody named, by its address or by what its gateway calls it."""
    rows = [*roster.strangers, *roster.gateways, *roster.placed]
    if unheard or any(row.address == said.partition("#")[0] for row in rows):
        return said
    called = [row.address for row in rows if said.casefold() in _names(row)]
    if len(called) == 1:
        return called[0]
    if called:
        raise NotPlaced(f'"{said}" may be {" or ".join(sorted(called))}: say the whole address')
    meant = nearest(said, [row.address for row in rows])
    hint = f'did you mean "{meant}"? ' if meant else ""
    raise NotPlaced(f'nothing was ever heard of "{said}"; {hint}--unheard places it all the same')


def _names(row: Row) -> set[str]:
    own = {row.description.name.casefold()} if row.description else set()
    return own | {row.address.partition("/")[2].casefold()}


def _said(made: Placing, row: Row) -> Iterable[str]:
    home = Setting(made.reading.home)
    placed = home.placed(made.row["address"])
    if placed is None:  # read back a moment ago
        raise NotPlaced("it was written and is not there")
    whose = home.name_of(placed.person) if placed.person else ""
    where = home.place_name(placed.place) if placed.place else ""
    yield f"devices.yaml:{made.line}: {as_line(made.row)}"
    belongs = ", in ".join(filter(None, (whose, where)))
    yield f"  it is:   for {placed.purpose.replace('_', ' ')}{', of ' if belongs else ''}{belongs}"
    silent_s = may_be_silent_s(placed, row.status)
    yield f"  watched: its silence is told after {plainly(silent_s * 1000)}" if silent_s else "  watched: no"
    if row.description is not None and row.description.can_call and placed.purpose not in CALLS:
        yield "  it looks like something people call with; placed so, a plain press of it rings nobody (warning)"
    if row.description is not None and row.description.unclear:
        yield f"  unclear: {row.description.unclear}"
    if row.stranger is not None and row.stranger.not_ours:
        yield "  it was marked not ours; placed, it tells like any other"
    yield f"  gateway: {QOS.get(row.ecosystem, ANY_QOS)}"
    yield from (f"  {problem} (warning)" for problem in made.warnings)
    yield f"  next:    a hub that runs reads it by itself; then {_tried_by(made.reading.settings.folder, placed)}"


def _tried_by(folder: Path, placed: Placed) -> str:
    """How somebody sees that it works: what a resident calls with is walk-tested, all else is set off."""
    if placed.purpose in TESTABLE:
        where = shlex.quote(str(folder))
        return f"test it there by day: handrail walk {where} --device {shlex.quote(placed.name)} --by WHO"
    if placed.purpose in SWITCHED:
        return "switch it from the page Lights and doors of the board"
    return "set it off once by day, and see what the board shows"


# -- lists --------------------------------------------------------------------------------------------------------


def _show(roster: Roster, now_ms: int, *, every: bool, folder: Path) -> None:
    setting = Setting(roster.home)
    _line(f"{roster.home.name}: {len(roster.placed)} placed, {len(roster.strangers)} not placed{_age(roster, now_ms)}")
    if roster.strangers:
        _line("")
        _line("Not placed:")
        _table(_strangers(roster, now_ms))
        _line("")
        _line("To place them, in devices.yaml (or: handrail devices " + f"{folder} place DEVICE --room … --as …):")
        for row in roster.strangers:
            _line(f"  {line_for(roster.home, row)}")
    if every:
        _line("")
        _line("Placed:")
        _table(_placed(roster, setting, now_ms))
        if roster.gateways:
            _line("")
            _line("Gateways:")
            heads = ("gateway", "is", "heard")
            _table((heads, [(g.address, _availability(g), _ago(g.heard_ms, now_ms)) for g in roster.gateways]))
    else:
        wrong = [row for row in roster.placed if row.faults or row.doubt]
        if wrong:
            _line("")
            _line("Something is wrong with:")
            _table(_placed(roster, setting, now_ms, wrong))


def _strangers(roster: Roster, now_ms: int) -> Table:
    rows: list[Sequence[str]] = []
    for row in roster.strangers:
        about = row.description
        model = " ".join(filter(None, (about.vendor, about.model))) if about else ""
        rows.append(
            (
                row.address,
                ", ".join(row.kinds[:4]),
                model,
                about.text if about else "",
                row.ecosystem,
                _ago(row.heard_ms, now_ms),
                row.battery,
                "; ".join(notes_of(roster.home, row)),
            )
        )
    return ("device", "reports", "model", "says of itself", "ecosystem", "heard", "battery", ""), rows


def _placed(roster: Roster, setting: Setting, now_ms: int, rows: Sequence[Row] | None = None) -> Table:
    found: list[Sequence[str]] = []
    for row in roster.placed if rows is None else rows:
        if row.placed is not None:
            whose = setting.name_of(row.placed.person) if row.placed.person else ""
            where = setting.place_name(row.placed.place) if row.placed.place else ""
            ago = _ago(row.heard_ms, now_ms)
            found.append((row.placed.name, row.placed.purpose.value, whose, where, ago, row.battery, _wrong(row)))
    return ("device", "for", "of", "in", "heard", "battery", "wrong"), found


def _wrong(row: Row) -> str:
    return ", ".join((*row.faults, *([f"unclear: {row.doubt}"] if row.doubt else ())))


def _show_blind(roster: Roster, now_ms: int) -> None:
    setting = Setting(roster.home)
    if not roster.blind:
        _line(f"{roster.home.name}: everybody has a working device to call with{_age(roster, now_ms)}")
        return
    _line(f"{roster.home.name}: {len(roster.blind)} without a working device to call with{_age(roster, now_ms)}")
    heads = ("who", "room", "why")
    _table((heads, [(one.name, _room(setting, one), why_blind(one)) for one in roster.blind]))


def _room(setting: Setting, one: Blind) -> str:
    return setting.place_name(setting.room_of(one.resident)) if one.resident else ""


# -- words --------------------------------------------------------------------------------------------------------


def _age(roster: Roster, now_ms: int) -> str:
    if not roster.as_of_ms:
        return ""
    local = datetime.fromtimestamp(roster.as_of_ms / 1000, UTC).astimezone(Setting(roster.home).timezone)
    return f", as of {local:%Y-%m-%d %H:%M:%S} ({plainly(now_ms - roster.as_of_ms)} ago)"


def _ago(heard_ms: int, now_ms: int) -> str:
    return f"{plainly(now_ms - heard_ms)} ago" if heard_ms else "never"


def _availability(row: Row) -> str:
    said = row.status.values.get("availability") if row.status is not None else None
    return str(said or "")


def _line(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _table(table: Table) -> None:
    """A table on a terminal; in a pipe plain columns, whole, two spaces apart."""
    heads, rows = table
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.markup import escape
        from rich.table import Table as Drawn

        drawn = Drawn(*heads, box=None, pad_edge=False, header_style="bold")
        for row in rows:
            drawn.add_row(*map(escape, row))
        Console().print(drawn)
        return
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for row in (heads, *rows):
        _line("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _as_json(roster: Roster, now_ms: int, *, blind: bool) -> dict[str, object]:
    head: dict[str, object] = {
        "home": roster.home.slug,
        "as_of": _stamp(roster.as_of_ms),
        "age_s": round((now_ms - roster.as_of_ms) / 1000) if roster.as_of_ms else None,
        "note": roster.note or None,
        "blind": [_blind_json(one) for one in roster.blind],
    }
    if blind:
        return head
    return {
        **head,
        "placed": [_row_json(roster, row) for row in roster.placed],
        "not_placed": [{**_row_json(roster, row), "line": line_for(roster.home, row)} for row in roster.strangers],
        "gateways": [{**_row_json(roster, row), "availability": _availability(row) or None} for row in roster.gateways],
    }


def _blind_json(one: Blind) -> dict[str, object]:
    devices = [{"device": device.name, "why": device.why} for device in one.devices]
    return {"resident": one.resident, "place": one.place, "name": one.name, "devices": devices}


def _row_json(roster: Roster, row: Row) -> dict[str, object]:
    about, placed, stranger = row.description, row.placed, row.stranger
    return {
        "address": row.address,
        "device": placed.name if placed else None,
        "for": placed.purpose.value if placed else None,
        "person": placed.person if placed else None,
        "place": placed.place if placed else None,
        "supervision": placed.supervision.value if placed else None,
        "ecosystem": row.ecosystem,
        "kinds": row.kinds,
        "model": about.model if about else None,
        "vendor": about.vendor if about else None,
        "text": about.text if about else None,
        "can_call": about.can_call if about else False,
        "unclear": (about.unclear or None) if about else None,
        "heard_at": _stamp(row.heard_ms),
        "battery": row.battery or None,
        "faults": row.faults,
        "fails": row.fails or None,
        "not_ours": stranger.not_ours if stranger else False,
        "marked_by": stranger.marked_by if stranger else (),
    }


def _stamp(wall_ms: int) -> str | None:
    if not wall_ms:
        return None
    moment = datetime.fromtimestamp(wall_ms // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{wall_ms % 1000:03d}Z"
