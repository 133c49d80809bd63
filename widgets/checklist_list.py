"""A checklist as a list: groups, and per item its state in glyph and word, value against limit, source, age.

Trap avoided: a tick that looks the same whether a person or a sensor said it. Each state has a word of its
own, and the details name who said so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core import units
from widgets.lines import Row, Span, fit
from widgets.row_list import RowList
from widgets.tone import Tone, ascii_only, safe

if TYPE_CHECKING:
    from core.checklist.model import ChecklistResult, ItemResult, ItemState

STATE_TONE: dict[ItemState, Tone] = {
    "pass": "good",
    "fail": "critical",
    "warn": "warning",
    "unknown": "unknown",
    "pending": "accent",
    "overridden": "warning",
    "not_applicable": "dim",
}
_GLYPHS: dict[ItemState, str] = {
    "pass": "●",
    "fail": "■",
    "warn": "▲",
    "unknown": "○",
    "pending": "□",
    "overridden": "▲",
    "not_applicable": "·",
}
_ASCII_GLYPHS: dict[ItemState, str] = {
    "pass": "o",
    "fail": "#",
    "warn": "!",
    "unknown": "?",
    "pending": "_",
    "overridden": "!",
    "not_applicable": ".",
}
WORDS: dict[ItemState, str] = {
    "pass": "pass",
    "fail": "FAIL",
    "warn": "warn",
    "unknown": "unknown",
    "pending": "to do",
    "overridden": "override",
    "not_applicable": "n/a",
}
OPEN_STATES: tuple[ItemState, ...] = ("fail", "unknown", "pending")


def state_glyph(state: ItemState) -> str:
    return (_ASCII_GLYPHS if ascii_only() else _GLYPHS)[state]


def value_text(value: str | float | None) -> str:
    """A value or limit as people read it: a text as it is, a number without trailing noise."""
    if value is None:
        return ""
    if isinstance(value, str):
        return safe(value, 200)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.6g}"


class ChecklistList(RowList):
    """`show` takes a result; the cursor stays on its item."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__("checklist", id=id)
        self.items: tuple[ItemResult, ...] = ()
        self._now = ""
        self._sized: tuple[int, tuple[int, int, int, int]] | None = None
        """(width, sizes of the columns for it)"""

    def show(self, title: str, result: ChecklistResult | None, value: Row, empty: str, now: str = "") -> None:
        """`now`, ISO 8601: what is to do and due after it reads `later`."""
        selected = self.selected.id if self.selected else None
        self.title, self.value = title, value
        self.empty = [[(safe(empty, 400), "dim")]]
        self.items = result.items if result is not None else ()
        self._sized = None
        self._now = now
        ids = [item.id for item in self.items]
        if selected in ids:
            self.cursor = ids.index(selected)
        elif ids:
            self.cursor = min(self.cursor, len(ids) - 1)
        self.redraw()

    @property
    def selected(self) -> ItemResult | None:
        return self.items[self.cursor] if self.cursor < len(self.items) else None

    @property
    def count(self) -> int:
        return len(self.items)

    def to_next_open(self) -> bool:
        """Put the cursor on the next item that fails, is unknown or to do; False when there is none."""
        order = [*range(self.cursor + 1, self.count), *range(self.cursor + 1)]
        for index in order[: self.count]:
            if self.items[index].state in OPEN_STATES:
                self.to(index)
                return True
        return False

    def _is_later(self, item: ItemResult) -> bool:
        return item.state == "pending" and bool(self._now) and (item.due or "") > self._now

    def word(self, item: ItemResult) -> str:
        return "later" if self._is_later(item) else WORDS[item.state]

    def state(self, item: ItemResult) -> Span:
        """Glyph and word."""
        if self._is_later(item):
            return "  later", "dim"
        return f"{state_glyph(item.state)} {WORDS[item.state]}", STATE_TONE[item.state]

    def heading_rows(self, index: int, width: int) -> Sequence[Row]:
        group = self.items[index].group
        if index and self.items[index - 1].group == group:
            return ()
        members = [item for item in self.items if item.group == group]
        later = all(self._is_later(item) for item in members)
        still_open = sum(item.state in OPEN_STATES for item in members)
        none = all(item.state == "not_applicable" for item in members)
        tone = "dim" if later or none else "warning" if still_open else "good"
        said = "later" if later else "n/a" if none else f"{still_open} open" if still_open else "done"
        owner = members[0].owner
        heading: Row = [(safe(group, 80) + "  ", "bright"), (said, tone)]
        if owner and width > len(group) + len(said) + len(owner) + 6:
            heading = [*heading, (f"  {safe(owner, 40)}", "dim")]
        return ([], heading) if index else (heading,)

    def item_row(self, index: int, width: int) -> Row:
        item = self.items[index]
        state, tone = self.state(item)
        unticked = f"  (un-ticked {item.unticked_at[11:16]}Z)" if item.unticked_at else ""
        value, limit = value_text(item.value), value_text(item.limit)
        age = units.age(item.age_seconds) if item.age_seconds is not None else ""
        if self._sized is None or self._sized[0] != width:
            self._sized = width, self._sizes(width)
        sizes = self._sized[1]
        text = width - 11 - sum(size + 1 for size in sizes if size)
        row: list[tuple[str, str]] = [
            (fit(state, 10), tone),
            (" ", "dim"),
            (
                fit(safe(item.text, 300) + unticked, text),
                "dim" if item.state == "not_applicable" else "plain",
            ),
        ]
        cells = ((value, "bright"), (limit, "dim"), (safe(item.source or "", 200), "dim"), (age, "dim"))
        for position, ((cell, style), size) in enumerate(zip(cells, sizes, strict=True)):
            if size:
                row += [(" ", "dim"), (fit(cell, size, right=position in (0, 3)), style)]
        return row

    def _sizes(self, width: int) -> tuple[int, int, int, int]:
        """Cells for value, limit, source and age: as wide as they need while the text keeps half the room."""
        wanted = (
            max((len(value_text(item.value)) for item in self.items), default=0),
            max((len(value_text(item.limit)) for item in self.items), default=0),
            max((len(item.source or "") for item in self.items), default=0),
        )
        texts = min(max((len(item.text) for item in self.items), default=0), width // 2)
        room = width - 11 - texts - 7
        value = max(8, min(wanted[0], room - 1, 40))
        room -= value + 1
        limit = min(wanted[1], 24) if room > 12 else 0
        room -= limit + 1 if limit else 0
        source = min(wanted[2], room - 1, 40) if room > 16 else 0
        return value, limit if limit <= room + limit + 1 else 0, source, 6
