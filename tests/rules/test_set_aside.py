"""What a bug of ours met is taken back whole and set aside, in any state that a history leads to."""

from hypothesis import given
from hypothesis import strategies as st

from devices.commands import Sound
from rules.alerting.levels import Level
from rules.effects import Carry, Log, Tell
from rules.home import Role
from rules.inputs import FellDue, Input, Now, SetAside
from rules.machine import step
from rules.set_aside import in_place_of
from rules.setting import Setting
from rules.state import AlertState, State, fork
from tests.rules.histories import INPUTS, Happening, Run, histories, rows, written
from tests.rules.test_properties import times
from tests.stories.always import hold, remember
from tests.stories.house import House
from tests.stories.stays import Stays


@times(100)
@given(histories(), st.lists(INPUTS, min_size=1, max_size=4))
def test_a_step_that_is_taken_back_never_was(history: list[Happening], further: list[Input]) -> None:
    """Rows, what is to be written of them, and what comes of the next step."""
    run = Run(State())
    run.go(history)
    state, other = run.state, Run(fork(run.state), run.now)
    for one in further:
        before, changed = rows(state), [dict(table.changed) for table in state.tables().values()]
        setting = state.setting
        for table in state.tables().values():
            table.begin()
        step(state, one, run.now)
        for table in state.tables().values():
            table.take_back()
        state.setting = setting
        assert rows(state) == before
        assert [table.changed for table in state.tables().values()] == changed
        assert written([run.take(one)]) == written([other.take(one)])
    assert rows(state) == rows(other.state)


@times(100)
@given(histories())
def test_every_timer_can_be_set_aside(history: list[Happening]) -> None:
    """It is not due any more, what always holds goes on holding, and somebody is told: of an open alert, everybody."""
    run = Run(State())
    run.go(history)
    for timer in sorted(run.state.timers, key=lambda timer: timer.key):
        state = fork(run.state)
        now = Now(max(timer.due_ms, run.now.elapsed_ms), run.now.wall_ms)
        (instead,) = in_place_of(
            FellDue(timer=timer.key), "ZeroDivisionError()", state.setting or Setting(House().home)
        )
        before = remember(state)
        _, effects = step(state, instead, now)
        hold(before, state, instead, now, effects)
        left = state.timers.get(timer.key)
        assert left is None or left.due_ms > now.elapsed_ms
        assert any(alert.cause.startswith("hub:own-work:") for alert in state.alerts)
        alert = before.alerts.get(timer.ref.partition("/")[0])
        if timer.what in ("ladder", "claim", "promise", "test") and alert is not None:
            rung = state.alerts.rows[alert.id]
            assert (rung.state, rung.everybody, rung.quiet) == (AlertState.TOLD, True, False)
            assert any(isinstance(effect, Log) and effect.alert == alert.id for effect in effects)


def test_what_is_set_aside_again_is_no_news() -> None:
    """One alert for who must look, one for who mends it, however often it comes."""
    home = House()
    for _ in range(3):
        home.take(SetAside(what="Faulted", error="ZeroDivisionError()", look_at="zigbee2mqtt/room-012-pendant"))
    assert sorted(alert.level for alert in home.state.alerts) == sorted([Level.EMERGENCY, Level.TECHNICAL])


def test_everybody_means_every_channel_and_every_sounder() -> None:
    """No ladder is asked: who is on shift, the managers, and all sounders of the house."""
    home = House()
    home.press("012")
    home.take(SetAside(what="FellDue", error="ZeroDivisionError()", timer="ladder/a00001"))
    told = [(one.person, one.channel) for one in home.happened if isinstance(one, Tell) and one.alert == "a00001"]
    here = [carer for carer in home.home.staff if carer.id in home.signed_on or carer.role is Role.MANAGER]
    assert sorted(told) == sorted((carer.id, channel) for carer in here for channel in range(len(carer.channels)))
    rung = {one.command.device for one in home.happened if isinstance(one, Carry) and isinstance(one.command, Sound)}
    assert home.state.setting is not None
    named = {name for zone in home.home.zones for name in zone.sounders}
    assert rung == {home.state.setting.address_of(name) for name in named} != set()


def test_where_a_carer_is_there_it_stays_theirs() -> None:
    """The reminder to close it was for them; nobody's alarm begins anew."""
    home = House()
    home.press("012")
    home.claim("carer-1")
    home.attend("carer-1", proof="screen:012")
    home.take(SetAside(what="FellDue", error="ZeroDivisionError()", timer="unclosed/a00001"))
    alert = home.state.alerts.rows["a00001"]
    assert (alert.state, alert.attended_by, alert.quiet) == (AlertState.ATTENDED, "carer-1", True)
    assert not [one for one in home.happened if isinstance(one, Carry) and isinstance(one.command, Sound)]


def test_who_was_away_is_looked_at_and_her_plan_runs_again() -> None:
    """Nobody is away for ever, because a timer met a bug."""
    home = Stays()
    home.away("margaret", hours=1)
    home.take(SetAside(what="FellDue", error="ZeroDivisionError()", timer="away/margaret"))
    assert home.state.people.rows["margaret"].away is None
    (alert,) = [alert for alert in home.open if alert.level is Level.EMERGENCY]
    assert (alert.resident, alert.everybody) == ("margaret", True)
