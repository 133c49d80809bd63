"""One alert, one line, one acknowledgement: over restarts, consoles, rewritten files and edited rules."""

from __future__ import annotations

import dataclasses
import math
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.alerts.engine import AlertEngine, AlertView
from core.alerts.replay import replay
from core.alerts.rule import Rule, default_rules
from core.alerts.view import headline
from core.errors import UnreadableError, UsageError
from core.store.audit import verify
from core.store.connection import Connections
from core.store.database import Store
from core.telemetry.model import Run, Series

Console = Callable[..., Store]
KL = {name: default_rules()[name] for name in ("kl_high", "kl_spike")}


def lines(scene: Any) -> list[str]:
    """The transitions in `alerts.log`."""
    path = scene.run.info.directory / "alerts.log"
    found = path.read_text().splitlines() if path.exists() else []
    return [line for line in found if "[ACK]" not in line]


def look(engine: AlertEngine, scene: Any) -> list[tuple[str, str, bool]]:
    told = engine.update(scene.run, scene.health, scene.now)
    return [(each.rule, each.state, each.new) for each in told]


def view(engine: AlertEngine, rule: str) -> AlertView:
    return next(each for each in engine.alerts() if each.rule == rule)


def test_history_is_judged_on_opening_and_recorded_once(scene: Any, console: Console) -> None:
    """A console opened on 200 rows shows how things stand; one opened later adds nothing to the log."""
    scene.kl([0.01] * 50 + [0.2] + [0.01] * 100 + [0.3] * 49)
    first = AlertEngine(KL, "run-1", console())
    assert look(first, scene) == [
        ("kl_spike", "firing", True),
        ("kl_spike", "resolved", True),
        ("kl_spike", "firing", True),
    ]
    assert view(first, "kl_spike").generation == 2 and view(first, "kl_spike").since_timestep == 152 * 2048
    assert len(lines(scene)) == 3
    second = AlertEngine(KL, "run-1", console("bob"))
    assert [new for _, _, new in look(second, scene)] == [False, False, False]
    assert second.alerts() == first.alerts() and len(lines(scene)) == 3
    assert look(second, scene) == []


def test_log_line_says_what_a_person_needs(scene: Any, console: Console) -> None:
    scene.kl([0.01, 0.12, 0.01])
    look(AlertEngine(KL, "run-1", console()), scene)
    assert lines(scene) == [
        "2026-02-23 14:00:02 [CRITICAL] kl_spike #1 firing: approx_kl 0.12 > 0.1 at step 4,096. "
        "Reduce the learning rate, check the data",
        "2026-02-23 14:00:03 [INFO] kl_spike #1 resolved: approx_kl 0.01 at step 6,144",
    ]


def test_two_consoles_write_one_line(scene: Any, console: Console) -> None:
    """Both see the row; the store decides who records it."""
    consoles = [AlertEngine(default_rules(), "run-1", console(name)) for name in ("ada", "bob")]
    scene.row(approx_kl=0.01)
    for engine in consoles:
        look(engine, scene)
    scene.row(approx_kl=0.2)
    scene.health.step_age_seconds = 8000.0
    news = [new for engine in consoles for _, _, new in look(engine, scene)]
    assert sorted(news) == [False, True, True], "the second console learns of the hang from the store"
    assert len(lines(scene)) == 2
    scene.row(approx_kl=0.01)
    scene.health.step_age_seconds = 1.0
    for engine in consoles:
        look(engine, scene)
    assert [line.count("resolved") for line in lines(scene)] == [0, 0, 1, 1]


