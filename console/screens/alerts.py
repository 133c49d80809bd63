"""The Alerts screen: what needs somebody, its details, and the acknowledgement.

Trap avoided: an acknowledgement that silences without saying who looks and why; a critical one needs a note.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Container

from console.keys import ALERTS
from console.screens.base import ConsoleScreen
from console.screens.modals import AskText, Details
from core import units
from core.alerts.view import headline
from core.clock import iso, utc_now
from widgets.alert_table import (
    SEVERITY_TONE,
    STANDING_TONE,
    AlertTable,
    age_seconds,
    in_order,
    standing,
    value_text,
)
from widgets.detail_pane import DetailPane
from widgets.lines import Row
from widgets.row_list import RowList
from widgets.tone import Tone, glyph, safe

if TYPE_CHECKING:
    from console.snapshot import Snapshot
    from core.alerts.rule import Condition
    from core.alerts.view import AlertView


class Alerts(ConsoleScreen):
    number = ALERTS
    name_shown = "Alerts"
    CSS_PATH = "alerts.tcss"

    def compose_body(self) -> ComposeResult:
        with Container(id="alerts"):
            yield AlertTable(id="alert-table")
            yield DetailPane("details", id="alert-details")

    @property
    def table(self) -> AlertTable:
        return self.query_one(AlertTable)

    def show(self, snapshot: Snapshot) -> None:
        table = self.table
        table.conditions = self._conditions()
        rules = len([rule for rule in self.session.settings.alerts.values() if rule.enabled])
        table.empty = _quiet(rules, snapshot)
        table.show(snapshot.alerts, utc_now())
        self._answer(snapshot, utc_now())
        self._show_details()

    def _answer(self, snapshot: Snapshot, now: datetime) -> None:
        if not snapshot.judged and not snapshot.alerts:
            self.answer("the rules are reading the run", "unknown")
            return
        self.answer(*summary(snapshot.alerts, now))

    def _conditions(self) -> dict[str, Condition]:
        return {name: rule.condition for name, rule in self.session.settings.alerts.items()}

    def tick(self, now: datetime) -> None:
        """Ages move on by themselves."""
        snapshot = self.console.picture
        if snapshot is not None and snapshot.alerts:
            self.table.show(snapshot.alerts, now)
            self._answer(snapshot, now)

    @on(RowList.Moved)
    def _moved(self) -> None:
        self._show_details()

    def _show_details(self) -> None:
        alert = self.table.selected
        pane = self.query_one(DetailPane)
        if alert is None:
            pane.show(
                "details", [("", "An alert that fires stands above, with its value and its action.", "dim")]
            )
            return
        stands = standing(alert)
        value: Row = [(f"{glyph(SEVERITY_TONE[alert.severity])} {stands}", STANDING_TONE[stands])]
        pane.show(alert.rule, details(alert, utc_now(), self._conditions().get(alert.rule)), value)

    # Keys.

    def do_move_down(self) -> None:
        self.table.move(1)

    def do_move_up(self) -> None:
        self.table.move(-1)

    def do_move_top(self) -> None:
        self.table.to(0)

    def do_move_end(self) -> None:
        self.table.to(self.table.count - 1)

    def do_page_down(self) -> None:
        self.table.page(1)

    def do_page_up(self) -> None:
        self.table.page(-1)

    def do_row_open(self) -> None:
        if (alert := self.table.selected) is not None:
            self.app.push_screen(
                Details(alert.rule, tuple(details(alert, utc_now(), self._conditions().get(alert.rule))))
            )

    def do_alert_acknowledge(self) -> None:
        """Ask for the note, then store; only a firing alert can be taken."""
        alert = self.table.selected
        if alert is None:
            self.console.say("there is no alert to acknowledge", "plain")
            return
        if alert.state != "firing":
            self.console.say(
                f"{alert.rule} is {standing(alert)}: only a firing alert is acknowledged", "warning"
            )
            return
        key = alert.key
        critical = alert.severity == "critical"

        earlier = alert.note if alert.acknowledged else ""

        def answered(note: str | None) -> None:
            """An emptied or unchanged line leaves the earlier note as it is."""
            if note is not None and (not alert.acknowledged or (note and note != earlier)):
                self.session.acknowledge(key, note)

        operator = self.session.operator
        facts = [
            ("alert", f"{alert.rule}, {alert.severity}"),
            ("seen", alert.message or units.MISSING),
            ("action", alert.action or units.MISSING),
            ("as", operator.name if operator is not None else "not known yet"),
        ]
        if alert.acknowledged:
            facts.insert(1, ("taken by", _taken(alert)))
        question = AskText(
            f"Acknowledge {alert.rule} again" if alert.acknowledged else f"Acknowledge {alert.rule}",
            tuple(facts),
            ask="note: who looks at it, what was found",
            value=earlier,
            required=critical,
            done="acknowledge",
            tone=SEVERITY_TONE[alert.severity],
        )
        self.app.push_screen(question, answered)

    def copy_text(self) -> str:
        snapshot = self.session.snapshot
        if snapshot is None or not snapshot.alerts:
            return "no alerts\n"
        now = utc_now()
        blocks = []
        for alert in in_order(snapshot.alerts):
            lines = [f"{alert.severity.upper()} {alert.rule}: {standing(alert)}"]
            lines += [
                f"  {label}: {text}" if label else f"  {text}" for label, text, _tone in details(alert, now)
            ]
            blocks.append("\n".join(lines))
        return "\n\n".join(blocks) + "\n"


def summary(alerts: Sequence[AlertView], now: datetime) -> tuple[str, Tone]:
    """`2 firing, 1 acknowledged, oldest 14 min`, with the tone of the worst that nobody took."""
    words = headline(alerts, now)
    untaken = [alert for alert in alerts if alert.firing and not alert.acknowledged and not alert.silenced]
    resolved = sum(alert.state == "resolved" for alert in alerts)
    if resolved:
        words += f", {resolved} resolved"
    if untaken:
        critical = any(alert.severity == "critical" for alert in untaken)
        return words, "critical" if critical else "warning"
    return f"Nothing needs you: {words}", "good"


def details(
    alert: AlertView, now: datetime, condition: Condition | None = None
) -> list[tuple[str, str, str]]:
    """Everything known of an alert, as (label, text, tone)."""
    facts: list[tuple[str, str, str]] = []
    if alert.message:
        facts.append(("", safe(alert.message), "plain"))
    value, limit = (value_text(each, alert.metric, condition) for each in (alert.value, alert.threshold))
    against = f"{value}, limit {limit}"
    if alert.value is not None or alert.threshold is not None:
        facts.append(("value", f"{against}  ({alert.metric})" if alert.metric else against, "bright"))
    age = age_seconds(alert, now)
    began = f"step {units.number(alert.since_timestep)}" if alert.since_timestep is not None else ""
    ago = f"{units.age(age)} ago" if age is not None else ""
    facts.append(("since", ", ".join(part for part in (began, ago) if part) or units.MISSING, "plain"))
    if alert.action:
        facts.append(("action", safe(alert.action), "bright"))
    if alert.runbook:
        facts.append(("runbook", safe(alert.runbook), "plain"))
    if alert.no_data:
        facts.append(("", "Its data has stopped: this is the last state known.", "warning"))
    if alert.acknowledged:
        facts.append(("taken by", _taken(alert), "accent"))
        if alert.note:
            facts.append(("note", safe(alert.note), "plain"))
    elif alert.silenced:
        until = f", until {iso(alert.silenced_until)}" if alert.silenced_until else ""
        facts.append(("silenced by", f"{safe(alert.silenced_by or '')}{until}", "accent"))
        if alert.silence_comment:
            facts.append(("comment", safe(alert.silence_comment), "plain"))
    elif alert.firing:
        lost = f" ({safe(alert.acknowledgement_lost)})" if alert.acknowledgement_lost else ""
        facts.append(("", f"Nobody has acknowledged it{lost}: press a.", "warning"))
    return facts


def _taken(alert: AlertView) -> str:
    """`ada, 2026-02-24T09:12:00Z`."""
    at = f", {iso(alert.acknowledged_at)}" if alert.acknowledged_at else ""
    return f"{safe(alert.acknowledged_by or '')}{at}"


def _quiet(rules: int, snapshot: Snapshot) -> list[Row]:
    if snapshot.health.status == "ABSENT":
        return [[("The rules look at a run's rows. There is none yet: ppo-console train starts one.", "dim")]]
    return [
        [("No alert. One that fires will stand here, with value, threshold and what to do.", "dim")],
        [(f"{rules} rules of config.toml watch each new row.", "dim")],
    ]
