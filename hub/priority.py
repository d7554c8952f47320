"""Who gives way on this machine: screens to the hub, and commands that read much to both.

Only the nice value is set: nobody needs rights to lower their own, and a scheduler of the disk that knows priorities
takes them from there. What systemd and containers add stands in deploy/.
"""

from __future__ import annotations

import os

SCREENS, COMMANDS = 5, 10


def give_way(nice: int) -> None:
    """Be at least so nice, with all that is started from here; a process that is nicer already stays it.

    On Linux each thread has a priority of its own: this one hands its own on to those that come.
    """
    if os.getpriority(os.PRIO_PROCESS, 0) < nice:
        os.setpriority(os.PRIO_PROCESS, 0, nice)
