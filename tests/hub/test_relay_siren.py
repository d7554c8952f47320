"""A siren on a relay has no word for a sound: an alert switches it on, and off when somebody takes the alert."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hub.core_parts import PENDANT, PRESS, rig
from tests.parts import until


@pytest.mark.parametrize(
    ("address", "topic", "on", "off"),
    [
        ("tasmota/siren-1", "cmnd/siren-1/POWER1", b"ON", b"OFF"),
        ("shellies/siren-1", "shellies/siren-1/relay/0/command", b"on", b"off"),
    ],
)
async def test_a_siren_on_a_relay_sounds_until_the_alert_is_taken(
    tmp_path: Path, address: str, topic: str, on: bytes, off: bytes
) -> None:
    """`check` lets it be a zone's sounder, so it must be heard; a page can start no sound on it that nobody ends."""
    async with rig(tmp_path) as home:

        def said() -> list[bytes]:
            return [payload for name, payload, _ in home.broker.published if name == topic]

        devices = home.folder / "devices.yaml"
        devices.write_text(
            f"{devices.read_text()}  - {{device: hall, address: {address}, for: siren, place: lounge}}\n"
        )
        settings = home.folder / "home.yaml"
        settings.write_text(settings.read_text().replace("sounders: []", "sounders: [hall]"))
        home.hub.reload()
        await until(lambda: home.rows("SELECT 1 FROM configurations WHERE body LIKE '%hall%'"))
        told = {"do": "sound", "duration_s": 3}
        no = await home.ask(id="s", do="command", device="hall", by="carer-1", command=told)
        assert no["ok"] is False
        home.broker.say(PENDANT, PRESS)
        await until(said)
        assert said() == [on]
        assert home.rows("SELECT 1 FROM log WHERE step = 'undelivered'") == []
        await home.ask(id="c", do="claim", alert="a00001", by="carer-1")
        await until(lambda: len(said()) == 2)
        assert said()[-1] == off
