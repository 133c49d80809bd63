"""Opens a console and runs it to its end: terminal, session, app, signals, exit code.

Trap avoided: a garbage collection in the middle of the first paint; it begins once that stands.
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from console.app import ConsoleApp
from console.keyboard import checked_keys
from console.session import ConsoleSession
from console.signals import EndOnSignal
from console.terminal import follow_size, in_gnu_screen, leave_line, require_terminal, uses_ascii
from core.errors import UnreadableError, UsageError
from core.workspace import Workspace, open_workspace
from widgets.tone import use_ascii

if TYPE_CHECKING:
    from console.demo_guide import Guide

FIRST_LOOK = 0.3
"""Seconds that the first paint waits for the run's values, so that it need not be made twice."""


THREAD_TURN = 0.001
"""Seconds that a thread that computes may keep the interpreter from the one that answers keys."""


def run_console(
    workspace: Workspace | None, run_target: Path | None, *, demo: Guide | None = None, slow: bool = False
) -> int:
    """Open the console; returns the exit code. `slow`: half as many changes a second.

    Raises UsageError for a missing path or no terminal.
    """
    require_terminal()
    gc.disable()
    sys.setswitchinterval(THREAD_TURN)
    if run_target is not None:
        _check_there(run_target)
    use_ascii(uses_ascii())
    code, saved = _run_once(workspace, run_target, demo, "", slow)
    while saved is not None:
        words = f"this is the workspace {saved} now; from a shell: ppo-console -w {saved}"
        code, saved = _run_once(open_workspace(saved, saved), None, None, words, slow)
    return code


def _check_there(run_target: Path) -> None:
    try:
        there = run_target.exists()
    except OSError as error:
        raise UnreadableError(
            f"{run_target} could not be read: {error.strerror}", hint="Check its permissions and its owner."
        ) from error
    if not there:
        raise UsageError(
            f"{run_target} does not exist",
            hint="Give a run folder, a TensorBoard folder or a CSV file.",
        )


def _run_once(
    workspace: Workspace | None, run_target: Path | None, demo: Guide | None, greeting: str, slow: bool
) -> tuple[int, Path | None]:
    """(exit code, the workspace to go on in). Raises ConfigError before the terminal is touched."""
    checked_keys(workspace)
    follow_size(os.environ)
    session = ConsoleSession(workspace, run_target, slow=slow)
    session.start()
    session.wait_first(FIRST_LOOK)
    app = ConsoleApp(session, demo, greeting)
    with EndOnSignal(app) as ended:
        result = app.run(mouse=not in_gnu_screen(os.environ))
    session.close()
    leave_line(os.environ)
    if app._exception is not None:
        raise app._exception
    if ended.exit_code is not None:
        return ended.exit_code, None
    return app.return_code or result or 0, app.reopen
