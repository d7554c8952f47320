"""A night with a watcher in it, as sentences: the real core, a moved clock, a hub that beats, stops and comes back."""

from __future__ import annotations

import orjson

from devices.adapter import Message
from devices.catalogue import Catalogue
from devices.registry import Placed, Purpose
from hub.topics import Topics as HubTopics
from hub.watch import messages
from hub.watch.core import Watch
from hub.watch.held import from_bytes, to_bytes
from hub.watch.house import House
from hub.watch.records import Do, Hide, Now, Ring, Show, Tell
from hub.watch.topics import Topics
from rules.home import Carer, Channel, Home, Place, PlaceKind, Resident
from rules.messages import watcher_message
from rules.state import State, Stranger

TICK_MS = 250
BEAT_MS = 5_000
MIDNIGHT_MS = 1_795_219_200_000
"""2026-11-21T00:00:00Z."""
ELM = Home(
    slug="elm-house",
    name="Elm House",
    timezone="UTC",
    places=(
        Place(place="012", name="Room 12", kind=PlaceKind.BEDROOM, zone="ground"),
        Place(place="013", name="Room 13", kind=PlaceKind.BEDROOM, zone="ground"),
        Place(place="lounge", name="Lounge", kind=PlaceKind.LOUNGE, zone="ground"),
    ),
    residents=(
        Resident(resident="margaret", known_as="Margaret", room="012"),
        Resident(resident="arthur", known_as="Arthur", room="013"),
    ),
    staff=(Carer(id="ana", name="Ana", channels=(Channel(url="json://127.0.0.1/ana"),)), Carer(id="ben", name="Ben")),
    devices=(
        Placed(device="zigbee2mqtt/p12", name="pendant-12", person="margaret", purpose=Purpose.EMERGENCY),
        Placed(device="zigbee2mqtt/p13", name="pendant-13", person="arthur", purpose=Purpose.CALL),
        Placed(device="zigbee2mqtt/cord", name="lounge-cord", place="lounge", purpose=Purpose.EMERGENCY),
        Placed(device="zigbee2mqtt/smoke", name="lounge-smoke", place="lounge", purpose=Purpose.SMOKE),
        Placed(device="zigbee2mqtt/siren", name="siren", place="lounge", purpose=Purpose.SIREN),
    ),
)


