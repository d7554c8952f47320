"""What can go wrong with the hub itself, in two sentences each: one for staff, who must know what still works, and one
for the person who looks after the machine, with the command that mends it. The list is closed.

FAULTS.md shows the same table; each of its rows is a test (`@pytest.mark.fault`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault in words. `{slots}` are filled from what it is about; `staff` says what it means for calls."""

    staff: str
    mend: str
    everybody: bool = False
    """Somebody may have called and not been heard: everybody on shift is told at once, each of whom may have looked
    after who called. The level stays `technical`, and with it how often it is said."""


NOT_KEPT = "The hub cannot write to its disk. Calls are still told, but not kept: write down what you do."

FAULTS: Mapping[str, Fault] = {
    "ledger": Fault(
        staff=NOT_KEPT,
        mend="Free space in {folder}, see `df -h {folder}`; where there is enough, `dmesg --level err,warn` says what "
        "is wrong with its disk. The hub goes on by itself.",
    ),
    "ledger-read-only": Fault(
        staff=NOT_KEPT,
        mend="The disk of {folder} is read-only, mostly because it fails: `findmnt -T {folder}` names it. Try `mount "
        "-o remount,rw`; where that is refused stop the hub, `umount`, `fsck -y` and `mount` it, and start the hub.",
    ),
    "ledger-rights": Fault(
        staff=NOT_KEPT,
        mend="Give the hub's user the right to write: `chown -R USER {folder}`, see `ls -la {folder}`. The hub goes on "
        "by itself.",
    ),
    "ledger-held": Fault(
        staff="Another program keeps the hub from writing. Calls are still told, but not kept: write down what you do.",
        mend="`fuser -v {folder}/ledger.db` names it: end it. The hub goes on by itself.",
    ),
    "ledger-gone": Fault(
        staff="The hub's record was taken away. Calls are still told, but not kept: write down what you do.",
        mend="Somebody removed, replaced or emptied {folder}/ledger.db while the hub ran; it writes a new one from "
        "memory by itself, unless {folder} cannot be written, see `ls -la {folder}`. Stop the hub before you touch "
        "that file; `handrail backup HOME FILE` copies it.",
    ),
    "ledger-broken": Fault(
        staff="The hub's record is broken. Calls are still told, but not kept: write down what you do.",
        mend="The hub puts {folder}/ledger.db aside and writes a new one from memory by itself, unless {folder} cannot "
        "be written, see `ls -la {folder}`. Disks that break files are at their end: `dmesg --level err,warn`.",
    ),
    "record": Fault(
        staff="The hub's record could not be read and begins anew: calls may be missing. Look in on everybody.",
        mend="{aside} `sqlite3 FILE .recover` reads what is left of a broken one. Or stop the hub, "
        "lay your newest backup in place of {folder}/ledger.db, remove its -wal and -shm, and start the hub.",
        everybody=True,
    ),
    "record-anew": Fault(
        staff="The hub's record was lost and was written anew from memory. Calls are told as always, and kept again.",
        mend="{aside} `handrail verify HOME` says from when on the new one reaches; what had ended before is in your "
        "newest backup.",
    ),
    "second": Fault(
        staff="Two hubs ran on one record, and may have told calls twice. Calls are told as always.",
        mend="End the other one, see `pgrep -af 'handrail run'`; never remove {folder}/hub.lock, which keeps it out.",
    ),
    "ledger-slow": Fault(
        staff="The hub's disk does not answer. Calls are still told, but not kept: write down what you do.",
        mend="See `dmesg --level err,warn` for the disk under {folder}; a disk that "
        "hangs is at its end: copy the folder and replace it.",
    ),
    "disk": Fault(
        staff="The hub's disk will be full within a day. Calls are told as always.",
        mend="Free space in {folder}, see `df -h {folder}`, or keep events for fewer days: `retention` in home.yaml.",
    ),
    "wal": Fault(
        staff="The hub's record grows faster than it should. Calls are told as always.",
        mend="A reader holds the ledger for too long: restart the screens, and end what else reads it, see "
        "`fuser {folder}/ledger.db`.",
    ),
    "checkpoint": Fault(
        staff="The hub's record cannot be tidied. Calls are told as always.",
        mend="The write-ahead log cannot be moved into the ledger: see `df -h {folder}` and `dmesg --level err,warn`.",
    ),
    "session": Fault(
        staff="The broker had forgotten the hub: calls of the time it was away may be lost. Look in on everybody.",
        mend="Set `persistence true` in mosquitto.conf, start the broker with its own folder, and restart the broker.",
        everybody=True,
    ),
    "restored": Fault(
        staff="The hub's record was put back from a copy: calls told since are not in it. Look in on everybody.",
        mend="Close this when somebody has looked. Keep copies young, so that little is missing: `handrail backup HOME "
        "FILE`.",
        everybody=True,
    ),
    "persistence": Fault(
        staff="The broker would forget what is pressed while it restarts. Calls are told as always.",
        mend="Set `persistence true`, `autosave_interval 1` and `persistence_location` in mosquitto.conf, and restart "
        "the broker.",
    ),
    "settings": Fault(
        staff="The broker is set up so that it may lose calls or hold them up. Calls are told as always.",
        mend="Take these lines from the mosquitto.conf that `handrail new` writes, and restart the broker.",
    ),
    "dropped": Fault(
        staff="The broker has thrown messages away: calls may be among them. Look in on everybody.",
        mend="Set `max_queued_messages 1000000000` and `max_queued_bytes 134217728` in mosquitto.conf, and restart the "
        "broker.",
        everybody=True,
    ),
    "subscription": Fault(
        staff="The broker does not let the hub hear some devices. Their calls are not told.",
        mend="Give the hub's account the right to read it: `topic readwrite #` under its name in the broker's acl "
        "file, then `kill -HUP` the broker. The hub asks again every minute.",
        everybody=True,
    ),
    "publish": Fault(
        staff="The broker does not take what the hub says: screens may be out of date. Phones are still told.",
        mend="Give the hub's account the right to write it: `topic readwrite #` under its name in the broker's acl "
        "file, then `kill -HUP` the broker.",
    ),
    "certificate": Fault(
        staff="The broker's certificate is about to end. Calls are told until then.",
        mend="Renew it before {ends}: put the new one where `certfile` in mosquitto.conf says, then `kill -HUP` "
        "the broker.",
    ),
    "qos0": Fault(
        staff="A gateway sends each call only once, so that a bad moment can lose it. Calls are told as always.",
        mend="Let {gateway} publish at QoS 1: `device_options: {{qos: 1}}` in Zigbee2MQTT's configuration.yaml, "
        "`qos=1` in rtl_433's -F mqtt.",
    ),
    "watcher": Fault(
        staff="The watcher does not work: if the hub fails now, nobody takes over. Calls are told as always.",
        mend="Start it again: `handrail watch HOME`, or `systemctl restart handrail-watch`; it also switches off a "
        "siren that it left on. Where it runs, give its account `topic read #` in the broker's acl file.",
    ),
    "clock": Fault(
        staff="The clock of the hub's machine is wrong: times on the screens are too. Calls are told as always.",
        mend="Set it, and let it be kept: `timedatectl set-ntp true`; see `timedatectl timesync-status`.",
    ),
    "series": Fault(
        staff="The long history is not being written. Calls are told as always.",
        mend="See that the time series of `series` in home.yaml runs and takes our token; what it missed follows "
        "by itself.",
    ),
    "home-assistant": Fault(
        staff="Help that goes through Home Assistant is not given. Calls are told as always.",
        mend="See that the Home Assistant of `home_assistant` in home.yaml runs and takes our token; a new one is made "
        "in its profile, under Security, and written into the file that `token_file` names.",
    ),
    "bug": Fault(
        staff="The hub could not handle a message of {device}. Look there now. Other calls are told as always.",
        mend="Keep the home's data folder and the hub's log for the makers; the message is in quarantine with its "
        "reason.",
    ),
    "stuck": Fault(
        staff="The hub could not go on with what it does for {who}. Go and look now. Other calls are told as always.",
        mend="Keep the home's data folder and the hub's log for the makers; what it was doing is in quarantine with "
        "its reason.",
    ),
    "own-work": Fault(
        staff="The hub could not do a part of its own work. Calls are told as always.",
        mend="Keep the home's data folder and the hub's log for the makers; what it was doing is in quarantine with "
        "its reason. What comes again and again is tried again after ten minutes.",
    ),
    "restart": Fault(
        staff="A change to the home's files counts only when the hub is started again. Calls are told as always.",
        mend="Start it again: `systemctl restart handrail`, or end it and `handrail run HOME`.",
    ),
    "configuration": Fault(
        staff="A change to the home's files was refused: the one before goes on. Calls are told as always.",
        mend="Run `handrail check HOME`, which names file and line.",
    ),
}

