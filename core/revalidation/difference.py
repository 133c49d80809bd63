"""What differs between two decisions, and whether they can be compared at all.

Trap avoided: a better value that came from other candles, other limits or other costs; what was judged stands
before how it did.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from core.errors import UsageError
from core.revalidation.decision import limit_text, value_text
from core.revalidation.gates import BY_NAME
from core.revalidation.reports import JSON_NAME, read_result
from core.revalidation.result import GateResult, Number, RevalidationResult
from core.revalidation.text import interval_text
from core.units import number

_MISSING = number(None)


class Difference(msgspec.Struct, frozen=True):
    """One thing that is not the same in both."""

    what: str
    a: str
    b: str
    kind: str
    """`judged` (what was judged, and how), `gate`, `evidence`, `metric`, `decision`."""


class DecisionDiff(msgspec.Struct, frozen=True, kw_only=True):
    a: str
    b: str
    same_candles: bool | None
    """None where a report has no hash."""
    same_rules: bool
    """Gates, policy, least evidence, costs and sizes."""
    differences: tuple[Difference, ...]


def read_decision(path: Path) -> RevalidationResult:
    """A report's JSON, or the one in a folder. Raises UsageError and UnreadableError."""
    target = path / JSON_NAME if path.is_dir() else path
    if not target.exists():
        raise UsageError(
            f"{target} does not exist",
            hint="Name a revalidation_result.json, a DATE_decision.json or a folder of reports/…/history.",
        )
    return read_result(target)


def compare(a: RevalidationResult, b: RevalidationResult) -> DecisionDiff:
    """Everything that differs from `a` to `b`, what was judged first."""
    judged = list(_judged(a, b))
    same_candles = None
    if a.hashes.data is not None and b.hashes.data is not None:
        same_candles = a.hashes.data == b.hashes.data
    return DecisionDiff(
        a=a.generated_at,
        b=b.generated_at,
        same_candles=same_candles,
        same_rules=a.configuration == b.configuration and a.policy == b.policy,
        differences=(*_decision(a, b), *judged, *_gates(a, b), *_evidence(a, b), *_metrics(a, b)),
    )


def diff_lines(diff: DecisionDiff) -> list[str]:
    """Text for a terminal: a warning where they cannot be compared, then one line per difference."""
    lines = [f"{diff.a} -> {diff.b}"]
    if diff.same_candles is False:
        lines.append("not the same candles: the values cannot be compared one by one")
    if not diff.same_rules:
        lines.append("not the same rules: see the configuration below")
    kind = ""
    for each in diff.differences:
        if each.kind != kind:
            kind = each.kind
            lines += ["", kind.upper()]
        lines.append(f"  {each.what:<34}{each.a}  ->  {each.b}")
    if not diff.differences:
        lines.append("nothing differs")
    return lines


def _decision(a: RevalidationResult, b: RevalidationResult) -> Iterator[Difference]:
    pairs = (
        ("decision", a.decision_text, b.decision_text),
        ("gates passed", str(a.gates_passed), str(b.gates_passed)),
        *((f"under {name}", verdict, b.verdicts.get(name, _MISSING)) for name, verdict in a.verdicts.items()),
    )
    yield from (Difference(what, old, new, "decision") for what, old, new in pairs if old != new)


def _judged(a: RevalidationResult, b: RevalidationResult) -> Iterator[Difference]:
    """Model, candles, hashes, versions and every setting."""
    groups: tuple[tuple[str, Mapping[str, Any], Mapping[str, Any]], ...] = (
        ("model", a.model, b.model),
        ("data", a.data, b.data),
        ("hash", msgspec.to_builtins(a.hashes), msgspec.to_builtins(b.hashes)),
        ("version", a.versions, b.versions),
        ("configuration", _flat(a.configuration), _flat(b.configuration)),
    )
    for name, old, new in groups:
        for key in dict.fromkeys((*old, *new)):
            if old.get(key) != new.get(key):
                yield Difference(f"{name} {key}", _short(old.get(key)), _short(new.get(key)), "judged")


def _gates(a: RevalidationResult, b: RevalidationResult) -> Iterator[Difference]:
    others = {gate.name: gate for gate in b.gates}
    for gate in a.gates:
        other = others.get(gate.name)
        old, new = _gate_words(gate), _gate_words(other) if other else _MISSING
        if old != new:
            yield Difference(BY_NAME[gate.name].title, old, new, "gate")


def _gate_words(gate: GateResult) -> str:
    status = gate.status.replace("_", " ")
    return f"{status} {value_text(gate)} ({limit_text(gate)}; 90 %: {interval_text(gate)})"


def _evidence(a: RevalidationResult, b: RevalidationResult) -> Iterator[Difference]:
    old, new = msgspec.to_builtins(a.evidence), msgspec.to_builtins(b.evidence)
    for key in old:
        if old[key] != new.get(key):
            yield Difference(key, _short(old[key]), _short(new.get(key)), "evidence")


def _metrics(a: RevalidationResult, b: RevalidationResult) -> Iterator[Difference]:
    for key in dict.fromkeys((*a.metrics, *b.metrics)):
        old, new = a.metrics.get(key), b.metrics.get(key)
        if old != new:
            yield Difference(key, _number(old), _number(new), "metric")


def _flat(values: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """Nested tables as `table.key`."""
    flat: dict[str, object] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            flat.update(_flat(value, f"{prefix}{key}."))
        else:
            flat[prefix + key] = value
    return flat


def _number(value: Number) -> str:
    return number(value, 0 if isinstance(value, int) else 4)


def _short(value: Any) -> str:
    """A value in a line: numbers rounded, a hash cut."""
    if value is None:
        return _MISSING
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_short(part)}" for key, part in value.items())
    if isinstance(value, list | tuple):
        return "; ".join(_short(part) for part in value) or _MISSING
    words = str(value)
    return f"{words[:12]}…" if len(words) == 64 else words
