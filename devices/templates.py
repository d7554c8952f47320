"""Value templates that devices send along with their introduction: evaluated in a box, bounded before they run.

Home Assistant's templates are Jinja2. A template comes from whoever may publish on the broker, so it is not trusted.
Its syntax tree may hold expressions and conditions and nothing that repeats, grows or reaches out: no loops, no macros,
no powers, a handful of methods and filters, each of which is linear in what it is given. Time and size are therefore
bounded by the length of the template and of the message, without a thread or a clock.

Sources: Home Assistant's documentation "Templating" (which filters there are) and "MQTT sensor" (what a template is
given: `value`, and `value_json` where the payload is JSON), Jinja2's documentation "Sandbox".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import orjson
from jinja2 import TemplateError, nodes
from jinja2.environment import Template
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from devices.template_filters import FILTERS, GLOBALS, MOST_TEXT, TESTS, replaced

LONGEST = 2000
"""Characters. Zigbee2MQTT's and Shelly's longest have some 400."""
MOST_NODES = 300
DEEPEST = 24
MOST_SETS = 6
LARGEST_NUMBER = 2**63

METHODS = frozenset(
    {"get", "split", "rsplit", "lower", "upper", "strip", "lstrip", "rstrip", "replace", "startswith", "endswith"}
    | {"find", "count", "isdigit", "isnumeric", "isdecimal", "title", "capitalize", "removeprefix", "removesuffix"}
    | {"keys", "values", "items", "index"}
)
"""What may be called of a text, a list or a dictionary: nothing that makes more of it than it was."""

ALLOWED: tuple[type[nodes.Node], ...] = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Tuple, nodes.List, nodes.Dict),
    *(nodes.Pair, nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.Filter, nodes.Test, nodes.Call, nodes.CondExpr),
    *(nodes.If, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Add, nodes.Sub, nodes.Mul),
    *(nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Neg, nodes.Pos, nodes.Concat, nodes.Keyword, nodes.Assign),
)


class NotAValue(ValueError):
    """A template was evaluated and gave nothing that can be used."""


class _Box(ImmutableSandboxedEnvironment):
    """Jinja's sandbox without its defaults: what is not listed here does not exist in a template."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%"})

    def __init__(self) -> None:
        super().__init__(autoescape=False, cache_size=0)
        self.filters = dict(FILTERS)
        self.tests = {**{name: self.tests[name] for name in TESTS_KEPT}, **TESTS}
        self.globals = dict(GLOBALS)

    def call_binop(self, context: Context, operator: str, left: object, right: object) -> object:
        """Arithmetic is for numbers; texts and short lists may be joined."""
        if isinstance(left, (int, float)) and isinstance(right, (int, float)):
            if abs(left) > LARGEST_NUMBER or abs(right) > LARGEST_NUMBER:
                raise NotAValue("the numbers are too large")
        elif operator != "+" or not isinstance(left, str) or not isinstance(right, str):
            raise NotAValue(f"{operator} is for numbers")
        elif len(left) + len(right) > MOST_TEXT:
            raise NotAValue("the text is too long")
        return super().call_binop(context, operator, left, right)

    def call(self, context: Context, obj: object, /, *args: object, **kwargs: object) -> object:
        """`replace` is the one method that can make a text much longer."""
        owner = getattr(obj, "__self__", None)
        if isinstance(owner, str) and getattr(obj, "__name__", "") == "replace":
            return replaced(owner, *args)
        return super().call(context, obj, *args, **kwargs)


TESTS_KEPT = (
    *("defined", "undefined", "none", "number", "string", "boolean", "true", "false", "integer", "float", "mapping"),
    *("sequence", "iterable", "in", "eq", "==", "ne", "!=", "lt", "<", "le", "<=", "gt", ">", "ge", ">=", "equalto"),
    *("odd", "even", "divisibleby", "lower", "upper"),
)
_BOX = _Box()


