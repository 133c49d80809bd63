"""The runbook: the documents' ten scenarios, what the console senses, what is likely, what is recorded."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.alerts.rule import default_rules
from core.errors import UsageError
from core.operations.escalation import PATHS, escalation_path, guide
from core.operations.runbook import scenario, scenarios
from core.operations.runbook_context import Context, Sensed
from core.operations.runbook_deeds import do_deed
from core.operations.runbook_hints import rank_causes
from core.operations.runbook_record import journal_path, take_step
from core.operations.runbook_scenarios import DOCUMENTED
from core.operations.runbook_sense import sense, sense_scenario
from core.store.database import Store
from core.store.operator import OperatorIdentity
from core.telemetry.health import Health
from core.telemetry.model import Checkpoint, Run, RunInfo, Series, Source
from core.workspace import Workspace, init_workspace

NOW = datetime(2026, 2, 24, 14, 0, tzinfo=UTC)


@dataclass
class Desk:
    """A workspace with a run and a store."""

    workspace: Workspace
    store: Store
    run: Run
    health: Health

    @property
    def context(self) -> Context:
        return Context(self.workspace, self.workspace.settings, self.run, self.health, NOW)

    def metric(self, name: str, *values: float, begin: int = 150_000) -> None:
        series = self.run.series[name] = Series(name)
        for index, value in enumerate(values):
            series.append(begin + 2048.0 * index, value, NOW.timestamp() + index - len(values))

    def log(self) -> list[str]:
        return (self.workspace.logs / "alerts.log").read_text().splitlines()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    workspace = init_workspace(tmp_path / "w")
    info = RunInfo(
        "run-1", workspace.logs, tag="F12", symbols=("OGNUSDT",), mode="paper", total_timesteps=500_000
    )
    with Store(workspace.store, OperatorIdentity("ada", "ML Engineer", "host", "")) as store:
        yield Desk(workspace, store, Run(info), Health("RUNNING", "steps advance"))


# The data


def test_the_documents_ten_scenarios_are_there() -> None:
    assert len(DOCUMENTED) == 10
    assert sum("checklist" in each.source for each in DOCUMENTED) == 5
    assert sum("manual" in each.source for each in DOCUMENTED) == 5


@pytest.mark.parametrize("name", scenarios())
def test_a_scenario_is_whole(name: str) -> None:
    found = scenario(name)
    assert found.title and found.symptoms and found.causes and found.steps and found.source
    ids = [step.id for step in found.steps]
    assert len(ids) == len(set(ids))
    assert found.escalation in ("", *PATHS)
    assert any(step.sense is not None for step in found.steps), "the console can check something"
    for step in found.steps:
        assert step.line and step.kind in ("ISSUE", "CHECK", "PERFORMANCE")
    for rule in found.rules:
        assert default_rules()[rule].runbook == name


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("flat_reward", "[ISSUE] Flat reward, investigating its components"),
        ("kl_explosion", "[ISSUE] KL spike, lowering the learning rate"),
        ("training_hung", "[ISSUE] Training hung, restarted"),
        ("metrics_not_logged", "[ISSUE] Metrics not logged, checking the writer"),
        ("not_converging", "[CHECK] Training in its initial phase, monitoring"),
    ],
)
def test_the_manuals_journal_lines_are_there(name: str, words: str) -> None:
    assert words in {f"[{step.kind}] {step.line}" for step in scenario(name).steps}


def test_a_scenario_is_found_by_its_rule_and_a_near_miss_is_named() -> None:
    assert scenario("kl_high").id == "kl_spike"
    with pytest.raises(UsageError) as caught:
        scenario("kl_spyke")
    assert "kl_spike" in caught.value.hint
    with pytest.raises(UsageError, match="has no step 99"):
        scenario("kl_spike").step("99")
    assert scenario("kl_spike").step("1").id == "kl"


# What the console senses


def test_every_sensor_answers_on_an_empty_workspace(desk: Desk) -> None:
    for each in scenarios().values():
        for step in each.steps:
            if step.sense is not None:
                found = sense(step.sense, desk.context)
                assert found.text and found.state in ("ok", "bad", "unknown")


def test_a_kl_that_is_no_number_now_is_not_judged_by_the_one_before(desk: Desk) -> None:
    desk.metric("approx_kl", 0.008, 0.009)
    assert sense("kl", desk.context).state == "ok"
    desk.metric("approx_kl", 0.008, math.nan)
    found = sense("kl", desk.context)
    assert found.state == "bad" and "its last number was 0.008" in found.text


def test_log_tail_and_process(desk: Desk) -> None:
    desk.run.log_tail = ["2026 [INFO] Step 1/2", "Traceback (most recent call last)", "ValueError: nan"]
    desk.run.process = "gone"
    found = sense("log", desk.context)
    assert found.state == "bad" and found.lines[-1] == "ValueError: nan"
    assert sense("process", desk.context).state == "bad"
    desk.run.process = "alive"
    assert sense("process", desk.context).state == "ok"


def test_checkpoints_and_tensorboard(desk: Desk) -> None:
    desk.run.checkpoints = [Checkpoint(Path("ppo_1.zip"), 1, NOW - timedelta(hours=13))]
    assert sense("checkpoints", desk.context).state == "bad"
    desk.run.checkpoints = [Checkpoint(Path("ppo_1.zip"), 1, NOW - timedelta(hours=1))]
    assert sense("checkpoints", desk.context).state == "ok"
    assert sense("tensorboard", desk.context).state == "bad"
    (desk.workspace.logs / "tensorboard").mkdir()
    desk.run.sources = [Source(desk.workspace.logs / "tensorboard", "tensorboard", rows=5)]
    assert sense("tensorboard", desk.context).state == "ok"


def test_hyperparameters_of_the_run_not_of_the_file(desk: Desk) -> None:
    silent = sense("hyperparameters", desk.context)
    assert silent.state == "unknown" and silent.text == "the run recorded no hyperparameters"
    assert silent.lines == ("config.toml's hyperparameters are the approved ones",)

    def used(**values: float) -> Sensed:
        desk.run.info = msgspec.structs.replace(desk.run.info, hyperparameters=values)
        return sense("hyperparameters", desk.context)

    assert used(learning_rate=3e-4).state == "ok"
    one = used(learning_rate=1e-3, gamma=0.99)
    assert (one.state, one.text) == (
        "bad",
        "not as approved: the run's learning_rate = 0.001, approved 0.0003",
    )
    two = used(learning_rate=1e-3, gamma=0.9)
    assert two.text == "not as approved: the run's learning_rate, gamma" and len(two.lines) == 2


def test_of_a_foreign_run_the_configuration_says_nothing(desk: Desk) -> None:
    foreign = replace(desk.context, workspace=None)
    for sensor in ("hyperparameters", "reward_weights", "reward_import"):
        found = sense(sensor, foreign)
        assert found.state == "unknown" and not found.lines, sensor
    own = sense("reward_weights", desk.context)
    assert own.state == "unknown" and own.lines[0].startswith("config.toml: r_pnl × 1")
    desk.run.info = msgspec.structs.replace(desk.run.info, hyperparameters={"gamma": 0.99})
    assert sense("reward_weights", desk.context).text.startswith("config.toml: r_pnl × 1")


def test_losses_and_trend(desk: Desk) -> None:
    desk.metric("value_loss", 1.0, math.nan)
    desk.metric("reward", *[float(index) for index in range(40)])
    assert "value_loss" in sense("losses", desk.context).text
    assert "INCREASING" in sense("reward_trend", desk.context).text


def test_gates_without_a_revalidation_are_unknown(desk: Desk) -> None:
    assert sense("gates", desk.context).state == "unknown"
    (desk.workspace.reports / "revalidation_result.json").write_text("{")
    assert sense("gates", desk.context).state == "unknown"


# What is likely


def ranked(desk: Desk, name: str = "kl_spike") -> list[str]:
    return [each.cause.id for each in rank_causes(scenario(name), desk.context)]


def test_much_clipping_speaks_for_the_learning_rate(desk: Desk) -> None:
    desk.metric("approx_kl", *[0.15] * 5)
    desk.metric("clip_fraction", *[0.45] * 5)
    desk.metric("explained_variance", *[0.8] * 5)
    first = rank_causes(scenario("kl_spike"), desk.context)[0]
    assert first.cause.id == "learning_rate" and first.score == 3.0
    assert any("clip_fraction 0.45" in why for why in first.evidence)


def test_little_clipping_and_a_blind_value_function_speak_for_an_outlier(desk: Desk) -> None:
    desk.metric("approx_kl", *[0.01] * 5, 0.3)
    desk.metric("clip_fraction", *[0.05] * 6)
    desk.metric("explained_variance", *[-0.4] * 6)
    assert ranked(desk)[0] == "outlier" and ranked(desk)[-1] == "learning_rate"


def test_without_the_metrics_the_documents_order_stands(desk: Desk) -> None:
    assert ranked(desk) == [each.id for each in scenario("kl_spike").causes]
    assert all(not each.evidence for each in rank_causes(scenario("kl_spike"), desk.context))


def test_entropy_tells_a_saturated_policy_from_a_blind_reward(desk: Desk) -> None:
    desk.metric("entropy", *[0.05] * 5)
    desk.metric("approx_kl", *[0.0005] * 5)
    assert ranked(desk, "flat_reward")[0] == "saturated"
    desk.metric("entropy", *[1.3] * 5)
    desk.metric("approx_kl", *[0.01] * 5)
    assert ranked(desk, "flat_reward")[0] == "reward_components"


def test_what_was_sensed_counts(desk: Desk) -> None:
    hung = scenario("training_hung")
    desk.run.process = "gone"
    sensed = sense_scenario(hung, desk.context)
    assert rank_causes(hung, desk.context, sensed)[0].cause.id == "silent_crash"


def test_a_process_that_is_alive_and_writes_is_not_said_to_be_deadlocked(desk: Desk) -> None:
    hung = scenario("training_hung")
    alive = Sensed("ok", "Process 7 is alive, last step 0 s ago")

    def evidence(log_age: Sensed) -> tuple[str, tuple[str, ...]]:
        found = rank_causes(hung, desk.context, {"process": alive, "log_age": log_age})
        return found[0].cause.id, next(each.evidence for each in found if each.cause.id == "deadlock")

    first, words = evidence(Sensed("bad", "last written 2h00m ago"))
    assert first == "deadlock" and words[0].endswith("alive without progress")
    first, words = evidence(Sensed("ok", "last written 0 s ago"))
    assert first != "deadlock" and words == ("alive, and last written 0 s ago",)


@pytest.mark.parametrize(
    ("process", "reason"),
    [
        ("alive", "Process 7 is alive, last step 0 s ago."),
        ("unseen", "Rows arrive, the last 2 s ago; the process cannot be seen from here."),
    ],
)
def test_the_process_is_told_once(desk: Desk, process: Any, reason: str) -> None:
    desk.run.process, desk.run.info = process, msgspec.structs.replace(desk.run.info, pid=7)
    desk.health = Health("RUNNING", reason)
    assert sense("process", desk.context).text == reason.rstrip(".")


# What is recorded


def test_a_step_taken_stands_in_store_audit_and_journal(desk: Desk) -> None:
    step = scenario("flat_reward").step("weights")
    journal = journal_path(desk.workspace, desk.run)
    taken = take_step(
        desk.store,
        desk.run,
        "flat_reward",
        step,
        NOW,
        journal=journal,
        note="r_pnl only",
        occasion="run-1/flat/1",
    )
    line = (
        "2026-02-24 14:00:00 [ISSUE] Flat reward, investigating its components: r_pnl only (ada, flat_reward)"
    )
    assert desk.log() == [line] == [taken.line]
    assert desk.store.steps_taken("run-1") == [taken]
    (entry,) = desk.store.entries("step")
    assert entry.subject == "flat_reward/weights" and entry.detail["occasion"] == "run-1/flat/1"


def test_a_foreign_folder_gets_no_journal(desk: Desk, tmp_path: Path) -> None:
    foreign = Run(RunInfo("f", tmp_path / "elsewhere"))
    assert journal_path(desk.workspace, foreign) is None
    take_step(desk.store, foreign, "kl_spike", scenario("kl_spike").step("kl"), NOW, journal=None)
    assert not (tmp_path / "elsewhere").exists() and len(desk.store.steps_taken("f")) == 1


def test_nothing_is_done_unconfirmed(desk: Desk) -> None:
    (desk.workspace.logs / "training.log").write_text("x\n")
    for deed in ("stop", "force_stop", "backup_logs", "backup_checkpoint"):
        with pytest.raises(UsageError, match="without a confirmation"):
            do_deed(deed, desk.workspace, desk.store, "run-1", NOW, confirmed=False)  # type: ignore[arg-type]
    assert desk.store.entries() == [] and not (desk.workspace.logs / "CRASH_backup.log").exists()


def test_logs_are_backed_up_and_an_earlier_backup_stays(desk: Desk) -> None:
    log = desk.workspace.logs / "training.log"
    log.write_text("first crash\n")
    first = do_deed(
        "backup_logs", desk.workspace, desk.store, "run-1", NOW, confirmed=True, procedure="crash"
    )
    assert (
        first.path == desk.workspace.logs / "CRASH_backup.log" and first.path.read_text() == "first crash\n"
    )
    again = do_deed("backup_logs", desk.workspace, desk.store, "run-1", NOW, confirmed=True)
    assert again.path == first.path, "the same content needs no second copy"
    log.write_text("second crash\n")
    second = do_deed("backup_logs", desk.workspace, desk.store, "run-1", NOW, confirmed=True)
    assert second.path is not None and second.path != first.path
    assert first.path.read_text() == "first crash\n" and second.path.read_text() == "second crash\n"
    assert "[ISSUE] training.log copied to logs/ppo_training/CRASH_backup.log (ada, crash)" in desk.log()[0]
    assert desk.store.entries("step")[0].detail["sha256"]


def test_the_model_is_backed_up(desk: Desk) -> None:
    (desk.workspace.models / "best_model.zip").write_bytes(b"model")
    step = scenario("data_integrity").step("backup_checkpoint")
    done = do_deed(
        "backup_checkpoint",
        desk.workspace,
        desk.store,
        "run-1",
        NOW,
        confirmed=True,
        procedure="data",
        step=step,
    )
    assert (
        done.path == desk.workspace.models / "backup_before_bad_data.zip"
        and done.path.read_bytes() == b"model"
    )


def test_what_cannot_be_done_says_so_and_is_recorded(desk: Desk) -> None:
    with pytest.raises(UsageError, match="nothing to back up"):
        do_deed("backup_logs", desk.workspace, desk.store, "run-1", NOW, confirmed=True)
    with pytest.raises(UsageError, match="no training is running"):
        do_deed("stop", desk.workspace, desk.store, "run-1", NOW, confirmed=True)
    assert [entry.subject for entry in desk.store.entries("deed")] == ["backup_logs", "stop"]
    assert [entry.subject for entry in desk.store.entries("deed_begun")] == ["backup_logs", "stop"]


# Escalation


def test_the_manuals_three_paths() -> None:
    assert PATHS["crash"].people == ("ML Engineer", "ML Lead", "SWE Lead")
    assert PATHS["performance"].people == ("ML Engineer", "ML Lead")
    assert PATHS["data"].people == ("ML Engineer", "SWE Lead")
    assert [step.deed for step in PATHS["crash"].steps[:2]] == ["stop", "backup_logs"]
    assert [step.deed for step in PATHS["data"].steps if step.deed] == ["stop", "backup_checkpoint"]
    assert any("[PERFORMANCE]" in f"[{step.kind}]" for step in PATHS["performance"].steps)
    with pytest.raises(UsageError) as caught:
        escalation_path("crush")
    assert "crash" in caught.value.hint


def test_a_guide_is_filled_from_the_run_and_remembers_what_was_done(desk: Desk) -> None:
    desk.metric("reward", 10.0, 12.34)
    desk.metric("approx_kl", 0.01, 0.2)
    desk.run.log_tail = ["Traceback (most recent call last)", "ValueError: boom"]
    desk.health = Health("CRASHED", "A traceback ends it.")
    path = PATHS["crash"]
    first = guide("crash", desk.context, desk.store.steps_taken("run-1"))
    assert first.next_step is path.steps[0]
    for words in (
        "Critical crash in RL training loop: F12",
        "CRASHED",
        "12.34",
        "0.2000",
        "ValueError: boom",
    ):
        assert words in first.message
    assert "Do not restart" in first.message
    take_step(desk.store, desk.run, "crash", path.step("log"), NOW, journal=None, note="CUDA driver")
    take_step(desk.store, desk.run, "data", PATHS["data"].step("stop"), NOW, journal=None)
    after = guide("crash", desk.context, desk.store.steps_taken("run-1"), look=False)
    done = [each.step.id for each in after.steps if each.taken is not None]
    assert done == ["log"] and "log (ada) CUDA driver" in after.message


def test_the_message_says_only_what_is_known(desk: Desk) -> None:
    found = guide("data", desk.context, [], look=False).message
    assert "Data integrity issue detected: F12" in found and "Reward:     –" in found and "nan" not in found
