"""What would turn a gate is true: changed by that much, the gate turns, and not by less."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from console.screens.gate_detail import gate_facts
from core.backtest.summary import Summary
from core.revalidation.explain import DEFINITIONS, inputs, turning_point
from core.revalidation.gates import SPECS
from core.revalidation.result import GateResult, RevalidationResult

MakeResult = Callable[..., RevalidationResult]


@pytest.fixture
def turned(make_result: MakeResult, make_summary: Callable[..., Summary]) -> Callable[..., str]:
    """The turning point of a gate in a result with these metrics."""

    def words(name: str, **metrics: object) -> str:
        result = make_result(make_summary(**metrics))
        gate = next(gate for gate in result.gates if gate.name == name)
        return turning_point(gate, result)

    return words


def test_win_rate_counts_the_trades_it_takes(turned: Callable[..., str]) -> None:
    failing = turned("win_rate_pct", win_rate_pct=40.0, wins=80)
    assert failing == "passes with 10 more of the 200 trades won: 90 instead of 80"
    passing = turned("win_rate_pct", win_rate_pct=46.0, wins=92)
    assert passing == "fails with 3 fewer of the 200 trades won: 89 instead of 92"
    for wins, passes in ((90, True), (89, False)):
        assert (100 * wins / 200 >= 45.0) == passes


def test_factor_says_how_much_profit_or_loss(turned: Callable[..., str]) -> None:
    words = turned("profit_factor", profit_factor=1.2, gross_profit=1200.0, gross_loss=1000.0)
    assert words == "passes with 300.00 more gross profit, or 200.00 less gross loss"
    words = turned("profit_factor", profit_factor=2.0, gross_profit=2000.0, gross_loss=1000.0)
    assert words == "fails with 500.00 less gross profit, or 333.33 more gross loss"


def test_sharpe_drawdown_calmar_and_runs(turned: Callable[..., str]) -> None:
    assert "mean return of 20.0 % a year" in turned("sharpe_ratio", sharpe_ratio=0.5, volatility_pct=20.0)
    assert "it is 10.0 %" in turned("sharpe_ratio", sharpe_ratio=0.5, volatility_pct=20.0)
    assert "passes at about 0.75 times the position size" in turned("max_drawdown_pct", max_drawdown_pct=20.0)
    words = turned("calmar_ratio", calmar_ratio=1.0, cagr_pct=10.0, max_drawdown_pct=10.0)
    assert words == (
        "passes with a growth of 20.0 % a year at the same drawdown, "
        "or a drawdown of 5.0 % at the same growth"
    )
    assert turned("consecutive_losses", consecutive_losses=7.0) == (
        "passes with a run of 5 or fewer instead of 7"
    )
    assert "fails with a run of 6 or more" in turned("consecutive_losses")


def test_what_cannot_be_judged_says_what_is_missing(turned: Callable[..., str]) -> None:
    assert "no trades" in turned("win_rate_pct", trades=0)


def test_a_gate_without_its_inputs_still_says_something(turned: Callable[..., str]) -> None:
    for spec in SPECS:
        assert turned(spec.name, cagr_pct=None, gross_profit=None, wins=None)


def test_details_hold_definition_inputs_interval_and_comparisons(make_result: MakeResult) -> None:
    result = make_result(
        metrics={"trades": 200, "wins": 110, "losses": 90, "draws": 0},
        whole_period={"win_rate_pct": 51.0},
        twice_the_cost={"win_rate_pct": 49.0},
        baselines={"buy_and_hold": {"win_rate_pct": 0.0}},
    )
    win_rate: GateResult = result.gates[2]
    facts = {label: text for label, text, _tone in gate_facts(win_rate, result)}
    assert facts["counts"] == DEFINITIONS["win_rate_pct"]
    assert facts["won"] == "110" and facts["closed trades"] == "200"
    assert facts["90 % interval"] == "not computed"
    assert facts["whole period"] == "51.0 %" and facts["twice the cost"] == "49.0 %"
    assert "fails with" in facts["turns"] and facts["checklist"] == "random 48.51, expected >50%"


def test_every_gate_has_a_definition_and_names_its_inputs(make_result: MakeResult) -> None:
    metrics = {"unique_candles": 500, "trades": 12, "streams": 3, "cagr_pct": 4.0}
    for gate in make_result().gates:
        assert DEFINITIONS[gate.name] and inputs(gate, metrics)
