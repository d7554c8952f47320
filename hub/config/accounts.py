"""The accounts of a home on its Mosquitto: names, passwords, what each may hear and say, and the lines that say so."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from hub.config.gateway_accounts import GATEWAYS, rights, sirens
from hub.config.problems import HomeNotWritten

DASHBOARDS = "dashboards"
WATCHER = "watcher"
_ITERATIONS = 20_000
_SALT_BYTES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A log-in on the broker."""

    username: str
    password: str


def accounts_of(hub: str, password: str | None) -> tuple[Account, ...]:
    """The hub, the screens, the watcher and each gateway; passwords that were not given are drawn."""
    names = (DASHBOARDS, WATCHER, *(gateway.username for gateway in GATEWAYS))
    if hub in names:
        raise HomeNotWritten(f"the hub's account cannot be called {hub}: others log in by that name; call it hub")
    drawn = (Account(username=name, password=secrets.token_urlsafe(24)) for name in names)
    return (Account(username=hub, password=password or secrets.token_urlsafe(24)), *drawn)


def password_line(account: Account, salt: bytes | None = None) -> str:
    """A line of Mosquitto's password file: PBKDF2 with SHA-512, as `mosquitto_passwd` writes it."""
    salt = secrets.token_bytes(_SALT_BYTES) if salt is None else salt
    hashed = hashlib.pbkdf2_hmac("sha512", account.password.encode(), salt, _ITERATIONS)
    said = (base64.b64encode(part).decode("ascii") for part in (salt, hashed))
    return f"{account.username}:$7${_ITERATIONS}${'$'.join(said)}"


def acl_text(slug: str, hub: str) -> str:
    """Who may hear and say what on the broker."""
    return f"""\
# Who may hear and say what on the broker of {slug}. One block per account; further accounts go below.

# The hub hears every device and sends to every device.
user {hub}
topic readwrite #
topic read $SYS/#

# The screens read what the hub says. What they ask for, see the last lines.
user {DASHBOARDS}
topic read handrail/{slug}/#

# The watcher hears the raw presses, for when the hub is gone; then it shows them, answers who tapped Heard, and sounds
# the sirens of whichever gateway has some (Zigbee devices with one / in their name have two lines; with more, add one).
user {WATCHER}
topic read #
topic read $SYS/#
topic write handrail/{slug}/watch/#
topic write handrail/{slug}/done/+
{sirens()}

# The gateways: each its own devices. Give a gateway every topic it speaks on: some versions of Mosquitto end the
# connection of a client that says what it may not, and its presses wait meanwhile.
# What this home does not own may go, here and in `users`: nothing else knows these accounts.

{rights()}

# A device that shall not be able to speak for others of its kind, an ESPHome node called room-012, as it would be:
#
# user room-012
# topic readwrite homeassistant/#
# topic readwrite room-012/#

# The screen of a room, as it would be (its password: mosquitto_passwd users room-001):
#
# user room-001
# topic read handrail/{slug}/room/001
# topic read handrail/{slug}/done/+
# topic read handrail/{slug}/status

# Every account may ask the hub, and only under its own name, so that the hub knows who asks.
pattern write handrail/+/do/%u
"""


def write_secret(path: Path, text: str) -> None:
    """A file that its owner alone can read, from its first byte on."""
    opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(opened, "w", encoding="utf-8") as file:
        file.write(text)
