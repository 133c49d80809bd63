"""A backtest in a user's own environments: disjoint windows cut here, many stepped with one policy call.

Each symbol and window gets a folder with its candles alone, so that no two windows can share one. Trap
avoided: an environment that chooses its own, overlapping episodes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.backtest.engine import Backtest, Cancelled, Integers, OnProgress, cut_windows, scored
from core.backtest.own_env import PAGE, OpenEnv, OwnEnvironment
from core.backtest.own_told import Lane, told_backtest
from core.backtest.policy import Policy
from core.config.settings import Trading
from core.errors import CancelledError, UnreadableError
from core.files import scratch_folder
from core.market.model import Universe
from core.market.side import write_side
from core.market.synthetic import write_universe

AT_ONCE = 64
"""Environments that are open and step together."""
_PROBES = 4


@dataclass(frozen=True, slots=True)
class OwnPlan:
    """Which windows a user's environments are judged on."""

    look_back: int
    """Candles that an environment uses up before its first step; they come from before each window."""
    first: int
    starts: Integers
    candles: int
    warnings: tuple[str, ...]
    symbols: int
    axis: int

    @property
    def steps(self) -> int:
        """Of all lanes, in the windows."""
        return self.symbols * len(self.starts) * self.candles

    @property
    def whole_steps(self) -> int:
        same = len(self.starts) == 1 and self.candles == self.axis - self.first
        return 0 if same else self.symbols * (self.axis - self.first)


def plan(
    universe: Universe,
    kind: OwnEnvironment,
    policy: Policy,
    *,
    episodes: int,
    trading: Trading,
    seed: int,
    cancelled: Cancelled,
) -> OwnPlan:
    """Windows with the environment's own look-back before each, found by stepping it through a few.

    Raises UnreadableError and CancelledError.
    """
    first, count = scored(universe)
    starts, candles, _ = cut_windows(first, count, episodes, trading.episode_candles)
    probes = [
        Lane(symbol, int(start), int(start), int(start) + candles)
        for symbol in range(len(universe.symbols))
        for start in starts
        if np.isfinite(universe.close[symbol, start : start + candles]).all()
    ][:_PROBES]
    _play(universe, kind, policy, probes, seed, lambda: None, cancelled)
    look_back = candles - max((len(lane.equity) for lane in probes), default=candles)
    first = max(first, look_back)
    left = len(universe.time) - first
    starts, candles, warnings = cut_windows(first, left, episodes, trading.episode_candles)
    return OwnPlan(look_back, first, starts, candles, warnings, len(universe.symbols), len(universe.time))


def run_own(
    universe: Universe,
    kind: OwnEnvironment,
    policy: Policy,
    planned: OwnPlan,
    *,
    trading: Trading,
    seed: int,
    whole_period: bool = True,
    on_progress: OnProgress,
    cancelled: Cancelled,
) -> Backtest:
    """`policy` in `kind` over the windows `planned`. `on_progress(done, total)` counts environment steps.

    Raises UnreadableError (whatever the environment does against its contract) and CancelledError.
    """
    total = planned.steps + (planned.whole_steps if whole_period else 0)
    done = 0

    def stepped() -> None:
        nonlocal done
        done += 1
        on_progress(min(done, total), total)

    def run(starts: Integers, candles: int) -> Backtest:
        lanes = [
            Lane(symbol, int(start) - planned.look_back, int(start), int(start) + candles, episode)
            for symbol in range(planned.symbols)
            for episode, start in enumerate(starts)
        ]
        _play(universe, kind, policy, lanes, seed, stepped, cancelled)
        return told_backtest(universe, kind, lanes, starts, candles, trading)

    found = run(planned.starts, planned.candles)
    whole = None
    if whole_period:
        whole = found
        if planned.whole_steps:
            whole = run(np.array([planned.first], np.int64), planned.axis - planned.first)
    look_back = (
        (f"the environment uses up {planned.look_back} candles before its first step: taken from before "
         "each window",)
        if planned.look_back
        else ()
    )  # fmt: skip
    return replace(found, warnings=(*planned.warnings, *look_back, *found.warnings), whole=whole)


def _play(
    universe: Universe,
    kind: OwnEnvironment,
    policy: Policy,
    lanes: list[Lane],
    seed: int,
    stepped: Callable[[], None],
    cancelled: Cancelled,
) -> None:
    """Fill every lane, `AT_ONCE` environments at a time; the candle files live as long as their batch."""
    for at in range(0, len(lanes), AT_ONCE):
        with scratch_folder("ppo-console-env-") as made:
            _play_batch(universe, kind, policy, lanes[at : at + AT_ONCE], made, seed, stepped, cancelled)


def _play_batch(
    universe: Universe,
    kind: OwnEnvironment,
    policy: Policy,
    lanes: list[Lane],
    made: Path,
    seed: int,
    stepped: Callable[[], None],
    cancelled: Cancelled,
) -> None:
    going: list[tuple[Lane, OpenEnv, int]] = []
    try:
        observations: list[NDArray[np.float32]] = []
        for number, lane in enumerate(lanes):
            _check(cancelled)
            alone = universe.of_symbols(slice(lane.symbol, lane.symbol + 1))
            candles = alone.part(lane.begin, lane.end, score_from=0)
            there = int(np.isfinite(candles.close).sum())
            if not there:
                continue
            folder = made / str(number) / "data"
            write_universe(candles, folder)
            if kind.source is not None:
                known_by = int(candles.time[-1]) + candles.step_ms
                write_side(kind.source, folder, candles.symbols, 0, known_by)
            where = f"{universe.symbols[lane.symbol]}, episode {lane.episode + 1}"
            env = kind.open(folder, where)
            observation, lane.capital = env.reset(seed)
            going.append((lane, env, there))
            observations.append(observation)
        while going:
            actions = policy.actions(np.stack(observations))
            observations = []
            left = []
            for (lane, env, there), action in zip(going, actions.tolist(), strict=True):
                _check(cancelled)
                step = env.step(action)
                lane.trades += [(len(lane.equity), trade) for trade in step.trades]
                lane.equity.append(step.equity)
                stepped()
                if step.ended:
                    lane.terminated = step.terminated
                    env.close()
                    continue
                if len(lane.equity) > there:
                    raise UnreadableError(
                        f"{kind.name}: it goes on after its last candle: {len(lane.equity)} steps on {there} "
                        f"candles ({universe.symbols[lane.symbol]})",
                        hint=PAGE,
                    )
                left.append((lane, env, there))
                observations.append(step.observation)
            going = left
    finally:
        for _, env, _ in going:
            env.close()


def _check(cancelled: Cancelled) -> None:
    if cancelled():
        raise CancelledError("the backtest was cancelled; nothing was written")
