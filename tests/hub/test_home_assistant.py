"""Home Assistant behind its boundary: what its answers mean, and what becomes of a wish that it does not take."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hub.errors import HandrailError, ServiceFailed, ServicesRefused, ServicesUnanswered, ServicesUnreachable
from hub.home_assistant import MOST_LEFT_BEHIND, MOST_WAITING, Asking, HomeAssistant
from hub.outbox import Outbox, Wish, wish_of
from rules.inputs import Input, Served
from tests.hub.home_assistant_parts import TOKEN, FakeHomeAssistant, write_token
from tests.hub.test_outbox import Line
from tests.parts import until

PLAY, DATA = "media_player.play_media", '{"entity_id":"media_player.room_012","volume":3}'


@pytest.fixture
async def house() -> AsyncIterator[FakeHomeAssistant]:
    """A Home Assistant that is there."""
    made = await FakeHomeAssistant().start()
    yield made
    await made.stop()


def edge(house: FakeHomeAssistant, folder: Path, answer_s: float = 5.0) -> HomeAssistant:
    """What the hub asks it through."""
    return HomeAssistant(url=f"{house.url}/", token_file=write_token(folder), answer_s=answer_s)


# -- what its answers mean ---------------------------------------------------------------------------------------------


async def test_a_service_is_called_with_its_data(house: FakeHomeAssistant, tmp_path: Path) -> None:
    """By its domain and name, with our token."""
    services = edge(house, tmp_path)
    await services.look()
    await services.call(PLAY, DATA)
    data = {"entity_id": "media_player.room_012", "volume": 3}
    assert house.calls == [("POST /api/services/media_player/play_media", data)]
    assert (house.looks, house.refused) == (1, 0)


@pytest.mark.parametrize(
    ("status", "said", "error", "words"),
    [
        (
            400,
            b'{"message": "Action media_player.play not found"}',
            ServiceFailed,
            "Action media_player.play not found",
        ),
        (500, b"500 Internal Server Error", ServiceFailed, "500 Internal Server Error"),
        (503, b"", ServicesUnreachable, "asks for patience"),
        (403, b"", ServicesRefused, "does not accept the token in"),
        (404, b"", ServicesRefused, "is no Home Assistant"),
        (302, b"", ServicesRefused, "is no Home Assistant"),
    ],
)
async def test_an_answer_that_is_not_a_yes_is_said_in_words(
    house: FakeHomeAssistant, tmp_path: Path, status: int, said: bytes, error: type[HandrailError], words: str
) -> None:
    """Whether it was done, may be tried again, or wants somebody to mend it."""
    house.status, house.said = status, said
    with pytest.raises(error, match=words):
        await edge(house, tmp_path).call(PLAY, DATA)
    assert len(house.calls) == 1


async def test_a_wrong_token_is_refused_and_a_mended_one_needs_no_restart(
    house: FakeHomeAssistant, tmp_path: Path
) -> None:
    """The file is read again for each request; one that holds no token is never sent."""
    services = edge(house, tmp_path)
    for wrong in ("another", "", "two words", "two\nlines", "tökén"):
        write_token(tmp_path, wrong)
        with pytest.raises(ServicesRefused, match=r"home-assistant\.token"):
            await services.look()
    assert house.refused == 1
    (tmp_path / "home-assistant.token").unlink()
    with pytest.raises(ServicesRefused, match="cannot be read"):
        await services.look()
    write_token(tmp_path)
    await services.look()


async def test_nobody_there_is_not_asked_and_a_silence_may_have_been_a_yes(
    house: FakeHomeAssistant, tmp_path: Path
) -> None:
    """Only what reached nobody may be asked again."""
    services = edge(house, tmp_path, answer_s=0.2)
    house.hangs = True
    with pytest.raises(ServicesUnanswered, match=r"did not answer within 0\.2 s: it may have been done"):
        await services.call(PLAY, DATA)
    house.hangs, house.hangs_up = False, True
    with pytest.raises(ServicesUnanswered, match="broke the connection off"):
        await services.call(PLAY, DATA)
    assert len(house.calls) == 2
    await house.stop()
    with pytest.raises(ServicesUnreachable, match="nobody listens"):
        await services.call(PLAY, DATA)


async def test_an_address_that_is_none_is_refused(tmp_path: Path) -> None:
    """In words, and not as a fault of our own."""
    for url in ("http://", "http://[::1", "http://127.0.0.1:99999"):
        services = HomeAssistant(url=url, token_file=write_token(tmp_path))
        with pytest.raises((ServicesRefused, ServicesUnreachable)):
            await services.look()


async def test_the_token_is_in_no_error_and_no_log_line(
    house: FakeHomeAssistant, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Not even where the far end says it back, nor in what the library logs."""
    caplog.set_level(logging.DEBUG)
    services = edge(house, tmp_path)
    await services.call(PLAY, DATA)
    house.status, house.said = 400, f'{{"message": "no {TOKEN} here"}}'.encode()
    with pytest.raises(ServiceFailed, match="no … here"):
        await services.call(PLAY, DATA)
    await house.stop()
    with pytest.raises(ServicesUnreachable) as failed:
        await services.call(PLAY, DATA)
    assert TOKEN not in caplog.text + str(failed.value)


