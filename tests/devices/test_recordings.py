"""Recorded traffic is the test of an adapter: what was on the wire, and what it means."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import orjson
import pytest

from devices.adapter import Adapter, Description, Message
from devices.blueprint import Blueprint
from devices.catalogue import ADAPTERS

RECORDINGS = Path(__file__).parent / "recordings"
EVERY: tuple[Adapter, ...] = (*ADAPTERS, Blueprint())


@pytest.mark.parametrize("adapter", EVERY, ids=lambda adapter: adapter.name)
def test_every_recorded_message_means_what_its_line_says(adapter: Adapter) -> None:
    """Each line is decoded with what the lines before it introduced, and gives exactly the events it expects."""
    known: dict[str, Description] = {}
    wrong: list[str] = []
    for row in map(orjson.loads, (RECORDINGS / f"{adapter.name}.jsonl").read_bytes().splitlines()):
        message = Message(row["topic"], row["payload"].encode(), retain=row["retain"])
        decoded = adapter.decode(message, known)
        known.update((item.device, item) for item in decoded.learned)
        got = [asdict(event) for event in decoded.events]
        wanted = row["expect"]
        fits = len(got) == len(wanted) and all(
            all(event[name] == value for name, value in want.items()) for event, want in zip(got, wanted, strict=True)
        )
        if decoded.error is not None or not fits:
            wrong.append(
                f"{row['topic']} {row['payload'][:200]} ({row['why']}): wanted {wanted}, got {got} {decoded.error}"
            )
    assert not wrong, "\n".join(wrong)
