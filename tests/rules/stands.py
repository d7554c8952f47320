"""What staff may say about where a resident stands with the plan, at any time of any history."""

from hypothesis import strategies as st

from rules.inputs import Asked

SAID_OF_A_RESIDENT = ("away", "back", "visit", "not_now", "looked", "change_of_condition", "gone")
USUAL = ("visit", "visit", "away", "back", "looked", "not_now")
STANDS = st.builds(
    Asked,
    id=st.integers(1_000, 10**9).map(str),
    client=st.sampled_from(["dashboards", "dashboards", "room-012"]),
    do=st.sampled_from([*USUAL * 2, "change_of_condition", "gone"]),
    by=st.sampled_from(["carer-1", "nurse-1"]),
    resident=st.sampled_from(["margaret", "margaret", "ruth"]),
    reason=st.sampled_from(["hospital", "family", "died"]),
    until_s=st.sampled_from([60, 3_600, 10**6]),
)
"""Margaret is away, visited, back, looked after; seldom gone."""
