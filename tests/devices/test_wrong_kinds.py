"""Every recorded message with one value of another kind in it: a list where a word is meant, text for a number."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from devices.adapter import Adapter, Message
from devices.catalogue import ADAPTERS
from devices.known import KnownDevices

RECORDINGS = Path(__file__).parent / "recordings"
MOST_PLACES = 12
"""Of a long message only every so many-th place, so that this does not take a minute."""
DEEP = orjson.loads(b'{"a":' * 400 + b"1" + b"}" * 400)
"""Deeper than orjson writes, and not deeper than it reads."""
OTHERS: tuple[object, ...] = (
    [],
    {},
    [[]],
    {"a": []},
    None,
    True,
    -1,
    1.5,
    2**63,
    "",
    "x",
    "sos",
    ["emergency"],
    [{}],
    DEEP,
)

Path_ = tuple[str | int, ...]


def places(body: object, path: Path_ = ()) -> Iterator[Path_]:
    """The way to every value in a document."""
    yield path
    if isinstance(body, dict):
        for key, value in body.items():
            yield from places(value, (*path, key))
    elif isinstance(body, list):
        for number, value in enumerate(body):
            yield from places(value, (*path, number))


def said(body: object) -> bytes:
    """As JSON, however deep."""
    return json.dumps(body, ensure_ascii=False).encode()


def wrong(body: object, path: Path_, value: object) -> object:
    """A copy with another value there."""
    if not path:
        return value
    copy = orjson.loads(orjson.dumps(body))
    inner = copy
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return copy


@pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda adapter: adapter.name)
def test_a_value_of_another_kind_anywhere_is_no_exception(adapter: Adapter) -> None:
    """With and without what was learned before it; what such a message teaches is used for the next."""
    known = KnownDevices()
    tried = 0
    for line in (RECORDINGS / f"{adapter.name}.jsonl").read_bytes().splitlines():
        row = orjson.loads(line)
        topic, text, retain = str(row["topic"]), str(row["payload"]), row["retain"] is True
        try:
            body: object = orjson.loads(text)
        except orjson.JSONDecodeError:
            body = None
        if isinstance(body, (dict, list)):
            every = list(places(body))
            for path in every[:: len(every) // MOST_PLACES + 1]:
                for value in OTHERS:
                    made = Message(topic, said(wrong(body, path, value)), retain=retain)
                    learned = adapter.decode(made, known).learned
                    adapter.decode(
                        Message(topic, text.encode(), retain=retain), {item.device: item for item in learned}
                    )
                    tried += 1
        known.update((item.device, item) for item in adapter.decode(Message(topic, text.encode()), known).learned)
    assert tried or adapter.name in ("homie", "esphome")
