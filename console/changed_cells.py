"""Of each paint only the cells that the terminal does not show already are sent.

Textual 8.2.8 sends a changed line from its widget's left edge, and the whole screen with each change of focus
and up to three times when a question opens or closes; over a bad line those are seconds. Traps avoided: cells
taken for shown that another size or a resumed terminal has changed since, or that were painted at the old
size on a terminal which had the new one already; a wide character cut in half.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import takewhile

from rich.cells import cell_len
from rich.console import Console
from rich.control import Control
from rich.segment import Segment
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Size
from textual.strip import Strip

_Part = tuple[int, int, Strip]
"""A line, the column of its first cell, the cells."""


class ShownCells:
    """What stands on the terminal, by line. A line that is not known is sent as it comes."""

    def __init__(self) -> None:
        self._lines: dict[int, Strip] = {}
        self._size = Size(0, 0)

    def forget(self) -> None:
        """The terminal may show anything: what is painted next is sent as it comes."""
        self._lines.clear()

    def changes(self, update: CompositorUpdate) -> CompositorUpdate:
        """`update`, less what is shown already; it counts as shown from when it is written."""
        if isinstance(update, LayoutUpdate):
            if update.region.size != self._size:
                self._size = update.region.size
                self.forget()
            return _Changes(self, _whole_lines(update), whole=True)
        return _Changes(self, _spans(update), whole=False) if isinstance(update, ChopsUpdate) else update

    def take(self, line: int, left: int, cells: Strip, *, whole: bool) -> tuple[int, Strip]:
        """What of `cells` is not shown yet, and its column; from now on it is. `whole`: all of the line.

        A line stays unknown where cells do not tell what the terminal shows: marks that join the character
        before them, the letters that pair into flags, a wide character of which only half is written over.
        """
        cells = cells.simplify()  # the same, wherever the widgets of a line have cut it
        known, right = self._lines.pop(line, None), left + cells.cell_length
        if not all(map(_stands_alone, set(cells.text))):
            return left, cells
        if known is None or known.cell_length < right:
            if whole:
                self._lines[line] = cells
            return left, cells
        before, covered, behind = known.crop(0, left), known.crop(left, right), known.crop(right)
        if len(before.text) + len(covered.text) + len(behind.text) != len(known.text):
            if whole:
                self._lines[line] = cells
            return left, cells
        self._lines[line] = cells if whole else Strip.join((before, cells, behind)).simplify()
        first, last = _difference(covered.simplify(), cells)
        return left + first, cells.crop(first, last)


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


def _stands_alone(char: str) -> bool:
    return cell_len(char) > 0 and not "\U0001f1e6" <= char <= "\U0001f1ff"


def _difference(old: Strip, new: Strip) -> tuple[int, int]:
    """The first cell that differs and the one after the last; no cell does where the first is not before."""
    before = _in_common(old, new, _begin)
    if before == new.cell_length:
        return before, before
    return before, new.cell_length - _in_common(reversed(old), reversed(new), _end)


def _in_common(old: Iterable[Segment], new: Iterable[Segment], in_common: Callable[[str, str], int]) -> int:
    """Cells that are alike before the first, or from the last on, that differs."""
    cells = 0
    for one, other in zip(old, new, strict=False):
        if one != other:
            return cells + in_common(one.text, other.text) if one.style == other.style else cells
        cells += one.cell_length
    return cells


def _begin(old: str, new: str) -> int:
    """Cells in which two texts begin alike."""
    return sum(
        cell_len(char) for char, _ in takewhile(lambda pair: pair[0] == pair[1], zip(new, old, strict=False))
    )


def _end(old: str, new: str) -> int:
    """Cells in which two texts end alike."""
    return _begin(old[::-1], new[::-1])
