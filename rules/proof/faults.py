"""What no plan may do, found in the compiled rules of the whole home, each with its witness.

The plan's own file is checked where it is compiled (`hub/config`): every name in it exists and can do what is asked.
Here is what takes the whole home to see, and what would break a promise whoever wrote the rule: an end in silence, a
delay beyond its level's bound, a rule before a call, two rules that order one device about, a sensing that was refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from devices.events import Kind
from devices.registry import CALLS, Placed
from rules.alerting.levels import LEVEL_OF, LONGEST_DELAY_S, RANK, Level
from rules.home import Home, Resident
from rules.plans import second
from rules.plans.help import Ask, Cover, Light, Scene, Step, Switch
from rules.plans.plan import (
    Beyond,
    Changes,
    Expected,
    Fact,
    Held,
    Nothing,
    NumberIs,
    Repeated,
    Rule,
    Settles,
    StateIs,
)
from rules.proof.hours import hours_meet, meet
from rules.proof.waits import delay_s, holds, lasts_s, offsets
from rules.turn import plainly

At = tuple[str | int, ...]
OF_THE_PERSON = frozenset({Kind.BED, Kind.MOTION, Kind.OCCUPANCY})
"""What these show lasts because of a person: watched for how long, it is watched for a need."""
OPPOSITE_IS_SAFE = frozenset({(Kind.BED, "empty")})
"""States of a person that are over when the person is safe: while one lasts unheard, nobody looks, as in a wait."""
LEFT_SO = frozenset({(Kind.CONTACT, "open"), (Kind.LOCK, "unlocked")})
"""States of a thing that may stand for a need, and mostly do not."""
UNAGREED_HELD_S = 1_800
"""A state of a person that lasts longer before staff are told wants its risk named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unproved:
    """One thing in one rule that cannot be accepted, or (`warning`) that the home should know."""

    resident: str
    rule: str
    at: At = ()
    """Where in the rule, as its file says it."""
    what: str
    expected: str = ""
    warning: bool = False


def unproved(home: Home) -> list[Unproved]:
    """Everything of it, resident by resident."""
    lives = _Home(home)
    found: list[Unproved] = []
    for resident in home.residents:
        for rule in resident.rules:
            for at, what, expected in _refused(lives, resident, rule):
                found.append(Unproved(resident=rule.resident, rule=rule.rule, at=at, what=what, expected=expected))
            for at, what in _warned(lives, resident, rule):
                found.append(Unproved(resident=rule.resident, rule=rule.rule, at=at, what=what, warning=True))
    return [*found, *_fights(lives)]


