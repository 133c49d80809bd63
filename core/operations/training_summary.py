"""What a training left behind: final metrics, the log in numbers, and what is missing of its days.

Read from the run's files alone. Trap avoided: *all logs are there* because the newest ones are; every day,
every checkpoint and every stretch of rows since the start is looked at.
"""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from datetime import date as Date
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from core.clock import from_epoch, iso
from core.operations.as_of import end_of_day, first_row
from core.operations.log_summary import LogSummary, summarise_log
from core.telemetry.metrics import STATUS_NAMES
from core.text import visible
from core.training.evaluation_rows import Evaluation, read_evaluations
from core.units import duration, number

if TYPE_CHECKING:
    from core.telemetry.health import Health
    from core.telemetry.model import Run
    from core.workspace import Workspace

_STEPS = re.compile(r"ppo_(\d{1,15})_steps")
_DAYS = 60


class MetricSummary(msgspec.Struct, frozen=True, kw_only=True):
    last: float | None
    """None: the newest value is missing or not finite."""
    minimum: float | None
    maximum: float | None
    rows: int
    trend: str


class DaySummary(msgspec.Struct, frozen=True, kw_only=True):
    date: str
    seconds: float
    """How long the run went on in it."""
    log_lines: int
    rows: int
    """At least so many: a very long series is thinned when it is read."""
    checkpoints: int
    daily_summary: bool
    """`daily_summaries/DATE.json` is there."""


class CheckpointSummary(msgspec.Struct, frozen=True, kw_only=True):
    count: int
    expected: int | None
    """None: not a run of our trainer, so nobody knows."""
    missing: tuple[int, ...]
    """The marks, in timesteps, after which none was saved."""
    broken: tuple[str, ...] | None
    """Those that do not match their manifests; None: not looked at."""
    newest: str | None


class TrainingSummary(msgspec.Struct, frozen=True, kw_only=True):
    schema_version: int = 1
    generated_at: str
    run_id: str
    tag: str | None
    symbols: tuple[str, ...]
    status: str
    reason: str
    started_at: str | None
    ended_at: str | None
    timestep: int | None
    total_timesteps: int | None
    seconds: float | None
    metrics: dict[str, MetricSummary]
    evaluations: int
    last_evaluation: dict[str, float | int | None] | None
    log: LogSummary | None
    """None: there is no training.log."""
    days: tuple[DaySummary, ...]
    checkpoints: CheckpointSummary
    resumes: int
    gaps: tuple[str, ...]
    """What is missing, one sentence each; empty: nothing is."""
    unknown: tuple[str, ...]
    """What could not be looked at."""


def training_summary(
    workspace: Workspace, run: Run, health: Health, now: datetime, *, hashes: bool = False
) -> TrainingSummary:
    """The summary of `run`. `hashes` checks every checkpoint against its manifest, which loads numpy."""
    info = run.info
    folder = info.directory
    ours = (folder / "run.json").is_file()
    log, lines_of_day, unreadable = summarise_log(folder / "training.log")
    evaluations, _why = read_evaluations(folder)
    started = info.started_at or first_row(run)
    ended = info.ended_at or (run.last_row_at if health.status not in ("RUNNING", "STALLED") else now)
    days = _days(run, started, ended, lines_of_day)
    checkpoints = _checkpoints(workspace, run, ours, hashes)
    unknown = [unreadable] if unreadable else []
    if started is None:
        unknown.append("the start of the run is not known, so its days cannot be counted")
    limit = workspace.settings.health.stalled_after
    gaps = (
        *_day_gaps(days, log is not None, ours, limit),
        *_row_gaps(run, limit),
        *_checkpoint_gaps(checkpoints),
    )
    return TrainingSummary(
        generated_at=iso(now),
        run_id=info.id,
        tag=info.tag,
        symbols=info.symbols,
        status=health.status,
        reason=health.reason,
        started_at=None if started is None else iso(started),
        ended_at=None if info.ended_at is None else iso(info.ended_at),
        timestep=run.timestep,
        total_timesteps=info.total_timesteps,
        seconds=None if started is None or ended is None else (ended - started).total_seconds(),
        metrics=_metrics(run, workspace.settings.checks.reward_trend),
        evaluations=len(evaluations),
        last_evaluation=_evaluation(evaluations[-1]) if evaluations else None,
        log=log,
        days=days,
        checkpoints=checkpoints,
        resumes=len(info.resumes),
        gaps=gaps,
        unknown=tuple(unknown),
    )


def _metrics(run: Run, reward_limit: float) -> dict[str, MetricSummary]:
    from core.telemetry.trend import trend_word

    found = {}
    for name in STATUS_NAMES:
        series = run.series.get(name)
        if series is not None and len(series):
            found[name] = MetricSummary(
                last=series.last,
                minimum=series.minimum,
                maximum=series.maximum,
                rows=series.rows,
                trend=trend_word(series, reward_limit if name == "reward" else None),
            )
    return found


