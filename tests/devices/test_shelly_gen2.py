"""Shelly with RPC: recognised by shape, presses in three messages, BLU devices whose values need their meaning."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.adapter import Decoded, Description, Message, Refused
from devices.catalogue import Catalogue
from devices.commands import Command, SetCover, SetTemperature, Sound, TurnOff, TurnOn
from devices.events import Event, Kind
from devices.shelly_gen2 import ShellyGen2

ADAPTER = ShellyGen2()
GATEWAY = "shellyblugwg3-34cdb07a5512"
AT_S = 1795312800.25
Known = dict[str, Description]


def hear(topic: str, payload: object, known: Known | None = None) -> Decoded:
    """What a message says; what it introduces is known from here on."""
    body = payload if isinstance(payload, bytes) else orjson.dumps(payload)
    decoded = ADAPTER.decode(Message(topic, body), known if known is not None else {})
    if known is not None:
        known.update((item.device, item) for item in decoded.learned)
    return decoded


def event(
    prefix: str, name: str, component: str, at_s: float = AT_S, known: Known | None = None, **more: object
) -> Decoded:
    """One event of a NotifyEvent."""
    row = {"component": component, "event": name, "ts": at_s, **more}
    frame = {"src": prefix, "dst": f"{prefix}/events", "method": "NotifyEvent", "params": {"ts": at_s, "events": [row]}}
    return hear(f"{prefix}/events/rpc", frame, known)


def status(prefix: str, known: Known | None = None, **parts: object) -> Decoded:
    """A NotifyStatus; `__` in a name stands for the colon."""
    params = {"ts": AT_S, **{name.replace("__", ":"): said for name, said in parts.items()}}
    return hear(f"{prefix}/events/rpc", {"src": prefix, "method": "NotifyStatus", "params": params}, known)


def answer(gateway: str, result: object, known: Known) -> Decoded:
    """A gateway's answer to somebody's question."""
    return hear("somebody/rpc", {"id": 1, "src": gateway, "dst": "somebody", "result": result}, known)


def kinds(events: tuple[Event, ...]) -> list[tuple[Kind, object]]:
    """Kind and value of each event."""
    return [(one.kind, one.value) for one in events]


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("esp-node/status/led", b'{"on":true}'),
        ("node/status/switch:0", b"ON"),
        ("node/status/switch:0", b'{"id":1,"output":true}'),
        ("node/online", b"true"),
        ("node/online", b"yes"),
        ("shellyplus1-aa/online", b"maybe"),
        ("node/events/rpc", b"no json"),
        ("node/events/rpc", b'{"method":"NotifyEvent"}'),
        ("node/events/rpc", b'{"method":"Other","params":{}}'),
        ("node/rpc", b"\xff"),
        ("node/rpc", b'{"result":[]}'),
        ("node/command", b"do"),
        ("shelly/whatever/else", b"x"),
    ],
)
def test_what_is_not_a_shellys_is_nobodys(topic: str, payload: bytes) -> None:
    """Others use the same words; nothing of theirs is read, and nothing goes to quarantine."""
    found = Catalogue().adapter_for(topic)
    assert found is not None
    assert found.name == "shelly_gen2"
    assert hear(topic, payload) == Decoded()
    other = Catalogue().adapter_for("esp-node/status")
    assert other is not None
    assert other.name == "esphome"


def test_other_ecosystems_are_found_before_shapes() -> None:
    """A Zigbee device called `status` and a first-generation Shelly keep their adapter."""
    names = {
        "zigbee2mqtt/status/x": "zigbee2mqtt",
        "zigbee2mqtt/online": "zigbee2mqtt",
        "shellies/shelly1-1/online": "shelly_gen1",
        "tele/plug/online": "tasmota",
        "kitchen/online": "shelly_gen2",
        "wing/kitchen/events/rpc": "shelly_gen2",
        "shelly/kitchen": "shelly_gen2",
    }
    found = {topic: Catalogue().adapter_for(topic) for topic in names}
    assert {topic: adapter.name if adapter else None for topic, adapter in found.items()} == names


def test_a_broken_frame_of_a_known_shelly_is_a_reason() -> None:
    """It goes to quarantine: a press may have been in it."""
    assert hear("shellyplus1-aa/events/rpc", b'{"method":').error
    known: Known = {}
    status("kitchen", known, switch__0={"id": 0, "output": True})
    assert hear("kitchen/events/rpc", b"{", known).error


def test_one_press_of_an_input_is_told_three_times_and_counts_once() -> None:
    """The first sign has no name and the gesture has one, so that the second takes its place; the end is no press."""
    (down,), (up,), (push,) = (
        event("shellyplusi4-1", name, "input:1", AT_S + later).events
        for name, later in (("btn_down", 0.0), ("btn_up", 0.1), ("single_push", 0.4))
    )
    assert (down.press, up.press, push.press) == (True, False, True)
    assert (down.kind, up.kind, push.kind) == (Kind.BUTTON, Kind.OTHER, Kind.BUTTON)
    assert down.press_id is None
    assert push.press_id is not None
    assert down.at_ms is not None
    assert push.at_ms is not None
    assert push.at_ms - down.at_ms < down.repeat_window_ms


def test_two_gestures_are_two_presses() -> None:
    """Each is named by its time."""
    (one,), (two,) = (event("shellyplusi4-1", "single_push", "input:0", AT_S + later).events for later in (0.0, 0.6))
    assert one.press_id != two.press_id


def test_a_clock_that_was_never_set_names_no_press() -> None:
    """Seconds since the start come again after the next start."""
    (pressed,) = event("shellyplusi4-1", "single_push", "input:0", 12.5).events
    assert (pressed.press_id, pressed.at_ms, pressed.stamp) == (None, None, "12.5")


def test_a_device_is_introduced_by_what_it_speaks_of() -> None:
    """Its components are its parts; a smoke alarm is urgent from then on; nothing is learned twice."""
    known: Known = {}
    status("shellyplussmoke-1", known, smoke__0={"id": 0, "alarm": False})
    item = known["shelly/shellyplussmoke-1"]
    assert (item.kind, item.can_call, item.model) == (Kind.SMOKE, True, "shellyplussmoke")
    assert "shellyplussmoke-1/events/rpc" in item.topics
    assert status("shellyplussmoke-1", known, smoke__0={"id": 0, "alarm": True}).learned == ()


def test_an_sos_device_by_name_can_call_with_its_first_press() -> None:
    """A prefix that says what it is for makes its buttons urgent."""
    known: Known = {}
    event("room-12-sos", "single_push", "input:0", known=known)
    assert known["shelly/room-12-sos"].can_call
    event("kitchen", "single_push", "input:0", known=known)
    assert not known["shelly/kitchen"].can_call


def test_availability_is_believed_of_a_shelly_only() -> None:
    """By the name it came with, or because it was heard before."""
    known: Known = {}
    assert hear("hall/online", b"false", known) == Decoded()
    status("hall", known, switch__0={"id": 0, "output": False})
    assert kinds(hear("hall/online", b"false", known).events) == [(Kind.AVAILABILITY, "offline")]
    assert kinds(hear("wing/shellyplus1-1/online", b"true").events) == [(Kind.AVAILABILITY, "online")]


def test_a_gateway_takes_what_it_hears_for_others_with_it() -> None:
    """They named it as their gateway, so its own will is enough."""
    known: Known = {}
    event(GATEWAY, "single_push", "bthomedevice:200", known=known, idx=0)
    assert known[f"shelly/{GATEWAY}/bthomedevice:200"].gateway == f"shelly/{GATEWAY}"
    gone = hear(f"{GATEWAY}/online", b"false", known).events
    assert [one.device for one in gone] == [f"shelly/{GATEWAY}"]


def test_a_gateway_that_was_known_before_it_was_named_is_named_with_the_next_word() -> None:
    """A ledger of an older version knows the button and not what it hangs on."""
    known: Known = {}
    event(GATEWAY, "single_push", "bthomedevice:200", known=known, idx=0)
    child = f"shelly/{GATEWAY}/bthomedevice:200"
    known = {**known, child: replace(known[child], gateway="")}
    event(GATEWAY, "single_push", "bthomedevice:200", known=known, idx=0)
    assert known[child].gateway == f"shelly/{GATEWAY}"


def test_a_device_that_sleeps_says_how_often_it_wakes() -> None:
    """Then its silence is told after three times that, and not after the day of its class."""
    known: Known = {}
    frame = {"sys": {"wakeup_period": 7200}, "temperature:0": {"id": 0, "tC": 21.5}}
    said = {"src": "shellyplusht-a1", "method": "NotifyFullStatus", "params": {"ts": 1795312800.25, **frame}}
    hear("shellyplusht-a1/events/rpc", orjson.dumps(said), known)
    assert known["shelly/shellyplusht-a1"].checks_in_s == 7200


def test_a_bthome_value_means_nothing_until_its_configuration_is_heard() -> None:
    """A number of a sensor is kept as it is; then it is a window, a motion or a low battery of its own device."""
    known: Known = {}
    (unknown,) = status(GATEWAY, known, bthomesensor__201={"id": 201, "value": True}).events
    assert (unknown.kind, unknown.value, unknown.field) == (Kind.OTHER, True, "bthomesensor:201")
    components = [{"key": "bthomedevice:200", "config": {"id": 200, "addr": "7c:c6:b6:00:00:01", "name": "SOS bath"}}]
    components += [
        {"key": f"bthomesensor:{201 + place}", "config": {"addr": "7C:C6:B6:00:00:01", "obj_id": number, "idx": 0}}
        for place, number in enumerate((45, 33, 21, 41, 31, 60))
    ]
    answer(GATEWAY, {"components": components}, known)
    said = {f"bthomesensor__{201 + place}": {"value": True} for place in range(6)}
    child = f"shelly/{GATEWAY}/bthomedevice:200"
    events = status(GATEWAY, known, **said).events
    assert kinds(events) == [
        (Kind.CONTACT, "open"),
        (Kind.MOTION, True),
        (Kind.BATTERY, "low"),
        (Kind.SMOKE, True),
        (Kind.LOCK, "unlocked"),
    ]
    assert {one.device for one in events} == {child}
    assert known[child].can_call


def test_a_configuration_may_come_piece_by_piece() -> None:
    """`BTHomeDevice.GetConfig`, `BTHomeSensor.GetConfig` and a page of a list each teach what they hold."""
    known: Known = {}
    answer(GATEWAY, {"id": 200, "addr": "7c:c6:b6:00:00:01", "name": "door", "key": None}, known)
    answer(GATEWAY, {"id": 203, "addr": "7c:c6:b6:00:00:01", "obj_id": 45, "idx": 0, "name": None}, known)
    answer(GATEWAY, {"bthomesensor:204": {"id": 204, "addr": "7c:c6:b6:00:00:01", "obj_id": 1, "idx": 0}}, known)
    heard = status(GATEWAY, known, bthomesensor__203={"value": False}, bthomesensor__204={"value": 55}).events
    assert kinds(heard) == [(Kind.CONTACT, "closed"), (Kind.BATTERY, 55)]
    again = answer(GATEWAY, {"id": 203, "addr": "7c:c6:b6:00:00:01", "obj_id": 45, "idx": 0, "name": None}, known)
    assert again == Decoded()


def test_a_gateway_with_a_prefix_of_its_own_is_found_by_its_id() -> None:
    """An answer names the id; what was heard under the prefix says whose it is."""
    known: Known = {}
    row = {"component": "bthomedevice:200", "event": "single_push", "ts": AT_S, "idx": 0}
    frame = {"src": GATEWAY, "method": "NotifyEvent", "params": {"ts": AT_S, "events": [row]}}
    hear("wing-a/gateway/events/rpc", frame, known)
    answer(GATEWAY, {"id": 200, "addr": "7c:c6:b6:00:00:01", "name": "SOS room 3"}, known)
    child = known["shelly/wing-a/gateway/bthomedevice:200"]
    assert (child.name, child.can_call) == ("SOS room 3", True)


def test_a_script_on_any_gateway_speaks_of_the_same_blu_device() -> None:
    """The address is the device's own, and no name of a press: two gateways hear one press at their own times."""
    data = {"BTHome_version": 2, "pid": 4, "button": 1, "address": "b4:35:22:fe:10:aa"}
    (one,), (two,) = (
        event(gateway, "shelly-blu", "script:1", AT_S + later, data=data).events
        for gateway, later in (("shellyplus1-1", 0.0), ("shellyplus1-2", 0.3))
    )
    assert one.device == two.device == "shelly/blu/b43522fe10aa"
    assert (one.value, one.press, one.press_id) == ("single_push", True, None)
    assert any(topic == "+/events/rpc" for topic in ADAPTER.topics_of(one.device))


