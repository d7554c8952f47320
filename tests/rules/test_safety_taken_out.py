"""Each safety rule of the list is shown by a test: taken out, something fails."""

import subprocess
import sys
from pathlib import Path

import orjson

ROOT = Path(__file__).resolve().parents[2]


def test_no_safety_rule_can_be_taken_out_unnoticed() -> None:
    """In a process of its own, because the rules are taken out of the running program."""
    command = [sys.executable, "-m", "tests.rules.safety_taken_out"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    said = orjson.loads(done.stdout)
    assert (said["not noticed"], said["not there"], said["fail already"]) == ([], [], [])
    assert said["tried"] > 75
