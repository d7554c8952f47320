"""The settings of the broker: what is wrong in its file is told until the broker was started with it right."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from hub.broker.drops import UPTIME
from hub.broker.running import Running
from hub.clock import SystemClock
from hub.config.broker_conf import Looked, broker_problems, look_at
from hub.config.new import write_new
from hub.hub import Hub
from tests.faulted import assert_told
from tests.hub.core_parts import SLUG, Rig, rig
from tests.hub.fake_broker import Json
from tests.hub.program import finished, listening
from tests.hub.test_broker_watch import ALERT, mended, running, told
from tests.parts import Mosquitto, until


def shown(home: Rig) -> list[Json]:
    """The open alerts of faults, as every screen finds them at the broker."""
    names = [name for name in home.broker.retained if name.startswith(ALERT)]
    return [orjson.loads(home.broker.retained[name]) for name in names]


async def reads(broker: Mosquitto, fault: str, words: str) -> None:
    """Until whoever connects now reads this of a fault."""
    async with listening(broker.port, f"{ALERT}+") as heard:
        while words not in await told(heard, fault):
            heard.forget()


def runs_for(hub: Hub, seconds: int) -> bool:
    """Whether the hub has heard from its broker that it has run for so long."""
    changed_ms = SystemClock().wall_ms() - seconds * 1_000
    return hub.parts.watch._running.has_read(Looked(changed_wall_ms=changed_ms)) is False


@pytest.mark.fault("persistence")
@pytest.mark.fault("settings")
async def test_a_broker_that_keeps_nothing_is_told_from_its_settings(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """With file and line, at the hub's start and by `check`. It ends when the broker was started with the right ones,
    and not before: what stands in a file changes no broker that runs."""
    mosquitto.with_settings("sys_interval 1")
    home = tmp_path / "home"
    write_new(home, rooms=1, slug=SLUG, broker=f"mqtt://127.0.0.1:{mosquitto.port}")
    file = home / "mosquitto.conf"
    right = file.read_text()
    wrong = right.replace("persistence true", "persistence false")
    file.write_text(wrong.replace("max_inflight_messages 0", "max_inflight_messages 20"))
    line = 1 + file.read_text().splitlines().index("persistence false")
    said, _ = finished("check", home)
    assert f"mosquitto.conf:{line}: persistence false: what waits at the broker is lost when it restarts" in said
    async with listening(mosquitto.port, f"{ALERT}+") as heard, running(home) as hub:
        assert f"Mosquitto.conf:{line}: persistence false" in await told(heard, "persistence")
        assert "max_inflight_messages 20: one slow commit" in await told(heard, "settings")
        await until(lambda: runs_for(hub, 3), 10)
        file.write_text(right)
        await reads(mosquitto, "persistence", "was not started since")
        await reads(mosquitto, "settings", "was not started since")
        mosquitto.kill()
        mosquitto.start()
    async with listening(mosquitto.port, f"{ALERT}+") as heard, running(home):
        await mended(heard, "persistence")
        await mended(heard, "settings")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("max_queued_messages 1000", "max_queued_messages 1000: past it the broker throws presses away"),
        ("max_queued_messages 0", "max_queued_messages 0: past it"),
        ("max_queued_bytes 1000", "max_queued_bytes 1000: past it"),
        ("max_inflight_messages 20", "max_inflight_messages 20: one slow commit"),
        ("autosave_interval 1800", "autosave_interval 1800: a broker that crashes"),
        ("autosave_interval 0", "autosave_interval 0: a broker that crashes"),
        ("autosave_on_changes true", "autosave_on_changes true: the broker saves at each change"),
        ("upgrade_outgoing_qos false", "upgrade_outgoing_qos false: what a gateway sends"),
        ("queue_qos0_messages false", "queue_qos0_messages false: what a gateway sends"),
        ("persistent_client_expiration 12h", "persistent_client_expiration 12h: the broker forgets a hub"),
        ("set_tcp_nodelay false", "set_tcp_nodelay false: each alert waits"),
    ],
)
def test_each_setting_that_is_worse_than_ours_is_said_with_its_line(tmp_path: Path, written: str, said: str) -> None:
    """And what stands there in the file we ship."""
    home = tmp_path / "home"
    write_new(home, rooms=1, slug=SLUG)
    assert broker_problems(home) == []
    file, name = home / "mosquitto.conf", written.split(maxsplit=1)[0]
    ours = next(line for line in file.read_text().splitlines() if line.startswith(f"{name} "))
    file.write_text(file.read_text().replace(f"\n{ours}\n", f"\n{written}\n"))
    (found,) = broker_problems(home)
    line = 1 + file.read_text().splitlines().index(written)
    assert str(found.problem).startswith(f"mosquitto.conf:{line}: {said}")
    assert str(found.problem).endswith(f"; expected {ours}")


def test_a_setting_that_is_missing_or_better_is_judged_by_what_it_means(tmp_path: Path) -> None:
    """Nothing said is Mosquitto's default; a larger queue and a session that never ends are no fault."""
    (tmp_path / "mosquitto.conf").write_text("max_queued_messages 2000000000\nmax_queued_bytes 0\n")
    said = [str(found.problem) for found in broker_problems(tmp_path)]
    assert not [line for line in said if "max_queued" in line or "expiration" in line]
    assert any(line.startswith("mosquitto.conf: persistence is not set, which means false") for line in said)


