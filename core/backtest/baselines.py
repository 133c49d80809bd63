"""What no skill earns on the same candles: a random policy and buy-and-hold, through the same engine.

Both are measured, never quoted, and saved keyed by the data's hash. Trap avoided: comparing a model with the
documents' random column, which came from a random number generator and not from an agent trading.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.backtest.engine import Backtest, Cancelled, OnProgress, repetition, run_backtest, window_count
from core.backtest.policy import BuyAndHoldPolicy, Policy, RandomPolicy
from core.backtest.summary import Summary, summary_of
from core.clock import iso
from core.config.settings import Settings, Trading
from core.errors import UnreadableError
from core.files import atomic_write
from core.market.model import Universe
from core.trading.features import market_features
from core.workspace import Workspace

Number = float | int | None
RANDOM = "random"
BUY_AND_HOLD = "buy_and_hold"
FOLDER = "baselines"

POLICIES = "policies"
"""The metric that says how many random policies drew."""
MAX_POLICIES = 20
MAX_LANES = 1200

_FAR = 1e12
"""In average true ranges: a stop or target that no price reaches."""


class BaselineFile(msgspec.Struct, frozen=True, kw_only=True):
    """The saved JSON."""

    schema_version: int = 1
    generated_at: str
    data: str
    """Hash of the candles."""
    seed: int
    episodes: int
    trading: Trading
    """Costs and sizes it was measured with."""
    metrics: dict[str, dict[str, Number]]
    """`random` and `buy_and_hold`."""


@dataclass(frozen=True, slots=True)
class BaselineRuns:
    """The backtests of both: one per random policy, and buy-and-hold."""

    random: tuple[Backtest, ...]
    buy_and_hold: Backtest | None
    """None in a user's own environment, whose actions have no known meaning."""


@dataclass(frozen=True, slots=True)
class Baselines:
    """Measured and on disk."""

    path: Path
    metrics: dict[str, dict[str, Number]]


def run_baselines(
    universe: Universe,
    settings: Settings,
    *,
    episodes: int,
    features: NDArray[np.float32] | None = None,
    on_progress: OnProgress | None = None,
    cancelled: Cancelled | None = None,
) -> BaselineRuns:
    """Both baselines over the windows that a model is judged on; `settings.revalidation.seed` rules chance.

    One random policy on one symbol is a lottery ticket: where the lanes are few, up to `MAX_POLICIES` draw.
    Buy-and-hold buys each symbol at its first open for the whole notional cap, with no stop and no target,
    and is sold at the last close. Raises as `run_backtest`.
    """
    given = market_features(universe) if features is None else features
    windows = window_count(universe, episodes=episodes, trading=settings.trading)
    policies = max(1, min(MAX_POLICIES, MAX_LANES // (windows * len(universe.symbols))))

    def run(policy: Policy, trading: Trading, position: int, repeats: int = 1) -> Backtest:
        return run_backtest(
            universe,
            policy,
            episodes=episodes,
            trading=trading,
            reward=settings.reward,
            features=given,
            whole_period=False,
            repeats=repeats,
            on_progress=None
            if on_progress is None
            else lambda done, total: on_progress(position * total + done, 2 * total),
            cancelled=cancelled,
        )

    drawn = run(RandomPolicy(settings.revalidation.seed), settings.trading, 0, policies)
    unstopped = msgspec.structs.replace(
        settings.trading, stop_atr=_FAR, target_atr=_FAR, risk_per_trade=_FAR * _FAR
    )
    return BaselineRuns(
        random=tuple(repetition(drawn, index, policies) for index in range(policies)),
        buy_and_hold=run(BuyAndHoldPolicy(), unstopped, 1),
    )


def baseline_metrics(runs: BaselineRuns, settings: Settings) -> dict[str, dict[str, Number]]:
    """The metrics of each, as the model's are: of the random policies the median, and how many drew."""
    random = [summary_of(run, settings).metrics for run in runs.random]
    measured: dict[str, dict[str, Number]] = {
        RANDOM: {
            **{name: _median([each[name] for each in random]) for name in random[0]},
            POLICIES: len(random),
        }
    }
    if runs.buy_and_hold is not None:
        held = summary_of(runs.buy_and_hold, settings).metrics
        measured[BUY_AND_HOLD] = {**held, "expectancy_r": None}  # without a stop there is no R
    return measured


def random_summaries(runs: BaselineRuns, settings: Settings) -> tuple[Summary, ...]:
    """One summary per random policy, for judging them by the same gates."""
    return tuple(summary_of(run, settings) for run in runs.random)


def _median(values: list[Number]) -> Number:
    """The median of what is known; None where most are not."""
    known = [value for value in values if value is not None]
    if 2 * len(known) <= len(values):
        return None
    return known[0] if len(known) == 1 else float(np.median(known))


def measure_baselines(workspace: Workspace, now: datetime) -> Baselines:
    """Measure both on the workspace's test candles and save them. Raises ConsoleError."""
    from core.market.universe import data_hash, load_universe

    settings = workspace.settings
    universe = load_universe(workspace.backtest_data, data=settings.data, now=now)
    runs = run_baselines(universe, settings, episodes=settings.revalidation.episodes)
    metrics = baseline_metrics(runs, settings)
    path = save_baselines(
        workspace.reports, data_hash(workspace.backtest_data), metrics, settings=settings, now=now
    )
    return Baselines(path, metrics)


def baseline_path(reports: Path, data: str) -> Path:
    """Where the baselines of the candles with this hash lie."""
    return reports / FOLDER / f"{data[:16]}.json"


def save_baselines(
    reports: Path,
    data: str,
    metrics: dict[str, dict[str, Number]],
    *,
    settings: Settings,
    now: datetime,
    episodes: int | None = None,
) -> Path:
    """Write the baselines of the candles with the hash `data`; returns the path. Raises UnreadableError."""
    saved = BaselineFile(
        generated_at=iso(now),
        data=data,
        seed=settings.revalidation.seed,
        episodes=episodes or settings.revalidation.episodes,
        trading=settings.trading,
        metrics=metrics,
    )
    path = baseline_path(reports, data)
    atomic_write(path, msgspec.json.format(msgspec.json.encode(saved), indent=2) + b"\n")
    return path


def load_baselines(reports: Path, data: str) -> dict[str, dict[str, Number]] | None:
    """The saved metrics of `random` and `buy_and_hold` for these candles; None where none were measured.

    Raises UnreadableError for a file that is not what `save_baselines` wrote.
    """
    path = baseline_path(reports, data)
    try:
        saved = msgspec.json.decode(path.read_bytes(), type=BaselineFile)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UnreadableError(
            f"{path} could not be read: expected saved baselines, got {type(error).__name__}",
            hint="Measure them again: ppo-console data baselines.",
        ) from error
    return saved.metrics if saved.data == data else None
