"""Lights and doors by room: buttons for what each device takes, and what the devices said, not what was asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import httpx
from playwright.async_api import expect

from dashboards.house import rooms_of, waiting
from devices.adapter import Description, Property
from devices.events import Kind
from devices.registry import Purpose
from hub.ledger.read import House, HouseDevice, HousePlace, Reader
from rules.state import Status
from tests.dashboards.conftest import a_home
from tests.dashboards.house_parts import LAMP, furnish, says
from tests.parts import until

if TYPE_CHECKING:
    from tests.dashboards.conftest import FakeHub, Phone, Screens

OpenBoard = Callable[..., Awaitable["Phone"]]


def labels(hub: FakeHub, device: str) -> list[str]:
    """The buttons of a device."""
    reader = Reader(hub.path)
    house = reader.home()
    assert house is not None
    rooms = rooms_of(house, reader.devices(), {row.device: row for row in reader.known()})
    reader.close()
    return [
        button.label.replace("\u00a0", " ")
        for room in rooms
        for one in room.devices
        if one.device == device
        for button in one.buttons
    ]


def test_a_device_has_the_buttons_that_the_hub_would_carry_out(hub: FakeHub) -> None:
    """By what it is for and what its ecosystem takes; a contact on a door, a pendant and a sensor have none."""
    furnish(hub, a_home())
    assert labels(hub, "room-012-light") == ["Off", "On", "10 %", "30 %", "60 %", "100 %"]
    assert labels(hub, "lounge-reading-lamp") == ["Off", "On"]
    assert labels(hub, "room-012-blind") == ["Open", "Stop", "Close", "Half"]
    assert labels(hub, "room-012-heating") == ["18 °C", "20 °C", "21 °C", "22 °C"]
    assert labels(hub, "room-012-door-lock") == ["Unlock", "Lock"]
    for other in ("room-012-door", "room-012-pendant", "lounge-cord"):
        assert labels(hub, other) == []


def test_a_room_says_how_things_stand(hub: FakeHub) -> None:
    """In words; a lamp that was never heard says nothing, and one that is gone says that."""
    furnish(hub, a_home())
    says(hub, LAMP, light="on", faults="offline")
    reader = Reader(hub.path)
    house = reader.home()
    assert house is not None
    rooms = {row.place: row for row in rooms_of(house, reader.devices(), {row.device: row for row in reader.known()})}
    reader.close()
    assert list(rooms) == ["012", "lounge"]
    assert rooms["012"].who == "Margaret Hill"
    states = {one.title: (one.state.replace("\u00a0", " "), one.wrong) for one in rooms["012"].devices}
    assert states == {
        "Light": ("on", "offline"),
        "Blind": ("40 % open", ""),
        "Heating": ("20.5 °C", ""),
        "Door lock": ("locked", ""),
    }
    assert [(one.title, one.state) for one in rooms["lounge"].devices] == [("Reading lamp", "")]


def test_two_outputs_of_one_module_are_two_devices_each_with_what_it_can() -> None:
    """The lamp on a module's dimmer is dimmed, the fan on its relay is not, and each shows its own state."""
    parts = (Property(name="state_left", kind=Kind.SWITCH), Property(name="state_right", kind=Kind.LIGHT))
    hall = Description(
        device="zigbee2mqtt/hall",
        name="hall",
        ecosystem="zigbee2mqtt",
        kinds=(Kind.LIGHT, Kind.SWITCH),
        kind=Kind.LIGHT,
        properties=parts,
        commands=("turn_on", "turn_off", "brightness"),
    )
    rows = (("fan", "state_left", Purpose.SWITCH), ("lamp", "state_right", Purpose.LIGHT))
    devices = tuple(
        HouseDevice(device=f"zigbee2mqtt/hall#{part}", name=name, place="1", purpose=what) for name, part, what in rows
    )
    house = House(slug="h", name="H", places=(HousePlace(place="1", name="Room 1"),), devices=devices)
    said = (
        Status(device="zigbee2mqtt/hall#state_left", heard_ms=0, heard_wall_ms=0, values={"switch:state_left": "on"}),
        Status(device="zigbee2mqtt/hall#state_right", heard_ms=0, heard_wall_ms=0, values={"light:state_right": "off"}),
    )
    (room,) = rooms_of(house, said, {hall.device: hall})
    shown = {one.title: (one.state, [button.label for button in one.buttons]) for one in room.devices}
    assert shown["Fan"] == ("on", ["Off", "On"])
    assert shown["Lamp"][0] == "off"
    assert "30\u00a0%" in shown["Lamp"][1]


