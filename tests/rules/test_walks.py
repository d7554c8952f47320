"""Walk tests, for any history with them: no call is held back for more than 30 s, whoever began what and forgot it."""

from dataclasses import dataclass, field

from hypothesis import given, seed
from hypothesis import strategies as st

from devices.registry import Placed, Purpose, Supervision
from rules.effects import Did, Effect, Log
from rules.hearing.walks import DAY_MS, Walk, overdue
from rules.home import Times
from rules.inputs import Asked, Input, Now, Started
from rules.state import State
from tests.rules.histories import BY_DAY, HAPPENINGS, WALKS, Happening, Moment, Run, Wait, often
from tests.rules.test_properties import times
from tests.stories.house import reloaded

SHOWN_MS = 30_000
MOMENTS = st.builds(Moment, after_ms=st.sampled_from([0, 0, 700, 9_000, 29_000]), given=WALKS)
STEPS = often((5, MOMENTS), (1, HAPPENINGS))


@dataclass
class Watched:
    """Every press that is shown as TEST, until somebody is told or a person said that it was theirs."""

    since_ms: dict[str, int] = field(default_factory=dict)
    ends: list[str] = field(default_factory=list)

    def look(self, state: State, given: Input, now: Now, effects: list[Effect]) -> None:
        """After each step."""
        logs = [effect for effect in effects if isinstance(effect, Log)]
        for log in logs:
            if log.did is Did.WALK_HEARD and log.alert is not None:
                self.since_ms[log.alert] = now.elapsed_ms
        for alert in [alert for alert in self.since_ms if state.alerts.rows[alert].test is None]:
            assert now.elapsed_ms - self.since_ms.pop(alert) <= SHOWN_MS
            steps = {log.did for log in logs if log.alert == alert}
            assert Did.RAISED in steps
            assert steps & {Did.TOLD, Did.TOLD_NOBODY}
            self.ends.append("told")
        for alert in [log.alert for log in logs if log.did is Did.TESTED and log.alert]:
            assert now.elapsed_ms - self.since_ms.pop(alert) < SHOWN_MS
            assert isinstance(given, Asked)
            assert (given.client, given.do) == ("dashboards", "tested")
            assert given.by == state.alerts.rows[alert].closed_by
            self.ends.append("confirmed")
        for alert, since_ms in self.since_ms.items():
            assert now.elapsed_ms - since_ms <= SHOWN_MS, f"{alert} is held back"


def live(run: Run, history: list[Happening]) -> None:
    """A history in which every timer is looked at when it is due, as the hub does."""
    for one in history:
        if isinstance(one, Wait):
            run.go([Wait(min(one.ms, 45_000))])
        else:
            run.go([Wait(one.after_ms), Moment(0, one.given)])


@times(250)
@given(st.lists(STEPS, min_size=6, max_size=25))
def test_a_press_shown_as_a_test_is_told_within_thirty_seconds_or_a_person_said_it_was_theirs(
    history: list[Happening],
) -> None:
    """Whatever else happens: other calls, claims, files, faults, a fire, a lost broker, walks begun and forgotten."""
    watched = Watched()
    run = Run(State(), look=watched.look)
    live(run, [*BY_DAY, *history, Wait(31_000)])
    assert watched.since_ms == {}


@times(100)
@given(st.lists(MOMENTS, min_size=4, max_size=12), st.sampled_from([1_000, 20_000, 3_600_000]))
def test_a_restart_loses_no_press_that_was_shown_as_a_test(history: list[Happening], down_ms: int) -> None:
    """Its timer comes back with the ledger: told in time, or at once and late; what waited at the broker is no test."""
    watched = Watched()
    run = Run(State(), look=watched.look)
    live(run, [*BY_DAY, *history])
    waits = dict(watched.since_ms)
    back = Run(reloaded(run.state), run.now)
    back.go([Moment(down_ms, Started(down_from_ms=run.now.wall_ms))])
    assert all(not row.by or row.alert for row in back.state.walks), "a test that nobody pressed in is over"
    effects = back.go([Wait(31_000)])
    told = {log.alert for step in effects for log in step if isinstance(log, Log) and log.did is Did.RAISED}
    assert set(waits) <= told
    late = {alert for alert, since_ms in waits.items() if run.now.elapsed_ms + down_ms - since_ms > SHOWN_MS + 2_000}
    assert all(back.state.alerts.rows[alert].late for alert in late)


def test_both_ends_happen() -> None:
    """The property is not true because nothing ever was a test."""
    ends: set[str] = set()

    @seed(1)  # the same histories each time: a draw that misses one end by chance says nothing
    @times(300)
    @given(st.lists(MOMENTS, min_size=10, max_size=25))
    def go(history: list[Happening]) -> None:
        watched = Watched()
        live(Run(State(), look=watched.look), [*BY_DAY, *history, Wait(31_000)])
        ends.update(watched.ends)

    go()
    assert ends == {"told", "confirmed"}


def placed(name: str, purpose: Purpose = Purpose.EMERGENCY, supervision: Supervision = Supervision.PENDANT) -> Placed:
    """A device."""
    return Placed(device=f"zigbee2mqtt/{name}", name=name, place="012", purpose=purpose, supervision=supervision)


def test_each_class_has_its_interval_and_what_never_calls_has_none() -> None:
    """A pendant after thirty days, a cord after what the home says; a door never."""
    devices = (
        placed("pendant"),
        placed("cord", supervision=Supervision.PULL_CORD),
        placed("new"),
        placed("door", Purpose.DOOR, Supervision.BATTERY_SENSOR),
        placed("smoke", Purpose.SMOKE),
        placed("unknown"),
    )
    now = 1_000 * DAY_MS
    walks = {
        "pendant": Walk(device="pendant", since_wall_ms=1, tested_wall_ms=now - 31 * DAY_MS),
        "cord": Walk(device="cord", since_wall_ms=1, tested_wall_ms=now - 31 * DAY_MS),
        "new": Walk(device="new", since_wall_ms=now - 3 * DAY_MS),
    }
    found = overdue(devices, walks, Times(walk_pull_cord_days=60), now)
    assert [row.words for row in found] == ["pendant (31 days ago)", "unknown (never tested)"]


def test_a_device_that_was_not_heard_is_overdue_until_it_is_heard() -> None:
    """However new its last good test is."""
    failed = Walk(device="pendant", since_wall_ms=1, tested_wall_ms=10 * DAY_MS, failed_wall_ms=11 * DAY_MS)
    found = overdue((placed("pendant"),), {"pendant": failed}, Times(), 12 * DAY_MS)
    assert [row.words for row in found] == ["pendant (not heard at its last test)"]
    mended = Walk(device="pendant", since_wall_ms=1, tested_wall_ms=12 * DAY_MS, failed_wall_ms=11 * DAY_MS)
    assert overdue((placed("pendant"),), {"pendant": mended}, Times(), 12 * DAY_MS) == []
