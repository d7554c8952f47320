"""What the proof computes: weeks cut at the right minutes, sums of waits, and who is reached when nobody answers."""

from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from devices.events import EMERGENCY_KINDS, Kind
from rules.alerting.levels import LADDERS, LONGEST_DELAY_S, Level
from rules.home import Carer, Home, Rule, Shift
from rules.plans.help import AnswerTo, Ask, Light, Say, Step, Wait
from rules.plans.plan import AtTime, Beyond, Choice, Held, Nothing, Trigger
from rules.proof.bounds import prove, unheard
from rules.proof.waits import bound_s, delay_s, lasts_s, offsets
from rules.proof.weeks import MINUTE_MS, Week, local, named, spans, weeks_of
from rules.rota import is_on_rota
from tests.stories.village import AGREED, NIGHT, out_of_bed, phone, village

ASK = Ask(question="Well?", answers=(AnswerTo(answer="yes"),), within_s=60)


def rule(*steps: Step, agreed: bool = True, when: Trigger | None = None, reminder: bool = False) -> Rule:
    """Margaret's rule with this help."""
    made = replace(out_of_bed("012", "margaret", agreed=AGREED if agreed else None), help=steps)
    made = replace(made, when=when) if when is not None else made
    return replace(made, otherwise=None) if reminder else made


# -- waits ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "delay", "lasts", "bound"),
    [
        (rule(), 0, 0, 0),
        (rule(Light(device="x"), Wait(seconds=900), Say(text="x"), Wait(seconds=60)), 960, 0, 960),
        (rule(Wait(seconds=900), agreed=False), 0, 0, 0),
        (rule(ASK, Wait(seconds=30)), 90, 0, 90),
        (rule(ASK, agreed=False), 0, 0, 0),
        (rule(ASK, agreed=False, reminder=True), 60, 0, 60),
        (rule(Wait(seconds=600, hold=True), agreed=False), 0, 600, 600),
        (rule(Wait(seconds=600, hold=True), Wait(seconds=60)), 60, 600, 660),
        (rule(Wait(seconds=60), when=Held(held_s=600)), 60, 600, 60),
        (rule(Wait(seconds=60), when=Nothing(silent_s=3600, of=())), 60, 3600, 60),
        (rule(when=Beyond(beyond_s=1800, above=28.0)), 0, 1800, 0),
        (rule(Wait(seconds=60), when=AtTime(at="19:30")), 60, 0, 60),
    ],
)
def test_a_delay_is_what_was_agreed_and_how_long_a_state_lasts_is_none(
    given: Rule, delay: int, lasts: int, bound: int
) -> None:
    """The bound of a run is both, as far as they are a part of it."""
    assert (delay_s(given), lasts_s(given), bound_s(given)) == (delay, lasts, bound)


def test_each_step_is_given_after_the_waits_before_it() -> None:
    """The second word comes after the first wait, what nobody agreed to is over at once."""
    steps = (Say(text="a"), Wait(seconds=900), Say(text="b"), Wait(seconds=60, hold=True), Say(text="c"))
    assert offsets(rule(*steps)) == (0, 0, 900, 900, 960)
    assert offsets(rule(*steps, agreed=False)) == (0, 0, 0, 0, 60)


# -- weeks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "weeks"),
    [
        ("Europe/London", [("2026-03-23", "forward"), ("2026-10-19", "back")]),
        ("America/New_York", [("2026-03-02", "forward"), ("2026-10-26", "back")]),
        ("Australia/Lord_Howe", [("2026-03-30", "back"), ("2026-09-28", "forward")]),
        ("Asia/Tokyo", [("2026-01-05", "")]),
        ("UTC", [("2026-01-05", "")]),
    ],
)
def test_both_weeks_with_a_change_of_the_clocks_are_found(zone: str, weeks: list[tuple[str, str]]) -> None:
    """Where the clocks never change, any week stands for all."""
    found = weeks_of(ZoneInfo(zone), 2026)
    assert [(str(week.monday), week.change) for week in found] == weeks


ROTA = (
    Carer(
        id="a", name="A", shifts=(Shift(days=("mon", "tue", "wed", "thu", "fri", "sat"), start="21:15", end="01:30"),)
    ),
    Carer(id="b", name="B", shifts=(Shift(days=("sat", "sun"), start="01:30", end="02:15"),)),
    Carer(id="c", name="C", shifts=(Shift(days=("sun",), start="00:00", end="23:59"),)),
)


