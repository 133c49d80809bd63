"""Shared by the widgets' tests: a revalidation's result, and an app that holds one widget."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.widget import Widget

from core.revalidation.result import (
    Curve,
    Evidence,
    GateResult,
    Hashes,
    RevalidationResult,
    SymbolResult,
)
from widgets.tone import use_ascii


class OneWidget(App[None]):
    """Holds one widget that fills the screen."""

    CSS = "Screen { layout: vertical; }"

    def __init__(self, widget: Widget) -> None:
        super().__init__()
        self.widget = widget

    def compose(self) -> ComposeResult:
        yield self.widget


def make_result(**changes: Any) -> RevalidationResult:
    """A PARTIAL-GO with four gates passed, one failed and one not evaluable."""
    gates = (
        _gate("sharpe_ratio", ">=", 1.0, 1.42, 0.42, "PASS", baseline=-3.1),
        _gate("max_drawdown_pct", "<=", 15.0, 11.8, 3.2, "PASS", baseline=31.2),
        _gate("win_rate_pct", ">=", 45.0, 47.3, 2.3, "PASS", baseline=44.1),
        _gate("profit_factor", ">=", 1.5, 0.61, -0.89, "FAIL", baseline=0.72),
        _gate("consecutive_losses", "<=", 5.0, 4, 1.0, "PASS", baseline=6),
        _gate(
            "calmar_ratio",
            ">=",
            2.0,
            None,
            None,
            "NOT_EVALUABLE",
            reason="480 candles, at least 500 are needed",
        ),
    )
    points = 240
    equity = tuple(1 + 0.2 * i / points + 0.02 * math.sin(i / 7) for i in range(points))
    peak, drawdown = 0.0, []
    for value in equity:
        peak = max(peak, value)
        drawdown.append(100 * (1 - value / peak))
    fields: dict[str, Any] = {
        "generated_at": "2026-02-24T09:00:00Z",
        "decision": "PARTIAL-GO",
        "decision_text": "PARTIAL-GO",
        "recommendation": "Tune",
        "recommendation_reasons": ("profit factor 0.61 is below 1.50", "Calmar ratio could not be judged"),
        "policy": "manual",
        "verdicts": {"manual": "PARTIAL-GO", "checklist": "PARTIAL-GO"},
        "gates_passed": 4,
        "gates": gates,
        "metrics": {"trades": 612, "unique_candles": 480, "total_return_pct": 19.8, "exposure_pct": 41.0},
        "baselines": {"random": {"total_return_pct": -22.0}, "buy_and_hold": {"total_return_pct": 4.1}},
        "evidence": Evidence(psr=0.914, placebo_p=0.08, note="PSR 0.91, needs 0.95"),
        "symbols": tuple(
            SymbolResult(
                symbol=f"SYM{i}USDT",
                return_pct=(-1) ** i * i * 0.7,
                max_drawdown_pct=3.0 + i,
                win_rate_pct=50.0,
                profit_factor=None if i == 3 else 1.1,
                trades=10 + i,
            )
            for i in range(62)
        ),
        "curve": Curve(
            time=tuple(f"2025-{9 + i // 90:02d}-{1 + i % 28:02d}T00:00:00Z" for i in range(points)),
            equity=equity,
            drawdown_pct=tuple(drawdown),
        ),
        "hashes": Hashes(model="3f2c" * 16, data="aa" * 32),
        "model": {"path": "models/ppo_phase4/best_model.zip", "role": "best"},
        "data": {"folder": "data/backtest", "symbols": 62, "judged_before": 1},
        "warnings": ("6 of 10 episodes fit without overlap",),
        "reports": ("reports/revalidation/revalidation_result.json",),
        "seconds": 12.3,
    }
    return RevalidationResult(**{**fields, **changes})


def _gate(
    name: Any, comparison: Any, limit: float, value: Any, margin: Any, status: Any, **more: Any
) -> GateResult:
    return GateResult(
        name=name,
        comparison=comparison,
        limit=limit,
        value=value,
        margin=margin,
        status=status,
        reference=0.0,
        expected="",
        **more,
    )


@pytest.fixture
def result() -> Callable[..., RevalidationResult]:
    """`result(decision="GO")`: a result with some fields changed."""
    return make_result


@pytest.fixture
def holding() -> Callable[[Widget], OneWidget]:
    """`holding(widget)`: an app that shows it."""
    return OneWidget


@pytest.fixture
def ascii_terminal() -> Iterator[None]:
    """A terminal that takes ASCII only."""
    use_ascii(True)
    yield
    use_ascii(False)
