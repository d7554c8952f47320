"""A request as it comes over MQTT, read at the edge (DESIGN §7)."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rules.inputs import Asked


class Request(BaseModel):
    """The message on `handrail/{home}/do/{client}`: what is wanted, of which alert, by whom."""

    model_config = ConfigDict(extra="ignore")

    id: str = Field(min_length=1, max_length=200, pattern=r"^[^/+#\x00]+$")
    do: str = Field(min_length=1, max_length=40)
    alert: str = Field(default="", max_length=80)
    by: str = Field(default="", max_length=120)
    ending: str = Field(default="", max_length=40)
    reason: str = Field(default="", max_length=1000)
    until: str | int | None = None
    until_s: int | None = None
    resident: str = Field(default="", max_length=120)
    room: str = Field(default="", max_length=120)
    device: str = Field(default="", max_length=300)
    proof: str = Field(default="", max_length=200)


class UnreadableRequest(ValueError):
    """A request without an id that could be answered."""


def read_request(client: str, payload: bytes, wall_ms: int) -> Asked:
    """The request as an input; one that is wrong but has an id becomes an `Asked` whose `do` says what is wrong."""
    try:
        request = Request.model_validate_json(payload)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'request'}: {e['msg']}" for e in error.errors()[:3])
        ident = re.search(rb'"id"\s*:\s*"([^"/+#\x00]{1,200})"', payload)
        if ident is None:
            raise UnreadableRequest(f"a request that cannot be read: {problems}") from error
        return Asked(id=ident[1].decode(errors="replace"), client=client, do="unreadable", reason=problems)
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
    )


def _seconds(request: Request, wall_ms: int) -> int:
    """`until` as seconds from now: a number of seconds, or a moment in RFC 3339. 0 where it says nothing."""
    if request.until_s is not None:
        return request.until_s
    if request.until is None:
        return 0
    if isinstance(request.until, int) or request.until.isdigit():
        return int(request.until)
    try:
        moment = datetime.fromisoformat(request.until)
    except ValueError:
        return 0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp() - wall_ms / 1000)
