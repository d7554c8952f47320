"""The JSON Schemas: an editor that has them completes what we accept, and underlines what we refuse."""

from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest
from ruamel.yaml import YAML

from hub.config.new import write_new
from hub.config.schema import NAMES, schemas
from tests.hub.config_home import FILES as SMALL
from tests.hub.json_schema import faults
from tests.hub.plan_examples import Example, examples
from tests.hub.plan_home import FILES, plan_of

_SCHEMAS: dict[str, dict[str, Any]] = orjson.loads(orjson.dumps(schemas()))
_PLAN = _SCHEMAS["residents/*.yaml"]
_EXAMPLES = examples()
_RIGHT = [example for example in _EXAMPLES if not example.is_refused]


def loaded(text: str) -> object:
    """A file as an editor's YAML reads it: dates stay words."""
    return _plain(YAML(typ="safe", pure=True).load(text))


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value


@pytest.mark.parametrize("example", _RIGHT, ids=lambda example: example.name)
def test_an_editor_has_nothing_against_the_examples(example: Example) -> None:
    """Every plan of the documentation fits its schema."""
    assert faults(_PLAN, loaded(plan_of(example.text))) == []


@pytest.mark.parametrize("files", [SMALL, FILES], ids=["small", "plans"])
def test_an_editor_has_nothing_against_a_home_that_is_right(files: dict[str, str]) -> None:
    """Nor against the files of the homes that other tests use."""
    for name, text in files.items():
        kind = "residents/*.yaml" if name.startswith("residents/") else name
        if kind in _SCHEMAS:
            assert faults(_SCHEMAS[kind], loaded(text)) == [], name


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("when: {bed: emty}", "'emty' is not"),
        ("when: {bde: empty}", "unknown bde"),
        ("when: {door: open, held_for: 10}", "10 is no string"),
        ("when: {time: '25:00'}", "does not match"),
        ("when: {time: '08:00'}\n    only_if: [{door: {never: open}}]", "door"),
        ("when: {time: '08:00'}\n    help: [{lock: {device: x}}]", "unknown lock"),
        ("when: {time: '08:00'}\n    help: [{ask: {text: Well, answers: [{fine: setles}]}}]", "answers"),
        ("when: {time: '08:00'}\n    settled_by: [okay]", "settled_by"),
        ("when: {time: '08:00'}\n    otherwise: {level: call, say: x}", "'call' is not"),
        ("help: []", "is missing"),
    ],
)
def test_an_editor_underlines_what_is_refused(setting: str, said: str) -> None:
    """A word that is not known, a duration without its unit, a time that does not exist, a rule that never starts."""
    found = faults(_PLAN, loaded(plan_of(f"- rule: one\n  why: x\n  {setting.replace('    ', '  ')}\n")))
    assert said in " ".join(found)


def test_every_setting_has_its_words_for_the_editor() -> None:
    """What somebody hovers over is explained, and a default is written as people write it."""
    for schema in _SCHEMAS.values():
        for form in [schema, *schema["$defs"].values()]:
            for name, setting in form.get("properties", {}).items():
                named = schema["$defs"].get(str(setting.get("$ref", "")).removeprefix("#/$defs/"), {})
                assert setting.get("description") or named.get("description"), f"{form.get('title')}: {name}"
                assert isinstance(setting.get("default", ""), str | bool | int), f"{form.get('title')}: {name}"
            if "properties" in form:
                assert form["additionalProperties"] is False


def test_each_file_of_a_new_home_names_its_schema_and_fits_it(tmp_path: Path) -> None:
    """The first line is what editors look for, and what it names is there."""
    home = tmp_path / "home"
    write_new(home, rooms=2, broker="mqtt://hub@127.0.0.1")
    for path in [*home.glob("*.yaml"), *home.glob("residents/*.yaml")]:
        first, text = path.read_text().splitlines()[0], path.read_text()
        named = first.removeprefix("# yaml-language-server: $schema=")
        schema = (path.parent / named).resolve()
        kind = "residents/*.yaml" if path.parent.name == "residents" else path.name
        assert schema == (home / "schemas" / NAMES[kind]).resolve()
        assert orjson.loads(schema.read_bytes()) == _SCHEMAS[kind]
        assert faults(_SCHEMAS[kind], loaded(text)) == [], path.name
