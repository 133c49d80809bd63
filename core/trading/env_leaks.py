"""The truncation test on a user's own environment, in a process of its own.

The contract: the import path names a callable; called with one folder (text) of candle files it returns a
gymnasium environment; `reset(seed=0)` begins at the same candle however long the data are. It is stepped with
the same drawn actions on all data and on data that end earlier: every observation that the shorter run gives
must be, byte for byte, the longer run's. Traps avoided: the user's code in the console's own process, and
what it prints taken for the answer.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.child import environment, kill, python
from core.clock import from_epoch, iso
from core.errors import UnreadableError, UsageError
from core.files import scratch_folder
from core.market.model import Universe
from core.market.synthetic import write_universe
from core.text import visible
from core.trading.leaks import Leak, different
from core.units import finite

STEPS = 2_000
CUTS = 6
SECONDS = 300.0
LEAST_CANDLES = 20


class EnvRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What the child is told: folders of candle files, all data first."""

    environment: str
    python_path: tuple[str, ...]
    folders: tuple[str, ...]
    ends: tuple[str, ...]
    """The last candle of each folder."""
    steps: int


class EnvAnswer(msgspec.Struct, frozen=True, kw_only=True):
    leaks: tuple[Leak, ...] = ()
    observations: int = 0
    """Compared."""
    problem: str | None = None


def environment_leaks(
    universe: Universe,
    environment: str,
    *,
    root: Path,
    python_path: Sequence[str] = (),
    seconds: float = SECONDS,
) -> EnvAnswer:
    """Run the test on `environment` (`module:Class`) with the universe's candles.

    Raises UsageError for too few candles or a path that is none, UnreadableError where the environment cannot
    be used.
    """
    if ":" not in environment:
        raise UsageError(f"--environment {visible(environment, 80)}: expected module:Class")
    size = len(universe.time)
    if size < LEAST_CANDLES:
        raise UsageError(f"{size} candles are too few to test an environment; expected {LEAST_CANDLES}")
    ends = [size, *np.unique(np.linspace(size * 0.4, size - 1, CUTS).astype(int)).tolist()]
    with scratch_folder("ppo-console-leaks-") as made:
        folders = []
        for end in ends:
            folder = Path(made, f"{end:08d}", "data")
            write_universe(universe.part(0, end, score_from=0), folder)
            folders.append(str(folder))
        request = EnvRequest(
            environment=environment,
            python_path=tuple(str(root / folder) for folder in python_path),
            folders=tuple(folders),
            ends=tuple(iso(from_epoch(int(universe.time[end - 1]) / 1000)) for end in ends),
            steps=STEPS,
        )
        answer = _ask(request, root, seconds)
    if answer.problem is not None:
        raise UnreadableError(
            f"{visible(environment, 80)} could not be tested: {visible(answer.problem, 300)}",
            hint="It is called with one folder of candle files and returns a gymnasium environment; modules "
            "beside config.toml are found through checklist.python_path.",
        )
    return answer


def _ask(request: EnvRequest, root: Path, seconds: float) -> EnvAnswer:
    child = subprocess.Popen(
        python("core.trading.env_leaks"),
        cwd=root,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        out, _ = child.communicate(msgspec.json.encode(request), timeout=seconds)
    except subprocess.TimeoutExpired:
        return EnvAnswer(problem=f"no answer within {seconds:g} s")
    finally:
        kill(child)
        child.wait()
    try:
        return msgspec.json.decode(out, type=EnvAnswer)
    except msgspec.MsgspecError:
        return EnvAnswer(problem=f"its process ended with {child.returncode} and no answer")


def main() -> None:
    """The child: the request on stdin, the answer on stdout, whatever the environment prints nowhere."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    request = msgspec.json.decode(sys.stdin.buffer.read(), type=EnvRequest)
    try:
        answer = compare(request)
    except Exception as error:  # noqa: BLE001 - whatever the user's code raised is the answer
        answer = EnvAnswer(problem=f"{type(error).__name__}: {error}"[:1000])
    out.write(msgspec.json.encode(answer))
    out.flush()
    os._exit(0)


def compare(request: EnvRequest) -> EnvAnswer:
    """Every shorter run against the first one."""
    sys.path[:0] = request.python_path
    module, _, name = request.environment.partition(":")
    make: Any = importlib.import_module(module)
    for piece in name.split("."):
        make = getattr(make, piece)
    whole = _observations(make(request.folders[0]), request.steps)
    found: dict[int, Leak] = {}
    compared = 0
    for folder, end in zip(request.folders[1:], request.ends[1:], strict=True):
        shorter = _observations(make(folder), request.steps)
        rows = min(len(whole), len(shorter))
        if whole.shape[1] != shorter.shape[1]:
            return EnvAnswer(
                problem=f"{whole.shape[1]} numbers in an observation, {shorter.shape[1]} in another"
            )
        compared += rows
        unequal = different(whole[:rows], shorter[:rows])
        for column in np.flatnonzero(unequal.any(axis=0)).tolist():
            row = int(unequal[:, column].argmax())
            times = int(unequal[:, column].sum())
            if column in found:
                found[column] = msgspec.structs.replace(found[column], count=found[column].count + times)
                continue
            found[column] = Leak(
                feature=f"number {column + 1} of the observation after {row} steps",
                symbol=None,
                candle=end,
                whole=finite(float(whole[row, column])),
                cut=finite(float(shorter[row, column])),
                count=times,
            )
    return EnvAnswer(leaks=tuple(leak for _, leak in sorted(found.items())), observations=compared)


def _observations(env: Any, steps: int) -> NDArray[Any]:
    """(n, D) observations of one episode, the reset's first, under actions drawn with a fixed seed."""
    env.action_space.seed(0)
    observation, _ = env.reset(seed=0)
    seen = [np.asarray(observation).ravel()]
    for _ in range(steps):
        observation, _, terminated, truncated, _ = env.step(env.action_space.sample())
        seen.append(np.asarray(observation).ravel())
        if terminated or truncated:
            break
    return np.stack(seen)


if __name__ == "__main__":
    main()
