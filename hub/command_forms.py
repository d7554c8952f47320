"""The `command` of a request, read at the edge: which word it is, that nothing else is said, and within which bounds.

What a device itself can is not looked at here: its adapter says that (`cannot`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, model_validator

from devices.actuators import Argument, command_of
from devices.adapter import Description, Refused
from devices.catalogue import Catalogue
from devices.part_commands import encoded
from rules.inputs import Asked
from rules.setting import Setting

LONGEST_FADE_S = 3600
LONGEST_SOUND_S = 600
"""A sound that a person started; an alert rings in its own way."""
COLDEST_C, WARMEST_C = 5, 30


class Form(BaseModel):
    """A command: nothing may be said that is not understood, or a light would come on in a way nobody meant."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


Fade = Annotated[float, Field(ge=0, le=LONGEST_FADE_S)]


class TurnOnForm(Form):
    """A light or socket on."""

    do: Literal["turn_on"]
    brightness_pct: Annotated[float, Field(gt=0, le=100)] | None = None
    color_temp_k: Annotated[int, Field(ge=1000, le=20_000)] | None = None
    transition_s: Fade | None = None


class TurnOffForm(Form):
    """A light or socket off."""

    do: Literal["turn_off"]
    transition_s: Fade | None = None


class SoundForm(Form):
    """A siren or sounder; 0 s silences it."""

    do: Literal["sound"]
    duration_s: Annotated[float, Field(ge=0, le=LONGEST_SOUND_S)]
    level: Literal["emergency", "urgent", "call", "check"] = "call"


class SetCoverForm(Form):
    """A blind, shutter or curtain: a movement or a place to stand, one of them."""

    do: Literal["set_cover"]
    move: Literal["open", "close", "stop"] | None = None
    position_pct: Annotated[float, Field(ge=0, le=100)] | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> SetCoverForm:
        if (self.move is None) is (self.position_pct is None):
            raise ValueError("say either move (open, close, stop) or position_pct (0 closed, 100 open)")
        return self


class LockForm(Form):
    """A door locked or unlocked."""

    do: Literal["lock", "unlock"]


class SetTemperatureForm(Form):
    """A thermostat's set point."""

    do: Literal["set_temperature"]
    celsius: Annotated[float, Field(ge=COLDEST_C, le=WARMEST_C)]


class SayForm(Form):
    """A sentence to be spoken."""

    do: Literal["say"]
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]


AnyForm = TurnOnForm | TurnOffForm | SoundForm | SetCoverForm | LockForm | SetTemperatureForm | SayForm
_FORM: TypeAdapter[AnyForm] = TypeAdapter(Annotated[AnyForm, Field(discriminator="do")])


def read_command(said: object) -> dict[str, Argument]:
    """The word and its arguments as they were said; raises pydantic's `ValidationError`."""
    return _FORM.validate_python(said).model_dump(exclude_none=True)


def with_refusal(
    asked: Asked, setting: Setting | None, catalogue: Catalogue, known: Mapping[str, Description]
) -> Asked:
    """A request with the refusal of the device's own ecosystem, where it has one: then its answer can say so."""
    address = setting.address_of(asked.device) if setting is not None and asked.do == "command" else None
    if address is None or not asked.command:
        return asked
    wish = command_of(address, asked.command)
    if isinstance(wish, str):
        return asked
    adapter = catalogue.adapter_for(address)
    sent = encoded(adapter, wish, known) if adapter is not None else Refused(f"no adapter speaks to {address}")
    return replace(asked, cannot=sent.reason) if isinstance(sent, Refused) else asked
