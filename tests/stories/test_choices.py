"""Choices of the day: when to be woken, which music; decided by the resident, within what the plan allows."""

from __future__ import annotations

from dataclasses import replace

from rules.alerting.levels import Level
from rules.effects import Did
from rules.home import Otherwise, Rule
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


ASKED = replace(
    WOKEN, rule="looked-in-on", otherwise=Otherwise(level=Level.CHECK, say="{who} wants to be looked in on.")
)


def margaret_is_looked_in_on(home: House, *times: str) -> None:
    """At a time of hers staff are told, unless she says that all is well; usually at the first."""
    choice = replace(WAKE, of=times, usual=times[0])
    rule = replace(ASKED, when=AtTime(at=times[0], choice="wake"))
    changed = tuple(
        replace(one, rules=(rule,), choices=(choice,)) if one.resident == "margaret" else one
        for one in home.home.residents
    )
    home.configure(replace(home.home, residents=changed))


def begun(home: House) -> list[str]:
    """What was begun since the last look."""
    found = [log.reason for log in home.logs(Did.HELPING) if log.reason.startswith(ASKED.rule)]
    home.forget()
    return found


def test_no_choice_skips_what_ends_with_staff(home: House) -> None:
    """At ten to eight she chooses half past six: staff are told now, and tomorrow at half past six."""
    margaret_is_looked_in_on(home, "06:30", "08:00")
    assert chooses(home, "wake", "08:00")
    home.wait(hours=9, minutes=20)
    assert begun(home) == []
    assert chooses(home, "wake", "06:30")
    assert begun(home) == ["looked-in-on: 06:30 was chosen for wake"]
    home.wait(hours=22, minutes=39)
    assert begun(home) == []
    home.wait(minutes=1)
    assert len(begun(home)) == 1


def test_a_reminder_that_a_choice_passes_over_comes_tomorrow(home: House) -> None:
    """Who asks at ten to seven to be woken at half past six is awake."""
    margaret_chooses(home)
    home.wait(hours=8, minutes=20)
    assert chooses(home, "wake", "06:30")
    home.wait(minutes=30)
    assert home.lights() == []
    home.wait(hours=23, minutes=10)
    assert home.lights() == ["zigbee2mqtt/room-012-light"]


def test_a_span_over_midnight_is_one_night_whatever_is_chosen_in_it(home: House) -> None:
    """Between eleven and one: told once each night, neither left out nor twice, however she changes her mind."""
    margaret_is_looked_in_on(home, "23:00", "23:45", "01:00")
    home.wait(minutes=30)
    assert len(begun(home)) == 1, "at eleven, the usual time"
    assert chooses(home, "wake", "01:00")
    home.wait(hours=4)
    assert begun(home) == [], "this night was dealt with"
    assert chooses(home, "wake", "23:00")
    home.wait(hours=19, minutes=50)
    assert chooses(home, "wake", "01:00")
    home.wait(hours=2)
    assert begun(home) == [], "later is no reason to tell now"
    home.wait(minutes=10)
    assert len(begun(home)) == 1, "at one, for the second night"
    assert chooses(home, "wake", "23:00")
    home.wait(hours=22)
    assert len(begun(home)) == 1, "and at eleven, for the third"
