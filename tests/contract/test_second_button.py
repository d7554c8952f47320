"""Margaret's pendant with two buttons, with a real broker and hub: the second answers her, or calls."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import orjson

from hub.clock import SystemClock
from tests.contract.home_parts import DEADLINE_S, home_with, stranger
from tests.contract.test_plan_night import LIGHT, Night, plan
from tests.parts import Mosquitto, until

PENDANT = "zigbee2mqtt/room-001-pendant"
LINE = f'  - {{device: room-001-second, address: "{PENDANT}#2", for: emergency, person: resident-001}}\n'
HEARD_S = 2


async def press(night: Night, action: str) -> str:
    """Some button of her pendant, as Zigbee2MQTT tells it: as JSON with its time, and as a plain word. The time."""
    stamp = f"{datetime.fromtimestamp(SystemClock().wall_ms() / 1000, UTC).isoformat(timespec='milliseconds')[:-6]}Z"
    await night.heard.publish(PENDANT, orjson.dumps({"action": action, "last_seen": stamp}))
    await night.heard.publish(f"{PENDANT}/action", action)
    return stamp


async def test_her_second_button_answers_while_she_is_asked_and_calls_at_any_other_time(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """Before she is asked it calls; while she is asked one press settles; the very next press calls again."""
    with home_with(tmp_path / "home", mosquitto, rooms=2) as home:
        home.edit("home.yaml", lambda text: re.sub(r"^timezone: .*$", "timezone: Etc/UTC", text, flags=re.MULTILINE))
        home.edit("devices.yaml", lambda text: text.rstrip("\n") + "\n" + LINE)
        within = "within: 60 s\n          button: room-001-second\n"
        home.edit("residents/resident-001.yaml", lambda _: re.sub(r"within: \d+ s\n", within, plan()))
        async with stranger(home.broker.port, "handrail/#", LIGHT) as heard:
            night = Night(heard)
            home.start()
            await heard.is_ready()
            await night.goes_to_bed()
            await press(night, "2_single")
            called = await heard.line("raised", device="room-001-second")
            await night.is_looked_after(called["alert"])
            begun = await night.gets_up()
            asked_ms = SystemClock().elapsed_ms()
            await until(lambda: SystemClock().elapsed_ms() - asked_ms > HEARD_S * 1000 + 200, DEADLINE_S)
            stamp = await press(night, "2_single")
            answered = await heard.line("answered_by_resident", device="room-001-second")
            assert (answered["stamp"], answered["resident"]) == (stamp, "resident-001")
            await heard.line("settled", episode=begun["episode"])
            await heard.line("not_a_press", device="room-001-second")
            await press(night, "2_single")
            await until(lambda: len(heard.log("raised", "reopened", device="room-001-second")) == 2, DEADLINE_S)
            assert len(heard.log("answered_by_resident")) == 1
            assert [line["resident"] for line in heard.log("raised")] == ["resident-001"] * len(heard.log("raised"))
        assert home.stop() == 0
