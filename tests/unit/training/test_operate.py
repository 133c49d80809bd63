"""What an operator can do with the training: what is offered, what a start asks, what stands on record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from core.checklist.model import ChecklistResult, ItemResult
from core.config.settings import Operator
from core.errors import RejectedError, UnreadableError, UsageError
from core.process import ProcessIdentity
from core.store.database import Store
from core.store.operator import identify_operator
from core.training import control, operate, plan
from core.training.archive import old_run_files
from core.training.operate import end, launch, look
from core.training.plan import TrainRequest
from core.training.runfile import RunRecord, write_run
from core.workspace import Workspace

WriteModel = Callable[..., Path]
IDENTITY = ProcessIdentity(4711, 1.0, "boot", "nonce", "gone-host")


@pytest.fixture
def store(workspace: Workspace) -> Iterator[Store]:
    with Store(workspace.store, identify_operator(Operator())) as opened:
        yield opened


@pytest.fixture(autouse=True)
def candles(workspace: Workspace) -> None:
    (workspace.train_data / "OGNUSDT_4h.parquet").touch()


@pytest.fixture
def record(make_record: Callable[..., RunRecord]) -> Callable[..., RunRecord]:
    return partial(make_record, nonce="nonce")


def judged(state: str = "pass") -> ChecklistResult:
    item = ItemResult(id="preflight.disk", text="Disk", kind="sensed", on_fail="block", state=state)  # type: ignore[arg-type]
    status = "BLOCKED" if state == "fail" else "READY"
    return ChecklistResult(name="preflight", title="Pre-training", status=status, items=(item,))  # type: ignore[arg-type]


def test_without_a_run_a_start_is_offered(workspace: Workspace, now: datetime) -> None:
    assert look(workspace, now).offers == ("start",)


def test_an_ended_run_can_be_resumed_or_moved_away(
    record: Any, workspace: Workspace, now: datetime, write_model: WriteModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_run(workspace.logs, record(ended_at="2026-02-23T15:00:00Z", outcome="stopped"))
    there = look(workspace, now)
    assert there.offers == ("fresh",) and "cannot be resumed" in there.notes[0]
    write_model(workspace.checkpoints, "ppo_4096_steps", role="checkpoint", timesteps=4096)
    other = look(workspace, now)
    assert other.offers == ("fresh",), "it would be refused once everything else was asked"
    assert "It cannot be resumed: it was trained on other observations: expected" in other.notes[0]
    monkeypatch.setattr(plan, "difference", lambda got, names: None)
    there = look(workspace, now)
    assert there.offers == ("resume", "fresh") and there.checkpoint == 4096


def test_a_live_run_can_only_be_stopped(
    record: Any, workspace: Workspace, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_run(workspace.logs, record(pid=4711, host="here"))
    monkeypatch.setattr(operate, "process_state", lambda identity: "alive")
    assert look(workspace, now).offers == ("stop", "force")


def test_a_run_on_another_host_is_left_alone_while_its_files_change(
    record: Any, workspace: Workspace
) -> None:
    write_run(workspace.logs, record(pid=4711, host="gone-host", boot_id="other"))
    written = datetime.fromtimestamp((workspace.logs / "run.json").stat().st_mtime).astimezone()
    there = look(workspace, written + timedelta(minutes=1))
    assert there.offers == () and "cannot be seen from here" in there.notes[0]
    assert look(workspace, written + timedelta(hours=3)).offers == ("fresh",)


@pytest.mark.parametrize("name", ["progress.csv", "0.monitor.csv", "PPO_1/events.out.tfevents.1.x"])
def test_another_trainers_run_is_not_mixed_with_and_not_moved_while_it_is_written(
    workspace: Workspace, name: str
) -> None:
    path = workspace.logs / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("time/total_timesteps,train/loss\n2048,0.5\n")
    written = datetime.fromtimestamp(path.stat().st_mtime).astimezone()
    assert old_run_files(workspace) == [path]
    there = look(workspace, written + timedelta(minutes=1))
    assert there.offers == () and "another trainer may be at work" in there.notes[0]
    assert look(workspace, written + timedelta(minutes=11)).offers == ("fresh",)


def test_a_blocked_start_needs_a_reason_which_is_recorded(
    record: Any, workspace: Workspace, store: Store, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def started(*given: object, before: Callable[[RunRecord], object], **named: object) -> ProcessIdentity:
        before(record())
        return IDENTITY

    monkeypatch.setattr(operate, "start_training", started)
    with pytest.raises(RejectedError, match="BLOCKED"):
        launch(workspace, store, TrainRequest(), judged("fail"), now, say=print)
    assert store.entries() == []
    launch(workspace, store, TrainRequest(tag="x", override="a drill"), judged("fail"), now, say=print)
    override, looked, start = sorted(store.entries(), key=lambda entry: entry.number)
    assert (looked.kind, looked.subject) == ("preflight", "BLOCKED")
    assert override.kind == "override" and override.detail["reason"] == "a drill"
    assert start.kind == "training_start" and start.detail["tag"] == "x" and start.subject == "run-1"


def test_a_start_is_on_record_before_anything_runs_or_moves(
    record: Any, workspace: Workspace, store: Store, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A console that is killed in between leaves an entry without a deed, never a deed without an entry."""

    class Killed(BaseException): ...

    def killed(*given: object, **named: object) -> None:
        raise Killed

    write_run(workspace.logs, record(ended_at="2026-02-23T15:00:00Z", outcome="stopped"))
    monkeypatch.setattr(operate, "archive_run", killed)
    with pytest.raises(Killed):
        launch(workspace, store, TrainRequest(), judged(), now, fresh=True, say=print)
    assert [entry.kind for entry in store.entries("run_archive")] == ["run_archive"]
    (workspace.logs / "run.json").unlink()
    monkeypatch.setattr(control, "_launch", killed)
    with pytest.raises(Killed):
        launch(workspace, store, TrainRequest(tag="x"), judged(), now, say=print)
    (start,) = store.entries("training_start")
    assert start.detail["tag"] == "x" and not store.entries("training_failed")

    def refused(*given: object) -> None:
        raise UnreadableError("the disk is full")

    monkeypatch.setattr(control, "_launch", refused)
    with pytest.raises(UnreadableError):
        launch(workspace, store, TrainRequest(), judged(), now, say=print)
    (failed,) = store.entries("training_failed")
    assert failed.detail["failed"] == "the disk is full" and len(store.entries("training_start")) == 2


