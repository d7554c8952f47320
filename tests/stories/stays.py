"""More words for stories: what staff say about where a resident stands with the plan."""

from dataclasses import replace
from typing import Any

from rules.effects import Answer, Did
from rules.home import Rule
from rules.state import Alert, Person
from tests.stories.house import House


class Stays(House):
    """A house whose residents go to hospital, are visited, and leave."""

    def says(self, do: str, by: str = "carer-1", **fields: Any) -> Answer:
        """Staff say something about a resident at the board, and it is done."""
        answer = self.ask(do, by=by, **fields)
        assert answer.ok, answer.reason
        return answer

    def away(self, resident: str, *, hours: float, why: str = "hospital", **fields: Any) -> None:
        """She is away for so long."""
        self.says("away", resident=resident, reason=why, until_s=int(hours * 3600), **fields)

    def is_back(self, resident: str) -> None:
        """She is back."""
        self.says("back", resident=resident)

    def visits(self, room: str, **fields: Any) -> None:
        """A carer taps *I am here* at the door, or taps it again."""
        self.says("visit", room=room, **fields)

    def has(self, how: str, resident: str) -> None:
        """She left, or died; said twice."""
        self.says("gone", resident=resident, reason=how, confirmed=True)

    def gets_up(self, room: str = "012") -> None:
        """The bed is empty."""
        self.device(f"room-{room}-bed", occupancy=False)

    def lies_down(self, room: str = "012") -> None:
        """The bed is occupied."""
        self.device(f"room-{room}-bed", occupancy=True)

    def opens_door(self, room: str = "012") -> None:
        """The door is open."""
        self.device(f"room-{room}-door", contact=False)

    def has_plan(self, resident: str, *rules: Rule, **changes: Any) -> None:
        """A changed plan is accepted."""
        if rules:
            changes["rules"] = rules
        changed = tuple(replace(one, **changes) if one.resident == resident else one for one in self.home.residents)
        self.configure(replace(self.home, residents=changed))

    def person(self, resident: str = "margaret") -> Person:
        """What the hub knows of a resident."""
        found = self.state.people.get(resident)
        assert found is not None
        return found

    def alerts_of(self, cause: str) -> list[Alert]:
        """The open alerts of one cause."""
        return [alert for alert in self.open if alert.cause == cause]

    def morning(self) -> str:
        """The manager's list of the next morning, empty where there is none."""
        before = len(self.logs(Did.LISTED, past=True))
        until = self.state.timers.rows["morning/all"].due_ms
        self.wait(seconds=(until - self.elapsed_ms) / 1000 + 1)
        return "; ".join(line.reason for line in self.logs(Did.LISTED, past=True)[before:])
