"""A grid of charts that pages through many metrics: as many as there is room for, one of them selected.

Trap avoided: a chart per metric, each of them fed while nobody sees it. A few charts are kept, and drawn with
the metrics of the page that is open.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from textual import events
from textual.message import Message

from widgets.chart import Chart
from widgets.room import Room

_CHART_WIDTH, _CHART_HEIGHT = 40, 15
"""A chart has at least this room where there are several."""
_MOST_ACROSS, _MOST_DOWN = 4, 3


class MetricSlot(msgspec.Struct, frozen=True):
    """One metric and how its chart is drawn."""

    name: str
    zero: bool = False
    empty: str = ""


class MetricGrid(Room):
    """`put` says which metrics there are; `charts` are those of the open page, to be filled by the screen."""

    DEFAULT_CSS = """
    MetricGrid { width: 1fr; height: 1fr; layout: grid; grid-size: 1 1; }
    """

    class Paged(Message):
        """Other charts are on the page, or the selection moved: fill them."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._slots: tuple[MetricSlot, ...] = ()
        self._selected = 0
        self._chosen = False
        """Somebody moved the selection, so it is shown."""
        self._shape = (1, 1)
        self._pool: list[Chart] = []

    def put(self, slots: Sequence[MetricSlot]) -> None:
        """The metrics in order; the selected one stays selected while it is among them."""
        if tuple(slots) == self._slots:
            return
        name = self.selected
        self._slots = tuple(slots)
        names = [slot.name for slot in slots]
        self._selected = names.index(name) if name in names else 0
        self._arrange()

    @property
    def selected(self) -> str:
        """The name of the selected metric; empty where there is none."""
        return self._slots[self._selected].name if self._slots else ""

    @property
    def charts(self) -> list[Chart]:
        """The charts of the open page, in order."""
        return self._pool[: len(self._page())]

    @property
    def page_size(self) -> int:
        return self._shape[0] * self._shape[1]

    @property
    def pages(self) -> tuple[int, int]:
        """(open page from 1, number of pages)."""
        size = self.page_size
        return self._selected // size + 1, max(1, -(-len(self._slots) // size))

    @property
    def count(self) -> int:
        return len(self._slots)

    def chart_of(self, name: str) -> Chart | None:
        """The chart of a metric on the open page."""
        return next((chart for chart in self.charts if chart.title == name), None)

    # Moving.

    def move(self, by: int) -> None:
        """Select the next (`by` > 0) or an earlier metric; past the last comes the first."""
        if self._slots:
            self._select((self._selected + by) % len(self._slots))

    def page(self, by: int) -> None:
        """Open the next or an earlier page."""
        page, pages = self.pages
        self._select(min((page - 1 + by) % pages * self.page_size, max(0, len(self._slots) - 1)))

    def select(self, name: str) -> bool:
        """Select a metric by its name; False where it is not among them."""
        for index, slot in enumerate(self._slots):
            if slot.name == name:
                self._select(index)
                return True
        return False

    def to_end(self, *, first: bool) -> None:
        self._select(0 if first else len(self._slots) - 1)

    def unchoose(self) -> None:
        """Do not mark the selected chart any more."""
        self._chosen = False
        self._arrange()

    def _select(self, index: int) -> None:
        self._selected, self._chosen = max(0, index), True
        self._arrange()
        self.post_message(self.Paged())

    # Room.

    def on_resize(self, event: events.Resize) -> None:
        width, height = event.size
        shape = (
            min(max(1, width // _CHART_WIDTH), _MOST_ACROSS),
            min(max(1, height // _CHART_HEIGHT), _MOST_DOWN),
        )
        if shape != self._shape or not self._pool:
            self._shape = shape
            self.styles.grid_size_columns, self.styles.grid_size_rows = shape
            self._arrange()
            self.post_message(self.Paged())

    def _page(self) -> tuple[MetricSlot, ...]:
        size = self.page_size
        start = self._selected // size * size
        return self._slots[start : start + size]

    def _arrange(self) -> None:
        page = self._page()
        missing = [Chart("", classes="chart") for _ in range(len(page) - len(self._pool))]
        if missing and self.is_attached:
            self._pool += missing
            self.mount(*missing)
        for index, chart in enumerate(self._pool):
            chart.display = index < len(page)
            if index < len(page):
                slot = page[index]
                chart.become(slot.name, zero=slot.zero, empty=slot.empty)
                active = self._chosen and slot.name == self.selected and len(page) > 1
                if chart.active != active:
                    chart.active = active
                    chart.redraw()
