"""From a group of inputs to one batch: each is stepped, numbered and written down with everything it caused.

This is where the pure core meets the ledger: effects become log lines and outbox wishes, changed rows are gathered, the
messages others will see are drawn from the state as it is when the group is complete. Nothing here touches the outside.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

import orjson

from devices import part_commands
from devices.actuators import sounded
from devices.adapter import Description, Message, Refused
from devices.catalogue import Catalogue
from devices.commands import Sound, TurnOn
from devices.events import Event, is_active
from hub.ledger.load import Unreadable
from hub.ledger.rows import OWN_WORK, body_of, event_row, input_row
from hub.ledger.write import Batch, Rollup
from hub.outbox import Wish, compact, dumps
from hub.topics import Topics
from rules.effects import Answer, CallService, Carry, Did, Effect, Log, ShowAlert, ShowRoom, Tell
from rules.inputs import Configured, Heard, Input, Now
from rules.machine import step
from rules.messages import alert_message, log_message, room_message, watcher_message
from rules.set_aside import in_place_of
from rules.state import TABLES, AlertState, State, Timer
from rules.wording import words_for

log = logging.getLogger("handrail.steps")

HOUR_MS = 3_600_000
ERROR_MOST, WORDS_MOST = 500, 65_536
"""So much of an error, and of what met it, is kept."""


class Undrawn(Exception):
    """A bug of ours met a message of ours; `seq` is the place of what made it."""

    def __init__(self, seq: int) -> None:
        super().__init__(f"what came of {seq} cannot be said")
        self.seq = seq


class Group:
    """One batch in the making, with what has to happen after its commit."""

    __slots__ = ("alerts", "batch", "lines", "rooms", "timers", "wishes")

    def __init__(self) -> None:
        self.batch = Batch()
        self.wishes: dict[str, Wish] = {}
        self.lines: dict[bool, list[tuple[int, bytes]]] = {True: [], False: []}
        self.timers: dict[str, Timer | None] = {}
        self.alerts: dict[str, int] = {}
        self.rooms: dict[str, int] = {}

    def join(self, other: Group) -> None:
        """Take in what one more step made."""
        mine, theirs = self.batch, other.batch
        mine.events += theirs.events
        mine.inputs += theirs.inputs
        mine.log += theirs.log
        mine.configurations += theirs.configurations
        self.wishes.update(other.wishes)
        for urgent, lines in other.lines.items():
            self.lines[urgent] += lines
        self.alerts.update(other.alerts)
        self.rooms.update(other.rooms)


class Steps:
    """Steps inputs into groups. `seq` is the ledger's sequence."""

    def __init__(
        self, *, state: State, seq: int, topics: Topics, catalogue: Catalogue, known: dict[str, Description]
    ) -> None:
        self.state = state
        self.seq = seq
        self.topics = topics
        self.catalogue = catalogue
        self.known = known
        self.settings = ""
        """What `home.yaml` says of this machine, kept beside the home it came with."""
        self._tables = tuple(state.tables().values())
        self.unread: list[Unreadable] = []
        """Rows that could not be read at this start; they go with the first input."""
        self._for_watcher = dumps(watcher_message(state))

    def take_own(self, group: Group, given: Input, now: Now) -> int:
        """Step an input of the hub's own. One that meets a bug of ours is taken back whole, written down, and a person
        is told what it was for; nothing else of the group is touched. Raises where that meets a bug too."""
        while self.unread:
            # First of all: what follows is stepped without them, also when the past is folded.
            lost = self.unread[0]
            log.critical("%s cannot be read: %s", lost.given.row, lost.given.error)
            seq = self._whole(group, lost.given, now)
            said = lost.body.encode(errors="replace")[:WORDS_MOST]
            group.batch.quarantine.append(
                (seq, now.wall_ms, f"hub/{lost.given.row}", said, OWN_WORK + lost.given.error)
            )
            del self.unread[0]
        try:
            return self._whole(group, given, now)
        except Exception as error:
            log.critical("%s met a fault of our own and is set aside", type(given).__name__, exc_info=error)
            met = error.__cause__ if isinstance(error, Undrawn) and error.__cause__ else error
        for instead in in_place_of(given, repr(met)[:ERROR_MOST], self.state.setting):
            try:
                seq = self._whole(group, instead, now)
            except Exception as error:
                log.critical("and so did what stands in its place", exc_info=error)
                continue
            what, said = f"hub/{type(given).__name__}", repr(given)[:WORDS_MOST].encode(errors="replace")
            group.batch.quarantine.append((seq, now.wall_ms, what, said, f"{OWN_WORK}{met!r}"[:ERROR_MOST]))
            return seq
        raise met

    def _whole(self, group: Group, given: Input, now: Now) -> int:
        """Step it into the group whole, or leave group and state as they were and raise."""
        own, before, tables = Group(), (self.seq, self.state.setting), self._tables
        for table in tables:
            table.begin()
        try:
            seq = self.take(own, given, now)
            if own.alerts or own.rooms:
                trial = Group()
                trial.alerts, trial.rooms = own.alerts, own.rooms
                self._draw(trial)
            for table in tables:
                for row in table.touched():
                    body_of(row)
        except Exception:
            for table in tables:
                table.take_back()
            self.seq, self.state.setting = before
            raise
        for table in tables:
            table.end()
        group.join(own)
        return seq

    def adopt(self) -> None:
        """What was stepped is how things are."""
        self.state.adopt()

    def next_seq(self) -> int:
        """A place in the sequence for something that is no input."""
        self.seq += 1
        return self.seq

    def take(self, group: Group, given: Input, now: Now) -> int:
        """Step one input; returns its place in the sequence."""
        self.seq += 1
        seq = self.seq
        batch = group.batch
        if type(given) is Heard:
            batch.events.append(event_row(seq, now, given))
            _roll_up(batch, given.event, now)
        else:
            row = input_row(seq, now, given)
            batch.inputs.append(row)
            if type(given) is Configured:
                batch.configurations.append((seq, now.wall_ms, _home_of(row[4]), self.settings))
        _, effects = step(self.state, given, now)
        for effect in effects:
            self._wish(group, effect, seq, now)
        return seq

    def _wish(self, group: Group, effect: Effect, cause: int, now: Now) -> None:
        if type(effect) is Log:
            self._log(group, effect, cause, now)
        elif type(effect) is Carry:
            self._carry(group, effect, cause, now)
        elif type(effect) is ShowAlert:
            group.alerts[effect.alert] = self.seq
        elif type(effect) is ShowRoom:
            group.rooms[effect.room] = self.seq
        elif type(effect) is Answer:
            payload = dumps({"id": effect.id, "ok": effect.ok, "reason": effect.reason})
            self._put(
                group,
                Wish(
                    key=f"done/{effect.id}",
                    seq=self.seq,
                    urgent=True,
                    topic=self.topics.done(effect.id),
                    payload=payload,
                ),
            )
        elif type(effect) is Tell:
            self._tell(group, effect, now)
        elif type(effect) is CallService:
            self._call_service(group, effect, now)

    def _tell(self, group: Group, effect: Tell, now: Now) -> None:
        """What a person is told is written now: it says what is committed, and not what is true a moment later."""
        alert, setting = self.state.alerts.get(effect.alert), self.state.setting
        if alert is None or setting is None:
            return
        words = words_for(alert, setting, now)
        self.seq += 1
        tell: dict[str, object] = {
            "alert": effect.alert,
            "version": effect.version,
            "person": effect.person,
            "channel": effect.channel,
            "level": alert.level.value,
            "title": words.title,
            "text": words.text,
        }
        key = f"tell/{effect.alert}/{effect.person}/{effect.channel}"
        self._put(group, Wish(key=key, seq=self.seq, urgent=True, tell=tell))

    def _put(self, group: Group, wish: Wish) -> None:
        group.wishes[wish.key] = wish

    def _log(self, group: Group, line: Log, cause: int, now: Now) -> None:
        self.seq += 1
        message = dumps(log_message(self.seq, now.wall_ms, line))
        urgent = line.alert is not None
        group.batch.log.append(
            (self.seq, now.wall_ms, cause, str(line.did), int(urgent), line.alert, line.episode, line.resident, message)
        )
        group.lines[urgent].append((self.seq, message))

    def _carry(self, group: Group, wish: Carry, cause: int, now: Now) -> None:
        device = wish.command.device
        adapter = self.catalogue.adapter_for(device)
        encoded: tuple[Message, ...] | Refused
        if adapter is None:
            encoded = Refused(f"no adapter speaks to {device}")
        elif type(wish.command) is Sound:
            encoded = sounded(adapter, wish.command, self.known)
        else:
            encoded = part_commands.encoded(adapter, wish.command, self.known)
        if isinstance(encoded, Refused) and adapter and wish.episode and isinstance(wish.command, TurnOn):
            # A plan asks for a light: a lamp on a socket cannot be dimmed, and lit is better than dark.
            lit = part_commands.encoded(adapter, TurnOn(device=device), self.known)
            encoded = encoded if isinstance(lit, Refused) else lit
        if isinstance(encoded, Refused):
            refused = Log(
                did=Did.UNDELIVERED,
                reason=f"{wish.why}: {encoded.reason}",
                alert=wish.alert,
                episode=wish.episode,
                device=device,
            )
            self._log(group, refused, cause, now)
            return
        for message in encoded:
            self.seq += 1
            self._put(
                group,
                Wish(
                    key=f"do/{self.seq}",
                    seq=self.seq,
                    urgent=wish.alert is not None,
                    topic=message.topic,
                    payload=compact(message.payload),
                    retain=message.retain,
                    drop_ms=now.elapsed_ms + wish.drop_after_ms,
                    why=wish.why,
                ),
            )

    def _call_service(self, group: Group, wish: CallService, now: Now) -> None:
        self.seq += 1
        self._put(
            group,
            Wish(
                key=f"ask/{self.seq}",
                seq=self.seq,
                urgent=False,
                topic=f"home_assistant/{wish.service}",
                drop_ms=now.elapsed_ms + wish.drop_after_ms,
                why=wish.why,
                service={"service": wish.service, "data": wish.data, "episode": wish.episode},
            ),
        )

    def finish(self, group: Group) -> None:
        """Gather what changed and draw the messages: the group is complete and can be committed. Raises `Undrawn` where
        a bug of ours meets one of them."""
        self._draw(group)
        batch = group.batch
        for name in TABLES:
            changed: Mapping[str, object] = getattr(self.state, name).changed
            if not changed:
                continue
            rows = [(key, row) for key, row in changed.items() if row is not None]
            if rows:
                batch.rows[name] = rows
            if len(rows) < len(changed):
                batch.gone[name] = [key for key, row in changed.items() if row is None]
        if self.state.people.changed or self.state.strangers.changed:
            self._tell_watcher(group)
        group.timers = dict(self.state.timers.changed)
        for wish in group.wishes.values():
            batch.outbox[wish.key] = wish.row()

    def _draw(self, group: Group) -> None:
        """What others see of the alerts and rooms that these steps changed."""
        seq = 0
        try:
            for alert_id, seq in group.alerts.items():
                self._draw_alert(group, alert_id, seq)
            for room, seq in group.rooms.items():
                self._draw_room(group, room, seq)
        except Exception as error:
            raise Undrawn(seq) from error

    def _draw_alert(self, group: Group, alert_id: str, seq: int) -> None:
        alert = self.state.alerts.get(alert_id)
        if alert is None:
            return
        closed = alert.state is AlertState.CLOSED
        self._put(
            group,
            Wish(
                key=f"alert/{alert_id}",
                seq=seq,
                urgent=True,
                topic=self.topics.alert(alert_id),
                payload=dumps(alert_message(alert)),
                retain=not closed,
                clear=closed,
            ),
        )

    def _draw_room(self, group: Group, room: str, seq: int) -> None:
        self._put(
            group,
            Wish(
                key=f"room/{room}",
                seq=seq,
                urgent=True,
                topic=self.topics.room(room),
                payload=dumps(room_message(self.state, room)),
                retain=True,
            ),
        )

    def _tell_watcher(self, group: Group) -> None:
        payload = dumps(watcher_message(self.state))
        if payload == self._for_watcher:
            return
        self._for_watcher = payload
        topic = self.topics.for_watcher
        self._put(group, Wish(key="watcher", seq=self.seq, urgent=True, topic=topic, payload=payload, retain=True))


def _home_of(body: str) -> str:
    """The `home` of a `Configured` input's JSON, as `configurations` keeps it."""
    return orjson.dumps(orjson.loads(body)["home"]).decode()


def _roll_up(batch: Batch, event: Event, now: Now) -> None:
    """Add an event to its hour: charts read hours by the hundred, never events by the million."""
    key = (event.device, str(event.kind), event.field or "", now.wall_ms // HOUR_MS)
    hour = batch.rollups.get(key)
    if hour is None:
        hour = batch.rollups[key] = Rollup()
    hour.count += 1
    value = event.value
    if type(value) is float or type(value) is int:
        hour.numbers += 1
        hour.total += value
        hour.least = value if hour.least is None or value < hour.least else hour.least
        hour.most = value if hour.most is None or value > hour.most else hour.most
    elif event.press or is_active(event.kind, value):
        hour.active += 1
