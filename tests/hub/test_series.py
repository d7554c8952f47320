"""The time series: every event there once, late when it must be, never in the way."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.abc import Series
from hub.errors import SeriesRefused, SeriesUnreachable
from hub.series import InfluxSeries, SeriesWriter
from tests.faulted import read_of
from tests.hub.core_parts import Rig, rig
from tests.hub.http_parts import answering
from tests.hub.series_parts import WALL_MS, Events, Store, VictoriaMetrics, point
from tests.parts import free_port, until

Faults = list[tuple[bool, str]]


@pytest.fixture
def start_victoria(tmp_path: Path) -> Iterator[Callable[..., VictoriaMetrics]]:
    """Starts a real store; it is gone when the test ends."""
    started: list[VictoriaMetrics] = []

    def start(*settings: str) -> VictoriaMetrics:
        store = VictoriaMetrics(tmp_path, *settings)
        started.append(store)
        return store.start()

    yield start
    for store in started:
        store.stop()


def influx(port: int, token_file: Path | None = None, path: str = "") -> InfluxSeries:
    """The client for a store on loopback."""
    return InfluxSeries(url=f"http://127.0.0.1:{port}{path}", org="home", bucket="events", token_file=token_file)


@asynccontextmanager
async def writing(
    events: Events, series: Series, *, page: int = 500, faults: Faults | None = None, tell_after_s: float = 0.0
) -> AsyncIterator[SeriesWriter]:
    """A writer at work, with hardly a pause."""
    told = faults if faults is not None else []
    writer = SeriesWriter(
        events,
        series,
        rng=random.Random(1),
        on_fault=lambda on, reason: told.append((on, reason)),
        page=page,
        gather_s=0.001,
        breath_s=0.0,
        first_wait_s=0.005,
        longest_wait_s=0.05,
        tell_after_s=tell_after_s,
    )
    running = asyncio.create_task(writer.run())
    try:
        yield writer
    finally:
        await writer.stop()
        await running


# -- against the real store ---------------------------------------------------------------------------------------


async def test_events_arrive_in_a_real_store_with_their_names(start_victoria: Callable[..., VictoriaMetrics]) -> None:
    """A number and a word can be read back with who, where and what."""
    store = start_victoria()
    series = influx(store.port)
    await series.write([point(1, 20.5), point(2, "open", kind="contact")])
    await series.close()
    both = {"__name__": "event_value", "device": "room-012-sensor", "place": "012", "resident": "resident-012"}
    assert sorted(store.samples(), key=lambda sample: sample[1]) == [
        ({**both, "kind": "temperature"}, WALL_MS + 1, 20.5),
        ({**both, "kind": "contact", "state": "open"}, WALL_MS + 2, 1.0),
    ]


async def test_a_page_written_again_changes_nothing(start_victoria: Callable[..., VictoriaMetrics]) -> None:
    """The same events three times, several of them in one millisecond, are each there once."""
    store = start_victoria()
    series = influx(store.port)
    page = [point(seq, float(seq), wall_ms=WALL_MS + seq // 7) for seq in range(1, 101)]
    await series.write(page)
    first = store.samples()
    await series.write(page)
    await series.write(page[:50])
    await series.close()
    assert sorted(value for _, _, value in first) == [float(seq) for seq in range(1, 101)]
    assert sorted(map(str, store.samples())) == sorted(map(str, first))


async def test_after_an_outage_under_load_every_event_is_there_once(
    start_victoria: Callable[..., VictoriaMetrics],
) -> None:
    """The store is stopped while events keep coming; once it is back, none is missing and none is doubled."""
    store = start_victoria()
    events, faults = Events(), Faults()
    async with writing(events, influx(store.port), page=100, faults=faults) as writer:

        async def produce() -> None:
            while True:
                for _ in range(10):
                    count = len(events.points)
                    events.add(float(count), wall_ms=WALL_MS + count // 4)
                writer.wake()
                await asyncio.sleep(0.005)

        load = asyncio.create_task(produce())
        await until(lambda: writer.written > 300, 20.0)
        await asyncio.to_thread(store.stop)
        await until(lambda: faults, 20.0)
        gone_at = len(events.points)
        await until(lambda: len(events.points) > gone_at + 500, 20.0)
        await asyncio.to_thread(store.start)
        await until(lambda: not writer.faulty, 20.0)
        load.cancel()
        await until(lambda: writer.written == events.points[-1].seq, 20.0)
    assert sorted(value for _, _, value in store.samples()) == [float(count) for count in range(len(events.points))]
    assert [on for on, _ in faults] == [True, False]
    assert events.largest_page <= 100


async def test_a_wrong_token_is_refused_in_plain_words(
    start_victoria: Callable[..., VictoriaMetrics], tmp_path: Path
) -> None:
    """The sentence names the file with the token, and never the token."""
    store = start_victoria("-httpAuth.username=hub", "-httpAuth.password=right")
    token_file = tmp_path / "influx.token"
    token_file.write_text("wrong-secret\n")
    with pytest.raises(SeriesRefused, match=r"does not accept the token in .*influx\.token") as refused:
        await influx(store.port, token_file).write([point(1)])
    assert "wrong-secret" not in str(refused.value)
    assert not refused.value.retry


async def test_an_address_that_is_no_time_series_is_refused(start_victoria: Callable[..., VictoriaMetrics]) -> None:
    """A wrong path is said to be refused, with what the far end said."""
    store = start_victoria()
    with pytest.raises(SeriesRefused, match="unsupported path"):
        await influx(store.port, path="/nothing/here").write([point(1)])


# -- answers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (
            404,
            b'{"code":"not found","message":"bucket \\"events\\" not found"}',
            "knows no bucket events of organisation home",
        ),
        (403, b'{"code":"forbidden","message":"insufficient permissions"}', "does not let this token write"),
        (401, b"", "a writer without a token"),
        (400, b'{"code":"invalid","message":"unable to parse"}', "refuses what is written"),
        (301, b"moved", "refuses what is written"),
    ],
)
async def test_a_refusal_says_what_to_change(status: int, body: bytes, words: str) -> None:
    """Each way in which a store refuses for good has its own sentence."""
    async with answering(status, body) as answers:
        with pytest.raises(SeriesRefused, match=words):
            await influx(answers.port).write([point(1)])


@pytest.mark.parametrize("status", [408, 429, 500, 503])
async def test_a_busy_store_is_tried_again(status: int) -> None:
    """An answer that asks for patience is not a refusal."""
    async with answering(status, b"busy") as answers:
        with pytest.raises(SeriesUnreachable, match=f"asks for patience: {status} busy") as busy:
            await influx(answers.port).write([point(1)])
    assert busy.value.retry


async def test_events_older_than_the_bucket_keeps_are_left_behind() -> None:
    """What the store drops by its own retention does not stop what comes after."""
    said = b'{"code":"unprocessable entity","message":"partial write: points beyond retention policy dropped=1"}'
    async with answering(422, said) as answers:
        series = influx(answers.port)
        await series.write([point(1)])
        await series.write([point(2)])
        assert len(answers.bodies) == 2


async def test_a_store_that_is_not_there_is_unreachable() -> None:
    """Nobody listens: said plainly, with no log-in of the address."""
    series = InfluxSeries(url=f"http://me:hidden@127.0.0.1:{free_port()}", org="home", bucket="events")
    with pytest.raises(SeriesUnreachable, match="nobody listens there") as away:
        await series.write([point(1)])
    assert "hidden" not in str(away.value)


async def test_a_token_that_cannot_be_read_is_refused_and_a_mended_one_is_used(tmp_path: Path) -> None:
    """The file is read again after a refusal, so that mending it needs no restart."""
    token_file = tmp_path / "token"
    async with answering(401) as answers:
        series = influx(answers.port, token_file)
        with pytest.raises(SeriesRefused, match="cannot be read"):
            await series.write([point(1)])
        token_file.write_text("old")
        with pytest.raises(SeriesRefused):
            await series.write([point(1)])
        token_file.write_text("new")
        answers.status, answers.body = 204, b""
        await series.write([point(1)])
        assert "Authorization: Token new" in answers.headers[-1]


# -- the writer ---------------------------------------------------------------------------------------------------


async def test_a_short_outage_is_logged_once_and_tells_nobody(caplog: pytest.LogCaptureFixture) -> None:
    """One line when it goes, one when it is back, and no alert for a restart of the store."""
    events, store, faults = Events(), Store(), Faults()
    caplog.set_level("INFO", "handrail.series")
    async with writing(events, store, faults=faults, tell_after_s=1000.0) as writer:
        store.away = True
        events.add()
        writer.wake()
        await until(lambda: store.writes > 3)
        store.away = False
        await until(lambda: writer.written == 1)
        await until(lambda: not writer.faulty)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert faults == []


async def test_a_refusal_is_told_at_once_and_once() -> None:
    """Only somebody can mend a wrong token: they are told without waiting, and told when it works."""
    events, store, faults = Events(), Store(), Faults()
    store.away, store.error = True, SeriesRefused("the time series does not accept the token in influx.token")
    async with writing(events, store, faults=faults, tell_after_s=1000.0) as writer:
        events.add()
        writer.wake()
        await until(lambda: store.writes > 3)
        assert faults == [(True, "the time series does not accept the token in influx.token")]
        store.away = False
        await until(lambda: not writer.faulty)
    assert [on for on, _ in faults] == [True, False]


async def test_a_store_that_never_answers_does_not_hold_up_a_stop() -> None:
    """The writer stops while a write hangs, and what it wrote is written again at the next start."""
    events = Events()
    events.add()
    async with answering(hold=asyncio.Event()) as answers:
        writer = SeriesWriter(events, influx(answers.port), rng=random.Random(1), on_fault=lambda on, reason: None)
        running = asyncio.create_task(writer.run())
        await until(lambda: answers.bodies)
        await writer.stop(within_s=0.01)
        await running
    assert events.cursors == {}


async def test_a_page_that_is_all_one_millisecond_does_not_stop_the_writer() -> None:
    """More events of one millisecond than a page holds still go on their way."""
    events, store = Events(), Store()
    for _ in range(25):
        events.add(wall_ms=WALL_MS)
    events.add(wall_ms=WALL_MS + 1)
    async with writing(events, store, page=10) as writer:
        await until(lambda: writer.written == events.points[-1].seq)
    assert store.closed


@settings(max_examples=60, deadline=None)
@given(
    milliseconds=st.lists(st.integers(0, 2), min_size=1, max_size=40),
    page=st.integers(8, 20),
    crashes=st.lists(st.tuples(st.integers(1, 40), st.booleans()), max_size=4),
)
def test_every_event_is_there_once_however_pages_and_crashes_fall(
    milliseconds: list[int], page: int, crashes: list[tuple[int, bool]]
) -> None:
    """Restarts at any event, answers lost after the write: one sample an event, and the same ones as without them."""

    async def run() -> Store:
        events, store = Events(), Store()
        stops = dict(crashes)
        wall_ms, same = WALL_MS, 0

        async def catch_up() -> None:
            async with writing(events, store, page=page) as writer:
                await until(lambda: writer.written == events.points[-1].seq)

        for number, step in enumerate(milliseconds, start=1):
            same = 0 if step else same + 1
            wall_ms += step if same < 6 else 1
            same = same if same < 6 else 0
            events.add(float(number), wall_ms=wall_ms)
            if number in stops:
                store.answers_lost = int(stops[number])
                await catch_up()
        await catch_up()
        return store

    store = asyncio.run(run())
    assert sorted(store.samples.values()) == sorted(f"value={float(n)}" for n in range(1, len(milliseconds) + 1))


# -- in a hub -----------------------------------------------------------------------------------------------------
@pytest.mark.fault("series")
async def test_staff_are_told_that_the_long_history_is_not_written_until_it_is(tmp_path: Path) -> None:
    """A store that refuses our token: a technical alert, ended by the first page that it takes."""

    def is_read(home: Rig, state: str) -> bool:
        said = (orjson.loads(payload) for topic, payload, _ in home.broker.published if "/alert/" in topic and payload)
        return any(alert["state"] == state and read_of(alert, "series") for alert in said)

    async with answering(401) as store, rig(tmp_path) as home:
        await home.stop()
        with (home.folder / "home.yaml").open("a") as settings:
            named = f"{{url: 'http://127.0.0.1:{store.port}', org: home, bucket: events}}"
            settings.write(f"series:\n  influxdb: {named}\n")
        await home.start()
        home.broker.say("zigbee2mqtt/room-001-door", b'{"contact":true}')
        await until(lambda: is_read(home, "told"), 10)
        store.status = 204
        await until(lambda: is_read(home, "closed"), 15)
