"""A resident's own plan, night by night: help first, and a person exactly when the plan says so (DESIGN §9)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from devices.commands import Say as Speak
from devices.registry import Placed, Purpose
from rules.alerting.levels import Level
from rules.effects import Did
from rules.home import Home, Rule
from rules.plans.help import AnswerTo, Ask, Light, Say, Wait
from rules.plans.plan import Abilities, AtTime, DelayAgreed, Fact, NumberIs, Otherwise, Settles
from tests.stories.house import House
from tests.stories.village import village

LONDON = ZoneInfo("Europe/London")
UP_AT_NIGHT = Rule(
    rule="up-at-night",
    why="Margaret walks to the bathroom by herself at night and likes to do it alone.",
    resident="margaret",
    place="012",
    device="room-012-bed",
    kind="bed",
    value="empty",
    during=("22:00", "07:00"),
    help=(
        Light(device="room-012-light", brightness_pct=30),
        Wait(seconds=900),
        Ask(
            question="Is all well, Margaret?",
            answers=(AnswerTo(answer="yes", means="settles"), AnswerTo(answer="please come", means="tells")),
            within_s=300,
        ),
    ),
    settled_by=(Settles(device="room-012-bed", kind="bed", value="occupied"), Settles(ok=True)),
    otherwise=Otherwise(level=Level.CHECK, say="{who} has been up for {for}."),
    delay_agreed=DelayAgreed(risk="walks steadily; two falls in 2025, both by day", by="J. Shah, RN", on="2026-10-02"),
)
TAI_CHI = Rule(
    rule="tai-chi",
    why="Margaret asked to be reminded.",
    resident="margaret",
    place="012",
    device="",
    kind="",
    value="",
    when=AtTime(at="14:45", days=("wed",), activity="tai-chi"),
    help=(
        Say(text="Tai chi starts in the lounge in a quarter of an hour."),
        Ask(
            question="Shall we keep you a place?",
            answers=(AnswerTo(answer="yes please"), AnswerTo(answer="not today")),
            within_s=600,
        ),
    ),
)
CHARGER = Rule(
    rule="scooter",
    why="Margaret goes out by herself.",
    resident="margaret",
    place="012",
    device="",
    kind="",
    value="",
    when=AtTime(at="20:30"),
    only_if=(NumberIs(number=Fact(device="room-012-charger", kind="power"), below=5),),
    help=(Say(text="The scooter is not charging."),),
)


def margarets_home(*rules: Rule, abilities: Abilities | None = None, room: str = "012") -> Home:
    """The village, with a speaker and the charger of the scooter in Margaret's room."""
    home = village()
    people = tuple(
        replace(one, rules=rules, room=room, abilities=abilities or Abilities(speech_at_night=True))
        if one.resident == "margaret"
        else one
        for one in home.residents
    )
    more = (
        Placed(device="zigbee2mqtt/room-012-speaker", name="room-012-speaker", place="012", purpose=Purpose.SPEAKER),
        Placed(device="zigbee2mqtt/room-012-charger", name="room-012-charger", place="012", purpose=Purpose.SWITCH),
    )
    return replace(home, residents=people, devices=(*home.devices, *more))


def house(since: str, *rules: Rule, abilities: Abilities | None = None) -> House:
    """That home from a local moment on, Margaret in her bed."""
    moment = datetime.fromisoformat(since).replace(tzinfo=LONDON)
    home = House(home=margarets_home(*rules, abilities=abilities), wall_ms=int(moment.timestamp() * 1000))
    home.device("room-012-bed", occupancy=True)
    return home


def gets_up(home: House) -> None:
    """Margaret gets up."""
    home.device("room-012-bed", occupancy=False)


def lies_down(home: House) -> None:
    """She is back in bed."""
    home.device("room-012-bed", occupancy=True)


def question(home: House) -> str:
    """What her screen asks."""
    asked = home.screen("012")["ask"]
    return str(asked["question"]) if isinstance(asked, dict) else ""


