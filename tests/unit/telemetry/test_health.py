"""Health: the design's table with a fake now, pace, lateness, ETA."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.config.settings import Health as HealthSettings
from core.telemetry.health import assess
from core.telemetry.model import ProcessState, Run, RunInfo, Series, Source
from core.wording.say import say

SETTINGS = HealthSettings()


def run_of(
    now: datetime,
    *,
    steps: int = 20_480,
    rows: int = 10,
    every: float = 30.0,
    ago: float = 5.0,
    process: ProcessState = "unseen",
    **info: Any,
) -> Run:
    """`rows` rows, `every` seconds apart, the last `ago` seconds before now."""
    run = Run(RunInfo(id="r", directory=Path("/r"), **info), process=process)
    series = Series("reward")
    for row in range(rows):
        written = now - timedelta(seconds=ago + every * (rows - 1 - row))
        series.append(steps * (row + 1) / rows, 1.0, written.timestamp())
    if rows:
        run.series["reward"] = series
        run.last_step_at = run.last_row_at = now - timedelta(seconds=ago)
        run.step = steps
    return run


HOUR = 3600.0


@pytest.mark.parametrize(
    ("process", "ago", "outcome", "total", "traceback", "status"),
    [
        ("alive", 5, None, 500_000, False, "RUNNING"),
        ("unseen", 5, None, 500_000, False, "RUNNING"),
        ("alive", 2 * HOUR + 1, None, 500_000, False, "STALLED"),
        ("alive", 2 * HOUR - 1, None, 500_000, False, "RUNNING"),
        ("unseen", 3 * HOUR, None, 500_000, False, "SILENT"),
        ("unseen", 3 * HOUR, None, None, False, "SILENT"),
        ("gone", 5, None, 500_000, False, "CRASHED"),
        ("gone", 5, None, 20_480, False, "CRASHED"),
        ("unseen", 5, None, 500_000, True, "CRASHED"),
        ("alive", 5, None, 500_000, True, "CRASHED"),
        ("gone", 5, "crashed", 500_000, True, "CRASHED"),
        ("gone", 5, "stopped", 500_000, False, "STOPPED"),
        ("gone", 5, "finished", 500_000, False, "STOPPED"),
        ("gone", 5, "finished", None, False, "STOPPED"),
        ("gone", 30 * HOUR, "finished", 20_480, False, "FINISHED"),
        ("gone", 5, "stopped", 20_480, False, "FINISHED"),
    ],
)
def test_the_table(
    now: datetime,
    process: ProcessState,
    ago: float,
    outcome: str | None,
    total: int | None,
    traceback: bool,
    status: str,
) -> None:
    run = run_of(now, ago=ago, process=process, outcome=outcome, total_timesteps=total, pid=4711)
    run.traceback = traceback
    health = assess(run, SETTINGS, now)
    assert health.status == status
    assert health.reason.endswith(".") and "\n" not in health.reason


def test_nothing_at_all_is_absent(now: datetime) -> None:
    health = assess(run_of(now, rows=0), SETTINGS, now)
    assert (health.status, health.steps_per_second, health.eta_seconds, health.progress) == (
        "ABSENT",
        None,
        None,
        None,
    )


def test_an_empty_file_is_named_and_is_not_said_to_be_no_run(now: datetime) -> None:
    run = run_of(now, rows=0)
    run.sources.append(Source(Path("/logs/progress\x1b.csv"), "csv"))
    health = assess(run, SETTINGS, now)
    assert health.status == "ABSENT"
    assert health.reason.startswith("No readable row yet: progress␛.csv in ")
    assert say(health.reason, "pt").startswith("Nenhuma linha legível ainda: progress␛.csv em ")


def test_a_start_without_a_row_yet_runs_and_later_stalls(now: datetime) -> None:
    """The two hours count from the process's start while there is no step."""
    started = (now - timedelta(hours=1)).timestamp()
    run = run_of(now, rows=0, process="alive", pid=4711, process_started=started)
    assert assess(run, SETTINGS, now).status == "RUNNING"
    assert assess(run, SETTINGS, now + timedelta(hours=2)).status == "STALLED"


def test_a_resumed_process_is_not_stalled_by_the_pause_before_it(now: datetime) -> None:
    run = run_of(now, ago=10 * HOUR, process="alive", pid=1, process_started=now.timestamp() - 60)
    assert assess(run, SETTINGS, now).status == "RUNNING"


def test_a_run_whose_process_cannot_be_seen_is_silent_long_before_two_hours(now: datetime) -> None:
    """Rows each 30 s, none for twenty times that: it is not shown as running for two hours."""
    assert assess(run_of(now, ago=19 * 30), SETTINGS, now).status == "RUNNING"
    assert assess(run_of(now, ago=21 * 30), SETTINGS, now).status == "SILENT"


def test_late_is_said_at_twenty_times_the_usual_interval(now: datetime) -> None:
    for ago, late in ((19 * 30, False), (21 * 30, True)):
        health = assess(run_of(now, ago=ago, process="alive", pid=1), SETTINGS, now)
        assert (health.status, health.late) == ("RUNNING", late)


def test_pace_eta_and_progress(now: datetime) -> None:
    health = assess(run_of(now, process="alive", total_timesteps=40_960), SETTINGS, now)
    assert health.steps_per_second == pytest.approx(2048 / 30)
    assert health.eta_seconds == pytest.approx(20_480 / (2048 / 30))
    assert health.progress == 0.5


