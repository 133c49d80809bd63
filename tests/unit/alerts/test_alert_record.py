"""What fires stands once on record and in `alerts.log`, whatever is killed, shared or rewritten."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.alerts.engine import AlertEngine
from core.alerts.replay import replay
from core.alerts.rule import default_rules
from core.errors import UnreadableError
from core.store.database import Store
from core.telemetry.model import Run, Series

Console = Callable[..., Store]
KL = {name: default_rules()[name] for name in ("kl_high", "kl_spike")}


def test_log_line_says_what_a_person_needs(scene: Any, console: Console) -> None:
    scene.kl([0.01, 0.12, 0.01])
    scene.look(AlertEngine(KL, "run-1", console()))
    assert scene.lines() == [
        "2026-02-23 14:00:02 [CRITICAL] kl_spike #1 firing: approx_kl 0.12 > 0.1 at step 4,096. "
        "Reduce the learning rate, check the data",
        "2026-02-23 14:00:03 [INFO] kl_spike #1 resolved: approx_kl 0.01 at step 6,144",
    ]


def test_two_consoles_write_one_line(scene: Any, console: Console) -> None:
    """Both see the row; the store decides who records it."""
    consoles = [AlertEngine(default_rules(), "run-1", console(name)) for name in ("ada", "bob")]
    scene.row(approx_kl=0.01)
    for engine in consoles:
        scene.look(engine)
    scene.row(approx_kl=0.2)
    scene.health.step_age_seconds = 8000.0
    news = [new for engine in consoles for _, _, new in scene.look(engine)]
    assert sorted(news) == [False, True, True], "the second console learns of the hang from the store"
    assert len(scene.lines()) == 2
    scene.row(approx_kl=0.01)
    scene.health.step_age_seconds = 1.0
    for engine in consoles:
        scene.look(engine)
    assert [line.count("resolved") for line in scene.lines()] == [0, 0, 1, 1]


def test_consoles_in_threads_write_one_line_each(scene: Any, console: Console) -> None:
    scene.kl([0.01, 0.2, 0.01, 0.3, 0.01, math.nan, 0.2])
    engines = [AlertEngine(default_rules(), "run-1", console(f"op{index}")) for index in range(4)]
    threads = [threading.Thread(target=scene.look, args=(engine,)) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = [each for each in replay(default_rules(), scene.run) if each.state != "pending"]
    assert len(scene.lines()) == len(expected) == len(set(scene.lines()))


def test_rewritten_file_is_judged_again_and_recorded_once(scene: Any, console: Console) -> None:
    """stable-baselines3 rewrites its file in place: the reader rebuilds the series from the start."""
    engine = AlertEngine(KL, "run-1", console())
    scene.kl([0.01, 0.2])
    scene.look(engine)
    old = scene.run.series["approx_kl"]
    fresh = scene.run.series["approx_kl"] = Series("approx_kl")
    for timestep, value, time in zip(old.timestep, old.value, old.time, strict=True):
        fresh.append(timestep, value, time)
    scene.kl([0.01])
    assert scene.look(engine)[-1] == ("kl_spike", "resolved", True)
    fresh = scene.run.series["approx_kl"] = Series("approx_kl")
    for index in range(3):
        fresh.append(index + 1, 0.01 * index)
    assert scene.look(engine) == []
    assert len(scene.lines()) == 2


def test_restart_after_the_file_was_cut_keeps_the_alert(scene: Any, console: Console) -> None:
    """The rows that raised it are gone: no data, so it goes on firing until new rows say otherwise."""
    scene.kl([0.01] * 10 + [0.2])
    engine = AlertEngine(KL, "run-1", console())
    scene.look(engine)
    engine.acknowledge(scene.view(engine, "kl_spike").key, "on it", scene.now)
    scene.run = Run(scene.run.info)
    again = AlertEngine(KL, "run-1", console("bob"))
    assert scene.look(again) == []
    kept = scene.view(again, "kl_spike")
    assert kept.firing and kept.no_data and kept.acknowledged_by == "ada" and "0.2" in kept.message
    scene.kl([0.02])
    assert scene.look(again) == [("kl_spike", "resolved", True)]
    assert len(scene.lines()) == 2


def test_foreign_folder_is_never_written_to(scene: Any, console: Console) -> None:
    (scene.run.info.directory / "run.json").unlink()
    scene.kl([0.2])
    scene.look(AlertEngine(KL, "run-1", console()))
    assert scene.lines() == []
    log = scene.run.info.directory / "elsewhere" / "alerts.log"
    scene.look(AlertEngine(KL, "run-1", console(), log=log))
    assert len(log.read_text().splitlines()) == 1


def test_without_a_store_nothing_is_written(scene: Any) -> None:
    scene.kl([0.2])
    assert scene.look(AlertEngine(KL, "run-1")) == [("kl_spike", "firing", True)]
    assert scene.lines() == []


def test_kill_between_append_and_commit_doubles_nothing(
    scene: Any, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.kl([0.2])
    engine = AlertEngine(KL, "run-1", console())
    real = Store.write_alert_lines

    def killed(self: Store, run_id: str, path: Path) -> int:
        with self._connections.transaction() as connection:
            from core.store.alert_states import flush_lines

            flush_lines(connection, run_id, path)
            raise KeyboardInterrupt

    monkeypatch.setattr(Store, "write_alert_lines", killed)
    with pytest.raises(KeyboardInterrupt):
        scene.look(engine)
    monkeypatch.setattr(Store, "write_alert_lines", real)
    assert len(scene.lines()) == 1
    scene.look(AlertEngine(KL, "run-1", console()))
    assert len(scene.lines()) == 1


def test_kill_between_record_and_append_loses_nothing(
    scene: Any, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.kl([0.2])
    monkeypatch.setattr(Store, "write_alert_lines", lambda *_: 0)
    scene.look(AlertEngine(KL, "run-1", console()))
    monkeypatch.undo()
    assert scene.lines() == []
    scene.look(AlertEngine(KL, "run-1", console()))
    assert len(scene.lines()) == 1


def test_half_written_last_line_does_not_swallow_the_next(scene: Any, console: Console) -> None:
    log = scene.run.info.directory / "alerts.log"
    log.write_text("a line cut by a full di")
    scene.kl([0.2])
    scene.look(AlertEngine(KL, "run-1", console()))
    assert scene.lines()[0] == "a line cut by a full di" and "kl_spike" in scene.lines()[1]


def test_unwritable_log_is_told_and_caught_up(scene: Any, console: Console) -> None:
    log = scene.run.info.directory / "alerts.log"
    log.mkdir()
    engine = AlertEngine(KL, "run-1", console())
    scene.kl([0.2])
    assert scene.look(engine) == [("kl_spike", "firing", True)]
    assert engine.problem is not None and "alerts.log" in engine.problem.title
    log.rmdir()
    scene.look(engine)
    assert engine.problem is None and len(scene.lines()) == 1


def test_alerting_goes_on_when_the_store_fails(
    scene: Any, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk: alerts are shown from memory, the reason is told, and all is recorded afterwards."""
    engine = AlertEngine(KL, "run-1", console())

    def full(*_: object) -> Any:
        raise UnreadableError("the disk is full")

    monkeypatch.setattr(Store, "save_alert_states", full)
    scene.kl([0.2])
    assert scene.look(engine) == [("kl_spike", "firing", True)]
    assert scene.view(engine, "kl_spike").firing and engine.problem is not None
    scene.kl([0.01, 0.3])
    assert [state for _, state, _ in scene.look(engine)] == ["resolved", "firing"]
    assert scene.lines() == []
    console("eve").record("note", "something else", {}, scene.now)
    scene.look(engine)
    assert [firing.generation for firing in engine.firings()] == [1, 2], (
        "what others write takes nothing away"
    )
    monkeypatch.undo()
    scene.look(engine)
    assert engine.problem is None and len(scene.lines()) == 3
    monkeypatch.setattr(Store, "save_alert_states", full)
    scene.look(engine)
    assert engine.problem is None, "nothing is left to be written"
    monkeypatch.undo()
    engine.acknowledge(scene.view(engine, "kl_spike").key, "seen", scene.now)
    assert scene.view(engine, "kl_spike").acknowledged and scene.view(engine, "kl_spike").generation == 2


