"""The part of preflight and preparation that needs heavy imports, done in a child process.

Owns what is looked at there (environment, candle files, baseline, the final model, what a training left
behind, a user's own checks) and the child's life.
Trap avoided: a console that imports pandas, gymnasium or torch to evaluate a checklist; it would hold
hundreds of megabytes from then on. The child prints one JSON line per probe; what a hang or a crash keeps
from being answered is UNKNOWN.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from core.checklist.facts import (
    BackupFacts,
    BaselineFacts,
    DataFacts,
    EnvironmentFacts,
    Facts,
    ModelFacts,
)
from core.checklist.own_checks import Answer, run_own_check
from core.child import be_nice, environment, kill, last_line, python
from core.clock import iso, parse_iso
from core.config.settings import Settings
from core.errors import ConsoleError, UsageError
from core.operations.training_summary import TrainingSummary
from core.text import visible
from core.workspace import Workspace

if TYPE_CHECKING:
    from core.market.model import Universe

PROBE_SECONDS = 60.0
"""For all looks together."""
LOOK_SECONDS = 45.0
"""For one of them; the others go on meanwhile."""
_NEWEST = 1000
"""Candles on which every feature should show itself."""
PREPARATION_PROBES = ("summary", "model", "backup", "backtest", "own")
PREFLIGHT_PROBES = ("environment", "train", "backtest", "baseline", "own")


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What the child is told."""

    root: str
    settings: Settings
    now: str
    wanted: tuple[str, ...]


