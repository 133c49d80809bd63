"""A visit to one metric at one step, from an alert: the metric fills the screen, the cursor stands there.

From a log line it is a visit to the step alone. Trap avoided: a visit that leaves the Dashboard other than it
was; `esc` puts cursor, part, filter and moment back and returns to where the visit came from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from console.keyboard import key_of
from console.keys import Key
from console.replay import Moment, Replay
from console.screens.dashboard_facts import SEVERITY_TONE
from core import units
from widgets.tone import Tone, safe

if TYPE_CHECKING:
    from console.screens.base import ConsoleScreen
    from console.screens.dashboard_view import ChartView
    from console.snapshot import Snapshot
    from console.trail import ChartPlace
    from core.telemetry.archive import EarlierRun
    from widgets.metric_grid import MetricGrid

    _Screen = ConsoleScreen
else:
    _Screen = object


class _Before(NamedTuple):
    metric: str
    studied: bool
    filter: str
    cursor: float | None
    span: float | None
    moment: Moment | None


class VisitMixin(_Screen):
    """Mixed into the Dashboard."""

    if TYPE_CHECKING:
        _live: Snapshot | None
        _shown: Snapshot | None
        _look: ChartView
        _studied: bool
        _filter: str
        _runs_open: bool

        def _runs(self) -> dict[str, EarlierRun]: ...

        @property
        def _grid(self) -> MetricGrid: ...
        @property
        def _replay(self) -> Replay: ...
        def _put_metrics(self) -> None: ...
        def _arrange(self) -> None: ...
        def _close_ask(self) -> bool: ...
        def _show_header(self) -> None: ...

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._before: _Before | None = None

    def _take_visit(self) -> None:
        """Go to the place that was asked for, if one was."""
        place = self.console.trail.take_chart()
        if place is None or self._live is None:
            return
        if self._before is None:
            look = self._look
            self._before = _Before(
                self._grid.selected, self._studied, self._filter, look.cursor, look.span, self._replay.moment
            )
        self._go(place)

    def _go(self, place: ChartPlace) -> None:
        self._runs_open = False
        metric = place.metric or self._grid.selected
        self._put_back(_Before(metric, bool(place.metric), "", place.step, None, None))
        self.console.update_chrome()

    def _visit_answer(self) -> tuple[str, Tone] | None:
        """The first line while the alert that led here is in hand."""
        alert = self.console.alert_in_hand() if self._before is not None else None
        if alert is None:
            return None
        from core.alerts.view import value_text

        step = f" at step {units.number(alert.since_timestep)}" if alert.since_timestep is not None else ""
        rule = self.session.settings.alerts.get(alert.rule)
        limit = f", limit {value_text(rule, alert.threshold)}" if rule is not None and alert.threshold else ""
        keys = f": {key_of('chart.logs')} logs, {key_of('runbook.open')} runbook, {key_of('app.back')} back"
        words = f"{safe(alert.rule)} {alert.state}{step}{limit}{keys}"
        taken = alert.acknowledged or alert.silenced
        return words, "accent" if taken else SEVERITY_TONE[alert.severity] if alert.firing else "plain"

    def hint_words(self, key: Key) -> str:
        """The log lines are those of the cursor's moment; enter acts on the list of runs while it is open."""
        if key.id == "chart.logs" and self._look.cursor is None:
            return ""
        if key.id == "chart.open":
            overlays = "overlay" if self._runs() else ""
            return overlays if self._runs_open else "all charts" if self._studied else key.words
        return super().hint_words(key)

    def _put_back(self, how: _Before) -> None:
        self._close_ask()
        self._filter, self._replay.moment = how.filter, how.moment
        self._look.cursor, self._look.span = how.cursor, how.span
        self._shown = self._replay.snapshot(self._live) if self._live is not None else None
        self._put_metrics()
        self._studied = self._grid.select(how.metric) and how.studied
        self._arrange()
        self._show_header()

    def _back_from_visit(self) -> bool | None:
        """As it was before; True: that was all, False: on to where the visit came from. None: no visit."""
        if self._before is None or self._runs_open or self._close_ask():
            return None if self._before is None or self._runs_open else True
        before, self._before = self._before, None
        self._put_back(before)
        return self.console.trail.empty
