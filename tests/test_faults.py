"""FAULTS.md says what the code does, and each of its rows is a test somewhere."""

import re
from pathlib import Path

from hub.watch import words
from rules.faults import FAULTS, for_staff, to_mend
from tests.faulted import rows

ROOT = Path(__file__).resolve().parent.parent
MARK = re.compile(r"pytest\.mark\.fault\(\"([a-z0-9-]+)\"\)")


def test_the_table_is_the_code() -> None:
    """Staff and the person who mends it read in the document what they read on the board."""
    told = rows("faults")
    assert told == {name: (for_staff(name, {}, "x"), to_mend(name, {}, "").removeprefix(". ")) for name in FAULTS}
    assert list(told) == list(FAULTS)
    assert rows("watcher") == {name: (fault.staff, fault.mend) for name, fault in words.FAULTS.items()}


def test_each_row_is_a_test() -> None:
    """A sentence that no test reads may say anything. What a marked test must read is asked in `conftest.py`."""
    texts = (path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    marked = {name for text in texts for name in MARK.findall(text)}
    assert sorted(marked) == sorted({*FAULTS, *words.FAULTS})


def test_every_fault_says_what_it_means_for_calls() -> None:
    """The night carer's question is always the same: are calls still told?"""
    calls = ("call", "Call", "CALL", "pressed", "Phones", "takes over")
    faults = {**FAULTS, **words.FAULTS}
    assert [name for name, fault in faults.items() if not any(word in fault.staff for word in calls)] == []
    assert [name for name, fault in faults.items() if not fault.mend] == []
