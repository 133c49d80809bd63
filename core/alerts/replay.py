"""What the rules would have raised over a run's recorded history, also with thresholds that are being edited.

Trap avoided: a replay that differs from what a console saw live; both are the same judges and machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from core.alerts.check import check_rules
from core.alerts.engine import AlertEngine
from core.alerts.evaluate import ROW_CONDITIONS
from core.alerts.rule import Rule
from core.alerts.view import Transition
from core.errors import ConsoleError, UsageError
from core.telemetry.model import Run
from core.text import visible

if TYPE_CHECKING:
    from datetime import datetime

    from core.store.database import Store
    from core.workspace import Workspace


def replay(rules: Mapping[str, Rule], run: Run) -> list[Transition]:
    """Every transition of the row rules, in order of the run's steps. Ages, processes and the host leave no
    history and are not replayed."""
    return AlertEngine(rules, run.info.id).replay(run)


def replay_count(
    rules: Mapping[str, Rule], run: Run, changes: Mapping[str, Mapping[str, Any]]
) -> dict[str, int | None]:
    """How many times each changed rule would have fired over the run, with all `changes` made.

    `changes`: rule → field → new value. None for a rule that leaves no history (ages, processes, the host)
    and 0 for one that is switched off. Raises UsageError for an unknown rule and for one that cannot work.
    """
    edited = dict(rules)
    for name, fields in changes.items():
        edited[name] = changed(rules, name, fields)
    families = {edited[name].family for name in changes} - {""}
    judged = {name: rule for name, rule in edited.items() if name in changes or rule.family in families}
    firings = [each.rule for each in replay(judged, run) if each.state == "firing"]
    return {
        name: firings.count(name) if edited[name].condition in ROW_CONDITIONS else None for name in changes
    }


def changed(rules: Mapping[str, Rule], name: str, fields: Mapping[str, Any]) -> Rule:
    """The rule with new values. Raises UsageError for an unknown rule and for one that cannot work."""
    if name not in rules:
        raise UsageError(
            f"no rule {visible(name, 80)}; expected one of {', '.join(rules)}",
            hint="`ppo-console alerts rules` lists them.",
        )
    table = {**msgspec.to_builtins(rules[name]), **fields}
    try:
        rule = msgspec.convert(table, Rule)
    except msgspec.ValidationError as error:
        raise UsageError(f"alerts.{name}: {visible(str(error), 200)}") from error
    problems = check_rules({name: rule})
    if problems:
        raise UsageError("; ".join(problems))
    return rule


def with_threshold(rule: Rule, threshold: float) -> dict[str, float]:
    """The changes for a new threshold: the margin to resolve moves along and keeps its share and its side.

    Also past zero: below −50, resolved above −40, becomes below 20, resolved above 24.
    """
    changes = {"threshold": threshold}
    if rule.resolve_at is not None:
        margin = rule.resolve_at - rule.threshold
        moved = margin * abs(threshold / rule.threshold) if rule.threshold else margin
        changes["resolve_at"] = float(f"{threshold + moved:.6g}")
    return changes


def save_rule(
    workspace: Workspace, store: Store | None, name: str, fields: Mapping[str, Any], now: datetime
) -> Rule:
    """Write the changed rule to the audit log and to `config.toml`, its comments kept; returns it.

    The entry is there first: no rule is in force without one. Raises UsageError and ConfigError, and then
    changes nothing, which is recorded, too. Whoever watches sees the rule at the next look.
    """
    from core.config.edit import edit_config

    rule = changed(workspace.settings.alerts, name, fields)
    before = msgspec.to_builtins(workspace.settings.alerts[name])
    if store is not None:
        was = {field: before[field] for field in fields}
        store.record("rule", name, {"before": was, "after": dict(fields)}, now)
    try:
        edit_config(workspace.config, {f"alerts.{name}.{field}": value for field, value in fields.items()})
    except ConsoleError as error:
        if store is not None:
            store.record("rule_not_saved", name, {"failed": error.title}, now)
        raise
    return rule
