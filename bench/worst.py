"""The longest that any adapter takes for one message of 64 KiB. Promised: never more than 5 ms.

    python bench/worst.py [ADAPTER…]

Each recorded message is blown up to 64 KiB in every way we could think of: each object and list in it repeated, each
text lengthened, each value nested, and bytes that are nothing at all. Of each the best of seven is taken, in time of
the processor, so that the adapter is measured and not its neighbours. Exit 1 where something takes longer than 5 ms.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from time import thread_time

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import orjson

from devices import templates
from devices.adapter import Adapter, Message
from devices.catalogue import ADAPTERS
from devices.known import KnownDevices

MOST_BYTES = 65_536
MOST_MS = 5.0
TIMES = 7
MOST_ROWS, MOST_PLACES = 24, 12
"""Of long recordings and long messages every so many-th, so that this ends within a minute or two."""
RECORDINGS = Path(__file__).resolve().parent.parent / "tests" / "devices" / "recordings"


def places(body: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The way to every value in a document."""
    yield path
    if isinstance(body, dict):
        for key, value in body.items():
            yield from places(value, (*path, key))
    elif isinstance(body, list):
        for number, value in enumerate(body):
            yield from places(value, (*path, number))


def at(body: object, path: tuple[str | int, ...]) -> object:
    """What lies there."""
    for step in path:
        body = body[step]  # type: ignore[index]
    return body


def changed(body: object, path: tuple[str | int, ...], value: object) -> object:
    """A copy with another value there."""
    if not path:
        return value
    copy = orjson.loads(orjson.dumps(body))
    at(copy, path[:-1])[path[-1]] = value  # type: ignore[index]
    return copy


def grown(value: object, room: int) -> Iterator[object]:
    """A value, so large, in every way that keeps what it is; and as what it is not."""
    size = max(1, len(orjson.dumps(value)))
    many = max(1, room // (size + 8))
    if isinstance(value, dict) and value:
        yield {**value, **{f"{key}{n}": item for n in range(many // 2) for key, item in value.items()}}
        first = next(iter(value.values()))
        each = max(1, room // (len(orjson.dumps(first)) + 10))
        yield {**value, **{f"k{n}": first for n in range(each)}}
        key = next(iter(value))
        yield {**value, **{f"{key}_{n}": first for n in range(each // 2)}}
        yield {**value, **{f"{key}{n}": {} for n in range(room // (len(key) + 10))}}
    elif isinstance(value, list) and value:
        yield value * many
        yield [[]] * (room // 3)
        yield [{}] * (room // 3)
    elif isinstance(value, str):
        yield (value or "x") * (room // max(1, len(value.encode()) or 1))
        yield value + " " * room
        yield value + "-a_1" * (room // 4)
        yield value + "{{ value }}" * (room // 11)
        yield value + "sos" * (room // 3)
        yield value + "1" * room
        yield [value] * (room // (len(value.encode()) + 3))
    yield [value] * many
    yield {f"a{n}": value for n in range(room // (size + 12))}
    deep = value
    for _ in range(100):
        deep = {"a": deep}
    yield deep


def bodies(text: str) -> Iterator[bytes]:
    """What a message could be at its worst."""
    try:
        body: object = orjson.loads(text)
    except orjson.JSONDecodeError:
        body = None
    if isinstance(body, (dict, list)):
        room = MOST_BYTES - len(text) - 64
        every = list(places(body))
        for path in every[:: len(every) // MOST_PLACES + 1]:
            for value in grown(at(body, path), room):
                try:
                    made = orjson.dumps(changed(body, path, value))
                except (orjson.JSONEncodeError, TypeError):
                    continue
                if len(made) <= MOST_BYTES:
                    yield made
    else:
        for filler in (text or "x", " ", "1", "a-", "0x", "sos "):
            yield (text + filler * (MOST_BYTES // len(filler.encode()))).encode()[:MOST_BYTES]
    yield b"[" * (MOST_BYTES // 2) + b"]" * (MOST_BYTES // 2)
    yield b'{"a":' * 1000 + b"1" + b"}" * 1000
    yield b"\xff" * MOST_BYTES
    yield b"9" * MOST_BYTES
    yield b"[" + b"1," * 30_000 + b"1]"


def introductions() -> Iterator[tuple[str, bytes]]:
    """By discovery: a hundred parts with a template each, and one template as long as it may be."""
    inside = (" + 1" * 110, " | int(0)" * 45, " ~ 'a'" * 60, "")
    for more in inside:
        parts = {
            f"c{n}": {
                "p": "sensor",
                "name": f"part {n} sos",
                "stat_t": f"x/{n}",
                "val_tpl": f"{{{{ value_json.a{n}{more} }}}}",
            }
            for n in range(100)
        }
        yield "homeassistant/device/x/config", orjson.dumps({"dev": {"ids": ["x"]}, "o": {"name": "x"}, "cmps": parts})
        long = f"{{{{ value_json.a{more * 100}"[:1480].rpartition(" ")[0] + " }}"
        yield "homeassistant/sensor/x/config", orjson.dumps({"name": "x", "stat_t": "x/y", "val_tpl": long})


def worst_of(adapter: Adapter) -> tuple[float, str, bytes]:
    """Milliseconds, topic and message of what takes longest."""
    rows = [orjson.loads(line) for line in (RECORDINGS / f"{adapter.name}.jsonl").read_bytes().splitlines()]
    chosen = {id(row) for row in rows[:: len(rows) // MOST_ROWS + 1]}
    known = KnownDevices()
    worst = (0.0, "", b"")
    for topic, body in introductions() if adapter.name == "homeassistant_discovery" else ():
        best = float("inf")
        for _ in range(TIMES):
            templates.refusal_of.cache_clear()
            started = thread_time()
            adapter.decode(Message(topic, body, retain=True), known)
            best = min(best, (thread_time() - started) * 1000)
        worst = max(worst, (best, topic, body))
    for row in rows:
        topic, retain = str(row["topic"]), row["retain"] is True
        for body in bodies(str(row["payload"])) if id(row) in chosen else ():
            message = Message(topic, body, retain=retain)
            best = float("inf")
            for turn in range(TIMES):
                started = thread_time()
                adapter.decode(message, known)
                best = min(best, (thread_time() - started) * 1000)
                if turn == 1 and best < worst[0] / 2:
                    break
            if best > worst[0]:
                worst = (best, topic, body)
        known.update(
            (item.device, item)
            for item in adapter.decode(Message(topic, str(row["payload"]).encode(), retain=retain), known).learned
        )
    return worst


def main() -> int:
    """One line for each adapter."""
    names = set(sys.argv[1:])
    is_late = False
    for adapter in ADAPTERS:
        if names and adapter.name not in names:
            continue
        took_ms, topic, body = worst_of(adapter)
        is_late |= took_ms > MOST_MS
        print(f"{adapter.name:24} {took_ms:7.2f} ms  {topic}  {body[:90]!r}", flush=True)
    return 1 if is_late else 0


if __name__ == "__main__":
    sys.exit(main())
