"""A child that ends when its parent does: `python -m hub.leash -m MODULE ARGS`, or `python -m hub.leash PROGRAM ARGS`.

The parent holds the other end of our standard input. However it ends, kill -9 included, the system closes that end, and
nothing of ours is left running. A module runs in this very process; a program is started, watched, and ended with us.
"""

from __future__ import annotations

import os
import runpy
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from types import FrameType

from hub.priority import give_way


def _watch(end: Callable[[], None]) -> None:
    def wait() -> None:
        while os.read(0, 4096):
            pass
        end()

    threading.Thread(target=wait, name="leash", daemon=True).start()


def _module(name: str, arguments: list[str]) -> int:
    _watch(lambda: os.kill(os.getpid(), signal.SIGTERM))
    sys.argv = [name, *arguments]
    runpy.run_module(name, run_name="__main__", alter_sys=True)
    return 0


def _program(command: list[str]) -> int:
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:

        def end(_signal: int = 0, _frame: FrameType | None = None) -> None:
            process.terminate()

        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)
        _watch(end)
        code = process.wait()
    return code if code >= 0 else 128 - code


def main() -> int:
    """Run what the arguments name; `--nice N` before them lowers our priority, while we have one thread to lower."""
    if sys.argv[1] == "--nice":
        give_way(int(sys.argv[2]))
        del sys.argv[1:3]
    if sys.argv[1] == "-m":
        return _module(sys.argv[2], sys.argv[3:])
    return _program(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
