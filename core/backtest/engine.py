"""A backtest: a policy over disjoint windows of every symbol, all lanes advancing together.

Owns how the scored candles are cut into windows and what a run leaves behind. The money is the simulator's.
Trap avoided: windows that overlap and count one candle's luck twice; a policy asked once per lane instead of
once per candle.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.backtest.policy import Policy
from core.config.settings import Reward, Trading
from core.errors import CancelledError, RejectedError
from core.market.model import Universe

if TYPE_CHECKING:
    from core.trading.trades import Trades

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
OnProgress = Callable[[int, int], None]
Cancelled = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class StreamTrades:
    """Closed trades of all streams, sorted by exit candle, then stream. All arrays have shape (n,)."""

    symbol: Integers
    episode: Integers
    side: NDArray[np.int8]
    """1 long, -1 short, 0 not told."""
    entry_index: Integers
    """Candle of the entry, on the universe's axis; -1 where it is not told."""
    exit_index: Integers
    entry_price: Floats
    exit_price: Floats
    exit_reason: NDArray[np.int8]
    """An `ExitReason`; -1 where it is not told."""
    pnl: Floats
    """In currency, net of fees and slippage."""
    r_multiple: Floats
    """Profit as a multiple of what the stop put at risk."""
    ambiguous: NDArray[np.bool_]
    """Stop and target were touched in the same candle; the stop counted."""

    def __len__(self) -> int:
        return len(self.pnl)


@dataclass(frozen=True, slots=True)
class Backtest:
    """What a policy did with S symbols in E disjoint windows of N candles each."""

    symbols: tuple[str, ...]
    starts: Integers
    """(E,) index of each window's first scored candle, ascending."""
    candles: int
    """N, the same in every window."""
    time: Integers
    """(T,) open times of the whole axis, ms."""
    step_ms: int
    capital: float
    equity: Floats
    """(S, E, N) net mark-to-market equity at each close; the capital is not in it."""
    exposed: Integers | None
    """(S, E) candles during which a position was open; None where an environment does not tell."""
    trades: StreamTrades
    coverage: float
    """Share of the scored candles (symbol × candle) that exist."""
    synthetic: bool
    actions: NDArray[np.int8] | None = field(default=None, repr=False)
    """(S, E, N) what the policy decided before each candle, where it was recorded."""
    warnings: tuple[str, ...] = ()
    whole: Backtest | None = field(default=None, repr=False)
    """One continuous window over everything scored; it does not rule."""
    environment: str | None = None
    """The import path of the user's own environment; None for this program's simulator."""

    @property
    def periods_per_year(self) -> float:
        return 365 * 86_400_000 / self.step_ms

    @property
    def unique_candles(self) -> int:
        """Distinct times judged; symbols that share a candle's time count it once."""
        return len(self.starts) * self.candles


def run_backtest(
    universe: Universe,
    policy: Policy,
    *,
    episodes: int,
    trading: Trading,
    reward: Reward,
    features: NDArray[np.float32] | None = None,
    whole_period: bool = True,
    repeats: int = 1,
    record: bool = False,
    observed: bool = True,
    on_progress: OnProgress | None = None,
    cancelled: Cancelled | None = None,
) -> Backtest:
    """Run `policy` over at most `episodes` disjoint windows of every symbol.

    Where fewer windows fit, or the data are shorter than one, the result's `warnings` say so. `features` are
    `market_features(universe)`, given by a caller that has them. `repeats` runs every window so many times
    at once, for a policy of chance; `repetition` takes one out. `record` keeps the policy's actions.
    Without `observed` the policy is shown nothing, which recorded actions do not need.
    `on_progress(done, total)` counts candles.
    Raises RejectedError where nothing can be scored and CancelledError.
    """
    from core.trading.features import market_features

    first, count = scored(universe)
    starts, candles, warnings = cut_windows(first, count, episodes, trading.episode_candles)
    given = market_features(universe) if features is None else features
    same = len(starts) == 1 and candles == count
    total = planned_candles(universe, episodes=episodes, trading=trading, whole_period=whole_period)

    def progress(done: int) -> None:
        if cancelled is not None and cancelled():
            raise CancelledError("the backtest was cancelled; nothing was written")
        if on_progress is not None:
            on_progress(done, total)

    run = _run(
        universe,
        given,
        policy,
        np.tile(starts, repeats),
        candles,
        trading,
        reward,
        progress,
        record=record,
        observed=observed,
    )
    whole: Backtest | None = None
    if whole_period:
        whole_start = np.array([first], np.int64)
        whole = run if same else None
        if whole is None:
            whole = _run(
                universe,
                given,
                policy,
                whole_start,
                count,
                trading,
                reward,
                lambda done: progress(candles + done),
            )
    return replace(run, warnings=warnings, whole=whole)


