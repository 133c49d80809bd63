"""Scenarios for the rest of the alert table and for the escalations, which the documents give no guide to.

Data only. Trap avoided: an alert that leads nowhere.
"""

from __future__ import annotations

from core.runbook.documented import (
    DATA_SHIFT,
    DISK_FULL,
    LEARNING_RATE,
    OUT_OF_MEMORY,
    OUTLIER,
    REWARD_SCALE,
)
from core.runbook.scenario import Cause, Scenario, Step

_STOP = Step(
    "stop",
    "Stop the training",
    deed="stop",
    command="ppo-console stop",
    kind="ISSUE",
    journal="Training stopped",
)

MORE: tuple[Scenario, ...] = (
    Scenario(
        id="gradient_explosion",
        title="A loss is nan or inf",
        source="checklist, alert thresholds: gradient explosion",
        symptoms=("nan or inf in a loss or in the KL: every later update is worthless",),
        causes=(LEARNING_RATE, REWARD_SCALE, OUTLIER, DATA_SHIFT),
        steps=(
            Step("losses", "See which loss it is, and since when", sense="losses"),
            _STOP,
            Step("data", "Check the training data for NaN", sense="data"),
            Step("rate", "Compare the run's hyperparameters with the approved ones", sense="hyperparameters"),
            Step(
                "lower_rate",
                "Lower learning_rate and raise clip_range, then resume from a checkpoint before the nan",
                command="ppo-console train --resume",
                kind="ISSUE",
                journal="Gradient explosion, lowering learning_rate and raising clip_range",
            ),
        ),
        rules=("gradient_explosion",),
        escalation="performance",
    ),
    Scenario(
        id="gpu_out_of_memory",
        title="The GPU is out of memory",
        source="checklist, alert thresholds: GPU memory error",
        symptoms=("`CUDA out of memory` or `OutOfMemoryError` in training.log",),
        causes=(
            Cause("batch_memory", "batch_size or n_steps is too large for the GPU"),
            Cause("other_process", "Another process holds the GPU's memory"),
        ),
        steps=(
            Step("log", "Read the lines around the error", sense="log"),
            Step("process", "See whether the training still runs", sense="process"),
            Step("rate", "See batch_size and n_steps", sense="hyperparameters"),
            Step(
                "smaller",
                "Reduce batch_size or n_steps, then resume",
                command="ppo.batch_size, ppo.n_steps in config.toml, then ppo-console train --resume",
                kind="ISSUE",
                journal="GPU out of memory, reducing batch_size or n_steps",
            ),
        ),
        rules=("gpu_oom",),
        escalation="crash",
    ),
    Scenario(
        id="crash",
        title="The training crashed",
        source="manual, escalation: critical issue",
        symptoms=("A traceback ends training.log", "The process is gone before the end"),
        causes=(
            Cause("exception", "An exception in the training loop: the traceback names it"),
            OUT_OF_MEMORY,
            DISK_FULL,
        ),
        steps=(
            Step("process", "See whether anything of it still runs", sense="process"),
            Step("log", "Read the last 100 lines of training.log", sense="log"),
            Step("disk", "Check the free disk space", sense="disk"),
            Step("memory", "Check the free memory", sense="memory"),
            Step(
                "backup_logs",
                "Copy training.log to CRASH_backup.log",
                deed="backup_logs",
                kind="ISSUE",
                journal="Crash, training.log backed up",
            ),
        ),
        rules=("crash",),
        escalation="crash",
        note="Do not restart before the cause is known.",
    ),
    Scenario(
        id="data_integrity",
        title="The training data are faulty",
        source="manual, escalation: data issue",
        symptoms=("Gaps, NaN or duplicates in the training data",),
        causes=(DATA_SHIFT, Cause("collector", "The collector stopped for a while, or wrote a file twice")),
        steps=(
            Step("data", "See which files are faulty", sense="data", command="ppo-console data check"),
            _STOP,
            Step(
                "backup_checkpoint",
                "Copy best_model.zip to backup_before_bad_data.zip",
                deed="backup_checkpoint",
                kind="ISSUE",
                journal="Data issue, best_model backed up",
            ),
        ),
        rules=("data_integrity",),
        escalation="data",
        note="Wait for repaired data before the restart.",
    ),
    Scenario(
        id="host_resources",
        title="The machine runs short",
        source="checklist: disk, memory; manual: speed",
        symptoms=("Little free disk or memory", "Fewer than 1,000 steps per second"),
        causes=(
            Cause("checkpoints", "Checkpoints and old runs fill the disk"),
            OUT_OF_MEMORY,
            Cause("other_process", "Another process takes the processor or the memory"),
        ),
        steps=(
            Step("disk", "Check the free disk space", sense="disk", command="df -h; du -sh checkpoints"),
            Step("memory", "Check the free memory", sense="memory", command="free -h"),
            Step("process", "See what the trainer itself uses", sense="process"),
            Step(
                "make_room",
                "Move old runs and checkpoints away, or set training.keep",
                kind="ISSUE",
                journal="The machine runs short, making room",
            ),
        ),
        rules=("slow", "disk_low", "disk_critical", "memory_low", "memory_critical"),
    ),
)
