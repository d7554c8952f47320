"""The language of plans: every example of its documentation, and what each form compiles to."""

from pathlib import Path

import pytest

from hub.config.document import LARGEST_BYTES
from hub.config.plans import compile_shadow, written_plans
from hub.config.read import read_home
from hub.config.stored import home_from_json
from rules.plans.fitting import still_stands
from rules.plans.help import Ask, Light, Service, Wait
from rules.plans.plan import AtTime, Beyond, Expected, Fact, Held, Nothing, Repeated, Rule, Settles
from tests.hub.plan_examples import Example, examples, in_words
from tests.hub.plan_home import AGREED, HEAD, HOME, margaret, plan_of, read_plan, refused, write_plan_home

_EXAMPLES = examples()
_RIGHT = [example for example in _EXAMPLES if not example.is_refused]
_WRONG = [example for example in _EXAMPLES if example.is_refused]
OK = Settles(ok=True)


@pytest.mark.parametrize("example", _RIGHT, ids=lambda example: example.name)
def test_every_example_is_accepted_and_means_what_stands_below_it(tmp_path: Path, example: Example) -> None:
    """It compiles, `explain` says of each rule the very words of the documentation, and the ledger keeps it whole."""
    reading = read_plan(tmp_path, plan_of(example.text))
    assert reading.refused_plans == ()
    assert in_words(reading) == example.said
    assert home_from_json(reading.text) == reading.home


@pytest.mark.parametrize("example", _WRONG, ids=lambda example: example.name)
def test_every_refusal_is_said_as_it_stands_in_the_documentation(tmp_path: Path, example: Example) -> None:
    """The line, what is wrong, what is expected there, and the nearest word."""
    assert [f"`{line}`" for line in refused(tmp_path, plan_of(example.text))] == example.said != []


def compiled(folder: Path, when: str, more: str = "") -> Rule:
    """One rule that starts so, and tells staff."""
    text = f"- rule: one\n  why: x\n  when: {when}\n  otherwise: {{level: check, say: Up.}}\n{more}"
    reading = read_plan(folder, plan_of(text))
    assert reading.refused_plans == ()
    (rule,) = margaret(reading).rules
    return rule


def fact(device: str, kind: str, value: str = "") -> Fact:
    """What a device of room 012 says."""
    return Fact(device=f"room-012-{device}", kind=kind, value=value)


def settled(device: str, kind: str, value: str = "", *, below: float | None = None) -> Settles:
    """An end by a device of room 012."""
    return Settles(device=f"room-012-{device}", kind=kind, value=value, below=below)


def test_a_state_that_lasts_is_settled_by_its_opposite_and_ok(tmp_path: Path) -> None:
    """The sense finds the room's one device; what ends it need not be written."""
    rule = compiled(tmp_path, "{door: open, held_for: 10 min}")
    assert (rule.device, rule.kind, rule.value, rule.when) == ("room-012-door", "contact", "open", Held(held_s=600))
    assert rule.settled_by == (settled("door", "contact", "closed"), OK)


def test_silence_is_of_all_and_any_sign_ends_it(tmp_path: Path) -> None:
    """A sense alone means any word of a device with two, and the active one of a detector."""
    rule = compiled(tmp_path, "{nothing_of: [motion, bed, {door: open}], for: 3 h}")
    of = (fact("motion", "motion", "detected"), fact("bed", "bed"), fact("door", "contact", "open"))
    assert rule.when == Nothing(silent_s=10_800, of=of)
    assert (rule.device, rule.kind, rule.value) == ("room-012-motion", "motion", "detected")
    assert rule.settled_by == (*(settled(one.device[9:], one.kind, one.value) for one in of), OK)


def test_what_is_expected_is_settled_when_it_comes(tmp_path: Path) -> None:
    """The value itself is what nobody has to look after any more."""
    rule = compiled(tmp_path, '{expected: {bed: empty}, since: "06:00", by: "09:30"}')
    assert rule.when == Expected(since="06:00", by="09:30")
    assert rule.settled_by == (settled("bed", "bed", "empty"), OK)


def test_so_many_times_has_no_opposite(tmp_path: Path) -> None:
    """Only the resident or a carer ends it."""
    rule = compiled(tmp_path, "{bed: empty, times: 4, within: 30 min}")
    assert (rule.when, rule.settled_by) == (Repeated(times=4, within_s=1800), (OK,))


def test_a_number_is_settled_when_it_is_back(tmp_path: Path) -> None:
    """Below the bound that it was above."""
    rule = compiled(tmp_path, "{temperature_c: {above: 28}, device: room-012-climate, for: 30 min}")
    assert (rule.when, rule.value) == (Beyond(beyond_s=1800, above=28.0), "")
    assert rule.settled_by == (settled("climate", "temperature", below=28.0), OK)


def test_an_activity_is_a_time_of_day_before_it_also_over_midnight(tmp_path: Path) -> None:
    """A quarter of an hour before five past midnight on Wednesday is Tuesday, ten to twelve."""
    text = "- rule: library\n  why: x\n  activity: library\n  help: [{say: Books.}]\n"
    (rule,) = margaret(read_plan(tmp_path, plan_of(text))).rules
    assert rule.when == AtTime(at="23:50", days=("tue",), activity="library")
    assert (rule.device, rule.kind, rule.value, rule.otherwise) == ("", "", "", None)


