"""Only changed cells are sent, and the terminal shows what Textual painted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from console.changed_cells import ShownCells

HEIGHT, WIDTH = 2, 12
Glyph = tuple[str, str]
"""A character with its marks, and the name of its colour."""
Line = tuple[Glyph, ...]
_CONSOLE = Console(width=WIDTH, color_system="standard", force_terminal=True)


class Terminal:
    """Places text, keeps each cell's style and characters, joins a mark to the character before it.

    Of a wide character that is half overwritten, the other half is blank.
    """

    def __init__(self) -> None:
        self.cells = [["?"] * WIDTH for _ in range(HEIGHT)]

    def write(self, data: str) -> None:
        x = y = 0
        style = ""
        for place, look, char in re.findall(r"\x1b\[(\d+;\d+)H|\x1b\[([\d;]*)m|([^\x1b])", data):
            if place:
                y, x = (int(number) - 1 for number in place.split(";"))
            elif not char:
                style = "" if look == "0" else look
            elif width := cell_len(char):
                line = self.cells[y]
                if not line[x]:
                    line[x - 1] = line[x - 1][:-1] + " "
                if line[x + width : x + width + 1] == [""]:
                    line[x + width] = line[x + width - 1][:-1] + " "
                line[x : x + width] = [style + char, ""][:width]
                x += width
            else:
                self.cells[y][x - 1 if self.cells[y][x - 1] else x - 2] += char


@st.composite
def lines(draw: st.DrawFn) -> Line:
    """Fills the width; few characters, so that much is alike."""
    line: list[Glyph] = []
    while (room := WIDTH - sum(cell_len(text) for text, _ in line)) > 0:
        glyphs = ["a", "b", "─", "e\u0301", "e\u0302", *(["界", "語"] if room > 1 else [])]
        line.append((draw(st.sampled_from(glyphs)), draw(st.sampled_from(["red", "red", "blue"]))))
    return tuple(line)


def edges(line: Line) -> list[int]:
    """The columns between its characters."""
    found = [0]
    for text, _ in line:
        found.append(found[-1] + cell_len(text))
    return found


def strip(line: Line, left: int, right: int) -> Strip:
    inside = [glyph for glyph, at in zip(line, edges(line), strict=False) if left <= at < right]
    return Strip([Segment(text, Style.parse(colour)) for text, colour in inside], right - left)


def sent(line: Line, y: int, left: int, right: int) -> str:
    return f"\x1b[{y + 1};{left + 1}H{strip(line, left, right).render(_CONSOLE)}"


@st.composite
def paints(draw: st.DrawFn) -> tuple[str, CompositorUpdate]:
    """Everything that an update shows, and the update: of all or of some spans, cut anywhere."""
    seen = draw(st.lists(lines(), min_size=HEIGHT, max_size=HEIGHT))
    cuts = [sorted({0, WIDTH, *draw(st.lists(st.sampled_from(edges(line))))}) for line in seen]
    parts = [
        {left: strip(line, left, right) for left, right in pairwise(cut)}
        for line, cut in zip(seen, cuts, strict=True)
    ]
    if draw(st.booleans()):
        whole = "".join(sent(line, y, 0, WIDTH) for y, line in enumerate(seen))
        return whole, LayoutUpdate([each.values() for each in parts], Region(0, 0, WIDTH, HEIGHT))
    spans, all_sent = [], ""
    chops: list[dict[int, Strip | None]] = [dict(each) for each in parts]
    for y in draw(st.lists(st.integers(0, HEIGHT - 1), unique=True)):
        first, last = sorted(draw(st.lists(st.sampled_from(edges(seen[y])), min_size=2, max_size=2)))
        spans.append((y, first, last))
        for left, right in pairwise(cuts[y]):
            if draw(st.booleans()) and draw(st.booleans()):
                chops[y][left] = None
            elif max(left, first) < min(right, last):
                all_sent += sent(seen[y], y, max(left, first), min(right, last))
    return all_sent, ChopsUpdate(chops, spans, [cut[1:] for cut in cuts])


@given(st.lists(st.one_of(st.just("forget"), paints()), max_size=5))
def test_the_terminal_shows_what_it_would_if_all_were_sent(
    history: Sequence[str | tuple[str, CompositorUpdate]],
) -> None:
    shown, small, whole = ShownCells(), Terminal(), Terminal()
    for each in history:
        if isinstance(each, str):
            shown.forget()
            for terminal in (small, whole):
                terminal.cells = [["#"] * WIDTH for _ in range(HEIGHT)]
            continue
        all_sent, update = each
        few = shown.changes(update).render_segments(_CONSOLE)
        small.write(few)
        whole.write(all_sent)
        assert small.cells == whole.cells


def paint(*lines: str) -> LayoutUpdate:
    strips: list[Iterable[Strip]] = [[Strip([Segment(line, Style.parse("red"))], WIDTH)] for line in lines]
    return LayoutUpdate(strips, Region(0, 0, WIDTH, len(lines)))


def test_what_stands_there_is_not_sent_again() -> None:
    shown = ShownCells()
    first = shown.changes(paint("reward  0.71", "kl      0.01")).render_segments(_CONSOLE)
    assert "reward  0.71" in first and "kl      0.01" in first
    again = shown.changes(paint("reward  0.71", "kl      0.01")).render_segments(_CONSOLE)
    assert again == ""
    changed = shown.changes(paint("reward  0.74", "kl      0.01")).render_segments(_CONSOLE)
    assert re.sub(r"\x1b\[[\d;]*m", "", changed) == "\x1b[1;12H4"


def test_another_update_than_these_two_is_left_alone() -> None:
    other = CompositorUpdate()
    assert ShownCells().changes(other) is other


def test_an_update_counts_as_shown_only_once_it_is_written() -> None:
    """Textual may drop a paint: while it batches, or when the app is about to leave."""
    shown = ShownCells()
    shown.changes(paint("reward  0.71"))
    assert "reward" in shown.changes(paint("reward  0.71")).render_segments(_CONSOLE)


def test_what_was_painted_on_a_terminal_of_another_size_does_not_count_as_shown() -> None:
    """A terminal that became narrower shows the end of a line that is too long in its last column."""
    shown = ShownCells()
    shown.changes(paint("reward  0.71")).render_segments(_CONSOLE)
    narrow: list[Iterable[Strip]] = [[Strip([Segment("reward", Style.parse("red"))], 6)]]
    assert "reward" in shown.changes(LayoutUpdate(narrow, Region(0, 0, 6, 1))).render_segments(_CONSOLE)


def part(text: str, left: int) -> ChopsUpdate:
    """One line, of which the cells of `text` from `left` on are painted."""
    right = left + cell_len(text)
    strip = Strip([Segment(text, Style.parse("red"))], right - left)
    return ChopsUpdate([{left: strip}], [(0, left, right)], [[right]])


def test_a_wide_character_that_is_half_covered_is_written_over_also_by_a_blank() -> None:
    shown = ShownCells()
    shown.changes(paint("ab界defghijk")).render_segments(_CONSOLE)
    assert shown.changes(part(" def", 3)).render_segments(_CONSOLE) != ""
    assert "b" in shown.changes(paint("ab  defghijk")).render_segments(_CONSOLE)


def test_a_flag_is_sent_with_both_its_letters() -> None:
    shown = ShownCells()
    shown.changes(paint("🇩🇪 4h candles")).render_segments(_CONSOLE)
    changed = shown.changes(paint("🇩🇰 4h candles")).render_segments(_CONSOLE)
    assert "🇩🇰" in changed
