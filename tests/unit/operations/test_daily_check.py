"""The manual's daily check-in: its keys, its table, its past."""

from __future__ import annotations

import json
import math
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from core.errors import UsageError
from core.operations.daily_check import daily_check
from core.telemetry.model import Run, RunInfo

MANUAL_KEYS = [
    "date",
    "training_status",
    "time_elapsed_hours",
    "estimated_time_remaining_hours",
    "reward_trend",
    "last_reward",
    "approx_sharpe",
    "kl_divergence_last",
    "no_issues",
    "checklist",
]
START = datetime.fromisoformat("2026-02-23T14:00:00+00:00")
TODAY = date(2026, 2, 24)
NOW = START + timedelta(hours=20, minutes=5)  # the 24th, 10:05


def encoded(check: Any) -> dict[str, Any]:
    text = msgspec.json.encode(check).decode()
    assert "NaN" not in text
    return dict(json.loads(text))


def test_the_manuals_keys_come_first_and_in_its_order(
    workspace: Any, make_run: Any, make_health: Any, write_evaluations: Any
) -> None:
    write_evaluations((50_000, 0.1, 9, 50, 1.2, 40), (100_000, 0.15, 9, 50, 1.2, 40))
    check = encoded(daily_check(workspace, make_run(), make_health(), (), TODAY, NOW))
    assert list(check)[:10] == MANUAL_KEYS
    assert {name: check[name] for name in MANUAL_KEYS} == {
        "date": "2026-02-24",
        "training_status": "RUNNING",
        "time_elapsed_hours": 20.0833,
        "estimated_time_remaining_hours": 60.0,
        "reward_trend": "INCREASING",
        "last_reward": 31.0,
        "approx_sharpe": 0.15,
        "kl_divergence_last": 0.008,
        "no_issues": True,
        "checklist": "✅ ✅ ✅ ✅ ✅",
    }
    assert check["schema_version"] == 1
    assert check["generated_at"] == "2026-02-24T10:05:00Z"


def test_without_an_evaluation_sharpe_is_null_and_unknown(
    workspace: Any, make_run: Any, make_health: Any
) -> None:
    """Never guessed from the reward, never a pass."""
    check = daily_check(workspace, make_run(), make_health(), (), TODAY, NOW)
    assert check.approx_sharpe is None
    assert check.checklist == "✅ ✅ ❔ ✅ ✅"
    assert any("evaluations.csv" in note for note in check.notes)
    assert not check.good


@pytest.mark.parametrize(("last", "glyph"), [(0.0099, "✅"), (0.01, "❌"), (0.2, "❌"), (math.nan, "❔")])
def test_kl_is_judged_by_the_last_value_with_the_median_beside(
    workspace: Any, make_run: Any, make_health: Any, last: float, glyph: str
) -> None:
    run = make_run(60, kl=lambda row: last if row == 60 else 0.004)
    check = daily_check(workspace, run, make_health(), (), TODAY, NOW)
    assert check.checklist.split()[3] == glyph
    assert check.kl_divergence_last == (None if math.isnan(last) else last)
    assert check.kl_divergence_median == 0.004
    encoded(check)


@pytest.mark.parametrize(
    ("slope", "word", "glyph"),
    [
        (0.001, "INCREASING", "✅"),
        (0.00005, "STABLE", "✅"),
        (-0.00005, "STABLE", "✅"),
        (-0.001, "DECREASING", "❌"),
    ],
)
def test_reward_trend(
    workspace: Any, make_run: Any, make_health: Any, slope: float, word: str, glyph: str
) -> None:
    run = make_run(60, reward=lambda row: slope * 2048 * row)
    check = daily_check(workspace, run, make_health(), (), TODAY, NOW)
    assert (check.reward_trend, check.checklist.split()[1]) == (word, glyph)


def test_three_rows_are_no_trend(workspace: Any, make_run: Any, make_health: Any) -> None:
    check = daily_check(workspace, make_run(3), make_health(), (), TODAY, NOW)
    assert (check.reward_trend, check.checklist.split()[1]) == ("UNKNOWN", "❔")


