"""Backtests of many models on many symbols as tasks that any worker can do, with the same numbers anywhere.

A task is up to `CHUNK` symbols and up to `MODELS` models. Trap avoided: a policy's logits differ in the last
bits with the number of lanes asked together, so how the symbols are cut must not depend on who computes: the
cut is fixed, whatever the number of workers.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.backtest.engine import (
    Backtest,
    Cancelled,
    OnProgress,
    StreamTrades,
    planned_candles,
    run_backtest,
)
from core.backtest.workers import Workers, run_tasks
from core.config.settings import Reward, Trading
from core.market.model import Universe

if TYPE_CHECKING:
    from core.models.arrays import PolicyArrays

CHUNK = 64
"""Symbols of a task: the documents' 62 are one."""
MODELS = 4
"""Models of a task: they share its features."""

Features = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Job:
    """What every task shares."""

    episodes: int
    trading: Trading
    reward: Reward
    whole_period: bool = True
    record: bool = True


@dataclass(frozen=True, slots=True)
class ModelRun:
    """One model's backtest over all symbols."""

    model: int
    """Its place among the models given."""
    backtest: Backtest
    undecided: int
    """Decisions without a finite number."""


@dataclass(frozen=True, slots=True)
class _Part:
    model: int
    first: int
    """Place of its first symbol."""
    backtest: Backtest
    undecided: int


def count_tasks(symbols: int, models: int, *, chunk: int = CHUNK, group: int = MODELS) -> int:
    """How many tasks so many symbols and models make."""
    return -(-symbols // chunk) * -(-models // group)


def fan_out(
    universe: Universe,
    models: Sequence[PolicyArrays],
    job: Job,
    workers: Workers,
    *,
    features: Features | None = None,
    chunk: int = CHUNK,
    on_progress: OnProgress | None = None,
    cancelled: Cancelled | None = None,
) -> Iterator[ModelRun]:
    """Each model's backtest as soon as its last task is done, in any order.

    `features` are `market_features(universe)`, which workers of this process need not compute again.
    `on_progress(done, total)` counts a task's candles once for each of its models. Raises as `run_backtest`
    and `run_tasks`.
    """
    planned = planned_candles(
        universe, episodes=job.episodes, trading=job.trading, whole_period=job.whole_period
    )
    firsts = range(0, len(universe.symbols), chunk)
    counter = _Counter(planned * len(firsts) * len(models), on_progress)
    asked = cancelled or (lambda: False)
    given = features if workers.in_process else None
    calls = []
    for group in range(0, len(models), MODELS):
        chosen = [(place, models[place]) for place in range(group, min(group + MODELS, len(models)))]
        for first in firsts:
            part = slice(first, first + chunk)
            own = None if given is None else given[part]
            back = (counter.add, asked) if workers.in_process else (None, None)
            calls.append((_run_task, (universe.of_symbols(part), first, chosen, job, own, *back)))
    parts: dict[int, list[_Part]] = {}
    for done in run_tasks(workers, calls, asked):
        for found in done:
            mine = parts.setdefault(found.model, [])
            mine.append(found)
            if not workers.in_process:
                counter.add(planned)
            if len(mine) == len(firsts):
                yield _merged(universe, parts.pop(found.model))


def _run_task(
    universe: Universe,
    first: int,
    models: Sequence[tuple[int, PolicyArrays]],
    job: Job,
    features: Features | None,
    add: Callable[[int], None] | None,
    cancelled: Cancelled | None,
) -> list[_Part]:
    """One task, wherever it runs."""
    import torch

    from core.backtest.policy import TrainedPolicy
    from core.trading.features import market_features

    if add is None:
        torch.set_num_threads(1)  # a process of its own: its neighbours have the other cores
    given = market_features(universe) if features is None else features
    parts = []
    for place, arrays in models:
        policy = TrainedPolicy(arrays)
        seen = [0]

        def progress(done: int, _total: int, seen: list[int] = seen) -> None:
            if add is not None:
                add(done - seen[0])
                seen[0] = done

        backtest = run_backtest(
            universe,
            policy,
            episodes=job.episodes,
            trading=job.trading,
            reward=job.reward,
            features=given,
            whole_period=job.whole_period,
            record=job.record,
            on_progress=progress,
            cancelled=cancelled,
        )
        parts.append(_Part(place, first, backtest, policy.undecided))
    return parts


class _Counter:
    """Candles done, counted by tasks of several threads."""

    def __init__(self, total: int, on_progress: OnProgress | None) -> None:
        self._total, self._on_progress = total, on_progress
        self._done = 0
        self._lock = threading.Lock()

    def add(self, candles: int) -> None:
        with self._lock:
            self._done += candles
            if self._on_progress is not None:
                self._on_progress(self._done, self._total)


def _merged(universe: Universe, parts: list[_Part]) -> ModelRun:
    parts.sort(key=lambda part: part.first)
    undecided = sum(part.undecided for part in parts)
    backtest = parts[0].backtest
    if len(parts) > 1:
        wholes = [part.backtest.whole for part in parts if part.backtest.whole is not None]
        whole = _joined(universe, parts, wholes) if wholes else None
        backtest = replace(_joined(universe, parts, [part.backtest for part in parts]), whole=whole)
    return ModelRun(parts[0].model, backtest, undecided)


def _joined(universe: Universe, parts: list[_Part], runs: list[Backtest]) -> Backtest:
    """The backtests of all symbols as one."""
    starts, candles = runs[0].starts, runs[0].candles
    inside = starts[:, None] + np.arange(candles)
    exposed = [run.exposed for run in runs if run.exposed is not None]
    actions = [run.actions for run in runs if run.actions is not None]
    return replace(
        runs[0],
        symbols=universe.symbols,
        equity=np.concatenate([run.equity for run in runs]),
        exposed=np.concatenate(exposed) if len(exposed) == len(runs) else None,
        actions=np.concatenate(actions) if len(actions) == len(runs) else None,
        trades=_trades(parts, [run.trades for run in runs]),
        coverage=float(np.isfinite(universe.close[:, inside]).mean()),
        whole=None,
    )


def _trades(parts: list[_Part], found: list[StreamTrades]) -> StreamTrades:
    """All trades in the order of the engine: by exit candle, entry candle, symbol, episode."""
    columns = {
        column.name: np.concatenate([getattr(trades, column.name) for trades in found])
        for column in fields(StreamTrades)
    }
    offsets = [np.full(len(trades), part.first) for part, trades in zip(parts, found, strict=True)]
    columns["symbol"] = columns["symbol"] + np.concatenate(offsets)
    order = np.lexsort((columns["episode"], columns["symbol"], columns["entry_index"], columns["exit_index"]))
    return StreamTrades(**{name: values[order] for name, values in columns.items()})
