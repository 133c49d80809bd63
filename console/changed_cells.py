"""Of each paint only the cells that the terminal does not show already are sent.

Textual 8.2.8 sends a changed line from its widget's left edge, and the whole screen with each change of focus
and up to three times when a question opens or closes; over a bad line those are seconds. Traps avoided: cells
taken for shown that another size or a resumed terminal has changed since, or that were painted at the old
size on a terminal which had the new one already; a wide character cut in half.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.cells import get_character_cell_size
from rich.console import Console
from rich.control import Control
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Size
from textual.strip import Strip

_Part = tuple[int, int, Strip]
"""A line, the column of its first cell, the cells."""
_Cell = tuple[str, int]
"""A character, empty in the second cell of a wide one, and the number of its style."""
_MOST_STYLES = 4096
_FLAGS = ("\U0001f1e6", "\U0001f1ff")
"""The first and the last of the letters that pair into flags."""


class ShownCells:
    """What stands on the terminal, by line. A line that is not known is sent as it comes."""

    def __init__(self) -> None:
        self._lines: dict[int, list[_Cell]] = {}
        self._wholes: dict[int, Strip] = {}
        """Lines that were sent as a whole, and no part of them since."""
        self._styles: dict[Style | None, int] = {}
        self._size = Size(0, 0)

    def forget(self) -> None:
        """The terminal may show anything: what is painted next is sent as it comes."""
        self._lines.clear()
        self._wholes.clear()
        self._styles.clear()

    def changes(self, update: CompositorUpdate) -> CompositorUpdate:
        """`update`, less what is shown already; it counts as shown from when it is written."""
        if isinstance(update, LayoutUpdate):
            if update.region.size != self._size:
                self._size = update.region.size
                self.forget()
            return _Changes(self, _whole_lines(update), whole=True)
        return _Changes(self, _spans(update), whole=False) if isinstance(update, ChopsUpdate) else update

    def take(self, line: int, left: int, strip: Strip, *, whole: bool) -> tuple[int, Strip]:
        """What of `strip` is not shown yet, and its column; from now on it is. `whole`: all of the line.

        A line stays unknown where cells do not tell what the terminal shows: marks that join the character
        before them, the letters that pair into flags, a wide character of which only half is written over.
        """
        if len(self._styles) > _MOST_STYLES:
            self.forget()
        before = self._wholes.pop(line, None)
        if whole:
            self._wholes[line] = strip
            if strip == before:
                return left, Strip.blank(0)
        known, cells = self._lines.pop(line, None), self._cells(strip)
        right = left + len(cells)
        if not cells or known is None or right > len(known) or _cuts(known, left) or _cuts(known, right):
            if whole and cells:
                self._lines[line] = cells
            return left, strip
        first, last = _difference(known[left:right], cells)
        known[left:right] = cells
        self._lines[line] = known
        return left + first, strip.crop(first, last)

    def _cells(self, strip: Strip) -> list[_Cell]:
        """None of them where one does not stand alone."""
        cells: list[_Cell] = []
        for text, style, _ in strip:
            number = self._styles.setdefault(style, len(self._styles))
            if text.isascii() or (max(text) < _FLAGS[0] and {*map(get_character_cell_size, text)} == {1}):
                cells += [(char, number) for char in text]
                continue
            for char in text:
                width = get_character_cell_size(char)
                if not width or _FLAGS[0] <= char <= _FLAGS[1]:
                    return []
                cells += ((char, number), ("", number))[:width]
        return cells if len(cells) == strip.cell_length else []


def _cuts(cells: list[_Cell], column: int) -> bool:
    """A wide character stands on both sides of `column`."""
    return column < len(cells) and not cells[column][0]


def _difference(old: list[_Cell], new: list[_Cell]) -> tuple[int, int]:
    """The first cell that differs and the one after the last; no cell does where they are one."""
    if old == new:
        return 0, 0
    first, last = 0, len(new)
    while old[first] == new[first]:
        first += 1
    while old[last - 1] == new[last - 1]:
        last -= 1
    return first - _cuts(new, first), last + _cuts(new, last)


class _Changes(CompositorUpdate):
    def __init__(self, shown: ShownCells, parts: Iterable[_Part], *, whole: bool) -> None:
        self._shown, self._parts, self._whole = shown, parts, whole

    def render_segments(self, console: Console) -> str:
        out: list[str] = []
        for line, left, cells in self._parts:
            left, cells = self._shown.take(line, left, cells, whole=self._whole)
            if cells.cell_length:
                out += (Control.move_to(left, line).segment.text, cells.render(console))
        return "".join(out)


def _whole_lines(update: LayoutUpdate) -> Iterator[_Part]:
    for line, strips in enumerate(update.strips, update.region.y):
        yield line, update.region.x, Strip.join(strips)


def _spans(update: ChopsUpdate) -> Iterator[_Part]:
    """The changed spans of each line; apart where a widget's part was not rendered."""
    for line, first, last in update.spans:
        start, cells = first, list[Strip]()
        for end, (left, strip) in zip(update.chop_ends[line], update.chops[line].items(), strict=False):
            if end <= first or left >= last:
                continue
            if strip is not None:
                cells.append(strip.crop(max(first, left) - left, min(last, end) - left))
                continue
            if cells:
                yield line, start, Strip.join(cells)
            start, cells = end, []
        if cells:
            yield line, start, Strip.join(cells)
