"""Many models on the same test candles, side by side: gates and figures, no decision.

Trap avoided: the best of twenty models on a test set taken for a model that was tested: every model compared
counts as a judgement of these candles, and the words beside the table say what that means.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from core.backtest.engine import Cancelled, OnProgress
from core.backtest.fanout import Job, ModelRun, count_tasks, fan_out
from core.backtest.summary import summary_of
from core.backtest.workers import parse_workers
from core.config.settings import Settings
from core.errors import RejectedError, UsageError
from core.market.model import Universe
from core.models.arrays import PolicyArrays
from core.revalidation.decision import verdicts
from core.revalidation.gates import gates_passed, judge_gates
from core.revalidation.result import GateResult, Number, Verdict
from core.text import visible
from core.units import counted, number, percent, table


class ComparedModel(msgspec.Struct, frozen=True, kw_only=True):
    path: str
    model: str
    """The file's SHA-256."""
    gates_passed: int
    verdicts: dict[str, Verdict]
    gates: tuple[GateResult, ...]
    metrics: dict[str, Number]
    undecided: int
    """Decisions without a finite number from the policy; they became HOLD."""


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """The models in the order they were given."""

    models: tuple[ComparedModel, ...]
    data: str
    """Hash of the candles."""
    symbols: int
    episodes: int
    candles: int
    """Of each episode."""
    workers: str
    tasks: int
    warnings: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class ComparisonRequest:
    models: Sequence[Path]
    data_dir: Path
    settings: Settings
    episodes: int
    judged_before: int


def compare_models(
    request: ComparisonRequest, universe: Universe, data: str, on_progress: OnProgress, cancelled: Cancelled
) -> Comparison:
    """Backtest every model on `universe`, whose hash is `data`, as the setting `workers` says.

    Raises as `load_model`, `fan_out`, UsageError where a user's own environment is to judge, and
    RejectedError for a model that was trained on these candles.
    """
    began = time.perf_counter()
    settings = request.settings
    if settings.revalidation.environment:
        raise UsageError(
            "models are compared in this program's simulator: expected an empty revalidation.environment, "
            f"got {visible(settings.revalidation.environment, 80)}",
            hint="Judge each one there: ppo-console revalidate --model-path MODEL.",
        )
    arrays = [_load(path, data, request.data_dir) for path in request.models]
    workers = parse_workers(settings.revalidation.workers)
    runs: dict[int, ComparedModel] = {}
    episodes, candles = 0, 0
    notes: tuple[str, ...] = ()
    job = Job(request.episodes, settings.trading, settings.reward, whole_period=False, record=False)
    for run in fan_out(universe, arrays, job, workers, on_progress=on_progress, cancelled=cancelled):
        runs[run.model] = _compared(run, arrays[run.model], settings)
        episodes, candles, notes = len(run.backtest.starts), run.backtest.candles, run.backtest.warnings
    return Comparison(
        models=tuple(runs[place] for place in range(len(arrays))),
        data=data,
        symbols=len(universe.symbols),
        episodes=episodes,
        candles=candles,
        workers=str(workers),
        tasks=count_tasks(len(universe.symbols), len(arrays)),
        warnings=tuple(visible(text) for text in (*universe.warnings, *notes, *_looks(request))),
        seconds=round(time.perf_counter() - began, 3),
    )


def comparison_table(found: Comparison) -> str:
    """A line per model."""
    rows = [("model", "gates", "manual", "checklist", "Sharpe", "drawdown", "win rate", "factor", "trades")]
    for model in found.models:
        values = {gate.name: gate.value for gate in model.gates}
        rows.append(
            (
                visible(model.path, 60),
                f"{model.gates_passed}/{len(model.gates)}",
                model.verdicts["manual"],
                model.verdicts["checklist"],
                number(values["sharpe_ratio"], 2),
                percent(values["max_drawdown_pct"]),
                percent(values["win_rate_pct"]),
                number(values["profit_factor"], 2),
                number(model.metrics["trades"]),
            )
        )
    lines = table(rows)
    what = f"{counted(found.symbols, 'symbol')}, {counted(found.episodes, 'episode')}"
    what += f" of {counted(found.candles, 'candle')}; {counted(found.tasks, 'task')}"
    lines += ["", f"{what}, {found.workers}, {found.seconds:.1f} s"]
    return "\n".join([*lines, *(f"  - {warning}" for warning in found.warnings)])


def _load(path: Path, data: str, folder: Path) -> PolicyArrays:
    from core.backtest.policy import check_observation
    from core.models.foreign import load_model
    from core.trading.observation import OBSERVATION_NAMES

    arrays = load_model(path)
    check_observation(arrays, OBSERVATION_NAMES)
    if arrays.manifest.data_hash == data:
        raise RejectedError(
            f"{arrays.path} was trained on the very candles in {folder}",
            hint="Compare on candles it has not seen: ppo-console data split.",
        )
    return arrays


def _compared(run: ModelRun, arrays: PolicyArrays, settings: Settings) -> ComparedModel:
    summary = summary_of(run.backtest, settings)
    gates = judge_gates(summary, settings.gates, settings.evidence)
    passed = gates_passed(gates)
    return ComparedModel(
        path=visible(str(arrays.path)),
        model=arrays.model_hash,
        gates_passed=passed,
        verdicts=verdicts(passed),
        gates=gates,
        metrics=summary.metrics,
        undecided=run.undecided,
    )


def _looks(request: ComparisonRequest) -> list[str]:
    count = len(request.models)
    total = request.judged_before + count
    models = "this model" if count == 1 else f"these {count:,} models"
    return [
        f"no decision: with {models} the candles have been looked at {counted(total, 'time')}, and each "
        "counts; the best of all is chosen on the test set, so judge it on candles that come later"
    ]
