"""A copy that can no longer come must not be waited for: it would swallow the copy of a later, equal press."""

from __future__ import annotations

from pathlib import Path

from tests.hub.core_parts import BULK, PENDANT, PRESS, SLUG, URGENT, rig
from tests.parts import until


async def test_a_copy_owed_when_its_session_was_lost_a_moment_later_swallows_no_later_press(tmp_path: Path) -> None:
    """The bulk session is forgotten two seconds after a press; later the urgent one is, with the next press."""
    async with rig(tmp_path) as home:
        home.broker.pause(BULK)
        home.broker.say(PENDANT, PRESS)
        await until(lambda: home.presses() == 1)
        home.lanes[BULK].go_down()
        home.lanes[BULK].come_up(session_lost=True)
        await home.quiet()
        home.forward(610)
        await until(lambda: not home.rows("SELECT * FROM twins"))
        home.lanes[URGENT].go_down()
        home.broker.say(PENDANT, PRESS)
        home.lanes[URGENT].come_up(session_lost=True)
        home.forward(3)
        await until(lambda: home.presses() == 2)


async def test_so_it_is_over_a_restart(tmp_path: Path) -> None:
    """What is owed is in the ledger; the hub is killed before it knows better."""
    async with rig(tmp_path) as home:
        home.broker.pause(BULK)
        home.broker.say(PENDANT, PRESS)
        await until(lambda: home.presses() == 1)
        await home.kill()
        home.broker.sessions.pop(f"handrail-{SLUG}-{BULK}")
        await home.start()
        home.forward(610)
        await until(lambda: not home.rows("SELECT * FROM twins"))


async def test_a_copy_that_comes_through_the_new_session_is_no_second_press(tmp_path: Path) -> None:
    """Said just after the session was made anew: its copy is on its way, and is waited for."""
    async with rig(tmp_path) as home:
        home.broker.pause(BULK)
        home.lanes[BULK].go_down()
        home.lanes[BULK].come_up(session_lost=True)
        home.broker.pause(BULK)
        home.broker.say(PENDANT, PRESS)
        await until(lambda: home.presses() == 1)
        home.forward(3)
        home.broker.resume(BULK)
        await home.quiet()
        home.forward(610)
        await home.quiet()
        assert home.presses() == 1
