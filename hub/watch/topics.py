"""The topics of one home that the watcher hears and speaks on, besides those of devices."""

from __future__ import annotations


class Topics:
    """By home."""

    __slots__ = (
        "_alert",
        "_base",
        "_do",
        "_hub_alert",
        "hub_known",
        "hub_log",
        "hub_probe",
        "hub_status",
        "sounding",
        "status",
    )

    def __init__(self, home: str) -> None:
        self._base = f"handrail/{home}/"
        self._hub_alert = f"{self._base}alert/"
        self._alert = f"{self._base}watch/alert/"
        self.hub_status = f"{self._base}status"
        self.hub_log = f"{self._base}log"
        self.hub_probe = f"{self._base}probe/bulk"
        self.hub_known = f"{self._base}watch/known"
        self._do = f"{self._base}do/"
        self.status = f"{self._base}watch/status"
        self.sounding = f"{self._base}watch/sounding"

    @property
    def filters(self) -> tuple[str, ...]:
        """What is subscribed; its own heartbeat as well, which shows that the broker still answers."""
        shown = (f"{self._hub_alert}+", f"{self._alert}+")
        hub = (self.hub_status, self.hub_log, self.hub_known, self.hub_probe)
        return (*hub, f"{self._do}+", self.status, self.sounding, *shown)

    def is_ours(self, topic: str) -> bool:
        """Whether it is none of a device."""
        return topic.startswith(self._base)

    def hub_alert_of(self, topic: str) -> str | None:
        """Which alert the hub shows there."""
        return topic[len(self._hub_alert) :] if topic.startswith(self._hub_alert) else None

    def client_of(self, topic: str) -> str | None:
        """Whose request comes there."""
        return topic[len(self._do) :] if topic.startswith(self._do) else None

    def alert(self, ident: str) -> str:
        """Where a told press is shown."""
        return f"{self._alert}{ident}"

    def alert_of(self, topic: str) -> str | None:
        """Which told press a topic shows."""
        return topic[len(self._alert) :] if topic.startswith(self._alert) else None

    def done(self, request: str) -> str:
        """Where a request is answered."""
        return f"{self._base}done/{request}"