CHILD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from core.alerts.engine import AlertEngine
from core.alerts.rule import default_rules
from core.store.database import Store
from core.store.operator import OperatorIdentity
from core.telemetry.model import Run, RunInfo, Series

folder = Path(sys.argv[1])

class Health:
    status, reason, step_age_seconds = "RUNNING", "", 8000.0

store = Store(folder / "state" / "console.sqlite3", OperatorIdentity(sys.argv[2], "ML", "host", ""))
engine = AlertEngine(default_rules(), "run-1", store)
run = Run(RunInfo("run-1", folder))
series = run.series["approx_kl"] = Series("approx_kl")
print("ready", flush=True)
sys.stdin.readline()
for index in range(60):
    series.append(2048.0 * index, 0.3 if index % 2 else 0.01, 1.75e9 + index)
    Health.step_age_seconds = 8000.0 if index % 10 < 5 else 1.0
    engine.update(run, Health(), datetime.fromtimestamp(1.75e9 + index, UTC))
"""


def test_two_processes_record_each_transition_once(scene: Any, console: Console) -> None:
    folder = scene.run.info.directory
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", CHILD, str(folder), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[3],
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        )
        for name in ("ada", "bob")
    ]
    for process in processes:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        process.communicate(timeout=60)
        assert process.returncode == 0
    spikes = [line for line in scene.lines() if "kl_spike" in line]
    assert len(spikes) == len(set(spikes)) == 60 - 1
    assert [line.split()[5] for line in spikes] == (["firing:", "resolved:"] * 30)[:59]
    hung = [line.split()[4:6] for line in scene.lines() if "training_hung" in line]
    assert [state for _, state in hung] == (["firing:", "resolved:"] * 60)[: len(hung)]
    assert len({tuple(each) for each in hung}) == len(hung), "no transition of a generation twice"


def test_same_rows_from_a_source_with_fewer_digits(scene: Any, console: Console) -> None:
    """A CSV takes a metric over from TensorBoard, whose numbers are rounded: the same alert, one line."""
    scene.kl([0.01, 0.2000000030, 0.01, 0.3000000119])
    engine = AlertEngine(KL, "run-1", console())
    scene.look(engine)
    old = scene.run.series["approx_kl"]
    better = scene.run.series["approx_kl"] = Series("approx_kl")
    for index, value in enumerate([0.01, 0.2, 0.01, 0.3]):
        better.append(old.timestep[index], value, old.time[index])
    assert [new for _, _, new in scene.look(engine)] == [False] * 3
    assert scene.view(engine, "kl_spike").generation == 2 and len(scene.lines()) == 3
