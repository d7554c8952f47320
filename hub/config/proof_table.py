"""What was proved of a home, for a manager to read and for programs: who is told when nobody answers, at the latest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from rules.alerting.reach import WORDS
from rules.proof.bounds import KindTold, Proof, RuleTold, Told
from rules.turn import plainly

_MOST_NAMES = 3
NOBODY_YET = "nobody yet"
Row = tuple[str, ...]


def write_proof(proof: Proof, out: TextIO) -> None:
    """Two tables: what is told at once, and each rule. On a terminal drawn, in a pipe plain columns."""
    weeks = " and ".join(str(week.monday) for week in proof.weeks)
    change = ", in which the clocks change" if any(week.change for week in proof.weeks) else ""
    out.write(f"\nWhen nobody answers, at the latest, at every minute of the weeks from {weeks}{change}:\n\n")
    _table(("told whatever a plan says", "first told", "then"), _kinds(proof), out)
    rules = _rules(proof)
    count = sum(len(one.rules) for one in proof.residents)
    none = f", and none of the {count} rules here watches a device that calls" if count else ""
    out.write(f"No rule stands before these: they are raised in the step that hears them{none}.\n")
    out.writelines(f"{line}\n" for line in _answering(proof))
    if rules:
        out.write("\n")
        _table(
            ("who", "rule", "agreed by", "hours", "once it has lasted", "helped first", "staff told", "then"),
            rules,
            out,
        )
    nobody = sum(not rule.agreed_by for one in proof.residents for rule in one.rules)
    if nobody:
        out.write(
            f"\nNobody has agreed to {nobody} of {count} rules yet. They run, and the manager is told by when to\n"
        )
        out.write("talk them over: write who agreed into the plan, as `agreement`.\n")
    out.write("\n")


def _answering(proof: Proof) -> list[str]:
    """The presses that are no call: answers with a pendant's second button."""
    return [
        f"But for {device}, a second button of {one.known_as}'s: pressed once or twice while {' or '.join(rules)} asks,"
        " it answers and calls nobody; held, and at any other time, it calls."
        for one in proof.residents
        for device, rules in one.answers_with.items()
    ]


def _kinds(proof: Proof) -> list[Row]:
    """One row for the kinds that are told alike, at the worst place of the house."""
    found: dict[tuple[str, str], list[str]] = {}
    for number, told in enumerate(proof.places):
        same = [told, *(one.kinds[number] for one in proof.residents)]
        worst = max(same, key=lambda kind: (kind.told.first_s is None, kind.told.first_s or 0)).told
        found.setdefault((_first(worst), _later(worst)), []).append(told.kind.replace("_", " "))
    return [(", ".join(kinds), *figures) for figures, kinds in found.items()]


def _rules(proof: Proof) -> list[Row]:
    """One row for the same rule of several residents, where its figures are the same."""
    found: dict[Row, list[str]] = {}
    for resident in proof.residents:
        for rule in resident.rules:
            found.setdefault(_figures(rule), []).append(resident.known_as)
    return [(_names(names), *figures) for figures, names in found.items()]


def _figures(told: RuleTold) -> Row:
    rule = told.rule
    hours = "-".join(rule.during) if rule.during is not None else "any"
    lasts = _length(told.lasts_s)
    helped = _length(told.delay_s)
    agreed = told.agreed_by.replace("_", " ") or NOBODY_YET
    if told.told is None:
        return rule.rule, agreed, hours, lasts, helped, "nobody: a reminder", ""
    return rule.rule, agreed, hours, lasts, helped, f"{told.told.level} {_first(told.told)}", _later(told.told)


def _names(names: Sequence[str]) -> str:
    shown = list(dict.fromkeys(names))
    more = len(shown) - _MOST_NAMES
    return ", ".join(shown) if more <= 1 else f"{', '.join(shown[:_MOST_NAMES])} and {more} more"


def _length(seconds: int) -> str:
    return plainly(seconds * 1000) if seconds else "-"


def _first(told: Told) -> str:
    if told.first_s is None:
        return "nobody can hear it"
    return f"after {plainly(told.first_s * 1000)}" if told.first_s else "at once"


def _later(told: Told) -> str:
    """The rungs after the first, each with whom it adds."""
    later = [f"{plainly(rung.told_s * 1000)} {_who(rung.who)}".rstrip() for rung in told.rungs[1:]]
    return ", ".join([*later, f"again every {plainly(told.repeat_s * 1000)}"])


def _who(group: Sequence[object]) -> str:
    return " and ".join(words for who, words in WORDS.items() if who in group)


def _table(heads: Row, rows: list[Row], out: TextIO) -> None:
    if out.isatty():
        from rich.console import Console
        from rich.markup import escape
        from rich.table import Table

        drawn = Table(*heads, box=None, pad_edge=False, header_style="bold")
        for row in rows:
            drawn.add_row(*map(escape, row))
        Console(file=out).print(drawn)
        return
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for row in (heads, *rows):
        out.write("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n")


def proof_as_json(proof: Proof) -> dict[str, object]:
    """All of it: each resident, rule and kind, each rung, with the minute at which it is worst."""
    return {
        "weeks": [{"from": str(week.monday), "clocks": week.change or None} for week in proof.weeks],
        "residents": {
            one.resident: {
                "known_as": one.known_as,
                "told_at_once": _kinds_json(one.kinds),
                "answers_with": {device: list(rules) for device, rules in one.answers_with.items()},
                "rules": {rule.rule.rule: _rule_json(rule) for rule in one.rules},
            }
            for one in proof.residents
        },
        "places": _kinds_json(proof.places),
    }


def _kinds_json(kinds: Sequence[KindTold]) -> dict[str, object]:
    return {kind.kind.value: _told_json(kind.told) for kind in kinds}


def _rule_json(rule: RuleTold) -> dict[str, object]:
    return {
        "lasts_s": rule.lasts_s,
        "delay_s": rule.delay_s,
        "bound_s": rule.bound_s,
        "agreed_by": rule.agreed_by or None,
        "told": _told_json(rule.told) if rule.told is not None else None,
    }


def _told_json(told: Told) -> dict[str, object]:
    return {
        "level": told.level,
        "first_s": told.first_s,
        "first_at": told.first_at,
        "rungs": [
            {"told_s": rung.told_s, "adds": list(rung.who), "fewest": rung.fewest, "fewest_at": rung.fewest_at}
            for rung in told.rungs
        ],
        "again_every_s": told.repeat_s,
    }