def answers(home: House, answer: str) -> None:
    """She taps an answer on her screen."""
    asked = home.screen("012")["ask"]
    assert isinstance(asked, dict)
    assert home.ask("answer", client="room-012", episode=asked["episode"], answer=answer).ok


def clock(home: House) -> str:
    """What the clock on the wall shows."""
    return f"{datetime.fromtimestamp(home.wall_ms / 1000, LONDON):%H:%M}"


# -- two nights --------------------------------------------------------------------------------------------------------


def test_the_first_night_nobody_is_woken_and_the_next_the_carer_comes() -> None:
    """The light comes on, she is asked gently, she goes back to bed; the next night she does not, and the carer is told
    after exactly the quarter of an hour and the five minutes that she agreed to."""
    home = house("2026-03-11 02:00", UP_AT_NIGHT)
    gets_up(home)
    assert home.lights() == ["zigbee2mqtt/room-012-light"]
    home.wait(minutes=15)
    assert question(home) == "Is all well, Margaret?"
    assert home.commands() == [Speak(device="zigbee2mqtt/room-012-speaker", text="Is all well, Margaret?")]
    home.wait(minutes=2)
    lies_down(home)
    home.expect_did("settled")
    assert question(home) == ""
    home.wait(hours=24)
    home.expect_nobody_told()
    home.expect_quiet()

    gets_up(home)
    home.wait(minutes=19, seconds=59)
    home.expect_nobody_told()
    home.wait(seconds=1)
    home.expect("told", level="check", resident="margaret", place="012", late=False)
    assert home.alert.reason == "Margaret has been up for 20 min."
    home.expect_told("carer-1")


def test_she_answers_that_all_is_well() -> None:
    """One tap, and nobody comes."""
    home = house("2026-03-11 02:00", UP_AT_NIGHT)
    gets_up(home)
    home.wait(minutes=16)
    answers(home, "yes")
    home.expect_did("answered_by_resident", "settled")
    home.wait(hours=4)
    home.expect_nobody_told()


def test_she_asks_somebody_to_come() -> None:
    """They are told at once, with her own words."""
    home = house("2026-03-11 02:00", UP_AT_NIGHT)
    gets_up(home)
    home.wait(minutes=16)
    answers(home, "please come")
    home.expect_told("carer-1")
    assert home.alert.reason == "Margaret has been up for 16 min. Margaret answered: please come."


def test_her_pendant_waits_for_no_plan() -> None:
    """In the middle of being helped she presses: everybody who shall come is told in the same moment."""
    home = house("2026-03-11 02:00", UP_AT_NIGHT)
    gets_up(home)
    home.wait(minutes=3)
    home.press("012")
    home.expect_told("carer-1")
    home.expect("told", level="emergency")


def test_who_did_not_ask_for_it_is_not_spoken_to_at_night() -> None:
    """The question stands on the screen; the room stays quiet."""
    home = house("2026-03-11 02:00", UP_AT_NIGHT, abilities=Abilities())
    gets_up(home)
    home.wait(minutes=15)
    assert question(home) == "Is all well, Margaret?"
    assert home.commands() == []


# -- nights of another length ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("evening", "told_at"),
    [
        ("2026-10-24 21:00", "01:10"),  # up at ten to two, summer time: told at ten past one, winter time
        ("2027-03-27 21:00", "03:10"),
        ("2028-02-28 21:00", "02:10"),
    ],
)
def test_a_night_shift_across_a_change_waits_as_long_as_ever(evening: str, told_at: str) -> None:
    """Twenty minutes are twenty minutes, by every clock; the rule begins at ten in the evening and ends at seven."""
    home = house(evening, UP_AT_NIGHT)
    gets_up(home)
    home.wait(minutes=30)
    lies_down(home)
    assert home.logs(Did.HELPING, past=True) == [], "it is half past nine"
    home.wait(hours=4, minutes=20)
    gets_up(home)
    home.wait(minutes=19, seconds=59)
    home.expect_nobody_told()
    home.wait(seconds=1)
    home.expect_told("carer-1")
    assert clock(home) == told_at


