"""The recorded messages of all ecosystems through `handrail decode`, judged by the `score.py` that lies beside them."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.parts import REPOSITORY

FOLDER = REPOSITORY.parent / "shared" / "corpora"
UNDERSTOOD_PCT = {
    "zigbee2mqtt": 99.0,
    "homeassistant_discovery": 99.0,
    "shelly_gen1": 99.0,
    "shelly_gen2": 99.0,
    "lorawan_tts": 99.0,
    "lorawan_chirpstack": 99.0,
    "esphome": 99.0,
    "homie": 99.0,
    "rtl_433": 95.0,
    "tasmota": 95.0,
    "theengs_openmqttgateway": 95.0,
    "frigate": 95.0,
}
LINE = re.compile(r"^(\w+) +(\d+) say something +([\d.]+) % understood +(\d+) emergencies missed +(\d+) invented")


def test_no_emergency_is_missed_or_invented_in_any_ecosystem() -> None:
    """And nearly everything they say is understood."""
    judge = FOLDER / "score.py"
    if not judge.exists():
        pytest.skip(f"the recorded messages are not beside this checkout: {judge}")
    decoder = f"{sys.executable} -m hub.commands decode"
    done = subprocess.run(
        [sys.executable, str(judge), "--decoder", decoder, *UNDERSTOOD_PCT],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    found = {m[1]: (float(m[3]), int(m[4]), int(m[5])) for line in done.stdout.splitlines() if (m := LINE.match(line))}
    assert found.keys() == UNDERSTOOD_PCT.keys()
    assert [(name, row) for name, row in found.items() if row[0] < UNDERSTOOD_PCT[name] or row[1:] != (0, 0)] == []
