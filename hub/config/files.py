"""The files of a home, setting by setting. What is written here is also the JSON Schema that editors are given."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from devices.registry import Purpose, Supervision
from hub.config.form import Day, Form, between, settings_of
from hub.config.plan.forms import ResidentFile, SceneForm
from hub.config.words import (
    Address,
    ClockTime,
    Duration,
    Hours,
    HoursOrAlways,
    Ident,
    Percent,
    Phone,
    Port,
    Slug,
    Text,
    Truth,
    Whole,
)
from rules.alerting.levels import Level, Who
from rules.home import PlaceKind, Role

_UpToTwelveHours = between(1, 12 * 3600, "from 1 s to 12 h")
_UpToADay = between(0, 24 * 3600, "from 0 s to 24 h")
_UpToAMinute = between(1, 60, "from 1 s to 60 s")


class BrokerForm(Form):
    """The home's MQTT broker, and the hub's account on it."""

    url: Text = Field(description="Where the broker is: mqtt://host:port, or mqtts://host:port with TLS.")
    username: Text | None = Field(None, description="The hub's account on the broker.")
    password_file: Text | None = Field(None, description="The file that holds its password and nothing else.")
    ca_file: Text | None = Field(None, description="The certificate authority to believe; unset, the system's own.")
    cert_file: Text | None = Field(None, description="The hub's own certificate, where the broker asks for one.")
    key_file: Text | None = Field(None, description="The key of that certificate.")


class ZoneForm(Form):
    """Places whose alerts sound together."""

    zone: Ident = Field(description="The zone's short name, used everywhere else.")
    name: Text = Field(description="What people call it.")
    screens: list[Ident] = Field([], description="Mains-powered screens that sound in this zone.")
    sounders: list[Ident] = Field([], description="Placed devices (siren or sounder) that sound in this zone.")
    accepted_without: Text | None = Field(
        None, description="Why the home accepts that this zone has neither screen nor sounder, who says so, and when."
    )


class PlaceForm(Form):
    """A room, bathroom, corridor, lounge or garden."""

    place: Ident = Field(description="The place's short name; for a room its number, in quotes.")
    name: Text = Field(description="What people call it.")
    kind: PlaceKind = Field(description="What sort of place it is.")
    zone: Ident = Field(description="The zone whose screens and sounders sound for it.")
    call_point: Text | None = Field(
        None, description="How somebody calls from here without Handrail; or none, because … where nothing does."
    )


class RungForm(Form):
    """A step of a ladder; who was told stays told."""

    after: Annotated[Duration, _UpToADay] = Field(description="How long after the alert was raised.")
    tell: list[Who] = Field(min_length=1, description="Who is told then: zone, shift, lead, manager.")


class LadderForm(Form):
    """Who is told, and who next, for alerts of one level."""

    rungs: list[RungForm] = Field(min_length=1, description="The steps, in order; the first is at 0 s.")
    repeat: Annotated[Duration, _UpToADay] = Field(description="After the last step all are told again this often.")
    attend_within: Annotated[Duration, _UpToADay] = Field(
        description="Claimed, and nobody there within this time: it rings everybody again."
    )


class TimesForm(Form):
    """The home's own bounds."""

    promise_longest: Annotated[Duration, _UpToTwelveHours] = Field(
        20 * 60, description="The longest time somebody may be asked to wait."
    )
    reopen_within: Annotated[Duration, _UpToTwelveHours] = Field(
        10 * 60, description="A call so soon after a close reopens the same alert."
    )
    press_again: Annotated[Duration, _UpToAMinute] = Field(
        10, description="Presses within this time are shown as one with their number."
    )
    climb_by_press: Annotated[Duration, between(1, 600, "from 1 s to 10 min")] = Field(
        60, description="Pressing again climbs at most one step of the ladder in this time."
    )
    night: Hours = Field(("20:00", "08:00"), description="The home's night.")
    doors_watched: HoursOrAlways | None = Field(
        None, description="When staff are told of somebody before the camera of an outside door: hours, or `always`."
    )
    frequent_from: Annotated[Whole, Field(ge=2, le=100)] = Field(
        6, description="The so-manieth call of a night that shows how the earlier ones ended."
    )
    unclosed: Annotated[Duration, _UpToTwelveHours] = Field(
        60 * 60, description="Attended and not closed for so long: the carer is reminded."
    )
    battery_low_pct: Percent = Field(
        15,
        description="The battery of a pendant or cord at or below this many percent is low; of all else, two thirds.",
    )
    walk_pendant_days: Annotated[Whole, Field(ge=1, le=366)] = Field(
        30, description="So often each pendant is to be walk-tested, in days; overdue ones are on the manager's list."
    )
    walk_pull_cord_days: Annotated[Whole, Field(ge=1, le=366)] = Field(
        30, description="The same for cords and call buttons on a wall."
    )
    round: Annotated[Duration, between(60, 4 * 3600, "from 1 min to 4 h")] = Field(
        15 * 60, description="While Handrail is down, the blind spots are looked into this often."
    )
    visit: Annotated[Duration, between(60, 20 * 60, "from 1 min to 20 min")] = Field(
        20 * 60, description="A carer's visit pauses the checks of a room this long at most."
    )
    review_grace: Annotated[Duration, between(0, 366 * 86_400, "from 0 days to 366 days")] = Field(
        14 * 86_400, description="So long after its review was due a plan's waits are as agreed; then they are 0."
    )


