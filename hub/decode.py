"""`handrail decode`: the adapters without a broker. JSON lines in, one JSON line out for each, in order."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from io import TextIOWrapper

import orjson

from devices.adapter import Decoded, Description, Introduced, Message
from devices.catalogue import DEFAULT, Catalogue
from devices.events import Event
from devices.known import KnownDevices


def decode_lines(lines: Iterable[str], catalogue: Catalogue = DEFAULT) -> Iterator[str]:
    """One answer for each line that is not blank; devices that introduce themselves are known for the lines behind.

    A device that is missing from a later inventory stays known here: a file may join the recordings of several homes.
    """
    known = KnownDevices()
    for line in lines:
        if not line.strip():
            continue
        decoded = _decode(line, known, catalogue)
        known.update((item.device, item) for item in decoded.learned)
        yield orjson.dumps(_answer(decoded)).decode()


def _decode(line: str, known: KnownDevices, catalogue: Catalogue) -> Decoded:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return Decoded(error=f"the line is not JSON: {error}")
    if not isinstance(row, dict) or not isinstance(row.get("topic"), str) or "payload" not in row:
        return Decoded(error="a line is {topic, payload, retain?}, with the topic as text")
    payload = row["payload"]
    body = payload.encode() if isinstance(payload, str) else b"" if payload is None else orjson.dumps(payload)
    message = Message(topic=row["topic"], payload=body, retain=row.get("retain") is True)
    adapter = catalogue.adapter_for(message.topic, known)
    if adapter is None:
        return Decoded(error=f"no adapter reads the topic {message.topic}")
    return adapter.decode(message, known)


def _answer(decoded: Decoded) -> dict[str, object]:
    return {
        "events": [_event(event) for event in decoded.events],
        "learned": [*map(_introduced, decoded.introduced), *map(_learned, decoded.learned)],
        "error": decoded.error,
    }


def _event(event: Event) -> dict[str, object]:
    said: dict[str, object] = {
        "kind": event.kind.value,
        "value": event.value,
        "unit": event.unit,
        "device": event.device,
        "press": event.press,
        "repeat_window_ms": event.repeat_window_ms,
    }
    more = {"field": event.field, "stamp": event.stamp, "at_ms": event.at_ms, "press_id": event.press_id}
    said.update((name, value) for name, value in more.items() if value is not None)
    return said


def _introduced(item: Introduced) -> dict[str, object]:
    return {"device": item.device, "kind": item.kind.value, "name": item.name}


def _learned(item: Description) -> dict[str, object]:
    return {
        "device": item.device,
        "kind": item.kind.value,
        "kinds": [kind.value for kind in item.kinds],
        "name": item.name,
        "ecosystem": item.ecosystem,
        "model": item.model,
        "vendor": item.vendor,
        "text": item.text,
        "topics": item.topics,
        "commands": item.commands,
        "can_call": item.can_call,
        "unclear": item.unclear,
        **({"checks_in_s": item.checks_in_s} if item.checks_in_s else {}),
        **({"gateway": item.gateway} if item.gateway else {}),
    }


def main() -> int:
    """Standard input to standard output, each answer written before the next line is read."""
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")
    try:
        for answer in decode_lines(sys.stdin):
            sys.stdout.write(f"{answer}\n")
            sys.stdout.flush()
    except BrokenPipeError:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
