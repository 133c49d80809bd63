"""`revalidation_result.html`: the report for people who decide without a terminal.

One self-contained page: verdict, gates, evidence, equity and drawdown, a picture of each symbol with its
trades, and what was judged. Trap avoided: a picture that shows less than the table beside it; every symbol of
the table has one.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence

from core.revalidation import page, svg
from core.revalidation.explain import DEFINITIONS, turning_point
from core.revalidation.gates import BY_NAME
from core.revalidation.report_rows import GATE_HEAD, gate_row, provenance_rows, symbol_rows
from core.revalidation.result import Curve, RevalidationResult
from core.revalidation.text import (
    evidence_details,
    evidence_line,
    verdict_line,
)
from core.revalidation.trade_book import SymbolBook, TradeBook, side_word
from core.units import number

_SYMBOL_HEAD = ("symbol", "return", "max drawdown", "win rate", "factor", "trades")
_WIDTH = 940
_TONES = {"GO": "good", "PARTIAL-GO": "warning", "NO-GO": "critical"}


def result_page(result: RevalidationResult, book: TradeBook | None = None) -> str:
    """The whole document; `book` gives the symbols' pictures."""
    tone = _TONES[result.decision]
    if result.decision == "GO" and result.evidence.strength != "strong":
        tone = "warning"
    blocks = [
        f'<h1><span class="verdict {tone}">{page.text(result.decision_text)}</span></h1>',
        page.paragraph(
            f"{result.gates_passed} of {len(result.gates)} gates passed · recommendation: "
            f"{result.recommendation} · {verdict_line(result)} · made {result.generated_at}"
        ),
        page.paragraph(f"Next steps: {result.next_steps}", "dim"),
        page.heading("Gates"),
        _gates(result),
        page.heading("Evidence"),
        page.paragraph(evidence_line(result), "good" if result.evidence.strength == "strong" else "warning"),
        page.bullets(evidence_details(result)),
    ]
    if result.recommendation_reasons:
        blocks += [page.heading("Why, and what to do"), page.bullets(result.recommendation_reasons)]
    if result.warnings:
        blocks += [page.heading("Warnings"), page.bullets(result.warnings)]
    if result.curve is not None:
        blocks += [page.heading("Equity and drawdown"), *_equity(result.curve)]
    if result.symbols:
        blocks += [
            page.heading("Symbols"),
            page.table(_SYMBOL_HEAD, symbol_rows(result), numbers=range(1, 6)),
        ]
    if book is not None:
        blocks.append(f'<div class="charts">{"".join(_symbol(each) for each in book.symbols)}</div>')
    blocks += [page.heading("What turns each gate"), _turning(result)]
    blocks += [page.heading("What was judged"), page.table(("what", "value"), provenance_rows(result))]
    return page.page(f"Revalidation: {result.decision_text}", blocks)


def _gates(result: RevalidationResult) -> str:
    tones = {"PASS": "good", "FAIL": "critical", "NOT_EVALUABLE": "warning"}
    return page.table(
        GATE_HEAD,
        [gate_row(gate) for gate in result.gates],
        numbers=range(1, 6),
        tones=[tones[gate.status] for gate in result.gates],
    )


def _equity(curve: Curve) -> list[str]:
    places = list(range(len(curve.time)))
    labels = _dates(curve)
    equity = svg.lines(
        [svg.Line(places, curve.equity, "line", fill_to=min(curve.equity))],
        width=_WIDTH,
        x_labels=labels,
        limits=(svg.Limit(1.0, "start"),),
        describe="equity of the portfolio, starting at 1",
    )
    falls = [-fall for fall in curve.drawdown_pct]
    drawdown = svg.lines(
        [svg.Line(places, falls, "fall", fill_to=0.0)],
        width=_WIDTH,
        height=120,
        x_labels=labels,
        describe="drawdown of the portfolio in percent",
    )
    return [
        page.figure(equity, "Equity of the portfolio, a start of 1, net of costs; episodes joined."),
        page.figure(drawdown, "Drawdown in percent, within each episode."),
    ]


def _symbol(book: SymbolBook) -> str:
    if book.curve is None:
        return ""
    curve = book.curve
    last = len(curve.time) - 1
    points = [
        svg.Point(
            at := min(bisect.bisect_left(curve.time, moment), last),
            curve.equity[at],
            "won" if (pnl or 0.0) > 0 else "lost",
            f"{side_word(side)} {(entry or number(None))[:16]} to {moment[:16]}: {number(pnl, 2)}"
            + (f", {reason}" if reason else ""),
        )
        for moment, entry, side, pnl, reason in zip(
            book.exit, book.entry, book.side, book.pnl, book.reason, strict=True
        )
    ]
    drawing = svg.lines(
        [svg.Line(list(range(last + 1)), curve.equity)],
        width=300,
        height=140,
        x_labels=_dates(curve),
        points=points,
        describe=f"equity of {book.symbol} with its trades",
    )
    return page.figure(drawing, f"{book.symbol}: {len(book.pnl):,} trades")


def _dates(curve: Curve) -> Sequence[tuple[float, str]]:
    last = len(curve.time) - 1
    return [(at, curve.time[at][:10]) for at in (0, last)]


def _turning(result: RevalidationResult) -> str:
    return page.table(
        ("gate", "counts", "turns"),
        [
            (BY_NAME[gate.name].title, DEFINITIONS[gate.name], turning_point(gate, result))
            for gate in result.gates
        ],
    )
