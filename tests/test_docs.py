"""The texts say what the code does: every word that others rely on is named in them, and every sample is a real one."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import orjson
import pytest
import typer
from typer.core import TyperGroup

from devices.actuators import COMMANDS, TOLD
from devices.adapter import Message
from devices.catalogue import Catalogue
from devices.events import TWO_WORDS, UNITS, Kind
from devices.registry import Placed, Purpose, Supervision
from hub.commands.app import app
from hub.put_back import record_message
from hub.requests import read_request
from hub.status import Health
from hub.steps import Group, Steps
from hub.topics import Topics
from rules.alerting import life
from rules.alerting.levels import EVERYBODY_AT_ONCE, LADDERS, Ladder, Level, Who
from rules.asking.requests import FOR_ALERT, OTHERS
from rules.effects import Did
from rules.home import Carer, Home, Place, PlaceKind, Resident, Role, Zone
from rules.inputs import Asked, Configured, Heard, Input, Linked, Now, Started
from rules.state import State
from tests.hub.watch_parts import watcher_says

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
FOLDERS = ("devices", "rules", "hub", "dashboards", "tests", "bench")
TEXTS = (README, ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md")
PROMISES = 8
OF_A_HOME = frozenset({"home.yaml", "devices.yaml", "staff.yaml", "configuration.yaml"})
"""Files of a home and of a gateway, which are no part of the project."""
OUTSIDE = ("../shared/", "elm-house/")
# Each with one letter in brackets, so that this file does not find itself.
CLAIMS = r"complian[t]|complianc[e]|certifie[d]|medica[l]|prevents? fall[s]"
WHO = {
    Who.ZONE: "the carers of the zone",
    Who.SHIFT: "everybody on shift",
    Who.LEAD: "the person in charge",
    Who.MANAGER: "the manager on call",
}
ELM = Home(
    slug="elm-house",
    name="Elm House",
    timezone="Europe/London",
    zones=(Zone(zone="ground", name="Ground floor", screens=("board",)),),
    places=(Place(place="012", name="Room 12", kind=PlaceKind.BEDROOM, zone="ground"),),
    residents=(Resident(resident="margaret", known_as="Margaret", room="012"),),
    staff=(
        Carer(id="ana", name="Ana", always=True),
        Carer(id="ben", name="Ben", always=True),
        Carer(id="mo", name="Mo", role=Role.MANAGER, always=True),
    ),
    devices=(
        Placed(
            device="zigbee2mqtt/room-012-pendant",
            name="room-012-pendant",
            person="margaret",
            purpose=Purpose.EMERGENCY,
            supervision=Supervision.PENDANT,
        ),
        Placed(device="zigbee2mqtt/room-012-door", name="room-012-door", place="012", purpose=Purpose.DOOR),
    ),
)
PRESSED_MS = 1_795_230_724_512
"""2026-11-21T03:12:04.512Z, the moment of the press in the samples."""


def text_of(path: Path) -> str:
    """What stands in one of the texts."""
    return path.read_text(encoding="utf-8")


def marked(name: str, path: Path = README) -> str:
    """What stands between `<!-- name -->` and `<!-- /name -->`."""
    found = re.search(rf"<!-- {name} -->\n(.*?)\n<!-- /{name} -->", text_of(path), re.DOTALL)
    assert found is not None, f"{path.name} has no part marked {name}"
    return found[1].strip()


def rows(name: str, path: Path = README) -> list[list[str]]:
    """The cells of the table in a marked part, without its head."""
    lines = [line for line in marked(name, path).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def words(name: str) -> list[str]:
    """The first cells of a marked table, without their marks; a cell may hold several words."""
    return [word for row in rows(name) for word in re.findall(r"`([a-z0-9_-]+)", row[0])]


# -- words --------------------------------------------------------------------------------------------------------


def test_every_kind_is_named_with_what_it_may_say() -> None:
    """Who writes a rule or reads a chart finds each kind, its two words or its unit."""
    assert sorted(words("kinds")) == sorted(Kind)
    said = {word: row[1] for row in rows("kinds") for word in re.findall(r"`([a-z_]+)`", row[0])}
    for kind, (active, inactive) in TWO_WORDS.items():
        assert f"`{active}`" in said[kind], kind
        assert f"`{inactive}`" in said[kind], kind
    assert {kind: unit for kind, unit in UNITS.items() if unit not in said[kind]} == {}


def test_every_step_of_the_log_is_explained() -> None:
    """The list is closed: a program that follows the log can be complete."""
    assert sorted(words("steps")) == sorted(Did)
    assert [row for row in rows("steps") if len(row) != 2 or not row[1]] == []


def test_every_request_is_explained_with_who_may_ask() -> None:
    """What the table says of an account is what the machine answers it."""
    assert sorted(words("requests")) == sorted({*FOR_ALERT, *OTHERS})
    said = {row[0].strip("`"): row[-1] for row in rows("requests")}
    assert said == {word: who_may(word) for word in said}


def test_every_command_is_explained_with_what_a_device_is_for() -> None:
    """The samples are read as they stand, and the table names each purpose whose devices take them."""
    said: dict[type, set[str]] = {kind: {"other"} for kind in COMMANDS.values()}
    for samples, _, purposes in rows("device-commands"):
        for sample in re.findall(r"`(\{.*?\})`", samples):
            asked = read_request("dashboards", b'{"id":"1","do":"command","command":%s}' % sample.encode(), PRESSED_MS)
            assert asked.do == "command", asked.reason
            said[COMMANDS[str(asked.command["do"])]] |= set(re.findall(r"`([a-z_]+)`", purposes))
    assert said == {kind: {p.value for p, told in TOLD.items() if kind in told} for kind in said}


def who_may(word: str) -> str:
    """Who is not turned away with this request because of who they are."""
    clients = {"screens": "dashboards", "rooms": "room-012", "others": "call-point-3"}
    may = [name for name, client in clients.items() if "may only ask for" not in answer(client, word)]
    return "everybody" if len(may) == len(clients) else ", ".join(may)


def answer(client: str, word: str) -> str:
    """What a home without alerts answers to a request that says nothing but its word."""
    group = House().take(Asked(id="1", client=client, do=word, by="ana"))
    reason = orjson.loads(group.wishes["done/1"].payload)["reason"]
    assert isinstance(reason, str)
    return reason


def test_every_level_has_its_ladder_in_the_readme() -> None:
    """Who is told, and who next: the table is drawn from the ladders that are climbed."""
    drawn = [rung_row(f"`{level}`", LADDERS[level]) for level in Level]
    drawn.append(rung_row("staff assist, or a device that nobody has placed", EVERYBODY_AT_ONCE))
    assert marked("ladders").splitlines()[2:] == drawn


def rung_row(name: str, ladder: Ladder) -> str:
    """One ladder as a row of the table."""
    first, *later = ladder.rungs
    known = set(first.who)
    cells = [name, named(first.who)]
    after = []
    for rung in later:
        after.append(f"{plainly(rung.after_s)}: {named(tuple(who for who in rung.who if who not in known))}")
        known |= set(rung.who)
    cells += ["; ".join(after), plainly(ladder.repeat_s), plainly(ladder.attend_within_s)]
    return f"| {' | '.join(cells)} |"


def named(group: tuple[Who, ...]) -> str:
    """The people a rung adds."""
    return " and ".join(WHO[who] for who in group)


def plainly(seconds: int) -> str:
    """A time in the largest unit that it is a whole number of."""
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds % length == 0:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def test_the_picture_of_an_alerts_life_is_drawn_from_its_table() -> None:
    """A picture that is drawn by hand is wrong after the next change."""
    assert marked("life") == f"```mermaid\n{life.diagram()}\n```"


# -- commands -----------------------------------------------------------------------------------------------------


@cache
def program() -> TyperGroup:
    """The command line as it is parsed."""
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    return group


def test_every_command_is_explained() -> None:
    """No command is hidden, and none is promised that is not there."""
    assert sorted(words("commands")) == sorted(program().commands)


def shell_lines() -> Iterator[tuple[Path, str]]:
    """Every line of the texts' shell blocks that runs our program."""
    for path in (*TEXTS, *(ROOT / folder / "README.md" for folder in FOLDERS)):
        for block in re.findall(r"```sh\n(.*?)```", text_of(path), re.DOTALL):
            lines = block.replace("\\\n", " ").splitlines()
            yield from ((path, line) for line in lines if re.match(r"(\./)?handrail |.* hub (run|new|check) ", line))


