"""The real rtl_433, as Debian packs it: what it decodes of test codes and of a radio, on a real broker, is told.

With `-y -` it decodes test codes for as long as somebody hands it some, and never turns its own MQTT line meanwhile: it
publishes through Mosquitto's own client, as many homes have it. For its own MQTT output the stick is a fake one
(`rtl_tcp`) on which a pendant of 433 MHz transmits.
"""

from __future__ import annotations

import asyncio
import signal
import struct
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import orjson

from tests.contract.home_parts import DEADLINE_S, RunningHome, home_with, stranger
from tests.parts import Mosquitto, end, free_port, part, until

REMOTE, CONTACT = "30", "70"
"""Decoders of rtl_433: Generic Remote SC226x EV1527, and Honeywell's contacts and pendants."""
PRESS = "fb2dd58"
"""25 bits: the remote 1234 sends its command 42."""
OPENED, CLOSED = "{64}00017fed985f2f6e", "{64}00017fed98ff2cae"
"""The Honeywell transmitter 4711 of channel 8: its contact opens, and closes."""
RATE_HZ = 250_000
SHORT_US, LONG_US, GAP_US = 464, 1404, 14_000
LIT, DARK = bytes((230, 127)), bytes((127, 127))
"""A carrier and none, as samples of a stick: on and off is all that such a transmitter does."""


def decoded(code: str, decoder: str) -> list[bytes]:
    """What rtl_433 makes of a test code, as it prints it."""
    words = (part("rtl_433"), "-R", decoder, "-y", code, "-F", "json", "-M", "time:utc:tz")
    ran = subprocess.run(words, capture_output=True, check=True, timeout=20)
    return [line for line in ran.stdout.splitlines() if line.startswith(b"{")]


