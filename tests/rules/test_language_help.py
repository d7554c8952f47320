"""What helps, and how it ends: each step with what is sent, each answer and end with what comes of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devices.commands import Command, SetCover, Sound, TurnOff, TurnOn
from devices.commands import Say as Speak
from rules.alerting.levels import LONGEST_DELAY_S, Level
from rules.effects import CallService, Did
from rules.plans.help import Alarm, AnswerTo, Ask, Cover, Light, Say, Scene, Service, Show, Step, Switch, Wait
from rules.plans.plan import Abilities, AtTime, Otherwise, Rule, Settles
from rules.setting import within_bounds
from tests.rules.plan_parts import AGREED, home_with, night, rule

BASE = "zigbee2mqtt/room-012"
YES_NO = (AnswerTo(answer="yes", means="settles"), AnswerTo(answer="no", means="tells"), AnswerTo(answer="later"))
ASKS = Ask(question="Is all well?", answers=YES_NO, within_s=300, button="room-012-button")


def told(level: Level) -> Otherwise:
    """Staff, at a level."""
    return Otherwise(level=level, say="{who}: {for}")


def helps(*steps: Step, **fields: object) -> Rule:
    """A rule whose delay is agreed to, that helps so when the door opens."""
    return rule(**{"help": steps, "delay_agreed": AGREED, **fields})


# -- steps -------------------------------------------------------------------------------------------------------------

STEPS: dict[str, tuple[Step, list[Command]]] = {
    "a light": (
        Light(device="room-012-light", brightness_pct=20, color_temp_k=2700),
        [TurnOn(device=f"{BASE}-light", brightness_pct=20, color_temp_k=2700)],
    ),
    "a light off": (Light(device="room-012-light", brightness_pct=0), [TurnOff(device=f"{BASE}-light")]),
    "a socket on": (Switch(socket="room-012-socket", on=True), [TurnOn(device=f"{BASE}-socket")]),
    "a socket off": (Switch(socket="room-012-socket", on=False), [TurnOff(device=f"{BASE}-socket")]),
    "a blind": (Cover(cover="room-012-blind", position_pct=40), [SetCover(device=f"{BASE}-blind", position_pct=40)]),
    "a sound": (Alarm(sounder="room-012-speaker"), [Sound(device=f"{BASE}-speaker", duration_s=5, level="help")]),
    "a pillow pad": (
        Alarm(sounder="room-012-pad", sound_s=8),
        [Sound(device=f"{BASE}-pad", duration_s=8, level="help")],
    ),
    "a scene": (
        Scene(
            scene="evening",
            steps=(Light(device="room-012-light", brightness_pct=10), Cover(cover="room-012-blind", position_pct=0)),
        ),
        [TurnOn(device=f"{BASE}-light", brightness_pct=10), SetCover(device=f"{BASE}-blind", position_pct=0)],
    ),
    "words": (Say(text="Take your time."), [Speak(device=f"{BASE}-speaker", text="Take your time.")]),
    "words that are shown": (Show(words="Tea at four", picture="tea"), []),
    "a question": (ASKS, [Speak(device=f"{BASE}-speaker", text="Is all well?")]),
    "time": (Wait(seconds=60), []),
}


@pytest.mark.parametrize("name", STEPS)
def test_what_a_step_sends(name: str) -> None:
    """By day, to somebody who hears and sees."""
    step, wanted = STEPS[name]
    home = night(helps(step, Wait(seconds=60)), since="2026-03-10 15:00")
    home.run(["door open"])
    assert home.commands() == wanted


def test_a_service_of_home_assistant_is_asked_for() -> None:
    """With its data, and once."""
    home = night(helps(Service(service="media_player.play_media", data='{"entity_id": "x"}'), Wait(seconds=60)))
    home.run(["door open"])
    [call] = [effect for effect in home.happened if isinstance(effect, CallService)]
    assert (call.service, call.data, call.why) == ("media_player.play_media", '{"entity_id": "x"}', "rule")


def test_in_a_fire_no_service_is_asked_for() -> None:
    """Nobody knows whether it speaks or plays."""
    home = night(helps(Service(service="media_player.play_media"), Wait(seconds=60)))
    assert home.ask("mode", by="carer-1", reason="fire").ok
    home.run(["door open"])
    assert not [effect for effect in home.happened if isinstance(effect, CallService)]
    home.expect_did("dropped")


def test_a_picture_is_shown_and_never_spoken() -> None:
    """Not by the screen, not by the speaker."""
    home = night(helps(Show(words="Tea at four", picture="tea"), Wait(seconds=60)), since="2026-03-10 15:00")
    home.run(["door open"])
    shown = home.screen("012")
    assert (shown["say"], shown["spoken"], shown["picture"]) == ("Tea at four", False, "tea")


def test_what_is_not_placed_is_said_and_the_rest_goes_on() -> None:
    """No blind, but the light."""
    home = night(helps(Cover(cover="gone", position_pct=0), Light(device="room-012-light"), Wait(seconds=60)))
    home.run(["door open"])
    home.expect_did("helping", "undelivered")
    assert home.lights() == [f"{BASE}-light"]


def test_help_never_ends_the_sound_of_an_alert() -> None:
    """Five seconds on the corridor's siren would silence the call that sounds there; on her pillow they do not."""
    home = night(helps(Alarm(sounder="ground-siren"), Wait(seconds=60)))
    home.press("011")
    home.run(["door open"])
    assert home.sounds() == []
    assert "an alert sounds just now" in home.logs(Did.DROPPED)[0].reason
    home = night(helps(Alarm(sounder="room-012-pad"), Wait(seconds=60)))
    home.press("011")
    home.run(["door open"])
    assert [sound.device for sound in home.sounds()] == [f"{BASE}-pad"]