def repetition(backtest: Backtest, index: int, repeats: int) -> Backtest:
    """The backtest of one of `repeats` repetitions, from 0."""
    episodes = len(backtest.starts) // repeats
    inside = slice(index * episodes, (index + 1) * episodes)
    chosen = backtest.trades.episode // episodes == index
    columns = {column.name: getattr(backtest.trades, column.name)[chosen] for column in fields(StreamTrades)}
    columns["episode"] = columns["episode"] % episodes
    return replace(
        backtest,
        starts=backtest.starts[inside],
        equity=backtest.equity[:, inside],
        exposed=None if backtest.exposed is None else backtest.exposed[:, inside],
        actions=None if backtest.actions is None else backtest.actions[:, inside],
        trades=StreamTrades(**columns),
    )


def planned_candles(
    universe: Universe, *, episodes: int, trading: Trading, whole_period: bool = False
) -> int:
    """How many candles a run steps through: its lanes go together, so a window counts once."""
    first, count = scored(universe)
    starts, candles, _ = cut_windows(first, count, episodes, trading.episode_candles)
    same = len(starts) == 1 and candles == count
    return candles + (count if whole_period and not same else 0)


def window_count(universe: Universe, *, episodes: int, trading: Trading) -> int:
    """How many of the `episodes` asked for fit."""
    return len(cut_windows(*scored(universe), episodes, trading.episode_candles)[0])


def cut_windows(
    first: int, scored: int, episodes: int, candles: int
) -> tuple[Integers, int, tuple[str, ...]]:
    """Starts (E,), length and warnings: up to `episodes` disjoint windows in `scored` candles from `first`.

    Spread over the period with equal pauses before each, the last ending at the newest candle.
    """
    if scored < candles:
        text = f"one episode of {scored:,} candles instead of {episodes} of {candles:,}: no more are scored"
        return np.array([first], np.int64), scored, (text,)
    fitting = min(episodes, scored // candles)
    warnings: tuple[str, ...] = ()
    if fitting < episodes:
        warnings = (
            f"{fitting} of {episodes} episodes judged: {scored:,} scored candles hold no more disjoint "
            f"windows of {candles:,}",
        )
    pause = scored - fitting * candles
    order = np.arange(fitting, dtype=np.int64)
    return first + order * candles + pause * (order + 1) // fitting, candles, warnings


def scored(universe: Universe) -> tuple[int, int]:
    """First index that can be scored (there must be a candle to decide on before it) and how many follow."""
    first = max(universe.score_from, 1)
    count = len(universe.time) - first
    if count < 1 or not universe.symbols:
        raise RejectedError(
            f"no candle can be scored: {len(universe.time):,} candles, {first:,} of them warm-up",
            hint="Give a longer history, or make the split again: ppo-console data split.",
        )
    return first, count


def _run(
    universe: Universe,
    features: NDArray[np.float32],
    policy: Policy,
    starts: Integers,
    candles: int,
    trading: Trading,
    reward: Reward,
    progress: Callable[[int], None],
    *,
    record: bool = False,
    observed: bool = True,
) -> Backtest:
    from core.trading.simulator import Lanes, Simulator

    n_symbols, n_windows = len(universe.symbols), len(starts)
    lanes = Lanes(
        symbol=np.repeat(np.arange(n_symbols, dtype=np.int64), n_windows),
        start=np.tile(starts, n_symbols),
        candles=candles,
    )
    simulator = Simulator(universe, features, lanes, trading, reward, observed=observed)
    equity = np.empty((candles, n_symbols * n_windows))
    exposed = np.zeros(n_symbols * n_windows, np.int64)
    recorded = np.empty((candles, n_symbols * n_windows), np.int8) if record else None
    observations = simulator.reset()
    for candle in range(candles):
        progress(candle)
        actions = policy.actions(observations)
        if recorded is not None:
            recorded[candle] = actions
        step = simulator.step(actions)
        observations = step.observations
        equity[candle] = step.equity
        exposed += step.exposed
    progress(candles)
    inside = starts[:, None] + np.arange(candles)
    return Backtest(
        symbols=universe.symbols,
        starts=starts,
        candles=candles,
        time=universe.time,
        step_ms=universe.step_ms,
        capital=trading.capital,
        equity=np.ascontiguousarray(equity.T).reshape(n_symbols, n_windows, candles),
        exposed=exposed.reshape(n_symbols, n_windows),
        trades=_stream_trades(simulator.trades(), n_windows),
        coverage=float(np.isfinite(universe.close[:, inside]).mean()),
        synthetic=universe.synthetic,
        actions=None
        if recorded is None
        else np.ascontiguousarray(recorded.T).reshape(n_symbols, n_windows, candles),
    )


def _stream_trades(trades: Trades, n_windows: int) -> StreamTrades:
    order = np.lexsort((trades.lane, trades.entry_index, trades.exit_index))
    sorted_ = trades.of(order)
    return StreamTrades(
        symbol=sorted_.lane // n_windows,
        episode=sorted_.lane % n_windows,
        side=sorted_.side,
        entry_index=sorted_.entry_index,
        exit_index=sorted_.exit_index,
        entry_price=sorted_.entry_price,
        exit_price=sorted_.exit_price,
        exit_reason=sorted_.exit_reason,
        pnl=sorted_.pnl,
        r_multiple=sorted_.r_multiple,
        ambiguous=sorted_.ambiguous,
    )
