"""What a report says beside the numbers: which model, which candles, and what to be wary of.

Trap avoided: a decision that looks like any other although its candles were synthetic, judged for the fifth
time, or passed by chance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.backtest.baselines import BaselineRuns, random_summaries
from core.backtest.engine import Backtest
from core.clock import from_epoch, iso
from core.config.settings import Settings
from core.revalidation.decision import PARTIAL_FROM
from core.revalidation.gates import gates_passed, judge_gates
from core.text import visible
from core.trading.actions import HOLD

if TYPE_CHECKING:
    from core.market.model import Universe
    from core.models.arrays import PolicyArrays
    from core.revalidation.pipeline import RevalidationRequest


def lucky_policies(baselines: BaselineRuns, settings: Settings) -> int:
    """How many random policies would pass four gates or more."""
    return sum(
        gates_passed(judge_gates(summary, settings.gates, settings.evidence)) >= PARTIAL_FROM
        for summary in random_summaries(baselines, settings)
    )


def luck_warning(lucky: int, policies: int) -> list[str]:
    """A warning where chance alone gets that far."""
    if not lucky:
        return []
    return [
        f"{lucky} of {policies} random policies pass {PARTIAL_FROM} gates or more on these candles: "
        "they tell skill from luck badly"
    ]


def describe_data(
    request: RevalidationRequest, universe: Universe, backtest: Backtest
) -> dict[str, str | int]:
    """The candles: folder, symbols, timeframe, period scored, episodes, how often they have judged."""
    from core.market.candles import timeframe

    first, last = int(backtest.starts[0]), int(backtest.starts[-1]) + backtest.candles - 1
    return {
        "folder": visible(str(request.data_dir)),
        "symbols": len(universe.symbols),
        "timeframe": timeframe(universe.step_ms),
        "first": iso(from_epoch(int(universe.time[first]) / 1000)),
        "last": iso(from_epoch(int(universe.time[last]) / 1000)),
        "episodes": len(backtest.starts),
        "episodes_asked": request.episodes,
        "episode_candles": backtest.candles,
        "judged_before": request.judged_before,
        "synthetic": int(universe.synthetic),
    }


def describe_model(arrays: PolicyArrays) -> dict[str, str]:
    """The model: path, role (best, final, checkpoint), run, timesteps, evaluations made before it."""
    manifest = arrays.manifest
    elsewhere = manifest.role == "foreign"
    chosen = manifest.selection
    why = (
        f"{chosen.metric} {chosen.value:.4g} on the validation slice, evaluation {chosen.trial}"
        if chosen
        else ""
    )
    return {
        **({"chosen_by": why} if why else {}),
        "path": visible(str(arrays.path)),
        "role": manifest.role,
        "run": "not known" if elsewhere else visible(manifest.run_id),
        "timesteps": str(manifest.timesteps),
        "trials": "not known" if elsewhere else str(manifest.trials),
    }


def warnings_of(
    request: RevalidationRequest,
    universe: Universe,
    backtest: Backtest,
    arrays: PolicyArrays,
    undecided: int,
) -> list[str]:
    """Everything that a reader of the decision must know, each once, printable.

    `undecided` counts the policy's decisions without a finite number.
    """
    found = list(arrays.foreign.warnings) if arrays.foreign is not None else []
    if arrays.manifest.data_hash is None:
        found.append(
            "the model does not say which candles it was trained on: whether it has seen these is not known"
        )
    found += [*universe.warnings, *backtest.warnings]
    if arrays.manifest.synthetic and not universe.synthetic:
        found.append("the model was trained on the synthetic market")
    if undecided:
        action = "HOLD" if backtest.environment is None else f"action {HOLD}"
        found.append(f"{undecided:,} decisions had no finite number from the policy and became {action}")
    limit = request.settings.revalidation.tested_limit
    if request.judged_before >= limit:
        found.append(
            f"these candles have judged {request.judged_before:,} times before: after {limit} "
            "they are no longer a test"
        )
    if backtest.coverage < 1.0:
        found.append(f"{100 * backtest.coverage:.2f} % of the scored candles exist; a missing one earns 0")
    ambiguous = int(backtest.trades.ambiguous.sum())
    if ambiguous:
        trades = "trade" if ambiguous == 1 else "trades"
        found.append(f"{ambiguous:,} {trades} touched stop and target in one candle; the stop counted")
    return [visible(warning) for warning in dict.fromkeys(found)]