def test_a_device_that_a_script_hears_is_introduced_once() -> None:
    """By what it says; and a script that calls its gateway by the prefix changes nothing of the gateway."""
    known: Known = {}
    status("kitchen", known, switch__0={"id": 0, "output": True})
    hear(
        "kitchen/events/rpc",
        {"src": "shellyplus1-a8032abe54dc", "method": "NotifyStatus", "params": {"input:0": {}}},
        known,
    )
    data = {"window": 1, "battery": 90, "address": "b4:35:22:fe:10:bb"}
    assert [item.kind for item in event("kitchen", "shelly-blu", "script:1", known=known, data=data).learned] == [
        Kind.CONTACT
    ]
    assert event("kitchen", "shelly-blu", "script:1", known=known, data=data).learned == ()
    assert known["shelly/kitchen"].text == "shellyplus1-a8032abe54dc"


@pytest.mark.parametrize(
    ("device", "wanted"),
    [
        ("shelly/kitchen", ("kitchen/events/rpc", "kitchen/status/+")),
        (f"shelly/{GATEWAY}/bthomedevice:200", (f"{GATEWAY}/events/rpc", f"{GATEWAY}/status/+")),
        ("shelly/wing/x", ("wing/x/events/rpc", "wing/x/status/+")),
        ("shelly/", ()),
        ("shelly", ()),
    ],
)
def test_presses_are_subscribed_to_where_they_come_from(device: str, wanted: tuple[str, ...]) -> None:
    """Below its own prefix, or its gateway's."""
    assert ADAPTER.topics_of(device) == wanted


