"""The Dashboard's side: a tile for each value, the process and the host, and a line for each alert. Pure.

Trap avoided: a fact cut off with an ellipsis. What does not fit is said in fewer words, or on a second line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from rich.cells import cell_len

from console.screens.dashboard_facts import SEVERITY_TONE, metric_names, value_text
from console.screens.dashboard_host import gpu_tiles
from console.screens.dashboard_sources import source_tile
from core import units
from core.alerts.rule import Rule
from core.telemetry.metrics import metric
from widgets.lines import Span
from widgets.tiles import Tile
from widgets.tone import glyph, safe

if TYPE_CHECKING:
    from console.snapshot import Snapshot
    from core.alerts.view import AlertView
    from core.telemetry.host import Host
    from core.telemetry.model import Run, Series

ALWAYS = ("reward", "approx_kl")
"""They have a tile also where they have a chart."""
_LABELS = {
    "explained_variance": "explained_var",
    "steps_per_second": "mean steps/s",
    "episode_length": "episode steps",
    "eval_mean_reward": "reward",
    "eval_episode_length": "episode steps",
    "eval_sharpe": "Sharpe",
    "eval_max_drawdown_pct": "drawdown %",
    "eval_win_rate_pct": "win rate %",
    "eval_profit_factor": "profit factor",
    "eval_trades": "trades",
    "eval_consecutive_losses": "loss run",
    "eval_calmar_ratio": "Calmar",
}
"""Short enough for a tile; a label that holds the unit needs none beside the value."""


def tiles(snapshot: Snapshot, charted: Sequence[str], now: datetime, *, past: bool = False) -> list[Tile]:
    """Reward, KL and every metric that has no chart on the screen; then process, checkpoint and host.

    `past`: an earlier moment, of which the process is not known.
    """
    run = snapshot.run
    shown = [name for name in metric_names(run) if name in run.series]
    shown = [name for name in shown if name not in charted or name in ALWAYS]
    evaluated = [name for name in shown if name.startswith("eval_")]
    out = []
    if run.history < 1 and not past:
        out.append(Tile("history", f"{units.percent(100 * run.history, 0)} read", tone="accent-bold"))
    out += [_metric_tile(run.series[name]) for name in shown if name not in evaluated]
    if evaluated:
        out.append(Tile("validation", "", heading=True))
        out += [_metric_tile(run.series[name]) for name in evaluated]
        out.append(Tile("run", "", heading=True))
    sources = source_tile(run, now)
    if sources is not None and not past:
        out.append(sources)
    if not past:
        out.append(_process_tile(run))
    out.append(_checkpoint_tile(run, now if snapshot.timed else None))
    if snapshot.host is not None:
        out += _host_tiles(snapshot.host)
    return out


def _metric_tile(series: Series) -> Tile:
    entry = metric(series.name)
    bad = len(series) > 0 and series.last is None
    label = _LABELS.get(series.name, "")
    return Tile(
        label or series.name.removeprefix("eval_"),
        value_text(series) if len(series) else units.MISSING,
        "" if label else entry.unit,
        series.value,
        "critical-bold" if bad else "bright",
    )


def _process_tile(run: Run) -> Tile:
    pid = f"pid {run.info.pid}" if run.info.pid is not None else ""
    if run.process == "alive":
        return Tile("process", f"alive, {pid}" if pid else "alive", short=f"alive {pid[4:]}")
    if run.process == "gone":
        tone = "plain" if run.info.outcome else "critical-bold"
        return Tile("process", f"gone, {pid}" if pid else "gone", tone=tone, short=f"gone {pid[4:]}")
    where = f"on {run.info.host}, " if run.info.host and run.info.pid is not None else ""
    return Tile("process", f"{where}not seen here", tone="plain", short="not seen here")


def _checkpoint_tile(run: Run, now: datetime | None) -> Tile:
    if not run.checkpoints:
        return Tile("checkpoint", "none yet", tone="plain")
    newest = run.checkpoints[-1]
    age = f"{units.age((now - newest.written_at).total_seconds())} ago" if now is not None else "age n/a"
    at = f" @{units.steps(newest.timestep)}" if newest.timestep is not None else ""
    return Tile("checkpoint", f"{age}{at}", short=age)


def _host_tiles(host: Host) -> list[Tile]:
    free = [disk.free for disk in host.disks if disk.free is not None]
    out = [Tile("disk free", units.gigabytes(min(free)))] if free else []
    total = units.gigabytes(host.memory_total)
    used = _coarse_memory(host.memory_used, host.memory_total)
    out.append(Tile("memory", f"{used} of {total}", short=f"{used}/{total}"))
    if host.cpu_percent is not None:
        cpu = _coarse(host.cpu_percent)
        out.append(Tile("cpu", f"{cpu} of {host.cores} cores", short=cpu))
    if host.trainer is not None:
        memory, percent = units.gigabytes(host.trainer.memory), host.trainer.cpu_percent
        cpu = "" if percent is None else _coarse(percent)
        out.append(
            Tile("trainer", f"{memory}, cpu {cpu}" if cpu else memory, short=f"{memory} {cpu}".strip())
        )
    return out + gpu_tiles(host)


def _coarse_memory(used: float | None, total: float | None) -> str:
    """Of ten gigabytes and more in whole ones, as the load is told: each change is sent."""
    if used is not None and used >= 1e9 and total is not None and total >= 10e9:
        return f"{used / 1e9:.0f}"
    return units.gigabytes(used).removesuffix(" GB")


def _coarse(percent: float | None) -> str:
    """To the nearest five: a load that trembles is no news, and each change is sent."""
    return units.percent(None if percent is None else 5 * round(percent / 5), 0)


def alert_lines(
    alerts: Sequence[AlertView],
    rules: Mapping[str, Rule],
    width: int = 200,
    series: Mapping[str, Series] | None = None,
) -> list[list[Span]]:
    """What needs a person first; then what is pending, without data, or resolved. In `width` cells: what is
    too long for one line goes on in a second one. `series`: the run's, by metric."""
    if not alerts:  # before the first values no import of the alerts' parts
        return []
    from core.alerts.view import sort_key

    return [
        line
        for alert in sorted(alerts, key=sort_key)
        if alert.state != "inactive"
        for line in _alert_lines(alert, rules.get(alert.rule), width, series or {})
    ]