def test_consoles_in_threads_write_one_line_each(scene: Any, console: Console) -> None:
    scene.kl([0.01, 0.2, 0.01, 0.3, 0.01, math.nan, 0.2])
    engines = [AlertEngine(default_rules(), "run-1", console(f"op{index}")) for index in range(4)]
    threads = [threading.Thread(target=look, args=(engine, scene)) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = [each for each in replay(default_rules(), scene.run) if each.state != "pending"]
    assert len(lines(scene)) == len(expected) == len(set(lines(scene)))


def test_restart_keeps_firing_state_and_acknowledgement(scene: Any, console: Console) -> None:
    scene.row(approx_kl=0.2)
    scene.health.step_age_seconds = 8000.0
    engine = AlertEngine(default_rules(), "run-1", console())
    look(engine, scene)
    for rule in ("kl_spike", "training_hung"):
        engine.acknowledge(view(engine, rule).key, f"looking into {rule}", scene.now)
    before = engine.alerts()
    assert all(each.acknowledged_by == "ada" for each in before if each.firing)
    scene.later(60)
    again = AlertEngine(default_rules(), "run-1", console("bob"))
    assert [new for _, _, new in look(again, scene)] == [False]
    assert again.alerts() == before
    assert view(again, "training_hung").note == "looking into training_hung"
    scene.health.step_age_seconds = 1.0
    assert look(again, scene) == [("training_hung", "resolved", True)]


def test_acknowledgement_belongs_to_one_firing(scene: Any, console: Console) -> None:
    """It does not pass to the next one."""
    engine = AlertEngine(KL, "run-1", console())
    scene.kl([0.2])
    look(engine, scene)
    engine.acknowledge(view(engine, "kl_spike").key, "reducing the rate", scene.now)
    assert view(engine, "kl_spike").acknowledged
    scene.kl([0.01, 0.3])
    look(engine, scene)
    again = view(engine, "kl_spike")
    assert again.generation == 2 and again.acknowledged_by is None and again.note == ""


def test_critical_needs_a_note_and_warning_does_not(scene: Any, console: Console) -> None:
    store = console()
    engine = AlertEngine(default_rules() | {"kl_launch": KL["kl_high"]}, "run-1", store)
    scene.kl([0.2])
    look(engine, scene)
    key = view(engine, "kl_spike").key
    with pytest.raises(UsageError, match="critical"):
        engine.acknowledge(key, "  \t", scene.now)
    assert store.acknowledgements() == {} and store.entries("acknowledge") == []
    scene.kl([0.07])
    look(engine, scene)
    engine.acknowledge(view(engine, "kl_high").key, "", scene.now)
    assert view(engine, "kl_high").acknowledged_by == "ada"


def test_acknowledgement_is_in_the_audit_log(scene: Any, console: Console) -> None:
    store = console()
    engine = AlertEngine(KL, "run-1", store)
    scene.kl([0.2])
    look(engine, scene)
    engine.acknowledge(view(engine, "kl_spike").key, "note\x1b[2J", scene.now)
    (entry,) = store.entries("acknowledge")
    assert entry.operator == "ada" and entry.host == "host" and entry.subject == "run-1/kl_spike/1"
    assert entry.detail["note"] == "note␛[2J" and entry.detail["timestep"] == 2048
    assert verify(store.path).whole


def test_acknowledging_what_never_fired(scene: Any, console: Console) -> None:
    engine = AlertEngine(KL, "run-1", console())
    with pytest.raises(UsageError, match="no alert"):
        engine.acknowledge("run-1/kl_spike/1", "note", scene.now)
    with pytest.raises(UsageError, match="workspace"):
        AlertEngine(KL, "run-1").acknowledge("run-1/kl_spike/1", "note", scene.now)


def test_another_console_s_acknowledgement_appears(scene: Any, console: Console) -> None:
    scene.kl([0.2])
    ada, bob = (AlertEngine(KL, "run-1", console(name)) for name in ("ada", "bob"))
    look(ada, scene)
    look(bob, scene)
    bob.acknowledge(view(bob, "kl_spike").key, "mine", scene.now)
    look(ada, scene)
    assert view(ada, "kl_spike").acknowledged_by == "bob"


def test_rewritten_file_is_judged_again_and_recorded_once(scene: Any, console: Console) -> None:
    """stable-baselines3 rewrites its file in place: the reader rebuilds the series from the start."""
    engine = AlertEngine(KL, "run-1", console())
    scene.kl([0.01, 0.2])
    look(engine, scene)
    old = scene.run.series["approx_kl"]
    fresh = scene.run.series["approx_kl"] = Series("approx_kl")
    for timestep, value, time in zip(old.timestep, old.value, old.time, strict=True):
        fresh.append(timestep, value, time)
    scene.kl([0.01])
    assert look(engine, scene)[-1] == ("kl_spike", "resolved", True)
    fresh = scene.run.series["approx_kl"] = Series("approx_kl")
    for index in range(3):
        fresh.append(index + 1, 0.01 * index)
    assert look(engine, scene) == []
    assert len(lines(scene)) == 2


def test_restart_after_the_file_was_cut_keeps_the_alert(scene: Any, console: Console) -> None:
    """The rows that raised it are gone: no data, so it goes on firing until new rows say otherwise."""
    scene.kl([0.01] * 10 + [0.2])
    engine = AlertEngine(KL, "run-1", console())
    look(engine, scene)
    engine.acknowledge(view(engine, "kl_spike").key, "on it", scene.now)
    scene.run = Run(scene.run.info)
    again = AlertEngine(KL, "run-1", console("bob"))
    assert look(again, scene) == []
    kept = view(again, "kl_spike")
    assert kept.firing and kept.no_data and kept.acknowledged_by == "ada" and "0.2" in kept.message
    scene.kl([0.02])
    assert look(again, scene) == [("kl_spike", "resolved", True)]
    assert len(lines(scene)) == 2


def test_new_run_in_the_same_file_raises_its_own_alert(scene: Any, console: Console) -> None:
    """A foreign trainer that starts over: an acknowledged firing of the old rows is not the new one's."""
    scene.kl([0.01, 0.2])
    engine = AlertEngine(KL, "run-1", console())
    look(engine, scene)
    engine.acknowledge(view(engine, "kl_spike").key, "old", scene.now)
    scene.run, scene.timestep = Run(scene.run.info), 0
    scene.kl([0.4])
    assert look(engine, scene) == [("kl_spike", "firing", True)]
    assert view(engine, "kl_spike").generation == 2 and not view(engine, "kl_spike").acknowledged
    assert [line.split()[4] for line in lines(scene)] == ["#1", "#1", "#2"]
    assert [line.split()[5] for line in lines(scene)] == ["firing:", "resolved:", "firing:"]


def test_edited_rule_does_not_rewrite_the_log(scene: Any, console: Console) -> None:
    """A lower threshold: what would have fired is for the replay; only what fires now is recorded."""
    scene.kl([0.01, 0.2, 0.01, 0.08, 0.01, 0.08, 0.01])
    look(AlertEngine(KL, "run-1", console()), scene)
    before = lines(scene)
    edited = KL | {"kl_spike": msgspec.structs.replace(KL["kl_spike"], threshold=0.07, resolve_at=0.06)}
    engine = AlertEngine(edited, "run-1", console("bob"))
    assert ("kl_spike", "firing", True) not in look(engine, scene)
    assert lines(scene) == before
    scene.kl([0.085])
    assert look(engine, scene) == [("kl_spike", "firing", True)]
    again = AlertEngine(edited, "run-1", console("eve"))
    assert look(again, scene) == [("kl_spike", "firing", False)]
    assert again.alerts()[0] == engine.alerts()[0] and len(lines(scene)) == len(before) + 1


def test_edited_rule_goes_on_with_its_open_firing(scene: Any, console: Console) -> None:
    scene.kl([0.08, 0.2, 0.2])
    engine = AlertEngine({"kl_spike": KL["kl_spike"]}, "run-1", console())
    look(engine, scene)
    engine.acknowledge(view(engine, "kl_spike").key, "on it", scene.now)
    edited = {"kl_spike": msgspec.structs.replace(KL["kl_spike"], threshold=0.07, resolve_at=0.06)}
    engine = AlertEngine(edited, "run-1", console())
    assert look(engine, scene) == []
    assert view(engine, "kl_spike").acknowledged_by == "ada" and view(engine, "kl_spike").generation == 1
    scene.kl([0.01])
    assert look(engine, scene) == [("kl_spike", "resolved", True)]


def test_a_rule_edited_while_it_runs_counts_from_the_next_look(scene: Any, console: Console) -> None:
    """The other rules go on from where they are, their acknowledgements too."""
    nan = {"gradient_explosion": default_rules()["gradient_explosion"]}
    scene.kl([0.01, 0.2, 0.2])
    scene.row(approx_kl=0.2, value_loss=math.nan)
    engine = AlertEngine(KL | nan, "run-1", console())
    look(engine, scene)
    engine.acknowledge(view(engine, "gradient_explosion").key, "on it", scene.now)
    before = view(engine, "gradient_explosion")
    assert view(engine, "kl_spike").state == "firing"
    edited = {"kl_spike": msgspec.structs.replace(KL["kl_spike"], threshold=0.3, resolve_at=0.3)}
    engine.use_rules(KL | nan | edited)
    told = look(engine, scene)
    assert ("kl_spike", "resolved", True) in told and ("kl_high", "firing", True) in told
    assert all(rule != "gradient_explosion" for rule, _, _ in told)
    assert view(engine, "gradient_explosion") == before
    written = lines(scene)
    assert look(engine, scene) == [] and lines(scene) == written, "said once"
    scene.kl([0.35])
    assert ("kl_spike", "firing", True) in look(engine, scene)
    assert view(engine, "kl_spike").threshold == 0.3 and view(engine, "kl_spike").generation == 2


def test_a_console_with_the_rule_as_it_was_does_not_end_what_the_edited_one_raised(
    scene: Any, console: Console
) -> None:
    """Until it sees the edit: its own rule never fired on these rows."""
    edited = {"kl_spike": msgspec.structs.replace(KL["kl_spike"], threshold=0.07, resolve_at=0.06)}
    scene.kl([0.01, 0.01])
    before, after = (
        AlertEngine({"kl_spike": KL["kl_spike"]}, "run-1", console()),
        AlertEngine(edited, "run-1", console("bob")),
    )
    assert look(before, scene) == look(after, scene) == []
    scene.kl([0.08])
    assert look(after, scene) == [("kl_spike", "firing", True)]
    scene.kl([0.08])
    assert look(before, scene) == []
    before.use_rules(edited)
    assert look(before, scene) == [("kl_spike", "firing", False)]
    assert view(before, "kl_spike").generation == 1
    scene.kl([0.01])
    assert look(after, scene) == [("kl_spike", "resolved", True)]


def test_a_rule_switched_off_while_it_runs_shows_no_more(scene: Any, console: Console) -> None:
    scene.kl([0.2])
    engine = AlertEngine(KL, "run-1", console())
    look(engine, scene)
    engine.use_rules(KL | {"kl_spike": msgspec.structs.replace(KL["kl_spike"], enabled=False)})
    look(engine, scene)
    assert [each.rule for each in engine.alerts()] == ["kl_high"]


def test_foreign_folder_is_never_written_to(scene: Any, console: Console) -> None:
    (scene.run.info.directory / "run.json").unlink()
    scene.kl([0.2])
    look(AlertEngine(KL, "run-1", console()), scene)
    assert lines(scene) == []
    log = scene.run.info.directory / "elsewhere" / "alerts.log"
    look(AlertEngine(KL, "run-1", console(), log=log), scene)
    assert len(log.read_text().splitlines()) == 1


def test_without_a_store_nothing_is_written(scene: Any) -> None:
    scene.kl([0.2])
    assert look(AlertEngine(KL, "run-1"), scene) == [("kl_spike", "firing", True)]
    assert lines(scene) == []


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
        look(engine, scene)
    monkeypatch.setattr(Store, "write_alert_lines", real)
    assert len(lines(scene)) == 1
    look(AlertEngine(KL, "run-1", console()), scene)
    assert len(lines(scene)) == 1


def test_kill_between_record_and_append_loses_nothing(
    scene: Any, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.kl([0.2])
    monkeypatch.setattr(Store, "write_alert_lines", lambda *_: 0)
    look(AlertEngine(KL, "run-1", console()), scene)
    monkeypatch.undo()
    assert lines(scene) == []
    look(AlertEngine(KL, "run-1", console()), scene)
    assert len(lines(scene)) == 1


def test_half_written_last_line_does_not_swallow_the_next(scene: Any, console: Console) -> None:
    log = scene.run.info.directory / "alerts.log"
    log.write_text("a line cut by a full di")
    scene.kl([0.2])
    look(AlertEngine(KL, "run-1", console()), scene)
    assert lines(scene)[0] == "a line cut by a full di" and "kl_spike" in lines(scene)[1]


def test_unwritable_log_is_told_and_caught_up(scene: Any, console: Console) -> None:
    log = scene.run.info.directory / "alerts.log"
    log.mkdir()
    engine = AlertEngine(KL, "run-1", console())
    scene.kl([0.2])
    assert look(engine, scene) == [("kl_spike", "firing", True)]
    assert engine.problem is not None and "alerts.log" in engine.problem.title
    log.rmdir()
    look(engine, scene)
    assert engine.problem is None and len(lines(scene)) == 1


def test_alerting_goes_on_when_the_store_fails(
    scene: Any, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk: alerts are shown from memory, the reason is told, and all is recorded afterwards."""
    engine = AlertEngine(KL, "run-1", console())

    def full(*_: object) -> Any:
        raise UnreadableError("the disk is full")

    monkeypatch.setattr(Store, "save_alert_states", full)
    scene.kl([0.2])
    assert look(engine, scene) == [("kl_spike", "firing", True)]
    assert view(engine, "kl_spike").firing and engine.problem is not None
    scene.kl([0.01, 0.3])
    assert [state for _, state, _ in look(engine, scene)] == ["resolved", "firing"]
    assert lines(scene) == []
    console("eve").record("note", "something else", {}, scene.now)
    look(engine, scene)
    assert [firing.generation for firing in engine.firings()] == [1, 2], (
        "what others write takes nothing away"
    )
    monkeypatch.undo()
    look(engine, scene)
    assert engine.problem is None and len(lines(scene)) == 3
    monkeypatch.setattr(Store, "save_alert_states", full)
    look(engine, scene)
    assert engine.problem is None, "nothing is left to be written"
    monkeypatch.undo()
    engine.acknowledge(view(engine, "kl_spike").key, "seen", scene.now)
    assert view(engine, "kl_spike").acknowledged and view(engine, "kl_spike").generation == 2


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
    spikes = [line for line in lines(scene) if "kl_spike" in line]
    assert len(spikes) == len(set(spikes)) == 60 - 1
    assert [line.split()[5] for line in spikes] == (["firing:", "resolved:"] * 30)[:59]
    hung = [line.split()[4:6] for line in lines(scene) if "training_hung" in line]
    assert [state for _, state in hung] == (["firing:", "resolved:"] * 60)[: len(hung)]
    assert len({tuple(each) for each in hung}) == len(hung), "no transition of a generation twice"


def test_replay_lists_what_would_have_fired(scene: Any, console: Console) -> None:
    """It records nothing, and equals what the log says of the same history."""
    scene.kl([0.01, 0.2, 0.01, 0.6, 0.07, 0.01])
    transitions = replay(KL, scene.run)
    assert [(each.rule, each.state, each.timestep) for each in transitions] == [
        ("kl_spike", "firing", 4096),
        ("kl_spike", "resolved", 6144),
        ("kl_spike", "firing", 8192),
        ("kl_spike", "resolved", 10240),
        ("kl_high", "firing", 10240),
        ("kl_high", "resolved", 12288),
    ]
    assert lines(scene) == []
    live = AlertEngine(KL, "run-1", console()).update(scene.run, scene.health, scene.now)
    assert [msgspec.structs.replace(each, at=None) for each in live] == [
        msgspec.structs.replace(each, at=None) for each in transitions
    ]


def test_views_are_plain_json(scene: Any) -> None:
    """No nan anywhere, ISO times in UTC."""
    engine = AlertEngine(default_rules(), "run-1")
    scene.row(approx_kl=0.2, value_loss=math.nan)
    look(engine, scene)
    text = msgspec.json.encode(engine.alerts())
    assert b"NaN" not in text and b'"since":"2026-02-23T14:00:01Z"' in text
    assert {each["rule"]: each["value"] for each in msgspec.json.decode(text)} == {
        "kl_spike": 0.2,
        "gradient_explosion": None,
    }


def test_order_and_headline(scene: Any, console: Console) -> None:
    rules = default_rules()
    engine = AlertEngine(rules, "run-1", console())
    scene.row(approx_kl=0.01)
    look(engine, scene)
    assert headline(engine.alerts(), scene.now) == "nothing is firing"
    scene.row(approx_kl=0.07, value_loss=math.nan)
    scene.health.step_age_seconds = 8000.0
    look(engine, scene)
    scene.later(14 * 60)
    engine.acknowledge(view(engine, "training_hung").key, "disk is full", scene.now)
    assert [each.rule for each in engine.alerts() if each.firing] == [
        "gradient_explosion",
        "kl_high",
        "training_hung",
    ]
    assert headline(engine.alerts(), scene.now) == "3 firing, 1 acknowledged, oldest 14 min"


def test_alerts_can_be_read_while_an_update_waits(scene: Any, console: Console) -> None:
    """The screen never waits for the store."""
    store = console()
    engine = AlertEngine(KL, "run-1", store)
    scene.kl([0.2])
    look(engine, scene)
    scene.kl([0.01])
    connections: Connections = console("bob")._connections
    with connections.transaction():
        worker = threading.Thread(target=look, args=(engine, scene))
        worker.start()
        assert view(engine, "kl_spike").firing
    worker.join()
    assert view(engine, "kl_spike").state == "resolved"


def test_run_that_finished_resolves_rules_limited_to_a_live_run(scene: Any, console: Console) -> None:
    rules = {"kl_spike": msgspec.structs.replace(KL["kl_spike"], states=("RUNNING",))}
    engine = AlertEngine(rules, "run-1", console())
    scene.kl([0.2])
    look(engine, scene)
    scene.health = dataclasses.replace(scene.health, status="FINISHED")
    assert look(engine, scene) == [("kl_spike", "resolved", True)]
    again = AlertEngine(rules, "run-1", console())
    assert [new for _, _, new in look(again, scene)] == [False, False]
    assert not any(each.firing for each in again.alerts())


def test_rule_of_one_s_own_with_markup_in_its_name(scene: Any, console: Console) -> None:
    """A name from the configuration reaches the log as printable text."""
    name = "my/rule [red]\x1b"
    rule = Rule(condition="above", metric="approx_kl", threshold=0.1, severity="warning")
    engine = AlertEngine({name: rule}, "run-1", console())
    scene.kl([0.2])
    look(engine, scene)
    assert "\x1b" not in lines(scene)[0]
    engine.acknowledge(engine.alerts()[0].key, "", scene.now)
    assert engine.alerts()[0].acknowledged


def test_fresh_run_in_the_folder_begins_anew(scene: Any, console: Console) -> None:
    """Another run id: the old run's alerts are not the new one's, and stay on record."""
    engine = AlertEngine(KL, "run-1", console())
    scene.kl([0.2])
    look(engine, scene)
    scene.run, scene.timestep = Run(msgspec.structs.replace(scene.run.info, id="run-2")), 0
    scene.kl([0.01])
    assert look(engine, scene) == [] and engine.alerts() == []
    scene.kl([0.2])
    assert look(engine, scene) == [("kl_spike", "firing", True)]
    assert view(engine, "kl_spike").key == "run-2/kl_spike/1"


def test_same_rows_from_a_source_with_fewer_digits(scene: Any, console: Console) -> None:
    """A CSV takes a metric over from TensorBoard, whose numbers are rounded: the same alert, one line."""
    scene.kl([0.01, 0.2000000030, 0.01, 0.3000000119])
    engine = AlertEngine(KL, "run-1", console())
    look(engine, scene)
    old = scene.run.series["approx_kl"]
    better = scene.run.series["approx_kl"] = Series("approx_kl")
    for index, value in enumerate([0.01, 0.2, 0.01, 0.3]):
        better.append(old.timestep[index], value, old.time[index])
    assert [new for _, _, new in look(engine, scene)] == [False] * 3
    assert view(engine, "kl_spike").generation == 2 and len(lines(scene)) == 3


def test_a_history_that_is_read_in_parts_is_told_when_it_is_whole(scene: Any, console: Console) -> None:
    """An old spike is no fresh change a second after opening, and does not stand on the screen meanwhile."""
    scene.kl([0.01, 0.2, 0.01, 0.01, 0.2])
    store = console()
    engine = AlertEngine(KL, "run-1", store)
    for rows in (2, 3, 4):
        told = engine.update(scene.part(rows), scene.health, scene.now)
        assert told == [] and engine.alerts() == []
        assert store.load_alert_states("run-1") == {}
    assert look(engine, scene) == [
        ("kl_spike", "firing", True),
        ("kl_spike", "resolved", True),
        ("kl_spike", "firing", True),
    ]
    assert [one.rule for one in engine.alerts() if one.firing] == ["kl_spike"]
    scene.kl([0.3])
    assert look(engine, scene) == []


def test_a_rule_that_is_edited_while_the_history_is_read_tells_nothing_of_its_old_form(
    scene: Any, console: Console
) -> None:
    scene.kl([0.01, 0.2, 0.01, 0.01, 0.01])
    engine = AlertEngine(KL, "run-1", console())
    assert engine.update(scene.part(3), scene.health, scene.now) == []
    engine.use_rules(
        KL | {"kl_spike": msgspec.structs.replace(KL["kl_spike"], threshold=0.3, resolve_at=0.3)}
    )
    assert "kl_spike" not in {rule for rule, _, _ in look(engine, scene)}


def test_what_is_on_record_stands_while_the_history_is_read(scene: Any, console: Console) -> None:
    scene.kl([0.01, 0.01, 0.2])
    look(AlertEngine(KL, "run-1", console()), scene)
    again = AlertEngine(KL, "run-1", console("eve"))
    assert again.update(scene.part(2), scene.health, scene.now) == []
    assert [one.rule for one in again.alerts() if one.firing] == ["kl_spike"]


def test_rows_that_come_in_a_burst_are_told_as_they_are_read(scene: Any, console: Console) -> None:
    scene.kl([0.01])
    engine = AlertEngine(KL, "run-1", console())
    look(engine, scene)
    scene.kl([0.2])
    scene.run.history = 0.4
    assert look(engine, scene) == [("kl_spike", "firing", True)]
