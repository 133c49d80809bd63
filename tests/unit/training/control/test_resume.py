"""A resume goes on from the newest whole checkpoint of this run, or says why it cannot."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec
import pytest

from core.errors import UnreadableError, UsageError
from core.process import ProcessIdentity
from core.training import plan
from core.training.control import TrainRequest, start_training
from core.training.runfile import RunRecord, write_run
from core.workspace import Workspace

WriteModel = Callable[..., Path]


NAMES = ("return", "volatility", "position")
"""What the models of `write_model` observe."""


@pytest.fixture
def ended(
    workspace: Workspace, process: Callable[..., ProcessIdentity], record_of: Any
) -> Callable[[], RunRecord]:
    """Leaves a run that was stopped."""

    def leave() -> RunRecord:
        record: RunRecord = record_of(
            process(), ended_at="2026-02-23T15:00:00Z", outcome="stopped", symbols=("A", "B")
        )
        write_run(workspace.logs, record)
        return record

    return leave


def test_a_resume_continues_from_the_newest_whole_checkpoint_of_this_run(
    workspace: Workspace,
    now: datetime,
    ended: Any,
    never_launches: mock.Mock,
    write_model: WriteModel,
) -> None:
    ended()
    for steps in (50_000, 100_000, 150_000):
        write_model(workspace.checkpoints, f"ppo_{steps}_steps", role="checkpoint", timesteps=steps)
    write_model(
        workspace.checkpoints, "ppo_200000_steps", role="checkpoint", timesteps=200_000, run_id="other"
    )
    with (workspace.checkpoints / "ppo_150000_steps.policy.npz").open("ab") as stream:
        stream.write(b"x")
    start_training(workspace, TrainRequest(resume=True), now)
    record: RunRecord = never_launches.call_args.args[1]
    assert never_launches.call_args.args[3] == workspace.checkpoints / "ppo_100000_steps.zip"
    assert (record.id, record.timestep, record.total_timesteps) == ("run-1", 100_000, 500_000)
    assert record.ended_at is None and record.outcome is None
    assert record.started_at == "2026-02-23T14:00:00Z", "the run began when it began"
    assert record.nonce != "nonce"
    assert record.resumes[0].timestep == 100_000


def test_a_run_of_other_observations_is_not_resumed(
    workspace: Workspace,
    now: datetime,
    ended: Any,
    never_launches: mock.Mock,
    write_model: WriteModel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Refused before anything is started, naming what the run never saw."""
    ended()
    write_model(workspace.checkpoints, "ppo_2048_steps", role="checkpoint", timesteps=2048)
    monkeypatch.setattr(plan, "OBSERVATION_NAMES", (*NAMES, "order_block_bullish"))
    with pytest.raises(UnreadableError, match="got 3: it lacks order_block_bullish") as caught:
        start_training(workspace, TrainRequest(resume=True), now)
    assert "--fresh" in caught.value.hint
    never_launches.assert_not_called()


def test_a_resume_says_which_hyperparameters_changed(
    workspace: Workspace,
    now: datetime,
    ended: Any,
    never_launches: mock.Mock,
    write_model: WriteModel,
) -> None:
    """The manual's way out of exploding KL: restart with a lower learning rate."""
    before = ended()
    ppo = msgspec.structs.asdict(workspace.settings.ppo)
    write_run(workspace.logs, msgspec.structs.replace(before, hyperparameters={**ppo, "learning_rate": 1e-3}))
    write_model(workspace.checkpoints, "ppo_2048_steps", role="checkpoint", timesteps=2048)
    start_training(workspace, TrainRequest(resume=True), now)
    record: RunRecord = never_launches.call_args.args[1]
    assert record.resumes[0].changes == ("learning_rate 0.001 -> 0.0003",)
    assert record.hyperparameters["learning_rate"] == 3e-4


def test_what_cannot_be_resumed_says_why(
    workspace: Workspace,
    now: datetime,
    ended: Any,
    never_launches: mock.Mock,
    write_model: WriteModel,
) -> None:
    with pytest.raises(UsageError, match=r"holds no run\.json"):
        start_training(workspace, TrainRequest(resume=True), now)
    ended()
    with pytest.raises(UsageError, match="no whole checkpoint"):
        start_training(workspace, TrainRequest(resume=True), now)
    write_model(workspace.checkpoints, "ppo_500000_steps", role="checkpoint", timesteps=500_000)
    with pytest.raises(UsageError, match="nothing is left"):
        start_training(workspace, TrainRequest(resume=True), now)
    with pytest.raises(UsageError, match="keeps to that"):
        start_training(workspace, TrainRequest(resume=True, symbols=("C",), timesteps=600_000), now)
    never_launches.assert_not_called()
    start_training(workspace, TrainRequest(resume=True, timesteps=600_000), now)
    assert never_launches.call_args.args[1].total_timesteps == 600_000
