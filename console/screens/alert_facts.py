"""An alert, a rule, a silence, a notification in words: the first line and the details. Pure.

Trap avoided: a detail that says less than the row, or another number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from console.keyboard import key_of
from core import units
from core.alerts.evaluate import WINDOWED
from core.alerts.threshold_text import editable
from core.alerts.view import FALLING, condition_text, headline
from core.alerts.view import value_text as rule_value
from widgets.alert_table import age_seconds, value_text
from widgets.alert_words import ago, at, eased_to, silenced_words, taken_words
from widgets.tone import Tone, safe

if TYPE_CHECKING:
    from console.alert_desk import AlertFacts
    from core.alerts.rule import Rule
    from core.alerts.view import AlertView
    from core.store.outbox import Delivery
    from core.store.silences import Silence
    from core.telemetry.model import Series

Facts = list[tuple[str, str, str]]
"""(label, text, tone) each; an empty label is a paragraph."""
SILENCE_TONE: dict[str, Tone] = {"active": "accent", "to come": "plain", "over": "dim"}
DELIVERY_TONE: dict[str, Tone] = {
    "sent": "good",
    "waiting": "warning",
    "failed": "critical",
    "cancelled": "dim",
}


def summary(alerts: Sequence[AlertView], now: datetime) -> tuple[str, Tone]:
    """`2 firing, 1 acknowledged, oldest 14 min`, with the tone of the worst that nobody took."""
    words = headline(alerts, now)
    untaken = [alert for alert in alerts if alert.firing and not alert.acknowledged and not alert.silenced]
    if not any(alert.firing for alert in alerts):
        ended = sum(alert.uncleared for alert in alerts)
        resolved = sum(alert.state == "resolved" for alert in alerts) - ended
        words += f", {resolved} resolved" if resolved else ""
        words += f", {ended} ended uncleared" if ended else ""
    if untaken:
        critical = any(alert.severity == "critical" for alert in untaken)
        return words, "critical" if critical else "warning"
    return f"Nothing needs you: {words}", "good"


def details(
    alert: AlertView,
    now: datetime,
    rule: Rule | None = None,
    facts: AlertFacts | None = None,
    told: str = "",
    series: Mapping[str, Series] | None = None,
) -> Facts:
    """Everything known of an alert. `told`: why nobody is told of alerts, where that is so. `series`: the
    run's, by metric, where they are known."""
    out: Facts = []
    if alert.message:
        out.append(("", safe(alert.message), "plain"))
    value, limit = (value_text(each, rule) for each in (alert.value, alert.threshold))
    if alert.value is not None or alert.threshold is not None:
        against = f"{value}, limit {limit}"
        if (eased := eased_to(alert, rule, series or {})) is not None:
            against = f"{value_text(eased, rule)} now, limit {limit}; last past it {value}"
        out.append(("value", f"{against}  ({alert.metric})" if alert.metric else against, "bright"))
    if alert.firing and rule is not None and (ends := resolves(rule)):
        out.append(("resolves", ends, "plain"))
    age = age_seconds(alert, now)
    began = f"step {units.number(alert.since_timestep)}" if alert.since_timestep is not None else ""
    since = f"{units.age(age)} ago" if age is not None else ""
    out.append(("since", ", ".join(part for part in (began, since) if part) or units.MISSING, "plain"))
    out += _ownership(alert, now, facts)
    if alert.action:
        out.append(("action", safe(alert.action), "bright"))
    if alert.runbook:
        out.append(("runbook", f"{safe(alert.runbook)}: {key_of('runbook.open')} opens it", "plain"))
    if alert.no_data:
        out.append(("", "Its data has stopped: this is the last state known.", "warning"))
    if alert.firing or alert.state == "resolved":
        out += _told(alert, now, facts, told)
    return out


