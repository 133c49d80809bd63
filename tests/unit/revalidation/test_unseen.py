"""A feature that stood still in training and moves in the test is named in the report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.market.synthetic import synthetic_universe, write_universe
from core.models.arrays import PolicyArrays, read_policy
from core.revalidation.unseen import feature_spread, unseen_warning
from core.trading.features import FEATURE_NAMES


@pytest.fixture
def arrays(model: Path) -> PolicyArrays:
    return read_policy(model)


def with_still(arrays: PolicyArrays, column: int, mean: float) -> PolicyArrays:
    var, means = arrays.observation_var.copy(), arrays.observation_mean.copy()
    var[column], means[column] = 1e-8, mean
    return replace(arrays, observation_var=var, observation_mean=means)


def said(arrays: PolicyArrays, features: np.ndarray) -> list[str]:
    return unseen_warning(arrays, feature_spread(features), FEATURE_NAMES)


@pytest.fixture
def features() -> np.ndarray:
    return np.random.default_rng(0).normal(0, 1, (2, 50, len(FEATURE_NAMES))).astype(np.float32)


def test_a_feature_that_begins_to_move_is_named(arrays, features):
    (words,) = said(with_still(arrays, 3, 0.0), features)
    assert f"constant while the model was trained, not so on these candles: {FEATURE_NAMES[3]};" in words


def test_one_that_stands_still_at_another_value_is_named(arrays, features):
    features[..., 3] = 1.0
    assert said(with_still(arrays, 3, 0.0), features)


def test_one_that_stands_still_where_it_stood_is_not(arrays, features):
    features[..., 3] = 0.5
    assert said(with_still(arrays, 3, 0.5), features) == []


def test_a_candle_without_a_finite_feature_tells_nothing(arrays, features):
    features[0, 7] = np.nan
    features[..., 3] = 0.5
    assert said(with_still(arrays, 3, 0.5), features) == []


def test_of_observations_that_were_not_normalised_nothing_is_known(arrays, features):
    raw = replace(with_still(arrays, 3, 0.0), clip=float("inf"))
    assert said(raw, features) == []


def test_the_report_says_it(request_for: Callable, make_model: Callable, tmp_path: Path):
    from core.revalidation.pipeline import revalidate

    write_universe(synthetic_universe(seed=5, symbols=1, candles=90, edge=0.0), tmp_path / "candles")
    model = make_model(tmp_path, observation_var=1e-9)
    request = request_for(model_path=model, data_dir=tmp_path / "candles", save_report=False)
    result = revalidate(request, lambda _: None, lambda: False)
    assert any("constant while the model was trained" in warning for warning in result.warnings)
