"""Faults of the hub's own: what staff and the person who mends it read is FAULTS.md, and who is told when."""

from __future__ import annotations

import re

import pytest

from rules.faults import FAULTS
from rules.hearing.remembered import DETAIL
from rules.inputs import Faulted, Remembered
from tests.faulted import assert_told, rows
from tests.stories.house import House

ABOUT = {
    "folder": "/srv/elm-house/data",
    "ends": "2027-01-02",
    "gateway": "zigbee2mqtt",
    "device": "zigbee2mqtt/room-001-pendant",
    "aside": "The old one is ledger.db.broken-2026-11-23.",
    "who": "Margaret",
}
IN_CHARGE = ("nurse-1",)


def filled(sentence: str, template: str) -> str:
    """A sentence of the document with what it is about in its gaps, in their order."""
    for slot in re.findall(r"(?<!\{)\{(\w+)\}", template):
        sentence = sentence.replace("…", ABOUT[slot], 1)
    return sentence


def happens(home: House, name: str) -> str:
    """The fault is noticed; what had happened, as the mender reads it."""
    if name == "restored":
        home.take(Remembered(shown={"a00007": (4, "Margaret pressed for help")}))
        return DETAIL
    home.take(Faulted(fault=name, on=True, reason="it was seen", about=ABOUT))
    return "it was seen"


@pytest.mark.parametrize("name", rows("faults"))
def test_what_people_read_of_a_fault_is_its_row(home: House, name: str) -> None:
    """Word for word: staff what it means for calls, below it what happened and what to do."""
    staff, mend = rows("faults")[name]
    detail = happens(home, name)
    assert home.alert.reason == filled(staff, FAULTS[name].staff)
    assert home.alert.also[0] == f"{detail[:1].upper()}{detail[1:]}. {filled(mend, FAULTS[name].mend)}"
    assert home.alert.level == "technical"


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if not fault.everybody])
def test_a_fault_that_hides_no_call_is_told_to_who_is_in_charge(home: House, name: str) -> None:
    """Two people for forty residents: the others hear of it after an hour in which nobody took it."""
    happens(home, name)
    home.expect_told(*IN_CHARGE)
    home.wait(minutes=59)
    home.expect_nobody_told()
    home.wait(minutes=1)
    home.expect_told("everybody on shift")


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if fault.everybody])
def test_a_fault_that_may_hide_a_call_is_told_to_everybody_at_once(home: House, name: str) -> None:
    """Each of them may have looked after who pressed unheard. It is no emergency, and is said again no more often."""
    happens(home, name)
    home.expect_told("everybody on shift")
    home.expect("told", level="technical")
    home.wait(minutes=59)
    home.expect_nobody_told()
    home.claim("carer-2")
    home.forget()
    home.wait(hours=3)
    home.expect_nobody_told()


def test_who_has_to_look_in_on_everybody_is_told_so_at_once() -> None:
    """A sentence that sends people round, or says that calls are not told, waits for nobody in charge."""
    words = ("Look in on everybody", "calls are not told")
    assert [name for name, fault in FAULTS.items() if any(word in fault.staff for word in words)] == [
        name for name, fault in FAULTS.items() if fault.everybody
    ]


@pytest.mark.fault("restored")
def test_a_record_put_back_from_a_copy_is_told_with_the_calls_that_are_missing(home: House) -> None:
    """Which they were stands below what to do, also those that are seen later; it stays until somebody closes it."""
    home.take(Remembered(shown={"a00007": (4, "Margaret pressed for help")}))
    home.take(Remembered(shown={"a05000": (4, "Ada called")}))
    assert_told(home.alert, "restored")
    assert home.alert.also[1:] == ("a00007: Margaret pressed for help", "a05000: Ada called")
    home.claim("carer-1")
    home.attend("carer-1")
    home.close("carer-1")
    home.expect("closed")
