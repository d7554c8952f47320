"""A plan as a whole page, a resident's week, and the page for the review."""

from dataclasses import replace
from datetime import date

import pytest

from devices.registry import Placed, Purpose
from rules.alerting.levels import Level
from rules.home import Home, Place, PlaceKind, Resident
from rules.plans.explain import PENDANT, WIDTH, explain
from rules.plans.help import Ask, Say, Wait
from rules.plans.invited import NOTHING, invited
from rules.plans.plan import (
    Abilities,
    Agreement,
    Assessed,
    AtTime,
    Choice,
    DelayAgreed,
    Invited,
    Otherwise,
    Rule,
    Settles,
)
from rules.plans.week import Lived, week
from rules.rows import Person
from rules.state import Episode, EpisodeState

_UP = Rule(
    rule="up-at-night",
    why="Margaret likes to walk alone.",
    resident="margaret",
    place="012",
    device="room-012-bed",
    kind="bed",
    value="empty",
    during=("22:00", "07:00"),
    help=(Wait(seconds=900),),
    settled_by=(Settles(ok=True),),
    otherwise=Otherwise(level=Level.CHECK, say="Margaret has been up for {for}."),
    delay_agreed=DelayAgreed(risk="walks steadily", by="J. Shah", on="2026-10-02"),
)


def _reminder(name: str, when: AtTime, words: str) -> Rule:
    help_steps = (Say(text=words), Ask(question="Will you come?", answers=()))
    return Rule(
        rule=name,
        why="She asked.",
        resident="margaret",
        place="012",
        device="",
        kind="",
        value="",
        help=help_steps,
        when=when,
    )


_TAI_CHI = _reminder("tai-chi", AtTime(at="10:15", days=("mon", "thu"), activity="tai-chi"), "Tai chi soon.")
_CALL = _reminder("call", AtTime(at="09:00", days=("thu",)), "Your daughter waits for your call.")
_MARGARET = Resident(
    resident="margaret",
    known_as="Margaret",
    room="012",
    rules=(_UP, _TAI_CHI, _CALL),
    goals=("To keep walking to the lounge by myself",),
    likes=("tai chi", "owls"),
    agreement=Agreement(by="attorney", name="Ruth Bell", on="2026-10-02", review_by="2027-01-02"),
    senses={"bed": "accepted", "motion": "refused", "door": "withdrawn"},
    abilities=Abilities(hearing_day="aided", hearing_night="reduced", moves_with="walker"),
    since="2026-09-20",
    stays_until="2026-11-28",
)
_HOME = Home(
    slug="h",
    name="Sunny Court",
    timezone="UTC",
    places=(
        Place(place="012", name="Room 12", kind=PlaceKind.BEDROOM, zone="g"),
        Place(place="lounge", name="Lounge", kind=PlaceKind.LOUNGE, zone="g"),
    ),
    residents=(_MARGARET,),
    activities=(Invited(activity="tai-chi", name="Tai chi", place="lounge", days=("mon", "thu"), at="10:30"),),
)


def _ended(rule: Rule, state: EpisodeState, answer: str = "") -> Episode:
    return Episode(id="e1", rule=rule, state=state, started_ms=0, started_wall_ms=0, answer=answer)


_LIVED = Lived(
    episodes=(
        *[_ended(_UP, EpisodeState.SETTLED)] * 5,
        _ended(_UP, EpisodeState.UNSETTLED),
        _ended(_TAI_CHI, EpisodeState.OFFERED, "yes please"),
        _ended(_TAI_CHI, EpisodeState.OFFERED, "yes please"),
        _ended(_TAI_CHI, EpisodeState.OFFERED),
    ),
    person=Person(resident="margaret", delays_off="a fall"),
)


def _flat(text: str) -> str:
    return " ".join(text.split())


