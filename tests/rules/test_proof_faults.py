"""What cannot be proved is refused with its witness; what is only like it is not."""

from dataclasses import replace
from typing import Any

import pytest

from rules.alerting.levels import Level
from rules.home import Home, Otherwise, Resident, Rule, Settles
from rules.plans.help import AnswerTo, Ask, Cover, Light, Scene, Step, Switch, Wait
from rules.plans.plan import AtTime, Beyond, Choice, ChoiceIs, Expected, Fact, Held, Nothing, NumberIs, StateIs, Trigger
from rules.proof.faults import unproved
from tests.stories.village import left_open, out_of_bed, village

UP = out_of_bed("012", "margaret")
LIGHT = "room-012-light"
BED = Fact(device="room-012-bed", kind="bed", value="empty")


def home(*rules: Rule, senses: dict[str, str] | None = None, sister: tuple[Rule, ...] = ()) -> Home:
    """The village, with these rules of Margaret's, and of Ruth's, who shares a room with Edith."""
    base = village()

    def changed(one: Resident) -> Resident:
        if one.resident == "margaret":
            return replace(one, rules=rules, senses=senses or {})
        return replace(one, rules=sister if one.resident == "ruth" else ())

    return replace(base, residents=tuple(map(changed, base.residents)))


def said(found: Home, *, warnings: bool = False) -> list[str]:
    """What is refused, or what is warned of."""
    return [one.what for one in unproved(found) if one.warning is warnings]


def reminder(when: Trigger, *, fact: Fact = BED, help: tuple[Step, ...] = ()) -> Rule:
    """A rule that tells nobody."""
    return replace(
        UP, otherwise=None, when=when, device=fact.device, kind=fact.kind, value=fact.value, help=help, settled_by=()
    )


def test_the_village_is_proved() -> None:
    """Nothing is refused that works."""
    assert unproved(village()) == []


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        (
            replace(UP, device="room-012-pendant"),
            '"room-012-pendant" is for emergency: staff are told at once, no rule may stand before it',
        ),
        (
            replace(UP, device="room-012-smoke", kind="smoke"),
            '"room-012-smoke" is for smoke: staff are told at once, no rule may stand before it',
        ),
        (replace(UP, kind="fall", value="true"), "fall is told to staff at once: no rule may stand before it"),
        (
            replace(UP, when=Nothing(silent_s=60, of=(BED, Fact(device="room-012-call", kind="button")))),
            '"room-012-call" is for call: staff are told at once, no rule may stand before it',
        ),
        (
            replace(UP, only_if=(StateIs(state=Fact(device="room-012-call", kind="button")),)),
            '"room-012-call" is for call: staff are told at once, no rule may stand before it',
        ),
        (
            replace(UP, settled_by=(Settles(device="room-012-pendant", kind="battery", value="ok"),)),
            '"room-012-pendant" is for emergency: staff are told at once, no rule may stand before it',
        ),
    ],
)
def test_no_rule_stands_before_a_call(rule: Rule, what: str) -> None:
    """Neither as what starts it, nor as what holds it up, nor as what settles it."""
    assert said(home(rule)) == [what]


