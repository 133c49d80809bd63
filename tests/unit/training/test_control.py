from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from unittest import mock

import msgspec
import pytest

from core.checklist.model import ChecklistResult, ItemResult
from core.errors import ConsoleError, RejectedError, UnreadableError, UsageError
from core.process import NONCE_VARIABLE, ProcessIdentity, identify
from core.training import control, plan, trainer
from core.training.archive import archive_run
from core.training.control import TrainRequest, running_trainer, start_training, stop_training
from core.training.guard import start_lock
from core.training.runfile import RunRecord, read_run, write_run
from core.workspace import Workspace

WriteModel = Callable[..., Path]

SLEEP = "import time; time.sleep(60)"
NAMES = ("return", "volatility", "position")
"""What the models of `write_model` observe."""
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)"


@pytest.fixture(autouse=True)
def observed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "OBSERVATION_NAMES", NAMES)


@pytest.fixture
def process() -> Iterator[Callable[..., ProcessIdentity]]:
    children: list[subprocess.Popen[bytes]] = []

    def start(code: str = SLEEP, nonce: str = "nonce") -> ProcessIdentity:
        child = subprocess.Popen(
            [sys.executable, "-S", "-c", code],
            env={**os.environ, NONCE_VARIABLE: nonce},
            stdout=subprocess.PIPE,
        )
        children.append(child)
        if code == DEAF:
            assert child.stdout is not None
            child.stdout.readline()
        return identify(child.pid, nonce)

    yield start
    for child in children:
        child.kill()
        child.communicate()


def record_of(identity: ProcessIdentity, **changes: object) -> RunRecord:
    record = RunRecord(
        id="run-1",
        mode="paper",
        total_timesteps=500_000,
        seed=0,
        hyperparameters={},
        started_at="2026-02-23T14:00:00Z",
        pid=identity.pid,
        process_started=identity.started,
        boot_id=identity.boot_id,
        nonce=identity.nonce,
        host=identity.host,
        lanes=16,
        torch_threads=1,
        net_arch=(64, 64),
    )
    return msgspec.structs.replace(record, **changes)


@pytest.fixture(autouse=True)
def candles(workspace: Workspace) -> None:
    """Files that are there by name; nothing here reads them."""
    for symbol in ("OGNUSDT", "ADAUSDT"):
        (workspace.train_data / f"{symbol}_4h.parquet").touch()


@pytest.fixture
def never_launches() -> Iterator[mock.Mock]:
    with mock.patch.object(control, "_launch") as launch:
        yield launch


def test_a_second_start_is_refused_and_names_the_process(
    workspace: Workspace, now: datetime, process: Callable[..., ProcessIdentity], never_launches: mock.Mock
) -> None:
    identity = process()
    write_run(workspace.logs, record_of(identity))
    for request in (TrainRequest(), TrainRequest(resume=True)):
        with pytest.raises(RejectedError, match=f"process {identity.pid}"):
            start_training(workspace, request, now)
    with pytest.raises(RejectedError, match=f"process {identity.pid}"):
        archive_run(workspace, now)
    never_launches.assert_not_called()
    assert running_trainer(workspace) == identity


def test_a_start_waits_for_another_one_only_so_long_and_then_names_it(
    workspace: Workspace, now: datetime, never_launches: mock.Mock
) -> None:
    with (
        start_lock(workspace, "the archiving of a run", now),
        pytest.raises(
            RejectedError, match=f"^the archiving of a run by process {os.getpid()} on .* since 20"
        ),
        start_lock(workspace, "the start of a training", now, patience=0.0),
    ):
        never_launches.assert_called()  # never reached
    start_training(workspace, TrainRequest(), now)
    never_launches.assert_called_once()


def test_a_lock_whose_holder_left_no_name_is_another_process(workspace: Workspace, now: datetime) -> None:
    with start_lock(workspace, "the start of a training", now):
        (workspace.store.parent / "training.lock").write_text("")
        with (
            pytest.raises(RejectedError, match=r"^another process has held .*training\.lock"),
            start_lock(workspace, "the start of a training", now, patience=0.0),
        ):
            pass


def test_a_stranger_under_the_trainers_pid_is_no_trainer(
    workspace: Workspace, process: Callable[..., ProcessIdentity]
) -> None:
    stranger = process(nonce="theirs")
    write_run(workspace.logs, record_of(msgspec.structs.replace(stranger, nonce="ours")))
    assert running_trainer(workspace) is None