class _Home:
    """What the checks look up."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.devices = {device.name: device for device in home.devices}
        self.choices = {resident.resident: resident.choices for resident in home.residents}
        self.names = {resident.resident: resident.known_as for resident in home.residents}


_Refusals = Iterator[tuple[At, str, str]]


def _refused(lives: _Home, resident: Resident, rule: Rule) -> _Refusals:
    yield from _before_a_call(lives, rule)
    yield from _too_long(rule)
    yield from _held_too_long(rule)
    yield from _ends_in_silence(rule)
    yield from _settles_itself(rule)
    yield from _answered_by_what_calls(lives, rule)
    yield from _watches_what_was_refused(lives, resident, rule)


# -- promise 1 --------------------------------------------------------------------------------------------------------


def _before_a_call(lives: _Home, rule: Rule) -> _Refusals:
    """Staff are told of it at once: a rule that waits for it would seem to stand before it."""
    for at, fact in watched(rule):
        device = lives.devices.get(fact.device)
        if device is not None and device.purpose in CALLS:
            said = f'"{fact.device}" is for {device.purpose}: staff are told at once, no rule may stand before it'
            yield at, said, "a device that calls nobody"
        elif fact.kind in LEVEL_OF:
            said = f"{_plain(fact.kind)} is told to staff at once: no rule may stand before it"
            yield at, said, "another sensor"


def watched(rule: Rule) -> Iterator[tuple[At, Fact]]:
    """Every fact of a device that a rule is started, held up or settled by, with where its file says so."""
    if rule.device:
        yield ("when",), Fact(device=rule.device, kind=rule.kind, value=rule.value)
    if isinstance(rule.when, Nothing):
        for fact in rule.when.of:
            if (fact.device, fact.kind) != (rule.device, rule.kind):
                yield ("when",), fact
    for number, condition in enumerate(rule.only_if):
        if isinstance(condition, StateIs):
            yield ("only_if", number), condition.state
        elif isinstance(condition, NumberIs):
            yield ("only_if", number), condition.number
    for number, settles in enumerate(rule.settled_by):
        if settles.device:
            yield ("settled_by", number), Fact(device=settles.device, kind=settles.kind, value=settles.value)


def _too_long(rule: Rule) -> _Refusals:
    if rule.otherwise is None:
        return
    level, waits_s = rule.otherwise.level, delay_s(rule)
    longest_s = LONGEST_DELAY_S.get(level, 0)
    if waits_s > longest_s:
        said = f"{rule.rule} helps for {plainly(waits_s * 1000)} before staff are told, as {level}"
        allowed = f"at most {plainly(longest_s * 1000)}, all its waits together"
        yield ("help",), said, allowed if longest_s else f"no wait: {level} is told at once"


def _held_too_long(rule: Rule) -> _Refusals:
    """A bed that has to be empty for hours before anybody hears of it is a wait under another name."""
    if rule.otherwise is None or not _is_held(rule, OPPOSITE_IS_SAFE):
        return
    level, heard_s = rule.otherwise.level, lasts_s(rule) + delay_s(rule)
    longest_s = LONGEST_DELAY_S[level]
    if heard_s > longest_s > delay_s(rule):
        said = (
            f"{rule.rule}: staff hear of {_plain(rule.kind)} {rule.value} after {plainly(heard_s * 1000)}, as {level}"
        )
        yield ("when",), said, f"at most {plainly(longest_s * 1000)}, held_for and all waits together"


def _is_held(rule: Rule, states: frozenset[tuple[Kind, str]]) -> bool:
    """Whether a rule tells, at a level that somebody waits for, how long one of these states lasts."""
    hurried = rule.otherwise is not None and rule.otherwise.level in (Level.URGENT, Level.CHECK)
    lasts = isinstance(rule.when, Changes | Held) and lasts_s(rule) > 0
    return hurried and lasts and (rule.kind, rule.value) in states


# -- promise 4 --------------------------------------------------------------------------------------------------------


def _ends_in_silence(rule: Rule) -> _Refusals:
    """A rule that tells nobody is a reminder: it may not watch for a need, nor ask what staff should hear."""
    if rule.otherwise is not None:
        return
    expected = "otherwise: {level: check, say: …}"
    if need := _need(rule):
        said = f"{rule.rule} {need} and tells nobody: it could end in silence"
        yield ("when",), said, expected
    for number, step in enumerate(rule.help):
        if isinstance(step, Ask):
            for answer in step.answers:
                if answer.means == "tells":
                    said = f'the answer "{answer.answer}" tells staff, and {rule.rule} does not say at which level'
                    yield ("help", number), said, expected


def _need(rule: Rule) -> str:
    """What a rule watches for that somebody may need help with; empty where it is none."""
    match rule.when:
        case Nothing():
            return "waits for a sign of life that does not come"
        case Expected():
            return f"waits for what does not come by {rule.when.by}"
        case Held() | Repeated() if rule.kind in OF_THE_PERSON:
            return f"watches how long or how often: {_plain(rule.kind)} {rule.value}"
        case Changes() if rule.kind in OF_THE_PERSON and any(holds(rule)):
            return f"watches how long it lasts: {_plain(rule.kind)} {rule.value}"
    return ""


def _settles_itself(rule: Rule) -> _Refusals:
    """A run must not be settled by what started it, nor by its own help: it would end as if all were well."""
    if rule.otherwise is None:
        return
    own = {order for _, order in orders(rule)}
    for number, settles in enumerate(rule.settled_by):
        at: At = ("settled_by", number)
        if not settles.device:
            continue
        if _is_the_trigger(rule, settles):
            yield at, f"{rule.rule} is settled by what starts it: nobody would ever be told", "another state"
        elif (settles.device, settles.value) in own and settles.kind in (Kind.LIGHT, Kind.SWITCH, Kind.COVER):
            said = f"{rule.rule} is settled by its own help, {settles.device} {settles.value}: nobody would be told"
            yield at, said, "what the resident does"


def _answered_by_what_calls(lives: _Home, rule: Rule) -> _Refusals:
    """What calls for help answers nothing, but for the second button of the resident's own pendant; and that never ends
    what is urgent: who fell and presses the wrong button would have sent staff away."""
    for at, ask, device in _asked_on_what_calls(lives, rule):
        if refused := second.unfit(device, rule.resident, lives.home.devices):
            yield at, *refused
        for answer in second.silences(rule, ask):
            if second.is_never_given(rule, answer):
                said = f'"{device.name}" calls for help and cannot settle what is urgent, as "{answer.answer}" does'
                yield at, said, "an answer that tells or is kept, another button, or another level"


def _asked_on_what_calls(lives: _Home, rule: Rule) -> Iterator[tuple[At, Ask, Placed]]:
    for number, step in enumerate(rule.help):
        device = lives.devices.get(step.button) if isinstance(step, Ask) else None
        if isinstance(step, Ask) and device is not None and CALLS & {device.purpose}:
            yield ("help", number, "ask", "button"), step, device


def _is_the_trigger(rule: Rule, settles: Settles) -> bool:
    if (settles.device, settles.kind) != (rule.device, rule.kind):
        return False
    if isinstance(rule.when, Beyond):
        above, below = rule.when.above, rule.when.below
        over = above is not None and (settles.above is not None or _reaches(settles.below, above))
        under = below is not None and (settles.below is not None or _reaches(below, settles.above))
        return over or under
    return isinstance(rule.when, Changes | Held | Repeated) and settles.value == rule.value


def _reaches(upper: float | None, lower: float | None) -> bool:
    """Whether what is below the one may be above the other."""
    return upper is not None and lower is not None and upper > lower


# -- what the resident refused ----------------------------------------------------------------------------------------


SENSED_BY: dict[str, str] = {
    Kind.TEMPERATURE: "temperature_c",
    Kind.HUMIDITY: "humidity_pct",
    Kind.POWER: "power_w",
    Kind.BATTERY: "battery_pct",
}
"""What a plan calls the sensing of a kind, where it has another word than the kind or what the device is for."""


def _watches_what_was_refused(lives: _Home, resident: Resident, rule: Rule) -> _Refusals:
    said_already: set[tuple[str, str]] = set()
    for at, fact in watched(rule):
        for other in _seen_by(lives, resident, fact):
            refused = [word for word in _sensings(lives, fact) if other.senses.get(word) == "refused"]
            if refused and (fact.device, other.resident) not in said_already:
                said_already.add((fact.device, other.resident))
                said = f'{rule.rule} watches {fact.device}: {other.known_as} has refused "{refused[0]}"'
                yield at, said, f"what {other.known_as} has accepted"


def _sensings(lives: _Home, fact: Fact) -> list[str]:
    """The words by which a plan may accept or refuse what a device senses."""
    device = lives.devices.get(fact.device)
    purpose = [str(device.purpose)] if device is not None else []
    return list(dict.fromkeys([*purpose, str(fact.kind), SENSED_BY.get(fact.kind, str(fact.kind))]))


def _seen_by(lives: _Home, resident: Resident, fact: Fact) -> Iterator[Resident]:
    """Those a device sees: the rule's resident, and whoever shares the room, where it is tied to nobody."""
    device = lives.devices.get(fact.device)
    for other in lives.home.residents:
        shares = device is not None and device.person is None and device.place == other.room != ""
        if other.resident == resident.resident or shares:
            yield other


