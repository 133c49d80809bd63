"""Preparation on revalidation day: from the run's files, and it gates the revalidation."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from core.checklist.day import run_day_list
from core.checklist.facts import BackupFacts, DataFacts, Facts, ModelFacts
from core.checklist.model import ChecklistResult
from core.checklist.prepared import check_prepared
from core.errors import RejectedError
from core.operations.log_summary import LogSummary
from core.operations.training_summary import CheckpointSummary, MetricSummary, TrainingSummary
from core.store.database import Store
from core.workspace import Workspace

NOW = datetime(2026, 2, 27, 14, 0, tzinfo=UTC)
SUMMARY = TrainingSummary(
    generated_at="2026-02-27T13:00:00Z",
    run_id="run-1",
    tag="F12",
    symbols=("OGNUSDT",),
    status="FINISHED",
    reason="done",
    started_at="2026-02-23T14:00:00Z",
    ended_at="2026-02-27T02:00:00Z",
    timestep=500_000,
    total_timesteps=500_000,
    seconds=1.0,
    metrics={"reward": MetricSummary(last=12.4, minimum=0.0, maximum=13.0, rows=240, trend="INCREASING")},
    evaluations=20,
    last_evaluation=None,
    log=LogSummary(
        lines=9, levels={"INFO": 9}, tracebacks=0, first=None, last=None, newest_errors=(), newest_warnings=()
    ),
    days=(),
    checkpoints=CheckpointSummary(
        count=10, expected=10, missing=(), broken=(), newest="ppo_500000_steps.zip"
    ),
    resumes=0,
    gaps=(),
    unknown=(),
)
GOOD: dict[str, Any] = {
    "summary": SUMMARY,
    "model": ModelFacts(
        run_id="run-1", timesteps=475_000, created_at="2026-02-26T20:00:00Z", sha256="ab" * 32
    ),
    "backup": BackupFacts(folder="models/ppo_phase4_BACKUP_27FEV", made_at="2026-02-27T13:30:00Z"),
    "backtest": DataFacts(verdict="ok", files=1, symbols=1, candles=560, scored=512, hash="b"),
}


@pytest.fixture
def prepare(workspace: Workspace, store: Store) -> Any:
    def run(**changes: Any) -> ChecklistResult:
        summary = {key: changes.pop(key) for key in list(changes) if hasattr(SUMMARY, key)}
        facts = Facts(**{**GOOD, "summary": msgspec.structs.replace(SUMMARY, **summary), **changes})
        return run_day_list("preparation", workspace, store, None, NOW, probe=lambda _w, _n: facts)

    return run


def states(result: ChecklistResult) -> dict[str, str]:
    return {item.key.removeprefix("preparation."): item.state for item in result.items}


def test_a_whole_week_needs_only_the_person(prepare: Any, store: Store) -> None:
    assert states(prepare()) == {
        "training_completed": "pass",
        "final_model": "pass",
        "metrics": "pass",
        "intact": "pass",
        "no_errors": "pass",
        "clean_shutdown": "pass",
        "confirm_steps": "pending",
        "backup": "pass",
        "data": "pending",
        "ready": "pending",
    }
    for item in prepare().items:
        if item.state == "pending":
            store.tick(item.id, NOW, evidence=item.evidence)
    assert prepare().status == "READY"
    assert prepare(model=msgspec.structs.replace(GOOD["model"], sha256="cd" * 32)).status == "FIX", (
        "another model takes *system ready* back"
    )


@pytest.mark.parametrize(
    ("changes", "name", "state", "status"),
    [
        ({"status": "RUNNING"}, "training_completed", "fail", "BLOCKED"),
        ({"status": "STALLED"}, "training_completed", "fail", "BLOCKED"),
        ({"status": "STOPPED", "timestep": 300_000}, "training_completed", "fail", "BLOCKED"),
        ({"timestep": 20_480, "total_timesteps": 20_480}, "training_completed", "warn", "FIX"),
        ({"status": "CRASHED"}, "clean_shutdown", "fail", "BLOCKED"),
        ({"status": "SILENT"}, "clean_shutdown", "unknown", "FIX"),
        ({"gaps": ("2026-02-25: no row of metrics",)}, "intact", "fail", "FIX"),
        ({"metrics": {}}, "metrics", "fail", "FIX"),
        ({"log": None}, "no_errors", "unknown", "FIX"),
        ({"model": ModelFacts(error="no model")}, "final_model", "fail", "FIX"),
        ({"model": ModelFacts(run_id="run-0")}, "final_model", "fail", "FIX"),
        ({"backup": BackupFacts(others=2)}, "backup", "fail", "FIX"),
        ({"backtest": DataFacts(error="no candles")}, "data", "fail", "FIX"),
    ],
)
def test_what_is_not_so_shows(prepare: Any, changes: Any, name: str, state: str, status: str) -> None:
    result = prepare(**changes)
    assert states(result)[name] == state
    assert result.status == status


def test_nothing_known_passes_nothing_and_blocks_nothing(workspace: Workspace, store: Store) -> None:
    """A model trained elsewhere can be judged: what is unknown is recorded, not refused."""
    silent = Facts(missing="no answer within 60 s")
    result = run_day_list("preparation", workspace, store, None, NOW, probe=lambda _w, _n: silent)
    assert set(states(result).values()) == {"unknown", "pending"}
    assert result.status == "FIX"
    assert check_prepared(result, store, NOW)["preparation"] == "FIX"


def test_a_blocked_preparation_refuses_unless_a_reason_is_recorded(prepare: Any, store: Store) -> None:
    blocked = prepare(status="RUNNING")
    with pytest.raises(RejectedError, match="BLOCKED; nothing was judged: Training completed"):
        check_prepared(blocked, store, NOW)
    assert store.entries("override") == []
    detail = check_prepared(blocked, store, NOW, "a look at half time")
    assert detail["override"] == "a look at half time"
    assert "preparation.training_completed" in detail["preparation_open"]
    entry = store.entries("override")[0]
    assert (entry.subject, entry.detail["reason"]) == ("preparation", "a look at half time")
