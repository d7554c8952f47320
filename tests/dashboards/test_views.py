"""What the board shows for what the ledger holds: pure, no browser."""

from dataclasses import replace
from zoneinfo import ZoneInfo

from dashboards import views
from dashboards.picture import Board, Card
from devices.registry import Purpose, Supervision
from hub.ledger.read import (
    House,
    HouseCarer,
    HouseDevice,
    HousePlace,
    HouseResident,
    Night,
    Quarantined,
)
from rules.alerting.levels import Level
from rules.plans.plan import Abilities
from rules.state import Alert, AlertState, Ending, Meta, Missed, OnShift, Person, Promise, Status, Stranger, WalkTest

NOW = 1_790_000_000_000
HOUSE = House(
    slug="elm-house",
    name="Elm House",
    timezone="Europe/London",
    places=(HousePlace(place="012", name="Room 12"), HousePlace(place="lounge", name="Lounge")),
    residents=(
        HouseResident(resident="margaret", known_as="Margaret", room="012", abilities=Abilities(moves_with="walker")),
    ),
    staff=(HouseCarer(id="ana", name="Ana"), HouseCarer(id="ben", name="Ben"), HouseCarer(id="joy", name="Joy")),
    devices=(HouseDevice(device="zigbee2mqtt/door", name="front-door", place="lounge"),),
)


def on_shift(*people: str) -> tuple[OnShift, ...]:
    """These people, signed on."""
    return tuple(
        OnShift(person=person, name=person.title(), role="carer", since_wall_ms=NOW, client="dashboards")
        for person in people
    )


def night(*alerts: Alert, closed: tuple[Alert, ...] = (), shift: tuple[OnShift, ...] | None = None) -> Night:
    """A night with these alerts open."""
    return Night(
        seq=1,
        house=HOUSE,
        alerts=alerts,
        closed=closed,
        shift=on_shift("ana", "ben") if shift is None else shift,
        people=(),
        strangers=(),
        faulty=(),
        unread=0,
        unread_newest=(),
        meta=Meta(),
    )


def an_alert(level: Level = Level.CALL, name: str = "a1", waiting_s: int = 60) -> Alert:
    """Margaret's, from her pendant."""
    return Alert(
        id=name,
        version=1,
        level=level,
        state=AlertState.TOLD,
        kind="call",
        reason="Margaret called",
        cause="pendant",
        resident="margaret",
        room="012",
        device="pendant-12",
        raised_ms=0,
        raised_wall_ms=NOW,
        waiting_since_ms=0,
        waiting_since_wall_ms=NOW - waiting_s * 1000,
        told=("ana",),
    )


def the_card(alert: Alert, shift: tuple[OnShift, ...] | None = None) -> Card:
    """The one card of a night with this alert."""
    return views.board(night(alert, shift=shift)).cards[0]


def test_emergencies_come_first_and_then_who_waited_longest() -> None:
    """The order of the cards is level, then waiting time."""
    alerts = (
        an_alert(Level.CALL, "call-short", 10),
        an_alert(Level.TECHNICAL, "technical", 9000),
        an_alert(Level.CALL, "call-long", 500),
        an_alert(Level.EMERGENCY, "emergency", 1),
    )
    shown = [card.id for card in views.board(night(*alerts)).cards]
    assert shown == ["emergency", "call-long", "call-short", "technical"]


def test_a_pendant_names_the_person_and_says_where_they_were_last_seen() -> None:
    """The room is the person's, never where they are; that is said with its age."""
    card = the_card(replace(an_alert(), near="lounge", near_wall_ms=NOW - 180_000))
    assert (card.title, card.where, card.near) == ("Margaret", "Room 12", "Lounge")
    assert card.near_wall_ms == NOW - 180_000


def test_a_lounge_cord_names_the_place_and_asks_who_at_the_end() -> None:
    """Who it was is asked when the alert is closed."""
    card = the_card(replace(an_alert(), resident=None, place="lounge", room="lounge"))
    assert card.title == "Lounge"
    assert card.ask_who
    assert not card.known


def test_an_unknown_device_is_called_that_and_can_be_marked() -> None:
    """Its address is shown, for whoever goes looking."""
    card = the_card(replace(an_alert(), resident=None, room=None, device="rtl_433/9", everybody=True))
    assert (card.title, card.where, card.unknown_device) == ("Unknown device", "rtl_433/9", "rtl_433/9")


def test_a_fault_that_tells_everybody_is_handrails_own_and_no_unknown_device() -> None:
    """Nobody can mark the hub as not ours."""
    alert = replace(an_alert(Level.TECHNICAL), resident=None, room=None, cause="hub:session", device="hub:session")
    card = the_card(replace(alert, everybody=True))
    assert (card.title, card.where, card.unknown_device) == ("Handrail", "", None)


