"""Every English word the pages show, in one place, so that another language is one more file like this."""

from __future__ import annotations

from rules.alerting.levels import Level
from rules.home import Role
from rules.state import Ending

LEVELS: dict[Level, str] = {
    Level.EMERGENCY: "Emergency",
    Level.URGENT: "Urgent",
    Level.CALL: "Call",
    Level.CHECK: "Check",
    Level.REQUEST: "Request",
    Level.TECHNICAL: "Technical",
}

ENDINGS: dict[Ending, str] = {
    Ending.HELPED: "Helped",
    Ending.NO_HELP_NEEDED: "No help needed",
    Ending.MISTAKE: "Set off by mistake",
    Ending.OTHER: "Other",
    Ending.BACK: "Working again",
    Ending.CLOSED_SINCE: "Closed after the record's copy",
    Ending.TESTED: "Walk test",
}

ROLES: dict[Role, str] = {
    Role.CARER: "Carer",
    Role.NURSE: "Nurse",
    Role.LEAD: "In charge",
    Role.MANAGER: "Manager",
}

AGENCY = "Agency"
UNKNOWN_DEVICE = "Unknown device"
SYSTEM = "Handrail"
STAFF_ASSIST = "A colleague needs help"
MISSED = "Missed while the hub was down"
PRESSED = "Pressed {count} times"
PRESSED_ONCE = "Pressed once"
RUNG = "step {rung}"
TOLD = "Told: {who}"
TOLD_EVERYBODY = "everybody on shift"
TOLD_ALL_STAFF = "every handset, since nobody is signed on"
TOLD_NOBODY = "Nobody could be told by name: every screen rings"
AND = " and "
OTHERS = "{count} others"
MARK_LATE = "Late"
MARK_FOUND = "Was on when Handrail started"
MARK_UNRECORDED = "Not recorded yet"
MARK_BROKEN = "Asked to wait before"
MARK_OK = "Says: I am all right"
VISITED = "{who} is there until {time}"
AWAY = "away ({why}) until {time}"
LOOK = "staff are told at once until somebody has looked: {why}"
RECONNECTED = "say who connected {device} again, and why"
SOMEBODY = "a carer"
AWAY_REASONS = (
    ("hospital", "Hospital"),
    ("family", "With family"),
    ("appointment", "Appointment"),
    ("other", "Elsewhere"),
)
AWAY_HOURS = ((4, "4 hours"), (24, "1 day"), (72, "3 days"), (168, "1 week"), (336, "2 weeks"))
GONE_WORDS = (("left", "Has left"), ("died", "Has died"))
MORE = "and {count} more that are less serious"
UNREAD = "{count} messages could not be read today"
UNREAD_ONE = "1 message could not be read today"
STRANGERS = "{count} devices seen, not placed"
STRANGERS_ONE = "1 device seen, not placed"
FAULTY = "{count} devices need attention"
FAULTY_ONE = "1 device needs attention"
OVERDUE = "{count} walk tests are overdue"
OVERDUE_ONE = "1 walk test is overdue"
OVERDUE_LIST = "Walk tests overdue: {devices}"
TEST = "Test · {level}"
TOLD_TEST = "Nobody has been told yet"
WALK_NEVER = "never tested"
WALK_TODAY = "tested today"
WALK_TESTED = "tested {days} days ago"
WALK_NOT_HEARD = "not heard at its last test"
ALL_WELL = "All devices are well"
NOT_OURS_BY = "not ours, says {who}"
FAULTS: dict[str, str] = {
    "silent": "not heard",
    "battery": "battery low",
    "tamper": "tampered with",
    "offline": "offline",
}

HUB_LINK = "This board has no connection to the hub."
HUB_ABSENT = "The hub has not been heard."
HUB_STALE = "The hub has gone silent."
HUB_LOST = "The hub has stopped."
HUB_STARTING = "The hub is starting and does not hear the devices yet."
HUB_STOPPING = "The hub is being stopped."
NO_HOME = "The hub has never accepted a configuration: there is no list to print yet."
LEDGER = "The record cannot be read: {why}"

NOT_ANSWERED = "No answer from the hub. Go, and look at this card again."
NOT_CONNECTED = "No connection to the hub. Go, and tell your colleague yourself."
CODE_WRONG = "That is not the code."
CODE_WAIT = "Too many wrong codes. Try again in {seconds} s."

