"""What every part of a home's files has in common."""

from __future__ import annotations

from typing import Literal

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic.fields import FieldInfo

from hub.config.words import wrong

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def between(least_s: int, most_s: int, said: str) -> AfterValidator:
    """A duration from `least_s` to `most_s` seconds; `said` is what is expected."""

    def check(value: int) -> int:
        if not least_s <= value <= most_s:
            raise wrong(said)
        return value

    return AfterValidator(check)


class Form(BaseModel):
    """What every part of a file has in common: an unknown setting is refused, never skipped."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def settings_of(form: type[BaseModel]) -> dict[str, FieldInfo]:
    """The settings of a part of a file, by the names that people write."""
    return {field.alias or name: field for name, field in form.model_fields.items()}
