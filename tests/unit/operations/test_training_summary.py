"""What a training left behind, from its files; every missing day, stretch and checkpoint is told."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.clock import parse_iso
from core.operations.training_summary import TrainingSummary, training_summary
from core.operations.training_summary_text import save_summary, summary_text

START = parse_iso("2026-02-23T14:00:00Z")
ENDED = START + timedelta(hours=34)
LOG = """2026-02-23 14:00:00 [INFO] Starting PPO training...
2026-02-23 20:00:00 [WARNING] Data: a gap
2026-02-24 10:00:00 [INFO] Step 61440/204800
2026-02-24 11:00:00 [ERROR] evaluation failed
2026-02-25 00:00:00 [INFO] Training finished at step 204800/204800
"""


@pytest.fixture
def finished(workspace: Any, make_run: Any, write_evaluations: Any) -> Any:
    """100 rows of 20 minutes: over three dates, with all that a whole run leaves."""
    run = make_run(
        100,
        total_timesteps=204_800,
        ended_at=ENDED,
        outcome="finished",
        checkpoint_steps=(51_200, 100_352, 151_552, 200_704),
    )
    (workspace.logs / "training.log").write_text(LOG)
    (workspace.logs / "daily_summaries").mkdir()
    for day in ("2026-02-23", "2026-02-24", "2026-02-25"):
        (workspace.logs / "daily_summaries" / f"{day}.json").write_text("{}")
    write_evaluations((100_000, 0.9, 9, 50, 1.2, 40), (200_000, 1.1, 8, 51, 1.6, 44))
    return run


def summarise(workspace: Any, run: Any, health: Any) -> TrainingSummary:
    return training_summary(workspace, run, health, ENDED + timedelta(hours=1))


def test_final_metrics_and_the_log_in_numbers_come_from_the_files(
    workspace: Any, finished: Any, make_health: Any
) -> None:
    found = summarise(workspace, finished, make_health("FINISHED"))
    assert found.metrics["reward"].last == 51.0
    assert (found.metrics["reward"].minimum, found.metrics["reward"].rows) == (1.5, 100)
    assert found.metrics["approx_kl"].last == 0.008
    assert found.evaluations == 2 and found.last_evaluation is not None
    assert (found.last_evaluation["sharpe"], found.last_evaluation["timestep"]) == (1.1, 200_000)
    assert found.log is not None
    assert (found.log.lines, found.log.levels, found.log.errors) == (
        5,
        {"INFO": 3, "WARNING": 1, "ERROR": 1},
        1,
    )
    assert found.log.newest_errors == ("2026-02-24 11:00:00 [ERROR] evaluation failed",)
    assert (found.log.first, found.log.last) == ("2026-02-23T14:00:00Z", "2026-02-25T00:00:00Z")
    assert [(day.date, day.rows, day.log_lines) for day in found.days] == [
        ("2026-02-23", 29, 2),
        ("2026-02-24", 71, 2),
        ("2026-02-25", 0, 1),
    ], "the last day is a moment long: no row of it is missed"
    assert found.seconds == 34 * 3600
    assert found.gaps == () and found.unknown == ()
    assert "Nothing is missing." in summary_text(found)


def test_the_rows_of_a_day_are_rows_also_where_a_long_past_is_reduced(
    workspace: Any, finished: Any, make_health: Any
) -> None:
    whole = [day.rows for day in summarise(workspace, finished, make_health("FINISHED")).days]
    finished.series = {name: each.reduced(10, 16) for name, each in finished.series.items()}
    assert len(finished.series["reward"]) < 80
    found = [day.rows for day in summarise(workspace, finished, make_health("FINISHED")).days]
    assert sum(found) == sum(whole) == 100
    assert all(abs(one - other) < 8 for one, other in zip(found, whole, strict=True))


def test_every_gap_is_told(workspace: Any, finished: Any, make_health: Any) -> None:
    """A lost daily summary, a day without a log line, a stretch without rows, a lost checkpoint."""
    (workspace.logs / "daily_summaries" / "2026-02-24.json").unlink()
    (workspace.logs / "training.log").write_text(
        "\n".join(line for line in LOG.splitlines() if "02-24" not in line) + "\n"
    )
    del finished.checkpoints[1]
    for series in finished.series.values():
        for index in range(50, len(series)):
            series.time[index] += 3 * 3600
    gaps = " | ".join(summarise(workspace, finished, make_health("FINISHED")).gaps)
    assert "2026-02-24: training.log has no line" in gaps
    assert "daily_summaries/2026-02-24.json is missing" in gaps
    assert "no row for 3h20m from 2026-02-24T06:40:00Z" in gaps
    assert "no checkpoint was saved after step 100,000" in gaps


def test_only_the_kept_checkpoints_are_missed(workspace: Any, finished: Any, make_health: Any) -> None:
    finished.checkpoints = finished.checkpoints[-2:]
    settings = workspace.settings
    training = msgspec.structs.replace(settings.training, keep=2)
    kept = type(workspace)(workspace.root, msgspec.structs.replace(settings, training=training))
    assert summarise(kept, finished, make_health("FINISHED")).checkpoints.missing == ()
    assert summarise(workspace, finished, make_health("FINISHED")).checkpoints.missing == (50_000, 100_000)


def test_a_run_of_another_trainer_has_no_expected_checkpoints(
    workspace: Any, finished: Any, make_health: Any
) -> None:
    (workspace.logs / "run.json").unlink()
    found = summarise(workspace, finished, make_health("FINISHED"))
    assert found.checkpoints.expected is None and found.checkpoints.broken is None


def test_nothing_is_guessed_without_files(workspace: Any, make_run: Any, make_health: Any) -> None:
    run = make_run(0, files=False, started_at=None, checkpoint_steps=())
    found = summarise(workspace, run, make_health("ABSENT"))
    assert found.metrics == {} and found.log is None and found.days == ()
    assert found.seconds is None
    assert "the start of the run is not known" in found.unknown[0]


def test_it_is_saved_beside_the_reports(workspace: Any, finished: Any, make_health: Any) -> None:
    found = summarise(workspace, finished, make_health("FINISHED"))
    paths: tuple[Path, Path] = save_summary(workspace, found)
    assert [path.name for path in paths] == ["training_summary.json", "training_summary.md"]
    assert msgspec.json.decode(paths[0].read_bytes(), type=TrainingSummary) == found
    assert "F12" in paths[1].read_text(encoding="utf-8")
