"""What a plan on trial would have done, as the manager reads it in the morning."""

from rules.replay.shadow_report import report
from rules.replay.words import Words
from tests.rules.nights import BED, SAY, Happening, home, replayed, up


def test_a_report_says_what_would_have_come_otherwise() -> None:
    """With the moments; and where nothing would have, that."""
    new = home(up(SAY, minutes=5))
    happened: list[Happening] = [("03:00", BED, "empty"), ("03:10", BED, "occupied")]
    answer = replayed(home(up(SAY, minutes=15)), new, happened, live=True)
    said = report(Words(new, answer, "the plan in force"), "margaret")
    assert said.matters
    assert "staff told once instead of 0, avoided 0, added 1: 03:00 up-at-night: settled at 03:10" in said.words
    assert "Never heard: door, pendant" in said.words
    same = replayed(new, new, happened, live=True)
    said = report(Words(new, same, "the plan in force"), "margaret")
    assert not said.matters
    assert "the same as the plan in force, staff told once" in said.words
