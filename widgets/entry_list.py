"""A form as a list: headings, labels, answers with a mark, and which of them a person may write.

Trap avoided: a form that looks like free text, in which a measured answer can be typed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from widgets.detail_pane import wrapped
from widgets.lines import Row, fit
from widgets.row_list import RowList
from widgets.tone import Tone, ascii_only, glyph, safe


@dataclass(frozen=True, slots=True)
class FormEntry:
    id: str
    heading: str
    """The group it stands under."""
    label: str
    answer: str
    tone: Tone = "plain"
    """Of its mark."""
    source: str = ""
    editable: bool = False
    read: bool = False
    """A person went through it and let it stand."""


class EntryList(RowList):
    """`show` takes the entries; `selected` is the one under the cursor."""

    def __init__(self, title: str, *, id: str | None = None) -> None:
        super().__init__(title, id=id)
        self.entries: tuple[FormEntry, ...] = ()

    def show(self, entries: Sequence[FormEntry], empty: str, value: Row = ()) -> None:
        self.entries = tuple(entries)
        self.empty = [[(safe(empty, 400), "dim")]]
        self.value = value
        self.redraw()

    @property
    def selected(self) -> FormEntry | None:
        return self.entries[self.cursor] if self.cursor < len(self.entries) else None

    @property
    def count(self) -> int:
        return len(self.entries)

    def heading_rows(self, index: int, width: int) -> Sequence[Row]:
        heading = self.entries[index].heading
        if index and self.entries[index - 1].heading == heading:
            return ()
        line: Row = [(safe(heading, 80), "bright")]
        return ([], line) if index else (line,)

    def item_rows(self, index: int, width: int) -> Sequence[Row]:
        """The answer wrapped beside its label: a standup is read whole."""
        entry = self.entries[index]
        labels = max(len(other.label) for other in self.entries) + 2
        pen = ("e " if ascii_only() else "✎ ") if entry.editable else "  "
        if entry.read:
            pen = "x " if ascii_only() else "✓ "
        lines = wrapped(safe(entry.answer, 600), max(10, width - labels - 4)) or [""]
        style = "plain" if entry.answer else "dim"
        first: Row = [
            (pen, "good" if entry.read else "accent"),
            (fit(safe(entry.label, 60), labels), "dim"),
            (f"{glyph(entry.tone)} ", entry.tone),
            (lines[0], style),
        ]
        return [first, *([(" " * (labels + 4), "dim"), (line, style)] for line in lines[1:])]
