"""The file in which the watcher keeps what it holds: the shell writes it, and the next one goes on with it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from hub.watch.held import Held, from_bytes, to_bytes
from hub.watch.memory import FILE, Memory
from hub.watch.records import Show
from tests.hub.test_watch_shell import PENDANT, PRESS, READY, SLUG, TOP, Rig, rig
from tests.hub.watch_parts import Night
from tests.parts import until

BACK = "Handrail's hub is back"
STAMP = "2026-11-21T02:00:09.100Z"


def file_of(home: Rig) -> Path:
    """Where the watcher keeps what it holds."""
    return home.folder / "data" / FILE


async def told_by_the_first(tmp_path: Path) -> bytes:
    """A watcher told a press while the hub was gone; what the disk holds at that moment."""
    async with rig(tmp_path) as home:
        home.hub_dies()
        home.link.say(PENDANT, PRESS, False)
        await until(lambda: len(home.phones.sent) == 2)
        home.wait(1)
        await until(lambda: file_of(home).exists() and from_bytes(file_of(home).read_bytes()).rows[0].reached)
        return file_of(home).read_bytes()


async def test_the_next_watcher_shows_it_and_hands_it_back(tmp_path: Path) -> None:
    """It is on the board from the first moment, a tap on *Heard* is answered, and the file goes when all is over."""
    held = await told_by_the_first(tmp_path)
    assert (tmp_path / "home" / "data" / FILE).stat().st_mode & 0o777 == 0o600
    async with rig(tmp_path) as home:
        assert file_of(home).read_bytes() == held
        (topic,) = home.link.shown
        assert orjson.loads(home.link.on(f"{TOP}/watch/status")[0])["state"] == "in_charge"
        home.link.say(topic, home.link.shown[topic], True)
        wish = {"id": "r-1", "do": "heard", "alert": topic.rsplit("/", 1)[1], "by": "carer-1"}
        home.link.say(f"{TOP}/do/dashboards", orjson.dumps(wish), False)
        assert orjson.loads(home.link.on(f"{TOP}/done/r-1")[0])["ok"]
        home.hub_takes("001")
        for _ in range(4):
            home.link.say(f"{TOP}/status", READY, False)
            home.wait(3)
        await until(lambda: home.phones.sent)
        assert home.phones.sent == [("json://watcher", BACK)]
        assert home.link.shown == {}
        await until(lambda: not file_of(home).exists())


async def test_a_press_that_waits_for_the_hubs_answer_is_kept_too(tmp_path: Path) -> None:
    """Until the hub shows that it took it."""
    async with rig(tmp_path) as home:
        home.link.say(PENDANT, PRESS, False)
        home.watcher.tick()
        await until(lambda: file_of(home).exists())
        home.hub_takes("001")
        home.watcher.tick()
        await until(lambda: not file_of(home).exists())


async def test_a_press_that_the_hub_takes_at_once_costs_the_disk_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub commits it just then, maybe on the same disk."""
    written: list[Held | None] = []
    monkeypatch.setattr(Memory, "_write", lambda _, held: written.append(held))
    async with rig(tmp_path) as home:
        home.link.say(PENDANT, PRESS, False)
        home.watcher.tick()
        home.hub_takes("001")
        home.watcher.tick()
        await home.watcher._memory.flushed(5)
        assert written == []


async def test_what_a_killed_watcher_left_half_written_is_taken_away(tmp_path: Path) -> None:
    """Names are in it."""
    await told_by_the_first(tmp_path)
    left = tmp_path / "home" / "data" / f"{FILE}.new"
    left.with_name(FILE).rename(left)
    async with rig(tmp_path) as home:
        await until(lambda: not left.exists())
        assert home.phones.sent == []


@pytest.mark.parametrize("spoil", [lambda held: b"", lambda held: held[:-9], lambda held: held.replace(b"001", b"002")])
async def test_a_broken_file_stops_nothing_and_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, spoil: Callable[[bytes], bytes]
) -> None:
    """To everybody, who may know of the call; it is removed, and the watcher watches."""
    held = await told_by_the_first(tmp_path)
    (tmp_path / "home" / "data" / FILE).write_bytes(spoil(held))
    for said in (["The watcher forgot what it told"], []):
        async with rig(tmp_path) as home:
            home.wait(1)
            await until(lambda said=said: [title for _, title in home.phones.sent] == said)  # type: ignore[misc]
            assert home.link.shown == {}
            assert not file_of(home).exists()
            home.hub_dies()
            home.link.say("zigbee2mqtt/room-002-pendant", PRESS, False)
            await until(lambda: any("Resident 002" in title for _, title in home.phones.sent))
            home.hub_takes("002")
            for _ in range(4):
                home.link.say(f"{TOP}/status", READY, False)
                home.wait(3)
            await until(lambda: not file_of(home).exists())
    assert sum("cannot be used, it is not whole" in record.getMessage() for record in caplog.records) == 1


