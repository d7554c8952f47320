"""Between the outbox and people's channels: a wish to tell somebody becomes a page, its result an input."""

from __future__ import annotations

from collections.abc import Callable

from hub import kill_points
from hub.abc import Page
from hub.channels import Pager
from hub.kill_points import Point
from hub.outbox import Outbox, Wish
from rules.effects import Tell
from rules.inputs import Delivered, Input
from rules.state import AlertState, State


class Paging:
    """Carries out the outbox's wishes to tell people, and puts what came of them to the machine."""

    def __init__(self, *, state: State, put: Callable[[Input], None]) -> None:
        self._state = state
        self._put = put
        self._wishes: dict[tuple[str, str, int], Wish] = {}
        self._pager: Pager | None = None
        self._outbox: Outbox | None = None

    def connect(self, pager: Pager, outbox: Outbox) -> None:
        """Take the two ends, which need this to be made."""
        self._pager, self._outbox = pager, outbox

    def page(self, wish: Wish) -> None:
        """Tell a person, where there still is something to tell and a channel to tell it on."""
        told = wish.tell or {}
        tell = Tell(
            alert=str(told["alert"]),
            version=int(str(told["version"])),
            person=str(told["person"]),
            channel=int(str(told["channel"])),
        )
        alert, setting = self._state.alerts.get(tell.alert), self._state.setting
        carer = setting.staff.get(tell.person) if setting else None
        over = alert is None or alert.state is AlertState.CLOSED
        if over or carer is None or tell.channel >= len(carer.channels) or self._pager is None:
            self._finished(wish)
            return
        page = Page(
            alert=tell.alert,
            version=tell.version,
            level=str(told["level"]),
            title=str(told["title"]),
            text=str(told["text"]),
        )
        self._wishes[tell.alert, tell.person, tell.channel] = wish
        self._pager.tell(tell, carer.channels[tell.channel], page)

    def result(self, alert: str, version: int, person: str, channel: int, ok: bool, reason: str) -> None:
        """What came of it: the machine decides what a failure means."""
        kill_points.at(Point.PAGED, (alert, person))
        self._put(Delivered(alert=alert, version=version, person=person, channel=channel, ok=ok, reason=reason))
        wish = self._wishes.pop((alert, person, channel), None)
        if wish is not None:
            self._finished(wish)

    def _finished(self, wish: Wish) -> None:
        if self._outbox is not None:
            self._outbox.finished(wish)
