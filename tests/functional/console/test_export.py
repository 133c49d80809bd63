"""What leaves the console: clipboard sequences, the screen's files, series as CSV and JSON; all harmless."""

from __future__ import annotations

import base64
import csv
import io
import json
import math
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given as given_any
from hypothesis import strategies as st

from console.exports import CLIPBOARD_LIMIT, cell, clipboard_sequences, harmless_svg, series_csv, series_json
from core.telemetry.model import Series

HOSTILE = "</text><script>alert(1)</script>\x1b]0;x\x07\x00\ufffe&amp; [/red]"
NOW = datetime(2026, 2, 24, 10, 0, tzinfo=UTC)


def some_series() -> Series:
    series = Series("=cmd|' /C calc'!A0")
    series.append(2048, -4.5, NOW.timestamp())
    series.append(4096, math.nan)
    series.append(2048, math.inf, NOW.timestamp() + 1)
    series.append(6144, 0.1)
    return series


# The clipboard.


def decoded(sequence: str) -> str:
    found = re.fullmatch("\x1b]52;c;([A-Za-z0-9+/=]*)\x07", sequence)
    assert found is not None
    return base64.b64decode(found[1]).decode()


@given_any(st.binary(max_size=900), st.sampled_from(["plain", "tmux", "tmux by TERM", "screen"]))
def test_osc_52_reaches_the_terminal_through_tmux_and_screen(payload: bytes, around: str) -> None:
    """What the multiplexer passes on, put together, is the sequence for the terminal."""
    encoded = base64.b64encode(payload).decode()
    environ = {
        "plain": {"TERM": "xterm-256color"},
        "tmux": {"TMUX": "/tmp/tmux,1,0", "TERM": "screen-256color"},
        "tmux by TERM": {"TERM": "tmux-256color"},
        "screen": {"STY": "1.pts", "TERM": "screen"},
    }[around]
    sent = list(clipboard_sequences(encoded, environ))
    plain = f"\x1b]52;c;{encoded}\x07"
    if around == "screen":
        assert all(part.startswith("\x1bP") and part.endswith("\x1b\\") for part in sent)
        assert all(len(part) <= 256 for part in sent)
        assert "".join(part[2:-2] for part in sent) == plain
        return
    assert sent[0] == plain
    assert len(sent) == (1 if around == "plain" else 2)
    for wrapped in sent[1:]:
        assert wrapped.startswith("\x1bPtmux;") and wrapped.endswith("\x1b\\")
        assert wrapped[7:-2].replace("\x1b\x1b", "\x1b") == plain


