"""The bytes of a file of the home, where it is one: a pipe or a device in its place keeps whoever opens it waiting for
ever, or never ends, and with it the start of a hub that nobody hears until then."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

LARGEST_BYTES = 1 << 20


def read_ordinary(path: Path, at_most: int = LARGEST_BYTES) -> bytes:
    """At most so many bytes from its beginning; raises `OSError` where it cannot be read, or is no ordinary file."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        kind = os.fstat(handle).st_mode
        if stat.S_ISDIR(kind):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(kind):
            raise OSError(errno.EINVAL, "no ordinary file", str(path))
        with open(handle, "rb", closefd=False) as file:
            return file.read(at_most)
    finally:
        os.close(handle)


def opened_anew(path: Path) -> int:
    """A file of our own, emptied, to be written: its descriptor. Raises `OSError`; never waits for who reads a pipe."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
