"""A pendant's second button beside the machine: what `check` prints, its lane, and what the watcher hears."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from pathlib import Path

import orjson

from devices.catalogue import Catalogue
from devices.known import KnownDevices
from devices.registry import Placed, Purpose
from hub.config.check import check_home
from hub.simulate.days import days_of
from hub.subscriptions import urgent_filters
from hub.topics import Filters, Topics
from hub.watch.core import Watch
from hub.watch.house import House
from rules.setting import Setting
from tests.hub.plan_home import plan_of, read_plan, write_plan_home
from tests.hub.watch_parts import ELM, Night

GONE = "Handrail's hub does not answer"
MARGARET = "EMERGENCY: Margaret, lives in Room 12"
SECOND = Placed(device="zigbee2mqtt/p12#2", name="second-12", person="margaret", purpose=Purpose.EMERGENCY)
NAP = """\
- rule: nap
  why: x
  when: {bed: occupied, held_for: 2 h}
  help: [{ask: {text: Well?, answers: [fine], within: 1 min, button: room-012-second}}]
  otherwise: {level: request, say: She naps.}
  delay_agreed: {risk: x, by: J. Shah, on: 2026-10-02}
"""
STAMP = "2026-11-21T02:00:00.100Z"


def checked(folder: Path, *, as_json: bool) -> str:
    """What `check` prints of a home in which the second button answers."""
    out = io.StringIO()
    assert check_home(write_plan_home(folder, plan_of(NAP)), as_json=as_json, out=out) == 0
    return out.getvalue()


def test_check_says_which_press_is_no_call(tmp_path: Path) -> None:
    """Beside what is told at once, and among what the proof rests on; programs get it by resident."""
    printed = checked(tmp_path / "text", as_json=False)
    assert (
        "But for room-012-second, a second button of Margaret's: pressed once or twice while nap asks, it answers and"
        " calls nobody; held, and at any other time, it calls.\n"
    ) in printed
    assert "  rests on: a pendant's second button that a plan lets answer calls nobody when it is pressed" in printed
    said = orjson.loads(checked(tmp_path / "json", as_json=True))
    residents = said["proof"]["residents"]
    assert {name: one["answers_with"] for name, one in residents.items() if one["answers_with"]} == {
        "margaret": {"room-012-second": ["nap"]}
    }
    assert residents["margaret"]["told_at_once"]["emergency"]["first_s"] == 0


def test_its_topic_is_urgent_whatever_else_is_placed(tmp_path: Path) -> None:
    """A press that answers travels as a press that calls, because nobody knows which it is before it is heard."""
    home = read_plan(tmp_path, plan_of(NAP)).home
    alone = replace(home, devices=tuple(one for one in home.devices if one.device.endswith("pendant#2")))
    filters = Filters(urgent_filters(Topics("sunny-court"), Catalogue(), Setting(alone), KnownDevices()))
    assert filters.covers("zigbee2mqtt/room-012-pendant")
    assert filters.covers("zigbee2mqtt/room-012-pendant/action")


def watched() -> Night:
    """A night in which Margaret's pendant has two buttons, and the hub is well."""
    night = Night()
    house = replace(ELM, devices=(*ELM.devices, SECOND))
    night.watch = Watch(House(house), night.now)
    night.watch.linked(True, night.now)
    night.wait(10)
    night.did.clear()
    return night


def press(night: Night, action: str) -> None:
    """Some button of the pendant, with its own time."""
    night.hears("zigbee2mqtt/p12", orjson.dumps({"action": action, "last_seen": STAMP}))


def test_while_the_hub_is_gone_either_button_is_told() -> None:
    """The watcher knows of no question: whatever is pressed is a call."""
    for action in ("1_single", "2_single", "2_double", "2_hold"):
        night = watched()
        night.hub_dies()
        night.wait(6)
        press(night, action)
        night.wait(2)
        assert night.titles == [GONE, MARGARET], action


def test_an_answer_that_the_hub_took_is_told_by_nobody() -> None:
    """Its log says so, with the button and the press's own stamp; without that line the watcher tells it."""
    night = watched()
    press(night, "2_single")
    night.says("answered_by_resident", "second-12", stamp=STAMP, resident="margaret")
    night.wait(60)
    assert night.titles == []
    night.hub_dies()
    night.wait(6)
    assert night.titles == [GONE]
    night = watched()
    press(night, "2_single")
    night.wait(60)
    assert MARGARET in night.titles


def test_simulated_days_publish_nothing_under_the_name_of_a_part(tmp_path: Path) -> None:
    """A part has no topic of its own, wherever its line stands in the file."""
    home = read_plan(tmp_path, plan_of(NAP)).home
    first = sorted(home.devices, key=lambda one: "#" not in one.device)
    said = list(days_of(replace(home, devices=tuple(first)), seed=1, first=date(2026, 3, 2), days=2))
    assert any(one.topic.startswith("zigbee2mqtt/room-012-pendant") for one in said)
    assert [one.topic for one in said if "#" in one.topic] == []
