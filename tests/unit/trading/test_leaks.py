"""The truncation test finds what knows the future, in our features and in a user's environment."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.errors import UnreadableError, UsageError
from core.market.synthetic import synthetic_universe
from core.trading.env_leaks import environment_leaks
from core.trading.features import FEATURE_NAMES, market_features
from core.trading.leaks import different, feature_leaks

ENVIRONMENT = '''
import gymnasium, numpy as np, pandas as pd
from pathlib import Path

class Env(gymnasium.Env):
    """Two numbers of each candle; `ahead` candles of the future in the second."""
    ahead = 0
    scaled = False

    def __init__(self, folder):
        print("hello from the user's code")
        (path,) = Path(folder).glob("*.parquet")
        close = pd.read_parquet(path)["close"].to_numpy()
        change = np.diff(close, prepend=close[0]) / close
        later = np.concatenate([change[self.ahead:], np.zeros(self.ahead)])
        if self.scaled:
            later = later / change.std()
        self.rows = np.stack([change, later], axis=1).astype(np.float32)
        self.action_space = gymnasium.spaces.Discrete(5)
        self.observation_space = gymnasium.spaces.Box(-1, 1, (2,))

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.at = 0
        return self.rows[0], {}

    def step(self, action):
        self.at += 1
        return self.rows[self.at], 0.0, False, self.at == len(self.rows) - 1, {}

class Ahead(Env):
    ahead = 1

class Scaled(Env):
    scaled = True

class Broken(Env):
    def reset(self, **_):
        raise RuntimeError("no market today")
'''


def test_our_features_do_not_leak():
    leaks, candles = feature_leaks(synthetic_universe(seed=3, symbols=2, candles=400, edge=0.3), checks=60)
    assert (leaks, candles) == ([], 60)


def test_a_planted_leak_is_named_with_its_first_candle():
    universe = synthetic_universe(seed=3, symbols=2, candles=300, edge=0.3)
    column = FEATURE_NAMES.index("rsi_14")

    def leaky(given):
        values = market_features(given)
        values[:, :-1, column] += (given.close[:, 1:] > given.close[:, :-1]) * np.float32(1e-6)
        return values

    leaks, _ = feature_leaks(universe, leaky, checks=60)
    (leak,) = leaks
    assert (leak.feature, leak.symbol) == ("rsi_14", "SYN01")
    assert leak.count > 30
    assert leak.candle is not None and leak.candle.endswith("Z")
    assert leak.whole != leak.cut


def test_a_long_memory_is_no_leak():
    """A value that needs more of the past than is usually kept is tried again with all of it."""
    universe = synthetic_universe(seed=3, symbols=1, candles=400, edge=0.0)

    def patient(given):
        values = market_features(given)
        values[:, :, 0] = np.cumsum(given.close, axis=1)
        return values

    assert feature_leaks(universe, patient, checks=20)[0] == []


def test_bytes_are_compared():
    assert different(np.array([0.0, np.nan, 1.0]), np.array([-0.0, np.nan, 1.0])).tolist() == [
        True,
        False,
        False,
    ]


@pytest.fixture
def universe():
    return synthetic_universe(seed=3, symbols=1, candles=80, edge=0.0)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "my_environment.py").write_text(ENVIRONMENT)
    return tmp_path


@pytest.mark.parametrize(("name", "leaking"), [("Env", []), ("Ahead", [2]), ("Scaled", [2])])
def test_a_users_environment_is_tested(universe, project, name, leaking):
    answer = environment_leaks(universe, f"my_environment:{name}", root=project, python_path=["."])
    assert [leak.feature.split(" of ")[0] for leak in answer.leaks] == [f"number {n}" for n in leaking]
    assert answer.observations > 300


def test_it_meets_one_symbol_at_a_time_on_candles_that_a_run_comes_to_the_end_of(project, monkeypatch):
    """As `revalidate` calls it; a look ahead shows where data are cut, however long they are."""
    monkeypatch.setattr("core.trading.env_leaks.STEPS", 40)
    monkeypatch.setattr("core.trading.env_leaks.CUTS", 2)
    candles = synthetic_universe(seed=3, symbols=4, candles=150, edge=0.0)
    candles.close[1, :30] = np.nan
    candles.close[2] = np.nan
    answer = environment_leaks(candles, "my_environment:Ahead", root=project, python_path=["."])
    assert answer.symbols == tuple(candles.symbols[row] for row in (0, 1, 3))
    assert [(leak.feature[:8], leak.symbol, leak.count) for leak in answer.leaks] == [
        ("number 2", candles.symbols[0], 6)
    ]


@pytest.mark.parametrize(
    ("path", "error", "words"),
    [
        ("my_environment:Broken", UnreadableError, "no market today"),
        ("nowhere_at_all:Env", UnreadableError, "ModuleNotFoundError"),
        ("my_environment", UsageError, "module:Class"),
    ],
)
def test_what_cannot_be_tested_says_why(universe, project, path, error, words):
    with pytest.raises(error, match=words):
        environment_leaks(universe, path, root=project, python_path=["."])


def test_a_process_that_cannot_be_started_is_said(universe, project):
    with pytest.raises(UnreadableError, match=r"could not be started in .*gone: No such file"):
        environment_leaks(universe, "my_environment:Env", root=project / "gone", python_path=["."])
