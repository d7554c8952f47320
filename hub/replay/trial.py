"""The home with other plans in it: files laid over its own, for as long as they are read.

A plan on trial is read by what reads every plan, so that it is refused for the same reasons, with its own lines.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from hub.config.plans import SHADOW
from hub.config.problems import Problem, nearest, one_of
from hub.config.read import Reading, read_home
from hub.homes import HomeRefused, named

SAYS_SHADOW = re.compile(rb"^shadow:[ \t]*true[ \t]*(#.*)?\r?$", re.MULTILINE)
LARGEST_BYTES = 1 << 20
DIGEST = 16


def read_with(folder: Path, plans: Mapping[str, bytes], files: Mapping[str, Path]) -> Reading:
    """The home of a folder with these plans in place of its own (`margaret.yaml`: what it says).

    `files` is where each of them is written. Refused where one is nobody's here, and where one of them, or because of
    them another resident's, cannot be followed: what came of the others would be no answer.
    """
    own = sorted(path.name for path in (folder / "residents").glob("*.yaml") if not path.name.endswith(SHADOW))
    for name in plans:
        if name not in own:
            wrong = Problem(
                file=str(files[name]),
                what=f"nobody here has a plan {name}",
                expected=one_of(own),
                nearest=nearest(name, own),
            )
            raise HomeRefused(str(wrong))
    with named(folder), _laid_over(folder.absolute(), plans) as laid:
        before = {problem.file for problem in read_home(folder).refused_plans}
        reading = read_home(laid)
    for problem in reading.refused_plans:
        name = Path(problem.file).name
        if name in plans:
            raise HomeRefused(str(replace(problem, file=str(files[name]))))
        if problem.file not in before:
            raise HomeRefused(f"with {', '.join(map(str, files.values()))} another plan would be refused: {problem}")
    return reading


def plans_in(folder: Path) -> dict[str, Path]:
    """The plans of a folder, each with its file: of its `residents/`, or its own files."""
    if not folder.is_dir():
        raise HomeRefused(f"there is no folder {folder}: --plans is a folder of plans, as residents/ of a home is")
    inside = folder / "residents" if (folder / "residents").is_dir() else folder
    found = {path.name: path for path in sorted(inside.glob("*.yaml")) if not path.name.endswith(SHADOW)}
    if not found:
        raise HomeRefused(f"there is no plan in {inside}: a file NAME.yaml for each resident whose plan is to be tried")
    return found


def read_with_plans(folder: Path, plans: Path) -> Reading:
    """The home with the plans of another folder in place of its own."""
    files = plans_in(plans)
    return read_with(folder, {name: _read(path) for name, path in files.items()}, files)


def read_with_shadow(folder: Path, path: Path) -> Reading:
    """The home with a plan on trial in place of the one in force."""
    name = shadow_of(path.name)
    return read_with(folder, {name: as_plan(path)}, {name: Path("residents") / path.name})


def shadows_in(folder: Path) -> list[Path]:
    """The plans on trial: `residents/NAME.shadow.yaml`."""
    found = (folder / "residents").glob(f"*{SHADOW}")
    return sorted(path for path in found if not path.name.startswith("."))


def shadow_problems(folder: Path) -> list[Problem]:
    """Plans on trial that cannot be tried, each with why."""
    found = []
    for path in shadows_in(folder):
        try:
            read_with_shadow(folder, path)
        except HomeRefused as refused:
            found.append(Problem(file=f"residents/{path.name}", what=f"cannot be tried: {refused}"))
    return found


def shadow_of(name: str) -> str:
    """The plan that a file on trial would replace."""
    return f"{name.removesuffix(SHADOW)}.yaml"


def resident_of(path: Path) -> str:
    """Whose plan a file on trial is."""
    return path.name.removesuffix(SHADOW)


def digest_of(path: Path) -> str:
    """Which plan a file on trial holds, byte for byte; raises `OSError`."""
    return hashlib.sha256(_read(path)).hexdigest()[:DIGEST]


def as_plan(path: Path) -> bytes:
    """A plan on trial without the line that says so; every other line keeps its number."""
    try:
        text = _read(path)
    except OSError as error:
        raise HomeRefused(f"{path} cannot be read: {error.strerror}") from None
    plain, many = SAYS_SHADOW.subn(b"", text)
    if many != 1:
        raise HomeRefused(f"{path}: a plan on trial says `shadow: true` once, on a line of its own")
    return plain


def _read(path: Path) -> bytes:
    with path.open("rb") as opened:
        return opened.read(LARGEST_BYTES + 1)


@contextmanager
def _laid_over(folder: Path, plans: Mapping[str, bytes]) -> Iterator[Path]:
    """A folder that is the home's, but for these plans."""
    laid = Path(tempfile.mkdtemp(prefix="handrail-trial-"))
    try:
        for each in folder.iterdir():
            if each.name != "residents":
                (laid / each.name).symlink_to(each)
        (laid / "residents").mkdir()
        for each in (folder / "residents").glob("*.yaml"):
            if each.name not in plans and not each.name.endswith(SHADOW):
                (laid / "residents" / each.name).symlink_to(each)
        for name, text in plans.items():
            (laid / "residents" / name).write_bytes(text)
        yield laid
    finally:
        shutil.rmtree(laid)
