"""What is a press of its own, and what the same one in another form or an alarm that was on already. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from devices.events import NOT_YET, Event, Value, is_active
from hub.watch.records import Now

Key = tuple[str, str, str | None]


class Is(StrEnum):
    """What an event is."""

    NEWS = "a press of its own, or an alarm that was not on before"
    FOUND = "an alarm that is on, of a device that said nothing of it before: it may have been on for long"
    ANOTHER_FORM = "the same press in another form"
    NOTHING = "nothing to tell"


@dataclass(slots=True)
class _Last:
    value: Value
    press_id: str | None
    at_ms: int | None
    heard_ms: int


class News:
    """Remembers the last press and the last value of each device."""

    def __init__(self) -> None:
        self._last: dict[Key, _Last] = {}
        self._values: dict[Key, Value] = {}

    def of(self, event: Event, now: Now, *, retained: bool) -> Is:
        """What this event is. A retained message is never a press; of a state it says what was before."""
        key = (event.device, event.kind.value, event.field)
        if not event.press:
            before, self._values[key] = self._values.get(key), event.value
            begins = not retained and before != event.value and is_active(event.kind, event.value)
            if not begins:
                return Is.NOTHING
            return Is.NEWS if before is not None else Is.FOUND
        if retained or event.value in NOT_YET:
            return Is.NOTHING
        last = self._last.get(key)
        if last is not None and _is_same(last, event, now):
            last.press_id = last.press_id if last.press_id is not None else event.press_id
            last.at_ms = last.at_ms if last.at_ms is not None else event.at_ms
            return Is.ANOTHER_FORM
        self._last[key] = _Last(event.value, event.press_id, event.at_ms, now.elapsed_ms)
        return Is.NEWS


def _is_same(last: _Last, event: Event, now: Now) -> bool:
    """The same press in another form: two that their ecosystem tells apart are two, however close; otherwise the window
    that the adapter declares decides. Where it is uncertain it is a press."""
    if last.value != event.value:
        return False
    if event.press_id is not None and last.press_id is not None:
        return event.press_id == last.press_id
    apart = now.elapsed_ms - last.heard_ms
    if event.at_ms is not None and last.at_ms is not None:
        by_stamp = abs(event.at_ms - last.at_ms)
        if by_stamp or event.at_ms % 1000:  # a clock of whole seconds cannot tell
            apart = by_stamp
    return apart < event.repeat_window_ms
