"""A writer in another process that rotates, truncates, rewrites, deletes and recreates its file under a live
reader; and a plain stable-baselines3 training that knows nothing of the console."""

from __future__ import annotations

import csv
import subprocess
import sys
import time
from pathlib import Path
from unittest import mock

import pytest

from core.clock import utc_now
from core.config.settings import Settings
from core.telemetry import follower, ledger, reader
from core.telemetry.health import assess
from core.telemetry.reader import RunReader

pytestmark = pytest.mark.slow

WRITER = '''
"""writer.py FOLDER SEED: all that progress.csv can suffer, and the truth of it."""
import os, pathlib, random, sys, time

folder, rng = pathlib.Path(sys.argv[1]), random.Random(int(sys.argv[2]))
path, sync, truth_file = folder / "progress.csv", folder / "sync", folder / "truth"
HEADERS = [
    "time/total_timesteps,rollout/ep_rew_mean",
    "rollout/ep_rew_mean,train/approx_kl,time/total_timesteps",
]
truth, here, step, life, header = [], [], 0, 0, 0
rotated = 0

def text(rows):
    if header == 0:
        return "".join(f"{step},{value}\\n" for step, value in rows)
    return "".join(f"{value},0.01,{step}\\n" for step, value in rows)

def append(data):
    with path.open("ab") as stream:
        stream.write(data.encode())

def begin(mode):
    with path.open(mode) as stream:
        stream.write((HEADERS[header] + "\\n").encode())

def rows(count):
    global step
    out = []
    for _ in range(count):
        step += 2048
        out.append((step, step * 0.5 + life))
    truth.extend(out); here.extend(out)
    return text(out)

def wait_until_read():
    sync.touch()
    deadline = time.monotonic() + 240
    while sync.exists() and time.monotonic() < deadline:
        time.sleep(0.002)

begin("wb")
append(rows(2))
for _ in range(120):
    act = rng.choice(["append"] * 6 + ["half", "rotate", "truncate", "rewrite", "grow", "delete", "restart"])
    if act == "append":
        append(rows(rng.randrange(1, 40)))
    elif act == "half":
        data = rows(3)
        cut = rng.randrange(1, len(data))
        append(data[:cut]); time.sleep(0.01); append(data[cut:])
    elif act == "rotate":
        rotated += 1
        os.rename(path, folder / f"progress.csv.{rotated}")
        here.clear(); begin("wb"); append(rows(2))
        wait_until_read()
    elif act == "truncate":
        wait_until_read()
        with path.open("r+b") as stream:
            stream.truncate(0)
        here.clear(); append(HEADERS[header] + "\\n" + rows(2))
    elif act in ("rewrite", "grow"):
        wait_until_read()
        header = 1 - header if act == "grow" else header
        with path.open("r+b") as stream:
            stream.seek(0); stream.write((HEADERS[header] + "\\n" + text(here)).encode()); stream.truncate()
        wait_until_read()
        append(rows(2))
    elif act == "delete":
        wait_until_read()
        path.unlink(); time.sleep(0.005)
        here.clear(); begin("wb"); append(rows(2))
    else:
        wait_until_read()
        life += 1; step = 0
        truth.clear(); here.clear()
        begin("wb"); append(rows(3))
    time.sleep(rng.random() * 0.01)
truth_file.write_text("".join(f"{step},{value}\\n" for step, value in truth))
'''


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_no_fault_of_the_file_loses_doubles_or_tears_a_row(tmp_path: Path, seed: int) -> None:
    """Seeds 3 and 4 in slices: small pieces, small caps, a budget for each poll."""
    folder = tmp_path / "run"
    folder.mkdir()
    (tmp_path / "writer.py").write_text(WRITER)
    sliced = seed > 2
    with (
        mock.patch.object(follower, "_CHUNK", 512 if sliced else 1 << 18),
        mock.patch.object(reader, "READ_AT_ONCE", 64 if sliced else 1 << 18),
        mock.patch.object(ledger, "FULL_POINTS", 100_000),
    ):
        opened = RunReader(folder, now=utc_now())
        writer = subprocess.Popen([sys.executable, str(tmp_path / "writer.py"), str(folder), str(seed)])
        settled = 0
        try:
            while settled < 8:
                over = writer.poll() is not None
                opened.poll(utc_now(), 0.0 if sliced else None)
                for series in opened.run.series.values():
                    if series.name == "reward":
                        check_rows(list(series.timestep), list(series.value))
                if (folder / "sync").exists() and not opened.reading:
                    for _ in range(7):  # a file that is rewritten in place is read when it held still
                        opened.poll(utc_now())
                    (folder / "sync").unlink()
                settled = settled + 1 if over and not opened.reading else 0
                time.sleep(0.002)
        finally:
            writer.kill()
            writer.wait()
    assert writer.returncode == 0
    truth = [tuple(map(float, line.split(","))) for line in (folder / "truth").read_text().split()]
    reward = opened.run.series["reward"]
    source = opened.run.sources[0]
    assert list(zip(reward.timestep, reward.value, strict=True)) == truth
    assert (source.rows, source.malformed) == (len(truth), 0)
    assert source.events, "the breaks were seen"
    assert opened.run.step == truth[-1][0]
    opened.close()


def check_rows(steps: list[float], values: list[float]) -> None:
    """Each value belongs to its step, so no row was torn."""
    for step, value in zip(steps, values, strict=True):
        assert step % 2048 == 0 and 0 <= value - step * 0.5 < 30 and float(value * 2).is_integer()


TRAINER = """
import sys
from stable_baselines3 import PPO
from stable_baselines3.common.logger import configure
model = PPO("MlpPolicy", "CartPole-v1", n_steps=128, n_epochs=1, batch_size=64, seed=1, device="cpu")
model.set_logger(configure(sys.argv[1], ["csv", "tensorboard"]))
model.learn(128 * 40)
"""


def test_a_plain_stable_baselines3_training_is_shown_live_without_any_change_to_it(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    opened = RunReader(folder, now=utc_now())
    trainer = subprocess.Popen(
        [sys.executable, "-c", TRAINER, str(folder)],
        env={"PATH": "/usr/bin:/bin", "CUDA_VISIBLE_DEVICES": ""},
    )
    lengths, words = [0], set()
    try:
        while trainer.poll() is None:
            opened.poll(utc_now(), 0.05)
            kl = opened.run.series.get("approx_kl")
            if kl is not None and kl.rows != lengths[-1]:
                lengths.append(kl.rows)
                words.add(assess(opened.run, Settings().health, utc_now()).status)
            time.sleep(0.05)
    finally:
        trainer.kill()
        trainer.wait()
    assert trainer.returncode == 0
    for _ in range(8):
        opened.poll(utc_now(), 0.05)
    assert lengths == sorted(lengths) and len(lengths) > 3, "points came while it trained"
    assert words == {"RUNNING"}
    with (folder / "progress.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    for name, column in (("approx_kl", "train/approx_kl"), ("reward", "rollout/ep_rew_mean")):
        written = [(float(row["time/total_timesteps"]), float(row[column])) for row in rows if row[column]]
        series = opened.run.series[name]
        assert list(zip(series.timestep, series.value, strict=True)) == written
    health = assess(opened.run, Settings().health, utc_now())
    assert health.steps_per_second is not None and health.steps_per_second > 10
    opened.close()
