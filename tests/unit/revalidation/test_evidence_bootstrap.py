"""The block bootstrap: how histories are drawn, and that a drawn one is judged as a real one is."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from core.backtest.summary import Curves, Ledger, Summary, combine
from core.config.settings import Evidence, Gates
from core.errors import CancelledError
from core.revalidation.evidence.blocks import MEAN_BLOCK, block_index
from core.revalidation.evidence.bootstrap import Draws, resample
from core.revalidation.evidence.runs import Statistic
from core.revalidation.evidence.sample import Sample
from core.revalidation.gates import SPECS, judge_gates

LEAST = Evidence(min_candles=1, min_trades=5, strong_trades=20, min_stream_trades=3)


def make_sample(
    *, episodes: int = 2, candles: int = 60, streams: int = 3, trades: int = 70, seed: int = 0
) -> Sample:
    """Random returns and trades; several trades of a stream may close in one candle."""
    random = np.random.default_rng(seed)
    return Sample(
        returns=random.normal(0.002, 0.01, (episodes, candles)),
        periods=2190.0,
        candle=np.sort(random.integers(0, episodes * candles, trades)),
        stream=random.integers(0, streams, trades),
        streams=streams,
        profits=random.choice([-1.0, 0.0, 1.3], trades) * random.uniform(1, 50, trades),
        capital=10_000.0,
    )


def draw(sample: Sample, *, draws: int = 40, statistic: Statistic = "median", seed: int = 3) -> Draws:
    return resample(
        sample,
        limits=Gates(),
        evidence=LEAST,
        statistic=statistic,
        enough_candles=True,
        seed=seed,
        draws=draws,
    )


def indices(draws: int, episodes: int, candles: int, seed: int = 3) -> np.ndarray:
    """(draws, E, N)."""
    random = np.random.default_rng(seed)
    return np.moveaxis(
        np.array(list(block_index(random, draws=draws, episodes=episodes, candles=candles))), 0, 2
    )


def by_hand(sample: Sample, index: np.ndarray, statistic: Statistic) -> Summary:
    """The drawn history (E, N) written out candle by candle and judged like any other."""
    returns = sample.returns.reshape(-1)
    curves = tuple(np.concatenate(([1.0], np.cumprod(1 + returns[row]))) for row in index)
    profits: list[float] = []
    stream: list[int] = []
    for episode, row in enumerate(index):
        for candle in row:
            for trade in np.flatnonzero(sample.candle == candle):
                profits.append(float(sample.profits[trade]))
                stream.append(int(sample.stream[trade]) * len(index) + episode)
    return combine(
        Curves(curves, None, None),
        Ledger(np.array(profits), np.array(stream, np.int64), sample.capital),
        periods=sample.periods,
        candles=index.size,
        unique_candles=index.size,
        coverage=None,
        min_stream_trades=LEAST.min_stream_trades,
        statistic=statistic,
        extra={},
    )


@pytest.mark.parametrize("statistic", ["median", "worst", "pooled"])
@pytest.mark.parametrize("trades", [70, 9])
def test_a_drawn_history_is_judged_as_a_real_one(statistic: Statistic, trades: int) -> None:
    sample = make_sample(trades=trades)
    found = draw(sample, statistic=statistic)
    passed = found.pass_probability()
    counts = []
    for number, index in enumerate(indices(40, 2, 60)):
        summary = by_hand(sample, index, statistic)
        gates = judge_gates(summary, Gates(), LEAST)
        for spec, gate in zip(SPECS, gates, strict=True):
            expected = summary.metrics[spec.name]
            got = float(found.values[spec.name][number])
            if gate.infinite:
                assert math.isinf(got)
            elif expected is None:
                assert math.isnan(got), spec.name
            else:
                assert got == pytest.approx(expected, rel=1e-9), spec.name
            assert bool(found.passed[spec.name][number]) == (gate.status == "PASS"), spec.name
        counts.append(sum(gate.status == "PASS" for gate in gates))
    assert passed == {str(least): np.mean(np.array(counts) >= least) for least in (4, 5, 6)}


def test_blocks_keep_their_order_and_never_leave_their_episode() -> None:
    drawn = indices(200, 3, 100)
    step_on = np.diff(drawn, axis=2)
    follows = (step_on == 1) & (drawn[:, :, 1:] % 100 != 0) | (step_on == -99)
    share = follows.mean()
    assert 1 - share == pytest.approx(1 / MEAN_BLOCK, abs=0.004)
    counts = np.bincount(drawn.reshape(-1), minlength=300)
    assert counts.min() > 100 and counts.max() < 320, "each candle is drawn about 200 times, the edges too"


def test_every_resampled_episode_begins_a_new_block() -> None:
    first = indices(500, 2, 20)[:, :, 0]
    assert first.min() == 0 and first.max() == 39 and len(np.unique(first)) == 40
    assert abs(np.corrcoef(first[:, 0], first[:, 1])[0, 1]) < 0.15


def test_independent_returns_give_the_textbook_interval() -> None:
    """For independent normal returns the ratio's standard error is √((1 + SR² / 2) / n) a candle."""
    random = np.random.default_rng(11)
    returns = random.normal(0.001, 0.01, (1, 1500))
    sample = Sample(returns, 2190.0, np.array([5]), np.array([0]), 1, np.array([1.0]), 1e4)
    low, high = draw(sample, draws=2000).interval("sharpe_ratio") or (0.0, 0.0)
    ratio = returns.mean() / returns.std(ddof=1)
    error = math.sqrt((1 + ratio**2 / 2) / 1500 * 2190)
    assert low == pytest.approx(ratio * math.sqrt(2190) - 1.645 * error, abs=0.35 * error)
    assert high == pytest.approx(ratio * math.sqrt(2190) + 1.645 * error, abs=0.35 * error)


