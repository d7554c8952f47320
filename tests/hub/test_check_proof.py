"""`handrail check` proves promises 1 and 4: what it refuses, with file and line, and the table that a manager reads."""

import io
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import orjson
import pytest

from hub.config.check import check_home
from hub.config.new import write_new
from hub.config.proving import reviews
from hub.config.read import read_home
from rules.plans.plan import Agreement
from tests.hub.config_home import DEVICES, HOME, MARGARET, STAFF, replaced, write_home

AUTUMN_2026_MS = 1_795_132_800_000
README = Path(__file__).resolve().parents[2] / "README.md"
MORE_TIME = "      - wait: 15 min\n"


class At:
    """A clock that stands still."""

    def __init__(self, wall_ms: int = AUTUMN_2026_MS) -> None:
        self._wall_ms = wall_ms

    def wall_ms(self) -> int:
        """Of day."""
        return self._wall_ms

    def elapsed_ms(self) -> int:
        """Of nothing."""
        return 0


def checked(folder: Path, *, as_json: bool = False) -> tuple[int, str]:
    """The exit code, and all that was printed, in the autumn of 2026."""
    out = io.StringIO()
    return check_home(folder, as_json=as_json, out=out, clock=At()), out.getvalue()


def refused(folder: Path, changed: dict[str, str]) -> list[str]:
    """The lines that a changed home is refused with."""
    code, printed = checked(write_home(folder, changed))
    lines = printed.splitlines()
    before = next(number for number, line in enumerate(lines) if line.startswith(("sunny-court: ", "refused: ")))
    assert code == (1 if any("(warning)" not in line for line in lines[:before]) else 0)
    return lines[:before]


# -- as a new user would ----------------------------------------------------------------------------------------------


def test_a_wait_before_a_pendant_is_refused_and_says_why(tmp_path: Path) -> None:
    """`new`, a plan changed in an editor, `check`: the line, and the sentence that no rule stands before a call."""
    folder = tmp_path / "elm-house"
    write_new(folder, rooms=2)
    plan = folder / "residents" / "resident-001.yaml"
    written = plan.read_text(encoding="utf-8") + (
        "  - rule: out-of-bed\n"
        "    why: Let her wait a little.\n"
        "    bed: room-001-pendant\n"
        "    during: 22:00-07:00\n"
        "    help: [{wait: 15 min}]\n"
        "    otherwise: {level: check, say: She pressed.}\n"
    )
    plan.write_text(written, encoding="utf-8")
    line = written.splitlines().index("    bed: room-001-pendant") + 1
    code, printed = checked(folder)
    assert code == 1
    assert printed.splitlines()[0] == (
        f'residents/resident-001.yaml:{line}: "room-001-pendant" is for emergency: staff are told at once,'
        " no rule may stand before it; expected a device that calls nobody: room-001-bed"
    )
    assert "emergency, fall, smoke, gas, co  at once" in printed


def test_a_pendant_written_as_a_sense_is_refused_with_the_same_reason(tmp_path: Path) -> None:
    """Whoever thinks of it so learns why it is none, and what is; her plan of before goes on."""
    folder = tmp_path / "elm-house"
    write_new(folder, rooms=2)
    plan = folder / "residents" / "resident-001.yaml"
    written = plan.read_text(encoding="utf-8") + (
        "  - rule: wait-a-little\n"
        "    why: She does not want to be a bother.\n"
        "    when: {pendant: pressed}\n"
        "    help: [{wait: 15 min}]\n"
        "    otherwise: {level: check, say: She pressed.}\n"
    )
    plan.write_text(written, encoding="utf-8")
    line = written.splitlines().index("    when: {pendant: pressed}") + 1
    code, printed = checked(folder)
    refused = f'residents/resident-001.yaml:{line}: no rule may stand before "pendant": staff are told of it at once'
    assert (code, printed.splitlines()[0].partition(";")[0]) == (1, refused)
    kept = "residents/resident-001.yaml is not used: the plan accepted before it stays in force"
    assert kept in printed


