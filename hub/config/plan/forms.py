"""A resident's plan, setting by setting: people, agreement, and the rules of it. What starts a rule, when it may and
what ends it is in `starts.py`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, GetJsonSchemaHandler, Tag, model_validator
from pydantic_core import CoreSchema

from hub.config.form import Day, Form, between
from hub.config.plan.starts import ConditionForm, SettledForm, WhenForm
from hub.config.plan.words import AgreedBy, Answer, HowByDayAndNight, PlanLevel, Position, SenseName
from hub.config.words import Date, Duration, Hours, Ident, Percent, Text, Truth, Whole, wrong
from rules.plans.catalogue import CATALOGUE
from rules.plans.plan import LONGEST_NOT_NOW_S

_UpToTwelveHours = between(1, 12 * 3600, "from 1 s to 12 h")
_Moment = between(1, 600, "from 1 s to 10 min")
_Positive = Annotated[Whole, Field(ge=2, le=1000)]


class LightForm(Form):
    """A light on, at this brightness."""

    device: Ident | None = Field(None, description="A placed device whose purpose is light; unset, the room's one.")
    brightness_pct: Percent = Field(30, description="How bright, in percent; 0 switches it off.")
    color_temp_k: Annotated[Whole, Field(ge=1000, le=10_000)] | None = Field(
        None, description="How warm, in kelvin: 2200 is candle light, 6500 daylight."
    )


class SwitchForm(Form):
    """A socket on or off."""

    device: Ident | None = Field(None, description="A placed device whose purpose is switch; unset, the room's one.")
    to: Literal["on", "off"] = Field(description="on or off.")


class CoverForm(Form):
    """A blind or curtain."""

    device: Ident = Field(description="The placed device that moves it.")
    to: Position = Field(description="open, closed, or a position in percent (100 is open).")


class ShowForm(Form):
    """Words on the room's screen, spoken only to somebody who sees badly."""

    words: Text = Field(description="What is shown.")
    picture: Ident | None = Field(None, description="A picture that the screen has, by its name.")

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, written: object) -> object:
        return {"words": written} if isinstance(written, str) else written

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The bare words beside the settings."""
        return {"anyOf": [{"type": "string"}, handler(core)]}


class AskForm(Form):
    """A question to the resident, with answers to tap."""

    text: Text = Field(description="The question.")
    answers: list[Answer] = Field(
        min_length=1,
        max_length=4,
        description="Each a few words, and what it means where it means more than that: "
        "settles (all is well), tells (staff are told at once), kept.",
    )
    within: Annotated[Duration, _UpToTwelveHours] = Field(5 * 60, description="How long it waits for an answer.")
    button: Ident | None = Field(
        None,
        description="A placed button that may answer: once the first answer, twice the second. Of a pendant only its"
        " second button, placed by itself; held, or while nothing is asked, it calls as ever.",
    )


class AlarmForm(Form):
    """Something that sounds or vibrates in the room."""

    device: Ident = Field(description="A placed device: a sounder, a pillow pad, a wrist band.")
    lasts: Annotated[Duration, _Moment] = Field(5, alias="for", description="For how long.")


class HomeAssistantStepForm(Form):
    """A service of the home's own Home Assistant."""

    service: Text = Field(description="As in media_player.play_media.")
    data: dict[str, Any] = Field({}, description="What the service is given.")


class SceneStepForm(Form):
    """One step of a scene: exactly one of these. Without a device it is the one of the room where it is used."""

    light: LightForm | None = Field(None, description="A light on, at this brightness.")
    switch: SwitchForm | None = Field(None, description="A socket on or off.")
    cover: CoverForm | None = Field(None, description="A blind or curtain.")


class SceneForm(Form):
    """Lights, sockets and blinds that are set together."""

    scene: Ident = Field(description="Its name, by which plans use it.")
    steps: list[SceneStepForm] = Field(min_length=1, max_length=20, description="What is set.")


class HelpForm(Form):
    """One step of help: exactly one of these."""

    light: LightForm | None = Field(None, description="A light on, at this brightness.")
    switch: SwitchForm | None = Field(None, description="A socket on or off.")
    cover: CoverForm | None = Field(None, description="A blind or curtain.")
    say: Text | None = Field(None, description="Words for the resident; abilities decide how they are given.")
    show: ShowForm | None = Field(None, description="Words on the room's screen, never spoken.")
    ask: AskForm | None = Field(None, description="A question to the resident, with answers to tap.")
    sound: AlarmForm | None = Field(None, description="A sounder in the room.")
    vibrate: AlarmForm | None = Field(None, description="Something that the resident feels.")
    scene: Ident | None = Field(None, description="A scene of home.yaml.")
    wait: Annotated[Duration, _UpToTwelveHours] | None = Field(
        None, description="Give it time before staff are told; a delay, which needs its agreement."
    )
    home_assistant: HomeAssistantStepForm | None = Field(
        None, description="A service of Home Assistant, where home.yaml names one."
    )

    @model_validator(mode="before")
    @classmethod
    def _no_lock(cls, written: object) -> object:
        if isinstance(written, dict) and not {"lock", "unlock"}.isdisjoint(written):
            raise wrong("another step of help: no plan locks or unlocks a door")
        return written


