"""The six gates: limit, value, margin, interval, the random policy's value, verdict.

Trap avoided: a gate that cannot be judged looking like one that failed, or passed. PASS, FAIL and NOT
EVALUABLE each have a glyph, a word and a colour, and the reason stands below.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual.geometry import Size

from core.revalidation.result import GateResult
from core.units import apart, number
from widgets.lines import LineWidget, Row, Span, fit, framed, with_cursor, wrapped
from widgets.tone import Tone, ascii_only, glyph, safe

LABELS = {
    "sharpe_ratio": "Sharpe ratio",
    "max_drawdown_pct": "Max drawdown",
    "win_rate_pct": "Win rate",
    "profit_factor": "Profit factor",
    "consecutive_losses": "Consecutive losses",
    "calmar_ratio": "Calmar ratio",
}
_DECIMALS = {"max_drawdown_pct": 1, "win_rate_pct": 1, "consecutive_losses": 0}
_MOST_DECIMALS = 9
_VERDICT: dict[str, tuple[Tone, str]] = {
    "PASS": ("good", "PASS"),
    "FAIL": ("critical", "FAIL"),
    "NOT_EVALUABLE": ("unknown", "NOT EVALUABLE"),
}
_HEADS = ("gate", "limit", "value", "margin", "90% interval", "random", "verdict")
_INTERVAL, _RANDOM, _MARGIN = 4, 5, 3


def gate_number(
    name: str, value: float | int | None, *, signed: bool = False, not_like: float | None = None
) -> str:
    """A gate's value as everywhere: `1.42`, `11.8 %`, `+0.42`; `–` where there is none. With more decimals
    where it would read like `not_like`, which it is not."""
    decimals = _DECIMALS.get(name, 2)
    if name == "consecutive_losses" and value is not None and value != int(value):
        decimals = 1
    text = apart(value, not_like, decimals)
    if signed and value is not None and value >= 0:
        text = f"+{text}"
    return f"{text} %" if name.endswith("_pct") and value is not None else text


def gate_limit(gate: GateResult) -> str:
    """With every decimal that somebody wrote."""
    decimals = _DECIMALS.get(gate.name, 2)
    while decimals < _MOST_DECIMALS and round(gate.limit, decimals) != gate.limit:
        decimals += 1
    unit = " %" if gate.name.endswith("_pct") else ""
    return f"{number(gate.limit, decimals)}{unit}"


def gate_value(gate: GateResult) -> str:
    """A near miss does not read like the limit."""
    return gate_number(gate.name, gate.value, not_like=gate.limit if gate.status == "FAIL" else None)


def gate_margin(gate: GateResult) -> str:
    return gate_number(gate.name, gate.margin, signed=True, not_like=0.0 if gate.status == "FAIL" else None)


class GateTable(LineWidget):
    DEFAULT_CSS = """
    GateTable { width: 1fr; height: 1fr; min-height: 8; }
    """

    def __init__(self, *, empty: str = "", id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.empty = empty
        self.active = False
        self.cursor = 0
        self._gates: tuple[GateResult, ...] = ()

    @property
    def selected(self) -> GateResult | None:
        """The gate under the cursor."""
        return self._gates[self.cursor] if self.cursor < len(self._gates) else None

    def activate(self, active: bool) -> None:
        """Whether the keys act on this pane; only then the cursor shows."""
        self.active = active
        self.redraw()

    def move(self, rows: int) -> None:
        """The cursor by `rows` (negative: up), within the gates."""
        self.cursor = max(0, min(self.cursor + rows, len(self._gates) - 1))
        self.redraw()

    @property
    def page_size(self) -> int:
        return len(LABELS)

    def show(self, gates: Sequence[GateResult]) -> None:
        before = self._needed_height()
        self._gates = tuple(gates)
        if self._needed_height() != before:
            self.refresh(layout=True)
        self.redraw()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return self._needed_height()

    def _needed_height(self) -> int:
        reasons = sum(bool(gate.reason) and gate.status != "PASS" for gate in self._gates)
        return 3 + len(LABELS) + (1 + reasons if reasons else 0)

    def rows(self, width: int, height: int) -> Sequence[Row]:
        if not self._gates:
            words = wrapped(self.empty, width - 4)
            return framed("gates", [], words, width, height, active=self.active)
        inner = width - 4
        table = [_cells(gate) for gate in self._gates]
        widths, gap = _layout(table, inner)
        head = [(_aligned(text, widths, i), "dim") for i, text in enumerate(_HEADS) if widths[i]]
        body: list[Row] = [_spaced(head, gap)]
        for gate, cells in zip(self._gates, table, strict=True):
            tone = _VERDICT[gate.status][0]
            tones = (
                "plain",
                "dim",
                "bright",
                tone,
                "dim",
                "dim",
                f"{tone}-bold" if tone != "unknown" else tone,
            )
            spans = [(_aligned(text, widths, i), tones[i]) for i, text in enumerate(cells) if widths[i]]
            body.append(_spaced(spans, gap))
        reasons = [gate for gate in self._gates if gate.reason and gate.status != "PASS"]
        room = height - 2 - len(body)
        if reasons and room > 1:
            body.append([])
            for gate in reasons[: room - 1]:
                tone = _VERDICT[gate.status][0]
                body.append(
                    [
                        (f"{glyph(tone)} ", tone),
                        (f"{LABELS[gate.name]}: ", "dim"),
                        (safe(str(gate.reason), 200), "plain"),
                    ]
                )
        marked = with_cursor(body, self.cursor + 1 if self.active else None)
        return framed("gates", [], marked, width, height, gutter=0, active=self.active)


def _cells(gate: GateResult) -> tuple[str, ...]:
    tone, word = _VERDICT[gate.status]
    sign = {">=": ">=", "<=": "<="} if ascii_only() else {">=": "≥", "<=": "≤"}
    limit = gate_limit(gate)
    value = ("inf" if ascii_only() else "∞") if gate.infinite else gate_value(gate)
    interval = ""
    if gate.interval_90 is not None:
        places = _DECIMALS.get(gate.name, 2)
        interval = f"{number(gate.interval_90[0], places)} … {number(gate.interval_90[1], places)}"
    return (
        LABELS[gate.name],
        f"{sign[gate.comparison]} {limit}",
        value,
        gate_margin(gate),
        interval or number(None),
        gate_number(gate.name, gate.baseline),
        f"{glyph(tone)} {word}",
    )


def _layout(table: Sequence[tuple[str, ...]], inner: int) -> tuple[list[int], int]:
    """Column widths, 0 for a column that is not shown, and the blanks between columns.

    A column in which no gate has a value is left out; where the others do not fit, the blanks shrink, then
    random, interval and margin go, in this order.
    """
    columns = list(zip(_HEADS, *table, strict=True))
    widths = [max(cell_len(cell) for cell in column) for column in columns]
    for column in (_INTERVAL, _RANDOM):
        if all(cells[column] == number(None) for cells in table):
            widths[column] = 0

    def spare(gap: int) -> int:
        return inner - sum(widths) - gap * (sum(width > 0 for width in widths) - 1)

    for column in (_RANDOM, _INTERVAL, _MARGIN):
        if spare(1) >= 0:
            break
        widths[column] = 0
    gap = 2 if spare(2) >= 0 else 1
    widths[0] += max(0, min(spare(gap), 4))
    return widths, gap


def _aligned(text: str, widths: Sequence[int], column: int) -> str:
    return fit(text, widths[column], right=0 < column < len(_HEADS) - 1)


def _spaced(spans: Sequence[Span], gap: int) -> list[Span]:
    out: list[Span] = []
    for span in spans:
        if out:
            out.append((" " * gap, "dim"))
        out.append(span)
    return out
