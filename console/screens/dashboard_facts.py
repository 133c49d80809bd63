"""What the Dashboard says, from one snapshot: the answer in words, the metrics in order, thresholds. Pure.

Trap avoided: "healthy" as a mood. The word is said only when the run is running on time, the rules have seen
all of it and nothing fires, KL is known and below its limit, and the reward is known not to fall; each part
of the sentence is one fact with its number.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from console.keyboard import key_of
from core import units
from core.alerts.rule import Rule
from core.telemetry.metrics import METRICS, metric
from core.telemetry.trend import TrendWord, trend_word
from core.text import visible
from widgets.chart import Threshold
from widgets.metric_grid import MetricSlot
from widgets.tone import Tone

if TYPE_CHECKING:
    from console.snapshot import Snapshot
    from core.alerts.view import AlertView
    from core.telemetry.model import Run, Series

CHARTED = ("reward", "approx_kl", "value_loss", "entropy")
"""The first page, whether they have data or not."""
ZERO_MEANS_SOMETHING = frozenset({"approx_kl", "value_loss"})
_FAR = 2.5
"""A threshold this many times the lowest one does not stretch the axis; it shows when values come near."""
SEVERITY_TONE: dict[str, Tone] = {"critical": "critical", "warning": "warning", "info": "unknown"}

EMPTY = {
    "reward": "No reward yet. The mean return of the last 100 episodes stands here once the first episodes "
    "have ended; a trainer of your own needs its environment in a Monitor.",
    "approx_kl": "No KL divergence yet. It stands here after the first update of the policy.",
    "value_loss": "No value loss yet. It stands here after the first update of the policy.",
    "entropy": "No policy entropy yet. It stands here after the first update of the policy.",
}


def metric_names(run: Run) -> list[str]:
    """Every metric of the run and the four of the first page, in the order of the pages."""
    known = [name for name in METRICS if name in run.series and name not in CHARTED]
    others = sorted(name for name in run.series if name not in METRICS)
    return [*CHARTED, *known, *others]


def slot(name: str) -> MetricSlot:
    """How the metric's chart is drawn, and what it says while it is empty."""
    empty = EMPTY.get(name, f"No {metric(name).label} yet.")
    return MetricSlot(name, zero=name in ZERO_MEANS_SOMETHING, empty=empty)


def matching(names: Sequence[str], words: str) -> list[str]:
    """The metrics whose name or label holds each of the words, whatever their case."""
    wanted = words.casefold().split()
    return [
        name for name in names if all(word in f"{name} {metric(name).label}".casefold() for word in wanted)
    ]


def answer(
    snapshot: Snapshot, rules: Mapping[str, Rule], width: int = 200, *, workspace: bool = True
) -> tuple[str, Tone]:
    """Is the run healthy: the first line, and its tone. `workspace`: there is one, so that a run can start.

    In less than `width` cells where that is possible: facts that stand elsewhere too leave from the end, so
    that a sentence about to wrap does not move the screen up and down.
    """
    words, facts, tone = _judged(snapshot, rules, workspace)
    while len(facts) > 1 and len(words) + 2 + len(", ".join(facts)) > width:
        facts = facts[:-1]
    return f"{words}{', '.join(facts)}", tone


def _judged(snapshot: Snapshot, rules: Mapping[str, Rule], workspace: bool) -> tuple[str, list[str], Tone]:
    """(words, the facts that follow them, tone)."""
    health = snapshot.health
    facts = _facts(snapshot, rules)
    if snapshot.problem:
        return f"the run could not be read: {snapshot.problem}", [], "critical"
    if health.status == "ABSENT" and not workspace:
        return "no run here yet: it shows as soon as a trainer writes its first file", [], "unknown"
    if health.status == "ABSENT":
        return (
            f"no run here yet: {key_of('training.control')} starts one, or open one with --run PATH",
            [],
            "unknown",
        )
    firing = [alert for alert in snapshot.alerts if alert.state == "firing" and alert.severity != "info"]
    critical = [alert for alert in firing if alert.severity == "critical"]
    if health.status == "CRASHED":
        return f"crashed: {_clause(health.reason)}", [], "critical"
    if critical:
        return f"critical: {_named(critical)}; ", facts, "critical"
    if snapshot.unjudged is not None:
        return f"attention: {snapshot.unjudged}; ", facts, "critical"
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
    if trouble := source_trouble(snapshot.run):
        return f"attention: {trouble}; ", facts, "warning"
    if health.late:
        return "late: the next row is overdue; ", facts, "warning"
    if step is None:
        return f"started: {_clause(health.reason)}", [], "unknown"
    kl, limit, word = _last(snapshot.run, "approx_kl"), _kl_limit(rules), trend(snapshot.run, "reward")
    not_finite = kl is None and len(snapshot.run.series.get("approx_kl", ())) > 0
    if word == "DECREASING" or not_finite or (kl is not None and limit is not None and kl > limit):
        return "running: ", facts, "warning"
    seen = snapshot.judged and snapshot.run.history == 1.0
    known = word != "UNKNOWN" and kl is not None
    return ("healthy: ", facts, "good") if seen and known else ("running: ", facts, "unknown")


