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
from hub.demo.ecosystems import HELP, NoSuchGateway, known
from hub.demo.home import waits
from hub.demo.incidents import SHOWN_ROOM
from hub.demo.stage import Plan, Running, Stage
from hub.simulate.ecosystems import ECOSYSTEMS, LIVED_IN

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
    all_ecosystems: bool = False,
    without: list[str] | None = None,
) -> int:
    """Run the demonstration until somebody ends it; 0 after a clean end."""
    away = known(without or [])
    if away and not all_ecosystems:
        raise NoSuchGateway("--without takes a simulated gateway away: there are some with --all-ecosystems")
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    board = _port(port, "--port")
    broker = choose(_broker_port(mqtt_port))
    plan = Plan(
        folder=folder.absolute() if folder is not None else Path(tempfile.mkdtemp(prefix="handrail-demo-")),
        rooms=max(rooms, LIVED_IN) if all_ecosystems else rooms,
        port=board,
        speed=speed,
        seed=seed,
        carers=carers,
        browser=browser and _has_window(),
        all_ecosystems=all_ecosystems,
        without=away,
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
    ecosystems = _ecosystems(plan) if plan.all_ecosystems else ()
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
        *ecosystems,
        "",
    ):
        console.print(line, highlight=False, soft_wrap=True)
    console.file.flush()


def _ecosystems(plan: Plan) -> list[str]:
    """The simulated gateways, room by room, and how to take one away."""
    lines = ["", "A device of each ecosystem, in the room of its number; each calls once, and its lamp is lit:"]
    for number, one in enumerate(ECOSYSTEMS, 1):
        names = ", ".join(f"({peer.name})" if peer.name in plan.without else peer.name for peer in one.peers)
        lines.append(f"  {f'{number:03d}' if one.caller else 'door'}  {one.title:<32} {names}")
    how = f"{HELP} Each with Enter." if sys.stdin.isatty() else "Start it with --without NAME to take one away."
    return [*lines, how]
