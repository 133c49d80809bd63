"""From the command line to the console, by the shortest way.

`ppo-console`, with or without `--workspace DIR`, `--run PATH` and `--slow`, opens the console without the
command-line parser, whose import costs as much as a bare Textual app; whatever else is written there goes to
the parser, which reads the same options. Trap avoided: paying for fifty commands on the way to none of them.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

_COMPLETION = "_PPO_CONSOLE_COMPLETE"
"""Set by a shell that wants completions: the parser's to answer."""


class Opening(msgspec.Struct, frozen=True):
    """What to open; workspace and run may be None (the workspace around the current folder)."""

    workspace: Path | None = None
    run: Path | None = None
    slow: bool = False
    """The line is slow: half as many changes a second."""


def wanted(arguments: Sequence[str]) -> Opening | None:
    """What these arguments open; None where they ask for anything else, or are not understood here."""
    if _COMPLETION in os.environ:
        return None
    found: dict[str, Path] = {}
    rest = [argument for argument in arguments if argument != "--slow"]
    slow = len(rest) < len(arguments)
    while rest:
        name, joined, value = rest.pop(0).partition("=")
        option = {"--workspace": "workspace", "-w": "workspace", "--run": "run"}.get(name)
        if option is None or option in found or (joined and name == "-w"):
            return None
        if not joined:
            if not rest:
                return None
            value = rest.pop(0)
        if not value or value.startswith("-"):
            return None
        found[option] = Path(value)
    return Opening(**found, slow=slow)


def open_console(opening: Opening) -> int:
    """Returns the exit code. Raises UsageError without a terminal, a workspace or the run; ConfigError."""
    from console.terminal import require_terminal

    require_terminal()
    gc.disable()
    from core.config.loader import ConfigError
    from core.workspace import open_workspace

    foreign = opening.run is not None and opening.workspace is None
    try:
        workspace = None if foreign else open_workspace(Path.cwd(), opening.workspace)
    except ConfigError as error:
        from console.keyboard import with_key_problems

        raise with_key_problems(error) from None
    from console.running import run_console

    return run_console(workspace, opening.run, slow=opening.slow)