@pytest.mark.parametrize(
    "zone", ["Europe/London", "Australia/Lord_Howe", "America/St_Johns", "Africa/Casablanca", "UTC"]
)
def test_a_week_in_spans_says_of_each_minute_what_the_minute_itself_says(zone: str) -> None:
    """10,080 of them and the hour that comes twice or never: cut where the rota changes, and at nothing else."""

    def on(here: object) -> tuple[str, ...]:
        return tuple(carer.id for carer in ROTA if is_on_rota(carer, here))  # type: ignore[arg-type]

    for week in weeks_of(ZoneInfo(zone), 2026):
        clocks = [clock for carer in ROTA for shift in carer.shifts for clock in (shift.start, shift.end)]
        cut = spans(week, clocks, on)
        first, last = cut[0].from_ms, cut[-1].before_ms
        assert abs(last - first - 7 * 86_400_000) in (0, 1_800_000, 3_600_000)
        assert [one.before_ms for one in cut[:-1]] == [one.from_ms for one in cut[1:]]
        whole = [one.holds for one in cut for _ in range(one.from_ms, one.before_ms, MINUTE_MS)]
        assert whole == [on(local(week.timezone, moment)) for moment in range(first, last, MINUTE_MS)]


def test_a_minute_that_comes_twice_says_which_it_is() -> None:
    """Who looks at the witness finds it in the log."""
    week = Week(monday=date(2026, 10, 19), timezone=ZoneInfo("Europe/London"), change="back")
    half_past_one = 1_792_888_200_000
    assert named(week, half_past_one) == "sun 2026-10-25 01:30 (the first time)"
    assert named(week, half_past_one + 3_600_000) == "sun 2026-10-25 01:30 (the second time)"
    assert named(week, half_past_one + 7_200_000) == "sun 2026-10-25 02:30"


# -- who is reached ---------------------------------------------------------------------------------------------------


def test_what_calls_for_help_is_told_at_once_whoever_is_on_the_rota() -> None:
    """Of every resident and from every place, and each rung at its ladder's time."""
    proof = prove(village(), 2026)
    assert [one.resident for one in proof.residents] == ["ada", "margaret", "joan", "george", "ruth", "edith"]
    for kinds in (*(one.kinds for one in proof.residents), proof.places):
        assert {kind.kind for kind in kinds} == {*EMERGENCY_KINDS, Kind.CALL, Kind.WATER_LEAK}
        for kind in kinds:
            assert kind.told.first_s == 0
            if kind.kind is not Kind.STAFF_ASSIST:
                assert [rung.told_s for rung in kind.told.rungs] == [
                    rung.after_s for rung in LADDERS[kind.told.level].rungs
                ]
            assert min(rung.fewest for rung in kind.told.rungs) > 0


def test_a_rule_is_told_after_its_waits_and_each_rung_after_that() -> None:
    """Up at night: 16 minutes of help, then the carers of the zone, then its ladder."""
    [margaret] = [one for one in prove(village(), 2026).residents if one.resident == "margaret"]
    [told] = [one for one in margaret.rules if one.rule.rule == "up-at-night"]
    assert (told.delay_s, told.lasts_s, told.bound_s) == (960, 0, 960)
    assert told.told is not None
    assert (told.told.first_s, [rung.told_s for rung in told.told.rungs]) == (960, [960, 1860, 2760])


def silent(**changed: object) -> Home:
    """The village without screens and sounders; only who has a phone hears."""
    home = village()
    zones = tuple(replace(zone, screens=(), sounders=(), accepted_without="accepted") for zone in home.zones)
    return replace(home, zones=zones, **changed)  # type: ignore[arg-type]


def staff(days: tuple[str, ...], hours: tuple[str, str]) -> tuple[Carer, ...]:
    """One with a phone, at all times but these; one without, then; a manager without."""
    every = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    rest = tuple(day for day in every if day not in days)
    start, end = hours
    return (
        Carer(
            id="loud",
            name="L",
            channels=phone(20),
            shifts=(
                Shift(days=rest, start="00:00", end="23:59"),
                Shift(days=every, start="23:59", end="00:00"),
                Shift(days=days, start="00:00", end=start),
                Shift(days=days, start=end, end="23:59"),
            ),
        ),
        Carer(id="quiet", name="Q", shifts=(Shift(days=days, start=start, end=end),)),
    )


def test_one_minute_of_the_week_in_which_nobody_hears_is_found() -> None:
    """On Sunday from 01:10 to 01:11 the one who is there has no phone, and there is no screen: never."""
    found = unheard(silent(staff=staff(("sun",), ("01:10", "01:11"))), 2026)
    assert {gap.first_s for gap in found} == {None}
    assert {gap.at.split()[0] for gap in found} == {"sun"}
    assert {gap.at.split()[2] for gap in found} == {"01:10"}
    assert {gap.people for gap in found} == {("quiet",)}
    assert unheard(silent(staff=staff((), ("00:00", "00:00"))[:1]), 2026) == []
    assert unheard(village(), 2026) == []


def test_a_rule_with_hours_is_judged_by_who_is_there_when_it_tells() -> None:
    """It begins before the quiet minutes and tells in them; another with the same hours is over before."""
    early = replace(out_of_bed("012", "margaret"), during=("00:50", "00:56"), help=(Wait(seconds=1200),))
    sooner = replace(early, rule="sooner", help=(Wait(seconds=600),))
    home = silent(staff=staff(("sun",), ("01:10", "01:11")))
    residents = tuple(
        replace(one, rules=(early, sooner)) if one.resident == "margaret" else replace(one, rules=())
        for one in home.residents
    )
    [margaret] = [one for one in prove(replace(home, residents=residents), 2026).residents if one.rules]
    first = {told.rule.rule: told.told.first_s if told.told else 0 for told in margaret.rules}
    assert first == {"up-at-night": None, "sooner": 600}


