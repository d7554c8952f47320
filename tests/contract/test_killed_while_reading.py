"""Kill -9 in the middle of reading changed files, with an alert open: the real hub and the real broker."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.contract.home_parts import TOP, home_with, stranger
from tests.contract.test_life import finished
from tests.parts import Mosquitto, until

LADDER = """
ladders:
  emergency:
    rungs:
      - {{after: 0 s, tell: [zone]}}
      - {{after: {after} s, tell: [manager]}}
    repeat: 1 min
    attend_within: 2 min
"""
KILLED_AFTER_S = (0.0, 0.05, 0.15, 0.4)
"""Before the files are read, while they are, and around the commit of what came of it."""


async def test_a_hub_killed_while_it_reads_changed_files_loses_no_alert_and_climbs_the_newest_ladder(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """One press is one alert through four kills; what was saved before the last of them holds, and is provable."""
    with home_with(tmp_path / "home", mosquitto, rooms=4) as home:
        plain = (home.folder / "home.yaml").read_text()
        async with stranger(mosquitto.port) as me:
            home.start()
            await me.is_ready()
            await me.press("001")
            alert = (await me.line("raised", device="room-001-pendant"))["alert"]
            for number, killed_after_s in enumerate(KILLED_AFTER_S, 1):
                last = number == len(KILLED_AFTER_S)
                (home.folder / "home.yaml").write_text(plain + LADDER.format(after=1 if last else 600 * number))
                home.hang_up()
                await asyncio.sleep(killed_after_s)
                home.kill()
                home.start()
                await me.is_ready()
            climbed = await me.line("climbed", alert=alert)
            assert str(climbed["reason"]).endswith("rung 2 of 2")
            await until(lambda: "manager-1" in str(me.on(f"{TOP}/alert/{alert}")[-1]["told"]), 10)
            assert {line["seq"] for line in me.log("raised", alert=alert)} == {me.log("raised", alert=alert)[0]["seq"]}
            assert [line for line in me.log("raised") if line["alert"] != alert] == []
            assert (
                await me.ask(
                    "dashboards", id="1", do="close", alert=alert, by="carer-1", ending="helped", reason="no tag"
                )
            )["ok"]
            assert home.stop() == 0
        assert "Traceback" not in home.said
        verdict = await asyncio.to_thread(finished, "verify", home.folder)
        assert verdict.returncode == 0, verdict.stdout
