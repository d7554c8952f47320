"""Margaret's nights under the plan she agreed to, with a real broker and hub: helped, asked, and only then told."""

from __future__ import annotations

import asyncio
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from hub.clock import SystemClock
from tests.contract.home_parts import (
    DEADLINE_S,
    TOP,
    Json,
    RunningHome,
    Stranger,
    command,
    environment,
    home_with,
    stranger,
)
from tests.parts import Mosquitto, until

ASKED_S, WAITED_S = 2, 4
DELAY_S = ASKED_S + WAITED_S
BED, LIGHT, ROOM = "zigbee2mqtt/room-001-bed", "zigbee2mqtt/room-001-light/set", f"{TOP}/room/001"
QUESTION = "Is all well, Margaret?"
CLOCK_SET_S = 0.1
"""Waits run on the time that has passed; the stamps of the log are the clock's, which may be slewed meanwhile."""
BUSY_S = 3.0
"""How late a machine that others share may be."""
PLAN = """\
resident: resident-001
known_as: Margaret
room: "001"
goals: ["To walk to the bathroom by myself at night"]
agreement: {{by: resident, on: {agreed}, review_by: {review}, tried_first: a night light alone}}
senses: {{bed: accepted}}
rules:
  - rule: up-at-night
    why: Margaret walks to the bathroom alone at night and likes to do it without company.
    when: {{bed: empty}}
    during: {night}
    help:
      - light: {{brightness_pct: 30}}
      - ask:
          text: Is all well, {{known_as}}?
          answers: [{{all is well: settles}}, {{please come: tells}}]
          within: {asked} s
      - wait: {waited} s
    settled_by: [{{bed: occupied}}, ok]
    otherwise: {{level: check, say: "{{known_as}} has been up for {{for}}."}}
    delay_agreed: {{risk: walks steadily, by: "J. Shah, RN", on: {agreed}}}
"""
BEFORE_HER_PENDANT = """\
  - rule: wait-a-little
    why: Margaret does not want to be a bother.
    when: {button: pressed, device: room-001-pendant}
    help: [{wait: 5 min}]
    otherwise: {level: check, say: "Margaret pressed."}
"""


def plan(waited_s: int = WAITED_S) -> str:
    """Her plan, agreed a month ago, with a night that is now, whenever this runs."""
    now = datetime.fromtimestamp(SystemClock().wall_ms() / 1000, UTC)
    night = f"{now - timedelta(hours=2):%H}:00-{now + timedelta(hours=3):%H}:00"
    agreed, review = (now - timedelta(days=30)).date(), (now + timedelta(days=60)).date()
    return PLAN.format(agreed=agreed, review=review, night=night, asked=ASKED_S, waited=waited_s)


def said(*words: str | Path) -> tuple[int, str]:
    """What a command prints, and its exit code."""
    done = subprocess.run(command(*words), capture_output=True, text=True, check=False, env=environment())
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout


@pytest.fixture
def home(mosquitto: Mosquitto, tmp_path: Path) -> Iterator[RunningHome]:
    """A home of two rooms, in which Margaret lives in the first."""
    with home_with(tmp_path / "home", mosquitto, rooms=2) as running:
        running.edit("home.yaml", lambda text: re.sub(r"^timezone: .*$", "timezone: Etc/UTC", text, flags=re.MULTILINE))
        running.edit("residents/resident-001.yaml", lambda _: plan())
        yield running


class Night:
    """What her room says to the broker, and what of it is heard there."""

    def __init__(self, heard: Stranger) -> None:
        self.heard = heard
        self.runs: list[str] = []

    async def gets_up(self) -> Json:
        """She leaves the bed; the light comes on and the question stands in her room. The line her run begins with."""
        lights = len(self.heard.raw(LIGHT))
        await self.heard.publish(BED, orjson.dumps({"occupancy": False}))
        await until(lambda: len(self.heard.raw(LIGHT)) > lights, DEADLINE_S)
        assert orjson.loads(self.heard.raw(LIGHT)[-1])["state"] == "ON"
        await until(lambda: self.asked not in (None, *self.runs), DEADLINE_S)
        self.runs.append(str(self.asked))
        return await self.heard.line("helping", episode=self.asked)

    async def goes_to_bed(self) -> None:
        """She lies in it."""
        await self.heard.publish(BED, orjson.dumps({"occupancy": True}))

    async def answers(self, words: str) -> Json:
        """She taps an answer on the screen of her room."""
        return await self.heard.ask("room-001", do="answer", episode=self.asked, answer=words, id=f"tap-{self.asked}")

    @property
    def shown(self) -> Json:
        """What stands on the screen of her room."""
        return (self.heard.on(ROOM) or [{}])[-1]

    @property
    def asked(self) -> str | None:
        """The run whose question stands there."""
        ask = self.shown.get("ask")
        if not isinstance(ask, dict):
            return None
        assert ask == {**ask, "question": QUESTION, "answers": ["all is well", "please come"]}
        return str(ask["episode"])

    def told(self) -> list[Json]:
        """Whatever was told to anybody."""
        return self.heard.log("raised", "told")

    def alert(self, raised: Json) -> Json:
        """As it is shown now."""
        return (self.heard.on(f"{TOP}/alert/{raised['alert']}") or [{}])[-1]

    async def is_looked_after(self, alert: object) -> None:
        """A carer takes it, is there, and closes it."""
        ask = self.heard.ask
        answers = (
            await ask("dashboards", id=f"1-{alert}", do="claim", alert=alert, by="carer-1"),
            await ask("dashboards", id=f"2-{alert}", do="attend", alert=alert, by="carer-1", proof="screen:001"),
            await ask("dashboards", id=f"3-{alert}", do="close", alert=alert, by="carer-1", ending="helped"),
        )
        assert [answer["ok"] for answer in answers] == [True, True, True]


