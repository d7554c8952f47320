"""What the watcher decides: when the hub counts as gone, which presses it tells then, and when it gives back.

Pure: no clock, no file, no socket; `now` is an argument, and what shall be done comes back as a list. It shares nothing
with the hub's pump or machine, only what `devices/` says about messages, so that a bug there does not silence both.

While the hub is well every press is kept in memory until the hub's own log shows that it was taken. So what was pressed
in the seconds before the hub was missed is told when the watcher takes over, and once; and a hub whose heart beats, but
which says nothing of a press, is noticed by that press (`answers.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from devices.events import EMERGENCY_KINDS, Event, Kind
from devices.registry import meaning
from hub.watch import words
from hub.watch.answers import Answers, Hearing, is_over
from hub.watch.heart import START_MS, Heart
from hub.watch.house import House
from hub.watch.news import Is, News
from hub.watch.records import Cry, Do, Hide, Now, Ring, Show, Shown, State, Tell, Told, Turned
from hub.watch.untaken import Open, Untaken

BROKER_MS = 8_000
"""Nothing at all heard from the broker for so long: nobody hears any press."""
QUIET_MS = 3_000
"""The watcher's own heartbeat comes back every 2.5 s; while it does not, that the hub is silent says nothing."""
CONFIRM_MS = 5_000
"""While the hub comes back it has so long to show that it took a press."""
DEAF_MS = 2_500
"""One that said nothing of the press before has no longer: what works at all answers within a twin's 2 s."""
KEEP_MS = 120_000
"""A press the hub never showed it took is kept so long: it may have been hanging, with a heart that still beat."""
AGAIN_MS = 10_000
"""Presses of one device so soon after it was told are counted and shown, not told anew."""
REMIND_MS = {"emergency": 60_000, "urgent": 60_000, "call": 240_000}
"""Nobody said that they heard it: told again this often, by level, the most serious first."""
STALLED_MS = 3_000
"""The watcher itself stood still for so long: that it heard nothing meanwhile says nothing of others."""

ALL_SAID_MS = 25 * 3_600_000
"""By then every sensor has said its state once. An alarm first heard sooner may have been on, and told, before."""