def test_a_question_nobody_agreed_to_wait_for_is_asked_and_not_waited_for(tmp_path: Path) -> None:
    """Its wait is a delay like any other; a reminder's is none."""
    ask = "  help: [{ask: {text: Well?, answers: [good], within: 5 min}}, {wait: 1 min}]\n"
    question = compiled(tmp_path, "{bed: empty}", ask).help
    assert [step.within_s for step in question if isinstance(step, Ask)] == [0]
    assert question[-1] == Wait(seconds=0)
    reminder = f'- rule: r\n  why: x\n  when: {{time: "08:00"}}\n{ask}'
    (rule,) = margaret(read_plan(tmp_path, plan_of(reminder))).rules
    assert [step.within_s for step in rule.help if isinstance(step, Ask)] == [300]


def test_a_service_gets_its_numbers_as_numbers(tmp_path: Path) -> None:
    """The files hold words alone; a room's number stays a word."""
    step = "{home_assistant: {service: a.b, data: {volume: 0.5, repeat: true, times: 3, room: '012'}}}"
    (service,) = compiled(tmp_path, "{bed: empty}", f"  help: [{step}]\n").help
    assert service == Service(service="a.b", data='{"repeat":true,"room":"012","times":3,"volume":0.5}')


def test_where_several_devices_fit_it_is_asked_which(tmp_path: Path) -> None:
    """In a room with two motion sensors, and where there is none."""
    text = 'resident: edith\nknown_as: Edith\nroom: "014"\nrules:\n  - rule: one\n    why: x\n    when: {SENSE}\n'
    text += "    otherwise: {level: check, say: Up.}\n" + AGREED
    several = {"residents/edith.yaml": text.replace("SENSE", "motion: detected")}
    assert refused(tmp_path, HEAD, several) == [
        "residents/edith.yaml:7: 2 devices of room 014 can say motion; expected device: one of room-014-motion-1,"
        " room-014-motion-2"
    ]
    none = {"residents/edith.yaml": text.replace("SENSE", "door: open")}
    assert refused(tmp_path, HEAD, none) == [
        "residents/edith.yaml:7: nothing placed in room 014 says door; expected device: with a device for door"
    ]


def test_in_a_shared_room_a_device_of_nobody_starts_no_delay(tmp_path: Path) -> None:
    """The bed of two is nobody's, whatever form the rule has."""
    text = 'resident: edith\nknown_as: Edith\nroom: "014"\nrules:\n  - rule: one\n    why: x\n    when: {bed: empty}\n'
    text += "    help: [{wait: 5 min}]\n    otherwise: {level: check, say: Up.}\n"
    text += "    delay_agreed: {risk: x, by: y, on: 2026-10-02}\n" + AGREED
    assert refused(tmp_path, HEAD, {"residents/edith.yaml": text}) == [
        'residents/edith.yaml:7: "room-014-bed" is nobody\'s in a room that is shared: it may not start a delay;'
        " expected a device with person: edith"
    ]


def test_where_nothing_is_placed_for_it_its_purpose_is_named(tmp_path: Path) -> None:
    """A home with a pendant alone: what has to be placed is said, by the words of `for`."""
    devices = "devices:\n  - {device: p, address: zigbee2mqtt/p, for: emergency, person: margaret}\n"
    siren = "\n".join(
        line.replace(", sounders: [corridor-siren]", "") for line in HOME.split("scenes:")[0].splitlines()
    )
    rule = '- rule: r\n  why: x\n  when: {time: "22:00"}\n'
    plan = plan_of(rule + "  help: [{vibrate: {device: pad}}, {light: {}}, {light: {device: p}}]\n")
    assert refused(tmp_path, plan, {"devices.yaml": devices, "home.yaml": siren + "\n"}) == [
        'residents/margaret.yaml:8: unknown device "pad"; expected a device placed for one of vibrator, sounder,'
        " switch, other: there is none yet",
        "residents/margaret.yaml:8: none of the devices of room 012 can be a light; expected a device placed for light:"
        " there is none yet",
        'residents/margaret.yaml:8: "p" is for emergency and cannot be a light; expected a device placed for light:'
        " there is none yet",
    ]


