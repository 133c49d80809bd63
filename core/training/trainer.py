"""The training process: `python -m core.training.trainer --request FILE`.

Started by `core.training.control` and by nothing else. Traps avoided: a SIGTERM that tears a file (a flag is
set, the step ends, everything is saved), and an end without a word: an exception stands in `training.log` and
in `run.json` before the process goes.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path
from threading import Event

import msgspec

from core.child import ROOT
from core.clock import iso, utc_now
from core.errors import ConsoleError
from core.files import sweep_leftovers
from core.models.manifest import Selection
from core.process import NONCE_VARIABLE
from core.training import writers
from core.training.control import END_SIGNALS, TrainerRequest
from core.training.runfile import Outcome, RunRecord, read_run, write_run
from core.workspace import Workspace

_RECORD_WAIT = 30.0
"""Seconds until `run.json` must name this process."""


def main(arguments: list[str]) -> int:
    """Train as the request says; 0 after a clean end, else the error's exit code."""
    faulthandler.enable()
    stop = Event()
    end_on_signals(stop)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, END_SIGNALS)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    if len(arguments) != 2 or arguments[0] != "--request":
        sys.stderr.write("usage: python -m core.training.trainer --request FILE\n")
        return 2
    request = msgspec.json.decode(Path(arguments[1]).read_bytes(), type=TrainerRequest)
    workspace = Workspace(Path(request.workspace), request.settings)
    record = _own_record(workspace, request.nonce)
    if record is None:
        sys.stderr.write("run.json does not name this process: it was started by nobody\n")
        return 2
    log = writers.LogWriter(workspace.logs / writers.TRAINING_LOG)
    try:
        _train(workspace, record, request, log, stop)
    except ConsoleError as error:
        with contextlib.suppress(OSError):
            log.write(f"{error.title}{f' - {error.hint}' if error.hint else ''}", utc_now(), "ERROR")
        _end(workspace, "crashed")
        return error.exit_code
    except BaseException:  # noqa: BLE001 - whatever it was, it must stand in the log and in run.json
        text = traceback.format_exc()
        with contextlib.suppress(OSError):
            sys.stderr.write(text)
        with contextlib.suppress(OSError):
            log.traceback(text, utc_now())
        _end(workspace, "crashed")
        return 1
    return 0


def end_on_signals(stop: Event) -> None:
    """The first of `END_SIGNALS` sets `stop`; a second one, which could come while it is being set and then
    wait for itself for ever, is ignored."""

    def asked(*_: object) -> None:
        for number in END_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        stop.set()

    for number in END_SIGNALS:
        signal.signal(number, asked)


def _train(
    workspace: Workspace, record: RunRecord, request: TrainerRequest, log: writers.LogWriter, stop: Event
) -> None:
    from core.models.artifacts import finish_interrupted, verify
    from core.trading.features import market_features
    from core.training.build import build_model, connect_logger, load_data
    from core.training.callbacks import callback_for, log_writer_for
    from core.training.events import event_writer
    from core.training.export import restore
    from core.training.saver import ModelSaver, program_versions
    from core.training.session import TrainingSession, Validation

    settings = request.settings
    log.write("Starting PPO training...", utc_now())
    _introduce(record, log)
    for folder in (workspace.checkpoints, workspace.models, workspace.logs):
        finish_interrupted(folder)
        sweep_leftovers(folder, 0.0, now=time.time())  # nobody else writes here
    (workspace.logs / writers.ALERTS_LOG).touch()

    earlier = record.data
    shown = workspace.relative(workspace.train_data)
    data = load_data(workspace.train_data, shown, settings, record.symbols, utc_now())
    for warning in data.record.warnings:
        log.write(f"Data: {warning}", utc_now(), "WARNING")
    if earlier is not None and earlier.hash != data.record.hash:
        log.write("Data: the candles are not those the run was started on", utc_now(), "WARNING")

    if stop.is_set():
        log.write("Training stopped before its first step", utc_now())
        _end(workspace, "stopped")
        return

    # A resumed run draws other episodes and actions than the ones it has already learnt from.
    model, normaliser = build_model(data.train, settings, (record.seed + record.timestep) % 2**32)
    if request.checkpoint is not None:
        restore(model, normaliser, verify(Path(request.checkpoint)))
    record = msgspec.structs.replace(
        record,
        symbols=data.train.symbols,
        data=data.record,
        versions=program_versions(),
        git_commit=_git_commit(),
        torch_threads=_torch_threads(),
    )
    write_run(workspace.logs, record)
    session = TrainingSession(
        workspace,
        settings,
        record,
        model,
        ModelSaver(workspace, model, normaliser),
        Validation(data.validation, market_features(data.validation)),
        log=log,
        clock=utc_now,
        stop=stop,
        best=_best_so_far(workspace, record),
    )
    tensorboard = workspace.logs / writers.TENSORBOARD_FOLDER
    events = event_writer(tensorboard, lambda text: session.say(text, "WARNING"))
    connect_logger(model, tensorboard, log_writer_for(session), events)
    session.say("Model initialized")
    session.say("Training loop started")
    left = record.total_timesteps - record.timestep
    try:
        if not stop.is_set():
            model.learn(left, callback=callback_for(session), reset_num_timesteps=False)
    except BaseException:
        with contextlib.suppress(Exception):
            session.crashed()
        raise
    session.finish("finished" if model.num_timesteps >= record.total_timesteps else "stopped")
    model.logger.close()


def _introduce(record: RunRecord, log: writers.LogWriter) -> None:
    """Who starts what: the run, an override, a resume."""
    now = utc_now()
    log.write(f"Run {record.id}, process {record.pid}, seed {record.seed}", now)
    if record.override:
        log.write(f"Preflight {record.preflight or 'not run'}, overridden: {record.override}", now, "WARNING")
    if record.resumes:
        log.write(f"Resumed from {record.resumes[-1].checkpoint} at step {record.timestep}", now)
        for change in record.resumes[-1].changes:
            log.write(f"Hyperparameter changed: {change}", now, "WARNING")


def _own_record(workspace: Workspace, nonce: str) -> RunRecord | None:
    """`run.json` once it names this process: the starter writes it after it knows the process' start time."""
    if os.environ.get(NONCE_VARIABLE) != nonce:
        return None
    end = time.monotonic() + _RECORD_WAIT
    while time.monotonic() < end:
        record = read_run(workspace.logs)
        if record is not None and record.nonce == nonce:
            return record
        time.sleep(0.02)
    return None


def _best_so_far(workspace: Workspace, record: RunRecord) -> Selection | None:
    from core.models.artifacts import verify
    from core.training.saver import BEST

    if not record.resumes:
        return None
    try:
        manifest = verify(workspace.models / BEST).manifest
    except ConsoleError:
        return None
    return manifest.selection if manifest.run_id == record.id else None


def _end(workspace: Workspace, outcome: Outcome) -> None:
    with contextlib.suppress(ConsoleError):
        record = read_run(workspace.logs)
        if record is not None and record.pid == os.getpid():
            write_run(
                workspace.logs, msgspec.structs.replace(record, ended_at=iso(utc_now()), outcome=outcome)
            )


def _torch_threads() -> int:
    import torch

    return torch.get_num_threads()


def _git_commit() -> str | None:
    """The commit of the program, where it runs from a git work tree."""
    if not (ROOT / ".git").exists():
        return None
    try:
        done = subprocess.run(
            ["git", "-C", str(ROOT), "rev-parse", "HEAD"],
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
