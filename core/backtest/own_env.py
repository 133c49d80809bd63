"""A user's own gymnasium environment behind the contract of `docs/own-environment.md`.

Owns the import, each call into the user's code with its time limit, and the reading of `info`. Traps avoided:
a traceback of foreign code where one sentence would do, and an equity that is missing or NaN taken for a
number. Runs only in the judging process, never in the console's own.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import inspect
import math
import numbers
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from core.errors import UnreadableError, UsageError
from core.text import visible

PAGE = "docs/own-environment.md says what it must do."


class _OutOfTimeError(BaseException):
    """Not an Exception: the user's `except Exception` must not swallow it."""


@dataclass(frozen=True, slots=True)
class OwnTrade:
    """A closed trade as the environment tells it."""

    pnl: float
    side: int = 0
    """1 long, -1 short, 0 not told."""
    candles: int | None = None
    """Held, the entry's and the exit's among them."""
    entry_price: float = math.nan
    exit_price: float = math.nan
    r_multiple: float = math.nan


@dataclass(frozen=True, slots=True)
class OwnStep:
    observation: NDArray[np.float32]
    equity: float
    trades: tuple[OwnTrade, ...]
    ended: bool
    terminated: bool


@dataclass(frozen=True, slots=True)
class OwnEnvironment:
    """What makes environments, and what the model expects of them."""

    name: str
    """The import path, printable."""
    make: Callable[[str], Any]
    sha256: str | None
    """Of the file that defines it; None where that is not known."""
    inputs: int
    """Numbers in an observation that the model reads."""
    actions: int
    seconds: float
    """For one call into it."""
    source: Path | None = None
    """The folder whose side data, cut in time, lie beside the candles that it is given."""

    def open(self, folder: Path, where: str) -> OpenEnv:
        """An environment on the candle files in `folder`; `where` names the symbol and episode in errors.

        Raises UnreadableError.
        """
        return OpenEnv(self, folder, where)


def load_environment(
    path: str, *, root: Path | None, python_path: Sequence[str], inputs: int, actions: int, seconds: float
) -> OwnEnvironment:
    """Import `module:Name`. Raises UsageError for a path that is none, UnreadableError where it fails."""
    name = visible(path, 100)
    module, _, attribute = path.partition(":")
    if not module or not attribute:
        raise UsageError(f"revalidation.environment: expected module:Class, got {name!r}")
    if root is not None:
        os.chdir(root)
    sys.path[:0] = [folder for folder in python_path if folder not in sys.path]
    try:
        with _limit(seconds):
            found: Any = importlib.import_module(module)
            for piece in attribute.split("."):
                found = getattr(found, piece)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        what = f"no answer within {seconds:g} s" if isinstance(error, _OutOfTimeError) else _words(error)
        raise UnreadableError(
            f"{name} cannot be imported: {what}",
            hint="It is named by revalidation.environment; its folder by checklist.python_path, relative to "
            "the workspace.",
        ) from error
    if not callable(found):
        raise UnreadableError(
            f"{name} is a {type(found).__name__}: expected an environment's class", hint=PAGE
        )
    return OwnEnvironment(name, found, _source_hash(found), inputs, actions, seconds)


