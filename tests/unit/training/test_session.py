from __future__ import annotations

import errno
import math
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import pytest

from core.errors import RejectedError, UnreadableError
from core.models.manifest import Selection
from core.training import session as session_module
from core.training.evaluation import Evaluation
from core.training.runfile import RunRecord, read_run
from core.training.session import TrainingSession, Validation
from core.training.writers import LogWriter
from core.workspace import Workspace


class FakeModel:
    """What a session uses of PPO."""

    def __init__(self) -> None:
        self.num_timesteps = 0
        self.logger = SimpleNamespace(name_to_value={})
        self.session: TrainingSession | None = None

    def dump_logs(self) -> None:
        assert self.session is not None
        self.session.logged(self.logger.name_to_value, self.num_timesteps)
        self.logger.name_to_value = {}


class FakeSaver:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.saved: list[str] = []
        self.fails: Exception | None = None

    def _save(self, what: str) -> Path:
        if self.fails:
            raise self.fails
        self.saved.append(what)
        return self.root / what

    def live_policy(self, record: RunRecord, now: datetime) -> object:
        if self.fails:
            raise self.fails
        return object()

    def checkpoint(self, record: RunRecord, keep: int, now: datetime) -> Path:
        return self._save(f"checkpoint {record.trials}")

    def best(self, record: RunRecord, selection: Selection, now: datetime) -> Path:
        return self._save(f"best {selection.trial}")

    def final(self, record: RunRecord, now: datetime) -> Path:
        return self._save("final")


