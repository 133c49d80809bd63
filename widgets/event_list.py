"""The week's events as a list: days, times, what, whose, and each state as glyph and word; now between them.

Trap avoided: a plan in which the present has to be worked out from the clock: a line of its own says where it
is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from widgets.lines import Row, fit
from widgets.row_list import RowList
from widgets.tone import Tone, ascii_only, safe

STATE_TONE: dict[str, Tone] = {
    "overdue": "critical",
    "now": "warning",
    "due": "accent",
    "later": "dim",
    "done": "good",
    "n/a": "dim",
}
_GLYPHS = {"overdue": "■", "now": "▲", "due": "□", "later": " ", "done": "●", "n/a": "·"}
_ASCII = {"overdue": "#", "now": "!", "due": "_", "later": " ", "done": "o", "n/a": "."}
_OWNER = 14


def state_mark(state: str) -> str:
    """`■ overdue`"""
    return f"{(_ASCII if ascii_only() else _GLYPHS)[state]} {state}"


class EventRow(NamedTuple):
    id: str
    day: str
    """The heading it stands under: `Mon 23 Feb  day 1`."""
    time: str
    text: str
    owner: str
    state: str
    """`overdue`, `now`, `due`, `later`, `done` or `n/a`."""
    ahead: bool
    """Its time has not come."""
    detail: str = ""
    """Beside it where there is room."""


class EventList(RowList):
    """`show` takes the events in the order of their times; the cursor stays on its event."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__("week", id=id)
        self.events: tuple[EventRow, ...] = ()
        self.now = ""
        """What the line of the present says."""

    def show(
        self, title: str, events: Sequence[EventRow], value: Row, now: str, empty: Sequence[Row]
    ) -> None:
        key = self.selected
        self.title, self.events, self.value, self.now = title, tuple(events), value, now
        self.empty = empty
        self.select(key)
        self.redraw()

    def select(self, key: str) -> bool:
        """Put the cursor on an event, where it is there."""
        for index, event in enumerate(self.events):
            if event.id == key:
                self.cursor = index
                return True
        return False

    @property
    def selected(self) -> str:
        return self.events[self.cursor].id if self.cursor < len(self.events) else ""

    @property
    def count(self) -> int:
        return len(self.events)

    @property
    def here(self) -> int:
        """Where the week stands: the first event of now, else the next to do, else the last that applied."""
        applies = [index for index, event in enumerate(self.events) if event.state != "n/a"]
        for index in applies:
            event = self.events[index]
            if event.state == "now" or (event.ahead and event.state != "done"):
                return index
        return applies[-1] if applies else max(0, self.count - 1)

    def to_next_open(self) -> bool:
        """To the next event that is overdue or now; False when there is none."""
        order = [*range(self.cursor + 1, self.count), *range(self.cursor + 1)]
        for index in order[: self.count]:
            if self.events[index].state in ("overdue", "now"):
                self.to(index)
                return True
        return False

    def heading_rows(self, index: int, width: int) -> Sequence[Row]:
        event = self.events[index]
        before = self.events[index - 1] if index else None
        new_day = before is None or before.day != event.day
        here = event.ahead and (before is None or not before.ahead)
        rows: list[Row] = []
        if here and new_day and before is not None:
            rows.append(self._present(width))
        if new_day:
            if index:
                rows.append([])
            rows.append([(safe(event.day, 60), "bright"), *self._count(event.day)])
        if here and (not new_day or before is None):
            rows.append(self._present(width))
        return rows

    def _count(self, day: str) -> Row:
        states = [event.state for event in self.events if event.day == day]
        if set(states) == {"n/a"}:
            return [("  n/a", "dim")]
        late, done = states.count("overdue"), states.count("done")
        ended = done + states.count("n/a")
        words = f"  {done} of {len(states) - states.count('n/a')} done"
        spans = [(words, "good" if ended == len(states) and done else "dim")]
        return [*spans, (f"  {late} overdue", "critical")] if late else spans

    def _present(self, width: int) -> Row:
        line = "-" if ascii_only() else "─"
        words = f"{line * 2} now {self.now} "
        return [(words + line * max(0, width - len(words)), "accent")]

    def item_row(self, index: int, width: int) -> Row:
        event = self.events[index]
        quiet = event.state in ("later", "n/a", "done")
        owner = _OWNER if width >= 60 else 0
        text = width - 6 - 11 - (owner + 1 if owner else 0)
        detail = max(0, text - 44) if event.detail else 0
        text -= detail
        row: list[tuple[str, str]] = [
            (fit(event.time, 6), "dim" if quiet else "plain"),
            (fit(state_mark(event.state), 11), STATE_TONE[event.state]),
            (
                fit(safe(event.text, 200), text),
                "dim" if event.state == "n/a" else "plain" if quiet else "bright",
            ),
        ]
        if detail:
            row.append((fit("  " + safe(event.detail, 300), detail), "dim"))
        if owner:
            row += [(" ", "dim"), (fit(safe(event.owner, 40), owner), "dim")]
        return row
