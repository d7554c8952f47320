"""Value templates: what devices really send is evaluated, what could hang or fill the hub is refused before it runs."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.template_values import NO_JSON, NotAValue, Unusable, json_of
from devices.templates import LONGEST, refusal_of, usable


def made(template: str, payload: str) -> str:
    """The text that a template makes of a payload."""
    found = usable(template)
    assert not isinstance(found, Unusable), found.reason
    return found.of(payload, json_of(payload.encode()))


@pytest.mark.parametrize(
    ("template", "payload", "wanted"),
    [
        ("{{ value_json.a }}", '{"a":48.2}', "48.2"),
        ("{{value_json['a b'].c[1]}}", '{"a b":{"c":[1,true]}}', "True"),
        ("{{ value_json.a }}", '{"b":1}', ""),
        ("{{ value_json.a }}", '{"a":null}', "None"),
        ("{{ value_json.a | float | round(1) }}", '{"a":"21.46"}', "21.5"),
        ("{{ value_json.a | int(0) }}", "{}", "0"),
        ("{{ value | upper }}", "on", "ON"),
        ("{% if value_json.output %}on{% else %}off{% endif %}", '{"output":true}', "on"),
        ("{{ iif(value_json.batt | int(100) < 15, 'low', 'ok') }}", '{"batt":9}', "low"),
        ("{{ 'ON' if 'overtemp' in value_json.get('errors', []) else 'OFF' }}", '{"errors":["overtemp"]}', "ON"),
        ("{{ value_json.t | multiply(0.1) | round(2) }}", '{"t":215}', "21.5"),
        ("{{ (value_json.raw * 9 / 5 + 32) | round(0) }}", '{"raw":20}', "68"),
        ("{{ {'1':'open','0':'shut'}[value] }}", "1", "open"),
        ("{% set names = {'a':'one'} %}{{ names[value] | default('none') }}", "a", "one"),
        ("{{ value | regex_replace('^room-0*', '') }}", "room-012", "12"),
        ("{{ value | regex_search('o+n') }}", "soon", "True"),
        ("{{ (value | from_json).a }}", '{"a":7}', "7"),
        ("{{ {'event_type': value_json.e} | to_json }}", '{"e":"S"}', '{"event_type":"S"}'),
        ("{{ value.split(':')[1] | lower }}", "a:B", "b"),
        ("{{ value_json.at | timestamp_utc }}", '{"at":0}', "1970-01-01T00:00:00+00:00"),
        ("{{ value is match('^[0-9]+$') }}", "77", "True"),
    ],
)
def test_what_devices_send_is_evaluated(template: str, payload: str, wanted: str) -> None:
    """As Home Assistant's documentation says that it is."""
    assert made(template, payload) == wanted


@pytest.mark.parametrize(
    ("template", "payload"),
    [
        ("{{ value_json.a.b }}", "{}"),
        ("{{ value_json.a | is_defined }}", "{}"),
        ("{{ value_json.a | float }}", '{"a":"x"}'),
        ("{{ value_json.a }}", "no json"),
        ("{{ 1 / value_json.a }}", '{"a":0}'),
        ("{{ this.state }}", "1"),
    ],
)
def test_what_a_message_lacks_is_no_value(template: str, payload: str) -> None:
    """A missing or strange value is nothing, and breaks nothing."""
    with pytest.raises(NotAValue):
        made(template, payload)


@pytest.mark.parametrize(
    "template",
    [
        "{% for i in range(10**9) %}{% endfor %}",
        "{% for a in value_json %}{% for b in value_json %}x{% endfor %}{% endfor %}",
        "{{ 2 ** 999999999 }}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% include 'x' %}",
        "{{ ''.__class__ }}",
        "{{ value | attr('__class__') }}",
        "{{ value.center(999999999) }}",
        "{{ value | center(999999999) }}",
        "{{ value.format(1) }}",
        "{{ now() }}",
        "{{ range(999999999) }}",
        "{{ states('sensor.x') }}",
        "{% set a = [value] %}{% set b = [a, a] %}{{ b }}",
        "{{ value(*value_json) }}",
        "{{ " + "[" * 40 + "]" * 40 + " }}",
        "{{ " + "(" * 700 + "1" + ")" * 700 + " }}",
        "{{ " + " + ".join(["1"] * 200) + " }}",
        "x" * (LONGEST + 1),
        "{{ value",
        "{{ value | nobody_knows_it }}",
        "{{ value is nobody_knows_it }}",
    ],
)
def test_what_could_hang_or_reach_out_is_refused_with_the_reason(template: str) -> None:
    """Before anything of it runs."""
    assert refusal_of(template)
    assert isinstance(usable(template), Unusable)


@pytest.mark.parametrize(
    "template",
    [
        "{{ 'x' * 1000000000 }}",
        "{{ value_json * 1000000000 }}",
        "{{ '%0999999999d' % 1 }}",
        "{{ 9 * 999999999999999999999 }}",
        "{{ value | replace('a', '" + "b" * 500 + "') | replace('b', '" + "c" * 500 + "') }}",
        "{{ value.replace('a', '" + "b" * 500 + "').replace('b', '" + "c" * 500 + "') }}",
        "{{ value | regex_search('(a+)+$') }}",
        "{{ value | regex_search('a*a*a*a*b') }}",
        "{{ value | regex_search('(a|aa)+b') }}",
        "{{ value | regex_search('a{1,90000}b') }}",
        "{{ value | join('" + "x" * 1000 + "') }}",
        "{{ value ~ value ~ value ~ value }}",
    ],
)
def test_what_would_grow_or_take_long_ends_at_once(template: str) -> None:
    """A short template on a long message makes nothing rather than gigabytes."""
    found = usable(template)
    assert not isinstance(found, Unusable)
    with pytest.raises(NotAValue):
        found.of("a" * 30_000, ["a"] * 1000)


def test_a_negative_precision_is_no_bomb() -> None:
    """Rounding a whole number to minus a billion places would be a power of ten."""
    assert made("{{ 5 | round(-1000000000) }}", "") in ("0", "0.0")


words = st.sampled_from(
    [
        "value",
        "value_json",
        ".",
        "[",
        "]",
        "(",
        ")",
        "{",
        "}",
        "|",
        "float",
        "int",
        "round(1)",
        "is_defined",
        "~",
        "+",
        "*",
        "**",
        "/",
        "%",
        "'a'",
        "1",
        "if",
        "else",
        "and",
        "not",
        "in",
        "{{",
        "}}",
        "{%",
        "%}",
        "set",
        "for",
        "endif",
        "==",
        ",",
        ":",
        "regex_search",
        "replace",
        "get",
        "__class__",
        "default",
        "'",
        '"',
    ]
)


@given(parts=st.lists(words, max_size=14), payload=st.text(max_size=30))
def test_any_template_on_any_payload_gives_a_text_or_a_reason(parts: list[str], payload: str) -> None:
    """Nothing else is raised."""
    for template in (" ".join(parts), "{{ " + " ".join(parts) + " }}"):
        found = usable(template)
        if isinstance(found, Unusable):
            assert found.reason
            continue
        for data in (NO_JSON, {"a": [1, {"b": payload}]}):
            with contextlib.suppress(NotAValue):
                assert isinstance(found.of(payload, data), str)