@dataclass(frozen=True, slots=True)
class Unusable:
    """A template that is not evaluated, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Usable:
    """A template ready to be evaluated: the commonest form, one value by its path, needs no template engine."""

    path: tuple[str | int, ...] | None
    template: Template | None

    def of(self, text: str, data: object) -> str:
        """The text it makes of a payload; raises `NotAValue` where it makes none.

        `data` is the payload as JSON, or `NO_JSON`.
        """
        if self.template is None:
            return _at(self.path or (), data)
        given: dict[str, object] = {"value": text}
        if data is not NO_JSON:
            given["value_json"] = data
        return self.filled(given)

    def filled(self, given: dict[str, object]) -> str:
        """The text it makes of these names."""
        if self.template is None:
            return _at(self.path or (), given.get("value_json", NO_JSON))
        try:
            made = self.template.render(given)
        except UNFIT as error:
            raise NotAValue(f"{error.__class__.__name__}: {error}"[:200]) from error
        if len(made) > MOST_TEXT:
            raise NotAValue("it makes too long a text")
        return made.strip()


UNFIT = (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError, RecursionError, re.error)
"""What evaluating an allowed expression on a strange payload can end with."""
NO_JSON = object()
"""The payload is not JSON."""

KEY = r"\.[A-Za-z]\w{0,60}|\[\s*(?:'[^'\\]{1,80}'|\"[^\"\\]{1,80}\"|\d{1,4})\s*\]"
PATH = re.compile(rf"\{{\{{-?\s*value_json((?:{KEY})+)\s*-?\}}\}}")
STEP = re.compile(r"\.(\w+)|\[\s*(?:'([^']*)'|\"([^\"]*)\"|(\d+))\s*\]")


def _at(path: tuple[str | int, ...], data: object) -> str:
    """The value at a path, written as a template would write it; where only the last step is missing it is empty."""
    *above, last = path
    for step in above:
        data = _below(data, step)
        if data is NO_JSON:
            raise NotAValue("the message does not have the value")
    if data is NO_JSON:
        raise NotAValue("the message is not JSON")
    found = _below(data, last)
    return "" if found is NO_JSON else str(found)


def _below(data: object, step: str | int) -> object:
    if isinstance(data, dict):
        return data.get(step, NO_JSON)
    if isinstance(data, list) and isinstance(step, int) and step < len(data):
        return data[step]
    return NO_JSON


@lru_cache(maxsize=4096)
def usable(text: str) -> Usable | Unusable:
    """A template, checked and compiled; the same text is the same template, so it is kept."""
    if len(text) > LONGEST:
        return Unusable(f"a template of {len(text)} characters is too long")
    plain = PATH.fullmatch(text.strip())
    if plain is not None:
        steps = STEP.findall(plain[1])
        if not any(name.startswith("_") or name in METHODS for name, *_ in steps):
            return Usable(tuple(int(n) if n else a or b or c for a, b, c, n in steps), None)
    try:
        tree = _BOX.parse(text)
        refusal = _refusal(tree)
        if refusal:
            return Unusable(f"a template that {refusal}")
        return Usable(None, _BOX.from_string(tree))
    except SyntaxError as error:
        return Unusable(f"a template that cannot be read: {error.msg}"[:300])
    except UNFIT as error:
        return Unusable(f"a template that cannot be read: {error}"[:300])


def _refusal(tree: nodes.Template) -> str:
    """Why a template is not evaluated; empty where it is."""
    bound: set[str] = set()
    for count, (node, depth) in enumerate(_walk(tree, 0)):
        if count > MOST_NODES or depth > DEEPEST:
            return "is too long or too deep"
        if not isinstance(node, ALLOWED):
            return f"uses {type(node).__name__.lower()}, which is not evaluated here"
        if isinstance(node, (nodes.Getattr, nodes.Filter, nodes.Test)):
            name = node.attr if isinstance(node, nodes.Getattr) else node.name
            if name.startswith("_"):
                return f"reaches for {name}"
        if isinstance(node, nodes.Call) and not _may_call(node):
            return "calls what may not be called here"
        if isinstance(node, nodes.Assign):
            # What was set may not be set into another, which could double it again and again.
            if not isinstance(node.target, nodes.Name) or any(n.name in bound for n in node.node.find_all(nodes.Name)):
                return "sets a name from another that it set"
            bound.add(node.target.name)
            if len(bound) > MOST_SETS or _is_name_of(node.node, node.target.name):
                return "sets too many names"
    return ""


def _is_name_of(node: nodes.Node, name: str) -> bool:
    return isinstance(node, nodes.Name) and node.name == name


def _walk(node: nodes.Node, depth: int) -> Iterator[tuple[nodes.Node, int]]:
    yield node, depth
    if depth > DEEPEST:
        return
    for child in node.iter_child_nodes():
        yield from _walk(child, depth + 1)


def _may_call(node: nodes.Call) -> bool:
    if node.dyn_args is not None or node.dyn_kwargs is not None:
        return False
    called = node.node
    if isinstance(called, nodes.Getattr):
        return called.attr in METHODS
    return isinstance(called, nodes.Name) and called.name in GLOBALS


def json_of(payload: bytes) -> object:
    """The payload as JSON, or `NO_JSON`."""
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError:
        return NO_JSON
