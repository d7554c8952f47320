"""What commands need to know of a home before, or without, reading all of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from hub.config.complain import complaints
from hub.config.document import read_document
from hub.config.files import HomeFile
from hub.config.problems import ConfigurationRefused
from hub.config.settings import HubSettings, settings_of_home
from hub.errors import HandrailError

LEDGER = "ledger.db"


class HomeRefused(HandrailError):
    """There is no home in this folder, or its files cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A home by its `home.yaml` alone."""

    slug: str
    name: str
    settings: HubSettings

    @property
    def ledger(self) -> Path:
        """The ledger's file."""
        return self.settings.data / LEDGER


@contextmanager
def named(folder: Path) -> Iterator[None]:
    """What is refused inside is told with the folder, and with what shows all of it."""
    if not folder.is_dir():
        raise HomeRefused(f"there is no folder {folder}: `handrail new {folder}` writes a new home")
    try:
        yield
    except ConfigurationRefused as refused:
        more = len(refused.problems) - 1
        rest = f"; {more} more, all of them with: handrail check {folder}" if more > 0 else ""
        raise HomeRefused(f"{folder / str(refused.problems[0])}{rest}") from None


def known(folder: Path) -> Known:
    """Read `home.yaml`; raises `HomeRefused` with its first problem. Other files do not matter here."""
    with named(folder):
        document = read_document(folder.absolute(), "home.yaml")
        try:
            written = HomeFile.model_validate(document.data)
        except ValidationError as error:
            raise ConfigurationRefused(complaints(error, document, HomeFile)) from None
    return Known(slug=written.home, name=written.name, settings=settings_of_home(folder.absolute(), written))
