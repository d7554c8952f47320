"""A home whose resident has one rule of each form, and what may happen in her room."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from devices.events import Event, Kind
from rules.alerting.levels import Level
from rules.inputs import Asked, Heard
from rules.plans.help import Alarm, AnswerTo, Ask, Light, Say, Service, Show, Wait
from rules.plans.plan import (
    AtMost,
    AtTime,
    Beyond,
    CarerIs,
    Expected,
    Fact,
    Held,
    Nothing,
    Otherwise,
    Repeated,
    ResidentIs,
    Settles,
    StateIs,
)
from tests.rules.plan_parts import AGREED, home_with, rule
from tests.rules.second_parts import with_second

BED = {"device": "room-012-bed", "kind": "bed", "value": "empty"}
MOVES = Fact(device="room-012-motion", kind="motion", value="detected")
ASKS = Ask(
    question="Is all well?",
    answers=(AnswerTo(answer="yes", means="settles"), AnswerTo(answer="no", means="tells"), AnswerTo(answer="later")),
    within_s=60,
    button="room-012-button",
)
LIGHT = Light(device="room-012-light")
BACK = (Settles(device="room-012-bed", kind="bed", value="occupied"), Settles(ok=True), Settles(carer=True))
URGENT = Otherwise(level=Level.URGENT, say="{who}")
OFTEN = AtMost(starts=2, within_s=600)
DAILY = {"device": "", "kind": "", "value": ""}
PAD = Alarm(sounder="room-012-pad")
RULES = (
    rule(
        **BED,
        rule="change",
        help=(LIGHT, Say(text="Hello"), Wait(seconds=60), ASKS),
        delay_agreed=AGREED,
        settled_by=BACK,
    ),
    rule(rule="unagreed", help=(LIGHT, Wait(seconds=900), ASKS), settled_by=BACK, at_most=OFTEN),
    rule(rule="held", when=Held(held_s=45), only_if=(StateIs(state=Fact(**BED), for_s=5),)),
    rule(**BED, rule="silent", when=Nothing(silent_s=120, of=(MOVES,)), otherwise=URGENT, at_most=OFTEN),
    rule(**BED, rule="expected", when=Expected(since="22:00", by="22:40"), during=("22:00", "07:00")),
    rule(
        rule="often",
        when=Repeated(times=2, within_s=60),
        help=(PAD, Wait(seconds=1_000)),
        delay_agreed=AGREED,
        otherwise=URGENT,
    ),
    rule(
        rule="warm",
        device="room-012-climate",
        kind="temperature",
        value="",
        when=Beyond(beyond_s=30, above=28),
        otherwise=None,
        help=(Show(words="Warm"),),
    ),
    rule(**DAILY, rule="hourly", when=AtTime(at="23:00"), help=(LIGHT, ASKS), otherwise=None, at_most=OFTEN),
    rule(**DAILY, rule="nightly", when=AtTime(at="22:35", days=("tue",)), only_if=(CarerIs(carer=False),)),
    rule(rule="away", only_if=(ResidentIs(away=True),), help=(LIGHT, Wait(seconds=30)), delay_agreed=AGREED),
    rule(
        rule="pressed",
        device="room-012-button",
        kind="button",
        value="single",
        help=(Service(service="x.y"), LIGHT, ASKS),
        otherwise=None,
    ),
    rule(
        rule="second",
        help=(replace(ASKS, button="room-012-second", within_s=900), Wait(seconds=60)),
        delay_agreed=AGREED,
        settled_by=BACK,
    ),
)
PLANNED = with_second(home_with(*RULES))
LIVED = st.one_of(
    st.builds(
        lambda said: Heard(event=Event(device=f"zigbee2mqtt/room-012-{said[0]}", kind=said[1], value=said[2])),
        st.sampled_from(
            [
                *(("bed", Kind.BED, word) for word in ("empty", "empty", "occupied")),
                *(("door", Kind.CONTACT, word) for word in ("open", "open", "closed")),
                *(("motion", Kind.MOTION, word) for word in (True, False)),
                *(("climate", Kind.TEMPERATURE, number) for number in (27.5, 28.5, 29)),
                ("motion", Kind.AVAILABILITY, "offline"),
            ]
        ),
    ),
    st.builds(
        lambda name, gesture, ident: Heard(
            event=Event(
                device=f"zigbee2mqtt/room-012-{name}", kind=Kind.BUTTON, value=gesture, press=True, press_id=str(ident)
            )
        ),
        st.sampled_from(["button", "button", "tag"]),
        st.sampled_from(["single", "double", "hold"]),
        st.integers(0, 10**6),
    ),
    st.builds(
        lambda gesture, ident: Heard(
            event=Event(
                device="zigbee2mqtt/room-012-pendant", kind=Kind.BUTTON, value=gesture, press=True, press_id=str(ident)
            )
        ),
        st.sampled_from(["2_single", "2_single", "2_double", "2_hold", "1_single"]),
        st.integers(0, 10**6),
    ),
    st.builds(
        Asked,
        id=st.integers(1_000, 10**9).map(str),
        client=st.sampled_from(["room-012", "room-012", "dashboards", "room-011"]),
        do=st.just("answer"),
        episode=st.sampled_from(["?", "?", "e000001"]),
        answer=st.sampled_from(["yes", "no", "later"]),
    ),
)
"""Somebody lives in Margaret's room, and answers what is asked (`?` is the run that asks by then)."""
