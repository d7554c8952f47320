"""What the watcher decides: when the hub counts as gone, which presses it tells then, and when it gives back.

Pure: no clock, no file, no socket; `now` is an argument, and what shall be done comes back as a list. It shares nothing
with the hub's pump or machine, only what `devices/` says about messages, so that a bug there does not silence both.

While the hub is well every press is kept in memory until the hub's own log shows that it was taken. So what was pressed
in the seconds before the hub was missed is told when the watcher takes over, and once; and a hub whose heart beats, but
which says nothing of a press, is noticed by that press (`answers.py`). While it is gone its ladders stand still, so
what it showed open and nobody is seeing to is told as well (`standing.py`). It gets back what it has (`calls.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from devices.events import EMERGENCY_KINDS, Event, Kind
from devices.registry import meaning
from hub.watch import words
from hub.watch.answers import Answers, Hearing, is_over
from hub.watch.asked import name_of
from hub.watch.calls import Calls
from hub.watch.heart import START_MS, Heart
from hub.watch.held import Held
from hub.watch.house import House
from hub.watch.news import Is, News
from hub.watch.records import Cry, Do, Now, Open, Shown, State, Tell, Told, Turned
from hub.watch.standing import Standing
from hub.watch.untaken import Untaken, Waiting

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
STALLED_MS = 3_000
"""The watcher itself stood still for so long: that it heard nothing meanwhile says nothing of others."""
ALL_SAID_MS = 25 * 3_600_000
"""By then every sensor has said its state once. An alarm first heard sooner may have been on, and told, before."""

LEVELS = {Kind.CALL: "call", Kind.WATER_LEAK: "urgent"} | dict.fromkeys(EMERGENCY_KINDS, "emergency")
"""What is told, and how much it matters: what no plan may stand before."""


class Watch:
    """The watcher's state, moved by what it hears."""

    def __init__(self, house: House, now: Now) -> None:
        self.house = house
        self.state = State.WATCHING
        self.in_charge_wall_ms: int | None = None
        self.gave_back_wall_ms: int | None = None
        self.broker_gone_wall_ms: int | None = None
        self._gone_before_wall_ms: int | None = None
        self.heart = Heart(now)
        self._news = News()
        self._linked = self._is_said_gone = False
        self._broker_ms = now.elapsed_ms + START_MS - BROKER_MS
        self._broker_wall_ms = now.wall_ms
        self._looked_ms = self._began_ms = self._awake_ms = self._fair_ms = now.elapsed_ms
        self._answers = Answers(lambda name: self.house.knows(name))  # noqa: PLW0108 - the house changes
        self._untaken = Untaken()
        self._deaf: dict[str, None] = {}
        self._deaf_wall_ms = 0
        self._calls, self._standing = Calls(), Standing()

    @property
    def told(self) -> dict[str, Told]:
        """What the watcher tells just now, by its own ids."""
        return self._calls.rows

    # -- what outlives it -----------------------------------------------------------------------------------------
    def holds(self, now: Now) -> Held | None:
        """What a watcher after this one must know; None where there is nothing to forget."""
        gone = self.broker_gone_wall_ms or self._gone_before_wall_ms
        if self.state is State.WATCHING and not (self._answers.waiting or gone):
            return None
        return Held(
            at=now,
            home=self.house.home.slug,
            state=self.state,
            is_said_gone=self._is_said_gone,
            in_charge_wall_ms=self.in_charge_wall_ms,
            broker_gone_wall_ms=gone,
            bad_from_wall_ms=self.heart.bad_from_wall_ms,
            deaf=tuple(self._deaf),
            deaf_wall_ms=self._deaf_wall_ms,
            rows=tuple(self.told.values()),
            waiting=tuple(self._answers.waiting),
            stands=self._standing.of(row.alert for row in self.told.values()),
            presses=self._answers.presses,
            lines=self._answers.lines,
        )

    def take_up(self, held: Held, now: Now) -> None:
        """Go on where a watcher before this one was ended; asked for before anything else."""
        seen_wall_ms, held = held.at.wall_ms, held.moved(now)
        self._gone_before_wall_ms = held.broker_gone_wall_ms
        self._calls.take_up(held.rows, now)
        self._standing.take_up(held.stands)
        self._calls.doubt(self.house, self._answers.take_up(held.waiting, held.presses, held.lines, now), now)
        if held.state is State.WATCHING and not self.told:
            return
        self.state, self.in_charge_wall_ms = State.IN_CHARGE, held.in_charge_wall_ms or now.wall_ms
        self.heart.take_up(held.bad_from_wall_ms, seen_wall_ms)
        self._is_said_gone, self._deaf_wall_ms = held.is_said_gone, held.deaf_wall_ms
        self._deaf = dict.fromkeys(held.deaf)

    def reached(self, idents: Iterable[str]) -> None:
        """What was told of these has reached somebody."""
        self._calls.reached(idents)

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
            self._calls.add_form(event)
        if what not in (Is.NEWS, Is.FOUND):
            return []
        cry = Cry(
            device=event.device,
            name=placed.name if placed else name_of(event.device),
            topic=topic,
            is_press=event.press,
            kind=event.kind,
            level=level,
            stamps=(event.stamp,),
            heard_ms=now.elapsed_ms,
            heard_wall_ms=now.wall_ms,
        )
        if self.tells_at_once(now):
            return self._calls.press(self.house, cry, now, deaf=False)
        known_before = what is Is.FOUND and now.elapsed_ms - self._began_ms < ALL_SAID_MS
        self._answers.wait_for(replace(cry, answered=known_before))
        return []

    def tells_at_once(self, now: Now) -> bool:
        """Whether a press that is heard now is told in the same step."""
        return self.state is State.IN_CHARGE and self.heart.is_away(now)

    def beat(self, state: str, now: Now, *, retained: bool, uptime_s: int | None = None) -> list[Do]:
        """A heartbeat of the hub, or its last will. What the broker remembers is not a heart that beats."""
        self.heart.beat(state, now, retained=retained)
        if self.heart.is_anew(uptime_s, now, retained=retained):
            self._deaf.clear()  # it starts anew, and is heard anew
        return self.tick(now)

    def taken(self, device: str, stamp: str | None, line: str | None = None, *, not_ours: bool = False) -> list[Do]:
        """The hub shows that it took a press of this device (our name or address), with the device's own stamp.

        `line` is the one of the log that says so; one that was read before shows nothing new. `not_ours`: a stranger's
        device that rings nobody.
        """
        if not self._answers.is_new(line):
            return []
        self._answers.judged(device, not_ours=not_ours)
        # In the order in which they were pressed: what we told while it was gone, what waits. Of what it left out it
        # speaks least likely.
        if not (
            self._named(device, stamp, exact=True, deaf=False)
            or self._answers.taken(device, stamp)
            or self._named(device, stamp, exact=True, deaf=True)
            or self._named(device, stamp, exact=False, deaf=False)
            or self._answers.heard(device, stamp)
        ):
            self._named(device, stamp, exact=False, deaf=True)
        return self._calls.named_late()

    def answered(self, device: str, stamp: str | None, line: str | None = None, *, no_press: bool = False) -> list[Do]:
        """The hub shows that it heard a press of this device (or topic), and has not told it, or not yet. `no_press`:
        it will not, or in its own time."""
        if not self._answers.is_new(line):
            return []
        if no_press and self._named(device, stamp, exact=True, deaf=False):
            return []
        if not self._answers.heard(device, stamp) and no_press:
            self._named(device, stamp, exact=False, deaf=False)
        return []

    def _named(self, device: str, stamp: str | None, *, exact: bool, deaf: bool) -> bool:
        foreign = "/" not in device and not device.startswith("hub:") and not self.house.knows(device)
        return self._calls.named(device, stamp, exact=exact, deaf=deaf, foreign=foreign)

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
        for device in alert.devices if more else ():
            self._deaf.pop(device, None)
        if alert.is_test or not more:
            return []
        self._calls.shown(alert.devices)
        return self._calls.named_late()

    def stands(self, alert: Open, now: Now) -> list[Do]:
        """The hub shows an open alert, whatever began it; who took it sees to it."""
        if alert.level == "emergency" and not (alert.is_quiet or alert.is_test):
            self._untaken.shown(Waiting(id=alert.id, reason=alert.reason, place=alert.room or alert.place or ""), now)
        else:
            self._untaken.taken(alert.id)
        is_new = self._standing.shown(alert, now)
        return self._calls.taken_up(alert.id) if is_new and alert.is_quiet else []

    def cleared(self, alert: str) -> list[Do]:
        """The hub shows this alert no more."""
        self._answers.cleared(alert)
        self._standing.cleared(alert)
        self._untaken.taken(alert)
        return self._calls.taken_up(alert)

    def linked(self, up: bool, now: Now) -> list[Do]:
        """The watcher's own connection to the broker came or went."""
        if up and not self._linked:
            self.heart.begin_anew(now)
            self._answers.linked(now.elapsed_ms)
            self._untaken.unsure(now, linked=True)
            self._standing.linked(now.elapsed_ms)
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
        gone = self.broker_gone_wall_ms or self._gone_before_wall_ms
        if gone is None:
            return []
        self.broker_gone_wall_ms = self._gone_before_wall_ms = None
        title, text = words.broker_back(self.house, gone, now.wall_ms)
        return [Turned(), Tell(about="broker", level="urgent", title=title, text=text)]

    def seen_to(self, ident: str, by: str, now: Now) -> list[Do] | None:
        """Somebody tapped that they heard it: it rings no more, and all see who. None where there is no such press."""
        return self._calls.seen_to(ident, by, now)

    # -- time -----------------------------------------------------------------------------------------------------
    def tick(self, now: Now) -> list[Do]:
        """Time passed: asked for several times a second, and with each heartbeat."""
        if now.elapsed_ms - self._looked_ms > STALLED_MS:
            self.heart.begin_anew(now)
            self._untaken.unsure(now)
            self._broker_ms = self._awake_ms = self._fair_ms = now.elapsed_ms
        self._looked_ms = now.elapsed_ms
        done = [*self._judge_broker(now), *self._judge_hub(now)]
        self._answers.forget(now.elapsed_ms - KEEP_MS)
        if self.state is State.IN_CHARGE:
            done += self._tell_waiting(now)
            done += self._tell_open(now)
            done += self._calls.remind(self.house, self._why, now, hub_is_well=self.heart.is_well)
        if not self.heart.is_well or self.state is State.IN_CHARGE:
            self._untaken.rests(now)
        elif self._hears(now):
            done += self._untaken.due(self.house, now)
        if self._linked and self.heart.is_well:
            self._standing.hub_is_well(now.elapsed_ms)
        return done

    def _judge_broker(self, now: Now) -> list[Do]:
        if self.broker_gone_wall_ms is not None or now.elapsed_ms - self._broker_ms < BROKER_MS:
            return []
        self.broker_gone_wall_ms = self._gone_before_wall_ms or self._broker_wall_ms
        title, text = words.broker_gone(self.house, self.broker_gone_wall_ms)
        return [Turned(), Tell(about="broker", level="emergency", title=title, text=text)]

    def _judge_hub(self, now: Now) -> list[Do]:
        if not self._hears(now):
            return []
        missed = self.heart.is_missed(now)
        if self.state is State.IN_CHARGE and self.heart.is_steady(now):
            return self._hub_is_back(now)
        if missed and not self._is_said_gone:
            return self._take_over(now)
        return self._miss_answers(now) if self.state is State.WATCHING else []

    def _take_over(self, now: Now) -> list[Do]:
        if self.state is State.WATCHING:
            self.in_charge_wall_ms, self.gave_back_wall_ms = now.wall_ms, None
        self.state = State.IN_CHARGE
        self._is_said_gone, self._deaf_wall_ms = True, 0
        title, text = words.took_over(self.house, self.heart.bad_from_wall_ms, comes_and_goes=self.heart.is_well)
        said = Tell(about="hub", level="urgent", title=title, text=text)
        return [Turned(), *self._tell_waiting(now), *self._tell_open(now), said]

    def _miss_answers(self, now: Now) -> list[Do]:
        """The heart beats, and of a press the hub says nothing: the watcher tells it, and takes over what it must."""
        at, well_from_ms, beat_ms = now.elapsed_ms, self.heart.good_from_ms, self.heart.good_ms
        unheard = self._answers.without_answer(
            lambda cry: is_over(cry, at, self._hearing, well_from_ms=well_from_ms, beat_ms=beat_ms)
        )
        if not unheard:
            return []
        self.state = State.IN_CHARGE
        self.in_charge_wall_ms, self.gave_back_wall_ms = now.wall_ms, None
        self._deaf_wall_ms = unheard[0].heard_wall_ms
        done = self._tell_deaf(unheard, now)
        who, where = self.house.who_where(unheard[0].device)
        whom = ", ".join(part for part in (who, where) if part)
        title, text = words.does_not_tell(self.house, self._deaf_wall_ms, whom, runs=self.heart.is_well)
        return [Turned(), *done, Tell(about="hub", level="urgent", title=title, text=text)]

    @property
    def _hearing(self) -> Hearing:
        return Hearing(fair_ms=self._fair_ms, awake_ms=self._awake_ms)

    def _hears(self, now: Now) -> bool:
        """Whether what the hub says could be heard just now."""
        return self._linked and now.elapsed_ms - self._broker_ms <= QUIET_MS

    def _hub_is_back(self, now: Now) -> list[Do]:
        """It has stayed, and had its time to say what it took of meanwhile: that is its own to tell from here."""
        done: list[Do] = []
        if self._is_said_gone:
            self._is_said_gone = False
            self.heart.trust()
            self._calls.same_alarms(self._standing.has)
            again, hidden = self._calls.hand_back(now)
            lost, unsure = len(self._calls.not_taken), self._calls.are_unsure
            title, text = words.gave_back(self.house, self.heart.good_from_wall_ms, again, lost, unsure=unsure)
            done += [*hidden, Tell(about="hub", level="urgent", title=title, text=text)]
        return done if self._deaf or self._calls.not_taken else [*self._let_go(now), *done]

    def _let_go(self, now: Now) -> list[Do]:
        """The hub hears, and what it never told has reached somebody."""
        self.state = State.WATCHING
        self.gave_back_wall_ms = now.wall_ms
        self.heart.trust()
        done: list[Do] = [Turned(), *self._calls.clear()]
        if self._deaf_wall_ms:
            title, text = words.tells_again(self.house, self._deaf_wall_ms)
            done.append(Tell(about="hub", level="urgent", title=title, text=text))
        self._deaf_wall_ms = 0
        return done

    # -- calls ----------------------------------------------------------------------------------------------------
    def _tell_waiting(self, now: Now) -> list[Do]:
        """Presses that the hub has not shown to have taken; a hub that is well again has a moment to do so."""
        if self.heart.is_away(now):
            due = self._answers.due(now.elapsed_ms)
            return [do for cry in due for do in self._calls.press(self.house, cry, now, deaf=False)]
        if not self.heart.is_well or not self._hears(now):
            return []
        at, hearing, patience_ms = now.elapsed_ms, self._hearing, DEAF_MS if self._deaf else CONFIRM_MS
        unheard = self._answers.without_answer(
            lambda cry: at - hearing.since_ms(cry) >= patience_ms or hearing.is_stale(cry, at)
        )
        return self._tell_deaf(unheard, now)

    def _tell_deaf(self, unheard: Iterable[Cry], now: Now) -> list[Do]:
        """The hub is there, and said nothing of these."""
        done: list[Do] = []
        for cry in unheard:
            self._deaf[cry.name] = None
            done += self._calls.press(self.house, cry, now, deaf=True)
        return done

    def _tell_open(self, now: Now) -> list[Do]:
        """While the hub is gone, what it showed open and nobody is seeing to."""
        away_ms = self.heart.away_ms(now)
        if not self._is_said_gone or away_ms is None or not self._hears(now):
            return []
        return self._calls.left_open(self.house, self._standing.waiting(self.house, now, away_ms), self._why, now)

    @property
    def _why(self) -> str:
        """Why the watcher tells, and not the hub."""
        if self._deaf_wall_ms:
            return words.deaf(self.house, self._deaf_wall_ms)
        if self._is_said_gone:
            return words.silent(self.house, self.heart.bad_from_wall_ms)
        if self._calls.are_unsure:
            return words.unsure()
        return words.not_taken(self.house, self.heart.good_from_wall_ms)
