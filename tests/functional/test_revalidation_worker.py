"""The child process of a revalidation: same numbers, same errors, gone when it should be gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import psutil
import pytest

from core.config.settings import Settings
from core.errors import CancelledError, ConsoleError, RejectedError, UnreadableError, UsageError
from core.market.synthetic import synthetic_universe, write_universe
from core.models.artifacts import write_artifacts
from core.models.manifest import Manifest, Normalisation, Statistics
from core.models.weights import Weights
from core.revalidation import worker
from core.revalidation.pipeline import Progress, RevalidationRequest, revalidate
from core.revalidation.wire import (
    ErrorMessage,
    decode_message,
    decode_request,
    encode_message,
    encode_request,
    error_from,
    error_message,
)
from core.revalidation.worker import run_in_child
from core.trading.observation import OBSERVATION_NAMES
from core.workspace import init_workspace

NOW = datetime(2026, 2, 27, 16, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def request_(tmp_path_factory: pytest.TempPathFactory) -> RevalidationRequest:
    """An untrained model on 3 symbols of 700 candles."""
    folder = tmp_path_factory.mktemp("worker")
    write_universe(synthetic_universe(seed=5, symbols=3, candles=700, edge=0.0), folder / "data")
    random = np.random.default_rng(1)
    size = len(OBSERVATION_NAMES)

    def layer(out: int, into: int) -> tuple[np.ndarray, np.ndarray]:
        return random.normal(size=(out, into)).astype(np.float32), np.zeros(out, np.float32)

    statistics = Statistics(
        enabled=True, mean=(0.0,) * size, var=(1.0,) * size, count=1.0, clip=10.0, epsilon=1e-8
    )
    model = write_artifacts(
        folder / "model",
        manifest=Manifest(
            name="best_model",
            role="best",
            run_id="r",
            timesteps=1,
            updates=1,
            created_at="2026-02-27T00:00:00Z",
            files={},
            feature_names=OBSERVATION_NAMES,
            net_arch=(8,),
            activation="tanh",
            n_actions=5,
        ),
        zip_bytes=b"PK\x05\x06" + bytes(18),
        weights=Weights((layer(8, size),), layer(5, 8), "tanh"),
        normalisation=Normalisation(
            names=OBSERVATION_NAMES,
            observations=statistics,
            rewards=msgspec.structs.replace(statistics, mean=(0.0,), var=(1.0,)),
            gamma=0.99,
        ),
    )
    return RevalidationRequest(
        model_path=model,
        data_dir=folder / "data",
        episodes=10,
        policy="manual",
        save_report=True,
        reports_dir=folder / "reports",
        settings=Settings(),
        config_hash=None,
        audit_head=None,
        judged_before=0,
        now=NOW,
    )


@pytest.fixture
def endless(request_: RevalidationRequest, tmp_path: Path) -> Iterator[RevalidationRequest]:
    """A backtest of many seconds."""
    write_universe(synthetic_universe(seed=5, symbols=2, candles=60_000, edge=0.0), tmp_path / "long")
    yield replace(request_, data_dir=tmp_path / "long", episodes=1, reports_dir=tmp_path / "reports")


def children() -> list[psutil.Process]:
    return [
        child
        for child in psutil.Process().children(recursive=True)
        if child.status() != psutil.STATUS_ZOMBIE and worker.CHILD in " ".join(child.cmdline())
    ]


def test_a_request_crosses_the_pipe_unchanged(request_: RevalidationRequest) -> None:
    line = encode_request(request_)
    assert line.count(b"\n") == 1
    assert decode_request(line) == request_


@pytest.mark.parametrize("kind", [ConsoleError, UsageError, UnreadableError, RejectedError, CancelledError])
def test_an_error_keeps_its_class_text_and_exit_code(kind: type[ConsoleError]) -> None:
    class Finer(kind):  # type: ignore[valid-type,misc]
        """A subclass of a package: the parent knows its nearest ancestor."""

    for raised in (kind("what [/red] \x1b]0;x\x07", hint="do"), Finer("what [/red] \x1b]0;x\x07", hint="do")):
        message = decode_message(encode_message(error_message(raised)))
        assert isinstance(message, ErrorMessage)
        back = error_from(message)
        assert type(back) is kind and back.exit_code == raised.exit_code
        assert back.hint == "do" and "\x1b" not in back.title and "[/red]" in back.title


@pytest.mark.slow
def test_the_child_gives_the_numbers_of_the_pipeline(request_: RevalidationRequest) -> None:
    seen: list[Progress] = []
    here = revalidate(replace(request_, save_report=False), lambda _: None, lambda: False)
    there = run_in_child(request_, seen.append, threading.Event())
    assert msgspec.structs.replace(there, reports=(), seconds=0.0) == msgspec.structs.replace(
        here, seconds=0.0
    )
    assert {progress.step for progress in seen} == {1, 2, 3, 4, 5}
    assert len(there.reports) == 6 and all(Path(path).is_file() for path in there.reports)
    assert not children()


@pytest.mark.slow
def test_a_missing_model_comes_back_as_usage(request_: RevalidationRequest, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no model at") as caught:
        run_in_child(replace(request_, model_path=tmp_path / "none"), lambda _: None, threading.Event())
    assert caught.value.exit_code == 2 and caught.value.hint


@pytest.mark.slow
def test_cancel_ends_within_half_a_second_and_writes_nothing(endless: RevalidationRequest) -> None:
    cancelled = threading.Event()
    asked: list[float] = []

    def on_progress(progress: Progress) -> None:
        if progress.step == 3 and progress.done > 20 and not asked:
            asked.append(time.monotonic())
            cancelled.set()

    with pytest.raises(CancelledError):
        run_in_child(endless, on_progress, cancelled)
    assert asked and worker._GRACE <= 0.3 and time.monotonic() - asked[0] < 30, "alone it runs for ever"
    assert not children()
    assert endless.reports_dir is not None and not endless.reports_dir.exists()


@pytest.mark.slow
def test_cancel_before_the_child_can_listen_ends_within_half_a_second(endless: RevalidationRequest) -> None:
    """While it still imports torch."""
    cancelled = threading.Event()
    cancelled.set()
    began = time.monotonic()
    with pytest.raises(CancelledError):
        run_in_child(endless, lambda _: None, cancelled)
    assert worker._GRACE <= 0.3 and time.monotonic() - began < 30
    assert not children()


@pytest.mark.slow
def test_a_child_that_is_killed_is_told_as_such(endless: RevalidationRequest) -> None:
    def on_progress(progress: Progress) -> None:
        if progress.step == 3:
            for child in children():
                child.kill()

    with pytest.raises(ConsoleError, match="killed by signal 9"):
        run_in_child(endless, on_progress, threading.Event())


@pytest.mark.slow
def test_the_child_dies_with_a_parent_that_is_killed(endless: RevalidationRequest, tmp_path: Path) -> None:
    line = tmp_path / "request.json"
    line.write_bytes(encode_request(endless))
    program = textwrap.dedent(
        f"""
        import threading
        from pathlib import Path
        from core.revalidation.wire import decode_request
        from core.revalidation.worker import run_in_child
        request = decode_request(Path({str(line)!r}).read_bytes())
        run_in_child(request, lambda progress: print(progress.step, flush=True), threading.Event())
        """
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=Path(worker.__file__).parents[2]
    )
    assert parent.stdout is not None
    for said in parent.stdout:
        if said.strip() == b"3":
            break
    (child,) = psutil.Process(parent.pid).children(recursive=True)
    assert child.nice() == 10
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    gone, alive = psutil.wait_procs([child], timeout=60)
    for left in alive:
        left.kill()
    assert gone and not alive


@pytest.mark.slow
def test_a_folder_named_core_where_one_stands_is_not_run(
    request_: RevalidationRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "__init__.py").write_text("raise SystemExit('hijacked')")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="no model at"):
        run_in_child(replace(request_, model_path=tmp_path / "none"), lambda _: None, threading.Event())


def test_a_child_that_cannot_start_is_an_error_with_its_last_words(
    request_: RevalidationRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "CHILD", "core.revalidation.nowhere")
    with pytest.raises(ConsoleError, match=r"ended with exit code 1.*No module named"):
        run_in_child(request_, lambda _: None, threading.Event())


def test_a_child_that_the_system_refuses_is_one_clear_error(
    request_: RevalidationRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(UnreadableError, match="could not be started: /nowhere/python: No such file"):
        run_in_child(request_, lambda _: None, threading.Event())


def test_an_interrupt_while_waiting_leaves_no_child(request_: RevalidationRequest) -> None:
    def on_progress(progress: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_in_child(request_, on_progress, threading.Event())
    assert not children()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_cancels_the_command_which_says_so(endless: RevalidationRequest, number: int) -> None:
    """Exit 130, no traceback, no report, and no child that goes on."""
    workspace = init_workspace(endless.data_dir.parent / "workspace")
    paths = ["--model-path", str(endless.model_path), "--backtest-data-dir", str(endless.data_dir)]
    command = subprocess.Popen(
        [sys.executable, "-m", "console", "revalidate", "--workspace", str(workspace.root), *paths],
        cwd=workspace.root,
        env={**os.environ, "PYTHONPATH": str(Path(worker.__file__).parents[2])},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert command.stderr is not None
    said = [command.stderr.readline()]
    child = psutil.Process(command.pid).children()
    command.send_signal(number)
    answer, rest = command.communicate(timeout=60)
    assert command.returncode == 130 and answer == ""
    assert rest.splitlines()[-1] == "cancelled: nothing was decided, no report was written"
    assert said[0].startswith("[1/5]") and len(child) == 1 and not child[0].is_running()
    assert not list(workspace.reports.glob("*.json"))
