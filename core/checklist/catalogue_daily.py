"""The checks of a date as data: launch day's hourly checks, the four daily checks, the five-point check-in.

The times come from `[schedule]`, so a workspace can move them; a check lasts until the next one of its kind.
"""

from __future__ import annotations

from core.checklist.line import Checklist, Line, Section, Text, same
from core.checklist.model import ItemKind

_REWARD = Line("reward_positive", same("Reward > 0?"), sensor="reward_positive")
_LOSS = Line(
    "loss_falling", Text("Loss falling?", "Loss diminuindo?"), sensor="falling", argument="value_loss"
)
_CRASH = Line("no_crash", Text("No crashes?", "Sem crashes?"), sensor="no_issues")
_SPEED = Line("speed", same("Speed OK?"), sensor="speed")


def _hour(key: str, index: int, *lines: Line) -> Section:
    title = Text("Launch day", "Dia do lançamento")
    return Section(title, lines, time="hourly", owner="ML Engineer", source="001", key=key, index=index)


LAUNCH = Checklist(
    "launch",
    Text("Hourly checks of launch day", "Checks de hora em hora no dia do lançamento"),
    (
        _hour("1h", 0, _REWARD, _LOSS, _CRASH, _SPEED),
        _hour(
            "2h",
            1,
            _REWARD,
            _LOSS,
            _CRASH,
            _SPEED,
            Line("policy_loss", same("Policy loss < 1.0?"), sensor="policy_loss"),
        ),
        _hour(
            "3h",
            2,
            Line(
                "trend",
                Text("Reward trend INCREASING or STABLE?", "Reward trend INCREASING ou STABLE?"),
                sensor="trend",
            ),
            Line("kl", Text("KL divergence < 0.01?", "Divergência KL < 0.01?"), sensor="kl_daily"),
        ),
        _hour(
            "4h",
            3,
            Line(
                "no_anomaly",
                Text("No anomaly so far?", "Nenhuma anomalia até agora?"),
                kind="sensed_look",
                sensor="no_anomaly",
            ),
            Line("running", Text("Training still running?", "Treino ainda rodando?"), sensor="running"),
        ),
    ),
)


def _check(index: int, *lines: Line) -> Section:
    title = Text("Daily checks", "Checks diários")
    return Section(title, lines, time="daily", owner="ML Engineer", source="000", index=index)


DAILY = Checklist(
    "daily",
    Text("The four daily checks", "Os quatro checks diários"),
    (
        _check(
            0,
            Line("standup", Text("Morning standup", "Standup da manhã"), kind="manual", sensor="standup"),
            Line("progress", Text("Progress check", "Verificação de progresso"), sensor="progress"),
            Line(
                "rows",
                Text("At least 100 rows by day 2", "Pelo menos 100 linhas até o dia 2"),
                sensor="rows",
            ),
        ),
        _check(
            1,
            Line(
                "trend",
                Text("Convergence: reward trend ≥ 0", "Convergência: tendência da recompensa ≥ 0"),
                sensor="trend",
                action=Text("Check the reward function", "Verificar a função de recompensa"),
            ),
            Line(
                "kl",
                Text("Convergence: KL divergence < 0.05", "Convergência: divergência KL < 0.05"),
                sensor="kl_good",
                action=Text(
                    "Reduce the learning rate, check the data", "Reduzir a learning rate, verificar os dados"
                ),
            ),
            Line(
                "value_loss",
                Text("Convergence: value loss settles", "Convergência: value loss estabiliza"),
                sensor="settling",
                argument="value_loss",
            ),
            Line(
                "entropy",
                Text("Convergence: entropy falls gradually", "Convergência: entropia cai gradualmente"),
                sensor="settling",
                argument="entropy",
            ),
            Line(
                "review",
                Text("Mid-day convergence review", "Revisão de convergência do meio-dia"),
                kind="manual",
                sensor="person",
            ),
        ),
        _check(
            2,
            Line(
                "snapshot",
                Text("End-of-day metrics snapshot", "Snapshot das métricas do fim do dia"),
                sensor="snapshot",
            ),
        ),
        _check(
            3,
            Line(
                "checkpoint",
                Text("Evening checkpoint validation", "Validação noturna do checkpoint"),
                kind="sensed_look",
                sensor="checkpoint",
                action=Text("Check if training hung", "Verificar se o treino travou"),
            ),
        ),
    ),
)

CHECK_IN = Checklist(
    "check_in",
    Text("Daily check-in, five points", "Check-in diário, cinco pontos"),
    (
        Section(
            Text("Daily check-in", "Check-in diário"),
            (
                Line(
                    "1",
                    Text("1/5 Training still running?", "1/5 Treino ainda rodando?"),
                    sensor="running",
                    action=Text("Investigate hanging", "Investigar hanging"),
                ),
                Line(
                    "2",
                    same("2/5 Reward trend OK?"),
                    sensor="trend",
                    action=Text("Check the reward function", "Verificar a função de recompensa"),
                ),
                Line(
                    "3",
                    Text("3/5 Sharpe estimate > 0.0?", "3/5 Sharpe estimado > 0.0?"),
                    sensor="sharpe",
                    action=Text(
                        "Below zero is no alarm yet: watch the next evaluations",
                        "Abaixo de zero ainda não é alarme: observar as próximas avaliações",
                    ),
                ),
                Line(
                    "4",
                    Text("4/5 No KL spikes?", "4/5 Sem spikes de KL?"),
                    sensor="kl_daily",
                    action=Text("Reduce the learning rate on a spike", "Reduzir a LR se houver spike"),
                ),
                Line(
                    "5",
                    Text("5/5 No crashes?", "5/5 Sem crashes?"),
                    sensor="no_issues",
                    action=Text("Check the logs", "Verificar os logs"),
                ),
            ),
            time="check_in",
            owner="On-call ML Engineer",
            source="001",
        ),
    ),
)


def _second(name: str, text: Text, kind: ItemKind, sensor: str) -> Line:
    return Line(name, text, kind=kind, sensor=sensor)


SECOND = Checklist(
    "second",
    Text("Optional second check", "Segundo check opcional"),
    (
        Section(
            Text("Second check", "Segundo check"),
            (
                _second(
                    "second",
                    Text(
                        "Second check, where the check-in found an anomaly",
                        "Segundo check, apenas se o check-in observou anomalia",
                    ),
                    "manual",
                    "second",
                ),
                _second(
                    "logs",
                    Text(
                        "Logs: the last 100 lines of training.log", "Logs: últimas 100 linhas do training.log"
                    ),
                    "sensed_look",
                    "second_logs",
                ),
                _second(
                    "trends",
                    Text("TensorBoard: trends of the last 2 h", "TensorBoard: tendências nas últimas 2 h"),
                    "sensed_look",
                    "second_trends",
                ),
                _second(
                    "disk",
                    Text("Disk space: size of {models}", "Espaço em disco: tamanho de {models}"),
                    "sensed",
                    "second_disk",
                ),
            ),
            time="second_check",
            owner="On-call ML Engineer",
            source="001",
        ),
    ),
)
