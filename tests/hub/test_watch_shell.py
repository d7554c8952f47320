"""The watcher's shell: what it reads, whom it tells, what it shows; with a broker and phones that only remember."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import pytest

from hub.abc import Page
from hub.config.new import write_new
from hub.config.problems import ConfigurationRefused
from hub.errors import ChannelFailed
from hub.watch.everybody import Everybody
from hub.watch.kept import FILE, Kept, read
from hub.watch.link import Link, Said
from hub.watch.watcher import Watcher
from rules.home import Carer, Channel
from tests.hub.core_parts import MovedClock
from tests.parts import until

SLUG = "elm"
TOP = f"handrail/{SLUG}"
PENDANT = "zigbee2mqtt/room-001-pendant"
PRESS = b'{"action":"emergency"}'
READY = b'{"state":"ready"}'
SECTION = """
watcher:
  channels: [{url: "json://watcher"}]
"""


@dataclass
class Phones:
    """A channel that remembers what it sent, and fails or hangs for the addresses it is told."""

    sent: list[tuple[str, str]] = field(default_factory=list)
    fails: set[str] = field(default_factory=set)
    hangs: set[str] = field(default_factory=set)
    failed: int = 0

    async def send(self, url: str, page: Page) -> None:
        """Take one page."""
        if url in self.hangs:
            await asyncio.Event().wait()
        if url in self.fails:
            self.failed += 1
            raise ChannelFailed("the json:// service cannot be reached")
        self.sent.append((url, page.title))


class FakeLink(Link):
    """Up when told; keeps what was published."""

    def __init__(
        self, *, on_link: Callable[[bool], None], on_message: Callable[[str, bytes, bool], None], **_: object
    ) -> None:
        self.link, self.say = on_link, on_message
        self.published: list[Said] = []
        self.heard: list[str] = []

    def publish(self, said: Said) -> None:
        """Remember it."""
        self.published.append(said)

    def hear(self, *filters: str) -> None:
        """Remember what is subscribed besides."""
        self.heard += filters

    async def flushed(self, within_s: float) -> None:
        """All has left."""

    @property
    def up(self) -> bool:
        """Always."""
        return True

    async def run(self) -> None:
        """Stay."""
        await asyncio.Event().wait()

    def on(self, topic: str) -> list[bytes]:
        """What was published there."""
        return [said.payload for said in self.published if said.topic == topic]

    @property
    def shown(self) -> dict[str, bytes]:
        """What the broker shows of the watcher's calls."""
        shown = {said.topic: said.payload for said in self.published if said.topic.startswith(f"{TOP}/watch/alert/")}
        return {topic: payload for topic, payload in shown.items() if payload}


@dataclass
class Rig:
    """A watcher of a new home, linked, with a hub that was well."""

    folder: Path
    clock: MovedClock
    phones: Phones
    watcher: Watcher
    link: FakeLink

    def hub_dies(self) -> None:
        """The broker says `lost` for it, and time passes."""
        self.link.say(f"{TOP}/status", b'{"state":"lost"}', False)
        self.wait(5)

    def hub_takes(self, room: str) -> None:
        """The hub's log names the press of a room's pendant."""
        line = {"step": "raised", "device": f"room-{room}-pendant"}
        self.link.say(f"{TOP}/log", orjson.dumps(line), False)

    def wait(self, seconds: int) -> None:
        """Time passes, and the broker answers."""
        for _ in range(seconds):
            self.clock.forward(1_000)
            self.link.say(f"{TOP}/watch/status", b"{}", False)
            self.watcher.tick()


@asynccontextmanager
async def rig(tmp_path: Path, *, more: str = SECTION) -> AsyncIterator[Rig]:
    """A watcher that runs."""
    folder = tmp_path / "home"
    if not folder.exists():
        write_new(folder, rooms=2, slug=SLUG, timezone="UTC")
        (folder / "home.yaml").write_text((folder / "home.yaml").read_text() + more)
    clock, phones, links = MovedClock(), Phones(), list[FakeLink]()

    def link(**how: object) -> FakeLink:
        links.append(FakeLink(**how))  # type: ignore[arg-type]
        return links[0]

    watcher = Watcher(folder=folder, kept=read(folder), clock=clock, channel=phones, link=link)
    running = asyncio.create_task(watcher.run())
    links[0].link(True)
    links[0].say(f"{TOP}/status", READY, False)
    try:
        yield Rig(folder, clock, phones, watcher, links[0])
    finally:
        watcher.stop()
        async with asyncio.timeout(10):
            await running


