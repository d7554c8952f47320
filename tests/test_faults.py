"""FAULTS.md says what the code does, and each of its rows is a test somewhere."""

import re
from pathlib import Path

from rules.faults import FAULTS, for_staff, to_mend

ROOT = Path(__file__).resolve().parent.parent
MARK = re.compile(r"pytest\.mark\.fault\(\"([a-z0-9-]+)\"\)")


def test_the_table_is_the_code() -> None:
    """Staff and the person who mends it read in the document what they read on the board."""
    lines = [line for line in (ROOT / "FAULTS.md").read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    told = {}
    for line in lines:
        name, staff, mend = (cell.strip() for cell in line.strip("|").split(" | "))
        told[name.strip("`")] = (staff, mend)
    assert told == {name: (for_staff(name, {}, "x"), to_mend(name, {}, "").removeprefix(". ")) for name in FAULTS}


def test_each_row_is_a_test() -> None:
    """A sentence that no test reads may say anything."""
    texts = (path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    marked = {name for text in texts for name in MARK.findall(text)}
    assert sorted(marked) == sorted(FAULTS)


def test_every_fault_says_what_it_means_for_calls() -> None:
    """The night carer's question is always the same: are calls still told?"""
    words = ("call", "Call", "pressed", "Phones", "takes over")
    assert [name for name, fault in FAULTS.items() if not any(word in fault.staff for word in words)] == []
