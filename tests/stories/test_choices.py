"""Choices of the day: when to be woken, which music; decided by the resident, within what the plan allows."""

from __future__ import annotations

from dataclasses import replace

from rules.effects import Did
from rules.home import Rule
from rules.plans import choices
from rules.plans.help import Light, Say
from rules.plans.plan import AtTime, Choice, ChoiceIs
from tests.stories.house import House

WAKE = Choice(choice="wake", ask="When shall I wake you?", of=("06:30", "07:00", "07:30", "08:00"), usual="07:00")
MUSIC = Choice(choice="music", ask="What shall play?", of=("the radio", "nothing"), usual="nothing")
WOKEN = Rule(
    rule="good-morning",
    why="Margaret asked to be woken.",
    resident="margaret",
    place="012",
    device="",
    kind="",
    value="",
    when=AtTime(at="07:00", choice="wake"),
    help=(Light(device="room-012-light", brightness_pct=40), Say(text="Good morning, Margaret.")),
)
RADIO = replace(
    WOKEN, rule="radio", only_if=(ChoiceIs(choice="music", chosen="the radio"),), help=(Say(text="Here is the radio."),)
)


def margaret_chooses(home: House) -> None:
    """Her plan has two choices, and a morning that follows them."""
    changed = tuple(
        replace(one, rules=(WOKEN, RADIO), choices=(WAKE, MUSIC)) if one.resident == "margaret" else one
        for one in home.home.residents
    )
    home.configure(replace(home.home, residents=changed))


def chooses(home: House, choice: str, answer: str) -> bool:
    """A tap on the screen of her room."""
    return home.ask("choose", client="room-012", choice=choice, answer=answer).ok


def test_the_usual_time_holds_until_she_decides(home: House) -> None:
    """It is half past ten in the evening; at seven she is woken, and the radio stays silent."""
    margaret_chooses(home)
    home.wait(hours=8, minutes=29)
    assert home.logs(Did.HELPING) == []
    home.wait(minutes=1)
    assert home.lights() == ["zigbee2mqtt/room-012-light"]
    assert home.screen("012")["say"] == "Good morning, Margaret."


def test_she_sleeps_longer_tomorrow_and_wants_the_radio(home: House) -> None:
    """Both are on her screen, and both are followed; the choice survives a restart."""
    margaret_chooses(home)
    assert chooses(home, "wake", "08:00")
    assert chooses(home, "music", "the radio")
    rows = choices.shown(home.state, "012")
    assert [(row["choice"], row["now"]) for row in rows] == [("wake", "08:00"), ("music", "the radio")]
    assert home.screen("012")["choices"] == rows
    home.expect_did("chosen")
    home.down(minutes=1)
    home.wait(hours=8, minutes=58)
    assert home.lights() == []
    home.wait(minutes=31)
    assert home.lights() == ["zigbee2mqtt/room-012-light"]


def test_what_the_plan_does_not_allow_is_refused_and_says_what_is(home: House) -> None:
    """Four in the morning is no time to be woken; a choice of somebody else's plan is none."""
    margaret_chooses(home)
    said = home.refused("choose", client="room-012", choice="wake", answer="04:00")
    assert said == "the plan allows: 06:30, 07:00, 07:30, 08:00"
    assert "no choice" in home.refused("choose", client="room-011", choice="wake", answer="07:00")
    assert "say who" in home.refused("choose", client="room-022", choice="wake", answer="07:00")


def test_a_choice_the_plan_no_longer_allows_is_the_usual_one_again(home: House) -> None:
    """A changed plan never leaves somebody with what it forbids."""
    margaret_chooses(home)
    assert chooses(home, "wake", "06:30")
    later = replace(WAKE, of=("07:00", "07:30"))
    residents = tuple(
        replace(one, choices=(later, MUSIC)) if one.resident == "margaret" else one for one in home.home.residents
    )
    home.configure(replace(home.home, residents=residents))
    home.wait(hours=8)
    assert home.lights() == []
    home.wait(minutes=30)
    assert home.lights() == ["zigbee2mqtt/room-012-light"]
