"""`handrail new`: a whole home folder, documented, that `check` passes and `run` runs, ready to be edited."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from devices.registry import Purpose, Supervision
from hub.config.accounts import DASHBOARDS, WATCHER, Account, accounts_of, acl_text, password_line, write_secret
from hub.config.problems import HomeNotWritten
from hub.config.schema import FOLDER as SCHEMAS
from hub.config.schema import schema_texts
from hub.config.settings import without_login
from hub.config.shipped import broker_settings
from hub.config.words import DURATION_WORDS, Duration

MOST_ROOMS = 500
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_PORTS = {"mqtt": 1883, "mqtts": 8883}
# fmt: off
_NAMES = (
    "Margaret", "Arthur", "Edith", "Harold", "Dorothy", "Walter", "Joan", "George", "Irene", "Frank", "Doris",
    "Albert", "Mary", "Stanley", "Vera", "Leonard", "Hilda", "Ernest", "Phyllis", "Sidney", "Elsie", "Ronald",
    "Winifred", "Kenneth", "Gladys", "Eric", "Olive", "Norman", "Marjorie", "Cyril", "Ivy", "Reginald", "Mabel",
    "Clifford", "Beryl", "Percy", "Kathleen", "Horace", "Nora", "Wilfred",
)
# fmt: on


@dataclass(frozen=True, slots=True, kw_only=True)
class NewHome:
    """What was written, for the one who asked for it."""

    folder: Path
    slug: str
    files: tuple[Path, ...]
    accounts: tuple[Account, ...] = ()
    """The broker's accounts with their passwords; empty where the broker asks for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Broker:
    url: str
    host: str
    port: int
    tls: bool
    accounts: tuple[Account, ...]


def write_new(
    folder: Path,
    *,
    rooms: int = 10,
    slug: str | None = None,
    broker: str = "mqtt://127.0.0.1:1883",
    residents_names: bool = False,
    held_for: str = "10 min",
    timezone: str | None = None,
    dashboards_host: str = "127.0.0.1",
    dashboards_port: int = 8080,
) -> NewHome:
    """Write the folder of a new home; raises `HomeNotWritten` with one sentence where that cannot be.

    `residents_names` gives residents first names, and places a call point, for demonstrations. Passwords are
    made where `broker` has a log-in or TLS, and are the broker's own where it names one.
    """
    if not 1 <= rooms <= MOST_ROOMS:
        raise HomeNotWritten(f"--rooms {rooms}: expected from 1 to {MOST_ROOMS}; more are added in home.yaml")
    slug = _slug(folder, slug)
    reached = _broker(broker)
    try:
        TypeAdapter(Duration).validate_python(held_for)
    except ValidationError:
        raise HomeNotWritten(f'held_for "{held_for}": expected {DURATION_WORDS}') from None
    numbers = [f"{number:03d}" for number in range(1, rooms + 1)]
    names = _names(rooms) if residents_names else [f"Resident {number}" for number in numbers]
    texts = {
        "home.yaml": _home(
            slug, numbers, reached, timezone or _timezone(), (dashboards_host, dashboards_port), residents_names
        ),
        "devices.yaml": _devices(numbers),
        "staff.yaml": _template("staff.yaml"),
    }
    for number, known_as in zip(numbers, names, strict=True):
        resident = f"resident-{number}"
        template = "resident.yaml" if number != numbers[0] else "first-resident.yaml"
        plan = _filled(template, resident=resident, known_as=known_as, room=number, held_for=held_for)
        texts[f"residents/{resident}.yaml"] = plan
    texts |= schema_texts()
    texts["mosquitto.conf"] = broker_settings() + _listener(folder.absolute(), reached)
    secret = _secrets(slug, reached)
    return _write(folder, slug, texts, secret, reached)