@pytest.mark.parametrize(
    ("level", "seconds", "allowed"),
    [
        *((Level.URGENT, 300, True), (Level.URGENT, 301, False), (Level.CHECK, 7200, True), (Level.CHECK, 7201, False)),
        *((Level.REQUEST, 43_200, True), (Level.REQUEST, 43_201, False), (Level.TECHNICAL, 86_400, True)),
        *((Level.TECHNICAL, 86_401, False), (Level.CALL, 0, True), (Level.CALL, 1, False)),
        *((Level.EMERGENCY, 0, True), (Level.EMERGENCY, 1, False)),
    ],
)
def test_the_waits_of_a_rule_are_bounded_by_its_level(level: Level, seconds: int, allowed: bool) -> None:
    """To the second, all waits together."""
    waits = (Wait(seconds=seconds // 2), Wait(seconds=seconds - seconds // 2))
    rule = replace(UP, help=waits, otherwise=Otherwise(level=level, say="x"))
    assert (said(home(rule)) == []) is allowed
    assert said(home(replace(rule, delay_agreed=None))) == []


ASKED = Ask(question="Well?", answers=(AnswerTo(answer="no", means="tells"),))


@pytest.mark.parametrize(
    "rule",
    [
        reminder(Nothing(silent_s=3600, of=(BED,))),
        reminder(Expected(since="06:00", by="09:30")),
        reminder(Held(held_s=600)),
        reminder(UP.when, help=(Wait(seconds=600, hold=True),)),
        reminder(UP.when, help=(ASKED,)),
    ],
    ids=["nothing", "expected", "held", "hold", "tells"],
)
def test_a_rule_that_watches_for_a_need_must_tell_somebody(rule: Rule) -> None:
    """Left without `otherwise` it would end in silence."""
    [what] = said(home(rule))
    assert "tells nobody" in what or "does not say at which level" in what
    assert said(home(replace(rule, otherwise=Otherwise(level=Level.CHECK, say="x")))) == []


@pytest.mark.parametrize(
    "rule",
    [
        reminder(AtTime(at="19:30")),
        reminder(UP.when, help=(Light(device=LIGHT),)),
        reminder(Beyond(beyond_s=600, below=2.0), fact=Fact(device="room-012-plug", kind="power")),
        reminder(Held(held_s=600), fact=Fact(device="room-012-door", kind="contact", value="open")),
    ],
    ids=["a time", "a light when she gets up", "a scooter that does not charge", "a fridge left open"],
)
def test_a_reminder_tells_nobody_and_may(rule: Rule) -> None:
    """What the resident asked for needs no staff."""
    assert said(home(rule)) == []


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        (
            replace(UP, settled_by=(Settles(device="room-012-bed", kind="bed", value="empty"),)),
            "up-at-night is settled by what starts it: nobody would ever be told",
        ),
        (
            replace(UP, settled_by=(Settles(device=LIGHT, kind="light", value="on"),)),
            "up-at-night is settled by its own help, room-012-light on: nobody would be told",
        ),
        (
            replace(
                UP,
                device="thermo",
                kind="temperature",
                value="",
                when=Beyond(beyond_s=60, above=28.0),
                settled_by=(Settles(device="thermo", kind="temperature", below=30.0),),
            ),
            "up-at-night is settled by what starts it: nobody would ever be told",
        ),
    ],
    ids=["trigger", "own light", "number"],
)
def test_no_run_settles_itself(rule: Rule, what: str) -> None:
    """It would say every night that she managed."""
    assert said(home(rule)) == [what]


def test_a_number_back_within_its_bound_settles() -> None:
    """Too warm above 28, well again below 26."""
    rule = replace(
        UP,
        device="thermo",
        kind="temperature",
        value="",
        when=Beyond(beyond_s=60, above=28.0),
        settled_by=(Settles(device="thermo", kind="temperature", below=26.0),),
    )
    assert said(home(rule)) == []


@pytest.mark.parametrize(
    "rule",
    [
        UP,
        replace(left_open("012"), only_if=(StateIs(state=BED),)),
        replace(left_open("012"), settled_by=(Settles(device="room-012-bed", kind="bed", value="occupied"),)),
        replace(left_open("012"), only_if=(NumberIs(number=replace(BED, value=""), above=1.0),)),
    ],
    ids=["starts", "only_if", "settled_by", "number"],
)
def test_what_the_resident_refused_is_watched_by_no_part_of_a_rule(rule: Rule) -> None:
    """Refused is refused; withdrawn rests, and staff are told to agree another way."""
    assert said(home(rule, senses={"bed": "accepted"})) == []
    [what] = said(home(rule, senses={"bed": "refused"}))
    assert what.endswith('watches room-012-bed: Margaret has refused "bed"')
    assert said(home(rule, senses={"bed": "withdrawn"})) == []
    assert said(home(rule, senses={"bed": "withdrawn"}), warnings=True) == [
        f"{rule.rule} rests: Margaret has withdrawn what room-012-bed senses"
    ]