@pytest.mark.parametrize("mode", ["live", "Live", "demo"])
def test_only_paper_mode_starts(
    workspace: Workspace, now: datetime, mode: str, never_launches: mock.Mock
) -> None:
    with pytest.raises(UsageError) as caught:
        start_training(workspace, TrainRequest(mode=mode), now)
    assert caught.value.exit_code == 2
    never_launches.assert_not_called()


@pytest.mark.parametrize("request_", [TrainRequest(timesteps=0), TrainRequest(seed=-1)])
def test_values_out_of_range_are_refused(
    workspace: Workspace, now: datetime, request_: TrainRequest, never_launches: mock.Mock
) -> None:
    with pytest.raises(UsageError, match="expected"):
        start_training(workspace, request_, now)


def test_a_run_on_another_host_counts_as_live_while_its_files_change(
    workspace: Workspace, now: datetime, process: Callable[..., ProcessIdentity], never_launches: mock.Mock
) -> None:
    write_run(workspace.logs, record_of(msgspec.structs.replace(process(), host="elsewhere")))
    written = (workspace.logs / "run.json").stat().st_mtime
    just_now = datetime.fromtimestamp(written + 60, now.tzinfo)
    with pytest.raises(RejectedError, match="on elsewhere"):
        archive_run(workspace, just_now)
    later = just_now + timedelta(seconds=workspace.settings.health.stalled_after)
    assert archive_run(workspace, later) is not None


def test_blocked_refuses_and_an_override_is_on_record(
    workspace: Workspace, now: datetime, never_launches: mock.Mock
) -> None:
    item = ItemResult(
        id="preflight.data",
        text="Training data",
        kind="sensed",
        on_fail="block",
        state="fail",
        message="none",
    )
    blocked = ChecklistResult(name="preflight", title="", status="BLOCKED", items=(item,))
    with pytest.raises(RejectedError, match="Training data: none"):
        start_training(workspace, TrainRequest(), now, preflight=blocked)
    never_launches.assert_not_called()
    start_training(workspace, TrainRequest(override="CTO agreed"), now, preflight=blocked)
    record: RunRecord = never_launches.call_args.args[1]
    assert (record.preflight, record.override) == ("BLOCKED", "CTO agreed")


def test_a_new_run_takes_its_facts_from_request_and_configuration(
    workspace: Workspace, now: datetime, never_launches: mock.Mock
) -> None:
    request = TrainRequest(
        symbols=("OGNUSDT",), timesteps=20_000, tag="F12-phase4-final", timestamp=True, seed=7
    )
    start_training(workspace, request, now)
    record: RunRecord = never_launches.call_args.args[1]
    assert record.tag == "F12-phase4-final_20260223T140000Z"
    assert record.id.startswith("20260223T140000Z-F12-phase4-final-")
    assert record.symbols == ("OGNUSDT",)
    assert (record.total_timesteps, record.seed, record.mode) == (20_000, 7, "paper")
    assert record.hyperparameters["total_timesteps"] == 20_000
    assert record.hyperparameters["learning_rate"] == 3e-4
    assert never_launches.call_args.args[2].ppo.total_timesteps == 20_000
    assert len(record.nonce) == 32 and record.config_hash == workspace.config_hash()


def test_data_that_are_not_there_are_told_before_anything_is_written(
    workspace: Workspace, now: datetime, never_launches: mock.Mock
) -> None:
    with pytest.raises(UsageError, match="no candles of OGNUSD; it holds ADAUSDT, OGNUSDT"):
        start_training(workspace, TrainRequest(symbols=("OGNUSD",)), now)
    for path in workspace.train_data.iterdir():
        path.unlink()
    with pytest.raises(UsageError, match="holds no candles") as caught:
        start_training(workspace, TrainRequest(), now)
    assert "data split" in caught.value.hint
    never_launches.assert_not_called()
    assert list(workspace.logs.iterdir()) == []


def test_a_tag_cannot_leave_the_folder(
    workspace: Workspace, now: datetime, never_launches: mock.Mock
) -> None:
    start_training(workspace, TrainRequest(tag="../../etc/\x1b[31m/.."), now)
    record: RunRecord = never_launches.call_args.args[1]
    assert "/" not in record.id and "\x1b" not in str(record.tag) and ".." not in record.id


