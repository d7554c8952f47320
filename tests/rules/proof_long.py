"""The proof and the machine held against each other on as many plans as there is time for.

    python -m tests.rules.proof_long --plans 100000 --seed 7

Prints one JSON object: how many plans, how many of their runs ended with staff, settled, came late because the hub was
down, how many presses were told in their own step; how many choices residents made, how many runs came at a chosen time
and how many a choice began that would have skipped them. Stops at the first plan that contradicts its proof, and says
its seed.
"""

import argparse
import json
import random
import sys

from tests.rules.plans_at_random import ALL, RUN_NOW, Thrown
from tests.rules.proof_runs import run_at_random


def main() -> int:
    """Run them."""
    reading = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reading.add_argument("--plans", type=int, default=100_000)
    reading.add_argument("--seed", type=int, default=0)
    reading.add_argument("--all-forms", action="store_true", help="also those that the machine may not run yet")
    said = reading.parse_args()
    forms = ALL if said.all_forms else RUN_NOW
    of_run, of_choices = ("told", "settled", "late", "pressed", "answered"), ("made", "begun", "at_once")
    count = dict.fromkeys(("plans", "rules", *of_run, *of_choices), 0)
    for number in range(said.seed, said.seed + said.plans):
        try:
            run = run_at_random(Thrown(random.Random(number)), forms)
        except AssertionError as failed:
            print(f"--seed {number} --plans 1: {failed}", file=sys.stderr)
            return 1
        count["plans"] += 1
        count["rules"] += len(run.proved)
        for names, counted in ((of_run, run), (of_choices, run.chosen)):
            for name in names:
                count[name] += getattr(counted, name)
        if sys.stderr.isatty() and number % 100 == 0:
            print(f"\r{count['plans']} of {said.plans}", end="", file=sys.stderr)
    print(json.dumps(count))
    return 0


if __name__ == "__main__":
    sys.exit(main())