class Stage:
    """A session over fakes, with a clock that is set by hand."""

    def __init__(self, workspace: Workspace, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = now
        self.model = FakeModel()
        self.saver = FakeSaver(workspace.root)
        self.stop = Event()
        self.sharpes: list[float | None] = []
        self.days: list[str] = []
        self.on_pause: list[Callable[[], object]] = []
        self.workspace = workspace
        monkeypatch.setattr(session_module, "TrainedPolicy", lambda arrays: arrays)
        monkeypatch.setattr(session_module, "evaluate", self._evaluate)
        monkeypatch.setattr(
            session_module, "write_daily_summary", lambda _, day, now: self.days.append(day.isoformat())
        )

    def _evaluate(self, *_: object, timestep: int, **__: object) -> Evaluation:
        sharpe = self.sharpes.pop(0) if self.sharpes else None
        return Evaluation(timestep, 1.5, sharpe, 2.0, 50.0, math.inf, 3)

    def open(self, **changes: Any) -> TrainingSession:
        record = RunRecord(
            id="run-1",
            mode="paper",
            total_timesteps=10_000,
            seed=0,
            hyperparameters={},
            started_at="2026-02-23T14:00:00Z",
            nonce="",
            lanes=16,
            torch_threads=1,
            net_arch=(64, 64),
        )
        base = self.workspace.settings
        settings = msgspec.structs.replace(
            base,
            training=msgspec.structs.replace(base.training, checkpoint_every=4000, evaluate_every=6000),
        )
        self.model.session = TrainingSession(
            self.workspace,
            settings,
            msgspec.structs.replace(record, **changes),
            self.model,  # type: ignore[arg-type]
            self.saver,  # type: ignore[arg-type]
            Validation(None, np.zeros(0, np.float32)),  # type: ignore[arg-type]
            log=LogWriter(self.workspace.logs / "training.log"),
            clock=lambda: self.now,
            stop=self.stop,
            pause=lambda _: self.on_pause.pop(0)(),
        )
        return self.model.session

    def rollout(self, steps: int = 2048, **losses: float) -> None:
        """One rollout, its row, and the update after it."""
        assert self.model.session is not None
        self.model.session.rollout_started()
        self.model.num_timesteps += steps
        self.model.dump_logs()
        self.model.logger.name_to_value = {f"train/{name}": value for name, value in losses.items()}

    def rows(self, name: str) -> list[str]:
        return (self.workspace.logs / name).read_text().splitlines()[1:]

    @property
    def log(self) -> list[str]:
        return [line[20:] for line in (self.workspace.logs / "training.log").read_text().splitlines()]


@pytest.fixture
def stage(workspace: Workspace, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(workspace, now, monkeypatch)


LOSSES = {
    "approx_kl": 0.008,
    "value_loss": 0.5,
    "policy_gradient_loss": -0.01,
    "entropy_loss": -1.6,
    "clip_fraction": 0.1,
}


def test_a_row_pairs_a_rollout_with_the_last_update_and_missing_is_empty(stage: Stage) -> None:
    stage.open()
    stage.rollout(**LOSSES)
    stage.model.logger.name_to_value["rollout/ep_rew_mean"] = 12.5
    stage.rollout(**LOSSES)
    assert stage.rows("convergence_dashboard.csv") == ["2048,,,,", "4096,12.5,0.008,0.5,1.6"]
    assert stage.rows("training_metrics.csv") == ["2048,,,,,", "4096,-0.01,0.5,1.6,0.008,0.1"]


def test_the_log_begins_with_step_1_and_has_a_line_per_rollout(stage: Stage) -> None:
    stage.open()
    stage.rollout()
    assert stage.log == [
        "[INFO] Step 1/10000",
        "[INFO] Step 2048/10000 reward=- approx_kl=- value_loss=- steps_per_second=-",
    ]


def test_the_speed_of_a_rollout_without_an_update_is_not_the_trainings(stage: Stage) -> None:
    stage.open()
    stage.model.logger.name_to_value["time/fps"] = 11_674
    stage.rollout(**LOSSES)
    stage.model.logger.name_to_value["time/fps"] = 3_036
    stage.rollout()
    first, second = stage.log[1:]
    assert first.endswith("steps_per_second=-") and second.endswith("steps_per_second=3036")


def test_a_resumed_run_counts_on(stage: Stage) -> None:
    stage.model.num_timesteps = 4096
    stage.open(timestep=4096)
    stage.rollout()
    assert stage.log[0] == "[INFO] Step 4097/10000"
    assert stage.rows("convergence_dashboard.csv") == ["6144,,,,"]
    assert stage.saver.saved == [], "the checkpoint of 4096 is there already"


def test_nan_stays_nan_and_is_said_once(stage: Stage) -> None:
    stage.open()
    stage.rollout(**{**LOSSES, "value_loss": math.nan})
    stage.rollout(**{**LOSSES, "value_loss": math.nan})
    stage.rollout()
    assert stage.rows("convergence_dashboard.csv")[1] == "4096,,0.008,nan,1.6"
    assert sum("[ERROR] value_loss is nan" in line for line in stage.log) == 1


def test_models_are_saved_when_a_mark_is_crossed_and_after_the_update(stage: Stage) -> None:
    stage.open()
    stage.sharpes = [0.3]
    for _ in range(4):
        stage.rollout()
    assert stage.saver.saved == ["checkpoint 0", "best 1"], "at 4096; the evaluation at 6144"
    stage.rollout()
    assert stage.saver.saved == ["checkpoint 0", "best 1", "checkpoint 1"], "at 8192"


def test_each_evaluation_is_a_row_and_a_counted_trial_and_the_best_is_kept(stage: Stage) -> None:
    stage.open()
    stage.sharpes = [0.3, 0.1, 0.5]
    for _ in range(10):
        stage.rollout()
    stage.model.session.finish("finished")  # type: ignore[union-attr]
    rows = stage.rows("evaluations.csv")
    assert [row.split(",")[:3] for row in rows] == [
        ["6144", "1.5", "0.3"],
        ["12288", "1.5", "0.1"],
        ["18432", "1.5", "0.5"],
        ["20480", "1.5", ""],
    ]
    assert rows[0].endswith(",2.0,50.0,inf,3,,")
    assert [name for name in stage.saver.saved if name.startswith("best")] == ["best 1", "best 3"]
    record = read_run(stage.workspace.logs)
    assert record is not None and record.trials == 4


def test_trials_go_on_counting_after_a_resume(stage: Stage) -> None:
    stage.model.num_timesteps = 4096
    stage.open(timestep=4096, trials=7)
    stage.rollout()
    stage.rollout()
    record = read_run(stage.workspace.logs)
    assert record is not None and record.trials == 8


def test_a_finished_run_ends_on_record_with_all_its_models(stage: Stage) -> None:
    stage.open()
    for _ in range(5):
        stage.rollout(**LOSSES)
    stage.model.session.finish("finished")  # type: ignore[union-attr]
    assert len(stage.rows("convergence_dashboard.csv")) == 5, "one row per rollout"
    assert any(line.startswith("[INFO] Last update: approx_kl=0.008") for line in stage.log)
    assert stage.log[-1] == "[INFO] Training finished at step 10240/10000"
    assert stage.saver.saved[-2:] == ["checkpoint 2", "final"]
    record = read_run(stage.workspace.logs)
    assert record is not None
    assert (record.outcome, record.ended_at, record.timestep) == ("finished", "2026-02-23T14:00:00Z", 10_240)


def test_a_stop_saves_without_judging_and_keeps_the_part_of_a_rollout(stage: Stage) -> None:
    session = stage.open()
    stage.rollout(**LOSSES)
    session.rollout_started()
    stage.model.num_timesteps += 32
    stage.stop.set()
    assert not session.step_made()
    session.finish("stopped")
    assert stage.rows("convergence_dashboard.csv")[-1] == "2080,,0.008,0.5,1.6"
    assert stage.rows("evaluations.csv") == []
    assert stage.saver.saved == ["checkpoint 0", "final"]
    assert "--resume" in stage.log[-1]
    record = read_run(stage.workspace.logs)
    assert record is not None and (record.outcome, record.timestep) == ("stopped", 2080)


def test_a_stop_during_an_update_starts_no_evaluation(stage: Stage) -> None:
    session = stage.open()
    for _ in range(3):
        stage.rollout()
    stage.stop.set()
    before = list(stage.saver.saved)
    session.rollout_started()
    assert stage.saver.saved == before and stage.rows("evaluations.csv") == []


def test_a_crash_writes_the_row_of_the_update_that_broke(stage: Stage) -> None:
    session = stage.open()
    stage.rollout(**{**LOSSES, "approx_kl": math.nan})
    session.crashed()
    assert stage.rows("convergence_dashboard.csv")[-1] == "2048,,nan,0.5,1.6"


@pytest.mark.parametrize(
    "failure",
    [OSError(errno.ENOSPC, "No space left on device"), UnreadableError("full"), RejectedError("nan weights")],
)
def test_what_cannot_be_saved_or_judged_is_said_and_the_training_goes_on(
    stage: Stage, failure: Exception
) -> None:
    stage.open()
    stage.saver.fails = failure
    for _ in range(4):
        stage.rollout()
    errors = [line for line in stage.log if line.startswith("[ERROR]")]
    assert any("checkpoint at step 4096" in line for line in errors)
    assert any("evaluation at step 6144" in line for line in errors)
    assert len(stage.rows("convergence_dashboard.csv")) == 4


class FullStream:
    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_ends_no_training_and_its_rows_follow_once_there_is_room(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.training import writers

    stage.open()
    stage.rollout()

    def full(path: Path, lines: object, heading: str = "") -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(writers, "append_lines", full)
        patch.setattr(sys, "stderr", FullStream())  # the process' own output is on the same disk
        for _ in range(2):
            stage.rollout()
    stage.rollout()
    assert [row.split(",")[0] for row in stage.rows("convergence_dashboard.csv")] == [
        "2048",
        "4096",
        "6144",
        "8192",
    ]
    said = [line for line in stage.log if "convergence_dashboard.csv" in line]
    assert said == [
        "[ERROR] convergence_dashboard.csv: it could not be written: No space left on device",
        "[INFO] convergence_dashboard.csv: it is written again",
    ]
    assert sum(line.startswith("[INFO] Step ") for line in stage.log) == 5, (
        "no line of the log is lost either"
    )


def test_rows_that_a_full_disk_left_no_room_for_are_counted_in_the_log(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.training import writers

    def full(path: Path, lines: object, heading: str = "") -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(writers, "MAX_WAITING", 2)
    stage.open()
    with monkeypatch.context() as patch:
        patch.setattr(writers, "append_lines", full)
        patch.setattr(sys, "stderr", FullStream())
        for _ in range(3):
            stage.rollout()
    stage.rollout()
    assert [row.split(",")[0] for row in stage.rows("convergence_dashboard.csv")] == ["6144", "8192"]
    assert (
        "[WARNING] convergence_dashboard.csv: it is written again without 2 rows, for which too many waited"
        in stage.log
    )


def test_a_finished_training_waits_for_room_for_its_last_model(stage: Stage) -> None:
    session = stage.open()
    stage.rollout()
    stage.saver.fails = UnreadableError("final_model.zip could not be written")
    stage.saver.fails.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    stage.on_pause = [lambda: None, lambda: setattr(stage.saver, "fails", None)]
    session.finish("finished")
    assert stage.on_pause == [] and stage.saver.saved == ["final"]
    assert sum("] final_model: final_model.zip could not" in line for line in stage.log) == 1
    assert sum("waits for room for final_model; ppo-console stop ends it" in line for line in stage.log) == 1
    record = read_run(stage.workspace.logs)
    assert record is not None and record.outcome == "finished"


def test_a_training_that_is_asked_to_end_waits_for_no_room(stage: Stage) -> None:
    session = stage.open()
    stage.rollout()
    stage.saver.fails = OSError(errno.ENOSPC, "No space left on device")
    stage.on_pause = [stage.stop.set]
    session.finish("finished")
    assert stage.on_pause == [] and stage.saver.saved == []
    assert any("final_model is not saved: asked to end before there was room" in line for line in stage.log)
    session.finish("stopped")
    assert any("final_model: it could not be written: No space" in line for line in stage.log)


def test_the_last_rows_of_a_full_disk_follow_once_there_is_room_for_the_last_model(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.training import writers

    session, full = stage.open(), OSError(errno.ENOSPC, "No space left on device")
    stage.rollout()
    patch = monkeypatch.context()
    patched = patch.__enter__()

    def no_room(path: Path, lines: object, heading: str = "") -> None:
        raise full

    patched.setattr(writers, "append_lines", no_room)
    patched.setattr(sys, "stderr", FullStream())
    stage.rollout(approx_kl=0.01)
    stage.saver.fails = full
    stage.on_pause = [lambda: patch.__exit__(None, None, None), lambda: setattr(stage.saver, "fails", None)]
    session.finish("finished")
    assert [row.split(",")[0] for row in stage.rows("convergence_dashboard.csv")] == ["2048", "4096"]
    assert [row.split(",")[0] for row in stage.rows("training_metrics.csv")] == ["2048", "4096"]


def test_a_last_model_that_can_never_be_saved_is_not_waited_for(stage: Stage) -> None:
    session = stage.open()
    stage.rollout()
    stage.saver.fails = UnreadableError("the normalisation statistics are not finite")
    session.finish("finished")
    assert any("not finite" in line for line in stage.log)


def test_each_day_gets_its_summary_when_it_is_over(stage: Stage) -> None:
    stage.open()
    stage.rollout()
    stage.now += timedelta(days=1)
    stage.rollout()
    assert stage.days == ["2026-02-23"]
    stage.model.session.finish("stopped")  # type: ignore[union-attr]
    assert stage.days == ["2026-02-23", "2026-02-24"]


def test_a_fault_in_a_summary_does_not_end_the_training(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault(*_: object) -> None:
        raise KeyError("x")

    session = stage.open()
    monkeypatch.setattr(session_module, "write_daily_summary", fault)
    session.finish("stopped")
    assert any("daily summary: KeyError" in line for line in stage.log)
