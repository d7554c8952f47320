"""What the broker shows for us becomes what the ledger holds: no ghost stays, none is missing, none is of yesterday
(DESIGN §7).

A broker may have forgotten what it showed, or show it as it was: killed within the second after we changed it, or put
back from a copy. So each connection begins with a look at all of it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection

import orjson

from hub import kill_points
from hub.abc import Broker
from hub.errors import SubscriptionRefused
from hub.kill_points import Point
from hub.outbox import dumps
from hub.put_back import PutBack
from hub.topics import Topics
from rules.hearing.remembered import UNRECORDED, number_of, stood_as, stood_before
from rules.inputs import Input, Remembered, Standing
from rules.messages import alert_message, room_message, watcher_message
from rules.state import Alert, AlertState, Meta, State

log = logging.getLogger("handrail.shown")

LOOK_S = 2.0
RETRY_S = 5.0
"""After so long, what the broker refused to show is said to it again: somebody may mend its rights while we run."""
HIGHEST_VERSION = 2**53
WORDS_MOST = 300


class Shown:
    """What the broker shows of alerts, rooms and for the watcher, compared with what is."""

    def __init__(
        self,
        *,
        urgent: Broker,
        bulk: Broker,
        topics: Topics,
        state: State,
        save_soon: Callable[[], None],
        on_refused_filter: Callable[..., None],
        on_refused: Callable[[str, str], None],
        on_taken: Callable[[str], None],
        put: Callable[[Input], None],
        put_back: PutBack,
        behind: int = 0,
        on_standing: Callable[[bool], None] = lambda _: None,
    ) -> None:
        """`behind`, where the ledger began with nothing: what the broker shows and it does not know is told anew before
        it is cleared; `on_standing` is called when there is such (true), and when all of it was told (false). A topic
        that was told as refused is told as taken when it is.

        Read on the bulk lane what the urgent lane published, because a lane does not hear its own words."""
        self._urgent = urgent
        self._bulk = bulk
        self._topics = topics
        self._state = state
        self._save_soon = save_soon
        self._on_refused_filter = on_refused_filter
        self._on_refused, self._on_taken = on_refused, on_taken
        self._put = put
        self.put_back = put_back
        self._behind = behind
        self._on_standing = on_standing
        self._standing: set[str] = set()
        self._looks = 0
        self._seen: set[str] = set()
        self._unchecked: list[tuple[str, bytes]] = []
        self._looked = False
        self.retry_s = RETRY_S
        self._begun = 0
        self._refused: set[str] = set()
        self._again: set[str] = set()
        """What the broker did not take, and is said again with the next commit."""
        self._lacking: set[str] = set()

    async def look(self) -> None:
        """Let the broker send all it shows; a later look begins anew."""
        self._seen.clear()
        self._begun += 1
        self.put_back.looks()
        filters = (self._topics.alerts, self._topics.rooms, self._topics.for_watcher)
        try:
            await self._bulk.subscribe(*filters)
            await self._bulk.subscribe(self._topics.record)  # behind all that it is about
        except SubscriptionRefused as error:
            self._on_refused_filter(str(error))
            return
        self._on_refused_filter()
        await asyncio.sleep(LOOK_S)
        await self._bulk.unsubscribe(*filters, self._topics.record)
        self._looked = True
        self._save_soon()

    @property
    def is_whole(self) -> bool:
        """Whether the broker took all that it was to show."""
        return not self._lacking

    def saw(self, topic: str, payload: bytes) -> None:
        """The broker shows this."""
        if topic == self._topics.record:
            self.put_back.saw(payload)
        else:
            self._unchecked.append((topic, payload))

    def compare(self, seq: int) -> None:
        """Right after a commit up to this `seq`, because nothing may be shown before it is kept."""
        self._clear_what_was_told_anew()
        while self._again:
            self._show(topic := self._again.pop(), self._wanted(topic))
        if self._unchecked:
            kill_points.at(Point.LOOKED, self._unchecked)
            self._check()
        if self._looked:
            self.put_back.looked()
        over = self.put_back.over(self._seen)
        if self._looked:
            self._looked = False
            self._show_what_is_missing(over)
            self._looks += 1
        self.put_back.committed(seq)
        if self._behind and self._looks == 1 and not self._standing:
            self._looks += 1
            self._on_standing(False)

    def _clear_what_was_told_anew(self) -> None:
        """Only once it is told: nobody but the broker knew of it."""
        for name in [name for name in self._standing if self._is_told_anew(name)]:
            self._standing.discard(name)
            self._show(self._topics.alert(name), b"")

    def _is_told_anew(self, name: str) -> bool:
        words = stood_as(name)
        return any(words in said for alert in self._state.alerts for said in (alert.reason, *alert.also))

    def stand(self) -> None:
        """Tell anew what the broker shows and no record has; also while there is no commit to wait for."""
        found: dict[str, Standing] = {}
        for topic, payload in self._unchecked if self._behind else ():
            name = self._topics.alert_of(topic)
            if name is None or name in self._standing or not number_of(name) or name in self._state.alerts.rows:
                continue
            stood = None if _comes_again(name, payload) else _standing(payload)
            if stood is not None and not self._is_told_anew(name):
                found[name] = stood
        # A hub that died between the two showed an alert of before and the one that it told anew for it.
        for name in {before for stood in found.values() for before in stood_before(stood.reason)}:
            found.pop(name, None)
        if found:
            self._standing |= found.keys()
            self._on_standing(True)
            # New ones go behind them: there may have been another record since the one that was lost first.
            self._put(Remembered(shown={}, standing=found, behind=max(number_of(name) for name in found)))

    def _check(self) -> None:
        ahead: dict[str, tuple[int, str]] = {}
        self.stand()
        for topic, payload in self._unchecked:
            self._seen.add(topic)
            if (alert := self._topics.alert_of(topic)) is not None:
                self._check_alert(alert, payload, ahead)
            elif (room := self._topics.room_of(topic)) is not None:
                wanted = self._room(room)
                if payload != wanted:
                    self._show(topic, wanted)
            elif payload != (wanted := dumps(watcher_message(self._state))):
                self._show(topic, wanted)
        self._unchecked.clear()
        if ahead:
            self._put(Remembered(shown=ahead))

    def _check_alert(self, name: str, payload: bytes, ahead: dict[str, tuple[int, str]]) -> None:
        """Clear what is not open; put right what is another version. What is ahead of the ledger, in number or version,
        is the machine's to decide on: others have seen it."""
        version, words = _read(payload)
        alert, meta = self._open(name), self._state.meta.get("meta") or Meta()
        # What was raised since this start took none of the numbers that a newer ledger may have used.
        last = meta.numbered if meta.numbered >= 0 and name not in self._state.alerts else meta.alerts
        if name not in self._standing and number_of(name) > last:
            ahead[name] = (version, UNRECORDED if _is_unrecorded(payload) else words)
        if alert is None and name in self._standing:
            log.warning("alert %s is shown and there is no record of it: it is told anew", name)
        elif alert is None:
            log.warning("alert %s was still shown and is not open: cleared", name)
            self._show(self._topics.alert(name), b"")
        elif payload != (wanted := dumps(alert_message(alert))):
            if version >= alert.version:
                ahead[name] = (version, words)
            else:
                self._show(self._topics.alert(name), wanted)

    def _show_what_is_missing(self, but: Collection[str]) -> None:
        rooms = {episode.rule.place for episode in self._state.episodes if episode.said}
        residents = self._state.setting.residents.values() if self._state.setting is not None else ()
        rooms |= {resident.room for resident in residents if resident.choices}
        for alert in self._state.alerts:
            if alert.state is not AlertState.CLOSED and alert.id not in but:
                rooms |= {alert.room} if alert.room is not None else set()
                if (topic := self._topics.alert(alert.id)) not in self._seen:
                    self._show(topic, dumps(alert_message(alert)))
        told = watcher_message(self._state)
        if any(told.values()) and self._topics.for_watcher not in self._seen:
            self._show(self._topics.for_watcher, dumps(told))
        for room in sorted(rooms):
            topic, wanted = self._topics.room(room), self._room(room)
            if wanted and topic not in self._seen:
                self._show(topic, wanted)

    def _room(self, room: str) -> bytes:
        """What a room's screen shows; nothing where the home has no such room."""
        setting = self._state.setting
        return dumps(room_message(self._state, room)) if setting is not None and room in setting.places else b""

    def _wanted(self, topic: str) -> bytes:
        """What the broker is to show there now."""
        if (name := self._topics.alert_of(topic)) is not None:
            alert = self._open(name)
            return dumps(alert_message(alert)) if alert is not None else b""
        room = self._topics.room_of(topic)
        return self._room(room) if room is not None else dumps(watcher_message(self._state))

    def _show(self, topic: str, payload: bytes) -> None:
        begun = self._begun

        def answered(ok: bool, why: str) -> None:
            if not ok:
                self._lacking.add(topic)
                asyncio.get_running_loop().call_later(self.retry_s, self._retry, topic, why, begun)
                return
            self._lacking.discard(topic)
            if topic in self._refused:
                self._refused.discard(topic)
                self._on_taken(topic)

        self._urgent.publish(topic, payload, retain=True, on_acknowledged=answered)

    def _retry(self, topic: str, why: str, begun: int) -> None:
        """What was not taken although no connection was lost, which begins with a look, was refused."""
        if not (self._urgent.up and self._bulk.up):
            asyncio.get_running_loop().call_later(self.retry_s, self._retry, topic, why, begun)
            return
        if begun == self._begun:
            self._refused.add(topic)
            self._on_refused(topic, why)
        self._again.add(topic)
        self._save_soon()

    def _open(self, name: str) -> Alert | None:
        alert = self._state.alerts.get(name)
        return alert if alert is not None and alert.state is not AlertState.CLOSED else None


