"""The Dashboard's charts: filled from a snapshot, and how the keys look at them.

Trap avoided: charts drawn that nobody sees. Only the open page, or the metric that fills the screen, gets
new rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.keyboard import key_of
from console.screens.dashboard_facts import (
    latest,
    matching,
    metric_names,
    slot,
    thresholds,
    trend,
)
from console.screens.dashboard_marks import alert_marks, run_marks, weighty
from console.screens.dashboard_study import study_answer, study_lines
from console.screens.dashboard_view import ChartView
from core import units
from core.telemetry.metrics import metric
from widgets.axis import window
from widgets.chart import Chart, Line
from widgets.chart_marks import Mark
from widgets.chart_points import extent, gap, nearest_row
from widgets.fact_lines import FactLine, FactLines
from widgets.metric_grid import MetricGrid

if TYPE_CHECKING:
    from console.screens.base import ConsoleScreen
    from console.snapshot import Snapshot
    from core.telemetry.model import Series

    _Screen = ConsoleScreen
else:
    _Screen = object


class ChartsMixin(_Screen):
    """Mixed into the Dashboard. `_shown` is the picture on the screen: live, or an earlier moment."""

    if TYPE_CHECKING:
        _shown: Snapshot | None
        _runs_open: bool
        _filter: str

        @property
        def _is_leaving(self) -> bool: ...
        def do_run_overlay(self) -> None: ...
        def _say_answer(self) -> None: ...
        def _show_tiles(self) -> None: ...
        def _arrange(self) -> None: ...
        def _apply_filter(self, words: str) -> None: ...
        def _close_ask(self) -> bool: ...
        def _overlays(self, name: str) -> tuple[Line, ...]: ...
        def _overlay_facts(self, name: str, step: float | None) -> list[FactLine]: ...

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._look = ChartView()
        self._studied = False
        """One metric fills the screen."""

    @property
    def _grid(self) -> MetricGrid:
        return self.query_one("#grid", MetricGrid)

    @property
    def _study_chart(self) -> Chart:
        return self.query_one("#study-chart", Chart)

    @property
    def _acted_on(self) -> Chart | None:
        """The chart that the keys act on."""
        return self._study_chart if self._studied else self._grid.chart_of(self._grid.selected)

    def _series(self, name: str) -> Series | None:
        return self._shown.run.series.get(name) if self._shown is not None else None

    # Filling.

    def _put_metrics(self) -> None:
        if self._shown is not None:
            self._grid.put([slot(name) for name in matching(metric_names(self._shown.run), self._filter)])

    def _show_charts(self) -> None:
        if self._shown is None:
            return
        if self._studied:
            chart = self._study_chart
            described = slot(self._grid.selected)
            chart.become(described.name, zero=described.zero, empty=described.empty)
            self._fill(chart)
            self._show_study(chart)
            if self._look.cursor is not None:  # which rows its cell holds is known once the chart is drawn
                self.call_after_refresh(self._show_study_drawn)
            return
        if self._grid.display:
            for chart in self._grid.charts:
                self._fill(chart)

    def _fill(self, chart: Chart) -> None:
        snapshot = self._shown
        if snapshot is None:
            return
        run, name = snapshot.run, chart.title
        started = run.info.started_at
        age = snapshot.age_of(started) if started is not None else None
        series = run.series.get(name)
        text, tone = latest(run, name)
        word = trend(run, name)
        cursor = self._look.cursor
        if cursor is not None and series is not None:
            row = nearest_row(series, cursor)
            if row is not None:
                value = units.number(series.value[row], metric(name).decimals)
                text, tone, word = f"{value} @{units.steps(series.timestep[row])}", "accent-bold", "UNKNOWN"
        chart.show(
            series,
            latest=text,
            latest_tone=tone,
            trend=word,
            total=run.info.total_timesteps,
            thresholds=thresholds(name, self.session.settings.alerts, age),
            marks=self._marks(name) if self._studied else tuple(weighty(self._marks(name))),
            others=self._overlays(name),
            look=self._look.look(name, self._newest_step()),
        )

    def _show_study(self, chart: Chart) -> None:
        name, cursor = chart.title, self._look.cursor
        series = self._series(name)
        lines = study_lines(name, series, chart, cursor, self._marks(name), self._overlay_facts(name, cursor))
        self.query_one("#study-facts", FactLines).put(lines, (name, cursor is None))

    def _show_study_drawn(self) -> None:
        if not self._is_leaving and self._studied:
            self._show_study(self._study_chart)

    def _marks(self, name: str) -> tuple[Mark, ...]:
        if self._shown is None:
            return ()
        rules, newest = self.session.settings.alerts, self._newest_step()
        return (*run_marks(self._shown.run), *alert_marks(self._shown, rules, name, newest))

    def _newest_step(self) -> float | None:
        return self._shown.run.timestep if self._shown is not None else None

    def _chart_answer(self, width: int) -> str:
        """The first line where a cursor or a studied metric asks for its own; else empty."""
        snapshot = self._shown
        if snapshot is None:
            return ""
        if self._studied:
            name = self._grid.selected
            text, _ = latest(snapshot.run, name)
            series = snapshot.run.series.get(name)
            return study_answer(name, series, trend(snapshot.run, name), text, width)
        if self._look.cursor is None:
            return ""
        words = f"cursor at step {units.number(self._look.cursor)}"
        values = []
        for name in ("reward", "approx_kl", self._grid.selected):
            series = snapshot.run.series.get(name)
            row = nearest_row(series, self._look.cursor) if series is not None else None
            if series is not None and row is not None:
                values.append(f"{name} {units.number(series.value[row], metric(name).decimals)}")
        values = list(dict.fromkeys(values))
        while (
            len(values) > 1
            and len(f"{words}: {', '.join(values)}; {key_of('app.back')} leaves the cursor") > width
        ):
            values.pop()
        return f"{words}: {', '.join(values)}; {key_of('app.back')} leaves the cursor"

    def _redraw_charts(self) -> None:
        self._show_charts()
        self._say_answer()

    def on_metric_grid_paged(self, _event: MetricGrid.Paged) -> None:
        if not self._is_leaving and self.console.painting:
            self._redraw_charts()
            self._show_tiles()

    # The metric that fills the screen.

    def do_chart_open(self) -> None:
        if self._runs_open:
            self.do_run_overlay()
            return
        if not self._grid.selected:
            return
        self._studied = not self._studied
        self._arrange()

    # The cursor.

    def do_chart_left(self) -> None:
        self._move_cursor(-1)

    def do_chart_right(self) -> None:
        self._move_cursor(1)

    def _move_cursor(self, by: int) -> None:
        chart = self._acted_on
        series = self._series(chart.title) if chart is not None else None
        if chart is None or series is None or not len(series):
            return
        if self._look.cursor is None:
            row = nearest_row(series, series.timestep[-1])
            self._look.cursor = series.timestep[row] if row is not None else None
        elif (step := chart.step_beside(self._look.cursor, by)) is not None:
            self._look.cursor = step
        self._redraw_charts()

    def on_chart_clicked(self, event: Chart.Clicked) -> None:
        event.stop()
        if not self._studied:
            self._grid.select(event.chart.title)
        if event.step is not None:
            self._look.cursor = event.step
        self._redraw_charts()

    # Zoom and scales.

    def do_chart_zoom_in(self) -> None:
        self._zoom(1)

    def do_chart_zoom_out(self) -> None:
        self._zoom(-1)

    def do_chart_whole(self) -> None:
        self._look.span = None
        self._redraw_charts()

    def _zoom(self, by: int) -> None:
        series = self._series(self._grid.selected)
        if series is None or not len(series) or self._shown is None:
            return
        first, last = extent(series)
        low, high = window(first, last, self._shown.run.info.total_timesteps, gap(series))
        if not self._look.zoom(by, high - low, gap(series)):
            self.console.say("no closer" if by > 0 else "this is the whole run", "warning")
        self._redraw_charts()

    def do_chart_log(self) -> None:
        name = self._grid.selected
        series = self._series(name)
        if series is None or series.maximum is None or series.maximum <= 0:
            self.console.say(f"{name} has no value above zero: no logarithmic scale", "warning")
            return
        if self._look.toggle_log(name):
            below = sum(value <= 0 for value in series.value)
            left_out = f"; {below} points at or below zero are gaps" if below else ""
            self.console.say(f"{name} on a logarithmic scale{left_out}", "good")
        self._redraw_charts()

    def do_chart_smooth(self) -> None:
        self._look.smooth = not self._look.smooth
        words = "smoothed: dim are the rows with every extreme, bright is their mean"
        self.console.say(words if self._look.smooth else "the rows themselves", "good")
        self._redraw_charts()

    def _back_from_charts(self) -> bool:
        """`esc`: one thing at a time, the newest first."""
        if self._close_ask():
            return True
        if self._look.cursor is not None:
            self._look.cursor = None
            self._redraw_charts()
            return True
        if self._studied:
            self._studied = False
            self._arrange()
            return True
        if self._filter:
            self._apply_filter("")
            return True
        if self._look.span is not None:
            self.do_chart_whole()
            return True
        self._grid.unchoose()
        return False
