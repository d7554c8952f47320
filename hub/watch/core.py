"""What the watcher decides: when the hub counts as gone, which presses it tells then, and when it gives back.

Pure: no clock, no file, no socket; `now` is an argument, and what shall be done comes back as a list. It shares nothing
with the hub's pump or machine, only what `devices/` says about messages, so that a bug there does not silence both.

While the hub is well every press is kept in memory until the hub's own log shows that it was taken. So what was pressed
in the seconds before the hub was missed is told when the watcher takes over, and once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from devices.events import EMERGENCY_KINDS, Event, Kind
from devices.registry import meaning
from hub.watch import words
from hub.watch.heart import START_MS, Heart
from hub.watch.house import House
from hub.watch.news import Is, News
from hub.watch.records import Cry, Do, Hide, Now, Ring, Show, State, Tell, Told, Turned

BROKER_MS = 8_000
"""Nothing at all heard from the broker for so long: nobody hears any press."""
QUIET_MS = 3_000
"""The watcher's own heartbeat comes back every 2.5 s; while it does not, that the hub is silent says nothing."""
CONFIRM_MS = 5_000
"""While the hub comes back it has so long to show that it took a press."""
KEEP_MS = 120_000
"""A press the hub never showed it took is kept so long: it may have been hanging, with a heart that still beat."""
AGAIN_MS = 10_000
"""Presses of one device so soon after it was told are counted and shown, not told anew."""
REMIND_MS = {"emergency": 60_000, "urgent": 60_000, "call": 240_000}
"""Nobody said that they heard it: told again this often, by level, the most serious first."""
STALLED_MS = 3_000
"""The watcher itself stood still for so long: that it heard nothing meanwhile says nothing of others."""
MOST_SEEN = 4_096

LEVELS = {Kind.CALL: "call", Kind.WATER_LEAK: "urgent"} | dict.fromkeys(EMERGENCY_KINDS, "emergency")
"""What is told, and how much it matters: what no plan may stand before."""
TAKEN = frozenset({"raised", "pressed", "joined", "not_ours", "tested"})
"""Steps of the hub's log that show that it took a press."""