def _write(folder: Path, slug: str, texts: Mapping[str, str], secret: Mapping[str, str], broker: _Broker) -> NewHome:
    written: list[Path] = []
    try:
        # The record may have a disk of its own, mounted before: `data`, and nothing in it.
        if folder.exists() and (not folder.is_dir() or any(path.name != "data" for path in folder.iterdir())):
            raise HomeNotWritten(f"{folder} exists and is not empty: name a folder that is not there yet")
        if any((folder / "data").glob("*")):
            raise HomeNotWritten(
                f"{folder / 'data'} holds the record of another home: name a folder that is not there yet"
            )
        (folder / "residents").mkdir(parents=True)
        (folder / SCHEMAS).mkdir()
        (folder / "broker").mkdir(mode=0o700)
        for name, text in texts.items():
            written.append(folder / name)
            (folder / name).write_text(text, encoding="utf-8")
        if secret:
            (folder / "secrets").mkdir(mode=0o700)
        for name, text in secret.items():
            written.append(folder / name)
            write_secret(folder / name, text)
    except OSError as error:
        raise HomeNotWritten(f"{error.filename or folder} cannot be written: {error.strerror}") from None
    return NewHome(folder=folder, slug=slug, files=tuple(written), accounts=broker.accounts)


def _secrets(slug: str, broker: _Broker) -> dict[str, str]:
    if not broker.accounts:
        return {}
    passwords = {f"secrets/{account.username}.password": f"{account.password}\n" for account in broker.accounts}
    users = "".join(f"{password_line(account)}\n" for account in broker.accounts)
    return {**passwords, "users": users, "acl": acl_text(slug, broker.accounts[0].username)}


def _home(
    slug: str, numbers: list[str], broker: _Broker, timezone: str, dashboards: tuple[str, int], call_points: bool
) -> str:
    lines = [f"  url: {broker.url}"]
    screens = [f"  host: {dashboards[0]}", f"  port: {dashboards[1]}"]
    bed, wall, cord = "", "", ""
    if call_points:
        bed, wall = ', call_point: "nurse-call cord by the bed"', ', call_point: "telephone on the wall"'
        cord = ', call_point: "bell cord between the doors"'
    watcher: list[str] = []
    if broker.tls:
        lines.append("  # ca_file: certificates/ca.crt     # unset: the authorities this system believes")
    if broker.accounts:
        hub = broker.accounts[0].username
        lines += [f"  username: {hub}", f"  password_file: secrets/{hub}.password"]
        screens += [f"  username: {DASHBOARDS}", f"  password_file: secrets/{DASHBOARDS}.password"]
        watcher = [f"#   username: {WATCHER}", f"#   password_file: secrets/{WATCHER}.password"]
    else:
        lines.append("  # No log-in: everybody who reaches this broker hears everything. For a real home make it anew,")
        lines.append("  # with mqtts://hub@host: then users, passwords and rights are written too.")
    width = len(str(int(numbers[-1])))
    return _filled(
        "home.yaml",
        slug=slug,
        name=slug.replace("-", " ").title(),
        timezone=timezone,
        broker_lines="".join(f"{line}\n" for line in lines),
        dashboards_lines="".join(f"{line}\n" for line in screens),
        watcher_lines="".join(f"{line}\n" for line in watcher),
        place_lines="\n".join(
            f'  - {{place: "{number}", name: {f"Room {int(number)},":<{width + 6}} kind: bedroom, zone: ground{bed}}}'
            for number in numbers
        ),
        corridor_point=cord,
        lounge_point=wall,
    )


def _devices(numbers: list[str]) -> str:
    kinds = (
        ("pendant", Purpose.EMERGENCY),
        ("door", Purpose.DOOR),
        ("bed", Purpose.BED),
        ("motion", Purpose.MOTION),
        ("light", Purpose.LIGHT),
    )
    rows: list[str] = []
    for number in numbers:
        rows.append("")
        for what, purpose in kinds:
            device = f"room-{number}-{what}"
            whose = f"person: resident-{number}" if purpose is Purpose.EMERGENCY else f'place: "{number}"'
            padding = " " * (len("pendant") - len(what))
            named = f"device: {device},{padding} address: zigbee2mqtt/{device},{padding}"
            rows.append(f"  - {{{named} for: {purpose + ',':<10} {whose}}}")
    return _filled(
        "devices.yaml",
        purposes=_wrapped(list(Purpose)),
        supervisions=_wrapped(list(Supervision)),
        device_lines="\n".join([*rows[1:], ""]),
    )


