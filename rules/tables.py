"""A table: rows by key, with what changed since it was last written down."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

Row = TypeVar("Row")


class Table(Generic[Row]):
    """Rows by key, with what changed since the last `adopt`.

    `name_of` gives the key under which a row is stored where that is not its key in memory (an episode lives under its
    rule and is stored under its own id).
    """

    __slots__ = ("_before", "changed", "name_of", "rows")

    def __init__(self, name_of: Callable[[Row], str] | None = None) -> None:
        self.rows: dict[str, Row] = {}
        self.changed: dict[str, Row | None] = {}
        self.name_of = name_of
        self._before: tuple[dict[str, Row | None], dict[str, Row | None]] | None = None

    def get(self, key: str) -> Row | None:
        """The row of this key, if there is one."""
        return self.rows.get(key)

    def __contains__(self, key: str) -> bool:
        return key in self.rows

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows.values())

    def __len__(self) -> int:
        return len(self.rows)

    def put(self, key: str, row: Row) -> None:
        """Set a row, now and in the store."""
        if self._before is not None:
            self._before[0].setdefault(key, self.rows.get(key))
        self.rows[key] = row
        self.changed[self.name_of(row) if self.name_of else key] = row

    def drop(self, key: str) -> None:
        """Remove a row, now and from the store."""
        if key in self.rows:
            row = self.rows.pop(key)
            if self._before is not None:
                self._before[0].setdefault(key, row)
            self.changed[self.name_of(row) if self.name_of else key] = None

    def erase(self, name: str) -> None:
        """Remove what is stored under this name, also where memory never held it."""
        if self.name_of is not None:
            name_of = self.name_of
            self.drop(next((key for key, row in self.rows.items() if name_of(row) == name), ""))
        else:
            self.drop(name)
        self.changed[name] = None

    def finish(self, key: str, row: Row) -> None:
        """Store a last version of a row and forget it in memory: its history stays in the store."""
        self.put(key, row)
        del self.rows[key]

    def forget(self, key: str) -> None:
        """Forget a row in memory alone; the store keeps it."""
        row = self.rows.pop(key, None)
        if self._before is not None:
            self._before[0].setdefault(key, row)

    def begin(self) -> None:
        """From here to `end` or `take_back`, changes can be taken back."""
        self._before = {}, dict(self.changed)

    def end(self) -> None:
        """What changed since `begin` stays."""
        self._before = None

    def touched(self) -> list[Row]:
        """The rows that changed since `begin` and are still here."""
        return [self.rows[key] for key in self._before[0] if key in self.rows] if self._before is not None else []

    def take_back(self) -> None:
        """As if nothing had happened since `begin`; rows may stand in another order, which means nothing."""
        if self._before is None:
            return
        (rows, self.changed), self._before = self._before, None
        for key, row in rows.items():
            if row is None:
                self.rows.pop(key, None)
            else:
                self.rows[key] = row

    def adopt(self) -> None:
        """What changed is written down, or will be: the past."""
        if self.changed:
            self.changed = {}
