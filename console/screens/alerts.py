"""The Alerts screen: what needs somebody; the rules, the silences and the notifications behind it.

What the keys do with a row is in `alert_acts`. Trap avoided: an alert that is told as if nobody had it, or as
if somebody had; each row says who looks and why.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Container

from console.keyboard import key_of
from console.keys import ALERTS
from console.screens import alert_facts, alert_rows
from console.screens.alert_acts import AlertActs, View
from console.screens.alert_facts import details, summary
from console.screens.list_screen import ListScreen
from core.alerts.view import rule_states
from core.clock import utc_now
from widgets.alert_table import (
    SEVERITY_TONE,
    STANDING_TONE,
    AlertTable,
    in_order,
    standing,
    state_word,
)
from widgets.detail_pane import DetailPane
from widgets.flow_line import FlowLine
from widgets.lines import Row
from widgets.row_list import RowList
from widgets.row_table import RowTable
from widgets.tone import glyph

if TYPE_CHECKING:
    from collections.abc import Mapping

    from console.alert_desk import AlertDesk, AlertFacts
    from console.snapshot import Snapshot
    from core.alerts.rule import Rule
    from core.alerts.view import AlertView

VIEWS: tuple[View, ...] = ("alerts", "rules", "silences", "notifications")
LOOK_EVERY = 5
"""Seconds between two looks at silences and notifications that nothing announced."""


class Alerts(AlertActs, ListScreen):
    """`tab` goes to the rules, the silences, the notifications and back; enter acts on the row."""

    number = ALERTS
    name_shown = "Alerts"
    CSS_PATH = "alerts.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._view: View = "alerts"
        self._until_look = 0
        self._facts_shown: AlertFacts | None = None

    def compose_body(self) -> ComposeResult:
        yield FlowLine(id="alert-views")
        with Container(id="alerts"):
            yield AlertTable(id="alert-table")
            yield RowTable("rules", alert_rows.RULE_COLUMNS, id="rule-table")
            yield RowTable("silences", alert_rows.SILENCE_COLUMNS, id="silence-table")
            yield RowTable("notifications", alert_rows.TOLD_COLUMNS, id="told-table")
            yield DetailPane("details", id="alert-details")

    def on_mount(self) -> None:
        self._arrange()
        super().on_mount()

    @property
    def table(self) -> AlertTable:
        return self.query_one(AlertTable)

    @property
    def acted_on(self) -> RowList:
        names = {"alerts": "alert", "rules": "rule", "silences": "silence", "notifications": "told"}
        return self.query_one(f"#{names[self._view]}-table", RowList)

    @property
    def _selected_key(self) -> str:
        acted_on = self.acted_on
        return acted_on.selected if isinstance(acted_on, RowTable) else ""

    @property
    def desk(self) -> AlertDesk:
        return self.session.alert_desk

    @property
    def _facts(self) -> AlertFacts:
        return self.desk.facts

    @property
    def _rules(self) -> Mapping[str, Rule]:
        return self.session.settings.alerts

    def _states(self) -> dict[str, str]:
        picture = self.console.picture
        if picture is None:
            return rule_states(self._rules, (), None)
        started = picture.run.info.started_at
        elapsed = (utc_now() - started).total_seconds() if started is not None else None
        return rule_states(self._rules, picture.alerts, elapsed)

    # Facts.

    def show(self, snapshot: Snapshot) -> None:
        self._look()
        self._show_all(utc_now())

    def _look(self) -> None:
        self.desk.look(values=self._view == "rules")

    def show_desks(self) -> None:
        if self._facts is not self._facts_shown:
            self._show_all(utc_now())

    def tick(self, now: datetime) -> None:
        """Ages move on by themselves."""
        self._until_look -= 1
        if self._until_look <= 0:
            self._until_look = LOOK_EVERY
            self._look()
        self._show_all(now)

    def _show_all(self, now: datetime) -> None:
        snapshot = self.console.picture
        if snapshot is None or not self.is_mounted:
            return
        self._facts_shown = self._facts
        match self._view:
            case "alerts":
                self._show_alerts(snapshot, now)
            case "rules":
                rows = alert_rows.rule_rows(self._rules, self._states(), self._facts.values)
                self._table("rule").show(rows)
                self.answer(*alert_facts.rules_answer(self._states()))
            case "silences":
                silences = self._facts.silences
                makes = f"{key_of('alert.silence')} on an alert or a rule makes one."
                empty: list[Row] = [[(f"No silence yet. {makes}", "dim")]]
                self._table("silence").show(alert_rows.silence_rows(silences, now), empty)
                self.answer(*alert_facts.silences_answer(silences, now))
            case "notifications":
                empty = [
                    [("Nothing was told yet. What fires is told to [notify.targets] of config.toml.", "dim")]
                ]
                self._table("told").show(alert_rows.told_rows(self._facts.deliveries, now), empty)
                self._table("told").value = [(alert_facts.watch_words(self._facts, now), "dim")]
                self.answer(*alert_facts.told_answer(self._facts, self._why_not_told()))
        self._show_views(snapshot, now)
        self._show_details()

    def _table(self, name: str) -> RowTable:
        return self.query_one(f"#{name}-table", RowTable)

    def _show_alerts(self, snapshot: Snapshot, now: datetime) -> None:
        table = self.table
        table.rules = self._rules
        table.series = snapshot.run.series
        table.silenced_at = alert_facts.silence_times(self._facts)
        table.empty = alert_rows.quiet(sum(rule.enabled for rule in self._rules.values()), snapshot)
        table.show(snapshot.alerts, now)
        if not snapshot.judged and not snapshot.alerts:
            self.answer("the rules are reading the run", "unknown")
            return
        words, tone = summary(snapshot.alerts, now)
        if snapshot.unjudged is not None:
            self.answer(f"{snapshot.unjudged}; as last judged: {words}", "critical")
            return
        failed = self._facts.counts.get("failed", 0)
        if failed:
            words += f"; {failed} notification{'s' if failed > 1 else ''} failed"
            tone = "critical" if tone == "critical" else "warning"
        elif self.desk.courier_problem:
            words, tone = f"{words}; nobody is told: {self.desk.courier_problem}", "warning"
        self.answer(words, tone)

    def _why_not_told(self) -> str:
        if self.session.workspace is None:
            return "nobody is told: this run has no workspace"
        if not self.session.settings.notify.enabled:
            return "nobody is told: notify.enabled is false in config.toml"
        problem = self.desk.courier_problem
        return f"nobody is told: {problem}" if problem else ""

    def _show_views(self, snapshot: Snapshot, now: datetime) -> None:
        facts = self._facts
        failed = facts.counts.get("failed", 0)
        firing = sum(alert.firing for alert in snapshot.alerts)
        active = sum(each.active(now) for each in facts.silences)
        sent = facts.counts.get("sent", 0)
        words = {
            "alerts": f"{firing} firing" if firing else "",
            "rules": str(len(self._rules)),
            "silences": str(active) if active else "",
            "notifications": f"{failed} failed" if failed else f"{sent} sent" if sent else "",
        }
        parts: list[Row] = []
        for view in VIEWS:
            is_open = view == self._view
            bad = view == "notifications" and failed
            count = [(f" {words[view]}", "critical" if bad else "plain" if is_open else "dim")]
            parts.append([(view, "accent-bold" if is_open else "dim"), *(count if words[view] else [])])
        self.query_one("#alert-views", FlowLine).put([*parts, [(f"{key_of('pane.next')} goes on", "dim")]])

    @on(RowList.Moved)
    def _moved(self) -> None:
        self._show_details()
        self.console.update_chrome()

    def _show_details(self) -> None:
        pane, now = self.query_one(DetailPane), utc_now()
        if self._view == "alerts":
            alert = self.table.selected
            if alert is None:
                words = "An alert that fires stands above, with its value and its action."
                pane.show("details", [("", words, "dim")])
                return
            stands = standing(alert)
            state = f"{glyph(SEVERITY_TONE[alert.severity])} {state_word(stands, alert.no_data)}"
            tone = SEVERITY_TONE[alert.severity] if stands == "firing" else STANDING_TONE[stands]
            value: Row = [(state, tone)]
            pane.show(alert.rule, self._details_of(alert, now), value)
            return
        title, facts = self._row_facts(now)
        pane.show(title or "details", facts or [("", "What stands above is explained here.", "dim")])

    def _details_of(self, alert: AlertView, now: datetime) -> alert_facts.Facts:
        why_not = self._why_not_told()
        series = self.table.series
        return details(alert, now, self._rules.get(alert.rule), self._facts, why_not, series)

    def _row_facts(self, now: datetime) -> tuple[str, alert_facts.Facts]:
        """Title and facts of the selected row; empty without one."""
        key = self._selected_key
        if self._view == "alerts":
            alert = self.table.selected
            return (alert.rule, self._details_of(alert, now)) if alert is not None else ("", [])
        if self._view == "rules" and key in self._rules:
            state, value = self._states()[key], self._facts.values.get(key)
            return key, alert_facts.rule_details(key, self._rules[key], state, value)
        if self._view == "silences":
            for silence in self._facts.silences:
                if str(silence.id) == key:
                    return f"silence {key}", alert_facts.silence_details(silence, now)
        if self._view == "notifications":
            for delivery in self._facts.deliveries:
                if str(delivery.id) == key:
                    return "notification", alert_facts.delivery_details(delivery, now)
        return "", []

    # Views.

    def do_pane_next(self) -> None:
        self._turn(1)

    def do_pane_previous(self) -> None:
        self._turn(-1)

    def _turn(self, by: int) -> None:
        self._view = VIEWS[(VIEWS.index(self._view) + by) % len(VIEWS)]
        self._arrange()
        self._look()
        self._show_all(utc_now())

    def _arrange(self) -> None:
        acted_on = self.acted_on
        for each in self.query(RowList):
            each.display = each is acted_on

    def on_back(self) -> bool:
        if self._view == "alerts":
            return False
        self._view = "alerts"
        self._arrange()
        self._show_all(utc_now())
        return True

    # Moving.

    def copy_text(self) -> str:
        snapshot = self.session.snapshot
        if self._view != "alerts":
            return self.console.screen_text()
        if snapshot is None or not snapshot.alerts:
            return "no alerts\n"
        now = utc_now()
        blocks = []
        for alert in in_order(snapshot.alerts):
            lines = [f"{alert.severity.upper()} {alert.rule}: {standing(alert)}"]
            for label, text, _tone in self._details_of(alert, now):
                lines.append(f"  {label}: {text}" if label else f"  {text}")
            blocks.append("\n".join(lines))
        return "\n\n".join(blocks) + "\n"
