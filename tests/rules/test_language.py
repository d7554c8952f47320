"""Every form of the language: for each a table of histories, with what comes of them minute by minute."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rules.alerting.levels import Level
from rules.plans.help import Wait
from rules.plans.plan import (
    AtTime,
    Beyond,
    Expected,
    Fact,
    Held,
    Nothing,
    Otherwise,
    Repeated,
    StateIs,
)
from tests.rules.plan_parts import home_with, night, rule

DOOR = Fact(device="room-012-door", kind="contact", value="open")
BED = {"device": "room-012-bed", "kind": "bed", "value": "empty"}
NIGHT = ("22:00", "07:00")

CHANGED = {
    "a change tells": (rule(), ["door open"], ["22:30 start", "22:30 told check"]),
    "the other word does not": (rule(), ["door closed"], []),
    "the same once more is no change": (
        rule(),
        ["door open", "wait 5", "door open"],
        ["22:30 start", "22:30 told check"],
    ),
    "each change counts": (
        rule(),
        ["door open", "door closed", "wait 1", "door open"],
        ["22:30 start", "22:30 told check", "22:31 start", "22:31 told check"],
    ),
    "a press counts each time": (
        rule(device="room-012-button", kind="button", value="single"),
        ["button single", "wait 1", "button double", "button single"],
        ["22:30 start", "22:30 told check", "22:31 start", "22:31 told check"],
    ),
    "motion is detected": (
        rule(device="room-012-motion", kind="motion", value="detected"),
        ["motion clear", "motion detected"],
        ["22:30 start", "22:30 told check"],
    ),
    "outside its hours it does not": (rule(during=("23:00", "07:00")), ["door open", "wait 60"], []),
    "within its hours it does": (
        rule(during=("23:00", "07:00")),
        ["wait 30", "door open"],
        ["23:00 start", "23:00 told check"],
    ),
}
HELD_10 = rule(when=Held(held_s=600))
HELD = {
    "closed in time": (HELD_10, ["door open", "wait 9", "door closed", "wait 60"], []),
    "held for ten minutes": (HELD_10, ["door open", "wait 10"], ["22:40 start", "22:40 told check"]),
    "counted from the last opening": (
        HELD_10,
        ["door open", "wait 5", "door closed", "door open", "wait 30"],
        ["22:45 start", "22:45 told check"],
    ),
    "once while it lasts": (HELD_10, ["door open", "wait 600"], ["22:40 start", "22:40 told check"]),
    "again after it ended": (
        HELD_10,
        ["door open", "wait 10", "door closed", "door open", "wait 10"],
        ["22:40 start", "22:40 told check", "22:50 start", "22:50 told check"],
    ),
    "still so when its hours begin": (
        rule(when=Held(held_s=600), during=("23:00", "07:00")),
        ["door open", "wait 120"],
        ["23:00 start", "23:00 told check"],
    ),
    "over before its hours begin": (
        rule(when=Held(held_s=600), during=("23:00", "07:00")),
        ["door open", "wait 29", "door closed", "wait 120"],
        [],
    ),
    "a condition that holds later": (
        rule(when=Held(held_s=600), only_if=(StateIs(state=Fact(**BED)),)),
        ["door open", "wait 12.5", "bed empty", "wait 5"],
        ["22:40 rested", "22:43 start", "22:43 told check"],
    ),
    "a condition that never holds is said once": (
        rule(when=Held(held_s=600), only_if=(StateIs(state=Fact(**BED)),)),
        ["door open", "wait 60"],
        ["22:40 rested"],
    ),
    "due while the hub was down": (HELD_10, ["door open", "down 30"], ["23:00 start late", "23:00 told check late"]),
    "not due while the hub was down": (
        HELD_10,
        ["door open", "down 5", "wait 5"],
        ["22:40 start", "22:40 told check"],
    ),
}
BEYOND_30 = rule(
    device="room-012-climate", kind="temperature", value="", when=Beyond(beyond_s=1800, above=28.0), settled_by=()
)
BEYOND = {
    "too warm for half an hour": (
        BEYOND_30,
        ["climate 28.0", "climate 28.1", "wait 10", "climate 30", "wait 20"],
        ["23:00 start", "23:00 told check"],
    ),
    "cooler in between": (BEYOND_30, ["climate 29", "wait 20", "climate 27.9", "climate 29", "wait 29"], []),
    "below": (
        rule(device="room-012-climate", kind="temperature", value="", when=Beyond(beyond_s=0, below=16.0)),
        ["climate 16", "climate 15.9", "wait 1"],
        ["22:30 start", "22:30 told check"],
    ),
}
SILENT_3H = rule(
    device="room-012-motion",
    kind="motion",
    value="detected",
    when=Nothing(silent_s=3 * 3600, of=(Fact(device="room-012-motion", kind="motion", value="detected"), DOOR)),
)
URGENT_1H = replace(
    SILENT_3H,
    otherwise=Otherwise(level=Level.URGENT, say="x"),
    when=Nothing(silent_s=3600, of=(Fact(device="room-012-motion", kind="motion", value="detected"),)),
)
BY_DAY = rule(
    device="room-012-motion",
    kind="motion",
    value="detected",
    during=("08:00", "20:00"),
    when=Nothing(silent_s=3 * 3600, of=(Fact(device="room-012-motion", kind="motion", value="detected"),)),
)
NOTHING = {
    "three hours of nothing": (SILENT_3H, ["wait 180"], ["01:30 start", "01:30 told check"]),
    "told again after three more": (
        SILENT_3H,
        ["wait 361"],
        ["01:30 start", "01:30 told check", "04:30 start", "04:30 told check"],
    ),
    "urgent: one alert while it rings": (URGENT_1H, ["wait 361"], ["23:30 start", "23:30 told urgent"]),
    "urgent: another silence is another alert": (
        URGENT_1H,
        ["wait 90", "motion detected", "wait 60"],
        ["23:30 start", "23:30 told urgent", "01:00 start", "01:00 told urgent"],
    ),
    "something of the one": (SILENT_3H, ["wait 100", "motion detected", "wait 179"], []),
    "something of the other": (SILENT_3H, ["wait 100", "door open", "wait 179"], []),
    "the same again is no news, and is heard": (
        SILENT_3H,
        ["motion detected", "wait 120", "motion detected", "wait 179", "wait 1"],
        ["03:30 start", "03:30 told check"],
    ),
    "a value that does not count": (
        SILENT_3H,
        ["wait 100", "motion clear", "door closed", "wait 80"],
        ["01:30 start", "01:30 told check"],
    ),
    "nobody could hear": (
        SILENT_3H,
        ["wait 100", "link lost", "wait 10", "link found", "wait 179", "wait 1"],
        ["03:20 start", "03:20 told check"],
    ),
    "while nobody can hear": (SILENT_3H, ["link lost", "wait 600"], []),
    "the hub was down": (
        SILENT_3H,
        ["wait 100", "down 100", "wait 179", "wait 1"],
        ["04:50 start", "04:50 told check"],
    ),
    "its hours begin": (BY_DAY, ["wait 570", "wait 179", "wait 1"], ["11:00 start", "11:00 told check"]),
    "its hours end before": (BY_DAY, ["wait 570", *["motion detected", "wait 170"] * 5, "wait 400"], []),
}
UP_BY = rule(**BED, when=Expected(since="06:00", by="09:30"))
EXPECTED = {
    "she gets up": (UP_BY, ["bed occupied", "wait 540", "bed empty", "wait 600"], []),
    "she does not": (UP_BY, ["bed occupied", "wait 900"], ["09:30 start", "09:30 told check"]),
    "what came before does not count": (
        UP_BY,
        ["bed occupied", "wait 420", "bed empty", "bed occupied", "wait 600"],
        ["09:30 start", "09:30 told check"],
    ),
    "each day anew": (
        UP_BY,
        ["bed occupied", "wait 540", "bed empty", "wait 840", "bed occupied", "wait 720"],
        ["09:30 start", "09:30 told check"],
    ),
    "it came while the hub was down": (UP_BY, ["bed occupied", "wait 540", "bed empty", "down 300", "wait 60"], []),
    "its time came while the hub was down": (
        UP_BY,
        ["bed occupied", "wait 540", "down 300"],
        ["12:30 start late", "12:30 told check late"],
    ),
}
FOUR = rule(when=Repeated(times=4, within_s=1800))
REPEATED = {
    "not again while it runs": (
        rule(when=Repeated(times=2, within_s=1800), help=(Wait(seconds=600, hold=True),)),
        ["door open", "door closed"] * 5,
        ["22:30 start"],
    ),
    "four times": (
        FOUR,
        ["door open", "door closed"] * 3 + ["wait 10", "door open"],
        ["22:40 start", "22:40 told check"],
    ),
    "too slowly": (FOUR, ["door open", "door closed", "wait 11"] * 6, []),
    "counted anew after it started": (
        FOUR,
        ["door open", "door closed"] * 7,
        ["22:30 start", "22:30 told check"],
    ),
}
TWELVE = rule(device="", kind="", value="", when=AtTime(at="23:00"))
AT_TIME = {
    "each day": (TWELVE, ["wait 1500"], ["23:00 start", "23:00 told check"] * 2),
    "on its days": (
        rule(device="", kind="", value="", when=AtTime(at="23:00", days=("wed", "fri"))),
        ["wait 1500"],
        ["23:00 start", "23:00 told check"],
    ),
    "late after a restart": (TWELVE, ["down 60"], ["23:30 start late", "23:30 told check late"]),
    "a reminder a minute late": (
        rule(device="", kind="", value="", when=AtTime(at="23:00"), otherwise=None),
        ["wait 29", "down 2"],
        ["23:01 start late", "23:01 offered"],
    ),
    "a reminder later than that": (
        rule(device="", kind="", value="", when=AtTime(at="23:00"), otherwise=None),
        ["wait 29", "down 4"],
        ["23:03 dropped"],
    ),
    "passed over by a clock that is set": (TWELVE, ["clock 60"], ["23:30 start late", "23:30 told check late"]),
    "a clock set back does not do it twice": (
        TWELVE,
        ["wait 60", "clock -60", "wait 120"],
        ["23:00 start", "23:00 told check"],
    ),
    "a clock set back by a day forgets nothing": (
        TWELVE,
        ["wait 60", "clock -1440", "wait 1440"],
        ["23:00 start", "23:00 told check"] * 2,
    ),
}
EVERY = {
    f"{form}: {name}": case
    for form, table in {
        "change": CHANGED,
        "held": HELD,
        "beyond": BEYOND,
        "nothing": NOTHING,
        "expected": EXPECTED,
        "repeated": REPEATED,
        "time": AT_TIME,
    }.items()
    for name, case in table.items()
}


@pytest.mark.parametrize("name", EVERY)
def test_what_starts_a_rule(name: str) -> None:
    """Each form of `when`, from half past ten in the evening on."""
    given, happenings, wanted = EVERY[name]
    assert night(given).run(happenings) == wanted


# -- silence and what is lost ------------------------------------------------------------------------------------------


def test_the_silence_of_a_lost_device_says_nothing() -> None:
    """The motion sensor is offline: staff know that, and no rule concludes that she does not move. When it is back,
    three hours begin anew."""
    home = night(SILENT_3H)
    home.wait(minutes=60)
    home.device("room-012-motion/availability", state="offline")
    assert home.alert.kind == "availability"
    assert home.run(["wait 180"]) == ["01:30 rested"]
    home.device("room-012-motion/availability", state="online")
    assert home.run(["wait 179"]) == ["01:30 rested"]
    assert home.run(["wait 1"])[1:] == ["05:30 start", "05:30 told check"]


def test_a_door_that_the_broker_remembers_open_counts_from_then() -> None:
    """At the first start nobody knows for how long; ten minutes later somebody looks. No rule for a change starts."""
    home = night(HELD_10, rule(rule="change"))
    home.hear("zigbee2mqtt/room-012-door", {"contact": False}, retain=True)
    assert home.run(["wait 9"]) == []
    assert home.run(["wait 1"]) == ["22:40 start", "22:40 told check"]


def test_a_plan_that_is_accepted_while_a_door_is_open_counts_from_then() -> None:
    """Nobody knows for how long it has been open; a plan that is only worded anew goes on counting."""
    home = night()
    home.run(["door open", "wait 30"])
    home.configure(home_with(HELD_10))
    home.wait(minutes=5)
    home.configure(home_with(replace(HELD_10, why="other words")))
    assert home.run(["wait 5"]) == ["23:10 start", "23:10 told check"]


def test_a_plan_that_is_accepted_after_she_got_up_does_not_expect_it_again() -> None:
    """It is eight, she is up: nobody is told at half past nine that she did not get up."""
    home = night(since="2026-03-11 06:30")
    home.run(["bed empty", "wait 90"])
    home.configure(home_with(UP_BY))
    assert home.run(["wait 600"]) == []


@pytest.mark.parametrize("somebody_was_there", [True, False])
def test_an_urgent_silence_after_somebody_was_there_is_told_again(somebody_was_there: bool) -> None:
    """Attended and not closed, or closed: an hour later nothing was heard again, and that is another alert."""
    home = night(URGENT_1H)
    home.run(["wait 60"])
    home.attend("carer-1") if somebody_was_there else home.close("carer-1")
    found = home.run(["wait 121"])
    assert [line.split(" ", 1)[1] for line in found][-2:] == ["start", "told urgent"]
    assert len(found) > 2
