"""The page for people without a terminal: whole, self-contained, and text stays text."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from core.revalidation import svg
from core.revalidation.pipeline import RevalidationRequest, revalidate
from core.revalidation.result import RevalidationResult, SymbolResult
from core.revalidation.result_page import result_page

HOSTILE = '<script>alert(1)</script>\x1b]0;x\x07" onload="x'


class Tags(HTMLParser):
    """Collects tags and attributes, and checks that they close."""

    VOID = {"meta", "line", "rect", "circle", "polyline", "polygon", "br"}

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


def parsed(text: str) -> Tags:
    tags = Tags()
    tags.feed(text)
    assert tags.open == []
    return tags


def test_a_revalidation_writes_a_page_with_a_picture_of_every_symbol(
    request_for: Callable[..., RevalidationRequest], tmp_path: Path
) -> None:
    result = revalidate(request_for(), lambda _: None, lambda: False)
    path = tmp_path / "reports" / "revalidation_result.html"
    assert str(path) in result.reports
    text = path.read_text()
    tags = parsed(text)
    assert tags.seen.count("svg") == 2 + len(result.symbols)
    trades = sum(row.trades for row in result.symbols)
    assert tags.seen.count("circle") == trades
    for words in (result.decision_text, "PSR", "placebo", "Profit Factor", "What turns each gate", "SHA-256"):
        assert words in text
    assert not {"script", "link", "img", "iframe"} & set(tags.seen)
    assert not re.search(r"https?://|url\(|@import", text), "nothing is loaded from elsewhere"


def test_text_from_files_stays_text(make_result: Callable[..., RevalidationResult]) -> None:
    row = SymbolResult(
        symbol=HOSTILE, return_pct=1.0, max_drawdown_pct=1.0, win_rate_pct=1.0, profit_factor=None, trades=1
    )
    text = result_page(make_result(symbols=(row,), warnings=(HOSTILE,), model={"path": HOSTILE}))
    tags = parsed(text)
    assert "script" not in tags.seen and "\x1b" not in text
    assert not any(name.startswith("on") for name, _ in tags.attributes)


def test_a_weak_go_is_no_green_go(make_result: Callable[..., RevalidationResult]) -> None:
    assert 'class="verdict warning">GO (weak evidence)' in result_page(make_result())


def test_a_line_stays_within_its_chart() -> None:
    drawn = svg.lines(
        [svg.Line((0.0, 1.0, 2.0), (5.0, -3.0, 9.0))],
        width=200,
        height=100,
        limits=(svg.Limit(12.0, "limit"),),
        points=(svg.Point(2.0, 9.0, "won", "<b>"),),
    )
    numbers = [
        float(value)
        for pair in re.findall(r'points="([^"]*)"', drawn)[0].split()
        for value in pair.split(",")
    ]
    assert all(0 <= x <= 200 for x in numbers[::2]) and all(0 <= y <= 100 for y in numbers[1::2])
    assert "&lt;b&gt;" in drawn and drawn.count("<svg") == drawn.count("</svg>") == 1
    assert svg.lines([svg.Line((), ())]) == ""


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.0, 1.0, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]), (-7.0, 0.0, [-6.0, -4.0, -2.0, 0.0]), (2.0, 2.0, [2.0])],
)
def test_ticks_are_round_and_inside(low: float, high: float, expected: list[float]) -> None:
    assert svg.round_ticks(low, high) == expected
