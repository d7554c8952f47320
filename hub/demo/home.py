"""The home of the demonstration: what `handrail new` writes, with names, a few more devices, and agreements for some.

The hub's own clocks stay real: ladders climb and claims lapse in real seconds. What a resident's plan waits for is a
length of that resident's night, so it is divided by the speed of the night, down to `LEAST_WAIT_S`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hub.clock import SystemClock
from hub.config.new import write_new
from hub.demo.ecosystems import place_all
from hub.screens import draw_code

SLUG = "willow-court"
DOOR_WAIT_S = 600
BED_WAIT_S = 900
LEAST_WAIT_S = 20
REVIEWED_DAYS = 90

STAFF = """\
# Who answers. Priya and Tom are simulated: they take what nobody else took for a while. Sign on at the board yourself.

staff:
  - {id: carer-1, name: Priya, role: carer, always: true}
  - {id: carer-2, name: Tom, role: carer, always: true}
  - {id: carer-3, name: Agnes, role: carer}
  - {id: nurse-1, name: Grace, role: nurse}
  - {id: manager-1, name: Mrs Shah, role: manager, always: true}
"""
SIMULATED = ("carer-1", "carer-2")
AGREED = """\

  # Only for the demonstration it holds at any hour and waits so briefly.
  - rule: out-of-bed
    why: {known_as} walks to the bathroom alone at night and likes to do it without company.
    bed: room-{room}-bed
    during: 00:00-23:59
    help:
      - light: {{device: room-{room}-light, brightness_pct: 30}}
      - say: The light is on. Take your time.
      - wait: {wait_s} s
    otherwise: {{level: check, say: "{known_as} has been up for {{for}}."}}
    delay_agreed: {{risk: walks steadily; no fall this year, by: "J. Shah, RN", on: 2026-01-12}}
"""
ASKED = """\

  # Written out: when it happens, help so, settled by this, otherwise tell staff. The question stands at /room/{room}.
  # Only for the demonstration it holds at any hour and waits so briefly.
  - rule: up-at-night
    why: {known_as} walks to the bathroom alone at night and likes to be asked before anybody comes.
    when: {{bed: empty}}
    help:
      - light: {{brightness_pct: 30}}
      - ask:
          text: Is all well, {{known_as}}?
          answers: [{{all is well: settles}}, {{please come: tells}}]
          within: {asked_s} s
      - wait: {waited_s} s
    settled_by: [{{bed: occupied}}, ok]
    otherwise: {{level: check, say: "{{known_as}} has been up for {{for}}."}}
    delay_agreed: {{risk: walks steadily; no fall this year, by: "J. Shah, RN", on: 2026-01-12}}

  # Reminders and invitations tell nobody, so they have no otherwise.
  - rule: way-to-the-bathroom
    why: {known_as} asked for it, half asleep as one is.
    when: {{light: on}}
    help:
      - show: {{words: "The bathroom is on the left.", picture: bathroom}}
    at_most: {{times: 12, within: 12 h}}
  - rule: tai-chi
    why: {known_as} likes tai chi.
    activity: tai-chi
    help:
      - ask: {{text: Tai chi is in a quarter of an hour. Shall we keep you a place?, answers: [yes please, not today]}}
  - rule: good-morning
    why: {known_as} asked to be woken, at a time chosen on the screen of the room.
    when: {{chosen: wake}}
    help:
      - light: {{brightness_pct: 40}}
      - say: Good morning, {known_as}.

goals: ["To walk to the bathroom by myself at night"]
likes: [tai chi]
agreement: {{by: resident, on: 2026-01-12, review_by: {review}, tried_first: a night light alone}}
senses: {{bed: accepted, door: accepted, light: accepted}}
choices:
  - {{choice: wake, ask: When would you like to be woken?, times: 06:30-09:30, usual: "07:30"}}
"""
ACTIVITIES = """
activities:
  - {activity: tai-chi, name: Tai chi, place: lounge, days: [mon, wed, fri], at: "10:30", lasts: 45 min}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """What the plans of this demonstration wait for, in real seconds."""

    door_s: int
    bed_s: int


def waits(speed: float) -> Waits:
    """The waits of plans for a night that passes so fast."""
    return Waits(
        door_s=max(LEAST_WAIT_S, round(DOOR_WAIT_S / speed)), bed_s=max(LEAST_WAIT_S, round(BED_WAIT_S / speed))
    )


def write_demo(folder: Path, *, rooms: int, broker: str, port: int, speed: float, all_ecosystems: bool = False) -> str:
    """Write the home; returns the house code of its screens."""
    wait = waits(speed)
    write_new(
        folder,
        rooms=rooms,
        slug=SLUG,
        broker=broker,
        residents_names=True,
        held_for=f"{wait.door_s} s",
        dashboards_port=port,
    )
    (folder / "staff.yaml").write_text(STAFF, encoding="utf-8")
    devices = ["  - {device: lounge-cord, address: zigbee2mqtt/lounge-cord, for: emergency, place: lounge}"]
    for number in range(1, rooms + 1):
        room = f"{number:03d}"
        if number % 2 == 0:
            address = f"zigbee2mqtt/room-{room}-call"
            devices.append(f"  - {{device: room-{room}-call, address: {address}, for: call, person: resident-{room}}}")
        if number % 3 == 0:
            text = ASKED if number % 6 == 0 else AGREED
            _agree(folder / "residents" / f"resident-{room}.yaml", text, room, wait.bed_s)
    with (folder / "devices.yaml").open("a", encoding="utf-8") as file:
        file.write("\n".join(["", *devices, ""]))
    with (folder / "home.yaml").open("a", encoding="utf-8") as file:
        file.write(ACTIVITIES)
    if all_ecosystems:
        place_all(folder)
    return draw_code(folder)


def _agree(plan: Path, more: str, room: str, wait_s: int) -> None:
    text = plan.read_text(encoding="utf-8")
    known_as = next(line.partition(": ")[2] for line in text.splitlines() if line.startswith("known_as: "))
    asked_s = wait_s // 2
    review = datetime.fromtimestamp(SystemClock().wall_ms() / 1000, UTC).date() + timedelta(days=REVIEWED_DAYS)
    words = {"known_as": known_as, "room": room, "review": review, "wait_s": wait_s}
    more = more.format(**words, asked_s=asked_s, waited_s=wait_s - asked_s)
    plan.write_text(text + more, encoding="utf-8")