class Night:
    """Linked, with a hub that is well and beats every 5 s, from 02:00."""

    def __init__(self, *, hub: bool = True) -> None:
        self.ms = self.clock_ms = 0
        self.did: list[Do] = []
        self.state = "ready" if hub else ""
        self._beat_ms = 0
        self._stamps = 0
        self._versions = 0
        self._boot_ms = 1_000_000
        self.uptime_s: int | None = None
        self.watch = Watch(House(ELM), self.now)
        self._do(self.watch.linked(True, self.now))
        if hub:
            self._do(self.watch.beat("ready", self.now, retained=False))

    @property
    def now(self) -> Now:
        """This moment."""
        return Now(elapsed_ms=self._boot_ms + self.ms, wall_ms=MIDNIGHT_MS + 2 * 3_600_000 + self.ms + self.clock_ms)

    def _do(self, did: list[Do]) -> None:
        self.did += did

    def wait(self, seconds: float) -> None:
        """Time passes, the broker answers, and a hub that is well beats."""
        until_ms = self.ms + int(seconds * 1000)
        while self.ms < until_ms:
            self.ms += TICK_MS
            self._do(self.watch.broker_heard(self.now))
            if self.state and self.ms - self._beat_ms >= BEAT_MS:
                self.beats(self.state)
            self._do(self.watch.tick(self.now))

    def without_broker(self, seconds: float, *, linked: bool = True) -> None:
        """The connection is down for so long; nothing is heard. It is there again then, where `linked`."""
        self._do(self.watch.linked(False, self.now))
        until_ms = self.ms + int(seconds * 1000)
        while self.ms < until_ms:
            self.ms += TICK_MS
            self._do(self.watch.tick(self.now))
        self._do(self.watch.linked(linked, self.now))

    def broker_stands_still(self, seconds: float) -> None:
        """It is stopped for so long: the connection stays, and nothing is heard."""
        until_ms = self.ms + int(seconds * 1000)
        while self.ms < until_ms:
            self.ms += TICK_MS
            self._do(self.watch.tick(self.now))

    def stands_still(self, seconds: float) -> None:
        """The watcher itself is stopped for so long."""
        self.ms += int(seconds * 1000)
        self._do(self.watch.tick(self.now))

    def killed(self, seconds: float = 2, *, clock_s: float = 0, linked: bool = True) -> None:
        """Kill -9 of the watcher, and so much later the next one is connected, where `linked`, on a machine that was on
        for another time; `clock_s`: by so much the calendar was set meanwhile."""
        held = self.watch.holds(self.now)
        data = to_bytes(held) if held is not None else None
        self._boot_ms -= 500_000
        self.clock_ms += int(clock_s * 1000)
        self.ms += int(seconds * 1000)
        self.watch = Watch(House(ELM), self.now)
        if data is not None:
            self.watch.take_up(from_bytes(data), self.now)
        self._do(self.watch.linked(linked, self.now))

    def reached(self) -> None:
        """All that was told has reached somebody."""
        for do in self.did:
            if isinstance(do, Tell):
                self.watch.reached(do.rows)

    def beats(self, state: str, *, retained: bool = False) -> None:
        """The hub says how it is."""
        self._beat_ms = self.ms
        self._do(self.watch.beat(state, self.now, retained=retained, uptime_s=self.uptime_s))

    def hub_stops(self) -> None:
        """SIGSTOP: nothing more is said."""
        self.state = ""

    def hub_dies(self) -> None:
        """Kill -9: the broker says `lost` for it."""
        self.state = ""
        self.beats("lost")

    def hub_restarts(self, seconds: float = 2) -> None:
        """Kill -9, and so much later it is ready again, and stays."""
        self.hub_dies()
        self.wait(seconds)
        self.hub_is_back()

    def hub_is_back(self) -> None:
        """It is ready and beats again."""
        self.state = "ready"
        self.beats("ready")

    def hears(self, topic: str, payload: bytes, *, retained: bool = False, can_call: bool = False) -> None:
        """A device's message, read by its adapter."""
        adapter = Catalogue().adapter_for(topic)
        assert adapter is not None
        for event in adapter.decode(Message(topic, payload, retained), {}).events:
            self._do(self.watch.heard(event, self.now, retained=retained, can_call=can_call, topic=topic))

    def press(self, device: str, *, stamp: str | None = None, retained: bool = False) -> None:
        """Somebody presses."""
        seen = f',"last_seen":"{stamp}"' if stamp else ""
        self.hears(f"zigbee2mqtt/{device}", f'{{"action":"emergency"{seen}}}'.encode(), retained=retained)

    def takes(self, device: str, *, stamp: str | None = None, seq: int | None = None) -> None:
        """The hub's log shows that it took a press."""
        self._stamps += 1
        self._do(self.watch.taken(device, stamp, f"{seq if seq is not None else self._stamps} "))

    def says(self, step: str, device: str, *, stamp: str | None = None, **more: object) -> None:
        """A line of the hub's log, as the watcher reads it."""
        self._stamps += 1
        line = {"seq": self._stamps, "step": step, "device": device, "stamp": stamp, **more}
        payload = orjson.dumps({name: value for name, value in line.items() if value is not None})
        if (stranger := messages.marked_by_staff(payload)) is not None:
            self.watch.marked(stranger)
        elif (taken := messages.taken_by_line(payload)) is not None:
            self._do(self.watch.taken(*taken, not_ours=messages.is_not_ours(payload)))
        elif (heard := messages.heard_by_line(payload)) is not None:
            self._do(self.watch.answered(*heard, no_press=messages.is_no_press(payload)))

    def shows(self, ident: str, device: str, *, presses: int = 1, stamp: str | None = None, **more: object) -> None:
        """An alert of the hub, as the watcher reads it."""
        self._versions += 1
        said = {"id": ident, "device": device, "kind": "emergency", "state": "told", "presses": presses, "stamp": stamp}
        said |= {"level": "emergency", "version": self._versions, "waiting_since": "2026-11-21T01:58:00.000Z"}
        self._alert(ident, orjson.dumps({**said, **more}))

    def clears(self, ident: str) -> None:
        """The hub takes an alert from the screens."""
        self._alert(ident, b"")

    def _alert(self, ident: str, payload: bytes) -> None:
        if (taken := messages.taken_by_alert(payload)) is not None:
            self._do(self.watch.taken(*taken))
        if (shown := messages.shown_by(ident, payload)) is not None:
            self._do(self.watch.shown(shown))
        if (stands := messages.open_by(ident, payload)) is not None:
            self._do(self.watch.stands(stands, self.now))
        elif messages.is_over(payload):
            self._do(self.watch.cleared(ident))

    # -- what was done --------------------------------------------------------------------------------------------
    @property
    def titles(self) -> list[str]:
        """What everybody was told, in order."""
        return [do.title for do in self.did if isinstance(do, Tell)]

    @property
    def state_word(self) -> str:
        """What the watcher's heartbeat says."""
        return self.watch.state.value

    @property
    def texts(self) -> str:
        """All words of it."""
        return "\n".join(do.text for do in self.did if isinstance(do, Tell))

    @property
    def rings(self) -> list[str]:
        """What the sounders sounded."""
        return [do.level for do in self.did if isinstance(do, Ring)]

    @property
    def shown(self) -> list[str]:
        """What the screens show now."""
        shown: dict[str, str] = {}
        for do in self.did:
            if isinstance(do, Show):
                shown[do.told.id] = do.told.device
            elif isinstance(do, Hide):
                shown.pop(do.id, None)
        return list(shown.values())

    def forget(self) -> None:
        """What was told until now was read."""
        self.did = [do for do in self.did if not isinstance(do, (Tell, Ring))]


def watcher_says(home: Home, topic: str, press: bytes, at_ms: int) -> dict[str, tuple[str, object]]:
    """What the watcher says of a press 8 s after the hub was lost, and the hub to it: each message with its topic."""

    def now(before_ms: int) -> Now:
        return Now(elapsed_ms=at_ms - before_ms, wall_ms=at_ms - before_ms)

    watch, topics = Watch(House(home), now(9_000)), Topics(home.slug)
    watch.linked(True, now(9_000))
    watch.beat("ready", now(8_500), retained=False)
    watch.beat("lost", now(8_000), retained=False)
    for before_ms in range(8_000, -1, -1_000):
        watch.broker_heard(now(before_ms))
        watch.tick(now(before_ms))
    adapter = Catalogue().adapter_for(topic)
    assert adapter is not None
    for event in adapter.decode(Message(topic, press), {}).events:
        watch.heard(event, now(0), retained=False, can_call=False)
    (told,) = watch.told.values()
    state, stranger = State(), "zigbee2mqtt/somebody"
    state.strangers.put(stranger, Stranger(device=stranger, first_wall_ms=at_ms, marked_by=("mo",), not_ours=True))
    return {
        "watch_alert": (topics.alert(told.id), messages.alert(told)),
        "watch_status": (topics.status, messages.status(watch)),
        "watch_known": (HubTopics(home.slug).for_watcher, watcher_message(state)),
        "watch_sounding": (topics.sounding, messages.sounding(["tasmota/siren-1"])),
    }
