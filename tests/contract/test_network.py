"""The network between a running hub and its broker goes half open, then dead, then whole; DESIGN §4 holds."""

from __future__ import annotations

from pathlib import Path

import orjson

from tests.contract.home_parts import DEADLINE_S, TOP, RunningHome, home_with, stranger
from tests.hub.http_parts import Answers, answering
from tests.parts import Mosquitto, until
from tests.wire_proxy import DOWN, UP, WireProxy

NOTICED_S = 40.0
"""A generous deadline. The hub notices after 7.5 s at most; Mosquitto looks every 5 s and speaks the will after 13."""
LADDER = """
ladders:
  emergency:
    rungs:
      - {after: 0 s, tell: [zone]}
      - {after: 6 s, tell: [shift, manager]}
    repeat: 5 min
    attend_within: 2 min
"""


def with_phones(home: RunningHome, answers: Answers) -> None:
    """Carer 1 and the manager have a phone that rings without the broker."""
    home.edit("home.yaml", lambda text: text + LADDER)
    (home.folder / "secrets").mkdir(exist_ok=True)
    for person in ("carer-1", "manager-1"):
        secret = home.folder / "secrets" / f"{person}.url"
        secret.write_text(f"json://127.0.0.1:{answers.port}/{person}")
        secret.chmod(0o600)
        line = f"    channels: [{{url_file: secrets/{person}.url, deadline: 20 s}}]\n"
        home.edit("staff.yaml", lambda text, p=person, add=line: text.replace(f"- id: {p}\n", f"- id: {p}\n{add}", 1))  # type: ignore[misc]


def rang(answers: Answers, person: str, resident: str) -> int:
    """How often a person's phone rang for a resident."""
    calls = zip(answers.headers, answers.bodies, strict=False)
    return sum(f"/{person} " in head and resident in str(orjson.loads(body)) for head, body in calls)


async def test_a_press_is_heard_told_and_not_doubled_while_the_network_dies_half_by_half(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """Its acknowledgement lost, phones and ladders go on, the broker says lost, and what came meanwhile comes once."""
    async with WireProxy(mosquitto.port) as wire, answering() as answers, stranger(mosquitto.port) as me:
        with home_with(tmp_path / "home", mosquitto, 4, wire.port) as home:
            with_phones(home, answers)
            home.start()
            await me.is_ready()
            await me.press("001", 1)
            first = await me.line("raised", device="room-001-pendant")
            await until(lambda: rang(answers, "carer-1", "Resident 001"), DEADLINE_S)

            wire.swallow(UP)
            await me.press("002", 2)
            await until(lambda: rang(answers, "carer-1", "Resident 002"), DEADLINE_S)
            assert me.log(device="room-002-pendant") == []

            wire.swallow(DOWN)
            await me.press("003", 3)
            await until(lambda: rang(answers, "manager-1", "Resident 001"), DEADLINE_S)
            await until(lambda: me.state == "lost", NOTICED_S)
            await me.press("004", 4)

            wire.heal()
            await until(lambda: me.state == "ready", NOTICED_S)
            for room in ("002", "003", "004"):
                await me.line("raised", device=f"room-{room}-pendant")
            await me.line("climbed", alert=first["alert"])
            await me.press("001", 5)
            await me.line("pressed", device="room-001-pendant", stamp="5")
            lines = {str(line["seq"]): line for line in me.log("raised", "pressed") if line.get("stamp")}
            assert sorted(str(line["stamp"]) for line in lines.values()) == ["1", "2", "3", "4", "5"]
            alert = (await me.line("raised", device="room-002-pendant"))["alert"]
            await until(lambda: me.on(f"{TOP}/alert/{alert}"), DEADLINE_S)
            assert {shown["presses"] for shown in me.on(f"{TOP}/alert/{alert}")} == {1}
            assert home.stop() == 0
            assert "has not answered for 7.5 s" in home.said
            assert "Traceback" not in home.said