# -- what happens in the middle ----------------------------------------------------------------------------------------


def test_the_hub_restarts_while_she_is_asked() -> None:
    """The question is there again, and her answer counts; or the carer is told at the agreed minute."""
    home = house("2026-03-11 02:00", UP_AT_NIGHT)
    gets_up(home)
    home.wait(minutes=16)
    home.down(minutes=2)
    assert question(home) == "Is all well, Margaret?"
    home.wait(minutes=1, seconds=59)
    home.expect_nobody_told()
    home.wait(seconds=1)
    home.expect("told", late=False)


def test_the_hub_is_down_when_the_carer_should_be_told() -> None:
    """They are told at its first breath, and that it is late; nobody is asked anything an hour later."""
    home = house("2026-03-11 02:00", UP_AT_NIGHT)
    gets_up(home)
    home.down(minutes=60)
    home.expect_did("dropped", "raised", "told", "unsettled")
    home.expect("told", late=True)
    assert question(home) == ""


def test_her_plan_changes_while_she_is_up() -> None:
    """What she agreed to last evening holds for this walk; the next walk follows the new plan."""
    home = house("2026-03-11 02:00", UP_AT_NIGHT)
    gets_up(home)
    home.wait(minutes=5)
    shorter = replace(UP_AT_NIGHT, help=(Wait(seconds=60),))
    home.configure(margarets_home(shorter))
    home.wait(minutes=14, seconds=59)
    home.expect_nobody_told()
    home.wait(seconds=1)
    home.expect_told("carer-1")
    assert "under the plan it began with" in home.logs(Did.UNSETTLED)[0].reason
    home.close("carer-1")
    lies_down(home)
    gets_up(home)
    home.wait(minutes=1)
    home.expect_told("carer-1")


def test_she_moves_to_another_room_while_she_is_up() -> None:
    """Whoever goes is told where she lives now."""
    home = house("2026-03-11 02:00", UP_AT_NIGHT)
    gets_up(home)
    home.wait(minutes=5)
    home.configure(margarets_home(UP_AT_NIGHT, room="013"))
    home.wait(minutes=15)
    home.expect("told", room="013", also=("Margaret lives in Room 013 now",))


# -- a day -------------------------------------------------------------------------------------------------------------


def test_she_is_invited_to_tai_chi_on_its_day() -> None:
    """On Wednesday at a quarter to three, spoken and shown; her answer is kept, and staff are not troubled."""
    home = house("2026-03-10 14:00", TAI_CHI)
    home.wait(hours=24, minutes=44)
    assert home.logs(Did.HELPING, past=True) == []
    home.wait(minutes=1)
    assert question(home) == "Shall we keep you a place?"
    answers(home, "yes please")
    home.expect_did("answered_by_resident", "offered")
    assert home.state.people.rows["margaret"].answers == {"tai-chi": "yes please"}
    home.expect_nobody_told()


def test_nobody_is_invited_to_tai_chi_in_the_middle_of_the_night() -> None:
    """The hub was down from two in the afternoon until three in the morning."""
    home = house("2026-03-11 14:00", TAI_CHI)
    home.down(minutes=13 * 60)
    home.expect_did("started", "dropped")
    assert home.commands() == []
    assert home.screen("012")["say"] is None


@pytest.mark.parametrize(("watts", "said"), [(2, "The scooter is not charging."), (180, None)])
def test_a_scooter_that_is_not_charging_is_a_reminder_and_no_call(watts: int, said: str | None) -> None:
    """Where the charger draws nothing in the evening, she is told, and nobody else."""
    home = house("2026-03-10 19:00", CHARGER)
    home.device("room-012-charger", power=watts)
    home.wait(minutes=90)
    assert home.screen("012")["say"] == said
    home.wait(hours=1)
    home.expect_quiet()