class OtherwiseForm(Form):
    """What staff are told when it does not settle."""

    level: PlanLevel = Field(description="How much it matters: urgent, check, request, technical.")
    say: Text = Field(description="The words; {room}, {known_as} and {for} are filled in.")


class DelayAgreedForm(Form):
    """The agreement that staff may be told later than at once."""

    risk: Text = Field(description="The risk that was named.")
    by: Text = Field(description="Who agreed to it.")
    on: Date = Field(description="When, as in 2026-10-02.")


class LegalTestForm(Form):
    """The legal test as it read when it was applied: its text and its version. Handrail computes nothing from it."""

    text: Text = Field(description="Its words, or where they stand.")
    version: Text = Field(description="Which version of it.")


class AssessedForm(Form):
    """An assessment of capacity for one decision."""

    decision: Text = Field(description="The decision it was about.")
    by: Text = Field(description="Who assessed.")
    on: Date = Field(description="When, as in 2026-10-02.")
    test: LegalTestForm | None = Field(None, description="The legal test that was applied: text and version.")


class AuthorisationForm(Form):
    """An authorisation of restrictions: a reference that is kept. Handrail computes nothing from it."""

    reference: Text = Field(description="Its reference.")
    on: Date = Field(description="Its date.")


class AgreementForm(Form):
    """Who agreed, how, and when it is looked at again. Relatives are consulted; kinship alone authorises nothing."""

    by: AgreedBy = Field(description="resident, attorney, deputy or best_interests.")
    on: Date = Field(description="When, as in 2026-10-02.")
    review_by: Date | None = Field(None, description="When it is looked at again, at the latest.")
    tried_first: Text | None = Field(None, description="What less restrictive thing was tried.")
    name: Text | None = Field(None, description="The attorney, deputy or decision-maker.")
    registration_seen: Date | None = Field(None, description="When the attorney's registration was seen.")
    assessed: AssessedForm | None = Field(None, description="The assessment of capacity for this decision.")
    consulted: list[Text] = Field([], description="The people who were consulted.")
    authorisation: AuthorisationForm | None = Field(None, description="An authorisation of restrictions, where one is.")


class SensedForm(Form):
    """What is said of one sensing, and who agreed to it where that is another agreement than the plan's."""

    says: Literal["accepted", "refused", "withdrawn"] = Field(description="accepted, refused or withdrawn.")
    agreement: AgreementForm | None = Field(None, description="Who agreed to it; unset, who agreed to the plan.")


def _in_a_word(written: object) -> object:
    return {"says": written} if isinstance(written, str) else written


class _OrAWord:
    """The schema of what may also be written as its one word."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [{"type": "string", "enum": ["accepted", "refused", "withdrawn"]}, handler(schema)]}


class SpeechAtNightForm(Form):
    """The resident wants to be spoken to at night: asked, and the words heard by day first."""

    asked: Date = Field(description="When the resident asked for it.")
    heard: Date = Field(description="When the resident heard the words.")


class AbilitiesForm(Form):
    """How help reaches this person. A plan need not repeat it."""

    hearing: HowByDayAndNight = Field(
        ("full", "full"), description="full, aided, reduced or none; or day and night apart."
    )
    sight: HowByDayAndNight = Field(
        ("full", "full"), description="full, aided, reduced or none; or day and night apart."
    )
    speech: Literal["full", "aided", "reduced", "none"] = Field("full", description="full, aided, reduced or none.")
    grip: Literal["full", "aided", "reduced", "none"] = Field("full", description="full, aided, reduced or none.")
    memory: Literal["full", "aided", "reduced", "none"] = Field("full", description="full, aided, reduced or none.")
    moves_with: Text | None = Field(None, description="walker, wheelchair, scooter, nothing, …")
    speech_at_night: SpeechAtNightForm | None = Field(
        None, description="Without it nothing is spoken in the home's night."
    )


class AtMostForm(Form):
    """Started more often than this, the rule is noisy, and that is said."""

    times: _Positive = Field(description="How many times.")
    within: Annotated[Duration, between(60, 7 * 86_400, "from 1 min to 7 days")] = Field(description="Within how long.")


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


class OwnRuleForm(Form):
    """A rule of the resident's own: when this happens, help so; settled by this; otherwise tell staff."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["when"]}, {"required": ["activity"]}]})

    rule: Ident = Field(description="Its name, of your own choice.")
    why: Text = Field(description="Why this resident has this rule, for everybody who reads it.")
    when: WhenForm | None = Field(None, description="What starts it.")
    activity: Ident | None = Field(None, description="In place of when: an activity of home.yaml.")
    before: Annotated[Duration, between(0, 12 * 3600, "from 0 s to 12 h")] = Field(
        15 * 60, description="So long before the activity begins."
    )
    during: Hours | None = Field(None, description="The hours in which it may start; unset, always.")
    only_if: list[ConditionForm] = Field([], description="What must be so when it starts; all of them.")
    help: list[HelpForm] = Field([], max_length=40, description="What is done for the resident first, in order.")
    settled_by: list[SettledForm] | None = Field(
        None, description="What ends it well; unset, the opposite of what started it, and ok."
    )
    otherwise: OtherwiseForm | None = Field(
        None, description="What staff are told when it does not settle; a reminder has none."
    )
    delay_agreed: DelayAgreedForm | None = Field(
        None, description="The agreement to the waits above; without it they are 0."
    )
    at_most: AtMostForm | None = Field(None, description="Started more often, it is said to be noisy.")
    agreement: AgreementForm | None = Field(None, description="Who agreed to this rule; unset, who agreed to the plan.")