def source_trouble(run: Run) -> str:
    """`progress.csv is missing`, the worst that is so of the run's files now; empty where nothing is."""
    for source in run.sources:
        if source.trouble is not None:
            return f"{visible(source.path.name, 40)} is {source.trouble}"
    corrupt = next((source for source in run.sources if "corrupt" in source.events), None)
    return f"{visible(corrupt.path.name, 40)} is corrupt" if corrupt is not None else ""


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
    parts = [f"history {units.percent(100 * run.history, 0)}"] if run.history < 1 else []
    if "reward" in run.series:
        word = words.get(trend(run, "reward"))
        parts.append(f"reward {word}" if word else "reward trend not known yet")
    kl = run.series.get("approx_kl")
    limit = _kl_limit(rules)
    if kl is not None and len(kl):
        newest = apart_from_all(kl, _kl_limits(limit, snapshot.alerts))
        parts.append(f"KL {newest}{_between(kl.last, limit, snapshot.alerts)}")
    elif run.timestep is not None:
        parts.append("KL not known yet")
    if run.checkpoints:
        age = snapshot.age_of(run.checkpoints[-1].written_at)
        parts.append(f"checkpoint {units.age(age)} ago" if age is not None else "checkpoint age n/a")
    else:
        parts.append("no checkpoint yet")
    return parts


def _between(value: float | None, limit: float | None, alerts: Sequence[AlertView]) -> str:
    """` above 0.01, below 0.05`: the threshold of an alert that fires, and the next one up.

    A launch rule fires below the limit of the whole run: "below 0.05" alone would contradict it.
    """
    limits = _kl_limits(limit, alerts)
    if value is None or not limits:
        return ""
    crossed, ahead = [each for each in limits if value > each], [each for each in limits if value <= each]
    words = [f"above {max(crossed):g}"] if crossed else []
    return " " + ", ".join([*words, f"below {min(ahead):g}"] if ahead else words)


def _kl_limits(limit: float | None, alerts: Sequence[AlertView]) -> list[float]:
    fired = [alert.threshold for alert in alerts if alert.state == "firing" and alert.metric == "approx_kl"]
    return [each for each in (limit, *fired) if each is not None]


def replay_facts(snapshot: Snapshot, rules: Mapping[str, Rule], width: int = 200) -> str:
    """What was known of an earlier moment: its facts, without a judgement of health, as many as fit."""
    facts = _facts(snapshot, rules)
    while len(facts) > 1 and len(", ".join(facts)) > width:
        facts = facts[:-1]
    return ", ".join(facts)


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
        (rule.threshold, f"{rule.severity} {visible(rule_name, 80)}", rule.severity)
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
        Threshold(value, label, SEVERITY_TONE[severity], in_range=value <= lowest * _FAR)
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
    return value_text(series), "bright" if series.last is not None else "critical-bold"


def _last(run: Run, name: str) -> float | None:
    series = run.series.get(name)
    return None if series is None else series.last


def apart_from_all(series: Series, limits: Sequence[float]) -> str:
    """The newest value, which does not read like a limit that it is not."""
    value, decimals = series.value[len(series) - 1], metric(series.name).decimals
    return max((units.apart(value, limit, decimals) for limit in limits), key=len, default=value_text(series))


def value_text(series: Series) -> str:
    return units.number(series.value[len(series) - 1], metric(series.name).decimals)