async def test_in_charge_a_press_reaches_the_phones_the_screens_and_the_status(tmp_path: Path) -> None:
    """And what the hub took before is not among them."""
    async with rig(tmp_path) as home:
        home.link.say(PENDANT, PRESS, False)
        line = {"seq": 7, "step": "raised", "device": "room-001-pendant"}
        home.link.say(f"{TOP}/log", orjson.dumps(line), False)
        home.hub_dies()
        home.link.say("zigbee2mqtt/room-002-pendant", PRESS, False)
        await until(lambda: len(home.phones.sent) == 2)
        told = ("json://watcher", "EMERGENCY: Resident 002, lives in Room 2")
        assert sorted(home.phones.sent) == [told, ("json://watcher", "Handrail's hub does not answer")]
        (shown,) = home.link.shown.values()
        assert orjson.loads(shown)["reason"] == "Resident 002 pressed for help"
        said = orjson.loads(home.link.on(f"{TOP}/watch/status")[-1])
        assert (said["state"], said["hub"]) == ("in_charge", "lost")


async def test_an_alert_that_names_the_press_shows_too_that_the_hub_took_it(tmp_path: Path) -> None:
    """A hub that cannot write its log still shows the alert; one without a stamp is only sent again."""
    async with rig(tmp_path) as home:
        home.link.say(PENDANT, PRESS, False)
        home.link.say("zigbee2mqtt/room-002-pendant", PRESS, False)
        for room, unrecorded in (("001", True), ("002", False)):
            shown = {"device": f"room-{room}-pendant", "stamp": None, "unrecorded": unrecorded}
            home.link.say(f"{TOP}/alert/a1", orjson.dumps(shown), False)
        home.hub_dies()
        await until(lambda: len(home.phones.sent) == 2)
        assert "EMERGENCY: Resident 002, lives in Room 2" in {title for _, title in home.phones.sent}


async def test_an_emergency_of_the_hub_that_nobody_takes_reaches_the_phones(tmp_path: Path) -> None:
    """The hub is well all the while; what its own channels are worth nobody knows."""
    async with rig(tmp_path) as home:
        shown = {"level": "emergency", "state": "told", "reason": "Resident 001 pressed for help", "room": "001"}
        home.link.say(f"{TOP}/alert/a00001", orjson.dumps(shown), True)
        for _ in range(305):
            home.wait(1)
            home.link.say(f"{TOP}/status", READY, False)
        await until(lambda: home.phones.sent)
        assert home.phones.sent == [("json://watcher", "EMERGENCY: nobody goes")]
        home.link.say(f"{TOP}/alert/a00001", orjson.dumps({**shown, "state": "claimed"}), False)
        for _ in range(305):
            home.wait(1)
            home.link.say(f"{TOP}/status", READY, False)
        assert len(home.phones.sent) == 1


async def test_a_carer_who_taps_heard_is_answered_and_shown(tmp_path: Path) -> None:
    """What is none of the watcher's is left to the hub; a call it does not know is answered with no."""
    async with rig(tmp_path) as home:
        home.hub_dies()
        home.link.say(PENDANT, PRESS, False)
        (topic,) = home.link.shown
        ident = topic.rsplit("/", 1)[1]
        for wish in (
            {"id": "r-1", "do": "heard", "alert": ident, "by": "carer-1"},
            {"id": "r-2", "do": "heard", "alert": "w0", "by": "carer-1"},
            {"id": "r-3", "do": "claim", "alert": "a1", "by": "carer-1"},
        ):
            home.link.say(f"{TOP}/do/dashboards", orjson.dumps(wish), False)
        home.link.say(f"{TOP}/do/dashboards", b"\xff", False)
        assert orjson.loads(home.link.shown[topic])["heard_by"] == "carer-1"
        assert [orjson.loads(home.link.on(f"{TOP}/done/{name}")[0])["ok"] for name in ("r-1", "r-2")] == [True, False]
        assert home.link.on(f"{TOP}/done/r-3") == []


