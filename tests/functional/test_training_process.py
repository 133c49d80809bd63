"""The training process for real: started, watched, stopped, killed and resumed from outside."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from core.clock import parse_iso
from core.config.settings import Settings
from core.errors import ConsoleError, RejectedError, UsageError
from core.market.split import split_data
from core.market.synthetic import synthetic_universe, write_universe
from core.models.arrays import read_policy
from core.process import ProcessIdentity, process_state, signal_process
from core.training.archive import archive_run
from core.training.checkpoints import checkpoint_zips, newest_whole
from core.training.control import TrainRequest, running_trainer, start_training, stop_training
from core.training.runfile import RunRecord, read_run
from core.workspace import Workspace, init_workspace

NOW = datetime(2026, 2, 23, 14, 0, tzinfo=UTC)
PATIENCE = 180.0

pytestmark = pytest.mark.slow


def small(settings: Settings) -> Settings:
    """Rollouts of 256 steps, episodes of 50 candles: a run of seconds."""
    return msgspec.structs.replace(
        settings,
        ppo=msgspec.structs.replace(settings.ppo, n_steps=256, n_epochs=2),
        training=msgspec.structs.replace(
            settings.training, lanes=8, checkpoint_every=1024, evaluate_every=2048
        ),
        trading=msgspec.structs.replace(settings.trading, episode_candles=50),
        data=msgspec.structs.replace(settings.data, test_candles=60),
    )


def new_workspace(folder: Path) -> Workspace:
    made = init_workspace(folder / "workspace")
    made = Workspace(made.root, small(made.settings))
    source = folder / "source"
    source.mkdir()
    write_universe(synthetic_universe(seed=1, symbols=2, candles=900, edge=0.3), source)
    split_data(source, made.train_data, made.backtest_data, made.settings.data, NOW)
    return made


def end_training(workspace: Workspace) -> None:
    identity = running_trainer(workspace)
    if identity is not None:
        signal_process(identity, signal.SIGKILL)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    made = new_workspace(tmp_path)
    yield made
    end_training(made)


REQUEST = TrainRequest(timesteps=3000, tag="F12-phase4-final", timestamp=True, seed=5)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A run from start to finish, to be read and copied; its start and end are looked at on the way."""
    made = new_workspace(tmp_path_factory.mktemp("finished"))
    identity = start_training(made, REQUEST, NOW)
    assert os.getsid(identity.pid) == identity.pid, "its own session: it survives the console and SSH"
    with pytest.raises(RejectedError, match=str(identity.pid)):
        start_training(made, REQUEST, NOW)
    wait_ended(made, identity)
    yield made
    end_training(made)


def wait_for(condition: Callable[[], bool], workspace: Workspace, seconds: float = PATIENCE) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            pytest.fail(f"not within {seconds} s; the log:\n{log_text(workspace)}")
        time.sleep(0.05)


def wait_ended(workspace: Workspace, identity: ProcessIdentity) -> RunRecord:
    wait_for(lambda: process_state(identity) == "gone", workspace)
    record = read_run(workspace.logs)
    assert record is not None
    return record


def log_text(workspace: Workspace) -> str:
    parts = [workspace.logs / "training.log", workspace.logs / "trainer.out"]
    return "\n".join(path.read_text() for path in parts if path.exists())


def rows(workspace: Workspace, name: str = "convergence_dashboard.csv") -> list[dict[str, str]]:
    with (workspace.logs / name).open() as stream:
        return list(csv.DictReader(stream))


def steps(workspace: Workspace) -> list[int]:
    path = workspace.logs / "convergence_dashboard.csv"
    return [int(row["timestep"]) for row in rows(workspace)] if path.exists() else []


