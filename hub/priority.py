"""Who gives way on this machine: screens to the hub, and commands that read much to both.

Only what needs no rights is set: the nice value, from which a scheduler of the disk takes its own, and who is ended
when memory runs out. A child would else have what systemd gave the hub. What systemd and containers add stands in
deploy/.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

log = logging.getLogger("handrail.priority")

SCREENS, COMMANDS = 5, 10
FIRST = 500
"""Of -1000 to 1000: ended before anything usual when memory runs out (`oom_score_adj`, proc(5))."""
_OOM = Path("/proc/self/oom_score_adj")


def give_way(nice: int) -> None:
    """Be at least so nice, with all that is started from here; a process that is nicer already stays it.

    On Linux each thread has a priority of its own: this one hands its own on to those that come. There it is also among
    the first to be ended when memory runs out.
    """
    if os.getpriority(os.PRIO_PROCESS, 0) < nice:
        os.setpriority(os.PRIO_PROCESS, 0, nice)
    if _OOM.exists():
        try:
            if int(_OOM.read_text(encoding="ascii")) < FIRST:
                _OOM.write_text(str(FIRST), encoding="ascii")
        except OSError as error:
            log.warning("this process does not give way when memory runs out: %s", error)
