"""The one table of metric names: every alias leads to one name, unit and label.

Owns what a metric is called, how it is written, which direction is good and what the documents expect of
it. Trap avoided: `train/entropy_loss` read as entropy with the wrong sign.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from core.text import visible

Direction = Literal["up", "down", "none"]
Group = Literal["training", "evaluation", "other"]


class Metric(msgspec.Struct, frozen=True):
    """One metric. `aliases` are the column names and TensorBoard tags that mean it."""

    name: str
    label: str
    unit: str = ""
    decimals: int = 4
    good: Direction = "none"
    """Which way is better; `none` where neither is."""
    expected: str = ""
    """What the documents expect of a healthy run, as shown beside the metric."""
    help: str = ""
    aliases: tuple[str, ...] = ()
    negated: tuple[str, ...] = ()
    """Aliases that hold the metric with the opposite sign."""
    trend_limit: float | None = None
    """Slope per step at which the trend word turns; None: judged against the metric's own scatter."""
    loss: bool = False
    """A loss or a KL: nan or inf in it is a gradient explosion."""
    group: Group = "training"


_TABLE = (
    Metric(
        name="reward",
        label="Reward",
        decimals=2,
        good="up",
        expected="trend ≥ 0, ideally +0.0001 per step; volatile in the first 100k steps",
        help="Mean raw return of the last 100 finished episodes (stable-baselines3's ep_rew_mean).",
        aliases=("rollout/ep_rew_mean", "ep_rew_mean", "episode_reward", "mean_reward"),
        trend_limit=1e-4,
    ),
    Metric(
        name="approx_kl",
        label="KL divergence",
        good="down",
        expected="below 0.05; the daily check wants below 0.01; above 0.1 is a spike",
        help="Averages the last epoch of an update only; a row pairs rollout N with the update of N−1. "
        "A healthy run exceeds 0.01 in some 8 % of its rollouts.",
        aliases=("kl_divergence", "train/approx_kl", "kl"),
        loss=True,
    ),
    Metric(
        name="value_loss",
        label="Value loss",
        good="down",
        expected="settles after the first epochs (5 to 10)",
        aliases=("train/value_loss",),
        loss=True,
    ),
    Metric(
        name="entropy",
        label="Policy entropy",
        decimals=3,
        expected="falls gradually",
        help="Minus stable-baselines3's entropy_loss: how evenly the policy spreads over its actions.",
        aliases=("policy_entropy",),
        negated=("train/entropy_loss", "entropy_loss"),
        loss=True,
    ),
    Metric(
        name="policy_loss",
        label="Policy loss",
        good="down",
        expected="below 1",
        aliases=("train/policy_gradient_loss", "policy_gradient_loss", "train/policy_loss"),
        loss=True,
    ),
    Metric(
        name="clip_fraction",
        label="Clip fraction",
        decimals=3,
        help="Share of the samples whose probability ratio was clipped.",
        aliases=("train/clip_fraction",),
    ),
    Metric(
        name="explained_variance",
        label="Explained variance",
        decimals=3,
        good="up",
        help="Share of the returns' variance that the value function predicts: 1 is perfect, below 0 is "
        "worse than a constant.",
        aliases=("train/explained_variance",),
    ),
    Metric(
        name="learning_rate",
        label="Learning rate",
        decimals=6,
        aliases=("train/learning_rate", "lr"),
    ),
    Metric(
        name="steps_per_second",
        label="Mean speed since start",
        unit="steps/s",
        decimals=0,
        good="up",
        expected="1,000 or more",
        help="The trainer's mean since it started; the header's pace is that of the newest rows.",
        aliases=("time/fps", "fps"),
    ),
    Metric(
        name="episode_length",
        label="Episode length",
        unit="steps",
        decimals=0,
        aliases=("rollout/ep_len_mean", "ep_len_mean"),
    ),
    Metric(name="loss", label="Loss", aliases=("train/loss",), loss=True, group="other"),
    Metric(name="clip_range", label="Clip range", decimals=3, aliases=("train/clip_range",), group="other"),
    Metric(
        name="eval_mean_reward",
        label="Evaluation reward",
        decimals=2,
        good="up",
        aliases=("eval/mean_reward",),
        group="evaluation",
    ),
    Metric(
        name="eval_episode_length",
        label="Evaluation episode length",
        unit="steps",
        decimals=0,
        aliases=("eval/mean_ep_length",),
        group="evaluation",
    ),
    Metric(name="eval_sharpe", label="Evaluation Sharpe", decimals=2, good="up", group="evaluation"),
    Metric(
        name="eval_max_drawdown_pct",
        label="Evaluation drawdown",
        unit="%",
        decimals=1,
        good="down",
        group="evaluation",
    ),
    Metric(
        name="eval_win_rate_pct",
        label="Evaluation win rate",
        unit="%",
        decimals=1,
        good="up",
        group="evaluation",
    ),
    Metric(
        name="eval_profit_factor",
        label="Evaluation profit factor",
        decimals=2,
        good="up",
        group="evaluation",
    ),
    Metric(name="eval_trades", label="Evaluation trades", decimals=0, group="evaluation"),
    Metric(
        name="eval_consecutive_losses",
        label="Evaluation losses in a row",
        unit="trades",
        decimals=1,
        good="down",
        group="evaluation",
    ),
    Metric(name="eval_calmar_ratio", label="Evaluation Calmar", decimals=2, good="up", group="evaluation"),
)

METRICS: dict[str, Metric] = {metric.name: metric for metric in _TABLE}
"""Every known metric by its name, in the order of the screens."""

STATUS_NAMES = tuple(metric.name for metric in _TABLE if metric.group == "training")
"""The ten names of the status interface."""

TIMESTEP_COLUMNS = (
    "timestep",
    "time/total_timesteps",
    "total_timesteps",
    "timesteps",
    "num_timesteps",
    "step",
)
ELAPSED_COLUMNS = ("time/time_elapsed", "time_elapsed")
"""Seconds since the trainer started its loop."""

_AXES = frozenset(
    (*TIMESTEP_COLUMNS, *ELAPSED_COLUMNS, "time/iterations", "iterations", "train/n_updates", "n_updates")
)
_ALIASES: dict[str, tuple[str, float]] = {}
for _metric in _TABLE:
    for _alias in (_metric.name, *_metric.aliases):
        _ALIASES[_alias] = (_metric.name, 1.0)
    for _alias in _metric.negated:
        _ALIASES[_alias] = (_metric.name, -1.0)

_NAME_LIMIT = 80
_WORD = re.compile(r"[A-Za-z]")


def canonical(column: str) -> tuple[str, float] | None:
    """`(metric name, factor)` of a column or TensorBoard tag; None for axes and nameless columns.

    A column that the table does not know keeps its own (visible) name with factor 1.
    """
    column = column.strip()
    known = _ALIASES.get(column)
    if known is not None:
        return known
    if column in _AXES or not _WORD.search(column):
        return None
    return visible(column, _NAME_LIMIT), 1.0


def evaluation_column(column: str) -> tuple[str, float] | None:
    """As `canonical`, for the columns of `evaluations.csv`: `sharpe` is `eval_sharpe`."""
    column = column.strip()
    if column in _AXES or not _WORD.search(column):
        return None
    return f"eval_{visible(column.removeprefix('eval_'), _NAME_LIMIT)}", 1.0


def is_known(column: str) -> bool:
    """Whether the table knows this column or tag."""
    return column.strip() in _ALIASES


def metric(name: str) -> Metric:
    """The metric of this name; one that only the run's own files know gets a plain entry."""
    return METRICS.get(name) or Metric(name=name, label=name, group="other")
