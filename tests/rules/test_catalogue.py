"""The catalogue of rules: what a choice compiles to, whatever it holds."""

from hypothesis import given
from hypothesis import strategies as st

from devices.events import EMERGENCY_KINDS, TWO_WORDS, Kind
from devices.registry import CALLS, Placed, Purpose
from rules.alerting.levels import Level
from rules.home import DelayAgreed, Light, Otherwise, Resident, Say, Settles, Step, Wait
from rules.plans.catalogue import (
    CATALOGUE,
    OUT_OF_BED,
    Chosen,
    Whose,
    agreed_steps,
    rule_of,
    unagreed_wait_s,
)
from rules.plans.fitting import still_stands, with_last_rules

_AGREED = DelayAgreed(risk="walks steadily", by="J. Shah", on="2026-10-02")
_SECONDS = st.integers(0, 43_200)
_STEPS: st.SearchStrategy[Step] = st.one_of(
    st.builds(Light), st.builds(Say), st.builds(Wait, seconds=_SECONDS, hold=st.booleans())
)
_HELP = st.lists(_STEPS, max_size=5).map(tuple)
_CHOSEN = st.builds(Chosen, entry=st.sampled_from(list(CATALOGUE.values())), help=_HELP)
_WHOSE = Whose(resident="margaret", known_as="Margaret", place="012", place_name="Room 12")


def out_of_bed(delay_agreed: DelayAgreed | None = _AGREED) -> Chosen:
    """Margaret is up at night."""
    return Chosen(
        entry=OUT_OF_BED,
        name="up-at-night",
        why="She likes to walk alone.",
        device="room-012-bed",
        during=("22:00", "07:00"),
        help=(Light(device="room-012-light"), Say(text="Take your time, {known_as}."), Wait(seconds=900)),
        otherwise=Otherwise(level=Level.CHECK, say="{known_as} of {room} has been up for {for}."),
        delay_agreed=delay_agreed,
    )


def test_no_rule_watches_what_calls_for_help() -> None:
    """Neither the kinds nor the purposes that are told at once are in the catalogue, and its values are real ones."""
    for entry in CATALOGUE.values():
        kind = Kind(entry.kind)
        assert kind not in EMERGENCY_KINDS | {Kind.CALL}
        assert entry.watches not in CALLS
        assert {entry.value, entry.settled_value} == set(TWO_WORDS[kind])


def test_words_are_filled_in_and_the_time_is_left_to_the_machine() -> None:
    """Name and room are known beforehand, how long it has been is not."""
    rule = rule_of(out_of_bed(), _WHOSE)
    assert rule.help[1] == Say(text="Take your time, Margaret.")
    assert rule.otherwise is not None
    assert rule.otherwise.say == "Margaret of Room 12 has been up for {for}."


def test_a_delay_without_its_agreement_is_nothing() -> None:
    """The wait is 0, the rest of the help stays."""
    assert rule_of(out_of_bed(None), _WHOSE).help[-1] == Wait(seconds=0)
    assert unagreed_wait_s(out_of_bed().help, None) == 900
    assert unagreed_wait_s(out_of_bed().help, _AGREED) == 0


@given(_HELP)
def test_a_hold_is_no_delay_and_never_needs_an_agreement(steps: tuple[Step, ...]) -> None:
    """Only waits that are delays are cut; nothing else is changed, dropped or put elsewhere."""
    cut = agreed_steps(steps, None)
    assert unagreed_wait_s(cut, None) == 0
    assert len(cut) == len(steps)
    for before, after in zip(steps, cut, strict=True):
        assert before == after or (isinstance(before, Wait) and not before.hold and after == Wait(seconds=0))
    assert agreed_steps(steps, _AGREED) == steps


@given(_CHOSEN)
def test_every_rule_can_be_settled_by_its_device_and_by_the_resident(chosen: Chosen) -> None:
    """Whatever was chosen: the state that ends it is the other one of the same device, and *I'm all right* counts."""
    rule = rule_of(chosen, _WHOSE)
    entry = chosen.entry
    assert rule.settled_by == (
        Settles(device=chosen.device, kind=entry.kind, value=entry.settled_value),
        Settles(ok=True),
    )
    assert rule.value != entry.settled_value
    assert (rule.resident, rule.place) == ("margaret", "012")


def test_a_rule_of_before_stands_only_where_everything_it_uses_is_there() -> None:
    """Without its bed, its light or its room it ends."""
    rule = rule_of(out_of_bed(), _WHOSE)
    bed = Placed(device="zigbee2mqtt/bed", name="room-012-bed", purpose=Purpose.BED)
    light = Placed(device="zigbee2mqtt/light", name="room-012-light", purpose=Purpose.LIGHT)
    pendant = Placed(device="zigbee2mqtt/bed", name="room-012-bed", purpose=Purpose.EMERGENCY)
    both = {bed.name: bed, light.name: light}
    assert still_stands(rule, both, ["012"])
    assert not still_stands(rule, {bed.name: bed}, ["012"])
    assert not still_stands(rule, {light.name: light}, ["012"])
    assert not still_stands(rule, {bed.name: pendant, light.name: light}, ["012"])
    assert not still_stands(rule, both, ["013"])


def test_rules_of_before_are_not_carried_into_another_room() -> None:
    """Who has moved begins anew."""
    rule = rule_of(out_of_bed(), _WHOSE)
    bed = Placed(device="zigbee2mqtt/bed", name="room-012-bed", purpose=Purpose.BED)
    light = Placed(device="zigbee2mqtt/light", name="room-012-light", purpose=Purpose.LIGHT)
    both = {bed.name: bed, light.name: light}
    last = Resident(resident="margaret", known_as="Margaret", room="012", rules=(rule,))
    bare = Resident(resident="margaret", known_as="Margaret", room="012")
    moved = Resident(resident="margaret", known_as="Margaret", room="013")
    assert with_last_rules(bare, last, both, ["012", "013"]) == last
    assert with_last_rules(moved, last, both, ["012", "013"]) == moved
    assert with_last_rules(bare, None, both, ["012"]) == bare
