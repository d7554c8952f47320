"""The homes that histories happen to: the village, and what may be odd about a home."""

from dataclasses import replace

from rules.alerting.levels import LADDERS, Ladder, Level, Rung, Who
from rules.home import Home, Times
from tests.rules.plan_parts import home_with
from tests.rules.planned import PLANNED, RULES
from tests.stories.village import village

VILLAGE = village()
SHORT = Ladder(
    rungs=(Rung(after_s=0, who=(Who.LEAD,)), Rung(after_s=5, who=(Who.SHIFT,))), repeat_s=7, attend_within_s=11
)
SILENT = replace(SHORT, repeat_s=0)
MOVED = replace(
    VILLAGE,
    zones=VILLAGE.zones[1:],
    residents=tuple(replace(one, room=VILLAGE.residents[n - 1].room) for n, one in enumerate(VILLAGE.residents)),
    staff=VILLAGE.staff[1:],
    devices=tuple(replace(one, person="joan") if one.person == "margaret" else one for one in VILLAGE.devices),
)
DAYTIME = replace(VILLAGE, times=Times(night_from="04:00", night_to="04:01"))
"""The same, where it is day whenever a history begins: pendants are walk-tested by day."""
HOMES: tuple[Home, ...] = (
    VILLAGE,
    PLANNED,
    home_with(*RULES[::2], shared_with="ada"),
    MOVED,
    replace(VILLAGE, residents=VILLAGE.residents[:2], devices=VILLAGE.devices[3:]),
    replace(VILLAGE, ladders=dict.fromkeys(Level, SHORT)),
    replace(VILLAGE, ladders={**LADDERS, Level.EMERGENCY: SILENT, Level.CALL: SHORT}),
    replace(VILLAGE, staff=tuple(replace(carer, always=True) for carer in VILLAGE.staff)),
    replace(VILLAGE, staff=(), zones=(), timezone="Middle/Earth"),
    Home(slug="", name="", timezone="America/St_Johns"),
)
