"""The Dashboard's comparison with earlier runs: the list, overlays, the pinned one.

Trap avoided: a line on a chart that nobody can name; each overlaid run has a letter, on its line, in the list
and among the values.
"""

from __future__ import annotations

import contextlib
import math
from typing import TYPE_CHECKING, Any

from textual.message import Message

from console.keyboard import key_of
from console.runs import RunLibrary
from console.screens.dashboard_study import exact, fact
from core import units
from widgets.chart import Line
from widgets.chart_points import nearest_row
from widgets.fact_lines import FactLine
from widgets.lines import Row
from widgets.runs_list import RunRow, RunsList
from widgets.tiles import Tile

if TYPE_CHECKING:
    from console.screens.base import ConsoleScreen
    from console.snapshot import Snapshot
    from core.telemetry.archive import EarlierRun

    _Screen = ConsoleScreen
else:
    _Screen = object

_LETTERS = "ABCDE"
_NO_WORKSPACE = "Earlier runs stand in a workspace's logs/runs: open the console in one to compare with them."
_NOTHING = "no earlier run to compare with"
_NONE = "No earlier run yet: `ppo-console train --fresh` moves the run before it to"


class RunsChanged(Message):
    """The library has something new."""


class RunsMixin(_Screen):
    """Mixed into the Dashboard."""

    if TYPE_CHECKING:
        _shown: Snapshot | None

        @property
        def _is_leaving(self) -> bool: ...
        def _arrange(self) -> None: ...
        def _redraw_charts(self) -> None: ...
        def _show_tiles(self) -> None: ...
        def _say_answer(self) -> None: ...

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._library: RunLibrary | None = None
        self._runs_open = False
        self._overlaid: dict[str, str] = {}
        """Letter by run, in the order in which they were overlaid."""
        self._pinned = ""
        self._hidden = False

    @property
    def _runs_list(self) -> RunsList:
        return self.query_one("#runs", RunsList)

    def _runs(self) -> dict[str, EarlierRun]:
        return dict(self._library.runs) if self._library is not None else {}

    def _run_name(self, key: str) -> str:
        """Its tag; with its start where another run has the same."""
        runs = self._runs()
        run = runs.get(key)
        if run is None or run.tag is None:
            return key
        shared = sum(other.tag == run.tag for other in runs.values()) > 1
        started = run.started_at.strftime(" %m-%d %H:%MZ") if shared and run.started_at is not None else ""
        return run.tag + started

    # The list.

    def do_runs_open(self) -> None:
        if self._library is None:
            workspace = self.session.workspace
            archive = workspace.archive if workspace is not None else None
            self._library = RunLibrary(archive, self._library_changed)
        self._runs_open = not self._runs_open
        if self._runs_open:
            self._library.look()
        self._arrange()

    def _library_changed(self) -> None:
        """In the library's thread; the program may be leaving."""
        with contextlib.suppress(RuntimeError):
            self.post_message(RunsChanged())

    def on_runs_changed(self, _event: RunsChanged) -> None:
        if self._is_leaving:
            return
        self._show_runs()
        if self._overlaid:
            self._redraw_charts()
        self._say_answer()
        self.console.update_chrome()

    def _show_runs(self) -> None:
        library = self._library
        if library is None:
            return
        rows = [self._row(library, key, run) for key, run in library.runs.items()]
        rows.sort(key=lambda row: not row.pinned)
        workspace = self.session.workspace
        if workspace is None:
            empty = _NO_WORKSPACE
        elif not library.listed:
            empty = "reading the earlier runs"
        elif library.trouble:
            empty = f"the earlier runs could not be read: {library.trouble}"
        else:
            empty = f"{_NONE} {workspace.relative(workspace.archive)}, and it stands here."
        self._runs_list.put(rows, empty=empty)

    def _row(self, library: RunLibrary, key: str, run: EarlierRun) -> RunRow:
        steps = f"{units.number(run.last_step)} steps" if run.last_step is not None else ""
        problem = library.problems.get(key) or run.problem or ("" if steps else "no rows")
        return RunRow(
            key,
            run.tag or key,
            run.started_at.strftime("%Y-%m-%d %H:%MZ") if run.started_at is not None else "",
            run.outcome or "",
            steps,
            units.number(run.best_sharpe, 2) if run.best_sharpe is not None else "",
            self._overlaid.get(key, ""),
            key == self._pinned,
            key in self._overlaid and not (library.is_loaded(key) or problem),
            problem,
        )

    def _runs_answer(self, width: int) -> str:
        """The first line while the list is open."""
        count = len(self._runs())
        if not count:
            looking = (
                self._library is not None and self.session.workspace is not None and not self._library.listed
            )
            words = "looking for earlier runs" if looking else _NOTHING
            return f"{words}; {key_of('app.back')} closes"
        on = ", ".join(f"{letter} {self._run_name(key)}" for key, letter in self._overlaid.items())
        words = f"{count} earlier run{'s' if count != 1 else ''}"
        shown = f"; overlaid: {on}{' (hidden)' if self._hidden else ''}" if on else ", none overlaid"
        keys = (
            f"; {key_of('chart.open')} overlays, {key_of('run.pin')} pins, {key_of('run.hide')} hides, "
            f"{key_of('app.back')} closes"
        )
        whole = f"{words}{shown}{keys}"
        return whole if len(whole) <= width else f"{words}{shown}"

    # Overlays.

    def do_run_overlay(self) -> None:
        key = self._chosen_run()
        if key is None or self._library is None:
            return
        if key in self._overlaid:
            del self._overlaid[key]
            if self._pinned == key:
                self._pinned = ""
        elif not self._overlay(key):
            return
        self._overlays_changed()

    def _overlay(self, key: str) -> bool:
        free = [letter for letter in _LETTERS if letter not in self._overlaid.values()]
        if not free:
            self.console.say(f"{len(_LETTERS)} runs are overlaid already: take one off", "warning")
            return False
        assert self._library is not None
        self._overlaid[key] = free[0]
        self._hidden = False
        self._library.load(key)
        return True

    def do_run_pin(self) -> None:
        key = self._chosen_run()
        if key is None:
            return
        if self._pinned == key:
            self._pinned = ""
        elif key in self._overlaid or self._overlay(key):
            self._pinned = key
            self.console.say(f"{self._run_name(key)} is pinned: values are compared with it", "good")
        self._overlays_changed()

    def do_run_hide(self) -> None:
        if not self._overlaid:
            self.console.say(f"no run is overlaid: {key_of('runs.open')} lists them", "warning")
            return
        self._hidden = not self._hidden
        self.console.say("the overlaid runs are hidden" if self._hidden else "shown again", "good")
        self._overlays_changed()

    def _chosen_run(self) -> str | None:
        if not self._runs_open:
            self.console.say(f"{key_of('runs.open')} lists the earlier runs", "warning")
            return None
        chosen = self._runs_list.chosen
        if chosen is None:
            self.console.say(_NOTHING, "warning")
        return chosen.key if chosen is not None else None

    def _overlays_changed(self) -> None:
        self._show_runs()
        self._redraw_charts()
        self._show_tiles()

    def _overlays(self, name: str) -> tuple[Line, ...]:
        """The other runs' lines on a metric's chart, the pinned one last: it lies on top."""
        if self._library is None or self._hidden:
            return ()
        lines = []
        for key, letter in sorted(self._overlaid.items(), key=lambda item: item[0] == self._pinned):
            series = self._library.series(key, name)
            if series is not None and len(series):
                lines.append(Line(key, series, letter, "bright" if key == self._pinned else "plain"))
        return tuple(lines)

    def _overlay_facts(self, name: str, step: float | None) -> list[FactLine]:
        """Their values at the same step, and how far this run is from the pinned one."""
        run = self._shown.run if self._shown is not None else None
        own = run.series.get(name) if run is not None else None
        at = step if step is not None else (run.timestep if run is not None else None)
        if at is None:
            return []
        here = nearest_row(own, at) if own is not None and len(own) else None
        line: list[Row] = []
        for other in self._overlays(name):
            row = nearest_row(other.points, at)
            if row is None:
                continue
            value, there = other.points.value[row], other.points.timestep[row]
            words = f"{exact(value)} @{units.steps(there)}"
            if other.key == self._pinned and own is not None and here is not None:
                change = own.value[here] - value
                words += f" (this run {change:+.6g})" if math.isfinite(change) else ""
            line.append(fact(f"{other.letter} {self._run_name(other.key)}", words))
        return [line] if line else []

    def _overlay_tiles(self) -> list[Tile]:
        """Which letter is which run, among the values."""
        if not self._overlaid or self._hidden:
            return []
        rows = [Tile(letter, self._run_name(key), tone="plain") for key, letter in self._overlaid.items()]
        return [Tile("overlaid", "", heading=True), *rows, Tile("this run", "", heading=True)]

    def _back_from_runs(self) -> bool:
        if not self._runs_open:
            return False
        self._runs_open = False
        self._arrange()
        return True
