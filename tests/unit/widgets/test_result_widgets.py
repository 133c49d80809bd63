"""The widgets of a revalidation: gates, banner, symbols, equity, steps."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.revalidation.result import Evidence
from widgets.decision_banner import DecisionBanner
from widgets.equity_chart import EquityChart
from widgets.gate_table import GateTable, gate_limit, gate_margin, gate_number, gate_value
from widgets.progress_steps import ProgressSteps
from widgets.symbol_table import SymbolTable

ROOT = Path(__file__).resolve().parents[3]


async def drawn(
    holding: Any, widget: Any, *arguments: Any, size: tuple[int, int] = (100, 16), **more: Any
) -> str:
    async with holding(widget).run_test(size=size) as pilot:
        widget.show(*arguments, **more)
        await pilot.pause()
        return "\n".join(widget.text_lines())


async def test_each_gate_has_limit_value_margin_and_verdict_in_words(holding: Any, result: Any) -> None:
    text = await drawn(holding, GateTable(), result().gates)
    rows = {line.split("  ")[0].strip("│ "): line for line in text.splitlines()}
    assert all(part in rows["Sharpe ratio"] for part in ("≥ 1.00", "1.42", "+0.42", "-3.10", "● PASS"))
    assert all(part in rows["Max drawdown"] for part in ("≤ 15.0 %", "11.8 %", "+3.2 %"))
    assert "■ FAIL" in rows["Profit factor"] and "-0.89" in rows["Profit factor"]
    assert "○ NOT EVALUABLE" in rows["Calmar ratio"]
    assert "Calmar ratio: 480 candles, at least 500 are needed" in text


async def test_gate_and_verdict_stay_at_any_width(holding: Any, result: Any) -> None:
    table = GateTable()
    async with holding(table).run_test(size=(120, 14)) as pilot:
        table.show(result().gates)
        for width in (40, 60, 78, 80, 120):
            await pilot.resize_terminal(width, 14)
            await pilot.pause()
            text = "\n".join(table.text_lines())
            assert ("Consecutive losses" in text and "NOT EVALUABLE" in text) or width < 60
            assert "PASS" in text or width < 45
            assert all(len(line) <= width for line in text.splitlines())


async def test_an_infinite_profit_factor_is_said(holding: Any, result: Any) -> None:
    gates = [
        msgspec.structs.replace(gate, value=None, infinite=True) if gate.name == "profit_factor" else gate
        for gate in result().gates
    ]
    assert "∞" in await drawn(holding, GateTable(), gates)


def test_numbers_of_gates(result: Any) -> None:
    assert gate_number("consecutive_losses", 4.0) == "4"
    assert gate_number("consecutive_losses", 4.5) == "4.5"
    assert gate_number("win_rate_pct", None) == "–"
    sharpe = result().gates[0]
    missed = msgspec.structs.replace(sharpe, limit=1.125, value=1.12496, margin=-0.00004, status="FAIL")
    assert (gate_limit(missed), gate_value(missed), gate_margin(missed)) == ("1.125", "1.12496", "-0.00004")
    assert gate_number("sharpe_ratio", 0.0, signed=True) == "+0.00"


async def test_the_banner_shows_verdict_gates_both_policies_and_evidence(holding: Any, result: Any) -> None:
    banner = DecisionBanner()
    text = await drawn(holding, banner, result(verdicts={"manual": "PARTIAL-GO", "checklist": "GO"}))
    assert "██ PARTIAL-GO ██  4/6" in text
    assert "manual: PARTIAL-GO" in text and "checklist: GO" in text
    assert "evidence: weak · PSR 0.91 · placebo p 0.080 · 612 trades" in text


async def test_the_banner_says_when_evidence_was_not_computed(holding: Any, result: Any) -> None:
    text = await drawn(holding, DecisionBanner(), result(evidence=Evidence()))
    assert "evidence: weak · not computed · 612 trades" in text


async def test_the_banner_loses_nothing_when_narrow(holding: Any, result: Any) -> None:
    text = await drawn(holding, DecisionBanner(), result(), "judged 3 h ago", "stale", size=(40, 12))
    for part in ("██ PARTIAL-GO ██  4/6", "stale", "manual: PARTIAL-GO", "evidence: weak", "judged 3 h ago"):
        assert part in text
    assert len(text.splitlines()) > 2


@pytest.mark.parametrize("width", [80, 100, 120])
async def test_the_age_of_a_verdict_is_not_left_alone(holding: Any, result: Any, width: int) -> None:
    age = "judged 3 h ago" + " and more" * (width > 100)
    text = await drawn(holding, DecisionBanner(), result(), age, "stale", size=(width, 6))
    (line,) = (line for line in text.splitlines() if age in line)
    assert "evidence: weak" in line


async def test_no_result_no_banner(holding: Any) -> None:
    assert await drawn(holding, DecisionBanner(), None) == ""


async def test_a_weak_go_is_no_green_go(holding: Any, result: Any) -> None:
    banner = DecisionBanner()
    async with holding(banner).run_test(size=(100, 4)) as pilot:
        banner.show(result(decision="GO", decision_text="GO (weak evidence)", gates_passed=6))
        await pilot.pause()
        (first, tone), *_ = banner._rows[0]
        assert "GO (weak evidence)" in first and tone == "warning-bold"


async def test_symbols_scroll_and_say_which_part_is_shown(holding: Any, result: Any) -> None:
    table = SymbolTable()
    async with holding(table).run_test(size=(60, 12)) as pilot:
        table.show(result().symbols)
        await pilot.pause()
        assert "1–9 of 62" in table.text_lines()[0]
        table.move(1000)
        await pilot.pause()
        assert "54–62 of 62" in table.text_lines()[0]
        assert "SYM61USDT" in "\n".join(table.text_lines())
        table.move(-1000)
        assert "SYM0USDT" in table.text_lines()[2]


async def test_equity_and_drawdown_with_dates_and_totals(holding: Any, result: Any) -> None:
    text = await drawn(holding, EquityChart(), result().curve, size=(60, 22))
    head = text.splitlines()[0]
    assert "+20.7 %" in head and "worst -2.3 %" in head
    assert "equity, start = 1" in text and "drawdown, %" in text and "2025-09-01" in text
    assert sum("⠀" < char <= "⣿" for char in text) > 60


async def test_equity_draws_at_any_size(holding: Any, result: Any) -> None:
    chart = EquityChart()
    async with holding(chart).run_test(size=(60, 20)) as pilot:
        chart.show(result().curve)
        for size in ((10, 3), (30, 8), (24, 11), (120, 40)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert {len(line) for line in chart.text_lines()} <= set(range(size[0] + 1))


def test_plotext_is_loaded_only_with_a_curve() -> None:
    """The first screen must not pay for it."""
    code = "import sys, widgets.equity_chart; print({'plotext', 'textual_plotext'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


async def test_steps_show_done_current_and_rest(holding: Any) -> None:
    steps = ProgressSteps(("model", "data", "backtest", "gates", "report"))
    text = await drawn(holding, steps, 3, 44, 62, "6s left", size=(110, 1))
    assert text.strip() == (
        "[1/5] model ✓  [2/5] data ✓  [3/5] backtest ████████░░░░ 44/62  [4/5] gates  [5/5] report   6s left"
    )


async def test_steps_shorten_before_they_lose_a_step(holding: Any) -> None:
    steps = ProgressSteps(("model", "data", "backtest", "gates", "report"))
    text = await drawn(holding, steps, 3, 44, 62, "6s left", size=(78, 1))
    assert "[3/5] backtest" in text and "44/62" in text and "report" in text and "6s left" in text


@pytest.mark.usefixtures("ascii_terminal")
async def test_everything_in_ascii(holding: Any, result: Any) -> None:
    given = result()
    gates = [gate for gate in given.gates if gate.value is not None]
    assert (await drawn(holding, EquityChart(), given.curve, size=(60, 20))).isascii()
    steps = ProgressSteps(("model", "data", "backtest", "gates", "report"))
    assert (await drawn(holding, steps, 3, 44, 62)).isascii()
    text = await drawn(holding, GateTable(), gates)
    assert "o PASS" in text and "# FAIL" in text and "≥" not in text