def test_staff_assist_knows_its_caller() -> None:
    """The caller's own phone keeps silent."""
    alert = replace(an_alert(Level.EMERGENCY), resident=None, kind="staff_assist", device="assist:ana", everybody=True)
    card = the_card(alert)
    assert (card.title, card.caller_id, card.unknown_device) == ("A colleague needs help", "ana", None)


def test_nobody_is_asked_to_wait_in_an_emergency() -> None:
    """A promise is offered below emergency alone, once more with a reason, and then no more."""
    promise = Promise(by="ana", until_ms=0, until_wall_ms=NOW)
    assert not the_card(an_alert(Level.EMERGENCY)).may_promise
    assert the_card(an_alert()).may_promise
    assert the_card(replace(an_alert(), promise=promise)).longer
    assert not the_card(replace(an_alert(), promise=replace(promise, extended=True))).may_promise
    assert not the_card(replace(an_alert(), promised_before=True)).may_promise


def test_the_card_says_who_was_told_and_how_high_the_ladder_was_climbed() -> None:
    """Everybody on shift is said so; others are named; more than three are counted."""
    assert the_card(an_alert()).told_line == "Told: Ana"
    assert the_card(replace(an_alert(), told=("ana", "ben"), rung=1)).told_line == "Told: everybody on shift · step 2"
    everybody_and_joy = the_card(replace(an_alert(), told=("ana", "ben", "joy")))
    assert everybody_and_joy.told_line == "Told: everybody on shift and Joy"
    nobody_on = the_card(replace(an_alert(), told=("ana", "ben", "joy")), shift=())
    assert "nobody is signed on" in nobody_on.told_line
    assert "every screen rings" in the_card(replace(an_alert(), told=())).told_line


def test_marks_say_what_is_out_of_the_ordinary() -> None:
    """Late, found on, unrecorded, put off before, and what the resident says."""
    alert = replace(an_alert(), late=True, found=True, unrecorded=True, promised_before=True, ok_said=True, presses=3)
    card = the_card(alert)
    assert set(card.marks) == {
        "Late",
        "Was on when Handrail started",
        "Not recorded yet",
        "Asked to wait before",
        "Says: I am all right",
    }
    assert card.presses_line == "Pressed 3 times"


def test_presses_missed_while_down_are_listed_one_by_one() -> None:
    """Each is answered by itself and shows by whom."""
    rows = (
        Missed(resident="margaret", device="p", place="012", kind="emergency", at_ms=NOW, answered_by="ben"),
        Missed(resident=None, device="rtl_433/9", place=None, kind="emergency", at_ms=NOW, presses=2),
    )
    card = the_card(replace(an_alert(Level.EMERGENCY), resident=None, missed=rows, everybody=True))
    assert [(row.key, row.title, row.answered_by) for row in card.missed] == [
        ("margaret", "Margaret", "Ben"),
        ("rtl_433/9", "rtl_433/9", None),
    ]
    assert card.unknown_device is None


def test_an_agency_carer_is_shown_by_the_name_they_typed() -> None:
    """Somebody who is not in the staff file is on shift all the same."""
    agency = OnShift(person="Kim", name="Kim", role="carer", since_wall_ms=NOW, client="dashboards", known=False)
    board = views.board(night(replace(an_alert(), claimed_by="Kim", state=AlertState.CLAIMED), shift=(agency,)))
    assert [(row.name, row.note) for row in board.shift] == [("Kim", "Agency")]
    assert board.cards[0].claimed_by == "Kim"


def test_the_earlier_alerts_say_how_they_ended_and_how_long_it_took() -> None:
    """Waiting ends when somebody is there."""
    alert = replace(
        an_alert(waiting_s=300),
        state=AlertState.CLOSED,
        ending=Ending.OTHER,
        word="went out",
        closed_by="ben",
        closed_wall_ms=NOW,
        attended_wall_ms=NOW - 60_000,
    )
    row = views.board(night(closed=(alert,))).closed[0]
    assert (row.ending, row.by, row.waited_ms) == ("Other: went out", "Ben", 240_000)


def test_the_small_print_counts_what_nobody_could_read_or_place() -> None:
    """Unreadable messages, strangers and faulty devices each have a line."""
    noted = replace(
        night(),
        unread=3,
        unread_newest=(Quarantined(seq=1, wall_ms=NOW, topic="t", reason="not JSON"),),
        strangers=(Stranger(device="rtl_433/9", first_wall_ms=NOW, marked_by=("ana",)),),
        faulty=(Status(device="zigbee2mqtt/door", heard_ms=0, heard_wall_ms=0, faults={"battery": "a1"}),),
    )
    notes = views.board(noted).notes
    assert notes.lines == (
        "3 messages could not be read today",
        "1 device seen, not placed",
        "1 device needs attention",
    )
    assert notes.faulty == ("front-door: battery low",)
    assert notes.strangers[0].note == "not ours, says Ana"


