"""Calls from devices of other ecosystems: one press is one call, a repeated flag is none, a camera never calls."""

from dataclasses import replace

import pytest

from devices.registry import Placed, Purpose, Supervision
from tests.stories.house import House

TTS = "v3/house@care/devices"
CHIRP = "application/7c1d/device"
TRACKER = f"{TTS}/tracker-7"


def place(home: House, address: str, purpose: Purpose, person: str | None = "margaret", at: str | None = None) -> None:
    """The device is placed as this."""
    row = Placed(
        device=address,
        name=address.rsplit("/", 1)[-1],
        person=person,
        place=at,
        purpose=purpose,
        supervision=Supervision.NONE,
    )
    home.configure(replace(home.home, devices=(*home.home.devices, row)))


def up(
    home: House, device: str, count: int, said: dict[str, object], *, retain: bool = False, addr: str = "26A1"
) -> None:
    """An uplink by The Things Stack, received now."""
    body = {
        "end_device_ids": {"device_id": device.rsplit("/", 1)[-1], "dev_addr": addr},
        "received_at": home.stamp,
        "uplink_message": {"f_port": 1, "f_cnt": count, "decoded_payload": said, "frm_payload": "AQ=="},
    }
    home.hear(f"{device}/up", body, retain=retain)


def position(home: House, count: int, *, sos: bool) -> None:
    """A tracker says where it is, and in its header whether its SOS is on."""
    up(
        home,
        TRACKER,
        count,
        {"header": {"sos": sos, "batteryLevel": 80, "type": "POSITION"}, "position": {"motion": 1}},
    )


def sos_on(home: House, count: int) -> None:
    """Its wearer holds the button."""
    note = {"notificationClass": "SOS", "notificationType": "SOS_ON"}
    up(home, TRACKER, count, {"header": {"sos": True, "batteryLevel": 80}, "notification": note})


def test_a_trackers_sos_is_one_call_until_it_is_cleared(home: House) -> None:
    """The flag stands in every uplink: off it calls nobody, on it calls once, and after its end it calls again."""
    place(home, TRACKER, Purpose.EMERGENCY)
    position(home, 1, sos=False)
    home.expect_quiet()
    sos_on(home, 2)
    home.expect("told", level="emergency", resident="margaret")
    for count in range(3, 8):
        home.wait(seconds=30)
        position(home, count, sos=True)
    assert home.alert.presses == 1
    home.close("carer-1")
    position(home, 8, sos=True)
    assert not home.open
    position(home, 9, sos=False)
    position(home, 10, sos=True)
    home.expect("told", level="emergency")


def test_an_sos_whose_end_was_never_heard_can_begin_again(home: House) -> None:
    """The uplink that clears it was lost in the air; the next SOS is told all the same."""
    place(home, TRACKER, Purpose.EMERGENCY)
    sos_on(home, 2)
    home.close("carer-1")
    home.wait(hours=1)
    sos_on(home, 40)
    home.expect("told", level="emergency", resident="margaret")


def test_a_button_that_is_also_sold_for_sos_rings_everybody_until_it_is_placed(home: House) -> None:
    """Its codes are those of the plain one: nobody has said what it is for, so its first press is told."""
    up(home, f"{TTS}/button-9", 1, {"battery": 90, "button_event": {"status": "short press"}})
    home.expect("told", level="emergency", resident=None)


def test_what_a_button_was_placed_for_overrides_what_it_looks_like(home: House) -> None:
    """The same button as a call button calls, and does not shout."""
    place(home, f"{TTS}/button-9", Purpose.CALL, at="012")
    up(home, f"{TTS}/button-9", 1, {"press": "short"})
    home.expect("told", level="call")


def test_two_frames_are_two_presses_and_one_frame_is_one(home: House) -> None:
    """LoRaWAN numbers its frames: what comes again is not a second call, and what comes at once after it is."""
    place(home, f"{TTS}/cord-3", Purpose.EMERGENCY, person=None, at="lounge")
    said: dict[str, object] = {"Device": "RB02I", "Volt": 3.1, "Alarm": 1}
    up(home, f"{TTS}/cord-3", 7, said)
    up(home, f"{TTS}/cord-3", 7, said)
    assert home.alert.presses == 1
    up(home, f"{TTS}/cord-3", 8, said)
    assert home.alert.presses == 2


def test_a_device_that_joined_again_counts_from_the_beginning_and_is_heard(home: House) -> None:
    """A new battery begins the numbers anew: the number of the last press may come again and is another press."""
    place(home, f"{TTS}/cord-3", Purpose.EMERGENCY, person=None, at="lounge")
    said: dict[str, object] = {"sos": True}
    up(home, f"{TTS}/cord-3", 3, said)
    home.close("carer-1")
    home.wait(minutes=30)
    up(home, f"{TTS}/cord-3", 3, said, addr="26B2")
    home.expect("told", level="emergency")


def test_a_node_that_begins_to_count_with_each_press_is_heard_each_time(home: House) -> None:
    """It forgets its number between presses and never joins: the minute tells its presses apart."""
    place(home, f"{TTS}/cord-3", Purpose.EMERGENCY, person=None, at="lounge")
    up(home, f"{TTS}/cord-3", 1, {"sos": True})
    home.close("carer-1")
    home.wait(minutes=2)
    up(home, f"{TTS}/cord-3", 1, {"sos": True})
    home.expect("told", level="emergency")


