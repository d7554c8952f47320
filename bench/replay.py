"""How fast a recorded month is replayed on one core, with sixty plans loaded.

    python bench/replay.py [--days 30] [--rooms 60] [--copies 1] [--work FOLDER]

Prints one JSON object. Seconds are those of the processor, so that what else runs on the machine counts little; the
ledger is made by another process, so that memory is that of the replay. Events a second are of the whole record;
`ratio` compares with a plain loop that only decodes its rows. `--copies 12` lays the month end to end twelve times: a
year, for its memory. `peak_mib` is the most that the replay had, `decode_peak_mib` what that loop had in a process of
its own over the same ledger, with the same modules loaded, and `memory_ratio` the one as a multiple of the other.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from contextlib import closing
from dataclasses import replace
from datetime import date
from multiprocessing import Process, get_context
from pathlib import Path
from time import process_time

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import orjson

from devices.adapter import Message
from devices.catalogue import Catalogue
from hub.config.new import write_new
from hub.config.read import read_home
from hub.config.stored import home_json
from hub.ledger.past import Past
from hub.ledger.rows import event_of, event_row
from hub.ledger.write import open_store
from hub.replay.replaying import Period, Question, over_ledger, question
from hub.simulate.days import days_of
from rules.alerting.levels import Level
from rules.home import DelayAgreed, Home, Otherwise, Rule, Say, Settles, Wait
from rules.inputs import Heard, Now

FIRST = date(2026, 3, 2)
DAY_MS = 86_400_000


def planned(home: Home, minutes: int = 15) -> Home:
    """Everybody who lives here has a second rule: up at night."""
    return replace(
        home,
        residents=tuple(
            replace(one, rules=(*one.rules, up(one.resident, one.room, minutes))) for one in home.residents
        ),
    )


def up(resident: str, room: str, minutes: int) -> Rule:
    """Out of bed at night, `minutes` to come back."""
    bed = f"room-{room}-bed"
    return Rule(
        rule="up-at-night",
        why="walks to the bathroom alone",
        resident=resident,
        place=room,
        device=bed,
        kind="bed",
        value="empty",
        during=("22:00", "07:00"),
        help=(Say(text="Take your time."), Wait(seconds=minutes * 60)),
        settled_by=(Settles(device=bed, kind="bed", value="occupied"), Settles(ok=True)),
        otherwise=Otherwise(level=Level.CHECK, say="{who} has been up for {for}."),
        delay_agreed=DelayAgreed(risk="walks steadily", by="J. Shah", on="2026-10-02"),
    )


def written(home: Home, ledger: Path, days: int, copies: int) -> None:
    """A ledger that heard these days, as often as asked, one after the other."""
    catalogue, rows = Catalogue(), []
    for said in days_of(home, seed=1, first=FIRST, days=days):
        adapter = catalogue.adapter_for(said.topic)
        if adapter is None:
            continue
        rows += [(said.at_ms, event) for event in adapter.decode(Message(said.topic, said.payload()), {}).events]
    first_ms, seq = rows[0][0], 0
    with closing(open_store(ledger)) as store:
        store.execute("PRAGMA synchronous = OFF")
        store.execute("BEGIN")
        store.execute("INSERT INTO configurations VALUES (0, ?, ?, '')", (first_ms, home_json(home).decode()))
        for copy in range(copies):
            later_ms = copy * days * DAY_MS
            made = []
            for wall_ms, event in rows:
                seq += 1
                at_ms = None if event.at_ms is None else event.at_ms + later_ms
                now = Now(wall_ms + later_ms - first_ms + 1_000, wall_ms + later_ms)
                made.append(event_row(seq, now, Heard(event=replace(event, at_ms=at_ms))))
            store.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)", made)
        store.execute("COMMIT")
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def decoding_s(ledger: Path) -> float:
    """A plain loop over the same rows that only makes events of them."""
    started = process_time()
    with closing(Past(ledger)) as past:
        for page in past.pages(0, 2**62):
            for _, _, _, _, device, kind, value, extra in page:
                if device is not None:
                    event_of(device, kind, value, extra)
    return process_time() - started


def decoding_peak_mib(ledger: Path) -> float:
    """The memory of that loop alone, in a process of its own."""
    decoding_s(ledger)
    return peak_mib()


def peak_mib() -> float:
    """The most memory that this process has had, without what it was forked from."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


def replaying_s(asked: Question, ledger: Path) -> tuple[float, dict[str, object]]:
    """One replay, and what it found."""
    started = process_time()
    answer = over_ledger(asked, ledger, Period(), lambda done, whole: None)
    took_s = process_time() - started
    found: dict[str, object] = {
        "seconds": round(took_s, 2),
        "stepped": answer.coverage.stepped,
        "told_new": answer.whole.told_new,
        "told_old": answer.whole.told_old,
        "delayed": answer.delayed,
    }
    if answer.planted is not None:
        found |= {"planted": answer.planted.planted, "late": len(answer.planted.late)}
    return took_s, found


def main() -> int:
    """Make the ledger, replay it in each way, print JSON."""
    words = argparse.ArgumentParser()
    words.add_argument("--days", type=int, default=30)
    words.add_argument("--rooms", type=int, default=60)
    words.add_argument("--copies", type=int, default=1)
    words.add_argument("--work", type=Path)
    words.add_argument("--planted", action="store_true", help="Plant for one resident as well, timed apart.")
    given = words.parse_args()
    folder = given.work or Path(tempfile.mkdtemp(prefix="handrail-replay-"))
    write_new(folder / "home", rooms=given.rooms, slug="bench", broker="mqtt://127.0.0.1:1883")
    home = planned(read_home(folder / "home").home)
    ledger = folder / "ledger.db"
    making = Process(target=written, args=(home, ledger, given.days, given.copies))
    making.start()
    making.join()
    with closing(Past(ledger)) as past:
        events = sum(len(page) for page in past.pages(0, 2**62))
    plain_s = decoding_s(ledger)
    with get_context("spawn").Pool(1) as alone:
        plain_mib = alone.apply(decoding_peak_mib, (ledger,))
    first = home.residents[0]
    one = replace(
        home,
        residents=(replace(first, rules=(*first.rules[:-1], up(first.resident, first.room, 5))), *home.residents[1:]),
    )
    every = replace(
        home,
        residents=tuple(replace(who, rules=(*who.rules[:-1], up(who.resident, who.room, 5))) for who in home.residents),
    )
    found: dict[str, object] = {"events": events, "plans": len(home.residents), "days": given.days * given.copies}
    found["decode_events_per_s"] = round(events / plain_s)
    for name, tried, planted in (("one_plan_changed", one, False), ("every_plan_changed", every, False)) + (
        (("one_plan_changed_planted", one, True),) if given.planted else ()
    ):
        asked = question(accepted=home, files=home, tried=tried, at_once=False, resident=None, planted=planted)
        took_s, told = replaying_s(asked, ledger)
        found[name] = {"events_per_s": round(events / took_s), "ratio": round(took_s / plain_s, 2), **told}
    most_mib = peak_mib()
    found |= {"peak_mib": round(most_mib), "decode_peak_mib": round(plain_mib)}
    found["memory_ratio"] = round(most_mib / plain_mib, 2)
    sys.stdout.write(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode() + "\n")
    if given.work is None:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
