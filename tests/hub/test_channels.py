"""People's own channels: delivered or not, in order, the newest version alone, and none in another's way."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
import pytest

from hub.abc import Page
from hub.channels import AppriseChannel, Pager, address_of, page_of
from hub.errors import ChannelFailed
from rules.alerting.levels import Level
from rules.effects import Tell
from rules.home import Channel as Way
from rules.home import Home
from rules.inputs import Now
from rules.setting import Setting
from rules.state import Alert, AlertState
from tests.hub.http_parts import answering
from tests.parts import free_port, until

# Python 3.11 says so about an import of Apprise's.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr':DeprecationWarning")

Result = tuple[str, int, str, int, bool, str]


def page(version: int = 1, level: Level = Level.CALL, alert: str = "a00001") -> Page:
    """What a person is sent."""
    return Page(alert=alert, version=version, level=level.value, title=f"{level.upper()}: Margaret", text=f"v{version}")


class Phone:
    """A channel that answers when it is let, and remembers what it took; an address that holds `dead` never answers."""

    def __init__(self) -> None:
        self.began: list[tuple[str, Page]] = []
        self.took: list[tuple[str, Page]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.error: Exception | None = None

    async def send(self, url: str, page: Page) -> None:
        """Take a page."""
        self.began.append((url, page))
        if "dead" in url:
            await asyncio.Event().wait()
        await self.open.wait()
        if self.error is not None:
            raise self.error
        self.took.append((url, page))


@asynccontextmanager
async def paging(phone: Phone, at_once: int = 3) -> AsyncIterator[tuple[Pager, list[Result]]]:
    """A pager over the phone, and what it reports."""
    results: list[Result] = []
    pager = Pager(phone, on_result=lambda *result: results.append(result), at_once=at_once)
    try:
        yield pager, results
    finally:
        await pager.stop(within_s=0.0)


def tell(
    pager: Pager,
    *,
    alert: str = "a00001",
    version: int = 1,
    person: str = "carer-1",
    channel: int = 0,
    url: str = "alive",
    level: Level = Level.CALL,
    deadline_s: int = 20,
) -> None:
    """Tell somebody."""
    job = Tell(alert=alert, version=version, person=person, channel=channel)
    pager.tell(job, Way(url=url, deadline_s=deadline_s), page(version, level, alert))


# -- the pager ----------------------------------------------------------------------------------------------------


async def test_what_a_channel_took_is_reported_delivered() -> None:
    """The result carries the fields of the tell it answers."""
    async with paging(Phone()) as (pager, results):
        tell(pager, version=4, channel=1)
        await until(lambda: results)
        assert results == [("a00001", 4, "carer-1", 1, True, "")]


async def test_what_a_channel_refused_is_reported_with_its_reason() -> None:
    """A failure is a result with a sentence."""
    phone = Phone()
    phone.error = ChannelFailed("the json:// service answered 403")
    async with paging(phone) as (pager, results):
        tell(pager)
        await until(lambda: results)
        assert results == [("a00001", 1, "carer-1", 0, False, "the json:// service answered 403")]


async def test_no_receipt_within_the_deadline_is_a_failure() -> None:
    """Who does not answer in time has not been told."""
    async with paging(Phone()) as (pager, results):
        tell(pager, url="dead", deadline_s=0)
        await until(lambda: results)
        assert results == [("a00001", 1, "carer-1", 0, False, "no receipt within 0 s")]


async def test_a_dead_channel_blocks_no_other() -> None:
    """Other people, other channels of the same person and other alerts go through beside it."""
    async with paging(Phone()) as (pager, results):
        tell(pager, url="dead")
        tell(pager, person="carer-2")
        tell(pager, channel=1)
        tell(pager, alert="a00002")
        await until(lambda: len(results) == 3)
        assert all(ok for *_, ok, _ in results)
        assert len(pager) == 1


async def test_only_the_newest_version_follows_the_one_on_its_way() -> None:
    """Versions are sent in order, those in between are not sent, and an older one never after a newer."""
    phone = Phone()
    phone.open.clear()
    async with paging(phone) as (pager, results):
        for version in (1, 2, 4, 3, 1):
            tell(pager, version=version)
        await until(lambda: phone.began)
        phone.open.set()
        await until(lambda: len(results) == 2)
        assert [page.version for _, page in phone.began] == [1, 4]
        assert [version for _, version, *_ in results] == [1, 4]


async def test_a_repeated_version_is_sent_once_while_it_is_on_its_way_and_again_after_it() -> None:
    """Telling the same again is a repetition while it goes, and a new attempt once it has ended."""
    phone = Phone()
    phone.open.clear()
    async with paging(phone) as (pager, results):
        tell(pager)
        tell(pager)
        await until(lambda: phone.began)
        phone.open.set()
        await until(lambda: len(results) == 1)
        tell(pager)
        await until(lambda: len(results) == 2)
        assert len(phone.took) == 2


async def test_an_emergency_passes_what_waits_for_a_slow_channel() -> None:
    """Only so many go to one channel at once; an emergency waits for none of them, and a call goes before a check."""
    phone = Phone()
    phone.open.clear()
    async with paging(phone, at_once=1) as (pager, results):
        tell(pager, alert="first", level=Level.TECHNICAL)
        tell(pager, alert="check", level=Level.CHECK)
        tell(pager, alert="call", level=Level.CALL)
        tell(pager, alert="emergency", level=Level.EMERGENCY)
        await until(lambda: len(phone.began) == 2)
        phone.open.set()
        await until(lambda: len(results) == 4)
        assert [page.alert for _, page in phone.began] == ["first", "emergency", "call", "check"]


async def test_a_stop_ends_what_hangs_and_reports_nothing_of_it() -> None:
    """What has no result is still in the outbox, and is told again at the next start."""
    async with paging(Phone(), at_once=1) as (pager, results):
        tell(pager, url="dead")
        tell(pager, alert="a00002")
        await pager.stop(within_s=0.0)
        tell(pager, alert="a00003")
        assert results == []
        assert len(pager) == 0


async def test_a_bug_in_a_channel_is_a_failure_and_is_made_loud() -> None:
    """The person is tried another way, and the bug reaches the loop's handler."""
    phone, loud = Phone(), list[object]()
    phone.error = ZeroDivisionError("a bug")
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: loud.append(context["exception"]))
    async with paging(phone) as (pager, results):
        tell(pager)
        await until(lambda: loud)
        assert results == [("a00001", 1, "carer-1", 0, False, "broken: ZeroDivisionError")]
        assert loud == [phone.error]


