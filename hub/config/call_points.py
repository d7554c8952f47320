"""The places from which nobody can call while Handrail is down: the rooms without us."""

from __future__ import annotations

from collections.abc import Sequence

from hub.config.crosscheck import Files, Found
from rules.home import Place


def check_call_points(files: Files, found: Found, places: Sequence[Place]) -> None:
    """Warn of every place without a call point of its own, compactly and with the lines; nothing is refused."""
    blind = [(number, place) for number, place in enumerate(places) if place.is_blind_spot]
    accepted = [row for row in blind if row[1].is_accepted_blind]
    unknown = [row for row in blind if not row[1].is_accepted_blind]
    _warn(
        files, found, unknown, "no call point that works without Handrail", "call_point: for each, or none, because …"
    )
    _warn(files, found, accepted, "none, which the home has accepted", "")


def _warn(files: Files, found: Found, rows: list[tuple[int, Place]], what: str, expected: str) -> None:
    if not rows:
        return
    document = files.home_document
    lines = [document.lines.of(("places", number)) for number, _ in rows]
    named = [(number, place.place, line) for (number, place), line in zip(rows, lines, strict=True)]
    many = f"{len(rows)} places have" if len(rows) > 1 else "1 place has"
    found.warn(document, ("places", rows[0][0]), f"{many} {what}: {', '.join(_runs(named))}", expected)


def _runs(named: list[tuple[int, str, int]]) -> list[str]:
    """Places that follow each other in the file as one: `001 to 040 (lines 30 to 69)`."""
    said: list[str] = []
    first = last = named[0]
    for row in [*named[1:], None]:
        if row is not None and row[0] == last[0] + 1:
            last = row
            continue
        if first is last:
            said.append(f"{first[1]} (line {first[2]})")
        else:
            said.append(
                f"{first[1]} {'to' if last[0] > first[0] + 1 else 'and'} {last[1]} (lines {first[2]} to {last[2]})"
            )
        if row is not None:
            first = last = row
    return said
