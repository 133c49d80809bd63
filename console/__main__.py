"""The program's entry: runs a command and turns every error into one message and an exit code.

Trap avoided: a traceback on a user's terminal. What nobody foresaw goes to a file that is named.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.errors import ConsoleError

INTERRUPTED = 130
_OF_THE_MACHINE = {
    errno.EACCES: "Check its permissions and its owner.",
    errno.EPERM: "Check its permissions and its owner.",
    errno.EROFS: "Mount its volume for writing, or name another place.",
    errno.ENOSPC: "Free some space, or name another place.",
    errno.EDQUOT: "Free some space, or name another place.",
    errno.EFBIG: "Raise the limit on the size of files: ulimit -f.",
    errno.EMFILE: "Raise the limit on open files: ulimit -n.",
    errno.ENAMETOOLONG: "Name a shorter path.",
    errno.ELOOP: "Its links lead back to themselves: name what they should lead to.",
    errno.EIO: "Its disk or its server fails: look at the system's log.",
    errno.ESTALE: "Its server has gone or came back anew: mount the volume again.",
}
"""What a file system says, whoever asks it, and what to do about it."""


def main(arguments: list[str] | None = None) -> int:
    """Run `ppo-console`. Returns the exit code; the console script passes it to `sys.exit`."""
    try:
        return _main(arguments)
    except KeyboardInterrupt:
        _tell("interrupted")
        return INTERRUPTED


def _main(arguments: list[str] | None) -> int:
    from core.errors import ConsoleError, UsageError

    for stream in (sys.stdout, sys.stderr):
        # A locale that cannot show a glyph gets a sign of ASCII, not an error; a surrogate a question mark.
        if stream is not None and hasattr(stream, "reconfigure"):
            plain = "utf" not in (stream.encoding or "").lower()
            if plain:
                from core.glyphs import ERRORS, register

                register()
            stream.reconfigure(errors=ERRORS if plain else "replace")
    try:
        from console.opening import open_console, wanted

        given = sys.argv[1:] if arguments is None else arguments
        opening = wanted(given)
        if opening is not None:
            return open_console(opening)
        from console.cli.app import build

        return build()(arguments)
    except ConsoleError as error:
        _report(error)
        return error.exit_code
    except BrokenPipeError:
        # The reader of the pipe has gone; flushing again at interpreter exit would only repeat the error.
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.errno == errno.ENOENT and _stands_nowhere():
            gone = UsageError(
                "the current folder is gone: it was removed", hint="Change to one that is there: cd."
            )
            _report(gone)
            return gone.exit_code
        if error.errno not in _OF_THE_MACHINE:
            return _unforeseen(error)
        _report(_refused(error))
        return 1
    except Exception as error:  # noqa: BLE001 - what nobody foresaw goes to a file
        return _unforeseen(error)


def _report(error: ConsoleError) -> None:
    """The error's line and, below it, what to do."""
    from core.errors import CancelledError
    from core.text import visible

    label = "" if isinstance(error, CancelledError) else "error: "
    hint = f"\n  {error.hint}" if error.hint else ""
    lines = f"{label}{error.title}{hint}".split("\n")
    _tell("\n".join(visible(line, 20_000) for line in lines))


def _refused(error: OSError) -> ConsoleError:
    """A path that nobody may look at, or a disk that takes no more: no matter where it was met."""
    from core.errors import UnreadableError

    what = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else "the file system"
    return UnreadableError(f"{what}: {error.strerror}", hint=_OF_THE_MACHINE[error.errno or 0])


def _stands_nowhere() -> bool:
    from pathlib import Path

    try:
        Path.cwd()
    except FileNotFoundError:
        return True
    return False


def _unforeseen(error: Exception) -> int:
    import tempfile
    import traceback
    from pathlib import Path

    where = "the details could not be written to a file"
    with contextlib.suppress(OSError):
        details = Path(tempfile.mkdtemp(prefix="ppo-console-")) / "error.txt"
        details.write_text("".join(traceback.format_exception(error)), encoding="utf-8", errors="replace")
        where = f"the details are in {details}"
    _tell(f"error: something unforeseen happened ({type(error).__name__}); {where}")
    return 1


def _tell(text: str) -> None:
    if sys.stderr is not None:
        from console.cli.folding import for_stream

        with contextlib.suppress(OSError):
            sys.stderr.write(for_stream(text, sys.stderr) + "\n")


if __name__ == "__main__":
    sys.exit(main())
