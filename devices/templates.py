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
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from jinja2 import TemplateError, Undefined, nodes
from jinja2.environment import Template
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from devices.template_filters import FILTERS, GLOBALS, MOST_TEXT, TESTS, replaced
from devices.template_values import NO_JSON, NotAValue, Unusable

LONGEST = 1500
"""Characters. Zigbee2MQTT's and Shelly's longest have some 400."""
MOST_NODES = 150
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
class Usable:
    """A template ready to be evaluated. The commonest form, one value by its path through a filter or two, needs no
    template engine."""

    path: tuple[str | int, ...] = ()
    filters: tuple[tuple[Callable[..., object], tuple[float, ...]], ...] = ()
    template: Template | None = None

    def of(self, text: str, data: object) -> str:
        """The text it makes of a payload; raises `NotAValue` where it makes none.

        `data` is the payload as JSON, or `NO_JSON`.
        """
        given: dict[str, object] = {"value": text}
        if data is not NO_JSON:
            given["value_json"] = data
        return self.filled(given)

    def filled(self, given: dict[str, object]) -> str:
        """The text it makes of these names."""
        try:
            made = self._walked(given) if self.template is None else self.template.render(given)
        except UNFIT as error:
            raise NotAValue(f"{error.__class__.__name__}: {error}"[:200]) from error
        if len(made) > MOST_TEXT:
            raise NotAValue("it makes too long a text")
        return made.strip()

    def _walked(self, given: dict[str, object]) -> str:
        """The value at the path, written as a template would write it; where only the last step is missing, nothing."""
        value: object = given
        for step in self.path:
            if isinstance(value, Undefined):
                raise NotAValue("the message does not have the value")
            value = _below(value, step)
        if isinstance(value, (dict, list)) and len(value) > MOST_IN_A_VALUE:
            raise NotAValue("the value is a long list")
        if isinstance(value, str) and self.filters and len(value) > MOST_LETTERS:
            raise NotAValue("the value is a long text")
        for act, arguments in self.filters:
            value = act(value, *arguments)
        return str(value)


UNFIT = (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError, RecursionError, re.error)
"""What evaluating an allowed expression on a strange payload can end with."""
MOST_IN_A_VALUE, MOST_LETTERS = 50, 4096
"""Longer lists and texts are no value of a device."""
MISSING = Undefined()

KEY = r"\.[A-Za-z]\w{0,60}|\[\s{0,4}(?:'[^'\\]{1,80}'|\"[^\"\\]{1,80}\"|\d{1,4})\s{0,4}\]"
THROUGH = (
    r"\|\s{0,4}(?:is_defined|float|int|round|lower|upper|string|trim)\s{0,4}(?:\(\s{0,4}-?\d{0,6}\s{0,4}\))?\s{0,4}"
)
PATH = re.compile(rf"\{{\{{-?\s{{0,4}}(value|value_json(?:{KEY})+)\s{{0,4}}((?:{THROUGH}){{0,4}})-?\}}\}}")
STEP = re.compile(r"\.(\w+)|\[\s{0,4}(?:'([^']*)'|\"([^\"]*)\"|(\d+))\s{0,4}\]")
FILTER = re.compile(r"\|\s{0,4}(\w+)\s{0,4}(?:\(\s{0,4}(-?\d*)\s{0,4}\))?")


def _below(data: object, step: str | int) -> object:
    if isinstance(data, dict):
        return data.get(step, MISSING)
    if isinstance(data, list) and isinstance(step, int) and step < len(data):
        return data[step]
    return MISSING


def _plain(text: str) -> Usable | None:
    """A template that is a path and nothing but the simplest filters."""
    found = PATH.fullmatch(text.strip())
    if found is None:
        return None
    name = "value_json" if found[1].startswith("value_json") else "value"
    steps = STEP.findall(found[1][len(name) :])
    if any(step.startswith("_") or step in METHODS for step, *_ in steps):
        return None
    path = (name, *(int(number) if number else a or b or c for a, b, c, number in steps))
    filters = tuple(
        (FILTERS[act], (int(given),) if given.strip("-") else ()) for act, given in FILTER.findall(found[2])
    )
    return Usable(path, filters)


@lru_cache(maxsize=4096)
def refusal_of(text: str) -> str:
    """Why a template is not evaluated, without compiling it; empty where it is."""
    if len(text) > LONGEST:
        return f"a template of {len(text)} characters is too long"
    if _plain(text) is not None:
        return ""
    try:
        refusal = _refusal(_BOX.parse(text))
    except UNFIT as error:
        return f"a template that cannot be read: {error}"[:300]
    return f"a template that {refusal}" if refusal else ""


@lru_cache(maxsize=4096)
def usable(text: str) -> Usable | Unusable:
    """A template, checked and compiled; the same text is the same template, so it is kept."""
    refusal = refusal_of(text)
    if refusal:
        return Unusable(refusal)
    plain = _plain(text)
    if plain is not None:
        return plain
    try:
        return Usable(template=_BOX.from_string(text))
    except (SyntaxError, *UNFIT) as error:
        return Unusable(f"a template that cannot be read: {error}"[:300])


def needs_engine(text: str) -> bool:
    """Whether a template is more than a path through a filter or two."""
    found = usable(text)
    return not isinstance(found, Usable) or found.template is not None


def _refusal(tree: nodes.Template) -> str:
    """Why a template is not evaluated; empty where it is."""
    bound: set[str] = set()
    for count, (node, depth) in enumerate(_walk(tree, 0)):
        if count > MOST_NODES or depth > DEEPEST:
            return "is too long or too deep"
        if not isinstance(node, ALLOWED):
            return f"uses {type(node).__name__.lower()}, which is not evaluated here"
        if isinstance(node, (nodes.Getattr, nodes.Filter, nodes.Test)):
            refusal = _unknown(node)
            if refusal:
                return refusal
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


def _unknown(node: nodes.Getattr | nodes.Filter | nodes.Test) -> str:
    if isinstance(node, nodes.Getattr):
        return f"reaches for {node.attr}" if node.attr.startswith("_") else ""
    if isinstance(node, nodes.Filter):
        return "" if node.name in FILTERS else f"uses the filter {node.name}, which there is not"
    return "" if node.name in _BOX.tests else f"uses the test {node.name}, which there is not"


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