# -- what is refused --------------------------------------------------------------------------------------------------


def test_a_delay_beyond_the_bound_of_its_level_is_refused(tmp_path: Path) -> None:
    """All its waits together; where a resident might lie that long, staff are told of it before."""
    changed = replaced("residents/margaret.yaml", MORE_TIME, "      - wait: 90 min\n      - wait: 31 min\n")
    [line] = refused(tmp_path, changed)
    assert line.startswith("residents/margaret.yaml:18: ")
    assert "2 h 1 min" in line
    assert "; expected at most 2 h" in line
    kept = next(one for one in read_home(tmp_path).home.residents if one.resident == "margaret")
    assert (kept.room, kept.rules) == ("001", ())


def test_how_long_a_door_is_open_is_no_delay(tmp_path: Path) -> None:
    """Twelve hours held open are what the home wants to hear of."""
    assert refused(tmp_path, replaced("residents/margaret.yaml", "held_for: 10 min", "held_for: 12 h")) == []


@pytest.mark.parametrize(("level", "allowed"), [("urgent", "; expected at most 5 min"), ("call", "; expected ")])
def test_urgent_waits_five_minutes_and_a_call_not_at_all(tmp_path: Path, level: str, allowed: str) -> None:
    """The more it matters, the less a rule may stand before it."""
    text = MARGARET.replace("level: check\n      say: Margaret", f"level: {level}\n      say: Margaret")
    [line] = refused(tmp_path, {"residents/margaret.yaml": text})
    assert line.startswith("residents/margaret.yaml:")
    assert allowed in line


RUTH = """\
resident: {name}
known_as: {known}
room: "002"
rules:
  - rule: {rule}
    why: She wants it so.
    bed: {name}-bed
    during: {during}
    help: [{{light: {{device: room-002-light, brightness_pct: {brightness}}}}}]
    otherwise: {{level: check, say: Up.}}
"""


def shared(folder: Path, during: str) -> list[str]:
    """Two sisters in one room with one light: one wants it on when she gets up, the other off."""
    more = "".join(
        f'  - {{device: {name}-bed, address: zigbee2mqtt/{name}-bed, for: bed, person: {name}, place: "002"}}\n'
        for name in ("edith", "ruth")
    )
    light = '  - {device: room-002-light, address: zigbee2mqtt/room-002-light, for: light, place: "002"}\n'
    edith = RUTH.format(name="edith", known="Edith", rule="out-of-bed", during="22:00-07:00", brightness=30)
    ruth = RUTH.format(name="ruth", known="Ruth", rule="out-of-bed", during=during, brightness=0)
    return refused(
        folder,
        {"devices.yaml": DEVICES + more + light, "residents/edith.yaml": edith, "residents/ruth.yaml": ruth},
    )


def test_two_residents_who_fight_over_one_light_are_told_whose_and_when(tmp_path: Path) -> None:
    """The later plan is refused alone, and has no rules; where their hours keep them apart, neither is."""
    assert shared(tmp_path, "06:00-08:00") == [
        "residents/ruth.yaml:9: out-of-bed wants room-002-light off while out-of-bed of Edith wants it on;"
        " expected one of them, hours that keep them apart, or different levels"
    ]
    rules = {one.resident: len(one.rules) for one in read_home(tmp_path).home.residents}
    assert rules == {"arthur": 0, "edith": 1, "margaret": 2, "ruth": 0}
    assert shared(tmp_path, "07:00-22:00") == []


SIREN = "    sounders: [stairs-siren]\n"
SILENT = "    accepted_without: Nobody sleeps here. C. Ray, 2026-10-02\n"