def test_every_command_line_in_the_texts_can_be_typed() -> None:
    """A reader who copies a line does not meet an option that does not exist."""
    lines = list(shell_lines())
    assert len(lines) > 5
    for path, line in lines:
        typed = re.split(r"handrail | hub (?=run|new|check)", line, maxsplit=1)[1].split(" #")[0].split()
        command = program().commands.get(typed[0])
        assert command is not None, f"{path.name}: {line}"
        known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        used = {word.split("=")[0] for word in typed[1:] if word.startswith("--")}
        assert used <= known or typed[0] == "test", f"{path.name}: {line}"


# -- promises, files, words we do not use -------------------------------------------------------------------------


def test_every_promise_names_tests_that_exist() -> None:
    """A promise without a test is a wish."""
    promised = rows("promises")
    assert [row[0].split(".")[0].strip("*") for row in promised] == [str(number + 1) for number in range(PROMISES)]
    for row in promised:
        shown = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", row[-1])
        assert shown, f"no test shows: {row[0]}"
        for path, name in shown:
            assert (ROOT / path).is_file(), path
            assert re.search(rf"^(async )?def {name}\(", text_of(ROOT / path), re.MULTILINE), f"{path}::{name}"


@pytest.mark.parametrize(
    "path", [*TEXTS, *(ROOT / folder / "README.md" for folder in FOLDERS)], ids=lambda path: str(path.relative_to(ROOT))
)
def test_every_file_a_text_names_exists(path: Path) -> None:
    """A map that shows a street which is gone is worse than none."""
    text = re.sub(r"https?://\S+|(?<=--out )\S+|(?<=--report )\S+", "", text_of(path))
    found = set(re.findall(r"(?<![\w$./{<*-])[\w./-]+\.(?:py|sql|js|toml|ya?ml|md|conf|png|lock|txt|jsonl)\b", text))
    gone = [
        name
        for name in found
        if Path(name).name not in OF_A_HOME
        and not name.startswith(OUTSIDE)
        and not any((base / name).exists() for base in (ROOT, path.parent, path.parent.parent))
        and not any(path.parent.glob(f"*/{name}"))
    ]
    assert sorted(gone) == []


