"""The day in text and in the manual's JSON, written by the trainer from its own files.

Trap avoided: a second way to compute the day: it is the daily check's own result, as `ppo-console daily`
gives it.
"""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from core.files import append_line, atomic_write
from core.training import writers
from core.training.writers import log_line
from core.units import number
from core.workspace import Workspace


def write_daily_summary(workspace: Workspace, day: date, now: datetime) -> None:
    """Replace `daily_summaries/<day>.json`, append to `daily_summary.log`. Raises ConsoleError, OSError."""
    from core.alerts.engine import AlertEngine
    from core.operations.daily_check import daily_check
    from core.telemetry.health import assess
    from core.telemetry.reader import RunReader

    reader = RunReader(workspace.logs, checkpoints=workspace.checkpoints, now=now)
    try:
        reader.poll(now)
        run = reader.run
        health = assess(run, workspace.settings.health, now)
        engine = AlertEngine(workspace.settings.alerts, run.info.id)  # without a store it records nothing
        engine.update(run, health, now)
        check = daily_check(workspace, run, health, engine.alerts(), day, now)
    finally:
        reader.close()
    data = msgspec.json.format(msgspec.json.encode(check), indent=1)
    atomic_write(workspace.logs / writers.DAILY_FOLDER / f"{day.isoformat()}.json", data + b"\n")
    line = (
        f"{check.date} {check.training_status} step {number(check.timestep)}/"
        f"{number(check.total_timesteps)} reward {number(check.last_reward, 4)} {check.reward_trend} "
        f"kl {number(check.kl_divergence_last, 4)} sharpe {number(check.approx_sharpe, 2)} {check.checklist}"
    )
    append_line(workspace.logs / writers.DAILY_LOG, log_line(line, now))