def frames(command: Command, known: Known) -> list[dict[str, object]]:
    """The RPC frames a command becomes; each is nothing as it passes by."""
    sent = ADAPTER.encode(command, known)
    assert not isinstance(sent, Refused), sent
    assert all(hear(message.topic, message.payload) == Decoded() for message in sent)
    assert all(message.topic == "lamp/rpc" for message in sent)
    return [orjson.loads(message.payload) for message in sent]


@pytest.mark.parametrize("component", ["switch", "light", "rgb", "rgbw", "cct"])
@pytest.mark.parametrize("on", [True, False])
def test_what_is_told_is_what_the_status_says(component: str, on: bool) -> None:
    """There and back: the component is set, and its status afterwards is the state that was wanted."""
    known: Known = {}
    status("lamp", known, **{f"{component}__1": {"id": 1, "output": not on}})
    command: Command = TurnOn(device="shelly/lamp") if on else TurnOff(device="shelly/lamp")
    (frame,) = frames(command, known)
    params = frame["params"]
    assert isinstance(params, dict)
    (said,) = status("lamp", known, **{f"{component}__1": {"id": params["id"], "output": params["on"]}}).events
    assert said.value == ("on" if on else "off")


def test_a_light_and_a_cover_are_told_all_at_once() -> None:
    """Brightness, warmth, transition; a word or a place."""
    known: Known = {}
    status("lamp", known, cct__0={"id": 0, "output": False}, cover__0={"id": 0, "state": "open"})
    wish = TurnOn(device="shelly/lamp", brightness_pct=40, color_temp_k=2700, transition_s=1.5)
    (light,) = frames(wish, known)
    assert light["params"] == {"id": 0, "on": True, "brightness": 40, "ct": 2700, "transition_duration": 1.5}
    assert frames(SetCover(device="shelly/lamp", move="stop"), known)[0]["method"] == "Cover.Stop"
    place = frames(SetCover(device="shelly/lamp", position_pct=30), known)[0]
    assert (place["method"], place["params"]) == ("Cover.GoToPosition", {"id": 0, "pos": 30})
    warm = frames(SetTemperature(device="shelly/lamp", celsius=20.5), {})[0]
    assert warm["params"] == {"id": 0, "config": {"target_C": 20.5}}


