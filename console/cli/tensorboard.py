"""`tensorboard`: the charts of TensorBoard over the run's event files, in a browser.

Trap avoided: a child that outlives the command; TensorBoard takes this process's place, so what ends one ends
the other.
"""

from __future__ import annotations

import errno
import importlib.util
import os
import socket
import sys
from pathlib import Path
from typing import Annotated

import typer

from console.cli.options import RunOption, WorkspaceOption, workspace_at
from console.cli.output import say
from core.errors import UsageError
from core.text import visible

PORT = 6006
"""The documents'."""


def register(app: typer.Typer) -> None:
    app.command("tensorboard", short_help="Start TensorBoard on the run's event files.")(tensorboard)


def tensorboard(
    workspace: WorkspaceOption = None,
    run: RunOption = None,
    port: Annotated[
        int, typer.Option("--port", metavar="N", min=1, max=65535, help="Where it listens.")
    ] = PORT,
    host: Annotated[
        str, typer.Option("--host", metavar="HOST", help="0.0.0.0: for other machines, too.")
    ] = "localhost",
) -> None:
    """Start TensorBoard on the run's event files; ctrl-c ends it.

    Over SSH: `ssh -L 6006:localhost:6006 SERVER`, then open the address in the browser at home.
    """
    folder = event_folder(run) if run is not None else workspace_at(workspace).logs / "tensorboard"
    require_tensorboard()
    require_port(host, port)
    if not any(folder.glob("**/events.out.tfevents.*")):
        say(f"no event file in {visible(str(folder), 300)} yet: it fills once a training writes there")
    say(f"TensorBoard on http://{visible(host, 100)}:{port}  (ctrl-c ends it)")
    sys.stderr.flush()
    command = ["-m", "tensorboard.main", "--logdir", str(folder), "--port", str(port), "--host", host]
    os.execv(sys.executable, [sys.executable, *command])


def event_folder(run: Path) -> Path:
    """Where a run's event files lie, or the folder itself where it is theirs. Raises UsageError."""
    if not run.is_dir():
        what = "is no folder" if run.exists() else "does not exist"
        raise UsageError(f"{visible(str(run), 300)} {what}; expected a run's folder", hint="Check the path.")
    inner = run / "tensorboard"
    return inner if inner.is_dir() else run


def require_tensorboard() -> None:
    """Raises UsageError where it is not installed."""
    if importlib.util.find_spec("tensorboard") is None:
        raise UsageError(
            "TensorBoard is not installed here",
            hint="pip install tensorboard; the console's own charts need none.",
        )


def require_port(host: str, port: int) -> None:
    """Raises UsageError where nothing can listen there."""
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except OSError as error:
        shown = f"port {port} on {visible(host, 100)}"
        if error.errno == errno.EADDRINUSE:
            raise UsageError(
                f"{shown} is taken",
                hint=f"Maybe by a TensorBoard already: http://{host}:{port}. "
                f"Another port: --port {port % 65535 + 1}.",
            ) from error
        raise UsageError(
            f"nothing can listen at {shown}: {error.strerror or error}",
            hint="Choose another --port or --host.",
        ) from error
