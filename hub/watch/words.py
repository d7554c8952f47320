"""What the watcher says on phones: short, for somebody who was woken, and always what it means for calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from devices.events import Kind
from hub.watch.house import House
from rules.faults import Fault

if TYPE_CHECKING:
    from hub.watch.records import Told

Words = tuple[str, str]
"""Title and text."""

LISTED = 12
SAYS = {
    Kind.EMERGENCY: "pressed for help",
    Kind.CALL: "called",
    Kind.STAFF_ASSIST: "a colleague needs help",
    Kind.FALL: "a fall was detected",
    Kind.SMOKE: "smoke was detected",
    Kind.GAS: "gas was detected",
    Kind.CO: "carbon monoxide was detected",
    Kind.WATER_LEAK: "water was detected",
}
FAULTS: Mapping[str, Fault] = {
    "hub-gone": Fault(
        staff="Handrail's hub does not answer. Calls are told by the watcher now, unsorted and to everybody. Nobody "
        "sees on a screen who goes: agree aloud.",
        mend="`systemctl status handrail`, and start it again: `systemctl restart handrail`.",
    ),
    "hub-unsteady": Fault(
        staff="Handrail's hub comes and goes. Calls are told by the watcher now, unsorted and to everybody. Nobody "
        "sees on a screen who goes: agree aloud.",
        mend="`journalctl -u handrail`: it ends by itself, and says why.",
    ),
    "hub-deaf": Fault(
        staff="Handrail's hub does not tell calls. What it does not tell is told by the watcher now, to everybody and "
        "some seconds late.",
        mend="`systemctl restart handrail`; and its account needs `topic readwrite #` in the broker's acl file.",
    ),
    "broker-gone": Fault(
        staff="CALLS ARE NOT HEARD: go round. No pendant and no cord is heard, by nobody. Go round and look in on "
        "everybody until it is back.",
        mend="The broker or the network: `systemctl status mosquitto`, switch, Wi-Fi. Where it says `Couldn't open "
        "database`, move its mosquitto.db elsewhere.",
    ),
}
"""What only the watcher can say, as in FAULTS.md: the first sentence is the title."""
_BY_SOMEBODY = frozenset({Kind.EMERGENCY, Kind.CALL})


def reason(kind: Kind, who: str) -> str:
    """What happened, as a sentence without its end."""
    if kind in _BY_SOMEBODY:
        return f"{who or 'Somebody'} {SAYS[kind]}"
    return SAYS[kind][:1].upper() + SAYS[kind][1:]


def press(house: House, told: Told, *, deaf: bool) -> Words:
    """One press: who, where, when."""
    where = ", ".join(part for part in (told.who, told.where) if part)
    times = f" Pressed {told.presses} times." if told.presses > 1 else ""
    why = "the hub heard nothing of it" if deaf else "the hub does not answer"
    text = f"{told.reason} at {house.time(told.pressed_wall_ms)}.{times}\nTold by the watcher: {why}."
    return f"{told.level.upper()}: {where}", text


def list_of(house: House, waiting: Sequence[Told], why: str, now_wall_ms: int, *, named: bool = False) -> Words:
    """All that nobody said they heard, the most serious and the longest waiting first, and why the watcher says it.
    `named`: one alone stands in the title with who and where, as when it is told for the first time."""
    order = ("emergency", "urgent", "call", "check")
    rows = sorted(waiting, key=lambda told: (order.index(told.level), told.pressed_wall_ms))
    lines = [
        f"{house.when(told.pressed_wall_ms, now_wall_ms)} {told.level}: "
        f"{', '.join(part for part in _who_where_note(told) if part)}"
        for told in rows[:LISTED]
    ]
    if len(rows) > LISTED:
        lines.append(f"and {len(rows) - LISTED} more on the board")
    what = "1 call waits" if len(rows) == 1 else f"{len(rows)} calls wait"
    if named and len(rows) == 1:
        what = ", ".join(part for part in (rows[0].who, rows[0].where) if part)
    heard = "Go there, and tap Heard on the board."
    return f"{rows[0].level.upper()}: {what}", "\n".join([*lines, why, heard])


def _who_where_note(told: Told) -> tuple[str, str, str]:
    return told.who, told.where, told.note


def silent(house: House, since_wall_ms: int) -> str:
    """Why the watcher reminds: the hub is gone."""
    return f"The hub does not answer since {house.time(since_wall_ms)}."


def deaf(house: House, since_wall_ms: int) -> str:
    """Why the watcher reminds: the hub hears nothing."""
    return f"The hub has not told calls since {house.time(since_wall_ms)}."


def not_taken(house: House, since_wall_ms: int) -> str:
    """Why the watcher reminds: the hub is there, and what it never got it tells nobody."""
    return f"The hub is back since {house.time(since_wall_ms)} and has not taken this: nobody else tells it."


def unsure() -> str:
    """Why the watcher reminds: what it knows of the hub has a gap."""
    return "The watcher was restarted, and has not heard that the hub took this: perhaps nobody else tells it."


def forgot(house: House) -> Words:
    """What a watcher before this one told is not known any more."""
    text = (
        f"{house.home.name}: the watcher was restarted, and cannot read what it told before. A call that you know from "
        "it alone it does not tell again: look on the board, and go round to whoever pressed."
    )
    return "The watcher forgot what it told", text


def _fault(name: str, happened: str) -> Words:
    """What it means for calls first, what mends it last: a carer reads it, and may hand the phone on."""
    title, _, meaning = FAULTS[name].staff.partition(". ")
    return title, f"{happened} {meaning} Whoever looks after the machine: {FAULTS[name].mend}"


def took_over(house: House, since_wall_ms: int, *, comes_and_goes: bool) -> Words:
    """The hub is gone."""
    what = "comes and goes" if comes_and_goes else "does not answer"
    name = "hub-unsteady" if comes_and_goes else "hub-gone"
    return _fault(name, f"{house.home.name}: the hub {what} since {house.time(since_wall_ms)}.")


def does_not_tell(house: House, since_wall_ms: int, whom: str, *, runs: bool) -> Words:
    """The hub does not tell; `runs`: its heart beats all the while."""
    hub = "the hub runs, and" if runs else "the hub"
    return _fault("hub-deaf", f"{house.home.name}: {hub} heard nothing of {whom} at {house.time(since_wall_ms)}.")


def tells_again(house: House, since_wall_ms: int) -> Words:
    """It hears again what it did not, or was started again."""
    text = (
        f"{house.home.name}: the hub tells calls again. What it did not tell since {house.time(since_wall_ms)} was "
        "told by the watcher."
    )
    return "Handrail's hub tells calls again", text


def nobody_goes(house: House, waiting: Sequence[tuple[str, str, int]]) -> Words:
    """Emergencies that nobody took: reason, place, since when."""
    lines = [
        f"{house.time(since_wall_ms)} {reason}{f' ({house.place(place)})' if place else ''}"
        for reason, place, since_wall_ms in waiting[:LISTED]
    ]
    if len(waiting) > LISTED:
        lines.append(f"and {len(waiting) - LISTED} more on the board")
    said = "The hub tells it, and nobody has said that they go. Go there, and say so on a screen."
    return "EMERGENCY: nobody goes", "\n".join([*lines, said])


def gave_back(house: House, since_wall_ms: int, told: int, lost: int, *, unsure: bool = False) -> Words:
    """The hub is back: what it tells of meanwhile, and what it never got; `unsure`: as far as the watcher heard."""
    again = f" It tells the {told} calls of meanwhile once more." if told > 1 else ""
    again = " It tells the call of meanwhile once more." if told == 1 else again
    if lost:
        calls = "1 call" if lost == 1 else f"{lost} calls"
        again += f" It has not taken {calls}: the watcher goes on telling that, until somebody taps Heard."
    if lost and unsure:
        again += " The watcher was restarted meanwhile: it may not have heard that the hub took it."
    text = f"{house.home.name}: the hub answers again since {house.time(since_wall_ms)}.{again}"
    return "Handrail's hub is back", text


def broker_gone(house: House, since_wall_ms: int) -> Words:
    """Nobody hears anything."""
    return _fault("broker-gone", f"{house.home.name}: the broker does not answer since {house.time(since_wall_ms)}.")


def broker_back(house: House, since_wall_ms: int, now_wall_ms: int) -> Words:
    """It is over."""
    gone = f"It was gone from {house.time(since_wall_ms)} to {house.time(now_wall_ms)}"
    text = f"{house.home.name}: the broker answers again. {gone}: what was pressed in between may not have been heard."
    return "Calls are heard again", text