def test_the_plan_has_goals_first_the_pendant_and_lines_to_sign() -> None:
    """What somebody signs says what she wants, what is done, that a pendant is never delayed, and who agreed."""
    page = explain(_MARGARET, _HOME)
    heads = [line for line in page.splitlines() if line.isupper() and not line.startswith(" ")]
    assert heads == [
        "WHAT MARGARET WANTS",
        "WHAT HANDRAIL DOES",
        "WHAT IS SENSED",
        "HOW HELP REACHES MARGARET",
        "WHAT MARGARET DECIDES",
        "ALWAYS",
        "WHO AGREED",
        "SIGNED",
    ]
    assert PENDANT in _flat(page)
    assert "bed accepted; motion refused: no rule watches it; door withdrawn: no rule uses it" in _flat(page)
    assert "hearing aided by day and reduced at night. Moves with: walker. At night nothing is spoken" in _flat(page)
    assert "Ruth Bell, attorney for health and welfare, agreed to this on 2 October 2026." in _flat(page)
    assert [line.split("_")[0].strip() for line in page.splitlines() if "___" in line] == [
        "Margaret",
        "Ruth Bell",
        "For the home",
    ]
    assert max(len(line) for line in page.splitlines()) <= WIDTH


def test_an_overdue_review_is_said_where_people_sign() -> None:
    """Nobody signs for a delay that may have ended; before its day, and without a day, the page says nothing of it."""
    assert _MARGARET.agreement is not None
    due = replace(_MARGARET, agreement=replace(_MARGARET.agreement, review_by="2026-12-02"))
    said = "It was to be looked at again by 2 December 2026, and that day has passed."
    assert said in _flat(explain(due, _HOME, date(2026, 12, 3)))
    assert said not in _flat(explain(due, _HOME, date(2026, 12, 2)))
    assert said not in _flat(explain(due, _HOME))


def test_a_sensing_may_have_an_agreement_of_its_own() -> None:
    """And the legal test that was applied stands there as text, with its version."""
    test = {"test": "unable to decide, because of an impairment", "test_version": "Act of 2005, s. 3"}
    assessed = Assessed(decision="a mat by the bed", by="J. Shah, RN", on="2026-10-01", **test)
    own = Agreement(by="best_interests", name="J. Shah", on="2026-10-02", assessed=assessed, consulted=("her son",))
    margaret = replace(_MARGARET, sense_agreements={"bed": own})
    page = _flat(explain(margaret, _HOME))
    assert "Of bed: " in page
    assert "The test that was applied (version Act of 2005, s. 3): unable to decide, because of an impairment." in page


@pytest.mark.parametrize(("snooze_s", "lasts"), [(1_800, "30 minutes"), (7_200, "2 hours"), (14_400, "2 hours")])
def test_how_long_not_now_lasts_is_signed(snooze_s: int, lasts: str) -> None:
    """As long as the machine gives, and no plan accepted once makes it longer."""
    page = _flat(explain(replace(_MARGARET, snooze_s=snooze_s), _HOME))
    assert f"stops reminders and speech for {lasts}." in page


def test_what_she_may_choose_is_signed() -> None:
    """The question as the screen asks it, what may be chosen, and what holds until then."""
    wake = Choice(choice="wake", ask="When shall we wake you?", of=("06:30", "06:45", "07:00"), usual="06:45")
    music = Choice(choice="music", ask="What shall play?", of=("the radio", "nothing"), usual="nothing")
    page = _flat(explain(replace(_MARGARET, rules=(), choices=(wake, music)), _HOME))
    assert 'from day to day: "When shall we wake you?" from 06:30 to 07:00, usually 06:45.' in page
    assert 'from day to day: "What shall play?" the radio or nothing, usually nothing.' in page


def test_a_plan_without_rules_or_agreement_says_so() -> None:
    """Calls alone: nothing is watched, and it is a draft."""
    page = _flat(explain(Resident(resident="a", known_as="Arthur", room="012"), _HOME))
    assert "Nothing but pass on calls. No rule watches anything." in page
    assert "Nobody has agreed to this plan yet." in page
    assert PENDANT in page


def test_a_device_is_named_as_people_speak_of_it() -> None:
    """The bed is the bed; our name of it stands there only where somebody could take it for another."""
    bed = Placed(device="z/bed", name="room-012-bed", purpose=Purpose.BED, place="012")
    other = replace(bed, device="z/other", name="visitor-bed")
    one = _flat(explain(_MARGARET, replace(_HOME, devices=(bed,))))
    assert "When the bed is empty, between 22:00 and 07:00" in one
    assert "room-012-bed" not in one
    assert "up-at-night" not in one
    two = _flat(explain(_MARGARET, replace(_HOME, devices=(bed, other))))
    assert "When the bed (room-012-bed) is empty" in two
    elsewhere = _flat(explain(_MARGARET, replace(_HOME, devices=(replace(bed, place="lounge"),))))
    assert "When the bed (room-012-bed) is empty" in elsewhere


