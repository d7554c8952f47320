"""Which of its buttons a device says was pressed, and how: what a pendant's second button needs to answer a question.

Only words that can mean nothing else are an answer; every other gesture of a button that calls is a call.

| ecosystem | which button | once | twice |
|---|---|---|---|
| Zigbee2MQTT | in its action: `2_single`, `button_2_double`, `single_left` | `single` | `double` |
| Home Assistant's discovery | its subtype: `button_2_short_press`; the event's name | `short_press` | `double_press` |
| ESPHome | the name of the event | `single`, `single_click` | `double`, `double_click` |
| Shelly BLU | `button:1` | `single_push` | `double_push` |
| Tasmota | `Button2` | `SINGLE` | `DOUBLE` |
| BTHome through Theengs | `button2` | `1` | `2` |
| our own JSON | the `field` | `single` | `double` |

Left out are those of which it is not sure, and each press of theirs calls. Wired inputs of a Shelly say `btn_down`,
those of a Tasmota that the circuit closed, before anybody knows whether the button is held. A Shelly of the first
generation says its last gesture again with every update. rtl_433, LoRaWAN and Homie's booleans say that a button was
pressed, and not how.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from devices.events import Event, Kind, Value

TELLS_HOW = ("zigbee2mqtt", "homeassistant", "esphome", "shelly", "tasmota", "theengs", "handrail-device")
"""The ecosystems, as addresses begin with them, that say which button it was and how it was pressed."""
IN_ITS_WORD = frozenset({"zigbee2mqtt", "homeassistant"})
"""Those whose gesture holds the button's name, where the event has no field."""
_HOW = (
    r"(?:single|double|triple|quadruple|many|hold|long|short|click|press|release|single_click|double_click|long_click"
    r"|short_press|double_press|triple_press|long_press|initial_press|long_double_press|hold_release|short_release"
    r"|long_release|double_release|press_release|multi_press_\d)"
)
_WHICH = r"(?:(?:button|key|dots)_?\d{1,2}|\d{1,2}|left|right|center|middle|top|bottom)"
_SAID = re.compile(rf"(?P<before>{_WHICH})_{_HOW}|{_HOW}_(?P<after>{_WHICH})")
WORDS: Mapping[str, int] = {
    **dict.fromkeys(("single", "single_push", "single_press", "single_click", "short_press", "short"), 0),
    **dict.fromkeys(("double", "double_push", "double_press", "double_click"), 1),
}
"""How it was pressed: 0 once, 1 twice."""
BTHOME: Mapping[str, int] = {"1": 0, "2": 1, "press": 0, "double_press": 1}
_LAST_NUMBER = re.compile(r"(\d+)\D*$")
_FROM_0 = ("input:", "button:")
"""Names that are counted from 0; all others are from 1."""
_FOR_HELP = re.compile(r"(?:^|[^a-z])(?:sos|panic|emergency|help|alarm|call|red)(?:[^a-z]|$)", re.IGNORECASE)


def button_of(event: Event) -> str:
    """The button that a gesture names (`2` of `2_single`), in an ecosystem that says it so; empty where none."""
    if event.kind is not Kind.BUTTON or event.device.partition("/")[0] not in IN_ITS_WORD:
        return ""
    said = _SAID.fullmatch(event.value) if isinstance(event.value, str) else None
    return (said["before"] or said["after"]) if said is not None else ""


def answer_of(event: Event) -> int | None:
    """Which answer a gesture on a part gives: 0 pressed once, the first; 1 twice, the second; None where it is none.

    `event` is the part's, not yet read as what its device is for.
    """
    if event.kind is not Kind.BUTTON or not event.press:
        return None
    whole, _, part = event.device.partition("#")
    base = whole.partition("/")[0]
    if not part or base not in TELLS_HOW:
        return None
    how = _without(part, event.value)
    return BTHOME.get(how) if base == "theengs" else WORDS.get(how)


def _without(part: str, said: Value) -> str:
    """The gesture without the name of its button."""
    word = str(said).casefold() if isinstance(said, (str, int)) and not isinstance(said, bool) else ""
    return word.removeprefix(f"{part.casefold()}_").removesuffix(f"_{part.casefold()}")


def cannot_answer(address: str) -> str:
    """Why a button cannot answer anything, by its address alone; empty where it may be the second one of a device."""
    whole, _, part = address.partition("#")
    base = whole.partition("/")[0]
    if not part:
        return "is no part of a device: each of its presses calls"
    if base not in TELLS_HOW:
        return f"is heard by {base}, which does not say how a button is pressed: each press calls"
    if base in ("shelly", "tasmota") and part.startswith("input:"):
        return "is a wired input, which says that it is pressed before anybody knows how: each press calls"
    number = _LAST_NUMBER.search(part)
    first = 0 if part.startswith(_FROM_0) else 1
    if _FOR_HELP.search(part) or (number is not None and int(number[1]) <= first) or part in ("left", "top", "button"):
        return "is the first button of its device: that one always calls"
    return ""
