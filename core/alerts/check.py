"""Whether rules can work at all, told when they are loaded.

Trap avoided: a rule on a misspelt metric that never fires and looks like a healthy run.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping

from core.alerts.rule import Rule
from core.telemetry.metrics import METRICS
from core.text import visible

_NEED_METRIC = frozenset({"above", "below", "slope_below", "slope_above", "rise_below", "rise_above", "flat"})
_NEED_WINDOW = frozenset({"slope_below", "slope_above", "rise_below", "rise_above"})
_MAY_METRIC = _NEED_METRIC | {"not_finite", "absent"}
_FALLING = frozenset({"below", "slope_below", "rise_below", "disk_free", "memory_free", "pace_below", "flat"})
_AGES = frozenset({"checkpoint_age", "step_age", "absent"})


def check_rules(rules: Mapping[str, Rule]) -> list[str]:
    """One sentence per problem: key, expected, got, nearest name. Empty when every rule can work."""
    return [
        f"alerts.{visible(name, 80)}.{problem}" for name, rule in rules.items() for problem in _problems(rule)
    ]


def _problems(rule: Rule) -> Iterator[str]:
    if rule.metric and rule.metric not in METRICS:
        near = difflib.get_close_matches(rule.metric, METRICS, n=1, cutoff=0.5)
        hint = f" (did you mean {near[0]}?)" if near else ""
        yield f"metric: expected one of {', '.join(METRICS)}, got {visible(rule.metric, 80)!r}{hint}"
    if rule.condition in _NEED_METRIC and not rule.metric:
        yield f"metric: expected a metric for condition {rule.condition}, got none"
    if rule.metric and rule.condition not in _MAY_METRIC:
        yield f"metric: expected none for condition {rule.condition}, got {visible(rule.metric, 80)!r}"
    if rule.condition == "absent" and bool(rule.metric) == bool(rule.source):
        got = "both" if rule.metric else "neither"
        yield f"source: expected a metric or a source for condition absent, got {got}"
    if rule.source and rule.condition != "absent":
        yield f"source: expected none for condition {rule.condition}, got {rule.source}"
    if rule.condition in _NEED_WINDOW and bool(rule.window_steps) == bool(rule.window_seconds):
        got = "both" if rule.window_steps else "0"
        yield (
            f"window_steps: expected more than 0 for condition {rule.condition} "
            f"(or window_seconds instead), got {got}"
        )
    if rule.condition == "flat" and not rule.window_seconds:
        yield "window_seconds: expected more than 0 for condition flat, got 0"
    if rule.within_seconds and 0 < rule.within_seconds <= rule.warm_up_seconds and not rule.warm_up_steps:
        yield (
            f"within_seconds: expected more than warm_up_seconds = {rule.warm_up_seconds:g}, "
            f"got {rule.within_seconds:g}; the rule would never apply"
        )
    if rule.condition in _AGES and rule.threshold <= 0:
        yield f"threshold: expected seconds above 0 for condition {rule.condition}, got {rule.threshold:g}"
    if rule.resolve_at is not None:
        falling = rule.condition in _FALLING
        if (rule.resolve_at < rule.threshold) if falling else (rule.resolve_at > rule.threshold):
            side = "at least" if falling else "at most"
            yield f"resolve_at: expected {side} threshold = {rule.threshold:g}, got {rule.resolve_at:g}"
    if rule.condition == "log_pattern":
        yield from _pattern_problems(rule)
    if not rule.states:
        yield "states: expected at least one run state, got none; the rule would never apply"


def _pattern_problems(rule: Rule) -> Iterator[str]:
    if not rule.pattern:
        yield "pattern: expected a regular expression for condition log_pattern, got none"
        return
    try:
        re.compile(rule.pattern)
    except re.error as error:
        yield f"pattern: expected a regular expression, got {visible(rule.pattern, 80)!r}: {error}"