def run_probe(
    workspace: Workspace,
    now: datetime,
    *,
    seconds: float = PROBE_SECONDS,
    wanted: Sequence[str] = PREFLIGHT_PROBES,
) -> Facts:
    """The facts `wanted`, looked up by a niced child within `seconds`. Never raises."""
    request = Request(
        root=str(workspace.root), settings=workspace.settings, now=iso(now), wanted=tuple(wanted)
    )
    try:
        child = subprocess.Popen(
            python("core.checklist.probe"),
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        return Facts(missing=f"the checking process could not be started: {error.strerror}")
    try:
        out, err = child.communicate(msgspec.json.encode(request), timeout=seconds)
    except subprocess.TimeoutExpired:
        _end(child)
        return _collect(_rest(child), f"no answer within {seconds:g} s")
    finally:
        _end(child)
    if child.returncode == 0:
        return _collect(out, "")
    last = last_line(err, 200)
    ended = f"the checking process ended with {child.returncode}"
    return _collect(out, f"{ended}: {last}" if last else ended)


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kill the child, and what it may have started, if it still runs."""
    if child.poll() is None:
        kill(child)


def _rest(child: subprocess.Popen[bytes]) -> bytes:
    """What a killed child had said; one that cannot die (a dead network folder) is not waited for."""
    try:
        return child.communicate(timeout=1.0)[0]
    except subprocess.TimeoutExpired as late:
        for stream in (child.stdout, child.stderr):
            if stream is not None:
                stream.close()
        return late.output or b""


def _collect(out: bytes, problem: str) -> Facts:
    answers: dict[str, object] = {}
    for line in out.splitlines():
        with contextlib.suppress(msgspec.MsgspecError):
            answers.update(msgspec.json.decode(line, type=dict[str, object]))
    try:
        return msgspec.convert({**answers, "missing": problem or answers.get("missing", "")}, Facts)
    except msgspec.ValidationError as error:
        return Facts(missing=f"the checking process gave a wrong answer: {error}")


def probe_environment() -> EnvironmentFacts:
    """Imports the environment and reads what it is made of."""
    try:
        from core.trading.env import TradingEnv  # noqa: F401
        from core.trading.features import FEATURE_NAMES
        from core.trading.reward import COMPONENT_NAMES
    except Exception as error:  # noqa: BLE001 - whatever the import meets is the answer
        return EnvironmentFacts(error=visible(f"{type(error).__name__}: {error}", 300))
    return EnvironmentFacts(reward_components=tuple(COMPONENT_NAMES), features=tuple(FEATURE_NAMES))


def probe_data(workspace: Workspace, folder: Path, now: datetime) -> DataFacts:
    """The quality report and the universe of one folder."""
    from core.clock import from_epoch
    from core.market.quality import check_folder
    from core.market.universe import data_hash, load_universe

    try:
        report = check_folder(folder, now, workspace.settings.data.coverage)
    except ConsoleError as error:
        way = "; fill it with: ppo-console data split SOURCE" if isinstance(error, UsageError) else ""
        return DataFacts(error=visible(error.title, 300) + way)
    problems = tuple(
        visible(f"{file.file}: {text}", 200)
        for file in report.files
        for text in (*file.rejections, *file.warnings)
    ) + tuple(visible(text, 200) for text in report.messages)
    known = DataFacts(
        verdict=report.verdict,
        files=len(report.files),
        gaps=sum(file.gaps for file in report.files),
        problems=problems,
    )
    if report.verdict == "reject":
        return known
    try:
        universe = load_universe(folder, data=workspace.settings.data, now=now)
    except ConsoleError as error:
        return msgspec.structs.replace(known, error=visible(error.title, 300))
    times = universe.time
    moment = [iso(from_epoch(int(times[index]) / 1000)) for index in (0, universe.score_from, -1)]
    return msgspec.structs.replace(
        known,
        symbols=len(universe.symbols),
        candles=len(times),
        scored=len(times) - universe.score_from,
        first=moment[0],
        first_scored=moment[1],
        last=moment[2],
        synthetic=universe.synthetic,
        hash=data_hash(folder),
        side=_side_shares(universe),
        silent=_silent_features(universe) if folder == workspace.train_data else (),
    )


def _side_shares(universe: Universe) -> dict[str, float]:
    from core.market.side import NAMES

    if universe.side is None:
        return {}
    known = (universe.side == universe.side)[:, universe.score_from :].mean(axis=(0, 1)).tolist()
    return {name: share for name, share in zip(NAMES, known, strict=True) if share > 0}


def _silent_features(universe: Universe) -> tuple[str, ...]:
    """The features that have one value on all scored candles among the newest `_NEWEST`."""
    from core.market.model import LOOK_BACK
    from core.trading.features import FEATURE_NAMES, market_features

    size = len(universe.time)
    newest = universe.part(max(0, size - _NEWEST), size, score_from=LOOK_BACK)
    values = market_features(newest)[:, LOOK_BACK:].reshape(-1, len(FEATURE_NAMES))
    if not len(values):
        return ()
    one = (values == values[0]).all(axis=0)
    return tuple(name for name, silent in zip(FEATURE_NAMES, one, strict=True) if silent)


def probe_baseline(workspace: Workspace, data_hash: str | None) -> BaselineFacts:
    """Whether the baselines of these very candles were measured."""
    from core.backtest.baselines import load_baselines

    if data_hash is None:
        return BaselineFacts(error="the test data cannot be used, so no baseline belongs to it")
    try:
        baselines = load_baselines(workspace.reports, data_hash)
    except ConsoleError as error:
        return BaselineFacts(error=visible(error.title, 300))
    random = (baselines or {}).get("random")
    return BaselineFacts(saved=random is not None, metrics=dict(random or {}))


def probe_summary(workspace: Workspace, now: datetime) -> TrainingSummary:
    """What the run left behind, its checkpoints' hashes compared."""
    from core.operations.training_summary import training_summary
    from core.telemetry.health import assess
    from core.telemetry.reader import RunReader

    reader = RunReader(workspace.logs, checkpoints=workspace.checkpoints, now=now)
    try:
        reader.poll(now)
        health = assess(reader.run, workspace.settings.health, now)
        return training_summary(workspace, reader.run, health, now, hashes=True)
    finally:
        reader.close()


def probe_model(workspace: Workspace) -> ModelFacts:
    """`best_model`, its hashes compared with its manifest."""
    from core.models.artifacts import verify
    from core.models.manifest import member_names

    try:
        manifest = verify(workspace.models / "best_model").manifest
    except ConsoleError as error:
        return ModelFacts(error=visible(error.title, 300))
    return ModelFacts(
        run_id=manifest.run_id,
        timesteps=manifest.timesteps,
        created_at=manifest.created_at,
        sha256=manifest.files.get(member_names(manifest.name)[0]),
        synthetic=manifest.synthetic,
    )


def probe_backup(workspace: Workspace) -> BackupFacts:
    """Whether a backup holds the models as they are now."""
    from core.operations.model_backup import matching_backup

    try:
        found, others = matching_backup(workspace)
    except ConsoleError as error:
        return BackupFacts(error=visible(error.title, 300))
    if found is None:
        return BackupFacts(others=others)
    path, manifest = found
    return BackupFacts(folder=workspace.relative(path), made_at=manifest.generated_at, others=others)


def probe_own(workspace: Workspace) -> dict[str, Answer]:
    """The user's own checks, each within its own time."""
    checklist = workspace.settings.checklist
    return {name: run_own_check(workspace.root, checklist, check) for name, check in checklist.checks.items()}


def look(
    workspace: Workspace, now: datetime, wanted: Sequence[str], answer: Callable[[str, Any], None]
) -> None:
    """Each probe on a thread of its own, answered when it is known, given up after `LOOK_SECONDS`."""
    backtest: list[DataFacts] = []

    def test_side() -> None:
        backtest.append(probe_data(workspace, workspace.backtest_data, now))
        answer("backtest", backtest[0])
        if "baseline" in wanted:
            answer("baseline", probe_baseline(workspace, backtest[0].hash))

    probes: dict[str, Callable[[], None]] = {
        "environment": lambda: answer("environment", probe_environment()),
        "train": lambda: answer("train", probe_data(workspace, workspace.train_data, now)),
        "backtest": test_side,
        "own": lambda: answer("own", probe_own(workspace)),
        "summary": lambda: answer("summary", probe_summary(workspace, now)),
        "model": lambda: answer("model", probe_model(workspace)),
        "backup": lambda: answer("backup", probe_backup(workspace)),
    }
    threads = [
        threading.Thread(target=probe, name=name, daemon=True)
        for name, probe in probes.items()
        if name in wanted
    ]
    for thread in threads:
        thread.start()
    until = time.monotonic() + LOOK_SECONDS
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    if late := [thread.name for thread in threads if thread.is_alive()]:
        answer("missing", f"no answer within {LOOK_SECONDS:g} s from: {', '.join(late)}")


def main() -> int:
    """The child: a `Request` on stdin, one JSON line per probe on stdout."""
    be_nice()
    request = msgspec.json.decode(sys.stdin.buffer.read(), type=Request)
    stream = sys.stdout.buffer

    speaking = threading.Lock()

    def answer(name: str, facts: Any) -> None:
        with speaking:
            stream.write(msgspec.json.encode({name: facts}) + b"\n")
            stream.flush()

    answer("looked_at", request.now)
    look(Workspace(Path(request.root), request.settings), parse_iso(request.now), request.wanted, answer)
    with speaking:
        os._exit(0)  # a look that hangs must not hold the end


if __name__ == "__main__":
    sys.exit(main())