def test_a_new_run_needs_empty_folders(
    workspace: Workspace, now: datetime, never_launches: mock.Mock, write_model: WriteModel
) -> None:
    for make in (
        lambda: (workspace.logs / "training.log").write_text("x"),
        lambda: write_model(workspace.models),
        lambda: write_model(workspace.checkpoints, "ppo_2048_steps", role="checkpoint"),
    ):
        make()
        with pytest.raises(UsageError, match="earlier run") as caught:
            start_training(workspace, TrainRequest(), now)
        assert "--resume" in caught.value.hint and "--fresh" in caught.value.hint
        assert archive_run(workspace, now) is not None
    start_training(workspace, TrainRequest(), now)
    never_launches.assert_called_once()


def test_an_empty_alerts_log_does_not_hinder_a_start(
    workspace: Workspace, now: datetime, never_launches: mock.Mock
) -> None:
    (workspace.logs / "alerts.log").touch()
    start_training(workspace, TrainRequest(), now)
    never_launches.assert_called_once()


def ended(workspace: Workspace, process: Callable[..., ProcessIdentity]) -> RunRecord:
    record = record_of(process(), ended_at="2026-02-23T15:00:00Z", outcome="stopped", symbols=("A", "B"))
    write_run(workspace.logs, record)
    return record


def test_a_resume_continues_from_the_newest_whole_checkpoint_of_this_run(
    workspace: Workspace,
    now: datetime,
    process: Callable[..., ProcessIdentity],
    never_launches: mock.Mock,
    write_model: WriteModel,
) -> None:
    ended(workspace, process)
    for steps in (50_000, 100_000, 150_000):
        write_model(workspace.checkpoints, f"ppo_{steps}_steps", role="checkpoint", timesteps=steps)
    write_model(
        workspace.checkpoints, "ppo_200000_steps", role="checkpoint", timesteps=200_000, run_id="other"
    )
    with (workspace.checkpoints / "ppo_150000_steps.policy.npz").open("ab") as stream:
        stream.write(b"x")
    start_training(workspace, TrainRequest(resume=True), now)
    record: RunRecord = never_launches.call_args.args[1]
    assert never_launches.call_args.args[3] == workspace.checkpoints / "ppo_100000_steps.zip"
    assert (record.id, record.timestep, record.total_timesteps) == ("run-1", 100_000, 500_000)
    assert record.ended_at is None and record.outcome is None
    assert record.started_at == "2026-02-23T14:00:00Z", "the run began when it began"
    assert record.nonce != "nonce"
    assert record.resumes[0].timestep == 100_000


