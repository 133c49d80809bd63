"""Revalidation day as data: preparation, timetable, expected outputs, escalation to the CTO, sign-off."""

from __future__ import annotations

from core.checklist.line import Checklist, Line, Section, Text

PREPARATION = Checklist(
    "preparation",
    Text("Preparation on revalidation day", "Preparação no dia da revalidação"),
    (
        Section(
            Text("Pre-revalidation", "Pré-revalidação"),
            (
                Line(
                    "training_completed",
                    Text("Training completed ({total} timesteps)", "Treino completado ({total} timesteps)"),
                    on_fail="block",
                    sensor="completed",
                ),
                Line(
                    "final_model",
                    Text(
                        "Final model saved as {models}/best_model.zip",
                        "Modelo final salvo como {models}/best_model.zip",
                    ),
                    sensor="model",
                ),
                Line(
                    "metrics",
                    Text(
                        "Final model metrics (from training logs) extracted",
                        "Métricas do modelo final (dos logs de treino) extraídas",
                    ),
                    sensor="metrics",
                ),
                Line(
                    "intact",
                    Text(
                        "Logs and checkpoints of all days intact",
                        "Logs e checkpoints de todos os dias intactos",
                    ),
                    sensor="intact",
                ),
                Line(
                    "no_errors",
                    Text("No errors in final logs", "Sem erros nos logs finais"),
                    sensor="log_errors",
                ),
                Line(
                    "clean_shutdown",
                    Text("Clean shutdown of training process", "Encerramento limpo do processo de treino"),
                    on_fail="block",
                    sensor="shutdown",
                ),
            ),
            time="pre_revalidation",
            owner="ML",
            source="000",
        ),
        Section(
            Text("Final preparation", "Preparação final"),
            (
                Line(
                    "confirm_steps",
                    Text(
                        "Confirm that training completed {total} steps",
                        "Confirmar que o treino completou {total} steps",
                    ),
                    kind="sensed_look",
                    on_fail="block",
                    sensor="completed",
                ),
                Line(
                    "backup",
                    Text(
                        "Back up the model: ppo-console model backup",
                        "Backup do modelo: ppo-console model backup",
                    ),
                    sensor="backup",
                ),
                Line(
                    "data",
                    Text(
                        "Confirm that the revalidation data are available",
                        "Confirmar dados de revalidação disponíveis",
                    ),
                    kind="sensed_look",
                    sensor="test_candles",
                ),
                Line(
                    "ready",
                    Text("System ready to run the revalidation", "Sistema pronto para rodar a revalidação"),
                    kind="manual",
                    sensor="prepared",
                ),
            ),
            time="preparation",
            owner="ML Lead",
            source="001",
        ),
    ),
)
PREPARED_SENSORS = frozenset({"prepared"})
"""These look at the other items' results."""


def _step(index: int, line: Line, owner: str) -> Section:
    title = Text("Revalidation day", "Dia da revalidação")
    return Section(title, (line,), time="timetable", owner=owner, source="000", index=index)


REVALIDATION = Checklist(
    "revalidation",
    Text("Timetable of revalidation day", "Cronograma do dia da revalidação"),
    (
        _step(
            0,
            Line(
                "load_model",
                Text("Load trained model", "Carregar o modelo treinado"),
                sensor="judged",
                argument="model",
            ),
            "ML",
        ),
        _step(
            1,
            Line(
                "load_data",
                Text("Load test data (500+ candles)", "Carregar dados de teste (500+ candles)"),
                sensor="judged",
                argument="data",
            ),
            "Data",
        ),
        _step(
            2,
            Line(
                "backtest",
                Text("Run backtest (all symbols)", "Rodar o backtest (todos os símbolos)"),
                sensor="judged",
                argument="backtest",
            ),
            "ML",
        ),
        _step(
            3,
            Line(
                "gates", Text("Calculate 6 gates", "Calcular os 6 gates"), sensor="judged", argument="gates"
            ),
            "ML",
        ),
        _step(
            4,
            Line(
                "report",
                Text("Generate decision report", "Gerar o relatório de decisão"),
                sensor="judged",
                argument="report",
            ),
            "ML",
        ),
        Section(
            Text("Review", "Revisão"),
            (
                Line(
                    "review",
                    Text(
                        "Review with SWE lead: metrics, decision logic",
                        "Revisão com o SWE lead: métricas, lógica da decisão",
                    ),
                    kind="manual",
                    sensor="after_decision",
                ),
            ),
            time="review",
            owner="SWE",
            source="000",
        ),
        Section(
            Text("Parse results", "Interpretar resultados"),
            (
                Line(
                    "parse",
                    Text("Validate the six gates", "Validar os 6 gates"),
                    kind="sensed_look",
                    sensor="gates_read",
                    owner="ML",
                ),
                Line(
                    "escalate",
                    Text(
                        "Escalate to CTO: GO / PARTIAL-GO / NO-GO decision",
                        "Escalar ao CTO: decisão GO / PARTIAL-GO / NO-GO",
                    ),
                    kind="manual",
                    sensor="after_decision",
                ),
            ),
            time="escalation",
            owner="CTO",
            source="000",
        ),
    ),
)