def resolves(rule: Rule) -> str:
    """What a firing rule waits for, where that is more than its condition's end; else empty."""
    if rule.resolve_at is None and not (rule.keep_firing_steps or rule.keep_firing_seconds):
        return ""
    level = rule.threshold if rule.resolve_at is None else rule.resolve_at
    side = "above" if rule.condition in FALLING or rule.condition == "flat" else "below"
    text = f"{side} {rule_value(rule, level)}" if editable(rule) else "once it is over"
    if rule.keep_firing_steps:
        text += f" for {units.number(rule.keep_firing_steps)} steps"
    if rule.keep_firing_seconds:
        text += f" for {units.duration(rule.keep_firing_seconds)}"
    return text


def _ownership(alert: AlertView, now: datetime, facts: AlertFacts | None) -> Facts:
    out: Facts = []
    if alert.acknowledged:
        out.append(("taken by", taken_words(alert, now), "accent"))
        if alert.note:
            out.append(("note", safe(alert.note), "plain"))
    elif alert.silenced:
        made = silence_times(facts).get(alert.silence_id or 0)
        out.append(("silenced by", silenced_words(alert, made, now), "accent"))
        if alert.silence_comment:
            out.append(("comment", safe(alert.silence_comment), "plain"))
    elif alert.firing:
        lost = f" ({safe(alert.acknowledgement_lost)})" if alert.acknowledgement_lost else ""
        out.append(("", f"Nobody has acknowledged it{lost}: press {key_of('alert.acknowledge')}.", "warning"))
    return out


def silence_times(facts: AlertFacts | None) -> dict[int, datetime]:
    """By the silence's number: when it was made."""
    return {each.id: each.created_at for each in facts.silences} if facts is not None else {}


def _told(alert: AlertView, now: datetime, facts: AlertFacts | None, told: str) -> Facts:
    """Who was told of this firing, who could not be."""
    if told:
        return [("told", told, "dim")]
    mine = [
        each
        for each in (facts.deliveries if facts is not None else ())
        if (each.rule, each.generation) == (alert.rule, alert.generation)
        and alert.key.startswith(f"{each.run_id}/")
    ]
    out: Facts = []
    for number, each in enumerate(reversed(mine)):
        out.append(("told" if number == 0 else "", delivery_words(each, now), DELIVERY_TONE[each.status]))
    return out or [("told", "nobody: no notification was due", "dim")]


def delivery_words(each: Delivery, now: datetime) -> str:
    """`ops: sent 10:02Z`, `ops: failed after 8 attempts: HTTP 500`."""
    name = safe(each.target, 40)
    match each.status:
        case "sent":
            return f"{name}: {each.state} sent {at(each.done_at or each.queued_at, now)}"
        case "failed":
            return f"{name}: given up after {each.attempts} attempts: {safe(each.error, 300)}"
        case "cancelled":
            return f"{name}: not sent: {safe(each.error, 300) or 'it was over'}"
        case _:
            why = f": {safe(each.error, 300)}" if each.error else ""
            again = f", again at {each.next_at:%H:%M:%SZ}" if each.attempts else ""
            return f"{name}: waits, {each.attempts} attempts{again}{why}"


def delivery_details(each: Delivery, now: datetime) -> Facts:
    out: Facts = [
        ("", safe(each.title, 300), "bright"),
        ("to", delivery_words(each, now), DELIVERY_TONE[each.status]),
        ("queued", f"{each.queued_at:%Y-%m-%d %H:%M:%SZ}, {ago(each.queued_at, now)}", "plain"),
    ]
    if each.status == "waiting":
        out.append(("tried until", f"{each.deadline:%Y-%m-%d %H:%M:%SZ}", "plain"))
    out += [
        ("text" if number == 0 else "", line, "dim") for number, line in enumerate(each.body.splitlines())
    ]
    return out


