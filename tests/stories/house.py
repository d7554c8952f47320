"""A home for stories: the real machine, the real adapters, and a clock that is moved by hand.

What happens is said in a sentence (`home.press("012")`, `home.wait(seconds=45)`), and so is what is expected. After
every step the promises that hold always are looked at (`tests/stories/always.py`), whatever the story is about.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

import orjson

from devices.adapter import Message
from devices.catalogue import Catalogue
from devices.commands import Command, Sound, TurnOn
from devices.known import KnownDevices, still_calling
from devices.registry import presses_call
from hub.described import to_supervise
from hub.ledger.rows import adapter, event_of, event_row
from rules.effects import Answer, Carry, Did, Effect, Log, ShowRoom, Tell
from rules.home import Home
from rules.inputs import (
    Asked,
    ClockStepped,
    ConfigurationRefused,
    Configured,
    Delivered,
    FellDue,
    Heard,
    Input,
    Linked,
    Now,
    Started,
    Unread,
)
from rules.machine import step
from rules.messages import room_message
from rules.setting import Setting
from rules.state import ROWS, Alert, AlertState, Episode, State
from tests.stories.always import hold, remember
from tests.stories.village import MANAGERS, village

EVENING_MS = int(datetime(2026, 3, 10, 22, 30, tzinfo=UTC).timestamp() * 1000)
ON_SHIFT = ("carer-1", "carer-2", "nurse-1")


@dataclass
class House:
    """One home and what happened in it."""

    home: Home = field(default_factory=village)
    wall_ms: int = EVENING_MS
    signed_on: Iterable[str] = ON_SHIFT
    elapsed_ms: int = 1_000_000
    state: State = field(default_factory=State)
    happened: list[Effect] = field(default_factory=list)
    """Everything that came of the last thing that was done."""
    past: list[Effect] = field(default_factory=list)
    """Everything that ever came of anything."""
    rung: list[str] = field(default_factory=list)
    """The people told on their first channel since the story last asked."""
    channels_told: list[tuple[str, int]] = field(default_factory=list)
    """Every channel of every person that was ever told on."""
    dead: set[tuple[str, int]] = field(default_factory=set)
    """Channels that fail."""
    silent: set[tuple[str, int]] = field(default_factory=set)
    """Channels that never say what came of it."""
    known: KnownDevices = field(default_factory=KnownDevices)
    catalogue: Catalogue = field(default_factory=Catalogue)
    is_down: bool = False
    _queued: list[Message] = field(default_factory=list)
    _requests: int = 0
    _down_from_ms: int = 0

    configured: bool = True

    @classmethod
    def before_any_configuration(cls) -> "House":
        """A hub whose files were never accepted."""
        return cls(configured=False, signed_on=())

    def __post_init__(self) -> None:
        self.take(Started(down_from_ms=0))
        if self.configured:
            self.take(Configured(home=self.home))
        self.take(Linked(up=True))
        for person in self.signed_on:
            self.ask("sign_on", by=person)
        self.forget()

    # -- the clock ------------------------------------------------------------------------------------------------

    @property
    def now(self) -> Now:
        """Both clocks."""
        return Now(self.elapsed_ms, self.wall_ms)

    def wait(self, seconds: float = 0, *, minutes: float = 0, hours: float = 0) -> None:
        """Time passes; every timer fires at its own moment, and while the hub is down none does."""
        until = self.elapsed_ms + int((seconds + minutes * 60 + hours * 3600) * 1000)
        self.happened = []
        if not self.is_down:
            self._fire(until)
        self._pass(until - self.elapsed_ms)

    def _fire(self, until_ms: int) -> None:
        """Every timer that is due until then, the earliest first."""
        while due := [(timer.due_ms, timer.key) for timer in self.state.timers if timer.due_ms <= until_ms]:
            when, key = min(due)
            self._pass(max(0, when - self.elapsed_ms))
            self.take(FellDue(timer=key), more=True)

    def _pass(self, milliseconds: int) -> None:
        self.elapsed_ms += milliseconds
        self.wall_ms += milliseconds

    def clock_is_moved(self, *, hours: float) -> None:
        """Somebody sets the clock on the wall; the time that waits run on does not notice."""
        self.wall_ms += int(hours * 3_600_000)
        self.take(ClockStepped(step_ms=int(hours * 3_600_000)))

    # -- the hub --------------------------------------------------------------------------------------------------

    def goes_down(self) -> None:
        """The hub is killed; the broker keeps what is sent meanwhile."""
        self.is_down = True
        self._down_from_ms = self.wall_ms

    def comes_back(self) -> None:
        """The hub starts from its ledger: rows read back, what fell due done late, then what the broker kept."""
        self.is_down = False
        self.state = reloaded(self.state)
        self.take(Started(down_from_ms=self._down_from_ms))
        self._fire(self.elapsed_ms)
        queued, self._queued = self._queued, []
        for message in queued:
            self._hear(message)
        self.take(Linked(up=True), more=True)

    def down(self, *, minutes: float) -> None:
        """The hub is down for a while and comes back."""
        self.goes_down()
        self.wait(minutes=minutes)
        self.comes_back()

    def loses_broker(self) -> None:
        """The hub runs on and hears nothing."""
        self.take(Linked(up=False, why="the broker is away"))

    def finds_broker(self) -> None:
        """It hears the devices again."""
        self.take(Linked(up=True))

    def configure(self, home: Home) -> None:
        """A changed configuration is accepted."""
        self.take_configuration(home)

    def take_configuration(self, home: Home, refused: tuple[str, ...] = ()) -> None:
        """The same, with plans that were refused alone."""
        self.home = home
        self.take(Configured(home=home, refused=refused))

    def is_refused(self, *problems: str) -> None:
        """A changed configuration is refused whole."""
        self.take(ConfigurationRefused(problems=problems))

    def cannot_read(self, topic: str, why: str) -> None:
        """A message goes to quarantine."""
        self.take(Unread(topic=topic, reason=why))

    def take(self, given: Input, *, more: bool = False) -> None:
        """Give the machine one input and look at what must always hold."""
        if isinstance(given, Heard):
            given = _kept(given, self.now)
        before = remember(self.state)
        _, effects = step(self.state, given, self.now)
        self.state.adopt()
        self.happened = [*self.happened, *effects] if more else effects
        self.past += effects
        hold(before, self.state, given, self.now, effects)
        for effect in effects:
            if isinstance(effect, Tell):
                self._told(effect)

    def _told(self, tell: Tell) -> None:
        way = (tell.person, tell.channel)
        self.channels_told.append(way)
        if tell.channel == 0:
            self.rung.append(tell.person)
        if way not in self.silent:
            self.take(_result(tell, ok=way not in self.dead), more=True)

    def result(self, person: str, channel: int, *, ok: bool) -> None:
        """What came of telling somebody arrives, once more."""
        self.take(_result(Tell(alert=self.alert.id, version=1, person=person, channel=channel), ok=ok))

    # -- devices --------------------------------------------------------------------------------------------------

    def hear(self, topic: str, payload: object, *, retain: bool = False) -> None:
        """A message arrives, or waits at the broker while the hub is down."""
        body = payload.encode() if isinstance(payload, str) else orjson.dumps(payload)
        message = Message(topic, body, retain)
        self.happened = []
        if self.is_down:
            self._queued.append(message)
        else:
            self._hear(message)

    def _hear(self, message: Message) -> None:
        found = self.catalogue.adapter_for(message.topic, self.known)
        assert found is not None, f"no adapter reads {message.topic}"
        decoded = found.decode(message, self.known)
        assert decoded.error is None, decoded.error
        for item in decoded.learned:
            supervised = to_supervise(self.known.get(item.device), item)
            self.known[item.device] = still_calling(self.known.get(item.device), item)
            if supervised is not None:
                self.take(supervised, more=True)
        for event in decoded.events:
            introduced = self.known.get(event.device)
            can_call = introduced is not None and presses_call(introduced)
            self.take(Heard(event=event, retained=message.retain, can_call=can_call), more=True)

    @property
    def stamp(self) -> str:
        """Now, as Zigbee2MQTT writes it."""
        return f"{datetime.fromtimestamp(self.wall_ms / 1000, UTC):%Y-%m-%dT%H:%M:%S}.{self.wall_ms % 1000:03d}Z"

    def press(self, where: str, *, action: str = "emergency") -> None:
        """A pendant of a room, or a device by its name, is pressed."""
        self.device(f"room-{where}-pendant" if where.isdigit() else where, action=action, last_seen=self.stamp)

    def call(self, room: str) -> None:
        """The call button beside a bed is pressed."""
        self.press(f"room-{room}-call", action="single")

    def device(self, name: str, **values: object) -> None:
        """A Zigbee device reports values."""
        self.hear(f"zigbee2mqtt/{name}", values)

    # -- people ---------------------------------------------------------------------------------------------------

    def ask(self, do: str, **fields: str | int) -> Answer:
        """Somebody asks for something, on the dashboards unless another client is named; the hub's answer."""
        self._requests += 1
        said = {"id": f"q{self._requests}", "client": "dashboards", "do": do, **fields}
        self.take(cast(Asked, adapter(Asked).validate_python(said)))
        answers = [effect for effect in self.happened if isinstance(effect, Answer)]
        assert len(answers) == 1, "every request is answered once"
        return answers[0]

    def _do(self, do: str, by: str, alert: str, **more: str | int) -> None:
        answer = self.ask(do, by=by, alert=alert or self.alert.id, **more)
        assert answer.ok, answer.reason

    def claim(self, by: str, alert: str = "") -> None:
        """ "I am going." """
        self._do("claim", by, alert)

    def attend(self, by: str, alert: str = "", **more: str) -> None:
        """ "I am there." """
        self._do("attend", by, alert, **more)

    def promise(self, by: str, *, minutes: int, reason: str = "", alert: str = "") -> None:
        """ "Back in ten minutes." """
        self._do("promise", by, alert, until_s=minutes * 60, reason=reason)

    def close(
        self, by: str, ending: str = "helped", alert: str = "", reason: str = "no tag or screen here", **more: str
    ) -> None:
        """The end, with how it ended; with why nothing shows that somebody was there, where a story says no more."""
        self._do("close", by, alert, ending=ending, reason=reason, **more)

    def says_ok(self, room: str, **more: str) -> Answer:
        """A resident taps *I'm all right* on the room's screen."""
        return self.ask("ok", client=f"room-{room}", **more)

    def refused(self, do: str, **fields: str | int) -> str:
        """Ask for something that is refused; returns why."""
        answer = self.ask(do, **fields)
        assert not answer.ok, f"{do} was not refused: {answer.reason}"
        return answer.reason

    # -- what is ------------------------------------------------------------------------------------------------------

    @property
    def open(self) -> list[Alert]:
        """The open alerts, oldest first, without the manager's: the list of a morning, and what was told late."""
        alerts = [a for a in self.state.alerts if a.state is not AlertState.CLOSED and a.cause not in MANAGERS]
        return sorted(alerts, key=lambda alert: alert.id)

    @property
    def alert(self) -> Alert:
        """The one alert there is, open or, where none is, the newest closed one."""
        assert len(self.open) <= 1, f"there are several: {[alert.reason for alert in self.open]}"
        every = self.open or sorted(self.state.alerts, key=lambda alert: alert.id)
        assert every, "there is no alert"
        return every[-1]

    def did(self, *, past: bool = False) -> list[str]:
        """The steps of the log that the last thing made, or all."""
        return [log.did.value for log in self.logs(past=past)]

    def logs(self, did: Did | None = None, *, past: bool = False) -> list[Log]:
        """The same, whole."""
        effects = self.past if past else self.happened
        return [effect for effect in effects if isinstance(effect, Log) and did in (None, effect.did)]

    def commands(self) -> list[Command]:
        """The device commands that the last thing made."""
        return [effect.command for effect in self.happened if isinstance(effect, Carry)]

    def sounds(self) -> list[Sound]:
        """Those to sirens and sounders."""
        return [command for command in self.commands() if isinstance(command, Sound)]

    def lights(self) -> list[str]:
        """The lights that were switched on."""
        return [command.device for command in self.commands() if isinstance(command, TurnOn)]

    def screen(self, room: str) -> dict[str, object]:
        """What the room's screen shows."""
        return room_message(self.state, room)

    def screens_shown(self) -> set[str]:
        """Rooms whose screens were given something new by the last thing."""
        return {effect.room for effect in self.happened if isinstance(effect, ShowRoom)}

    def forget(self) -> None:
        """Whoever was told so far was told; from here on the story counts anew."""
        self.rung.clear()

    # -- what is expected -------------------------------------------------------------------------------------------

    def expect_told(self, *people: str) -> None:
        """Exactly these were told since the story last asked, on their phones and by name in the log."""
        expected = set(ON_SHIFT) if people == ("everybody on shift",) else set(people)
        assert set(self.rung) == expected, f"told were {sorted(set(self.rung))}"
        self.forget()

    def expect_nobody_told(self) -> None:
        """No phone rang since the story last asked."""
        assert self.rung == [], f"told were {sorted(set(self.rung))}"

    def expect(self, state: str, **more: object) -> None:
        """The one alert stands so."""
        assert self.alert.state == state, f"it is {self.alert.state}"
        for name, value in more.items():
            assert getattr(self.alert, name) == value, f"{name} is {getattr(self.alert, name)!r}"

    def expect_did(self, *steps: str) -> None:
        """The last thing made these steps, in this order; others may stand between."""
        rest = iter(self.did())
        assert all(any(found == wanted for found in rest) for wanted in steps), self.did()

    def expect_quiet(self) -> None:
        """There is no open alert."""
        assert self.open == [], [alert.reason for alert in self.open]


