"""The rows of the Alerts screen's other lists: rules, silences, notifications. Pure.

Trap avoided: a list without its author or its age; who silenced what, and when, stands in the row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from console.screens.alert_facts import DELIVERY_TONE, SILENCE_TONE, silence_state
from core import units
from core.alerts.evaluate import WINDOWED
from core.alerts.threshold_text import editable
from core.alerts.view import condition_text, value_text
from widgets.alert_table import SEVERITY_TONE, STANDING_TONE
from widgets.lines import Row
from widgets.row_table import Column, TableRow
from widgets.tone import glyph, safe

if TYPE_CHECKING:
    from console.snapshot import Snapshot
    from core.alerts.rule import Rule
    from core.store.outbox import Delivery
    from core.store.silences import Silence

RULE_COLUMNS = (
    Column("rule", 21),
    Column("severity", 10),
    Column("state", 9),
    Column("last", 10, right=True),
    Column("limit", 10, right=True, leaves=1),
    Column("condition", 24, grows=True, leaves=2),
)
SILENCE_COLUMNS = (
    Column("state", 7),
    Column("silenced", 19, grows=True),
    Column("ends", 13, right=True),
    Column("by", 12),
    Column("made", 10, right=True, leaves=1),
)
TOLD_COLUMNS = (
    Column("queued", 10, right=True),
    Column("status", 11),
    Column("target", 12),
    Column("alert", 18, grows=True),
    Column("attempts", 8, right=True, leaves=1),
)


def rule_rows(
    rules: Mapping[str, Rule], states: Mapping[str, str], values: Mapping[str, float | None]
) -> list[TableRow]:
    """In the order of `config.toml`."""
    rows = []
    for name, rule in rules.items():
        state = states.get(name, "inactive")
        shown = {"nodata": "no data", "inactive": "at rest"}.get(state, state)
        if state == "inactive" and rule.condition in WINDOWED and values.get(name) is None:
            shown = "waiting"
        tone = STANDING_TONE.get(state, "dim")  # type: ignore[call-overload]
        severity = SEVERITY_TONE[rule.severity]
        limit = value_text(rule, rule.threshold) if editable(rule) else units.MISSING
        cells = (
            (safe(name, 60), "plain" if rule.enabled else "dim"),
            (f"{glyph(severity)} {rule.severity}", severity if rule.enabled else "dim"),
            (shown, tone),
            (value_text(rule, values.get(name)), "plain"),
            (limit, "bright" if rule.enabled else "dim"),
            (safe(condition_text(rule), 200), "dim"),
        )
        rows.append(TableRow(name, cells))
    return rows


def silence_rows(silences: Sequence[Silence], now: datetime) -> list[TableRow]:
    """In force first, newest first."""
    order = {"active": 0, "to come": 1, "over": 2}
    rows = []
    for silence in sorted(silences, key=lambda each: (order[silence_state(each, now)], -each.id)):
        state = silence_state(silence, now)
        left = (silence.until - now).total_seconds()
        ends = f"in {units.duration(left)}" if left > 0 else f"{units.age(-left)} ago"
        tone = "dim" if state == "over" else "plain"
        cells = (
            (state, SILENCE_TONE[state]),
            (safe(silence.matcher, 200), "dim" if state == "over" else "bright"),
            (ends, tone),
            (safe(silence.creator, 60), tone),
            (f"{units.age((now - silence.created_at).total_seconds())} ago", tone),
        )
        rows.append(TableRow(str(silence.id), cells, safe(silence.comment, 300)))
    return rows


def told_rows(deliveries: Sequence[Delivery], now: datetime) -> list[TableRow]:
    """Newest first; a failure says why below."""
    rows = []
    for each in deliveries:
        tone = DELIVERY_TONE[each.status]
        mark = glyph(tone) if tone != "dim" else " "
        cells = (
            (f"{units.age((now - each.queued_at).total_seconds())} ago", "dim"),
            (f"{mark} {each.status}", tone),
            (safe(each.target, 60), "plain"),
            (f"{safe(each.rule, 60)} {each.state}", "plain"),
            (str(each.attempts), "dim"),
        )
        rows.append(TableRow(str(each.id), cells, safe(each.error, 300) if each.status != "sent" else ""))
    return rows


def quiet(rules: int, snapshot: Snapshot) -> list[Row]:
    """What stands where no alert is listed."""
    if snapshot.health.status == "ABSENT":
        return [[("The rules look at a run's rows. There is none yet: ppo-console train starts one.", "dim")]]
    return [
        [("No alert. One that fires will stand here, with value, threshold and what to do.", "dim")],
        [(f"{rules} rules of config.toml watch each new row.", "dim")],
    ]