def test_a_zone_that_nobody_would_ever_hear_is_refused_whatever_was_accepted(tmp_path: Path) -> None:
    """No screen in the house, no sounder, and at some minute nobody on shift who has a channel: there is no path."""
    text = HOME.replace("    screens: [board]\n", SILENT).replace(SIREN, SILENT)
    [first, second] = refused(tmp_path, {"home.yaml": text})
    assert first.startswith(
        'home.yaml:7: zone "ground": at the worst minute an alert is first heard: emergency never, urgent never,'
        " call never, check never, request never, technical never; as on mon 00:00: told are carer-1"
    )
    assert second.startswith('home.yaml:10: zone "first": ')
    heard = STAFF.replace("    role: manager\n", "    role: manager\n    channels: [{url: json://localhost}]\n")
    said = refused(tmp_path, {"home.yaml": text, "staff.yaml": heard})
    assert [line for line in said if "emergency never" in line] == []
    assert any("emergency after 3 min" in line for line in said)


def test_a_silent_zone_beside_a_siren_is_heard_later_and_says_so(tmp_path: Path) -> None:
    """An accepted home is warned of the seconds, and of the minute of the week."""
    said = refused(tmp_path, replaced("home.yaml", "    screens: [board]\n", SILENT))
    assert said[1] == (
        'home.yaml:7: zone "ground": at the worst minute an alert is first heard: emergency after 45 s,'
        " urgent after 60 s, call after 4 min, check never, request never, technical never; as on mon 00:00: told are"
        " carer-1, manager-1; expected a screen or sounder in the zone, or channels for those on shift (warning)"
    )


def test_a_review_that_is_overdue_is_a_warning_with_the_day_its_waits_end(tmp_path: Path) -> None:
    """Of the plan and of a rule; one to come is nobody's business, and neither is a day that is none."""
    text = MARGARET.replace(
        "known_as: Margaret\n", "known_as: Margaret\nagreement: {by: resident, review_by: 2026-01-02}\n"
    )
    (tmp_path / "residents").mkdir()
    (tmp_path / "residents/margaret.yaml").write_text(text, encoding="utf-8")
    home = read_home(write_home(tmp_path / "home")).home
    agreed = Agreement(by="resident", on="2025-10-02", review_by="2026-01-02")

    def overdue(plan: str, rule: str, today: date) -> list[str]:
        changed = tuple(
            replace(
                one,
                agreement=replace(agreed, review_by=plan),
                rules=tuple(replace(each, agreement=replace(agreed, review_by=rule)) for each in one.rules[:1]),
            )
            if one.resident == "margaret"
            else one
            for one in home.residents
        )
        return [str(problem) for problem in reviews(replace(home, residents=changed), tmp_path, today)]

    assert overdue("2026-01-02", "2026-01-05", date(2026, 1, 10)) == [
        "residents/margaret.yaml:3: the review of Margaret's plan was due on 2026-01-02: from 2026-01-16 end the"
        " delays of one resident a day, and the morning's list says whose;"
        " expected a date to come, once it was talked over",
        "residents/margaret.yaml:6: the review of Margaret's left-open was due on 2026-01-05: from 2026-01-19 end the"
        " delays of one resident a day, and the morning's list says whose;"
        " expected a date to come, once it was talked over",
    ]
    [one] = overdue("2026-01-02", "next week", date(2026, 2, 1))
    assert "what ends now are the delays of one resident a day" in one
    assert overdue("2026-01-02", "", date(2026, 1, 2)) == []
    early = overdue("2030-01-02", "", date(2025, 10, 1))
    assert any("Margaret's plan was agreed to on 2025-10-02, a day that has not come" in line for line in early)


# -- what is read -----------------------------------------------------------------------------------------------------