def test_a_sensor_of_a_shared_room_watches_nobody_who_refused_it() -> None:
    """Ruth's rule on a mat that is tied to nobody would watch Edith; her own bed does not."""
    base = home(sister=(out_of_bed("022", "ruth", device="shared-mat"),))
    refuses = tuple(
        replace(one, senses={"bed": "refused"}) if one.resident == "edith" else one for one in base.residents
    )
    assert said(replace(base, residents=refuses)) == ['up-at-night watches shared-mat: Edith has refused "bed"']
    own = home(sister=(out_of_bed("022", "ruth", device="ruth-bed"),)).residents
    refuses = tuple(replace(one, senses={"bed": "refused"}) if one.resident == "edith" else one for one in own)
    assert said(replace(base, residents=refuses)) == []


ON, OFF = Light(device=LIGHT, brightness_pct=30), Light(device=LIGHT, brightness_pct=0)


@pytest.mark.parametrize(
    ("one", "two", "fights"),
    [
        ((ON,), (OFF,), True),
        ((ON,), (Light(device=LIGHT, brightness_pct=100),), False),
        ((Scene(scene="evening", steps=(OFF,)),), (ON,), True),
        ((Switch(socket="plug", on=True),), (Switch(socket="plug", on=False),), True),
        ((Cover(cover="blind", position_pct=0),), (Cover(cover="blind", position_pct=50),), True),
        ((ON, Wait(seconds=120)), (Wait(seconds=120), OFF), False),
        ((ON, Wait(seconds=30)), (Wait(seconds=30), OFF), True),
    ],
)
def test_one_trigger_does_not_switch_one_device_both_ways(
    one: tuple[Step, ...], two: tuple[Step, ...], fights: bool
) -> None:
    """Within a minute; later, the one follows the other."""
    first, second = replace(UP, help=one), replace(UP, rule="second", help=two)
    assert bool(said(home(first, second))) is fights


def test_two_rules_fight_only_where_they_can_meet() -> None:
    """Another state of the bed, other hours, another time: no fight. Another level: the machine decides."""
    one = replace(UP, help=(ON,))
    two = replace(UP, rule="second", help=(OFF,))
    assert said(home(one, two)) == [
        "second wants room-012-light off while up-at-night wants it on",
    ]
    assert said(home(one, replace(two, value="occupied", settled_by=()))) == []
    assert said(home(one, replace(two, during=("07:00", "22:00")))) == []
    urgent = replace(two, otherwise=Otherwise(level=Level.URGENT, say="x"))
    assert said(home(one, urgent)) == []
    assert said(home(one, urgent), warnings=True) == [
        "second wants room-012-light off while up-at-night wants it on: second is the stronger and has its way"
    ]
    at_ten = replace(one, device="", kind="", value="", when=AtTime(at="22:00", days=("mon",)))
    assert len(said(home(at_ten, replace(at_ten, rule="second", help=(OFF,))))) == 1
    assert said(home(at_ten, replace(at_ten, rule="second", help=(OFF,), when=AtTime(at="22:01")))) == []
    assert said(home(at_ten, replace(at_ten, rule="x", help=(OFF,), when=AtTime(at="22:00", days=("tue",))))) == []


WAKE = Choice(choice="wake", ask="When?", of=("06:30", "06:45", "07:00"), usual="06:30")
BLINDS = Choice(choice="blinds", ask="The blinds?", of=("open", "closed"), usual="open")
WOKEN = replace(UP, device="", kind="", value="", settled_by=(), help=(ON,), when=AtTime(at="06:30", choice="wake"))


@pytest.mark.parametrize(
    ("other", "fights"),
    [
        ({"when": AtTime(at="06:30")}, True),
        ({"when": AtTime(at="07:00")}, True),
        ({"when": AtTime(at="06:44"), "help": (Wait(seconds=60), OFF)}, True),
        ({"when": AtTime(at="07:01")}, False),
        ({"when": AtTime(at="06:50")}, False),
        ({"when": WOKEN.when}, True),
        ({"when": WOKEN.when, "help": (Wait(seconds=900), OFF)}, False),
        ({"when": WOKEN.when, "only_if": (ChoiceIs(choice="blinds", chosen="open"),)}, True),
        ({"when": WOKEN.when, "only_if": (ChoiceIs(choice="blinds", chosen="closed"),)}, False),
        ({"when": AtTime(at="06:30"), "only_if": (ChoiceIs(choice="blinds", chosen="closed"),)}, True),
    ],
)
def test_what_follows_a_choice_fights_at_every_time_that_may_be_chosen(other: dict[str, Any], fights: bool) -> None:
    """Not at the usual time alone; rules that want different things chosen never start at one moment."""
    first = replace(WOKEN, during=None, only_if=(ChoiceIs(choice="blinds", chosen="open"),))
    second = replace(WOKEN, during=None, rule="second", **({"help": (OFF,)} | other))
    found = home(first, second)
    chooses = [replace(one, choices=(WAKE, BLINDS)) if one.resident == "margaret" else one for one in found.residents]
    assert bool(said(replace(found, residents=tuple(chooses)))) is fights


