"""A person's own channels, the third path: messages through Apprise, each on its way by itself.

A channel that is dead, slow or wrong holds up no other: a message has a deadline, and what comes of it goes back to the
machine, which decides what a failure means.
"""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hub.abc import Channel, Page
from hub.aside import aside
from hub.errors import ChannelFailed
from rules import home
from rules.alerting.levels import RANK, Level
from rules.effects import Tell
from rules.inputs import Now
from rules.setting import Setting
from rules.state import Alert
from rules.wording import words_for

if TYPE_CHECKING:
    import apprise

OnResult = Callable[[str, int, str, int, bool, str], None]
"""`(alert, version, person, channel, ok, reason)`: the fields of `rules.inputs.Delivered`, in its order."""

Key = tuple[str, str, int]

_MOST_UNDER_WAY = 16
_LEAKY = ("apprise", "urllib3")
"""Libraries that log the addresses they use or cannot use, password and all; the reasons we give are our own."""
_LOUD = frozenset({Level.URGENT, Level.CALL})


def page_of(alert: Alert, setting: Setting, now: Now, *, discreet: bool = False) -> Page:
    """What a person's channel is given about an alert as it stands now."""
    words = words_for(alert, setting, now, discreet=discreet)
    return Page(alert=alert.id, version=alert.version, level=alert.level.value, title=words.title, text=words.text)


def address_of(way: home.Channel, file: Callable[[str], Path]) -> str:
    """The Apprise address of a channel: as written, or the first line of its file that is no comment."""
    if not way.url_file:
        return way.url
    try:
        lines = file(way.url_file).read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ChannelFailed(f"the address in {way.url_file} cannot be read: {why}") from None
    written = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if not written:
        raise ChannelFailed(f"no address is written in {way.url_file}")
    return written[0]


class AppriseChannel:
    """Every service that Apprise knows. The library is slow to load: `warm` does so before the first alert needs it."""

    def __init__(self) -> None:
        self._loading = threading.Lock()
        self._asset: apprise.AppriseAsset | None = None
        self._under_way: dict[str, int] = {}

    async def warm(self) -> None:
        """Load the library and its services, on a thread."""
        await aside("apprise", self._load)

    async def send(self, url: str, page: Page) -> None:
        """Send, without a deadline of its own; raises `ChannelFailed`, in words that hold nothing of the address."""
        # A service that hangs keeps its thread until its own time is up, also when nobody waits for it any more.
        if self._under_way.get(url, 0) >= _MOST_UNDER_WAY:
            raise ChannelFailed(f"{_service(url)} still hangs on {_MOST_UNDER_WAY} earlier messages")
        self._under_way[url] = self._under_way.get(url, 0) + 1
        loop = asyncio.get_running_loop()

        def work() -> None:
            try:
                self._send(url, page)
            finally:
                if not loop.is_closed():
                    loop.call_soon_threadsafe(self._ended, url)

        await aside("apprise", work)

    def _ended(self, url: str) -> None:
        left = self._under_way[url] - 1
        if left:
            self._under_way[url] = left
        else:
            del self._under_way[url]

    def _load(self) -> apprise.AppriseAsset:
        with self._loading:
            if self._asset is None:
                for name in _LEAKY:
                    quiet = logging.getLogger(name)
                    quiet.propagate = False
                    quiet.addHandler(logging.NullHandler())
                import apprise

                self._asset = apprise.AppriseAsset(app_id="Handrail", app_desc="Handrail", app_url="", async_mode=False)
                apprise.Apprise.instantiate("json://localhost", asset=self._asset)
            return self._asset

    def _send(self, url: str, page: Page) -> None:
        asset = self._load()
        from apprise import Apprise, NotifyFormat

        service = Apprise(asset=asset)
        if not service.add(url):
            raise ChannelFailed(f"{_service(url)} is no address that Apprise can use")
        result = service.notify(
            body=page.text, title=page.title, notify_type=_type_of(page.level), body_format=NotifyFormat.TEXT
        )
        if not result:
            raise ChannelFailed(f"{_service(url)} {_why([entry.message for entry in result.logs()])}")


def _type_of(level: str) -> apprise.NotifyType:
    from apprise import NotifyType

    if level == Level.EMERGENCY:
        return NotifyType.FAILURE
    return NotifyType.WARNING if level in _LOUD else NotifyType.INFO


def _service(url: str) -> str:
    """The kind of service, which is all of an address that may be shown."""
    scheme = re.match(r"[A-Za-z][A-Za-z0-9+.-]{0,19}(?=://)", url.strip())
    return f"the {scheme[0].lower()}:// service" if scheme else "the service"