def test_a_process_that_is_alive_after_its_last_step_is_said_to_save_or_to_wait_for_room(
    now: datetime,
) -> None:
    for ago in (5, 3 * HOUR):
        run = run_of(now, ago=ago, process="alive", pid=1, total_timesteps=20_480)
        assert "That was its last step" in assess(run, SETTINGS, now).reason
    run = run_of(now, process="alive", pid=1, total_timesteps=40_960)
    assert "last step:" not in assess(run, SETTINGS, now).reason


def test_an_unknown_total_has_no_progress_and_no_eta(now: datetime) -> None:
    health = assess(run_of(now), SETTINGS, now)
    assert (health.progress, health.eta_seconds) == (None, None)


def test_rows_without_times_have_no_pace(now: datetime) -> None:
    run = run_of(now, total_timesteps=500_000)
    run.series["reward"].time[:] = type(run.series["reward"].time)("d", [math.nan] * 10)
    health = assess(run, SETTINGS, now)
    assert (health.steps_per_second, health.eta_seconds, health.late) == (None, None, False)


def test_pace_does_not_reach_across_a_resume(now: datetime) -> None:
    run = run_of(now, process="alive", ago=100)
    series = run.series["reward"]
    for row in range(3):
        series.append(10_000 + 1000 * row, 1.0, now.timestamp() - 20 + 10 * row)
    assert assess(run, SETTINGS, now).steps_per_second == pytest.approx(100)


def test_eta_is_zero_when_finished_and_none_when_it_does_not_run(now: datetime) -> None:
    run = run_of(now, outcome="finished", total_timesteps=20_480)
    assert assess(run, SETTINGS, now).eta_seconds == 0
    run = run_of(now, outcome="stopped", total_timesteps=500_000)
    assert assess(run, SETTINGS, now).eta_seconds is None


def test_a_clock_that_jumps_gives_no_negative_age(now: datetime) -> None:
    """Rows of the future (a clock set back) are rows of now."""
    health = assess(run_of(now, ago=-HOUR), SETTINGS, now)
    assert health.status == "RUNNING"
    assert health.step_age_seconds == 0


def test_a_clock_that_jumps_back_between_rows_gives_no_negative_pace(now: datetime) -> None:
    run = run_of(now, process="alive")
    series = run.series["reward"]
    series.append(30_000, 1.0, now.timestamp() - 5 * HOUR)
    pace = assess(run, SETTINGS, now).steps_per_second
    assert pace is None or pace >= 0


def test_the_settings_rule(now: datetime) -> None:
    run = run_of(now, ago=100, process="alive", pid=1)
    assert assess(run, replace_settings(stalled_after=60.0), now).status == "STALLED"
    assert assess(run, replace_settings(late_factor=2.0), now).late


def replace_settings(**changes: float) -> HealthSettings:
    import msgspec

    return msgspec.structs.replace(SETTINGS, **changes)


def test_assess_changes_nothing(now: datetime) -> None:
    run = run_of(now, process="alive", total_timesteps=500_000)
    before = msgspec.structs.replace(run)
    assess(run, SETTINGS, now)
    assert before == run


def test_the_wait_for_a_late_row_counts_against_the_pace(now: datetime) -> None:
    """A run that hangs does not keep the speed it once had."""
    prompt = assess(run_of(now, process="alive", ago=5), SETTINGS, now).steps_per_second
    late = assess(run_of(now, process="alive", ago=2700), SETTINGS, now).steps_per_second
    assert prompt is not None and late is not None
    assert late == pytest.approx(prompt * 270 / (270 + 2700))


def test_the_pause_before_a_resume_is_no_pace(now: datetime) -> None:
    """A resume that goes on at the very step is no new segment, yet its pace begins with its process."""
    run = run_of(now, ago=HOUR, process="alive", pid=1, process_started=now.timestamp() - 60)
    for row in range(1, 4):
        run.series["reward"].append(20_480 + 1000 * row, 1.0, now.timestamp() - 40 + 10 * row)
    assert assess(run, SETTINGS, now).steps_per_second == pytest.approx(100)


def test_a_copied_csv_without_times_is_not_taken_for_a_running_training(now: datetime) -> None:
    """Its modification time is the copy's: until a row was seen to arrive it runs for two minutes only."""
    run = run_of(now, ago=30)
    run.series["reward"] = Series("reward")
    run.series["reward"].append(20_480, 1.0)
    assert assess(run, SETTINGS, now).status == "RUNNING"
    later = now + timedelta(minutes=5)
    health = assess(run, SETTINGS, later)
    assert health.status == "SILENT"
    assert health.reason.startswith("No row was seen to arrive yet; the newest file was last written 5 m")
    run.growing = True
    assert assess(run, SETTINGS, later).status == "RUNNING", "two hours, since no pace is known"


def test_a_run_file_that_is_denied_leads_the_reason(now: datetime) -> None:
    """Without it no process and no clean end can be seen; that alone would blame the trainer."""
    run = run_of(now, ago=3 * HOUR)
    run.notes = ["run.json could not be read: Permission denied."]
    reason = assess(run, SETTINGS, now).reason
    assert reason.startswith("run.json could not be read: Permission denied. No process to see, no new row")
