"""What an alert rule is, and the documents' default rules.

A rule is data: the same table stands in ``config.toml``. `core.alerts.evaluate` gives it a value,
`core.alerts.machine` moves its state.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Severity = Literal["info", "warning", "critical"]
Condition = Literal[
    "above",  # value > threshold
    "below",  # value < threshold
    "slope_below",  # least-squares slope per step over window_steps (or window_seconds) < threshold
    "slope_above",
    "rise_below",  # rise over window_steps (or window_seconds) < threshold
    "rise_above",
    "flat",  # over window_seconds the mean moved by no more than threshold standard deviations
    "not_finite",  # any listed metric is nan or inf
    "checkpoint_age",  # seconds since the newest checkpoint > threshold
    "step_age",  # seconds since the last step > threshold
    "crashed",  # traceback at the end of the log, or the process gone before the end
    "absent",  # no finite value of the metric (or no row of the source) for more than threshold seconds
    "pace_below",  # steps per second, as measured from the rows, < threshold
    "data_faults",  # gaps, NaN and duplicates in the training data > threshold
    "log_pattern",  # a regular expression matches a new log line
    "disk_free",  # free bytes below threshold
    "memory_free",  # free memory in percent below threshold
]
RunStatus = Literal["RUNNING", "STALLED", "SILENT", "CRASHED", "STOPPED", "FINISHED", "ABSENT"]
NonNegative = Annotated[float, Meta(ge=0)]


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One alert rule. Its name is its key in the table."""

    condition: Condition
    severity: Severity
    metric: str = ""
    """A name from `core.telemetry.metrics`; empty for rules about files, processes and the host."""
    threshold: float = 0.0
    resolve_at: float | None = None
    """A second, lower threshold: a firing rule resolves only past it. None: `threshold` itself."""
    source: Literal["", "csv", "monitor", "progress", "tensorboard"] = ""
    """For `absent`: a kind of file instead of a metric."""
    window_steps: Annotated[int, Meta(ge=0)] = 0
    """The stretch that slopes and rises are taken over, in steps …"""
    window_seconds: NonNegative = 0.0
    """… or in seconds; one of the two."""
    for_steps: Annotated[int, Meta(ge=0)] = 0
    """Pending this many steps before it fires."""
    for_seconds: NonNegative = 0.0
    keep_firing_steps: Annotated[int, Meta(ge=0)] = 0
    """Steps the condition must stay false before a firing alert resolves."""
    keep_firing_seconds: NonNegative = 0.0
    """Seconds the condition must stay false before a firing alert resolves."""
    within_seconds: NonNegative = 0.0
    """Only in the first so many seconds of a run; 0: always."""
    warm_up_steps: Annotated[int, Meta(ge=0)] = 0
    """Not before this many steps of a run."""
    warm_up_seconds: NonNegative = 0.0
    """… and not before this many seconds of it; past either, the rule applies."""
    pattern: str = ""
    states: tuple[RunStatus, ...] = ("RUNNING", "STALLED", "SILENT")
    """The run states it applies in: rules of age and progress stop when a run ends, those about what was
    measured of its policy, its data or its disk do not."""
    family: str = ""
    """A firing rule inhibits the milder ones of its family (lower `rank`)."""
    rank: int = 0
    runbook: str = ""
    """The id of its runbook scenario."""
    action: str = ""
    """What the documents tell the operator to do."""
    enabled: bool = True


_VALUES: tuple[RunStatus, ...] = ("RUNNING", "STALLED", "SILENT", "CRASHED", "STOPPED", "FINISHED")
_RUNNING: tuple[RunStatus, ...] = ("RUNNING", "STALLED")