def test_a_time_of_day_that_never_comes_is_judged_by_who_is_there_after_the_gap() -> None:
    """01:30 on the last Sunday of March is kept at 02:00, when the one who is there has no phone."""
    timed = replace(rule(when=AtTime(at="01:30", days=("sun",))), device="", kind="", value="", during=None)
    later = replace(timed, rule="later", when=AtTime(at="12:00"))
    home = silent(staff=staff(("sun",), ("02:00", "02:01")))
    residents = tuple(replace(one, rules=(timed, later) if one.resident == "ada" else ()) for one in home.residents)
    [ada] = [one for one in prove(replace(home, residents=residents), 2026).residents if one.rules]
    first = [(told.told.first_s, told.told.first_at) for told in ada.rules if told.told is not None]
    assert first == [(None, "sun 2026-03-29 02:00"), (0, "mon 2026-03-23 12:00")]


@pytest.mark.parametrize(
    ("quiet", "hours", "first"),
    [
        (("08:00", "08:01"), ("06:30", "08:01"), None),
        (("06:40", "06:41"), ("06:30", "08:01"), None),
        (("08:01", "08:02"), ("06:30", "08:01"), 0),
        (("06:29", "06:30"), ("06:30", "08:01"), 0),
    ],
)
def test_a_chosen_time_is_judged_at_every_minute_at_which_a_choice_may_begin_it(
    quiet: tuple[str, str], hours: tuple[str, str], first: int | None
) -> None:
    """Usually at 07:00; what she may choose is not known, and a choice begins at once what it would have skipped."""
    wake = Choice(choice="wake", ask="When?", of=("06:30", "07:00", "08:00"), usual="07:00")
    woken = replace(rule(when=AtTime(at="07:00", choice="wake")), device="", kind="", value="", during=None)
    home = silent(staff=staff(("sun",), quiet))
    woken = replace(woken, resident="ada")
    residents = tuple(
        replace(one, rules=(woken,), choices=(wake,)) if one.resident == "ada" else replace(one, rules=())
        for one in home.residents
    )
    [ada] = [one for one in prove(replace(home, residents=residents), 2026).residents if one.rules]
    [told] = ada.rules
    assert told.hours is not None
    assert (told.hours.start, told.hours.end) == hours
    assert told.told is not None
    assert told.told.first_s == first


def test_a_level_has_a_bound_and_what_a_person_calls_with_waits_for_nothing() -> None:
    """The more it matters, the shorter."""
    by_rank = [LONGEST_DELAY_S.get(level, 0) for level in Level if level not in (Level.EMERGENCY, Level.CALL)]
    assert by_rank == [300, 7_200, 43_200, 86_400]
    assert not {Level.EMERGENCY, Level.CALL} & set(LONGEST_DELAY_S)


def test_a_run_that_begins_in_the_last_minute_of_a_week_is_followed_into_the_next() -> None:
    """Its waits may be half a day, and the rota is asked for the day it ends on."""
    late = replace(out_of_bed("012", "margaret"), during=NIGHT, help=(Wait(seconds=43_200),))
    home = silent(staff=staff(("mon",), ("11:00", "11:01")))
    residents = tuple(replace(one, rules=(late,) if one.resident == "margaret" else ()) for one in home.residents)
    [margaret] = [one for one in prove(replace(home, residents=residents), 2026).residents if one.rules]
    told = margaret.rules[0].told
    assert told is not None
    assert told.first_s is None
    assert told.first_at.startswith("mon ")


def test_the_proof_of_a_home_without_staff_or_places_is_still_one() -> None:
    """Nothing is raised whatever the home is: nobody hears, and that is said."""
    proof = prove(Home(slug="", name="", timezone="Middle/Earth"), 2026)
    assert {kind.told.first_s for kind in proof.places} == {None}
    assert proof.weeks[0].monday + timedelta(days=6) == date(2026, 1, 11)


def test_the_zone_where_it_is_heard_last_is_the_one_that_counts() -> None:
    """A cord of Margaret's that hangs where there is no sounder: its press rings the house 45 s later."""
    home = village()
    zones = (replace(home.zones[0], screens=()), replace(home.zones[1], screens=(), sounders=()))
    cords = tuple(
        replace(device, place="021") if device.name == "room-012-call" else replace(device) for device in home.devices
    )
    carers = tuple(replace(carer, channels=()) for carer in home.staff)
    proof = prove(replace(home, zones=zones, staff=carers, devices=cords), 2026)
    first = {one.resident: one.kinds[0].told.first_s for one in proof.residents}
    assert first == {"ada": 0, "margaret": 45, "joan": 0, "george": 45, "ruth": 45, "edith": 45}