async def test_an_address_is_read_from_its_file_at_each_send(tmp_path: Path) -> None:
    """A changed file counts from the next message on; one that cannot be read fails that channel alone."""
    results: list[Result] = []
    phone = Phone()
    pager = Pager(phone, on_result=lambda *result: results.append(result), file=lambda name: tmp_path / name)
    job, way = Tell(alert="a00001", version=1, person="carer-1", channel=0), Way(url_file="phone.url")
    pager.tell(job, way, page())
    await until(lambda: results)
    (tmp_path / "phone.url").write_text("# the night phone\n\n  json://phone \n")
    pager.tell(job, way, page())
    await until(lambda: len(results) == 2)
    assert [(ok, reason) for *_, ok, reason in results] == [
        (False, "the address in phone.url cannot be read: No such file or directory"),
        (True, ""),
    ]
    assert phone.took[0][0] == "json://phone"
    await pager.stop()


def test_an_empty_address_file_says_so(tmp_path: Path) -> None:
    """A file of comments alone names no channel."""
    (tmp_path / "empty.url").write_text("# later\n")
    with pytest.raises(ChannelFailed, match=r"no address is written in empty\.url"):
        address_of(Way(url_file="empty.url"), lambda name: tmp_path / name)


def test_a_page_is_made_of_the_alert_as_it_stands() -> None:
    """Id, version and level come along with the words."""
    alert = Alert(
        id="a00007",
        version=3,
        level=Level.CALL,
        state=AlertState.TOLD,
        kind="call",
        reason="a press",
        cause="press",
        raised_ms=0,
        raised_wall_ms=0,
        waiting_since_ms=0,
        waiting_since_wall_ms=0,
    )
    made = page_of(alert, Setting(Home(slug="home", name="Home", timezone="UTC")), Now(elapsed_ms=40_000, wall_ms=0))
    assert (made.alert, made.version, made.level) == ("a00007", 3, "call")
    assert "Waiting 40 s" in made.text


