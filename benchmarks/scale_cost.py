"""CPU seconds of one fan-out task's parts, as JSON: `python -m benchmarks.scale_cost [--quick]`.

Measured in one process with one torch thread, the best of a few rounds; `check` is a fan-out of two chunks
and two models, timed as a whole, against which the arithmetic is held.
"""

from __future__ import annotations

import argparse
import json
import pickle
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from benchmarks.backtest_speed import make_model
from benchmarks.scale import CANDLES, CHECK, EPISODES
from core.backtest.engine import run_backtest
from core.backtest.fanout import CHUNK, Job, fan_out
from core.backtest.policy import TrainedPolicy
from core.backtest.summary import summarise
from core.backtest.workers import Workers
from core.config.settings import Settings
from core.market.synthetic import synthetic_universe
from core.models.foreign import raw_policy
from core.models.sb3 import read_zip
from core.revalidation.evidence.assess import assess
from core.revalidation.evidence.trials import UNKNOWN
from core.trading.features import market_features
from core.trading.vec_env import TradingVecEnv
from core.training.export import model_bytes


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    rounds = 1 if parser.parse_args().quick else 3
    torch.set_num_threads(1)
    settings = Settings()
    universe = synthetic_universe(seed=1, symbols=CHUNK, candles=CANDLES, edge=0.0)
    features = market_features(universe)
    lanes = TradingVecEnv(universe, lanes=16, trading=settings.trading, reward=settings.reward, seed=0)
    arrays = raw_policy(read_zip(model_bytes(make_model(lanes))), Path("benchmark.zip"))
    job = Job(EPISODES, settings.trading, settings.reward)

    def backtest() -> Any:
        return run_backtest(
            universe,
            TrainedPolicy(arrays),
            episodes=EPISODES,
            trading=settings.trading,
            reward=settings.reward,
            features=features,
            record=True,
        )

    done = backtest()
    summary = summarise(done, min_stream_trades=settings.evidence.min_stream_trades)
    wide = synthetic_universe(seed=2, symbols=CHECK[0], candles=CANDLES, edge=0.0)

    def check() -> None:
        for _ in fan_out(wide, [arrays] * CHECK[1], job, Workers()):
            pass

    found = {
        "features": _best(lambda: market_features(universe), rounds),
        "backtest": _best(backtest, rounds),
        "evidence": _best(lambda: assess(done, summary, universe, settings, UNKNOWN), 1),
        "check": _best(check, rounds),
        "task_bytes": len(pickle.dumps(universe)),
        "result_bytes": len(pickle.dumps(done)),
    }
    json.dump(found, sys.stdout)


def _best(work: Callable[[], Any], rounds: int) -> float:
    times = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


if __name__ == "__main__":
    main()
