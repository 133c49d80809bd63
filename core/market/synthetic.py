"""A seeded synthetic market for the demo and for calibration, with a knob from no edge to a planted one.

Each symbol follows one market factor and its own noise, with volatility that clusters and now and then a
jump. The planted edge is a hidden regime (up, none, down) that lasts some fifty candles and moves every
candle by `edge` volatilities in its direction, so that momentum features reveal it; with `edge=0` every
candle's expected simple return is exactly zero. Trap avoided: synthetic data taken for real: the folder
carries `synthetic.json`, and `load_universe` reads the mark back.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.files import atomic_write
from core.market.candles import timeframe, write_candles
from core.market.model import LOOK_BACK, Candles, Universe
from core.text import visible

MARKER = "synthetic.json"
LAST_CLOSE_MS = 1_771_545_600_000
"""2026-02-20 00:00 UTC: a synthetic market ends here, whatever its length."""

_PATH_STEPS = 8  # moves inside a candle, which make its high and low
_CONTINUOUS_STEPS = 2  # moves inside a candle whose extremes are drawn between them
_VOLATILITY = 0.012  # of a candle's return, before clustering
_CLUSTER = 0.97  # how much of the log volatility stays from candle to candle
_CLUSTER_NOISE = 0.07
_MARKET_SHARE = 0.35  # of the variance
_JUMP_CHANCE = 0.003
_JUMP_SIZE = 4.0  # in volatilities
_REGIME_CANDLES = 50.0  # mean length of a regime


_PLAIN_NOTE = "synthetic market: its results say nothing about a real one"


class SyntheticMark(msgspec.Struct, frozen=True):
    """What `synthetic.json` records."""

    note: str
    synthetic: bool = True


def synthetic_universe(
    *, seed: int, symbols: int, candles: int, step_ms: int = 14_400_000, edge: float
) -> Universe:
    """`symbols` symbols `SYN01…` of `candles` candles; the same arguments give the same numbers.

    `edge` is the drift of a candle in units of its volatility while a regime lasts: 0 plants nothing.
    """
    names = tuple(f"SYN{number:02d}" for number in range(1, symbols + 1))
    return _draw(seed, names, 1, candles, step_ms, edge)[0]


def synthetic_markets(
    *, seed: int, markets: int, symbols: int, candles: int, step_ms: int = 14_400_000, edge: float
) -> tuple[Universe, NDArray[np.float64]]:
    """Independent markets of `symbols` symbols each, side by side in one universe, for calibration; and the
    hidden regime of each candle, −1, 0 or 1, (markets · symbols, candles).

    Here a jump is a gap at the open, and the extremes of a candle are those of a continuous path: a stop or
    target filled at its own price is then worth what the path was, and without an edge no rule earns.
    """
    pairs = ((market, symbol) for market in range(markets) for symbol in range(symbols))
    names = tuple(f"M{market + 1:04d}S{symbol + 1:02d}" for market, symbol in pairs)
    return _draw(seed, names, markets, candles, step_ms, edge, continuous=True)


def _draw(
    seed: int,
    names: tuple[str, ...],
    markets: int,
    candles: int,
    step_ms: int,
    edge: float,
    *,
    continuous: bool = False,
) -> tuple[Universe, NDArray[np.float64]]:
    """The symbols `names`, as many in each market, and their regimes."""
    random = np.random.default_rng(seed)
    steps = _CONTINUOUS_STEPS if continuous else _PATH_STEPS
    shape = (len(names), candles)
    each = len(names) // markets
    volatility = _VOLATILITY * np.exp(_clustered(random, markets, each, candles))
    regimes = _regimes(random, len(names), candles)
    drift = edge * volatility * regimes
    market = random.standard_normal((markets, candles, steps)).repeat(each, axis=0)
    own = random.standard_normal((*shape, steps))
    noise = np.sqrt(_MARKET_SHARE) * market + np.sqrt(1 - _MARKET_SHARE) * own
    moves = (volatility[..., None] * noise / np.sqrt(steps)) + drift[..., None] / steps
    jumps = (random.random(shape) < _JUMP_CHANCE) * random.standard_normal(shape) * _JUMP_SIZE * volatility
    gaps = np.clip(jumps, -0.3, 0.3) * continuous
    moves[..., 0] += jumps * (not continuous)
    moves = np.clip(moves, -0.3, 0.3)
    factors = np.cumprod(1 + moves, axis=-1)  # (S, T, steps) relative to the open

    start = np.exp(random.uniform(np.log(0.05), np.log(500.0), (len(names), 1)))
    close = np.asarray(start * np.cumprod((1 + gaps) * factors[..., -1], axis=1), np.float64)
    opened = np.concatenate([start, close[:, :-1]], axis=1) * (1 + gaps)
    highest, lowest = factors, factors
    if continuous:
        highest, lowest = _path_extremes(random, factors / (1 + moves), moves, volatility / np.sqrt(steps))
    high = opened * np.maximum(highest.max(axis=-1), 1.0)
    low = opened * np.minimum(lowest.min(axis=-1), 1.0)
    high, low = np.maximum(high, close), np.minimum(low, close)
    relative_range = (high - low) / (opened * _VOLATILITY)
    volume = 2e6 / start * np.exp(0.3 * random.standard_normal(shape)) * (0.3 + relative_range)
    universe = Universe(
        symbols=names,
        step_ms=step_ms,
        time=LAST_CLOSE_MS - step_ms * np.arange(candles, 0, -1, dtype=np.int64),
        open=opened,
        high=high,
        low=low,
        close=close,
        volume=volume,
        score_from=min(LOOK_BACK, candles),
        synthetic=True,
        warnings=(_note(seed, edge),),
    )
    return universe, regimes


def write_universe(universe: Universe, folder: Path) -> list[Path]:
    """One Parquet file per symbol, without its missing candles; a synthetic universe gets its marker."""
    paths = []
    label = timeframe(universe.step_ms)
    for row, symbol in enumerate(universe.symbols):
        there = ~np.isnan(universe.close[row])
        candles = Candles(
            symbol,
            universe.time[there],
            universe.open[row, there],
            universe.high[row, there],
            universe.low[row, there],
            universe.close[row, there],
            universe.volume[row, there],
        )
        path = folder / f"{symbol}_{label}.parquet"
        write_candles(candles, path)
        paths.append(path)
    if universe.synthetic:
        note = universe.warnings[0] if universe.warnings else _PLAIN_NOTE
        atomic_write(folder / MARKER, msgspec.json.format(msgspec.json.encode(SyntheticMark(note))) + b"\n")
    return paths


def synthetic_note(folder: Path) -> str | None:
    """What to say of the folder's candles where the marker makes them synthetic; None without one."""
    path = folder / MARKER
    if not path.is_file():
        return None
    try:
        return visible(msgspec.json.decode(path.read_bytes(), type=SyntheticMark).note)
    except (OSError, msgspec.DecodeError):
        return _PLAIN_NOTE


