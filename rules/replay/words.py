"""What replay answers, in words for a manager: the same sentences for the terminal, the page and the morning's list."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import groupby
from textwrap import fill

from rules.home import Home
from rules.replay.compare import Bounds, Counts, Pair
from rules.replay.coverage import Coverage, HeardOf
from rules.replay.past import Answer, Call, Night, Seen
from rules.replay.planting import Planted
from rules.replay.replay import CAME_MS, Ran
from rules.setting import Setting
from rules.turn import plainly

WIDTH = 100
MOST_LINES = 60
"""So many nights of residents have a line each; of more there is a line for each night of the home."""
MOST_NIGHTS = 250
"""So many are written out with their events; `--json` has all of them."""
MOST_MOMENTS = 4
"""So many moments of a night stand in its line."""
MOST_EVENTS = 12
MOST_NAMES = 5
MOST_DEVICES = 40
"""Of more devices only those with a gap are listed."""
MOST_CALLS = 10
AROUND_MS = 15 * 60_000
"""Events so long before and after a run are shown with it."""
ASSUMED = (
    "What a resident would have done under other help is not known. The first number of a range is if everybody settles"
    " right after help that was not given then; the second is if nobody settles by it.",
    "Where the old plan gave the same help at the same time, what was recorded then counts in both. What was recorded"
    " after help that the new plan does not give, or after staff had been told, may have come of that: it counts as"
    " settled in the first number alone.",
    f"Whoever is told comes and closes the alert after {plainly(CAME_MS)}. What people really did with alerts is left"
    " out.",
    "Time in which the hub or its link was down is no silence, nor is that of a device that was lost or whose gateway"
    " was. Other faults are left out.",
    "Imported events were recorded where no plan helped anybody: there nothing that a plan gives was given then.",
)


class Words:
    """Sentences about one answer."""

    def __init__(self, home: Home, answer: Answer, old_is: str) -> None:
        setting = Setting(home)
        self.home, self.answer, self.old_is = home, answer, old_is
        self.timezone: tzinfo = setting.timezone
        self._name = setting.name_of

    def name(self, resident: str) -> str:
        """What a resident is called."""
        return self._name(resident) or resident

    # -- times --------------------------------------------------------------------------------------------------------
    def local(self, wall_ms: int) -> datetime:
        """The home's local time of a moment."""
        return datetime.fromtimestamp(wall_ms / 1000, UTC).astimezone(self.timezone)

    def clock(self, wall_ms: int) -> str:
        """`03:12`."""
        return f"{self.local(wall_ms):%H:%M}"

    def day(self, wall_ms: int) -> str:
        """`4 March 2026`."""
        here = self.local(wall_ms)
        return f"{here.day} {here:%B %Y}"

    def moment(self, wall_ms: int) -> str:
        """`4 Mar 03:12`."""
        here = self.local(wall_ms)
        return f"{here.day} {here:%b %H:%M}"

    def night(self, from_ms: int) -> str:
        """`night of 4 to 5 March 2026`, named by its evening."""
        evening = self.local(from_ms + 6 * 3_600_000)
        morning = evening + timedelta(days=1)
        first = f"{evening.day}" if evening.month == morning.month else f"{evening.day} {evening:%B}"
        return f"night of {first} to {morning.day} {morning:%B %Y}"

    # -- coverage -----------------------------------------------------------------------------------------------------
    def period(self) -> str:
        """From when to when, in whole."""
        covered = self.answer.coverage
        ends = f"{self.day(covered.from_ms)} to {self.day(covered.to_ms - 1)}"
        return f"{_many(covered.nights, 'night')}, {ends} ({self.home.timezone})"

    def heard(self) -> list[str]:
        """What was heard at all, and when nobody could hear."""
        covered = self.answer.coverage
        lines = [
            f"{covered.live + covered.imported:,} events ({covered.live:,} heard live, {covered.imported:,} imported or"
            f" from a file); {covered.stepped:,} of them matter to these plans."
        ]
        if covered.down:
            whole = plainly(sum(end - start for start, end in covered.down))
            spans = ", ".join(f"{self.moment(a)} to {self.moment(b)}" for a, b in covered.down[:5])
            more = f" and {len(covered.down) - 5} more" if len(covered.down) > 5 else ""
            lines.append(f"Hub or broker were down {_times(len(covered.down))}, {whole} in all: {spans}{more}.")
        elif covered.live:
            lines.append("Hub and broker were up all the time.")
        if covered.imported:
            lines.append(
                "What was imported or came from a file does not say when it was down: there all silence counts."
            )
        if covered.changed:
            lines.append(
                f"The accepted configuration changed {_times(covered.changed)} meanwhile: compared is the newest."
            )
        return lines

    def device(self, known: HeardOf, covered: Coverage) -> str:
        """One device's share."""
        if not known.events:
            return f"{known.name} was never heard: nothing is known of what it watches"
        gaps = ", ".join(f"{self.moment(a)} to {self.moment(b)}" for a, b in known.gaps[:3])
        more = f" and {len(known.gaps) - 3} more times" if len(known.gaps) > 3 else ""
        silent = f"; silent {gaps}{more}" if gaps else ""
        return f"{known.name} heard in {known.nights} of {_many(covered.nights, 'night')}{silent}"

    def shown(self) -> list[HeardOf]:
        """The devices that are worth showing: all, or of many those that were silent for more than a day."""
        every = list(self.answer.coverage.devices.values())
        return every if len(every) <= MOST_DEVICES else [known for known in every if known.gaps or not known.events]

    def rest(self) -> str:
        """How many others there are; empty where there are none."""
        many = len(self.answer.coverage.devices) - len(self.shown())
        return f"{_many(many, 'other device')} heard without a silence of more than a day." if many else ""

    # -- answers ------------------------------------------------------------------------------------------------------
    def in_short(self) -> list[str]:
        """What a manager asks first: what it rests on, what staff would have been told, whether a call was delayed."""
        answer, covered = self.answer, self.answer.coverage
        heard = f"{covered.live + covered.imported:,} events in {_many(covered.nights, 'night')}"
        silent = [known.name for known in covered.silent()]
        if silent:
            more = f" and {len(silent) - MOST_NAMES} more" if len(silent) > MOST_NAMES else ""
            heard += f"; never heard: {', '.join(silent[:MOST_NAMES])}{more}"
        if covered.down:
            heard += f"; hub or broker down for {plainly(sum(end - start for start, end in covered.down))}"
        who = self.name(answer.residents[0]) if len(answer.residents) == 1 else "All together"
        lines = [f"{heard}.", *self.told(who, answer.whole), f"Emergencies and calls: {self.calls()}"]
        if answer.planted is not None:
            lines.append(f"To try it: {self.planted(answer.planted)}")
        nights = len({night.from_ms for night in answer.nights})
        return [*lines, f"{nights} of {_many(covered.nights, 'night')} would have been different."]

    def moments(self, night: Night) -> str:
        """The moments of a night that differ, as they were and would be: `03:00 out-of-bed settled → told`."""
        differ = [pair for pair in night.pairs if pair.differs]
        said = "; ".join(self._moment(pair) for pair in differ[:MOST_MOMENTS])
        return said + (f"; and {len(differ) - MOST_MOMENTS} more" if len(differ) > MOST_MOMENTS else "")

    def _moment(self, pair: Pair) -> str:
        ran = pair.new or pair.old
        assert ran is not None
        later = ""
        if pair.later_ms:
            later = f" {plainly(abs(pair.later_ms))} {'later' if pair.later_ms > 0 else 'earlier'}"
        ends = f"{_end(pair.old, pair.was)} → {_end(pair.new, pair.would)}{later}"
        return f"{self.clock(pair.started_ms)} {ran.rule} {ends}"

    def told(self, who: str, found: Counts) -> list[str]:
        """How often staff were told, and would have been."""
        was = f"{who}: staff told {range_of(found.told_old)} ({_many(found.episodes_old, 'run')})"
        lines = [f"{was}; with the new plan {range_of(found.told_new)} ({_many(found.episodes_new, 'run')})."]
        changes = f"Avoided {plain_range(found.avoided)}, added {plain_range(found.added)}"
        if found.later:
            changes += f"; told later {_times(found.later)}, by {plainly(found.latest_ms)} at most"
        if found.earlier:
            changes += f"; told earlier {_times(found.earlier)}"
        return [*lines, f"{changes}."]

    def calls(self) -> str:
        """Whether any emergency or call would have been delayed."""
        many, delayed = self.answer.calls_heard, self.answer.delayed
        if not many:
            return "There was none in the period. Delayed: 0."
        if not delayed:
            return f"{many:,} in the period, each told in the step that heard it (0 ms). Delayed: 0."
        return f"{many:,} in the period. DELAYED: {delayed}. Do not use this plan."

    def call(self, call: Call) -> str:
        """One of them."""
        told = "told in the same step" if call.told_new else "NOT TOLD in the step that heard it"
        return f"{self.moment(call.wall_ms)}  {call.level}: {call.said}, {told}"

    def planted(self, planted: Planted) -> str:
        """What came of the planted ones."""
        said = f"{planted.planted:,} planted, one of each kind at each of {planted.minutes:,} minutes:"
        said += f" {planted.told_at_once:,} told in the same step (0 ms)"
        if planted.tests:
            said += f", {planted.tests:,} shown as TEST because a carer was testing the device"
        if planted.unheard:
            said += f"; {planted.unheard:,} minutes in which the hub or its link was down are left out"
        late = planted.planted - planted.told_at_once - planted.tests
        return f"{said}. Delayed: {late}." if not late else f"{said}. DELAYED: {late}. Do not use this plan."

    def pair(self, pair: Pair) -> str:
        """What one moment came to under both."""
        ran = pair.new or pair.old
        assert ran is not None
        was, would = self._came_of(pair.old), self._came_of(pair.new)
        said = f"{self.clock(pair.started_ms)} {ran.rule}: {was}; with the new plan {would}"
        if pair.would.most and not pair.would.least:
            is_told = pair.new is not None and pair.new.told
            said += ", unless its help had settled it" if is_told else ", unless that was for other help or for a carer"
        return said

    def _came_of(self, ran: Ran | None) -> str:
        if ran is None:
            return "nothing ran"
        if not ran.ended_ms:
            return "it was still running at the end"
        if ran.told:
            joined = "" if ran.rang else ", with an alert that was open"
            return f"staff told at {self.clock(ran.ended_ms)} ({ran.level}{joined})"
        return f"{ran.state} at {self.clock(ran.ended_ms)}"


