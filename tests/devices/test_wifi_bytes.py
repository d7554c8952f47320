"""Any bytes on the real topics of Shelly, Tasmota and the Bluetooth gateways: events, nothing, or a reason."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from devices.adapter import Description, Message
from devices.catalogue import Catalogue

TOPICS = (
    *("shellies/announce", "shellies/x/info", "shellies/x/status", "shellies/x/input_event/0", "shellies/x/input/1"),
    *("shellies/x/relay/0", "shellies/x/relay/0/power", "shellies/x/roller/0/pos", "shellies/x/sensor/gas"),
    *("shellies/x/online", "shellies/x/ext_temperature/0", "shellies/x/light/0/status", "shellies/x/thermostat/0"),
    *("shellyx/events/rpc", "shellyx/status/switch:0", "shellyx/online", "shellyx/rpc", "a/b/events/rpc", "a/b/rpc"),
    *(
        "stat/x/RESULT",
        "stat/x/POWER",
        "tele/x/SENSOR",
        "tele/x/LWT",
        "x/tele/STATE",
        "cmnd/x/POWER",
        "a/x/stat/POWER2",
    ),
    *("tasmota/discovery/0A/config", "tasmota/discovery/0A/sensors", "home/g/BTtoMQTT/A4C138010203", "home/g/LWT"),
    *("home/g/433toMQTT", "home/g/SRFBtoMQTT", "home/g/RTL_433toMQTT/x", "home/g/IRtoMQTT", "stat/", "/stat/", "//rpc"),
)
PIECES = st.sampled_from(
    [b"", b"{", b"}", b"[", b"]", b'"', b"1", b"-1", b"true", b"on", b"\xff", b"\x00", b"ON", b"null"]
)
PAYLOADS = st.binary(max_size=60) | st.lists(PIECES, max_size=8).map(b"".join)
CATALOGUE = Catalogue()


@given(topic=st.sampled_from(TOPICS), payload=PAYLOADS, retain=st.booleans())
def test_any_bytes_on_a_real_topic_give_events_or_nothing_or_a_reason(topic: str, payload: bytes, retain: bool) -> None:
    """It never raises, and the same message with the same knowledge always decodes alike."""
    adapter = CATALOGUE.adapter_for(topic)
    assert adapter is not None
    known: dict[str, Description] = {}
    for _ in range(2):
        decoded = adapter.decode(Message(topic, payload, retain=retain), known)
        assert adapter.decode(Message(topic, payload, retain=retain), known) == decoded
        assert decoded.error is None or not (decoded.events or decoded.learned)
        known.update((item.device, item) for item in decoded.learned)