# -- two rules over one device ----------------------------------------------------------------------------------------


def orders(rule: Rule) -> Iterator[tuple[int, tuple[str, str]]]:
    """What a rule orders of which device, and how long after its run began: `("room-012-light", "on")`."""
    for after_s, step in zip(offsets(rule), rule.help, strict=True):
        for one in step.steps if isinstance(step, Scene) else (step,):
            order = _order(one)
            if order is not None:
                yield after_s, order


def _order(step: Step) -> tuple[str, str] | None:
    match step:
        case Light(device=device, brightness_pct=brightness):
            return device, "on" if brightness > 0 else "off"
        case Switch(socket=device, on=on):
            return device, "on" if on else "off"
        case Cover(cover=device, position_pct=position):
            return device, {0: "closed", 100: "open"}.get(position, f"at {position} %")
    return None


def _fights(lives: _Home) -> Iterator[Unproved]:
    """Pairs of rules that may order one device two ways at one moment, told of the later one.

    Two rules of one resident do where the same thing starts both. Of two residents who share a device, one must not
    switch off what helps the other, whatever starts it, unless their hours keep them apart.
    """
    every = [(rule, list(orders(rule))) for one in lives.home.residents for rule in one.rules]
    by_device: dict[str, list[tuple[Rule, int, str]]] = {}
    told: set[tuple[str, str, str, str, str]] = set()
    for rule, its_orders in every:
        for after_s, (device, wanted) in its_orders:
            for other, other_s, other_wanted in by_device.get(device, ()):
                pair = (other.resident, other.rule, rule.resident, rule.rule, device)
                if wanted == other_wanted or pair in told or not _meet(lives, other, other_s, rule, after_s):
                    continue
                told.add(pair)
                yield _fight(lives, rule, other, f"{device} {wanted}", other_wanted)
            by_device.setdefault(device, []).append((rule, after_s, wanted))


