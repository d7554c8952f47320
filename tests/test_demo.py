"""The demonstration, started as a new user would: something is on the board at once, and nothing is left behind."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import random
import signal
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import httpx
import orjson
import psutil
import pytest

from hub.children import free_port
from hub.clock import SystemClock
from hub.config.read import read_home
from hub.demo.brokers import DEVICES, DemoBroker, choose, rumqttd
from hub.demo.carers import Carers
from hub.demo.home import waits, write_demo
from hub.demo.incidents import Incidents
from hub.demo.stage import DemoEnded, Plan, Running, Stage
from hub.lock import Lock
from hub.simulate.pace import client
from rules.plans.help import Ask
from rules.proof.waits import delay_s
from tests.hub.program import finished, listening, refused, start, stopped
from tests.parts import part, until

ALERTS = "handrail/willow-court/alert/"


def descendants(pid: int) -> list[psutil.Process]:
    """Every process that came of this one."""
    return list(psutil.Process(pid).children(recursive=True))


async def test_the_demo_shows_a_press_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """Broker, hub and screens run, somebody presses, and SIGINT ends every process of it."""
    part("mosquitto")
    folder, mqtt, board = tmp_path / "demo", free_port(), free_port()
    words = ("--no-browser", "--rooms", "12", "--port", str(board), "--mqtt-port", str(mqtt), "--folder", folder)
    demo = start("demo", *words)
    ours: list[psutil.Process] = []
    try:
        password = folder / "secrets" / "dashboards.password"
        await until(lambda: (folder / "dashboards.log").exists() and serves(board), 30)
        ours = descendants(demo.pid)
        async with listening(
            mqtt, f"{ALERTS}+", username="dashboards", password=password.read_text(encoding="utf-8").strip()
        ) as heard:
            alert = await heard.until(ALERTS, state="told", level="emergency")
        assert alert["room"] == "012"
    finally:
        code, complaints = await asyncio.to_thread(stopped, demo, signal.SIGINT)
    assert (code, complaints) == (0, "")
    assert len(ours) >= 4
    assert [process for process in ours if process.is_running()] == []
    assert not any(listens(port) for port in (mqtt, board))
    out, _ = await asyncio.to_thread(finished, "verify", folder)
    assert "the outcome is the same" in out


async def test_a_killed_demo_takes_its_children_with_it(tmp_path: Path) -> None:
    """Kill -9 runs no line of ours, and still nothing goes on."""
    part("mosquitto")
    folder, board = tmp_path / "demo", free_port()
    demo = start("demo", "--no-browser", "--rooms", "2", "--port", str(board), "--folder", folder)
    ours: list[psutil.Process] = []
    try:
        await until(lambda: serves(board), 30)
        ours = descendants(demo.pid)
        assert len(ours) >= 4
    finally:
        await asyncio.to_thread(stopped, demo, signal.SIGKILL)
    await until(lambda: not any(process.is_running() for process in ours), 15)


@pytest.mark.parametrize("broker_of", [choose, rumqttd])
async def test_a_hub_that_is_killed_comes_back(broker_of: Callable[[int], DemoBroker], tmp_path: Path) -> None:
    """With either broker: the demonstration starts its hub again, and the open alert is open still."""
    if broker_of is rumqttd and importlib.util.find_spec("iotcore") is None:
        pytest.skip("the iotcore wheel is not installed: it has none for this machine")
    if broker_of is choose:
        part("mosquitto")
    folder, told = tmp_path / "demo", asyncio.Queue[Running]()
    plan = Plan(folder=folder, rooms=2, port=free_port(), speed=20, seed=1, carers=True, browser=False)
    showing = asyncio.create_task(Stage(plan, broker_of(free_port()), SystemClock(), told.put_nowait).show())
    try:
        async with asyncio.timeout(40):
            running = await told.get()
        assert running.url == f"http://127.0.0.1:{plan.port}/"
        lock = folder / "data" / "hub.lock"
        await until(lambda: "raised" in steps(folder), 20)
        psutil.Process(running.hub_pid).kill()
        await until(lambda: lock.read_text().strip() not in ("", str(running.hub_pid)), 20)
        await until(lambda: steps(folder).count("back") == 2, 20)
    finally:
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)
    assert not serves(plan.port)


async def test_a_hub_that_stands_still_is_ended_and_started_again(tmp_path: Path) -> None:
    """As `WatchdogSec` does it in a home: its ladders go on, and the open alert is open still."""
    part("mosquitto")
    folder, told = tmp_path / "demo", asyncio.Queue[Running]()
    plan = Plan(folder=folder, rooms=2, port=free_port(), speed=20, seed=1, carers=False, browser=False, hung_s=3)
    showing = asyncio.create_task(Stage(plan, choose(free_port()), SystemClock(), told.put_nowait).show())
    try:
        async with asyncio.timeout(40):
            running = await told.get()
        await until(lambda: "raised" in steps(folder), 20)
        hub = psutil.Process(running.hub_pid)
        hub.suspend()
        await until(lambda: not hub.is_running(), 20)
        await until(lambda: steps(folder).count("back") == 2, 20)
    finally:
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)
    assert not hub.is_running()


async def test_a_broker_that_is_killed_comes_back(tmp_path: Path) -> None:
    """With the watcher beside the hub; what the devices say meanwhile is said when it is back."""
    part("mosquitto")
    folder, told = tmp_path / "demo", asyncio.Queue[Running]()
    plan = Plan(folder=folder, rooms=2, port=free_port(), speed=20, seed=1, carers=True, browser=False)
    broker = choose(free_port())
    showing = asyncio.create_task(Stage(plan, broker, SystemClock(), told.put_nowait).show())
    try:
        async with asyncio.timeout(40):
            await told.get()
        await until(lambda: "raised" in steps(folder), 20)
        await until(lambda: len(children(folder)) == 4, 20)
        (mosquitto,) = (process for process in children(folder) if "mosquitto" in process.name())
        mosquitto.kill()
        await until(lambda: steps(folder).count("back") == 2, 20)
        await until(lambda: len(children(folder)) == 4, 20)
    finally:
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)
    assert children(folder) == []


async def is_heard(folder: Path, broker: DemoBroker) -> None:
    """Somebody presses, and the hub tells it."""
    before_it = len(steps(folder))
    async with client(broker.address(folder, DEVICES), "test") as somebody:
        await somebody.publish("zigbee2mqtt/room-002-pendant", b'{"action":"emergency"}', qos=1)
    await until(lambda: {"raised", "pressed"} & set(steps(folder)[before_it:]), 20)


async def test_a_broker_whose_kept_messages_were_broken_comes_back(tmp_path: Path) -> None:
    """It would refuse for ever, and no call be heard: what it kept is put aside, and staff are told that calls may be
    lost. Calls after that are told."""
    part("mosquitto")
    folder, told = tmp_path / "demo", asyncio.Queue[Running]()
    plan = Plan(folder=folder, rooms=2, port=free_port(), speed=20, seed=1, carers=False, browser=False)
    broker = choose(free_port())
    showing = asyncio.create_task(Stage(plan, broker, SystemClock(), told.put_nowait).show())
    kept = folder / "broker" / "mosquitto.db"
    try:
        async with asyncio.timeout(40):
            await told.get()
        await until(lambda: kept.exists() and len(children(folder)) == 4, 20)
        (mosquitto,) = (process for process in children(folder) if "mosquitto" in process.name())
        mosquitto.kill()
        kept.write_bytes(b"no database" * 100)
        await until(lambda: kept.with_name("mosquitto.db.broken-1").exists(), 20)
        await until(lambda: faults(folder) >= {"session"}, 20)
        await is_heard(folder, broker)
    finally:
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)
    assert children(folder) == []


async def test_a_part_that_refuses_to_start_ends_no_other(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Each part killed, and what it needs taken by somebody: the others run on, one line says why it is not there, and
    given back it is there again."""
    part("mosquitto")
    folder, told = tmp_path / "demo", asyncio.Queue[Running]()
    plan = Plan(folder=folder, rooms=2, port=free_port(), speed=20, seed=1, carers=True, browser=False)
    broker, data = choose(free_port()), folder / "data"
    showing = asyncio.create_task(Stage(plan, broker, SystemClock(), told.put_nowait).show())
    refusals: list[tuple[str, Callable[[], AbstractContextManager[object]], str]] = [
        ("mosquitto", lambda: taken(broker.port), "the broker ended (exit code 1: Error: Address already in use)"),
        ("hub.commands run", lambda: locked(data / "hub.lock"), "the hub ended (exit code 2: handrail: another hub"),
        ("dashboards", lambda: taken(plan.port), "the dashboards ended (exit code 2: handrail dashboards: cannot"),
        ("hub.commands watch", lambda: locked(data / "watcher.lock"), "the watcher ended (exit code 2: handrail: "),
    ]
    try:
        async with asyncio.timeout(40):
            await told.get()
        await until(lambda: len(parts_of(plan)) == len(refusals), 20)
        for name, refusing, line in refusals:
            before = parts_of(plan)
            mine = next(process for words, process in before.items() if name in words)
            mine.kill()
            await asyncio.to_thread(mine.wait, 10)
            with refusing():
                await until(lambda line=line: line in caplog.text, 20)  # type: ignore[misc]
                others = {process.pid for process in before.values()} - {mine.pid}
                assert others <= {process.pid for process in parts_of(plan).values()}
            await until(lambda name=name: any(name in words for words in parts_of(plan)), 20)  # type: ignore[misc]
            assert caplog.text.count(line) == 1
            assert not showing.done()
        await until(lambda: serves(plan.port), 20)
        await is_heard(folder, broker)
    finally:
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)
    assert children(folder) == []


