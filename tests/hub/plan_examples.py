"""The examples of PLANS.md: what is accepted with its words, what is refused with its lines."""

import re
from dataclasses import dataclass
from pathlib import Path

import hub.config
from hub.config.read import Reading
from rules.plans.explain_rules import paragraph_of
from tests.hub.plan_home import margaret

PLANS = Path(hub.config.__file__).parent / "PLANS.md"
_BLOCK = re.compile(r"```yaml( refused)?\n(.*?)```\n(?:\n(?:In words|Refused):\n\n((?:>[^\n]*\n)+))?", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One block of PLANS.md."""

    text: str
    is_refused: bool
    said: list[str]
    """What stands below it: a paragraph for each rule, or the lines it is refused with."""
    name: str


def examples() -> list[Example]:
    """Every block, in its order."""
    text = PLANS.read_text(encoding="utf-8")
    found: list[Example] = []
    for block in _BLOCK.finditer(text):
        heading = re.findall(r"^#+ (.*)$", text[: block.start()], re.MULTILINE)[-1]
        said = [line.removeprefix(">").strip() for line in (block[3] or "").splitlines()]
        found.append(
            Example(
                text=block[2],
                is_refused=bool(block[1]),
                said=[line for line in said if line],
                name=f"{heading}-{len(found)}",
            )
        )
    return found


def in_words(reading: Reading) -> list[str]:
    """Each rule of Margaret's as `explain` says it, and what the home is warned of."""
    resident = margaret(reading)
    said = [f"**{rule.rule}** {paragraph_of(rule, resident, reading.home)}" for rule in resident.rules]
    return said + [f"Warned: `{warning}`" for warning in reading.warnings if warning.file.startswith("residents/")]