def default_rules() -> dict[str, Rule]:
    """The documents' rules with their thresholds and actions."""
    return {
        "negative_reward_trend": Rule(
            condition="slope_below",
            metric="reward",
            threshold=-0.001,
            resolve_at=-0.0005,
            window_steps=5_000,
            severity="warning",
            warm_up_steps=100_000,
            warm_up_seconds=43_200,
            runbook="negative_reward_trend",
            action="Check the reward function",
        ),
        "no_improvement": Rule(
            condition="rise_below",
            metric="reward",
            threshold=0.0001,
            resolve_at=0.001,
            window_steps=50_000,
            keep_firing_steps=20_480,
            severity="info",
            warm_up_steps=100_000,
            warm_up_seconds=43_200,
            runbook="not_converging",
            action="It may have converged early",
        ),
        "flat_reward": Rule(
            condition="flat",
            metric="reward",
            threshold=0.3,
            resolve_at=0.5,
            window_seconds=7_200,
            severity="warning",
            warm_up_steps=100_000,
            warm_up_seconds=43_200,
            runbook="flat_reward",
            action="Check the reward components; if it stays flat raise ent_coef from 0.001 to 0.005",
        ),
        "kl_launch": Rule(
            condition="above",
            metric="approx_kl",
            threshold=0.01,
            resolve_at=0.009,
            keep_firing_steps=20_480,
            within_seconds=14_400,
            severity="warning",
            family="kl",
            rank=0,
            runbook="kl_spike",
            action="Lower the learning rate on a spike",
        ),
        "kl_high": Rule(
            condition="above",
            metric="approx_kl",
            threshold=0.05,
            resolve_at=0.045,
            severity="warning",
            states=_VALUES,
            family="kl",
            rank=1,
            runbook="kl_spike",
            action="Lower the learning rate, check the data",
        ),
        "kl_spike": Rule(
            condition="above",
            metric="approx_kl",
            threshold=0.1,
            resolve_at=0.09,
            severity="critical",
            states=_VALUES,
            family="kl",
            rank=2,
            runbook="kl_spike",
            action="Reduce the learning rate, check the data",
        ),
        "kl_explosion": Rule(
            condition="above",
            metric="approx_kl",
            threshold=0.5,
            resolve_at=0.45,
            severity="critical",
            states=_VALUES,
            family="kl",
            rank=3,
            runbook="kl_explosion",
            action="Reduce the learning rate from 3e-4 to 1e-4 and restart",
        ),
        "gradient_explosion": Rule(
            condition="not_finite",
            severity="critical",
            states=_VALUES,
            runbook="gradient_explosion",
            action="Reduce learning_rate, increase clip_range",
        ),
        "checkpoint_old": Rule(
            condition="checkpoint_age",
            threshold=43_200,
            severity="warning",
            family="checkpoint",
            rank=0,
            runbook="checkpoint_missing",
            action="Check whether training hangs",
        ),
        "checkpoint_age": Rule(
            condition="checkpoint_age",
            threshold=86_400,
            severity="critical",
            family="checkpoint",
            rank=1,
            runbook="checkpoint_missing",
            action="Check whether training hangs",
        ),
        "training_hung": Rule(
            condition="step_age",
            threshold=7_200,
            severity="critical",
            runbook="training_hung",
            action="Check the process, the disk, the memory; restart",
        ),
        "slow": Rule(
            condition="pace_below",
            threshold=1_000,
            for_seconds=600,
            severity="info",
            states=("RUNNING",),
            runbook="host_resources",
            action="See what else the machine does",
            enabled=False,
        ),
        "tensorboard_empty": Rule(
            condition="absent",
            source="tensorboard",
            threshold=600,
            severity="warning",
            states=_RUNNING,
            runbook="metrics_not_logged",
            action="Check the TensorBoard writer and the folder's permissions",
        ),
        "gpu_oom": Rule(
            condition="log_pattern",
            pattern="CUDA out of memory|OutOfMemoryError",
            severity="critical",
            states=_VALUES,
            runbook="gpu_out_of_memory",
            action="Reduce batch_size or n_steps",
        ),
        "data_integrity": Rule(
            condition="data_faults",
            severity="critical",
            states=_VALUES,
            runbook="data_integrity",
            action="Stop, back up the checkpoint, escalate",
        ),
        "disk_low": Rule(
            condition="disk_free",
            threshold=10e9,
            resolve_at=11e9,
            severity="warning",
            states=_VALUES,
            family="disk",
            rank=0,
            runbook="host_resources",
            action="Free disk space: checkpoints need it",
        ),
        "disk_critical": Rule(
            condition="disk_free",
            threshold=2e9,
            resolve_at=2.5e9,
            severity="critical",
            states=_VALUES,
            family="disk",
            rank=1,
            runbook="host_resources",
            action="Free disk space now: the next checkpoint may not be written",
        ),
        "memory_low": Rule(
            condition="memory_free",
            threshold=10,
            resolve_at=12,
            for_seconds=60,
            severity="warning",
            family="memory",
            rank=0,
            runbook="host_resources",
            action="See which process holds the memory",
        ),
        "memory_critical": Rule(
            condition="memory_free",
            threshold=3,
            resolve_at=5,
            for_seconds=10,
            severity="critical",
            family="memory",
            rank=1,
            runbook="host_resources",
            action="End what is not needed before the system kills the trainer",
        ),
        "crash": Rule(
            condition="crashed",
            severity="critical",
            states=("CRASHED",),
            runbook="crash",
            action="Stop, back up the logs, escalate; do not restart before the cause is known",
        ),
    }
