"""The gates are right about agents whose worth is known; the promises of the design, held by count."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import pytest

from core.backtest.engine import run_backtest
from core.config.settings import Evidence, Revalidation, Reward, Settings, Trading
from core.errors import CancelledError
from core.market.synthetic import synthetic_markets, synthetic_universe
from core.revalidation.calibration.agents import Oracle
from core.revalidation.calibration.measure import EDGE, calibrate
from core.revalidation.calibration.outcomes import Arm, Calibration, Outcome, at_least_chance, judge_targets
from core.revalidation.calibration.report import calibration_page, summary_lines, write_calibration

NOW = datetime(2026, 2, 27, 16, tzinfo=UTC)
SMALL = Settings(
    trading=Trading(episode_candles=120),
    revalidation=Revalidation(episodes=2),
    evidence=Evidence(min_candles=100, min_trades=5, strong_trades=10, min_stream_trades=2),
)


@pytest.fixture(scope="module")
def small() -> Calibration:
    """Three markets of each kind with short episodes."""
    return calibrate(SMALL, markets=3, thorough=True, edge=0.3)


@pytest.mark.slow
def test_the_design_s_promises_hold_on_a_hundred_markets() -> None:
    """False GO with strong evidence in at most 5 % without an edge, GO in at least 90 % on a real one."""
    found = calibrate(Settings(), markets=100)
    by_name = {arm.name: arm for arm in found.arms}
    for name in ("no_edge", "no_edge_no_costs"):
        for policy in ("manual", "checklist"):
            false_go = by_name[name].go(policy, strong=True)  # type: ignore[arg-type]
            assert at_least_chance(false_go, 100, 0.05) >= 0.01, f"{name} {policy}: {false_go} of 100"
    assert abs(by_name["no_edge_no_costs"].mean_sharpe() or 9.0) < 4 * 0.66 / math.sqrt(100), (
        "no edge is none"
    )
    planted = by_name["planted_edge"]
    assert 2.5 < (planted.mean_sharpe() or 0.0) < 3.5
    power = planted.go("checklist")
    assert 1 - at_least_chance(power + 1, 100, 0.90) >= 0.01, f"{power} of 100"
    for name in ("never_trades", "not_a_number"):
        assert [outcome.gates for outcome in by_name[name].outcomes] == [0]
    assert found.held


def test_an_agent_with_foresight_of_the_regimes_earns_and_without_an_edge_does_not(
    small: Calibration,
) -> None:
    by_name = {arm.name: arm for arm in small.arms}
    assert (by_name["planted_edge"].mean_sharpe() or 0) > 5 > abs(by_name["no_edge"].mean_sharpe() or 99)
    assert [len(arm.outcomes) for arm in small.arms] == [3, 3, 3, 1, 1]
    assert all(outcome.covered is not None for outcome in by_name["no_edge_no_costs"].outcomes)
    for arm in small.arms:
        for outcome in arm.outcomes:
            assert not outcome.strong or (outcome.placebo_p or 1.0) <= 0.05


def test_the_same_seed_measures_the_same(small: Calibration) -> None:
    again = calibrate(SMALL, markets=3, thorough=True, edge=0.3)
    assert msgspec.structs.replace(again, seconds=0.0) == msgspec.structs.replace(small, seconds=0.0)


def test_costs_make_the_same_markets_worse(small: Calibration) -> None:
    dear, free = (arm.mean_sharpe() for arm in small.arms[:2])
    assert dear is not None and free is not None and dear < free


def test_without_an_edge_no_stop_and_no_target_earns_anything() -> None:
    """Costs off, the path continuous: the mean trade is worth nothing, whatever its stop and target."""
    universe, regimes = synthetic_markets(seed=4, markets=40, symbols=1, candles=1548, edge=0.0)
    trading = Trading(episode_candles=1500, fee_bp=0.0, slippage_bp=0.0)
    run = run_backtest(
        universe,
        Oracle(regimes, np.array([48])),
        episodes=1,
        trading=trading,
        reward=Reward(),
        features=np.zeros((40, 1548, 0), np.float32),
        whole_period=False,
    )
    multiples = run.trades.r_multiple
    error = multiples.std() / math.sqrt(len(multiples))
    assert len(multiples) > 2000 and abs(multiples.mean()) < 3 * error


def test_markets_are_independent_and_their_symbols_are_not() -> None:
    universe, regimes = synthetic_markets(seed=1, markets=3, symbols=2, candles=3000, edge=EDGE)
    returns = np.diff(np.log(universe.close), axis=1)
    related = np.corrcoef(returns)
    assert related[0, 1] > 0.2 and abs(related[0, 2]) < 0.06 and abs(related[1, 5]) < 0.06
    assert universe.synthetic and set(np.unique(regimes)) == {-1.0, 0.0, 1.0}
    assert (universe.high >= np.maximum(universe.open, universe.close)).all()
    assert (universe.low <= np.minimum(universe.open, universe.close)).all() and (universe.low > 0).all()


def test_the_synthetic_market_of_the_demo_is_still_the_same() -> None:
    universe = synthetic_universe(seed=5, symbols=3, candles=300, edge=0.2)
    assert float(universe.close.sum()) == pytest.approx(8217.09889350954, rel=1e-12)


def test_the_chance_of_a_count_is_the_binomial_one() -> None:
    assert at_least_chance(0, 10, 0.3) == pytest.approx(1.0)
    assert at_least_chance(10, 10, 0.3) == pytest.approx(0.3**10)
    assert at_least_chance(6, 10, 0.5) == pytest.approx(386 / 1024)
    assert at_least_chance(11, 10, 0.5) == 0.0


def arm(name: str, gates: int, count: int, *, strong: bool = False) -> Arm:
    outcome = Outcome(sharpe=1.0, trades=200, passed=(True,) * gates + (False,) * (6 - gates), strong=strong)
    return Arm(name=name, words=name, outcomes=(outcome,) * count)


def test_a_promise_is_broken_by_counts_that_chance_does_not_explain() -> None:
    idle = [arm("never_trades", 0, 1), arm("not_a_number", 0, 1)]
    clean = [arm("no_edge", 2, 100), arm("no_edge_no_costs", 2, 100), arm("planted_edge", 5, 100), *idle]
    assert all(target.held for target in judge_targets(clean, "manual"))
    lucky = [arm("no_edge", 6, 100, strong=True), *clean[1:]]
    assert [target.held for target in judge_targets(lucky, "manual")][:2] == [False, False]
    weak = [*clean[:2], arm("planted_edge", 4, 100), *idle]
    assert not judge_targets(weak, "manual")[4].held
    idle_go = [*clean[:3], arm("never_trades", 1, 1), idle[1]]
    assert not judge_targets(idle_go, "manual")[5].held


def test_the_report_is_one_page_and_its_numbers(small: Calibration, tmp_path: Path) -> None:
    paths = write_calibration(small, tmp_path / "out", NOW)
    assert [path.name for path in paths] == ["calibration.json", "calibration.html"]
    saved = json.loads(paths[0].read_text())
    assert saved["generated_at"] == "2026-02-27T16:00:00Z" and len(saved["arms"]) == 5
    text = paths[1].read_text()
    assert text.count("<svg") == 7 and "http://" not in text and "https://" not in text
    assert "<script" not in text and "src=" not in text and "nan" not in text.lower().replace("not a n", "")
    assert calibration_page(small, NOW) == text
    lines = summary_lines(small)
    assert sum(line.startswith(("held", "NOT HELD")) for line in lines) == len(small.targets)


def test_a_calibration_can_be_cancelled() -> None:
    with pytest.raises(CancelledError):
        calibrate(SMALL, markets=3, cancelled=lambda: True)
