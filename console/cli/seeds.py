"""`train --seeds N`: one training after the other, each a run of its own, then one table.

Trap avoided: a second seed that starts while the first one's process still writes its last files.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from console.cli.output import put, put_json, say
from core.clock import utc_now
from core.errors import CancelledError, ConsoleError, UsageError
from core.process import ProcessIdentity, process_state
from core.training.runfile import read_run
from core.training.seeds import seed_row, seeds_json, seeds_table
from core.workspace import Workspace

if TYPE_CHECKING:
    from core.training.plan import TrainRequest

_GONE_WITHIN = 60.0

Start = Callable[["TrainRequest", bool], ProcessIdentity]
"""Starts one training; True moves the earlier run to the archive first."""
Follow = Callable[[], int]
"""Echoes it until it ends."""


def check_seeds(request: TrainRequest, count: int, *, detach: bool) -> None:
    """Raises UsageError for what several trainings in a row cannot be asked."""
    if request.resume:
        raise UsageError("--seeds starts new runs and --resume continues one: expected one of them")
    if detach:
        raise UsageError(
            "--seeds starts the next training when one has ended, and --detach leaves at once",
            hint="Leave --detach out and let the command run on, in tmux or under nohup.",
        )
    if count < 2:
        raise UsageError(f"--seeds {count}: expected 2 or more, each a run of its own")


def train_seeds(
    workspace: Workspace,
    request: TrainRequest,
    count: int,
    *,
    fresh: bool,
    start: Start,
    follow: Follow,
    as_json: bool = False,
) -> int:
    """The exit code: 0, or 130 when it was left. The rows there are stand in the table in any case.

    A training that is stopped or left is the last: the others are not started. Raises as `start` and
    `follow`.
    """
    first = workspace.settings.training.seed if request.seed is None else request.seed
    runs: list[str] = []
    code = 0
    try:
        for position in range(count):
            seed = first + position
            say(f"seed {seed}: training {position + 1} of {count}")
            tag = f"{request.tag}-seed{seed}" if request.tag else f"seed{seed}"
            identity = start(replace(request, seed=seed, tag=tag), fresh or position > 0)
            if (record := read_run(workspace.logs)) is not None:
                runs.append(record.id)
            code = follow()
            record = read_run(workspace.logs)
            if code or record is None or record.outcome != "finished":
                left = count - position - 1
                if left:
                    say(f"{left} of {count} seeds were not started")
                break
            _wait_gone(identity)
    except KeyboardInterrupt:
        code = CancelledError.exit_code
    finally:
        rows = [row for row in (seed_row(workspace, run) for run in runs) if row is not None]
        if as_json:
            put_json(seeds_json(rows), utc_now())
        elif rows:
            put(seeds_table(rows))
    return code


def _wait_gone(identity: ProcessIdentity) -> None:
    end = time.monotonic() + _GONE_WITHIN
    while process_state(identity) == "alive":
        if time.monotonic() > end:
            raise ConsoleError(
                f"process {identity.pid} ended its training and is still there after {_GONE_WITHIN:.0f} s",
                hint="Nothing is lost; see its state with ps, then start the other seeds.",
            )
        time.sleep(0.05)
