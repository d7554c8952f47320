"""The command line of Handrail: one small file per command, each importing what it needs when it is called.

typer costs 0.05 s of a start on two shared cores, hub and configuration 0.35 s: so typer stays on every path, and
nothing else is imported before the command is known.
"""

from __future__ import annotations

import errno
import sys

from hub.errors import HandrailError

BAD = 2
"""The exit code of what could not be done as asked."""
INTERRUPTED = 130
REFUSED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.ENOSPC, errno.EDQUOT})
"""What the machine has no more of, whoever asks."""


def main() -> int:
    """Run the command line; every error that was foreseen is one line on standard error."""
    from hub.commands.app import app, not_understood

    try:
        code = app(sys.argv[1:] or ["--help"], prog_name="handrail", standalone_mode=False)
    except HandrailError as error:
        return _say(str(error))
    except BaseExceptionGroup as group:
        foreseen = _foreseen(group)
        if foreseen is None:
            raise
        return _say(str(foreseen))
    except not_understood() as error:
        return _say(_typed(error))
    except BrokenPipeError:
        return 1
    except OSError as error:
        if error.filename is None and error.errno not in REFUSED:
            raise
        return _say(f"{error.filename or 'this machine refuses'}: {error.strerror}")
    except (KeyboardInterrupt, EOFError):
        return INTERRUPTED
    return code if isinstance(code, int) else 0


def _foreseen(group: BaseExceptionGroup[BaseException]) -> HandrailError | None:
    """The first of the parts of a program that failed, where all of them failed as foreseen."""
    if group.split(HandrailError)[1] is not None:
        return None
    first: BaseException = group
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return first if isinstance(first, HandrailError) else None


def _typed(error: Exception) -> str:
    """What was wrong with the words of the command, and where to read about them."""
    context = getattr(error, "ctx", None)
    path = getattr(context, "command_path", "handrail") if context is not None else "handrail"
    said = " ".join(str(getattr(error, "format_message", error.__str__)()).split()).rstrip(".")
    return f"{said}; see {path} --help"


def _say(sentence: str) -> int:
    sys.stderr.write(f"handrail: {' '.join(sentence.split())}\n")
    return BAD
