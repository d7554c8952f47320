"""The manager's list: what the night left to be looked at, once, in the morning."""

from rules.alerting.levels import Level
from rules.effects import Did
from tests.stories.house import House


def listed(home: House) -> list[str]:
    """The lists since the story last forgot."""
    return [line.reason for line in home.logs(Did.LISTED, past=True)]


def test_what_was_closed_without_a_proof_of_presence_is_listed_in_the_morning(home: House) -> None:
    """Margaret's press, closed by Ana with no tag or screen to show it; the manager reads it at eight."""
    home.press("012")
    home.attend("carer-1")
    home.close("carer-1")
    home.wait(hours=24)
    assert [line for line in listed(home) if "closed without a proof of presence: a00001" in line]
    assert [alert.level for alert in home.state.alerts if alert.cause == "morning"] == [Level.TECHNICAL]


def test_a_shown_presence_is_not_listed(home: House) -> None:
    """The screen in the room said it: there is nothing to look at, and no list."""
    home.press("012")
    home.attend("carer-1", proof="screen:012")
    home.close("carer-1")
    home.wait(hours=24)
    assert listed(home) == []


def test_a_device_marked_not_ours_is_listed_every_morning(home: House) -> None:
    """Never muted in silence: as long as it is marked, each morning says so."""
    home.device("next-door", action="emergency")
    home.ask("not_ours", by="manager-1", device="zigbee2mqtt/next-door")
    home.wait(hours=48)
    assert len([line for line in listed(home) if "marked not ours: zigbee2mqtt/next-door" in line]) == 2


def test_the_list_reaches_the_manager_and_the_person_in_charge(home: House) -> None:
    """The manager is at home at eight, and has it on the phone; nothing of the night before woke them."""
    home.press("012")
    home.attend("carer-1")
    home.close("carer-1")
    home.wait(hours=24)
    [alert] = [alert for alert in home.state.alerts if alert.cause == "morning"]
    assert set(alert.told) >= {"nurse-1", "manager-1"}


def test_files_that_were_refused_are_on_the_list_until_they_are_mended(home: House) -> None:
    """Whoever wrote the plan may have gone home: the manager reads that the one before goes on."""
    home.is_refused("home.yaml:7: wrong")
    home.wait(hours=24)
    assert any("a change to the home's files was refused" in line for line in listed(home))
