"""A home's files while the hub runs: what is right holds, what is refused is told and changes nothing (promise 7)."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from tests.faulted import assert_told
from tests.hub.core_parts import SLUG, Rig, rig
from tests.parts import until


def _technical(home: Rig) -> list[str]:
    return [
        str(row[0])
        for row in home.rows("SELECT body ->> 'cause' FROM alerts WHERE level = 'technical' AND state <> 'closed'")
    ]


def _rename(home: Rig, name: str) -> None:
    path = home.folder / "home.yaml"
    lines = [f"name: {name}" if line.startswith("name:") else line for line in path.read_text().splitlines()]
    path.write_text("\n".join(lines) + "\n")


async def test_a_change_holds_at_once_and_a_reading_without_one_is_no_news(tmp_path: Path) -> None:
    """As on SIGHUP."""
    async with rig(tmp_path) as home:
        home.hub.reload()
        _rename(home, "Elm Court")
        home.hub.reload()
        await until(lambda: home.rows("SELECT count(*) FROM configurations") == [(2,)])
        setting = home.hub.parts.steps.state.setting
        assert setting is not None
        assert setting.home.name == "Elm Court"


async def test_a_refused_file_is_told_and_forgotten_when_it_is_put_back(tmp_path: Path) -> None:
    """Also where it says again what held all the time."""
    async with rig(tmp_path) as home:
        path = home.folder / "home.yaml"
        good = path.read_text()
        path.write_text(good.replace("zones:", "zonnes:"))
        home.hub.reload()
        await until(lambda: _technical(home) == ["hub:configuration"])
        await until(lambda: any("home.yaml" in str(line["reason"]) for line in home.broker.log("plan_refused")))
        path.write_text(good)
        home.hub.reload()
        await until(lambda: _technical(home) == [])


async def test_a_refused_file_stops_no_start_and_is_told_until_it_is_right(tmp_path: Path) -> None:
    """Across two restarts."""
    async with rig(tmp_path) as home:
        path = home.folder / "devices.yaml"
        good = path.read_text()
        await home.stop()
        path.write_text("devices: [nonsense")
        await home.start()
        await until(lambda: _technical(home) == ["hub:configuration"])
        setting = home.hub.parts.steps.state.setting
        assert setting is not None
        assert len(setting.home.devices) == 10
        await home.stop()
        path.write_text(good)
        await home.start()
        await until(lambda: _technical(home) == [])


@pytest.mark.fault("restart")
async def test_another_broker_counts_from_the_next_start_and_is_told_until_then(tmp_path: Path) -> None:
    """With what to do; undone, or after that start, the alert ends."""
    async with rig(tmp_path) as home:
        path = home.folder / "home.yaml"
        right = path.read_text()
        for undone in (True, False):
            path.write_text(right.replace("mqtt://127.0.0.1:1883", "mqtt://127.0.0.1:1884"))
            home.hub.reload()
            await until(lambda: _technical(home) == ["hub:restart"])
            ((body,),) = home.rows("SELECT body FROM alerts WHERE state <> 'closed'")
            read = assert_told(orjson.loads(str(body)), "restart")
            assert "Home.yaml: what it says of broker and dashboards was changed" in read
            if undone:
                path.write_text(right)
                home.hub.reload()
            else:
                await home.stop()
                await home.start()
            await until(lambda: _technical(home) == [])


async def test_a_home_that_is_called_otherwise_while_the_hub_runs_is_refused(tmp_path: Path) -> None:
    """Its topics are those of the start."""
    async with rig(tmp_path) as home:
        path = home.folder / "home.yaml"
        path.write_text(path.read_text().replace(f"home: {SLUG}", "home: oak"))
        home.hub.reload()
        await until(
            lambda: any("start the hub again" in str(line["reason"]) for line in home.broker.log("plan_refused"))
        )
        assert (await home.ask(id="1", do="mode", reason="normal"))["ok"] is True