@pytest.mark.parametrize(
    "command",
    [
        TurnOn(device="shelly/plug", brightness_pct=40),
        TurnOn(device="shelly/sensor"),
        TurnOn(device="shelly/light", color_temp_k=2700),
        TurnOn(device="shelly/light", brightness_pct=0),
        TurnOn(device="shelly/light", transition_s=-1),
        SetCover(device="shelly/plug", move="open"),
        SetCover(device="shelly/new"),
        SetCover(device="shelly/new", position_pct=float("nan")),
        SetTemperature(device="shelly/plug", celsius=20),
        SetTemperature(device="shelly/new", celsius=99),
        Sound(device="shelly/plug", duration_s=3),
        TurnOn(device="shelly/blu/b43522fe10aa"),
        TurnOn(device=f"shelly/{GATEWAY}/bthomedevice:200"),
        TurnOn(device="shelly/a/b/c"),
        TurnOn(device="kitchen"),
    ],
)
def test_what_it_cannot_do_is_refused_with_the_reason(command: Command) -> None:
    """In words that staff can read."""
    known: Known = {}
    status("plug", known, switch__0={"id": 0, "output": True})
    status("sensor", known, temperature__0={"id": 0, "tC": 20})
    status("light", known, light__0={"id": 0, "output": True})
    refused = ADAPTER.encode(command, known)
    assert isinstance(refused, Refused)
    assert refused.reason


