"""Line drawing: frames of exact size, cuts that say so, and only changed cells repainted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.geometry import Region

from widgets.lines import Span, changed_regions, cut, fit, folded, framed, merged, wrap_spans, wrapped

text = st.text(st.characters(codec="ascii", min_codepoint=32, max_codepoint=126), max_size=12)
tone = st.sampled_from(["plain", "dim", "good", "found"])
row = st.lists(st.tuples(text, tone), max_size=5)


def cells(spans: list[Span], width: int) -> list[tuple[str, str]]:
    found = [
        (char, style if char != " " or style == "found" else "") for part, style in spans for char in part
    ]
    return (found + [(" ", "")] * width)[:width]


def width_of(spans: list[Span]) -> int:
    return sum(cell_len(part) for part, _ in spans)


@given(row)
def test_merging_changes_no_cell(spans: list[Span]) -> None:
    width = width_of(spans)
    assert cells(merged(spans), width) == cells(spans, width)


@given(st.lists(row, max_size=4), st.lists(row, max_size=4))
def test_the_regions_cover_every_changed_cell(before: list[list[Span]], after: list[list[Span]]) -> None:
    width = 30
    covered = {
        (x, y)
        for region in changed_regions(before, after, width)
        for x in range(region.x, region.right)
        for y in range(region.y, region.bottom)
    }
    for y in range(max(len(before), len(after))):
        old = cells(before[y] if y < len(before) else [], width)
        new = cells(after[y] if y < len(after) else [], width)
        assert {(x, y) for x in range(width) if old[x] != new[x]} <= covered


def test_one_new_digit_is_one_cell() -> None:
    before = [[("value ", "dim"), ("12.4", "bright")]]
    after = [[("value ", "dim"), ("12.5", "bright")]]
    assert changed_regions(before, after, 40) == [Region(9, 0, 1, 1)]
    assert changed_regions(before, before, 40) == []


def test_a_line_with_wide_characters_is_sent_whole() -> None:
    assert changed_regions([[("日本", "plain")]], [[("日本a", "plain")]], 10) == [Region(0, 0, 10, 1)]


@given(st.text(max_size=30), st.integers(0, 20), st.booleans())
def test_fit_fills_exactly(words: str, width: int, right: bool) -> None:
    printable = "".join(char for char in words if cell_len(char) >= 1 and char.isprintable())
    assert cell_len(fit(printable, width, right=right)) == width


@given(row, st.integers(1, 40))
def test_cut_fills_exactly(spans: list[Span], width: int) -> None:
    assert width_of(cut(spans, width)) == width


@given(text, row, st.lists(row, max_size=6), st.integers(4, 40), st.integers(2, 8), st.booleans())
def test_a_frame_has_the_size_it_was_given(
    title: str, value: list[Span], body: list[list[Span]], width: int, height: int, active: bool
) -> None:
    rows = framed(title, value, body, width, height, active=active)
    assert len(rows) == height
    assert all(width_of(spans) == width for spans in rows)


def test_a_frame_too_small_is_its_title() -> None:
    assert framed("reward", [], [], 3, 1) == [[("re…", "dim")]]


def test_the_title_stands_left_and_the_value_right() -> None:
    top = "".join(part for part, _ in framed("reward", [("12.4 ▲", "bright")], [], 30, 3)[0])
    assert top.startswith("┌ reward ─")
    assert top.endswith("─ 12.4 ▲ ┐")


def test_a_percent_sign_begins_no_row_without_its_number() -> None:
    rows = wrap_spans([("6 gates 89.8 % (2,000 histories), 9.1 %", "dim")], 12)
    assert ["".join(text for text, _tone in row) for row in rows] == [
        "6 gates ",
        "89.8 % ",
        "(2,000 ",
        "histories), ",
        "9.1 %",
    ]
    assert folded("6 gates 89.8 % (2,000)", 12, "  ") == ["6 gates", "  89.8 %", "  (2,000)"]


def test_wrapped_words_fit() -> None:
    assert all(
        len(line) <= 20 for ((line, _tone),) in wrapped("a sentence that is longer than twenty cells", 20)
    )