def _alert_lines(
    alert: AlertView, rule: Rule | None, width: int, series: Mapping[str, Series]
) -> list[list[Span]]:
    severity = SEVERITY_TONE[alert.severity]
    if alert.firing:
        bold = f"{severity}-bold" if severity != "unknown" else severity
        head: list[Span] = [(f"{glyph(severity)} ", severity), (safe(alert.rule, 120), bold)]
    else:
        head = [("  ", "dim"), (safe(alert.rule, 120), "dim")]
    parts = _alert_parts(alert, rule, series)
    line = [*head, *((f" {words}", tone) for words, tone in parts)]
    if not parts or sum(cell_len(text) for text, _ in line) <= width:
        return [line]
    rest: list[Span] = [(" ", "dim")]
    used = 1
    for words, tone in parts:
        if used + 1 + cell_len(words) <= width:
            rest.append((f" {words}", tone))
            used += 1 + cell_len(words)
    return [head, rest]


def _alert_parts(alert: AlertView, rule: Rule | None, series: Mapping[str, Series]) -> list[Span]:
    """What follows the rule's name."""
    from widgets.alert_words import eased_to

    parts: list[Span] = []
    if alert.state in ("firing", "pending") and (
        words := _value_words(alert, rule, eased_to(alert, rule, series))
    ):
        parts.append((words, "plain" if alert.firing else "dim"))
    if not alert.firing:
        other = {"nodata": "no data", "resolved": "ended" if alert.uncleared else "resolved"}
        parts.append((other.get(alert.state, alert.state), "dim"))
    elif alert.no_data:
        parts.append(("data stopped", "dim"))
    if alert.since_timestep is not None:
        parts.append((f"@{units.steps(alert.since_timestep)}", "dim"))
    if alert.acknowledged_by:
        parts.append((f"ack {safe(alert.acknowledged_by, 80)}", "dim"))
    return parts


def _value_words(alert: AlertView, rule: Rule | None, eased: float | None) -> str:
    """`0.12 > 0.1`, `12h00m04s > 12h00m`, and `0.09, was > 0.1` where it fires on; empty without a value."""
    value, limit = alert.value, alert.threshold
    if value is None or limit is None:
        return ""
    flat = rule is not None and rule.condition == "flat"
    sign = ">" if value > limit else "≤" if flat else "<"
    if rule is not None and rule.condition in ("checkpoint_age", "step_age", "absent"):
        return f"{units.duration_apart(value, limit)} {sign} {units.duration(limit)}"
    if rule is not None and rule.condition == "disk_free":
        return f"{units.gigabytes(value, limit)} {sign} {units.gigabytes(limit)}"
    shown = value if eased is None else eased
    short = units.apart(shown, limit, 0) if abs(shown) >= 999.5 else units.significant(shown, limit, 3)
    return f"{short}{'' if eased is None else ', was'} {sign} {limit:,.15g}"
