"""The progress check of the checklist document: five lines in its words, then the details.

Trap avoided: a check that always says OK. Each line's words follow the facts, and what is not known is
said to be unknown, which is never OK. The five lines stand in the document's English in every language:
scripts match them; the details follow `[checklist] language`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from core.clock import iso
from core.operations.facts import RunFacts, gather
from core.operations.log_files import missing_files
from core.units import MISSING, duration, number, significant, steps
from core.wording.say import say

if TYPE_CHECKING:
    from core.alerts.view import AlertView
    from core.config.settings import Checks
    from core.telemetry.health import Health
    from core.telemetry.model import Run
    from core.workspace import Workspace

Status = Literal["OK", "WARNING", "CRITICAL"]
_GLYPH: dict[Status, str] = {"OK": "✅", "WARNING": "⚠️", "CRITICAL": "❌"}
_EXIT: dict[Status, int] = {"OK": 0, "WARNING": 10, "CRITICAL": 20}
_REWARD = {"INCREASING": "growing", "STABLE": "stable", "DECREASING": "falling", "UNKNOWN": "trend unknown"}


@dataclass(frozen=True, slots=True)
class ProgressCheck:
    """The text and what it amounts to."""

    status: Status
    reasons: tuple[str, ...]
    """Why it is not OK."""
    lines: tuple[str, ...]
    """The checklist document's five."""
    details: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """0 OK, 10 WARNING, 20 CRITICAL or crashed."""
        return _EXIT[self.status]

    @property
    def text(self) -> str:
        return "\n".join((*self.lines, "", *self.details))


def progress_check(
    workspace: Workspace,
    run: Run,
    health: Health,
    alerts: Sequence[AlertView] | None,
    now: datetime,
    *,
    moment: datetime | None = None,
) -> ProgressCheck:
    """The check as of now, or of an earlier `moment` from what was recorded until then.

    Which log files are there is always as of now.
    """
    facts = gather(workspace, run, health, alerts, moment or now, now)
    checks = workspace.settings.checks
    missing = missing_files(workspace, run, facts)
    critical: list[str] = list(facts.issues or ())
    warning: list[str] = list(facts.warnings)
    _judge_status(facts, critical, warning)
    if missing:
        warning.append(f"log files missing: {', '.join(missing)}")
    convergence = _convergence(facts, checks, critical, warning)
    checkpoints = _checkpoints(workspace, facts, checks, warning)
    if facts.issues is None:
        warning.append("whether an alert fires is not known")
    overall: Status = "CRITICAL" if critical else "WARNING" if warning else "OK"
    shown = overall if facts.status != "CRASHED" else "CRASHED"
    files = "All present" if not missing else f"{len(missing)} missing ({', '.join(missing)})"
    lines = (
        f"{_GLYPH[overall]} Overall Status: {shown}",
        f"{'✅' if not missing else '⚠️'} Log Files: {files}",
        f"📈 Convergence: {convergence}",
        f"💾 Checkpoints: {checkpoints}",
        f"🔔 Alerts: {_alerts(facts)}",
    )
    reasons = tuple(dict.fromkeys((*critical, *warning)))
    language = workspace.settings.checklist.language
    reasons = tuple(say(reason, language) for reason in reasons)
    details = tuple(say(line, language) for line in _details(run, facts, checks, reasons))
    return ProgressCheck(overall, reasons, lines, details)


def _judge_status(facts: RunFacts, critical: list[str], warning: list[str]) -> None:
    words = f"training is {facts.status}" + (f": {facts.reason}" if facts.reason else "")
    if facts.status in ("CRASHED", "STALLED"):
        critical.append(words)
    elif facts.status not in ("RUNNING", "FINISHED"):
        warning.append(words)


def _convergence(facts: RunFacts, checks: Checks, critical: list[str], warning: list[str]) -> str:
    reward = f"Reward {_REWARD[facts.reward_trend]}"
    if facts.reward_trend == "DECREASING":
        if facts.warm_up:
            reward += " (expected in the first 100k steps)"
        else:
            warning.append("the reward is falling")
    elif facts.reward_trend == "UNKNOWN":
        warning.append("the reward trend is not known")
    return f"{reward}, {_kl(facts, checks, critical, warning)}"


