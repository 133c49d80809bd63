"""What happened along the run, as marks on its charts: checkpoints, evaluations, resumes, alerts. Pure.

Trap avoided: a mark for an alert that this console only guesses; the store's record says what has fired.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from console.screens.dashboard_facts import SEVERITY_TONE
from core.text import visible
from widgets.chart_marks import Mark

if TYPE_CHECKING:
    from console.snapshot import Snapshot
    from core.alerts.rule import Rule
    from core.telemetry.model import Run

_TONES = {"best": "good", "resume": "bright"}
_MOST = 500


def alert_marks(
    snapshot: Snapshot, rules: Mapping[str, Rule], metric: str, until: float | None
) -> list[Mark]:
    """Where alerts began to fire, of a metric's rules and of rules about no metric, up to a step; also those
    that have ended."""
    marks = []
    for firing in snapshot.firings[-_MOST:]:
        rule = rules.get(firing.rule)
        if rule is None or rule.metric not in ("", metric) or firing.timestep is None:
            continue
        if until is None or firing.timestep <= until:
            words = f"{visible(firing.rule, 80)} fired"
            marks.append(Mark("alert", firing.timestep, words, SEVERITY_TONE[firing.severity]))
    return marks


def run_marks(run: Run) -> list[Mark]:
    """What the run itself tells."""
    return [
        Mark(marker.kind, marker.timestep, marker.text, _TONES.get(marker.kind, "plain"))
        for marker in run.markers
    ]


def weighty(marks: Iterable[Mark]) -> list[Mark]:
    """What a small chart shows: alerts and resumes. Checkpoints and evaluations come too often for it."""
    return [mark for mark in marks if mark.kind in ("alert", "resume")]