async def test_a_siren_sounds_for_each_call_that_is_told(tmp_path: Path) -> None:
    """The command is the one that the device's ecosystem understands."""
    async with rig(tmp_path) as home:
        pass
    devices = home.folder / "devices.yaml"
    devices.write_text(
        devices.read_text() + "  - {device: siren, address: zigbee2mqtt/siren, for: siren, place: lounge}\n"
    )
    async with rig(tmp_path) as home:
        home.hub_dies()
        home.link.say(PENDANT, PRESS, False)
        (command,) = home.link.on("zigbee2mqtt/siren/set")
        assert orjson.loads(command)["warning"]["mode"] == "emergency"


async def test_a_new_connection_is_told_all_that_holds(tmp_path: Path) -> None:
    """The broker may have lost it; what a watcher before this one left is cleared once the hub is well."""
    async with rig(tmp_path) as home:
        home.hub_dies()
        home.link.say(PENDANT, PRESS, False)
        (topic,) = home.link.shown
        home.link.link(False)
        home.link.published.clear()
        home.link.link(True)
        assert list(home.link.shown) == [topic]
        home.link.say(f"{TOP}/watch/alert/w0", b"{}", True)
        assert home.link.on(f"{TOP}/watch/alert/w0") == []
        home.hub_takes("001")
        for _ in range(2):
            home.link.say(f"{TOP}/status", READY, False)
            home.wait(3)
        home.link.say(f"{TOP}/status", READY, False)
        await until(lambda: home.link.on(f"{TOP}/watch/alert/w0") == [b""])
        assert home.link.shown == {}


async def test_a_change_of_the_home_counts_at_once_and_a_wrong_one_changes_nothing(tmp_path: Path) -> None:
    """The names are those of the files as they were read last."""
    async with rig(tmp_path) as home:
        plan = home.folder / "residents" / "resident-001.yaml"
        plan.write_text(plan.read_text().replace("known_as: Resident 001", "known_as: Margaret"))
        home.watcher.reload()
        await until(lambda: home.watcher._watch.house.who_where(PENDANT)[0] == "Margaret")
        (home.folder / "staff.yaml").write_text("staff: [")
        home.watcher.reload()
        home.hub_dies()
        home.link.say(PENDANT, PRESS, False)
        await until(lambda: any("Margaret" in title for _, title in home.phones.sent))


async def test_whom_staff_said_to_be_gone_the_watcher_does_not_name(tmp_path: Path) -> None:
    """It hears it in the hub's log, also over a change of the files; the press names the room and is told as ever."""
    async with rig(tmp_path) as home:
        line = {"seq": 7, "step": "gone", "resident": "resident-001", "room": "001"}
        home.link.say(f"{TOP}/log", orjson.dumps(line), False)
        plan = home.folder / "residents" / "resident-002.yaml"
        plan.write_text(plan.read_text().replace("known_as: Resident 002", "known_as: Margaret"))
        home.watcher.reload()
        await until(lambda: home.watcher._watch.house.who_where("zigbee2mqtt/room-002-pendant")[0] == "Margaret")
        home.hub_dies()
        home.link.say(PENDANT, PRESS, False)
        await until(lambda: any(title == "EMERGENCY: Room 1" for _, title in home.phones.sent))
        assert not any("Resident 001" in title for _, title in home.phones.sent)
        (shown,) = home.link.shown.values()
        assert b"Resident 001" not in shown