async def test_so_many_hanging_requests_are_left_behind_and_no_more(house: FakeHomeAssistant, tmp_path: Path) -> None:
    """A thread that nobody waits for any more still costs."""
    house.hangs = True
    services = edge(house, tmp_path)
    left = [asyncio.create_task(services.call(PLAY, DATA)) for _ in range(MOST_LEFT_BEHIND)]
    await until(lambda: len(house.calls) == MOST_LEFT_BEHIND)
    with pytest.raises(ServicesUnreachable, match="still hangs on 8 earlier requests"):
        await services.call(PLAY, DATA)
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


# -- what becomes of a wish --------------------------------------------------------------------------------------------


@dataclass
class Far:
    """Services as a test wants them: each error is raised once, in turn; the last one for ever where it `lasts`."""

    errors: list[Exception] = field(default_factory=list)
    lasts: HandrailError | None = None
    called: list[str] = field(default_factory=list)
    looked: int = 0

    async def call(self, service: str, data: str) -> None:
        """Take it, or not."""
        self.called.append(service)
        self._raise()

    async def look(self) -> None:
        """Be there, or not."""
        self.looked += 1
        if self.lasts is not None:
            raise self.lasts

    def _raise(self) -> None:
        if self.errors:
            raise self.errors.pop(0)
        if self.lasts is not None:
            raise self.lasts


class Desk:
    """An asking with its outbox, and all that it reports."""

    def __init__(self, far: Far | None, *, told: bool = False) -> None:
        self.now_ms = 0
        self.inputs: list[Input] = []
        self.faults: list[tuple[bool, str]] = []
        self.dropped: list[Wish] = []
        ready = asyncio.Event()
        ready.set()
        self.outbox = Outbox(
            urgent=Line(),
            bulk=Line(),
            elapsed_ms=lambda: self.now_ms,
            page=lambda wish: pytest.fail(f"{wish.key} is no page"),
            on_dropped=self.dropped.append,
            on_refused=lambda topic, why: pytest.fail(f"{topic}: {why}"),
            on_taken=lambda topic: None,
            later=lambda seconds, work: None,
        )
        self.asking = Asking(
            far,
            outbox=self.outbox,
            elapsed_ms=lambda: self.now_ms,
            put=self.inputs.append,
            on_fault=lambda on, why: self.faults.append((on, why)),
            on_dropped=self.dropped.append,
            ready=ready,
            told=told,
            look_s=0.01,
            retry_s=0.001,
        )

    def wish(self, number: int = 1) -> None:
        """A committed wish, as it comes back from its row."""
        asks: dict[str, object] = {"service": PLAY, "data": DATA, "episode": "e000001"}
        made = Wish(key=f"ask/{number}", seq=number, urgent=False, topic="t", drop_ms=30_000, why="rule", service=asks)
        self.outbox.offer([wish_of(*made.row())])

    async def __aenter__(self) -> Desk:
        self.running = asyncio.create_task(self.asking.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.asking.stop()
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)


def served(*, ok: bool = True, reason: str = "") -> Served:
    """What is reported of the wish."""
    return Served(service=PLAY, why="rule", ok=ok, reason=reason, episode="e000001")


GONE = ServicesUnreachable("nobody listens")