def test_the_table_is_of_every_minute_and_says_each_rung(tmp_path: Path) -> None:
    """What began it, how long it helps, who is told then, and next: in a pipe plain columns."""
    _, printed = checked(write_home(tmp_path))
    lines = printed.splitlines()
    assert lines[2] == (
        "When nobody answers, at the latest, at every minute of the weeks from 2026-03-23 and 2026-10-19, in which the"
        " clocks change:"
    )
    rules = lines.index(next(line for line in lines if line.startswith("who  ")))
    assert [re.split(" {2,}", line) for line in lines[rules + 1 : rules + 3]] == [
        ["Margaret", "left-open", "nobody yet", "any", "10 min", "-", "check after 10 min", RUNGS_10],
        ["Margaret", "out-of-bed", "nobody yet", "22:00-07:00", "-", "15 min", "check after 15 min", RUNGS_15],
    ]


RUNGS_10 = "25 min everybody on shift, 40 min the person in charge, again every 30 min"
RUNGS_15 = "30 min everybody on shift, 45 min the person in charge, again every 30 min"


def test_the_readme_shows_what_check_prints(tmp_path: Path) -> None:
    """From the first line to the last of the tables, of the home that these tests begin with."""
    _, printed = checked(write_home(tmp_path))
    shown = re.search(r"<!-- proof -->\n```text\n(.*?)\n```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert shown is not None
    assert shown[1] == printed.split("  rests on: ")[0].partition("\n")[2].strip("\n")


def test_programs_get_each_resident_rule_kind_and_rung(tmp_path: Path) -> None:
    """With the minute at which it is worst, and what it rests on."""
    _, printed = checked(write_home(tmp_path), as_json=True)
    said = orjson.loads(printed)
    assert said["proof"]["weeks"] == [
        {"from": "2026-03-23", "clocks": "forward"},
        {"from": "2026-10-19", "clocks": "back"},
    ]
    margaret = said["proof"]["residents"]["margaret"]
    assert {kind: told["first_s"] for kind, told in margaret["told_at_once"].items()} == dict.fromkeys(
        ["emergency", "staff_assist", "fall", "smoke", "gas", "co", "call", "water_leak"], 0
    )
    out_of_bed = margaret["rules"]["out-of-bed"]
    assert (out_of_bed["lasts_s"], out_of_bed["delay_s"], out_of_bed["bound_s"]) == (0, 900, 900)
    assert [rung["told_s"] for rung in out_of_bed["told"]["rungs"]] == [900, 1800, 2700]
    assert out_of_bed["told"]["rungs"][0]["adds"] == ["zone"]
    assert len(said["assumptions"]) > 5


def test_who_agreed_stands_beside_each_rule(tmp_path: Path) -> None:
    """The resident, an attorney for one rule alone, or nobody: then a sentence says what to do."""
    _, printed = checked(write_home(tmp_path / "nobody"))
    assert "Nobody has agreed to 2 of 2 rules yet." in printed
    plan = MARGARET
    signed = "agreement: {by: resident, on: 2026-10-02, review_by: 2027-01-02}\n"
    _, printed = checked(write_home(tmp_path / "all", {"residents/margaret.yaml": signed + plan}))
    assert "Nobody has agreed" not in printed
    assert re.search("Margaret +out-of-bed +resident +22:00", printed)
    _, printed = checked(write_home(tmp_path / "json", {"residents/margaret.yaml": signed + plan}), as_json=True)
    rules = orjson.loads(printed)["proof"]["residents"]["margaret"]["rules"]
    assert [rule["agreed_by"] for rule in rules.values()] == ["resident", "resident"]


@pytest.mark.parametrize("agreed", [True, False])
def test_a_delay_nobody_agreed_to_is_none_in_the_proof_too(tmp_path: Path, agreed: bool) -> None:
    """The table says what will happen, not what was hoped for."""
    line = "    delay_agreed: {risk: walks steadily, by: J. Shah, on: 2026-10-02}\n"
    changed = {} if agreed else replaced("residents/margaret.yaml", line, "")
    _, printed = checked(write_home(tmp_path, changed), as_json=True)
    rule = orjson.loads(printed)["proof"]["residents"]["margaret"]["rules"]["out-of-bed"]
    assert rule["told"]["first_s"] == (900 if agreed else 0)
