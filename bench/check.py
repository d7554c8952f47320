"""How long `check` takes for a home of 60 residents with ten rules each: reading, proving, and the whole command.

    .venv/bin/python bench/check.py

Prints one object of JSON. Each `*_s` is a pair of medians, on the clock and of the processor; `decode_month_s` is one
figure, of the processor: a plain loop that only decodes what the sensors of this home say in a simulated month of
`month_messages`. `of_decoding_a_month` are the processor's seconds of the others as a multiple of that.
"""

import argparse
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from devices.adapter import Message
from devices.catalogue import Catalogue
from hub.config.check import check_home
from hub.config.new import write_new
from hub.config.read import read_home
from hub.simulate.days import days_of
from rules.home import Home
from rules.proof.bounds import prove

FIRST = date(2026, 3, 2)
DAYS = 30
RULE = """\
  - rule: out-of-bed
    name: up-{number}
    why: Walks to the bathroom alone.
    bed: room-{room}-bed
    during: {hour:02d}:{minute:02d}-{end:02d}:00
    help: [{{light: {{device: room-{room}-light}}}}, {{wait: {number} min}}, {{say: Is all well?}}, {{wait: 1 min}}]
    otherwise: {{level: check, say: Up.}}
    delay_agreed: {{risk: walks steadily, by: J. Shah, on: 2026-10-02}}
"""
CARER = """\
  - id: rota-{number}
    name: Rota {number}
    shifts: [{{days: [mon, tue, wed, thu, fri, sat, sun], hours: {start:02d}:{quarter:02d}-{end:02d}:{quarter:02d}}}]
"""


def a_home(folder: Path, residents: int, rules: int) -> None:
    """As `new` writes it, with plans of so many rules, every one with its own hours, and a rota of twelve."""
    write_new(folder, rooms=residents, timezone="Europe/London")
    for number in range(1, residents + 1):
        room = f"{number:03d}"
        path = folder / "residents" / f"resident-{room}.yaml"
        more = "".join(
            RULE.format(
                number=one, room=room, hour=(number + one) % 24, minute=one * 5 % 60, end=(number + one + 9) % 24
            )
            for one in range(1, rules)
        )
        path.write_text(path.read_text(encoding="utf-8") + more, encoding="utf-8")
    rota = "".join(
        CARER.format(number=one, start=one * 2 % 24, end=(one * 2 + 8) % 24, quarter=one * 15 % 60) for one in range(12)
    )
    staff = folder / "staff.yaml"
    staff.write_text(staff.read_text(encoding="utf-8") + rota, encoding="utf-8")


def timed(what: Callable[[], object], rounds: int) -> tuple[float, float]:
    """The medians in seconds: on the clock, and of the processor, which says what others did to the first."""
    passed, busy = [], []
    for _ in range(rounds):
        began, used = time.perf_counter(), sum(os.times()[:4])
        what()
        passed.append(time.perf_counter() - began)
        busy.append(sum(os.times()[:4]) - used)
    return round(statistics.median(passed), 3), round(statistics.median(busy), 3)


def decoding(home: Home) -> tuple[int, float]:
    """The messages of a month, made day by day and not counted, and the seconds in which they are only decoded."""
    catalogue, messages, took = Catalogue(), 0, 0.0
    for day in range(DAYS):
        said = days_of(home, seed=1, first=FIRST + timedelta(days=day), days=1)
        given = [Message(one.topic, one.payload()) for one in said]
        started = time.process_time()
        for message in given:
            adapter = catalogue.adapter_for(message.topic)
            if adapter is not None:
                adapter.decode(message, {})
        took += time.process_time() - started
        messages += len(given)
    return messages, took


def main() -> None:
    """Measure it."""
    reading = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reading.add_argument("--residents", type=int, default=60)
    reading.add_argument("--rules", type=int, default=10)
    reading.add_argument("--rounds", type=int, default=5)
    said = reading.parse_args()
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work) / "home"
        a_home(folder, said.residents, said.rules)
        home = read_home(folder).home
        command = [sys.executable, "-m", "hub.commands", "check", str(folder)]
        root = Path(__file__).resolve().parent.parent
        messages, decode_s = decoding(home)
        timings = {
            "read": timed(lambda: read_home(folder), said.rounds),
            "prove": timed(lambda: prove(home, 2026), said.rounds),
            "check": timed(lambda: check_home(folder, out=io.StringIO()), said.rounds),
            "command": timed(lambda: subprocess.run(command, cwd=root, capture_output=True, check=True), said.rounds),
        }
        result = {
            "residents": len(home.residents),
            "rules": sum(len(one.rules) for one in home.residents),
            **{f"{name}_s": both for name, both in timings.items()},
            "month_messages": messages,
            "decode_month_s": round(decode_s, 3),
            "of_decoding_a_month": {name: round(busy / decode_s, 2) for name, (_, busy) in timings.items()},
        }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