def test_the_hub_s_readme_names_each_of_its_files() -> None:
    """Who opens the folder sees at once where to look."""
    text = text_of(ROOT / "hub" / "README.md")
    files = [path.name for path in (ROOT / "hub").glob("*.py") if path.name != "__init__.py"]
    folders = [f"{path.name}/" for path in (ROOT / "hub").iterdir() if (path / "__init__.py").exists()]
    assert [name for name in sorted(files + folders) if f"`{name}`" not in text] == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_folder_says_how_to_add_one(folder: str) -> None:
    """Its README answers the question that brings most people to it."""
    assert re.search(r"how do I", text_of(ROOT / folder / "README.md"), re.IGNORECASE)


def test_nothing_is_claimed_that_is_not_ours_to_claim() -> None:
    """Handrail stands beside a nurse-call system and replaces none."""
    patterns = ("*.md", "*/*.md", "*/*/*.md", "dashboards/**/*.html", "dashboards/**/*.js", "hub/config/templates/*")
    every = [path for pattern in patterns for path in ROOT.glob(pattern)]
    shown = [path for path in every if not path.relative_to(ROOT).parts[0].startswith(".")]
    shown += [ROOT / "dashboards" / "strings.py", ROOT / "pyproject.toml", ROOT / "hub" / "commands" / "app.py"]
    assert len(shown) > len(TEXTS)
    found = [
        f"{path.name}: {match[0]}" for path in shown for match in re.finditer(CLAIMS, text_of(path), re.IGNORECASE)
    ]
    assert found == []


def test_a_reference_to_a_part_of_the_readme_leads_there() -> None:
    """Comments in a home's own files send their reader here."""
    named_parts = [
        part
        for path in (ROOT / "hub" / "config" / "templates").iterdir()
        for part in re.findall(r'README\.md, "([^"]+)"', text_of(path))
    ]
    assert named_parts
    assert [part for part in named_parts if f"\n## {part}\n" not in text_of(README)] == []


def test_the_picture_of_the_board_is_shown() -> None:
    """The first thing to see is what a carer sees."""
    picture = re.search(r"!\[[^\]]+\]\(([^)]+\.png)\)", text_of(README))
    assert picture is not None
    assert (ROOT / picture[1]).read_bytes().startswith(b"\x89PNG")


