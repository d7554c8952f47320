"""A step of help that calls a service of Home Assistant, through a whole hub: done, or said, and in nobody's way."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from hub.clock import SystemClock
from hub.config.new import write_new
from tests.faulted import read_of
from tests.hub.core_parts import DOOR, PENDANT, PRESS, SLUG, Rig
from tests.hub.home_assistant_parts import TOKEN, FakeHomeAssistant, write_token
from tests.parts import until

OPEN, CLOSED = b'{"contact":false}', b'{"contact":true}'
MUSIC = ("POST /api/services/media_player/play_media", {"entity_id": "media_player.room_001", "volume": 3})

PLAN = """\
resident: resident-001
known_as: Margaret
room: "001"
agreement: {{by: resident, on: {on}, review_by: {review_by}}}
rules:
  - rule: music
    why: Margaret likes to hear her music when she gets up.
    when: {{door: open}}
    help:
      - home_assistant: {{service: media_player.play_media, data: {{entity_id: media_player.room_001, volume: 3}}}}
      - wait: 5 min
    settled_by: [{{door: closed}}]
    otherwise: {{level: check, say: "Her door has been open for {{for}}."}}
    delay_agreed: {{risk: walks steadily, by: "J. Shah, RN", on: {on}}}
"""


@asynccontextmanager
async def evening(folder: Path, *, there: bool = True) -> AsyncIterator[tuple[Rig, FakeHomeAssistant]]:
    """A hub whose home has a Home Assistant, and a resident with music in her plan."""
    house = FakeHomeAssistant()
    if there:
        await house.start()
    write_new(folder / "home", rooms=2, slug=SLUG, timezone="UTC")
    write_token(folder / "home")
    with (folder / "home" / "home.yaml").open("a") as settings:
        settings.write(f"\nhome_assistant: {{url: '{house.url}', token_file: home-assistant.token}}\n")
    today = datetime.fromtimestamp(SystemClock().wall_ms() / 1000, UTC).date()
    days = {"on": today - timedelta(days=30), "review_by": today + timedelta(days=60)}
    (folder / "home" / "residents" / "resident-001.yaml").write_text(PLAN.format(**days))
    home = Rig(folder / "home")
    await home.start()
    try:
        yield home, house
    finally:
        if not home._running.done():
            await home.stop()
        await house.stop()


def waiting(home: Rig) -> list[tuple[object, ...]]:
    """The wishes for Home Assistant that the ledger still holds."""
    return home.rows("SELECT key FROM outbox WHERE key LIKE 'ask/%'")


def is_read(home: Rig, state: str) -> bool:
    """Whether people read on an alert in this state that help is not given, and what to do."""
    said = (orjson.loads(payload) for topic, payload, _ in home.broker.published if "/alert/" in topic and payload)
    return any(alert["state"] == state and read_of(alert, "home-assistant") for alert in said)


async def test_a_plan_plays_music_and_says_so(tmp_path: Path) -> None:
    """She opens her door, it plays; she closes it, and nobody was told. Nothing is left to be carried out."""
    async with evening(tmp_path) as (home, house):
        home.broker.say(DOOR, OPEN)
        await until(lambda: home.broker.log("delivered"))
        assert house.calls == [MUSIC]
        (line,) = home.broker.log("delivered")
        assert line["reason"] == "music: media_player.play_media: done"
        assert (line["episode"], line["resident"]) == ("e000001", "resident-001")
        home.broker.say(DOOR, CLOSED)
        await until(lambda: home.broker.log("settled"))
        await until(lambda: not waiting(home))
        assert not home.broker.log("told", "fault")
        kept = [path.read_bytes() for path in home.ledger.parent.iterdir() if path.is_file()]
        assert not [data for data in kept if TOKEN.encode() in data]


async def test_a_press_does_not_wait_for_a_home_assistant_that_hangs(tmp_path: Path) -> None:
    """It has taken the request and says nothing; meanwhile an emergency is told."""
    async with evening(tmp_path) as (home, house):
        await until(lambda: house.looks)
        house.hangs = True
        home.broker.say(DOOR, OPEN)
        await until(lambda: house.calls)
        home.broker.say(PENDANT, PRESS)
        await until(lambda: home.broker.log("told"))
        assert waiting(home)
        assert not home.broker.log("undelivered", "delivered", "fault")


@pytest.mark.fault("home-assistant")
async def test_staff_are_told_that_help_is_not_given_until_it_is(tmp_path: Path) -> None:
    """A token that it does not take: one technical alert, and the next service that is done ends it."""
    async with evening(tmp_path) as (home, house):
        await until(lambda: house.looks)
        house.token = "a new one"
        home.broker.say(DOOR, OPEN)
        await until(lambda: is_read(home, "told"))
        (line,) = home.broker.log("undelivered")
        said = str(line["reason"])
        assert said.startswith("music: media_player.play_media: Home Assistant at http://127.0.0.1:")
        assert "does not accept the token in" in said
        house.token = TOKEN
        home.broker.say(DOOR, CLOSED)
        await until(lambda: home.broker.log("settled"))
        home.broker.say(DOOR, OPEN)
        await until(lambda: is_read(home, "closed"))
        assert house.calls == [MUSIC]
        assert len(home.broker.log("fault")) == 1


async def test_down_and_back_within_its_time_is_no_failure(tmp_path: Path) -> None:
    """Home Assistant is being restarted just then."""
    async with evening(tmp_path, there=False) as (home, house):
        home.broker.say(DOOR, OPEN)
        await until(lambda: waiting(home))
        await house.start()
        await until(lambda: home.broker.log("delivered"), 10)
        assert house.calls == [MUSIC]
        assert not home.broker.log("undelivered", "dropped", "fault")


async def test_what_was_wished_before_a_crash_is_asked_after_it_or_dropped(tmp_path: Path) -> None:
    """Within its 30 s it is done once; later music would startle her, and the drop is written down."""
    async with evening(tmp_path, there=False) as (home, house):
        home.broker.say(DOOR, OPEN)
        await until(lambda: waiting(home))
        await home.kill()
        await until(lambda: "home-assistant" not in {thread.name for thread in threading.enumerate()})
        await house.start()
        await home.start()
        await until(lambda: home.broker.log("delivered"))
        await until(lambda: not waiting(home))
        assert house.calls == [MUSIC]
        await house.stop()
        home.broker.say(DOOR, CLOSED)
        await until(lambda: home.broker.log("settled"))
        home.broker.say(DOOR, OPEN)
        await until(lambda: waiting(home))
        await home.kill()
        # A real kill ends what was under way with its process; here the thread has to be waited for.
        await until(lambda: "home-assistant" not in {thread.name for thread in threading.enumerate()})
        home.clock.forward(31_000)
        await house.start()
        await home.start()
        await until(lambda: home.broker.log("dropped"))
        await until(lambda: not waiting(home))
        (line,) = home.broker.log("dropped")
        assert line["reason"] == "music: too late, it was not carried out"
        assert line["device"] == "home_assistant/media_player.play_media"
        assert house.calls == [MUSIC]


async def test_another_home_assistant_counts_from_the_next_start(tmp_path: Path) -> None:
    """People are told so until then."""
    async with evening(tmp_path) as (home, _):
        path = home.folder / "home.yaml"
        path.write_text(path.read_text().replace("http://127.0.0.1:", "http://localhost:"))
        home.hub.reload()
        await until(lambda: home.broker.log("fault"))
        (line,) = home.broker.log("fault")
        assert "what it says of home assistant was changed" in str(line["reason"])


async def test_a_plan_that_goes_on_without_its_home_assistant_says_so(tmp_path: Path) -> None:
    """Its section was taken out of home.yaml: the plan is refused, the one before goes on, and the log says so."""
    async with evening(tmp_path) as (home, house):
        await home.stop()
        path = home.folder / "home.yaml"
        written = path.read_text().splitlines(keepends=True)
        path.write_text("".join(line for line in written if not line.startswith("home_assistant")))
        await home.start()
        home.broker.say(DOOR, OPEN)
        await until(lambda: home.broker.log("undelivered"))
        (line,) = home.broker.log("undelivered")
        assert line["reason"] == "music: media_player.play_media: no Home Assistant is configured"
        assert (line["episode"], house.calls) == ("e000001", [])
