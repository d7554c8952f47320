"""A request as it comes over MQTT, read at the edge (DESIGN §7)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from devices.actuators import Argument
from hub.command_forms import read_command
from rules.inputs import Asked

LONGEST_S = 366 * 86_400
"""No wait is longer than a year; a number beyond is a mistake and is answered as one."""
FOR_WATCHER = "heard"
"""What a screen asks the watcher on the same topic, which alone answers it: of a call that it told, and not the hub."""
Seconds = Annotated[int, Field(ge=-LONGEST_S, le=LONGEST_S)]
IDENT = r"[^/+#\x00-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff\U00010000-\U0010ffff]{1,200}"
"""An id becomes the last level of a topic: no wildcard, and nothing for which a broker ends the connection."""


class Request(BaseModel):
    """The message on `handrail/{home}/do/{client}`: what is wanted, of which alert, by whom."""

    model_config = ConfigDict(extra="ignore")

    id: str = Field(pattern=f"^{IDENT}$", coerce_numbers_to_str=True)
    do: str = Field(min_length=1, max_length=40)
    alert: str = Field(default="", max_length=80)
    by: str = Field(default="", max_length=120)
    ending: str = Field(default="", max_length=40)
    reason: str = Field(default="", max_length=1000)
    until: Seconds | Annotated[str, Field(max_length=40)] | None = None
    until_s: Seconds | None = None
    resident: str = Field(default="", max_length=120)
    room: str = Field(default="", max_length=120)
    device: str = Field(default="", max_length=300)
    proof: str = Field(default="", max_length=200)
    episode: str = Field(default="", max_length=80)
    answer: str = Field(default="", max_length=200)
    choice: str = Field(default="", max_length=80)
    reviewed_by: str = Field(default="", max_length=120)
    confirmed: bool = False
    asked_at: object = None
    """No call is refused for a time that cannot be read."""
    command: object = None


class UnreadableRequest(ValueError):
    """A request without an id that could be answered."""


def read_request(client: str, payload: bytes, wall_ms: int) -> Asked:
    """The request as an input; one that is wrong but has an id becomes an `Asked` whose `do` says what is wrong."""
    command: dict[str, Argument] = {}
    try:
        request = Request.model_validate_json(payload)
        if request.do == "command":
            short = {"do": f"turn_{request.reason}"} if request.reason in ("on", "off") else None
            said = request.command if request.command is not None else short
            command = read_command(said) if said is not None else {}
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'request'}: {e['msg']}" for e in error.errors()[:3])
        ident = _ident(payload)
        if ident is None:
            raise UnreadableRequest(f"a request that cannot be read: {problems}") from error
        return Asked(id=ident, client=client, do="unreadable", reason=problems)
    return Asked(
        id=request.id,
        client=client,
        do=request.do,
        alert=request.alert,
        by=request.by,
        ending=request.ending,
        reason=request.reason,
        until_s=_seconds(request, wall_ms),
        resident=request.resident,
        room=request.room,
        device=request.device,
        proof=request.proof,
        episode=request.episode,
        answer=request.answer,
        choice=request.choice,
        reviewed_by=request.reviewed_by,
        at_ms=_moment_ms(request.asked_at),
        confirmed=request.confirmed,
        command=command,
    )


def _ident(payload: bytes) -> str | None:
    """The id of a request that is wrong in some other way, so that its sender is told what."""
    try:
        found: object = orjson.loads(payload)
        ident = found.get("id") if isinstance(found, dict) else None
    except orjson.JSONDecodeError:
        match = re.search(r'"id"\s*:\s*"([^"\\]*)"', payload.decode(errors="replace"))
        ident = match[1] if match else None
    return ident if isinstance(ident, str) and re.fullmatch(IDENT, ident) else None


def _seconds(request: Request, wall_ms: int) -> int:
    """`until` as seconds from now: a number of seconds, or a moment in RFC 3339. 0 where it says nothing."""
    until = request.until if request.until_s is None else request.until_s
    if until is None or isinstance(until, int):
        return until or 0
    if re.fullmatch(r"[0-9]{1,8}", until):
        return min(int(until), LONGEST_S)
    moment_ms = _moment_ms(until)
    return 0 if moment_ms is None else max(-LONGEST_S, min(LONGEST_S, int((moment_ms - wall_ms) / 1000)))


def _moment_ms(said: object) -> int | None:
    """A moment in RFC 3339 as Unix milliseconds; None where it says none."""
    if not isinstance(said, str):
        return None
    try:
        moment = datetime.fromisoformat(said)
        return int((moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
