"""What the screens' process is told at its start, and the house code.

The house code lies in `secrets/house-code`. Where the screens can be reached from other machines and no code was set,
one is drawn: names of residents are never open to everybody on the network.
"""

from __future__ import annotations

import secrets
from pathlib import Path

import orjson

from hub.children import ChildRefused, require_free
from hub.config.accounts import write_secret
from hub.homes import Known

VARIABLE = "HANDRAIL_DASHBOARDS"
CODE_FILE = Path("secrets") / "house-code"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_SHORTEST = 4


def house_code(home: Known) -> str | None:
    """The code that lets a device see names; None where only this machine can reach the screens and none was set."""
    path = home.settings.folder / CODE_FILE
    if path.exists():
        code = path.read_text(encoding="utf-8").strip()
        if len(code) < _SHORTEST:
            raise ChildRefused(f"{path} holds no code: write at least {_SHORTEST} characters into it, or delete it")
        return code
    if home.settings.dashboards_host in _LOOPBACK:
        return None
    return draw_code(home.settings.folder)


def draw_code(folder: Path) -> str:
    """Draw a new house code, and keep it where its owner alone can read it."""
    code = f"{secrets.randbelow(10**6):06}"
    (folder / CODE_FILE).parent.mkdir(mode=0o700, exist_ok=True)
    write_secret(folder / CODE_FILE, f"{code}\n")
    return code


def environment(home: Known) -> dict[str, str]:
    """The settings of the screens' process."""
    settings, broker = home.settings, home.settings.dashboards_broker
    said = {
        "home": home.slug,
        "name": home.name,
        "ledger": str(home.ledger),
        "folder": str(home.settings.folder),
        "broker": {
            "host": broker.host,
            "port": broker.port,
            "tls": broker.tls,
            "ca_file": _path(broker.ca_file),
            "username": broker.username,
            "password_file": _path(broker.password_file),
        },
        "host": settings.dashboards_host,
        "port": settings.dashboards_port,
        "code": house_code(home),
    }
    return {VARIABLE: orjson.dumps(said).decode()}


def _path(path: Path | None) -> str | None:
    return str(path) if path is not None else None


def require_port(home: Known) -> None:
    """Raise `PortTaken` where the screens could not listen."""
    mend = "stop what listens there, or choose another `dashboards: port:` in home.yaml"
    require_free(home.settings.dashboards_host, home.settings.dashboards_port, mend)


def address(home: Known) -> str:
    """Where the night board is."""
    host = home.settings.dashboards_host
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host
    return f"http://{shown}:{home.settings.dashboards_port}/"
