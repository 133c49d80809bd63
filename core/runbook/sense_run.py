"""What the runbook senses of the run itself: its process, log, rows, checkpoints and events.

Each sensor answers in one line, with the lines that prove it. Trap avoided: a value that nobody logged read
as a good one.
"""

from __future__ import annotations

import os

from core.runbook.context import SHOWN, Context, Sensed
from core.text import visible
from core.units import age, counted, number

_TROUBLE = ("Traceback", "Error", "ERROR", "CRITICAL", "Killed", "out of memory")
_LOG_LINES = 100
_ENDED = ("FINISHED", "STOPPED")


def process(context: Context) -> Sensed:
    run, health = context.run, context.health
    who = f"Process {run.info.pid}" if run.info.pid is not None else "the process"
    if run.process == "alive":
        reason = health.reason.rstrip(".")
        return Sensed("ok", reason if f"{who} is alive" in reason else f"{who} is alive; {reason}")
    if run.info.outcome in ("finished", "stopped"):
        return Sensed("ok", f"{who} ended by itself: {run.info.outcome}")
    if run.process == "gone":
        return Sensed("bad", f"{who} is gone; {health.reason}")
    unseen, reason = "cannot be seen from here", health.reason.rstrip(".")
    return Sensed("unknown", reason if unseen in reason else f"{who} {unseen}; {reason}")


def log(context: Context) -> Sensed:
    tail = context.run.log_tail[-_LOG_LINES:]
    if not tail:
        return Sensed("unknown", "there is no training.log, or it is empty")
    trouble = [line for line in tail if any(word in line for word in _TROUBLE)]
    if not trouble:
        return Sensed("ok", f"no error in the newest {len(tail)} lines", tuple(tail[-SHOWN:]))
    return Sensed(
        "bad", f"{len(trouble)} of the newest {len(tail)} lines are about errors", tuple(trouble[-SHOWN:])
    )


def log_age(context: Context) -> Sensed:
    at = context.run.last_row_at
    if at is None:
        return Sensed("unknown", "nothing was ever written, or its time is not known")
    seconds = max(0.0, (context.now - at).total_seconds())
    late = seconds > context.settings.health.stalled_after
    if context.health.status in _ENDED:
        return Sensed("ok", f"last written {age(seconds)} ago; the run is {context.health.status}")
    return Sensed("bad" if late else "ok", f"last written {age(seconds)} ago")


def checkpoints(context: Context) -> Sensed:
    found = context.run.checkpoints
    if not found:
        return Sensed("bad", "no checkpoint yet")
    seconds = max(0.0, (context.now - found[-1].written_at).total_seconds())
    limit = context.settings.checks.checkpoint_hours
    if context.health.status in _ENDED:
        text = f"{len(found)} saved, the newest {age(seconds)} ago; the run is {context.health.status}"
        return Sensed("ok", text, (visible(found[-1].path.name, 200),))
    text = f"{len(found)} saved, the newest {age(seconds)} ago, late after {limit:g} h"
    return Sensed("bad" if seconds > limit * 3600 else "ok", text, (visible(found[-1].path.name, 200),))


def tensorboard(context: Context) -> Sensed:
    folder = context.run.info.directory / "tensorboard"
    if not folder.is_dir():
        return Sensed("bad", f"{folder} is not there")
    mode = f"{folder.stat().st_mode & 0o777:o}"
    events = list(folder.rglob("events.out.tfevents.*"))
    rows = sum(source.rows for source in context.run.sources if source.kind == "tensorboard")
    if not os.access(folder, os.W_OK | os.X_OK):
        return Sensed("bad", f"{folder.name}/ may not be written by this user (mode {mode})")
    text = f"{counted(len(events), 'event file')}, {counted(rows, 'row')}, mode {mode}"
    return Sensed("ok" if rows else "bad", text)


def reward_trend(context: Context) -> Sensed:
    from core.telemetry.trend import slope_per_step, trend_word

    series = context.run.series.get("reward")
    if series is None or not len(series):
        return Sensed("unknown", "no reward is recorded")
    slope = slope_per_step(series)
    word = trend_word(series, context.settings.checks.reward_trend)
    if slope is None:
        return Sensed("unknown", "too few rows for a trend: four rows and 5,000 steps are needed")
    text = f"reward {number(series.last_finite, 2)}, {word}: {slope:+.2g} per step over the last 50,000 steps"
    return Sensed("ok" if word == "INCREASING" else "bad", text)


def kl(context: Context) -> Sensed:
    run = context.run
    kl = run.series.get("approx_kl")
    if kl is None or kl.last_finite is None:
        return Sensed("unknown", "no KL divergence is recorded")
    beside = []
    for name in ("clip_fraction", "explained_variance", "value_loss", "learning_rate"):
        series = run.series.get(name)
        newest = None if series is None or not len(series) else series.value[len(series) - 1]
        beside.append(f"{name} {'is not logged' if newest is None else f'{newest:.4g}'}")
    limit = context.settings.checks.kl_good
    if kl.last is None:
        text = f"approx_kl is not finite now; its last number was {kl.last_finite:.4g}"
        return Sensed("bad", text, tuple(beside))
    text = f"approx_kl {kl.last_finite:.4g}, highest {kl.maximum:.4g}, good below {limit:g}"
    return Sensed("bad" if kl.last_finite >= limit else "ok", text, tuple(beside))


def losses(context: Context) -> Sensed:
    from core.telemetry.metrics import METRICS
    from core.telemetry.trend import trend_word

    lines, bad = [], []
    for name in ("reward", "policy_loss", "value_loss", "entropy", "approx_kl"):
        series = context.run.series.get(name)
        if series is None or not len(series):
            continue
        last = series.value[len(series) - 1]
        lines.append(f"{name} {number(last, 4)}, {trend_word(series, METRICS[name].trend_limit)}")
        if name != "reward" and series.last is None:
            bad.append(name)
    if not lines:
        return Sensed("unknown", "no loss is recorded")
    if bad:
        return Sensed("bad", f"not finite: {', '.join(bad)}", tuple(lines))
    return Sensed("ok", "all losses are finite", tuple(lines))


def daily(context: Context) -> Sensed:
    firing = [alert for alert in context.alerts if alert.firing and alert.severity != "info"]
    status = context.health.status
    if status not in ("RUNNING", "FINISHED", "STOPPED"):
        return Sensed("bad", f"the run is {status}: {context.health.reason}")
    if firing:
        fire = "1 alert fires" if len(firing) == 1 else f"{len(firing)} alerts fire"
        return Sensed("bad", fire, tuple(alert.message for alert in firing[:SHOWN]))
    if not context.judged:
        return Sensed("unknown", f"the run is {status}, and its rules have not been asked")
    return Sensed("ok", f"the run is {status} and nothing fires")
