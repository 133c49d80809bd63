"""The pre-training checklist as data: the checklist document's lines and the manual's 08:00 set-up.

Each line: id, text, kind, what its failure means, the sensor that looks and what it looks at. Failures that
would spoil the run or the later judgement block; those that need attention are to be fixed. A sensor may say
that a failure is worse than usual or milder:

| item | block | fix |
|---|---|---|
| folders | no right to write, not a folder | missing |
| disk, memory | below 2 GB, 1 GB | below the documents' 50 GB, 16 GB |
| config.toml | does not load | |
| hyperparameters | ten of the eleven differ | total_timesteps differs: a shorter run, not another algorithm |
| environment, reward, clip, VecNormalize | always | |
| training data, test data | missing, rejected, overlapping | fewer test candles than needed |
| gaps, SMC features, baseline | | always |

What is neither (no macro and sentiment data: neutral values) is a warning, which does not keep from READY.
"""

from __future__ import annotations

from collections.abc import Mapping

from core.checklist.item import Item

INFRASTRUCTURE = "Infrastructure"
CONFIGURATION = "Configuration"
ENVIRONMENT = "Environment"
DATA = "Data pipeline"
BASELINE = "Model baseline"
SETUP = "Final set-up"

HYPERPARAMETERS = (
    "learning_rate",
    "batch_size",
    "n_steps",
    "n_epochs",
    "gamma",
    "gae_lambda",
    "ent_coef",
    "clip_range",
    "vf_coef",
    "max_grad_norm",
    "total_timesteps",
)
REWARD_COMPONENTS = ("r_pnl", "r_hold_bonus", "r_invalid_action", "r_out_of_market")

_FOLDERS = (
    ("folder_logs", "{logs} exists", "logs"),
    ("folder_tensorboard", "{logs}/tensorboard is ready (made at training start)", "tensorboard"),
    ("folder_checkpoints", "{checkpoints} exists", "checkpoints"),
    ("folder_models", "{models} exists", "models"),
    ("folder_reports", "{reports} exists", "reports"),
)


def preflight_items(paths: Mapping[str, str], approved: Mapping[str, float]) -> tuple[Item, ...]:
    """Every item, in the documents' order.

    `paths` names the folders as the workspace does, `approved` holds the eleven approved values.
    """
    return (
        *(
            Item(f"preflight.{name}", text.format(**paths), INFRASTRUCTURE, sensor="folder", argument=which)
            for name, text, which in _FOLDERS
        ),
        Item("preflight.disk_free", "Disk space available", INFRASTRUCTURE, sensor="disk"),
        Item("preflight.memory_free", "RAM available", INFRASTRUCTURE, sensor="memory"),
        Item(
            "preflight.config_loads",
            "config.toml loads without error",
            CONFIGURATION,
            on_fail="block",
            sensor="config",
        ),
        *(
            Item(
                f"preflight.ppo.{name}",
                f"{name} = {approved[name]:.10g}",
                CONFIGURATION,
                on_fail="block",
                sensor="hyperparameter",
                argument=name,
            )
            for name in HYPERPARAMETERS
        ),
        Item(
            "preflight.environment",
            "The trading environment can be imported",
            ENVIRONMENT,
            on_fail="block",
            sensor="environment",
        ),
        *(
            Item(
                f"preflight.reward.{name}",
                f"The reward has {name}",
                ENVIRONMENT,
                on_fail="block",
                sensor="reward_component",
                argument=name,
            )
            for name in REWARD_COMPONENTS
        ),
        Item(
            "preflight.reward_clip",
            "Reward scaling: reward_clip",
            ENVIRONMENT,
            on_fail="block",
            sensor="reward_clip",
        ),
        Item(
            "preflight.normalise",
            "VecNormalize (observations and rewards) enabled",
            ENVIRONMENT,
            on_fail="block",
            sensor="normalise",
        ),
        Item(
            "preflight.train_data",
            "Training data cached and accessible",
            DATA,
            on_fail="block",
            sensor="train_data",
        ),
        Item(
            "preflight.test_data",
            "Test data ready for revalidation",
            DATA,
            on_fail="block",
            sensor="test_data",
        ),
        Item("preflight.no_gaps", "No gaps in OHLCV data", DATA, sensor="gaps"),
        Item(
            "preflight.side_data", "Macro indicators and sentiment data available", DATA, sensor="side_data"
        ),
        Item("preflight.smc", "SMC (Smart Money Concepts) features present", DATA, sensor="smc"),
        Item("preflight.baseline", "Random baseline metrics saved", BASELINE, sensor="baseline"),
        Item(
            "preflight.setup_checks",
            "All checks completed",
            SETUP,
            kind="sensed_look",
            sensor="all_checks",
            owner="ML Engineer",
        ),
        Item(
            "preflight.setup_no_blockers",
            "No blockers",
            SETUP,
            kind="sensed_look",
            on_fail="block",
            sensor="no_blockers",
            owner="ML Engineer",
        ),
        Item("preflight.setup_ready", "System ready for training", SETUP, kind="manual", owner="ML Engineer"),
    )
