"""What is started, and what refuses: another run, another mode, no data, values out of range, a block."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec
import pytest

from core.checklist.model import ChecklistResult, ItemResult
from core.errors import ConsoleError, RejectedError, UnreadableError, UsageError
from core.process import ProcessIdentity
from core.training import control
from core.training.archive import archive_run
from core.training.control import TrainRequest, running_trainer, start_training
from core.training.guard import start_lock
from core.training.runfile import RunRecord, read_run, write_run
from core.workspace import Workspace

WriteModel = Callable[..., Path]


def test_a_second_start_is_refused_and_names_the_process(
    record_of: Any,
    workspace: Workspace,
    now: datetime,
    process: Callable[..., ProcessIdentity],
    never_launches: mock.Mock,
) -> None:
    identity = process()
    write_run(workspace.logs, record_of(identity))
    for request in (TrainRequest(), TrainRequest(resume=True)):
        with pytest.raises(RejectedError, match=f"process {identity.pid}"):
            start_training(workspace, request, now)
    with pytest.raises(RejectedError, match=f"process {identity.pid}"):
        archive_run(workspace, now)
    never_launches.assert_not_called()
    assert running_trainer(workspace) == identity


def test_a_start_waits_for_another_one_only_so_long_and_then_names_it(
    workspace: Workspace, now: datetime, never_launches: mock.Mock
) -> None:
    with (
        start_lock(workspace, "the archiving of a run", now),
        pytest.raises(
            RejectedError, match=f"^the archiving of a run by process {os.getpid()} on .* since 20"
        ),
        start_lock(workspace, "the start of a training", now, patience=0.0),
    ):
        never_launches.assert_called()  # never reached
    start_training(workspace, TrainRequest(), now)
    never_launches.assert_called_once()


def test_a_lock_whose_holder_left_no_name_is_another_process(workspace: Workspace, now: datetime) -> None:
    with start_lock(workspace, "the start of a training", now):
        (workspace.store.parent / "training.lock").write_text("")
        with (
            pytest.raises(RejectedError, match=r"^another process has held .*training\.lock"),
            start_lock(workspace, "the start of a training", now, patience=0.0),
        ):
            pass


def test_a_stranger_under_the_trainers_pid_is_no_trainer(
    record_of: Any, workspace: Workspace, process: Callable[..., ProcessIdentity]
) -> None:
    stranger = process(nonce="theirs")
    write_run(workspace.logs, record_of(msgspec.structs.replace(stranger, nonce="ours")))
    assert running_trainer(workspace) is None


@pytest.mark.parametrize("mode", ["live", "Live", "demo"])
def test_only_paper_mode_starts(
    workspace: Workspace, now: datetime, mode: str, never_launches: mock.Mock
) -> None:
    with pytest.raises(UsageError) as caught:
        start_training(workspace, TrainRequest(mode=mode), now)
    assert caught.value.exit_code == 2
    never_launches.assert_not_called()


@pytest.mark.parametrize("request_", [TrainRequest(timesteps=0), TrainRequest(seed=-1)])
def test_values_out_of_range_are_refused(
    workspace: Workspace, now: datetime, request_: TrainRequest, never_launches: mock.Mock
) -> None:
    with pytest.raises(UsageError, match="expected"):
        start_training(workspace, request_, now)


def test_a_run_on_another_host_counts_as_live_while_its_files_change(
    record_of: Any,
    workspace: Workspace,
    now: datetime,
    process: Callable[..., ProcessIdentity],
    never_launches: mock.Mock,
) -> None:
    write_run(workspace.logs, record_of(msgspec.structs.replace(process(), host="elsewhere")))
    written = (workspace.logs / "run.json").stat().st_mtime
    just_now = datetime.fromtimestamp(written + 60, now.tzinfo)
    with pytest.raises(RejectedError, match="on elsewhere"):
        archive_run(workspace, just_now)
    later = just_now + timedelta(seconds=workspace.settings.health.stalled_after)
    assert archive_run(workspace, later) is not None


def test_blocked_refuses_and_an_override_is_on_record(
    workspace: Workspace, now: datetime, never_launches: mock.Mock
) -> None:
    item = ItemResult(
        id="preflight.data",
        text="Training data",
        kind="sensed",
        on_fail="block",
        state="fail",
        message="none",
    )
    blocked = ChecklistResult(name="preflight", title="", status="BLOCKED", items=(item,))
    with pytest.raises(RejectedError, match="Training data: none"):
        start_training(workspace, TrainRequest(), now, preflight=blocked)
    never_launches.assert_not_called()
    start_training(workspace, TrainRequest(override="CTO agreed"), now, preflight=blocked)
    record: RunRecord = never_launches.call_args.args[1]
    assert (record.preflight, record.override) == ("BLOCKED", "CTO agreed")


def test_a_new_run_takes_its_facts_from_request_and_configuration(
    workspace: Workspace, now: datetime, never_launches: mock.Mock
) -> None:
    request = TrainRequest(
        symbols=("OGNUSDT",), timesteps=20_000, tag="F12-phase4-final", timestamp=True, seed=7
    )
    start_training(workspace, request, now)
    record: RunRecord = never_launches.call_args.args[1]
    assert record.tag == "F12-phase4-final_20260223T140000Z"
    assert record.id.startswith("20260223T140000Z-F12-phase4-final-")
    assert record.symbols == ("OGNUSDT",)
    assert (record.total_timesteps, record.seed, record.mode) == (20_000, 7, "paper")
    assert record.hyperparameters["total_timesteps"] == 20_000
    assert record.hyperparameters["learning_rate"] == 3e-4
    assert never_launches.call_args.args[2].ppo.total_timesteps == 20_000
    assert len(record.nonce) == 32 and record.config_hash == workspace.config_hash()


def test_data_that_are_not_there_are_told_before_anything_is_written(
    workspace: Workspace, now: datetime, never_launches: mock.Mock
) -> None:
    with pytest.raises(UsageError, match="no candles of OGNUSD; it holds ADAUSDT, OGNUSDT"):
        start_training(workspace, TrainRequest(symbols=("OGNUSD",)), now)
    for path in workspace.train_data.iterdir():
        path.unlink()
    with pytest.raises(UsageError, match="holds no candles") as caught:
        start_training(workspace, TrainRequest(), now)
    assert "data split" in caught.value.hint
    never_launches.assert_not_called()
    assert list(workspace.logs.iterdir()) == []


def test_a_tag_cannot_leave_the_folder(
    workspace: Workspace, now: datetime, never_launches: mock.Mock
) -> None:
    start_training(workspace, TrainRequest(tag="../../etc/\x1b[31m/.."), now)
    record: RunRecord = never_launches.call_args.args[1]
    assert "/" not in record.id and "\x1b" not in str(record.tag) and ".." not in record.id


def test_a_new_run_needs_empty_folders(
    workspace: Workspace, now: datetime, never_launches: mock.Mock, write_model: WriteModel
) -> None:
    for make in (
        lambda: (workspace.logs / "training.log").write_text("x"),
        lambda: write_model(workspace.models),
        lambda: write_model(workspace.checkpoints, "ppo_2048_steps", role="checkpoint"),
    ):
        make()
        with pytest.raises(UsageError, match="earlier run") as caught:
            start_training(workspace, TrainRequest(), now)
        assert "--resume" in caught.value.hint and "--fresh" in caught.value.hint
        assert archive_run(workspace, now) is not None
    start_training(workspace, TrainRequest(), now)
    never_launches.assert_called_once()


def test_an_empty_alerts_log_does_not_hinder_a_start(
    workspace: Workspace, now: datetime, never_launches: mock.Mock
) -> None:
    (workspace.logs / "alerts.log").touch()
    start_training(workspace, TrainRequest(), now)
    never_launches.assert_called_once()


def test_a_malformed_run_file_is_named_and_fresh_gets_past_it(workspace: Workspace, now: datetime) -> None:
    (workspace.logs / "run.json").write_text("{")
    with pytest.raises(UnreadableError, match="malformed"):
        start_training(workspace, TrainRequest(), now)
    moved = archive_run(workspace, now)
    assert moved is not None and (moved / "run.json").read_text() == "{"


def test_a_start_that_cannot_be_recorded_leaves_no_process(workspace: Workspace, now: datetime) -> None:
    started: list[int] = []
    real = control.identify

    def remember(pid: int, nonce: str) -> ProcessIdentity:
        started.append(pid)
        return real(pid, nonce)

    with (
        mock.patch.object(control, "identify", remember),
        mock.patch.object(control, "write_run", side_effect=UnreadableError("disk full")),
        pytest.raises(ConsoleError, match="disk full"),
    ):
        start_training(workspace, TrainRequest(), now)
    end = time.monotonic() + 60
    while control._children and time.monotonic() < end:
        control._reap()
        time.sleep(0.01)
    assert started and not control._children
    assert read_run(workspace.logs) is None