OUTPUTS = Checklist(
    "outputs",
    Text("Expected outputs of the revalidation", "Saídas esperadas da revalidação"),
    (
        Section(
            Text("Expected outputs", "Saídas esperadas"),
            (
                Line(
                    "result_json",
                    Text(
                        "{reports}/revalidation_result.json created",
                        "{reports}/revalidation_result.json criado",
                    ),
                    sensor="output",
                    argument="result_json",
                ),
                Line(
                    "result_md",
                    Text(
                        "{reports}/revalidation_result.md created", "{reports}/revalidation_result.md criado"
                    ),
                    sensor="output",
                    argument="result_md",
                ),
                Line(
                    "decision",
                    Text("Decision: GO / PARTIAL-GO / NO-GO", "Decisão: GO / PARTIAL-GO / NO-GO"),
                    sensor="decided",
                ),
            ),
            time="revalidation",
            owner="ML",
            source="000",
        ),
        Section(
            Text("Report output", "Saída do relatório"),
            (
                Line(
                    "decision_json",
                    Text("{reports}/DATE_decision.json created", "{reports}/DATA_decision.json criado"),
                    sensor="output",
                    argument="decision_json",
                ),
                Line(
                    "metrics_csv",
                    Text("{reports}/DATE_metrics.csv created", "{reports}/DATA_metrics.csv criado"),
                    sensor="output",
                    argument="metrics_csv",
                ),
            ),
            time="revalidation",
            owner="ML Lead",
            source="001",
        ),
    ),
)


def _deliver(name: str, text: Text) -> Line:
    return Line(name, text, kind="sensed_look", sensor="deliverable", argument=name)


ESCALATION = Checklist(
    "escalation",
    Text("Escalation to the CTO", "Escalação ao CTO"),
    (
        Section(
            Text("Deliver to the CTO", "Entregar ao CTO"),
            (
                _deliver(
                    "decision_document",
                    Text(
                        "Decision document (GO / PARTIAL-GO / NO-GO)",
                        "Documento de decisão (GO / PARTIAL-GO / NO-GO)",
                    ),
                ),
                _deliver("gates", Text("6 gates metrics", "Métricas dos 6 gates")),
                _deliver("training_summary", Text("Training logs summary", "Resumo dos logs de treino")),
                _deliver(
                    "backtest_report",
                    Text("Revalidation backtest report", "Relatório do backtest de revalidação"),
                ),
                _deliver(
                    "recommendation",
                    Text(
                        "Recommendation (deploy / tune / retrain)", "Recomendação (deploy / tune / retrain)"
                    ),
                ),
            ),
            time="cto",
            owner="ML Lead",
            source="001",
        ),
    ),
)


def _phase(name: str, text: Text, owner: str) -> Line:
    return Line(name, text, sensor="signed", argument=name, owner=owner)


SIGN_OFF = Checklist(
    "sign_off",
    Text("Sign-off", "Assinaturas"),
    (
        Section(
            Text("Sign-off", "Assinaturas"),
            (
                _phase("pre_training", Text("Pre-Training Setup", "Preparação do treino"), "ML"),
                _phase("daily_monitoring", Text("Daily Monitoring", "Monitoramento diário"), "ML"),
                _phase("revalidation", Text("Revalidation Execution", "Execução da revalidação"), "ML"),
                _phase("cto_decision", Text("CTO Decision", "Decisão do CTO"), "CTO"),
                _phase(
                    "live_deployment", Text("Live Deployment (if GO)", "Deploy em produção (se GO)"), "SWE"
                ),
            ),
            time="approval",
            owner="ML",
            source="000",
        ),
    ),
)