# -- Apprise ------------------------------------------------------------------------------------------------------


async def test_apprise_delivers_title_and_text() -> None:
    """A real service takes the message, and an emergency is marked as the loudest sort."""
    async with answering() as answers:
        await AppriseChannel().send(f"json://user:hidden@127.0.0.1:{answers.port}/night", page(level=Level.EMERGENCY))
        (body,) = map(orjson.loads, answers.bodies)
        assert body["title"] == "EMERGENCY: Margaret"
        assert body["message"] == "v1"
        assert body["type"] == "failure"


async def test_a_service_that_refuses_fails_with_its_answer() -> None:
    """The reason says what the service answered, and nothing of the address."""
    async with answering(403) as answers:
        with pytest.raises(ChannelFailed, match=r"^the json:// service answered 403$"):
            await AppriseChannel().send(f"json://user:hidden@127.0.0.1:{answers.port}/hidden", page())


async def test_a_service_that_is_not_there_fails() -> None:
    """Nobody listens: said plainly."""
    with pytest.raises(ChannelFailed, match=r"^the json:// service cannot be reached$"):
        await AppriseChannel().send(f"json://user:hidden@127.0.0.1:{free_port()}/hidden", page())


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """Every line that reaches the hub's own log, of whatever library, at whatever level."""
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    root, keep = logging.getLogger(), Keep()
    level = root.level
    root.addHandler(keep)
    root.setLevel(logging.DEBUG)
    yield lines
    root.setLevel(level)
    root.removeHandler(keep)


@pytest.mark.parametrize("url", ["nosuch://user:hidden@host/hidden", "hidden", "", "mailto://hidden"])
async def test_an_address_apprise_cannot_use_fails_without_being_shown(url: str, logged: list[str]) -> None:
    """Neither the reason nor any log line holds a secret of the address."""
    with pytest.raises(ChannelFailed, match="is no address that Apprise can use") as failed:
        await AppriseChannel().send(url, page())
    assert "hidden" not in "\n".join([str(failed.value), *logged])


async def test_no_log_line_holds_an_address_that_is_used(logged: list[str]) -> None:
    """Services carry their secret in the path as often as in the log-in."""
    async with answering() as answers:
        await AppriseChannel().send(f"json://user:hidden@127.0.0.1:{answers.port}/hidden", page())
    assert "hidden" not in "\n".join(logged)


async def test_a_service_that_hangs_meets_the_deadline_of_the_pager() -> None:
    """The pager gives up on time while the library still waits, and another alert goes through meanwhile."""
    results: list[Result] = []
    channel = AppriseChannel()
    await channel.warm()
    pager = Pager(channel, on_result=lambda *result: results.append(result))
    async with answering(hold=asyncio.Event()) as hanging, answering() as answers:
        hangs = Way(url=f"json://127.0.0.1:{hanging.port}", deadline_s=1)
        pager.tell(Tell(alert="a00001", version=1, person="carer-1", channel=0), hangs, page())
        await until(lambda: hanging.bodies)
        works = Way(url=f"json://127.0.0.1:{answers.port}")
        pager.tell(Tell(alert="a00002", version=1, person="carer-1", channel=0), works, page(alert="a00002"))
        await until(lambda: len(results) == 2)
        assert results == [
            ("a00002", 1, "carer-1", 0, True, ""),
            ("a00001", 1, "carer-1", 0, False, "no receipt within 1 s"),
        ]
    await pager.stop()