def test_a_run_from_start_to_finish_leaves_every_file(finished: Workspace) -> None:
    workspace, record = finished, read_run(finished.logs)
    assert record is not None
    assert (record.outcome, record.timestep, record.total_timesteps) == ("finished", 3072, 3000), log_text(
        workspace
    )
    assert record.ended_at is not None and parse_iso(record.ended_at)
    assert record.data is not None and record.data.synthetic and record.symbols == ("SYN01", "SYN02")
    assert record.seed == 5 and record.versions["torch"].startswith("2.")
    assert record.torch_threads == workspace.settings.training.torch_threads == 1

    assert steps(workspace) == list(range(256, 3073, 256)), "one row per rollout"
    first, last = rows(workspace)[0], rows(workspace)[-1]
    assert first["kl_divergence"] == "" and first["policy_entropy"] == "", "nothing was learnt yet"
    assert float(last["policy_entropy"]) > 0 and float(last["kl_divergence"]) > 0
    metrics = rows(workspace, "training_metrics.csv")[-1]
    assert metrics["entropy"] == last["policy_entropy"] and metrics["approx_kl"] == last["kl_divergence"]
    assert last["reward"] != ""

    lines = (workspace.logs / "training.log").read_text().splitlines()
    assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \[(INFO|WARNING|ERROR)\] ", line) for line in lines)
    messages = [line[20:] for line in lines]
    opening = [
        "[INFO] Starting PPO training...",
        "[INFO] Model initialized",
        "[INFO] Training loop started",
        "[INFO] Step 1/3000",
    ]
    assert [line for line in messages if line in opening] == opening
    assert any(line.startswith("[INFO] Step 256/3000") for line in messages)
    assert not [line for line in messages if line.startswith("[ERROR]")]
    assert (workspace.logs / "trainer.out").read_text() == ""

    evaluations = rows(workspace, "evaluations.csv")
    assert [row["timestep"] for row in evaluations] == ["2048", "3072"] and record.trials == 2
    assert [path.name for path in checkpoint_zips(workspace.checkpoints)] == [
        "ppo_1024_steps.zip",
        "ppo_2048_steps.zip",
        "ppo_3072_steps.zip",
    ]
    best, final = (read_policy(workspace.models / name) for name in ("best_model", "final_model"))
    assert best.manifest.role == "best" and best.manifest.selection is not None
    assert final.manifest.timesteps == 3072 and final.manifest.trials == 2
    assert final.manifest.run_id == record.id and final.manifest.data_hash == record.data.hash
    assert final.manifest.synthetic

    assert (workspace.logs / "alerts.log").read_text() == ""
    (summary,) = (workspace.logs / "daily_summaries").glob("*.json")
    assert json.loads(summary.read_text())["training_status"] == "FINISHED"
    assert "FINISHED" in (workspace.logs / "daily_summary.log").read_text()
    with pytest.raises(UsageError, match="earlier run"):
        start_training(workspace, REQUEST, NOW)


def test_tensorboard_tells_the_same_as_the_csv(finished: Workspace) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    workspace = finished
    events = list((workspace.logs / "tensorboard").iterdir())
    assert len(events) == 1 and events[0].name.startswith("events.out.tfevents."), "no folder below"
    accumulator = EventAccumulator(str(workspace.logs / "tensorboard"))
    accumulator.Reload()
    told = {event.step: event.value for event in accumulator.Scalars("train/approx_kl")}
    written = {
        int(row["timestep"]): float(row["kl_divergence"]) for row in rows(workspace) if row["kl_divergence"]
    }
    assert told.keys() == written.keys()
    assert all(abs(told[step] - value) < 1e-6 for step, value in written.items())
    entropy = accumulator.Scalars("train/entropy_loss")[-1].value
    assert abs(-entropy - float(rows(workspace)[-1]["policy_entropy"])) < 1e-6


def test_fresh_moves_the_run_away_and_starts_anew(finished: Workspace, tmp_path: Path) -> None:
    shutil.copytree(finished.root, tmp_path / "copy")
    workspace = Workspace(tmp_path / "copy", finished.settings)
    first = read_run(workspace.logs)
    assert first is not None
    target = archive_run(workspace, NOW)
    assert target is not None and target.name == first.id
    assert read_policy(target / "models" / "final_model").manifest.run_id == first.id
    second = wait_ended(workspace, start_training(workspace, TrainRequest(timesteps=512), NOW))
    assert second.id != first.id and steps(workspace) == [256, 512]


def test_stop_ends_clean_and_resume_continues_the_timestep(workspace: Workspace) -> None:
    identity = start_training(workspace, TrainRequest(timesteps=1_000_000, tag="long"), NOW)
    wait_for(lambda: len(steps(workspace)) >= 3, workspace)
    assert stop_training(workspace, timeout=60) == "stopped", "it was neither killed nor left"
    record = wait_ended(workspace, identity)
    assert record.outcome == "stopped" and record.ended_at is not None
    reached = steps(workspace)[-1]
    assert (
        record.timestep == reached
        and read_policy(workspace.models / "final_model").manifest.timesteps == reached
    )
    found, problems = newest_whole(workspace.checkpoints, record.id)
    assert found is not None and found.manifest.timesteps == reached and problems == []

    again = start_training(workspace, TrainRequest(resume=True, timesteps=reached + 1000), NOW)
    assert again.pid != identity.pid
    resumed = wait_ended(workspace, again)
    assert resumed.outcome == "finished", log_text(workspace)
    assert resumed.id == record.id and resumed.resumes[0].timestep == reached
    found_steps = steps(workspace)
    assert found_steps == sorted(set(found_steps)), "one continuing series in the same file"
    assert found_steps[-1] >= reached + 1000
    after = next(row for row in rows(workspace) if int(row["timestep"]) > reached)
    assert after["kl_divergence"] == "", "no update was made yet in this process"
    assert len(list((workspace.logs / "tensorboard").iterdir())) == 2
    assert "Resumed from" in log_text(workspace)


