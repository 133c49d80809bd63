"""`ppo-console data leaks` from outside: its words, its JSON and its exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.market.synthetic import synthetic_universe, write_universe

ROOT = Path(__file__).parents[2]
ENVIRONMENT = """
import gymnasium, numpy as np, pandas as pd
from pathlib import Path

class Env(gymnasium.Env):
    def __init__(self, folder):
        close = pd.read_parquet(sorted(Path(folder).glob("*.parquet"))[0])["close"].to_numpy()
        self.rows = (close / close.mean())[:, None].astype(np.float32)  # the mean of all candles
        self.action_space = gymnasium.spaces.Discrete(5)
        self.observation_space = gymnasium.spaces.Box(-9, 9, (1,))

    def reset(self, *, seed=None, options=None):
        self.at = 0
        return self.rows[0], {}

    def step(self, action):
        self.at += 1
        return self.rows[self.at], 0.0, False, self.at == len(self.rows) - 1, {}
"""


@pytest.fixture
def leaks(tmp_path: Path):
    write_universe(synthetic_universe(seed=1, symbols=1, candles=120, edge=0.3), tmp_path / "candles")
    (tmp_path / "mine.py").write_text(ENVIRONMENT)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "console", "data", "leaks", *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def test_our_features_pass_without_a_workspace(leaks):
    done = leaks("candles", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["verdict"], answer["leaks"]) == ("ok", [])


def test_an_environment_that_scales_by_the_whole_data_exits_20(leaks):
    done = leaks("candles", "--environment", "mine:Env")
    assert done.returncode == 20, done.stderr
    assert "LEAK number 1 of the observation after 0 steps: data cut after 20" in done.stdout


def test_nothing_to_test_is_usage(leaks):
    done = leaks()
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
