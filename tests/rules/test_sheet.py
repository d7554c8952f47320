"""The paper list of a shift: what it says, that it fits its paper, and what is never on it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from rules.home import Channel, Home, Place, PlaceKind
from rules.sheet import WIDTH, how_of, sheet_of, text_of
from rules.state import OnShift
from tests.stories.village import village

EVENING_MS = int(datetime(2026, 3, 10, 22, 30, tzinfo=UTC).timestamp() * 1000)
NOON_MS = int(datetime(2026, 7, 10, 11, 0, tzinfo=UTC).timestamp() * 1000)


def with_call_points(**said: str) -> Home:
    """The village, with these call points."""
    home = village()
    return replace(home, places=tuple(replace(one, call_point=said.get(one.place, "cord")) for one in home.places))


def signed(person: str, name: str, *, known: bool = True) -> OnShift:
    """Somebody who signed on an hour before."""
    since = EVENING_MS - 3_600_000
    return OnShift(person=person, name=name, role="carer", since_wall_ms=since, client="dashboards", known=known)


def test_every_resident_stands_beside_their_place_with_how_they_call() -> None:
    """And a place without a call point says so in plain words."""
    text = text_of(
        sheet_of(with_call_points(lounge="none, because somebody is always there", **{"012": ""}), EVENING_MS)
    )
    lines = {line[4:20].strip(): line for line in text.splitlines() if line.startswith("[ ] ")}
    assert "Ada" in lines["Room 011"]
    assert lines["Room 011"].endswith("cord")
    assert "Margaret" in lines["Room 012"]
    assert lines["Room 012"].endswith("BLIND SPOT: nobody can call from here.")
    assert "BLIND SPOT" in lines["Lounge"]
    assert "Ruth, Edith" in lines["Room 022"]
    assert "somebody is always there" in " ".join(text.split())


def test_blind_spots_have_boxes_for_each_round_and_the_interval_is_the_homes() -> None:
    """Every 10 min where the home says so; without a blind spot nobody is sent round."""
    home = with_call_points(**{"012": ""})
    home = replace(home, times=replace(home.times, round_s=600))
    text = text_of(sheet_of(home, EVENING_MS))
    assert "Go round the blind spot below at once, and again every 10 min." in " ".join(text.split())
    assert sum("[     ] [     ]" in line for line in text.splitlines()) == 1
    assert "There is no blind spot" in text_of(sheet_of(with_call_points(), EVENING_MS))


def test_what_nobody_watches_meanwhile_and_the_named_risk_are_said() -> None:
    """Short: the rules that Handrail would have told of."""
    text = text_of(sheet_of(village(), EVENING_MS))
    assert "Not watched now: door open, bed empty 22:00-07:00" in text
    assert "Risk: walks steadily" in text


def test_who_signed_on_is_on_it_with_a_number_and_an_agency_carer_by_name() -> None:
    """And the manager, and others who may be phoned."""
    home = village()
    staff = tuple(replace(one, phone=f"ext. {n}") for n, one in enumerate(home.staff, 10))
    rows = [signed("carer-1", "Anna"), signed("Zoe\x1b", "Zoe\x1b", known=False)]
    sheet = sheet_of(replace(home, staff=staff), EVENING_MS, rows)
    assert sheet.shift_from == "signed on at the board"
    assert [(one.name, one.role, one.phone, one.since) for one in sheet.on_shift] == [
        ("Zoe", "agency", "", "21:30"),
        ("Anna", "carer", "ext. 10", "21:30"),
    ]
    assert [(one.name, one.phone) for one in sheet.managers] == [("Mary", "ext. 13")]
    assert [one.name for one in sheet.others] == ["Ben", "Nora"]
    assert "Anna                       carer, since 21:30       ext. 10" in text_of(sheet)


def test_without_a_ledger_the_rota_says_who_is_there_and_else_everybody_is_listed() -> None:
    """The list is never empty."""
    home = village()
    night = sheet_of(home, EVENING_MS)
    assert night.shift_from == "from the rota at Tue 10 March 2026, 22:30"
    assert [one.name for one in night.on_shift] == ["Anna", "Ben", "Nora"]
    noon = sheet_of(home, NOON_MS, [])
    assert noon.printed == "Fri 10 July 2026, 12:00", "in the home's own time, summer or winter"
    assert noon.shift_from == "nobody has signed on; nobody is on the rota: everybody is listed"
    assert [one.name for one in noon.on_shift] == ["Anna", "Ben", "Nora"]
    later = sheet_of(home, NOON_MS, shift_wall_ms=NOON_MS + 10 * 3_600_000)
    assert later.shift_from == "from the rota at Fri 10 July 2026, 22:00"


def test_addresses_of_channels_are_never_on_it() -> None:
    """They are secrets; a number that people dial is none."""
    home = village()
    secret = (Channel(url="tgram://123:secret/456"), Channel(url_file="secrets/anna.url"))
    staff = tuple(replace(one, channels=secret, phone="07700 900123") for one in home.staff)
    text = text_of(sheet_of(replace(home, staff=staff), EVENING_MS))
    assert "secret" not in text
    assert "://" not in text
    assert text.count("07700 900123") == 4


def test_a_bare_none_is_a_blind_spot_that_nobody_has_accepted() -> None:
    """A word that begins so is a call point."""
    place = Place(place="x", name="X", kind=PlaceKind.OTHER, zone="ground")
    spots = {
        said: replace(place, call_point=said) for said in ("", "none", "None, because it is a cupboard", "nonstop bell")
    }
    assert [place.is_blind_spot for place in spots.values()] == [True, True, True, False]
    assert [place.is_accepted_blind for place in spots.values()] == [False, False, True, False]


NAMES = st.text(st.characters(codec="latin-1", exclude_categories=["C", "Z"]), min_size=1, max_size=70) | st.just(
    "Ann Lee"
)


@given(
    st.lists(st.tuples(NAMES, NAMES, st.sampled_from(["", "none, because", "c" * 200, "cord by the bed"])), max_size=6)
)
def test_no_line_is_longer_than_its_paper_and_nobody_is_left_out(rows: list[tuple[str, str, str]]) -> None:
    """However long names are: they go on in the next line."""
    home = village()
    places = tuple(
        replace(place, name=name, call_point=call_point)
        for place, (name, _, call_point) in zip(home.places, rows, strict=False)
    )
    residents = tuple(replace(one, known_as=name) for one, (_, name, _) in zip(home.residents, rows, strict=False))
    sheet = sheet_of(replace(home, places=places, residents=residents), EVENING_MS, notes=["n" * 200])
    lines = text_of(sheet).splitlines()
    assert max(map(len, lines)) <= WIDTH
    listed = [one.name for _, spots in sheet.zones for spot in spots for one in spot.people]
    assert sorted([*listed, *(one.name for one in sheet.homeless)]) == sorted(one.known_as for one in residents)
    assert all(how_of(spot) for _, spots in sheet.zones for spot in spots)
