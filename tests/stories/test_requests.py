"""Requests: who may ask for what, and that each is answered, and done once (DESIGN §7)."""

from dataclasses import replace

import pytest

from tests.stories.house import House


def test_a_repeated_id_is_answered_again_and_done_once(home: House) -> None:
    """For seven days; the answer is word for word the first one."""
    home.press("012")
    first = home.ask("claim", id="tap-1", alert="a00001", by="carer-1")
    home.wait(seconds=10)
    version = home.alert.version
    assert home.ask("claim", id="tap-1", alert="a00001", by="carer-1") == first
    assert home.alert.version == version
    refused = home.ask("close", id="tap-2", alert="a00001", by="carer-1")
    assert home.ask("close", id="tap-2", alert="a00001", by="carer-1", ending="helped") == refused
    home.close("carer-1")
    home.configure(replace(home.home, devices=()))
    home.wait(hours=6 * 24)
    assert home.ask("claim", id="tap-1", alert="a00001", by="carer-2") == first
    home.wait(hours=2 * 24)
    assert "there is no alert" in home.refused("claim", id="tap-1", alert="a00001", by="carer-2")


def test_two_rooms_may_use_the_same_id(home: House) -> None:
    """An id is the client's own: the second room's call is not the first one's."""
    assert home.ask("call", id="1", client="room-012").ok
    assert home.ask("call", id="1", client="room-013").ok
    assert home.ask("call", id="1", client="room-013").ok
    assert [(alert.resident, alert.presses) for alert in home.open] == [("margaret", 1), ("joan", 1)]


@pytest.mark.parametrize(
    ("client", "may"),
    [
        ("room-012", {"ok", "call", "assist", "company", "command"}),
        ("homeassistant", {"call"}),
        ("dashboards-2", {"call"}),
    ],
)
def test_a_client_may_do_what_its_login_says(home: House, client: str, may: set[str]) -> None:
    """A room is that room, anybody else may only call; all of it is for the dashboards alone."""
    home.press("011")
    every = {
        "claim",
        "attend",
        "promise",
        "close",
        "ok",
        "call",
        "assist",
        "company",
        "sign_on",
        "sign_off",
        "command",
        "mode",
    }
    for do in sorted(every):
        reason = "on" if do == "command" else "fire"
        said = {"alert": "a00001", "by": "carer-1", "ending": "helped", "device": "room-012-light"}
        answer = home.ask(do, client=client, reason=reason, until_s=60, **said)
        assert answer.ok == (do in may), (do, answer.reason)
    assert home.open[0].state == "told"


def test_only_the_dashboards_name_a_person(home: House) -> None:
    """A room that says it is Anna is not: her alerts stay hers."""
    home.press("011")
    home.claim("carer-1")
    home.ask("assist", client="room-012", by="carer-1")
    assert home.open[0].state == "claimed"
    assert home.open[1].reason == "a colleague needs help: Room 012"


def test_a_room_is_its_own_room(home: House) -> None:
    """Whatever it says about where."""
    home.ask("call", client="room-012", room="021", resident="george")
    home.expect("told", resident="margaret", place="012", level="call")
    assert home.alert.reason == "Margaret called from a screen"
    home.forget()
    home.wait(seconds=15)
    home.ask("call", client="room-012")
    home.expect("told", presses=2)
    home.expect_told("carer-1")


def test_a_call_that_does_not_say_where_is_told_to_everybody(home: House) -> None:
    """A button in Home Assistant that names no room, or one that is not there, still reaches a person."""
    home.ask("call", client="homeassistant", room="the moon")
    home.expect("told", level="call", everybody=True, place=None)
    home.expect_told("everybody on shift")
    assert "where is not known" in home.alert.reason


def test_an_unknown_request_is_answered(home: House) -> None:
    """With what is known; one that cannot be read says what is wrong with it."""
    assert "known are: answer, assist, attend" in home.refused("dance")
    assert "unknown request" in home.refused("dance", client="room-012")
    assert home.refused("unreadable", reason="do: missing") == "the request cannot be read: do: missing"


