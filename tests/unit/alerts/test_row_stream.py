"""The rows that rules judge: each once, and what several series tell of one step together."""

from __future__ import annotations

from pathlib import Path

from core.alerts.rows import RowStream
from core.telemetry.model import Run, RunInfo, Series


def test_rows_of_one_step_come_as_one_also_where_a_step_is_told_again() -> None:
    """One series began earlier, so that the second rows of the step stand at other places."""
    run = Run(RunInfo("r", Path()))
    policy, value = Series("policy_loss"), Series("value_loss")
    run.series |= {"policy_loss": policy, "value_loss": value}
    stream = RowStream(("policy_loss", "value_loss"))
    policy.append(5, 0.5)
    for series in (policy, value):
        series.append(10, 1.0)
    assert [row.values for row in stream.take(run)] == [
        {"policy_loss": 0.5},
        {"policy_loss": 1.0, "value_loss": 1.0},
    ]
    for series in (policy, value):
        series.append(10, 2.0)
    assert [row.values for row in stream.take(run)] == [{"policy_loss": 2.0, "value_loss": 2.0}]
    assert not stream.waiting(run)
