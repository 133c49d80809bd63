"""The Dashboard's metrics by name: found one after another, or only those with some words shown.

Trap avoided: a filter that fits nothing and leaves an empty screen; the metrics stay as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.widgets import Input

from console.keyboard import key_of
from console.screens.dashboard_facts import matching, metric_names

if TYPE_CHECKING:
    from console.screens.base import ConsoleScreen
    from console.snapshot import Snapshot
    from widgets.metric_grid import MetricGrid

    _Screen = ConsoleScreen
else:
    _Screen = object


class FindMixin(_Screen):
    """Mixed into the Dashboard."""

    if TYPE_CHECKING:
        _shown: Snapshot | None

        @property
        def _grid(self) -> MetricGrid: ...
        def _put_metrics(self) -> None: ...
        def _redraw_charts(self) -> None: ...
        def _show_tiles(self) -> None: ...

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._filter = ""
        self._found = ""
        self._asking = ""
        """What the field is open for: `find`, `filter`, or nothing."""

    def do_metric_find(self) -> None:
        self._ask("find", f"a metric's name, then enter; {key_of('app.back')} leaves", "")

    def do_metric_filter(self) -> None:
        self._ask("filter", "show the metrics with these words; empty shows all", self._filter)

    def do_metric_next(self) -> None:
        self._go_to_found(1)

    def do_metric_previous(self) -> None:
        self._go_to_found(-1)

    def _ask(self, what: str, placeholder: str, value: str) -> None:
        self._asking = what
        field = self.query_one("#ask", Input)
        field.display = True
        field.placeholder, field.value = placeholder, value
        field.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self._asking == "filter" and event.value != self._filter:
            self._apply_filter(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        what, text = self._asking, event.value.strip()
        self._close_ask()
        if what == "find" and text:
            self._found = text
            self._go_to_found(1)
        elif what == "filter":
            self._apply_filter(text)
            if text:
                self.console.say(
                    f'{self._grid.count} metrics with "{text}"; '
                    f"{key_of('metric.filter')} and {key_of('app.back')} show all",
                    "good",
                )

    def _apply_filter(self, words: str) -> None:
        if self._shown is None:
            return
        if words and not matching(metric_names(self._shown.run), words):
            self.console.say(f'no metric with "{words}"', "warning")
            return
        self._filter = words
        self._put_metrics()
        self._redraw_charts()
        self._show_tiles()

    def _go_to_found(self, by: int) -> None:
        if self._shown is None:
            return
        names = matching(metric_names(self._shown.run), self._filter)
        found = matching(names, self._found) if self._found else []
        if not found:
            asks = f"nothing to look for yet: {key_of('metric.find')} asks"
            words = f'no metric with "{self._found}"' if self._found else asks
            self.console.say(words, "warning")
            return
        at = self._grid.selected
        place = found.index(at) + by if at in found else 0 if by > 0 else -1
        self._grid.select(found[place % len(found)])
        self._redraw_charts()

    def _close_ask(self) -> bool:
        field = self.query_one("#ask", Input)
        was = bool(field.display)
        field.display = False
        self._asking = ""
        self.set_focus(None)
        return was
