"""A backtest in a user's own environments: disjoint windows cut here, many stepped with one policy call.

Each symbol and window gets a folder with its candles alone, so that no two windows can share one. Traps
avoided: an environment that chooses its own, overlapping episodes; and a figure that the environment does not
tell (exposure, costs) shown as 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.backtest.engine import Backtest, Cancelled, Integers, OnProgress, StreamTrades, cut_windows, scored
from core.backtest.own_env import PAGE, OpenEnv, OwnEnvironment, OwnTrade
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
_FAR = 4.0
"""A first equity this many times the capital, or less than this part of it, belongs to another capital."""


@dataclass(slots=True)
class _Lane:
    """One environment's run over the candles `begin` … `end` - 1, of which those from `first` are scored."""

    symbol: int
    begin: int
    first: int
    end: int
    episode: int = 0
    capital: float | None = None
    equity: list[float] = field(default_factory=list)
    trades: list[tuple[int, OwnTrade]] = field(default_factory=list)
    """(step, trade)"""
    terminated: bool = False


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
        _Lane(symbol, int(start), int(start), int(start) + candles)
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
            _Lane(symbol, int(start) - planned.look_back, int(start), int(start) + candles, episode)
            for symbol in range(planned.symbols)
            for episode, start in enumerate(starts)
        ]
        _play(universe, kind, policy, lanes, seed, stepped, cancelled)
        return _backtest(universe, kind, lanes, starts, candles, trading)

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
    lanes: list[_Lane],
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
    lanes: list[_Lane],
    made: Path,
    seed: int,
    stepped: Callable[[], None],
    cancelled: Cancelled,
) -> None:
    going: list[tuple[_Lane, OpenEnv, int]] = []
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


def _backtest(
    universe: Universe,
    kind: OwnEnvironment,
    lanes: list[_Lane],
    starts: Integers,
    candles: int,
    trading: Trading,
) -> Backtest:
    warnings: list[str] = []
    capital = _capital(universe, kind, lanes, trading, warnings)
    equity = np.full((len(universe.symbols), len(starts), candles), np.nan)
    rows: list[tuple[int, int, int, int, OwnTrade]] = []  # exit candle, symbol, episode, step, trade
    covered = early = 0
    for lane in lanes:
        there = lane.first + np.flatnonzero(np.isfinite(universe.close[lane.symbol, lane.first : lane.end]))
        steps = len(lane.equity)
        if steps > len(there):
            raise UnreadableError(
                f"{kind.name}: it takes {steps} steps on {len(there)} scored candles "
                f"({universe.symbols[lane.symbol]}, episode {lane.episode + 1}): its look-back changes",
                hint=PAGE,
            )
        at = there[:steps] if lane.terminated else there[len(there) - steps :]
        early += steps < len(there)
        covered += steps
        sleeve = equity[lane.symbol, lane.episode]
        sleeve[at - lane.first] = lane.equity
        rows += [(int(at[step]), lane.symbol, lane.episode, step, trade) for step, trade in lane.trades]
    if early:
        warnings.append(
            f"in {early:,} of {len(lanes):,} runs the environment took fewer steps than there are candles: "
            "the rest earns 0"
        )
    _carry_forward(equity, capital)
    rows.sort(key=lambda row: row[:4])
    _compare(rows, equity, capital, warnings)
    return Backtest(
        symbols=universe.symbols,
        starts=starts,
        candles=candles,
        time=universe.time,
        step_ms=universe.step_ms,
        capital=capital,
        equity=equity,
        exposed=None,
        trades=_stream_trades(rows),
        coverage=covered / equity.size,
        synthetic=universe.synthetic,
        environment=kind.name,
        warnings=tuple(warnings),
    )


def _capital(
    universe: Universe, kind: OwnEnvironment, lanes: list[_Lane], trading: Trading, warnings: list[str]
) -> float:
    """What every environment starts with."""
    told = {lane.capital for lane in lanes if lane.equity}
    if told <= {None}:
        for lane in lanes:
            if lane.equity and not trading.capital / _FAR < lane.equity[0] < trading.capital * _FAR:
                raise UnreadableError(
                    f"{kind.name}: its equity begins at {lane.equity[0]:,.2f}, and trading.capital is "
                    f"{trading.capital:,.2f} ({universe.symbols[lane.symbol]}, episode {lane.episode + 1})",
                    hint='Return the starting capital as info["equity"] from reset.',
                )
        warnings.append(
            f"the environment's reset tells no equity: trading.capital, {trading.capital:,.2f}, is its start"
        )
        return trading.capital
    known = sorted(value for value in told if value is not None)
    if len(known) != 1 or None in told or not known[0] > 0:
        amounts = ", ".join(f"{value:,.2f}" for value in known[:3])
        raise UnreadableError(
            f"{kind.name}: every environment must start with the same positive capital; reset told {amounts}"
            + (", and sometimes none" if None in told else ""),
            hint=PAGE,
        )
    return known[0]


def _carry_forward(equity: NDArray[np.float64], capital: float) -> None:
    """A candle without a step keeps the value before it."""
    for candle in range(equity.shape[2]):
        before = equity[:, :, candle - 1] if candle else np.full(equity.shape[:2], capital)
        now = equity[:, :, candle]
        np.copyto(now, before, where=np.isnan(now))


def _compare(
    rows: list[tuple[int, int, int, int, OwnTrade]],
    equity: NDArray[np.float64],
    capital: float,
    warnings: list[str],
) -> None:
    """Trades and equity are told apart from each other: where they disagree, that is said."""
    earned = float((equity[:, :, -1] - capital).sum())
    told = sum(row[4].pnl for row in rows)
    if abs(earned - told) > 0.01 * capital * equity.shape[0] * equity.shape[1]:
        warnings.append(
            f"the environment's trades sum to {told:,.2f}, its equity changed by {earned:,.2f}: "
            "win rate and profit factor do not tell of all that was earned"
        )


def _stream_trades(rows: list[tuple[int, int, int, int, OwnTrade]]) -> StreamTrades:
    trades = [row[4] for row in rows]
    exits = [row[0] for row in rows]
    entries = [
        -1 if trade.candles is None else max(0, exit_ - trade.candles + 1)
        for exit_, trade in zip(exits, trades, strict=True)
    ]
    return StreamTrades(
        symbol=np.array([row[1] for row in rows], np.int64),
        episode=np.array([row[2] for row in rows], np.int64),
        side=np.array([trade.side for trade in trades], np.int8),
        entry_index=np.array(entries, np.int64),
        exit_index=np.array(exits, np.int64),
        entry_price=np.array([trade.entry_price for trade in trades], np.float64),
        exit_price=np.array([trade.exit_price for trade in trades], np.float64),
        exit_reason=np.full(len(trades), -1, np.int8),
        pnl=np.array([trade.pnl for trade in trades], np.float64),
        r_multiple=np.array([trade.r_multiple for trade in trades], np.float64),
        ambiguous=np.zeros(len(trades), np.bool_),
    )


def _check(cancelled: Cancelled) -> None:
    if cancelled():
        raise CancelledError("the backtest was cancelled; nothing was written")