class HomeAssistantForm(Form):
    """The home's Home Assistant, whose services a plan may ask for."""

    url: Text = Field(description="Where it is: http://host:8123.")
    token_file: Text = Field(description="The file that holds a long-lived access token, and nothing else.")


class ActivityForm(Form):
    """Something that takes place in the home: entered once, invited to by plans."""

    activity: Ident = Field(description="Its short name, by which plans invite to it.")
    name: Text = Field(description="What people call it.")
    place: Ident = Field(description="The place where it is.")
    days: list[Day] = Field(min_length=1, description="On which days: mon, tue, … sun.")
    at: ClockTime = Field(description='When it begins, in quotes: "10:30".')
    lasts: Annotated[Duration, _UpToTwelveHours] = Field(3600, description="How long it is.")
    about: list[Text] = Field([], max_length=20, description="What somebody likes who would like this: music, gardens.")


class InfluxForm(Form):
    """An InfluxDB 2 that every event is copied to, for long history and Grafana."""

    url: Text = Field(description="Where it is: http://host:8086.")
    org: Text = Field(description="Its organisation.")
    bucket: Text = Field(description="The bucket to write to.")
    token_file: Text | None = Field(None, description="The file that holds the token, and nothing else.")


class SeriesForm(Form):
    """A time-series store beside the ledger. Without it the ledger's own roll-ups are all there is."""

    influxdb: InfluxForm = Field(description="An InfluxDB 2, or anything that takes the same writes.")


class DashboardsForm(Form):
    """The screens: where they are served, and their own account on the broker."""

    host: Text = Field("127.0.0.1", description="The address to listen on; 0.0.0.0 for the whole house.")
    port: Port = Field(8080, description="The port to listen on.")
    username: Text | None = Field(None, description="The screens' account on the broker: dashboards.")
    password_file: Text | None = Field(None, description="The file that holds that account's password.")


class ChannelForm(Form):
    """A way to reach a person besides the screens; the first that answers counts."""

    url_file: Text | None = Field(None, description="The file that holds an Apprise address, so that it stays secret.")
    url: Text | None = Field(None, description="An Apprise address that holds no secret.")
    deadline: Annotated[Duration, between(1, 600, "from 1 s to 10 min")] = Field(
        20, description="No receipt within this time: the next channel is tried."
    )


class WatcherForm(Form):
    """The watcher, which tells presses while the hub is gone; with this section the hub says when it does not run."""

    username: Text | None = Field(None, description="The watcher's account on the broker: watcher.")
    password_file: Text | None = Field(None, description="The file that holds that account's password.")
    channels: list[ChannelForm] = Field([], description="Told besides everybody's own channels, as in staff.yaml.")
    sounders: list[Ident] = Field([], description="Placed devices (siren or sounder) it sounds; none named means all.")


_Days = Annotated[Whole, Field(ge=2, le=36_500)]


