"""What starts a rule, when it may start, and what ends it well, as people write it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

from hub.config.form import Day, Form, between
from hub.config.plan import words
from hub.config.problems import nearest
from hub.config.words import ClockTime, Dates, Duration, Hours, Ident, Number, Text, Truth, Whole, wrong

_Long = between(1, 24 * 3600, "from 1 s to 24 h")
_ENDS = ("ok", "carer")


class BoundForm(Form):
    """A bound of a number: one of these."""

    above: Number | None = Field(None, description="More than this.")
    below: Number | None = Field(None, description="Less than this.")


class StateForm(Form):
    """What something is, by its sense; the device is the one of the room unless it is named."""

    bed: words.Bed | None = Field(None, description="occupied or empty.")
    door: words.Door | None = Field(None, description="open or closed.")
    motion: words.Motion | None = Field(None, description="detected or clear.")
    contact: words.Contact | None = Field(None, description="open or closed, of a cupboard, a box, a fridge.")
    occupancy: words.Occupancy | None = Field(None, description="detected or clear: somebody sits or stands there.")
    vibration: words.Vibration | None = Field(None, description="detected or clear.")
    button: words.Button | None = Field(None, description="pressed, or a gesture such as single, double or hold.")
    light: words.LightWord | None = Field(None, description="on or off.")
    switch: words.SwitchWord | None = Field(None, description="on or off, of a socket.")
    cover: words.CoverWord | None = Field(None, description="open or closed, of a blind or curtain.")
    lock: words.LockWord | None = Field(None, description="locked or unlocked.")
    device: Ident | None = Field(None, description="Which device, where several of the room fit.")


class NumbersForm(StateForm):
    """The same, or a number."""

    temperature_c: BoundForm | None = Field(None, description="Above or below so many °C.")
    humidity_pct: BoundForm | None = Field(None, description="Above or below so many percent.")
    power_w: BoundForm | None = Field(None, description="Above or below so many watts.")
    battery_pct: BoundForm | None = Field(None, description="Above or below so many percent.")


class WhenForm(NumbersForm):
    """What starts a rule: one of these forms.

    `{bed: empty}`; `{door: open, held_for: 10 min}`; `{door: open, times: 4, within: 30 min}`;
    `{nothing_of: [motion, door], for: 3 h}`; `{expected: {bed: empty}, since: "06:00", by: "09:30"}`;
    `{temperature_c: {above: 28}, for: 30 min}`; `{time: "19:30", on: [mon, thu]}`.
    """

    held_for: Annotated[Duration, _Long] | None = Field(None, description="It has been so for this long.")
    times: Annotated[Whole, Field(ge=2, le=1000)] | None = Field(None, description="It became so this many times.")
    within: Annotated[Duration, _Long] | None = Field(None, description="Of times: within how long.")
    nothing_of: list[words.Sign] | None = Field(
        None, min_length=1, max_length=12, description="Nothing was heard of all of these, for as long as for says."
    )
    lasts: Annotated[Duration, _Long] | None = Field(
        None, alias="for", description="For how long: of nothing_of, or of a number."
    )
    expected: StateForm | None = Field(None, description="This did not come between since and by.")
    since: ClockTime | None = Field(None, description='Of expected: it counts from this time of day on, as in "06:00".')
    by: ClockTime | None = Field(None, description='Of expected: by this time of day, as in "09:30".')
    time: ClockTime | None = Field(None, description='A time of day, as in "19:30".')
    chosen: Ident | None = Field(None, description="A time of day that the resident chose, by the name of the choice.")
    on: list[Day] | None = Field(None, min_length=1, description="Of time: on these days; unset, every day.")


class ConditionForm(Form):
    """One thing that must be so when a rule starts: a state, a number, a time, days, dates, a carer."""

    bed: words.BedOrNot | None = Field(None, description="occupied or empty, or {not: …}.")
    door: words.DoorOrNot | None = Field(None, description="open or closed, or {not: …}.")
    motion: words.MotionOrNot | None = Field(None, description="detected or clear, or {not: …}.")
    contact: words.ContactOrNot | None = Field(None, description="open or closed, or {not: …}.")
    occupancy: words.OccupancyOrNot | None = Field(None, description="detected or clear, or {not: …}.")
    light: words.LightOrNot | None = Field(None, description="on or off, or {not: …}.")
    switch: words.SwitchOrNot | None = Field(None, description="on or off, or {not: …}.")
    cover: words.CoverOrNot | None = Field(None, description="open or closed, or {not: …}.")
    lock: words.LockOrNot | None = Field(None, description="locked or unlocked, or {not: …}.")
    temperature_c: BoundForm | None = Field(None, description="Above or below so many °C.")
    humidity_pct: BoundForm | None = Field(None, description="Above or below so many percent.")
    power_w: BoundForm | None = Field(None, description="Above or below so many watts.")
    battery_pct: BoundForm | None = Field(None, description="Above or below so many percent.")
    device: Ident | None = Field(None, description="Which device, where several of the room fit.")
    lasts: Annotated[Duration, _Long] | None = Field(None, alias="for", description="Of a state: for so long already.")
    time: Hours | None = Field(None, description="Between two times of day, as in 08:00-12:00; may span midnight.")
    days: list[Day] | None = Field(None, min_length=1, description="On these days.")
    dates: Dates | None = Field(
        None, description="Between two dates: 2026-12-01..2027-02-28, or 12-01..02-28 for every year."
    )
    chosen: dict[str, Text] | None = Field(
        None, min_length=1, max_length=1, description="What the resident chose, as in {music: the radio}."
    )
    resident: Literal["present", "away"] | None = Field(
        None, description="Whether the resident is away; a rule that asks for it does not rest while they are."
    )
    carer: Literal["present", "absent"] | None = Field(
        None, description="Whether a carer is known to be in the rule's place."
    )


class SettledForm(NumbersForm):
    """What ends a rule well: a state, a number back within, or the word ok (the resident says so) or carer (one came).

    Never less than what was agreed: a pendant pressed meanwhile is told at once all the same.
    """

    ok: Truth = Field(False, description="The resident says: I'm all right. Written as the word ok alone.")
    carer: Truth = Field(False, description="A carer is there. Written as the word carer alone.")

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, written: object) -> object:
        if isinstance(written, str):
            if written not in _ENDS:
                raise wrong("ok, carer, or a state as in {bed: occupied}", nearest(written, _ENDS))
            return {written: "true"}
        return written

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The two bare words beside the settings."""
        return {"anyOf": [{"type": "string", "enum": list(_ENDS)}, handler(core)]}
