"""What a morning of plans on trial costs: one plan's day, and one that has to be looked back for.

    python bench/trial.py [--days 8] [--rooms 60] [--plans 3] [--work FOLDER]

Prints one JSON object. Seconds are those of the processor. `morning` goes on from what was kept the morning before,
with calls planted at every minute; `child` is the same as the hub runs it, a process that reads the home's files first;
`look_back` is a morning for which nothing was kept: the days before are replayed as well.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing import Process
from pathlib import Path
from statistics import median
from time import process_time

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import orjson

from bench.replay import DAY_MS, FIRST, planned, up, written
from hub.config.new import write_new
from hub.config.read import read_home
from hub.ledger.past import Past
from hub.ledger.rows import input_row
from hub.ledger.write import open_store
from hub.replay.beside import tried
from hub.replay.kept import FOLDER, OnTrial
from hub.replay.trial import digest_of
from rules.inputs import Now, Report, Tried


def morning_ms(day: int) -> int:
    """Seven in the morning, so many days behind the first."""
    return int((datetime(FIRST.year, FIRST.month, FIRST.day, 7, tzinfo=UTC) + timedelta(days=day)).timestamp() * 1000)


def children_s() -> float:
    """Seconds of the processor in processes that ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def as_a_child(home: Path, resident: str, ledger: Path, since_ms: int, to_ms: int) -> float:
    """One plan's morning as the hub runs it; seconds."""
    path = home / "residents" / f"{resident}.shadow.yaml"
    plan = path.with_name(f"{resident}.yaml").read_text()
    path.write_text(plan.replace("rules:", "shadow: true\nrules:", 1).replace("held_for: 10 min", "held_for: 5 min"))
    said = Report(
        resident=resident, words="", matters=False, plan=digest_of(path), since_ms=since_ms, to_ms=to_ms - DAY_MS
    )
    with closing(open_store(ledger)) as store:
        row = input_row(10**9, Now(0, to_ms - DAY_MS), Tried(reports=(said,)))
        store.execute("INSERT INTO inputs VALUES (?, ?, ?, ?, ?)", row)
        store.commit()
    words = ["shadow", str(home), "--json", "--to", str(to_ms), "--morning-of", resident]
    program = [sys.executable, "-m", "hub.commands", *words]
    here = Path(__file__).resolve().parent.parent
    subprocess.run(program, check=True, cwd=here, stdout=subprocess.DEVNULL)  # its first run looks back
    with closing(open_store(ledger)) as store:
        row = input_row(10**9 + 1, Now(0, to_ms), Tried(reports=(replace(said, to_ms=to_ms),)))
        store.execute("INSERT INTO inputs VALUES (?, ?, ?, ?, ?)", row)
        store.commit()
    before_s = children_s()
    words[words.index("--to") + 1] = str(to_ms + DAY_MS)
    subprocess.run([sys.executable, "-m", "hub.commands", *words], check=True, cwd=here, stdout=subprocess.DEVNULL)
    return children_s() - before_s


def main() -> int:
    """Make the ledger, try some plans, print JSON."""
    words = argparse.ArgumentParser()
    words.add_argument("--days", type=int, default=8)
    words.add_argument("--rooms", type=int, default=60)
    words.add_argument("--plans", type=int, default=3)
    words.add_argument("--work", type=Path)
    given = words.parse_args()
    folder = given.work or Path(tempfile.mkdtemp(prefix="handrail-trial-"))
    write_new(folder / "home", rooms=given.rooms, slug="bench", broker="mqtt://127.0.0.1:1883", timezone="UTC")
    home = planned(read_home(folder / "home").home)
    (folder / "home" / "data").mkdir(exist_ok=True)
    ledger = folder / "home" / "data" / "ledger.db"
    making = Process(target=written, args=(home, ledger, given.days + 1, 1))
    making.start()
    making.join()
    with closing(Past(ledger)) as past:
        events = sum(len(page) for page in past.pages(0, 2**62))
    since_ms, last_ms = morning_ms(2), morning_ms(given.days)
    mornings, looks = [], []
    for one in home.residents[: given.plans]:
        trial = OnTrial(
            tried=replace(one, rules=(*one.rules[:-1], up(one.resident, one.room, 5))), plan="a", since_ms=since_ms
        )
        kept = ledger.parent / FOLDER
        started = process_time()
        tried(ledger, trial, kept, (last_ms - DAY_MS, last_ms), lambda done, whole: None, write=True)
        looks.append(process_time() - started)
        started = process_time()
        tried(ledger, trial, kept, (last_ms, last_ms + DAY_MS), lambda done, whole: None, write=True)
        mornings.append(process_time() - started)
    found = {
        "events_a_day": round(events / (given.days + 1)),
        "plans": given.plans,
        "morning_s": round(median(mornings), 2),
        "look_back_days": given.days - 2,
        "look_back_s": round(median(looks), 2),
        "kept_bytes": max(path.stat().st_size for path in (ledger.parent / FOLDER).iterdir()),
        "child_s": round(as_a_child(folder / "home", home.residents[0].resident, ledger, since_ms, last_ms), 2),
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    sys.stdout.write(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode() + "\n")
    if given.work is None:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
