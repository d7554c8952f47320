"""The units for systemd and the containers: what they start exists, and everything gives way to the hub."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from hub.commands.app import app

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
UNITS = {path.name: path for path in sorted(DEPLOY.rglob("*")) if path.suffix in {".service", ".slice", ".conf"}}
PROGRAM = "/opt/handrail/bin/handrail"
COMMANDS = {command.callback.__name__ for command in app.registered_commands if command.callback}
MEMORY = {"M": 2**20, "m": 2**20, "G": 2**30, "g": 2**30}


def settings(unit: str) -> dict[str, str]:
    """What a unit sets; of a setting that is written twice the last."""
    lines = UNITS[unit].read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if re.match(r"\w+=", line))


def size(written: str) -> int:
    """Bytes of a size."""
    return int(written[:-1]) * MEMORY[written[-1]]


HUB, WATCH, SCREENS, BROKER = (
    *("handrail.service", "handrail-watch.service", "handrail-dashboards.service"),
    "handrail.conf",
)


@pytest.mark.parametrize(("unit", "command"), [(HUB, "run"), (WATCH, "watch"), (SCREENS, "dashboards")])
def test_each_unit_starts_a_command_and_never_gives_up(unit: str, command: str) -> None:
    """Whatever ends it, and however often."""
    assert settings(unit)["ExecStart"] == f"{PROGRAM} {command} /srv/handrail"
    assert settings(unit)["Restart"] == "always"
    assert settings(unit)["StartLimitIntervalSec"] == "0"
    assert command in COMMANDS


def test_everything_gives_way_to_the_hub_and_its_broker() -> None:
    """In processor, disk and memory, and the screens are ended first."""
    hub, watch, screens, broker = (settings(unit) for unit in (HUB, WATCH, SCREENS, BROKER))
    slice_ = settings("handrail.slice")
    for name in ("CPUWeight", "IOWeight"):
        assert int(hub[name]) == int(broker[name]) >= int(watch[name]) > 100 > int(screens[name])
        assert int(slice_[name]) > 100
    assert int(hub["Nice"]) == int(broker["Nice"]) < 0 < int(screens["Nice"])
    assert int(broker["OOMScoreAdjust"]) <= int(hub["OOMScoreAdjust"]) < 0 < int(screens["OOMScoreAdjust"])
    pressing = (hub, watch, broker)
    assert {unit["Slice"] for unit in pressing} == {"handrail.slice"}
    assert "Slice" not in screens
    assert sum(size(unit["MemoryMin"]) for unit in pressing) == size(slice_["MemoryMin"])
    assert size(screens["MemoryHigh"]) < size(screens["MemoryMax"]) < size(hub["MemoryMax"])
    assert "MemoryHigh" not in hub
    assert hub["OOMPolicy"] == "continue", "a child that runs out of memory must not end the hub"
    assert "MemoryMax" not in broker


def test_what_can_be_broken_into_can_write_in_the_home_alone() -> None:
    """The same walls around each of ours."""
    for unit in (HUB, WATCH, SCREENS, BROKER):
        walls = settings(unit)
        assert (walls["ProtectSystem"], walls["ReadWritePaths"]) == ("strict", "/srv/handrail")
        assert (walls["NoNewPrivileges"], walls["CapabilityBoundingSet"], walls["User"]) == ("true", "", "handrail")
        assert walls["SystemCallErrorNumber"] == "EPERM"


def test_systemd_understands_the_units(tmp_path: Path) -> None:
    """As systemd itself reads them; only the program and its user are not here."""
    program = shutil.which("systemd-analyze")
    broker = Path("/lib/systemd/system/mosquitto.service")
    if program is None or not broker.exists():
        pytest.skip("systemd-analyze and Mosquitto's unit are needed to read the units as systemd does")
    shutil.copy(broker, tmp_path)
    shutil.copytree(DEPLOY / "mosquitto.service.d", tmp_path / "mosquitto.service.d")
    for name in (HUB, WATCH, SCREENS, "handrail.slice"):
        (tmp_path / name).write_text(UNITS[name].read_text(encoding="utf-8").replace(PROGRAM, "/bin/true"))
    files = sorted(str(path) for path in tmp_path.iterdir() if path.is_file())
    done = subprocess.run(
        [program, "verify", "--man=no", *files],
        env={"SYSTEMD_UNIT_PATH": f"{tmp_path}:", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_containers_give_way_as_the_units_do() -> None:
    """The same order and the same most memory."""
    services = YAML(typ="safe").load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    hub, screens, broker = services["hub"], services["dashboards"], services["broker"]
    watch = services["watch"]
    assert hub["cpu_shares"] == broker["cpu_shares"] > watch["cpu_shares"] > 1024 > screens["cpu_shares"]
    assert hub["blkio_config"]["weight"] == broker["blkio_config"]["weight"] > screens["blkio_config"]["weight"]
    for service, unit in ((hub, HUB), (watch, WATCH), (screens, SCREENS), (broker, BROKER)):
        assert service["oom_score_adj"] == int(settings(unit)["OOMScoreAdjust"])
        most = service.get("mem_limit")
        assert (size(most) if most else None) == (size(settings(unit)["MemoryMax"]) if most else None)
        kept = service.get("mem_reservation")
        assert kept is None or size(kept) == size(settings(unit)["MemoryMin"])
    assert "mem_limit" not in broker
    assert hub["entrypoint"] == ["python", "/app/.docker/watched.py"], "Docker itself ends no hub that stands still"
