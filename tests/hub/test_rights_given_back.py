"""Rights on the broker that were taken away and given back: what was missed meanwhile is made good at once, and not
with the next connection."""

from __future__ import annotations

import subprocess
from pathlib import Path

import orjson
import pytest
from aiomqtt import Client

from hub.lanes import BULK, URGENT
from tests.faulted import assert_told
from tests.hub.core_parts import PENDANT, PRESS, SLUG
from tests.hub.program import listening
from tests.hub.test_broker_watch import RIGHTS, allow, home_with_rights, running
from tests.parts import Mosquitto, part, until

TOP = f"handrail/{SLUG}"
BELL = {
    "name": "SOS",
    "unique_id": "bell",
    "event_types": ["press"],
    "device_class": "button",
    "state_topic": "bells/bell/event",
    "device": {"identifiers": ["bell"], "name": "Bell"},
}


def set_passwords(broker: Mosquitto, **passwords: str) -> None:
    """Change the broker's users while it runs."""
    file = broker.folder / "passwords"
    file.write_text("".join(f"{name}:{password}\n" for name, password in passwords.items()))
    subprocess.run([part("mosquitto_passwd"), "-U", file], check=True, capture_output=True)
    file.chmod(0o644)
    broker.hang_up()


async def test_an_open_alert_that_the_broker_did_not_take_is_shown_once_it_may_be(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """A broker started with an empty folder and with rights that are wrong: the emergency of before is on no screen,
    the room's screen neither. Both are there again when the rights are right, without a new connection."""
    home = home_with_rights(tmp_path, mosquitto, "topic readwrite #\n")
    async with running(home) as hub:
        hub.parts.shown.retry_s = 0.5
        async with listening(mosquitto.port, f"{TOP}/alert/+", username="screens", password="p") as heard:
            await heard.client.publish(PENDANT, PRESS, qos=1)
            await heard.until(f"{TOP}/alert/", device="room-001-pendant", state="told")
        mosquitto.kill()
        mosquitto.forget()
        (mosquitto.folder / "acl").write_text(f"{RIGHTS}topic read #\ntopic write {TOP}/status\n")
        mosquitto.start()
        await until(lambda: f"{TOP}/alert/a00001" in hub.parts.shown._refused, 20)
        assert "publish" in hub.parts.health.why
        connection = hub.parts.lanes[URGENT].connection  # type: ignore[attr-defined]
        async with listening(
            mosquitto.port, f"{TOP}/alert/+", f"{TOP}/room/+", username="screens", password="p"
        ) as heard:
            allow(mosquitto, "topic readwrite #\n")
            await heard.until(f"{TOP}/alert/", device="room-001-pendant", state="told")
            await heard.until(f"{TOP}/room/001", heard=True)
        await until(lambda: "publish" not in hub.parts.health.why)
        assert hub.parts.lanes[URGENT].connection == connection  # type: ignore[attr-defined]


async def test_what_was_retained_where_the_hub_might_not_read_is_heard_once_it_may(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """Mosquitto grants the filter and passes nothing on. A bell introduced itself there long ago: when the rights are
    right its press is heard, without a new connection."""
    home = home_with_rights(tmp_path, mosquitto, "topic readwrite handrail/#\ntopic write #\n")
    async with Client("127.0.0.1", mosquitto.port, username="screens", password="p") as gateway:
        await gateway.publish("homeassistant/event/bell/config", orjson.dumps(BELL), qos=1, retain=True)
        async with (
            listening(mosquitto.port, f"{TOP}/alert/+", username="screens", password="p") as heard,
            running(home) as hub,
        ):
            await until(lambda: "subscription" in hub.parts.health.why, 20)
            allow(mosquitto, "topic readwrite #\n")
            await until(lambda: "subscription" not in hub.parts.health.why, 20)
            await until(lambda: "bells/bell/event" in hub.parts.lanes[URGENT].subscriptions)
            await gateway.publish("bells/bell/event", b'{"event_type":"press"}', qos=1)
            await heard.until(f"{TOP}/alert/", device="homeassistant/bell", state="told")


@pytest.mark.fault("session")
async def test_calls_of_the_time_in_which_the_broker_kept_the_hub_out_are_said_to_be_lost(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """Another password for the hub, read on SIGHUP: Mosquitto keeps its session and puts no press into it, and says so
    to nobody. Staff are told to look when the hub is let in again, and once."""
    home = home_with_rights(tmp_path, mosquitto, "topic readwrite #\n")
    async with running(home) as hub:
        set_passwords(mosquitto, hub="other", screens="p")
        await until(lambda: not hub.parts.lanes[URGENT].up and not hub.parts.lanes[BULK].up)
        await until(lambda: "user name or password are wrong" in str(hub.parts.health.why))
        async with Client("127.0.0.1", mosquitto.port, username="screens", password="p") as pendant:
            await pendant.publish(PENDANT, PRESS, qos=1)
        set_passwords(mosquitto, hub="p", screens="p")
        async with listening(mosquitto.port, f"{TOP}/alert/+", username="screens", password="p") as heard:
            assert_told(await heard.until(f"{TOP}/alert/", device="hub:session", state="told"), "session")
        lost = [alert for alert in hub.parts.steps.state.alerts if alert.device == "hub:session"]
        assert len(lost) == 1