@pytest.mark.parametrize(
    ("status", "glyph"),
    [
        ("RUNNING", "✅"),
        ("STALLED", "❌"),
        ("SILENT", "❌"),
        ("STOPPED", "❌"),
        ("CRASHED", "❌"),
        ("FINISHED", "➖"),
    ],
)
def test_still_running(workspace: Any, make_run: Any, make_health: Any, status: str, glyph: str) -> None:
    """A finished run is not applicable, never overdue."""
    check = daily_check(workspace, make_run(), make_health(status), (), TODAY, NOW)
    assert (check.training_status, check.checklist.split()[0]) == (status, glyph)
    if status == "FINISHED":
        assert check.estimated_time_remaining_hours == 0.0
    if status in ("CRASHED", "STOPPED", "SILENT"):
        assert check.estimated_time_remaining_hours is None


def test_no_issues_comes_from_alerts_and_crashes(
    workspace: Any, make_run: Any, make_health: Any, make_alert: Any
) -> None:
    run = make_run()
    spike = daily_check(workspace, run, make_health(), (make_alert("kl_spike"),), TODAY, NOW)
    assert spike.no_issues is False
    assert spike.issues == ("kl_spike: approx_kl 0.12 > 0.1",)
    mild = daily_check(workspace, run, make_health(), (make_alert("kl_high", "warning"),), TODAY, NOW)
    assert mild.no_issues is True
    assert mild.warnings
    gone = daily_check(workspace, run, make_health(), (make_alert("kl_spike", state="resolved"),), TODAY, NOW)
    assert gone.no_issues is True
    crash = daily_check(workspace, run, make_health("CRASHED", "process 4711 is gone"), (), TODAY, NOW)
    assert crash.no_issues is False
    assert crash.issues == ("crashed: process 4711 is gone",)
    run.traceback = True
    assert daily_check(workspace, run, make_health(), (), TODAY, NOW).no_issues is False


def test_where_nobody_evaluates_alerts_the_rules_are_replayed(
    workspace: Any, make_run: Any, make_health: Any
) -> None:
    """The trainer, which writes the summary, has no alert engine: it must not say that all is well."""
    calm = daily_check(workspace, make_run(), make_health(), None, TODAY, NOW)
    assert calm.no_issues is True
    wild = make_run(60, kl=lambda row: 0.7 if row > 55 else 0.004)
    check = daily_check(workspace, wild, make_health(), None, TODAY, NOW)
    assert check.no_issues is False
    assert "kl_explosion" in str(check.issues)


def test_without_a_run_nothing_is_claimed(workspace: Any, make_health: Any) -> None:
    run = Run(RunInfo(id="", directory=workspace.logs))
    check = daily_check(workspace, run, make_health("ABSENT", steps_per_second=None), (), TODAY, NOW)
    assert check.checklist == "❌ ❔ ❔ ❔ ❔"
    wanted = ("time_elapsed_hours", "last_reward", "approx_sharpe", "kl_divergence_last", "no_issues")
    assert [encoded(check)[name] for name in wanted] == [None] * 5


# Past dates


def test_a_past_date_uses_only_the_rows_up_to_its_end(
    workspace: Any, make_run: Any, make_health: Any, write_evaluations: Any
) -> None:
    """The first day ends at row 30 (14:00 + 30 · 20 min = midnight)."""
    write_evaluations((51_200, 0.1, 9, 50, 1.2, 40), (102_400, 0.9, 9, 50, 1.2, 40))
    run = make_run(120, kl=lambda row: 0.009 if row <= 30 else 0.5)
    check = daily_check(workspace, run, make_health(), (), date(2026, 2, 23), NOW + timedelta(days=1))
    assert check.as_of == "2026-02-24T00:00:00Z"
    assert check.timestep == 30 * 2048
    assert check.last_reward == 16.0
    assert check.kl_divergence_last == 0.009
    assert check.approx_sharpe == 0.1
    assert check.time_elapsed_hours == 10.0
    assert check.training_status == "RUNNING"
    assert check.estimated_time_remaining_hours == pytest.approx((500_000 - 61_440) / 2048 / 3, abs=0.01)
    assert check.no_issues is True
    assert check.checklist == "✅ ✅ ✅ ✅ ✅"


def test_a_past_spike_stands_in_the_record_of_its_day_only(
    workspace: Any, make_run: Any, make_health: Any
) -> None:
    run = make_run(120, kl=lambda row: 0.7 if 25 <= row <= 35 else 0.004)
    later = NOW + timedelta(days=2)
    first = daily_check(workspace, run, make_health(), (), date(2026, 2, 23), later)
    second = daily_check(workspace, run, make_health(), (), date(2026, 2, 24), later)
    assert first.no_issues is False
    assert "kl_explosion" in str(first.issues)
    assert second.no_issues is True