def _fight(lives: _Home, rule: Rule, other: Rule, wants: str, other_wants: str) -> Unproved:
    whose = "" if other.resident == rule.resident else f" of {lives.names.get(other.resident, other.resident)}"
    decided = _rank(rule) != _rank(other)
    stronger = rule if _rank(rule) > _rank(other) else other
    ends = f": {stronger.rule} is the stronger and has its way" if decided else ""
    what = f"{rule.rule} wants {wants} while {other.rule}{whose} wants it {other_wants}{ends}"
    expected = "" if decided else "one of them, hours that keep them apart, or different levels"
    return Unproved(resident=rule.resident, rule=rule.rule, at=("help",), what=what, expected=expected, warning=decided)


def _rank(rule: Rule) -> int:
    return RANK[rule.otherwise.level] if rule.otherwise is not None else 0


def _meet(lives: _Home, one: Rule, one_s: int, two: Rule, two_s: int) -> bool:
    """Whether both may give their orders at about one moment, whatever their residents choose."""
    choices = [lives.choices.get(rule.resident, ()) for rule in (one, two)]
    if one.resident != two.resident:
        return hours_meet(one, two, *choices)
    return meet(one, one_s, two, two_s, choices[0])


# -- what the home should know ----------------------------------------------------------------------------------------


def _warned(lives: _Home, resident: Resident, rule: Rule) -> Iterator[tuple[At, str]]:
    for at, fact in watched(rule):
        if any(resident.senses.get(word) == "withdrawn" for word in _sensings(lives, fact)):
            yield at, f"{rule.rule} rests: {resident.known_as} has withdrawn what {fact.device} senses"
            break
    for at, ask, device in _asked_on_what_calls(lives, rule):
        for answer in second.silences(rule, ask) if rule.otherwise and rule.otherwise.level is Level.CHECK else ():
            said = f'"{device.name}" settles this as "{answer.answer}", also pressed by somebody on the floor'
            yield at, f"{said}: an answer that is kept is safer"
    yield from _held_unagreed(rule)


def _held_unagreed(rule: Rule) -> Iterator[tuple[At, str]]:
    if rule.otherwise is None or rule.delay_agreed is not None:
        return
    level, lasts = rule.otherwise.level, lasts_s(rule)
    of_a_person = _is_held(rule, OPPOSITE_IS_SAFE)
    of_a_thing = isinstance(rule.when, Held) and _is_held(rule, LEFT_SO)
    if (of_a_person and lasts > UNAGREED_HELD_S) or (of_a_thing and lasts > LONGEST_DELAY_S[level]):
        what = f"{_plain(rule.kind)} {rule.value} is told only after {plainly(lasts * 1000)}, as {level}"
        yield ("when",), f"{rule.rule}: {what}, and nobody has named the risk: a shorter held_for, or delay_agreed"


def _plain(kind: str) -> str:
    return kind.replace("_", " ")
