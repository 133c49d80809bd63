"""What the keys of the Alerts screen do with the selected row: evidence, owner, silence, threshold.

Trap avoided: an acknowledgement that silences without saying who looks and why; a critical one needs a note.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

from console.keyboard import key_of
from console.screens import alert_facts
from console.screens.modals import Confirm, Details
from core.alerts.threshold_text import editable
from core.clock import utc_now

if TYPE_CHECKING:
    from collections.abc import Mapping

    from console.alert_desk import AlertDesk, AlertFacts
    from console.keys import Key
    from console.screens.alert_edit import SilenceWanted
    from console.screens.base import ConsoleScreen
    from core.alerts.rule import Rule
    from core.alerts.view import AlertView
    from widgets.alert_table import AlertTable

    _Screen = ConsoleScreen
else:
    _Screen = object

View = Literal["alerts", "rules", "silences", "notifications"]
_HINTS: dict[View, dict[str, str]] = {
    "alerts": {},
    "rules": {"row.chart": "edit", "alert.acknowledge": "", "alert.logs": "", "escalation.open": ""},
    "silences": {
        "row.chart": "end it",
        "alert.acknowledge": "",
        "alert.logs": "",
        "escalation.open": "",
        "runbook.open": "",
    },
    "notifications": {
        "row.chart": "",
        "alert.acknowledge": "",
        "alert.silence": "",
        "alert.logs": "",
        "escalation.open": "",
        "runbook.open": "",
    },
}
"""By view, what a key is called there; empty where it does nothing."""


class AlertActs(_Screen):
    """Mixed into the Alerts screen."""

    if TYPE_CHECKING:
        _view: View

        @property
        def table(self) -> AlertTable: ...
        @property
        def desk(self) -> AlertDesk: ...
        @property
        def _selected_key(self) -> str: ...
        @property
        def _facts(self) -> AlertFacts: ...
        @property
        def _rules(self) -> Mapping[str, Rule]: ...
        def _row_facts(self, now: datetime) -> tuple[str, alert_facts.Facts]: ...

    def hint_words(self, key: Key) -> str:
        return _HINTS[self._view].get(key.id, key.words)

    def _alert(self) -> AlertView | None:
        """The selected alert; in the rules, what the rule has raised."""
        if self._view == "alerts":
            return self.table.selected
        picture = self.console.picture
        if self._view != "rules" or picture is None:
            return None
        return next((alert for alert in picture.alerts if alert.rule == self._selected_key), None)

    def do_row_details(self) -> None:
        title, facts = self._row_facts(utc_now())
        if not facts:
            self.console.say("no row stands here", "plain")
            return
        chosen = self._chosen()

        def of_the_row(now: datetime) -> alert_facts.Facts | None:
            return (self._row_facts(now)[1] or None) if self._chosen() == chosen else None

        self.app.push_screen(Details(title, of_the_row))

    def _chosen(self) -> tuple[str, str]:
        """The view and its row under the cursor."""
        alert = self.table.selected if self._view == "alerts" else None
        return self._view, alert.rule if alert is not None else self._selected_key

    def do_row_chart(self) -> None:
        if self._view == "rules":
            self._edit_rule()
        elif self._view == "silences":
            self._end_silence()
        elif self._view == "notifications":
            self.do_row_details()
        elif (alert := self.table.selected) is not None:
            self.console.show_chart_of(alert)

    def do_alert_logs(self) -> None:
        alert = self._alert()
        if alert is None:
            self.console.say("no alert is selected", "plain")
        else:
            self.console.show_logs_of(alert)

    def do_runbook_open(self) -> None:
        alert, rule = self._alert(), self._rules.get(self._selected_key)
        if alert is None and self._view == "rules" and rule is not None:
            self.console.show_procedure(rule.runbook)
        else:
            self.console.show_runbook_of(alert)

    def do_escalation_open(self) -> None:
        """The path that the documents name for the alert."""
        from core.runbook.scenario import scenarios

        alert = self._alert()
        scenario = scenarios().get(alert.runbook) if alert is not None else None
        if scenario is None or not scenario.escalation:
            words = "no alert is selected" if alert is None else f"no escalation is named for {alert.rule}"
            self.console.say(f"{words}: the three escalations stand at the end of the runbook", "plain")
            return
        self.console.show_procedure(scenario.escalation, alert)

    def do_alert_acknowledge(self) -> None:
        alert = self._alert()
        if alert is None:
            self.console.say("there is no alert to acknowledge", "plain")
            return
        from console.screens.alert_questions import ask_acknowledgement

        ask_acknowledgement(self.console, alert)

    def do_alert_silence(self) -> None:
        from console.screens.alert_edit import AskSilence

        alert = self.table.selected if self._view == "alerts" else None
        rule = alert.rule if alert is not None else self._selected_key if self._view == "rules" else ""

        def answered(wanted: SilenceWanted | None) -> None:
            if wanted is not None:
                self.desk.silence(*wanted)

        self.app.push_screen(AskSilence(f"rule={rule}" if rule else ""), answered)

    def _end_silence(self) -> None:
        now, key = utc_now(), self._selected_key
        silence = next((each for each in self._facts.silences if str(each.id) == key), None)
        if silence is None:
            return
        if silence.until <= now:
            self.console.say("this silence is over already", "plain")
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.desk.end_silence(silence.id)

        facts = [(label, text) for label, text, _tone in alert_facts.silence_details(silence, now)[:5]]
        self.app.push_screen(Confirm("End the silence now?", tuple(facts), "end it"), answered)

    def _edit_rule(self) -> None:
        name = self._selected_key
        rule = self._rules.get(name)
        if rule is None:
            return
        if not editable(rule):
            self.console.say(f"{name} has no threshold: it fires on {rule.condition}", "plain")
            return
        if self.session.workspace is None:
            self.console.say(
                f"a threshold is saved in a workspace: {key_of('workspace.save')} saves this run as one",
                "warning",
            )
            return
        from console.screens.alert_edit import AskThreshold

        def answered(value: float | None) -> None:
            if value is not None:
                self.desk.save_threshold(name, value)

        self.app.push_screen(AskThreshold(name, rule, self._facts.values.get(name), self.desk), answered)
