"""From screen to screen after one alert: its chart, its log lines, its runbook, and the way back.

Mixed into the app. Trap avoided: four screens that each mean another alert. The one in hand is the trail's;
without one it is the alert that needs somebody first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.keyboard import key_of
from console.keys import ALERTS, DASHBOARD, RUNBOOK
from console.sharing import SharingMixin
from console.trail import ChartPlace, RunbookPlace, Trail

if TYPE_CHECKING:
    from console.snapshot import Snapshot
    from core.alerts.view import AlertView


class IncidentMixin(SharingMixin):
    if TYPE_CHECKING:
        trail: Trail

        @property
        def picture(self) -> Snapshot | None: ...

    # The way.

    def open_number(self, number: int) -> None:
        """A screen by choice: the way back begins anew."""
        self.trail.clear()
        self.switch_mode(str(number))

    def jump(self, number: int) -> None:
        """A screen for the sake of this one: `esc` leads back."""
        if number != self.open_screen.number:
            self.trail.leave(self.open_screen.number)
            self.switch_mode(str(number))

    def go_back(self) -> bool:
        """Close what is open, else to where one came from, else to the Dashboard. False: nowhere to go."""
        if self.open_screen.on_back():
            return True
        number = self.trail.back()
        if number is None and self.open_screen.number == DASHBOARD:
            return False
        self.switch_mode(str(DASHBOARD if number is None else number))
        return True

    # The alert in hand.

    def alert_in_hand(self) -> AlertView | None:
        """The one that was followed here, as it is now."""
        if self.picture is None or not self.trail.alert:
            return None
        return next((alert for alert in self.picture.alerts if alert.key == self.trail.alert), None)

    def first_alert(self) -> AlertView | None:
        """The alert that needs somebody first: firing, not taken, worst, oldest."""
        firing = [alert for alert in self.picture.alerts if alert.firing] if self.picture is not None else []
        if not firing:
            return None
        from core.alerts.view import sort_key

        return min(firing, key=sort_key)

    def show_chart_of(self, alert: AlertView) -> None:
        """Its metric over the whole screen, the cursor at its step."""
        if not alert.metric:
            self.say(
                f"{alert.rule} is about no metric: {key_of('alert.logs')} shows its log lines, "
                f"{key_of('runbook.open')} what to do",
                "warning",
            )
            return
        self.jump(DASHBOARD)
        self.trail.alert = alert.key
        self.trail.chart = ChartPlace(alert.metric, alert.since_timestep)

    def show_logs_of(self, alert: AlertView) -> None:
        """The log lines of the moment at which it began."""
        from console.log_places import show_logs_at
        from core.logs.target import Target

        if alert.since_timestep is None and alert.since is None:
            self.say(f"nobody knows when {alert.rule} began", "warning")
            return
        show_logs_at(self, Target(alert.since_timestep, alert.since))
        self.trail.alert = alert.key

    def show_runbook_of(self, alert: AlertView | None) -> None:
        """What to do about it; without an alert, the list."""
        self.show_procedure(alert.runbook if alert is not None else "", alert)

    def show_procedure(self, name: str, alert: AlertView | None = None) -> None:
        """A scenario or an escalation path by its id."""
        self.jump(RUNBOOK)
        self.trail.alert = alert.key if alert is not None else ""
        self.trail.runbook = RunbookPlace(name)

    # Keys, where no screen has an alert of its own.

    def do_runbook_open(self) -> None:
        self.show_runbook_of(self.alert_in_hand() or self.first_alert())

    def do_alert_acknowledge(self) -> None:
        """The alert in hand; without one, to the Alerts screen."""
        alert = self.alert_in_hand()
        if alert is None:
            self.jump(ALERTS)
            return
        from console.screens.alert_questions import ask_acknowledgement

        ask_acknowledgement(self, alert)
