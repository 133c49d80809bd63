"""The facts of a run that the daily check, the progress check, the standup and the daily list share.

Gathered once from the run, its health and its alerts at one moment. Trap avoided: four outputs that each
compute a trend their own way and disagree. What is not known is None, and `notes` says why.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from core.clock import iso
from core.errors import ConsoleError
from core.operations.as_of import first_row, rows_between
from core.operations.issues import issues_now, issues_replayed
from core.telemetry.as_of import RunAt, run_at, time_of_step
from core.telemetry.model import Checkpoint, Run
from core.training.evaluation_rows import Evaluation, read_evaluations

if TYPE_CHECKING:
    from core.alerts.view import AlertView, Transition
    from core.telemetry.health import Health
    from core.workspace import Workspace

Trend = Literal["INCREASING", "STABLE", "DECREASING", "UNKNOWN"]
WARM_UP_STEPS = 100_000
WARM_UP_SECONDS = 43_200.0
"""In the first 100k steps or 12 h a wandering reward is expected."""


@dataclass(slots=True)
class RunFacts:
    """All of it at `moment`."""

    moment: datetime
    past: bool
    status: str
    reason: str = ""
    timestep: int | None = None
    total_timesteps: int | None = None
    steps_last_day: int | None = None
    """Steps made in the last 24 hours, None where row times are not known."""
    elapsed_seconds: float | None = None
    remaining_seconds: float | None = None
    steps_per_second: float | None = None
    reward_trend: Trend = "UNKNOWN"
    last_reward: float | None = None
    trends: dict[str, Trend] = field(default_factory=dict)
    """The trend word of every other metric, judged against its own scatter."""
    lasts: dict[str, float | None] = field(default_factory=dict)
    """Every metric's newest value, None where it is missing or not finite."""
    kl_last: float | None = None
    kl_median: float | None = None
    kl_rows: int = 0
    evaluation: Evaluation | None = None
    validation_candles: int | None = None
    """Scored candles of the validation slice, as `run.json` records them."""
    checkpoint: Checkpoint | None = None
    checkpoint_age: float | None = None
    checkpoints: int = 0
    issues: tuple[str, ...] | None = None
    """Crashes and critical alerts in words; None where nobody can know."""
    warnings: tuple[str, ...] = ()
    """Milder alerts that fire."""
    warm_up: bool = False
    ended_at: datetime | None = None
    row_age: float | None = None
    sources: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def gather(
    workspace: Workspace,
    run: Run,
    health: Health,
    alerts: Sequence[AlertView] | None,
    moment: datetime,
    now: datetime,
    *,
    transitions: Sequence[Transition] | None = None,
) -> RunFacts:
    """The facts at `moment`, not later than `now`. Reads `evaluations.csv`.

    `alerts` None: nobody evaluates them here, so the rules are replayed over the rows, as for a past moment.
    `transitions` saves that replay to a caller who has made it.
    """
    from core.telemetry.trend import trend_word

    at = run_at(run, moment, now)
    checks = workspace.settings.checks
    facts = RunFacts(at.moment, at.past, *_status(at, run, health, workspace))
    if at.past and not at.times_known:
        facts.notes.append("some rows have no known time; they are left out of a past date")

    facts.timestep = at.run.timestep
    facts.total_timesteps = run.info.total_timesteps
    facts.steps_last_day = _last_day(at, now)
    _times(facts, at, run, health)

    reward = at.run.series.get("reward")
    if reward is not None:
        facts.reward_trend = trend_word(reward, checks.reward_trend)
        facts.last_reward = reward.last
        facts.sources["reward"] = "rows of the run"
    if facts.reward_trend == "UNKNOWN":
        facts.notes.append("reward trend unknown: it needs at least four rows and 5,000 steps")
    for name, series in list(at.run.series.items()):
        facts.lasts[name] = series.last
        facts.trends[name] = trend_word(series, None)
    _kl(facts, at)

    evaluations, problem = read_evaluations(run.info.directory)
    known = [row for row in evaluations if not at.past or _evaluated_by(row, run, moment)]
    facts.evaluation = known[-1] if known else None
    facts.validation_candles = _validation_candles(run)
    if facts.evaluation is not None:
        facts.sources["approx_sharpe"] = f"evaluations.csv at step {facts.evaluation.timestep:,}"
    else:
        facts.notes.append(f"approx_sharpe unknown: {problem or 'no evaluation up to then'}")

    facts.checkpoints = len(at.run.checkpoints)
    if at.run.checkpoints:
        facts.checkpoint = at.run.checkpoints[-1]
        facts.checkpoint_age = (at.moment - facts.checkpoint.written_at).total_seconds()

    if alerts is None and run.history < 1.0:
        note = "issues unknown: the history of the run is still being read"
    elif at.past or alerts is None:
        from core.alerts.replay import replay

        rules = workspace.settings.alerts
        changes = replay(rules, run) if transitions is None else transitions
        facts.issues, facts.warnings, note = issues_replayed(at.run, facts, rules, changes)
    else:
        facts.issues, facts.warnings, note = issues_now(run, facts, alerts)
    if note:
        facts.notes.append(note)
    facts.warm_up = _warm_up(facts)
    return facts


