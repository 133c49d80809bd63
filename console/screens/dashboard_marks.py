"""What happened along the run, as marks on its charts: checkpoints, evaluations, resumes, alerts. Pure.

Trap avoided: a mark for an alert that this console only guesses; it knows those that it has seen fire.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from console.screens.dashboard_facts import SEVERITY_TONE
from widgets.chart_marks import Mark

if TYPE_CHECKING:
    from core.alerts.engine import AlertView
    from core.telemetry.model import Run

_TONES = {"best": "good", "resume": "bright"}
_MOST = 500


class AlertMarks:
    """Remembers where alerts began to fire, also after they resolved."""

    def __init__(self) -> None:
        self._run = ""
        self._seen: dict[str, tuple[str, Mark]] = {}

    def note(self, run_id: str, alerts: Iterable[AlertView]) -> None:
        """Take in what fires now; another run starts afresh."""
        if run_id != self._run:
            self._run, self._seen = run_id, {}
        for alert in alerts:
            if alert.firing and alert.since_timestep is not None and alert.key not in self._seen:
                mark = Mark(
                    "alert", alert.since_timestep, f"{alert.rule} fired", SEVERITY_TONE[alert.severity]
                )
                self._seen[alert.key] = (alert.metric, mark)
        while len(self._seen) > _MOST:
            del self._seen[next(iter(self._seen))]

    def of(self, metric: str, until: float | None) -> list[Mark]:
        """Those of a metric's rules, and of rules about no metric, up to a step."""
        return [
            mark
            for name, mark in self._seen.values()
            if name in ("", metric) and (until is None or mark.step <= until)
        ]


def run_marks(run: Run) -> list[Mark]:
    """What the run itself tells."""
    return [
        Mark(marker.kind, marker.timestep, marker.text, _TONES.get(marker.kind, "plain"))
        for marker in run.markers
    ]


def weighty(marks: Iterable[Mark]) -> list[Mark]:
    """What a small chart shows: alerts and resumes. Checkpoints and evaluations come too often for it."""
    return [mark for mark in marks if mark.kind in ("alert", "resume")]
