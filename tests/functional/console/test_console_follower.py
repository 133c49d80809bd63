"""From a line in a file to a snapshot, an alert, its acknowledgement: real files, store and threads."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from console.messages import SnapshotArrived, WorkDone, WorkFailed
from console.session import ConsoleSession
from core.clock import iso, utc_now
from core.errors import UsageError
from core.workspace import Workspace

HEADER = "timestep,policy_loss,value_loss,entropy,approx_kl,clip_fraction\n"


class Mail:
    """Takes messages as the app does, and says at once that it handles them."""

    def __init__(self, session: ConsoleSession) -> None:
        self.session = session
        self.messages: list[Any] = []

    def __call__(self, message: Any) -> None:
        self.messages.append(message)
        self.session.mailbox.received(type(message))

    def of(self, kind: type) -> list[Any]:
        return [message for message in self.messages if isinstance(message, kind)]


def eventually(condition: Callable[[], Any], seconds: float = 60) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.02)
    raise AssertionError("it did not happen")


def write_run(logs: Path) -> None:
    run = {
        "id": "r1",
        "tag": "t",
        "total_timesteps": 500_000,
        "started_at": iso(utc_now() - timedelta(minutes=5)),
    }
    (logs / "run.json").write_text(json.dumps(run))


def append(logs: Path, step: int, kl: float) -> None:
    path = logs / "training_metrics.csv"
    if not path.exists():
        path.write_text(HEADER)
    with path.open("a") as stream:
        stream.write(f"{step},-0.01,0.2,1.5,{kl},0.1\n")


@pytest.fixture
def opened(workspace: Workspace) -> Iterator[tuple[ConsoleSession, Mail]]:
    session = ConsoleSession(workspace, None)
    mail = Mail(session)
    session.attach(mail)
    yield session, mail
    session.close()


def test_an_appended_row_arrives_without_asking(opened: Any, workspace: Workspace) -> None:
    session, mail = opened
    write_run(workspace.logs)
    append(workspace.logs, 2048, 0.008)
    eventually(lambda: session.snapshot and session.snapshot.run.timestep == 2048)
    before = session.snapshot.revision
    append(workspace.logs, 4096, 0.007)
    eventually(lambda: session.snapshot.run.timestep == 4096 and session.snapshot.revision > before)
    assert mail.of(SnapshotArrived)


def test_a_quiet_run_posts_nothing(opened: Any, workspace: Workspace) -> None:
    session, mail = opened
    write_run(workspace.logs)
    append(workspace.logs, 2048, 0.008)
    eventually(lambda: session.snapshot and session.snapshot.run.timestep == 2048)
    time.sleep(1.2)
    count = len(mail.of(SnapshotArrived))
    time.sleep(2.5)
    assert len(mail.of(SnapshotArrived)) - count <= 1, "only the host's figures may come in between"


def test_a_log_that_changes_is_told_so_that_the_logs_screen_looks(opened: Any, workspace: Workspace) -> None:
    session, mail = opened
    training, alerts, daily = session.logs
    (workspace.logs / "training.log").write_text("2026-02-23 14:00:00 [INFO] Starting PPO training...\nhalf")
    (workspace.logs / "alerts.log").write_text("one\n")
    eventually(lambda: training.changes and alerts.changes)
    before, told = alerts.changes, len(mail.of(SnapshotArrived))
    with (workspace.logs / "alerts.log").open("a") as stream:
        stream.write("two\n")
    eventually(lambda: alerts.changes > before)
    eventually(lambda: len(mail.of(SnapshotArrived)) > told)
    assert (training.changes, daily.changes) == (1, 0)


def test_an_alert_fires_is_acknowledged_and_stays_so_for_the_next_console(
    opened: Any, workspace: Workspace
) -> None:
    session, mail = opened
    write_run(workspace.logs)
    append(workspace.logs, 2048, 0.2)
    alert = eventually(
        lambda: (
            next((a for a in session.snapshot.alerts if a.rule == "kl_spike" and a.firing), None)
            if session.snapshot
            else None
        )
    )
    assert (alert.rule, alert.severity, alert.acknowledged_by) == ("kl_spike", "critical", None)

    session.acknowledge(alert.key, "")
    refused = eventually(lambda: mail.of(WorkFailed))[0]
    assert isinstance(refused.error, UsageError) and refused.asked

    session.acknowledge(alert.key, "lowering the rate")
    eventually(lambda: mail.of(WorkDone))
    owned = eventually(lambda: next((a for a in session.snapshot.alerts if a.acknowledged_by), None))
    assert owned.note == "lowering the rate"
    assert "kl_spike" in (workspace.logs / "alerts.log").read_text()

    other = ConsoleSession(workspace, None)
    other.attach(Mail(other))
    try:
        again = eventually(lambda: next(iter(other.snapshot.alerts), None) if other.snapshot else None)
        assert again.acknowledged_by == owned.acknowledged_by and again.note == "lowering the rate"
    finally:
        other.close()


def test_a_tick_of_one_console_reaches_the_other(opened: Any, workspace: Workspace) -> None:
    session, _mail = opened
    other = ConsoleSession(workspace, None)
    other.attach(Mail(other))
    try:
        eventually(lambda: session.snapshot and other.snapshot)
        session.evaluate_checklists()
        other.evaluate_checklists()
        eventually(lambda: session.checklists.daily and other.checklists.daily)
        manual = next(item for item in session.checklists.daily.items if item.kind == "manual")
        session.tick(manual.id)

        def ticked(of: ConsoleSession) -> str | None:
            return next(item.ticked_by for item in of.checklists.daily.items if item.id == manual.id)

        assert eventually(lambda: ticked(session))
        assert eventually(lambda: ticked(other)) == ticked(session)
    finally:
        other.close()


def test_a_folder_that_comes_later_is_followed_then(workspace: Workspace) -> None:
    workspace.logs.rmdir()
    session = ConsoleSession(workspace, None)
    session.attach(Mail(session))
    try:
        eventually(lambda: session.snapshot)
        assert session.snapshot.health.status == "ABSENT" and session.snapshot.problem
        workspace.logs.mkdir()
        write_run(workspace.logs)
        append(workspace.logs, 2048, 0.008)
        eventually(lambda: session.snapshot.run.timestep == 2048)
        assert session.snapshot.problem is None
    finally:
        session.close()


def test_without_a_workspace_a_foreign_run_is_read_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "progress.csv").write_text(
        "time/total_timesteps,train/approx_kl,rollout/ep_rew_mean\n2048,0.2,1\n"
    )
    session = ConsoleSession(None, tmp_path)
    mail = Mail(session)
    session.attach(mail)
    try:
        eventually(lambda: session.snapshot and session.snapshot.alerts)
        assert "kl_spike" in {alert.rule for alert in session.snapshot.alerts}
        session.acknowledge(session.snapshot.alerts[0].key, "note")
        session.evaluate_checklists()
        session.fill_standup()
        eventually(lambda: mail.of(WorkFailed) and session.checklists.problem and session.standup.problem)
        assert [path.name for path in tmp_path.iterdir()] == ["progress.csv"]
        assert session.can_revalidate() is not None
    finally:
        session.close()


def test_closing_does_not_wait_for_a_busy_thread(workspace: Workspace) -> None:
    session = ConsoleSession(workspace, None)
    session.attach(Mail(session))
    session.clerk.submit(lambda: time.sleep(30))
    began = time.monotonic()
    session.close()
    assert time.monotonic() - began < 5


def test_the_follower_outlives_what_nobody_foresaw_and_says_it_once(
    opened: Any, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, mail = opened
    write_run(workspace.logs)
    append(workspace.logs, 2048, 0.008)
    eventually(lambda: session.snapshot and session.snapshot.run.timestep == 2048)

    def broken(*_arguments: Any) -> Any:
        raise RuntimeError("boom\x1b[2J")

    with monkeypatch.context() as patch:
        patch.setattr("core.telemetry.health.assess", broken)
        append(workspace.logs, 4096, 0.008)
        failure = eventually(lambda: mail.of(WorkFailed))[0]
        assert "boom" in failure.error.title and "\x1b" not in failure.error.title and not failure.asked
        time.sleep(2.2)
        assert len(mail.of(WorkFailed)) == 1
    append(workspace.logs, 6144, 0.008)
    eventually(lambda: session.snapshot.run.timestep == 6144)


def test_alerts_that_cannot_be_judged_do_not_hide_the_run(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: Any) -> Any:
        raise RuntimeError("boom")

    monkeypatch.setattr("core.alerts.engine.AlertEngine.update", broken)
    session = ConsoleSession(workspace, None)
    mail = Mail(session)
    session.attach(mail)
    try:
        write_run(workspace.logs)
        append(workspace.logs, 2048, 0.008)
        eventually(lambda: session.snapshot and session.snapshot.run.timestep == 2048)
        failed = eventually(lambda: mail.of(WorkFailed))[0]
        assert "alerts could not be judged" in failed.error.title
        eventually(lambda: "alerts could not be judged" in (session.snapshot.unjudged or ""))
        monkeypatch.undo()
        append(workspace.logs, 4096, 0.008)
        eventually(lambda: session.snapshot.unjudged is None and session.snapshot.run.timestep == 4096)
    finally:
        session.close()


def test_a_long_history_is_read_without_waiting_for_the_clock(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each look reads one piece here, and the next one that the clock would bring comes in a minute."""
    monkeypatch.setattr("console.follower.BUDGET", 0.0)
    monkeypatch.setattr("console.follower.PUBLISH_EVERY", 0.0)
    monkeypatch.setattr("console.wakes.LOOK_EVERY", 60.0)
    rows = "".join(f"{64 * row},{row % 97}.5,0.00812345,0.31234567,2.1\n" for row in range(1, 80_000))
    dashboard = workspace.logs / "convergence_dashboard.csv"
    dashboard.write_text(f"timestep,reward,kl_divergence,value_loss,policy_entropy\n{rows}")
    session = ConsoleSession(workspace, None)
    session.attach(Mail(session))
    try:
        first = eventually(lambda: session.snapshot)
        assert first.run.timestep == 64 * 79_999
        eventually(lambda: session.snapshot.run.series["reward"].rows == 79_999)
        eventually(lambda: session.snapshot.judged)
    finally:
        session.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_denied_folder_is_said_and_following_goes_on(opened: Any, workspace: Workspace) -> None:
    session, mail = opened
    write_run(workspace.logs)
    append(workspace.logs, 2048, 0.01)
    session.go_on()
    eventually(lambda: session.snapshot and session.snapshot.run.timestep == 2048)
    workspace.logs.chmod(0)
    try:
        eventually(lambda: any(source.trouble for source in session.snapshot.run.sources))
        assert not mail.of(WorkFailed)
    finally:
        workspace.logs.chmod(0o755)


def test_freed_memory_goes_back_while_it_follows(
    opened: Any, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else resident memory grows for days though nothing is held."""
    released: list[bool] = []
    monkeypatch.setattr("console.follower.RELEASE_EVERY", 0.0)
    monkeypatch.setattr("core.heap.release", lambda: released.append(True))
    session, _ = opened
    session.go_on()
    append(workspace.logs, 2048, 0.01)
    eventually(lambda: released)
