"""Where a resident stands with the plan, through a real hub: kept, answered, published, and not forgotten by a kill."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import orjson

from hub.ledger.read import Reader
from tests.hub.core_parts import PENDANT, PRESS, SLUG, Rig, rig
from tests.parts import until

WHO = "resident-001"


def screen(home: Rig, room: str) -> dict[str, Any]:
    """What a room's screen shows."""
    found: dict[str, Any] = orjson.loads(home.broker.retained[f"handrail/{SLUG}/room/{room}"])
    return found


def alerts(home: Rig) -> list[dict[str, Any]]:
    """The alerts that are open, as the broker shows them."""
    return [orjson.loads(body) for topic, body in home.broker.retained.items() if "/alert/" in topic]


async def test_what_was_said_of_a_resident_survives_kill_9(tmp_path: Path) -> None:
    """Away and a visit are rows: the hub that is started again knows them, and what fell due is told."""
    async with rig(tmp_path) as home:
        away = {"do": "away", "reason": "family", "until": 3600, "reviewed_by": "manager-1"}
        answer = await home.ask(id="1", by="carer-1", resident=WHO, **away)
        assert answer["ok"], answer["reason"]
        assert (await home.ask(id="2", do="visit", by="carer-2", room="002"))["ok"]
        await home.kill()
        await home.start()
        assert [row["resident"] for row in screen(home, "002")["visits"]] == ["resident-002"]
        await home.kill()
        home.clock.forward(7200 * 1000)
        await home.start()
        await until(lambda: any("is over" in one["reason"] for one in alerts(home)))
        await until(lambda: screen(home, "002")["visits"] == [])


async def test_who_died_is_not_named_after_a_kill_either(tmp_path: Path) -> None:
    """The press names the room, on the broker and on what the screens read; the file of the plan is untouched."""
    async with rig(tmp_path) as home:
        with closing(Reader(home.ledger)) as reader:
            before = reader.home()
        assert before is not None
        name = next(row.known_as for row in before.residents if row.resident == WHO)
        gone = {"do": "gone", "by": "carer-1", "resident": WHO, "reason": "died"}
        assert not (await home.ask(id="1", **gone))["ok"]
        assert (await home.ask(id="2", **gone))["ok"]
        await home.kill()
        await home.start()
        home.broker.say(PENDANT, PRESS)
        await until(lambda: any(one["level"] == "emergency" for one in alerts(home)))
        (alert,) = [one for one in alerts(home) if one["level"] == "emergency"]
        assert (alert["resident"], alert["place"], alert["reason"]) == (None, "001", "Room 1: pressed for help")
        with closing(Reader(home.ledger)) as reader:
            house, whole = reader.home(), reader.configuration()
            assert house is not None
            assert whole is not None
            assert WHO not in [row.resident for row in house.residents]
            assert WHO not in [row.resident for row in whole.residents]
            assert name not in str(reader.night(0, 0).alerts)