LEVELS = {Kind.CALL: "call", Kind.WATER_LEAK: "urgent"} | dict.fromkeys(EMERGENCY_KINDS, "emergency")
"""What is told, and how much it matters: what no plan may stand before."""
TAKEN = frozenset({"raised", "pressed", "joined", "not_ours", "tested", "answered_by_resident"})
"""Steps of the hub's log that show that it took a press: told it, or knows for good that it was no call, as an answer
given with a pendant's second button."""
HEARD = frozenset({"walk_heard", "not_a_press", "quarantined"})
"""Steps that show that it heard one and told nobody: a test, the same press in another form, bytes it cannot read."""


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
        self._began_ms = self._awake_ms = self._fair_ms = now.elapsed_ms
        self._answers = Answers(self._knows)
        self._untaken = Untaken()
        self._deaf: dict[str, None] = {}
        self._deaf_wall_ms = 0
        self._count = 0

    def _knows(self, name: str) -> bool:
        return self.house.knows(name)

    # -- what is heard --------------------------------------------------------------------------------------------
    def heard(self, event: Event, now: Now, *, retained: bool, can_call: bool, topic: str = "") -> list[Do]:
        """A device reported something. Only what is told at once matters here."""
        event = self.house.of_part(event)
        placed = self.house.placed(event.device)
        event = meaning(event, placed, can_call=can_call)
        level = LEVELS.get(event.kind)
        if level is None or (placed is None and self._answers.is_not_ours(event.device)):
            return []
        what = self._news.of(event, now, retained=retained)
        if what is Is.ANOTHER_FORM:
            self._answers.add_form(event)
        if what not in (Is.NEWS, Is.FOUND):
            return []
        cry = Cry(
            device=event.device,
            name=placed.name if placed else event.device,
            topic=topic,
            kind=event.kind,
            level=level,
            stamps=(event.stamp,),
            heard_ms=now.elapsed_ms,
            heard_wall_ms=now.wall_ms,
        )
        if self.state is State.IN_CHARGE and not self.heart.is_well:
            return self._tell(cry, now)
        known_before = what is Is.FOUND and now.elapsed_ms - self._began_ms < ALL_SAID_MS
        self._answers.wait_for(replace(cry, answered=known_before))
        return []

    def beat(self, state: str, now: Now, *, retained: bool) -> list[Do]:
        """A heartbeat of the hub, or its last will. What the broker remembers is not a heart that beats."""
        self.heart.beat(state, now, retained=retained)
        if not self.heart.is_well:
            self._deaf.clear()  # it starts anew, and is heard anew
        return self.tick(now)

    def taken(self, device: str, stamp: str | None, seq: int | None = None, *, not_ours: bool = False) -> None:
        """The hub shows that it took a press of this device (our name or address), with the device's own stamp.

        `seq` is the log line's; one that was seen is that line again and shows nothing new. `not_ours`: a stranger's
        device that rings nobody.
        """
        if self._answers.is_new(seq):
            self._answers.taken(device, stamp, not_ours=not_ours)

    def answered(self, device: str, stamp: str | None, seq: int | None = None) -> None:
        """The hub shows that it heard a press of this device (or topic), and has not told it, or not yet."""
        if self._answers.is_new(seq):
            self._answers.heard(device, stamp)

    def are_not_ours(self, devices: Iterable[str]) -> None:
        """The hub says which strangers' devices ring nobody."""
        self._answers.are_not_ours(devices)

    def marked(self, device: str) -> None:
        """Staff marked a stranger's device not ours, or took it back: its next press shows which."""
        self._answers.marked(device)

    def shown(self, alert: Shown) -> list[Do]:
        """The hub shows an alert of a press: what it shows for the first time, it heard. A press of the same device
        that the watcher told because the hub had not, is the hub's to tell from here."""
        more = self._answers.shown(alert.id, alert.presses)
        for _ in range(more):
            for device in alert.devices:
                self._answers.heard(device, alert.stamp)
        if not more:
            return []
        late = [told for told in self.told.values() if told.deaf and told.device in alert.devices]
        for device in alert.devices:
            self._deaf.pop(device, None)
        if alert.is_test:
            return []
        for told in late:
            del self.told[told.id]
        return [Hide(id=told.id) for told in late]

    def cleared(self, alert: str) -> None:
        """The hub shows this alert no more."""
        self._answers.cleared(alert)

    def waits(self, alert: str, untaken: Open | None, now: Now) -> None:
        """The hub shows an alert: an emergency that nobody has taken, or (None) another, or it is over."""
        if untaken is None:
            self._untaken.taken(alert)
        else:
            self._untaken.shown(untaken, now)

    def linked(self, up: bool, now: Now) -> list[Do]:
        """The watcher's own connection to the broker came or went."""
        if up and not self._linked:
            self.heart.begin_anew(now)
            self._answers.linked(now.elapsed_ms)
            self._untaken.unsure(now, linked=True)
            self._fair_ms = now.elapsed_ms
        self._linked = up
        return self.broker_heard(now) if up else []

    def broker_heard(self, now: Now) -> list[Do]:
        """Anything at all came from the broker."""
        if now.elapsed_ms - self._broker_ms > QUIET_MS:
            self.heart.begin_anew(now)
            self._untaken.unsure(now)
            self._fair_ms = now.elapsed_ms
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
            self._untaken.unsure(now)
            self._broker_ms = self._awake_ms = self._fair_ms = now.elapsed_ms
        self._looked_ms = now.elapsed_ms
        done = self._judge_broker(now)
        done += self._judge_hub(now)
        self._answers.forget(now.elapsed_ms - KEEP_MS)
        if self.state is State.IN_CHARGE:
            done += self._tell_waiting(now)
            done += self._remind(now)
        if self._hears(now):
            done += self._untaken.due(self.house, now, hub_is_well=self.heart.is_well)
        return done

    def _judge_broker(self, now: Now) -> list[Do]:
        if self.broker_gone_wall_ms is not None or now.elapsed_ms - self._broker_ms < BROKER_MS:
            return []
        self.broker_gone_wall_ms = self._broker_wall_ms
        title, text = words.broker_gone(self.house, self._broker_wall_ms)
        return [Turned(), Tell(about="broker", level="emergency", title=title, text=text)]

    def _judge_hub(self, now: Now) -> list[Do]:
        if not self._hears(now):
            return []
        missed = self.heart.is_missed(now)
        if self.state is State.IN_CHARGE:
            return self._give_back(now) if self.heart.is_steady(now) and not self._is_deaf else []
        return self._take_over(now) if missed else self._miss_answers(now)

    @property
    def _is_deaf(self) -> bool:
        """The hub has not yet shown that it hears what it did not, or a press it never told has not reached anybody."""
        return bool(self._deaf) or any(told.deaf and told.heard_by is None for told in self.told.values())

    def _take_over(self, now: Now) -> list[Do]:
        self.state = State.IN_CHARGE
        self.in_charge_wall_ms, self.gave_back_wall_ms = now.wall_ms, None
        done = self._tell_waiting(now)
        title, text = words.took_over(self.house, self.heart.bad_from_wall_ms, comes_and_goes=self.heart.is_well)
        return [Turned(), *done, Tell(about="hub", level="urgent", title=title, text=text)]

    def _miss_answers(self, now: Now) -> list[Do]:
        """The heart beats, and of a press the hub says nothing: the watcher tells it, and takes over what it must."""
        unheard = self._answers.without_answer(lambda cry: self._is_over(cry, now))
        if not unheard:
            return []
        self.state = State.IN_CHARGE
        self.in_charge_wall_ms, self.gave_back_wall_ms = now.wall_ms, None
        self._deaf_wall_ms = unheard[0].heard_wall_ms
        done = [do for cry in unheard for do in self._tell(cry, now, deaf=True)]
        who, where = self.house.who_where(unheard[0].device)
        whom = ", ".join(part for part in (who, where) if part)
        title, text = words.does_not_tell(self.house, self._deaf_wall_ms, whom, runs=self.heart.is_well)
        return [Turned(), *done, Tell(about="hub", level="urgent", title=title, text=text)]

    def _is_over(self, cry: Cry, now: Now) -> bool:
        heart = self.heart
        return is_over(cry, now.elapsed_ms, self._hearing, well_from_ms=heart.good_from_ms, beat_ms=heart.good_ms)

    @property
    def _hearing(self) -> Hearing:
        return Hearing(fair_ms=self._fair_ms, awake_ms=self._awake_ms)

    def _hears(self, now: Now) -> bool:
        """Whether what the hub says could be heard just now."""
        return self._linked and now.elapsed_ms - self._broker_ms <= QUIET_MS

    def _give_back(self, now: Now) -> list[Do]:
        self.state = State.WATCHING
        self.gave_back_wall_ms = now.wall_ms
        self.heart.trust()
        hidden = [Hide(id=ident) for ident in self.told]
        if self._deaf_wall_ms:
            title, text = words.tells_again(self.house, self._deaf_wall_ms)
        else:
            title, text = words.gave_back(self.house, self.heart.good_from_wall_ms, len(self.told))
        self.told.clear()
        self._deaf_wall_ms = 0
        return [Turned(), *hidden, Tell(about="hub", level="urgent", title=title, text=text)]

    # -- presses --------------------------------------------------------------------------------------------------
    def _tell_waiting(self, now: Now) -> list[Do]:
        """Presses that the hub has not shown to have taken; a hub that is well again has a moment to do so."""
        if not self.heart.is_well:
            return [do for cry in self._answers.due(now.elapsed_ms) for do in self._tell(cry, now)]
        if not self._hears(now):
            return []
        at, hearing, patience_ms = now.elapsed_ms, self._hearing, DEAF_MS if self._deaf else CONFIRM_MS
        unheard = self._answers.without_answer(
            lambda cry: at - hearing.since_ms(cry) >= patience_ms or hearing.is_stale(cry, at)
        )
        return [do for cry in unheard for do in self._tell(cry, now, deaf=True)]

    def _tell(self, cry: Cry, now: Now, *, deaf: bool = False) -> list[Do]:
        """`deaf`: the hub is there, and said nothing of it."""
        if deaf:
            self._deaf[cry.name] = None
        told = next((row for row in self.told.values() if row.device == cry.name and row.kind == cry.kind), None)
        if told is None:
            return self._tell_first(cry, now, deaf=deaf)
        told = replace(
            told,
            presses=told.presses + 1,
            stamp=cry.stamps[0],
            pressed_wall_ms=cry.heard_wall_ms,
            heard_by=None,
            heard_wall_ms=None,
            deaf=told.deaf or deaf,
        )
        if now.elapsed_ms - told.rang_ms < AGAIN_MS and self.told[told.id].heard_by is None:
            self.told[told.id] = told
            return [Show(told=told)]
        told = self.told[told.id] = self._rung(told, now)
        return [Show(told=told), *_alarm(told, *words.press(self.house, told))]

    def _tell_first(self, cry: Cry, now: Now, *, deaf: bool) -> list[Do]:
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
            deaf=deaf,
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
        title, text = words.still_open(
            self.house, rung, self._deaf_wall_ms or self.heart.bad_from_wall_ms, deaf=bool(self._deaf_wall_ms)
        )
        shown = [Show(told=told) for told in rung]
        return [*shown, Ring(level=level), Tell(about="reminder", level=level, title=title, text=text)]


def _alarm(told: Told, title: str, text: str) -> Iterable[Do]:
    return (Ring(level=told.level), Tell(about=told.id, level=told.level, title=title, text=text))
