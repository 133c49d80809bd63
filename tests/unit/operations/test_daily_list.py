"""The daily list: which checks a date has, and how each is judged in its slot."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from core.checklist.daily import items_of_day, run_daily
from core.checklist.sensors_run import SENSORS
from core.config.settings import Schedule, Settings
from core.telemetry.model import Run, RunInfo

START = datetime.fromisoformat("2026-02-23T14:00:00+00:00")
LAUNCH, SECOND_DAY = date(2026, 2, 23), date(2026, 2, 24)


def item(result: Any, ending: str) -> Any:
    found = [each for each in result.items if each.id.endswith(ending)]
    assert len(found) == 1, [each.id for each in result.items]
    return found[0]


def test_launch_day_has_the_hourly_checks_of_the_manual() -> None:
    items = items_of_day(Settings(), LAUNCH)
    hourly = [(each.id.split(".")[2], each.text) for each in items if each.id.startswith("launch.")]
    common = ["Reward > 0?", "Loss falling?", "No crashes?", "Speed OK?"]
    assert hourly == [
        *(("15:00", text) for text in common),
        *(("16:00", text) for text in (*common, "Policy loss < 1.0?")),
        ("17:00", "Reward trend INCREASING or STABLE?"),
        ("17:00", "KL divergence < 0.01?"),
        ("18:00", "No anomaly so far?"),
        ("18:00", "Training still running?"),
    ]


def test_every_day_has_the_four_times_and_later_days_the_five_points() -> None:
    items = items_of_day(Settings(), SECOND_DAY)
    assert {each.id.split(".")[2] for each in items if each.id.startswith("daily.")} == {
        "10:00",
        "14:00",
        "18:00",
        "22:00",
    }
    assert [each.text[:3] for each in items if each.id.startswith("check_in.")] == [
        f"{n}/5" for n in range(1, 6)
    ]
    assert not [each for each in items if each.id.startswith("launch.")]
    assert {each.sensor for each in items if each.sensor} <= set(SENSORS)
    assert [each.due for each in items] == sorted(each.due for each in items if each.due)


def test_the_day_a_run_really_starts_is_launch_day_too() -> None:
    assert [each for each in items_of_day(Settings(), date(2026, 5, 1), launched=True) if "launch" in each.id]


def test_times_come_from_the_schedule() -> None:
    settings = Settings(schedule=Schedule(daily=("09:30", "20:00")))
    times = {
        each.id.split(".")[2] for each in items_of_day(settings, SECOND_DAY) if each.id.startswith("daily.")
    }
    assert times == {"09:30", "20:00"}


def test_a_slot_that_has_not_come_is_pending(workspace: Any, make_run: Any, make_health: Any) -> None:
    now = START + timedelta(minutes=30)
    result = run_daily(workspace, make_run(1), make_health(), (), None, LAUNCH, now)
    assert item(result, "launch.2026-02-23.15:00.no_crash").state == "pending"
    assert "due 2026-02-23T15:00:00Z" in item(result, "launch.2026-02-23.15:00.no_crash").message
    assert result.status == "FIX"


def test_the_five_points_agree_with_the_daily_check(
    workspace: Any, make_run: Any, make_health: Any, write_evaluations: Any
) -> None:
    write_evaluations((100_000, 0.15, 9, 50, 1.2, 40))
    now = START + timedelta(hours=20, minutes=5)
    result = run_daily(workspace, make_run(kl=lambda _: 0.02), make_health(), (), None, SECOND_DAY, now)
    states = [item(result, f"check_in.2026-02-24.10:00.{n}").state for n in range(1, 6)]
    assert states == ["pass", "pass", "pass", "fail", "pass"]


def test_a_past_slot_is_judged_by_what_was_recorded_until_its_end(
    workspace: Any, make_run: Any, make_health: Any
) -> None:
    """The reward turned positive at 15:40: the 15:00 slot, seen at 20:00, shows its own rows."""
    run = make_run(18, reward=lambda row: row - 4.5, kl=lambda row: 0.5 if row > 12 else 0.004)
    now = START + timedelta(hours=6)
    result = run_daily(workspace, run, make_health(), (), None, LAUNCH, now)
    first = item(result, "15:00.reward_positive")
    assert (first.state, first.value) == ("pass", 1.5)
    assert "as recorded until 2026-02-23T16:00:00Z" in first.message
    assert item(result, "17:00.kl").value == 0.004
    early = run_daily(workspace, run, make_health(), (), None, LAUNCH, START + timedelta(hours=1, minutes=5))
    assert item(early, "15:00.reward_positive").value == 13.5, "the slot is live: the newest row counts"


def test_stale_values_of_a_running_run_are_unknown(workspace: Any, make_run: Any, make_health: Any) -> None:
    """The newest row is over an hour old: nothing passes on it."""
    now = START + timedelta(hours=22)
    result = run_daily(workspace, make_run(60), make_health(), (), None, SECOND_DAY, now)
    kl = item(result, "check_in.2026-02-24.10:00.4")
    assert kl.state == "unknown"
    assert "stale" in kl.message


def test_a_slot_before_the_runs_start_is_not_applicable(
    workspace: Any, make_run: Any, make_health: Any
) -> None:
    run = make_run(3, started_at=START + timedelta(hours=3))
    result = run_daily(workspace, run, make_health(), (), None, LAUNCH, START + timedelta(hours=5))
    assert item(result, "15:00.speed").state == "not_applicable"
    assert "the run started later, 2026-02-23T17:00:00Z" in item(result, "15:00.speed").message


def test_a_run_of_which_nobody_hears_does_not_pass_the_progress_check(
    workspace: Any, make_run: Any, make_health: Any
) -> None:
    """No critical alert stands on record, but nobody knows."""
    now = START + timedelta(hours=20, minutes=5)
    silent = make_health("SILENT", "no process to see, no new bytes")
    live = run_daily(workspace, make_run(60), silent, (), None, SECOND_DAY, now)
    progress = item(live, "2026-02-24.10:00.progress")
    assert (progress.state, progress.message) == ("unknown", "SILENT: no process to see, no new bytes")


def test_after_its_end_a_run_is_not_applicable_never_overdue(
    workspace: Any, make_run: Any, make_health: Any
) -> None:
    ended = START + timedelta(hours=20)
    run = make_run(60, ended_at=ended, outcome="finished")
    result = run_daily(
        workspace, run, make_health("FINISHED"), (), None, date(2026, 2, 25), START + timedelta(days=3)
    )
    sensed = [each for each in result.items if each.kind == "sensed"]
    assert {each.state for each in sensed} == {"not_applicable"}
    assert "the run ended 2026-02-24T10:00:00Z" in sensed[0].message


def test_a_manual_item_persists_for_its_date(
    workspace: Any, store: Any, make_run: Any, make_health: Any
) -> None:
    now = START + timedelta(hours=20, minutes=5)
    run = make_run()
    assert (
        item(run_daily(workspace, run, make_health(), (), store, SECOND_DAY, now), "standup").state
        == "pending"
    )
    store.tick("daily.2026-02-24.10:00.standup", now)
    later = now + timedelta(days=30)
    assert (
        item(run_daily(workspace, run, make_health(), (), store, SECOND_DAY, later), "standup").state
        == "pass"
    )
    other = run_daily(workspace, run, make_health(), (), store, date(2026, 2, 25), later)
    assert item(other, "standup").state != "pass"


def test_an_anomaly_unticks_the_look(
    workspace: Any, store: Any, make_run: Any, make_health: Any, make_alert: Any
) -> None:
    now = START + timedelta(hours=4, minutes=10)
    run = make_run(12)
    name = "launch.2026-02-23.18:00.no_anomaly"
    assert item(run_daily(workspace, run, make_health(), (), store, LAUNCH, now), name).state == "pending"
    store.tick(name, now)
    assert item(run_daily(workspace, run, make_health(), (), store, LAUNCH, now), name).state == "pass"
    bad = item(run_daily(workspace, run, make_health(), (make_alert("kl_spike"),), store, LAUNCH, now), name)
    assert bad.state == "fail"
    assert "un-ticked itself" in bad.message
    assert store.ticks()[name].state == "unticked"


def test_the_second_check_is_only_for_anomalies(
    workspace: Any, make_run: Any, make_health: Any, make_alert: Any
) -> None:
    now = START + timedelta(hours=26, minutes=5)
    run = make_run(78)
    calm = run_daily(workspace, run, make_health(), (), None, SECOND_DAY, now)
    assert item(calm, "second.2026-02-24.16:00.second").state == "not_applicable"
    alarmed = run_daily(workspace, run, make_health(), (make_alert("kl_spike"),), None, SECOND_DAY, now)
    assert item(alarmed, "second.2026-02-24.16:00.second").state == "pending"


@pytest.mark.parametrize("name", sorted(SENSORS))
def test_no_sensor_passes_without_a_run(workspace: Any, make_health: Any, name: str) -> None:
    """Every sensor of the list, on a folder without a run, late on launch day and on a later day."""
    run = Run(RunInfo(id="", directory=workspace.logs))
    health = make_health("ABSENT", "No run was found.", steps_per_second=None)
    for day in (LAUNCH, SECOND_DAY):
        now = datetime.combine(day, START.timetz()) + timedelta(hours=9)
        result = run_daily(workspace, run, health, (), None, day, now)
        by_id = {each.id: each for each in items_of_day(workspace.settings, day)}
        states = {each.state for each in result.items if by_id[each.id].sensor == name}
        assert "pass" not in states
        assert "warn" not in states


def test_speed_and_checkpoint(workspace: Any, make_run: Any, make_health: Any) -> None:
    now = START + timedelta(hours=1, minutes=5)
    slow = run_daily(workspace, make_run(3), make_health(steps_per_second=155.0), (), None, LAUNCH, now)
    assert (item(slow, "15:00.speed").state, item(slow, "15:00.speed").value) == ("fail", 155.0)
    quick = run_daily(workspace, make_run(3), make_health(steps_per_second=1000.0), (), None, LAUNCH, now)
    assert item(quick, "15:00.speed").state == "pass"
    night = START + timedelta(hours=32, minutes=30)
    result = run_daily(workspace, make_run(97), make_health(), (), None, SECOND_DAY, night)
    assert item(result, "22:00.checkpoint").state == "fail", "the newest is 16 h old"
