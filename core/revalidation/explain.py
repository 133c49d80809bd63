"""What a gate counts, what it was counted from, and what would turn it. Pure words and numbers.

Used by the screen's details and the reports. Trap avoided: advice that cannot be checked; each turning point
follows from the gate's own definition with everything else as it is, and says so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from core.revalidation.result import GateResult, Number, RevalidationResult
from core.units import number, percent

DEFINITIONS: dict[str, str] = {
    "sharpe_ratio": "mean / standard deviation of the portfolio's return per candle, times the square root "
    "of the candles in a year; risk-free rate 0",
    "max_drawdown_pct": "the largest fall of the portfolio's equity from its highest value so far, at candle "
    "closes; the worst episode rules",
    "win_rate_pct": "winning trades / all closed trades of all symbols; a draw is no win",
    "profit_factor": "gross profit / gross loss in currency, over all closed trades, net of costs",
    "consecutive_losses": "the longest run of losing trades of each symbol and episode; a draw breaks a run",
    "calmar_ratio": "yearly compounded growth / maximum drawdown",
}
_INPUTS: dict[str, tuple[tuple[str, str], ...]] = {
    "sharpe_ratio": (
        ("unique_candles", "unique candles"),
        ("volatility_pct", "volatility"),
        ("sharpe_ratio_rf2", "at 2 % risk-free"),
        ("sortino_ratio", "Sortino"),
    ),
    "max_drawdown_pct": (
        ("unique_candles", "unique candles"),
        ("episodes", "episodes"),
        ("worst_sleeve_drawdown_pct", "worst symbol"),
        ("recovery_factor", "recovery factor"),
    ),
    "win_rate_pct": (("trades", "closed trades"), ("wins", "won"), ("losses", "lost"), ("draws", "draws")),
    "profit_factor": (
        ("trades", "closed trades"),
        ("gross_profit", "gross profit"),
        ("gross_loss", "gross loss"),
        ("expectancy", "mean of a trade"),
        ("ambiguous_candles", "ambiguous candles"),
    ),
    "consecutive_losses": (
        ("streams", "symbols × episodes"),
        ("consecutive_losses_median", "median"),
        ("consecutive_losses_p90", "90th percentile"),
        ("consecutive_losses_worst", "worst"),
        ("consecutive_losses_pooled", "all trades as one"),
    ),
    "calmar_ratio": (
        ("cagr_pct", "yearly growth"),
        ("max_drawdown_pct", "maximum drawdown"),
        ("total_return_pct", "total return"),
        ("unique_candles", "unique candles"),
    ),
}


def inputs(gate: GateResult, metrics: Mapping[str, Number]) -> tuple[tuple[str, str], ...]:
    """(words, value) of what the gate was counted from, as far as it is known."""
    return tuple(
        (words, _shown(name, metrics[name]))
        for name, words in _INPUTS[gate.name]
        if metrics.get(name) is not None
    )


def turning_point(gate: GateResult, result: RevalidationResult) -> str:
    """What would turn the verdict, everything else being as it is."""
    if gate.status == "NOT_EVALUABLE":
        return f"it could be judged if this were mended: {gate.reason}"
    if gate.value is None:
        return "a losing trade would make the factor finite"
    metrics, passes = result.metrics, gate.status == "PASS"
    word = "fails" if passes else "passes"
    match gate.name:
        case "sharpe_ratio":
            return _sharpe(gate, metrics, word)
        case "win_rate_pct":
            return _win_rate(gate, metrics, word)
        case "profit_factor":
            return _factor(gate, metrics, word)
        case "max_drawdown_pct":
            scale = gate.limit / gate.value if gate.value else math.inf
            change = f"{scale:.2f} times the position size" if math.isfinite(scale) else "any fall"
            return f"{word} at about {change}: a drawdown grows with the size of the positions"
        case "calmar_ratio":
            return _calmar(gate, metrics, word)
        case _:
            edge = math.floor(gate.limit) + (1 if passes else 0)
            size = f"{edge} {'or more' if passes else 'or fewer'}"
            return f"{word} with a run of {size} instead of {gate.value:g}"


def _sharpe(gate: GateResult, metrics: Mapping[str, Number], word: str) -> str:
    volatility, value = metrics.get("volatility_pct"), gate.value
    if volatility is None or value is None:
        return f"{word} at {number(gate.limit, 2)}"
    return (
        f"{word} with a mean return of {percent(gate.limit * volatility)} a year at the same volatility; "
        f"it is {percent(value * volatility)}"
    )


def _win_rate(gate: GateResult, metrics: Mapping[str, Number], word: str) -> str:
    trades, wins = metrics.get("trades"), metrics.get("wins")
    if trades is None or wins is None:
        return f"{word} at {percent(gate.limit)}"
    least = math.ceil(gate.limit / 100 * trades - 1e-9)
    turned = least if word == "passes" else least - 1
    change = f"{abs(turned - wins):,} {'more' if turned > wins else 'fewer'}"
    return f"{word} with {change} of the {trades:,} trades won: {turned:,} instead of {wins:,}"


def _factor(gate: GateResult, metrics: Mapping[str, Number], word: str) -> str:
    profit, loss = metrics.get("gross_profit"), metrics.get("gross_loss")
    if profit is None or loss is None:
        return f"{word} at {number(gate.limit, 2)}"
    more = gate.limit * loss - profit
    less = loss - profit / gate.limit if gate.limit else loss
    verb = ("more", "less") if more >= 0 else ("less", "more")
    return (
        f"{word} with {number(abs(more), 2)} {verb[0]} gross profit, or {number(abs(less), 2)} {verb[1]} "
        "gross loss"
    )


def _calmar(gate: GateResult, metrics: Mapping[str, Number], word: str) -> str:
    growth, drawdown = metrics.get("cagr_pct"), metrics.get("max_drawdown_pct")
    if growth is None or drawdown is None:
        return f"{word} at {number(gate.limit, 2)}"
    words = f"{word} with a growth of {percent(gate.limit * drawdown)} a year at the same drawdown"
    if growth > 0 and gate.limit > 0:
        words += f", or a drawdown of {percent(growth / gate.limit)} at the same growth"
    return words


def _shown(name: str, value: Number) -> str:
    if name.endswith("_pct"):
        return percent(value)
    return number(value, 0 if isinstance(value, int) or name.startswith("consecutive") else 2)
