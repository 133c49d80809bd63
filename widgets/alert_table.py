"""The alerts as a list: severity, rule, state, value against threshold, since when, and who has it.

Trap avoided: a resolved alert above one that needs somebody. The order is the one of `core.alerts.view`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from core import units
from core.alerts.view import sort_key
from core.alerts.view import value_text as rule_value
from widgets.alert_words import eased_to, owner_words
from widgets.lines import Row, fit
from widgets.row_list import RowList
from widgets.tone import Tone, glyph, safe

if TYPE_CHECKING:
    from core.alerts.rule import Rule
    from core.alerts.view import AlertView
    from core.telemetry.model import Series

SEVERITY_TONE: dict[str, Tone] = {"critical": "critical", "warning": "warning", "info": "unknown"}
Standing = Literal["firing", "pending", "acknowledged", "silenced", "nodata", "resolved", "ended"]
_STATES = ("firing", "pending", "nodata", "resolved")
STANDING_TONE: dict[Standing, Tone] = {
    "firing": "critical",
    "pending": "warning",
    "acknowledged": "accent",
    "silenced": "accent",
    "nodata": "unknown",
    "resolved": "good",
    "ended": "unknown",
}


def standing(alert: AlertView) -> Standing:
    """Its state as people name it: a firing alert that somebody took is acknowledged, one that ended
    although nothing cleared it is ended."""
    if alert.state == "firing" and alert.acknowledged:
        return "acknowledged"
    if alert.firing and alert.silenced:
        return "silenced"
    if alert.uncleared:
        return "ended"
    return "nodata" if alert.state == "inactive" else alert.state


def in_order(alerts: Sequence[AlertView]) -> list[AlertView]:
    """What needs somebody first; alerts that are merely inactive are left out."""
    shown = [alert for alert in alerts if alert.state in _STATES]
    return sorted(shown, key=sort_key)


def age_seconds(alert: AlertView, now: datetime) -> float | None:
    return None if alert.since is None else max(0.0, (now - alert.since).total_seconds())


def value_text(value: float | None, rule: Rule | None) -> str:
    """A value or threshold as its rule measures it; of a rule that is not known any more, the bare number."""
    if rule is not None:
        return rule_value(rule, value)
    return units.MISSING if value is None else f"{value:,.6g}"


class AlertTable(RowList):
    """`show` takes the alerts in any order; `selected` is the one under the cursor."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__("alerts", id=id)
        self.alerts: list[AlertView] = []
        self.rules: Mapping[str, Rule] = {}
        """By name: how its value is written."""
        self.series: Mapping[str, Series] = {}
        """By metric: an alert that fires on shows what its value has become."""
        self.silenced_at: Mapping[int, datetime] = {}
        """By the silence's number: when it was made."""
        self._now: datetime | None = None

    def show(self, alerts: Sequence[AlertView], now: datetime) -> None:
        """Keeps the cursor on the alert it was on, also where it resolved and fires anew."""
        before = self.selected
        self.alerts = in_order(alerts)
        self._now = now
        if before is not None:
            same = [place for place, alert in enumerate(self.alerts) if alert.key == before.key]
            same += [place for place, alert in enumerate(self.alerts) if alert.rule == before.rule]
            self.cursor = same[0] if same else self.cursor
        self.redraw()

    @property
    def selected(self) -> AlertView | None:
        return self.alerts[self.cursor] if self.cursor < len(self.alerts) else None

    @property
    def count(self) -> int:
        return len(self.alerts)

    def top_rows(self, width: int) -> Sequence[Row]:
        names = ("severity", "rule", "state", "value", "limit", "since", "age")
        cells = [
            fit(name, size, right=right)
            for name, (size, right) in zip(names, self._columns(width), strict=True)
            if size
        ]
        return [[(" ".join(cells), "dim")]]

    def item_rows(self, index: int, width: int) -> Sequence[Row]:
        """The alert, and below it who took or silenced it, since when and why."""
        alert = self.alerts[index]
        row = self.item_row(index, width)
        silenced_at = self.silenced_at.get(alert.silence_id) if alert.silence_id is not None else None
        owner = owner_words(alert, silenced_at, self._now) if self._now is not None and alert.firing else ""
        return [row, [("  ", "dim"), (owner, "accent")]] if owner else [row]

    def item_row(self, index: int, width: int) -> Row:
        alert = self.alerts[index]
        tone = SEVERITY_TONE[alert.severity]
        stands = standing(alert)
        quiet = stands in ("resolved", "ended", "nodata", "acknowledged", "silenced")
        age = units.age(age_seconds(alert, self._now)) if self._now else units.MISSING
        rule = self.rules.get(alert.rule)
        eased = eased_to(alert, rule, self.series)
        values: tuple[tuple[str, str], ...] = (
            (f"{glyph(tone)} {alert.severity}", "dim" if stands in ("resolved", "ended") else tone),
            (safe(alert.rule, 60), "plain" if quiet else "bright"),
            (state_word(stands, alert.no_data), STANDING_TONE[stands] if stands != "firing" else tone),
            (value_text(alert.value if eased is None else eased, rule), "plain"),
            (value_text(alert.threshold, rule), "dim"),
            (units.steps(alert.since_timestep), "dim"),
            (age, "dim"),
        )
        row: list[tuple[str, str]] = []
        for (text, style), (size, right) in zip(values, self._columns(width), strict=True):
            if size:
                row += [(fit(text, size, right=right), style), (" ", "dim")]
        return row[:-1]

    def _columns(self, width: int) -> tuple[tuple[int, bool], ...]:
        """(cells, right-aligned) per column; what does not fit is 0 cells, and stands in the details."""
        sizes = {"severity": 10, "rule": 21, "state": 12, "value": 8, "limit": 8, "since": 7, "age": 6}
        for name in ("since", "age", "limit"):
            if sum(sizes.values()) + len(sizes) - 1 <= width:
                break
            sizes.pop(name)
        sizes["rule"] += min(14, width - (sum(sizes.values()) + len(sizes) - 1))
        sizes["rule"] = max(8, sizes["rule"])
        right = ("value", "limit", "since", "age")
        names = ("severity", "rule", "state", "value", "limit", "since", "age")
        return tuple((sizes.get(name, 0), name in right) for name in names)


def state_word(stands: Standing, no_data: bool) -> str:
    """A firing whose data stopped is firing as far as was known."""
    if stands == "nodata":
        return "no data"
    return f"{stands}?" if no_data and stands == "firing" else stands
