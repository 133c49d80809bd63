"""What the Revalidate screen says: the answer in words, the recommendation. Pure.

Trap avoided: a decision that looks current when the model on disk is another one by now: it says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from console.keyboard import key_of
from console.screens.judged import zip_of
from console.screens.revalidate_subject import HASH_CHARS, Standing
from console.states import RevalidationState
from core import units
from core.clock import parse_iso
from widgets.lines import Row, Span
from widgets.tone import Tone, ascii_only, glyph, safe

if TYPE_CHECKING:
    from core.revalidation.result import GateResult, RevalidationResult

STEPS = ("model", "data", "backtest", "gates", "report")
VERDICT_TONE: dict[str, Tone] = {"GO": "good", "PARTIAL-GO": "warning", "NO-GO": "critical"}
STANDS: dict[Standing, str] = {"changed": "stale", "another": "another model", "gone": "stale"}
_FAR = 0.5
"""A gate missed by more than this share of its limit is far off."""
_NAMED = 3
"""With more failing gates than this, only the first kind is named, the rest counted."""
_NAMES = {
    "sharpe_ratio": "Sharpe",
    "max_drawdown_pct": "drawdown",
    "win_rate_pct": "win rate",
    "profit_factor": "profit factor",
    "consecutive_losses": "losses in a row",
    "calmar_ratio": "Calmar",
}


def answer(state: RevalidationState, stands: Standing, now: datetime) -> tuple[str, Tone]:
    """Did the model earn GO: the first line."""
    result = state.result
    if state.phase == "running":
        return (
            f"judging now: {_progress_words(state)}; nothing is decided until the report is on disk",
            "accent",
        )
    if state.phase == "cancelling":
        return "cancelling: nothing was decided", "warning"
    if state.phase == "failed" and state.error is not None:
        return f"not judged: {safe(state.error.title, 300)}", "critical"
    if state.phase == "cancelled" and (result is None or state.earlier):
        return "cancelled: nothing was decided" + (_earlier_words(result, now) if result else ""), "warning"
    if result is None:
        if state.model_path is None:
            return (
                f"nothing to judge without a workspace: {key_of('workspace.save')} saves this run as one",
                "unknown",
            )
        if state.report_problem is not None:
            return "the report on disk cannot be read: whether the model earned GO is not known", "critical"
        return f"not judged yet: {key_of('revalidate.start')} judges the model", "unknown"
    words = verdict_words(result)
    if stands:
        return f"{STANDS[stands]}: {words}; {_since(stands, state)}", "warning"
    tone = VERDICT_TONE.get(result.decision, "unknown")
    if result.decision == "GO" and result.evidence.strength != "strong":
        tone = "warning"
    return words, tone


def _since(stands: Standing, state: RevalidationState) -> str:
    """Why the decision is not about the model that would be judged now."""
    judges = key_of("revalidate.start")
    match stands:
        case "another":
            mine = zip_of(Path(state.result.model["path"])) if state.result is not None else Path()
            named = zip_of(state.model_path) if state.model_path is not None else Path()
            if mine.name == named.name:
                return (
                    f"it judged the {safe(mine.name, 80)} of another folder, not the one that {judges} judges"
                )
            return f"it judged {safe(mine.name, 80)}, and {judges} judges {safe(named.name, 80)}"
        case "gone":
            return "the model that was judged does not lie there any more"
        case _:
            return f"the model on disk is not the one that was judged here: {judges} judges it"


def verdict_words(result: RevalidationResult) -> str:
    """`NO-GO: 2 of 6, profit factor and Sharpe ratio far off`."""
    head = (
        f"{safe(result.decision_text, 60) or result.decision}: {result.gates_passed} of {len(result.gates)}"
    )
    failing = [gate for gate in result.gates if gate.status != "PASS"]
    if not failing:
        return head
    far = [gate for gate in failing if gate.status == "FAIL" and _is_far(gate)]
    near = [gate for gate in failing if gate.status == "FAIL" and not _is_far(gate)]
    missing = [gate for gate in failing if gate.status == "NOT_EVALUABLE"]
    parts = []
    for gates, words in ((far, "far off"), (near, "out of limit"), (missing, "not evaluable")):
        if len(gates) == len(result.gates):
            parts.append(f"all {words}")
        elif gates and parts and len(failing) > _NAMED:
            parts.append(f"{len(gates)} {words}")
        elif gates:
            parts.append(f"{_listed([_NAMES[gate.name] for gate in gates])} {words}")
    return f"{head}, {', '.join(parts)}"


def _is_far(gate: GateResult) -> bool:
    return gate.margin is not None and abs(gate.margin) > _FAR * abs(gate.limit)


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _progress_words(state: RevalidationState) -> str:
    progress = state.progress
    if progress is None:
        return "starting"
    counted = f" {progress.done:,} of {progress.total:,}" if progress.total else ""
    return f"step {progress.step} of {len(STEPS)}, {STEPS[progress.step - 1]}{counted}"


def _earlier_words(result: RevalidationResult, now: datetime) -> str:
    return f"; the earlier result is {age_words(result, now)} old: {verdict_words(result)}"


def age_words(result: RevalidationResult, now: datetime) -> str:
    """How old a result is: `3 h`."""
    try:
        made = parse_iso(result.generated_at)
    except ValueError:
        return units.MISSING
    return units.age((now - made).total_seconds())


def recommendation(
    state: RevalidationState, stands: Standing, now: datetime, shown: Callable[[Path], str] = str
) -> list[Row]:
    """What to do and why, what it rests on, and where the reports are. Before: what will stand here."""
    if state.phase == "failed" and state.error is not None:
        lines: list[Row] = [[(f"{glyph('critical')} {safe(state.error.title, 500)}", "critical-bold")]]
        if state.error.hint:
            lines.append([(safe(state.error.hint, 500), "plain")])
        lines.append([("Nothing was decided." + (" The earlier result:" if state.result else ""), "plain")])
        return [*lines, *([[]] if state.result else []), *_result_lines(state, stands, now, shown)]
    if state.report_problem is not None and not state.busy:
        problem = state.report_problem
        lines = [[(f"{glyph('critical')} {safe(problem.title, 500)}", "critical-bold")]]
        return [*lines, [(safe(problem.hint, 500), "plain")]]
    return _result_lines(state, stands, now, shown)


def _result_lines(
    state: RevalidationState, stands: Standing, now: datetime, shown: Callable[[Path], str]
) -> list[Row]:
    result = state.result
    if result is None:
        return []
    tone = VERDICT_TONE.get(result.decision, "unknown")
    lines: list[Row] = [[(f"{result.recommendation}", f"{tone}-bold" if tone != "unknown" else "bright")]]
    bullet = "-" if ascii_only() else "•"
    lines += [[(f"  {bullet} {safe(reason, 420)}", "plain")] for reason in result.recommendation_reasons]
    if result.next_steps:
        from core.revalidation.text import next_steps_seen

        lines.append([(f"next: {safe(next_steps_seen(result, now), 300)}", "plain")])
    if stands:
        since = _since(stands, state)
        words = f"{since[0].upper()}{since[1:]}."
        lines.append([(f"{glyph('warning')} ", "warning-bold"), (words, "warning-bold")])
    lines += [
        [(f"{glyph('warning')} ", "warning"), (safe(warning, 500), "warning")] for warning in result.warnings
    ]
    lines += _evidence(result)
    lines.append([])
    lines += _facts(result, now)
    lines += [[("report  ", "dim"), (safe(shown(Path(path)), 300), "plain")] for path in result.reports]
    return lines


def _evidence(result: RevalidationResult) -> list[Row]:
    """The evidence line and what stands behind it."""
    from core.revalidation.text import evidence_details, evidence_line

    strong = result.evidence.strength == "strong"
    mark, tone = (glyph("good"), "good") if strong else (glyph("warning"), "warning")
    bullet = "-" if ascii_only() else "•"
    return [
        [(f"{mark} ", tone), (safe(evidence_line(result), 300), tone)],
        *([(f"  {bullet} {safe(line, 500)}", "dim")] for line in evidence_details(result)),
    ]


def _facts(result: RevalidationResult, now: datetime) -> list[Row]:
    def value(name: str) -> float | int | None:
        return result.metrics.get(name)

    lines: list[Row] = [
        [
            ("judged  ", "dim"),
            (f"{age_words(result, now)} ago", "plain"),
            (f"  in {units.duration(result.seconds)}", "dim"),
            (f"  model {(result.hashes.model or units.MISSING)[:HASH_CHARS]}", "dim"),
        ],
        [
            ("trades  ", "dim"),
            (units.number(value("trades")), "bright"),
            (f"  {units.number(value('unique_candles'))} candles", "plain"),
            (f"  exposure {units.percent(value('exposure_pct'))}", "plain"),
        ],
        [
            ("return  ", "dim"),
            (units.percent(value("total_return_pct")), "bright"),
            *_baseline_spans(result),
        ],
    ]
    return lines


def _baseline_spans(result: RevalidationResult) -> list[Span]:
    spans: list[Span] = []
    for name, metrics in result.baselines.items():
        share = metrics.get("total_return_pct")
        if share is not None:
            spans.append((f"  {safe(name, 40).replace('_', ' ')} {units.percent(share)}", "plain"))
    return spans