class Watch:
    """The watcher's state, moved by what it hears."""

    def __init__(self, house: House, now: Now) -> None:
        self.house = house
        self.state = State.WATCHING
        self.in_charge_wall_ms: int | None = None
        self.gave_back_wall_ms: int | None = None
        self.broker_gone_wall_ms: int | None = None
        self.told: dict[str, Told] = {}
        self.heart = Heart(now)
        self._news = News()
        self._linked = False
        self._broker_ms = now.elapsed_ms + START_MS - BROKER_MS
        self._broker_wall_ms = now.wall_ms
        self._looked_ms = now.elapsed_ms
        self._cries: list[Cry] = []
        self._seen: dict[int, None] = {}
        self._count = 0

    # -- what is heard --------------------------------------------------------------------------------------------
    def heard(self, event: Event, now: Now, *, retained: bool, can_call: bool) -> list[Do]:
        """A device reported something. Only what is told at once matters here."""
        event = self.house.of_part(event)
        placed = self.house.placed(event.device)
        event = meaning(event, placed, can_call=can_call)
        level = LEVELS.get(event.kind)
        if level is None:
            return []
        what = self._news.of(event, now, retained=retained)
        if what is Is.ANOTHER_FORM:
            self._add_form(event)
        if what is not Is.NEWS:
            return []
        cry = Cry(
            device=event.device,
            name=placed.name if placed else event.device,
            kind=event.kind,
            level=level,
            stamps=(event.stamp,),
            heard_ms=now.elapsed_ms,
            heard_wall_ms=now.wall_ms,
        )
        if self.state is State.IN_CHARGE and not self.heart.is_well:
            return self._tell(cry, now)
        self._cries.append(cry)
        return []

    def beat(self, state: str, now: Now, *, retained: bool) -> list[Do]:
        """A heartbeat of the hub, or its last will. What the broker remembers is not a heart that beats."""
        self.heart.beat(state, now, retained=retained)
        return self.tick(now)

    def taken(self, device: str, stamp: str | None, seq: int | None = None) -> None:
        """The hub shows that it took a press of this device (our name or address), with the device's own stamp.

        `seq` is the log line's; one that was seen is that line again and shows nothing new.
        """
        if seq is not None:
            if seq in self._seen:
                return
            self._seen[seq] = None
            if len(self._seen) > MOST_SEEN:
                del self._seen[next(iter(self._seen))]
        for place, cry in enumerate(self._cries):
            if cry.name == device and stamp in cry.stamps:
                del self._cries[place]
                return

    def linked(self, up: bool, now: Now) -> list[Do]:
        """The watcher's own connection to the broker came or went."""
        if up and not self._linked:
            self.heart.begin_anew(now)
        self._linked = up
        return self.broker_heard(now) if up else []

    def broker_heard(self, now: Now) -> list[Do]:
        """Anything at all came from the broker."""
        if now.elapsed_ms - self._broker_ms > QUIET_MS:
            self.heart.begin_anew(now)
        self._broker_ms, self._broker_wall_ms = now.elapsed_ms, now.wall_ms
        gone = self.broker_gone_wall_ms
        if gone is None:
            return []
        self.broker_gone_wall_ms = None
        title, text = words.broker_back(self.house, gone, now.wall_ms)
        return [Turned(), Tell(about="broker", level="urgent", title=title, text=text)]

    def seen_to(self, ident: str, by: str, now: Now) -> list[Do] | None:
        """Somebody tapped that they heard it: it rings no more, and all see who. None where there is no such press."""
        told = self.told.get(ident)
        if told is None:
            return None
        if told.heard_by is None:
            told = self.told[ident] = replace(told, heard_by=by, heard_wall_ms=now.wall_ms)
        return [Show(told=told)]

    # -- time -----------------------------------------------------------------------------------------------------
    def tick(self, now: Now) -> list[Do]:
        """Time passed: asked for several times a second, and with each heartbeat."""
        if now.elapsed_ms - self._looked_ms > STALLED_MS:
            self.heart.begin_anew(now)
            self._broker_ms = now.elapsed_ms
        self._looked_ms = now.elapsed_ms
        done = self._judge_broker(now)
        done += self._judge_hub(now)
        self._cries = [cry for cry in self._cries if now.elapsed_ms - cry.heard_ms <= KEEP_MS]
        if self.state is State.IN_CHARGE:
            done += self._tell_waiting(now)
            done += self._remind(now)
        return done

    def _judge_broker(self, now: Now) -> list[Do]:
        if self.broker_gone_wall_ms is not None or now.elapsed_ms - self._broker_ms < BROKER_MS:
            return []
        self.broker_gone_wall_ms = self._broker_wall_ms
        title, text = words.broker_gone(self.house, self._broker_wall_ms)
        return [Turned(), Tell(about="broker", level="emergency", title=title, text=text)]

    def _judge_hub(self, now: Now) -> list[Do]:
        if not self._linked or now.elapsed_ms - self._broker_ms > QUIET_MS:
            return []
        missed = self.heart.is_missed(now)
        if self.state is State.IN_CHARGE:
            return self._give_back(now) if self.heart.is_steady(now) else []
        return self._take_over(now) if missed else []

    def _take_over(self, now: Now) -> list[Do]:
        self.state = State.IN_CHARGE
        self.in_charge_wall_ms, self.gave_back_wall_ms = now.wall_ms, None
        done = self._tell_waiting(now)
        title, text = words.took_over(self.house, self.heart.bad_from_wall_ms, comes_and_goes=self.heart.is_well)
        return [Turned(), *done, Tell(about="hub", level="urgent", title=title, text=text)]

    def _give_back(self, now: Now) -> list[Do]:
        self.state = State.WATCHING
        self.gave_back_wall_ms = now.wall_ms
        self.heart.trust()
        hidden = [Hide(id=ident) for ident in self.told]
        title, text = words.gave_back(self.house, self.heart.good_from_wall_ms, len(self.told))
        self.told.clear()
        return [Turned(), *hidden, Tell(about="hub", level="urgent", title=title, text=text)]

    # -- presses --------------------------------------------------------------------------------------------------
    def _add_form(self, event: Event) -> None:
        for place, cry in reversed(list(enumerate(self._cries))):
            if cry.device == event.device and cry.kind is event.kind:
                if event.stamp not in cry.stamps:
                    self._cries[place] = replace(cry, stamps=(*cry.stamps, event.stamp))
                return

    def _tell_waiting(self, now: Now) -> list[Do]:
        """Presses that the hub has not shown to have taken; a hub that is well again has a moment to do so."""
        since = now.elapsed_ms - CONFIRM_MS if self.heart.is_well else now.elapsed_ms
        due = [cry for cry in self._cries if cry.heard_ms <= since]
        self._cries = [cry for cry in self._cries if cry.heard_ms > since]
        return [do for cry in due for do in self._tell(cry, now)]

    def _tell(self, cry: Cry, now: Now) -> list[Do]:
        told = next((row for row in self.told.values() if row.device == cry.name and row.kind == cry.kind), None)
        if told is None:
            return self._tell_first(cry, now)
        told = replace(
            told,
            presses=told.presses + 1,
            stamp=cry.stamps[0],
            pressed_wall_ms=cry.heard_wall_ms,
            heard_by=None,
            heard_wall_ms=None,
        )
        if now.elapsed_ms - told.rang_ms < AGAIN_MS and self.told[told.id].heard_by is None:
            self.told[told.id] = told
            return [Show(told=told)]
        told = self.told[told.id] = self._rung(told, now)
        return [Show(told=told), *_alarm(told, *words.press(self.house, told))]

    def _tell_first(self, cry: Cry, now: Now) -> list[Do]:
        self._count += 1
        who, where = self.house.who_where(cry.device)
        told = Told(
            id=f"w{cry.heard_wall_ms}-{self._count}",
            device=cry.name,
            kind=cry.kind.value,
            level=cry.level,
            who=who,
            where=where,
            reason=words.reason(cry.kind, who),
            stamp=cry.stamps[0],
            pressed_wall_ms=cry.heard_wall_ms,
            rang_ms=now.elapsed_ms,
            due_ms=now.elapsed_ms + REMIND_MS[cry.level],
        )
        self.told[told.id] = told
        return [Show(told=told), *_alarm(told, *words.press(self.house, told))]

    def _rung(self, told: Told, now: Now) -> Told:
        due_ms = now.elapsed_ms + REMIND_MS[told.level]
        return replace(told, rings=told.rings + 1, rang_ms=now.elapsed_ms, due_ms=due_ms)

    def _remind(self, now: Now) -> list[Do]:
        """Nobody said that they heard it: again, all that wait in one message, so that it stays one a minute."""
        waiting = [told for told in self.told.values() if told.heard_by is None]
        if not any(told.due_ms <= now.elapsed_ms for told in waiting):
            return []
        rung = [self._rung(told, now) for told in waiting]
        self.told.update({told.id: told for told in rung})
        level = min((told.level for told in rung), key=list(REMIND_MS).index)
        title, text = words.still_open(self.house, rung, self.heart.bad_from_wall_ms)
        shown = [Show(told=told) for told in rung]
        return [*shown, Ring(level=level), Tell(about="reminder", level=level, title=title, text=text)]


def _alarm(told: Told, title: str, text: str) -> Iterable[Do]:
    return (Ring(level=told.level), Tell(about=told.id, level=told.level, title=title, text=text))