def _kl(facts: RunFacts, checks: Checks, critical: list[str], warning: list[str]) -> str:
    value = facts.kl_last
    if value is None:
        warning.append("the KL divergence is not known")
        return "KL unknown"
    if value < checks.kl_good:
        return f"KL < {checks.kl_good:g}"
    if value <= checks.kl_alert:
        warning.append(f"KL {value:.3g} is not below {checks.kl_good:g}")
        return f"KL {value:.3g} (not < {checks.kl_good:g})"
    shown = significant(value, checks.kl_alert, 3)
    critical.append(f"KL {shown} is above {checks.kl_alert:g}")
    return f"KL {shown} > {checks.kl_alert:g}"


def _checkpoints(workspace: Workspace, facts: RunFacts, checks: Checks, warning: list[str]) -> str:
    every = workspace.settings.training.checkpoint_every
    if facts.checkpoint_age is None:
        if facts.timestep is not None and facts.timestep < every and facts.status == "RUNNING":
            return f"none saved yet, the first is due at {every:,} steps"
        warning.append("no checkpoint is saved")
        return "none saved"
    limit = checks.checkpoint_hours
    count = f"{facts.checkpoints} saved"
    if facts.checkpoint_age < limit * 3600:
        return f"{count}, latest < {limit:g}h ago"
    if facts.status in ("FINISHED", "STOPPED"):
        return f"{count}, latest {duration(facts.checkpoint_age)} ago (the run has ended)"
    warning.append(f"the newest checkpoint is {duration(facts.checkpoint_age)} old")
    return f"{count}, latest {duration(facts.checkpoint_age)} ago (not < {limit:g}h)"


def _alerts(facts: RunFacts) -> str:
    if facts.issues is None:
        return "unknown"
    milder = f", {len(facts.warnings)} milder firing" if facts.warnings else ""
    if not facts.issues:
        return f"No critical issues{milder}"
    plural = "s" if len(facts.issues) > 1 else ""
    return f"{len(facts.issues)} critical issue{plural}: {facts.issues[0]}{milder}"


def _details(run: Run, facts: RunFacts, checks: Checks, reasons: tuple[str, ...]) -> tuple[str, ...]:
    total = facts.total_timesteps
    share = (
        f" ({min(100.0, 100 * facts.timestep / total):.1f} %)" if facts.timestep is not None and total else ""
    )
    over = "" if facts.status in ("RUNNING", "STALLED", "UNKNOWN") else " at its last rows"
    progress = f"{number(facts.timestep)} / {number(total)} timesteps{share}"
    checkpoint = MISSING if facts.checkpoint is None else facts.checkpoint.path.name
    evaluation = facts.evaluation
    sharpe = MISSING if evaluation is None else number(evaluation.sharpe, 2)
    at = f" at step {steps(evaluation.timestep)}" if evaluation is not None else ""
    return (
        f"Run:          {run.info.id or MISSING}" + (f" ({run.info.tag})" if run.info.tag else ""),
        f"Status:       {facts.status}" + (f" - {facts.reason}" if facts.reason else ""),
        f"Progress:     {progress}",
        f"Pace:         {number(facts.steps_per_second)} steps/s{over}, "
        f"ETA {duration(facts.remaining_seconds)}",
        f"Reward:       {number(facts.last_reward, 4)}, {facts.reward_trend}",
        f"KL:           last {number(facts.kl_last, 4)}, median {number(facts.kl_median, 4)}"
        f" ({facts.kl_rows:,} rows); checklist < {checks.kl_good:g}, launch and daily < {checks.kl_daily:g}",
        f"Validation:   Sharpe {sharpe}{at}",
        f"Checkpoint:   {checkpoint}, age {duration(facts.checkpoint_age)}",
        *(f"Attention:    {reason}" for reason in reasons),
        f"As of:        {iso(facts.moment)}",
    )
