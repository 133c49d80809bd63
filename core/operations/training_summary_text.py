"""The training summary as text, as Markdown and as the two files beside the reports."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from core.errors import ConsoleError
from core.telemetry.metrics import metric
from core.units import duration, number

if TYPE_CHECKING:
    from core.operations.log_summary import LogSummary
    from core.operations.training_summary import TrainingSummary
    from core.telemetry.health import Health
    from core.telemetry.model import Run
    from core.workspace import Workspace


def summary_text(summary: TrainingSummary) -> str:
    """As plain text, for a terminal."""
    return "\n".join(_lines(summary)) + "\n"


def summary_markdown(summary: TrainingSummary) -> str:
    """As Markdown, for the CTO's folder."""
    from core.revalidation.markdown import escape

    title, *lines = _lines(summary)
    body = [f"- {escape(line.strip())}" if line.strip() else "" for line in lines]
    return f"# {escape(title)}\n\n" + "\n".join(body) + "\n"


def _lines(summary: TrainingSummary) -> list[str]:
    of_total = f" of {number(summary.total_timesteps)}" if summary.total_timesteps else ""
    lines = [
        f"Training summary: {summary.tag or summary.run_id or 'no run'}",
        "",
        f"Run:         {summary.run_id or '–'} ({', '.join(summary.symbols) or '–'})",
        f"Status:      {summary.status} - {summary.reason}",
        f"Steps:       {number(summary.timestep)}{of_total}",
        f"Time:        {summary.started_at or '–'} to {summary.ended_at or '–'}, {duration(summary.seconds)}",
        f"Resumed:     {summary.resumes} times",
        "",
    ]
    for name, each in summary.metrics.items():
        digits = metric(name).decimals
        lines.append(
            f"{name}: last {number(each.last, digits)}, "
            f"from {number(each.minimum, digits)} to {number(each.maximum, digits)}, {each.trend}, "
            f"{each.rows:,} rows"
        )
    if not summary.metrics:
        lines.append("No metric was recorded.")
    if summary.last_evaluation is not None:
        values = ", ".join(
            f"{name} {number(value, 0 if name in ('timestep', 'trades') else 3)}"
            for name, value in summary.last_evaluation.items()
        )
        lines.append(f"Validation, {summary.evaluations} evaluations, the last: {values}")
    lines += ["", *_log_lines(summary.log), ""]
    lines += [
        f"{day.date}: {day.log_lines:,} log lines, {day.rows:,} rows, {day.checkpoints} checkpoints, "
        f"daily summary {'there' if day.daily_summary else 'missing'}"
        for day in summary.days
    ]
    points = summary.checkpoints
    expected = "" if points.expected is None else f" of {points.expected} expected"
    lines += [f"Checkpoints: {points.count} saved{expected}, newest {points.newest or '–'}", ""]
    lines += [f"Missing: {gap}" for gap in summary.gaps] or ["Nothing is missing."]
    return [*lines, *(f"Not known: {what}" for what in summary.unknown)]


def _log_lines(log: LogSummary | None) -> list[str]:
    if log is None:
        return ["training.log: not there"]
    levels = ", ".join(f"{count:,} {level}" for level, count in sorted(log.levels.items())) or "no level"
    lines = [f"training.log: {log.lines:,} lines ({levels}), {log.tracebacks} tracebacks"]
    lines += [f"error: {line}" for line in log.newest_errors]
    return lines + [f"warning: {line}" for line in log.newest_warnings]


def save_summary(workspace: Workspace, summary: TrainingSummary) -> tuple[Path, Path]:
    """`training_summary.json` and `.md` beside the revalidation's reports. Raises UnreadableError."""
    from core.files import atomic_write

    json_path, text_path = summary_paths(workspace)
    atomic_write(json_path, msgspec.json.format(msgspec.json.encode(summary), indent=2) + b"\n")
    atomic_write(text_path, summary_markdown(summary))
    return json_path, text_path


def leave_summary(workspace: Workspace, run: Run, health: Health, now: datetime) -> tuple[Path, ...]:
    """Write the training summary beside a decision's reports; empty where there is no run or no room.

    The decision stands without it.
    """
    from core.operations.training_summary import training_summary

    if health.status == "ABSENT":
        return ()
    try:
        return save_summary(workspace, training_summary(workspace, run, health, now))
    except ConsoleError:
        return ()


def summary_paths(workspace: Workspace) -> tuple[Path, Path]:
    return workspace.reports / "training_summary.json", workspace.reports / "training_summary.md"