def test_what_nobody_agreed_to_and_what_was_never_asked_is_said() -> None:
    """Beside each rule, and of each sensing; an agreement of the one rule takes it away there."""
    home = replace(_HOME, devices=(Placed(device="z/bed", name="room-012-bed", purpose=Purpose.BED, place="012"),))
    draft = replace(_MARGARET, agreement=None, senses={"motion": "refused"}, rules=(_UP, _CALL))
    page = _flat(explain(draft, home))
    assert page.count("Nobody has agreed to this yet.") == 2
    assert "Nobody has asked Margaret yet about: bed." in page
    own = replace(_UP, agreement=Agreement(by="resident", on="2026-10-02"))
    assert _flat(explain(replace(draft, rules=(own, _CALL)), home)).count("Nobody has agreed to this yet.") == 1
    signed = _flat(explain(replace(draft, agreement=_MARGARET.agreement, senses={}), home))
    assert "Nobody has" not in signed


def test_the_week_has_what_she_is_invited_to_by_its_own_time() -> None:
    """Reminders by theirs; a day after her stay is not hers."""
    page, _ = week(_MARGARET, _HOME, date(2026, 11, 25), _LIVED).split("\f")
    lines = page.splitlines()
    assert lines[0] == "My week: Margaret, 23 November to 29 November"
    thursday = lines.index("Thursday 26 November")
    assert lines[thursday + 1 : thursday + 3] == [
        "  09:00  Your daughter waits for your call.",
        "  10:30  Tai chi, Lounge",
    ]
    assert lines[lines.index("Tuesday 24 November") + 1] == "  nothing is planned"
    assert lines[lines.index("Sunday 29 November") + 1] == "  not here"


def test_the_review_has_goals_first_and_scores_no_leisure() -> None:
    """How help went is counted; what was answered is told as it is."""
    _, page = week(_MARGARET, _HOME, date(2026, 11, 25), _LIVED).split("\f")
    heads = [line for line in page.splitlines() if line.isupper() and not line.startswith(" ")]
    assert heads[0] == "GOALS"
    assert "up-at-night: 5 times settled by help, once told to staff." in page
    assert "Staff are told at once now: a fall." in page
    assert 'tai-chi: "yes please" twice.' in page
    assert "%" not in page
    assert "Risk of up-at-night: walks steadily (J. Shah, 2 October 2026). Still so?" in _flat(page)
    assert "Sensing by door: withdrawn: agree on another way." in page


def test_who_does_not_want_it_counted_is_not_counted() -> None:
    """Of reminders and invitations nothing is said but what they are."""
    private = Resident(resident="margaret", known_as="Margaret", room="012", rules=(_TAI_CHI,), counts_leisure=False)
    _, page = week(private, _HOME, date(2026, 11, 25), _LIVED).split("\f")
    assert "Margaret does not want this counted, so nothing is." in page
    assert "yes please" not in page
    assert "tai-chi: She asked." in page


def test_without_a_ledger_the_page_is_still_of_use() -> None:
    """It says what is not known."""
    _, page = week(_MARGARET, _HOME, date(2026, 11, 25), Lived(note="The hub has not run yet.")).split("\f")
    assert "The hub has not run yet." in page
    assert "To keep walking to the lounge by myself" in page


def test_whoever_runs_tai_chi_sees_who_wants_a_place() -> None:
    """Who said what today, who said nothing, who was not asked yet; nothing on a day without it."""
    asked = replace(_MARGARET, rules=(_TAI_CHI,))
    ada = replace(asked, resident="ada", known_as="Ada", rules=(replace(_TAI_CHI, resident="ada"),))
    ruth = replace(asked, resident="ruth", known_as="Ruth", rules=(replace(_TAI_CHI, resident="ruth"),))
    home = replace(_HOME, residents=(asked, ruth, ada))
    run = Episode(
        id="e000001", rule=_TAI_CHI, state=EpisodeState.OFFERED, started_ms=0, started_wall_ms=0, answer="yes please"
    )
    silent = replace(run, id="e000002", rule=ada.rules[0], answer="")
    thursday = date(2026, 11, 26)
    assert invited(home, [run, silent], thursday).splitlines() == [
        "10:30  Tai chi, Lounge",
        "       Ada: asked, no answer",
        "       Margaret: yes please",
        "       Ruth: not asked yet",
    ]
    assert invited(home, [], date(2026, 11, 27)) == f"{NOTHING}\n"
