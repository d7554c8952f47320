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


def listed(home: House) -> str:
    """The manager's list of the next morning."""
    home.wait(hours=24)
    return " ".join(line.reason for line in home.logs(Did.LISTED, past=True))


def test_a_rung_that_came_late_is_written_down_and_on_the_managers_list(home: House) -> None:
    """Nobody took Margaret's call, and the hub stood still for half an hour: everybody rings now, marked late, and
    nobody gets a second alert about it at night."""
    home.press("012")
    home.down(minutes=30)
    home.expect("told", late=True, resident="margaret")
    said = [log.reason for log in home.logs(Did.FAULT)]
    assert said[0].startswith("Margaret's emergency should have rung further 29 min earlier; ")
    home.attend("carer-1", proof="screen:012")
    home.close("carer-1")
    assert bound_alerts(home) == []
    assert "told later than was proved: a00001 (Margaret pressed for help)" in listed(home)


def test_a_call_that_nobody_here_could_hear_is_written_down_and_on_the_managers_list(home: House) -> None:
    """She pressed while the hub was down: told as soon as it is heard, with how long ago, and listed by day."""
    home.goes_down()
    home.press("012")
    home.wait(minutes=5)
    home.comes_back()
    home.expect("told", late=True, resident="margaret")
    assert any("Margaret called, and staff were told 5 min later" in log.reason for log in home.logs(Did.FAULT))
    home.attend("carer-1", proof="screen:012")
    home.close("carer-1")
    assert "told later than was proved: a00001" in listed(home)


def test_a_night_in_which_everything_came_in_time_lists_nothing(home: House) -> None:
    """The list is for what was late, and says nothing of a ladder that climbed as it should."""
    home.press("012")
    home.wait(minutes=5)
    home.attend("carer-1", proof="screen:012")
    home.close("carer-1")
    assert "told later" not in listed(home)
