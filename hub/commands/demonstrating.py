"""`handrail demo`: chooses folder, ports and broker, and says where everything is."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from hub.children import PortTaken, free_port, require_free
from hub.clock import SystemClock
from hub.demo.brokers import DEVICES, HOST, choose
from hub.demo.home import waits
from hub.demo.incidents import SHOWN_ROOM
from hub.demo.stage import Plan, Running, Stage

USUAL_PORT = 8080


def show_demo(
    *,
    speed: float,
    rooms: int,
    port: int | None,
    mqtt_port: int | None,
    folder: Path | None,
    carers: bool,
    browser: bool,
    seed: int,
) -> int:
    """Run the demonstration until somebody ends it; 0 after a clean end."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    board = _port(port, "--port")
    broker = choose(_broker_port(mqtt_port))
    plan = Plan(
        folder=folder.absolute() if folder is not None else Path(tempfile.mkdtemp(prefix="handrail-demo-")),
        rooms=rooms,
        port=board,
        speed=speed,
        seed=seed,
        carers=carers,
        browser=browser and _has_window(),
    )
    console = Console()
    with console.status("starting broker, hub and screens", spinner="line") as status:

        def tell(running: Running) -> None:
            status.stop()
            _tell(console, running)

        asyncio.run(Stage(plan, broker, SystemClock(), tell).show())
    console.print(f"stopped; the home's folder is kept: {plan.folder}", highlight=False, soft_wrap=True)
    return 0


def _port(asked: int | None, option: str) -> int:
    """The port that was asked for, else the usual one, else a free one."""
    if asked is not None:
        require_free(HOST, asked, f"choose another {option}")
        return asked
    try:
        require_free(HOST, USUAL_PORT, "")
    except PortTaken:
        return free_port()
    return USUAL_PORT


def _broker_port(asked: int | None) -> int:
    if asked is None:
        return free_port()
    require_free(HOST, asked, "choose another --mqtt-port")
    return asked


def _has_window() -> bool:
    """Whether a browser would open beside the terminal, and not in it."""
    return sys.stdout.isatty() and (
        sys.platform == "darwin" or bool(os.environ.keys() & {"DISPLAY", "WAYLAND_DISPLAY"})
    )


def _tell(console: Console, running: Running) -> None:
    plan, broker = running.plan, running.broker
    wait = waits(plan.speed)
    login = f"log-in {DEVICES}, its password in secrets/{DEVICES}.password" if broker.has_accounts else "no log-in"
    answered = "What nobody takes for 90 s, simulated carers do." if plan.carers else "Nobody answers but you."
    end = "Ctrl-C ends all of it."
    for line in (
        "",
        f"[bold]{running.home.name}[/]: {plan.rooms} residents, all of them invented, all of it on this machine.",
        "",
        f"  night board  [bold]{running.url}[/]  house code [bold]{running.code}[/]",
        f"  MQTT         mqtt://{HOST}:{broker.port}  {broker.name}, {login}",
        f"  folder       {plan.folder}  with hub.log, dashboards.log, broker.log; the hub is process {running.hub_pid}",
        "",
        f"The residents' night passes {plan.speed:g} times as fast. Ladders, claims and promises take real seconds;",
        f"what plans wait for is shortened: an open door {wait.door_s} s, out of bed {wait.bed_s} s. {answered}",
        f"p and Enter: a press in room {min(int(SHOWN_ROOM), plan.rooms)}. q and Enter: the end. {end}"
        if sys.stdin.isatty()
        else end,
        "",
    ):
        console.print(line, highlight=False, soft_wrap=True)
    console.file.flush()
