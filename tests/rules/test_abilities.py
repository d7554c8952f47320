"""What each ability changes, a row for each: what is sent, shown, told and signed; and that none holds up a telling."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devices.commands import Say as Speak
from devices.commands import TurnOn
from rules.effects import Did
from rules.home import Invited
from rules.plans.able import in_words
from rules.plans.explain import explain
from rules.plans.help import AnswerTo, Ask, Say, Show, Step, Wait
from rules.plans.plan import Abilities, AtTime, Rule, Settles
from rules.sheet import sheet_of, text_of
from tests.rules.plan_parts import AGREED, Night, at, home_with, night, rule

DAY, DARK = "2026-03-10 15:00", "2026-03-10 23:00"
ASKS = Ask(question="Is all well?", answers=(AnswerTo(answer="yes", means="settles"), AnswerTo(answer="later")))


def helped(*steps: Step, has: Abilities, since: str = DAY, more: float = 0.0, **fields: object) -> Night:
    """A home in which her door opens, and a rule helps so for ten minutes."""
    waits: dict[str, object] = {"help": (*steps, Wait(seconds=600)), "delay_agreed": AGREED}
    home = night(rule(**(waits | fields)), since=since, abilities=has)
    home.run(["door open"] if home.home.residents[1].rules[0].device else [])
    if more:
        home.run([f"wait {more}"])
    return home


def spoken(home: Night) -> list[str]:
    """What the speaker of the room said."""
    return [command.text for command in home.commands() if isinstance(command, Speak)]


# -- sight -------------------------------------------------------------------------------------------------------------

SHOWN: dict[str, tuple[str, Abilities, bool]] = {
    "sees": (DAY, Abilities(), False),
    "sees badly": (DAY, Abilities(sight_day="reduced"), True),
    "sees nothing": (DAY, Abilities(sight_day="none"), True),
    "wears glasses": (DAY, Abilities(sight_day="aided", sight_night="aided"), False),
    "at night, never asked to be spoken to": (DARK, Abilities(sight_night="none"), False),
    "at night, asked and heard": (DARK, Abilities(sight_night="none", speech_at_night=True), True),
    "glasses are off at night": (DARK, Abilities(sight_night="aided", speech_at_night=True), True),
    "sees and hears nothing": (DAY, Abilities(sight_day="none", hearing_day="none"), False),
}


@pytest.mark.parametrize("name", SHOWN)
def test_what_is_shown_is_said_to_whoever_sees_badly(name: str) -> None:
    """Within the rules of speech at night; it stands on the screen in every case."""
    since, has, wanted = SHOWN[name]
    home = helped(Show(words="Tea at four"), has=has, since=since)
    assert spoken(home) == ["Tea at four"] * wanted
    assert (home.screen("012")["say"], home.screen("012")["spoken"]) == ("Tea at four", wanted)


LIT: dict[str, tuple[str, Abilities, list[int | None]]] = {
    "by day, sees": (DAY, Abilities(hearing_day="none"), [30]),
    "by day, sees badly: as bright as it can be": (DAY, Abilities(hearing_day="none", sight_day="reduced"), [100]),
    "at night, sees badly: gentle": (DARK, Abilities(hearing_night="none", sight_night="reduced"), [30]),
    "at night, sees nothing": (DARK, Abilities(hearing_night="none", sight_night="none"), []),
}


@pytest.mark.parametrize("name", LIT)
def test_the_light_that_stands_for_words(name: str) -> None:
    """It helps where something is left to see by."""
    since, has, wanted = LIT[name]
    home = helped(Say(text="Hello"), has=has, since=since)
    assert [command.brightness_pct for command in home.commands() if isinstance(command, TurnOn)] == wanted


# -- speech and what somebody moves with -------------------------------------------------------------------------------

KNOWN: dict[str, tuple[Abilities, str]] = {
    "nothing to know": (Abilities(), ""),
    "does not speak": (
        Abilities(speech="none"),
        "Margaret: does not speak: go in, do not call through the door.",
    ),
    "speaks with difficulty": (
        Abilities(speech="reduced"),
        "Margaret: speaks with difficulty: go in, and give time for an answer.",
    ),
    "speaks with an aid": (Abilities(speech="aided"), "Margaret: speaks with an aid: see that it is within reach."),
    "a wheelchair": (Abilities(moves_with="wheelchair"), "Margaret: moves with: wheelchair."),
    "nothing to move with": (Abilities(moves_with="nothing"), ""),
    "both": (
        Abilities(speech="none", moves_with="scooter"),
        "Margaret: does not speak: go in, do not call through the door; moves with: scooter.",
    ),
}


@pytest.mark.parametrize("name", KNOWN)
def test_whoever_is_called_reads_what_to_know(name: str) -> None:
    """Behind the reason of her own press and of her rule, on the paper list and in what is signed."""
    has, wanted = KNOWN[name]
    home = night(rule(), abilities=has)
    plain = night(rule())
    for one in (home, plain):
        one.press("012")
        one.run(["door open"])
    assert len(home.open) == 2
    for mine, usual in zip(home.open, plain.open, strict=True):
        assert mine.reason.removeprefix(usual.reason).lstrip(". ") == wanted
    sheet = " ".join(text_of(sheet_of(home.home, home.wall_ms)).split())
    known = wanted.removeprefix("Margaret: ").rstrip(".")
    assert (f"To know: {known}" in sheet) is bool(wanted)
    assert (wanted in " ".join(explain(home.home.residents[1], home.home).split())) is True


def test_a_device_at_fault_says_nothing_of_the_person() -> None:
    """A flat battery needs no word on how she speaks."""
    home = night(rule(), abilities=Abilities(speech="none"))
    home.device("room-012-bed/availability", state="offline")
    assert [alert.reason for alert in home.open if "speak" in alert.reason] == []
    assert home.open


def test_the_same_thing_again_is_one_reason() -> None:
    """What a rule says twice stands in its alert once, whatever is to be known besides."""
    home = night(rule(), abilities=Abilities(speech="none"))
    home.run(["door open", "door closed", "door open"])
    [alert] = home.open
    assert alert.also == ()


# -- grip --------------------------------------------------------------------------------------------------------------

LARGE: dict[str, tuple[Abilities, bool]] = {
    "a strong hand": (Abilities(), False),
    "a weak hand": (Abilities(grip="reduced"), True),
    "no grip": (Abilities(grip="none"), True),
    "a splint": (Abilities(grip="aided"), True),
    "weak eyes": (Abilities(sight_day="reduced"), True),
    "glasses": (Abilities(sight_day="aided", sight_night="aided"), False),
}


@pytest.mark.parametrize("name", LARGE)
def test_the_room_s_screen_is_large_for_a_weak_hand(name: str) -> None:
    """The screen is told, whoever of the room it is for."""
    has, wanted = LARGE[name]
    assert night(rule(), abilities=has).screen("012")["large"] is wanted
    assert night(rule(), abilities=has, shared_with="ada").screen("012")["large"] is wanted


# -- memory ------------------------------------------------------------------------------------------------------------

FORGETS = Abilities(memory="reduced")


@pytest.mark.parametrize("step", [Say(text="Sit down."), replace(ASKS, within_s=300)], ids=["said", "asked"])
def test_whoever_forgets_hears_it_once_more_with_the_name(step: Step) -> None:
    """After a minute, once; the screen speaks it again, and it still stands."""
    text = "Margaret. Sit down." if isinstance(step, Say) else "Margaret. Is all well?"
    home = helped(step, has=FORGETS)
    assert (spoken(home), home.screen("012")["times"]) == ([text], 1)
    home.run(["wait 1"])
    assert (spoken(home), home.screen("012")["times"]) == ([text], 2)
    assert home.screen("012")["say"] == text
    home.run(["wait 2"])
    assert spoken(home) == []
    assert helped(step, has=Abilities(), more=3).screen("012")["times"] == 1


def test_a_name_that_is_in_the_words_is_not_said_twice() -> None:
    """Her plan already begins so."""
    home = helped(Say(text="Good evening, Margaret."), has=FORGETS)
    assert spoken(home) == ["Good evening, Margaret."]


OVER: dict[str, list[str]] = {
    "it was settled": ["door closed"],
    "she said I'm all right": ["ok"],
    "there is a fire alarm": ["fire"],
    "the hub was down when it was due": ["down 5"],
}


@pytest.mark.parametrize("name", OVER)
def test_nothing_is_said_again_that_is_over(name: str) -> None:
    """Words of before would come as a surprise."""
    ends = (Settles(device="room-012-door", kind="contact", value="closed"), Settles(ok=True))
    home = helped(Say(text="Sit down."), has=FORGETS, settled_by=ends)
    home.run(OVER[name])
    home.run(["wait 3"])
    assert not [log.reason for log in home.logs(Did.HELPING, past=True) if "once more" in log.reason]


def test_whoever_forgets_hears_no_question_once_more_that_was_answered() -> None:
    """She said *later*: the run waits on, and the question is gone."""
    home = helped(replace(ASKS, within_s=300), has=FORGETS)
    home.run(["answer later"])
    home.run(["wait 3"])
    assert not [log.reason for log in home.logs(Did.HELPING, past=True) if "once more" in log.reason]


def test_not_now_takes_the_second_time_away() -> None:
    """Who wants no words for a while gets none."""
    home = helped(Say(text="Sit down."), has=FORGETS)
    assert home.ask("not_now", client="room-012").ok
    home.run(["wait 3"])
    assert spoken(home) == []


def test_what_is_said_again_keeps_nobody_waiting() -> None:
    """Staff are told in the same minute as of somebody who forgets nothing."""
    steps = (Say(text="Sit down."), replace(ASKS, within_s=180), Say(text="Somebody comes."), Wait(seconds=240))
    found = []
    for has in (Abilities(), FORGETS, Abilities(memory="none", sight_day="none", grip="none", speech="none")):
        home = helped(*steps, has=has)
        found.append(home.run(["wait 30"]))
    assert found[0] == found[1] == found[2]
    assert found[0][-1] == "15:17 told check"


def reminder(when: AtTime) -> Rule:
    """Words at three in the afternoon."""
    daily: dict[str, object] = {"device": "", "kind": "", "value": "", "otherwise": None}
    return rule(**daily, when=when, help=(Say(text="Tai chi is soon."),))


@pytest.mark.parametrize(
    ("has", "activity", "minutes"),
    [(Abilities(), "", 5), (FORGETS, "", 30), (FORGETS, "tai-chi", 45), (Abilities(), "tai-chi", 5)],
)
def test_the_last_words_of_a_reminder_stay_for_whoever_forgets(has: Abilities, activity: str, minutes: int) -> None:
    """Half an hour, or until what they are about begins."""
    home = home_with(reminder(AtTime(at="15:00", activity=activity)), abilities=has)
    tai_chi = Invited(activity="tai-chi", name="Tai chi", place="lounge", days=("tue",), at="15:45")
    stands = Night(home=replace(home, activities=(tai_chi,)), wall_ms=at("2026-03-10 14:59"))
    stands.run(["wait 1"])
    assert stands.screen("012")["say"]
    assert stands.run([f"wait {minutes - 1}"])[-1] == "15:00 start"
    assert stands.run(["wait 1"])[-1] == f"15:{minutes:02d} offered"
    assert stands.screen("012")["say"] is None


# -- in words ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("has", "words"),
    [
        (Abilities(hearing_day="none"), "nothing is spoken"),
        (Abilities(hearing_night="aided"), "felt on a pad"),
        (Abilities(sight_night="reduced"), "what is shown is also said"),
        (Abilities(speech="reduced"), "Nothing asks Margaret to speak"),
        (Abilities(grip="reduced"), "nothing has to be held"),
        (Abilities(memory="aided"), "once more after a minute"),
        (Abilities(moves_with="walker"), 'Whoever is called reads: "Margaret: moves with: walker."'),
    ],
)
def test_every_effect_is_one_sentence_of_what_is_signed(has: Abilities, words: str) -> None:
    """And an ability that is full says nothing."""
    assert [line for line in in_words("Margaret", has) if words in line]
    assert list(in_words("Margaret", Abilities())) == []


def test_the_log_says_that_it_was_said_again() -> None:
    """What the family asks about can be read."""
    home = helped(Say(text="Sit down."), has=FORGETS, more=2)
    assert [log.reason for log in home.logs(Did.HELPING, past=True) if "once more" in log.reason] == [
        "once more in the room: Margaret. Sit down."
    ]
