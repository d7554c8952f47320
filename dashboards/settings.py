"""What the screens' process is told at its start: one JSON object in `HANDRAIL_DASHBOARDS`."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class Broker(BaseModel):
    """Where the home's broker is, and the login of the screens; the password stays in its file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(default=1883, ge=1, le=65535)
    tls: bool = False
    ca_file: Path | None = None
    username: str | None = None
    password_file: Path | None = None


class Settings(BaseModel):
    """The whole of the settings. Without a `code` everybody who reaches the port sees names: for a demo on loopback."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    home: str = Field(min_length=1, pattern=r"^[^/+#\s]+$")
    name: str = ""
    ledger: Path
    folder: str = ""
    """Where the home's files are, for the commands that pages show."""
    broker: Broker = Field(default_factory=Broker)
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    code: str | None = Field(default=None, min_length=4)

    @property
    def key_file(self) -> Path:
        """Where the key that signs the cookies is kept: beside the ledger."""
        return self.ledger.parent / "dashboards.key"
