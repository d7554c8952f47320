"""What a device told about itself reaches its supervision: once, kept as an input, and folded again by `verify`."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from devices.adapter import Decoded, Description, Known, Message
from devices.catalogue import Catalogue
from devices.events import Kind
from devices.zigbee2mqtt import Zigbee2MQTT
from hub.described import to_supervise
from hub.verify import verify
from rules.inputs import Described
from tests.hub.core_parts import DOOR, PENDANT, rig
from tests.parts import until

ABOUT = Description(device=DOOR, name="door", ecosystem="zigbee2mqtt", kinds=(Kind.CONTACT,), kind=Kind.CONTACT)


class Chatty(Zigbee2MQTT):
    """An ecosystem whose devices say with every message how often they check in, and what they hang on."""

    def decode(self, message: Message, known: Known) -> Decoded:
        """As the real one, and the door says more."""
        decoded = super().decode(message, known)
        if message.topic != DOOR:
            return decoded
        return replace(decoded, learned=(replace(ABOUT, checks_in_s=900, gateway=PENDANT),))


def test_only_what_matters_to_supervision_and_is_news_is_put_to_the_machine() -> None:
    """A new text is none of its business, an interval is; what is taken back is said too, and nonsense is nothing."""
    often = replace(ABOUT, checks_in_s=900)
    assert to_supervise(None, ABOUT) is None
    assert to_supervise(None, often) == Described(device=DOOR, checks_in_s=900)
    assert to_supervise(often, replace(often, text="a door")) is None
    assert to_supervise(often, ABOUT) == Described(device=DOOR)
    assert to_supervise(ABOUT, replace(ABOUT, gateway="x/y")) == Described(device=DOOR, gateway="x/y")
    for nonsense in (0, -5, 10**30):
        assert to_supervise(None, replace(ABOUT, checks_in_s=nonsense)) is None


async def test_a_device_that_checks_in_is_missed_by_a_hub_that_runs(tmp_path: Path) -> None:
    """Said ten times it is one input; 45 minutes later the door is told as silent, and the past folds to the same."""
    async with rig(tmp_path) as home:
        home.hub.parts.steps.catalogue = Catalogue((Chatty(),))
        for value in (b"true", b"false") * 5:
            home.broker.say(DOOR, b'{"contact":' + value + b"}")
        await home.quiet()
        assert home.rows("SELECT count(*) FROM inputs WHERE what = 'Described'") == [(1,)]
        query = "SELECT body ->> 'checks_in_s', body ->> 'gateway' FROM devices WHERE key = ?"
        assert home.rows(query, DOOR) == [(900, PENDANT)]
        home.forward(46 * 60)
        silent = "SELECT 1 FROM alerts WHERE body ->> 'cause' = 'silent:room-001-door'"
        await until(lambda: home.rows(silent))
        await home.quiet()
    assert (await asyncio.to_thread(verify, home.ledger)).different == 0
