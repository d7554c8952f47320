"""`handrail dashboards`: the screens of a home whose hub runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hub.homes import known
from hub.priority import SCREENS, give_way
from hub.screens import address, environment, require_port


def become_dashboards(folder: Path) -> int:
    """This process becomes the screens'."""
    home = known(folder)
    require_port(home)
    give_way(SCREENS)
    environ = {**os.environ, **environment(home)}
    sys.stderr.write(f"handrail: the night board is at {address(home)}\n")
    sys.stderr.flush()
    os.execve(sys.executable, [sys.executable, "-m", "dashboards"], environ)
