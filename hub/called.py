"""Which resident is meant by a name on the command line: the short name, or what they like to be called."""

from __future__ import annotations

from collections.abc import Iterable

from hub.config.problems import nearest, one_of
from hub.errors import HandrailError
from rules.home import Resident


class NotOneResident(HandrailError):
    """A name means nobody who lives here, or more than one."""


def called(name: str, residents: Iterable[Resident]) -> Resident:
    """The resident of that short name, else the only one who is called so; raises `NotOneResident`."""
    every = tuple(residents)
    wanted = _plainly(name)
    exact = [one for one in every if one.resident == name]
    found = exact or [one for one in every if wanted in (_plainly(one.resident), _plainly(one.known_as))]
    if len(found) == 1:
        return found[0]
    if found:
        each = ", ".join(f"{one.resident} ({one.known_as}, room {one.room})" for one in found)
        raise NotOneResident(f'"{name}" may mean {len(found)} residents: {each}; say the short name of one')
    known = [*(one.known_as for one in every), *(one.resident for one in every)]
    meant = nearest(name, known)
    hint = f'; did you mean "{meant}"?' if meant else ""
    raise NotOneResident(f'nobody called "{name}" lives here; expected {one_of([one.resident for one in every])}{hint}')


def _plainly(name: str) -> str:
    return " ".join(name.split()).casefold()
