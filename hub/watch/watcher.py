"""The thin shell around `core.py`: what the broker says goes in, what the core decides is carried out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

import orjson

from devices.actuators import sounded
from devices.adapter import Message, Refused
from devices.catalogue import Catalogue
from devices.commands import Sound
from devices.events import Event, Kind
from devices.known import KnownDevices, still_calling
from devices.part_commands import encoded
from devices.registry import presses_call
from devices.topics import matches
from hub.abc import Channel, Page
from hub.clock import Clock
from hub.config.accounts import DASHBOARDS
from hub.config.problems import ConfigurationRefused
from hub.config.watch import changes
from hub.watch import kept as files
from hub.watch import messages, words
from hub.watch.asking import Asking
from hub.watch.core import Watch
from hub.watch.everybody import Everybody
from hub.watch.house import House
from hub.watch.kept import Kept
from hub.watch.link import Link, Said
from hub.watch.memory import FILE, Memory
from hub.watch.records import Do, Hide, Now, Ring, Show, State, Tell, Turned
from hub.watch.relays import Relays
from hub.watch.rights import Rights
from hub.watch.topics import Topics

log = logging.getLogger("handrail.watch")

BEAT_S = 2.5
BEAT_KEPT_S = 20
"""The broker forgets a heartbeat of ours after this, so that none waits by the thousand for a hub that is away."""
UNHEARD = 4
"""So many heartbeats that did not come back: the broker's rights are wrong."""
TICK_S = 0.25
SOUND_S = 60.0


