"""The week's plan and where it stands: each time at its own, and an ended run is never overdue."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from core.clock import iso, parse_iso
from core.config.settings import Checklist, Schedule, Settings, Week
from core.telemetry.model import Run, RunInfo
from core.week.plan import plan
from core.week.timeline import Timeline, build_timeline, settled_ahead

START = parse_iso("2026-02-23T14:00:00Z")


@pytest.fixture
def week(workspace: Any, store: Any, make_health: Any) -> Any:
    def build(run: Run, now: datetime, status: Any = "RUNNING", **options: Any) -> Timeline:
        return build_timeline(workspace, run, make_health(status), (), store, now, **options)

    return build


def states(found: Timeline, part: str) -> list[str]:
    return [event.state for event in found.events if part in event.id]


def test_every_time_of_both_documents_stands_at_its_own() -> None:
    found = [(f"{event.at:%d %H:%M}", event.text.split(",")[0]) for event in plan(Settings())]
    for wanted in (
        ("23 08:00", "Final pre-training set-up"),
        ("23 10:00", "Pre-training checklist"),
        ("23 14:00", "START TRAINING"),
        *((f"23 {hour}:00", f"Hourly check +{hour - 14} h") for hour in (15, 16, 17, 18)),
        *((f"{day} 10:00", "Morning standup") for day in (23, 24, 25, 26)),
        *((f"{day} 14:00", "Mid-day convergence review") for day in (23, 24, 25, 26)),
        *((f"{day} 18:00", "End-of-day metrics snapshot") for day in (23, 24, 25, 26)),
        *((f"{day} 22:00", "Evening checkpoint validation") for day in (23, 24, 25, 26)),
        *((f"{day} 10:00", "Daily check-in") for day in (24, 25, 26)),
        *((f"{day} 16:00", "Optional second check") for day in (24, 25, 26)),
        ("27 10:00", "Pre-revalidation checklist"),
        ("27 14:00", "Final preparation"),
        ("27 14:00", "Load trained model"),
        ("27 14:15", "Load test data (500+ candles)"),
        ("27 14:30", "Run backtest (all symbols)"),
        ("27 15:45", "Calculate 6 gates"),
        ("27 16:00", "Generate decision report"),
        ("27 16:00", "EXECUTE REVALIDATION"),
        ("27 16:15", "Review with SWE lead: metrics"),
        ("27 16:30", "Parse results"),
        ("27 17:00", "CTO decision: deliver the five documents"),
        ("27 17:30", "CTO approval"),
        ("28 00:00", "Live deployment (if GO): a signature"),
    ):
        assert wanted in found
        found.remove(wanted)
    assert found == []
    assert all(event.owner for event in plan(Settings()))
    assert len({event.id for event in plan(Settings())}) == len(plan(Settings()))


def test_dates_times_and_language_follow_the_configuration() -> None:
    settings = Settings(
        week=Week(start=date(2026, 5, 4)),
        schedule=Schedule(revalidation="15:00", hourly=("14:30",)),
        checklist=Checklist(language="pt"),
    )
    events = {event.text: event for event in plan(settings)}
    assert f"{events['EXECUTAR REVALIDAÇÃO'].at:%Y-%m-%d %H:%M}" == "2026-05-08 15:00"
    assert events["EXECUTAR REVALIDAÇÃO"].day == 5
    assert f"{events['Check de hora em hora +1 h'].at:%H:%M}" == "14:30"


def test_before_the_week_all_is_due_and_counted_down(week: Any, workspace: Any) -> None:
    run = Run(RunInfo(id="", directory=workspace.logs))
    found = week(run, parse_iso("2026-02-23T07:00:00Z"), "ABSENT")
    assert set(found.counts) == {"due", "now", "overdue", "done", "not_applicable"}
    assert found.counts["due"] == len(found.events)
    assert (found.next.text, found.next.seconds) == ("Final pre-training set-up", 3600)
    assert found.headline == "next: Final pre-training set-up in 1h00m"


def test_what_lies_ahead_and_is_settled_is_what_the_timeline_says_and_asks_no_list_of_a_day(
    week: Any, workspace: Any, store: Any, make_run: Any, make_health: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = START - timedelta(hours=7)
    early = make_run(3, started_at=ended - timedelta(hours=2), ended_at=ended, outcome="finished")
    now = START - timedelta(hours=6, minutes=30)
    found = week(early, now, "FINISHED")
    monkeypatch.setattr("core.week.events.run_daily", None)
    settled = settled_ahead(workspace, early, make_health("FINISHED"), store, now)
    ahead = {event.id for event in found.events if parse_iso(event.at) > now}
    assert settled == {event.id for event in found.events if event.state != "due"} & ahead
    assert "start.2026-02-23.14:00" in settled and "launch.2026-02-23.15:00" in settled
    assert "execute.2026-02-27.16:00" not in settled


def test_what_is_not_done_in_its_window_is_overdue(week: Any, workspace: Any, store: Any) -> None:
    run = Run(RunInfo(id="", directory=workspace.logs))
    assert states(week(run, parse_iso("2026-02-23T08:30:00Z"), "ABSENT"), "setup.") == ["now"]
    late = week(run, parse_iso("2026-02-23T14:30:00Z"), "ABSENT")
    assert states(late, "setup.") == ["overdue"]
    assert states(late, "start.") == ["now"]
    assert late.headline.startswith("2 overdue, first Final pre-training set-up (02-23 08:00); now: ")
    for name in ("checks", "no_blockers", "ready"):
        store.tick(f"preflight.setup_{name}", parse_iso("2026-02-23T08:20:00Z"))
    store.settle("preflight", "READY", {}, {}, parse_iso("2026-02-23T10:05:00Z"))
    again = week(run, parse_iso("2026-02-23T14:30:00Z"), "ABSENT")
    assert again.counts["overdue"] == 0
    assert states(again, "setup.") == states(again, "preflight.") == ["done"]


def test_what_nobody_recorded_before_a_start_is_passed_over_and_not_done(
    week: Any, store: Any, make_run: Any
) -> None:
    run = make_run(60)
    found = week(run, START + timedelta(hours=1))
    assert states(found, "setup.") == states(found, "preflight.") == ["not_applicable"]
    store.settle("preflight", "FIX", {}, {}, START - timedelta(hours=4))
    found = week(run, START + timedelta(hours=1))
    (event,) = (event for event in found.events if event.id.startswith("preflight."))
    assert (event.state, event.detail) == ("done", "FIX; the training was started")


def test_a_slot_is_done_when_its_items_are_and_says_what_is_open(
    week: Any, store: Any, make_run: Any, write_evaluations: Any
) -> None:
    write_evaluations((100_000, 0.15, 9, 50, 1.2, 40))
    now = START + timedelta(hours=20, minutes=5)
    run = make_run(60)
    run.info = msgspec.structs.replace(run.info, started_at=START)
    found = week(run, now)
    check_in = next(event for event in found.events if event.id.startswith("check_in.2026-02-24"))
    assert (check_in.state, check_in.detail) == ("done", "5 of 5")
    morning = next(event for event in found.events if event.id == "daily.2026-02-24.10:00")
    assert morning.state == "now"
    assert "Morning standup (pending)" in morning.detail
    store.tick("daily.2026-02-24.10:00.standup", now)
    store.override("daily.2026-02-24.10:00.rows", "rollouts are long", now)
    assert next(e for e in week(run, now).events if e.id == morning.id).state == "done"


def test_an_ended_run_is_not_applicable_never_overdue(week: Any, make_run: Any) -> None:
    """It ended on launch day: a week later its checks do not apply, and only what is to do is overdue."""
    ended = START + timedelta(minutes=40)
    run = make_run(2, ended_at=ended, outcome="finished", total_timesteps=4096)
    soon = week(run, ended + timedelta(minutes=5), "FINISHED")
    assert set(states(soon, "check_in.")) == {"not_applicable"}
    assert set(states(soon, "daily.2026-02-25")) == {"not_applicable"}
    late = week(run, START + timedelta(days=10), "FINISHED")
    training = [
        event for event in late.events if event.checklist in ("launch", "daily", "check_in", "second")
    ]
    assert {event.state for event in training} <= {"not_applicable", "done"}
    assert states(late, "execute.") == ["overdue"], "a finished run that nobody judged"


def test_without_any_run_a_past_week_is_quiet_but_for_its_start(week: Any, workspace: Any) -> None:
    run = Run(RunInfo(id="", directory=workspace.logs))
    found = week(run, START + timedelta(days=30), "ABSENT")
    assert [event.id.split(".")[0] for event in found.events if event.state == "overdue"] == [
        "setup",
        "preflight",
        "start",
    ]


def test_an_earlier_moment_uses_what_was_known_then(
    week: Any, store: Any, make_run: Any, workspace: Any
) -> None:
    """At 15:10 of launch day neither the later tick nor the end of the run is known."""
    now = START + timedelta(days=2)
    ended = START + timedelta(hours=33, minutes=20)
    run = make_run(100, ended_at=ended, outcome="finished", total_timesteps=204_800)
    store.tick("daily.2026-02-24.10:00.standup", START + timedelta(hours=20, minutes=30))
    entries = len(store.entries())
    then = week(run, now, "FINISHED", at=START + timedelta(hours=1, minutes=10))
    assert states(then, "start.") == ["done"]
    assert states(then, "check_in.2026-02-24") == ["due"]
    assert then.as_of == "2026-02-23T15:10:00Z"
    before = week(run, now, "FINISHED", at=START - timedelta(hours=1))
    assert states(before, "start.") == ["due"]
    day_2 = week(run, now, "FINISHED", at=START + timedelta(hours=20, minutes=10))
    morning = next(event for event in day_2.events if event.id == "daily.2026-02-24.10:00")
    assert "Morning standup (pending)" in morning.detail
    later = week(run, now, "FINISHED", at=START + timedelta(hours=20, minutes=40))
    assert "standup" not in next(e for e in later.events if e.id == morning.id).detail
    assert len(store.entries()) == entries, "a look writes nothing"


def test_a_signature_ends_the_week(week: Any, store: Any, workspace: Any, make_run: Any) -> None:
    from core.checklist.signoff import sign
    from core.files import sha256_file
    from core.revalidation.result import Evidence, Hashes, RevalidationResult

    ended = START + timedelta(hours=33, minutes=20)
    run = make_run(100, ended_at=ended, outcome="finished", total_timesteps=204_800)
    now = parse_iso("2026-02-27T17:40:00Z")
    result = RevalidationResult(
        generated_at=iso(now - timedelta(hours=1)),
        decision="GO",
        decision_text="GO",
        recommendation="Deploy",
        policy="manual",
        verdicts={"manual": "GO"},
        gates_passed=6,
        gates=(),
        metrics={},
        evidence=Evidence(),
        symbols=(),
        hashes=Hashes(),
    )
    path = workspace.reports / "revalidation_result.json"
    path.write_bytes(msgspec.json.encode(result))
    store.record("decision", "GO", {"sha256": sha256_file(path)}, now)
    again = make_run(100, started_at=now - timedelta(minutes=30), total_timesteps=204_800)
    assert states(week(again, now, "FINISHED"), "execute.") == ["overdue"], "of the run before it"
    found = week(run, now, "FINISHED")
    assert states(found, "execute.") == ["done"]
    assert states(found, "preparation.2026-02-27.14:00") == ["not_applicable"], "nobody saw that list done"
    assert states(found, "approval.") == ["now"]
    assert states(found, "revalidation.2026-02-27.16:15") == ["overdue"], "nobody reviewed it"
    sign(workspace, store, "cto_decision", now, name="Carla", role="CTO", verdict="rejected", note="no")
    assert states(week(run, now, "FINISHED"), "deployment.") == ["not_applicable"]
    sign(workspace, store, "cto_decision", now, name="Carla", role="CTO", note="after all")
    signed = week(run, now, "FINISHED")
    assert states(signed, "approval.") == states(signed, "escalation.") == ["done"]
    assert "Carla" in next(event for event in signed.events if event.id.startswith("approval")).detail
    assert states(signed, "deployment.") == ["due"]
