"""Of each paint only the cells that the terminal does not show already are sent.

Textual 8.2.8 sends a changed line from its widget's left edge, and the whole screen with each change of focus
and up to three times when a question opens or closes; over a bad line those are seconds. Traps avoided: cells
taken for shown that another size or a resumed terminal has changed since, or that were painted at the old
size on a terminal which had the new one already; a wide character cut in half.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rich.cells import get_character_cell_size
from rich.console import Console
from rich.control import Control
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Size
from textual.strip import Strip

_Part = tuple[int, int, Strip]
"""A line, the column of its first cell, the cells."""
_SECOND = "\0"
"""Stands for the second cell of a wide character."""
_MOST_STYLES = 4096
_NARROW = re.compile(
    r"[ -~\xa1-\xac\xae-\u02ff\u2010-\u2027\u2190-\u22ff\u2500-\u25fc\u2800-\u28ff]*"
).fullmatch
"""What most lines are made of, each of one cell: Latin letters, arrows, signs, boxes, blocks, Braille."""
_WORTH = 8
"""Cells that must be saved, for a line to be cut."""
_NOTHING = Strip([], 0)
_FLAGS = ("\U0001f1e6", "\U0001f1ff")
"""The first and the last of the letters that pair into flags."""


class ShownCells:
    """What stands on the terminal, by line. A line that is not known is sent as it comes."""

    def __init__(self) -> None:
        self._lines: dict[int, _Cells] = {}
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
                return left, _NOTHING
        known, cells = self._lines.pop(line, None), self._cells(strip)
        right = left + strip.cell_length
        if cells is None or known is None or known.cut_at(left) or known.cut_at(right, end=True):
            if whole and cells is not None:
                self._lines[line] = cells
            return left, strip
        first, last = cells.difference(known, left)
        self._lines[line] = cells if whole else known.with_cells(left, cells)
        if first < last and strip.cell_length - (last - first) < _WORTH:
            return left, strip
        return left + first, strip.crop(first, last)

    def _cells(self, strip: Strip) -> _Cells | None:
        """None where one does not stand alone."""
        text, styles = strip.text, list[int]()
        narrow, wide = _NARROW(text) is not None, list[str]()
        for part, style, _ in strip:
            number = self._styles.setdefault(style, len(self._styles))
            if narrow:
                styles += [number] * len(part)
                continue
            for char in part:
                width = get_character_cell_size(char)
                if not width or _FLAGS[0] <= char <= _FLAGS[1]:
                    return None
                wide.append(char if width == 1 else char + _SECOND)
                styles += [number] * width
        cells = _Cells(text if narrow else "".join(wide), styles)
        return cells if len(cells.text) == len(styles) == strip.cell_length else None


class _Cells(NamedTuple):
    """A character and the number of a style for each cell."""

    text: str
    styles: list[int]

    def cut_at(self, column: int, *, end: bool = False) -> bool:
        """There is no such column, or a wide character stands on both sides of it."""
        if column >= len(self.text):
            return column > len(self.text) or not end
        return self.text[column] == _SECOND

    def with_cells(self, left: int, new: _Cells) -> _Cells:
        right = left + len(new.text)
        text = self.text[:left] + new.text + self.text[right:]
        return _Cells(text, self.styles[:left] + new.styles + self.styles[right:])

    def difference(self, old: _Cells, left: int) -> tuple[int, int]:
        """Of those from `left` on in `old` the first cell that differs and the one after the last; no cell
        does where they are one."""
        text, styles = old.text[left : left + len(self.text)], old.styles[left : left + len(self.text)]
        if text == self.text and styles == self.styles:
            return 0, 0
        first, last = 0, len(text)
        while text[first] == self.text[first] and styles[first] == self.styles[first]:
            first += 1
        while text[last - 1] == self.text[last - 1] and styles[last - 1] == self.styles[last - 1]:
            last -= 1
        return first - self.text.startswith(_SECOND, first), last + self.text.startswith(_SECOND, last)


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