ATTEND_REASONS: tuple[tuple[str, str], ...] = (
    ("no tag or screen here", "No tag or screen here"),
    ("the tag or screen did not work", "It did not work"),
)
OTHER_WORDS: tuple[str, ...] = ("already helped", "device fault", "went out", "family was there")

PAGE: dict[str, str] = {
    "title": "Night board",
    "quiet": "All is quiet",
    "on_shift": "On shift",
    "nobody_on_shift": "Nobody is signed on. Every handset rings.",
    "open_alerts": "Open alerts",
    "pinned": "Emergencies out of sight",
    "tonight": "Earlier tonight",
    "none_yet": "No alerts so far.",
    "who": "Who are you?",
    "who_sub": "Tap your name to go on shift.",
    "who_acts": "Who is doing this?",
    "agency": "Not in the list? Type your name",
    "your_name": "Your name",
    "sign_on": "Sign on",
    "sign_off": "Sign off",
    "paper": "Print the paper list of this shift",
    "paper_sub": "who lives where, and what to do when Handrail is down",
    "wall": "Use this as a wall screen",
    "wall_name": "Wall screen",
    "already_on": "on shift",
    "cancel": "Cancel",
    "claim": "I am going",
    "claim_hint": "hold, or tap twice",
    "claim_again": "Tap again: I am going",
    "tap_again": "Tap again",
    "take_over": "I am going instead",
    "attend": "I am there",
    "attend_with": "I am with {name}",
    "attend_why": "How can it be known that you are there?",
    "promise": "Later",
    "promise_why": "Back in",
    "minutes": "{count} min",
    "close": "Close",
    "close_why": "How did it end?",
    "who_was_it": "Who was it?",
    "not_known": "Not known",
    "other_word": "In a word",
    "send": "Send",
    "back": "Back",
    "not_ours": "Not our device",
    "answered": "{who} has been seen to",
    "assist": "Staff assist",
    "assist_hint": "hold one second",
    "assist_again": "Tap again to call everybody",
    "assist_sent": "Everybody has been called",
    "waiting": "waiting",
    "near": "last seen near {place}, {ago}",
    "near_plain": "last seen near {place}",
    "going": "{name} is going, {ago}",
    "you_going": "You are going, {ago}",
    "there": "{name} is there, {ago}",
    "you_there": "You are there, {ago}",
    "promised": "{name} will be back by {time}",
    "you_promised": "You said you would be back by {time}",
    "left": "{time} left",
    "ago": "{time} ago",
    "just_now": "just now",
    "sound_on": "Tap to switch sound on",
    "sound_test": "Test sound",
    "not_live": "Not live",
    "not_live_sub": "Do not rely on this screen. Walk the round and listen for sounders.",
    "stream_lost": "This screen has lost its connection.",
    "since": "Since {time}.",
    "watcher": "Told by the watcher",
    "watcher_sub": "The hub does not tell these calls. Nobody sees here who goes: agree aloud.",
    "heard": "Heard",
    "heard_by": "{name} heard it",
    "degraded": "The hub works with a fault",
    "fire": "Fire mode: only emergencies sound",
    "fire_on": "Fire mode",
    "fire_off": "End fire mode",
    "where": "Who is where",
    "more": "Devices and messages",
    "house": "Lights and doors",
    "devices": "Devices",
    "to_board": "Night board",
    "by": "by {name}",
    "waited": "waited {time}",
    "failed": "That did not reach the board. Try again.",
    "announce": "{level}. {title}, {where}. {reason}",
    "announce_closed": "{title}: closed",
    "residents": "Residents",
    "stay_title": "Whom is it about?",
    "stay_find": "Room or name",
    "visit": "I am there: checks wait",
    "visit_end": "End the visit",
    "looked": "I have looked",
    "is_back": "Is back",
    "away": "Is away …",
    "away_why": "Where?",
    "away_until": "For how long?",
    "change": "Something is different …",
    "change_what": "What is different?",
    "reconnected": "Why {device} is connected again …",
    "reconnected_who": "{name} may not want {device}. Who connected it again, and why?",
    "gone": "Has left, has died …",
    "gone_what": "The plan ends",
    "gone_sub": "Nothing says the name any more. Pendants and cords stay live and name the room. Hold, or tap twice.",
    "walk": "Walk test",
    "walk_title": "Which one do you test?",
    "walk_find": "Room, name or device",
    "walk_found": "Nothing is called so.",
    "walk_press": "Press {device} now",
    "walk_left": "{seconds} s left",
    "walk_stop": "Stop",
    "walk_other": "{name} tests {device} now. Its press is a test for {seconds} s.",
    "walk_ended": "The test is over: every press is a call now.",
    "walk_not_heard": "Nothing was heard of {device} in a minute. Change its battery and test it again.",
    "walk_done": "Done",
    "walk_next": "Test another one",
    "tested": "That was my test",
    "test_call": "It is a call",
    "test_mine": "A call in {seconds} s, unless it was your test",
    "test_other": "{name} tests it. A call in {seconds} s",
    "test": "Test",
    "code_title": "House code",
    "code_sub": "Enter the code of this house once. This device remembers it.",
    "enter": "Enter",
}


