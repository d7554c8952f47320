"""Who is reached when the people a step means are not there; and that no rule is asked before a call is told."""

import pytest

from devices.events import Event, Kind
from rules.alerting.levels import LADDERS, LEVEL_OF, Level
from rules.alerting.reach import up_to
from rules.effects import Did, Log
from rules.inputs import Heard
from rules.turn import Turn
from tests.stories.house import House


def test_a_step_that_means_nobody_means_everybody_on_shift() -> None:
    """A technical alert is for the person in charge; with two carers alone in the house it is theirs."""
    home = House(signed_on=("carer-1", "carer-2"))
    reached = up_to(Turn(home.state, home.now), LADDERS[Level.TECHNICAL], 0, "ground")
    assert reached.people == ("carer-1", "carer-2")


@pytest.mark.parametrize("kind", list(LEVEL_OF))
def test_what_is_told_at_once_is_told_in_the_step_that_hears_it(kind: Kind) -> None:
    """As a press and as a state, whatever rules there are."""
    home = House()
    for press, device in ((True, "room-012-pendant"), (False, "room-012-smoke")):
        home.take(Heard(event=Event(device=f"zigbee2mqtt/{device}", kind=kind, value=True, press=press)))
        steps = [effect.did for effect in home.happened if isinstance(effect, Log)]
        assert Did.TOLD in steps
        assert Did.RAISED in steps
