"""The checks of a date as data: launch day's hourly checks, the four daily checks, the five-point check-in.

Each item has a slot: from its time until the next one of its kind, or the end of the day. The times come from
`[schedule]`, so a workspace can move them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from datetime import date as Date
from typing import TYPE_CHECKING

from core.checklist.item import Item
from core.checklist.model import ItemKind

if TYPE_CHECKING:
    from core.config.settings import Settings

DAILY = "Daily checks"
CHECK_IN = "Daily check-in"
SECOND = "Second check"
LAUNCH = "Launch day"
DAILY_DAYS = 4
"""23 to 26 February: launch day and the three that follow."""

_Line = tuple[str, str, ItemKind, str, str]
"""id, text, kind, sensor, argument."""

_HOURLY: tuple[tuple[_Line, ...], ...] = (
    (
        ("reward_positive", "Reward > 0?", "sensed", "reward_positive", ""),
        ("loss_falling", "Loss falling?", "sensed", "falling", "value_loss"),
        ("no_crash", "No crashes?", "sensed", "no_issues", ""),
        ("speed", "Speed OK?", "sensed", "speed", ""),
    ),
    (
        ("reward_positive", "Reward > 0?", "sensed", "reward_positive", ""),
        ("loss_falling", "Loss falling?", "sensed", "falling", "value_loss"),
        ("no_crash", "No crashes?", "sensed", "no_issues", ""),
        ("speed", "Speed OK?", "sensed", "speed", ""),
        ("policy_loss", "Policy loss < 1.0?", "sensed", "policy_loss", ""),
    ),
    (
        ("trend", "Reward trend INCREASING or STABLE?", "sensed", "trend", ""),
        ("kl", "KL divergence < 0.01?", "sensed", "kl_daily", ""),
    ),
    (
        ("no_anomaly", "No anomaly so far?", "sensed_look", "no_anomaly", ""),
        ("running", "Training still running?", "sensed", "running", ""),
    ),
)
_FOUR: tuple[tuple[_Line, ...], ...] = (
    (
        ("standup", "Morning standup", "manual", "", ""),
        ("progress", "Progress check", "sensed", "progress", ""),
    ),
    (
        ("trend", "Convergence: reward trend ≥ 0", "sensed", "trend", ""),
        ("kl", "Convergence: KL divergence < 0.05", "sensed", "kl_good", ""),
        ("value_loss", "Convergence: value loss settles", "sensed", "settling", "value_loss"),
        ("entropy", "Convergence: entropy falls gradually", "sensed", "settling", "entropy"),
        ("review", "Mid-day convergence review", "manual", "", ""),
    ),
    (("snapshot", "End-of-day metrics snapshot", "sensed", "snapshot", ""),),
    (("checkpoint", "Evening checkpoint validation", "sensed_look", "checkpoint", ""),),
)
_FIVE: tuple[_Line, ...] = (
    ("1", "1/5 Training still running?", "sensed", "running", ""),
    ("2", "2/5 Reward trend OK?", "sensed", "trend", ""),
    ("3", "3/5 Sharpe estimate > 0.0?", "sensed", "sharpe", ""),
    ("4", "4/5 No KL spikes?", "sensed", "kl_daily", ""),
    ("5", "5/5 No crashes?", "sensed", "no_issues", ""),
)


def daily_items(settings: Settings, day: Date, *, launched: bool = False) -> tuple[Item, ...]:
    """The items of `day`, in the order of their times.

    Launch day's hourly checks belong to the first day of the week and to the day the run really started
    (`launched`); the five-point check-in to every other day.
    """
    schedule = settings.schedule
    launch = day == settings.week.start or launched
    groups: list[tuple[str, str, Sequence[str], tuple[tuple[_Line, ...], ...], str]] = []
    if launch:
        groups.append(("launch", LAUNCH, schedule.hourly, _HOURLY, "ML Engineer"))
    groups.append(("daily", DAILY, schedule.daily, _FOUR, "ML Engineer"))
    items = [
        item
        for prefix, group, times, lines, owner in groups
        for item in _slots(prefix, group, day, times, lines, owner)
    ]
    if not launch:
        check_in = schedule.daily[:1] or (schedule.pre_training,)
        items += _slots("check_in", CHECK_IN, day, check_in, (_FIVE,), "On-call ML Engineer")
        second: tuple[_Line, ...] = (
            ("second", "Second check, where the check-in found an anomaly", "manual", "second", ""),
        )
        items += _slots("second", SECOND, day, (schedule.second_check,), (second,), "On-call ML Engineer")
    return tuple(sorted(items, key=lambda item: item.due or datetime.max.replace(tzinfo=UTC)))


def _slots(
    prefix: str, group: str, day: Date, times: Sequence[str], lines: tuple[tuple[_Line, ...], ...], owner: str
) -> list[Item]:
    """One slot for each time; with more times than the documents have, the last lines repeat."""
    begins = sorted(_moment(day, text) for text in times)
    ends = [*begins[1:], datetime.combine(day + timedelta(days=1), time(), UTC)]
    return [
        Item(
            f"{prefix}.{day.isoformat()}.{begin:%H:%M}.{name}",
            text,
            f"{group} {begin:%H:%M}",
            kind=kind,
            sensor=sensor,
            argument=argument,
            owner=owner,
            due=begin,
            until=end,
        )
        for index, (begin, end) in enumerate(zip(begins, ends, strict=True))
        for name, text, kind, sensor, argument in lines[min(index, len(lines) - 1)]
    ]


def _moment(day: Date, text: str) -> datetime:
    hour, minute = text.split(":")
    return datetime.combine(day, time(int(hour), int(minute)), UTC)