class OpenEnv:
    """One environment on one folder. Every method raises UnreadableError, in one sentence."""

    def __init__(self, kind: OwnEnvironment, folder: Path, where: str) -> None:
        import gymnasium

        self._kind = kind
        self._where = where
        self._steps = 0
        self._env: Any = None
        self._env = self._call("making it", lambda: kind.make(str(folder)))
        if not isinstance(self._env, gymnasium.Env):
            self._refuse(f"it made a {type(self._env).__name__}: expected a gymnasium.Env")
        choices = getattr(self._env.action_space, "n", None)
        if not isinstance(self._env.action_space, gymnasium.spaces.Discrete) or choices != kind.actions:
            space = visible(str(self._env.action_space), 60)
            self._refuse(f"its actions are {space}: expected Discrete({kind.actions}), as the model has them")

    def reset(self, seed: int) -> tuple[NDArray[np.float32], float | None]:
        """The first observation, and the equity where reset's info tells it."""
        answer = self._call("reset", lambda: self._env.reset(seed=seed))
        if not isinstance(answer, tuple) or len(answer) != 2 or not isinstance(answer[1], Mapping):
            self._refuse("reset did not return (observation, info)")
        observation, info = answer
        equity = self._number("equity", info["equity"], "reset's info") if "equity" in info else None
        return self._observation(observation), equity

    def step(self, action: int) -> OwnStep:
        self._steps += 1
        answer = self._call("step", lambda: self._env.step(action))
        if not isinstance(answer, tuple) or len(answer) != 5 or not isinstance(answer[4], Mapping):
            self._refuse("step did not return (observation, reward, terminated, truncated, info)")
        observation, _, terminated, truncated, info = answer
        if "equity" not in info:
            self._refuse("its info has no \"equity\": the account's value at the candle's close")
        equity = self._number("equity", info["equity"], "info")
        return OwnStep(
            self._observation(observation),
            equity,
            tuple(self._trades(info.get("trade"))),
            bool(terminated) or bool(truncated),
            bool(terminated),
        )

    def close(self) -> None:
        """What goes wrong here changes no number."""
        with contextlib.suppress(Exception):
            self._env.close()

    def _observation(self, given: Any) -> NDArray[np.float32]:
        if isinstance(given, Mapping):
            self._refuse("its observation is a dict: expected one array of numbers")
        try:
            values = np.asarray(given, np.float32).ravel()
        except (TypeError, ValueError) as error:
            self._refuse(f"its observation is no array of numbers ({_words(error)})")
        if values.size != self._kind.inputs:
            self._refuse(
                f"its observation has the shape {np.shape(given)}, {values.size} numbers; the model reads "
                f"{self._kind.inputs}"
            )
        if not np.isfinite(values).all():
            at = int(np.argmin(np.isfinite(values)))
            self._refuse(f"number {at + 1} of its observation is {values[at]}")
        return values

    def _trades(self, told: Any) -> Iterator[OwnTrade]:
        if told is None:
            return
        for trade in told if isinstance(told, list | tuple) else [told]:
            if not isinstance(trade, Mapping):
                yield OwnTrade(self._number("trade", trade, "info"))
                continue
            if "pnl" not in trade:
                self._refuse('info["trade"] has no "pnl": the trade\'s profit in currency, net of costs')
            told_candles = trade.get("candles")
            candles = 0.0 if told_candles is None else self._number("candles", told_candles, 'info["trade"]')
            if candles < 0:
                self._refuse(f'"candles" in info["trade"] is {candles:g}')
            yield OwnTrade(
                self._number("pnl", trade["pnl"], 'info["trade"]'),
                side={"long": 1, "short": -1, 1: 1, -1: -1}.get(_hashable(trade.get("side")), 0),
                candles=int(candles) or None,
                **{
                    key: self._number(key, trade[key], 'info["trade"]')
                    for key in ("entry_price", "exit_price", "r_multiple")
                    if trade.get(key) is not None
                },
            )

    def _number(self, name: str, value: Any, place: str) -> float:
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            self._refuse(f'"{name}" in {place} is {visible(repr(value), 60)}: expected a number')
        if not math.isfinite(number):
            self._refuse(f'"{name}" in {place} is {number}')
        return number

    def _call(self, what: str, function: Callable[[], Any]) -> Any:
        try:
            with _limit(self._kind.seconds):
                return function()
        except KeyboardInterrupt:
            raise
        except _OutOfTimeError:
            self._refuse(f"{what} gave no answer within {self._kind.seconds:g} s")
        except BaseException as error:  # noqa: BLE001 - whatever the user's code raised, SystemExit too
            self._refuse(f"{what} raised {_words(error)}{_line_of(error)}")

    def _refuse(self, problem: str) -> NoReturn:
        step = f", step {self._steps}" if self._steps else ""
        raise UnreadableError(f"{self._kind.name}: {problem} ({self._where}{step})", hint=PAGE) from None


@contextlib.contextmanager
def _limit(seconds: float) -> Iterator[None]:
    """Ends Python code that runs longer; only a process' main thread can, and code that holds the
    interpreter is ended by a cancel alone."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(*_: object) -> None:
        raise _OutOfTimeError

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


def _words(error: BaseException) -> str:
    text = visible(str(error), 200)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _line_of(error: BaseException) -> str:
    """Where in the user's own code: the innermost line outside installed packages."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)[2:]
        if "site-packages" not in frame.filename and Path(frame.filename).is_file()
    ]
    return f" at {visible(Path(frames[-1].filename).name, 60)}:{frames[-1].lineno}" if frames else ""


def _hashable(value: Any) -> Any:
    return value if isinstance(value, str | numbers.Real) else None


def _source_hash(found: Any) -> str | None:
    with contextlib.suppress(TypeError, OSError):
        if (path := inspect.getsourcefile(found)) is not None:
            return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    return None
