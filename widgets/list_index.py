"""The checklists as a list of lists: each with its readiness as glyph and word, and how much of it is done.

Trap avoided: a list that was not looked at, or has not come, shown as ready.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from widgets.lines import Row, fit
from widgets.row_list import RowList
from widgets.tone import Tone, glyph, safe

_TONES: dict[str, Tone] = {"READY": "good", "FIX": "warning", "BLOCKED": "critical"}
_STATE, _COUNT = 9, 6


class IndexRow(NamedTuple):
    key: str
    label: str
    state: str
    """`READY`, `FIX`, `BLOCKED`; `later`; `looking`; `n/a`."""
    done: str
    """`12/31`"""
    day: str = ""
    """The heading it stands under, with its neighbours of that day; empty: none."""


class ListIndex(RowList):
    """`show` takes the lists and which one is open."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__("lists", id=id)
        self.lists: tuple[IndexRow, ...] = ()
        self.active = False

    def show(self, lists: Sequence[IndexRow], opened: str) -> None:
        self.lists = tuple(lists)
        self.cursor = next((place for place, each in enumerate(lists) if each.key == opened), 0)
        self.redraw()

    @property
    def count(self) -> int:
        return len(self.lists)

    def heading_rows(self, index: int, width: int) -> Sequence[Row]:
        day = self.lists[index].day
        if not day or (index and self.lists[index - 1].day == day):
            return ()
        return [[], [(fit(safe(day, 40), width), "bright")]]

    def item_rows(self, index: int, width: int) -> Sequence[Row]:
        each = self.lists[index]
        tone = _TONES.get(each.state, "dim")
        opened = index == self.cursor
        mark = glyph(tone) if each.state in _TONES else " "
        label = width - _STATE - _COUNT - 1
        return [
            [
                (fit(safe(each.label, 80), label), "accent-bold" if opened else "plain"),
                (" ", "dim"),
                (fit(f"{mark} {each.state}", _STATE), tone),
                (fit(each.done, _COUNT, right=True), "dim"),
            ]
        ]
