"""A step of help that calls a service of Home Assistant: what nobody carries out is said."""

from __future__ import annotations

import orjson

from devices.catalogue import Catalogue
from devices.events import Event, Kind
from hub.steps import Group, Steps
from hub.topics import Topics
from rules.help import Service, Wait
from rules.inputs import Configured, Heard, Linked, Now, Started
from rules.state import State
from tests.rules.plan_parts import AGREED, home_with, rule


def test_a_service_that_nothing_carries_out_is_written_down() -> None:
    """The log says which, of which run, and why; the rest of the help goes on."""
    music = Service(service="media_player.play_media", data='{"entity_id": "media_player.room_012"}')
    home = home_with(rule(help=(music, Wait(seconds=60)), delay_agreed=AGREED))
    steps = Steps(state=State(), seq=0, topics=Topics(home.slug), catalogue=Catalogue(), known={})
    group = Group()
    opened = Heard(event=Event(device="zigbee2mqtt/room-012-door", kind=Kind.CONTACT, value="open"))
    for given in (Started(down_from_ms=0), Configured(home=home), Linked(up=True), opened):
        steps.take(group, given, Now(elapsed_ms=1_000, wall_ms=1_773_181_800_000))
    lines = [orjson.loads(line) for rows in group.lines.values() for _, line in rows]
    [said] = [line for line in lines if line["step"] == "undelivered"]
    assert said["reason"] == "rule: no Home Assistant is configured, media_player.play_media was not called"
    assert said["episode"] == "e000001"
    assert len(steps.state.episodes) == 1
