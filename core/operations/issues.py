"""What counts as an issue: a crash, a traceback, a critical alert. Warnings are told apart.

Now from the alerts that fire; for a past moment by replaying the rules over the rows recorded up to it, since
`alerts.log` is silent about the hours in which no console was open. Trap avoided: *no issues* because nobody
looked; where the past cannot be judged the answer is None.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from core.alerts.rule import Rule
from core.telemetry.model import Run
from core.text import visible

if TYPE_CHECKING:
    from core.alerts.view import AlertView, Transition
    from core.operations.facts import RunFacts

Issues = tuple[tuple[str, ...] | None, tuple[str, ...], str]
"""Issues (None: not known), warnings, a note."""


def issues_now(run: Run, facts: RunFacts, alerts: Sequence[AlertView]) -> Issues:
    """From the alerts as they stand."""
    if facts.status == "ABSENT":
        return None, (), "issues unknown: there is no run"
    firing = [alert for alert in alerts if alert.state == "firing"]
    issues = [_firing_words(alert) for alert in firing if alert.severity == "critical"]
    if facts.status == "CRASHED" and not any(alert.rule == "crash" for alert in firing):
        issues.insert(0, f"crashed: {facts.reason}")
    elif run.traceback and facts.status != "CRASHED":
        issues.insert(0, "a traceback stands at the end of training.log")
    warnings = [_firing_words(alert) for alert in firing if alert.severity != "critical"]
    return tuple(issues), tuple(warnings), ""


def issues_replayed(
    run: Run, facts: RunFacts, rules: Mapping[str, Rule], transitions: Sequence[Transition]
) -> Issues:
    """From the rows of `run` (as cut at the moment in question) and the rules' `transitions` over them.

    Rules about ages and processes leave no history; the run's status at that moment stands for them.
    """
    if facts.status == "ABSENT":
        return None, (), "issues unknown: there was no run"
    if not any(len(series) for series in list(run.series.values())):
        return None, (), "issues unknown: no row up to then has a known time"
    happened = [
        change
        for change in transitions
        if not facts.past or (change.at is not None and change.at <= facts.moment)
    ]
    firing = _worst(list({each.rule: each for each in happened}.values()), rules)
    issues = [_words(change.rule, change.message) for change in firing if change.severity == "critical"]
    if facts.status in ("CRASHED", "STALLED", "SILENT"):
        issues.insert(0, f"{facts.status.lower()}: {facts.reason}")
    elif run.traceback:
        issues.insert(0, "a traceback stands at the end of training.log")
    warnings = [_words(change.rule, change.message) for change in firing if change.severity != "critical"]
    return tuple(issues), tuple(warnings), "alerts are replayed from the recorded rows"


def _worst(newest: Sequence[Transition], rules: Mapping[str, Rule]) -> list[Transition]:
    """What fires, without the milder ones of a family of which a worse one fires."""
    firing = [change for change in newest if change.state == "firing"]
    rank: dict[str, int] = {}
    for change in firing:
        family = rules[change.rule].family or change.rule
        rank[family] = max(rank.get(family, 0), rules[change.rule].rank)
    return [
        change
        for change in firing
        if rules[change.rule].rank >= rank[rules[change.rule].family or change.rule]
    ]


def _firing_words(alert: AlertView) -> str:
    """With who has taken it, so that it does not read as open."""
    words = _words(alert.rule, alert.message)
    if alert.acknowledged_by is None:
        return words
    note = f": {alert.note}" if alert.note else ""
    return visible(f"{words} (acknowledged by {alert.acknowledged_by}{note})", 300)


def _words(rule: str, message: str) -> str:
    return visible(f"{rule}: {message}" if message else rule, 200)
