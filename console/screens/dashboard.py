"""The Dashboard: is the run healthy. Charts of every metric by pages, tiles, host, and the latest alerts.

Trap avoided: drawing what nobody sees. In a small terminal one chart stands beside the tiles and tab shows
the next; below a question or behind another screen nothing is drawn until it is visible again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.geometry import Size
from textual.widget import Widget
from textual.widgets import Input

from console.keys import DASHBOARD
from console.screens.base import ConsoleScreen
from console.screens.dashboard_charts import ChartsMixin
from console.screens.dashboard_facts import answer
from console.screens.dashboard_find import FindMixin
from console.screens.dashboard_runs import RunsMixin
from console.screens.dashboard_sources import SourcesMixin
from console.screens.dashboard_tiles import alert_lines, tiles
from console.screens.dashboard_time import TimeMixin
from console.screens.dashboard_visit import VisitMixin
from console.snapshot import Snapshot
from core.clock import utc_now
from widgets.chart import Chart
from widgets.fact_lines import FactLines
from widgets.lines_panel import LinesPanel
from widgets.metric_grid import MetricGrid
from widgets.room import Room
from widgets.runs_list import RunsList
from widgets.tiles import Tiles
from widgets.tone import Tone

if TYPE_CHECKING:
    from core.telemetry.model import Series

_BROAD_WIDTH, _WIDE_WIDTH = 150, 104
_SIDE_WIDTH = 66
"""From this width on, charts stand beside the tiles; below it one pane is shown at a time."""
_PANES = ("charts", "tiles", "alerts")


class Dashboard(ChartsMixin, FindMixin, TimeMixin, RunsMixin, SourcesMixin, VisitMixin, ConsoleScreen):
    """`tab` goes to the next chart, or pane where only one is shown; enter lets a metric fill the screen."""

    CSS_PATH = "dashboard.tcss"
    number: ClassVar[int] = DASHBOARD
    name_shown: ClassVar[str] = "Dashboard"

    def __init__(self) -> None:
        super().__init__()
        self._live: Snapshot | None = None
        self._shown: Snapshot | None = None
        self._single = False
        """One pane is shown at a time."""
        self._pane = "charts"
        self._arranged = Size(0, 0)
        """For this size of the screen."""

    def compose_body(self) -> ComposeResult:
        yield MetricGrid(id="grid")
        with Room(id="side"):
            yield Tiles("now", empty="The run's other values stand here after its first row.", id="tiles")
            yield LinesPanel("alerts", empty="none firing", id="alerts")

    def compose_later(self) -> Sequence[Widget]:
        study = Room(Chart("", id="study-chart"), FactLines(id="study-facts"), id="study")
        return study, RunsList(id="runs"), Input(id="ask", max_length=80, select_on_focus=False)

    def size_classes(self, width: int) -> Mapping[str, bool]:
        return {
            "-single": width < _SIDE_WIDTH,
            "-roomy": width >= _WIDE_WIDTH,
            "-broad": width >= _BROAD_WIDTH,
        }

    def on_mount(self) -> None:
        if self.console.picture is None:
            self.answer("reading the run", "unknown")
        self._arrange()

    # Facts.

    def show(self, snapshot: Snapshot) -> None:
        self._live = snapshot
        if self._is_leaving:
            return
        if self._replay.moment is None or self._shown is None:
            self._show_all()
        self._take_visit()

    def tick(self, now: datetime) -> None:
        if self._shown is not None and self._replay.moment is None and not self._is_leaving:
            self._show_tiles()
            if self._shown.run.history < 1:
                self._say_answer()

    def on_screen_resume(self, _event: events.ScreenResume) -> None:
        if self._room_may_differ:
            self._arrange(show=self._replay.moment is not None)  # else the app shows the newest picture

    @property
    def _is_leaving(self) -> bool:
        """Its parts are gone before it is."""
        return not self.children

    def _show_all(self) -> None:
        if self._live is None:
            return
        self._shown = self._replay.snapshot(self._live)
        self._put_metrics()
        if not self.console.painting:
            return  # the charts are made; they are filled once, just before the first paint
        self._say_answer()
        self._show_charts()
        self._show_tiles()
        self._show_alerts()

    def _say_answer(self) -> None:
        snapshot = self._shown
        if snapshot is None:
            return
        rules = self.session.settings.alerts
        width, moment = self.size.width - 4, self._replay.moment
        tone: Tone = "accent"
        words = self._chart_answer(width)
        if (visit := self._visit_answer()) is not None:
            words, tone = visit
        elif moment is not None:
            words, tone = self._replay_answer(moment, width), "warning"
        elif self._runs_open:
            words = self._runs_answer(width)
        elif not words:
            words, tone = answer(snapshot, rules, width, workspace=self.session.workspace is not None)
        self.answer(words, tone)

    def _show_tiles(self) -> None:
        snapshot = self._shown
        panel = self.query_one("#tiles", Tiles)
        if snapshot is not None and self.query_one("#side").display and panel.display:
            charted = [chart.title for chart in self._grid.charts] if self._grid.display else []
            past = self._replay.moment is not None
            now = snapshot.taken_at if past else max(utc_now(), snapshot.taken_at)
            panel.title = "then" if past else "now"
            shown = tiles(snapshot, charted, now, past=past)
            panel.show([*self._overlay_tiles(), *shown])

    def _show_alerts(self) -> None:
        snapshot = self._shown
        if snapshot is None:
            return
        panel = self.query_one("#alerts", LinesPanel)
        firing = sum(alert.state == "firing" for alert in snapshot.alerts)
        value = [(f"{firing} firing", "bright" if firing else "dim")] if snapshot.alerts else []
        alerts, rules = snapshot.alerts, self.session.settings.alerts
        series = snapshot.run.series
        panel.show(lambda width: alert_lines(alerts, rules, width, series), value)

    # Room.

    def on_resize(self, _event: events.Resize) -> None:
        if self._room_may_differ:
            self._arrange()

    @property
    def _room_may_differ(self) -> bool:
        """Before the first paint only another size makes it so."""
        return self.console.painting or self.size != self._arranged

    def _arrange(self, *, show: bool = True) -> None:
        """Which panes stand on the screen; `show`: with what they hold."""
        if not self.is_mounted:
            return
        self._arranged = self.size
        width, height = self.size.width, self.size.height - 4
        self._single = width < _SIDE_WIDTH
        self.update_classes(self.size_classes(width))
        runs = self._runs_open
        pane = self._pane if self._single and not self._studied and not runs else "charts"
        charts = not (self._single and runs)
        self._display("#study", self._studied and charts)
        self._display("#grid", pane == "charts" and not self._studied and charts)
        self._display("#side", not runs and not self._studied and (not self._single or pane != "charts"))
        self._display("#tiles", not self._single or pane == "tiles")
        self._display("#alerts", not self._single or pane == "alerts")
        self._display("#runs", runs)
        if self.console.painting:
            self.console.update_chrome()  # the footer says what the keys do just now
        facts = self.query_one_optional("#study-facts", FactLines)
        if facts is not None:
            facts.most = max(2, min(9, height // 3))
        if not self._is_leaving:
            self._show_runs()
            if show:
                self._show_all()

    def _display(self, selector: str, shown: bool) -> None:
        """Show or hide a pane; one that comes back is drawn whole, with what changed meanwhile."""
        pane = self.query_one_optional(selector)
        if pane is None or pane.display == shown:
            return
        if shown:
            for widget in (pane, *pane.walk_children()):
                widget.refresh()
        pane.display = shown

    # Keys.

    def do_pane_next(self) -> None:
        self._turn(1)

    def do_pane_previous(self) -> None:
        self._turn(-1)

    def _turn(self, step: int) -> None:
        if self._single and not self._studied and not self._runs_open:
            self._pane = _PANES[(_PANES.index(self._pane) + step) % len(_PANES)]
            self._arrange()
        else:
            self._grid.move(step)

    def do_move_down(self) -> None:
        self._move(1)

    def do_move_up(self) -> None:
        self._move(-1)

    def _move(self, by: int) -> None:
        if self._runs_open:
            self._runs_list.move(by)
        else:
            self._grid.move(by)

    def do_page_down(self) -> None:
        self._page(1)

    def do_page_up(self) -> None:
        self._page(-1)

    def _page(self, by: int) -> None:
        if self._runs_open:
            self._runs_list.page(by)
        elif self._studied:
            self._grid.move(by)
        else:
            self._grid.page(by)

    def do_move_top(self) -> None:
        self._to_end(first=True)

    def do_move_end(self) -> None:
        self._to_end(first=False)

    def _to_end(self, *, first: bool) -> None:
        if self._runs_open:
            self._runs_list.to(0 if first else self._runs_list.count - 1)
        else:
            self._grid.to_end(first=first)

    def export_series(self) -> list[Series]:
        """What `x` writes: the series on the screen, as far as they are shown."""
        charts = [self._study_chart] if self._studied else self._grid.charts
        found = [self._series(chart.title) for chart in charts]
        return [series for series in found if series is not None]

    def do_tiles_page(self) -> None:
        if self._studied:
            self.query_one("#study-facts", FactLines).page()
        else:
            self.query_one("#tiles", Tiles).page()

    def on_back(self) -> bool:
        visit = self._back_from_visit()
        if visit is not None:
            return visit
        return self._back_from_runs() or self._back_from_charts() or self._back_from_replay()
