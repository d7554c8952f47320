"""The Things Stack as a home has it: a Mosquitto bridge with the README's lines, which says when its line is cut."""

from __future__ import annotations

from pathlib import Path

from hub.simulate.peers_radio import TheThingsStack
from tests.contract.home_parts import DEADLINE_S, home_with, stranger
from tests.parts import Mosquitto, until

BRIDGE = """\
connection things-stack
address 127.0.0.1:{port}
topic v3/care@ttn/devices/# both 0
notification_topic v3/care@ttn/bridge/state
notifications_local_only true
restart_timeout 1
"""
CORD = "  - {{device: annexe-cord, address: {address}, for: emergency, person: resident-001}}\n"
AT_MS = 1_790_000_000_000
LOST = "The gateway v3/care@ttn/bridge is lost, with 1 device; without a pendant now: Resident 001"


async def test_a_call_comes_through_the_bridge_and_its_cut_line_is_one_alert(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """The far broker is killed as the internet is cut, and comes back: told at once, and over by itself."""
    (tmp_path / "far").mkdir()
    far, stack = Mosquitto(tmp_path / "far").start(), TheThingsStack()
    try:
        mosquitto.with_settings(BRIDGE.format(port=far.port))
        with home_with(tmp_path / "home", mosquitto, rooms=1) as home:
            home.edit("devices.yaml", lambda text: text + CORD.format(address=stack.caller))
            async with stranger(mosquitto.port) as me:
                home.start()
                await me.is_ready()
                async with stranger(far.port) as network:
                    for sent in stack.press(AT_MS):
                        await network.publish(sent.topic, sent.payload)
                await me.line("raised", device="annexe-cord", resident="resident-001")
                far.kill()
                lost = await me.line("raised", device="v3/care@ttn/bridge")
                assert lost["reason"] == LOST
                far.start()
                await until(lambda: me.log("closed", alert=lost["alert"]), DEADLINE_S)
                assert len(me.log("raised")) == 2
            assert home.stop() == 0
    finally:
        far.stop()
