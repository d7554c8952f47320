"""What `check` says of a plan that asks of its resident what she may not be able to do: warned, never refused."""

from pathlib import Path

import pytest

from tests.hub.plan_home import plan_of, read_plan

ASK = "- rule: r\n  why: x\n  when: {time: '15:00'}\n"
ASK += "  help: [{ask: {text: Tea?, answers: [a, b], button: room-012-button}}]\n"
ONE = ASK.replace("[a, b]", "[a]")
MANY = ASK.replace("[a, b]", "[a, b, c]").replace(", button: room-012-button", "")
SAY = "- rule: r\n  why: x\n  when: {time: '15:00'}\n  help: [{say: WORDS}]\n"
HOLD = "- rule: r\n  why: x\n  when: {button: hold, device: room-012-button}\n"
HOLD += "  otherwise: {level: request, say: Pressed.}\n"
CHARGED = "- rule: r\n  why: x\n  when: {time: '21:00'}\n  only_if: [{power_w: {below: 5}, device: room-012-charger}]\n"
CHARGED += "  help: [{show: Is it plugged in?}]\n"

WARNED: dict[str, tuple[str, str, list[str]]] = {
    "two answers by a button, a weak hand": (ASK, "{grip: reduced}", ["takes two quick presses of room-012-button"]),
    "one answer by a button, a weak hand": (ONE, "{grip: reduced}", []),
    "a button, no grip": (ONE, "{grip: none}", ["Margaret cannot press room-012-button"]),
    "a splint": (ASK, "{grip: aided}", []),
    "three answers, a weak hand": (MANY, "{grip: reduced}", ["has a grip that is reduced, and 3 answers are many"]),
    "three answers, a weak memory": (MANY, "{memory: reduced}", ["Margaret forgets, and 3 answers are many"]),
    "three answers": (MANY, "{speech: none}", []),
    "a gesture that is hard": (HOLD, "{grip: reduced}", ["Margaret's grip is reduced: hold is hard to press"]),
    "two sentences": (SAY.replace("WORDS", "Tea. Come along."), "{memory: none}", ["more than one sentence"]),
    "one sentence": (SAY.replace("WORDS", "Tea is at 3.30 today."), "{memory: none}", []),
    "nothing seen at night": (SAY, "{sight: none}", ["sees nothing and has not asked to be spoken to at night"]),
    "nothing seen, and spoken to": (
        SAY,
        "{sight: none, speech_at_night: {asked: 2026-10-01, heard: 2026-10-02}}",
        [],
    ),
    "nothing seen and nothing heard": (SAY, "{sight: none, hearing: none}", ["neither hears nor sees"]),
    "a scooter": (SAY, "{moves_with: mobility scooter}", ["no rule looks whether it is charged"]),
    "a scooter whose charger is looked at": (CHARGED, "{moves_with: scooter}", []),
    "a walker": (SAY, "{moves_with: walker}", []),
}


@pytest.mark.parametrize("name", WARNED)
def test_what_somebody_may_not_be_able_to_do_is_said(tmp_path: Path, name: str) -> None:
    """With its line, and the plan is accepted all the same."""
    rules, abilities, wanted = WARNED[name]
    reading = read_plan(tmp_path, plan_of(f"abilities: {abilities}\nrules:\n  " + rules.replace("\n  ", "\n    ")))
    assert reading.refused_plans == ()
    said = [str(warning) for warning in reading.warnings if warning.file == "residents/margaret.yaml"]
    assert len(said) == len(wanted), said
    for line, words in zip(said, wanted, strict=True):
        assert words in line
        assert line.startswith("residents/margaret.yaml:")
