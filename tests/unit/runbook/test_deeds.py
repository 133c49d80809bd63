"""A step taken and a deed done: confirmed, recorded, and no earlier backup lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.errors import UsageError
from core.runbook.deeds import do_deed
from core.runbook.record import journal_path, take_step
from core.runbook.scenario import scenario
from core.telemetry.model import Run, RunInfo


def test_a_step_taken_stands_in_store_audit_and_journal(desk: Any) -> None:
    step = scenario("flat_reward").step("weights")
    journal = journal_path(desk.workspace, desk.run)
    taken = take_step(
        desk.store,
        desk.run,
        "flat_reward",
        step,
        desk.now,
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


def test_a_foreign_folder_gets_no_journal(desk: Any, tmp_path: Path) -> None:
    foreign = Run(RunInfo("f", tmp_path / "elsewhere"))
    assert journal_path(desk.workspace, foreign) is None
    take_step(desk.store, foreign, "kl_spike", scenario("kl_spike").step("kl"), desk.now, journal=None)
    assert not (tmp_path / "elsewhere").exists() and len(desk.store.steps_taken("f")) == 1


def test_nothing_is_done_unconfirmed(desk: Any) -> None:
    (desk.workspace.logs / "training.log").write_text("x\n")
    for deed in ("stop", "force_stop", "backup_logs", "backup_checkpoint"):
        with pytest.raises(UsageError, match="without a confirmation"):
            do_deed(deed, desk.workspace, desk.store, "run-1", desk.now, confirmed=False)  # type: ignore[arg-type]
    assert desk.store.entries() == [] and not (desk.workspace.logs / "CRASH_backup.log").exists()


def test_logs_are_backed_up_and_an_earlier_backup_stays(desk: Any) -> None:
    log = desk.workspace.logs / "training.log"
    log.write_text("first crash\n")
    first = do_deed(
        "backup_logs", desk.workspace, desk.store, "run-1", desk.now, confirmed=True, procedure="crash"
    )
    assert (
        first.path == desk.workspace.logs / "CRASH_backup.log" and first.path.read_text() == "first crash\n"
    )
    again = do_deed("backup_logs", desk.workspace, desk.store, "run-1", desk.now, confirmed=True)
    assert again.path == first.path, "the same content needs no second copy"
    log.write_text("second crash\n")
    second = do_deed("backup_logs", desk.workspace, desk.store, "run-1", desk.now, confirmed=True)
    assert second.path is not None and second.path != first.path
    assert first.path.read_text() == "first crash\n" and second.path.read_text() == "second crash\n"
    assert "[ISSUE] training.log copied to logs/ppo_training/CRASH_backup.log (ada, crash)" in desk.log()[0]
    assert desk.store.entries("step")[0].detail["sha256"]


def test_the_model_is_backed_up(desk: Any) -> None:
    (desk.workspace.models / "best_model.zip").write_bytes(b"model")
    step = scenario("data_integrity").step("backup_checkpoint")
    done = do_deed(
        "backup_checkpoint",
        desk.workspace,
        desk.store,
        "run-1",
        desk.now,
        confirmed=True,
        procedure="data",
        step=step,
    )
    assert (
        done.path == desk.workspace.models / "backup_before_bad_data.zip"
        and done.path.read_bytes() == b"model"
    )


def test_what_cannot_be_done_says_so_and_is_recorded(desk: Any) -> None:
    with pytest.raises(UsageError, match="nothing to back up"):
        do_deed("backup_logs", desk.workspace, desk.store, "run-1", desk.now, confirmed=True)
    with pytest.raises(UsageError, match="no training is running"):
        do_deed("stop", desk.workspace, desk.store, "run-1", desk.now, confirmed=True)
    assert [entry.subject for entry in desk.store.entries("deed")] == ["backup_logs", "stop"]
    assert [entry.subject for entry in desk.store.entries("deed_begun")] == ["backup_logs", "stop"]
