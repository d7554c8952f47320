"""The blueprint: copy this file for the next ecosystem and change what it says. It passes the same contract test.

The ecosystem it reads does not exist. Its devices publish to `blueprint/<device>/<what>`:

    blueprint/bathroom-cord/pressed     the press counter, `17`
    blueprint/front-door/door           `open` or `shut`
    blueprint/attic/status              `up` or `down`

and a lamp listens on `blueprint/<device>/lamp/do` for `on` or `off`.
"""

from __future__ import annotations

from devices.adapter import NOTHING, Decoded, Known, Message, Refused
from devices.commands import WORDED, Command, TurnOff, TurnOn
from devices.events import Event, Kind, Value
from devices.topics import publishable

# How long this ecosystem may go on repeating one press, in this or another form. Look into what its gateway does when
# the radio frame is heard twice, and whether a press is also published on a second topic. Too short counts one press
# twice; too long swallows a second press.
REPEAT_WINDOW_MS = 1000

# Its words, and ours. A word that is missing here is a reason, never a guess.
DOOR: dict[str, Value] = {"open": "open", "shut": "closed"}
STATUS: dict[str, Value] = {"up": "online", "down": "offline"}


class Blueprint:
    """The adapter of an ecosystem. It keeps nothing: what devices told about themselves is handed in as `known`."""

    def __init__(self, base: str = "blueprint") -> None:
        self.base = base
        self.name = "blueprint"
        # Everything the ecosystem says, and nothing of another's.
        self.filters: tuple[str, ...] = (f"{base}/#",)
        # Only where all devices share one topic, so that a pendant's cannot be subscribed to by itself.
        self.urgent_filters: tuple[str, ...] = ()
        self.repeat_window_ms = REPEAT_WINDOW_MS

    def decode(self, message: Message, known: Known) -> Decoded:
        """Read one message. It never raises, whatever the bytes are: what cannot be read is an error in plain words."""
        levels = message.topic.split("/")
        if len(levels) < 3 or levels[0] != self.base:
            return Decoded(error=f"the topic is not {self.base}/<device>/<what>")
        # Commands pass by on the same tree. They are wishes, not facts.
        if levels[-1] == "do":
            return NOTHING
        # The address must be the same for every topic a device speaks on.
        device, what = f"{self.base}/{levels[1]}", levels[2]
        try:
            said = message.payload.decode().strip()
        except UnicodeDecodeError:
            return Decoded(error=f"{what} of {device} is not text")
        if not said:
            return NOTHING
        event = self._event(device, what, said)
        return (
            Decoded(events=(event,)) if event is not None else Decoded(error=f"{said[:40]!r} is no {what} of {device}")
        )

    def encode(self, command: Command, known: Known) -> tuple[Message, ...] | Refused:
        """The messages that carry out a command, or why the device cannot do it: `check` reads the refusals too."""
        topic = f"{command.device}/lamp/do"
        if not command.device.startswith(f"{self.base}/") or command.device.endswith("/") or not publishable(topic):
            return Refused(f"{command.device} is not a device of {self.base}")
        if isinstance(command, TurnOn):
            if command.brightness_pct is not None or command.color_temp_k is not None:
                return Refused(f"{command.device} can be switched, not dimmed or coloured")
            return (Message(topic=topic, payload=b"on"),)
        if isinstance(command, TurnOff):
            return (Message(topic=topic, payload=b"off"),)
        return Refused(f"{command.device} cannot {WORDED[type(command)]}")

    def topics_of(self, device: str) -> tuple[str, ...]:
        """Where a device of this address reports presses: the urgent lane subscribes to these before it has spoken."""
        if not device.startswith(f"{self.base}/") or any(char in device for char in "+#\0"):
            return ()
        return (f"{device}/pressed",)

    def _event(self, device: str, what: str, said: str) -> Event | None:
        # A press is a momentary fact. This ecosystem counts them, so two counts are two presses, however close.
        if what == "pressed" and said.isascii() and said.isdigit():
            return Event(
                device=device,
                kind=Kind.EMERGENCY,
                value=True,
                press=True,
                press_id=said,
                repeat_window_ms=REPEAT_WINDOW_MS,
            )
        # A state is news only when it changes, and says its sense in our words.
        if what == "door" and said in DOOR:
            return Event(device=device, kind=Kind.CONTACT, value=DOOR[said])
        if what == "status" and said in STATUS:
            return Event(device=device, kind=Kind.AVAILABILITY, value=STATUS[said])
        # A lamp answers with what it now is: the second half of the round trip.
        if what == "lamp" and said in ("on", "off"):
            return Event(device=device, kind=Kind.LIGHT, value=said)
        return None
