"""Chance with a seed that is printed, and bytes changed by it the way cables, memory and bad programs change them."""

from __future__ import annotations

import os
import random

SEED = "HANDRAIL_FUZZ_SEED"
CI_SEED = "20261123"
"""In CI a red run means the change, so chance is the same there; at a desk it is another each time."""


def seeded() -> random.Random:
    """Another seed each time, but in CI; the one of a failure is printed with it and can be given again."""
    seed = (
        os.environ.get(SEED) or (CI_SEED if os.environ.get("CI") else "") or str(random.SystemRandom().randrange(10**9))
    )
    print(f"{SEED}={seed}")
    return random.Random(seed)


def mutated(rng: random.Random, data: bytes) -> bytes:
    """The same bytes with one to three misfortunes: flipped, set, put in, lost, said twice, cut short."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(changed) + 1)
        match rng.randrange(6):
            case 0 if at < len(changed):
                changed[at] ^= 1 << rng.randrange(8)
            case 1 if at < len(changed):
                changed[at] = rng.choice((0, 1, 127, 128, 255))
            case 2:
                changed[at:at] = rng.randbytes(rng.randint(1, 4))
            case 3:
                del changed[at : at + rng.randint(1, 4)]
            case 4:
                changed[at:at] = changed[at : at + rng.randint(1, 8)]
            case _:
                del changed[rng.randint(at, len(changed)) :]
    return bytes(changed)
