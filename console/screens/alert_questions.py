"""The questions about an alert: who takes it, and whether it is silenced. Asked over any screen.

Trap avoided: an acknowledgement or a silence that does not say who and why; both need words where it matters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.screens.modals import AskText
from core import units
from core.clock import utc_now
from widgets.alert_table import SEVERITY_TONE, standing
from widgets.alert_words import taken_words

if TYPE_CHECKING:
    from console.incident import IncidentMixin
    from core.alerts.view import AlertView


def ask_acknowledgement(console: IncidentMixin, alert: AlertView) -> None:
    """Ask for the note, then store; only a firing alert can be taken."""
    if alert.state != "firing":
        console.say(f"{alert.rule} is {standing(alert)}: only a firing alert is acknowledged", "warning")
        return
    earlier = alert.note if alert.acknowledged else ""

    def answered(note: str | None) -> None:
        """An emptied or unchanged line leaves the earlier note as it is."""
        if note is not None and (not alert.acknowledged or (note and note != earlier)):
            console.session.acknowledge(alert.key, note)

    operator = console.session.operator
    facts = [
        ("alert", f"{alert.rule}, {alert.severity}"),
        ("seen", alert.message or units.MISSING),
        ("action", alert.action or units.MISSING),
        ("as", operator.name if operator is not None else "not known yet"),
    ]
    if alert.acknowledged:
        facts.insert(1, ("taken by", taken_words(alert, utc_now())))
    question = AskText(
        f"Acknowledge {alert.rule} again" if alert.acknowledged else f"Acknowledge {alert.rule}",
        tuple(facts),
        ask="note: who looks at it, what was found",
        value=earlier,
        required=alert.severity == "critical",
        done="acknowledge",
        tone=SEVERITY_TONE[alert.severity],
    )
    console.push_screen(question, answered)