async def test_y_says_when_the_text_is_too_long_for_the_clipboard(
    given: Any, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with given.app.run_test(size=(120, 30)) as pilot:
        given.give(make.snapshot())
        await pilot.pause()
        screen = given.app.open_screen
        monkeypatch.setattr(screen, "copy_text", lambda: "x" * CLIPBOARD_LIMIT)
        sent: list[str] = []
        monkeypatch.setattr(given.app._driver, "write", sent.append)
        await pilot.press("y")
        await pilot.pause()
        assert "too long for the clipboard, written to exports/copy-dashboard-" in given.text()
        assert not any("]52;" in text for text in sent)
    (file,) = (given.workspace.root / "exports").glob("copy-dashboard-*.txt")
    assert len(file.read_text()) == CLIPBOARD_LIMIT


# Series.


def test_csv_has_a_row_per_point_with_segments_gaps_and_no_formula() -> None:
    rows = list(csv.reader(io.StringIO(series_csv([some_series()]))))
    assert rows[0] == ["metric", "segment", "timestep", "time", "value"]
    name = "'=cmd|' /C calc'!A0"
    assert rows[1:] == [
        [name, "0", "2048", "2026-02-24T10:00:00Z", "-4.5"],
        [name, "0", "4096", "", "nan"],
        [name, "1", "2048", "2026-02-24T10:00:01Z", "inf"],
        [name, "1", "6144", "", "0.1"],
    ]


def test_json_is_strict_and_has_null_for_what_is_not_finite() -> None:
    def refuse(word: str) -> None:
        raise AssertionError(word)

    told = json.loads(series_json([some_series()]), parse_constant=refuse)
    (one,) = told["series"].values()
    assert one == {
        "rows": 4,
        "segment": [0, 0, 1, 1],
        "timestep": [2048, 4096, 2048, 6144],
        "time": ["2026-02-24T10:00:00Z", None, "2026-02-24T10:00:01Z", None],
        "value": [-4.5, None, None, 0.1],
    }


@given_any(st.lists(st.tuples(st.floats(), st.floats(), st.floats()), max_size=30))
def test_any_series_can_be_exported(points: list[tuple[float, float, float]]) -> None:
    series = Series("reward")
    for point in points:
        series.append(*point)
    finite = [point for point in points if math.isfinite(point[0])]
    json.loads(series_json([series]))
    assert len(series_csv([series]).splitlines()) == 1 + len(finite)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_cell_that_a_spreadsheet_would_run_is_quoted(text: str) -> None:
    assert cell(text) == "'" + text
    assert cell("reward") == "reward"


# The screen.


def test_an_svg_fetches_nothing_and_is_xml() -> None:
    fonts = '@font-face { font-family: "Fira"; src: url("https://x/y.woff2"); }\n.r1 { fill: #fff }'
    svg = f"<svg><style>{fonts}</style>\x00\ufffe</svg>"
    clean = harmless_svg(svg)
    assert "http" not in clean and ".r1" in clean
    ElementTree.fromstring(clean)


async def test_x_writes_the_screen_and_the_series_into_one_folder(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(120, 30)) as pilot:
        given.give(make.snapshot(alerts=[make.alert(message=HOSTILE, rule=HOSTILE)]))
        await pilot.press("2", "x", "x")
        await pilot.pause()
        text = " ".join(given.text().split())
        assert "exported to exports/2" in text
        assert ": alerts.svg, alerts.txt, series.csv, series.json" in text
    folders = sorted((given.workspace.root / "exports").iterdir())
    assert len(folders) == 2, "two exports within a second do not overwrite each other"
    for folder in folders:
        assert sorted(path.name for path in folder.iterdir()) == [
            "alerts.svg",
            "alerts.txt",
            "series.csv",
            "series.json",
        ]
    svg = (folders[0] / "alerts.svg").read_text()
    ElementTree.fromstring(svg)
    assert "<script" not in svg and not re.search(r"url\((?!#)|href", svg)
    assert not set(svg + (folders[0] / "alerts.txt").read_text()) & set("\x1b\x07\x00")
    assert "\ufffe" not in svg
    assert set(json.loads((folders[0] / "series.json").read_text())["series"]) >= {"reward", "approx_kl"}


async def test_a_screen_may_choose_the_series_that_go_with_it(
    given: Any, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with given.app.run_test(size=(120, 30)) as pilot:
        given.give(make.snapshot())
        await pilot.press("2")
        await pilot.pause()
        monkeypatch.setattr(given.app.open_screen, "export_series", lambda: [some_series()], raising=False)
        await pilot.press("x")
        await pilot.pause()
    (file,) = (given.workspace.root / "exports").glob("*/series.json")
    assert list(json.loads(file.read_text())["series"]) == [some_series().name]


async def test_an_export_that_cannot_be_written_is_said(given: Any, make: Any) -> None:
    (given.workspace.root / "exports").write_text("a file in the way")
    async with given.app.run_test(size=(120, 30)) as pilot:
        given.give(make.snapshot())
        await pilot.pause()
        await pilot.press("y")
        await pilot.pause()
        assert "It did not work" in given.text()
    assert Path(given.workspace.root / "exports").read_text() == "a file in the way"