def _standing(payload: bytes) -> Standing | None:
    """An alert as it must be told anew; None for what the hub says of itself, and finds again, and for none of ours."""
    try:
        said: object = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(said, dict) or not said.get("level") or said.get("state") == "closed":
        return None
    words = {name: str(said.get(name) or "")[:WORDS_MOST] for name in ("level", "kind", "reason", "resident", "device")}
    place = str(said.get("place") or ("" if words["resident"] else said.get("room")) or "")
    return None if words["device"].startswith("hub:") else Standing(**words, place=place)


def _is_unrecorded(payload: bytes) -> bool:
    """Told from memory by a hub that died before its ledger took it."""
    return b'"unrecorded":true' in payload


def _comes_again(name: str, payload: bytes) -> bool:
    """Raised from memory and never kept: the call was not acknowledged. What ends a rule's wait is no message."""
    return "-" in name and _is_unrecorded(payload) and b'"episode":null' in payload


def _read(payload: bytes) -> tuple[int, str]:
    """Version and words of a shown alert; 0 and nothing where it is none that we wrote."""
    try:
        said: object = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return 0, ""
    if not isinstance(said, dict):
        return 0, ""
    version, reason = said.get("version"), said.get("reason")
    if not isinstance(version, int) or not 0 < version < HIGHEST_VERSION:
        version = 0
    return version, reason[:WORDS_MOST] if isinstance(reason, str) else ""
