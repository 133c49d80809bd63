"""What the rules would have raised over a run's recorded history.

Trap avoided: a replay that differs from what a console saw live; both are the same judges and machine.
"""

from __future__ import annotations

from collections.abc import Mapping

from core.alerts.engine import AlertEngine, Transition
from core.alerts.rule import Rule
from core.telemetry.model import Run


def replay(rules: Mapping[str, Rule], run: Run) -> list[Transition]:
    """Every transition of the row rules, in order of the run's steps. Ages, processes and the host leave no
    history and are not replayed."""
    return AlertEngine(rules, run.info.id).replay(run)