def range_of(found: tuple[int, int]) -> str:
    """`7 times`, or `3 to 7 times`."""
    return _times(found[0]) if found[0] == found[1] else f"{found[0]:,} to {found[1]:,} times"


def plain_range(found: tuple[int, int]) -> str:
    """`7`, or `3 to 7`."""
    return f"{found[0]:,}" if found[0] == found[1] else f"{found[0]:,} to {found[1]:,}"


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number:,} times"


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _end(ran: Ran | None, ends: Bounds) -> str:
    """What a run came to, in a word or two."""
    if ran is None:
        return "nothing"
    if not ran.ended_ms:
        return "running"
    if ends.most != ends.least:
        return "told or settled"
    return "told" if ends.most else ran.state


def text_of(home: Home, answer: Answer, old_is: str, *, nights: bool = False) -> str:
    """For a terminal, the answer first and then what it comes from; `nights`: with the events of each night."""
    words = Words(home, answer, old_is)
    names = ", ".join(words.name(one) for one in answer.residents[:MOST_NAMES])
    if len(answer.residents) > MOST_NAMES:
        names += f" and {len(answer.residents) - MOST_NAMES} more"
    lines = [f"Replay of {words.period()}", f"The new plans beside {old_is}. In question: {names}."]
    lines += ["", "IN SHORT", *words.in_short(), *_heard(words), *_each(words), *_calls(words, nights=nights)]
    if answer.nights:
        lines += ["", f"NIGHTS THAT DIFFER ({len(answer.nights)}), what each moment came to and would come to"]
        lines += _all_of_it(words) if nights else _by_night(words)
    lines += ["", "WHAT THIS RESTS ON", *ASSUMED]
    return "\n".join(piece for line in lines for piece in _folded(line)) + "\n"