def test_a_stop_right_after_the_start_is_clean_too(workspace: Workspace) -> None:
    """Before the trainer has installed its handlers the signal waits; it does not kill."""
    identity = start_training(workspace, TrainRequest(timesteps=1_000_000), NOW)
    assert stop_training(workspace, timeout=120) == "stopped"
    record = wait_ended(workspace, identity)
    assert record.outcome == "stopped" and record.timestep == 0, log_text(workspace)
    assert checkpoint_zips(workspace.checkpoints) == []


def test_kill_9_leaves_only_whole_files_and_can_be_resumed(workspace: Workspace) -> None:
    identity = start_training(workspace, TrainRequest(timesteps=1_000_000), NOW)
    wait_for(lambda: len(checkpoint_zips(workspace.checkpoints)) >= 2, workspace)
    assert signal_process(identity, signal.SIGKILL)
    wait_for(lambda: process_state(identity) == "gone", workspace)
    record = read_run(workspace.logs)
    assert record is not None and record.ended_at is None and record.outcome is None
    assert running_trainer(workspace) is None
    for name in ("convergence_dashboard.csv", "training_metrics.csv", "evaluations.csv", "training.log"):
        data = (workspace.logs / name).read_bytes()
        assert data.endswith(b"\n"), name
    assert all(None not in row and None not in row.values() for row in rows(workspace))
    found, _ = newest_whole(workspace.checkpoints, record.id)
    assert found is not None
    for path in workspace.models.glob("*.zip"):
        read_policy(path)

    from_step = found.manifest.timesteps
    again = start_training(workspace, TrainRequest(resume=True, timesteps=from_step + 512), NOW)
    resumed = wait_ended(workspace, again)
    assert resumed.outcome == "finished" and resumed.resumes[0].timestep == from_step
    assert from_step + 256 in steps(workspace)
    assert not list(workspace.root.rglob(".ppo-tmp-*")) and not list(workspace.root.rglob(".*.staged"))


def test_bad_data_end_on_record_with_the_reason(workspace: Workspace) -> None:
    (workspace.train_data / "BADUSDT_4h.csv").write_text("timestamp,open\n1,2\n")
    record = wait_ended(workspace, start_training(workspace, TrainRequest(timesteps=512), NOW))
    assert record.outcome == "crashed" and record.ended_at is not None
    text = (workspace.logs / "training.log").read_text()
    assert "[ERROR]" in text and "BADUSDT" in text and "Traceback" not in text


def test_exploded_gradients_leave_their_nan_in_the_rows(workspace: Workspace) -> None:
    settings = workspace.settings
    ppo = msgspec.structs.replace(settings.ppo, learning_rate=1e30)
    hot = Workspace(workspace.root, msgspec.structs.replace(settings, ppo=ppo))
    record = wait_ended(hot, start_training(hot, TrainRequest(timesteps=2048), NOW))
    assert record.outcome == "crashed"
    assert "nan" in rows(hot)[-1]["kl_divergence"] or "inf" in rows(hot)[-1]["kl_divergence"]
    assert "the gradients have exploded" in log_text(hot) and "Traceback" in log_text(hot)


def test_an_exception_leaves_its_traceback_at_the_end_of_the_log(workspace: Workspace) -> None:
    settings = workspace.settings
    ppo = msgspec.structs.replace(settings.ppo, batch_size=1)
    refused = Workspace(workspace.root, msgspec.structs.replace(settings, ppo=ppo))
    record = wait_ended(refused, start_training(refused, TrainRequest(timesteps=512), NOW))
    assert record.outcome == "crashed"
    lines = (workspace.logs / "training.log").read_text().splitlines()
    assert "Traceback (most recent call last):" in lines and "AssertionError" in lines[-1]


def test_a_trainer_that_nobody_recorded_does_not_train(workspace: Workspace, tmp_path: Path) -> None:
    """Started by hand with a request that is not in `run.json`: it ends without touching the run."""
    from core.training.control import TrainerRequest

    request = TrainerRequest(workspace=str(workspace.root), nonce="x", settings=workspace.settings)
    path = tmp_path / "request.json"
    path.write_bytes(msgspec.json.encode(request))
    done = subprocess.run(
        [sys.executable, "-m", "core.training.trainer", "--request", str(path)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 2 and "started by nobody" in done.stderr
    assert not (workspace.logs / "training.log").exists()


def test_a_broken_request_is_refused_before_anything_starts(workspace: Workspace) -> None:
    with pytest.raises(ConsoleError):
        start_training(workspace, TrainRequest(mode="live"), NOW)
    assert read_run(workspace.logs) is None and not (workspace.logs / "trainer.out").exists()