def test_a_run_of_other_observations_is_not_resumed(
    workspace: Workspace,
    now: datetime,
    process: Callable[..., ProcessIdentity],
    never_launches: mock.Mock,
    write_model: WriteModel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Refused before anything is started, naming what the run never saw."""
    ended(workspace, process)
    write_model(workspace.checkpoints, "ppo_2048_steps", role="checkpoint", timesteps=2048)
    monkeypatch.setattr(plan, "OBSERVATION_NAMES", (*NAMES, "order_block_bullish"))
    with pytest.raises(UnreadableError, match="got 3: it lacks order_block_bullish") as caught:
        start_training(workspace, TrainRequest(resume=True), now)
    assert "--fresh" in caught.value.hint
    never_launches.assert_not_called()


def test_a_resume_says_which_hyperparameters_changed(
    workspace: Workspace,
    now: datetime,
    process: Callable[..., ProcessIdentity],
    never_launches: mock.Mock,
    write_model: WriteModel,
) -> None:
    """The manual's way out of exploding KL: restart with a lower learning rate."""
    before = ended(workspace, process)
    ppo = msgspec.structs.asdict(workspace.settings.ppo)
    write_run(workspace.logs, msgspec.structs.replace(before, hyperparameters={**ppo, "learning_rate": 1e-3}))
    write_model(workspace.checkpoints, "ppo_2048_steps", role="checkpoint", timesteps=2048)
    start_training(workspace, TrainRequest(resume=True), now)
    record: RunRecord = never_launches.call_args.args[1]
    assert record.resumes[0].changes == ("learning_rate 0.001 -> 0.0003",)
    assert record.hyperparameters["learning_rate"] == 3e-4


def test_what_cannot_be_resumed_says_why(
    workspace: Workspace,
    now: datetime,
    process: Callable[..., ProcessIdentity],
    never_launches: mock.Mock,
    write_model: WriteModel,
) -> None:
    with pytest.raises(UsageError, match=r"holds no run\.json"):
        start_training(workspace, TrainRequest(resume=True), now)
    ended(workspace, process)
    with pytest.raises(UsageError, match="no whole checkpoint"):
        start_training(workspace, TrainRequest(resume=True), now)
    write_model(workspace.checkpoints, "ppo_500000_steps", role="checkpoint", timesteps=500_000)
    with pytest.raises(UsageError, match="nothing is left"):
        start_training(workspace, TrainRequest(resume=True), now)
    with pytest.raises(UsageError, match="keeps to that"):
        start_training(workspace, TrainRequest(resume=True, symbols=("C",), timesteps=600_000), now)
    never_launches.assert_not_called()
    start_training(workspace, TrainRequest(resume=True, timesteps=600_000), now)
    assert never_launches.call_args.args[1].total_timesteps == 600_000


def test_a_malformed_run_file_is_named_and_fresh_gets_past_it(workspace: Workspace, now: datetime) -> None:
    (workspace.logs / "run.json").write_text("{")
    with pytest.raises(UnreadableError, match="malformed"):
        start_training(workspace, TrainRequest(), now)
    moved = archive_run(workspace, now)
    assert moved is not None and (moved / "run.json").read_text() == "{"


def test_stop_asks_and_waits(
    workspace: Workspace, now: datetime, process: Callable[..., ProcessIdentity]
) -> None:
    with pytest.raises(UsageError, match="no training is running"):
        stop_training(workspace)
    record = record_of(process())
    write_run(workspace.logs, record)
    assert stop_training(workspace, timeout=60) == "unrecorded", "it went without a word, as on a full disk"
    assert running_trainer(workspace) is None


def test_a_stop_is_clean_where_the_trainer_wrote_its_end(
    workspace: Workspace, process: Callable[..., ProcessIdentity], monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(identity: ProcessIdentity, timeout: float) -> bool:
        write_run(workspace.logs, after[0])
        return True

    monkeypatch.setattr(control, "_wait_gone", gone)
    monkeypatch.setattr(control, "signal_process", lambda *_: None)
    record = record_of(process())
    for outcome, said in (("stopped", "stopped"), ("finished", "stopped"), ("crashed", "unrecorded")):
        write_run(workspace.logs, record)
        after = [msgspec.structs.replace(record, ended_at="2026-02-23T15:00:00Z", outcome=outcome)]
        assert stop_training(workspace) == said


def test_a_second_signal_that_comes_while_the_first_is_taken_is_ignored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Stop(Event):
        times = 0

        def set(self) -> None:
            self.times += 1
            if self.times < 10:
                signal.raise_signal(signal.SIGUSR1)
            super().set()

    monkeypatch.setattr(trainer, "END_SIGNALS", (signal.SIGUSR1,))
    before = signal.getsignal(signal.SIGUSR1)
    try:
        stop = Stop()
        trainer.end_on_signals(stop)
        signal.raise_signal(signal.SIGUSR1)
        assert stop.is_set() and stop.times == 1
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_stop_says_when_it_does_not_end_and_force_kills(
    workspace: Workspace, now: datetime, process: Callable[..., ProcessIdentity]
) -> None:
    write_run(workspace.logs, record_of(process(DEAF)))
    with pytest.raises(UnreadableError, match="still running") as caught:
        stop_training(workspace, timeout=0.2)
    assert "--force" in caught.value.hint
    assert stop_training(workspace, force=True, timeout=0.2) == "killed"


def test_a_start_that_cannot_be_recorded_leaves_no_process(workspace: Workspace, now: datetime) -> None:
    started: list[int] = []
    real = control.identify

    def remember(pid: int, nonce: str) -> ProcessIdentity:
        started.append(pid)
        return real(pid, nonce)

    with (
        mock.patch.object(control, "identify", remember),
        mock.patch.object(control, "write_run", side_effect=UnreadableError("disk full")),
        pytest.raises(ConsoleError, match="disk full"),
    ):
        start_training(workspace, TrainRequest(), now)
    end = time.monotonic() + 60
    while control._children and time.monotonic() < end:
        control._reap()
        time.sleep(0.01)
    assert started and not control._children
    assert read_run(workspace.logs) is None