def test_a_request_for_no_alert_is_answered(home: House) -> None:
    """Alike for one that never was and for one that ended long ago."""
    never = home.refused("claim", by="carer-1", alert="a00001")
    home.press("012")
    home.close("carer-1")
    home.wait(hours=21)
    assert home.refused("claim", by="carer-1", alert="a00001") == never
    home.wait(hours=10)
    assert "a00001" not in home.state.alerts
    assert home.refused("claim", by="carer-1", alert="a00001") == never


def test_who_asks_is_said(home: House) -> None:
    """Without a name nothing is done in anybody's."""
    home.press("012")
    assert home.refused("claim", alert="a00001") == "say who: by"
    assert home.refused("sign_on", by="  ") == "say who signs on: by"
    assert "is not signed on" in home.refused("sign_off", by="nobody")


def test_signing_on_by_name_is_signing_on(home: House) -> None:
    """A name that the home knows is that person; a manager is on shift only after signing on."""
    home.ask("sign_on", by="mary")
    home.press("012")
    assert set(home.rung) == {"carer-1", "manager-1"}
    for person in ("carer-1", "carer-2", "nurse-1"):
        home.ask("sign_off", by=person)
    assert "nobody is on shift now" in home.ask("sign_off", by="manager-1").reason


def test_nobody_lives_in_a_corridor(home: House) -> None:
    """Nobody can be all right there."""
    assert "nobody lives" in home.refused("ok", room="corridor")


def test_somebody_would_like_a_chat(home: House) -> None:
    """A call of the lowest level with its own ladder: a check of hers beside it does not swallow it."""
    home.device("room-012-door", contact=False)
    home.wait(minutes=10)
    asked = home.ask("company", client="room-012")
    assert asked.ok
    assert [(alert.level, alert.cause) for alert in home.open] == [("check", "left-open"), ("request", "company")]
    assert home.open[1].reason == "Margaret would like company, when somebody has time"
    home.ask("company", client="room-012")
    assert home.open[1].presses == 2
    home.rung.clear()
    home.wait(minutes=30)
    assert set(home.rung) >= {"carer-1", "carer-2"}


def test_who_wanted_a_chat_and_then_calls_for_help_has_called(home: House) -> None:
    """On the same screen, a moment later: a call of its own, told at once; the wish stays what it was."""
    home.ask("company", client="room-012")
    home.wait(seconds=3)
    home.rung.clear()
    home.ask("call", client="room-012")
    home.expect_told("carer-1")
    assert [(alert.level, alert.cause) for alert in home.open] == [("request", "company"), ("call", "room-012")]
    home.ask("call", client="room-012")
    assert [alert.presses for alert in home.open] == [1, 2]


def test_who_would_like_a_chat_in_a_shared_room_is_said(home: House) -> None:
    """The screen of two does not know who stands before it, and a lounge is nobody's room."""
    assert "say who" in home.refused("company", client="room-022")
    assert home.ask("company", client="room-022", resident="ruth").ok
    assert "nobody lives" in home.refused("company", client="dashboards", room="lounge")


def test_a_call_that_waited_for_the_hub_says_how_long_ago_it_was(home: House) -> None:
    """Who reads it hours later must not think that somebody calls just now; one of now says nothing of the kind."""
    home.goes_down()
    asked_ms = home.wall_ms + 60_000
    home.wait(minutes=121)
    home.comes_back()
    home.ask("call", room="012", at_ms=asked_ms)
    home.ask("assist", by="carer-1", room="013", at_ms=asked_ms)
    home.ask("call", room="011", at_ms=home.wall_ms)
    home.ask("call", room="013")
    ago = ", 2 h ago while the hub was down"
    assert [(alert.late, alert.reason.endswith(ago)) for alert in home.open] == [(True, True)] * 2 + [
        (False, False)
    ] * 2
    assert home.open[0].reason == f"Margaret called from a screen{ago}"
