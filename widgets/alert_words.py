"""Who owns an alert, in words: acknowledged or silenced, by whom, how long ago, until when, why.

And what its value has become while it fires on. Traps avoided: an owner without an age, since an
acknowledgement of last night is not somebody who looks now; the last value past the limit shown as today's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from core import units
from widgets.tone import safe

if TYPE_CHECKING:
    from core.alerts.rule import Rule
    from core.alerts.view import AlertView
    from core.telemetry.model import Series


def eased_to(alert: AlertView, rule: Rule | None, series: Mapping[str, Series]) -> float | None:
    """The newest value of an alert that fires on although its condition holds no more; else None."""
    if rule is None or not alert.firing or rule.condition not in ("above", "below"):
        return None
    last = series[rule.metric].last if rule.metric in series else None
    if last is None:
        return None
    holds = last > rule.threshold if rule.condition == "above" else last < rule.threshold
    return None if holds else last


def ago(moment: datetime | None, now: datetime) -> str:
    """`14 min ago`; empty where the time is not known."""
    return "" if moment is None else f"{units.age((now - moment).total_seconds())} ago"


def at(moment: datetime, now: datetime) -> str:
    """`17:12Z` today, `25 Feb 17:12Z` on another day."""
    return moment.strftime("%H:%MZ" if moment.date() == now.date() else "%d %b %H:%MZ")


def taken_words(alert: AlertView, now: datetime) -> str:
    """`ada, 14 min ago (10:00Z), until 18:00Z`."""
    parts = [safe(alert.acknowledged_by or "")]
    if alert.acknowledged_at is not None:
        parts.append(f"{ago(alert.acknowledged_at, now)} ({at(alert.acknowledged_at, now)})")
    if alert.acknowledged_until is not None:
        parts.append(f"until {at(alert.acknowledged_until, now)}")
    return ", ".join(parts)


def silenced_words(alert: AlertView, since: datetime | None, now: datetime) -> str:
    """`ada, 20 min ago, until 12:00Z`; `since`: when the silence was made, where that is known."""
    parts = [safe(alert.silenced_by or ""), ago(since, now)]
    if alert.silenced_until is not None:
        parts.append(f"until {at(alert.silenced_until, now)}")
    return ", ".join(part for part in parts if part)


def owner_words(alert: AlertView, silenced_at: datetime | None, now: datetime) -> str:
    """The line below an alert that somebody took or silenced; empty for the others."""
    if alert.acknowledged:
        words, why = taken_words(alert, now), alert.note
    elif alert.silenced:
        words, why = f"silenced by {silenced_words(alert, silenced_at, now)}", alert.silence_comment
    elif alert.acknowledgement_lost:
        return f"no longer taken: {safe(alert.acknowledgement_lost)}"
    else:
        return ""
    return f"{words}: {safe(why)}" if why else words
