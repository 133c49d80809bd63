"""The Dashboard: is the run healthy. Four charts, a tile for every other column, host, and the latest alerts.

Trap avoided: drawing what nobody sees. In a small terminal one chart stands beside the tiles and tab shows
the next; only visible charts are given new rows.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.widget import Widget

from console.keys import DASHBOARD
from console.screens.base import ConsoleScreen
from console.screens.dashboard_facts import (
    CHARTED,
    EMPTY,
    ZERO_MEANS_SOMETHING,
    alert_lines,
    answer,
    latest,
    thresholds,
    tiles,
    trend,
)
from console.snapshot import Snapshot
from core.alerts.rule import Rule
from widgets.chart import Chart
from widgets.lines_panel import LinesPanel
from widgets.tiles import Tiles

_GRID_WIDTH, _GRID_HEIGHT = 104, 20
"""From this size of the body on, four charts stand beside the tiles."""
_BROAD_WIDTH = 150
_SIDE_WIDTH = 66
"""From this width on, one chart stands beside the tiles; below it one pane is shown at a time."""


class Dashboard(ConsoleScreen):
    """`tab` goes to the next chart, or pane where only one is shown."""

    CSS_PATH = "dashboard.tcss"
    number: ClassVar[int] = DASHBOARD
    name_shown: ClassVar[str] = "Dashboard"

    def __init__(self) -> None:
        super().__init__()
        self._snapshot: Snapshot | None = None
        self._layout_mode = ""
        self._pane = 0
        self._drawn: dict[str, tuple[int, int]] = {}

    def compose_body(self) -> ComposeResult:
        with Container(id="charts"):
            for name in CHARTED:
                zero = name in ZERO_MEANS_SOMETHING
                yield Chart(name, zero=zero, empty=EMPTY[name], id=f"chart-{name}", classes="chart")
        with Vertical(id="side"):
            yield Tiles("now", empty="The run's other values stand here after its first row.", id="tiles")
            yield LinesPanel("alerts", empty="none firing", id="alerts")

    def on_mount(self) -> None:
        self.answer("reading the run", "unknown")

    # Facts.

    def show(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self.answer(*answer(snapshot, self._rules, self.size.width - 4))
        self._show_charts()
        self._show_tiles(snapshot.taken_at)
        firing = sum(alert.state == "firing" for alert in snapshot.alerts)
        value = [(f"{firing} firing", "bright" if firing else "dim")] if snapshot.alerts else []
        self.query_one("#alerts", LinesPanel).show(alert_lines(snapshot.alerts, self._rules), value)

    def tick(self, now: datetime) -> None:
        if self._snapshot is not None:
            self._show_tiles(now)

    def on_screen_resume(self) -> None:
        self._arrange()

    @property
    def _rules(self) -> dict[str, Rule]:
        return self.session.settings.alerts

    def _show_charts(self) -> None:
        snapshot = self._snapshot
        if snapshot is None:
            return
        run = snapshot.run
        started = run.info.started_at
        age = (snapshot.taken_at - started).total_seconds() if started is not None else None
        for chart in self._charts():
            name = chart.title
            if not chart.display:
                continue
            text, tone = latest(run, name)
            chart.show(
                run.series.get(name),
                latest=text,
                latest_tone=tone,
                trend=trend(run, name),
                total=run.info.total_timesteps,
                thresholds=thresholds(name, self._rules, age),
            )

    def _show_tiles(self, now: datetime) -> None:
        if self._snapshot is not None:
            charted = [chart.title for chart in self._charts() if chart.display]
            self.query_one("#tiles", Tiles).show(tiles(self._snapshot, charted, now))

    # Room.

    def on_resize(self, _event: events.Resize) -> None:
        self._arrange()

    def _charts(self) -> list[Chart]:
        return list(self.query(Chart))

    def _panes(self) -> list[Widget]:
        """What tab goes through: nothing in the grid, the charts beside the tiles, else every pane."""
        if self._layout_mode == "grid":
            return []
        charts: list[Widget] = list(self._charts())
        if self._layout_mode == "side":
            return charts
        return [*charts, self.query_one("#tiles"), self.query_one("#alerts")]

    def _arrange(self) -> None:
        if not self.is_mounted:
            return
        width, height = self.size.width, self.size.height - 4
        mode = "single"
        if width >= _GRID_WIDTH and height >= _GRID_HEIGHT:
            mode = "grid"
        elif width >= _SIDE_WIDTH:
            mode = "side"
        self.set_class(width >= _BROAD_WIDTH, "-broad")
        if mode != self._layout_mode:
            for old in ("grid", "side", "single"):
                self.set_class(old == mode, f"-{old}")
            self._layout_mode = mode
            self._pane = 0
        self._show_pane()

    def _show_pane(self) -> None:
        panes = self._panes()
        for index, pane in enumerate(panes):
            pane.display = index == self._pane
        if not panes or self._layout_mode == "side":
            for pane in (self.query_one("#tiles"), self.query_one("#alerts")):
                pane.display = True
        if not panes:
            for chart in self._charts():
                chart.display = True
        single = self._layout_mode == "single"
        self.query_one("#charts").display = not single or self._pane < len(CHARTED)
        self.query_one("#side").display = not single or self._pane >= len(CHARTED)
        if self._snapshot is not None:
            self._show_charts()
            self._show_tiles(self._snapshot.taken_at)

    # Keys.

    def do_pane_next(self) -> None:
        self._turn(1)

    def do_pane_previous(self) -> None:
        self._turn(-1)

    def _turn(self, step: int) -> None:
        panes = self._panes()
        if not panes:
            self.query_one("#tiles", Tiles).page()
            return
        self._pane = (self._pane + step) % len(panes)
        self._show_pane()

    def do_tiles_page(self) -> None:
        self.query_one("#tiles", Tiles).page()
