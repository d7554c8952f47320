"""What the broker does wrong is found at the connect or while running, told in plain words, and mended by itself."""

from __future__ import annotations

import asyncio
import importlib
import random
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiomqtt import Client
from hypothesis import given
from hypothesis import strategies as st

from hub.bootstrap import build
from hub.broker.certificates import CertificateUnreadable, ends_s, of_broker, of_files
from hub.broker.drops import TOPIC, UPTIME
from hub.clock import SystemClock
from hub.config.new import write_new
from hub.hub import Hub
from hub.mqtt.types import BrokerAddress
from rules.faults import FAULTS
from tests.faulted import assert_told
from tests.hub.core_parts import BULK, SLUG, URGENT, Rig, rig
from tests.hub.mqtt_parts import lane
from tests.hub.program import Heard, listening
from tests.parts import Mosquitto, certificates, part, until

ALERT = f"handrail/{SLUG}/alert/"
DOOR = "zigbee2mqtt/room-001-door"
WHOLE_DAY_S = 86_400 + 60
RIGHTS = "user screens\ntopic readwrite #\nuser hub\n"


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Hub]:
    """A whole hub on a real broker, whose minutes are short."""
    hub = build(folder, SystemClock(), random.Random(1))
    hub.parts.watch.minute_s = 0.3
    work = asyncio.create_task(hub.run())
    await until(lambda: hub.ready.is_set() or work.done(), 10)
    try:
        yield hub
    finally:
        hub.stop()
        async with asyncio.timeout(10):
            await work


async def told(heard: Heard, fault: str, **slots: str) -> str:
    """Staff read the sentence of a fault; what the person reads who mends it."""
    return assert_told(await heard.until(ALERT, state="told", reason=FAULTS[fault].staff), fault, **slots)


async def mended(heard: Heard, fault: str) -> None:
    """The alert of a fault ends by itself."""
    await heard.until(ALERT, state="closed", reason=FAULTS[fault].staff)


def home_with_rights(folder: Path, broker: Mosquitto, rights: str) -> Path:
    """A home whose hub may do what the access list says; the screens may do everything."""
    broker.with_users({"hub": "p", "screens": "p"}, acl=RIGHTS + rights)
    write_new(folder / "home", rooms=1, slug=SLUG, broker=f"mqtt://hub:p@127.0.0.1:{broker.port}")
    return folder / "home"


def allow(broker: Mosquitto, rights: str) -> None:
    """Change the access list while the broker runs."""
    (broker.folder / "acl").write_text(RIGHTS + rights)
    broker.hang_up()


