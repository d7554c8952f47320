"""What the hub and the screens need to know about this machine, besides the home itself."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from hub.config.files import BrokerForm, DashboardsForm, HomeAssistantForm, HomeFile, InfluxForm, WatcherForm
from hub.ledger.retention import Retention
from hub.mqtt.types import BrokerAddress
from hub.ordinary import read_ordinary
from rules.home import Channel

log = logging.getLogger("handrail.configuration")

DATA_NOTE = ".data-folder"
URL_WORDS = "mqtt://host:port or mqtts://host:port"
_PORTS = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesSettings:
    """The InfluxDB that events are copied to."""

    url: str
    org: str
    bucket: str
    token_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeAssistantSettings:
    """The Home Assistant whose services plans may ask for."""

    url: str
    token_file: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class WatcherSettings:
    """The watcher: its account on the broker, and whom it tells besides everybody."""

    broker: BrokerAddress
    channels: tuple[Channel, ...] = ()
    sounders: tuple[str, ...] = ()
    """Names of placed devices; none means every siren and sounder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSettings:
    """Where things are for the processes of this home. Paths are absolute."""

    folder: Path
    """The home's folder; files named in `Home` (such as a channel's `url_file`) are relative to it."""
    data: Path
    broker: BrokerAddress
    """With the hub's own account."""
    dashboards_broker: BrokerAddress
    """The same broker with the screens' account."""
    dashboards_host: str = "127.0.0.1"
    dashboards_port: int = 8080
    series: SeriesSettings | None = None
    watcher: WatcherSettings | None = None
    """Where the home has one, and the hub shall say when it does not run."""
    retention: Retention = field(default_factory=Retention)
    home_assistant: HomeAssistantSettings | None = None

    def file(self, written: str) -> Path:
        """A file as `home.yaml` or `staff.yaml` names it."""
        return within(self.folder, written)


def within(folder: Path, written: str) -> Path:
    """A path as somebody wrote it, relative to the home's folder unless it is absolute."""
    return folder / Path(written).expanduser()


def remember_data_folder(folder: Path, data: Path) -> None:
    """Leave a note beside `home.yaml` of where the ledger is, where that is not the usual place: without it a lost
    `home.yaml` would take the last accepted configuration with it. A folder that cannot be written keeps none."""
    note = folder.absolute() / DATA_NOTE
    try:
        if data == folder.absolute() / "data":
            note.unlink(missing_ok=True)
        elif not note.is_file() or _noted(folder) != str(data):
            fresh = note.with_suffix(".new")
            fresh.write_text(f"{data}\n", encoding="utf-8")
            fresh.replace(note)
    except OSError as error:
        log.warning("%s cannot be written (%s): should home.yaml be lost, its `data` is too", note, error.strerror)


def data_folder(folder: Path) -> Path:
    """Where the ledger is, also where `home.yaml` cannot be understood: the line that says so is read by eye, and where
    there is none, the note of the last start."""
    folder = folder.absolute()
    try:
        text = read_ordinary(folder / "home.yaml").decode("utf-8", "replace")
    except OSError:
        text = ""
    found = re.search(r"^data:[ \t]*[\"']?([^\"'#\n]+)", text, re.MULTILINE)
    written = found[1].strip() if found else _noted(folder)
    return within(folder, written or "data")


def _noted(folder: Path) -> str:
    try:
        return read_ordinary(folder / DATA_NOTE).decode("utf-8", "replace").strip("\0 \r\n")
    except OSError:
        return ""


def without_login(url: str) -> str:
    """An address that may be shown: what stands before an @ is left out."""
    scheme, slashes, rest = url.rpartition("//")
    return scheme + slashes + rest.rpartition("@")[2]


def broker_url_fault(url: str) -> str:
    """What is wrong with a broker's address; empty where nothing is."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "cannot be read as an address"
    if parts.scheme not in _PORTS:
        return "begins with neither mqtt:// nor mqtts://"
    if parts.username is not None or parts.password is not None:
        return "holds a log-in, which belongs in username and password_file"
    if not parts.hostname:
        return "names no host"
    if port == 0 or parts.path not in ("", "/") or parts.query or parts.fragment:
        return "holds more than host and port"
    return ""


def settings_of_home(folder: Path, written: HomeFile) -> HubSettings:
    """The settings of a `home.yaml` that was found right."""
    influx = written.series.influxdb if written.series else None
    return HubSettings(
        folder=folder,
        data=within(folder, written.data),
        broker=_address(folder, written.broker, written.broker),
        dashboards_broker=_address(folder, written.broker, written.dashboards),
        dashboards_host=written.dashboards.host,
        dashboards_port=written.dashboards.port,
        series=_series(folder, influx) if influx else None,
        watcher=_watcher(folder, written.broker, written.watcher) if written.watcher else None,
        retention=Retention(**written.retention.model_dump()),
        home_assistant=_home_assistant(folder, written.home_assistant) if written.home_assistant else None,
    )


def _watcher(folder: Path, broker: BrokerForm, written: WatcherForm) -> WatcherSettings:
    return WatcherSettings(
        broker=_address(folder, broker, written),
        channels=tuple(
            Channel(url_file=channel.url_file or "", url=channel.url or "", deadline_s=channel.deadline)
            for channel in written.channels
        ),
        sounders=tuple(written.sounders),
    )


def _home_assistant(folder: Path, written: HomeAssistantForm) -> HomeAssistantSettings:
    return HomeAssistantSettings(url=written.url, token_file=within(folder, written.token_file))


def _series(folder: Path, influx: InfluxForm) -> SeriesSettings:
    return SeriesSettings(
        url=influx.url, org=influx.org, bucket=influx.bucket, token_file=_file(folder, influx.token_file)
    )


def _address(folder: Path, broker: BrokerForm, account: BrokerForm | DashboardsForm | WatcherForm) -> BrokerAddress:
    parts = urlsplit(broker.url)
    return BrokerAddress(
        host=parts.hostname or "",
        port=parts.port or _PORTS[parts.scheme],
        tls=parts.scheme == "mqtts",
        ca_file=_file(folder, broker.ca_file),
        cert_file=_file(folder, broker.cert_file),
        key_file=_file(folder, broker.key_file),
        username=account.username,
        password_file=_file(folder, account.password_file),
    )


def _file(folder: Path, written: str | None) -> Path | None:
    return within(folder, written) if written else None
