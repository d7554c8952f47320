"""Checks across the files of a home: every name that is used exists, once, and can do what is asked of it."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from devices.catalogue import adapter_for
from devices.part_commands import has_outputs, outputs_in_words
from devices.parts import is_output, whole_and_part
from devices.purposes import SAYS, TAKES
from devices.registry import CALLS, Purpose, Supervision
from hub.config.document import Document
from hub.config.files import (
    BrokerForm,
    ChannelForm,
    DashboardsForm,
    DeviceForm,
    DevicesFile,
    HomeFile,
    StaffFile,
    WatcherForm,
)
from hub.config.problems import Problem, nearest, one_of
from hub.config.settings import URL_WORDS, broker_url_fault, within, without_login
from rules.home import PlaceKind

_SOUNDING = frozenset({Purpose.SIREN, Purpose.SOUNDER})
_CAMERAS = "frigate"
_SEEN = (PlaceKind.OUTSIDE_DOOR, PlaceKind.CORRIDOR, PlaceKind.GARDEN)
"""Where a camera may be: nobody lives or sits there. What is not said to be one of them is none of them."""
_ACTS = frozenset({*_SOUNDING, Purpose.LIGHT, Purpose.SWITCH, Purpose.SPEAKER, Purpose.VIBRATOR, Purpose.COVER})
_WATCHES = (Purpose.MOTION, Purpose.OTHER)
"""What a camera may be for: somebody is there, and nothing that is told as an emergency."""
_At = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """The three files that are accepted or refused together, each as text with lines and as settings."""

    folder: Path
    home_document: Document
    home: HomeFile
    devices_document: Document
    devices: DevicesFile
    staff_document: Document
    staff: StaffFile
    residents: Collection[str]


@dataclass(slots=True)
class Found:
    """What the checks found so far."""

    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def unknown(self, document: Document, at: _At, what: str, name: str, known: Collection[str]) -> None:
        """A name that nothing has."""
        said = f'unknown {what} "{name}"'
        self.problems.append(document.problem(at, said, one_of(known), nearest(name, known)))

    def no(self, document: Document, at: _At, what: str, expected: str = "", meant: str = "") -> None:
        """Something else that is refused."""
        self.problems.append(document.problem(at, what, expected, meant))

    def warn(self, document: Document, at: _At, what: str, expected: str = "") -> None:
        """Something that works, and that the home should know."""
        self.warnings.append(document.problem(at, what, expected))

    def once(self, document: Document, names: Sequence[str], at: str, key: str) -> None:
        """Every name of a list stands in it once."""
        first: dict[str, int] = {}
        for number, name in enumerate(names):
            if name in first:
                line = document.lines.of((at, first[name], key))
                self.no(document, (at, number, key), f'{key} "{name}" is already on line {line}', "each once")
            first.setdefault(name, number)


def check_home_file(files: Files, found: Found) -> None:
    """`home.yaml`: address, time zone, zones and places."""
    home, document = files.home, files.home_document
    if fault := broker_url_fault(home.broker.url):
        found.no(document, ("broker", "url"), f'url "{without_login(home.broker.url)}" {fault}', URL_WORDS)
    if not _is_timezone(home.timezone):
        zones = available_timezones()
        meant = nearest(home.timezone, zones)
        found.no(document, ("timezone",), f'unknown timezone "{home.timezone}"', "a name as in Europe/London", meant)
    found.once(document, [zone.zone for zone in home.zones], "zones", "zone")
    found.once(document, [place.place for place in home.places], "places", "place")
    zones_known = [zone.zone for zone in home.zones]
    for number, place in enumerate(home.places):
        if place.zone not in zones_known:
            found.unknown(document, ("places", number, "zone"), "zone", place.zone, zones_known)
    _check_zones(files, found)
    _check_accounts(files, found)
    _check_watcher(files, found)
    _check_shared(files, found)
    if within(files.folder, home.data).resolve() == files.folder.resolve():
        found.no(document, ("data",), f'data "{home.data}" is the home\'s own folder', "a folder in it, as in data")
    if home.series is not None:
        url = home.series.influxdb.url
        if not url.startswith(("http://", "https://")):
            found.no(document, ("series", "influxdb", "url"), f'url cannot be "{url}"', "http://host:port")
        token_file = home.series.influxdb.token_file
        check_secret(files.folder, document, ("series", "influxdb", "token_file"), token_file, found)


def _check_shared(files: Files, found: Found) -> None:
    """What plans share: activities with their places, scenes, Home Assistant."""
    home, document = files.home, files.home_document
    found.once(document, [one.activity for one in home.activities], "activities", "activity")
    found.once(document, [one.scene for one in home.scenes], "scenes", "scene")
    places = [place.place for place in home.places]
    for number, activity in enumerate(home.activities):
        if activity.place not in places:
            found.unknown(document, ("activities", number, "place"), "place", activity.place, places)
    devices = [device.device for device in files.devices.devices]
    for number, scene in enumerate(home.scenes):
        for index, step in enumerate(scene.steps):
            said = [(name, one) for name in type(step).model_fields if (one := getattr(step, name)) is not None]
            at = ("scenes", number, "steps", index)
            if len(said) != 1:
                found.no(document, at, "this is not one step of a scene", one_of(type(step).model_fields))
            elif said[0][1].device is not None and said[0][1].device not in devices:
                found.unknown(document, (*at, said[0][0], "device"), "device", said[0][1].device, devices)
    if home.home_assistant is not None:
        url, token_file = home.home_assistant.url, home.home_assistant.token_file
        if not url.startswith(("http://", "https://")):
            found.no(document, ("home_assistant", "url"), f'url cannot be "{url}"', "http://host:8123")
        check_secret(files.folder, document, ("home_assistant", "token_file"), token_file, found)


def _check_zones(files: Files, found: Found) -> None:
    document = files.home_document
    for number, zone in enumerate(files.home.zones):
        _check_sounders(files, ("zones", number, "sounders"), zone.sounders, found)
        if not zone.screens and not zone.sounders and not zone.accepted_without:
            said = f'zone "{zone.zone}" has neither screen nor sounder: nobody would hear it'
            found.no(document, ("zones", number), said, "screens, sounders, or the home's written accepted_without")
        elif not zone.screens and not zone.sounders:
            found.warn(document, ("zones", number), f'zone "{zone.zone}" is silent, which the home has accepted')


def _check_sounders(files: Files, at: _At, names: Sequence[str], found: Found) -> None:
    purposes = {device.device: device.purpose for device in files.devices.devices}
    sounding = [name for name, purpose in purposes.items() if purpose in _SOUNDING]
    for index, name in enumerate(names):
        if name not in purposes:
            found.unknown(files.home_document, (*at, index), "device", name, sounding)
        elif purposes[name] not in _SOUNDING:
            said = f'"{name}" is for {purposes[name]} and cannot sound'
            found.no(files.home_document, (*at, index), said, one_of(sounding), nearest(name, sounding))


def _check_watcher(files: Files, found: Found) -> None:
    watcher = files.home.watcher
    if watcher is None:
        return
    _check_sounders(files, ("watcher", "sounders"), watcher.sounders, found)
    for index, channel in enumerate(watcher.channels):
        check_channel(files.folder, files.home_document, ("watcher", "channels", index), channel, found)
    if not watcher.channels and not any(carer.channels for carer in files.staff.staff):
        said = "neither the watcher nor anybody in staff.yaml has a channel: without the hub only boards tell"
        found.warn(files.home_document, ("watcher",), said)


def check_channel(folder: Path, document: Document, at: _At, channel: ChannelForm, found: Found) -> None:
    """One address, or one file with an address."""
    if (channel.url is None) == (channel.url_file is None):
        found.no(document, at, "this is not one channel", "url_file, or url where nothing in it is secret")
    check_secret(folder, document, (*at, "url_file"), channel.url_file, found)


def _check_accounts(files: Files, found: Found) -> None:
    accounts: list[tuple[str, BrokerForm | DashboardsForm | WatcherForm]] = [
        ("broker", files.home.broker),
        ("dashboards", files.home.dashboards),
        *([("watcher", files.home.watcher)] if files.home.watcher else []),
    ]
    for section, account in accounts:
        if account.password_file and not account.username:
            at = (section, "password_file")
            found.no(files.home_document, at, "a password without an account", "username as well")
        check_secret(files.folder, files.home_document, (section, "password_file"), account.password_file, found)
    broker = files.home.broker
    for key, written in (("ca_file", broker.ca_file), ("cert_file", broker.cert_file)):
        _check_readable(files.folder, files.home_document, ("broker", key), written, found)
    check_secret(files.folder, files.home_document, ("broker", "key_file"), broker.key_file, found)
    if broker.url.startswith("mqtt:") and (broker.ca_file or broker.cert_file or broker.key_file):
        found.no(files.home_document, ("broker", "url"), "certificates without TLS", "mqtts://host:port")


def check_devices_file(files: Files, found: Found) -> None:
    """`devices.yaml`: names and addresses once, people and places known, and who would be left unprotected."""
    document, devices = files.devices_document, files.devices.devices
    places = [place.place for place in files.home.places]
    found.once(document, [device.device for device in devices], "devices", "device")
    found.once(document, [device.address for device in devices], "devices", "address")
    for number, device in enumerate(devices):
        if device.person is not None and device.person not in files.residents:
            found.unknown(document, ("devices", number, "person"), "resident", device.person, files.residents)
        if device.place is not None and device.place not in places:
            found.unknown(document, ("devices", number, "place"), "place", device.place, places)
        if device.purpose in CALLS and supervision_of(device) is Supervision.NONE:
            said = f'"{device.device}" is for {device.purpose} and is not supervised: nobody learns when it is silent'
            found.warn(document, ("devices", number), said)
        if device.purpose in CALLS and device.person is None and device.place is None:
            said = f'"{device.device}" is for {device.purpose} and belongs to nobody and no place'
            found.no(document, ("devices", number), said, "person, place, or both")
        _check_part(files, number, device, found)
        _check_camera(files, number, device, found)


def _check_part(files: Files, number: int, device: DeviceForm, found: Found) -> None:
    """A part is told where it is an output and heard where it is an input, as far as its name says; and what switches
    all outputs of a device cannot stand beside one of them."""
    whole, part = whole_and_part(device.address)
    if not part:
        return
    document, told, output = files.devices_document, device.purpose in TAKES, is_output(device.address)
    adapter = adapter_for(whole)
    if told and (output is False or (adapter is not None and not has_outputs(adapter.name))):
        said = f'"{device.device}" is for {device.purpose}, and {part} of {whole} is heard and not told'
        found.no(document, ("devices", number, "for"), said, f"{outputs_in_words(whole)}")
    if output and device.purpose in SAYS:
        said = f'"{device.device}" is for {device.purpose}, and {part} of {whole} is an output: it calls nobody'
        found.no(document, ("devices", number, "for"), said, "the input that it is wired to")
    if not told:
        return
    for other in files.devices.devices:
        if other.address == whole and other.purpose in TAKES:
            said = f'"{other.device}" switches all outputs of {whole}, and "{device.device}" is one of them'
            found.no(document, ("devices", number, "address"), said, "each of its outputs placed by itself")


def _check_camera(files: Files, number: int, device: DeviceForm, found: Found) -> None:
    """A camera looks at an outside door, a corridor or the garden: never into a room where people live or sit, never
    after one resident, and what it sees is never an emergency."""
    adapter = adapter_for(device.address.partition("#")[0])
    if adapter is None or adapter.name != _CAMERAS:
        return
    document, name = files.devices_document, device.device
    place = next((place for place in files.home.places if place.place == device.place), None)
    where = f"a place of kind {', '.join(_SEEN)}"
    if device.place is None:
        found.no(document, ("devices", number), f'"{name}" is a camera and its place is not said', where)
    elif place is not None and place.kind not in _SEEN:
        said = f'"{name}" is a camera, and {place.name} is a {place.kind}: no camera where people live or sit'
        found.no(document, ("devices", number, "place"), said, where)
    if device.person is not None:
        said = f'"{name}" is a camera and cannot belong to a resident'
        found.no(document, ("devices", number, "person"), said, "the place alone")
    if device.purpose not in _WATCHES:
        said = f'"{name}" is a camera and cannot be for {device.purpose}'
        found.no(document, ("devices", number, "for"), said, one_of([purpose.value for purpose in _WATCHES]))


def supervision_of(device: DeviceForm) -> Supervision:
    """The class that was written, or the one that the purpose implies."""
    if device.supervision is not None:
        return device.supervision
    if device.purpose in (Purpose.EMERGENCY, Purpose.CALL, Purpose.STAFF_ASSIST):
        return Supervision.PENDANT if device.person and not device.place else Supervision.PULL_CORD
    if device.purpose in _ACTS:
        return Supervision.ACTUATOR
    if device.purpose in (Purpose.PRESENCE_TAG, Purpose.OTHER):
        return Supervision.NONE
    return Supervision.BATTERY_SENSOR


def check_secret(folder: Path, document: Document, at: _At, written: str | None, found: Found) -> None:
    """A file with a secret can be read by us, holds something, and is not for everybody on the machine."""
    path = _check_readable(folder, document, at, written, found)
    if path is None:
        return
    if path.stat().st_size == 0:
        found.no(document, at, f"{at[-1]} {written} is empty", "the secret alone, on one line")
    if path.stat().st_mode & stat.S_IROTH:
        found.warn(document, at, f"{written} can be read by everybody on this machine", f"chmod 600 {written}")


def _check_readable(folder: Path, document: Document, at: _At, written: str | None, found: Found) -> Path | None:
    if not written:
        return None
    path = within(folder, written)
    if not path.is_file():
        found.no(document, at, f"{at[-1]} {written} does not exist", "a file, relative to the home's folder")
        return None
    if not os.access(path, os.R_OK):
        found.no(document, at, f"{at[-1]} {written} cannot be read", "a file that this user may read")
        return None
    return path


def _is_timezone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