# -- ways --------------------------------------------------------------------------------------------------------------

DAY, DARK = "2026-03-10 15:00", "2026-03-10 23:00"
WAYS: dict[str, tuple[str, Abilities, list[str], bool]] = {
    "by day": (DAY, Abilities(), ["speaker"], True),
    "at night, never asked for": (DARK, Abilities(), [], False),
    "at night, asked for and heard": (DARK, Abilities(speech_at_night=True), ["speaker"], True),
    "with an aid, by day": (DAY, Abilities(hearing_day="aided", hearing_night="aided"), ["speaker"], True),
    "with an aid, at night: it is out": (
        DARK,
        Abilities(hearing_day="aided", hearing_night="aided", speech_at_night=True),
        ["speaker", "pad", "light"],
        True,
    ),
    "hears badly": (DAY, Abilities(hearing_day="reduced"), ["speaker", "pad", "light"], True),
    "hears nothing": (DAY, Abilities(hearing_day="none"), ["pad", "light"], False),
    "hears nothing and sees nothing": (DAY, Abilities(hearing_day="none", sight_day="none"), ["pad"], False),
    "sees nothing": (DAY, Abilities(sight_day="none"), ["speaker"], True),
}


@pytest.mark.parametrize("name", WAYS)
def test_how_words_reach_the_person(name: str) -> None:
    """By abilities, by day and by night; they stand on the screen in every case."""
    since, abilities, wanted, spoken = WAYS[name]
    home = night(helps(Say(text="Hello"), Wait(seconds=60)), since=since, abilities=abilities)
    home.run(["door open"])
    assert [command.device.removeprefix(f"{BASE}-") for command in home.commands()] == wanted
    shown = home.screen("012")
    assert (shown["say"], shown["spoken"]) == ("Hello", spoken)


def test_in_a_shared_room_nobody_is_woken_by_the_other_s_words() -> None:
    """Margaret asked to be spoken to at night; who sleeps beside her did not."""
    asked = Abilities(speech_at_night=True)
    home = night(helps(Say(text="Hello"), Wait(seconds=60)), since=DARK, abilities=asked, shared_with="ada")
    home.run(["door open"])
    assert home.commands() == []


# -- questions ---------------------------------------------------------------------------------------------------------