UNKEPT = frozenset({"ledger", "ledger-slow"})
"""While one of these lasts, nothing is kept and everything is told from memory."""


class _Slots(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "…"


def of(fault: str) -> Fault | None:
    """A fault by its name; what follows a colon says which one of its sort (`qos0:zigbee2mqtt`)."""
    return FAULTS.get(fault.partition(":")[0])


def tells_everybody(fault: str) -> bool:
    """Whether somebody may have called and not been heard."""
    known = of(fault)
    return known is not None and known.everybody


def _words(fault: str, about: Mapping[str, str]) -> Fault | None:
    """One fault may have several causes that want other words: `about` names their row as its `sort`."""
    return FAULTS.get(about.get("sort", "")) or of(fault)


def for_staff(fault: str, about: Mapping[str, str], detail: str) -> str:
    """What staff read: what it means for calls, and for a fault with no words of its own what happened."""
    known = _words(fault, about)
    return known.staff.format_map(_Slots(about)) if known else detail


def to_mend(fault: str, about: Mapping[str, str], detail: str) -> str:
    """What the person who looks after the machine reads: what happened, and what to do."""
    known = _words(fault, about)
    if known is None:
        return detail
    ends = "" if detail.endswith((".", "?", "!")) else "."
    return f"{detail[:1].upper()}{detail[1:]}{ends} {known.mend.format_map(_Slots(about))}"
