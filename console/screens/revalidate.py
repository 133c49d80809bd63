"""The Revalidate screen: what will be judged, five steps, the gates, the decision and why.

Trap avoided: a verdict before it is on disk. The banner follows the session's state, which says done only
after report and store were written; while a judgement runs, an earlier verdict stands as earlier.
"""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.message import Message

from console.keyboard import key_of
from console.keys import REVALIDATE
from console.screens.base import ConsoleScreen
from console.screens.judged import Judged, look
from console.screens.revalidate_facts import (
    STANDS,
    STEPS,
    age_words,
    answer,
    recommendation,
)
from console.screens.revalidate_subject import standing, subject
from console.states import RevalidationState
from core import units
from core.clock import utc_now
from widgets.decision_banner import DecisionBanner
from widgets.equity_chart import EquityChart
from widgets.flow_line import FlowLine
from widgets.gate_table import GateTable
from widgets.lines_panel import LinesPanel
from widgets.progress_steps import ProgressSteps
from widgets.symbol_table import SymbolTable

if TYPE_CHECKING:
    from core.revalidation.result import RevalidationResult

_WIDE, _TALL = 108, 24
"""From this size of the body on, all four panels stand side by side."""
_SHORT = 20
"""Below this height only what the result judged stands in the line above the panels."""
_LOOK_EVERY = 10
"""Seconds between two looks at the model on disk."""
_PANES = (("gates", "gates"), ("why", "recommendation"), ("symbols", "symbols"), ("equity", "equity"))
_GATES, _WHY, _SYMBOLS = 0, 1, 2

_EMPTY_WHY = "Deploy, Tune or Retrain, with the reasons, and the paths of the reports."
_EMPTY_SYMBOLS = "Return, drawdown, win rate, profit factor and trades of each symbol."
_EMPTY_EQUITY = "The portfolio's equity and its drawdown."


def _empty_gates(*, busy: bool = False) -> str:
    begins = "The model is being judged" if busy else f"{key_of('revalidate.start')} judges the model"
    return (
        f"{begins}. The six gates then stand here: limit, value, margin, what a random policy reaches, "
        "verdict."
    )


def _no_workspace() -> str:
    saves = key_of("workspace.save")
    return f"A workspace says which model and which candles are judged: {saves} saves this run as one."


