"""The alerts of a run as they are judged and shown: history, new rows, fresh runs, order."""

from __future__ import annotations

import dataclasses
import math
import threading
from collections.abc import Callable
from typing import Any

import msgspec

from core.alerts.engine import AlertEngine
from core.alerts.rule import Rule, default_rules
from core.alerts.view import headline
from core.store.connection import Connections
from core.store.database import Store
from core.telemetry.model import Run

Console = Callable[..., Store]
KL = {name: default_rules()[name] for name in ("kl_high", "kl_spike")}


def test_history_is_judged_on_opening_and_recorded_once(scene: Any, console: Console) -> None:
    """A console opened on 200 rows shows how things stand; one opened later adds nothing to the log."""
    scene.kl([0.01] * 50 + [0.2] + [0.01] * 100 + [0.3] * 49)
    first = AlertEngine(KL, "run-1", console())
    assert scene.look(first) == [
        ("kl_spike", "firing", True),
        ("kl_spike", "resolved", True),
        ("kl_spike", "firing", True),
    ]
    assert (
        scene.view(first, "kl_spike").generation == 2
        and scene.view(first, "kl_spike").since_timestep == 152 * 2048
    )
    assert len(scene.lines()) == 3
    second = AlertEngine(KL, "run-1", console("bob"))
    assert [new for _, _, new in scene.look(second)] == [False, False, False]
    assert second.alerts() == first.alerts() and len(scene.lines()) == 3
    assert scene.look(second) == []


def test_new_run_in_the_same_file_raises_its_own_alert(scene: Any, console: Console) -> None:
    """A foreign trainer that starts over: an acknowledged firing of the old rows is not the new one's."""
    scene.kl([0.01, 0.2])
    engine = AlertEngine(KL, "run-1", console())
    scene.look(engine)
    engine.acknowledge(scene.view(engine, "kl_spike").key, "old", scene.now)
    scene.run, scene.timestep = Run(scene.run.info), 0
    scene.kl([0.4])
    assert scene.look(engine) == [("kl_spike", "firing", True)]
    assert scene.view(engine, "kl_spike").generation == 2 and not scene.view(engine, "kl_spike").acknowledged
    assert [line.split()[4] for line in scene.lines()] == ["#1", "#1", "#2"]
    assert [line.split()[5] for line in scene.lines()] == ["firing:", "resolved:", "firing:"]


def test_views_are_plain_json(scene: Any) -> None:
    """No nan anywhere, ISO times in UTC."""
    engine = AlertEngine(default_rules(), "run-1")
    scene.row(approx_kl=0.2, value_loss=math.nan)
    scene.look(engine)
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
    scene.look(engine)
    assert headline(engine.alerts(), scene.now) == "nothing is firing"
    scene.row(approx_kl=0.07, value_loss=math.nan)
    scene.health.step_age_seconds = 8000.0
    scene.look(engine)
    scene.later(14 * 60)
    engine.acknowledge(scene.view(engine, "training_hung").key, "disk is full", scene.now)
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
    scene.look(engine)
    scene.kl([0.01])
    connections: Connections = console("bob")._connections
    with connections.transaction():
        worker = threading.Thread(target=scene.look, args=(engine,))
        worker.start()
        assert scene.view(engine, "kl_spike").firing
    worker.join()
    assert scene.view(engine, "kl_spike").state == "resolved"


def test_run_that_finished_resolves_rules_limited_to_a_live_run(scene: Any, console: Console) -> None:
    rules = {"kl_spike": msgspec.structs.replace(KL["kl_spike"], states=("RUNNING",))}
    engine = AlertEngine(rules, "run-1", console())
    scene.kl([0.2])
    scene.look(engine)
    scene.health = dataclasses.replace(scene.health, status="FINISHED")
    assert scene.look(engine) == [("kl_spike", "resolved", True)]
    again = AlertEngine(rules, "run-1", console())
    assert [new for _, _, new in scene.look(again)] == [False, False]
    assert not any(each.firing for each in again.alerts())


def test_rule_of_one_s_own_with_markup_in_its_name(scene: Any, console: Console) -> None:
    """A name from the configuration reaches the log as printable text."""
    name = "my/rule [red]\x1b"
    rule = Rule(condition="above", metric="approx_kl", threshold=0.1, severity="warning")
    engine = AlertEngine({name: rule}, "run-1", console())
    scene.kl([0.2])
    scene.look(engine)
    assert "\x1b" not in scene.lines()[0]
    engine.acknowledge(engine.alerts()[0].key, "", scene.now)
    assert engine.alerts()[0].acknowledged


def test_fresh_run_in_the_folder_begins_anew(scene: Any, console: Console) -> None:
    """Another run id: the old run's alerts are not the new one's, and stay on record."""
    engine = AlertEngine(KL, "run-1", console())
    scene.kl([0.2])
    scene.look(engine)
    scene.run, scene.timestep = Run(msgspec.structs.replace(scene.run.info, id="run-2")), 0
    scene.kl([0.01])
    assert scene.look(engine) == [] and engine.alerts() == []
    scene.kl([0.2])
    assert scene.look(engine) == [("kl_spike", "firing", True)]
    assert scene.view(engine, "kl_spike").key == "run-2/kl_spike/1"


def test_a_history_that_is_read_in_parts_is_told_when_it_is_whole(scene: Any, console: Console) -> None:
    """An old spike is no fresh change a second after opening, and does not stand on the screen meanwhile."""
    scene.kl([0.01, 0.2, 0.01, 0.01, 0.2])
    store = console()
    engine = AlertEngine(KL, "run-1", store)
    for rows in (2, 3, 4):
        told = engine.update(scene.part(rows), scene.health, scene.now)
        assert told == [] and engine.alerts() == []
        assert store.load_alert_states("run-1") == {}
    assert scene.look(engine) == [
        ("kl_spike", "firing", True),
        ("kl_spike", "resolved", True),
        ("kl_spike", "firing", True),
    ]
    assert [one.rule for one in engine.alerts() if one.firing] == ["kl_spike"]
    scene.kl([0.3])
    assert scene.look(engine) == []


def test_what_is_on_record_stands_while_the_history_is_read(scene: Any, console: Console) -> None:
    scene.kl([0.01, 0.01, 0.2])
    scene.look(AlertEngine(KL, "run-1", console()))
    again = AlertEngine(KL, "run-1", console("eve"))
    assert again.update(scene.part(2), scene.health, scene.now) == []
    assert [one.rule for one in again.alerts() if one.firing] == ["kl_spike"]


def test_rows_that_come_in_a_burst_are_told_as_they_are_read(scene: Any, console: Console) -> None:
    scene.kl([0.01])
    engine = AlertEngine(KL, "run-1", console())
    scene.look(engine)
    scene.kl([0.2])
    scene.run.history = 0.4
    assert scene.look(engine) == [("kl_spike", "firing", True)]
