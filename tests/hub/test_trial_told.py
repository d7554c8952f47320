"""A plan on trial in a running hub: what leaves the house because of it, and what the same plan in force does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hub.core_parts import SLUG, rig
from tests.parts import until

DAY_MS = 86_400_000
UP = """
  - rule: up-at-night
    why: She is to be looked after as soon as she is up.
    when: {bed: empty}
    help:
      - light: {device: room-001-light, brightness_pct: 30}
    settled_by: [ok]
    otherwise: {level: urgent, say: "{known_as} is up."}
"""
BED = "zigbee2mqtt/room-001-bed"


@pytest.mark.parametrize("on_trial", [True, False], ids=["on trial", "in force"])
async def test_nobody_is_helped_and_nobody_is_told(on_trial: bool, tmp_path: Path) -> None:
    """By a plan on trial: no command, no alert, no word in the room. The same plan in force does all three."""
    async with rig(tmp_path) as hub:
        await hub.stop()
        plan = hub.folder / "residents" / "resident-001.yaml"
        text = plan.read_text()
        tried = text + UP
        if on_trial:
            plan.with_name("resident-001.shadow.yaml").write_text(tried.replace("rules:", "shadow: true\nrules:", 1))
        else:
            plan.write_text(tried)
        await hub.start()
        hub.broker.say(BED, b'{"occupancy":true}')
        await hub.quiet()
        if on_trial:
            await until(lambda: bool(hub.broker.log("listed")))
        hub.broker.published.clear()
        hub.broker.say(BED, b'{"occupancy":false}')
        await hub.quiet()
        hub.forward(3_600)
        await hub.quiet()
        topics = {topic for topic, _, _ in hub.broker.published}
        alerts = [one for topic in topics if "/alerts/" in topic or "/alert/" in topic for one in hub.broker.on(topic)]
        helped = f"{BED.rpartition('-')[0]}-light/set" in topics
        told = any(one.get("level") == "urgent" for one in alerts)
        room = [payload for topic, payload, _ in hub.broker.published if topic == f"handrail/{SLUG}/room/001"]
        assert (helped, told, bool(room)) == (not on_trial,) * 3, (sorted(topics), room)
        if not on_trial:
            return
        await hub.stop()
        hub.clock.forward(DAY_MS)
        await hub.start()
        await until(lambda: len(hub.broker.log("listed")) >= 2, 90)
        await hub.quiet()
        assert "nothing ran; with the new plan staff told at" in str(hub.broker.log("listed")[-1]["reason"])
        told_by = [one for topic, payload, _ in hub.broker.published if payload for one in hub.broker.on(topic)]
        levels = {one.get("level") for one in told_by if one.get("resident") == "resident-001"}
        assert not levels & {"urgent", "check", "call", "emergency"}