def test_a_choice_of_one_resident_is_kept_apart_from_another_s_hours() -> None:
    """Ruth's light, at a time that Margaret may choose and does not usually."""
    ruth = replace(out_of_bed("022", "ruth", device="ruth-bed"), help=(OFF,), during=("06:50", "07:30"))
    found = home(replace(WOKEN, during=None), sister=(ruth,))
    assert said(found) == []
    chooses = [replace(one, choices=(WAKE,)) if one.resident == "margaret" else one for one in found.residents]
    assert len(said(replace(found, residents=tuple(chooses)))) == 1


def test_what_helps_one_resident_is_not_switched_off_by_another_s_rule() -> None:
    """Whatever starts them: their hours must keep them apart."""
    ruth = replace(out_of_bed("022", "ruth", device="ruth-bed"), help=(ON,))
    margaret = replace(left_open("012"), help=(OFF,))
    assert said(home(margaret, sister=(ruth,))) == [
        "up-at-night wants room-012-light on while left-open of Margaret wants it off"
    ]
    assert said(home(replace(margaret, during=("07:00", "22:00")), sister=(ruth,))) == []


DOOR = left_open("012", seconds=0)
HELD: dict[str, tuple[Rule, Level, int, bool, bool]] = {
    "urgent, five minutes": (UP, Level.URGENT, 300, False, False),
    "urgent for longer": (UP, Level.URGENT, 301, True, False),
    "check, two hours": (UP, Level.CHECK, 7_200, False, False),
    "check for longer": (UP, Level.CHECK, 7_201, True, False),
    "a whole day, urgent": (UP, Level.URGENT, 86_400, True, False),
    "half an hour that nobody agreed to": (replace(UP, delay_agreed=None), Level.CHECK, 1_800, False, False),
    "longer, and nobody agreed": (replace(UP, delay_agreed=None), Level.CHECK, 1_801, False, True),
    "a request may wait": (replace(UP, delay_agreed=None), Level.REQUEST, 40_000, False, False),
    "in bed all day is another matter": (
        replace(UP, value="occupied", settled_by=()),
        Level.CHECK,
        50_000,
        False,
        False,
    ),
    "a door for two hours": (DOOR, Level.CHECK, 7_200, False, False),
    "a door for half a day": (DOOR, Level.CHECK, 43_200, False, True),
    "a door for half a day that was agreed to": (
        replace(DOOR, delay_agreed=UP.delay_agreed),
        Level.CHECK,
        43_200,
        False,
        False,
    ),
    "an urgent door": (DOOR, Level.URGENT, 301, False, True),
}


@pytest.mark.parametrize("name", HELD)
def test_how_long_a_bed_may_be_empty_before_staff_hear_of_it(name: str) -> None:
    """As long as a wait before its level may be: a state that is over when she is safe is a wait by another name."""
    rule, level, seconds, is_refused, is_warned = HELD[name]
    held = replace(rule, when=Held(held_s=seconds), help=(), otherwise=Otherwise(level=level, say="x"))
    assert [bool(said(home(held))), bool(said(home(held), warnings=True))] == [is_refused, is_warned]


def test_what_is_held_and_what_is_waited_count_together() -> None:
    """An hour and a half of both is three hours in which nobody looks."""
    both = replace(UP, when=Held(held_s=5_400), help=(Wait(seconds=5_400),))
    assert said(home(both)) == ["up-at-night: staff hear of bed empty after 3 h, as check"]