async def test_what_another_home_was_told_is_not_told_here(tmp_path: Path) -> None:
    """The folder was copied as the beginning of another home: its names are nobody's here, and the file goes."""
    await told_by_the_first(tmp_path)
    folder = tmp_path / "home"
    (folder / "home.yaml").write_text((folder / "home.yaml").read_text().replace(SLUG, "oak-house"))
    async with rig(tmp_path) as home:
        home.wait(1)
        await until(lambda: [title for _, title in home.phones.sent] == ["The watcher forgot what it told"])
        assert home.link.shown == {}
        assert not file_of(home).exists()


def test_a_disk_that_answers_with_an_error_does_not_keep_the_watcher_from_its_start(tmp_path: Path) -> None:
    """Not even where it cannot say whether a file is there."""
    memory = Memory(tmp_path / ("x" * 300) / FILE, SLUG)
    assert memory.read() is None
    assert memory.was_broken


async def test_a_disk_that_takes_nothing_delays_no_telling_and_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Each press is told as ever; when the disk takes it again, that is said, and the newest is kept."""
    async with rig(tmp_path) as home:
        home.watcher._memory._again_s = 0.05
        in_the_way = file_of(home).with_name(f"{FILE}.new")
        in_the_way.mkdir()
        home.hub_dies()
        for room in ("001", "002"):
            home.link.say(f"zigbee2mqtt/room-{room}-pendant", PRESS, False)
        await until(lambda: len(home.phones.sent) == 3)
        await until(lambda: "cannot be written" in caplog.text)
        assert not file_of(home).exists()
        in_the_way.rmdir()
        await until(lambda: "is written again" in caplog.text)
        assert len(from_bytes(file_of(home).read_bytes()).rows) == 2
    assert caplog.text.count("cannot be written") == 1


async def test_a_siren_that_sounds_for_what_is_held_goes_off_when_it_is_heard(tmp_path: Path) -> None:
    """A relay that the killed watcher left on: the next one knows the call, so it need not wait for the hub."""
    async with rig(tmp_path) as home:
        devices = home.folder / "devices.yaml"
    devices.write_text(f"{devices.read_text()}  - {{device: hall, address: tasmota/s1, for: siren, place: lounge}}\n")
    await told_by_the_first(tmp_path)
    async with rig(tmp_path) as home:
        home.link.say(f"{TOP}/watch/sounding", b'{"sirens":["tasmota/s1"]}', True)
        home.wait(4)
        assert home.link.on("cmnd/s1/POWER1") == []
        (topic,) = home.link.shown
        wish = {"id": "r-1", "do": "heard", "alert": topic.rsplit("/", 1)[1], "by": "carer-1"}
        home.link.say(f"{TOP}/do/dashboards", orjson.dumps(wish), False)
        home.wait(1)
        assert home.link.on("cmnd/s1/POWER1") == [b"OFF"]


def test_whatever_is_held_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Presses in two forms, alarms, alerts of the hub, what was heard: value for value."""
    night = Night()
    night.shows("a00001", "pendant-13", missed=[{"device": "pendant-13", "presses": 2}])
    night.hears("zigbee2mqtt/smoke", b'{"smoke":false}', retained=True)
    night.hub_dies()
    night.wait(6)
    night.hears("zigbee2mqtt/smoke", b'{"smoke":true}')
    night.hears("zigbee2mqtt/p12", b'{"action":"emergency","last_seen":"%s"}' % STAMP.encode())
    night.hears("zigbee2mqtt/p12/action", b"emergency")
    night.watch.seen_to(next(do.told.id for do in night.did if isinstance(do, Show)), "ana", night.now)
    held = night.watch.holds(night.now)
    assert held is not None
    assert len(held.rows) == 3
    again = from_bytes(to_bytes(held))
    assert (again, again.stands, again.presses, again.lines) == (held, held.stands, held.presses, held.lines)
    assert again.moved(night.now) == held
    for row in ({"level": "blue"}, {"rings": "often"}):
        body = to_bytes(held).split(b"\n", 1)[1]
        other = orjson.loads(body)
        other["rows"][0] |= row
        body = orjson.dumps(other)
        with pytest.raises(ValueError, match="it is of another version"):
            from_bytes(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
    assert Memory(tmp_path / "none", SLUG).read() is None


async def test_the_last_word_of_a_watcher_that_ends_is_that_it_ends(tmp_path: Path) -> None:
    """Its heart beats once more while what it holds is still being written: nobody may think that it is still there."""
    async with rig(tmp_path) as home:
        writing, written = asyncio.Event(), asyncio.Event()

        async def flushed(within_s: float) -> None:
            writing.set()
            await written.wait()

        home.link.flushed = flushed  # type: ignore[method-assign]
        home.watcher.stop()
        await writing.wait()
        home.watcher.beat()
        written.set()
    said = [said for said in home.link.published if said.topic == f"{TOP}/watch/status"]
    assert [orjson.loads(one.payload)["state"] for one in said[-2:]] == ["stopping", "stopping"]
    assert said[-1].expiry_s is None, "nobody says it once more"