def _why(said: list[str]) -> str:
    """What the library's own words mean; they may hold parts of the address, so none is passed on."""
    words = " ".join(said)
    answer = re.search(r"\berror[=: ]+([1-5]\d\d)\b", words)
    if answer:
        return f"answered {answer[1]}"
    if re.search(r"timed? ?out", words, re.IGNORECASE):
        return "did not answer in time"
    if re.search(r"connection error|socket exception|unreachable|refused", words, re.IGNORECASE):
        return "cannot be reached"
    return "did not take the message"


@dataclass(slots=True)
class _Job:
    tell: Tell
    way: home.Channel
    page: Page
    number: int

    @property
    def key(self) -> Key:
        return (self.tell.alert, self.tell.person, self.tell.channel)


class Pager:
    """Sends pages over people's channels and reports what came of each.

    In order for one alert, person and channel, where a newer version takes the place of one that still waits (of that
    nothing is reported). Of one channel of one person at most `at_once` are on their way; the higher level goes first,
    and an emergency waits for nothing but an earlier version of itself.
    """

    def __init__(
        self, channel: Channel, *, on_result: OnResult, file: Callable[[str], Path] = Path, at_once: int = 3
    ) -> None:
        """`file` finds the file that a channel names (`HubSettings.file`)."""
        self._channel = channel
        self._on_result = on_result
        self._file = file
        self._at_once = at_once
        self._numbers = 0
        self._waiting: dict[Key, _Job] = {}
        self._going: dict[Key, asyncio.Task[str]] = {}
        self._versions: dict[Key, int] = {}
        self._stopped = False

    def __len__(self) -> int:
        return len(self._waiting) + len(self._going)

    def tell(self, tell: Tell, way: home.Channel, page: Page) -> None:
        """Tell a person over one of their channels; returns at once."""
        if self._stopped:
            return
        self._numbers += 1
        job = _Job(tell, way, page, self._numbers)
        waits = self._waiting.get(job.key)
        newest = waits.tell.version if waits else self._versions.get(job.key, 0) + 1
        if tell.version >= newest:
            if waits:
                job.number = waits.number
            self._waiting[job.key] = job
            self._start(tell.person, tell.channel)

    async def stop(self, within_s: float = 1.0) -> None:
        """Give what is on its way a moment, then end; what was not reported is still in the outbox."""
        self._stopped = True
        self._waiting.clear()
        tasks = set(self._going.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=within_s)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)

    def _start(self, person: str, channel: int) -> None:
        """Send what may go now over one channel of one person."""
        busy = sum(1 for key in self._going if key[1:] == (person, channel))
        here = [job for key, job in self._waiting.items() if key[1:] == (person, channel) and key not in self._going]
        for job in sorted(here, key=lambda job: (-_rank(job.page.level), job.number)):
            if busy >= self._at_once and job.page.level != Level.EMERGENCY:
                return
            del self._waiting[job.key]
            self._versions[job.key] = job.tell.version
            task = asyncio.create_task(self._send(job), name=f"page {job.tell.alert} to {job.tell.person}")
            task.add_done_callback(partial(self._finished, job))
            self._going[job.key] = task
            busy += 1

    async def _send(self, job: _Job) -> str:
        """Why it was not delivered; empty where it was."""
        try:
            async with asyncio.timeout(job.way.deadline_s):
                address = await aside("address", lambda: address_of(job.way, self._file))
                await self._channel.send(address, job.page)
        except TimeoutError:
            return f"no receipt within {job.way.deadline_s} s"
        except ChannelFailed as error:
            return str(error) or "the channel gave no reason"
        return ""

    def _finished(self, job: _Job, task: asyncio.Task[str]) -> None:
        # Its place is free before the result is told, so that who hears of it may tell again at once.
        del self._going[job.key], self._versions[job.key]
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            self._report(job, task.result())
        else:
            # A bug: the person is tried another way first, and then it is made loud.
            self._report(job, f"broken: {type(error).__name__}")
            task.get_loop().call_exception_handler({"message": "a channel broke", "exception": error, "task": task})
        if not self._stopped:
            self._start(job.tell.person, job.tell.channel)

    def _report(self, job: _Job, why_not: str) -> None:
        tell = job.tell
        self._on_result(tell.alert, tell.version, tell.person, tell.channel, not why_not, why_not)


def _rank(level: str) -> int:
    return RANK[Level(level)]
