"""From measured numbers to the one result that every report, screen and command shows.

Used by a revalidation and by `score` alike, so that a backtest made elsewhere meets the same gates. Trap
avoided: a number that is not finite on its way into JSON.
"""

from __future__ import annotations

import functools
import hashlib
import math
import platform
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib import metadata
from pathlib import Path

import msgspec

from core.backtest.summary import Summary
from core.clock import iso
from core.config.settings import Settings
from core.revalidation import decision as deciding
from core.revalidation.evidence.assess import Assessment
from core.revalidation.gates import gates_passed, judge_gates
from core.revalidation.result import Curve, Hashes, Number, RevalidationResult, SymbolResult
from core.revalidation.text import next_steps


def build_result(
    summary: Summary,
    *,
    settings: Settings,
    policy: deciding.PolicyName,
    now: datetime,
    symbols: Sequence[SymbolResult],
    curve: Curve | None,
    hashes: Hashes,
    data: dict[str, str | int],
    assessment: Assessment,
    baselines: Mapping[str, Mapping[str, Number]] | None = None,
    whole_period: Mapping[str, Number] | None = None,
    model: dict[str, str] | None = None,
    audit_head: str | None = None,
    warnings: Sequence[str] = (),
) -> RevalidationResult:
    """Judge `summary`, decide, and gather what the report holds. Every number is finite or None."""
    measured = {name: clean(values) for name, values in (baselines or {}).items()}
    gates = judge_gates(
        summary, settings.gates, settings.evidence, measured.get("random"), assessment.intervals
    )
    passed = gates_passed(gates)
    evidence = assessment.evidence
    dearer = assessment.twice_the_cost
    decided = deciding.verdict(passed, policy)
    return RevalidationResult(
        generated_at=iso(now),
        decision=decided,
        decision_text=deciding.decision_text(decided, evidence),
        recommendation=deciding.recommendation(decided),
        recommendation_reasons=deciding.reasons(gates),
        next_steps=next_steps(decided, now, settings.schedule, settings.week.start),
        policy=policy,
        verdicts=deciding.verdicts(passed),
        gates_passed=passed,
        gates=gates,
        metrics=clean(summary.metrics),
        baselines=measured,
        evidence=evidence,
        symbols=tuple(symbols),
        curve=curve,
        whole_period=clean(whole_period) if whole_period is not None else None,
        twice_the_cost=clean(dearer) if dearer is not None else None,
        hashes=hashes,
        model=model or {},
        data=data,
        configuration=configuration(settings),
        versions=versions(),
        audit_head=audit_head,
        warnings=tuple(warnings),
    )


def clean(values: Mapping[str, Number]) -> dict[str, Number]:
    """`values` with None for what is not finite."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in values.items()
    }


def configuration(settings: Settings) -> dict[str, object]:
    """The settings that a decision depends on, as plain values."""
    names = ("gates", "decision", "evidence", "revalidation", "trading", "reward")
    return {name: msgspec.to_builtins(getattr(settings, name)) for name in names}


@functools.cache
def versions() -> dict[str, str]:
    """Versions of what computed the numbers, and a hash of this program's own source as `code`."""
    found = {"python": platform.python_version()}
    for package in ("ppo-console", "numpy", "torch"):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    found["code"] = _code_hash(Path(__file__).resolve().parents[1])
    return found


def _code_hash(root: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(str(path.relative_to(root)).encode() + b"\0")
        digest.update(path.read_bytes())
    return digest.hexdigest()