@pytest.mark.parametrize("harm", ["none", "folder", "elsewhere"])
def test_what_cannot_be_checked_here_is_said_by_check_and_is_no_alert(tmp_path: Path, harm: str) -> None:
    """No file, none that can be read, or one that leaves it to others: silence would say that all is well."""
    home = tmp_path / "home"
    write_new(home, rooms=1, slug=SLUG)
    file = home / "mosquitto.conf"
    file.unlink()
    if harm == "folder":
        file.mkdir()
    if harm == "elsewhere":
        file.write_text("include_dir /etc/mosquitto/conf.d\n")
    looked = look_at(home)
    assert looked.problems == ()
    said, _ = finished("check", home)
    (line,) = [line for line in said.splitlines() if "cannot be checked here" in line and "(warning)" in line]
    assert line.startswith("mosquitto.conf")
    assert "whether the broker keeps presses over a restart" in line


async def test_a_file_that_is_gone_ends_nothing_and_raises_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What was told stays and says why; what was not told is one line of the log."""
    async with rig(tmp_path) as home:
        file = home.folder / "mosquitto.conf"
        file.write_text(file.read_text().replace("persistence true", "persistence false"))
        home.hub.reload()
        await until(lambda: shown(home))
        file.unlink()
        home.hub.reload()
        await until(lambda: "cannot be checked here" in assert_told(shown(home)[0], "persistence"))
        home.hub.reload()
        await home.quiet()
        assert [alert["cause"] for alert in shown(home)] == ["hub:persistence"]
        assert not home.broker.log("mended")
    assert caplog.text.count("cannot be checked here") == 1


async def test_settings_put_right_while_the_hub_was_down_end_with_a_broker_started_since(tmp_path: Path) -> None:
    """By the uptime that it says; one that ran all the while, and what it said before we listened, end nothing."""
    async with rig(tmp_path) as home:
        for fault in ("persistence", "settings"):
            home.hub.on_fault(fault, True, "it was wrong")
        await until(lambda: len(shown(home)) == 2)
        await home.stop()
        home.clock.forward(60_000)
        home.broker.say(UPTIME, b"1 seconds", retain=True)
        await home.start()
        await until(lambda: home.hub.parts.watch._counts)
        home.broker.say(UPTIME, b"4000 seconds")
        await until(lambda: all("not started since" in str(alert["also"]) for alert in shown(home)))
        await home.stop()
        await home.start()
        await until(lambda: home.hub.parts.watch._counts)
        home.broker.say(UPTIME, b"5 seconds")
        await until(lambda: len(home.broker.log("mended")) == 2)


async def test_a_broker_that_never_says_its_uptime_leaves_the_end_to_people(tmp_path: Path) -> None:
    """The file is right again, and nothing shows whether the broker read it: the mender reads so, and closes it."""
    async with rig(tmp_path) as home:
        watch, file = home.hub.parts.watch, home.folder / "mosquitto.conf"
        right = file.read_text()
        file.write_text(right.replace("persistence true", "persistence false"))
        watch.minute_s = 0.05
        home.hub.reload()
        await until(lambda: shown(home))
        file.write_text(right)
        await until(lambda: "close this when it was" in assert_told(shown(home)[0], "persistence"))
        assert not home.broker.log("mended")


def test_an_uptime_is_a_start_by_the_clock_and_no_clock_makes_a_broker_younger() -> None:
    """Only what is said while we listen counts; changed and started within a second is started since."""
    now_ms = [1_000_000_000]
    running = Running(lambda: now_ms[0])
    assert running.has_read(Looked(changed_wall_ms=1)) is None
    assert not running.said(b"1 seconds", retained=True)
    assert not running.said(b"long", retained=False)
    assert running.said(b"100 seconds", retained=False)
    assert running.has_read(Looked(changed_wall_ms=now_ms[0] - 99_500))
    assert not running.has_read(Looked(changed_wall_ms=now_ms[0] - 98_500))
    now_ms[0] += 3_600_000
    assert not running.said(b"101 seconds", retained=False)
    assert not running.has_read(Looked(changed_wall_ms=1_000_000_000))
    running.connected()
    assert running.said(b"1 seconds", retained=False)
    assert running.has_read(Looked(changed_wall_ms=1_000_000_000))