async def test_a_demo_whose_screens_refuse_at_the_first_start_ends_with_the_reason(tmp_path: Path) -> None:
    """Nobody relies on it yet, and who started it reads what to change."""
    part("mosquitto")
    port = free_port()
    plan = Plan(folder=tmp_path / "demo", rooms=2, port=port, speed=20, seed=1, carers=True, browser=False)
    stage = Stage(plan, choose(free_port()), SystemClock(), lambda _: None)
    with taken(port, backlog=None), pytest.raises(DemoEnded, match=r"the screens did not start: .*choose another port"):
        await stage.show()


@contextmanager
def taken(port: int, backlog: int | None = 8) -> Iterator[None]:
    """Somebody else has this port; with no backlog, without listening on it."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(backlog is not None))
        other.bind(("127.0.0.1", port))
        if backlog is not None:
            other.listen(backlog)
        yield


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Somebody else holds this lock."""
    lock = Lock(file)
    lock.acquire()
    try:
        yield
    finally:
        lock.release()


def parts_of(plan: Plan) -> dict[str, psutil.Process]:
    """The parts of a demonstration that run, each by its command; a broker's leash is not the broker."""
    found = {}
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            words = " ".join(process.cmdline())
            is_screens = "dashboards" in words and plan.folder.name in process.environ().get("HANDRAIL_DASHBOARDS", "")
            leashed = "hub.leash" in words and "mosquitto" in words
            if process.status() != psutil.STATUS_ZOMBIE and (is_screens or str(plan.folder) in words) and not leashed:
                found[words] = process
    return found


