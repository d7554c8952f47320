"""The house code: names are shown only on devices where somebody who knows the house has entered it once."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

COOKIE = "handrail_house"
COOKIE_AGE_S = 90 * 86_400
ROOM_COOKIE = "handrail_room"
ROOM_COOKIE_AGE_S = 5 * 365 * 86_400
"""A tablet on a wall is set up once; a new house code asks it again."""
FREE_TRIES = 3
LONGEST_WAIT_S = 300.0
HOUSE_TRIES = 60
"""Wrong codes of all devices together before new devices must wait; devices already let in never do."""


@dataclass(frozen=True, slots=True)
class Entered:
    """What came of trying a code: the cookie of a device let in, or how long to wait before the next try."""

    cookie: str | None
    wait_s: float = 0.0


class Gate:
    """Compares codes in constant time, slows guessing down, and signs the cookie of devices let in."""

    def __init__(self, code: str | None, key: bytes) -> None:
        self._code = code
        self._sign = hmac.new(key, b"house code", hashlib.sha256).digest()
        self._wrong: dict[str, tuple[int, float]] = {}

    @property
    def needs_code(self) -> bool:
        """Whether there is a house code at all."""
        return self._code is not None

    def lets_in(self, cookie: str | None) -> bool:
        """Whether a device with this cookie may see names."""
        if self._code is None:
            return True
        nonce, _, signature = (cookie or "").partition(".")
        return bool(nonce) and hmac.compare_digest(signature.encode(), self._signature(nonce).encode())

    def room_cookie(self, room: str) -> str:
        """The cookie of a tablet that is the screen of this room and of nothing else."""
        nonce = secrets.token_urlsafe(16)
        return f"{nonce}.{self._signature(f'{nonce}|room|{room}')}"

    def lets_into_room(self, room: str, cookie: str | None) -> bool:
        """Whether a device with this cookie is the screen of this room."""
        nonce, _, signature = (cookie or "").partition(".")
        wanted = self._signature(f"{nonce}|room|{room}")
        return bool(nonce) and hmac.compare_digest(signature.encode(), wanted.encode())

    def enter(self, code: str, device: str, now_s: float) -> Entered:
        """Try a code from a device (its network address) at a monotonic time."""
        for known in (device, ""):
            count, since = self._wrong.get(known, (0, 0.0))
            wait = since + _pause(count - (HOUSE_TRIES if known == "" else 0)) - now_s
            if wait > 0:
                return Entered(None, wait)
        if self._code is not None and hmac.compare_digest(code.encode(), self._code.encode()):
            self._wrong.pop(device, None)
            nonce = secrets.token_urlsafe(16)
            return Entered(f"{nonce}.{self._signature(nonce)}")
        if len(self._wrong) > 1_000:
            self._wrong = {"": self._wrong.get("", (0, 0.0))}
        for known in (device, ""):
            self._wrong[known] = (self._wrong.get(known, (0, 0.0))[0] + 1, now_s)
        return Entered(None)

    def _signature(self, nonce: str) -> str:
        """Bound to the code, so that a new code asks every device again."""
        return hmac.new(self._sign, f"{nonce}|{self._code}".encode(), hashlib.sha256).hexdigest()


def _pause(wrong: int) -> float:
    """Seconds to wait after so many wrong codes: none at first, then twice as long each time."""
    return 0.0 if wrong < FREE_TRIES else min(LONGEST_WAIT_S, 2.0 ** (wrong - FREE_TRIES + 1))


def load_key(path: Path) -> bytes:
    """The key that signs cookies, made once and readable by its owner alone. Where the folder cannot be written, a key
    for this run: devices then enter the code again after a restart."""
    with contextlib.suppress(OSError):
        # Whatever else lies there is no key, and a pipe would keep the screens waiting for ever.
        found = path.read_bytes() if path.is_file() else b""
        if len(found) >= 32:
            return found
    key = secrets.token_bytes(32)
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(key)
    return key