class Revalidate(ConsoleScreen):
    """`R` starts (confirmed by the app), `esc` cancels, `tab` goes through the panes, `enter` opens a row."""

    CSS_PATH = "revalidate.tcss"
    number: ClassVar[int] = REVALIDATE
    name_shown: ClassVar[str] = "Revalidate"

    class Looked(Message):
        """The model and candles on disk were looked at."""

        def __init__(self, judged: Judged) -> None:
            super().__init__()
            self.judged = judged

    def __init__(self) -> None:
        super().__init__()
        self._state = RevalidationState()
        self._judged: Judged | None = None
        self._pane = 0
        self._wide = self._short = False
        self._ticks = 0
        self._began: tuple[int, float, int] = (0, 0.0, 0)
        """(step, monotonic time, done) when the current step was first seen, for pace."""

    def compose_body(self) -> ComposeResult:
        yield FlowLine(id="subject")
        yield ProgressSteps(STEPS, id="steps")
        yield FlowLine(id="panes")
        with Container(id="panels"):
            with Vertical(id="left"):
                yield GateTable(empty=_empty_gates(), id="gates")
                yield LinesPanel("recommendation", empty=_EMPTY_WHY, id="why")
            with Vertical(id="right"):
                yield EquityChart(empty=_EMPTY_EQUITY, id="equity")
                yield SymbolTable(empty=_EMPTY_SYMBOLS, id="symbols")
        yield DecisionBanner(id="banner")

    # Facts.

    def show_revalidation(self, state: RevalidationState) -> None:
        finished = self._state.busy and not state.busy
        self._state = state
        if finished or self._judged is None:
            self._look()
        self._say()

    def tick(self, now: datetime) -> None:
        self._ticks += 1
        if self._ticks % _LOOK_EVERY == 0 and not self._state.busy:
            self._look()
        self._say_ages(now)

    @work(thread=True, exclusive=True, group="judged")
    def _look(self) -> None:
        self.post_message(self.Looked(look(self._state.model_path, self._state.data_dir)))

    @on(Looked)
    def _looked(self, message: Looked) -> None:
        changed, self._judged = message.judged != self._judged, message.judged
        if changed and self.query("#run-header"):  # the first to leave when the screen is taken down
            self._say()

    def _say(self) -> None:
        state, now = self._state, utc_now()
        workspace = self.session.workspace
        self.query_one("#subject", FlowLine).put(subject(state, self._judged, self._shown, short=self._short))
        self._say_steps()
        result = state.result
        gates = self.query_one("#gates", GateTable)
        gates.empty = _empty_gates(busy=state.busy) if workspace is not None else _no_workspace()
        gates.show(result.gates if result else ())
        self.query_one("#symbols", SymbolTable).show(result.symbols if result else ())
        self.query_one("#equity", EquityChart).show(result.curve if result else None)
        self._say_ages(now)
        self._say_panes()

    def _shown(self, path: Path) -> str:
        workspace = self.session.workspace
        return workspace.relative(path) if workspace is not None else str(path)

    def _say_ages(self, now: datetime) -> None:
        """What reads differently as time passes: the answer, the banner's note, the result's age."""
        state, result = self._state, self._state.result
        stands = standing(state, self._judged)
        self.answer(*answer(state, stands, now))
        age = f"judged {age_words(result, now)} ago" if result is not None else ""
        warning = "earlier result" if state.busy else STANDS[stands] if stands else ""
        self.query_one("#banner", DecisionBanner).show(result, age, warning)
        self.query_one("#why", LinesPanel).show(recommendation(state, stands, now, self._shown))

    def _say_steps(self) -> None:
        steps, state = self.query_one("#steps", ProgressSteps), self._state
        progress = state.progress
        steps.display = state.busy or state.phase in ("failed", "cancelled", "done")
        if state.phase == "done":
            took = ""
            if state.started_at is not None and state.finished_at is not None:
                took = units.duration((state.finished_at - state.started_at).total_seconds())
            steps.show(len(STEPS) + 1, note=f"done in {took}" if took else "")
        elif progress is None:
            steps.show(1 if state.busy else 0, note=f"{key_of('app.back')} cancels" if state.busy else "")
        elif state.busy:
            note = (
                "cancelling"
                if state.phase == "cancelling"
                else f"{self._time_left()}{key_of('app.back')} cancels"
            )
            steps.show(progress.step, progress.done, progress.total, note)
        else:
            words = "cancelled" if state.phase == "cancelled" else "failed"
            steps.show(progress.step, note=words, failed=True)

    def _time_left(self) -> str:
        """`6s left   ` from the pace since the step began; empty while that is not known."""
        progress = self._state.progress
        if progress is None or not progress.total:
            return ""
        clock = time.monotonic()
        if self._began[0] != progress.step or progress.done < self._began[2]:
            self._began = (progress.step, clock, progress.done)
        _, began, done_then = self._began
        done, elapsed = progress.done - done_then, clock - began
        if done <= 0 or elapsed < 0.5:
            return ""
        return f"{units.duration((progress.total - progress.done) * elapsed / done)} left   "

    # Room.

    def on_resize(self, _event: events.Resize) -> None:
        self._arrange()

    def on_screen_resume(self, _event: events.ScreenResume) -> None:
        self._arrange()
        self._look()

    def _arrange(self) -> None:
        if not self.is_mounted:
            return
        if (short := self.size.height < _SHORT) != self._short:
            self._short = short
            self._say()
        self._wide = self.size.width >= _WIDE and self.size.height - 4 >= _TALL
        self.set_class(self._wide, "-four")
        for index, (name, _words) in enumerate(_PANES):
            self.query_one(f"#{name}").display = self._wide or index == self._pane
        left = self._wide or _PANES[self._pane][0] in ("gates", "why")
        self.query_one("#left").display = left
        self.query_one("#right").display = self._wide or not left
        scrolled = self._scrolled()
        for pane in (self.query_one(GateTable), self.query_one(SymbolTable)):
            pane.activate(pane is scrolled)
        self.query_one("#why", LinesPanel).activate(self._wide and scrolled.id == "why")
        self._say_panes()

    def _say_panes(self) -> None:
        line = self.query_one("#panes", FlowLine)
        line.display = not self._wide
        line.put(
            [
                [(words, "accent-bold" if index == self._pane else "dim")]
                for index, (_name, words) in enumerate(_PANES)
            ]
        )

    def waits_for(self) -> str:
        """Its panes stand without a run; only what the first look at the disk brings is waited for."""
        return "" if self._judged is not None else "the model and the candles are being looked at"

    # Keys.

    def do_pane_next(self) -> None:
        self._turn(1)

    def do_pane_previous(self) -> None:
        self._turn(-1)

    def _turn(self, step: int) -> None:
        if self._wide:
            self._pane = (self._pane + step) % (_SYMBOLS + 1) if self._pane <= _SYMBOLS else _GATES
        else:
            self._pane = (self._pane + step) % len(_PANES)
        self._arrange()

    def do_app_back(self) -> None:
        """`esc` cancels a running judgement; otherwise it goes back."""
        if self._state.phase == "running":
            self.session.cancel_revalidation()
        else:
            self.console.do_app_back()

    def do_move_down(self) -> None:
        self._move(1)

    def do_move_up(self) -> None:
        self._move(-1)

    def do_page_down(self) -> None:
        self._move(self._page())

    def do_page_up(self) -> None:
        self._move(-self._page())

    def do_move_top(self) -> None:
        self._move(-1_000_000)

    def do_move_end(self) -> None:
        self._move(1_000_000)

    def do_row_open(self) -> None:
        """The gate under the cursor in full, or the symbol's trades."""
        result, pane = self._state.result, self._scrolled()
        if result is None:
            self.console.say(
                f"nothing was judged yet: {key_of('revalidate.start')} judges the model", "plain"
            )
        elif isinstance(pane, GateTable) and (gate := pane.selected) is not None:
            from console.screens.gate_detail import gate_facts, gate_title
            from console.screens.modals import Details

            chosen = gate.name

            def facts(_now: datetime) -> tuple[tuple[str, str, str], ...] | None:
                judged = self._state.result
                found = [each for each in judged.gates if each.name == chosen] if judged is not None else []
                return gate_facts(found[0], judged) if judged is not None and found else None

            self.app.push_screen(Details(gate_title(gate), facts))
        elif isinstance(pane, SymbolTable) and (symbol := pane.selected) is not None:
            self._open_trades(result, symbol.symbol)
        else:
            self.console.say(
                f"{key_of('pane.next')} goes to the gates and the symbols: {key_of('row.open')} opens them",
                "plain",
            )

    def _open_trades(self, result: RevalidationResult, symbol: str) -> None:
        from console.screens.trades import SymbolTrades
        from core.errors import UnreadableError
        from core.revalidation.trade_book import BOOK_NAME, read_book

        path = next((Path(path) for path in result.reports if Path(path).name == BOOK_NAME), None)
        if path is None:
            self.console.say(
                f"no list of trades was saved with this result: {key_of('revalidate.start')} judges again",
                "warning",
            )
            return
        try:
            book = read_book(path)
        except UnreadableError as error:
            self.console.say(error.title, "critical")
            return
        if not book.belongs_to(result) or book.of(symbol) is None:
            self.console.say(f"{self._shown(path)} belongs to another judgement", "warning")
            return
        self.app.push_screen(SymbolTrades(book, symbol))

    def _scrolled(self) -> GateTable | LinesPanel | SymbolTable:
        """What j and k move: the chosen pane, the gates where that is the equity."""
        if self._pane == _SYMBOLS:
            return self.query_one(SymbolTable)
        return self.query_one("#why", LinesPanel) if self._pane == _WHY else self.query_one(GateTable)

    def _move(self, rows: int) -> None:
        self._scrolled().move(rows)

    def _page(self) -> int:
        return self._scrolled().page_size
