"""What a tired person reads on a phone."""

from dataclasses import replace

import pytest

from rules.alerting.levels import Level
from rules.home import Carer, Home, Place, PlaceKind, Resident
from rules.inputs import Now
from rules.setting import Setting
from rules.state import Alert, AlertState, Missed, Promise
from rules.wording import initials, words_for

SETTING = Setting(
    Home(
        slug="home",
        name="The home",
        timezone="Europe/Berlin",
        places=(
            Place(place="012", name="Room 12", kind=PlaceKind.BEDROOM, zone="east"),
            Place(place="lounge", name="the lounge", kind=PlaceKind.LOUNGE, zone="east"),
        ),
        residents=(Resident(resident="margaret", known_as="Margaret Hill", room="012"),),
        staff=(Carer(id="carer-1", name="Joan"),),
    )
)
NOW = Now(elapsed_ms=1_000_000, wall_ms=1_750_000_000_000)
PENDANT = Alert(
    id="a00042",
    version=2,
    level=Level.EMERGENCY,
    state=AlertState.TOLD,
    kind="emergency",
    reason="Margaret Hill pressed room-012-pendant",
    cause="press",
    resident="margaret",
    room="012",
    device="room-012-pendant",
    near="lounge",
    near_wall_ms=NOW.wall_ms - 240_000,
    raised_ms=940_000,
    raised_wall_ms=NOW.wall_ms - 60_000,
    waiting_since_ms=940_000,
    waiting_since_wall_ms=NOW.wall_ms - 60_000,
    presses=3,
)


def test_a_pendant_says_who_and_where_last_seen_never_the_bedroom() -> None:
    """Level, who, where, why, how long, which alert: in that order."""
    words = words_for(PENDANT, SETTING, NOW)
    assert words.title == "EMERGENCY: Margaret Hill, last seen near the lounge 4 min ago"
    assert words.text.splitlines() == [
        "Margaret Hill pressed room-012-pendant",
        "Waiting 60 s, pressed 3 times",
        "Alert a00042",
    ]


@pytest.mark.parametrize(
    ("alert", "title"),
    [
        (
            replace(PENDANT, near=None, near_wall_ms=None),
            "EMERGENCY: Margaret Hill, where is not known, lives in Room 12",
        ),
        (replace(PENDANT, place="012", kind="fall"), "EMERGENCY (fall): Margaret Hill, Room 12"),
        (
            replace(PENDANT, resident=None, room="lounge", place="lounge", kind="call", level=Level.CALL),
            "CALL: the lounge",
        ),
        (
            replace(PENDANT, resident=None, room=None, near=None, device="rtl_433/Generic/1"),
            "EMERGENCY: rtl_433/Generic/1",
        ),
        (
            replace(PENDANT, state=AlertState.CLOSED, near_wall_ms=None),
            "CLOSED, was EMERGENCY: Margaret Hill, last seen near the lounge",
        ),
    ],
)
def test_the_title_says_where_to_go(alert: Alert, title: str) -> None:
    """A device with a place names it, a lounge names nobody, a stranger's device names itself."""
    assert words_for(alert, SETTING, NOW).title == title


def test_a_technical_alert_names_its_device() -> None:
    """Whoever mends it must find it."""
    alert = replace(PENDANT, level=Level.TECHNICAL, kind="battery", reason="room-012-pendant: its battery is low")
    words = words_for(alert, SETTING, NOW)
    assert words.title == "TECHNICAL: room-012-pendant"
    assert words.text.splitlines()[:2] == ["Room-012-pendant: its battery is low", "Device room-012-pendant"]


def test_who_is_going_is_told() -> None:
    """A claim, a promise with its local time, somebody who is there."""
    claimed = replace(PENDANT, state=AlertState.CLAIMED, claimed_by="carer-1")
    promised = replace(claimed, promise=Promise(by="carer-1", until_ms=0, until_wall_ms=NOW.wall_ms))
    attended = replace(claimed, attended_by="somebody from the agency")
    assert "Joan is going" in words_for(claimed, SETTING, NOW).text
    assert "Joan promised to be back by 17:06" in words_for(promised, SETTING, NOW).text
    assert "somebody from the agency is there" in words_for(attended, SETTING, NOW).text


def test_what_is_unlike_other_alerts_is_said() -> None:
    """Late, found so at start, not written down, and what joined it."""
    alert = replace(PENDANT, late=True, found=True, unrecorded=True, also=("the door is open",))
    text = words_for(alert, SETTING, NOW).text
    assert "Also the door is open" in text
    assert "Told late, found so at start, not recorded: the store is at fault" in text


def test_those_missed_while_down_are_listed_without_the_answered_ones() -> None:
    """Each who still waits is named with the time of the press; of many the board has the rest."""
    row = Missed(resident="margaret", device="room-012-pendant", place=None, kind="emergency", at_ms=NOW.wall_ms)
    stranger = replace(row, resident=None, device="rtl_433/Generic/1")
    alert = replace(PENDANT, missed=(replace(row, answered_by="carer-1"), stranger, *[row] * 9))
    lines = words_for(alert, SETTING, NOW).text.splitlines()
    assert "17:06 rtl_433/Generic/1" in lines
    assert lines.count("17:06 Margaret Hill, Room 12") == 7
    assert "and 2 more on the board" in lines


def test_discreet_words_name_nobody() -> None:
    """A locked screen that others can read shows initials and no sentence about the resident."""
    row = Missed(resident="margaret", device="room-012-pendant", place=None, kind="emergency", at_ms=NOW.wall_ms)
    words = words_for(replace(PENDANT, also=("Margaret is up",), missed=(row,)), SETTING, NOW, discreet=True)
    assert words.title == "EMERGENCY: M. H., last seen near the lounge 4 min ago"
    assert "Margaret" not in words.title + words.text


def test_initials_are_the_first_letters() -> None:
    """One letter a word."""
    assert initials("mary ann Smith") == "M. A. S."
