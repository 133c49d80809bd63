"""What the Dashboard says, from one snapshot: the answer in words, thresholds, tiles, alert lines. Pure.

Trap avoided: "healthy" as a mood. The word is said only when the run is running on time, nothing fires, KL is
below its limit and the reward does not fall; each part of the sentence is one fact with its number.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from core import units
from core.alerts.rule import Rule
from core.telemetry.metrics import METRICS, metric
from core.telemetry.trend import TrendWord, trend_word
from widgets.chart import Threshold
from widgets.lines import Span
from widgets.tiles import Tile
from widgets.tone import Tone, glyph

if TYPE_CHECKING:
    from console.snapshot import Snapshot
    from core.alerts.engine import AlertView
    from core.telemetry.host import Host
    from core.telemetry.model import Run, Series

CHARTED = ("reward", "approx_kl", "value_loss", "entropy")
ZERO_MEANS_SOMETHING = frozenset({"approx_kl", "value_loss"})
_FAR = 2.5
"""A threshold this many times the lowest one does not stretch the axis; it shows when values come near."""
_SEVERITY_TONE: dict[str, Tone] = {"critical": "critical", "warning": "warning", "info": "unknown"}

EMPTY = {
    "reward": "No reward yet. The mean return of the last 100 episodes stands here once the first episodes "
    "have ended; a trainer of your own needs its environment in a Monitor.",
    "approx_kl": "No KL divergence yet. It stands here after the first update of the policy.",
    "value_loss": "No value loss yet. It stands here after the first update of the policy.",
    "entropy": "No policy entropy yet. It stands here after the first update of the policy.",
}


def answer(snapshot: Snapshot, rules: Mapping[str, Rule], width: int = 200) -> tuple[str, Tone]:
    """Is the run healthy: the first line, and its tone.

    In less than `width` cells where that is possible: facts that stand elsewhere too leave from the end, so
    that a sentence about to wrap does not move the screen up and down.
    """
    words, facts, tone = _judged(snapshot, rules)
    while len(facts) > 1 and len(words) + 2 + len(", ".join(facts)) > width:
        facts = facts[:-1]
    return f"{words}{', '.join(facts)}", tone


def _judged(snapshot: Snapshot, rules: Mapping[str, Rule]) -> tuple[str, list[str], Tone]:
    """(words, the facts that follow them, tone)."""
    health = snapshot.health
    facts = _facts(snapshot, rules)
    if snapshot.problem:
        return f"the run could not be read: {snapshot.problem}", [], "critical"
    if health.status == "ABSENT":
        return (
            "no run here yet: start one with `ppo-console train`, or open one with --run PATH",
            [],
            "unknown",
        )
    firing = [alert for alert in snapshot.alerts if alert.state == "firing" and alert.severity != "info"]
    critical = [alert for alert in firing if alert.severity == "critical"]
    if health.status == "CRASHED":
        return f"crashed: {_clause(health.reason)}", [], "critical"
    if critical:
        return f"critical: {_named(critical)}; ", facts, "critical"
    if health.status == "STALLED":
        return f"stalled: {_clause(health.reason)}", [], "critical"
    if health.status == "SILENT":
        return f"silent: {_clause(health.reason)}", [], "warning"
    if firing:
        return f"attention: {_named(firing)}; ", facts, "warning"
    step, total = snapshot.run.timestep, snapshot.run.info.total_timesteps
    at = f" at {units.number(step)} steps" if step is not None else ""
    if health.status == "FINISHED":
        return f"finished{at}: ", facts, "good"
    if health.status == "STOPPED":
        of = f" of {units.number(total)}" if total else ""
        return f"stopped{at}{of}: ", facts, "warning"
    if health.late:
        return "late: the next row is overdue; ", facts, "warning"
    if step is None:
        return f"started: {_clause(health.reason)}", [], "unknown"
    kl, limit = _last(snapshot.run, "approx_kl"), _kl_limit(rules)
    good = (kl is None or limit is None or kl <= limit) and trend(snapshot.run, "reward") != "DECREASING"
    return ("healthy: ", facts, "good") if good else ("running: ", facts, "warning")


def _clause(sentence: str) -> str:
    """A sentence as the rest of one."""
    return (sentence[:1].lower() + sentence[1:]).rstrip(".")


def _named(alerts: Sequence[AlertView]) -> str:
    names = [f"{alert.rule}{' (acknowledged)' if alert.acknowledged_by else ''}" for alert in alerts[:3]]
    more = f" and {len(alerts) - 3} more" if len(alerts) > 3 else ""
    return ", ".join(names) + more


def _facts(snapshot: Snapshot, rules: Mapping[str, Rule]) -> list[str]:
    """`reward rising, KL 0.0080 below 0.05, checkpoint 4 min ago`: what is known, nothing else."""
    run = snapshot.run
    words = {"INCREASING": "rising", "STABLE": "steady", "DECREASING": "falling"}
    parts = []
    if "reward" in run.series:
        word = words.get(trend(run, "reward"))
        parts.append(f"reward {word}" if word else "reward trend not known yet")
    kl = run.series.get("approx_kl")
    limit = _kl_limit(rules)
    if kl is not None and len(kl):
        text = f"KL {_value_text(kl)}"
        if kl.last is not None and limit is not None:
            text += f" {'above' if kl.last > limit else 'below'} {limit:g}"
        parts.append(text)
    if run.checkpoints:
        age = (snapshot.taken_at - run.checkpoints[-1].written_at).total_seconds()
        parts.append(f"checkpoint {units.age(age)} ago")
    else:
        parts.append("no checkpoint yet")
    return parts


def _kl_limit(rules: Mapping[str, Rule]) -> float | None:
    """The lowest KL threshold that holds for the whole run."""
    limits = [rule.threshold for rule in _kl_rules(rules).values() if not rule.within_seconds]
    return min(limits, default=None)


def _kl_rules(rules: Mapping[str, Rule]) -> dict[str, Rule]:
    return {
        name: rule
        for name, rule in rules.items()
        if rule.enabled and rule.metric == "approx_kl" and rule.condition == "above"
    }


def thresholds(name: str, rules: Mapping[str, Rule], run_age: float | None) -> tuple[Threshold, ...]:
    """The lines of the alert rules on this metric's chart; launch rules only while they apply.

    `run_age`: seconds since the run started, None when unknown.
    """
    found = [
        (rule.threshold, f"{rule.severity} {rule_name}", rule.severity)
        for rule_name, rule in rules.items()
        if rule.enabled
        and rule.metric == name
        and rule.condition == "above"
        and not (rule.within_seconds and (run_age is None or run_age > rule.within_seconds))
    ]
    lasting = [
        rule.threshold
        for rule in rules.values()
        if rule.metric == name and rule.condition == "above" and not rule.within_seconds
    ]
    lowest = min(lasting, default=math.inf)
    return tuple(
        Threshold(value, label, _SEVERITY_TONE[severity], in_range=value <= lowest * _FAR)
        for value, label, severity in sorted(found)
    )


def trend(run: Run, name: str) -> TrendWord:
    series = run.series.get(name)
    return "UNKNOWN" if series is None else trend_word(series, metric(name).trend_limit)


def latest(run: Run, name: str) -> tuple[str, str]:
    """The newest value as text, and its tone: a value that is not finite is critical."""
    series = run.series.get(name)
    if series is None or not len(series):
        return "", "bright"
    return _value_text(series), "bright" if series.last is not None else "critical-bold"


def _last(run: Run, name: str) -> float | None:
    series = run.series.get(name)
    return None if series is None else series.last


def _value_text(series: Series) -> str:
    return units.number(series.value[len(series) - 1], metric(series.name).decimals)


def tiles(snapshot: Snapshot, shown: Sequence[str], now: datetime) -> list[Tile]:
    """Every metric that has no chart on the screen, then process, checkpoint and host."""
    run = snapshot.run
    known = [name for name in METRICS if name in run.series]
    others = sorted(name for name in run.series if name not in METRICS)
    out = [_metric_tile(run.series[name]) for name in (*known, *others) if name not in shown]
    malformed = sum(source.malformed for source in run.sources)
    if malformed:
        out.append(Tile("rows skipped", units.number(malformed), "malformed", tone="warning"))
    out.append(_process_tile(run))
    out.append(_checkpoint_tile(run, now))
    if snapshot.host is not None:
        out += _host_tiles(snapshot.host)
    return out


def _metric_tile(series: Series) -> Tile:
    entry = metric(series.name)
    bad = len(series) > 0 and series.last is None
    return Tile(
        series.name,
        _value_text(series) if len(series) else units.MISSING,
        entry.unit,
        series.value,
        "critical-bold" if bad else "bright",
    )


def _process_tile(run: Run) -> Tile:
    pid = f"pid {run.info.pid}" if run.info.pid is not None else ""
    if run.process == "alive":
        return Tile("process", f"alive {pid}".strip())
    if run.process == "gone":
        return Tile("process", f"gone {pid}".strip(), tone="plain" if run.info.outcome else "critical-bold")
    return Tile("process", "not seen here", tone="plain")


def _checkpoint_tile(run: Run, now: datetime) -> Tile:
    if not run.checkpoints:
        return Tile("checkpoint", "none yet", tone="plain")
    newest = run.checkpoints[-1]
    at = f" @{units.steps(newest.timestep)}" if newest.timestep is not None else ""
    return Tile("checkpoint", f"{units.age((now - newest.written_at).total_seconds())} ago{at}")


def _host_tiles(host: Host) -> list[Tile]:
    free = [disk.free for disk in host.disks if disk.free is not None]
    out = [Tile("disk free", units.gigabytes(min(free)))] if free else []
    used = units.gigabytes(host.memory_used).removesuffix(" GB")
    out.append(Tile("memory", f"{used} of {units.gigabytes(host.memory_total)}"))
    if host.cpu_percent is not None:
        out.append(Tile("cpu", f"{units.percent(host.cpu_percent, 0)} of {host.cores} cores"))
    if host.trainer is not None:
        cpu = units.percent(host.trainer.cpu_percent, 0)
        out.append(Tile("trainer", f"{units.gigabytes(host.trainer.memory)}  cpu {cpu}"))
    return out


def alert_lines(alerts: Sequence[AlertView], rules: Mapping[str, Rule]) -> list[list[Span]]:
    """What needs a person first; then what is pending, without data, or resolved."""
    from core.alerts.view import sort_key

    return [
        _alert_line(alert, rules.get(alert.rule))
        for alert in sorted(alerts, key=sort_key)
        if alert.state != "inactive"
    ]


def _alert_line(alert: AlertView, rule: Rule | None) -> list[Span]:
    severity = _SEVERITY_TONE[alert.severity]
    if alert.firing:
        bold = f"{severity}-bold" if severity != "unknown" else severity
        spans: list[Span] = [(f"{glyph(severity)} ", severity), (alert.rule, bold)]
    else:
        spans = [("  ", "dim"), (alert.rule, "dim")]
    if alert.state in ("firing", "pending") and (words := _value_words(alert, rule)):
        spans.append((f" {words}", "plain" if alert.firing else "dim"))
    if not alert.firing:
        spans.append((f" {'no data' if alert.state == 'nodata' else alert.state}", "dim"))
    elif alert.no_data:
        spans.append((" data stopped", "dim"))
    if alert.since_timestep is not None:
        spans.append((f" @{units.steps(alert.since_timestep)}", "dim"))
    if alert.acknowledged_by:
        spans.append((f" ack {alert.acknowledged_by}", "dim"))
    return spans


def _value_words(alert: AlertView, rule: Rule | None) -> str:
    """`0.12 > 0.1`, `13h02m > 12h00m`; empty for a rule without a value."""
    value, limit = alert.value, alert.threshold
    if value is None or limit is None:
        return ""
    sign = ">" if value > limit else "<"
    if rule is not None and rule.condition in ("checkpoint_age", "step_age"):
        return f"{units.duration(value)} {sign} {units.duration(limit)}"
    if rule is not None and rule.condition == "disk_free":
        return f"{units.gigabytes(value)} {sign} {units.gigabytes(limit)}"
    return f"{value:.3g} {sign} {limit:g}"