class Watcher:
    """One home's watcher, from `run` to `stop`."""

    def __init__(
        self, *, folder: Path, kept: Kept, clock: Clock, channel: Channel, link: Callable[..., Link] = Link
    ) -> None:
        self._folder, self._kept, self._clock = folder, kept, clock
        self._topics = Topics(kept.home.slug)
        self._catalogue = Catalogue()
        self._known = KnownDevices()
        self._watch = Watch(House(kept.home), self._now())
        self._memory = Memory(kept.settings.data / FILE, kept.home.slug)
        if (held := self._memory.read()) is not None:
            self._watch.take_up(held, self._now())
        self._everybody = Everybody(channel)
        self._left_over: set[str] = set()
        self._unheard = 0
        self._silent, self._loud = set[str](), set[str]()
        self._relays = Relays()
        self._remembered: tuple[str, ...] = ()
        self._rights = Rights(self._catalogue.filters())
        self._gone, self._asking = set[str](), Asking()
        self._stop = asyncio.Event()
        self._read_again = asyncio.Event()
        self._link = link(
            address=kept.watcher.broker,
            client_id=f"handrail-{kept.home.slug}-watcher",
            filters=(*self._topics.filters, *self._catalogue.filters()),
            will=Said(topic=self._topics.status, payload=orjson.dumps(messages.LOST)),
            on_link=self.on_link,
            on_message=self.on_message,
            on_answer=self.on_answer,
        )

    # -- the run --------------------------------------------------------------------------------------------------
    async def run(self) -> None:
        """Watch until `stop`; a bug in any part ends all of it, loudly."""
        async with asyncio.TaskGroup() as group:
            work = (self._link.run, self._ticks, self._beat, self._follow_files, self._follow_asked, self._memory.run)
            tasks = [group.create_task(job()) for job in work]
            if self._memory.was_broken:
                title, text = words.forgot(self._watch.house)
                self._carry_out([Tell(about="memory", level="urgent", title=title, text=text)])
            await self._stop.wait()
            self._hush(at_end=True)
            self._say_status()
            await asyncio.gather(self._link.flushed(1.0), self._memory.flushed(1.0))
            for task in tasks:
                task.cancel()
        await self._everybody.stop()

    def stop(self) -> None:
        """End the run: say goodbye to the broker first."""
        self._stop.set()

    def reload(self) -> None:
        """Read the home's files again."""
        self._read_again.set()

    def tick(self) -> None:
        """Let the core see what time it is."""
        now = self._now()
        self._carry_out(self._watch.tick(now))
        self._memory.keep(self._watch.holds(now))
        self._hush()

    async def _ticks(self) -> None:
        while True:
            self.tick()
            await asyncio.sleep(TICK_S)

    async def _beat(self) -> None:
        while True:
            self.beat()
            await asyncio.sleep(BEAT_S)

    def beat(self) -> None:
        """Say that we are here. A broker that keeps our own words from us does not take them: others miss them too."""
        self._unheard = self._unheard + 1 if self._link.up else 0
        if self._unheard == UNHEARD:
            log.error(
                "the broker does not take what the watcher says: give its account the lines of hub/watch/README.md"
            )
        self._say_status()

    async def _follow_files(self) -> None:
        try:
            async for _names in changes(self._folder, self._stop):
                self.reload()
        except OSError as error:
            log.warning("the folder %s is not watched (%s): send SIGHUP after a change", self._folder, error)

    async def _follow_asked(self) -> None:
        while True:
            await self._read_again.wait()
            self._read_again.clear()
            try:
                new = await asyncio.to_thread(files.read_files, self._folder)
            except ConfigurationRefused as refused:
                log.error("%s: the watcher goes on with the files it read last", refused.problems[0])
                continue
            if new.home.slug != self._kept.home.slug or new.watcher.broker != self._kept.watcher.broker:
                log.warning("home.yaml: the home's short name and the broker count from the watcher's next start")
                continue
            self._kept = new
            self._gone &= {resident.resident for resident in new.home.residents}
            self._watch.house = House(new.home).without(self._gone)
            await asyncio.to_thread(files.keep, new)

    # -- what comes -----------------------------------------------------------------------------------------------
    def on_link(self, up: bool) -> None:
        """The connection came or went; a new one is told all that holds."""
        self._carry_out(self._watch.linked(up, self._now()))
        if up:
            self._relays.linked(self._now().elapsed_ms)
            self._rights.linked()
            self._remember_sirens(anew=True)
            self._say_status()
            for told in self._watch.told.values():
                if told.rings:  # what was not told yet may name somebody who is gone: it is shown when it is told
                    self._carry_out([Show(told=told)])

    def on_answer(self) -> None:
        """The broker answers, whatever its rights let us hear."""
        self._carry_out(self._watch.broker_heard(self._now()))

    def on_message(self, topic: str, payload: bytes, retained: bool) -> None:
        """Anything the broker says."""
        now, topics = self._now(), self._topics
        self._carry_out(self._watch.broker_heard(now))
        if not topics.is_ours(topic):
            self._rights.came(topic)
            self._device(topic, payload, retained, now)
        elif topic == topics.status:
            self._unheard = 0
        elif topic == topics.hub_probe:
            self._judge_rights()
        elif topic == topics.hub_status:
            state = messages.state_of(payload)
            if state is not None:
                uptime_s = messages.uptime_s_of(payload)
                self._carry_out(self._watch.beat(state, now, retained=retained, uptime_s=uptime_s))
                self._clear_left_over()
        elif topic == topics.hub_log and not retained:
            self._line(payload)
        elif topic == topics.hub_known:
            self._is_known(payload)
        elif topic == topics.sounding and retained:
            self._left_on(messages.left_on_by(payload), now)
        elif (alert := topics.hub_alert_of(topic)) is not None:
            self._alert(alert, payload, retained, now)
        elif (client := topics.client_of(topic)) is not None and not retained:
            self._asked(client, payload, now)
        elif (ident := topics.alert_of(topic)) is not None and retained and payload:
            self._left_over.add(ident)
            self._clear_left_over()

    def _alert(self, alert: str, payload: bytes, retained: bool, now: Now) -> None:
        """The hub shows an alert, or takes it from the screens."""
        self._relays.hub_shows(alert, payload)
        taken = None if retained else messages.taken_by_alert(payload)
        if taken is not None:
            self._carry_out(self._watch.taken(*taken))
        if (shown := messages.shown_by(alert, payload)) is not None:
            self._carry_out(self._watch.shown(shown))
        if (stands := messages.open_by(alert, payload)) is not None:
            self._carry_out(self._watch.stands(stands, now))
        elif messages.is_over(payload):
            self._carry_out(self._watch.cleared(alert))
        else:
            log.warning(
                "cannot read the hub's alert %s: should the hub stop, the watcher does not go on with it", alert
            )

    def _judge_rights(self) -> None:
        """The hub's probe is through: what did not come is kept from us, and the hub tells staff of it."""
        if not self._rights.round_over():
            return
        if self._rights.not_heard:
            names = ", ".join(self._rights.not_heard)
            log.error("the broker does not let the watcher hear %s: give its account `topic read #`", names)
        else:
            log.warning("the broker lets the watcher hear everything again")
        self._say_status()

    def _is_known(self, payload: bytes) -> None:
        """What only the hub can know, also from before our start."""
        known = messages.known_by(payload)
        if known is None:
            log.warning("cannot read %s: residents are named as the files do", self._topics.hub_known)
            return
        self._gone = set(known.gone)
        self._watch.house = House(self._kept.home).without(self._gone)
        self._watch.are_not_ours(known.not_ours)

    def _line(self, payload: bytes) -> None:
        """The hub did something: which press it took, which it heard, who is no longer here."""
        if gone := messages.gone_by_line(payload):
            self._gone.add(gone)
            self._watch.house = self._watch.house.without(self._gone)
        if (stranger := messages.marked_by_staff(payload)) is not None:
            self._watch.marked(stranger)
        elif (taken := messages.taken_by_line(payload)) is not None:
            self._carry_out(self._watch.taken(*taken, not_ours=messages.is_not_ours(payload)))
        elif (heard := messages.heard_by_line(payload)) is not None:
            self._carry_out(self._watch.answered(*heard, no_press=messages.is_no_press(payload)))

    def _device(self, topic: str, payload: bytes, retained: bool, now: Now) -> None:
        try:
            events = self._read(Message(topic, payload, retained))
        except Exception:
            # A bug of ours in what the hub shares with us: it must not silence both, and whoever presses is told.
            log.exception("a message on %s could not be read: it is told as a call for help", topic)
            events = [Event(device=topic, kind=Kind.EMERGENCY, value=True, press=True)]
        for event in events:
            introduced = self._known.get(event.device)
            can_call = introduced is not None and presses_call(introduced)
            self._carry_out(self._watch.heard(event, now, retained=retained, can_call=can_call, topic=topic))

    def _read(self, message: Message) -> Iterable[Event]:
        """What a device says; whatever introduces itself is known, and heard, from here."""
        adapter = self._catalogue.adapter_for(message.topic, self._known)
        if adapter is None:
            return ()
        decoded = adapter.decode(message, self._known)
        for described in decoded.learned:
            self._known[described.device] = still_calling(self._known.get(described.device), described)
        for device in decoded.forgotten:
            if device in self._known and not self._known[device].can_call:
                del self._known[device]
        if decoded.learned:
            named = (read.topic for row in decoded.learned for entity in row.entities for read in entity.reads)
            covers = self._catalogue.filters()
            self._link.hear(*(name for name in named if not any(matches(wide, name) for wide in covers)))
        return decoded.events

    def _asked(self, client: str, payload: bytes, now: Now) -> None:
        """Somebody calls for help on a screen, or a carer tapped that they heard a press."""
        self._carry_out(self._asking.heard(self._watch, client, payload, now))
        asked = messages.heard_of(payload) if client == DASHBOARDS else None
        if asked is not None:
            done = self._watch.seen_to(asked.alert, asked.by, now)
            reason = "it rings no more" if done is not None else "the hub is back: see its own card"
            self._carry_out(done or ())
            self._answer(asked.id, reason, ok=done is not None)

    def _answer(self, request: str, reason: str, *, ok: bool = True) -> None:
        answer = {"id": request, "ok": ok, "reason": reason}
        self._link.publish(Said(topic=self._topics.done(request), payload=orjson.dumps(answer)))

    # -- what is done ---------------------------------------------------------------------------------------------
    def _carry_out(self, wishes: Sequence[Do]) -> None:
        if wishes:
            self._memory.keep(self._watch.holds(self._now()))
        for wish in wishes:
            match wish:
                case Tell():
                    log.warning("told everybody: %s", wish.title if wish.about in ("hub", "broker") else wish.about)
                    page = Page(alert=wish.about, version=1, level=wish.level, title=wish.title, text=wish.text)
                    kept, reached = self._kept, partial(self._watch.reached, wish.rows)
                    own, staff = kept.watcher.channels, kept.home.staff
                    self._everybody.tell(page, own, staff, kept.settings.file, on_reached=reached)
                case Show():
                    body = orjson.dumps(messages.alert(wish.told))
                    self._link.publish(Said(topic=self._topics.alert(wish.told.id), payload=body, retain=True))
                    if wish.told.heard_by is not None:
                        self._everybody.no_more(wish.told.id)
                    for request in self._asking.told(wish.told.device, self._now()):
                        self._answer(request, "everybody was told, by the watcher")
                case Hide():
                    self._link.publish(Said(topic=self._topics.alert(wish.id), payload=b"", retain=True))
                    self._everybody.no_more(wish.id)
                case Ring():
                    self._sound(wish.level)
                case Turned():
                    self._say_status()
                    self._clear_left_over()

    def _sound(self, level: str) -> None:
        for address in self._watch.house.sounders(self._kept.watcher.sounders):
            adapter = self._catalogue.adapter_for(address)
            command = Sound(device=address, duration_s=SOUND_S, level=level)
            said = sounded(adapter, command, self._known) if adapter else Refused(f"no adapter knows {address}")
            if isinstance(said, Refused):
                if address not in self._silent:
                    log.error("%s cannot sound: %s", address, said.reason)
                self._silent.add(address)
                continue
            if adapter and isinstance(encoded(adapter, command, self._known), Refused):
                self._relays.switched_on(address, self._now().elapsed_ms + int(SOUND_S * 1000))
                self._remember_sirens()
            for message in said:
                self._link.publish(Said(topic=message.topic, payload=message.payload, expiry_s=int(SOUND_S)))

    def _left_on(self, sirens: tuple[str, ...], now: Now) -> None:
        """What a watcher before this one switched on sounds for calls that the hub has, or for those we took up."""
        self._remembered = sirens
        self._relays.left_on(sirens)
        if any(told.restored for told in self._watch.told.values()):
            for address in sirens:
                self._relays.switched_on(address, now.elapsed_ms + int(SOUND_S * 1000))

    def _remember_sirens(self, *, anew: bool = False) -> None:
        """The broker keeps what has to be switched off: before it is on, and until it is off."""
        sirens = self._relays.on
        if sirens == self._remembered and not (anew and sirens):
            return
        self._remembered = sirens
        payload = orjson.dumps(messages.sounding(sirens)) if sirens else b""
        self._link.publish(Said(topic=self._topics.sounding, payload=payload, retain=True))

    def _hush(self, *, at_end: bool = False) -> None:
        """Switch off the sirens on relays that nothing needs any more; without a connection, later."""
        if not self._link.up:
            return
        waits = any(told.heard_by is None for told in self._watch.told.values())
        well = self._watch.heart.is_well and self._watch.state is State.WATCHING
        ours = {told.alert for told in self._watch.told.values() if told.alert is not None}
        now_ms = self._now().elapsed_ms
        for address in self._relays.over(now_ms, waits=waits, hub_is_well=well, ours=ours, at_end=at_end):
            adapter, off = self._catalogue.adapter_for(address), Sound(device=address, duration_s=0)
            said = sounded(adapter, off, self._known) if adapter else Refused(f"no adapter knows {address}")
            if isinstance(said, Refused):
                if address not in self._loud:
                    log.error("%s cannot be silenced: %s; trying on", address, said.reason)
                self._loud.add(address)
                self._relays.left_on((address,))
                continue
            self._loud.discard(address)
            for message in said:
                self._link.publish(Said(topic=message.topic, payload=message.payload))
        self._remember_sirens()

    def _clear_left_over(self) -> None:
        """What a watcher before this one showed stays on the screens until the hub is well again."""
        if not self._left_over or self._watch.state is State.IN_CHARGE or not self._watch.heart.is_well:
            return
        for ident in self._left_over - self._watch.told.keys():
            self._carry_out([Hide(id=ident)])
        self._left_over.clear()

    def _say_status(self) -> None:
        ends = self._stop.is_set()  # whatever else is said while the last is written down
        body = orjson.dumps(messages.status(self._watch, not_heard=self._rights.not_heard, stopping=ends))
        kept_s = None if ends else BEAT_KEPT_S
        self._link.publish(Said(topic=self._topics.status, payload=body, retain=True, expiry_s=kept_s))

    def _now(self) -> Now:
        return Now(elapsed_ms=self._clock.elapsed_ms(), wall_ms=self._clock.wall_ms())
