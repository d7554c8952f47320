"""Plans on trial: what they would have done stands in the log, and with the morning's list where it matters."""

from rules.alerting.levels import Level
from rules.effects import Did
from rules.inputs import Report, Tried
from tests.stories.house import House

OTHERWISE = Report(resident="margaret", words="Margaret's plan on trial: told twice instead of once", matters=True)
AS_BEFORE = Report(resident="joan", words="Joan's plan on trial: the same", matters=False)


def test_every_report_is_logged_and_what_matters_is_told(home: House) -> None:
    """To the person in charge, as the morning's list is."""
    home.take(Tried(reports=(AS_BEFORE,)))
    assert [line.reason for line in home.logs(Did.LISTED, past=True)] == [AS_BEFORE.words]
    assert not home.state.alerts.rows
    home.take(Tried(reports=(OTHERWISE, AS_BEFORE)))
    (alert,) = home.state.alerts
    assert (alert.level, alert.reason, alert.resident) == (Level.TECHNICAL, f"for the manager: {OTHERWISE.words}", None)


def test_an_open_list_of_the_morning_takes_it_in(home: House) -> None:
    """One alert a morning, not two."""
    home.take(Tried(reports=(OTHERWISE,)))
    other = Report(resident="ada", words="Ada's plan on trial: told once instead of never", matters=True)
    home.take(Tried(reports=(other, OTHERWISE)))
    (alert,) = home.state.alerts
    assert (alert.version, alert.also) == (2, (other.words,))