def test_a_lamp_of_a_resident_is_in_their_room() -> None:
    """Also where devices.yaml names the person alone; what belongs nowhere is not shown."""
    lamp = HouseDevice(device="zigbee2mqtt/l", name="l", person="ada", purpose=Purpose.LIGHT)
    lost = HouseDevice(device="zigbee2mqtt/m", name="m", purpose=Purpose.LIGHT)
    house = House(slug="h", name="H", places=(HousePlace(place="1", name="Room 1"),), devices=(lamp, lost))
    assert rooms_of(house, (), {}) == []
    reader = a_home()
    assert reader.residents[0].room == "012"
    home = House(
        slug="h",
        name="H",
        places=(HousePlace(place="012", name="Room 12"),),
        residents=tuple(reader.residents[:1]),  # type: ignore[arg-type]
        devices=(HouseDevice(device="zigbee2mqtt/l", name="l", person="margaret", purpose=Purpose.LIGHT), lost),
    )
    status = Status(device="zigbee2mqtt/l", heard_ms=0, heard_wall_ms=0, values={"switch": "off"})
    (room,) = rooms_of(home, (status,), {})
    assert [(one.device, one.state) for one in room.devices] == [("l", "off")]


async def test_a_light_is_dimmed_from_the_page_of_its_room(hub: FakeHub, screens: Screens, phone: OpenBoard) -> None:
    """From the board to the room; the hub is told who asked, and the page shows what the lamp then said."""
    furnish(hub, a_home())
    ana = await phone(screens, "ana")
    await ana.page.click("#notes summary")
    await ana.page.get_by_role("link", name="Lights and doors").click()
    room = ana.page.locator('[data-room="012"]')
    await expect(room).to_contain_text("Margaret Hill")
    await expect(room).to_contain_text("Light: on")
    await room.click()
    lamp = ana.page.locator('[data-device="room-012-light"]')
    await expect(lamp.locator(".page-state")).to_have_text("on")
    await lamp.get_by_role("button", name="30").click()
    await lamp.get_by_role("button", name="Off").click()
    await expect(lamp.locator(".page-state")).to_have_text("off")
    said = [(wish["do"], wish["device"], wish["by"], wish["command"]) for wish in hub.asked[-2:]]
    assert said == [
        ("command", "room-012-light", "ana", {"do": "turn_on", "brightness_pct": 30}),
        ("command", "room-012-light", "ana", {"do": "turn_off"}),
    ]


async def test_a_door_is_not_opened_by_one_tap(hub: FakeHub, screens: Screens, phone: OpenBoard) -> None:
    """Two taps or a hold; and what the hub refuses is said beside the button."""
    furnish(hub, a_home())
    ana = await phone(screens, "ana")
    await ana.page.goto(f"{screens.url}/house?room=012")
    lock = ana.page.locator('[data-device="room-012-door-lock"]')
    unlock = lock.locator("button", has_text="Unlock")
    await unlock.click()
    assert [wish["do"] for wish in hub.asked] == ["sign_on"]
    hub.refuse = "while there is a fire alarm no door is locked"
    await lock.locator("button", has_text="Tap again").click()
    await expect(lock.locator(".error")).to_have_text(hub.refuse)
    hub.refuse = ""
    await ana.hold('[data-device="room-012-door-lock"] button:has-text("Unlock")')
    await expect(lock.locator(".page-state")).to_have_text("unlocked")
    assert hub.asked[-1]["command"] == {"do": "unlock"}


async def test_a_wall_screen_asks_who_does_it_and_an_alert_is_said(
    hub: FakeHub, screens: Screens, phone: OpenBoard
) -> None:
    """Nobody holds it; and what waits on the board is not forgotten over a lamp."""
    furnish(hub, a_home())
    hub.sign_on("ben")
    hub.press("a1")
    wall = await phone(screens)
    await wall.page.goto(f"{screens.url}/house?room=lounge")
    await expect(wall.page.locator("#waiting")).to_contain_text("1 alert waits on the night board")
    await wall.page.get_by_role("button", name="On").click()
    await wall.page.locator('#who-acts [data-by="ben"]').click()
    await expect(wall.page.locator("#who-acts")).to_be_hidden()
    await until(lambda: bool(hub.asked), 10)
    assert hub.asked[-1] | {"id": ""} == {
        "id": "",
        "do": "command",
        "device": "lounge-reading-lamp",
        "by": "ben",
        "command": {"do": "turn_on"},
    }


async def test_the_pages_are_behind_the_house_code(hub: FakeHub, locked_screens: Screens) -> None:
    """They name who lives where."""
    async with httpx.AsyncClient(base_url=locked_screens.url) as client:
        for path in ("/house", "/devices"):
            answer = await client.get(path)
            assert (answer.status_code, answer.headers["location"]) == (303, "/code")
        assert (await client.get("/rooms")).status_code == 401


def test_what_waits_is_counted(hub: FakeHub) -> None:
    """What somebody has taken does not wait."""
    calls = [hub.press("a1"), hub.press("a2", "arthur"), hub.press("a3", "tom", quiet=True)]
    assert waiting(()) == ""
    assert waiting(calls[:1]).startswith("1 alert waits")
    assert waiting(calls).startswith("2 alerts wait")