def _heard(words: Words) -> Iterator[str]:
    yield from ("", "WHAT WAS HEARD")
    yield from words.heard()
    for known in words.shown():
        yield f"  {words.device(known, words.answer.coverage)}"
    if rest := words.rest():
        yield rest


def _each(words: Words) -> Iterator[str]:
    """Of several residents, those of whom anything differs; the others by name."""
    answer = words.answer
    if len(answer.residents) < 2:
        return
    yield from ("", "WHAT STAFF WOULD HAVE BEEN TOLD, BY RESIDENT")
    same, quiet = [], []
    for resident in answer.residents:
        found, name = answer.by_resident.get(resident), words.name(resident)
        if found is None:
            quiet.append(name)
        elif found.differs:
            *_, changes = words.told(name, found)
            yield f"  {name}: told {range_of(found.told_old)} → {range_of(found.told_new)}. {changes}"
        else:
            same.append(name)
    if same:
        yield f"The same under both plans: {', '.join(same)}."
    if quiet:
        yield f"Nothing began under either plan: {', '.join(quiet)}."


def _calls(words: Words, *, nights: bool) -> Iterator[str]:
    """Each emergency and call of the record, those that were delayed first, and then those of the residents in
    question."""
    of = words.answer.residents
    calls = sorted(words.answer.calls, key=lambda call: (not call.delayed, call.resident not in of, call.wall_ms))
    if calls:
        yield from ("", "EMERGENCIES AND CALLS OF THE RECORD")
    shown = calls if nights else calls[:MOST_CALLS]
    for call in shown:
        yield f"  {words.call(call)}"
    if len(calls) > len(shown):
        yield f"  … and {len(calls) - len(shown):,} more, each told in its step: --nights lists them"