def rule_details(name: str, rule: Rule, state: str, value: float | None) -> Facts:
    words = {"hidden": "hidden: a worse one of its family fires", "nodata": "no data", "inactive": "at rest"}
    if state == "inactive" and rule.condition in WINDOWED and value is None:
        state = "waiting for its window to fill"
    out: Facts = [
        ("", condition_text(rule), "bright"),
        ("state", words.get(state, state), "plain"),
        ("last value", rule_value(rule, value), "plain"),
    ]
    if editable(rule):
        margin = ""
        if rule.resolve_at is not None and rule.resolve_at != rule.threshold:
            margin = f", resolves past {rule_value(rule, rule.resolve_at)}"
        out.append(("limit", f"{rule_value(rule, rule.threshold)}{margin}", "plain"))
    out += [
        ("severity", rule.severity, "plain"),
        ("action", safe(rule.action) or units.MISSING, "plain"),
        ("runbook", f"{safe(rule.runbook) or units.MISSING}", "plain"),
    ]
    if rule.family:
        out.append(("family", f"{rule.family}: a worse one of it hides the milder", "dim"))
    how = f"{key_of('row.chart')} edits the threshold" if editable(rule) else "it has no threshold to edit"
    out.append(("", f"[alerts.{name}] of config.toml; {how}", "dim"))
    return out


def rules_answer(states: Mapping[str, str]) -> tuple[str, Tone]:
    """`24 rules: 2 firing, 1 without data, 1 off`."""
    words = {
        "firing": "firing",
        "pending": "pending",
        "hidden": "hidden behind a worse one",
        "nodata": "without data",
        "off": "switched off",
    }
    counts = [
        f"{sum(state == name for state in states.values())} {word}"
        for name, word in words.items()
        if name in states.values()
    ]
    return f"{len(states)} rules: {', '.join(counts) or 'all at rest'}", "plain"


def silence_state(silence: Silence, now: datetime) -> str:
    return "active" if silence.active(now) else "to come" if silence.starts_at > now else "over"


def silence_details(silence: Silence, now: datetime) -> Facts:
    out: Facts = [
        ("", safe(silence.matcher), "bright"),
        ("comment", safe(silence.comment), "plain"),
        ("by", f"{safe(silence.creator)}, {ago(silence.created_at, now)}", "accent"),
        ("from", f"{silence.starts_at:%Y-%m-%d %H:%M:%SZ}", "plain"),
        ("until", f"{silence.until:%Y-%m-%d %H:%M:%SZ}", "plain"),
    ]
    if silence.ended_at is not None:
        out.append(("ended by", f"{safe(silence.ended_by)}, {ago(silence.ended_at, now)}", "plain"))
    elif silence.until > now:
        out.append(("", f"{key_of('row.chart')} ends it early", "dim"))
    return out


def silences_answer(silences: Sequence[Silence], now: datetime) -> tuple[str, Tone]:
    active = [each for each in silences if each.active(now)]
    if not active:
        return f"no silence is in force: {key_of('alert.silence')} on an alert makes one", "plain"
    ends = min(each.until for each in active)
    count = "1 silence is" if len(active) == 1 else f"{len(active)} silences are"
    return f"{count} in force, the next ends at {at(ends, now)}", "accent"


def told_answer(facts: AlertFacts, why_not: str) -> tuple[str, Tone]:
    """Whether somebody is told, and what failed."""
    counts = ", ".join(f"{count} {status}" for status, count in facts.counts.items() if count)
    failed = next((each for each in facts.deliveries if each.status == "failed"), None)
    if why_not:
        return f"{why_not}{f'; {counts}' if counts else ''}", "warning"
    if failed is not None:
        return (
            f"{counts}; the newest failure: {safe(failed.target, 40)}: {safe(failed.error, 200)}",
            "critical",
        )
    return counts or "nothing had to be told yet", "good"


def watch_words(facts: AlertFacts, now: datetime) -> str:
    """Whether a `ppo-console watch` tells when no console is open."""
    beat = facts.watch
    if beat is None:
        return "no watch runs: notifications are sent while a console is open"
    if beat.alive(now):
        return f"ppo-console watch is alive, {units.age(beat.age(now))} ago"
    ended = "ended" if beat.ended_at is not None else "gave its last sign of life"
    return f"ppo-console watch {ended} {units.age(beat.age(now))} ago: nobody watches without a console"
