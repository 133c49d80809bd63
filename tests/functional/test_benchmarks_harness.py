"""The harness tells the truth about a program whose bytes, paints and answers are known beforehand."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.backtests import COLUMNS, backtest_lines
from benchmarks.measure import flows, paints, press_keys
from benchmarks.scale import core_seconds, cost_text
from benchmarks.screen import Screen
from benchmarks.table import Line, misses, table, verdicts
from benchmarks.terminal import Terminal
from benchmarks.trainings import training_lines

PROGRAM = r"""
import os, sys, termios, time, tty
tty.setraw(0)
os.write(1, b"\x1b[?2026$p")
answer = os.read(0, 64)
os.write(1, b"\x1b[2J\x1b[5;3H\x1b[1mRE\x1b[0mADY %d %dx%d" % (len(answer), *os.get_terminal_size()))
while key := os.read(0, 1):
    if key == b"n":
        os.write(1, b"\x1b[8;1H" + b"x" * 94)
    elif key == b"k":
        os.write(1, b"\x1b[?2026h\x1b[9;1H" + b"%d" % time.monotonic_ns())
        time.sleep(0.05)
        os.write(1, b"\x1b[?2026l")
    elif key == b"q":
        break
"""


def opened(tmp_path: Path) -> Terminal:
    return Terminal((sys.executable, "-c", PROGRAM), (80, 24), folder=tmp_path)


def test_text_is_found_where_a_person_sees_it_and_questions_are_answered(tmp_path: Path) -> None:
    with opened(tmp_path) as terminal:
        assert terminal.wait_text("READY 11 80x24", 30) is not None
        assert terminal.screen.row(4).rstrip() == "  READY 11 80x24"
        assert terminal.screen.cells[4][2] == ("R", "1")


def test_every_byte_is_counted_once_and_in_its_row(tmp_path: Path) -> None:
    with opened(tmp_path) as terminal:
        terminal.wait_text("READY", 30)
        [quiet] = flows([terminal], 1)
        [live] = flows([terminal], 2, lambda: terminal.send("n") and None)
        terminal.wait_text("x" * 80, 10)
    assert quiet is not None
    assert live is not None
    assert (quiet.count, quiet.header) == (0, 0)
    assert live.count in (100, 200)  # the last answer may come after the last second
    assert sum(live.by_row) == live.count
    assert live.header == 0


def test_a_paint_counts_when_the_terminal_shows_it_not_when_its_first_byte_comes(tmp_path: Path) -> None:
    with opened(tmp_path) as terminal:
        terminal.wait_text("READY", 30)
        keys = press_keys(terminal, "k", 3)
        unheard = press_keys(terminal, "z", 1)
    assert (len(keys.times), keys.unanswered) == (3, 0)
    assert keys.times[0] >= 49  # the program holds each paint back for 50 ms
    assert (unheard.times, unheard.unanswered) == ((), 1)


def test_a_program_that_has_left_is_no_program_that_sends_nothing(tmp_path: Path) -> None:
    with opened(tmp_path) as terminal:
        terminal.wait_text("READY", 30)
        terminal.send("q")
        assert flows([terminal], 1) == [None]
        assert terminal.wait_text("READY", 0.1) is None
    never = Line("bytes", "B/s", {"console 120x40": None}, 100.0)
    assert never.met is False


def test_the_program_is_ended_with_the_terminal(tmp_path: Path) -> None:
    with opened(tmp_path) as terminal:
        terminal.wait_text("READY", 30)
        assert terminal.resident() > 0
    assert terminal.resident() == 0


def test_sequences_cut_anywhere_show_the_same(tmp_path: Path) -> None:
    text = "\x1b[?1049h\x1b[2;3H\x1b[1;38;2;1;2;3mä│日\x1b[0m\x1b]0;title\x07!\x1b[3;1Hab\x1b[2;1Hc\x1b[K"
    data = text.encode()
    whole = Screen(20, 4)
    whole.feed(data)
    for cut in range(len(data)):
        parts = Screen(20, 4)
        parts.feed(data[:cut])
        parts.feed(data[cut:])
        assert parts.cells == whole.cells
    assert whole.row(2).startswith("ab")


def test_a_miss_is_said_with_its_cause() -> None:
    lines = [
        Line("starts", "s", {"console 120x40": 2.0}, 1.4, cause=lambda: "it reads the file first."),
        Line("rests", "B/s", {"console 120x40": 90.0}, 100.0),
    ]
    assert misses(lines) == "MISSED starts: it reads the file first."
    assert table(lines).count("MISSED") == 1
    assert table(lines).count("met") == 1
    assert verdicts(lines) == "1 of 2 budgets met."


def test_paints_are_counted_as_often_as_the_screen_changes(tmp_path: Path) -> None:
    """Not as often as bytes come: what stands in rows above, and one paint in pieces, is none of its own."""
    with opened(tmp_path) as terminal:
        terminal.wait_text("READY", 30)
        tenths = iter("n...n...n.......")
        found = paints(terminal, 1.6, lambda: terminal.send(next(tenths)) and None, first_row=5)
        assert 1.0 <= found * 1.6 <= 3.4
        assert paints(terminal, 0.5, lambda: None, first_row=5) == 0


def test_the_engine_is_judged_by_ratios_of_what_was_timed() -> None:
    """Against one environment, where more is better; against the bare predict calls, where less is."""
    sides = {"engine": 2e-6, "one": 100e-6, "predict": 60e-6, "dummy": 30e-6, "bare": 1e-6}
    lines = backtest_lines({"62": sides, "620": sides})
    assert [line.met for line in lines] == [None, True, True, None, False, True]
    assert lines[1].values == pytest.approx({COLUMNS[1]: 50.0, COLUMNS[2]: 30.0, COLUMNS[3]: 15.0})
    assert "≥ 100" in table(lines, COLUMNS)
    assert "2.00 µs" in misses(lines)


def test_training_is_judged_by_its_pace_and_its_ratio_to_stock_ppo() -> None:
    times = {"lanes 16": 500e-6, "lanes 32": 400e-6, "stock": 1000e-6, "free": 800e-6}
    lines = training_lines(times)
    assert [line.met for line in lines] == [True, False, None]
    assert lines[1].values == pytest.approx({"16 lanes": 2.0, "32 lanes": 2.5})
    assert "16 lanes: 500 µs a step" in misses(lines)


def test_the_cost_of_many_symbols_and_models_is_a_sum_that_can_be_followed() -> None:
    """64 symbols and 4 models are one task: its features once, its backtest four times."""
    cost = {
        "features": 0.5,
        "backtest": 2.0,
        "evidence": 10.0,
        "check": 17.0,
        "task_bytes": 1e6,
        "result_bytes": 2e6,
    }
    assert core_seconds(cost, 64, 4) == (0.5, 8.0)
    text = cost_text(cost, cores=2)
    assert "16 × 5 = 80 tasks" in text
    assert "1,000/64 × 20 × 2.00 s = 625 s" in text
    assert "2 cores 5.5 min" in text
    assert "for 128 symbols × 2 models: 9.0 s; run and timed: 17.0 s" in text
