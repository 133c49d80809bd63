"""The pre-training checklist as data: the checklist document's lines and the manual's 08:00 set-up.

Failures that would spoil the run or the later judgement block; those that need attention are to be fixed. A
sensor may say that a failure is worse than usual or milder:

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

from core.checklist.line import Checklist, Line, Section, Text, same

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

_INFRASTRUCTURE = (
    Line("folder_logs", Text("{logs} exists", "{logs} existe"), sensor="folder", argument="logs"),
    Line(
        "folder_tensorboard",
        Text(
            "{logs}/tensorboard is ready (made at training start)",
            "{logs}/tensorboard pronto (criado no início do treino)",
        ),
        sensor="folder",
        argument="tensorboard",
    ),
    Line(
        "folder_checkpoints",
        Text("{checkpoints} exists", "{checkpoints} existe"),
        sensor="folder",
        argument="checkpoints",
    ),
    Line("folder_models", Text("{models} exists", "{models} existe"), sensor="folder", argument="models"),
    Line("folder_reports", Text("{reports} exists", "{reports} existe"), sensor="folder", argument="reports"),
    Line("disk_free", Text("Disk space available", "Espaço em disco disponível"), sensor="disk"),
    Line("memory_free", Text("RAM available", "RAM disponível"), sensor="memory"),
)
_CONFIGURATION = (
    Line(
        "config_loads",
        Text("config.toml loads without error", "config.toml carrega sem erro"),
        on_fail="block",
        sensor="config",
    ),
    *(
        Line(
            f"ppo.{name}",
            same(f"{name} = {{approved}}"),
            on_fail="block",
            sensor="hyperparameter",
            argument=name,
        )
        for name in HYPERPARAMETERS
    ),
)
_ENVIRONMENT = (
    Line(
        "environment",
        Text("The trading environment can be imported", "O ambiente de trading pode ser importado"),
        on_fail="block",
        sensor="environment",
    ),
    *(
        Line(
            f"reward.{name}",
            Text(f"The reward has {name}", f"A recompensa tem {name}"),
            on_fail="block",
            sensor="reward_component",
            argument=name,
        )
        for name in REWARD_COMPONENTS
    ),
    Line(
        "reward_clip",
        Text("Reward scaling: reward_clip", "Escala da recompensa: reward_clip"),
        on_fail="block",
        sensor="reward_clip",
    ),
    Line(
        "normalise",
        Text(
            "VecNormalize (observations and rewards) enabled",
            "VecNormalize (observações e recompensas) ativado",
        ),
        on_fail="block",
        sensor="normalise",
    ),
)
_DATA = (
    Line(
        "train_data",
        Text("Training data cached and accessible", "Dados de treino em cache e acessíveis"),
        on_fail="block",
        sensor="train_data",
    ),
    Line(
        "test_data",
        Text("Test data ready for revalidation", "Dados de teste prontos para a revalidação"),
        on_fail="block",
        sensor="test_data",
    ),
    Line("no_gaps", Text("No gaps in OHLCV data", "Sem lacunas nos dados OHLCV"), sensor="gaps"),
    Line(
        "side_data",
        Text(
            "Macro indicators and sentiment data available",
            "Indicadores macro e dados de sentimento disponíveis",
        ),
        sensor="side_data",
    ),
    Line(
        "smc",
        Text("SMC (Smart Money Concepts) features present", "Features SMC (Smart Money Concepts) presentes"),
        sensor="smc",
    ),
)
_BASELINE = (
    Line(
        "baseline",
        Text("Random baseline metrics saved", "Métricas do baseline aleatório salvas"),
        sensor="baseline",
    ),
)
_SETUP = (
    Line(
        "setup_checks",
        Text("All checks completed", "Todos os checks completados"),
        kind="sensed_look",
        sensor="all_checks",
    ),
    Line(
        "setup_no_blockers",
        Text("No blockers", "Sem blockers"),
        kind="sensed_look",
        on_fail="block",
        sensor="no_blockers",
    ),
    Line(
        "setup_ready",
        Text("System ready for training", "Sistema pronto para o treino"),
        kind="manual",
        sensor="ready",
    ),
)
SETUP_SENSORS = frozenset(line.sensor for line in _SETUP)
"""These look at the other items' results."""


def _section(title: Text, lines: tuple[Line, ...]) -> Section:
    return Section(title, lines, time="pre_training", owner="ML", source="000")


PREFLIGHT = Checklist(
    "preflight",
    Text("Pre-training checklist", "Checklist de pré-treino"),
    (
        _section(Text("Infrastructure", "Infraestrutura"), _INFRASTRUCTURE),
        _section(Text("Configuration", "Configuração"), _CONFIGURATION),
        _section(Text("Environment", "Ambiente"), _ENVIRONMENT),
        _section(Text("Data pipeline", "Pipeline de dados"), _DATA),
        _section(Text("Model baseline", "Baseline do modelo"), _BASELINE),
        Section(
            Text("Final set-up", "Preparação final"),
            _SETUP,
            time="preflight",
            owner="ML Engineer",
            source="001",
        ),
    ),
    dated=False,
)