def _note(seed: int, edge: float) -> str:
    planted = f"a planted edge of {edge:g} volatilities" if edge else "no edge"
    return f"synthetic market with {planted} (seed {seed}): its results say nothing about a real one"


def _path_extremes(
    random: np.random.Generator,
    before: NDArray[np.float64],
    moves: NDArray[np.float64],
    volatility: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Highest and lowest point (S, T, steps) of a continuous path within each step: the extremes of a
    Brownian bridge from `before` over `moves`, by the inverse of their distribution. `volatility` (S, T) is
    a step's."""
    spread = 2 * volatility[..., None] ** 2
    up = np.sqrt(moves**2 - spread * np.log(1 - random.random(moves.shape)))
    down = np.sqrt(moves**2 - spread * np.log(1 - random.random(moves.shape)))
    return before * (1 + (moves + up) / 2), before * (1 + (moves - down) / 2)


def _clustered(random: np.random.Generator, markets: int, symbols: int, candles: int) -> NDArray[np.float64]:
    """Log volatility (markets · S, T): an AR(1) around 0, half of its shocks shared by a market's symbols."""
    shocks = random.standard_normal((candles, markets * symbols))
    shocks += random.standard_normal((candles, markets)).repeat(symbols, axis=1)
    shocks *= _CLUSTER_NOISE / np.sqrt(2)
    level = shocks[0] / np.sqrt(1 - _CLUSTER**2)
    out = np.empty((candles, markets * symbols))
    for index in range(candles):
        level = _CLUSTER * level + shocks[index]
        out[index] = level
    return np.ascontiguousarray(out.T)


def _regimes(random: np.random.Generator, symbols: int, candles: int) -> NDArray[np.float64]:
    """Hidden regimes (S, T) of −1, 0, 1: each candle keeps the last one or draws one of the other two."""
    change = random.random((symbols, candles)) < 1 / _REGIME_CANDLES
    turn = np.where(change, random.integers(1, 3, (symbols, candles)), 0)
    turn[:, 0] = random.integers(0, 3, symbols)
    return (np.cumsum(turn, axis=1) % 3 - 1).astype(np.float64)