# -- samples ------------------------------------------------------------------------------------------------------


class House:
    """Elm House with a moved clock: inputs go through the very steps that the hub takes."""

    def __init__(self) -> None:
        self.now = Now(elapsed_ms=1_000_000, wall_ms=PRESSED_MS - 180_400)
        self.steps = Steps(state=State(), seq=40_000, topics=Topics(ELM.slug), catalogue=Catalogue(), known={})
        self.take(Started(down_from_ms=0), Configured(home=ELM), Linked(up=True))

    def take(self, *inputs: Input) -> Group:
        """One group, committed."""
        group = Group()
        for given in inputs:
            self.steps.take(group, given, self.now)
        self.steps.finish(group)
        self.steps.adopt()
        return group

    def hear(self, topic: str, payload: bytes) -> Group:
        """A device's message, read by its adapter."""
        adapter = self.steps.catalogue.adapter_for(topic)
        assert adapter is not None
        return self.take(*(Heard(event=event) for event in adapter.decode(Message(topic, payload), {}).events))

    def wait(self, milliseconds: int) -> None:
        """Time passes."""
        self.now = replace(
            self.now, elapsed_ms=self.now.elapsed_ms + milliseconds, wall_ms=self.now.wall_ms + milliseconds
        )


@cache
def samples() -> dict[str, tuple[str, object]]:
    """The samples of the README: each with its topic."""
    found = re.findall(r"<!-- sample: (\w+) -->\n.*?`([^`]+)`.*?\n```json\n(.*?)\n```", text_of(README), re.DOTALL)
    return {name: (topic, orjson.loads(body)) for name, topic, body in found}


@cache
def real() -> dict[str, tuple[str, object]]:
    """The same messages, made by the press and the request that the README shows."""
    house = House()
    house.hear("zigbee2mqtt/room-012-door", b'{"contact":false}')
    house.wait(180_441)
    topic, press = samples()["press"]
    pressed = house.hear(topic, orjson.dumps(press))
    alert = pressed.wishes["alert/a00001"]
    house.wait(9_000)
    asked_on, request = samples()["do"]
    client = house.steps.topics.client_of(asked_on)
    assert client is not None
    asked = house.take(read_request(client, orjson.dumps(request), house.now.wall_ms))
    done = next(wish for key, wish in asked.wishes.items() if key.startswith("done/"))
    room = asked.wishes["room/012"]
    health = Health(home=ELM.slug, started_ms=0, ready=True, wal_bytes=4_124_152, disk_free_bytes=51_539_607_552)
    status = health.message(elapsed_ms=86_400_000, backlog=0, oldest_unacknowledged_ms=0)
    raised = next(line for line in pressed.lines[True] if b'"raised"' in line[1])
    return {
        "press": (topic, press),
        "alert": (alert.topic, orjson.loads(alert.payload)),
        "log": (house.steps.topics.log, orjson.loads(raised[1])),
        "do": (asked_on, request),
        "done": (done.topic, orjson.loads(done.payload)),
        "room": (room.topic, orjson.loads(room.payload)),
        "status": (house.steps.topics.status, status),
        "record": (house.steps.topics.record, record_message(1_763_694_724_512, 40_000)),
        **watcher_says(ELM, topic, orjson.dumps(press), PRESSED_MS),
    }


def shape(message: object) -> object:
    """The keys and types of a message."""
    if isinstance(message, dict):
        return {key: shape(value) for key, value in message.items()}
    return [shape(value) for value in message] if isinstance(message, list) else type(message)


def test_every_message_of_ours_has_its_sample() -> None:
    """One of each, as others will see it, and no other."""
    assert set(samples()) == set(real())


@pytest.mark.parametrize("name", sorted(real().keys() - {"press", "do"}))
def test_a_sample_is_what_the_hub_sends(name: str) -> None:
    """Topic, keys and values are those of a real press; only the ledger's place of the line may differ."""
    (said_topic, said), (topic, sent) = samples()[name], real()[name]
    assert said_topic == topic
    assert shape(said) == shape(sent)
    assert isinstance(said, dict)
    assert isinstance(sent, dict)
    assert said | {"seq": 0} == sent | {"seq": 0}
