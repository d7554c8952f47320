"""The watcher's core beside the real machine: what the hub heard, whatever the night, it never says was not heard."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from devices.adapter import Message
from devices.registry import presses_call
from hub.watch import messages
from hub.watch.asking import Asking
from hub.watch.core import Watch
from hub.watch.held import from_bytes, to_bytes
from hub.watch.house import House as Known
from hub.watch.records import Do, Now, Show, Tell
from rules.effects import Log, ShowAlert
from rules.inputs import Faulted, Input
from rules.messages import alert_message, log_message, watcher_message
from tests.stories.house import House

SEEDS = (1, 2, 3)
STEPS = 150
RESTART_S = 2.1
"""The service is started again after a second, and needs another one."""
TICK_MS, BEAT_MS = 1_000, 5_000
MORNING_MS = int(datetime(2026, 3, 10, 10, 0, tzinfo=UTC).timestamp() * 1000)
CALLERS = ("room-011-pendant", "room-012-pendant", "room-013-call", "ruth-pendant", "lounge-cord", "office-button")
STRANGER = "somebody-elses"


def but_untaken(wished: list[Do]) -> list[Do]:
    """Whom nobody takes here is told of as well (`test_watch_untaken.py`), and that says nothing against the hub."""
    if any(isinstance(do, Tell) and do.about == "untaken" for do in wished):
        assert len(wished) == 2
        return []
    return wished


@dataclass
class Beside(House):
    """A house with a watcher that hears what the hub hears, and what the hub says of it."""

    watch: Watch = field(init=False)
    wished: list[Do] = field(default_factory=list)
    asking: Asking = field(default_factory=Asking)
    kept: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    cannot_write: bool = False
    _seq: int = 0
    _beat_ms: int = 0
    _read: int = 0

    def __post_init__(self) -> None:
        self.watch = Watch(Known(self.home), self._when)
        self.watch.linked(True, self._when)
        self.watch.beat("ready", self._when, retained=False)
        super().__post_init__()

    @property
    def _when(self) -> Now:
        return Now(elapsed_ms=self.elapsed_ms, wall_ms=self.wall_ms)

    def _pass(self, milliseconds: int) -> None:
        while milliseconds > 0:
            step_ms = min(TICK_MS, milliseconds)
            super()._pass(step_ms)
            milliseconds -= step_ms
            self.wished += self.watch.broker_heard(self._when)
            if not self.is_down and self.elapsed_ms - self._beat_ms >= BEAT_MS:
                self._beat()
            self.wished += but_untaken(self.watch.tick(self._when))

    def _beat(self) -> None:
        self._beat_ms = self.elapsed_ms
        self.wished += but_untaken(self.watch.beat("ready", self._when, retained=False))

    def hear(self, topic: str, payload: object, *, retain: bool = False) -> None:
        """A message arrives at both."""
        body = payload.encode() if isinstance(payload, str) else orjson.dumps(payload)
        found = self.catalogue.adapter_for(topic, self.known)
        assert found is not None
        for event in found.decode(Message(topic, body, retain), self.known).events:
            introduced = self.known.get(event.device)
            can_call = introduced is not None and presses_call(introduced)
            self.wished += self.watch.heard(event, self._when, retained=retain, can_call=can_call, topic=topic)
        super().hear(topic, payload, retain=retain)

    def asks(self, client: str, ident: str, said: dict[str, str]) -> None:
        """A request arrives at both; for a hub that is down the broker keeps it."""
        payload = orjson.dumps({"id": ident, **said})
        self.wished += self.asking.heard(self.watch, client, payload, self._when)
        if self.is_down:
            self.kept.append((client, ident, said))
        else:
            self.ask(said["do"], client=client, id=ident, room=said["room"], by=said["by"])

    def goes_down(self) -> None:
        """The broker says so."""
        super().goes_down()
        self.wished += self.watch.beat("lost", self._when, retained=False)

    def comes_back(self) -> None:
        """It is ready, and tells what waited."""
        super().comes_back()
        kept, self.kept = self.kept, []
        for client, ident, said in kept:
            self.asks(client, ident, said)
        self._beat()

    def take(self, given: Input, *, more: bool = False) -> None:
        """What the hub says of it: lines of the log, unless it cannot write them, and alerts."""
        super().take(given, more=more)
        said, self._read = self.past[self._read :], len(self.past)
        for effect in said:
            self._say(effect)
        known = messages.known_by(orjson.dumps(watcher_message(self.state)))
        assert known is not None
        self.watch.are_not_ours(known.not_ours)

    def _say(self, effect: object) -> None:
        if isinstance(effect, Log) and not self.cannot_write:
            self._seq += 1
            line = orjson.dumps(log_message(self._seq, self.wall_ms, effect))
            if (stranger := messages.marked_by_staff(line)) is not None:
                self.watch.marked(stranger)
            elif (taken := messages.taken_by_line(line)) is not None:
                self.wished += self.watch.taken(*taken, not_ours=messages.is_not_ours(line))
            elif (heard := messages.heard_by_line(line)) is not None:
                self.wished += self.watch.answered(*heard, no_press=messages.is_no_press(line))
        if isinstance(effect, ShowAlert):
            self._show(effect.alert)

    def _show(self, ident: str) -> None:
        if (alert := self.state.alerts.get(ident)) is not None:
            payload = orjson.dumps(alert_message(alert))
            if (taken := messages.taken_by_alert(payload)) is not None:
                self.wished += self.watch.taken(*taken)
            if (shown := messages.shown_by(alert.id, payload)) is not None:
                self.wished += self.watch.shown(shown)
            if (stands := messages.open_by(alert.id, payload)) is not None:
                self.wished += self.watch.stands(stands, self._when)
            elif messages.is_over(payload):
                self.wished += self.watch.cleared(alert.id)

    @property
    def said_unheard(self) -> list[Do]:
        """What the watcher told of a hub that runs."""
        return [
            do
            for do in self.wished
            if (isinstance(do, Show) and do.told.deaf) or (isinstance(do, Tell) and "does not tell" in do.title)
        ]


# -- what may happen --------------------------------------------------------------------------------------------------


def presses(home: Beside, chance: random.Random) -> None:
    """Once, twice, with or without a stamp, in one form or two, anywhere in the house."""
    name = chance.choice(CALLERS)
    stamp = {"last_seen": home.stamp} if chance.random() < 0.7 else {}
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        home.device(name, action="emergency", **stamp)
        if chance.random() < 0.4:
            home.wait(seconds=chance.choice((0, 0.05, 0.6)))
            home.hear(f"zigbee2mqtt/{name}/action", "emergency")
        home.wait(seconds=chance.choice((0.1, 0.49, 0.51, 3)))


def from_a_screen(home: Beside, chance: random.Random) -> None:
    """*Call for help* in a room, *Staff assist*, or only a wish for company; sometimes the same request once more."""
    do, client = chance.choice(("call", "assist", "company")), chance.choice(("dashboards", "room-012", "room-013"))
    by = chance.choice(("carer-1", "Agency Jo", "")) if client == "dashboards" else ""
    said = {"do": do, "room": chance.choice(("011", "012", "013", "099", "")), "by": by}
    home.asks(client, f"s{chance.randrange(10**9)}", said)
    home.wait(seconds=chance.choice((0.1, 3)))


def remembered(home: Beside, chance: random.Random) -> None:
    """The broker says once more what it kept."""
    body = {"action": "emergency", "last_seen": home.stamp}
    home.hear(f"zigbee2mqtt/{chance.choice(CALLERS)}", body, retain=True)


def smokes(home: Beside, chance: random.Random) -> None:
    """On, off, and the same said again."""
    home.device("room-011-smoke", smoke=chance.random() < 0.5, battery=chance.randrange(100))


def by_radio(home: Beside, chance: random.Random) -> None:
    """A transmitter that repeats its frames."""
    frame = {"model": "Honeywell-Security", "id": 75948, "channel": 8, "event": 128, "state": "open", "reed_open": 1}
    for _ in range(chance.choice((1, 3, 5))):
        home.hear("rtl_433/pi/events", frame)
        home.wait(seconds=chance.choice((0.05, 0.3, 1.99, 2.01)))


def of_a_stranger(home: Beside, chance: random.Random) -> None:
    """A device that nobody placed: pressed, marked by a manager, taken back."""
    what = chance.choice(("press", "press", "not_ours", "ours"))
    if what == "press":
        home.device(STRANGER, action="emergency")
    else:
        home.ask(what, device=f"zigbee2mqtt/{STRANGER}", by="manager-1")


def is_tested(home: Beside, chance: random.Random) -> None:
    """A walk test, confirmed or not."""
    home.ask("walk", device="room-012-pendant", by="carer-1")
    home.wait(seconds=1)
    home.press("012")
    home.wait(seconds=chance.choice((2, 20, 40)))
    home.ask("tested", device="room-012-pendant", by="carer-1")


def is_answered(home: Beside, chance: random.Random) -> None:
    """Carers take alerts, attend and close them."""
    for alert in home.open:
        for do in ("claim", "attend", "close")[: chance.randrange(4)]:
            more = {"ending": "helped", "reason": "no tag"} if do == "close" else {}
            home.ask(do, alert=alert.id, by="carer-1", **more)


def watcher_is_killed(home: Beside, chance: random.Random) -> None:
    """In the middle of a press or not; two seconds later the broker shows the next one what the hub shows."""
    if chance.random() < 0.5:
        presses(home, chance)
    held = home.watch.holds(home._when)
    data = to_bytes(held) if held is not None else None
    home.wait(seconds=RESTART_S)
    home.watch = Watch(Known(home.home), home._when)
    if data is not None:
        home.watch.take_up(from_bytes(data), home._when)
    home.watch.linked(True, home._when)
    known = messages.known_by(orjson.dumps(watcher_message(home.state)))
    assert known is not None
    home.watch.are_not_ours(known.not_ours)
    for alert in home.open:
        home._show(alert.id)


def cannot_be_written(home: Beside, chance: random.Random) -> None:
    """The disk is full, or takes it again."""
    home.cannot_write = not home.cannot_write
    reason, about = "disk full", {"folder": "/", "alerts": ""}
    home.take(Faulted(fault="ledger", on=home.cannot_write, reason=reason, about=about))


def passes(home: Beside, chance: random.Random) -> None:
    """Time."""
    home.wait(seconds=chance.choice((1, 8, 30, 700)))


def restarts(home: Beside, chance: random.Random) -> None:
    """The hub is down for a while; what was pressed waits at the broker, and from another one it comes hours late."""
    home.cannot_write = False
    home.goes_down()
    home.wait(seconds=chance.choice((1, 3, 20, 5_000)))
    for _ in range(chance.randrange(3)):
        chance.choice((presses, from_a_screen))(home, chance)
    if chance.random() < 0.5:
        before = datetime.fromtimestamp(home.wall_ms / 1000, UTC) - timedelta(hours=1.2)
        home.device("room-012-pendant", action="emergency", last_seen=f"{before:%Y-%m-%dT%H:%M:%S}.007Z")
    home.comes_back()
    home.wait(seconds=chance.choice((1, 9)))


HAPPENS: tuple[Callable[[Beside, random.Random], None], ...] = (
    *(presses, presses, presses, from_a_screen, remembered, smokes, by_radio),
    *(of_a_stranger, is_tested, is_answered, cannot_be_written, passes, passes),
)


@pytest.mark.parametrize("seed", SEEDS)
def test_beside_a_hub_that_runs_the_watcher_is_silent(seed: int) -> None:
    """A day of a house by chance, a hub that never fails: not one word."""
    chance, home = random.Random(seed), Beside(wall_ms=MORNING_MS)
    for _ in range(STEPS):
        happens = chance.choice(HAPPENS)
        happens(home, chance)
        home.wait(seconds=0.5)
        assert home.wished == [], f"{happens.__name__}: {[do for do in home.wished if isinstance(do, (Tell, Show))]}"
    home.wait(seconds=30)
    assert home.wished == []
    assert len(home.logs(past=True)) > STEPS


@pytest.mark.parametrize("seed", SEEDS)
def test_a_hub_that_comes_and_goes_is_never_said_to_hear_nothing(seed: int) -> None:
    """It is away for seconds and for hours, tells late what waited, and lists what is older than an hour."""
    chance, home = random.Random(seed), Beside(wall_ms=MORNING_MS)
    for _ in range(STEPS // 2):
        happens = chance.choice((restarts, *HAPPENS))
        happens(home, chance)
        assert home.said_unheard == [], happens.__name__
    home.wait(seconds=30)
    assert home.said_unheard == []


@pytest.mark.parametrize("seed", SEEDS)
def test_a_watcher_that_is_killed_again_and_again_beside_a_hub_that_runs_is_silent(seed: int) -> None:
    """Whatever it had held when it was killed, the hub has it."""
    chance, home = random.Random(seed), Beside(wall_ms=MORNING_MS)
    for _ in range(STEPS):
        happens = chance.choice((watcher_is_killed, watcher_is_killed, *HAPPENS))
        happens(home, chance)
        home.wait(seconds=chance.choice((0, 0.5)))
        assert home.wished == [], f"{happens.__name__}: {[do for do in home.wished if isinstance(do, (Tell, Show))]}"
    home.wait(seconds=30)
    assert (home.wished, home.watch.told) == ([], {})