def test_a_date_before_the_run_knows_nothing(workspace: Any, make_run: Any, make_health: Any) -> None:
    check = daily_check(workspace, make_run(), make_health(), (), date(2026, 2, 22), NOW)
    assert check.training_status == "ABSENT"
    assert check.timestep is None
    assert check.checklist == "❌ ❔ ❔ ❔ ❔"


def test_rows_without_times_count_for_no_past_date(workspace: Any, make_run: Any, make_health: Any) -> None:
    """And the check says so; today it still shows them."""
    run = make_run(60, timed=False)
    past = daily_check(workspace, run, make_health(), (), date(2026, 2, 23), NOW)
    assert (past.timestep, past.last_reward, past.kl_divergence_last) == (None, None, None)
    assert past.no_issues is None
    assert any("no known time" in note for note in past.notes)
    assert daily_check(workspace, run, make_health(), (), TODAY, NOW).last_reward == 31.0


def test_a_day_without_rows_is_stalled_if_rows_came_later(
    workspace: Any, make_run: Any, make_health: Any
) -> None:
    run = make_run(30)
    for series in run.series.values():
        series.append(31 * 2048, 1.0, (START + timedelta(days=3)).timestamp())
    check = daily_check(workspace, run, make_health(), (), date(2026, 2, 25), START + timedelta(days=4))
    assert check.training_status == "STALLED"


def test_a_run_that_ended_before_the_date_shows_its_outcome(
    workspace: Any, make_run: Any, make_health: Any
) -> None:
    ended = START + timedelta(hours=20)
    run = make_run(60, ended_at=ended, outcome="finished")
    check = daily_check(
        workspace, run, make_health("FINISHED"), (), date(2026, 2, 24), START + timedelta(days=9)
    )
    assert check.training_status == "FINISHED"
    assert check.time_elapsed_hours == 20.0
    before = daily_check(
        workspace, run, make_health("FINISHED"), (), date(2026, 2, 23), START + timedelta(days=9)
    )
    assert before.training_status == "RUNNING"


def test_a_checkpoint_after_the_date_is_not_known_then(
    workspace: Any, make_run: Any, make_health: Any
) -> None:
    from core.operations.as_of import end_of_day
    from core.operations.facts import gather

    run = make_run(60)
    facts = gather(workspace, run, make_health(), (), end_of_day(date(2026, 2, 23)), NOW)
    assert facts.checkpoints == 1
    assert facts.checkpoint is not None
    assert facts.checkpoint.timestep == 50_000


def test_a_resumed_run_is_read_in_its_own_order(workspace: Any, make_run: Any, make_health: Any) -> None:
    """After a resume the step goes back; the past date still shows what was newest then."""
    run = make_run(40)
    for row in range(1, 11):
        when = (START + timedelta(hours=14) + row * timedelta(minutes=20)).timestamp()
        for series in run.series.values():
            series.append((25 + row) * 2048, -1.0, when)
    check = daily_check(workspace, run, make_health(), (), date(2026, 2, 23), NOW)
    assert check.timestep == 30 * 2048
    assert daily_check(workspace, run, make_health(), (), TODAY, NOW).last_reward == -1.0


def test_a_future_date_is_refused(workspace: Any, make_run: Any, make_health: Any) -> None:
    with pytest.raises(UsageError, match="has not come yet"):
        daily_check(workspace, make_run(), make_health(), (), date(2026, 2, 25), NOW)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("timestep,sharpe\n", None),
        ("timestep,sharpe\n100,nan\n", None),
        ("timestep,sharpe\n100,1_0\n", None),
        ("timestep,sharpe\n100,0.4\n200,0.7", 0.4),
        ("timestep,sharpe\n100,0.4\ngarbage\n", 0.4),
        ("sharpe,timestep\n0.4,100\n", 0.4),
    ],
)
def test_evaluations_are_read_strictly(
    workspace: Any, make_run: Any, make_health: Any, text: str, expected: float | None
) -> None:
    """Half a line waits, what is no number is missing, columns go by name."""
    (workspace.logs / "evaluations.csv").write_text(text)
    check = daily_check(workspace, make_run(), make_health(), (), TODAY, NOW)
    assert check.approx_sharpe == expected
