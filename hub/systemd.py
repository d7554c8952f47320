"""Says to systemd that the hub has started and that its loop still turns: `sd_notify(3)`, without its library.

The sign of life waits for nothing but the loop itself. A disk that hangs must not keep it back: then calls are told
from memory, and a hub that is ended for it could not start again.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Mapping

log = logging.getLogger("handrail.systemd")

LONGEST_S = 10.0
"""Where systemd watches and asks for less, half of what it asks for."""


class Systemd:
    """Whoever started us, where that was systemd with `Type=notify`; otherwise nobody, and nothing is said."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        watched_us = environment.get("WATCHDOG_USEC", "")
        self._beat_s = min(LONGEST_S, int(watched_us) / 2e6) if watched_us.isdigit() and int(watched_us) else LONGEST_S
        self._told = False

    def say(self, what: str) -> None:
        """One message; it never waits, and what cannot be said is logged once."""
        if not self._address:
            return
        # An address that begins with @ is one of Linux' abstract names.
        name = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as speaking:
                speaking.setblocking(False)
                speaking.sendto(what.encode(), name)
        except OSError as error:
            if not self._told:
                log.warning("systemd does not hear us at %s: %s", self._address, error.strerror or error)
            self._told = True
        else:
            self._told = False

    async def run(self) -> None:
        """Say that we started, then that we live, until cancelled; then that we end."""
        if not self._address:
            return
        self.say("READY=1")
        try:
            while True:
                self.say("WATCHDOG=1")
                await asyncio.sleep(self._beat_s)
        finally:
            self.say("STOPPING=1")