def samples(microseconds: int, lit: bool = False) -> bytes:
    """So long a time of carrier, or of none."""
    return (LIT if lit else DARK) * (microseconds * RATE_HZ // 1_000_000)


def transmission() -> bytes:
    """One press: the frame four times, as such a transmitter repeats it; a short pulse is a one."""
    bits = f"{int(PRESS, 16) >> 3:025b}"
    frame = b"".join(
        samples(SHORT_US if bit == "1" else LONG_US, lit=True) + samples(LONG_US if bit == "1" else SHORT_US)
        for bit in bits
    )
    return samples(20_000) + (frame + samples(GAP_US)) * 4 + samples(50_000)


class Stick:
    """A radio stick at the other end of `rtl_tcp`: it hears nothing until somebody presses."""

    def __init__(self) -> None:
        self.port = free_port()
        self.presses = 0
        self._pressed_s = 0.0
        self._unplugged = asyncio.Event()
        self._serving: set[asyncio.Task[None]] = set()
        self._air: asyncio.Queue[bytes] = asyncio.Queue()

    def press_now_and_then(self, every_s: float) -> bool:
        """The pendant transmits, where it has not done so for a while; always true."""
        now_s = asyncio.get_running_loop().time()
        if now_s - self._pressed_s >= every_s:
            self._pressed_s = now_s
            self.presses += 1
            self._air.put_nowait(transmission())
        return True

    @asynccontextmanager
    async def plugged_in(self) -> AsyncIterator[None]:
        """While it serves."""
        async with await asyncio.start_server(self._serve, "127.0.0.1", self.port):
            try:
                yield
            finally:
                self._unplugged.set()
                await asyncio.gather(*self._serving)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving = asyncio.current_task()
        assert serving is not None
        self._serving.add(serving)
        writer.write(b"RTL0" + struct.pack(">II", 5, 29))
        with suppress(ConnectionError):
            while not self._unplugged.is_set():
                writer.write(samples(50_000) if self._air.empty() else self._air.get_nowait())
                await writer.drain()
                await asyncio.sleep(0.05)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


def place(home: RunningHome, *rows: tuple[str, str]) -> None:
    """Devices of resident-001 to call with."""
    lines = [
        f"  - {{device: {name}, address: {address}, for: emergency, person: resident-001}}" for name, address in rows
    ]
    home.edit("devices.yaml", lambda text: text + "\n".join(lines) + "\n")


@contextmanager
def receiver(stick: Stick, broker: Mosquitto, log: Path) -> Iterator[None]:
    """rtl_433 at this stick, publishing with the settings that the README names."""
    out = f"mqtt://127.0.0.1:{broker.port},retain=0,qos=1"
    words = (part("rtl_433"), "-d", f"rtl_tcp:127.0.0.1:{stick.port}", "-s", str(RATE_HZ), "-R", REMOTE, "-F", out)
    with log.open("wb") as said:
        radio = subprocess.Popen(words, stdout=said, stderr=said, cwd=log.parent)
    try:
        yield
    finally:
        end(radio, signal.SIGKILL)  # asked kindly it waits for a stick that does not answer


@contextmanager
def receiver_of_codes(broker: Mosquitto) -> Iterator[Callable[[str], None]]:
    """rtl_433 that decodes the test codes handed to it, each at once, into a real Mosquitto, until both are through."""
    decoders = ("-R", REMOTE, "-R", CONTACT)
    words = (part("rtl_433"), *decoders, "-y", "-", "-F", "json", "-M", "time:utc:tz")
    address = ("-h", "127.0.0.1", "-p", str(broker.port))
    publish = (part("mosquitto_pub"), *address, "-q", "1", "-t", "rtl_433/attic/events", "-l")
    with (
        subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as radio,
        subprocess.Popen(publish, stdin=radio.stdout) as client,
    ):
        assert radio.stdin is not None
        assert radio.stdout is not None
        radio.stdout.close()  # the client's now

        def transmit(code: str) -> None:
            assert radio.stdin is not None
            radio.stdin.write(f"{code}\n".encode())
            radio.stdin.flush()

        try:
            yield transmit
            radio.stdin.close()
            assert (radio.wait(DEADLINE_S), client.wait(DEADLINE_S)) == (0, 0)
        finally:
            end(client)
            end(radio, signal.SIGKILL)


def test_test_codes_are_decoded_as_we_read_them() -> None:
    """The fields of this version of rtl_433 are those that our adapter knows."""
    (press,) = (orjson.loads(line) for line in decoded(f"{{25}}{PRESS}", REMOTE))
    assert {**press, "time": ""} == {
        "time": "",
        "model": "Generic-Remote",
        "id": 1234,
        "cmd": 42,
        "tristate": "00Z01Z0X0XXX",
    }
    (opened,) = (orjson.loads(line) for line in decoded(OPENED, CONTACT))
    assert (opened["model"], opened["id"], opened["channel"]) == ("Honeywell-Security", 4711, 8)
    assert (opened["contact_open"], opened["battery_ok"], opened["tamper"]) == (1, 1, 0)


async def test_test_codes_that_rtl_433_decodes_into_a_real_broker_are_told(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """A remote that was placed as a pendant, whose frame comes three times, and a cord on a contact: it calls when it
    opens alone."""
    with home_with(tmp_path / "home", mosquitto, rooms=1) as home:
        place(home, ("remote", "rtl_433/Generic-Remote/1234"), ("cord", "rtl_433/Honeywell-Security/8/4711"))
        async with stranger(mosquitto.port) as me:
            home.start()
            await me.is_ready()
            with receiver_of_codes(mosquitto) as transmit:
                for code in (f"{{25}}{PRESS}",) * 3 + (CLOSED,):
                    transmit(code)
                raised = await me.line("raised", device="remote", resident="resident-001")
                transmit(OPENED)
                await me.line("raised", device="cord", resident="resident-001")
            assert (len(me.log("raised")), me.log("pressed")) == (2, [])
            assert raised["reason"] == "Resident 001 pressed for help"
        assert home.stop() == 0


async def test_what_rtl_433_itself_publishes_is_told_once_for_each_press(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """With the README's settings. Four frames, each whole and field by field, are one press; the next is the next."""
    stick = Stick()
    with home_with(tmp_path / "home", mosquitto, rooms=1) as home:
        place(home, ("remote", "rtl_433/Generic-Remote/1234"))
        async with stranger(mosquitto.port) as me, stranger(mosquitto.port, "rtl_433/#") as air, stick.plugged_in():
            home.start()
            await me.is_ready()
            with receiver(stick, mosquitto, tmp_path / "rtl_433.log"):
                # What is transmitted while it tunes is lost, as on a real stick.
                await until(lambda: stick.press_now_and_then(2.5) and me.log("pressed", device="remote"), DEADLINE_S)
            frames = [topic for topic, _, _ in air.heard if topic.endswith("/events")]
            assert len(me.log("raised")) == 1
            assert len(me.log("raised", "pressed")) <= stick.presses < len(frames)
            assert any("/devices/Generic-Remote/1234/cmd" in topic for topic, _, _ in air.heard)
        assert home.stop() == 0