def test_losses_in_clusters_widen_the_drawdowns() -> None:
    """The same returns shuffled have shallower drawdowns: blocks keep what makes them deep."""
    wave = np.repeat(np.tile([0.01, -0.01], 25), 10)[None, :] + 0.0005
    shuffled = np.random.default_rng(0).permutation(wave[0])[None, :]

    def median(returns: np.ndarray) -> float:
        sample = Sample(returns, 2190.0, np.array([5]), np.array([0]), 1, np.array([1.0]), 1e4)
        return float(np.median(draw(sample, draws=400).values["max_drawdown_pct"]))

    assert median(wave) > 1.2 * median(shuffled)


def test_the_same_seed_draws_the_same_and_another_does_not() -> None:
    sample = make_sample()
    assert draw(sample).values["sharpe_ratio"].tolist() == draw(sample).values["sharpe_ratio"].tolist()
    other = draw(sample, seed=4).values["sharpe_ratio"].tolist()
    assert draw(sample).values["sharpe_ratio"].tolist() != other


def test_an_interval_that_is_not_known_is_none() -> None:
    values = np.arange(100.0)
    interval = Draws({"a": values}, {}).interval("a")
    assert interval == (5.0, 94.0)
    infinite = np.where(values > 90, np.inf, values)
    missing = np.where(values > 90, np.nan, values)
    assert Draws({"a": infinite}, {}).interval("a") is None
    assert Draws({"a": missing}, {}).interval("a") is None


def test_a_short_test_passes_no_gate_that_needs_candles() -> None:
    found = resample(
        make_sample(),
        limits=Gates(sharpe_ratio=-99, max_drawdown_pct=100, calmar_ratio=-99),
        evidence=LEAST,
        statistic="median",
        enough_candles=False,
        seed=0,
        draws=20,
    )
    for name in ("sharpe_ratio", "max_drawdown_pct", "calmar_ratio"):
        assert not found.passed[name].any()


def test_cancelling_stops_between_candles(make_counter: Callable[[int], Callable[[], bool]]) -> None:
    asked = make_counter(5)
    with pytest.raises(CancelledError):
        resample(
            make_sample(),
            limits=Gates(),
            evidence=LEAST,
            statistic="median",
            enough_candles=True,
            seed=0,
            cancelled=asked,
        )