async def test_a_broker_that_does_not_take_what_the_watcher_says_is_named_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its own heartbeats do not come back: the account has the rights of an older home."""
    async with rig(tmp_path) as home:
        for heard in (True, False):
            for _ in range(10):
                home.watcher.beat()
                if heard:
                    home.link.say(f"{TOP}/watch/status", b"{}", False)
            said = [record.getMessage() for record in caplog.records if "does not take" in record.getMessage()]
            assert len(said) == (0 if heard else 1)


def test_where_the_files_are_refused_the_copy_goes_on(tmp_path: Path) -> None:
    """It is written whole; one that is broken, or none, refuses the start as the hub does."""
    folder = tmp_path / "home"
    write_new(folder, rooms=1, slug=SLUG, timezone="UTC")
    first = read(folder)
    (folder / "devices.yaml").write_text("devices: [")
    assert read(folder) == first
    assert not (folder / "data" / f"{FILE}.new").exists()
    (folder / "data" / FILE).write_bytes(b"half of i")
    with pytest.raises(ConfigurationRefused):
        read(folder)
    (folder / "data" / FILE).unlink()
    with pytest.raises(ConfigurationRefused):
        read(folder)


@pytest.mark.parametrize(
    ("broker", "section", "username"),
    [
        ("mqtt://127.0.0.1:1883", "", None),
        ("mqtt://hub@127.0.0.1:1883", "", "watcher"),
        ("mqtt://hub@127.0.0.1:1883", "watcher: {username: other, password_file: secrets/hub.password}", "other"),
    ],
)
def test_the_watcher_logs_in_with_an_account_of_its_own(
    tmp_path: Path, broker: str, section: str, username: str | None
) -> None:
    """The one that `new` drew, unless the home names another; a broker without log-ins asks for none."""
    folder = tmp_path / "home"
    write_new(folder, rooms=1, slug=SLUG, broker=broker)
    (folder / "home.yaml").write_text((folder / "home.yaml").read_text() + section + "\n")
    kept: Kept = read(folder)
    assert kept.watcher.broker.username == username
    assert username is None or (kept.watcher.broker.password_file or Path()).is_file()


async def test_everybody_is_told_whatever_hangs_and_who_has_two_channels_by_the_first_that_works() -> None:
    """Nobody waits for anybody else's phone."""
    phones = Phones(fails={"a1"}, hangs={"b1"})
    everybody = Everybody(phones)
    staff = [
        Carer(id="a", name="A", channels=(Channel(url="a1"), Channel(url="a2"), Channel(url="a3"))),
        Carer(id="b", name="B", channels=(Channel(url="b1", deadline_s=1), Channel(url="b2"))),
        Carer(id="c", name="C"),
    ]
    page = Page(alert="w1", version=1, level="emergency", title="T", text="t")
    everybody.tell(page, [Channel(url="own"), Channel(url_file="gone")], staff, lambda name: Path("/nowhere") / name)
    await until(lambda: {url for url, _ in phones.sent} == {"own", "a2"})
    await until(lambda: ("b2", "T") in phones.sent)
    await everybody.stop()


async def test_a_channel_that_is_broken_leaves_no_other_untried_and_is_said_again() -> None:
    """A bug in a library, or a machine without a thread left: whoever has a second channel is told by that one."""

    class Broken(Phones):
        async def send(self, url: str, page: Page) -> None:
            if url == "broken":
                self.failed += 1
                raise RuntimeError("can't start new thread")
            await super().send(url, page)

    phones = Broken()
    everybody = Everybody(phones, again_s=0.05)
    page = Page(alert="w1", version=1, level="emergency", title="T", text="t")
    ways = (Channel(url="broken"), Channel(url="second"))
    everybody.tell(page, [], [Carer(id="a", name="A", channels=ways)], Path)
    await until(lambda: phones.sent == [("second", "T")])
    again = Page(alert="w1", version=2, level="emergency", title="T", text="t")
    everybody.tell(again, [Channel(url="broken")], [], Path)
    await until(lambda: phones.failed >= 3)
    await everybody.stop()


async def test_what_reached_nobody_is_said_again_until_it_reaches_somebody() -> None:
    """What took the broker away took the channels too. A newer word on the same takes its place, and what is over is
    said no more."""
    phones = Phones(fails={"own"})
    everybody = Everybody(phones, again_s=0.05)

    def tell(about: str, title: str) -> None:
        page = Page(alert=about, version=1, level="emergency", title=title, text="t")
        everybody.tell(page, [Channel(url="own")], [], lambda name: Path("/nowhere") / name)

    tell("broker", "gone")
    tell("w1", "pressed")
    tell("w2", "heard")
    await until(lambda: phones.failed >= 6)
    everybody.no_more("w2")
    tell("broker", "back")
    await until(lambda: phones.failed >= 12)
    phones.fails.clear()
    await until(lambda: len(phones.sent) == 2)
    await until(lambda: not everybody._going)
    assert sorted(phones.sent) == [("own", "back"), ("own", "pressed")]
    await everybody.stop()
