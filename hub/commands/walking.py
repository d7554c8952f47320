"""`handrail walk`: the walk test of one pendant or cord from a terminal, and the list of those that are overdue."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import termios
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from hub.commands.asking import Hub, Said, hub_of
from hub.commands.progress import progress
from hub.errors import HandrailError
from hub.homes import Known, known
from hub.ledger.read import NotThereYet, Reader, Unreadable
from rules.hearing.walking import CONFIRM_MS, WALK_MS
from rules.hearing.walks import overdue

LOOK_S = 0.1
SLACK_S = 15
"""The hub ends a test by itself; one that says nothing for so long after that is gone."""


class WalkRefused(HandrailError):
    """The test cannot begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a test; `result` is one of `tested`, `not_heard`, `call`."""

    device: str
    by: str
    result: str
    reason: str
    alert: str | None = None
    heard_after_s: float | None = None
    battery: str | None = None


def walk_device(folder: Path, *, device: str | None, by: str | None, as_json: bool) -> int:
    """Test one device; 0 where it was heard and somebody said that it was theirs, else 1."""
    if device is None or by is None:
        raise WalkRefused("say which device, and who tests it: --device room-012-pendant --by carer-1; or --overdue")
    if not sys.stdin.isatty():
        raise WalkRefused("a walk test wants a terminal: only a person can say that the press was theirs")
    home = known(folder)
    done = asyncio.run(_walk(home, device, by))
    sys.stdout.write(orjson.dumps(done).decode() + "\n" if as_json else f"{done.reason}\n")
    return 0 if done.result == "tested" else 1


async def _walk(home: Known, device: str, by: str) -> Outcome:
    async with hub_of(home) as hub:
        ok, reason = await hub.ask(do="walk", device=device, by=by)
        if not ok:
            raise WalkRefused(reason)
        try:
            return await _press(hub, device, by, reason)
        except asyncio.CancelledError:
            await hub.ask(do="walk", reason="stop", device=device, by=by)
            raise


async def _press(hub: Hub, device: str, by: str, words: str) -> Outcome:
    """ "Press now", until it was heard or is over."""
    _say(f"{words[:1].upper()}{words[1:]}")
    heard = await _line(hub, ("walk_heard", "walk_ended"), "press now", WALK_MS)
    if heard is None or heard["step"] == "walk_ended":
        return Outcome(device=device, by=by, result="not_heard", reason=_reason(heard))
    test = await _test_of(hub, str(heard["alert"]))
    battery = str(test.get("battery") or "not known")
    _say(f"Heard after {test.get('heard_after_s')} s, battery {battery}.")
    _say("Enter: that was my test. Else it is a call in 30 s.")
    with _enter() as said_so:
        ended = await _line(hub, ("raised", "tested"), "a call unless you press Enter", CONFIRM_MS, heard, said_so)
    result, reason = "call", f"it is a call now: {_reason(ended)}"
    if ended is not None and ended["step"] == "tested":
        result, reason = "tested", _reason(ended)
    elif ended is None and said_so.is_set():
        ok, answer = await hub.ask(do="tested", device=device, by=by)
        result, reason = ("tested", answer) if ok else ("call", answer)
    return Outcome(
        device=device,
        by=by,
        result=result,
        reason=reason,
        alert=str(heard["alert"]),
        heard_after_s=_number(test.get("heard_after_s")),
        battery=str(test.get("battery") or "") or None,
    )


async def _line(
    hub: Hub,
    steps: tuple[str, ...],
    words: str,
    within_ms: int,
    of: Said | None = None,
    until: asyncio.Event | None = None,
) -> Said | None:
    """The next log line with one of these steps, of an alert where one is said; None where the event came first, or
    nothing did."""
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    with progress(words) as tell:
        while (passed_s := loop.time() - began_s) < within_ms / 1000 + SLACK_S:
            tell(min(int(passed_s * 1000), within_ms), within_ms)
            if until is not None and until.is_set():
                return None
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    line = await hub.lines.get()
                if line.get("step") in steps and (of is None or line.get("alert") == of.get("alert")):
                    return line
    return None


async def _test_of(hub: Hub, alert: str) -> Said:
    """What the alert's own message says of the test; it comes beside the log line."""
    for _ in range(20):
        test = hub.alerts.get(alert, {}).get("test")
        if isinstance(test, dict):
            return test
        await asyncio.sleep(LOOK_S)
    return {}


@contextlib.contextmanager
def _enter() -> Iterator[asyncio.Event]:
    """Somebody pressed Enter from now on. What was typed before anything was heard is no answer."""
    loop, pressed, keys = asyncio.get_running_loop(), asyncio.Event(), sys.stdin.fileno()
    termios.tcflush(keys, termios.TCIFLUSH)

    def read() -> None:
        if sys.stdin.readline():
            pressed.set()
        else:
            loop.remove_reader(keys)

    loop.add_reader(keys, read)
    try:
        yield pressed
    finally:
        loop.remove_reader(keys)


def _say(words: str) -> None:
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()


def _reason(line: Said | None) -> str:
    return str(line["reason"]) if line else "the hub said nothing more"


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


# -- what is overdue ----------------------------------------------------------------------------------------------


def list_overdue(folder: Path, *, as_json: bool) -> int:
    """The devices whose test is overdue, from the ledger; 1 where there are any."""
    home = known(folder)
    with closing(Reader(home.ledger)) as reader:
        try:
            accepted, walks, wall_ms = reader.configuration(), reader.walks(), reader.wall_ms()
        except NotThereYet as error:
            raise WalkRefused(str(error)) from None
        except Unreadable as error:
            raise WalkRefused(f"the ledger cannot be read: {error}") from None
    if accepted is None:
        raise WalkRefused("the hub has never accepted a configuration: start it once")
    found = overdue(accepted.devices, walks, accepted.times, wall_ms)
    if as_json:
        sys.stdout.write(orjson.dumps({"overdue": [asdict(row) for row in found]}).decode() + "\n")
    else:
        sys.stdout.write("".join(f"{row.words}\n" for row in found) or "no walk test is overdue\n")
    return 1 if found else 0
