"""Calls from screens while the hub is gone or says nothing of them: *Call for help* in a room, *Staff assist*."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from tests.hub.test_watch_shell import PENDANT, PRESS, TOP, Rig, rig

READY = b'{"state":"ready"}'


def asks(home: Rig, ident: str, do: str, client: str = "dashboards", *, retained: bool = False, **more: str) -> None:
    """A screen asks for something."""
    payload = orjson.dumps({"id": ident, "do": do, **more})
    home.link.say(f"{TOP}/do/{client}", payload, retained)


def well(home: Rig, seconds: int) -> None:
    """The hub beats all the while."""
    for _ in range(seconds):
        home.link.say(f"{TOP}/status", READY, False)
        home.wait(1)


def told(home: Rig) -> list[tuple[str, str, str, str, int]]:
    """What the screens show: level, who, where, why, how often."""
    rows = map(orjson.loads, home.link.shown.values())
    return [(row["level"], row["who"], row["where"], row["reason"], row["presses"]) for row in rows]


def answers(home: Rig, ident: str) -> list[bool]:
    """What the watcher said to a request."""
    return [orjson.loads(said)["ok"] for said in home.link.on(f"{TOP}/done/{ident}")]


async def test_a_call_from_the_screen_of_a_room_is_told_while_the_hub_is_gone(tmp_path: Path) -> None:
    """And whoever called is answered, so that the screen can say that they were heard."""
    async with rig(tmp_path) as home:
        home.hub_dies()
        asks(home, "call-0001", "call", room="001")
        assert told(home) == [("call", "Resident 001", "Room 1", "Resident 001 called", 1)]
        assert answers(home, "call-0001") == [True]
        asks(home, "call-0002", "call", "room-002")
        assert told(home)[1] == ("call", "Resident 002", "Room 2", "Resident 002 called", 1)
        asks(home, "call-0003", "call", "somebody")
        assert told(home)[2][1:3] == ("", "somebody")


async def test_staff_assist_is_told_while_the_hub_is_gone(tmp_path: Path) -> None:
    """As an emergency, with who and where; a room's own screen names nobody, and no other account may ask for it."""
    async with rig(tmp_path) as home:
        home.hub_dies()
        asks(home, "help-0001", "assist", by="carer-1", room="002")
        asks(home, "help-0002", "assist", by="Agency Jo")
        asks(home, "help-0003", "assist", "room-001", by="carer-1")
        asks(home, "help-0004", "assist", "somebody", by="carer-1")
        assert [(row[0], *row[2:]) for row in told(home)] == [
            ("emergency", "Room 2", "A colleague needs help", 1),
            ("emergency", "place not known", "A colleague needs help", 1),
            ("emergency", "Room 1", "A colleague needs help", 1),
        ]
        assert told(home)[1][1] == "Agency Jo"
        assert "carer-1" not in {row[1] for row in told(home)}
        assert [answers(home, f"help-000{n}") for n in (1, 2, 3, 4)] == [[True], [True], [True], []]


async def test_a_call_of_the_seconds_before_the_hub_was_missed_is_told_and_once(tmp_path: Path) -> None:
    """The hub is dead and nobody knows it yet; the same request again, as a screen asks that got no answer, is one."""
    async with rig(tmp_path) as home:
        well(home, 20)
        asks(home, "call-0001", "call", room="001")
        home.wait(5)
        asks(home, "call-0001", "call", room="001")
        assert not told(home)
        home.wait(4)
        assert [row[-1] for row in told(home)] == [1]
        assert answers(home, "call-0001") == [True]
        asks(home, "call-0001", "call", room="001")
        assert [row[-1] for row in told(home)] == [2]


async def test_a_hub_that_takes_it_tells_it_alone(tmp_path: Path) -> None:
    """Its log and its alert call it by the room, or by who needs help; and it is no answer to somebody's pendant."""
    async with rig(tmp_path) as home:
        well(home, 20)
        home.link.say(PENDANT, PRESS, False)
        asks(home, "call-0001", "call", room="002")
        asks(home, "help-0001", "assist", by="carer-1", room="002")
        for seq, device in enumerate(("call:002", "assist:carer-1")):
            line = {"seq": seq, "step": "raised", "device": device}
            home.link.say(f"{TOP}/log", orjson.dumps(line), False)
        well(home, 12)
        assert [row[1] for row in told(home)] == ["Resident 001"]


@pytest.mark.parametrize("device", ["call:099", "call:dashboards"])
async def test_a_room_that_only_the_hub_knows_is_no_hub_that_hears_nothing(tmp_path: Path, device: str) -> None:
    """The watcher's copy of the files is older, or newer: the hub calls it by the room, or by who asked."""
    async with rig(tmp_path) as home:
        well(home, 20)
        for seq in (1, 2):
            asks(home, f"call-000{seq}", "call", room="099")
            line = {"seq": seq, "step": "raised", "device": device}
            home.link.say(f"{TOP}/log", orjson.dumps(line), False)
            well(home, 12)
        assert not told(home)


async def test_the_hub_that_is_back_gets_it_when_it_names_it(tmp_path: Path) -> None:
    """The broker kept the request for it."""
    async with rig(tmp_path) as home:
        home.hub_dies()
        asks(home, "help-0001", "assist", by="carer-1", room="002")
        asks(home, "call-0001", "call", room="001")
        home.link.say(f"{TOP}/status", READY, False)
        line = {"seq": 7, "step": "raised", "device": "assist:carer-1"}
        home.link.say(f"{TOP}/log", orjson.dumps(line), False)
        well(home, 12)
        assert [row[3] for row in told(home)] == ["Resident 001 called: not taken by the hub"]


async def test_what_is_no_call_for_help_is_the_hubs_alone(tmp_path: Path) -> None:
    """Every other request, what cannot be read, and what the broker remembers."""
    async with rig(tmp_path) as home:
        home.hub_dies()
        for do in ("ok", "company", "not_now", "claim", "answer", "sign_on"):
            asks(home, f"other-{do}", do, room="001")
        asks(home, "call-0001", "call", room="001", retained=True)
        for payload in (b"", b"{", b"[]", b'{"do":"call"}', b'{"id":"a/b","do":"call"}'):
            home.link.say(f"{TOP}/do/dashboards", payload, False)
        assert not told(home)
