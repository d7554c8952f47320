"""What was proved is held against what happens: staff who are told later than that, and a manager who learns of it."""

from dataclasses import replace

from rules.effects import Did
from rules.proof.waits import bound_s
from rules.proof.watch import told_late
from rules.state import Alert, AlertState
from rules.turn import Turn
from tests.stories.house import House


def bound_alerts(home: House) -> list[Alert]:
    """What the manager reads about it."""
    return [one for one in home.state.alerts if one.cause == "bound" and one.state is not AlertState.CLOSED]


def test_a_run_that_told_in_time_is_nobodys_news(home: House) -> None:
    """Sixteen minutes were agreed, and sixteen it took."""
    home.device("room-012-bed", occupancy=False)
    home.wait(minutes=16)
    home.expect("told", level="check")
    assert bound_alerts(home) == []
    assert home.logs(Did.FAULT, past=True) == []


def test_staff_told_late_because_the_hub_was_down_is_told_to_the_manager(home: House) -> None:
    """The alert is marked late as ever; beside it, what it should have been and what it was."""
    home.device("room-012-bed", occupancy=False)
    home.down(minutes=60)
    home.expect("told", late=True, resident="margaret")
    [told] = bound_alerts(home)
    said = "Margaret, up-at-night: staff were told after 60 min, 16 min at the latest was proved; the hub was down"
    assert (told.level, told.reason) == ("technical", f"for the manager: {said}")
    assert told.told == ("nurse-1",)
    assert [log.reason for log in home.logs(Did.FAULT)] == [said]


def test_several_of_one_morning_are_one_alert(home: House) -> None:
    """A hub that was down for an hour does not ring the manager for each door."""
    for room in ("011", "013", "021"):
        home.device(f"room-{room}-door", contact=False)
    home.down(minutes=60)
    [told] = bound_alerts(home)
    assert "Ada, left-open" in told.reason
    assert sorted(words.split(",")[0] for words in told.also) == ["George", "Joan"]
    assert len(home.open) == 3


def test_a_run_that_nobody_held_up_and_was_late_says_that_nobody_knows_why(home: House) -> None:
    """A fault of ours would show here: the machine waits longer than the rule it carries says."""
    home.device("room-012-bed", occupancy=False)
    [episode] = home.state.episodes
    assert bound_s(episode.rule) == 960
    longer = replace(episode, started_ms=home.now.elapsed_ms - 17 * 60_000)
    told_late(Turn(home.state, home.now), longer, late=False)
    [told] = bound_alerts(home)
    assert told.reason.endswith("staff were told after 17 min, 16 min at the latest was proved; nobody knows why")


def test_a_run_that_began_late_counts_although_it_then_took_no_time(home: House) -> None:
    """What lasted long enough while the hub was down is told when it starts: the run is short, and late."""
    home.device("room-012-bed", occupancy=False)
    [episode] = home.state.episodes
    told_late(Turn(home.state, home.now), episode, late=True)
    [told] = bound_alerts(home)
    assert told.reason == "for the manager: Margaret, up-at-night: staff were told late; the hub was down"
