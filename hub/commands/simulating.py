"""`handrail simulate`: believable days on standard output, or on the home's broker."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import aiomqtt

from hub.clock import SystemClock
from hub.config.read import read_home
from hub.errors import BrokerUnreachable
from hub.homes import HomeRefused, named
from hub.mqtt.types import BrokerAddress
from hub.simulate.days import days_of
from hub.simulate.messages import Said
from hub.simulate.pace import client, paced, say


def simulate_days(folder: Path, *, days: int, seed: int, start: str, publish: bool, speed: float) -> int:
    """Print the days as JSON lines, or publish them from this moment on."""
    with named(folder):
        reading = read_home(folder)
    if not publish:
        first = _date(start)
        for said in days_of(reading.home, seed=seed, first=first, days=days):
            sys.stdout.write(f"{said.line()}\n")
        return 0
    clock = SystemClock()
    now_ms = clock.wall_ms()
    here = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(ZoneInfo(reading.home.timezone))
    today = here.date() if here.hour >= 12 else here.date() - timedelta(days=1)
    events = days_of(reading.home, seed=seed, first=today, days=days + 1)
    until_ms = now_ms + days * 86_400_000
    whole = (said for said in events if said.at_ms < until_ms)
    asyncio.run(_publish(reading.settings.broker, whole, clock, now_ms, speed))
    return 0


def _date(written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise HomeRefused(f"--from {written}: expected a date as in 2026-03-02") from None


async def _publish(
    broker: BrokerAddress, events: Iterable[Said], clock: SystemClock, now_ms: int, speed: float
) -> None:
    try:
        async with client(broker, "handrail-simulator") as connected:
            async for said in paced(events, from_ms=now_ms, speed=speed, clock=clock):
                await say(connected, said, clock)
    except aiomqtt.MqttError as error:
        raise BrokerUnreachable(f"the broker at {broker}: {error}; is it running, may this account publish?") from error
