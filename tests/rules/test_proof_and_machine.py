"""The proof and the machine held against each other: random plans, random histories, and neither may be wrong.

`python -m tests.rules.proof_long --plans 100000` does the same for as long as there is time.
"""

import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.rules.plans_at_random import RUN_NOW, Drawn
from tests.rules.proof_runs import run_at_random


@settings(
    max_examples=500 * int(os.environ.get("MORE", "1")),
    deadline=None,
    derandomize=os.environ.get("CI") == "true",
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.data())
def test_no_plan_is_told_later_than_its_proof_says_and_no_run_is_without_an_end(data: st.DataObject) -> None:
    """Every emergency in its own step, every rule's alert within its bound, every rung at its time, every run ended."""
    run_at_random(Drawn(data.draw), RUN_NOW, most=18)
