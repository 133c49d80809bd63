"""What a run is: its record, its process, its log."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

DASHBOARD = "timestep,reward,kl_divergence,value_loss,policy_entropy\n"


def test_run_json_names_the_run_and_a_foreign_run_has_its_folders_name(
    files: Any, folder: Path, now: datetime
) -> None:
    reader = files.opened(folder, now)
    assert (reader.run.info.id, reader.run.info.total_timesteps) == ("ppo_training", None)
    files.write_run(folder, pid=12, seed=0, hyperparameters={"learning_rate": 3e-4})
    assert reader.poll(now)
    info = reader.run.info
    assert (info.id, info.tag, info.symbols, info.total_timesteps) == (
        "20260223-F12",
        "F12",
        ("OGNUSDT",),
        500_000,
    )
    assert (info.seed, info.hyperparameters) == (0, {"learning_rate": 3e-4})
    assert info.started_at == datetime(2026, 2, 23, 14, tzinfo=UTC)


@pytest.mark.parametrize("content", ["", "{", "[1]", "null", '"x"', "[" * 100_000, "\x00"])
def test_a_run_json_that_is_none_is_said_and_the_rest_is_read(
    files: Any, folder: Path, now: datetime, content: str
) -> None:
    (folder / "run.json").write_text(content)
    (folder / "convergence_dashboard.csv").write_text(DASHBOARD + files.dashboard_row(2048))
    reader = files.opened(folder, now)
    reader.poll(now)
    assert reader.run.info.id == "ppo_training"
    assert files.steps(reader, "reward") == [2048]
    assert len([note for note in reader.run.notes if "run.json" in note]) == 1


def test_values_of_the_wrong_type_are_left_out_and_text_is_made_visible(
    files: Any, folder: Path, now: datetime
) -> None:
    files.write_run(
        folder,
        id="a\x1b[31m",
        total_timesteps="many",
        pid=-4,
        started_at="noon",
        symbols="OGNUSDT",
        outcome=7,
        process_started=1e400,
        seed=True,
        hyperparameters=[1],
    )
    info = files.opened(folder, now).run.info
    assert info.id == "a␛[31m"
    assert (info.total_timesteps, info.pid, info.started_at, info.symbols) == (None, None, None, ())
    assert (info.outcome, info.process_started, info.seed, info.hyperparameters) == (None, None, None, {})


def test_a_fresh_run_in_the_same_folder_starts_over(files: Any, folder: Path, now: datetime) -> None:
    path = folder / "convergence_dashboard.csv"
    files.write_run(folder)
    path.write_text(DASHBOARD + files.dashboard_row(2048) + files.dashboard_row(4096))
    reader = files.opened(folder, now)
    old = reader.run
    shutil.move(folder, folder.parent / "archived")
    folder.mkdir()
    files.write_run(folder, id="next")
    path.write_text(DASHBOARD + files.dashboard_row(1024, reward=-1.0))
    reader.poll(now)
    assert reader.run is not old
    assert reader.run.info.id == "next"
    assert list(reader.run.series["reward"].value) == [-1.0]
    assert [one.events for one in reader.run.sources] == [[]]
    assert list(old.series["reward"].timestep) == [2048, 4096]


def test_the_process_is_asked_for_by_its_whole_identity(files: Any, folder: Path, now: datetime) -> None:
    from core.process import identify

    me = identify(os.getpid(), "")
    files.write_run(folder, pid=me.pid, process_started=me.started, boot_id=me.boot_id, host=me.host)
    assert files.opened(folder, now).run.process == "alive"
    files.write_run(folder, pid=me.pid, process_started=me.started - 5000, boot_id=me.boot_id, host=me.host)
    assert files.opened(folder, now).run.process == "gone"
    files.write_run(folder, pid=me.pid, process_started=me.started, boot_id=me.boot_id, host="elsewhere")
    assert files.opened(folder, now).run.process == "unseen"
    files.write_run(folder)
    assert files.opened(folder, now).run.process == "unseen"


def test_log_lines_come_once_made_visible(files: Any, folder: Path, now: datetime) -> None:
    log = folder / "training.log"
    log.write_text("2026-02-23 14:00:00 [INFO] Starting PPO training...\nhalf")
    reader = files.opened(folder, now)
    assert reader.take_log_lines() == ["2026-02-23 14:00:00 [INFO] Starting PPO training..."]
    files.append(log, " line \x1b]0;title\x07\n")
    reader.poll(now)
    assert reader.take_log_lines() == ["half line ␛]0;title␇"]
    assert reader.take_log_lines() == []
    assert (len(reader.run.log_tail), reader.run.log_count) == (2, 2)


def test_a_traceback_counts_while_it_stands_at_the_end(files: Any, folder: Path, now: datetime) -> None:
    log = folder / "training.log"
    log.write_text(
        "2026-02-23 14:00:00 [ERROR] Training crashed: ValueError: x\n"
        'Traceback (most recent call last):\n  File "a.py", line 1, in f\nValueError: x\n'
    )
    reader = files.opened(folder, now)
    assert reader.run.traceback
    files.append(log, "2026-02-23 15:00:00 [INFO] Resumed at step 4096\n")
    reader.poll(now)
    assert not reader.run.traceback
