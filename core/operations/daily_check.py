"""The manual's daily check-in: its JSON, its five points, for today or a past date.

Trap avoided: a point that passes because nothing could be seen; `checklist` shows ❔ there. The manual's keys
come first, in its order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date as Date
from datetime import datetime
from typing import TYPE_CHECKING, Literal

import msgspec

from core.clock import iso
from core.errors import UsageError
from core.operations.as_of import end_of_day
from core.operations.facts import RunFacts, gather
from core.wording.say import say

if TYPE_CHECKING:
    from core.alerts.view import AlertView
    from core.telemetry.health import Health
    from core.telemetry.model import Run
    from core.workspace import Workspace

PointState = Literal["pass", "fail", "unknown", "not_applicable"]
GLYPHS: dict[PointState, str] = {"pass": "✅", "fail": "❌", "unknown": "❔", "not_applicable": "➖"}


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the manual's table."""

    check: str
    """`1/5` … `5/5`."""
    text: str
    state: PointState
    value: str | float | None
    limit: str
    action: str
    """What the manual says to do where it fails."""


class DailyCheck(msgspec.Struct, frozen=True, kw_only=True):
    """`ppo-console daily --date D`: the first ten keys are the manual's."""

    date: str
    training_status: str
    time_elapsed_hours: float | None
    estimated_time_remaining_hours: float | None
    reward_trend: str
    last_reward: float | None
    approx_sharpe: float | None
    """Of the newest evaluation on the validation slice; never guessed from the reward."""
    kl_divergence_last: float | None
    no_issues: bool | None
    checklist: str
    """One glyph per point: ✅ good, ❌ not, ❔ not known, ➖ not applicable."""
    schema_version: int = 1
    generated_at: str
    as_of: str
    """The moment the facts are of: now, or the end of a past date."""
    run_id: str
    timestep: int | None
    total_timesteps: int | None
    kl_divergence_median: float | None
    kl_divergence_rows: int
    points: tuple[Point, ...]
    issues: tuple[str, ...] | None
    warnings: tuple[str, ...]
    sources: dict[str, str]
    notes: tuple[str, ...]

    @property
    def good(self) -> bool:
        """No point fails and none is unknown."""
        return all(point.state in ("pass", "not_applicable") for point in self.points)


def daily_check(
    workspace: Workspace,
    run: Run,
    health: Health,
    alerts: Sequence[AlertView] | None,
    day: Date,
    now: datetime,
) -> DailyCheck:
    """The check of `day`: as of now for today, as of the end of a past date from its rows only.

    Raises UsageError for a date that has not come yet.
    """
    if day > now.date():
        raise UsageError(
            f"{day} has not come yet: today is {now.date()} (UTC)", hint="Choose an earlier date."
        )
    facts = gather(workspace, run, health, alerts, min(now, end_of_day(day)), now)
    language = workspace.settings.checklist.language

    def said(texts: Iterable[str]) -> tuple[str, ...]:
        return tuple(say(text, language) for text in texts)

    points = tuple(
        msgspec.structs.replace(
            point,
            text=say(point.text, language),
            limit=say(point.limit, language),
            action=say(point.action, language),
        )
        for point in daily_points(facts, workspace.settings.checks.kl_daily)
    )
    return DailyCheck(
        date=day.isoformat(),
        training_status=facts.status,
        time_elapsed_hours=_hours(facts.elapsed_seconds),
        estimated_time_remaining_hours=_hours(facts.remaining_seconds),
        reward_trend=facts.reward_trend,
        last_reward=facts.last_reward,
        approx_sharpe=facts.evaluation.sharpe if facts.evaluation else None,
        kl_divergence_last=facts.kl_last,
        no_issues=None if facts.issues is None else not facts.issues,
        checklist=" ".join(GLYPHS[point.state] for point in points),
        generated_at=iso(now),
        as_of=iso(facts.moment),
        run_id=run.info.id,
        timestep=facts.timestep,
        total_timesteps=facts.total_timesteps,
        kl_divergence_median=facts.kl_median,
        kl_divergence_rows=facts.kl_rows,
        points=points,
        issues=None if facts.issues is None else said(facts.issues),
        warnings=said(facts.warnings),
        sources={name: say(source, language) for name, source in facts.sources.items()},
        notes=said(facts.notes),
    )


def daily_points(facts: RunFacts, kl_limit: float) -> tuple[Point, ...]:
    """The manual's table of five, exactly: its limits on the last values."""
    sharpe = facts.evaluation.sharpe if facts.evaluation else None
    return (
        Point(
            check="1/5",
            text="Training still running?",
            state=_running(facts.status),
            value=facts.status,
            limit="RUNNING",
            action="Investigate hanging",
        ),
        Point(
            check="2/5",
            text="Reward trend OK?",
            state=_judge(
                None if facts.reward_trend == "UNKNOWN" else facts.reward_trend in ("INCREASING", "STABLE")
            ),
            value=facts.reward_trend,
            limit="INCREASING or STABLE",
            action="Check the reward function",
        ),
        Point(
            check="3/5",
            text="Sharpe estimate > 0.0?",
            state=_judge(None if sharpe is None else sharpe >= 0.0),
            value=sharpe,
            limit=">= 0.0",
            action="Below zero is no alarm yet: watch the next evaluations",
        ),
        Point(
            check="4/5",
            text="No KL spikes?",
            state=_judge(None if facts.kl_last is None else facts.kl_last < kl_limit),
            value=facts.kl_last,
            limit=f"< {kl_limit:g}",
            action="Reduce the learning rate on a spike",
        ),
        Point(
            check="5/5",
            text="No crashes?",
            state=_judge(None if facts.issues is None else not facts.issues),
            value=None if facts.issues is None else ("no_issues" if not facts.issues else facts.issues[0]),
            limit="no_issues = true",
            action="Check the logs",
        ),
    )


def _running(status: str) -> PointState:
    if status == "FINISHED":
        return "not_applicable"
    return "unknown" if status == "UNKNOWN" else _judge(status == "RUNNING")


def _judge(good: bool | None) -> PointState:
    return "unknown" if good is None else ("pass" if good else "fail")


def _hours(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds / 3600, 4)