def waited_s(begun: Json, told: Json) -> float:
    """By the stamps of the log."""
    first, last = (datetime.fromisoformat(str(line["at"])) for line in (begun, told))
    return (last - first).total_seconds()


async def check_holds_her_plan(home: RunningHome) -> None:
    """A wait before her pendant is refused with its line and why; her own plan is proved, with how late staff learn."""
    her_plan = home.folder / "residents/resident-001.yaml"
    her_plan.write_text(plan() + BEFORE_HER_PENDANT)
    code, page = await asyncio.to_thread(said, "check", home.folder)
    line = her_plan.read_text().splitlines().index("    when: {button: pressed, device: room-001-pendant}") + 1
    refusal = (
        f'residents/resident-001.yaml:{line}: "room-001-pendant" is for emergency: staff are told at once, no rule'
    )
    assert (code, page.splitlines()[0][: len(refusal)]) == (1, refusal)
    her_plan.write_text(plan())
    code, page = await asyncio.to_thread(said, "check", home.folder)
    proved = re.search(r"^Margaret +up-at-night .* check after (\d+) s ", page, re.MULTILINE)
    assert (code, proved and int(proved[1])) == (0, ASKED_S + WAITED_S)


async def she_goes_back_to_bed(night: Night) -> None:
    """The first night: up, and back before anybody need know."""
    begun = await night.gets_up()
    await night.goes_to_bed()
    settled = await night.heard.line("settled", episode=begun["episode"])
    assert settled["resident"] == "resident-001"
    await until(lambda: night.shown.get("ask") is None, DEADLINE_S)
    assert night.told() == [], "nobody was woken"


async def she_says_that_all_is_well(night: Night) -> None:
    """On the screen of her room, and stays up as long as she likes."""
    begun = await night.gets_up()
    assert (await night.answers("all is well"))["ok"] is True
    await night.heard.line("settled", episode=begun["episode"])
    await night.goes_to_bed()
    assert night.told() == [], "nobody was woken"


async def she_asks_for_somebody(night: Night) -> None:
    """Staff are told in that moment, whatever would still be waited for."""
    begun = await night.gets_up()
    assert (await night.answers("please come"))["ok"] is True
    told = await night.heard.line("raised", episode=begun["episode"])
    assert told["reason"]
    await night.is_looked_after(told["alert"])
    await night.goes_to_bed()


async def she_does_not_come_back(night: Night) -> None:
    """The carer is told after what was agreed, and not before."""
    begun = await night.gets_up()
    told = await night.heard.line("raised", episode=begun["episode"])
    assert DELAY_S - CLOCK_SET_S <= waited_s(begun, told) < DELAY_S + BUSY_S
    await until(lambda: night.alert(told), DEADLINE_S)
    alert = night.alert(told)
    assert (alert["level"], alert["resident"], alert["late"]) == ("check", "resident-001", False)
    assert alert["reason"] == f"Margaret has been up for {DELAY_S} s."
    assert "carer-1" in str(alert["told"])
    await until(lambda: night.shown.get("ask") is None, DEADLINE_S)
    await night.is_looked_after(told["alert"])
    await night.goes_to_bed()


async def the_hub_is_killed_while_she_is_up(night: Night, home: RunningHome) -> None:
    """The wait goes on as if nothing had been, and she is told of once."""
    begun = await night.gets_up()
    home.kill()
    home.start()
    await night.heard.is_ready()
    back = night.heard.log("started")[-1]
    told = await night.heard.line("raised", episode=begun["episode"])
    due_s = max(float(DELAY_S), waited_s(begun, back))
    assert DELAY_S - CLOCK_SET_S <= waited_s(begun, told) < due_s + BUSY_S
    assert len(night.heard.log("raised", episode=begun["episode"])) == 1


async def test_margaret_is_helped_first_and_told_of_after_exactly_what_her_plan_says(home: RunningHome) -> None:
    """Her plan is proved, then followed through five nights, and folded and replayed afterwards."""
    await check_holds_her_plan(home)
    async with stranger(home.broker.port, "handrail/#", LIGHT) as heard:
        night = Night(heard)
        home.start()
        await heard.is_ready()
        await night.goes_to_bed()
        await she_goes_back_to_bed(night)
        await she_says_that_all_is_well(night)
        await she_asks_for_somebody(night)
        await she_does_not_come_back(night)
        await the_hub_is_killed_while_she_is_up(night, home)
    assert home.stop() == 0
    code, page = await asyncio.to_thread(said, "verify", home.folder)
    assert (code, "the outcome is the same" in page) == (0, True), page
    changed = home.folder.parent / "changed"
    changed.mkdir()
    (changed / "resident-001.yaml").write_text(plan(WAITED_S + 30))
    code, page = await asyncio.to_thread(said, "replay", home.folder, "--plans", changed)
    assert (code, "The new plans beside the plans accepted last." in page) == (0, True), page
    assert re.search(r"^Margaret: staff told 2 times \(5 runs\); with the new plan ", page, re.MULTILINE), page
