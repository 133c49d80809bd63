"""What cannot be written or judged is said, and the training goes on; at its end it waits for room."""

from __future__ import annotations

import errno
import sys
from pathlib import Path
from typing import Any

import pytest

from core.errors import RejectedError, UnreadableError
from core.training import session as session_module
from core.training.runfile import read_run


@pytest.mark.parametrize(
    "failure",
    [OSError(errno.ENOSPC, "No space left on device"), UnreadableError("full"), RejectedError("nan weights")],
)
def test_what_cannot_be_saved_or_judged_is_said_and_the_training_goes_on(
    stage: Any, failure: Exception
) -> None:
    stage.open()
    stage.saver.fails = failure
    for _ in range(4):
        stage.rollout()
    errors = [line for line in stage.log if line.startswith("[ERROR]")]
    assert any("checkpoint at step 4096" in line for line in errors)
    assert any("evaluation at step 6144" in line for line in errors)
    assert len(stage.rows("convergence_dashboard.csv")) == 4


class FullStream:
    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_ends_no_training_and_its_rows_follow_once_there_is_room(
    stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.training import writers

    stage.open()
    stage.rollout()

    def full(path: Path, lines: object, heading: str = "") -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(writers, "append_lines", full)
        patch.setattr(sys, "stderr", FullStream())  # the process' own output is on the same disk
        for _ in range(2):
            stage.rollout()
    stage.rollout()
    assert [row.split(",")[0] for row in stage.rows("convergence_dashboard.csv")] == [
        "2048",
        "4096",
        "6144",
        "8192",
    ]
    said = [line for line in stage.log if "convergence_dashboard.csv" in line]
    assert said == [
        "[ERROR] convergence_dashboard.csv: it could not be written: No space left on device",
        "[INFO] convergence_dashboard.csv: it is written again",
    ]
    assert sum(line.startswith("[INFO] Step ") for line in stage.log) == 5, (
        "no line of the log is lost either"
    )


def test_rows_that_a_full_disk_left_no_room_for_are_counted_in_the_log(
    stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.training import writers

    def full(path: Path, lines: object, heading: str = "") -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(writers, "MAX_WAITING", 2)
    stage.open()
    with monkeypatch.context() as patch:
        patch.setattr(writers, "append_lines", full)
        patch.setattr(sys, "stderr", FullStream())
        for _ in range(3):
            stage.rollout()
    stage.rollout()
    assert [row.split(",")[0] for row in stage.rows("convergence_dashboard.csv")] == ["6144", "8192"]
    assert (
        "[WARNING] convergence_dashboard.csv: it is written again without 2 rows, for which too many waited"
        in stage.log
    )


def test_a_finished_training_waits_for_room_for_its_last_model(stage: Any) -> None:
    session = stage.open()
    stage.rollout()
    stage.saver.fails = UnreadableError("final_model.zip could not be written")
    stage.saver.fails.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    stage.on_pause = [lambda: None, lambda: setattr(stage.saver, "fails", None)]
    session.finish("finished")
    assert stage.on_pause == [] and stage.saver.saved == ["final"]
    assert sum("] final_model: final_model.zip could not" in line for line in stage.log) == 1
    assert sum("waits for room for final_model; ppo-console stop ends it" in line for line in stage.log) == 1
    record = read_run(stage.workspace.logs)
    assert record is not None and record.outcome == "finished"


def test_a_training_that_is_asked_to_end_waits_for_no_room(stage: Any) -> None:
    session = stage.open()
    stage.rollout()
    stage.saver.fails = OSError(errno.ENOSPC, "No space left on device")
    stage.on_pause = [stage.stop.set]
    session.finish("finished")
    assert stage.on_pause == [] and stage.saver.saved == []
    assert any("final_model is not saved: asked to end before there was room" in line for line in stage.log)
    session.finish("stopped")
    assert any("final_model: it could not be written: No space" in line for line in stage.log)


def test_the_last_rows_of_a_full_disk_follow_once_there_is_room_for_the_last_model(
    stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.training import writers

    session, full = stage.open(), OSError(errno.ENOSPC, "No space left on device")
    stage.rollout()
    patch = monkeypatch.context()
    patched = patch.__enter__()

    def no_room(path: Path, lines: object, heading: str = "") -> None:
        raise full

    patched.setattr(writers, "append_lines", no_room)
    patched.setattr(sys, "stderr", FullStream())
    stage.rollout(approx_kl=0.01)
    stage.saver.fails = full
    stage.on_pause = [lambda: patch.__exit__(None, None, None), lambda: setattr(stage.saver, "fails", None)]
    session.finish("finished")
    assert [row.split(",")[0] for row in stage.rows("convergence_dashboard.csv")] == ["2048", "4096"]
    assert [row.split(",")[0] for row in stage.rows("training_metrics.csv")] == ["2048", "4096"]


def test_a_last_model_that_can_never_be_saved_is_not_waited_for(stage: Any) -> None:
    session = stage.open()
    stage.rollout()
    stage.saver.fails = UnreadableError("the normalisation statistics are not finite")
    session.finish("finished")
    assert any("not finite" in line for line in stage.log)


def test_a_fault_in_a_summary_does_not_end_the_training(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(*_: object) -> None:
        raise KeyError("x")

    session = stage.open()
    monkeypatch.setattr(session_module, "write_daily_summary", fault)
    session.finish("stopped")
    assert any("daily summary: KeyError" in line for line in stage.log)
