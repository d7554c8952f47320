"""Starts Handrail in its container as systemd would: `python watched.py run HOME`.

A hub that has said it is ready and whose loop then stands still is ended, with a stack dump, so that Docker starts it
again: Docker itself shows that a container is unwell and leaves it so. Who never says it is ready is not watched.
"""

import os
import signal
import socket
import subprocess
import sys

PATIENCE_S = float(os.environ.get("HANDRAIL_WATCHDOG_S", "30"))
"""As long as `WatchdogSec` of deploy/handrail.service."""
LOOKS = 20
"""How often within that time we look whether it is still there."""
DUMP_S = 5.0
HANDED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def end(child: "subprocess.Popen[bytes]") -> None:
    """End what stands still: first so that it can say where it stood, then whatever it does."""
    print(
        f"watched: the hub's loop has stood still for {PATIENCE_S:g} s, it is started again",
        file=sys.stderr,
        flush=True,
    )
    child.send_signal(signal.SIGABRT)
    child.send_signal(signal.SIGCONT)
    try:
        child.wait(DUMP_S)
    except subprocess.TimeoutExpired:
        child.kill()


def main(arguments: list[str]) -> int:
    """The exit code of what was started, 128 and more for a signal."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as hearing:
        # One of Linux' abstract names: nothing to write, and gone with us.
        name = f"handrail-watched-{os.getpid()}"
        hearing.bind(f"\0{name}")
        hearing.settimeout(PATIENCE_S / LOOKS)
        told = {"NOTIFY_SOCKET": f"@{name}", "WATCHDOG_USEC": str(int(PATIENCE_S * 1e6)), "PYTHONFAULTHANDLER": "1"}
        child = subprocess.Popen([sys.executable, "-m", "hub.commands", *arguments], env={**os.environ, **told})
        for number in HANDED_ON:
            signal.signal(number, lambda what, _frame: child.send_signal(what))
        watched, silent = False, 0
        while child.poll() is None:
            try:
                said = hearing.recv(4096)
            except TimeoutError:
                silent += 1
            else:
                silent = 0
                watched = (watched or b"READY=1" in said) and b"STOPPING=1" not in said
            if watched and silent >= LOOKS:
                end(child)
        return child.returncode if child.returncode >= 0 else 128 - child.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
