"""Who lives here: habits of nights and days, as different as people are. To add one, add a row to `CHARACTERS`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Character:
    """How somebody spends a night and a day. Pairs are the least and the most; times of day are local minutes."""

    name: str
    to_bed_min: int
    """Minutes after noon: 570 is half past nine in the evening."""
    sleeps_min: int
    ups: tuple[int, int]
    """How often out of bed in a night."""
    up_min: tuple[float, float]
    """For how many minutes each time."""
    calls: float
    """Calls in a night, on average."""
    emergency_pct: int
    """Of a hundred calls, those with the pendant's emergency."""
    leaves_pct: int
    """Of a hundred times up at night, those that lead out of the door."""
    door_open_min: tuple[float, float]
    """For how many minutes the door stays open each time."""


SOUND_SLEEPER = Character(
    name="sound sleeper",
    to_bed_min=585,
    sleeps_min=560,
    ups=(0, 1),
    up_min=(4, 9),
    calls=0.1,
    emergency_pct=40,
    leaves_pct=0,
    door_open_min=(0.1, 0.6),
)
WALKER = Character(
    name="walks to the bathroom alone",
    to_bed_min=570,
    sleeps_min=540,
    ups=(2, 4),
    up_min=(5, 14),
    calls=0.2,
    emergency_pct=30,
    leaves_pct=5,
    door_open_min=(0.1, 0.8),
)
WANDERER = Character(
    name="wanderer",
    to_bed_min=600,
    sleeps_min=430,
    ups=(3, 6),
    up_min=(10, 40),
    calls=0.2,
    emergency_pct=50,
    leaves_pct=70,
    door_open_min=(0.3, 6),
)
FREQUENT_CALLER = Character(
    name="frequent caller",
    to_bed_min=540,
    sleeps_min=500,
    ups=(1, 3),
    up_min=(4, 12),
    calls=4.5,
    emergency_pct=15,
    leaves_pct=5,
    door_open_min=(0.1, 1),
)
SCOOTER = Character(
    name="rides a scooter",
    to_bed_min=615,
    sleeps_min=500,
    ups=(0, 2),
    up_min=(12, 25),
    calls=0.4,
    emergency_pct=30,
    leaves_pct=20,
    door_open_min=(1.5, 14),
)
EARLY_RISER = Character(
    name="early riser",
    to_bed_min=510,
    sleeps_min=470,
    ups=(1, 2),
    up_min=(4, 10),
    calls=0.2,
    emergency_pct=30,
    leaves_pct=10,
    door_open_min=(0.1, 1),
)
NIGHT_OWL = Character(
    name="night owl",
    to_bed_min=720,
    sleeps_min=470,
    ups=(1, 3),
    up_min=(5, 20),
    calls=0.8,
    emergency_pct=20,
    leaves_pct=30,
    door_open_min=(0.2, 3),
)

CHARACTERS: tuple[tuple[Character, int], ...] = (
    (SOUND_SLEEPER, 9),
    (WALKER, 10),
    (WANDERER, 3),
    (FREQUENT_CALLER, 3),
    (SCOOTER, 4),
    (EARLY_RISER, 6),
    (NIGHT_OWL, 5),
)
"""Each with how many of forty residents are so."""
