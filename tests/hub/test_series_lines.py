"""Events as lines: numbers in fields, words in tags, each event its own sample."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.events import Value
from hub.abc import Point
from hub.series_lines import lines_of
from tests.hub.series_parts import WALL_MS, point

TAGS = "device=room-012-sensor,kind={kind},place=012,resident=resident-012{state}"


@pytest.mark.parametrize(
    ("kind", "value", "state", "number"),
    [
        ("temperature", 20.5, "", "20.5"),
        ("battery", 87, "", "87.0"),
        ("contact", "open", "open", "1.0"),
        ("contact", "closed", "closed", "0.0"),
        ("bed", "empty", "empty", "0.0"),
        ("smoke", True, "true", "1.0"),
        ("smoke", False, "false", "0.0"),
        ("button", "1_double", "1_double", "1.0"),
        ("battery", "low", "low", "1.0"),
        ("cover", 40, "", "40.0"),
        ("lock", None, "unknown", "1.0"),
        ("other", "running", "running", "1.0"),
        ("other", "2026-03-01T10:00:00Z", "text", "1.0"),
        ("button", "x" * 41, "text", "1.0"),
        ("other", " ", "text", "1.0"),
        ("power", float("nan"), "not_a_number", "1.0"),
        ("power", 10**400, "too_large", "1.0"),
    ],
)
def test_numbers_are_fields_and_words_are_tags(kind: str, value: Value, state: str, number: str) -> None:
    """A word is a tag with a count, a number a field, and free text makes no series of its own."""
    tags = TAGS.format(kind=kind, state=f",state={state}" if state else "")
    assert lines_of([point(7, value, kind=kind, wall_ms=WALL_MS)]) == [f"event,{tags} value={number} {WALL_MS}000007"]


def test_what_would_break_a_line_is_escaped() -> None:
    """Spaces, commas, equal signs, backslashes and new lines in a name stay inside their tag."""
    odd = Point(
        seq=1,
        wall_ms=1,
        device="a\\",
        kind="motion",
        value=True,
        field="x=1,y",
        resident=None,
        place="\n",
        name="Bad\n, b",
    )
    (line,) = lines_of([odd])
    assert line == r"event,device=Bad\ \,\ b,field=x\=1\,y,kind=motion,state=true value=1.0 1000001"


def test_several_equal_facts_of_one_millisecond_are_told_apart() -> None:
    """The second and third of a series in a millisecond say so; the next millisecond starts anew."""
    points = [point(seq, float(seq), wall_ms=WALL_MS + (seq > 3)) for seq in (1, 2, 3, 4)]
    assert [line.split(" ")[0].partition(",nth=")[2] for line in lines_of(points)] == ["", "2", "3", ""]


@given(
    st.lists(
        st.tuples(st.sampled_from(["temperature", "contact", "other"]), st.text() | st.floats() | st.booleans()),
        max_size=30,
    )
)
def test_every_event_is_a_line_and_a_sample_of_its_own(facts: list[tuple[str, Value]]) -> None:
    """Whatever devices say, each event is one line, and no two share tags and millisecond."""
    lines = lines_of([point(seq, value, kind=kind, wall_ms=WALL_MS) for seq, (kind, value) in enumerate(facts)])
    assert len(lines) == len(facts)
    assert all("\n" not in line for line in lines)
    assert len({line.rpartition(" value=")[0] for line in lines}) == len(facts)
