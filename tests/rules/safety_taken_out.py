"""Safety rules taken out of the code one by one: for each, tests must fail, or nothing shows that it is there.

    python -m tests.rules.safety_taken_out            # all of them; --only proof for those of one file

Each is one line of the code written otherwise (`safety_taken_out_list.py`, `safety_taken_out_language.py` for the plan
language, `safety_taken_out_second.py` for a pendant's second button), in a process forked for it, in which the listed
tests are run then: all their parameters, or those in brackets. Prints one JSON object: what was not noticed, what could
not be tried because the line is no longer there or no code comes of the other, and whose tests fail with the very same
line put back.
"""

import argparse
import inspect
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from hypothesis import settings

from tests.rules.safety_taken_out_language import OF_THE_LANGUAGE
from tests.rules.safety_taken_out_list import TAKEN_OUT, TakenOut
from tests.rules.safety_taken_out_second import OF_A_SECOND_BUTTON
from tests.stories.house import House

ROOT = Path(__file__).resolve().parents[2]
EVERY = (*TAKEN_OUT, *OF_THE_LANGUAGE, *OF_A_SECOND_BUTTON)
NOTICED, NOT_NOTICED, NOT_TAKEN_OUT = 0, 1, 2


class NotTakenOut(Exception):
    """What stands there instead is no code: that a test fails then shows nothing."""


# -- taking one out ---------------------------------------------------------------------------------------------------


def take_out(one: TakenOut) -> None:
    """Change the code of the running program, wherever it was imported to."""
    text = (ROOT / one.file).read_text(encoding="utf-8")
    module = import_module(one.file.removesuffix(".py").replace("/", "."))
    source = compile(text.replace(one.line, one.instead), one.file, "exec", dont_inherit=True)
    changed = ModuleType(module.__name__)
    sys.modules[module.__name__], kept = changed, module  # dataclasses look their module up by name
    exec(source, changed.__dict__)
    sys.modules[module.__name__] = kept
    for name, new in list(vars(changed).items()):
        old = vars(module).get(name)
        if old is None or name.startswith("__"):
            continue
        if isinstance(old, type) and isinstance(new, type):
            for part, was in list(vars(old).items()):
                _swap(was, vars(new).get(part))
        elif not _swap(old, new) and not callable(old):
            _everywhere(name, old, new)


def _swap(old: object, new: object) -> bool:
    """Give a function the code of another; what else refers to it sees the change."""
    if hasattr(old, "cache_clear"):
        old.cache_clear()
    for inner in ("__wrapped__", "func", "fget"):
        old, new = getattr(old, inner, old), getattr(new, inner, new)
    if not isinstance(old, FunctionType) or not isinstance(new, FunctionType):
        return False
    if len(old.__code__.co_freevars) == len(new.__code__.co_freevars):
        old.__code__ = new.__code__
    return True


def _everywhere(name: str, old: object, new: object) -> None:
    """A constant, in each module that has it under this name."""
    if old == new or repr(old) == repr(new):  # of the same class written again, they are not equal
        return
    for module in list(sys.modules.values()):
        if getattr(module, name, None) is old:
            setattr(module, name, new)


# -- running tests ----------------------------------------------------------------------------------------------------


def run(test: str) -> None:
    """One test function, with each of its parameters or those in brackets; raises what it raises."""
    whole, _, wanted = test.removesuffix("]").partition("[")
    file, _, name = whole.partition("::")
    function = getattr(import_module(file.removesuffix(".py").replace("/", ".")), name)
    every = [given for given in _parameters(function) if wanted in ("", "-".join(map(str, given.values())))]
    if not every:
        raise LookupError(f"{test} has no such parameters")
    for given in every:
        names = inspect.signature(function).parameters
        if "home" in names and "home" not in given:
            given["home"] = House()
        if "tmp_path" in names:
            given["tmp_path"] = Path(tempfile.mkdtemp())
        function(**given)


def _parameters(function: Callable[..., None]) -> Iterator[dict[str, Any]]:
    every: list[dict[str, Any]] = [{}]
    for mark in getattr(function, "pytestmark", []):
        if mark.name == "parametrize":
            names = [mark.args[0]] if isinstance(mark.args[0], str) and "," not in mark.args[0] else mark.args[0]
            several = len(names) > 1
            rows = [dict(zip(names, row if several else [row], strict=True)) for row in mark.args[1]]
            every = [{**before, **row} for before in every for row in rows]
    yield from every


def in_a_fork(what: Callable[[], None]) -> int:
    """Do something in a process of its own; its exit code: 0 where something was raised, 1 where nothing was, 2 where
    nothing was taken out."""
    child = os.fork()
    if child == 0:
        code = NOT_NOTICED
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        try:
            what()
        except NotTakenOut:
            code = NOT_TAKEN_OUT
        except BaseException:  # noqa: BLE001
            code = NOTICED
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def noticed(one: TakenOut) -> int:
    """Whether a test fails without it: `NOTICED`, or why it cannot be said so."""

    def tried() -> None:
        try:
            take_out(one)
        except Exception as error:
            raise NotTakenOut from error
        for test in one.tests:
            run(test)

    return in_a_fork(tried)


def main() -> int:
    """All of them."""
    reading = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reading.add_argument("--only", default="", help="those of files whose name holds this")
    only = reading.parse_args().only
    settings.register_profile("taken out", deadline=None, database=None, derandomize=True, max_examples=30)
    settings.load_profile("taken out")
    wanted = [one for one in EVERY if only in one.file]
    gone = [one.what for one in wanted if (ROOT / one.file).read_text(encoding="utf-8").count(one.line) != 1]
    tests = sorted({test for one in wanted for test in one.tests})
    for test in tests:
        import_module(test.partition("::")[0].removesuffix(".py").replace("/", "."))
    broken = [one.what for one in wanted if noticed(replace(one, instead=one.line)) != NOT_NOTICED]
    came = {one.what: noticed(one) for one in wanted if one.what not in gone}
    unnoticed = [what for what, how in came.items() if how == NOT_NOTICED]
    gone += [what for what, how in came.items() if how not in (NOTICED, NOT_NOTICED)]
    print(json.dumps({"tried": len(wanted), "not noticed": unnoticed, "not there": gone, "fail already": broken}))
    return 1 if unnoticed or gone or broken else 0


if __name__ == "__main__":
    sys.exit(main())
