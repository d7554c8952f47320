"""Records made quickly are the records they were."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest
from pydantic import TypeAdapter

from devices.records import quick


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """One as the standard library makes it."""

    name: str
    count: int = 3
    values: Mapping[str, int] = field(default_factory=dict)


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Quick:
    """The same, made quickly."""

    name: str
    count: int = 3
    values: Mapping[str, int] = field(default_factory=dict)


def test_a_quick_record_is_of_its_class_and_frozen() -> None:
    """Nothing of the twin class that it is made through can be seen of it, and nobody can change it."""
    made = Quick(name="a")
    assert type(made) is Quick
    assert repr(made) == "Quick(name='a', count=3, values={})"
    with pytest.raises(FrozenInstanceError):
        made.count = 4  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del made.count
    assert not hasattr(made, "__dict__")


def test_what_is_not_said_has_its_default_and_each_record_its_own_mapping() -> None:
    """Defaults are as they stand in the class; one that is made anew is not shared."""
    assert (Quick(name="a").count, Quick(name="a", count=5).count) == (3, 5)
    assert Quick(name="a").values == {}
    assert Quick(name="a").values is not Quick(name="a").values


def test_a_record_without_a_field_it_needs_is_refused() -> None:
    """As with any dataclass: a forgotten field and one that is none are mistakes of the program."""
    with pytest.raises(TypeError, match="name"):
        Quick()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="colour"):
        Quick(name="a", colour="red")  # type: ignore[call-arg]


def test_replace_copy_pickle_and_pydantic_take_it_for_what_it_is() -> None:
    """Whoever handles dataclasses handles these."""
    made = Quick(name="a", values={"x": 1})
    assert replace(made, count=4) == Quick(name="a", count=4, values={"x": 1})
    assert copy.deepcopy(made) == made == pickle.loads(pickle.dumps(made))
    of_both = TypeAdapter(Quick), TypeAdapter(Plain)
    assert of_both[0].json_schema()["properties"] == of_both[1].json_schema()["properties"]
    assert of_both[0].validate_json(of_both[0].dump_json(made)) == made
    assert hash(Quick(name="a", values=())) == hash(Quick(name="a", values=()))  # type: ignore[arg-type]