def test_nothing_is_moved_for_a_start_that_cannot_be(
    record: Any, workspace: Workspace, store: Store, now: datetime
) -> None:
    write_run(workspace.logs, record(ended_at="2026-02-23T15:00:00Z", outcome="stopped"))
    (workspace.train_data / "OGNUSDT_4h.parquet").unlink()
    with pytest.raises(UsageError, match="holds no candles"):
        launch(workspace, store, TrainRequest(), judged(), now, fresh=True, say=print)
    assert (workspace.logs / "run.json").is_file() and not workspace.archive.exists()


def test_a_stop_is_on_record_before_it_is_waited_for(
    workspace: Workspace, store: Store, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def stopped(*given: object, **named: object) -> str:
        seen.append(len(store.entries("training_stop")))
        return "stopped"

    monkeypatch.setattr(operate, "running_trainer", lambda workspace: IDENTITY)
    monkeypatch.setattr(operate, "stop_training", stopped)
    said: list[str] = []
    assert end(workspace, store, now, say=said.append) == "stopped"
    assert seen == [1] and said == ["asking process 4711 to save and end"]


def test_another_training_than_the_one_asked_about_goes_on(
    workspace: Workspace, store: Store, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The dialog stood open while one run ended and the next began."""
    monkeypatch.setattr(operate, "running_trainer", lambda given: IDENTITY)
    monkeypatch.setattr(operate, "stop_training", lambda *given, **named: pytest.fail("it was stopped"))
    with pytest.raises(UsageError, match="another training runs by now"):
        end(workspace, store, now, expected=ProcessIdentity(4712, 1.0, "boot", "other", "h"), say=print)
    assert not store.entries("training_stop")


def test_without_a_training_a_stop_says_so(workspace: Workspace, store: Store, now: datetime) -> None:
    with pytest.raises(UsageError, match="no training is running"):
        end(workspace, store, now, say=print)
    assert store.entries() == []
