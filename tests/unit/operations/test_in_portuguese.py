"""A workspace with `language = "pt"`: lists, standup and checks say their sentences in Portuguese."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from core.checklist.daily import run_daily
from core.operations.daily_check import daily_check
from core.operations.progress_check import progress_check
from core.operations.standup import build_standup
from core.workspace import Workspace

NOW = datetime.fromisoformat("2026-02-24T10:00:00+00:00")
ENGLISH = re.compile(
    r"\b(the|is|are|not|with|until|none|needs|of|unknown|missing|ago|and|needed|target|last|so|at|"
    r"rows?|known|training|steps more|issues|status|hours|age|yes)\b",
    re.IGNORECASE,
)


@pytest.fixture
def portuguese(workspace: Workspace) -> Workspace:
    settings = workspace.settings
    said = msgspec.structs.replace(
        settings, checklist=msgspec.structs.replace(settings.checklist, language="pt")
    )
    return Workspace(workspace.root, said)


@pytest.fixture(params=["calm", "bad", "past"])
def seen(
    request: Any, make_run: Any, make_health: Any, make_alert: Any, write_evaluations: Any
) -> tuple[Any, ...]:
    """A run, its health, its alerts and when it is looked at."""
    if request.param == "calm":
        write_evaluations((100_000, 1.2, 9.0, 51.0, 1.7, 60))
        health = make_health("RUNNING", "Process 4711 is alive, last step 3 s ago.")
        return make_run(), health, (), NOW
    if request.param == "past":
        return make_run(), make_health("RUNNING", "Process 4711 is alive."), (), NOW + timedelta(days=1)
    reason = "Process 4711 is alive but no step came for 3 h, at step 8,192 of 500,000."
    run = make_run(60, reward=lambda row: -row, kl=lambda _: 0.3, checkpoint_steps=())
    return run, make_health("STALLED", reason, steps_per_second=None), (make_alert("kl_spike"),), NOW


def _no_english(texts: Any) -> None:
    for text in texts:
        without = re.sub(r"5-6/6 gates|\bstandup\b|`.*?`|[\w.]+\.(csv|log|toml|zip)", "", text)
        assert not (found := ENGLISH.search(without)), f"{found[0]!r} in {text!r}"


def test_the_standup(portuguese: Workspace, seen: tuple[Any, ...]) -> None:
    run, health, alerts, now = seen
    standup = build_standup(portuguese, run, health, alerts, now, moment=min(now, NOW))
    text = standup.text()
    assert "PROGRESSO DE ONTEM:" in text and "PLANO DE HOJE:" in text
    _no_english(text.splitlines())
    _no_english(standup.markdown().splitlines())


def test_the_daily_lists(portuguese: Workspace, seen: tuple[Any, ...]) -> None:
    run, health, alerts, now = seen
    result = run_daily(portuguese, run, health, alerts, None, NOW.date(), now)
    assert len(result.items) > 10
    _no_english(
        str(said)
        for item in result.items
        for said in (item.message, item.value or "", item.limit or "", item.action, item.text)
    )


def test_the_checks_details_and_points_while_the_documents_lines_stay(
    portuguese: Workspace, seen: tuple[Any, ...]
) -> None:
    """`check` begins with the five lines of the document, which scripts match; `daily` with its ten keys."""
    run, health, alerts, now = seen
    check = progress_check(portuguese, run, health, alerts, now)
    assert "Overall Status: " in check.lines[0] and "Alerts: " in check.lines[4]
    _no_english(check.details)
    daily = daily_check(portuguese, run, health, alerts, NOW.date(), now)
    assert daily.training_status in ("RUNNING", "STALLED")
    _no_english(point.text + point.limit + point.action for point in daily.points)
    _no_english((*daily.notes, *daily.warnings, *(daily.issues or ()), *daily.sources.values()))
