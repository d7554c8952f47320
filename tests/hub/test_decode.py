"""`handrail decode`: a line in, a line out, whatever is on it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import orjson
from hypothesis import given
from hypothesis import strategies as st

from hub.decode import decode_lines

ROOT = Path(__file__).parents[2]


def answers(*rows: object) -> list[dict[str, object]]:
    """The answers to these lines; text is taken as the line itself."""
    lines = [row if isinstance(row, str) else orjson.dumps(row).decode() for row in rows]
    return [orjson.loads(answer) for answer in decode_lines(lines)]


def test_a_message_is_answered_with_its_events() -> None:
    """Kind, value, unit and device, and what is needed to count presses."""
    (answer,) = answers(
        {"topic": "zigbee2mqtt/p", "payload": '{"action":"sos","last_seen":"2026-11-22T02:14:07.512Z"}'}
    )
    assert answer == {
        "events": [
            {
                "kind": "emergency",
                "value": True,
                "unit": None,
                "device": "zigbee2mqtt/p",
                "press": True,
                "repeat_window_ms": 500,
                "stamp": "2026-11-22T02:14:07.512Z",
                "at_ms": 1795313647512,
                "press_id": "2026-11-22T02:14:07.512Z",
            }
        ],
        "learned": [],
        "error": None,
    }


def test_what_an_inventory_teaches_is_remembered() -> None:
    """The device is introduced, then read by what it said of itself, also behind a later inventory without it."""
    exposes = [
        {"type": "binary", "name": "contact", "property": "contact", "access": 1, "value_on": "A", "value_off": "B"}
    ]
    entry = {"friendly_name": "d", "type": "EndDevice", "definition": {"description": "Bed pad", "exposes": exposes}}
    inventory = {"topic": "zigbee2mqtt/bridge/devices", "payload": orjson.dumps([entry]).decode(), "retain": True}
    empty = {"topic": "zigbee2mqtt/bridge/devices", "payload": "[]"}
    state = {"topic": "zigbee2mqtt/d", "payload": {"contact": "A"}}
    learned, _, said = answers(inventory, empty, state)
    assert learned["learned"] == [
        {
            "device": "zigbee2mqtt/d",
            "kind": "bed",
            "kinds": ["bed"],
            "name": "d",
            "ecosystem": "zigbee2mqtt",
            "model": "",
            "vendor": "",
            "text": "Bed pad",
            "topics": ["zigbee2mqtt/d", "zigbee2mqtt/d/+"],
            "commands": [],
            "can_call": False,
            "unclear": "",
        }
    ]
    events = said["events"]
    assert isinstance(events, list)
    assert events[0]["kind"] == "bed"


def test_a_bad_line_is_answered_with_the_reason() -> None:
    """Nothing on a line stops the lines behind it."""
    bad = answers("no json", "[]", {"topic": 1, "payload": ""}, {"topic": "a"}, {"topic": "nobody/x", "payload": ""})
    assert all(answer["error"] and answer["events"] == [] for answer in bad)
    assert len(bad) == 5


@given(st.lists(st.text(max_size=60).map(lambda text: text.replace("\n", "").replace("\r", "")), max_size=5))
def test_every_line_that_is_not_blank_gets_one_answer(lines: list[str]) -> None:
    """In order, and always JSON."""
    assert len(answers(*lines)) == sum(1 for line in lines if line.strip())


def test_the_program_reads_standard_input_and_survives_bytes_that_are_no_text() -> None:
    """One answer for each line, exit code 0."""
    door = b'{"topic":"zigbee2mqtt/p","payload":"{\\"contact\\":false}"}'
    given_lines = b"\n".join((door, b"\xff\xfe", b"", b'{"topic":"zigbee2mqtt/p/action","payload":"sos"}', b""))
    run = subprocess.run(
        [sys.executable, "-m", "hub.decode"], input=given_lines, capture_output=True, cwd=ROOT, check=True, timeout=60
    )
    said = [orjson.loads(line) for line in run.stdout.splitlines()]
    assert [[event["kind"] for event in answer["events"]] for answer in said] == [["contact"], [], ["emergency"]]
    assert said[1]["error"]