# -- dropped ------------------------------------------------------------------------------------------------------
@pytest.mark.fault("dropped")
async def test_messages_the_broker_threw_away_while_the_hub_was_down_are_told(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """A queue of five and ten doors: staff are told to look, and it is not said again at the next start."""
    mosquitto.with_settings("max_queued_messages 5\nsys_interval 1")
    home = tmp_path / "home"
    write_new(home, rooms=1, slug=SLUG, broker=f"mqtt://127.0.0.1:{mosquitto.port}")
    async with running(home) as hub:
        await until(lambda: hub.parts.source.cursor("broker_dropped") == 1)
    async with Client("127.0.0.1", mosquitto.port) as device:
        for _ in range(10):
            await device.publish(DOOR, b'{"contact":true}', qos=1)
    async with listening(mosquitto.port, f"{ALERT}+", f"handrail/{SLUG}/log") as heard:
        async with running(home):
            assert "because the queue of a client was full" in await told(heard, "dropped")
        heard.forget()
        async with running(home) as hub:
            await until(lambda: hub.parts.watch._counts)
    assert hub.parts.health.why == {}


async def test_messages_the_broker_throws_away_while_the_hub_runs_are_told(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """Here those of somebody else, which the broker does not say: when in doubt, staff look."""
    mosquitto.with_settings("max_queued_messages 5\nsys_interval 1")
    home = tmp_path / "home"
    write_new(home, rooms=1, slug=SLUG, broker=f"mqtt://127.0.0.1:{mosquitto.port}")
    async with Client("127.0.0.1", mosquitto.port, identifier="away", clean_session=False) as away:
        await away.subscribe("other/#", qos=1)
    async with listening(mosquitto.port, f"{ALERT}+") as heard, running(home) as hub:
        await until(lambda: hub.parts.source.cursor("broker_dropped") == 1)
        for _ in range(10):
            await heard.client.publish("other/1", b"", qos=1)
        assert "it does not say of which client" in await told(heard, "dropped")


async def test_the_count_is_compared_over_restarts_of_hub_and_broker(tmp_path: Path) -> None:
    """What was dropped before we came is not ours; a count that went back is that of a new broker."""

    def faults(home: Rig) -> int:
        return len([line for line in home.broker.log("fault") if line.get("device") == "hub:dropped"])

    async with rig(tmp_path) as home:
        home.broker.say(TOPIC, b"7", retain=True)
        await until(lambda: home.hub.parts.source.cursor("broker_dropped") == 8)
        assert faults(home) == 0
        home.broker.say(TOPIC, b"9", retain=True)
        await until(lambda: faults(home) == 1)
        home.broker.say(TOPIC, b"11", retain=True)
        await until(lambda: home.hub.parts.source.cursor("broker_dropped") == 12)
        await home.stop()
        home.broker.say(TOPIC, b"4", retain=True)
        await home.start()
        await until(lambda: faults(home) == 2)
        assert "at least 4 messages" in str(home.broker.log("fault")[-1]["reason"])


async def test_the_first_drop_is_told_where_the_broker_has_forgotten_its_count(tmp_path: Path) -> None:
    """Mosquitto says a count for a minute after it changed: a hub that starts later hears none."""
    async with rig(tmp_path) as home:
        home.broker.say(UPTIME, b"289 seconds", retain=True)
        await until(lambda: home.hub.parts.source.cursor("broker_dropped") == 1)
        home.broker.say(TOPIC, b"3", retain=True)
        await until(lambda: home.broker.log("fault"))
        assert "at least 3 messages" in str(home.broker.log("fault")[-1]["reason"])


async def test_a_day_without_a_drop_ends_it(tmp_path: Path) -> None:
    """Nobody has to close what is over, and a hub that was started again meanwhile still knows."""
    async with rig(tmp_path) as home:
        home.broker.say(TOPIC, b"1", retain=True)
        await until(lambda: home.hub.parts.source.cursor("broker_dropped") == 2)
        home.broker.say(TOPIC, b"3", retain=True)
        await until(lambda: home.broker.log("fault"))
        await home.stop()
        home.clock.forward(WHOLE_DAY_S * 1000)
        await home.start()
        await until(lambda: home.broker.log("mended"))


async def test_a_clock_that_is_set_neither_ends_it_nor_keeps_it(tmp_path: Path) -> None:
    """Ten years ahead at the next start, while everybody looks in on everybody; and right again: it lasts a day."""
    decade_ms = 10 * 365 * WHOLE_DAY_S * 1000

    def said(step: str) -> list[object]:
        return [line["reason"] for line in home.broker.log(step) if line.get("device") == "hub:dropped"]

    async with rig(tmp_path) as home:
        home.broker.say(TOPIC, b"1", retain=True)
        await until(lambda: home.hub.parts.source.cursor("broker_dropped") == 2)
        home.broker.say(TOPIC, b"3", retain=True)
        await until(lambda: said("fault"))
        await home.stop()
        home.clock.step(decade_ms)
        await home.start()
        home.broker.say(TOPIC, b"400", retain=True)
        await until(lambda: home.hub.parts.source.cursor("broker_dropped") == 401)
        await home.quiet()
        assert not said("mended")
        await home.stop()
        home.clock.step(-decade_ms)
        await home.start()
        await home.stop()
        home.clock.forward(WHOLE_DAY_S * 1000)
        await home.start()
        await until(lambda: said("mended"))


# -- rights -------------------------------------------------------------------------------------------------------
@pytest.mark.fault("subscription")
async def test_a_broker_that_grants_a_filter_and_passes_nothing_on_is_found_and_forgiven(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """Mosquitto with an access list says yes to every subscription; a message of our own shows what it does."""
    home = home_with_rights(tmp_path, mosquitto, "topic write #\ntopic read handrail/#\ntopic read rtl_433/#\n")
    async with (
        listening(mosquitto.port, f"{ALERT}+", username="screens", password="p") as heard,
        running(home) as hub,
    ):
        assert "The broker grants zigbee2mqtt/# and passes nothing of it on" in await told(heard, "subscription")
        assert "subscription" in hub.parts.health.why
        allow(mosquitto, "topic readwrite #\n")
        await mended(heard, "subscription")
        assert hub.parts.health.why == {}


@pytest.mark.parametrize("fault", ["subscription", "publish", "certificate"])
async def test_what_was_mended_while_the_hub_was_down_ends_at_its_start(tmp_path: Path, fault: str) -> None:
    """Nobody has to close by hand what is right again."""
    async with rig(tmp_path) as home:
        home.hub.on_fault(fault, True, "it was wrong")
        await until(lambda: home.broker.log("fault"))
        await home.stop()
        await home.start()
        await until(lambda: home.broker.log("mended"))


async def test_a_broker_that_hides_its_count_is_a_line_in_the_log(
    mosquitto: Mosquitto, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Mosquitto grants that filter too and says nothing; the line says what to change."""
    home = home_with_rights(tmp_path, mosquitto, "topic readwrite handrail/#\ntopic readwrite zigbee2mqtt/#\n")
    async with running(home):
        await until(lambda: "topic read $SYS/#" in caplog.text)


async def test_rights_taken_away_while_the_hub_runs_are_noticed(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Nothing tells the hub; only what no longer comes through."""
    home = home_with_rights(tmp_path, mosquitto, "topic readwrite #\n")
    async with (
        listening(mosquitto.port, f"{ALERT}+", username="screens", password="p") as heard,
        running(home),
    ):
        allow(mosquitto, f"topic readwrite handrail/{SLUG}/#\ntopic write #\n")
        assert "rtl_433/#" in await told(heard, "subscription")


@pytest.mark.parametrize("lane", [URGENT, BULK])
async def test_a_refused_filter_is_asked_for_again_until_it_is_granted(tmp_path: Path, lane: str) -> None:
    """Refused at the connect; granted later, it is heard and the heartbeat is well again."""
    name = {URGENT: "rtl_433/+/events", BULK: "rtl_433/#"}[lane]
    async with rig(tmp_path) as home:
        await home.stop()
        home.broker.refuses_filters.add(name)
        home.broker.sessions.clear()
        await home.start()
        await until(lambda: home.broker.log("fault"))
        assert name not in home.broker.session(lane).filters
        home.broker.refuses_filters.clear()
        home.hub.reload()
        await until(lambda: home.broker.log("mended"))
        assert name in home.broker.session(lane).filters
        await until(lambda: home.hub.parts.health.why == {})


@pytest.mark.fault("publish")
async def test_a_broker_that_does_not_take_what_the_hub_says_is_told_and_forgiven(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """The alert itself may go out here, the log may not."""
    home = home_with_rights(tmp_path, mosquitto, f"topic read #\ntopic write handrail/{SLUG}/alert/+\n")
    async with (
        listening(mosquitto.port, f"{ALERT}+", username="screens", password="p") as heard,
        running(home),
    ):
        assert f"publishes on handrail/{SLUG}/log" in await told(heard, "publish")
        allow(mosquitto, "topic readwrite #\n")
        await mended(heard, "publish")


# -- certificates -------------------------------------------------------------------------------------------------
@pytest.mark.fault("certificate")
async def test_a_certificate_about_to_end_is_told_until_it_is_renewed(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Renewed as the sentence says, with a signal to the broker and none to the hub."""
    made = certificates(mosquitto.folder, days=3)
    mosquitto.with_tls(made)
    home = tmp_path / "home"
    write_new(home, rooms=1, slug=SLUG, broker=f"mqtt://127.0.0.1:{mosquitto.port}")
    settings = (home / "home.yaml").read_text()
    secure = f"url: mqtts://127.0.0.1:{mosquitto.port}\n  ca_file: {made.ca_file}"
    (home / "home.yaml").write_text(settings.replace(f"url: mqtt://127.0.0.1:{mosquitto.port}", secure))
    trusting = ssl.create_default_context(cafile=made.ca_file)
    async with listening(mosquitto.port, f"{ALERT}+", tls=trusting) as heard, running(home):
        ends = datetime.fromtimestamp(openssl_end(made.cert_file), UTC).date().isoformat()
        assert f"ends on {ends}" in await told(heard, "certificate", ends=ends)
        certificates(mosquitto.folder, days=60)
        mosquitto.hang_up()
        await mended(heard, "certificate")


async def test_a_certificate_that_has_ended_is_said_with_what_to_change(mosquitto: Mosquitto) -> None:
    """The sentence of a hub that cannot connect."""
    made = certificates(mosquitto.folder, days=-1)
    mosquitto.with_tls(made)
    async with lane(mosquitto.port, host="localhost", tls=True, ca_file=made.ca_file) as urgent:
        await until(lambda: urgent.error)
    assert "has ended: renew it, put the new one where `certfile` in mosquitto.conf says" in str(urgent.error)
    shown = await of_broker(BrokerAddress(host="localhost", port=mosquitto.port, tls=True, ca_file=made.ca_file))
    assert shown is not None
    assert shown.ends_s == 0


def test_the_end_of_a_certificate_in_a_file_is_read_as_openssl_reads_it(tmp_path: Path) -> None:
    """Of the authority and of our own."""
    made = certificates(tmp_path, days=5)
    address = BrokerAddress(host="localhost", tls=True, ca_file=made.ca_file, cert_file=made.cert_file)
    ends = [one.ends_s for one in of_files(address)]
    assert ends == [openssl_end(made.ca_file), openssl_end(made.cert_file)]
    assert [one.what for one in of_files(address)] == [
        f"the certificate in {made.ca_file} (ca_file in home.yaml)",
        f"the certificate in {made.cert_file} (cert_file in home.yaml)",
    ]


@given(st.binary(max_size=200))
def test_bytes_that_are_no_certificate_are_refused(der: bytes) -> None:
    """And nothing worse."""
    with pytest.raises(CertificateUnreadable):
        ends_s(der)


def openssl_end(file: Path) -> int:
    """When openssl says that it ends."""
    said = subprocess.run(
        [part("openssl"), "x509", "-in", file, "-noout", "-enddate"], check=True, capture_output=True, text=True
    ).stdout
    return ssl.cert_time_to_seconds(said.strip().removeprefix("notAfter="))


async def test_a_certificate_of_our_own_that_has_ended_is_said_as_ours(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Where the broker asks for one: the sentence names the setting in home.yaml and not the broker's port."""
    (tmp_path / "ours").mkdir()
    server, ours = certificates(mosquitto.folder), certificates(tmp_path / "ours", days=-1)
    (mosquitto.folder / "clients.pem").write_bytes(ours.ca_file.read_bytes())
    mosquitto.with_tls(server, clients=mosquitto.folder / "clients.pem")
    login: dict[str, Any] = {"ca_file": server.ca_file, "cert_file": ours.cert_file, "key_file": ours.key_file}
    async with lane(mosquitto.port, host="localhost", tls=True, **login) as urgent:
        await until(lambda: urgent.error, 10)
    assert "says that our certificate has ended: renew `cert_file` and `key_file` of home.yaml" in str(urgent.error)


def test_a_certificate_is_looked_at_on_uvloop_as_well(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """The hub runs on it where there is one, and its TLS is not quite asyncio's."""
    uvloop = importlib.import_module("uvloop")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(test_a_certificate_about_to_end_is_told_until_it_is_renewed(mosquitto, tmp_path))