def test_overdue_walk_tests_are_in_the_small_print() -> None:
    """Counted, and the first of them named; a device that nobody has to test is not."""
    devices = tuple(
        HouseDevice(device=f"z/{n}", name=f"cord-{n:02d}", purpose=Purpose.CALL, supervision=Supervision.PULL_CORD)
        for n in range(15)
    )
    house = replace(HOUSE, devices=(*devices, HouseDevice(device="z/door", name="door", purpose=Purpose.DOOR)))
    notes = views.board(replace(night(), house=house, wall_ms=400 * 86_400_000)).notes
    assert "15 walk tests are overdue" in notes.lines
    assert notes.overdue[0].startswith("Walk tests overdue: cord-00 (never tested), cord-01")
    assert notes.overdue[0].endswith("cord-11 (never tested), 3 others")


def test_the_press_of_a_walk_test_is_a_card_that_says_so() -> None:
    """Whose, and when it is a call; nobody was told, and nobody is asked to wait."""
    test = WalkTest(by="ana", until_ms=0, until_wall_ms=5, heard_after_ms=800, battery="")
    card = the_card(replace(an_alert(), test=test, told=(), quiet=True, device="room-012-pendant"))
    assert card.test is not None
    assert (card.test.by_id, card.test.until_wall_ms, card.test.device) == ("ana", 5, "room-012-pendant")
    assert card.test.heard == "Heard after 0.8 s, battery not known"
    assert (card.level_word, card.told_line, card.may_promise) == ("Test · Call", "Nobody has been told yet", False)


def test_in_fire_mode_the_board_lists_who_is_where() -> None:
    """Only then: otherwise where people are is nobody's business."""
    people = (Person(resident="margaret", near="lounge", near_wall_ms=NOW),)
    quiet: Board = views.board(replace(night(), people=people))
    fire = views.board(replace(night(), people=people, meta=Meta(mode="fire")))
    assert quiet.seen == ()
    assert [(row.name, row.near, row.moves_with) for row in fire.seen] == [("Margaret", "Lounge", "walker")]


def test_today_begins_at_the_homes_midnight() -> None:
    """Also where the machine does not know the home's time zone."""
    midnight = views.midnight_ms(NOW, HOUSE)
    assert 0 <= NOW - midnight < 25 * 3_600_000
    assert views.timezone_of(HOUSE) == ZoneInfo("Europe/London")
    assert views.midnight_ms(NOW, replace(HOUSE, timezone="Nowhere/Else")) % 86_400_000 == 0


def test_a_home_without_a_configuration_still_shows_its_alerts() -> None:
    """What is not known by name is shown by its id."""
    board = views.board(replace(night(an_alert()), house=None), "Elm House")
    assert (board.home, board.cards[0].title) == ("Elm House", "margaret")


def test_a_flood_shows_the_most_serious_and_counts_the_rest() -> None:
    """A page of a thousand cards would stop ticking; an emergency among them is still the first."""
    flood = [an_alert(Level.CHECK, f"c{number}") for number in range(200)]
    board = views.board(night(*flood, an_alert(Level.EMERGENCY, "e")))
    assert (len(board.cards), board.cards[0].id) == (120, "e")
    assert board.more == "and 81 more that are less serious"


def test_why_nothing_showed_presence_is_asked_until_it_was_shown_or_said() -> None:
    """Of a call and whatever is more; never of a wish for company or of a device."""
    asked = {level: views.board(night(an_alert(level))).cards[0].ask_why for level in Level}
    assert [level for level, is_asked in asked.items() if is_asked] == ["emergency", "urgent", "call", "check"]
    call = an_alert(Level.CALL)
    done = (replace(call, proved=True), replace(call, unproved_reason="no tag here"), replace(call, kind="battery"))
    assert [views.board(night(alert)).cards[0].ask_why for alert in done] == [False, False, False]


def test_who_does_not_live_here_any_more_is_not_named() -> None:
    """An alert of this night that is closed shows the room."""
    gone = replace(HOUSE, residents=())
    board = views.board(replace(night(an_alert()), house=gone), "Elm House")
    assert board.cards[0].title == "Room 12"
    assert board.residents == ()


def test_a_gateway_that_is_back_is_named_among_what_is_over() -> None:
    """There is no room for its reason, and a row that says Handrail alone says nothing."""
    gone = replace(an_alert(), resident=None, room=None, place=None, device="rtl_433/attic", ending=Ending.BACK)
    row = views.board(night(closed=(gone,))).closed[0]
    assert (row.title, row.where, row.ending) == ("Handrail", "rtl_433/attic", "Working again")
