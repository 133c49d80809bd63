"""Whether an acknowledgement still counts.

It ends with its time, when the alert became worse than it was, and when something worse of the same family
has fired since. Trap avoided: an alert that is owned for ever by somebody who went home.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from core.alerts.ledger import Ledger
from core.alerts.rule import Rule
from core.store.acknowledgements import Acknowledgement
from core.units import clock

_SEVERITIES = ("info", "warning", "critical")


@dataclass(frozen=True, slots=True)
class Ownership:
    """`held` is None when nobody owns the alert; `lost` then says why the last one no longer counts."""

    held: Acknowledgement | None = None
    lost: str = ""


def ownership(name: str, key: str, rules: Mapping[str, Rule], ledger: Ledger, now: datetime) -> Ownership:
    """Who owns the firing `key` of rule `name` at `now`."""
    known = ledger.acknowledgements.get(key)
    if known is None:
        return Ownership()
    lost = _lost(name, known, rules, ledger, now)
    return Ownership(lost=f"{known.operator}: {lost}") if lost else Ownership(known)


def _lost(name: str, known: Acknowledgement, rules: Mapping[str, Rule], ledger: Ledger, now: datetime) -> str:
    if known.expires_at is not None and now >= known.expires_at:
        return f"expired {clock(known.expires_at)}"
    if known.severity not in _SEVERITIES:
        return ""
    then = _SEVERITIES.index(known.severity)
    mine = rules[name]
    if _SEVERITIES.index(mine.severity) > then:
        return f"it is {mine.severity} now"
    for other, rule in rules.items():
        worse = _SEVERITIES.index(rule.severity) > then
        if other == name or not mine.family or rule.family != mine.family or not worse:
            continue
        if any(firing.id == 0 or firing.id > known.after_transition for firing in ledger.firings(other)):
            return f"{other} has fired since"
    return ""