ROOM_UNKNOWN = "This home has no place called {room}."
ROOM = {
    "call": "Call for help",
    "calling": "Calling …",
    "heard": "Your call was heard",
    "company_heard": "Staff know you would like company",
    "coming": "{name} is coming",
    "coming_by": "{name} comes by {time}",
    "there": "{name} is with you",
    "since": "Called {time} ago",
    "test": "This is a test",
    "ok": "I'm all right",
    "not_now": "Not now",
    "quiet": "No reminders just now. Your calls are heard as ever.",
    "visit": "{name} is here until {time}",
    "visit_nobody": "A visit until {time}",
    "company": "I would like company",
    "who": "Who is it?",
    "day": "My day",
    "next": "Next question",
    "more": "Other times",
    "done": "Done",
    "back": "Back",
    "chosen": "{answer} is chosen.",
    "too_late": "Thank you. This is not asked any more.",
    "failed": "That did not get through. {instead}",
    "not_live": "This screen does not work just now. {instead}",
    "begin": "Touch once, so that this screen may speak",
    "just_now": "just now",
    "ago": "{time} ago",
}
"""What the screen of a room says."""

INSTEAD = "Use your pendant, or the cord."
INSTEAD_AT = "Use your pendant, or: {call_point}."
INSTEAD_NONE = "Use your pendant, or call out."
"""What else there is to call with in a room, by what `home.yaml` says of its call point."""


HOUSE: dict[str, str] = {
    "title": "Lights and doors",
    "lead": "Pick a room.",
    "find": "Room or name",
    "rooms": "All rooms",
    "none": "Nothing here can be switched from a screen.",
    "off": "Off",
    "on": "On",
    "open": "Open",
    "stop": "Stop",
    "close": "Close",
    "half": "Half",
    "lock": "Lock",
    "unlock": "Unlock",
    "hold": "hold, or tap twice",
    "is_on": "on",
    "is_off": "off",
    "is_open": "open",
    "is_closed": "closed",
    "is_locked": "locked",
    "is_unlocked": "unlocked",
    "open_by": "{pct}\u00a0% open",
    "waiting": "{count} alerts wait on the night board. This page rings for nothing.",
    "waiting_one": "1 alert waits on the night board. This page rings for nothing.",
    "asked": "Asked for",
    "lost": "This page cannot be read just now. What it shows may be old.",
}

ROSTER: dict[str, str] = {
    "title": "Devices",
    "blind": "Without a working device to call with",
    "blind_none": "Everybody has a working device to call with.",
    "unplaced": "Heard, and not placed",
    "unplaced_none": "Every device that was heard is placed.",
    "unplaced_sub": "Add the line to devices.yaml, or let the command do it. A person fills in what stands as \u2026",
    "faulty": "Something is wrong with",
    "reconnected": "Connected again: who, and why?",
    "reconnected_sub": "These fell silent twice in a week: that may be how somebody says no. Ask, and write it here.",
    "reconnected_why": "Who connected it, and why",
    "send": "Send",
    "not_ours": "Not ours",
    "not_ours_sub": "These ring nobody. It takes a manager, or two of the staff, and can be taken back.",
    "mark": "Not our device",
    "hold": "hold, or tap twice: it rings nobody then",
    "take_back": "It is ours: let it ring",
    "line": "The line for devices.yaml",
    "command": "Or the command",
    "reports": "reports {kinds}",
    "heard": "Heard {ago}",
    "battery": "battery {level}",
    "as_of": "As of {ago}.",
    "ago": "{time} ago",
    "never": "never",
}