async def test_what_reached_nobody_is_asked_again_until_it_is_taken() -> None:
    """Down for a moment is no fault and no failure."""
    far = Far(errors=[GONE, GONE, GONE])
    async with Desk(far) as desk:
        desk.wish()
        await until(lambda: desk.inputs)
        assert desk.inputs == [served()]
        assert len(far.called) == 4
        assert desk.outbox.carried == [("ask/1", 1)]
        assert desk.faults == []


async def test_what_could_not_be_asked_in_its_time_is_dropped_and_told_once() -> None:
    """The drop is reported, one fault is raised for all of them, and the look that finds it there mends it."""
    far = Far(lasts=GONE)
    async with Desk(far) as desk:
        desk.wish(1)
        desk.wish(2)
        await until(lambda: len(far.called) > 2)
        desk.now_ms = 30_000
        await until(lambda: len(desk.dropped) == 2)
        assert desk.inputs == []
        assert len(desk.outbox) == 0
        await until(lambda: far.looked > 5)
        assert desk.faults == [(True, "nobody listens")]
        far.lasts = None
        await until(lambda: len(desk.faults) == 2)
        assert desk.faults[1] == (False, "Home Assistant answers again")


async def test_what_may_have_been_done_is_not_asked_twice() -> None:
    """It is said that nobody knows; a Home Assistant that answers otherwise is no fault."""
    far = Far(errors=[ServicesUnanswered("did not answer: it may have been done")])
    async with Desk(far) as desk:
        desk.wish()
        await until(lambda: desk.inputs)
        looked = far.looked
        await until(lambda: far.looked > looked + 1)
        assert desk.inputs == [served(ok=False, reason="did not answer: it may have been done")]
        assert (len(far.called), desk.faults) == (1, [])


async def test_what_answers_nothing_and_is_gone_is_a_fault() -> None:
    """A request that came to nothing, and a look that finds nobody."""
    far = Far(lasts=ServicesUnanswered("no answer"))
    async with Desk(far) as desk:
        desk.wish()
        await until(lambda: desk.faults)
        assert desk.faults == [(True, "no answer")]


async def test_a_service_it_does_not_know_is_no_fault_of_its_own() -> None:
    """It answers: that mends what was told before."""
    async with Desk(Far(errors=[ServiceFailed("400 no such service")]), told=True) as desk:
        desk.wish()
        await until(lambda: desk.inputs and desk.faults)
        assert desk.inputs == [served(ok=False, reason="400 no such service")]
        assert [on for on, _ in desk.faults] == [False]


async def test_one_look_in_vain_is_no_fault_and_three_are() -> None:
    """Who restarts Home Assistant gets no alert; what stays away is told before a night needs it."""
    far = Far(lasts=GONE)
    async with Desk(far) as desk:
        await until(lambda: desk.faults)
        assert far.looked == 3


async def test_without_a_home_assistant_a_wish_is_answered_and_an_old_fault_ends() -> None:
    """Its section was taken out of home.yaml."""
    async with Desk(None, told=True) as desk:
        desk.wish()
        assert desk.inputs == [served(ok=False, reason="no Home Assistant is configured")]
        await until(lambda: desk.faults)
        assert desk.faults == [(False, "no Home Assistant is configured any more")]


async def test_a_bug_of_ours_is_loud_and_ends_nothing() -> None:
    """The wish is answered, staff are told that help fails, the next one is asked; presses are told as ever."""
    loud: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, what: loud.append(what["exception"]))
    far = Far(errors=[ZeroDivisionError("a bug")])
    async with Desk(far) as desk:
        desk.wish(1)
        desk.wish(2)
        await until(lambda: len(desk.inputs) == 2)
        assert desk.inputs == [served(ok=False, reason="broken: ZeroDivisionError"), served()]
        assert [on for on, _ in desk.faults] == [True, False]
        assert [type(error) for error in loud] == [ZeroDivisionError]
        assert desk.outbox.carried == [("ask/1", 1), ("ask/2", 2)]


async def test_no_more_than_so_many_wait() -> None:
    """What comes on top is said and does not pile up."""
    desk = Desk(Far())
    for number in range(MOST_WAITING + 1):
        desk.wish(number)
    assert desk.inputs == [served(ok=False, reason="100 others wait for Home Assistant")]
    assert len(desk.asking) == MOST_WAITING