def _result(tell: Tell, *, ok: bool) -> Delivered:
    why = "" if ok else "cannot be reached"
    return Delivered(
        alert=tell.alert, version=tell.version, person=tell.person, channel=tell.channel, ok=ok, reason=why
    )


def _kept(given: Heard, now: Now) -> Heard:
    """The event as it comes back from the ledger: the machine is given what a replay would give it."""
    _, _, _, device, kind, value, extra = event_row(1, now, given)
    kept = event_of(device, kind, value, extra)
    assert kept == given
    return kept


def reloaded(state: State) -> State:
    """The state as a start reads it: rows through JSON, in the order of their keys."""
    copy = State()
    for name, kind in ROWS.items():
        read, table = adapter(kind), getattr(copy, name)
        for _, row in sorted(getattr(state, name).rows.items()):
            same = read.validate_json(orjson.dumps(row))
            table.rows[row_key(name, same)] = same
    if state.setting is not None:
        home = adapter(Home).validate_json(adapter(Home).dump_json(state.setting.home))
        copy.setting = Setting(cast(Home, home), [episode.rule for episode in copy.episodes])
    return copy


def row_key(name: str, row: object) -> str:
    """The key under which a row lies in memory."""
    if isinstance(row, Episode):
        return f"{row.rule.resident}/{row.rule.rule}/{row.rule.device}"
    if name == "meta":
        return "meta"
    if name == "answers":
        return f"{row.client}/{row.id}"  # type: ignore[attr-defined]
    first = {"alerts": "id", "timers": "key", "watches": "key", "people": "resident", "shift": "person"}
    return str(getattr(row, first.get(name, "device")))
