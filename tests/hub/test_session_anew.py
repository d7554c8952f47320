"""A session that the broker made anew gives its packet ids out from the start: what they were used for before must not
swallow a press."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hub.core_parts import BULK, PENDANT, PRESS, URGENT, rig
from tests.parts import until

BOTH = (URGENT, BULK)


@pytest.mark.parametrize("killed", [False, True], ids=["running", "killed"])
async def test_an_equal_press_that_a_new_session_sends_again_is_a_press(tmp_path: Path, killed: bool) -> None:
    """The broker lost its folder; the next press gets the packet ids of the last one, is lost on its way and comes
    again, to the hub that runs or to one that was killed and started meanwhile."""
    async with rig(tmp_path) as home:
        sessions = {lane: home.broker.session(lane).last_id for lane in BOTH}
        home.broker.say(PENDANT, PRESS)
        await until(lambda: home.presses() == 1)
        await home.quiet()
        for lane in BOTH:
            home.lanes[lane].go_down()
        for lane in BOTH:
            home.lanes[lane].come_up(session_lost=True)
        await until(lambda: home.broker.log("fault"))
        await home.quiet()
        for lane in BOTH:
            home.broker.session(lane).last_id = sessions[lane]
            home.lanes[lane].is_half_open = True
        home.broker.say(PENDANT, PRESS)
        if killed:
            await home.kill()
            await home.start()
        else:
            for lane in BOTH:
                home.lanes[lane].go_down()
            for lane in BOTH:
                home.lanes[lane].come_up()
        await until(lambda: home.presses() == 2)
