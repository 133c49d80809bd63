"""The program's entry: runs a command and turns every error into one message and an exit code.

Trap avoided: a traceback on a user's terminal. What nobody foresaw goes to a file that is named.
"""

from __future__ import annotations

import sys
import tempfile
import traceback
from pathlib import Path

from core.errors import ConsoleError

INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """Run `ppo-console`. Returns the exit code; the console script passes it to `sys.exit`."""
    from console.cli.app import build

    try:
        return build()(arguments)
    except ConsoleError as error:
        from console.cli.output import report_error

        report_error(error)
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of the pipe has gone; a second error at interpreter exit would only repeat it.
        sys.stderr.close()
        return 0
    except Exception as error:  # noqa: BLE001
        return _unforeseen(error)


def _unforeseen(error: Exception) -> int:
    folder = Path(tempfile.mkdtemp(prefix="ppo-console-"))
    details = folder / "error.txt"
    details.write_text("".join(traceback.format_exception(error)), encoding="utf-8", errors="replace")
    name = type(error).__name__
    sys.stderr.write(f"error: something unforeseen happened ({name}); the details are in {details}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
