"""The truncation test on a user's own environment, in a process of its own.

The contract is that of `core.backtest.own_env`: the import path names a callable; called with one folder
(text) that holds one symbol's candles it returns a gymnasium environment; `reset(seed=0)` begins at the same
candle however long the data are. It is stepped with the same drawn actions on all data and on data that end
earlier: every observation that the shorter run gives must be, byte for byte, the longer run's. Traps avoided:
the user's code in the console's own process, what it prints taken for the answer, and data cut so late that
no run comes to the end, where a look ahead shows.
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
SYMBOLS = 3
"""Tested, spread over all: a leak is one of the code, not of a symbol."""
SECONDS = 300.0
LEAST_CANDLES = 20


class EnvData(msgspec.Struct, frozen=True, kw_only=True):
    """One symbol's folders, that of all its data first."""

    symbol: str
    folders: tuple[str, ...]
    ends: tuple[str, ...]
    """The last candle of each folder."""


class EnvRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What the child is told."""

    environment: str
    python_path: tuple[str, ...]
    data: tuple[EnvData, ...]
    steps: int


class EnvAnswer(msgspec.Struct, frozen=True, kw_only=True):
    leaks: tuple[Leak, ...] = ()
    observations: int = 0
    """Compared."""
    symbols: tuple[str, ...] = ()
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
    longest = _longest(universe)
    if not longest:
        raise UsageError(
            f"no symbol has the {LEAST_CANDLES} candles that the test of an environment needs; "
            f"the data hold {len(universe.time)}"
        )
    with scratch_folder("ppo-console-leaks-") as made:
        request = EnvRequest(
            environment=environment,
            python_path=tuple(str(root / folder) for folder in python_path),
            data=tuple(_cut(alone, Path(made, str(number))) for number, alone in enumerate(longest)),
            steps=STEPS,
        )
        answer = _ask(request, root, seconds)
    if answer.problem is not None:
        raise UnreadableError(
            f"{visible(environment, 80)} could not be tested: {visible(answer.problem, 300)}",
            hint="It is called with one folder that holds one symbol's candles, and returns a gymnasium "
            "environment; modules beside config.toml are found through checklist.python_path.",
        )
    return answer


def _longest(universe: Universe) -> list[Universe]:
    """Up to `SYMBOLS` symbols that have enough candles, each alone, from its first candle to its last."""
    found = []
    for row in range(len(universe.symbols)):
        there = np.flatnonzero(np.isfinite(universe.close[row]))
        if len(there) >= LEAST_CANDLES:
            alone = universe.of_symbols(slice(row, row + 1))
            found.append(alone.part(int(there[0]), int(there[-1]) + 1, score_from=0))
    spread = np.unique(np.linspace(0, len(found) - 1, SYMBOLS).astype(int)).tolist() if found else []
    return [found[index] for index in spread]


def _cut(alone: Universe, made: Path) -> EnvData:
    """One symbol's folders: all its data, and its data up to candles that a run of `STEPS` steps reaches."""
    size = len(alone.time)
    reached = min(size, STEPS)
    ends = [size, *np.unique(np.linspace(reached * 0.4, reached - 1, CUTS).astype(int)).tolist()]
    folders = []
    for end in ends:
        folder = made / f"{end:08d}" / "data"
        write_universe(alone.part(0, end, score_from=0), folder)
        folders.append(str(folder))
    return EnvData(
        symbol=alone.symbols[0],
        folders=tuple(folders),
        ends=tuple(iso(from_epoch(int(alone.time[end - 1]) / 1000)) for end in ends),
    )


def _ask(request: EnvRequest, root: Path, seconds: float) -> EnvAnswer:
    try:
        child = subprocess.Popen(
            python("core.trading.env_leaks"),
            cwd=root,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        return EnvAnswer(problem=f"its process could not be started in {root}: {error.strerror}")
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
    found: dict[int, Leak] = {}
    compared = 0
    for data in request.data:
        whole = _observations(make(data.folders[0]), request.steps)
        for folder, end in zip(data.folders[1:], data.ends[1:], strict=True):
            shorter = _observations(make(folder), request.steps)
            if whole.shape[1] != shorter.shape[1]:
                return EnvAnswer(
                    problem=f"{whole.shape[1]} numbers in an observation, {shorter.shape[1]} in another"
                )
            compared += min(len(whole), len(shorter))
            _note(found, whole, shorter, data.symbol, end)
    return EnvAnswer(
        leaks=tuple(leak for _, leak in sorted(found.items())),
        observations=compared,
        symbols=tuple(data.symbol for data in request.data),
    )


def _note(found: dict[int, Leak], whole: NDArray[Any], shorter: NDArray[Any], symbol: str, end: str) -> None:
    """Each number of the observation that differs: where first, and how many times in all."""
    rows = min(len(whole), len(shorter))
    unequal = different(whole[:rows], shorter[:rows])
    for column in np.flatnonzero(unequal.any(axis=0)).tolist():
        row = int(unequal[:, column].argmax())
        times = int(unequal[:, column].sum())
        if column in found:
            found[column] = msgspec.structs.replace(found[column], count=found[column].count + times)
            continue
        found[column] = Leak(
            feature=f"number {column + 1} of the observation after {row} steps",
            symbol=symbol,
            candle=end,
            whole=finite(float(whole[row, column])),
            cut=finite(float(shorter[row, column])),
            count=times,
        )


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