def _evaluation(row: Evaluation) -> dict[str, float | int | None]:
    return {
        "timestep": row.timestep,
        "mean_reward": row.mean_reward,
        "sharpe": row.sharpe,
        "max_drawdown_pct": row.max_drawdown_pct,
        "win_rate_pct": row.win_rate_pct,
        "profit_factor": row.profit_factor,
        "trades": row.trades,
        "consecutive_losses": row.consecutive_losses,
        "calmar_ratio": row.calmar_ratio,
    }


def _days(
    run: Run, started: datetime | None, ended: datetime | None, lines: Counter[str]
) -> tuple[DaySummary, ...]:
    if started is None or ended is None or ended < started:
        return ()
    rows: Counter[Date] = Counter()
    longest = max(run.series.values(), key=len, default=None)
    if longest is not None:
        before = -1
        for index in range(len(longest)):
            row, when = longest.row_of(index), longest.time[index]
            if math.isfinite(when):  # of a reduced past a point stands for the rows since the one before it
                rows[from_epoch(when).date()] += row - before
            before = row
    saved = Counter(each.written_at.date() for each in run.checkpoints)
    count = min((ended.date() - started.date()).days + 1, _DAYS)
    dates = [started.date() + timedelta(days=index) for index in range(count)]
    return tuple(
        DaySummary(
            date=day.isoformat(),
            seconds=(
                min(ended, end_of_day(day)) - max(started, end_of_day(day) - timedelta(days=1))
            ).total_seconds(),
            log_lines=lines[day.isoformat()],
            rows=rows[day],
            checkpoints=saved[day],
            daily_summary=(run.info.directory / "daily_summaries" / f"{day.isoformat()}.json").is_file(),
        )
        for day in dates
    )


def _day_gaps(days: tuple[DaySummary, ...], has_log: bool, ours: bool, limit: float) -> list[str]:
    """Days without what they should have; one of which the run saw less than `limit` seconds may be empty."""
    gaps = [] if has_log or not ours else ["training.log is missing"]
    for day in days:
        if day.seconds < limit and len(days) > 1:
            continue
        if has_log and not day.log_lines:
            gaps.append(f"{day.date}: training.log has no line")
        if not day.rows:
            gaps.append(f"{day.date}: no row of metrics")
        if ours and not day.daily_summary:
            gaps.append(f"{day.date}: daily_summaries/{day.date}.json is missing")
    return gaps


def _row_gaps(run: Run, limit: float) -> list[str]:
    """Stretches without a row that are longer than `limit` seconds."""
    longest = max(run.series.values(), key=len, default=None)
    if longest is None:
        return []
    gaps = []
    resumed = [resume.at for resume in run.info.resumes if resume.at is not None]
    times = sorted(when for when in longest.time[: len(longest)] if math.isfinite(when))
    for before, after in itertools.pairwise(times):
        if after - before > limit:
            begin, end = from_epoch(before), from_epoch(after)
            why = ", the run was resumed in it" if any(begin <= at <= end for at in resumed) else ""
            gaps.append(f"no row for {duration(after - before)} from {iso(begin)}{why}")
    return gaps


def _checkpoints(workspace: Workspace, run: Run, ours: bool, hashes: bool) -> CheckpointSummary:
    training = workspace.settings.training
    saved = {step: each for each in run.checkpoints if (step := each.timestep) is not None}
    expected: int | None = None
    missing: list[int] = []
    if ours and run.timestep is not None:
        every = training.checkpoint_every
        marks = list(range(every, run.timestep + 1, every))
        if training.keep:
            marks = marks[-training.keep :]
        expected = len(marks)
        missing = [mark for mark in marks if not any(mark <= step < mark + every for step in saved)]
    newest = max(saved, default=None)
    return CheckpointSummary(
        count=len(run.checkpoints),
        expected=expected,
        missing=tuple(missing),
        broken=_broken(run) if hashes and ours else None,
        newest=None if newest is None else visible(saved[newest].path.name, 120),
    )


def _broken(run: Run) -> tuple[str, ...]:
    from core.errors import ConsoleError
    from core.models.artifacts import verify

    found = []
    for each in run.checkpoints:
        if _STEPS.fullmatch(each.path.stem) is None:
            continue
        try:
            verify(each.path)
        except ConsoleError as error:
            found.append(visible(error.title, 200))
    return tuple(found)


def _checkpoint_gaps(checkpoints: CheckpointSummary) -> list[str]:
    gaps = [f"no checkpoint was saved after step {number(mark)}" for mark in checkpoints.missing]
    return [*gaps, *(checkpoints.broken or ())]
