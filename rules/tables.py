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

    __slots__ = ("changed", "name_of", "rows")

    def __init__(self, name_of: Callable[[Row], str] | None = None) -> None:
        self.rows: dict[str, Row] = {}
        self.changed: dict[str, Row | None] = {}
        self.name_of = name_of

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
        self.rows[key] = row
        self.changed[self.name_of(row) if self.name_of else key] = row

    def drop(self, key: str) -> None:
        """Remove a row, now and from the store."""
        if key in self.rows:
            row = self.rows.pop(key)
            self.changed[self.name_of(row) if self.name_of else key] = None

    def finish(self, key: str, row: Row) -> None:
        """Store a last version of a row and forget it in memory: its history stays in the store."""
        self.put(key, row)
        del self.rows[key]

    def forget(self, key: str) -> None:
        """Forget a row in memory alone; the store keeps it."""
        self.rows.pop(key, None)

    def adopt(self) -> None:
        """What changed is written down, or will be: the past."""
        if self.changed:
            self.changed = {}
