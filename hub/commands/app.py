"""The commands with their words; what each does is in a file of its own, imported when it is called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hub.commands.app_plans import COMMANDS, Home

app = typer.Typer(
    name="handrail",
    help="The event hub of a care home: a press reaches a person, and everything is kept.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say more on standard error.")]


def not_understood() -> type[Exception]:
    """What typer raises for words it does not understand: the class has no public name, its child has."""
    return next(base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException")


@app.command()
def run(
    home: Home,
    with_dashboards: Annotated[bool, typer.Option("--with-dashboards", help="Serve the screens as well.")] = False,
    verbose: Verbose = False,
) -> int:
    """Run the hub of a home.

    SIGTERM stops it, SIGHUP reads the home's files again.
    """
    import gc

    gc.disable()  # a start makes some hundred thousand things, nearly all of which stay; once it is done it looks again
    try:
        from hub.commands.running import run_hub

        return run_hub(home, with_dashboards=with_dashboards, verbose=verbose)
    finally:
        gc.enable()


@app.command()
def dashboards(home: Home) -> int:
    """Serve the screens of a home."""
    from hub.commands.screens import become_dashboards

    return become_dashboards(home)


@app.command()
def watch(home: Home, verbose: Verbose = False) -> int:
    """Tell presses while the hub is gone.

    A second process with its own account and channels, best on another machine. SIGTERM stops it, SIGHUP reads the
    home's files again.
    """
    from hub.commands.watching import run_watcher

    return run_watcher(home, verbose=verbose)


@app.command()
def walk(
    home: Home,
    device: Annotated[str | None, typer.Option(help="The pendant or cord, by our name of it.")] = None,
    by: Annotated[str | None, typer.Option(help="Who presses it: somebody of staff.yaml who is on shift.")] = None,
    overdue: Annotated[
        bool, typer.Option("--overdue", help="List what is to be tested; exit 1 where there is.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as one JSON object.")] = False,
) -> int:
    """Test that a pendant is heard.

    Its press is shown as TEST, and is a call after 30 s unless you say that it was yours.
    """
    from hub.commands.walking import list_overdue, walk_device

    return list_overdue(home, as_json=as_json) if overdue else walk_device(home, device=device, by=by, as_json=as_json)


@app.command()
def new(
    home: Home,
    rooms: Annotated[int, typer.Option(help="How many rooms, each with a resident and five devices.")] = 10,
    slug: Annotated[
        str | None, typer.Option("--home", help="The home's short name in MQTT topics; unset, the folder's name.")
    ] = None,
    broker: Annotated[
        str, typer.Option(help="Where the broker is: mqtt://host:port, or mqtts://hub@host with TLS and log-ins.")
    ] = "mqtt://127.0.0.1:1883",
) -> int:
    """Write the folder of a new home.

    Every file is documented, and the configuration of its broker is among them.
    """
    from hub.commands.folders import write_home

    return write_home(home, rooms=rooms, slug=slug, broker=broker)


@app.command()
def check(
    home: Home, as_json: Annotated[bool, typer.Option("--json", help="Answer as one JSON object.")] = False
) -> int:
    """Check all files of a home.

    Exit 1, with file and line, where something is refused.
    """
    from hub.config.check import check_home

    return check_home(home, as_json=as_json)


for name, command in COMMANDS.items():
    app.command(name=name)(command)


@app.command()
def schema(
    home: Annotated[
        Path | None, typer.Argument(help="A home: its schemas are written anew; unset, print them.", show_default=False)
    ] = None,
) -> int:
    """JSON Schemas of a home's files.

    For editors that complete and check; `new` writes them into the home's folder.
    """
    from hub.commands.plan_texts import print_schemas

    return print_schemas(home)


@app.command()
def devices(
    home: Home,
    do: Annotated[
        str | None, typer.Argument(help="place: write a device into devices.yaml; unset, list.", show_default=False)
    ] = None,
    device: Annotated[
        str | None, typer.Argument(help="Which: its address, or what its gateway calls it.", show_default=False)
    ] = None,
    room: Annotated[str | None, typer.Option("--room", "--place", help="The place it belongs to.")] = None,
    said_as: Annotated[
        str | None,
        typer.Option("--as", help="What it is for: pendant, cord, call-button, mat, tag, or a word of `for:`."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="Our name of it; unset, from room and use.")] = None,
    person: Annotated[str | None, typer.Option(help="The resident it belongs to.")] = None,
    unheard: Annotated[bool, typer.Option("--unheard", help="Place it though nothing was heard of it.")] = False,
    every: Annotated[bool, typer.Option("--all", help="The placed ones too, and the gateways.")] = False,
    blind: Annotated[
        bool, typer.Option("--blind", help="Who is without a working device, and why; exit 1 where there is.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as one JSON object.")] = False,
) -> int:
    """List the devices of a home, or place one.

    Without a word those that nobody has placed, each with the line to add to devices.yaml.
    """
    from hub.commands.devices import devices_of

    return devices_of(
        home,
        do=do,
        device=device,
        said_as=said_as,
        where=(room, person, name),
        unheard=unheard,
        lists=(every, blind),
        as_json=as_json,
    )


@app.command()
def sheet(
    home: Home,
    as_html: Annotated[bool, typer.Option("--html", help="As a page for a printer, instead of plain text.")] = False,
    at: Annotated[
        str | None,
        typer.Option(help="For the shift at this time of day, 21:30, from the rota; unset, who is on shift."),
    ] = None,
) -> int:
    """Print the paper list of a shift.

    Who lives where, who can call without Handrail, whom to phone, and what to do while Handrail is down.
    """
    from hub.commands.printing import print_sheet

    return print_sheet(home, as_html=as_html, at=at)


@app.command()
def decode() -> int:
    """Read messages as the hub would.

    JSON lines {topic, payload, retain?} on standard input, one JSON line out for each, in order.
    """
    from hub.decode import main

    return main()


@app.command()
def simulate(
    home: Home,
    days: Annotated[int, typer.Option(min=1, max=3660, help="How many days.")] = 1,
    seed: Annotated[int, typer.Option(help="The same seed gives the same days.")] = 1,
    start: Annotated[str, typer.Option("--from", help="The first day.")] = "2026-03-02",
    publish: Annotated[bool, typer.Option("--publish", help="Publish to the home's broker, as time passes.")] = False,
    speed: Annotated[float, typer.Option(min=0.01, max=100_000, help="With --publish: days in a day.")] = 1.0,
) -> int:
    """Make believable days of events.

    JSON lines {at, topic, payload} on standard output, or published to the home's broker as time passes.
    """
    from hub.commands.simulating import simulate_days

    return simulate_days(home, days=days, seed=seed, start=start, publish=publish, speed=speed)


@app.command()
def verify(home: Home) -> int:
    """Prove the ledger from its inputs.

    Folds all inputs anew and compares the outcome with what is stored; exit 1 where they differ.
    """
    from hub.commands.verifying import verify_home

    return verify_home(home)


@app.command()
def demo(
    speed: Annotated[float, typer.Option(min=1, max=1000, help="How fast the residents' night passes.")] = 20.0,
    rooms: Annotated[int, typer.Option(min=1, max=200, help="How many rooms.")] = 40,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="The night board's port; unset, 8080 if free.")
    ] = None,
    mqtt_port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="The broker's port; unset, a free one.")
    ] = None,
    folder: Annotated[Path | None, typer.Option(help="Where the home is written; unset, a temporary folder.")] = None,
    carers: Annotated[bool, typer.Option(help="A simulated carer answers what nobody touched for 90 s.")] = True,
    browser: Annotated[bool, typer.Option(help="Open the night board in a browser.")] = True,
    seed: Annotated[int, typer.Option(help="The same seed gives the same night.")] = 1,
    all_ecosystems: Annotated[
        bool, typer.Option("--all-ecosystems", help="A device of each ecosystem, each on its own simulated gateway.")
    ] = False,
    without: Annotated[
        list[str] | None, typer.Option(help="A simulated gateway that is not there; may be said several times.")
    ] = None,
) -> int:
    """Show a whole home on this machine.

    Broker, hub, screens and simulated residents; Ctrl-C ends all of it.
    """
    from hub.commands.demonstrating import show_demo

    return show_demo(
        speed=speed,
        rooms=rooms,
        port=port,
        mqtt_port=mqtt_port,
        folder=folder,
        carers=carers,
        browser=browser,
        seed=seed,
        all_ecosystems=all_ecosystems,
        without=without,
    )


@app.command()
def test() -> int:
    """Run what CI runs: ./handrail test.

    The tests are part of a checkout, and its launcher answers this command.
    """
    from hub.commands import BAD

    typer.echo("handrail: the tests are part of a checkout: get one, and run ./handrail test in it", err=True)
    return BAD