def test_a_fall_that_is_reported_on_is_one_fall(home: House) -> None:
    """The radar repeats what it sees; getting up and falling again is a second fall."""
    radar = f"{CHIRP}/24e124aa00000001"
    place(home, radar, Purpose.FALL, person=None, at="012")
    for count, status in enumerate(("normal", "fall", "fall", "fall")):
        home.hear(f"{radar}/event/up", {"fCnt": count, "data": "AQ==", "object": {"detection_status": status}})
    assert home.alert.presses == 1
    home.close("carer-1")
    for count, status in ((4, "normal"), (5, "fall")):
        home.hear(f"{radar}/event/up", {"fCnt": count, "data": "AQ==", "object": {"detection_status": status}})
    home.expect("told", level="emergency")


@pytest.mark.parametrize("place_kind", [None, "lounge"])
def test_somebody_before_a_camera_is_no_emergency(home: House, place_kind: str | None) -> None:
    """Whoever stands at the side door is seen, and nobody is called, placed or not; nor by a scream it hears."""
    if place_kind is not None:
        place(home, "frigate/side_door", Purpose.MOTION, person=None, at="corridor")
    person = {"camera": "side_door", "label": "person", "false_positive": False, "frame_time": 1}
    home.hear("frigate/events", {"type": "new", "before": person, "after": person})
    home.hear("frigate/side_door/person", "1")
    home.hear("frigate/side_door/audio/scream", "ON")
    home.hear("frigate/side_door/review_status", "ALERT")
    home.expect_quiet()


def test_a_cord_that_somebody_built_calls(home: House) -> None:
    """One press by its id, however often it is sent; the next id is the next press; a remembered one is none."""
    cord = "handrail-device/cord-012"
    home.hear(f"{cord}/about", {"name": "Cord 012", "kinds": ["emergency"]}, retain=True)
    home.hear(cord, {"kind": "emergency", "id": "41"}, retain=True)
    home.expect_quiet()
    place(home, cord, Purpose.EMERGENCY, at="012")
    home.hear(cord, {"kind": "emergency", "id": "42", "battery": 60})
    home.hear(cord, {"kind": "emergency", "id": "42", "battery": 60})
    home.expect("told", level="emergency", resident="margaret")
    assert home.alert.presses == 1
    home.hear(cord, {"kind": "emergency", "id": "43"})
    assert home.alert.presses == 2


def test_a_misspelt_key_does_not_silence_a_call(home: House) -> None:
    """The message is told, and what is wrong with it is kept beside it."""
    home.hear("handrail-device/cord-012", {"kind": "emergency", "Id": "42"})
    home.expect("told", level="emergency")


def test_a_homie_cord_calls_at_each_pull(home: House) -> None:
    """Its property is not retained: it is a thing that happens, and each time it does somebody pulled."""
    cord = "homie/cord-12"
    home.hear(f"{cord}/cord/sos/$datatype", "boolean", retain=True)
    home.hear(f"{cord}/cord/sos/$retained", "false", retain=True)
    home.hear(f"{cord}/cord/sos/set", "true")
    home.expect_quiet()
    home.hear(f"{cord}/cord/sos", "true")
    home.expect("told", level="emergency")
    home.wait(seconds=2)
    home.hear(f"{cord}/cord/sos", "true")
    assert home.alert.presses == 2


def test_a_homie_device_that_sleeps_is_not_lost(home: House) -> None:
    """Its own word is kept; only `lost` and `disconnected` are an alert of a device that was placed."""
    place(home, "homie/cord-12", Purpose.EMERGENCY)
    for word in ("init", "ready", "sleeping", "alert"):
        home.hear("homie/cord-12/$state", word)
        home.expect_quiet()
    home.hear("homie/cord-12/$state", "lost")
    home.expect("told", device="cord-12")


def test_frigate_that_stops_is_one_alert(home: House) -> None:
    """However many cameras it leaves without anybody who looks at them."""
    place(home, "frigate/side_door", Purpose.MOTION, person=None, at="corridor")
    place(home, "frigate/garden", Purpose.MOTION, person=None, at="corridor")
    home.hear("frigate/available", "offline", retain=True)
    home.expect("told", level="technical")
    assert "2 devices" in home.alert.reason


def insafe(home: House, count: int, alarm: str) -> None:
    """A smoke detector whose codec writes a list, with a word for the end beside every alarm."""
    remarks = [
        {"Type_of_Product": "Insafe_Origin_LoRa"},
        {"Smoke_Alarm": alarm},
        {"Smoke_Alarm_Hush": "Alarm stopped because no smoke anymore"},
        {"Smoke_Test": "Non-Active"},
    ]
    up(home, f"{TTS}/smoke-10", count, {"payload": remarks})


def test_an_alarm_beside_its_own_end_rings_everybody_until_the_device_is_placed(home: House) -> None:
    """What it means is not clear, so a person is told; placed, it is smoke, and its end raises nothing."""
    insafe(home, 1, "Non-Active")
    home.expect_quiet()
    insafe(home, 2, "Active")
    home.expect("told", level="emergency", everybody=True)
    home.expect_told("everybody on shift")
    assert "an emergency until somebody says" in home.known[f"{TTS}/smoke-10"].unclear
    home.close("carer-1")
    insafe(home, 3, "Non-Active")
    place(home, f"{TTS}/smoke-10", Purpose.SMOKE, person=None, at="012")
    insafe(home, 4, "Active")
    home.expect("told", level="emergency", kind="smoke", place="012")
