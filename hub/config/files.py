"""The files of a home, setting by setting. What is written here is also the JSON Schema that editors are given."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

from devices.registry import Purpose, Supervision
from hub.config.words import (
    Address,
    Date,
    Duration,
    Hours,
    Ident,
    Percent,
    Phone,
    Port,
    Slug,
    Text,
    Truth,
    Whole,
    wrong,
)
from rules.home import PlaceKind, Role
from rules.levels import Level, Who

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def _between(least_s: int, most_s: int, said: str) -> AfterValidator:
    def check(value: int) -> int:
        if not least_s <= value <= most_s:
            raise wrong(said)
        return value

    return AfterValidator(check)


_UpToTwelveHours = _between(1, 12 * 3600, "from 1 s to 12 h")
_UpToADay = _between(0, 24 * 3600, "from 0 s to 24 h")
_UpToAMinute = _between(1, 60, "from 1 s to 60 s")


class Form(BaseModel):
    """What every part of a file has in common: an unknown setting is refused, never skipped."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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
    climb_by_press: Annotated[Duration, _between(1, 600, "from 1 s to 10 min")] = Field(
        60, description="Pressing again climbs at most one step of the ladder in this time."
    )
    night: Hours = Field(("20:00", "08:00"), description="The home's night.")
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
    round: Annotated[Duration, _between(60, 4 * 3600, "from 1 min to 4 h")] = Field(
        15 * 60, description="While Handrail is down, the blind spots are looked into this often."
    )


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
    deadline: Annotated[Duration, _between(1, 600, "from 1 s to 10 min")] = Field(
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
        description="Its address, as in zigbee2mqtt/Room 12 pendant; of one part of it, shelly/hall#input:1."
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


class LightForm(Form):
    """A light on, at this brightness."""

    device: Ident = Field(description="A placed device whose purpose is light.")
    brightness_pct: Percent = Field(30, description="How bright, in percent.")


class HelpForm(Form):
    """One step of help: exactly one of these."""

    light: LightForm | None = Field(None, description="A light on, at this brightness.")
    say: Text | None = Field(None, description="Words shown, and where there is a voice spoken, in the room.")
    wait: Annotated[Duration, _UpToTwelveHours] | None = Field(
        None, description="Give it time before staff are told; a delay, which needs its agreement."
    )


class OtherwiseForm(Form):
    """What staff are told when it does not settle."""

    level: Level = Field(description="How much it matters: urgent, check, request, …")
    say: Text = Field(description="The words; {room}, {known_as} and {for} are filled in.")


class DelayAgreedForm(Form):
    """The agreement that staff may be told later than at once."""

    risk: Text = Field(description="The risk that was named.")
    by: Text = Field(description="Who agreed to it.")
    on: Date = Field(description="When, as in 2026-10-02.")


class LeftOpenForm(Form):
    """A door that stays open: help at once, staff when it has been open for so long."""

    rule: Literal["left-open"] = Field(description="Which rule of the catalogue.")
    name: Ident | None = Field(None, description="A name of its own, where one resident has several of this rule.")
    why: Text = Field(description="Why this resident has this rule, for the carers who read it.")
    door: Ident = Field(description="The placed device (purpose door) that is watched.")
    held_for: Annotated[Duration, _UpToTwelveHours] = Field(description="Open for so long is worth telling.")
    during: Hours | None = Field(None, description="The hours in which it runs; unset, always.")
    help: list[HelpForm] = Field([], description="What is done for the resident at once.")
    otherwise: OtherwiseForm = Field(description="What staff are told when it stays open.")


class OutOfBedForm(Form):
    """Up at night: help first, staff when the resident is not back in time."""

    rule: Literal["out-of-bed"] = Field(description="Which rule of the catalogue.")
    name: Ident | None = Field(None, description="A name of its own, where one resident has several of this rule.")
    why: Text = Field(description="Why this resident has this rule, for the carers who read it.")
    bed: Ident = Field(description="The placed device (purpose bed) that is watched.")
    during: Hours = Field(description="The hours in which it runs, as in 22:00-07:00.")
    help: list[HelpForm] = Field([], description="What is done for the resident first, in order.")
    otherwise: OtherwiseForm = Field(description="What staff are told when the resident is not back.")
    delay_agreed: DelayAgreedForm | None = Field(
        None, description="The agreement to the waits above; without it they are 0."
    )


RuleForm = Annotated[LeftOpenForm | OutOfBedForm, Field(discriminator="rule")]


class ResidentFile(Form):
    """`residents/NAME.yaml`: one resident's own plan."""

    resident: Ident = Field(description="The resident's short name; the file is called after it.")
    known_as: Text = Field(description="What the resident likes to be called.")
    room: Ident = Field(description="The place that is theirs.")
    rules: list[RuleForm] = Field([], description="What helps this resident, and when staff are told.")


def settings_of(form: type[BaseModel]) -> dict[str, FieldInfo]:
    """The settings of a part of a file, by the names that people write."""
    return {field.alias or name: field for name, field in form.model_fields.items()}


FILES: dict[str, type[Form]] = {
    "home.yaml": HomeFile,
    "devices.yaml": DevicesFile,
    "staff.yaml": StaffFile,
    "residents/*.yaml": ResidentFile,
}
"""Which model reads which file."""