def _which(written: object) -> str | None:
    """Which form a rule is written in; None: it has the name of none and starts by nothing."""
    if not isinstance(written, dict) or "when" in written or "activity" in written:
        return "own"
    name = written.get("rule")
    return name if isinstance(name, str) and name in CATALOGUE else None


RuleForm = Annotated[
    Annotated[LeftOpenForm, Tag("left-open")]
    | Annotated[OutOfBedForm, Tag("out-of-bed")]
    | Annotated[OwnRuleForm, Tag("own")],
    Discriminator(_which),
]
TAGS: dict[str, type[Form]] = {"left-open": LeftOpenForm, "out-of-bed": OutOfBedForm, "own": OwnRuleForm}


class ChoiceForm(Form):
    """Something the resident decides from day to day on the room's screen: a time of day, or one of a few words."""

    choice: Ident = Field(description="Its name, by which rules use it: {chosen: wake}.")
    ask: Text = Field(description="The question, as the room's screen shows it.")
    times: Hours | None = Field(None, description="From when to when, as in 06:30-09:30; every quarter of an hour.")
    of: list[Text] | None = Field(None, min_length=2, max_length=8, description="In place of times: the words.")
    usual: Text = Field(description="What holds until the resident decides.")


class ResidentFile(Form):
    """`residents/NAME.yaml`: one resident's own plan."""

    resident: Ident = Field(description="The resident's short name; the file is called after it.")
    known_as: Text = Field(description="What the resident likes to be called.")
    room: Ident = Field(description="The place that is theirs.")
    goals: list[Text] = Field([], description="What the resident wants, in their own words.")
    likes: list[Text] = Field([], description="What the resident likes and wants to learn.")
    invitations: Truth = Field(
        False,
        description="true: the resident is invited to what is about something they like; no rule needed.",
    )
    agreement: AgreementForm | None = Field(
        None, description="Who agreed to this plan, and when it is looked at again."
    )
    senses: dict[SenseName, Annotated[SensedForm, BeforeValidator(_in_a_word), _OrAWord()]] = Field(
        {},
        description="What may be sensed, each by its word (bed, door, motion, …): accepted, refused or withdrawn, or "
        "says: and agreement: where it has one of its own.",
    )
    abilities: AbilitiesForm = Field(default_factory=AbilitiesForm, description="How help reaches this person.")
    since: Date | None = Field(None, description="The day they moved in.")
    stays_until: Date | None = Field(None, description="Of a stay that ends (respite): its last day.")
    choices: list[ChoiceForm] = Field([], max_length=8, description="What the resident decides from day to day.")
    snooze: Annotated[Duration, between(60, LONGEST_NOT_NOW_S, "from 1 min to 2 h")] = Field(
        30 * 60, description="How long not now silences reminders and speech."
    )
    counts_leisure: Truth = Field(True, description="Whether what was accepted of invitations may be counted.")
    shadow: Truth = Field(
        False, description="true, in NAME.shadow.yaml alone: tried beside the live plan, tells nobody."
    )
    rules: list[RuleForm] = Field([], description="What helps this resident, and when staff are told.")


__all__ = ["Day", "ResidentFile", "RuleForm", "SceneForm"]
