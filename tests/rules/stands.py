"""What staff may say about where a resident stands with the plan, at any time of any history."""

from hypothesis import strategies as st

from devices.events import Event, Kind
from rules.inputs import Asked, Heard

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
UNPLUGGED = tuple(
    Heard(event=Event(device="zigbee2mqtt/room-012-bed", kind=Kind.AVAILABILITY, value=word))
    for word in ("offline", "online") * 2
)
"""A sensor is gone twice in a week: from here on it is asked who reconnected it."""
RECONNECTS = st.one_of(
    st.sampled_from(UNPLUGGED),
    st.builds(
        Asked,
        id=st.integers(1_000, 10**9).map(str),
        client=st.just("dashboards"),
        do=st.just("reconnected"),
        by=st.sampled_from(["carer-1", "nurse-1"]),
        device=st.sampled_from(["room-012-bed", "room-012-bed", "room-011-door"]),
        reason=st.sampled_from(["she asked for it", "she asked for it", ""]),
    ),
)
"""A sensor is unplugged again and again, and somebody says who reconnected it."""