ASKED = helps(ASKS, Wait(seconds=60), settled_by=(Settles(device="room-012-door", kind="contact", value="closed"),))
OFFER = replace(ASKED, otherwise=None, delay_agreed=None)
ANSWERS: dict[str, tuple[Rule, list[str], list[str]]] = {
    "it settles": (ASKED, ["wait 1", "answer yes"], ["22:31 answered yes", "22:31 settled"]),
    "it tells": (ASKED, ["wait 1", "answer no"], ["22:31 answered no", "22:31 told check"]),
    "it is kept, and help goes on": (
        ASKED,
        ["wait 1", "answer later", "wait 1"],
        ["22:31 answered later", "22:32 told check"],
    ),
    "no answer": (ASKED, ["wait 6"], ["22:36 told check"]),
    "an answer that was not asked for": (ASKED, ["answer maybe", "wait 6"], ["22:36 told check"]),
    "an answer too late": (ASKED, ["wait 5", "answer yes", "wait 1"], ["22:36 told check"]),
    "the button once": (ASKED, ["button single"], ["22:30 answered yes", "22:30 settled"]),
    "the button twice": (ASKED, ["button double"], ["22:30 answered no", "22:30 told check"]),
    "the button held": (ASKED, ["button hold", "wait 6"], ["22:36 told check"]),
    "what settles it while it is asked": (ASKED, ["wait 1", "door closed"], ["22:31 settled"]),
    "nobody agreed to wait": (replace(ASKED, delay_agreed=None), [], ["22:30 dropped", "22:30 told check"]),
    "an invitation: yes": (OFFER, ["answer yes"], ["22:30 answered yes", "22:30 settled"]),
    "an invitation: kept": (OFFER, ["answer later"], ["22:30 answered later", "22:30 offered"]),
    "an invitation: staff shall hear of it": (OFFER, ["answer no"], ["22:30 answered no", "22:30 told request"]),
    "an invitation that nobody answers": (OFFER, ["wait 60"], ["22:36 offered"]),
    "after a restart it still waits": (ASKED, ["down 3", "answer yes"], ["22:33 answered yes", "22:33 settled"]),
    "its time was over while the hub was down": (ASKED, ["down 60"], ["23:30 told check late"]),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_what_an_answer_does(name: str) -> None:
    """On the room's screen, by a button, or not at all."""
    asked, happenings, wanted = ANSWERS[name]
    assert night(asked).run(["door open", *happenings])[1:] == wanted


def test_the_question_stands_on_the_room_s_screen() -> None:
    """With its answers, until it is answered."""
    home = night(ASKED)
    home.run(["door open"])
    asked = home.screen("012")["ask"]
    assert asked == {"episode": "e000001", "question": "Is all well?", "answers": ["yes", "no", "later"]}
    home.run(["answer later"])
    assert home.screen("012")["ask"] is None


def test_a_question_whose_time_is_over_leaves_the_screen() -> None:
    """Nobody taps an answer that would not be taken; the screen is given the new picture in the same step."""
    home = night(ASKED)
    home.run(["door open", "wait 5"])
    assert home.screens_shown() == {"012"}
    assert (home.screen("012")["ask"], home.screen("012")["say"]) == (None, None)


def test_another_room_cannot_answer() -> None:
    """A room's client is that room."""
    home = night(ASKED)
    home.run(["door open"])
    said = home.refused("answer", client="room-011", episode="e000001", answer="yes")
    assert said == "nothing is asked any more"
    said = home.refused("answer", client="room-012", episode="e000001", answer="perhaps")
    assert said == "the answers are: yes, no, later"
    assert home.ask("answer", by="carer-1", episode="e000001", answer="yes").ok


def test_in_a_shared_room_an_answer_on_the_screen_ends_no_delay() -> None:
    """Nobody knows who tapped: the answer is kept, and help goes on."""
    own = replace(ASKED, device="room-012-bed", kind="bed", value="empty")
    home = night(own, shared_with="ada")
    assert home.run(["bed empty", "answer yes", "wait 1"])[1:] == ["22:30 answered yes", "22:31 told check"]


# -- ends --------------------------------------------------------------------------------------------------------------

WAITS = helps(Wait(seconds=900))
SETTLED: dict[str, tuple[Settles, list[str]]] = {
    "a state": (Settles(device="room-012-bed", kind="bed", value="occupied"), ["bed occupied"]),
    "a number back within": (Settles(device="room-012-climate", kind="temperature", below=26), ["climate 25.9"]),
    "I'm all right": (Settles(ok=True), ["ok"]),
    "a carer's tag": (Settles(carer=True), ["tag single"]),
}


@pytest.mark.parametrize("name", SETTLED)
def test_what_settles_a_run(name: str) -> None:
    """And nobody is told."""
    settles, happenings = SETTLED[name]
    home = night(replace(WAITS, settled_by=(settles,)))
    assert home.run(["door open", "wait 5", "climate 26", *happenings, "wait 60"])[1:] == ["22:35 settled"]
    home.expect_nobody_told()


def test_in_a_shared_room_a_door_that_is_nobodys_settles_no_delay() -> None:
    """Whoever closed it, it says nothing of Margaret; her own bed does."""
    door = Settles(device="room-012-door", kind="contact", value="closed")
    own = Settles(device="room-012-bed", kind="bed", value="occupied")
    home = night(
        replace(WAITS, device="room-012-bed", kind="bed", value="empty", settled_by=(door, own)), shared_with="ada"
    )
    assert home.run(["door open", "bed empty", "wait 5", "door closed"])[1:] == []
    assert home.run(["bed occupied"])[1:] == ["22:35 settled"]


def test_a_carer_who_comes_settles_it() -> None:
    """Attending an alert of that room is being there."""
    home = night(replace(WAITS, settled_by=(Settles(carer=True),)))
    home.run(["door open"])
    home.press("room-012-call", action="single")
    home.attend("carer-1")
    home.expect_did("settled")


REMINDER = rule(device="", kind="", value="", when=AtTime(at="23:00"), otherwise=None, help=(Say(text="Tai chi."),))


def test_the_words_of_a_reminder_stand_for_five_minutes() -> None:
    """Then they are gone, and it was offered."""
    home = night(REMINDER)
    assert home.run(["wait 30"]) == ["23:00 start"]
    assert home.screen("012")["say"] == "Tai chi."
    assert home.run(["wait 5"])[1:] == ["23:05 offered"]
    assert home.screen("012")["say"] is None
    home.expect_quiet()


def test_in_a_fire_there_are_no_reminders() -> None:
    """It is written down, and that is all."""
    assert night(REMINDER).run(["fire", "wait 60"]) == ["23:00 dropped"]


@pytest.mark.parametrize("level", LONGEST_DELAY_S)
def test_no_delay_is_longer_than_its_level_may_wait(level: Level) -> None:
    """A plan that `check` would refuse is cut: first what is later."""
    longest = LONGEST_DELAY_S[level]
    asked = helps(Wait(seconds=longest - 10), ASKS, Wait(seconds=60), otherwise=told(level))
    steps = within_bounds(asked).help
    assert [getattr(step, "seconds", getattr(step, "within_s", 0)) for step in steps] == [longest - 10, 10, 0]
    assert within_bounds(helps(Wait(seconds=longest), otherwise=told(level))).help == (Wait(seconds=longest),)


def test_a_level_that_is_a_person_s_own_waits_for_nothing() -> None:
    """No plan raises a call or an emergency late."""
    steps = within_bounds(helps(Wait(seconds=60), otherwise=told(Level.EMERGENCY))).help
    assert steps == (Wait(seconds=0),)


# -- two rules over one device -----------------------------------------------------------------------------------------

LIT = (Light(device="room-012-light"), Wait(seconds=300))
DIM = (Light(device="room-012-light", brightness_pct=5), Wait(seconds=300))
BED = {"device": "room-012-bed", "kind": "bed", "value": "empty", "rule": "other"}


@pytest.mark.parametrize(
    ("first", "second", "minutes", "sent"),
    [
        (Level.CHECK, Level.REQUEST, 0.5, 0),  # the lower is dropped
        (Level.CHECK, None, 0.5, 0),  # a reminder is lowest
        (Level.REQUEST, Level.CHECK, 0.5, 1),  # the higher has it
        (Level.CHECK, Level.CHECK, 0.5, 1),  # at equal level the later
        (Level.CHECK, Level.REQUEST, 1.0, 1),  # a minute later nobody fights
    ],
)
def test_two_rules_over_one_device(first: Level, second: Level | None, minutes: float, sent: int) -> None:
    """The higher level wins, at one level the later; and what is not so, or is so no longer, says whose it is."""
    other = helps(*DIM, **BED, otherwise=told(second) if second else None)
    home = night(helps(*LIT, otherwise=told(first)), other)
    home.run(["door open", f"wait {minutes}", "bed empty"])
    assert len(home.commands()) == sent
    reasons = [log.reason for log in home.logs(Did.DROPPED)]
    if not sent:
        assert reasons == ["rule has room-012-light just now and matters more"]
    elif minutes < 1:
        why = "came later" if first is second else "matters more"
        assert reasons == [f"rule: other has room-012-light from here on and {why}"]
        assert home.logs(Did.DROPPED)[0].episode == "e000001"
    else:
        assert reasons == []


def test_the_same_wish_of_two_rules_is_no_conflict() -> None:
    """Both want the light as it is: nothing is taken from anybody."""
    home = night(helps(*LIT), helps(*LIT, **BED))
    home.run(["door open", "bed empty"])
    assert home.logs(Did.DROPPED) == []


def test_a_rule_that_is_over_is_told_too_whose_the_device_is() -> None:
    """Her lower rule settled a moment before: the line names it, her and the device."""
    lower = helps(*DIM, settled_by=(Settles(ok=True),), otherwise=told(Level.REQUEST))
    home = night(lower, helps(*LIT, **BED))
    home.run(["door open", "ok", "bed empty"])
    [log] = home.logs(Did.DROPPED)
    assert (log.episode, log.resident, log.device) == (None, "margaret", "room-012-light")
    assert log.reason == "rule: other has room-012-light from here on and matters more"


def test_words_of_the_rule_that_matters_most_are_shown() -> None:
    """A reminder's words stand behind those of a check, and come after them."""
    check = helps(Say(text="Is all well?"), Wait(seconds=60))
    reminder = helps(Say(text="Tea."), Wait(seconds=600), **BED, otherwise=None)
    home = night(check, reminder)
    home.run(["door open", "bed empty"])
    assert home.screen("012")["say"] == "Is all well?"
    home.run(["wait 1"])
    assert home.screen("012")["say"] == "Tea."


# -- what changes in the middle ----------------------------------------------------------------------------------------


def test_a_plan_that_changes_in_the_middle_ends_as_it_began_and_says_so() -> None:
    """A quarter of an hour, though the new plan says five minutes; the next time five."""
    home = night(WAITS)
    home.run(["door open"])
    home.configure(home_with(helps(Wait(seconds=300))))
    home.expect_did("plan_changed", "plan_changed")
    assert home.run(["wait 14", "wait 1"])[1:] == ["22:45 told check"]
    said = home.logs(Did.UNSETTLED)[0].reason
    assert said.endswith("; under the plan it began with: rule was changed")
    assert home.alert.also == ("rule was changed",)
    assert home.run(["door closed", "door open", "wait 5"])[-1] == "22:50 told check"


def test_a_resident_who_moves_in_the_middle_is_told_with_her_new_room() -> None:
    """Her run goes on for the place it watches; who goes is told where she lives now."""
    home = night(WAITS)
    home.run(["door open"])
    people = tuple(replace(one, room="013") if one.resident == "margaret" else one for one in home.home.residents)
    home.configure(replace(home.home, residents=people))
    home.run(["wait 15"])
    home.expect("told", place="012", room="013", also=("Margaret lives in Room 013 now",))


def test_a_plan_that_goes_in_the_middle_still_ends() -> None:
    """Settled by what settled it, and it says that the rule is gone."""
    home = night(replace(WAITS, settled_by=(Settles(ok=True),)))
    home.run(["door open"])
    home.configure(home_with())
    assert home.run(["ok"])[-1] == "22:30 settled"
    assert "no longer in the plan of Margaret" in home.logs(Did.SETTLED)[0].reason