def _wrapped(words: list[Purpose] | list[Supervision]) -> str:
    """A list of words for a comment that stays within the page."""
    lines = [""]
    for word in words:
        if len(lines[-1]) + len(word) > 88:
            lines.append("")
        lines[-1] += f"{word}, "
    return ("\n" + "#             ").join(line.rstrip() for line in lines).rstrip(",")


def _listener(folder: Path, broker: _Broker) -> str:
    address = " 127.0.0.1" if broker.host in _LOOPBACK else ""
    lines = [
        "",
        "# Of this home. Start it with: mosquitto -c " + str(folder / "mosquitto.conf"),
        "# Where the system's service starts it, that service's user must own broker/, users and acl.",
        f"listener {broker.port}{address}",
        f"persistence_location {folder / 'broker'}/",
        "# Not each save, which is a line every second: a log that fills the disk is a fault of its own.",
        *(f"log_type {sort}" for sort in ("error", "warning", "notice")),
    ]
    if os.geteuid() == 0:
        lines += ["# This folder is root's, so the broker stays root too; better, make a user for it.", "user root"]
    if broker.accounts:
        lines += ["allow_anonymous false", f"password_file {folder / 'users'}", f"acl_file {folder / 'acl'}"]
    else:
        lines.append("allow_anonymous true")
    if broker.tls:
        lines += [
            "# The broker's certificate and its key: put them here.",
            f"certfile {folder / 'certificates' / 'broker.crt'}",
            f"keyfile {folder / 'certificates' / 'broker.key'}",
        ]
    return "\n".join(lines) + "\n"


def _broker(url: str) -> _Broker:
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        raise HomeNotWritten(f"--broker {without_login(url)}: expected mqtt://host:port or mqtts://host:port") from None
    bare = parts.path in ("", "/") and not parts.query and not parts.fragment
    if parts.scheme not in _PORTS or not parts.hostname or not bare:
        raise HomeNotWritten(f"--broker {without_login(url)}: expected mqtt://host:port or mqtts://host:port")
    user = unquote(parts.username or "")
    if user and not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", user):
        raise HomeNotWritten(f"the account {user!a} of --broker: expected letters, digits, - _ and .")
    tls = parts.scheme == "mqtts"
    accounts = accounts_of(user or "hub", unquote(parts.password or "") or None) if user or tls else ()
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return _Broker(url=f"{parts.scheme}://{host}:{port}", host=parts.hostname, port=port, tls=tls, accounts=accounts)


def _slug(folder: Path, wanted: str | None) -> str:
    if wanted is None:
        wanted = re.sub(r"[^a-z0-9]+", "-", folder.absolute().name.lower()).strip("-")[:63] or "home"
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", wanted):
        raise HomeNotWritten(f'--home "{wanted}": expected small letters, digits and -, as in sunny-court')
    return wanted


def _names(rooms: int) -> list[str]:
    """First names, all different: where they run out, the second of a name gets a letter."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    whole = [*_NAMES, *(f"{name} {letter}." for letter in letters for name in _NAMES)]
    return whole[:rooms]


def _timezone() -> str:
    """The time zone of this machine, as a name; UTC where it does not say."""
    link = Path("/etc/localtime")
    named = [os.environ.get("TZ", "").removeprefix(":")]
    if link.is_symlink():
        named.append(str(link.readlink()).partition("zoneinfo/")[2])
    for name in filter(None, named):
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            continue
        return name
    return "UTC"


def _filled(template: str, **words: str) -> str:
    return Template(_template(template)).substitute(words)


def _template(name: str) -> str:
    return (files("hub.config") / "templates" / name).read_text(encoding="utf-8")
