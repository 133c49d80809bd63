"""What a training writes besides learning: rows, log lines, models, evaluations, its end on record."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

from core.training.runfile import read_run

LOSSES = {
    "approx_kl": 0.008,
    "value_loss": 0.5,
    "policy_gradient_loss": -0.01,
    "entropy_loss": -1.6,
    "clip_fraction": 0.1,
}


def test_a_row_pairs_a_rollout_with_the_last_update_and_missing_is_empty(stage: Any) -> None:
    stage.open()
    stage.rollout(**LOSSES)
    stage.model.logger.name_to_value["rollout/ep_rew_mean"] = 12.5
    stage.rollout(**LOSSES)
    assert stage.rows("convergence_dashboard.csv") == ["2048,,,,", "4096,12.5,0.008,0.5,1.6"]
    assert stage.rows("training_metrics.csv") == ["2048,,,,,", "4096,-0.01,0.5,1.6,0.008,0.1"]


def test_the_log_begins_with_step_1_and_has_a_line_per_rollout(stage: Any) -> None:
    stage.open()
    stage.rollout()
    assert stage.log == [
        "[INFO] Step 1/10000",
        "[INFO] Step 2048/10000 reward=- approx_kl=- value_loss=- steps_per_second=-",
    ]


def test_the_speed_of_a_rollout_without_an_update_is_not_the_trainings(stage: Any) -> None:
    stage.open()
    stage.model.logger.name_to_value["time/fps"] = 11_674
    stage.rollout(**LOSSES)
    stage.model.logger.name_to_value["time/fps"] = 3_036
    stage.rollout()
    first, second = stage.log[1:]
    assert first.endswith("steps_per_second=-") and second.endswith("steps_per_second=3036")


def test_a_resumed_run_counts_on(stage: Any) -> None:
    stage.model.num_timesteps = 4096
    stage.open(timestep=4096)
    stage.rollout()
    assert stage.log[0] == "[INFO] Step 4097/10000"
    assert stage.rows("convergence_dashboard.csv") == ["6144,,,,"]
    assert stage.saver.saved == [], "the checkpoint of 4096 is there already"


def test_nan_stays_nan_and_is_said_once(stage: Any) -> None:
    stage.open()
    stage.rollout(**{**LOSSES, "value_loss": math.nan})
    stage.rollout(**{**LOSSES, "value_loss": math.nan})
    stage.rollout()
    assert stage.rows("convergence_dashboard.csv")[1] == "4096,,0.008,nan,1.6"
    assert sum("[ERROR] value_loss is nan" in line for line in stage.log) == 1


def test_models_are_saved_when_a_mark_is_crossed_and_after_the_update(stage: Any) -> None:
    stage.open()
    stage.sharpes = [0.3]
    for _ in range(4):
        stage.rollout()
    assert stage.saver.saved == ["checkpoint 0", "best 1"], "at 4096; the evaluation at 6144"
    stage.rollout()
    assert stage.saver.saved == ["checkpoint 0", "best 1", "checkpoint 1"], "at 8192"


def test_each_evaluation_is_a_row_and_a_counted_trial_and_the_best_is_kept(stage: Any) -> None:
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


def test_trials_go_on_counting_after_a_resume(stage: Any) -> None:
    stage.model.num_timesteps = 4096
    stage.open(timestep=4096, trials=7)
    stage.rollout()
    stage.rollout()
    record = read_run(stage.workspace.logs)
    assert record is not None and record.trials == 8


def test_a_finished_run_ends_on_record_with_all_its_models(stage: Any) -> None:
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


def test_a_stop_saves_without_judging_and_keeps_the_part_of_a_rollout(stage: Any) -> None:
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


def test_a_stop_during_an_update_starts_no_evaluation(stage: Any) -> None:
    session = stage.open()
    for _ in range(3):
        stage.rollout()
    stage.stop.set()
    before = list(stage.saver.saved)
    session.rollout_started()
    assert stage.saver.saved == before and stage.rows("evaluations.csv") == []


def test_a_crash_writes_the_row_of_the_update_that_broke(stage: Any) -> None:
    session = stage.open()
    stage.rollout(**{**LOSSES, "approx_kl": math.nan})
    session.crashed()
    assert stage.rows("convergence_dashboard.csv")[-1] == "2048,,nan,0.5,1.6"


def test_each_day_gets_its_summary_when_it_is_over(stage: Any) -> None:
    stage.open()
    stage.rollout()
    stage.now += timedelta(days=1)
    stage.rollout()
    assert stage.days == ["2026-02-23"]
    stage.model.session.finish("stopped")  # type: ignore[union-attr]
    assert stage.days == ["2026-02-23", "2026-02-24"]