words = st.sampled_from(
    [
        *(
            "switch:0",
            "input:0",
            "smoke:0",
            "bthomedevice:200",
            "bthomesensor:3",
            "cover:0",
            "script:1",
            "blu",
            "presence",
        ),
        *("devicepower:0", "id", "value", "alarm", "output", "state", "battery", "percent", "event", "data", "button"),
    ]
)
leaves = st.none() | st.booleans() | st.integers(-3, 300) | st.floats(allow_nan=False) | st.sampled_from(["open", "x"])
trees = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=5))
rows = st.fixed_dictionaries(
    {"component": words, "event": st.sampled_from(["single_push", "btn_up", "alarm", "x"]), "ts": leaves},
    optional={"idx": leaves, "data": trees, "id": leaves},
)


@given(tree=st.dictionaries(words, trees, max_size=6), events=st.lists(rows | trees, max_size=4), result=trees)
def test_any_frame_of_the_right_shape_is_read_without_an_exception(
    tree: dict[str, object], events: list[object], result: object
) -> None:
    """Whatever stands inside a notification or an answer, and whatever it introduced before."""
    known: Known = {}
    for method, params in (("NotifyStatus", tree), ("NotifyEvent", {"events": events}), ("NotifyFullStatus", tree)):
        decoded = hear("shellyx/events/rpc", {"src": "shellyx", "method": method, "params": params}, known)
        assert decoded.error is None
        assert all(one.device and (not one.press or one.repeat_window_ms) for one in decoded.events)
    assert answer("shellyx", result, known).error is None
    for name, said in tree.items():
        assert hear(f"shellyx/status/{name}", said, known).error is None
