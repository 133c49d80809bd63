"""The command line as one Typer application; without a command it opens the console."""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.exceptions import TyperException

from console.cli import (
    alerts,
    calibrate,
    checklists,
    data,
    decision,
    doctor,
    health,
    lists,
    misuse,
    model,
    records,
    runbook,
    setup,
    signing,
    tensorboard,
    training,
    watch,
    week,
)
from console.cli.options import RunOption, WorkspaceOption, name_workspace, workspace_at
from console.cli.output import finish, put, say
from core.errors import UsageError

_HELP = (
    "Operations console for PPO trading agents. Without a command it opens the console on the live run.\n\n"
    "Exit codes: 0 good, 10 attention, 20 judged bad, 1 unreadable input, 2 usage or configuration, "
    "130 interrupted."
)

_ORDER = (
    *("init", "demo", "doctor", "data", "preflight", "train", "stop"),
    *(
        "status",
        "check",
        "daily",
        "alerts",
        "runbook",
        "watch",
        "checklist",
        "standup",
        "timeline",
        "handover",
    ),
    *("revalidate", "decision", "signoff", "score", "model", "calibrate"),
    *("tensorboard", "audit", "backup"),
)
"""As help and completion list the commands: from the workspace over the run to the decision."""


def build() -> Callable[[list[str] | None], int]:
    """The program as a function from arguments to an exit code. It raises ConsoleError."""
    command = command_tree()

    def run(arguments: list[str] | None) -> int:
        given = sys.argv[1:] if arguments is None else arguments
        try:
            misuse.refuse_empty_paths(command, given)
            left = command.main(args=given, prog_name="ppo-console", standalone_mode=False)
        except SystemExit as error:
            left = error.code
        except TyperException as error:
            if error.message.startswith("Usage:"):  # a family without a command: its help, as an error
                say(error.message)
                return UsageError.exit_code
            raise misuse.in_words(error) from error
        return left if isinstance(left, int) else 0

    return run


def command_tree() -> Any:
    """All commands with their options, as one command of Typer."""
    app = typer.Typer(
        name="ppo-console",
        help=_HELP,
        no_args_is_help=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(_open)
    for family in (
        setup,
        data,
        training,
        health,
        checklists,
        lists,
        records,
        decision,
        calibrate,
        signing,
        model,
        alerts,
        runbook,
        watch,
        week,
        doctor,
        tensorboard,
    ):
        family.register(app)
    command: Any = typer.main.get_command(app)
    command.commands = {
        name: command.commands[name] for name in (*_ORDER, *command.commands) if name in command.commands
    }
    return command


def _open(
    context: typer.Context,
    workspace: WorkspaceOption = None,
    run: RunOption = None,
    slow: Annotated[bool, typer.Option("--slow", help="For a slow line: half the bytes.")] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        put(f"ppo-console {importlib.metadata.version('ppo-console')}")
        finish(0)
    if context.invoked_subcommand is not None:
        if run is not None:
            raise UsageError(
                "--run before a command is for the console alone",
                hint=f"ppo-console {context.invoked_subcommand} --run PATH, if that command takes a run.",
            )
        name_workspace(workspace)
        return
    from console.running import run_console
    from console.terminal import require_terminal

    require_terminal()
    opened = None if run is not None and workspace is None else workspace_at(workspace)
    finish(run_console(opened, run, slow=slow))
