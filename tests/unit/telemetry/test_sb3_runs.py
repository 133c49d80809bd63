"""Plain stable-baselines3 runs, as its own writers leave them, read while they are written."""

from __future__ import annotations

import csv
import os
import random
from datetime import datetime
from pathlib import Path

import pytest

from core.clock import utc_now
from core.telemetry.reader import RunReader

pytestmark = pytest.mark.slow


def test_the_real_csv_writers_rewrite_loses_and_doubles_nothing(tmp_path: Path, now: datetime) -> None:
    """Keys appear at random rows; between any two of them the file is rewritten in place, or not."""
    from stable_baselines3.common.logger import CSVOutputFormat

    names = [
        "train/approx_kl",
        "train/value_loss",
        "rollout/ep_rew_mean",
        "train/entropy_loss",
        "eval/mean_reward",
    ]
    for seed in range(12):
        rng = random.Random(seed)
        folder = tmp_path / str(seed)
        folder.mkdir()
        writer = CSVOutputFormat(str(folder / "progress.csv"))
        reader = RunReader(folder, now=now)
        expected: dict[str, list[tuple[float, float]]] = {}
        known: list[str] = []
        for row in range(1, 200):
            if rng.random() < 0.05 or row == 2:
                known = names[: rng.randrange(len(known), len(names) + 1)]
            values = {name: round(rng.random(), 6) for name in known if rng.random() < 0.9}
            writer.write(
                {"time/total_timesteps": row * 2048, **values},
                dict.fromkeys(["time/total_timesteps", *values], ()),
            )
            for name, value in values.items():
                expected.setdefault(name, []).append((row * 2048, value))
            if rng.random() < 0.4:
                reader.poll(now)
        for _ in range(3):
            reader.poll(now)
        writer.close()
        kl = reader.run.series["approx_kl"]
        assert list(zip(kl.timestep, kl.value, strict=True)) == expected["train/approx_kl"]
        entropy = reader.run.series.get("entropy")
        if entropy is not None:
            signed = [(step, -value) for step, value in expected["train/entropy_loss"]]
            assert list(zip(entropy.timestep, entropy.value, strict=True)) == signed
        source = reader.run.sources[0]
        assert (source.rows, source.malformed) == (199, 0)
        reader.close()


def test_a_real_learn_with_csv_and_tensorboard_is_followed_live(tmp_path: Path) -> None:
    from stable_baselines3 import PPO
    from stable_baselines3.common.callbacks import BaseCallback
    from stable_baselines3.common.logger import configure

    reader = RunReader(tmp_path, now=utc_now())
    seen: list[int] = []

    class Look(BaseCallback):
        def _on_step(self) -> bool:
            return True

        def _on_rollout_start(self) -> None:
            reader.poll(utc_now())
            reward = reader.run.series.get("reward")
            seen.append(0 if reward is None else len(reward))

    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    model = PPO("MlpPolicy", "CartPole-v1", n_steps=128, n_epochs=1, batch_size=64, seed=1, device="cpu")
    model.set_logger(configure(str(tmp_path), ["csv", "tensorboard"]))
    model.learn(128 * 12, callback=Look())
    for _ in range(3):
        reader.poll(utc_now())

    with (tmp_path / "progress.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    for name, column in (("approx_kl", "train/approx_kl"), ("reward", "rollout/ep_rew_mean")):
        series = reader.run.series[name]
        written = [
            (float(row["time/total_timesteps"]), float(row[column]))
            for row in rows
            if row.get(column, "") != ""
        ]
        assert list(zip(series.timestep, series.value, strict=True)) == written
    assert sorted(seen) == seen and seen[-1] > 3, "points came while it trained"
    assert reader.run.timestep == 128 * 12
    kinds = {source.kind: source for source in reader.run.sources}
    assert kinds["tensorboard"].metrics == () and kinds["tensorboard"].rows > 100
    assert "rewritten" in kinds["progress"].events and kinds["progress"].malformed == 0
    assert all(time == time for time in reader.run.series["approx_kl"].time)
    reader.close()
