"""Backtests fanned out: the same numbers whoever computes, cancelled at once, a dead worker in one line."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import numpy as np
import psutil
import pytest

from core.backtest.engine import Backtest, StreamTrades, run_backtest
from core.backtest.fanout import Job, ModelRun, count_tasks, fan_out
from core.backtest.policy import RecordedPolicy, TrainedPolicy
from core.backtest.workers import Workers, _require_answer, parse_workers, run_tasks
from core.config.settings import Settings
from core.errors import CancelledError, ConsoleError, UnreadableError, UsageError
from core.market.model import Universe
from core.models.arrays import PolicyArrays
from core.models.manifest import Manifest
from core.trading.features import market_features
from core.trading.observation import OBSERVATION_NAMES

SETTINGS = Settings()
JOB = Job(episodes=2, trading=SETTINGS.trading, reward=SETTINGS.reward)
CHUNK = 3  # of the four symbols: two tasks, of three and of one


def make_policy(seed: int) -> PolicyArrays:
    random = np.random.default_rng(seed)
    size = len(OBSERVATION_NAMES)

    def layer(out: int, into: int) -> tuple[np.ndarray, np.ndarray]:
        return random.normal(0, 1 / np.sqrt(into), (out, into)).astype(np.float32), np.zeros(out, np.float32)

    return PolicyArrays(
        layers=(layer(16, size), layer(16, 16)),
        head=layer(5, 16),
        activation="tanh",
        observation_mean=np.zeros(size),
        observation_var=np.ones(size),
        clip=10.0,
        epsilon=1e-8,
        feature_names=OBSERVATION_NAMES,
        manifest=Manifest(
            name="m",
            role="best",
            run_id="r",
            timesteps=0,
            updates=0,
            created_at="2026-02-27T00:00:00Z",
            files={},
            feature_names=OBSERVATION_NAMES,
            net_arch=(16, 16),
            activation="tanh",
            n_actions=5,
        ),
        path=Path("m.zip"),
    )


MODELS = [make_policy(seed) for seed in range(2)]


def fanned(universe: Universe, workers: str, models: list[PolicyArrays] = MODELS) -> list[ModelRun]:
    runs = fan_out(universe, models, JOB, parse_workers(workers), chunk=CHUNK)
    return sorted(runs, key=lambda run: run.model)


@pytest.fixture(scope="module")
def expected(universe: Universe) -> list[ModelRun]:
    return fanned(universe, "sequential")


def assert_same(one: Backtest | None, other: Backtest | None) -> None:
    assert one is not None
    assert other is not None
    for name in ("equity", "exposed", "actions", "starts"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    for column in fields(StreamTrades):
        np.testing.assert_array_equal(getattr(one.trades, column.name), getattr(other.trades, column.name))
    assert (one.symbols, one.coverage, one.warnings) == (other.symbols, other.coverage, other.warnings)


def assert_all_same(runs: list[ModelRun], expected: list[ModelRun]) -> None:
    assert [run.model for run in runs] == [0, 1]
    for run, wanted in zip(runs, expected, strict=True):
        assert_same(run.backtest, wanted.backtest)
        assert_same(run.backtest.whole, wanted.backtest.whole)
        assert run.undecided == wanted.undecided
        assert len(run.backtest.trades) > 20


def test_the_parts_joined_are_the_whole(universe: Universe, expected: list[ModelRun]) -> None:
    """The same actions over all symbols at once earn the same, in the same order."""
    run = expected[0].backtest
    assert run.actions is not None
    played = run_backtest(
        universe,
        RecordedPolicy(run.actions, np.zeros(1, np.int64)),
        episodes=JOB.episodes,
        trading=JOB.trading,
        reward=JOB.reward,
        record=True,
    )
    assert_same(played, run)
    asked = run_backtest(
        universe, TrainedPolicy(MODELS[0]), episodes=2, trading=JOB.trading, reward=JOB.reward, record=True
    )
    assert asked.actions is not None
    assert (asked.actions == run.actions).mean() > 0.999  # logits differ in the last bits between batches


def test_threads_give_the_same_numbers(universe: Universe, expected: list[ModelRun]) -> None:
    counted: list[tuple[int, int]] = []
    runs = fan_out(
        universe,
        MODELS,
        JOB,
        Workers("threading", count=2),
        chunk=CHUNK,
        features=market_features(universe),
        on_progress=lambda done, total: counted.append((done, total)),
    )
    assert_all_same(sorted(runs, key=lambda run: run.model), expected)
    assert counted == sorted(counted)
    assert counted[-1][0] == counted[-1][1]


@pytest.mark.slow
def test_processes_give_the_same_numbers_and_a_dead_one_is_one_sentence(universe: Universe) -> None:
    here, there = (
        sorted(fan_out(universe, MODELS, JOB, parse_workers(workers)), key=lambda run: run.model)
        for workers in ("sequential", "loky:2")
    )  # one task: one process imports torch
    assert_all_same(there, here)
    with pytest.raises(
        ConsoleError, match=r"a worker of loky:2 died: .*SIGKILL.*nothing was decided"
    ) as caught:
        list(run_tasks(parse_workers("loky:2"), [(os.kill, (0, 0)), (_die, ())], lambda: False))
    assert "out of memory" in caught.value.hint
    asked = iter([False] * 3)
    with pytest.raises(CancelledError):
        list(run_tasks(parse_workers("loky:2"), [(time.sleep, (300,))] * 3, lambda: next(asked, True)))
    assert psutil.wait_procs(_loky_processes(), timeout=60)[1] == []  # ended, not waited for


def _loky_processes() -> list[psutil.Process]:
    found = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if "popen_loky" in " ".join(child.cmdline()):
                found.append(child)
    return found


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.slow
def test_dask_gives_the_same_numbers(universe: Universe, expected: list[ModelRun]) -> None:
    distributed = pytest.importorskip("distributed", reason="the extra 'dask' is not installed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        address = cluster.scheduler_address
        assert all(run_tasks(parse_workers(f"dask:{address}"), [(_dask_worker, ())], lambda: False))
        assert_all_same(fanned(universe, f"dask:{address}"), expected)
        with pytest.raises(ConsoleError, match=r"a worker of dask:.* died"):
            list(run_tasks(parse_workers(f"dask:{address}"), [(_die, ())], lambda: False))


@pytest.mark.slow
def test_ray_gives_the_same_numbers(universe: Universe, expected: list[ModelRun]) -> None:
    ray = pytest.importorskip("ray", reason="the extra 'ray' is not installed")
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        assert all(run_tasks(parse_workers("ray"), [(_ray_worker, ())], lambda: False))
        assert_all_same(fanned(universe, "ray"), expected)
        with pytest.raises(ConsoleError, match="a worker of ray died"):
            list(run_tasks(parse_workers("ray"), [(_die, ())], lambda: False))
    finally:
        ray.shutdown()


def _dask_worker() -> str:
    """Raises ValueError anywhere else."""
    from distributed import get_worker

    return str(get_worker().address)


def _ray_worker() -> str | None:
    """None in the process that asks."""
    import ray

    return ray.get_runtime_context().get_actor_id()


def test_a_cluster_that_does_not_answer_is_one_sentence() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(UnreadableError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:\d+: "):
            _require_answer("Dask scheduler", parse_workers(f"dask:{address}"))


def test_a_task_cancelled_in_process_ends_within_its_candle(universe: Universe) -> None:
    asked: Iterator[bool] = iter([False] * 20)
    with pytest.raises(CancelledError):
        list(
            fan_out(universe, MODELS, JOB, Workers(), chunk=CHUNK, cancelled=lambda: next(asked, True)),
        )


def test_what_a_task_raises_is_raised_whoever_ran_it() -> None:
    for workers in ("sequential", "threading:2"):
        with pytest.raises(ZeroDivisionError):
            list(run_tasks(parse_workers(workers), [(divmod, (1, 0))], lambda: False))


@pytest.mark.parametrize(
    "text", ["", "fast", "loky:0", "loky:-1", "loky:x", "dask", "dask:", "sequential:2", "threading:²"]
)
def test_a_setting_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"revalidation.workers: expected sequential"):
        parse_workers(text)


def test_the_setting_reads_back() -> None:
    for text in (
        "sequential",
        "threading",
        "threading:2",
        "loky:8",
        "dask:tcp://head:8786",
        "ray",
        "ray:auto",
    ):
        assert str(parse_workers(text)) == text


def test_a_backend_that_is_not_installed_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match="dask is not installed") as caught:
        list(run_tasks(parse_workers("dask:tcp://head:8786"), [(divmod, (1, 1))], lambda: False))
    assert "ppo-console[dask]" in caught.value.hint


def test_tasks_are_counted_up() -> None:
    assert count_tasks(62, 1) == 1
    assert count_tasks(1000, 20) == 16 * 5
