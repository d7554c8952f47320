"""Histories: anything that may happen to a home, in any order, sensible or not; and how one is run."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

import orjson
from hypothesis import strategies as st

from devices.events import EMERGENCY_KINDS, TWO_WORDS, Event, Kind, Value
from rules.effects import Effect, Tell
from rules.inputs import (
    Asked,
    ClockStepped,
    ConfigurationRefused,
    Configured,
    Delivered,
    Described,
    Dropped,
    Faulted,
    FellDue,
    Heard,
    Input,
    Linked,
    Now,
    Remembered,
    Report,
    Served,
    SetAside,
    Started,
    Tried,
    Unread,
)
from rules.machine import step
from rules.state import AlertState, State
from tests.rules.homes import DAYTIME, HOMES, VILLAGE
from tests.rules.planned import LIVED, PLANNED
from tests.rules.stands import RECONNECTS, SAID_OF_A_RESIDENT, STANDS, UNPLUGGED

START = Now(1_000, 1_773_181_800_000)


@dataclass(frozen=True)
class Wait:
    """Time passes, and every timer fires at its own moment."""

    ms: int


@dataclass(frozen=True)
class Moment:
    """One input, so many milliseconds after the one before."""

    after_ms: int
    given: Input


Happening = Wait | Moment


# -- what may happen ---------------------------------------------------------------------------------------------------

NAMES = [placed.device for placed in VILLAGE.devices]
DEVICES = st.sampled_from([*NAMES, "zigbee2mqtt/bridge", "rtl_433/attic", "zigbee2mqtt/nobody", "", "x"])
PEOPLE = st.sampled_from(["carer-1", "carer-2", "nurse-1", "manager-1", "Ingrid", "a/b", "", "nobody"])
ALERTS = st.sampled_from([*(f"a{number:05d}" for number in range(1, 8)), "", "a/b"])
PLACES = st.sampled_from(["011", "012", "022", "lounge", "", "the moon"])
RESIDENTS = st.sampled_from(["margaret", "ada", "ruth", "edith", "", "the-queen"])
CLIENTS = st.sampled_from(["dashboards", "dashboards", "dashboards", "room-012", "room-022", "homeassistant", ""])
WORDS = st.sampled_from(["", "on", "off", "fire", "normal", "stop", "a fall in 021"])
TEXT = st.text(max_size=8)
DOINGS = (
    *("claim", "attend", "promise", "close") * 2,
    *("ok", "call", "assist", "company", "sign_on", "sign_off", "not_ours", "ours", "command", "mode"),
    *("unreadable", "dance", "walk", "tested", "answer", "choose", "reconnected"),
    *SAID_OF_A_RESIDENT,
)

ODD: st.SearchStrategy[Value] = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False), TEXT
)
WORDS_OF_KINDS = st.sampled_from(
    [*(word for words in TWO_WORDS.values() for word in words), "low", "fall_warning", "maybe_fall", "single"]
)
VALUES: st.SearchStrategy[Value] = st.one_of(st.booleans(), WORDS_OF_KINDS, ODD)
STAMPS = st.integers(START.wall_ms - 3 * 3_600_000, START.wall_ms + 3 * 3_600_000)


@st.composite
def events(draw: st.DrawFn, kinds: Iterable[Kind] = tuple(Kind)) -> Event:
    """An event of any device, of any kind, with any value."""
    at_ms = draw(st.none() | STAMPS)
    stamped = at_ms is not None and draw(st.booleans())
    return Event(
        device=draw(DEVICES),
        kind=draw(st.sampled_from(list(kinds))),
        value=draw(VALUES),
        unit=draw(st.none() | st.just("%")),
        field=draw(st.none() | st.sampled_from(["left", "alarm", "bridge"])),
        press=draw(st.booleans()),
        stamp=str(at_ms) if stamped else None,
        at_ms=at_ms,
        press_id=str(at_ms) if stamped and draw(st.booleans()) else None,
        repeat_window_ms=draw(st.sampled_from([0, 500, 2000])),
    )


PRESSED = st.builds(
    lambda device, kind, stamp: Event(
        device=device, kind=kind, value=True, press=True, stamp=stamp, press_id=stamp, repeat_window_ms=500
    ),
    DEVICES,
    st.sampled_from([Kind.EMERGENCY, Kind.CALL, Kind.STAFF_ASSIST]),
    st.integers(0, 10**6).map(str),
)
HEARD = st.builds(
    Heard,
    event=st.one_of(events(), PRESSED, PRESSED, events(sorted(EMERGENCY_KINDS))),
    retained=st.sampled_from([False, False, False, True]),
    can_call=st.booleans(),
)
ASKED = st.builds(
    Asked,
    id=st.integers(0, 40).map(str),
    client=CLIENTS,
    do=st.sampled_from(DOINGS),
    alert=ALERTS,
    by=PEOPLE,
    ending=st.sampled_from(["helped", "mistake", "other", "", "gone"]),
    reason=WORDS,
    until_s=st.sampled_from([60, 300, 1200, 0, -1, 10**9]),
    resident=RESIDENTS,
    room=PLACES,
    device=st.one_of(DEVICES, st.sampled_from(["room-012-light", "ground-siren", "lounge-cord", "room-012-bed"])),
    episode=st.sampled_from(["", "e000001", "e000002"]),
    answer=st.sampled_from(["", "yes", "no"]),
    proof=st.sampled_from(["", "screen:012", "screen:lounge", "device:lounge-cord", "tag:nothing", ":"]),
    command=st.sampled_from(
        [
            {},
            {"do": "turn_on", "brightness_pct": 30, "transition_s": 2.5},
            {"do": "turn_on", "brightness_pct": "bright"},
            {"do": "sound", "duration_s": 0},
            {"do": "set_cover", "move": 5},
            {"do": "set_cover"},
            {"do": "say", "text": "tea is ready"},
            {"do": "unlock", "device": "zigbee2mqtt/room-011-light"},
            {"do": "set_temperature"},
            {"do": "dance"},
        ]
    ),
    cannot=st.sampled_from(["", "", "it cannot be dimmed"]),
)
SENSIBLE = st.builds(
    Asked,
    id=st.integers(1_000, 10**9).map(str),
    client=st.just("dashboards"),
    do=st.sampled_from([*("claim", "attend", "promise", "close") * 3, "assist", "sign_on", "sign_off"]),
    alert=st.sampled_from(["#0", "#0", "#1", "#2", "a00001", "a00002"]),
    by=st.sampled_from(["carer-1", "nurse-1", "carer-2", "manager-1", "Ingrid"]),
    ending=st.sampled_from(["helped", "mistake"]),
    reason=st.sampled_from(["a fall in 021", ""]),
    until_s=st.sampled_from([60, 600]),
    room=PLACES,
)
"""What a carer might really do: `#1` is the second of the alerts that are open by then."""
USUAL = st.builds(
    Heard,
    event=st.builds(
        lambda device, said: Event(device=f"zigbee2mqtt/{device}", kind=said[0], value=said[1]),
        st.sampled_from(["room-012-bed", "room-012-bed", "room-011-door", "room-012-smoke", "room-012-pendant"]),
        st.sampled_from(
            [
                *((Kind.OCCUPANCY, value) for value in (True, False)),
                *((Kind.CONTACT, value) for value in ("open", "closed")),
                *((Kind.SMOKE, value) for value in (True, False)),
                *((Kind.BATTERY, value) for value in (5, 90)),
            ]
        ),
    ),
)
CALLS = st.builds(
    lambda room, button: Heard(
        event=Event(device=f"zigbee2mqtt/room-{room}-{button}", kind=Kind.BUTTON, value="single", press=True)
    ),
    st.sampled_from(["011", "012"]),
    st.sampled_from(["pendant", "call", "call"]),
)
WALKED = st.sampled_from(["room-012-pendant", "room-012-pendant", "room-011-call"])
WALKS = st.one_of(
    *[
        st.builds(
            Asked,
            id=st.integers(1_000, 10**9).map(str),
            client=st.just("dashboards"),
            do=st.just(do),
            by=st.sampled_from(["carer-1", "carer-1", "nurse-1"]),
            device=WALKED,
            reason=st.sampled_from(reasons),
        )
        for do, reasons in (("walk", ["", "", "", "stop"]), ("tested", [""]))
    ],
    st.builds(
        lambda device, kind: Heard(event=Event(device=f"zigbee2mqtt/{device}", kind=kind, value=True, press=True)),
        WALKED,
        st.sampled_from([Kind.BUTTON, Kind.EMERGENCY, Kind.CALL, Kind.FALL]),
    ),
)
"""A carer tests pendants, and they are pressed."""
DELIVERED = st.builds(
    Delivered,
    alert=ALERTS,
    version=st.integers(0, 9),
    person=PEOPLE,
    channel=st.sampled_from([0, 0, 0, 1, -3, 9]),
    ok=st.booleans(),
    reason=TEXT,
)
TIMERS = st.one_of(
    st.builds("{}/{}".format, st.sampled_from(["ladder", "claim", "promise", "unclosed", "receipt", "test"]), ALERTS),
    st.sampled_from(
        [
            "silence/all",
            "tidy/all",
            "walk/room-012-pendant",
            "episode/margaret/up-at-night/room-012-bed",
            "watch/margaret/silent/room-012-bed",
            "watch/margaret/hourly/",
            "",
            "nothing/x",
        ]
    ),
)
CONFIGURED = st.sampled_from([*[VILLAGE] * 5, *[PLANNED] * 4, *HOMES])
OTHERS: st.SearchStrategy[Input] = st.one_of(
    st.builds(FellDue, timer=TIMERS),
    st.builds(
        Configured,
        home=st.sampled_from([*[VILLAGE] * 5, *[PLANNED] * 4, *HOMES]),
        refused=st.sampled_from([(), ("a: no",)]),
    ),
    st.builds(ConfigurationRefused, problems=st.sampled_from([(), ("no",), ("no", "nor this")])),
    st.builds(Started, down_from_ms=st.one_of(st.just(0), STAMPS)),
    st.builds(Linked, up=st.booleans(), why=TEXT),
    st.builds(ClockStepped, step_ms=st.integers(-7_200_000, 7_200_000)),
    st.builds(Unread, topic=TEXT, reason=TEXT),
    st.builds(Faulted, fault=st.sampled_from(["ledger", "qos0:x"]), on=st.booleans(), reason=st.sampled_from("ab")),
    st.builds(Dropped, what=TEXT, why=TEXT),
    st.builds(
        Served, service=TEXT, why=TEXT, ok=st.booleans(), reason=TEXT, episode=st.sampled_from(["e000001", "", "x"])
    ),
    st.builds(Remembered, shown=st.dictionaries(ALERTS, st.tuples(st.integers(0, 9), TEXT), max_size=3)),
    st.builds(SetAside, what=st.just("FellDue"), error=TEXT, timer=TIMERS, look_at=st.sampled_from(["", "a door"])),
    st.builds(Tried, reports=st.tuples(st.builds(Report, resident=RESIDENTS, words=TEXT, matters=st.booleans()))),
    st.builds(
        Described,
        device=DEVICES,
        checks_in_s=st.sampled_from([0, 0, 60, 900, 86_400]),
        gateway=st.sampled_from(["", "", "x", "zigbee2mqtt/room-012-light", "zigbee2mqtt/bridge"]),
    ),
)


@st.composite
def often(draw: st.DrawFn, *weighted: tuple[int, st.SearchStrategy[Any]]) -> Any:
    """One of these, the first number times as often (`one_of` takes each alternative once)."""
    return draw(draw(st.sampled_from([strategy for weight, strategy in weighted for _ in range(weight)])))


INPUTS: st.SearchStrategy[Input] = often(
    (4, CALLS),
    (7, SENSIBLE),
    (3, WALKS),
    (2, STANDS),
    (2, RECONNECTS),
    (3, USUAL),
    (7, LIVED),
    (2, HEARD),
    (1, ASKED),
    (1, DELIVERED),
    (3, OTHERS),
)
AFTER = st.sampled_from([0, 0, 10, 700, 2_500, 11_000, 65_000])
MOMENTS = st.builds(Moment, after_ms=AFTER, given=INPUTS)
WAITS = st.builds(Wait, ms=st.sampled_from([*(1_000, 45_000, 120_000, 900_000) * 4, 3_600_000, 26 * 3_600_000]))
HAPPENINGS: st.SearchStrategy[Happening] = often((7, MOMENTS), (1, WAITS))
BEGINNING: tuple[Happening, ...] = (
    Moment(0, Started(down_from_ms=0)),
    Moment(0, Configured(home=VILLAGE)),
    Moment(0, Linked(up=True)),
    Moment(0, Asked(id="on-1", client="dashboards", do="sign_on", by="carer-1")),
    Moment(0, Asked(id="on-2", client="dashboards", do="sign_on", by="nurse-1")),
)


BY_DAY: tuple[Happening, ...] = tuple(
    Moment(0, Configured(home=DAYTIME)) if one == BEGINNING[1] else one for one in BEGINNING
)


PLANS: tuple[Happening, ...] = tuple(
    Moment(0, Configured(home=PLANNED)) if one == BEGINNING[1] else one for one in BEGINNING
)


def histories(most: int = 25) -> st.SearchStrategy[list[Happening]]:
    """Any history: of a home that has begun, or of one where nothing was ever accepted."""
    unplugged = (*PLANS, *(Moment(1_000, given) for given in UNPLUGGED))
    begun = st.sampled_from([BEGINNING] * 4 + [BY_DAY] * 3 + [PLANS] * 5 + [unplugged] * 2 + [()])
    rest = st.lists(HAPPENINGS, min_size=most // 2, max_size=most)
    return st.builds(lambda begun, rest: [*begun, *rest], begun, rest)


# -- running one -------------------------------------------------------------------------------------------------------

Look = Callable[[State, Input, Now, list[Effect]], None]


@dataclass
class Run:
    """A history that is being run."""

    state: State
    now: Now = START
    look: Look | None = None
    before: Callable[[State], None] | None = None

    def take(self, given: Input) -> list[Effect]:
        """One input at this moment."""
        if isinstance(given, Asked) and given.alert.startswith("#"):
            given = replace(given, alert=self._open(int(given.alert[1:])))
        if isinstance(given, Asked) and given.episode == "?":
            given = replace(given, episode=self._asking())
        if self.before is not None:
            self.before(self.state)
        _, effects = step(self.state, given, self.now)
        if self.look is not None:
            self.look(self.state, given, self.now, effects)
        return effects

    def _open(self, place: int) -> str:
        found = sorted(alert.id for alert in self.state.alerts if alert.state is not AlertState.CLOSED)
        return found[place % len(found)] if found else ""

    def _asking(self) -> str:
        return min((row.id for row in self.state.episodes if row.asked_step is not None), default="e000001")

    def go(self, history: Iterable[Happening]) -> list[list[Effect]]:
        """All of it; the effects of each input in turn."""
        effects = []
        for one in history:
            if isinstance(one, Wait):
                effects += self._wait(one.ms)
            else:
                self._pass(one.after_ms)
                effects.append(self.take(one.given))
        return effects

    def _wait(self, ms: int) -> list[list[Effect]]:
        effects: list[list[Effect]] = []
        until = self.now.elapsed_ms + ms
        while len(effects) < MOST_TIMERS:
            due = [(timer.due_ms, timer.key) for timer in self.state.timers if timer.due_ms <= until]
            if not due:
                break
            when, key = min(due)
            self._pass(max(0, when - self.now.elapsed_ms))
            effects.append(self.take(FellDue(timer=key)))
            tells = [effect for effect in effects[-1] if isinstance(effect, Tell)]
            effects += [self.take(Delivered(**asdict(tell), ok=True)) for tell in tells]
        self._pass(until - self.now.elapsed_ms)
        return effects

    def _pass(self, ms: int) -> None:
        self.now = Now(self.now.elapsed_ms + ms, self.now.wall_ms + ms)


MOST_TIMERS = 40
"""A long wait over many repeating ladders is cut short here: the test is of the steps, not of the patience."""


def written(effects: list[list[Effect]]) -> bytes:
    """Effects as bytes."""
    return orjson.dumps(effects)


def rows(state: State) -> dict[str, dict[str, object]]:
    """Everything the state holds."""
    return {name: dict(table.rows) for name, table in state.tables().items()}