def _status(at: RunAt, run: Run, health: Health, workspace: Workspace) -> tuple[str, str]:
    """The status word and its reason at that moment; for the past from what was recorded."""
    if not at.past:
        return health.status, health.reason
    info = run.info
    if info.started_at is not None and info.started_at > at.moment:
        return "ABSENT", f"the run started later, {iso(info.started_at)}"
    if info.ended_at is not None and info.ended_at <= at.moment:
        word = {"finished": "FINISHED", "stopped": "STOPPED", "crashed": "CRASHED"}.get(info.outcome or "")
        return word or health.status, f"ended {iso(info.ended_at)}"
    if at.last_row is None:
        if info.started_at is None:
            return "UNKNOWN", "neither a start nor row times are known"
        return "RUNNING", "started, no row up to then"
    quiet = (at.moment - at.last_row).total_seconds()
    if quiet <= workspace.settings.health.stalled_after:
        return "RUNNING", f"last row {iso(at.last_row)}"
    later = any(
        one.time[len(one) - 1] > at.moment.timestamp() for one in list(run.series.values()) if len(one)
    )
    if not later and health.status in ("CRASHED", "SILENT", "STOPPED", "FINISHED"):
        return health.status, f"no row after {iso(at.last_row)}"
    return "STALLED", f"no row between {iso(at.last_row)} and {iso(at.moment)}"


def _times(facts: RunFacts, at: RunAt, run: Run, health: Health) -> None:
    """Elapsed, remaining, pace."""
    started = run.info.started_at or first_row(run)
    ended = run.info.ended_at
    facts.ended_at = ended if ended is not None and ended <= at.moment else None
    over = facts.status in ("FINISHED", "STOPPED", "CRASHED", "SILENT")
    until = (facts.ended_at or at.last_row or at.moment) if over else at.moment
    if started is not None and started <= until:
        facts.elapsed_seconds = (until - started).total_seconds()
    if at.last_row is not None:
        facts.row_age = max(0.0, (at.moment - at.last_row).total_seconds())
    facts.steps_per_second = _past_pace(at) if at.past else health.steps_per_second
    if facts.status == "FINISHED":
        facts.remaining_seconds = 0.0
    elif facts.status in ("RUNNING", "STALLED"):
        if not at.past:
            facts.remaining_seconds = health.eta_seconds
        elif facts.steps_per_second and facts.timestep is not None and facts.total_timesteps:
            facts.remaining_seconds = max(0, facts.total_timesteps - facts.timestep) / facts.steps_per_second


def _last_day(at: RunAt, now: datetime) -> int | None:
    before = run_at(at.run, at.moment - timedelta(days=1), now)
    if at.run.timestep is None or not before.times_known:
        return None
    return at.run.timestep - (before.run.timestep or 0)


def _past_pace(at: RunAt) -> float | None:
    """Steps per second over the last (at most 20) timed rows of the newest segment."""
    best: float | None = None
    for series in list(at.run.series.values()):
        start = max(series.segments[-1] if series.segments else 0, len(series) - 20)
        if len(series) - start >= 2:
            steps = series.timestep[-1] - series.timestep[start]
            seconds = series.time[-1] - series.time[start]
            if steps > 0 and seconds > 0:
                best = max(best or 0.0, steps / seconds)
    return best


def _kl(facts: RunFacts, at: RunAt) -> None:
    series = at.run.series.get("approx_kl")
    if series is None:
        facts.notes.append("KL unknown: no row has it")
        return
    facts.kl_last = series.last
    if series.last is None:
        facts.notes.append("the newest KL is missing or not finite")
    values = rows_between(series, at.moment - timedelta(days=1), at.moment)
    span = "of the last 24 h"
    if not values:
        values = [value for value in series.value[-100:] if math.isfinite(value)]
        span = "newest"
    facts.kl_rows = len(values)
    if values:
        facts.kl_median = statistics.median(values)
        facts.sources["kl"] = f"median of {len(values):,} rows {span}"


def _validation_candles(run: Run) -> int | None:
    from core.training.runfile import read_run

    try:
        record = read_run(run.info.directory)
    except ConsoleError:
        return None
    return record.data.validation_candles if record is not None and record.data is not None else None


def _evaluated_by(row: Evaluation, run: Run, moment: datetime) -> bool:
    when = time_of_step(run, row.timestep)
    return when is not None and when <= moment


def _warm_up(facts: RunFacts) -> bool:
    steps = facts.timestep or 0
    seconds = facts.elapsed_seconds or 0.0
    return steps < WARM_UP_STEPS and seconds < WARM_UP_SECONDS