class RetentionForm(Form):
    """For how many days the hub keeps what it heard and did: days in which it ran."""

    events_days: _Days = Field(400, description="Every event and every other input: what `verify` can fold again.")
    log_days: _Days = Field(
        1_100, description="Closed alerts, ended rules and each of their steps; at least as long as events."
    )
    rollups_days: _Days = Field(1_100, description="The hours that charts are drawn from.")
    quarantine_days: _Days = Field(90, description="Messages that could not be read.")
    raw_days: _Days = Field(400, description="The bytes behind emergencies.")


class HomeFile(Form):
    """`home.yaml`: the building."""

    home: Slug = Field(description="The home's short name, part of every MQTT topic: handrail/{home}/alert/….")
    name: Text = Field(description="What people call it.")
    timezone: Text = Field(description="The home's time zone, as in Europe/London.")
    broker: BrokerForm = Field(description="The home's MQTT broker.")
    zones: list[ZoneForm] = Field(min_length=1, description="Places whose alerts sound together.")
    places: list[PlaceForm] = Field(min_length=1, description="Rooms, bathrooms, corridors, lounges, gardens.")
    ladders: dict[Level, LadderForm] = Field({}, description="Ladders that differ from the built-in ones, by level.")
    times: TimesForm = Field(default_factory=TimesForm, description="The home's own bounds.")
    activities: list[ActivityForm] = Field([], description="What takes place in the home; plans invite to it.")
    scenes: list[SceneForm] = Field([], description="Lights, sockets and blinds set together, for any plan to use.")
    home_assistant: HomeAssistantForm | None = Field(
        None, description="The home's Home Assistant; without it no plan may ask for its services."
    )
    series: SeriesForm | None = Field(None, description="A time-series store beside the ledger.")
    dashboards: DashboardsForm = Field(default_factory=DashboardsForm, description="The screens.")
    watcher: WatcherForm | None = Field(None, description="The watcher, which tells presses while the hub is gone.")
    retention: RetentionForm = Field(
        default_factory=RetentionForm, description="For how many days the ledger keeps what."
    )
    data: Text = Field("data", description="The folder of the ledger; made when missing.")


class DeviceForm(Form):
    """A physical device and what it is for here."""

    device: Ident = Field(description="Our name of it, used in rules and on screens.")
    address: Address = Field(
        description="Its address, as in zigbee2mqtt/Room 12 pendant; of a part, shelly/hall#input:1 or #switch:1."
    )
    purpose: Purpose = Field(alias="for", description="What it is for; a pendant or cord is emergency or call.")
    person: Ident | None = Field(None, description="The resident it belongs to.")
    place: Ident | None = Field(None, description="The place it belongs to.")
    supervision: Supervision | None = Field(
        None, description="How soon its silence is itself an alert; unset, what its purpose implies."
    )


class DevicesFile(Form):
    """`devices.yaml`: which device is whose, where, and what for."""

    devices: list[DeviceForm] = Field(description="Every placed device.")


class ShiftForm(Form):
    """A line of the rota. It only warns: on shift is who signed on."""

    days: list[Day] = Field(min_length=1, description="The days on which the shift begins: mon, tue, … sun.")
    hours: Hours = Field(description="From when to when, as in 21:00-07:00; it may end on the next day.")


class CarerForm(Form):
    """A member of staff."""

    id: Ident = Field(description="A short name that stays the same.")
    name: Text = Field(description="What the screens show.")
    role: Role = Field(Role.CARER, description="carer, nurse, lead or manager; the ladders ask for it.")
    zones: list[Ident] = Field([], description="The zones this person answers first; none means all.")
    channels: list[ChannelForm] = Field([], description="Ways to reach this person besides the screens, best first.")
    shifts: list[ShiftForm] = Field([], description="The rota of this person.")
    always: Truth = Field(False, description="true: on shift always, without signing on.")
    phone: Phone | None = Field(None, description="A number that colleagues may dial; it is printed on the paper list.")


class StaffFile(Form):
    """`staff.yaml`: who answers."""

    staff: list[CarerForm] = Field(min_length=1, description="Everybody who may be told or sign on.")


FILES: dict[str, type[Form]] = {
    "home.yaml": HomeFile,
    "devices.yaml": DevicesFile,
    "staff.yaml": StaffFile,
    "residents/*.yaml": ResidentFile,
}
"""Which model reads which file."""

__all__ = ["FILES", "Form", "ResidentFile", "settings_of"]