def test_without_home_assistant_its_services_are_refused(tmp_path: Path) -> None:
    """The plan says what home.yaml lacks."""
    home = "\n".join(line for line in HOME.splitlines() if not line.startswith("home_assistant")) + "\n"
    plan = plan_of('- rule: r\n  why: x\n  when: {time: "08:00"}\n  help: [{home_assistant: {service: a.b}}]\n')
    assert refused(tmp_path, plan, {"home.yaml": home}) == [
        "residents/margaret.yaml:8: home.yaml names no Home Assistant; expected home_assistant: with url and"
        " token_file in home.yaml"
    ]


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("place: lounge, days: [mon", "place: longe, days: [mon", 'home.yaml:14: unknown place "longe"'),
        ("activity: library", "activity: tai-chi", 'home.yaml:15: activity "tai-chi" is already on line 14'),
        ('at: "10:30"', 'at: "24:30"', 'home.yaml:14: at cannot be "24:30"; expected a time of day, as in "19:30"'),
        ("device: room-012-blind", "device: room-012-blnd", 'home.yaml:20: unknown device "room-012-blnd"'),
        ("- light: {bright", "- switch: {to: 'on'}\n        light: {bright", "home.yaml:19: this is not one step of a"),
        ('url: "http://127.0.0.1:8123"', "url: home", 'home.yaml:21: url cannot be "home"'),
        ("token_file: token", "token_file: nothing", "home.yaml:21: token_file nothing does not exist"),
    ],
)
def test_what_plans_share_is_checked_with_the_home(tmp_path: Path, right: str, wrong: str, said: str) -> None:
    """Activities, scenes and Home Assistant stand in home.yaml and are refused with it."""
    assert HOME.count(right) == 1
    (line,) = refused(tmp_path, HEAD, {"home.yaml": HOME.replace(right, wrong)})
    assert line.startswith(said)


def test_a_plan_of_ten_mebibytes_and_a_bomb_are_each_one_line(tmp_path: Path) -> None:
    """Neither is understood first."""
    big = HEAD + "goals:\n" + "  - to be left in peace\n" * (10 * LARGEST_BYTES // 24)
    assert refused(tmp_path, big) == ["residents/margaret.yaml: is too long; expected at most 1 MiB"]
    bomb = HEAD + "goals: &a [x, x]\n" + "".join(f"likes{n}: &b{n} [*a, *a, *a]\n" for n in range(9))
    assert refused(tmp_path, bomb) == [
        "residents/margaret.yaml:4: uses an anchor or alias (& or *); expected the value written out"
    ]
    deep = HEAD + "rules: " + "[" * 5000
    (line,) = refused(tmp_path, deep)
    assert line.startswith("residents/margaret.yaml:4: is nested too deeply")


UP = "- rule: up\n  why: x\n  when: {bed: empty}\n  help: [{light: {}}]\n  otherwise: {level: check, say: Up.}\n"


def test_what_is_refused_or_withdrawn_stops_at_once_even_in_a_plan_that_is_refused(tmp_path: Path) -> None:
    """The plan before stays in force, but for what the resident does not want sensed any more."""
    door = "- rule: door\n  why: x\n  when: {door: open}\n  otherwise: {level: check, say: Open.}\n"
    last = read_plan(tmp_path, plan_of(UP + door)).home
    broken = plan_of(UP + door).replace("say: Open.", "say: '{opne}'") + "senses: {bed: withdrawn}\n"
    reading = read_home(write_plan_home(tmp_path, broken), last)
    assert [problem.what for problem in reading.refused_plans] == ["unknown filling {opne}"]
    now = margaret(reading)
    assert [rule.rule for rule in now.rules] == ["door"]
    assert now.agreement == last.residents[3].agreement is not None


@pytest.mark.parametrize("example", _RIGHT, ids=lambda example: example.name)
def test_a_rule_of_any_form_goes_on_while_its_devices_are_there(tmp_path: Path, example: Example) -> None:
    """And ends where any of them is gone, calls for help now, or its room is no more."""
    home = read_plan(tmp_path, plan_of(example.text)).home
    devices = {device.name: device for device in home.devices}
    places = [place.place for place in home.places]
    for rule in next(one for one in home.residents if one.resident == "margaret").rules:
        assert still_stands(rule, devices, places)
        assert not still_stands(rule, devices, [])
        if rule.device:
            gone = {name: device for name, device in devices.items() if name != rule.device}
            assert not still_stands(rule, gone, places)
        for step in rule.help:
            if isinstance(step, Light):
                assert not still_stands(rule, devices | {step.device: devices["room-012-door"]}, places)


def test_a_plan_that_is_only_tried_is_read_by_the_same_forms_and_lived_by_nobody(tmp_path: Path) -> None:
    """`margaret.shadow.yaml` is no resident; what is wrong in it is said with its own name."""
    shadow = plan_of(UP) + "shadow: true\n"
    reading = read_plan(tmp_path, HEAD, {"residents/margaret.shadow.yaml": shadow})
    assert (reading.refused_plans, margaret(reading).rules) == ((), ())
    assert [plan.resident for plan in written_plans(tmp_path)] == ["arthur", "edith", "harold", "margaret"]
    tried = compile_shadow(tmp_path, "margaret", reading.house)
    assert tried is not None
    assert ([rule.rule for rule in tried[0].rules], tried[1]) == (["up"], [])
    assert compile_shadow(tmp_path, "arthur", reading.house) is None
    (tmp_path / "residents/margaret.shadow.yaml").write_text(plan_of(UP))
    again = compile_shadow(tmp_path, "margaret", reading.house)
    assert again is not None
    assert [str(problem) for problem in again[1]] == [
        "residents/margaret.shadow.yaml:1: a plan beside the live one without shadow: true;"
        " expected shadow: true, in a file called margaret.shadow.yaml"
    ]