def children(folder: Path) -> list[psutil.Process]:
    """The processes of a demonstration that name its folder: broker, its leash, hub, watcher."""
    mine = psutil.Process().children(recursive=True)
    return [process for process in mine if str(folder) in " ".join(process.cmdline())]


def steps(folder: Path) -> list[str]:
    """The steps in the log of a demonstration's ledger."""
    with closing(sqlite3.connect(f"file:{folder}/data/ledger.db?mode=ro", uri=True)) as store:
        return [step for (step,) in store.execute("SELECT step FROM log ORDER BY seq")]


def faults(folder: Path) -> set[str]:
    """What was ever told of the hub itself."""
    with closing(sqlite3.connect(f"file:{folder}/data/ledger.db?mode=ro", uri=True)) as store:
        causes = store.execute("SELECT DISTINCT body ->> 'device' FROM log WHERE step = 'raised'").fetchall()
    return {str(cause).removeprefix("hub:") for (cause,) in causes}


def listens(port: int) -> bool:
    """Whether somebody accepts connections there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def serves(port: int) -> bool:
    """Whether the night board answers there."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/", timeout=2).status_code < 400
    except httpx.TransportError:
        return False


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    """In one line, and nothing was started."""
    part("mosquitto")
    (tmp_path / "mine").touch()
    assert "is not empty" in refused("demo", "--no-browser", "--port", str(free_port()), "--folder", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("speed", [1, 20, 60])
def test_the_home_of_the_demo_is_accepted_without_a_warning(speed: float, tmp_path: Path) -> None:
    """With agreements for a third of its residents, and call buttons for half."""
    folder = tmp_path / "demo"
    code = write_demo(folder, rooms=40, broker="mqtt://hub@127.0.0.1:1883", port=8080, speed=speed)
    reading = read_home(folder)
    assert (reading.refused_plans, reading.warnings) == ((), ())
    assert len(code) == 6
    agreed = [rule for person in reading.home.residents for rule in person.rules if rule.delay_agreed is not None]
    assert len(agreed) == 13
    assert len({person.known_as for person in reading.home.residents}) == 40


@pytest.mark.parametrize("speed", [1, 60])
def test_some_of_its_plans_ask_remind_invite_and_let_choose(speed: float, tmp_path: Path) -> None:
    """Rooms 006, 012 and on; whoever is asked first is told of as late as whoever is not."""
    folder = tmp_path / "demo"
    write_demo(folder, rooms=12, broker="mqtt://127.0.0.1:1883", port=8080, speed=speed)
    people = read_home(folder).home.residents
    rich = [person for person in people if len(person.rules) > 2]
    assert [person.room for person in rich] == ["006", "012"]
    for person in rich:
        rules = {rule.rule: rule for rule in person.rules}
        assert any(isinstance(step, Ask) for step in rules["up-at-night"].help)
        assert delay_s(rules["up-at-night"]) == waits(speed).bed_s
        assert [name for name, rule in rules.items() if rule.is_reminder] == [
            "way-to-the-bathroom",
            "tai-chi",
            "good-morning",
        ]
        assert [choice.choice for choice in person.choices] == ["wake"]


def test_waits_are_shortened_with_the_night_but_never_to_nothing() -> None:
    """A real night has the real waits."""
    assert (waits(1).door_s, waits(1).bed_s) == (600, 900)
    assert (waits(20).door_s, waits(20).bed_s) == (30, 45)
    assert (waits(1000).door_s, waits(1000).bed_s) == (20, 20)


def test_incidents_speak_for_devices_of_the_home(tmp_path: Path) -> None:
    """All sorts of them, and every message is one the adapter reads."""
    folder = tmp_path / "demo"
    write_demo(folder, rooms=12, broker="mqtt://127.0.0.1:1883", port=8080, speed=20)
    home = read_home(folder).home
    incidents = Incidents(home, waits(20), random.Random(1))
    said = [happening.said for _ in range(200) for happening in incidents.next()]
    addresses = {placed.device for placed in home.devices}
    assert {row.topic for row in said} <= addresses
    assert {key for row in said for key in row.body} >= {"action", "contact", "occupancy"}


def shown(state: str = "told", claimed_by: str | None = None, quiet: bool = False) -> bytes:
    """An alert as the hub shows it."""
    return orjson.dumps({"id": "a1", "state": state, "room": "012", "claimed_by": claimed_by, "quiet": quiet})


def asked(carers: Carers, now_ms: int) -> list[dict[str, str]]:
    """What the carers ask for at this moment."""
    return [orjson.loads(wish) for wish in carers.wishes(now_ms)]


def test_simulated_carers_take_what_nobody_took() -> None:
    """Not before their patience ends; then they claim, attend and close, each by the same one."""
    carers = Carers(("carer-1", "carer-2"), random.Random(1), patience_ms=90_000)
    carers.see("a1", shown(), 0)
    assert asked(carers, 89_000) == []
    (claim,) = asked(carers, 120_000)
    assert (claim["do"], claim["alert"]) == ("claim", "a1")
    carers.see("a1", shown("claimed", claim["by"], quiet=True), 121_000)
    (attend,) = asked(carers, 150_000)
    assert (attend["do"], attend["by"], attend["proof"]) == ("attend", claim["by"], "screen:012")
    (close,) = asked(carers, 200_000)
    assert (close["do"], close["by"], close["proof"]) == ("close", claim["by"], "screen:012")
    carers.see("a1", shown("closed", claim["by"]), 201_000)
    assert carers.open_alerts == 0


def test_simulated_carers_leave_alone_what_a_person_took() -> None:
    """Until that claim lapses, and they lose patience anew."""
    carers = Carers(("carer-1",), random.Random(1), patience_ms=90_000)
    carers.see("a1", shown(), 0)
    carers.see("a1", shown("claimed", "Visitor", quiet=True), 30_000)
    assert asked(carers, 500_000) == []
    carers.see("a1", shown("told"), 600_000)
    assert asked(carers, 640_000) == []
    assert [wish["do"] for wish in asked(carers, 720_000)] == ["claim"]
