"""The third step of a revalidation in a user's own environment.

Trap avoided: a decision that reads like one of this program's simulator, though prices, costs and fills were
another program's: the report says whose they were, and what could not be measured.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from core.backtest.baselines import BaselineRuns
from core.backtest.engine import Backtest

if TYPE_CHECKING:
    from core.market.model import Universe
    from core.models.arrays import PolicyArrays
    from core.revalidation.pipeline import RevalidationRequest


@dataclass(frozen=True, slots=True)
class Ran:
    """What the third step leaves to the ones after it."""

    backtest: Backtest
    baselines: BaselineRuns
    undecided: int
    """The policy's decisions without a finite number."""
    warnings: list[str] = field(default_factory=list)
    described: dict[str, str | int] = field(default_factory=dict)
    """More of what the candles were judged in."""


def judge_own(
    request: RevalidationRequest,
    universe: Universe,
    arrays: PolicyArrays,
    progress: Callable[[int, int], None],
    cancelled: Callable[[], bool],
) -> Ran:
    """The model, and one random policy, in the environment that the configuration names.

    `progress` counts environment steps. Raises as `run_own` and `load_environment`.
    """
    from core.backtest.own_engine import plan, run_own
    from core.backtest.own_env import load_environment
    from core.backtest.policy import RandomPolicy, TrainedPolicy
    from core.revalidation.unseen import Watched, unseen_warning

    settings = request.settings
    seed, actions = settings.revalidation.seed, arrays.manifest.n_actions
    kind = load_environment(
        settings.revalidation.environment,
        root=request.root,
        python_path=request.python_path,
        inputs=arrays.inputs,
        actions=actions,
        seconds=settings.revalidation.environment_seconds,
    )
    kind = replace(kind, source=request.data_dir)
    policy = TrainedPolicy(arrays)
    planned = plan(
        universe,
        kind,
        policy,
        episodes=request.episodes,
        trading=settings.trading,
        seed=seed,
        cancelled=cancelled,
    )
    own = planned.steps + planned.whole_steps
    total = own + planned.steps
    watched = Watched(policy)
    backtest = run_own(
        universe,
        kind,
        watched,
        planned,
        trading=settings.trading,
        seed=seed,
        on_progress=lambda done, _: progress(done, total),
        cancelled=cancelled,
    )
    random = run_own(
        universe,
        kind,
        RandomPolicy(seed, actions),
        planned,
        trading=settings.trading,
        seed=seed,
        whole_period=False,
        on_progress=lambda done, _: progress(own + done, total),
        cancelled=cancelled,
    )
    warnings = [
        f"judged in {kind.name}, not in this program's simulator: prices, costs and fills are its own"
    ]
    warnings += unseen_warning(arrays, watched.spread, arrays.feature_names)
    return Ran(
        backtest,
        BaselineRuns(random=(random,), buy_and_hold=None),
        policy.undecided,
        warnings,
        {"environment": kind.name, "environment_sha256": kind.sha256 or "not known"},
    )
