"""Presses pendants of a home that `handrail new` wrote, and shows what the hub makes of it.

`python press.py HOME press 1 20` presses those of rooms 1 to 20; `python press.py HOME show` prints the retained alerts
and the two heartbeats. For a home that nobody lives in.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import aiomqtt
from ruamel.yaml import YAML

GAP_S = 0.2
HEAR_S = 3.0


def connection(home: Path, account: str) -> tuple[aiomqtt.Client, str]:
    """A connection as this account, and the name of the home."""
    settings = YAML(typ="safe").load((home / "home.yaml").read_text(encoding="utf-8"))
    password = (home / "secrets" / f"{account}.password").read_text(encoding="utf-8").strip()
    url = urlsplit(settings["broker"]["url"])
    client = aiomqtt.Client(url.hostname or "127.0.0.1", url.port or 1883, username=account, password=password)
    return client, settings["home"]


async def press(home: Path, first: int, last: int) -> None:
    """As Zigbee2MQTT says it."""
    client, _ = connection(home, "zigbee2mqtt")
    async with client:
        for room in range(first, last + 1):
            said = {"action": "emergency", "last_seen": datetime.now(UTC).isoformat(timespec="milliseconds")}
            await client.publish(f"zigbee2mqtt/room-{room:03}-pendant", json.dumps(said), qos=1)
            await asyncio.sleep(GAP_S)


async def show(home: Path) -> None:
    """One line each."""
    client, name = connection(home, "dashboards")
    heard: dict[str, str] = {}
    async with client:
        for what in ("alert/+", "status", "watch/#"):
            await client.subscribe(f"handrail/{name}/{what}", qos=1)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HEAR_S):
                async for message in client.messages:
                    heard[str(message.topic)] = bytes(message.payload).decode()
    for topic, said in sorted(heard.items()):
        found = json.loads(said) if said else {}
        print(topic, found.get("state"), found.get("reason") or found.get("why") or "")


def main(home: Path, what: str, *rooms: str) -> None:
    """Do what the command line says."""
    if what == "press":
        asyncio.run(press(home, *(int(room) for room in rooms)))
    else:
        asyncio.run(show(home))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
