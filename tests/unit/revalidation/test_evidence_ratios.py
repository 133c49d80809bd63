"""PSR and DSR: the paper's known answer, and what is not computed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.revalidation.evidence.ratios import best_by_chance, chance_benchmark, probabilistic_sharpe, psr


def test_the_paper_s_known_answer() -> None:
    """SR 2.5 a year of 250, T 1250, skewness -3, kurtosis 10, trials' variance 0.5 a year, 100 trials."""
    benchmark = best_by_chance(100, 0.5 / 250)
    assert benchmark == pytest.approx(0.113172, abs=5e-7)
    assert psr(2.5 / math.sqrt(250), benchmark, 1250, -3, 10) == pytest.approx(0.9003968, abs=5e-8)


def test_against_zero_a_ratio_of_zero_is_a_coin() -> None:
    assert probabilistic_sharpe([0.01, -0.01] * 50) == pytest.approx(0.5)


def test_a_fatter_left_tail_is_less_certain() -> None:
    normal = psr(0.1, 0.0, 500, 0.0, 3.0)
    assert normal == pytest.approx(0.98704, abs=1e-4)
    skewed = psr(0.1, 0.0, 500, -2.0, 10.0)
    assert skewed is not None and normal is not None and skewed < normal


def test_more_trials_raise_what_chance_reaches() -> None:
    assert best_by_chance(1, 0.5) == 0.0
    assert 0 < best_by_chance(2, 0.5) < best_by_chance(10, 0.5) < best_by_chance(1000, 0.5)


def test_returns_without_variance_have_no_psr() -> None:
    assert probabilistic_sharpe(np.full(500, 0.001)) is None
    assert probabilistic_sharpe([0.1, np.nan, 0.2]) is None
    assert probabilistic_sharpe([]) is None


def test_the_benchmark_needs_the_trials_ratios() -> None:
    assert chance_benchmark(None, (), 2190) == (None, "the number of trials is not known")
    assert chance_benchmark(1, (), 2190) == (0.0, "")
    benchmark, why = chance_benchmark(5, (1.2, math.nan), 2190)
    assert benchmark is None and "5 trials" in why and "1 are known" in why
    benchmark, why = chance_benchmark(2, (0.0, 2.0), 2190)
    assert why == "" and benchmark == pytest.approx(best_by_chance(2, 2.0 / 2190))
