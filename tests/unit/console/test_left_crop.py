"""The left crop: the terminal shows the same as with Textual's own method, with fewer bytes."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import Segment
from textual._compositor import ChopsUpdate
from textual.strip import Strip

from console import left_crop

WIDTH, HEIGHT = 24, 3
_ORIGINAL = ChopsUpdate.render_segments


@pytest.fixture(autouse=True)
def _keep_textuals_method() -> object:
    yield
    ChopsUpdate.render_segments = _ORIGINAL  # type: ignore[method-assign]


def written(data: str, screen: list[list[str]]) -> list[list[str]]:
    """What a terminal shows after `data`, which places text with `CSI row;column H` and prints it."""
    shown = [list(row) for row in screen]
    x = y = 0
    for place, newline, text in re.findall(r"\x1b\[(\d+;\d+)H|(\n)|([^\x1b\n]+)", data):
        if place:
            row, column = place.split(";")
            y, x = int(row) - 1, int(column) - 1
        elif newline:
            y += 1
        else:
            for char in text:
                shown[y][x] = char
                x += 1
    return shown


@st.composite
def updates(draw: st.DrawFn) -> ChopsUpdate:
    letters = st.characters(codec="ascii", min_codepoint=97, max_codepoint=122)
    chops, ends, spans = [], [], []
    for y in range(HEIGHT):
        cuts = sorted({0, WIDTH, *draw(st.lists(st.integers(1, WIDTH - 1), max_size=3))})
        line: dict[int, Strip | None] = {}
        for left, right in pairwise(cuts):
            text = draw(st.text(letters, min_size=right - left, max_size=right - left))
            line[left] = Strip([Segment(text)], right - left)
        chops.append(line)
        ends.append(cuts[1:])
        left = draw(st.integers(0, WIDTH - 1))
        spans.append((y, left, draw(st.integers(left + 1, WIDTH))))
    return ChopsUpdate(chops, spans, ends)


@given(updates())
def test_every_changed_cell_is_written_and_no_other(update: ChopsUpdate) -> None:
    blank = [["."] * WIDTH for _ in range(HEIGHT)]
    console = Console(width=WIDTH, color_system=None, force_terminal=True)
    own = left_crop._render_segments(update, console)
    shown, theirs = written(own, blank), written(_ORIGINAL(update, console), blank)
    for y, left, right in update.spans:
        assert shown[y][left:right] == theirs[y][left:right]
        assert set(shown[y][:left] + shown[y][right:]) <= {"."}
    assert len(own) <= len(_ORIGINAL(update, console))


def test_it_is_used_where_textual_is_the_one_it_was_written_for() -> None:
    assert left_crop.install()
    assert ChopsUpdate.render_segments is left_crop._render_segments
    assert left_crop.install()


def test_it_stays_away_from_another_textual(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(left_crop, "_WRITTEN_FOR", "another")
    assert not left_crop.install()
    assert ChopsUpdate.render_segments is _ORIGINAL
