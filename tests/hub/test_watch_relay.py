"""The watcher sounds a siren that is only a relay: it switches it on, and off when nothing needs it any more."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from devices.topics import matches
from hub.config.gateway_accounts import GATEWAYS
from tests.hub.test_watch_shell import PENDANT, PRESS, READY, TOP, Rig, rig

CMND = "cmnd/siren-1/POWER1"
SOUNDING = f"{TOP}/watch/sounding"
RELAYS = [
    ("tasmota", "tasmota/siren-1", CMND, "", b""),
    ("shelly", "shellies/siren-1", "shellies/siren-1/relay/0/command", "", b""),
    ("shelly", "shelly/siren-1", "siren-1/rpc", "", b""),
    ("shelly", "shelly/shelly/east/siren-1", "shelly/east/siren-1/rpc", "", b""),
    (
        "esphome",
        "homeassistant/siren-1",
        "esphome/siren-1/switch/siren/command",
        "homeassistant/switch/siren-1/siren/config",
        orjson.dumps(
            {
                "name": "Siren",
                "unique_id": "s1",
                "cmd_t": "esphome/siren-1/switch/siren/command",
                "stat_t": "esphome/siren-1/switch/siren/state",
                "dev": {"ids": "siren-1", "name": "siren-1", "mf": "Espressif"},
            }
        ),
    ),
]


async def with_siren(tmp_path: Path, address: str) -> None:
    """A home with this siren in the lounge."""
    async with rig(tmp_path) as home:
        devices = home.folder / "devices.yaml"
    devices.write_text(f"{devices.read_text()}  - {{device: hall, address: {address}, for: siren, place: lounge}}\n")


def alert(state: str, *, quiet: bool = False, level: str = "emergency") -> bytes:
    """An alert of the hub, as the broker shows it."""
    return orjson.dumps({"id": "a1", "state": state, "quiet": quiet, "level": level, "device": "x", "stamp": None})


def is_back(home: Rig) -> None:
    """The hub is well again, for as long as it takes, and has the press of meanwhile."""
    home.hub_takes("001")
    for _ in range(4):
        home.link.say(f"{TOP}/status", READY, False)
        home.wait(3)


def heard(home: Rig) -> None:
    """A carer taps *Heard* on all that is shown."""
    for number, topic in enumerate(home.link.shown):
        wish = {"id": f"r-{number}", "do": "heard", "alert": topic.rsplit("/", 1)[1], "by": "carer-1"}
        home.link.say(f"{TOP}/do/dashboards", orjson.dumps(wish), False)


@pytest.mark.parametrize(("account", "address", "topic", "config_topic", "config"), RELAYS)
async def test_the_watcher_sounds_a_siren_on_a_relay(
    tmp_path: Path, account: str, address: str, topic: str, config_topic: str, config: bytes
) -> None:
    """Switched on for the press, off when somebody heard it; and its account may say so on the broker."""
    await with_siren(tmp_path, address)
    async with rig(tmp_path) as home:
        if config:
            home.link.say(config_topic, config, True)
        home.hub_dies()
        home.link.say(PENDANT, PRESS, False)
        assert len(home.link.on(topic)) == 1
        home.wait(4)
        assert len(home.link.on(topic)) == 1
        heard(home)
        home.wait(1)
        on, off = home.link.on(topic)
        assert on != off
        home.wait(180)
        assert len(home.link.on(topic)) == 2
    told = [name for gateway in GATEWAYS if gateway.username == account for name in gateway.told]
    assert any(matches(name, topic) for name in told)


async def test_a_relay_is_never_switched_off_over_an_alert_that_nobody_has_taken(tmp_path: Path) -> None:
    """The hub is back and tells the press itself: the siren sounds until somebody takes that, and then no longer."""
    await with_siren(tmp_path, "tasmota/siren-1")
    async with rig(tmp_path) as home:
        home.hub_dies()
        home.link.say(PENDANT, PRESS, False)
        home.link.say(f"{TOP}/alert/a1", alert("told"), False)
        is_back(home)
        assert home.link.shown == {}
        assert home.link.on(CMND) == [b"ON"]
        home.link.say(f"{TOP}/alert/a1", alert("claimed", quiet=True), False)
        home.wait(1)
        assert home.link.on(CMND) == [b"ON", b"OFF"]


async def test_a_relay_that_sounds_for_an_alert_of_a_hub_that_is_gone_is_silent_once_that_is_heard(
    tmp_path: Path,
) -> None:
    """Nobody can take it without the hub; what nobody heard sounds again each minute."""
    await with_siren(tmp_path, "tasmota/siren-1")
    async with rig(tmp_path) as home:
        home.link.say(f"{TOP}/alert/a1", alert("told"), True)
        home.hub_dies()
        assert home.link.on(CMND) == [b"ON"]
        (shown,) = home.link.shown.values()
        assert orjson.loads(shown)["alert"] == "a1"
        home.wait(62)
        assert home.link.on(CMND).count(b"ON") == 2
        heard(home)
        home.wait(1)
        assert home.link.on(CMND)[-1] == b"OFF"
        home.wait(300)
        assert home.link.on(CMND)[-1] == b"OFF"


@pytest.mark.parametrize("shown", [b"", alert("told", level="technical")])
async def test_a_relay_does_not_sound_on_once_the_hub_is_back(tmp_path: Path, shown: bytes) -> None:
    """With nothing open that may sound it is switched off when the watcher gives back."""
    await with_siren(tmp_path, "tasmota/siren-1")
    async with rig(tmp_path) as home:
        home.hub_dies()
        home.link.say(PENDANT, PRESS, False)
        home.link.say(f"{TOP}/alert/a1", shown, True)
        is_back(home)
        assert home.link.on(CMND) == [b"ON", b"OFF"]


async def test_a_relay_sounds_again_with_each_reminder(tmp_path: Path) -> None:
    """As a siren does that counts its seconds itself; a watcher that is stopped leaves none on."""
    await with_siren(tmp_path, "tasmota/siren-1")
    async with rig(tmp_path) as home:
        home.hub_dies()
        home.link.say(PENDANT, PRESS, False)
        home.wait(130)
        assert home.link.on(CMND).count(b"ON") == 3
        assert home.link.on(CMND)[-1] == b"ON"
    assert home.link.on(CMND)[-1] == b"OFF"


# -- one that was killed ----------------------------------------------------------------------------------------------


async def was_killed(tmp_path: Path, address: str = "tasmota/siren-1") -> bytes:
    """A watcher that let a siren sound and was killed: what the broker keeps of it."""
    await with_siren(tmp_path, address)
    async with rig(tmp_path) as home:
        home.hub_dies()
        home.link.say(PENDANT, PRESS, False)
        first, *_ = [said.topic for said in home.link.published if said.topic in (SOUNDING, CMND)]
        assert first == SOUNDING
        return home.link.on(SOUNDING)[-1]


async def test_a_siren_that_a_killed_watcher_left_on_is_switched_off_by_the_next(tmp_path: Path) -> None:
    """Not before the hub is well, which tells the calls it sounded for; and then it is forgotten."""
    kept = await was_killed(tmp_path)
    async with rig(tmp_path) as home:
        home.link.say(f"{TOP}/status", b'{"state":"lost"}', False)
        home.link.say(SOUNDING, kept, True)
        home.wait(3)
        assert home.link.on(CMND) == []
        is_back(home)
        assert home.link.on(CMND) == [b"OFF"]
        assert home.link.on(SOUNDING) == [b""]
        home.wait(60)
        assert home.link.on(CMND) == [b"OFF"]


async def test_it_sounds_on_over_an_alert_that_nobody_has_taken(tmp_path: Path) -> None:
    """The hub has the call: its siren sounds until somebody goes."""
    kept = await was_killed(tmp_path)
    async with rig(tmp_path) as home:
        home.link.say(SOUNDING, kept, True)
        home.link.say(f"{TOP}/alert/a1", alert("told"), True)
        is_back(home)
        assert home.link.on(CMND) == []
        home.link.say(f"{TOP}/alert/a1", alert("claimed", quiet=True), False)
        home.wait(1)
        assert home.link.on(CMND) == [b"OFF"]


async def test_a_watcher_that_takes_over_again_lets_it_sound_for_its_own_calls(tmp_path: Path) -> None:
    """What was left on is then one of its own, and goes off as those do."""
    kept = await was_killed(tmp_path)
    async with rig(tmp_path) as home:
        home.link.say(SOUNDING, kept, True)
        home.hub_dies()
        home.link.say(PENDANT, PRESS, False)
        home.wait(4)
        heard(home)
        home.wait(1)
        assert home.link.on(CMND) == [b"ON", b"OFF"]


async def test_a_siren_that_introduces_itself_late_is_switched_off_then(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody knows yet how it is told; it is tried until it is, and said once."""
    _, address, topic, config_topic, config = RELAYS[-1]
    await with_siren(tmp_path, address)
    async with rig(tmp_path) as home:
        home.link.say(SOUNDING, orjson.dumps({"sirens": [address]}), True)
        is_back(home)
        assert home.link.on(topic) == []
        assert caplog.text.count("cannot be silenced") == 1
        home.link.say(config_topic, config, True)
        home.wait(1)
        assert len(home.link.on(topic)) == 1
        assert home.link.on(SOUNDING)[-1] == b""


async def test_what_a_new_connection_shows_of_our_own_sirens_changes_nothing(tmp_path: Path) -> None:
    """They sound, and go off as they would have."""
    await with_siren(tmp_path, "tasmota/siren-1")
    async with rig(tmp_path) as home:
        home.hub_dies()
        home.link.say(PENDANT, PRESS, False)
        kept = home.link.on(SOUNDING)[-1]
        home.link.link(False)
        home.link.link(True)
        home.link.say(SOUNDING, kept, True)
        home.wait(4)
        assert home.link.on(CMND) == [b"ON"]
        heard(home)
        home.wait(1)
        assert home.link.on(CMND) == [b"ON", b"OFF"]
        assert home.link.on(SOUNDING)[-1] == b""


@pytest.mark.parametrize("payload", [b"", b"\xff", b'{"sirens":7}'])
async def test_a_memory_that_cannot_be_read_ends_nothing(tmp_path: Path, payload: bytes) -> None:
    """Nobody knows of a siren then."""
    async with rig(tmp_path) as home:
        home.link.say(SOUNDING, payload, True)
        is_back(home)
        assert home.link.on(CMND) == []