def _by_night(words: Words) -> Iterator[str]:
    """A line a night."""
    found = words.answer.nights
    if len(found) <= MOST_LINES:
        for night in found:
            yield f"  {words.name(night.resident)}, {words.night(night.from_ms)}: {words.moments(night)}"
    else:
        for from_ms, each in groupby(found, key=lambda night: night.from_ms):
            rows = list(each)
            pairs = [pair for night in rows for pair in night.pairs if pair.differs]
            was, would = (
                (sum(ends.least for ends in every), sum(ends.most for ends in every))
                for every in ([pair.was for pair in pairs], [pair.would for pair in pairs])
            )
            who = f"{_many(len(rows), 'resident')}, {_many(len(pairs), 'moment')}"
            yield f"  {words.night(from_ms)}: {who}: told {range_of(was)} → {range_of(would)}"
    yield "--nights lists what was heard in each; --html FILE draws them."


def _all_of_it(words: Words) -> Iterator[str]:
    """Each differing night with the events that matter to it."""
    found = words.answer.nights
    for night in found[:MOST_NIGHTS]:
        yield f"{words.name(night.resident)}, {words.night(night.from_ms)}"
        for pair in night.pairs:
            if not pair.differs:
                continue
            yield f"  {words.pair(pair)}"
            seen = [one for one in around(night, pair) if one.matters]
            for one in seen[:MOST_EVENTS]:
                yield f"      {words.local(one.wall_ms):%H:%M:%S} {one.name} {plain(one)}"
            if len(seen) > MOST_EVENTS:
                yield f"      … and {len(seen) - MOST_EVENTS} more"
    if len(found) > MOST_NIGHTS:
        yield f"… and {len(found) - MOST_NIGHTS:,} more: --json has them"


def plain(seen: Seen) -> str:
    """`bed empty`, `motion`, `battery 12`."""
    kind = seen.kind.replace("_", " ")
    if seen.value is True:
        return kind
    return f"no {kind}" if seen.value is False else f"{kind} {seen.value}"


def around(night: Night, pair: Pair) -> list[Seen]:
    """The events of a night around one moment."""
    ends = [ran.ended_ms for ran in (pair.old, pair.new) if ran is not None and ran.ended_ms]
    first_ms, last_ms = pair.started_ms - AROUND_MS, max(ends, default=pair.started_ms) + AROUND_MS
    return [seen for seen in night.events if first_ms <= seen.wall_ms <= last_ms]


def _folded(line: str) -> list[str]:
    if not line:
        return [""]
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return fill(line, WIDTH, subsequent_indent=indent if line.startswith(" ") else "").splitlines()
