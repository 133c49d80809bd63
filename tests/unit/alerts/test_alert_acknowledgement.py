"""An acknowledgement: of one firing, with its note, on record, seen by every console."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.alerts.engine import AlertEngine
from core.alerts.rule import default_rules
from core.errors import UsageError
from core.store.audit import verify
from core.store.database import Store

Console = Callable[..., Store]
KL = {name: default_rules()[name] for name in ("kl_high", "kl_spike")}


def test_restart_keeps_firing_state_and_acknowledgement(scene: Any, console: Console) -> None:
    scene.row(approx_kl=0.2)
    scene.health.step_age_seconds = 8000.0
    engine = AlertEngine(default_rules(), "run-1", console())
    scene.look(engine)
    for rule in ("kl_spike", "training_hung"):
        engine.acknowledge(scene.view(engine, rule).key, f"looking into {rule}", scene.now)
    before = engine.alerts()
    assert all(each.acknowledged_by == "ada" for each in before if each.firing)
    scene.later(60)
    again = AlertEngine(default_rules(), "run-1", console("bob"))
    assert [new for _, _, new in scene.look(again)] == [False]
    assert again.alerts() == before
    assert scene.view(again, "training_hung").note == "looking into training_hung"
    scene.health.step_age_seconds = 1.0
    assert scene.look(again) == [("training_hung", "resolved", True)]


def test_acknowledgement_belongs_to_one_firing(scene: Any, console: Console) -> None:
    """It does not pass to the next one."""
    engine = AlertEngine(KL, "run-1", console())
    scene.kl([0.2])
    scene.look(engine)
    engine.acknowledge(scene.view(engine, "kl_spike").key, "reducing the rate", scene.now)
    assert scene.view(engine, "kl_spike").acknowledged
    scene.kl([0.01, 0.3])
    scene.look(engine)
    again = scene.view(engine, "kl_spike")
    assert again.generation == 2 and again.acknowledged_by is None and again.note == ""


def test_critical_needs_a_note_and_warning_does_not(scene: Any, console: Console) -> None:
    store = console()
    engine = AlertEngine(default_rules() | {"kl_launch": KL["kl_high"]}, "run-1", store)
    scene.kl([0.2])
    scene.look(engine)
    key = scene.view(engine, "kl_spike").key
    with pytest.raises(UsageError, match="critical"):
        engine.acknowledge(key, "  \t", scene.now)
    assert store.acknowledgements() == {} and store.entries("acknowledge") == []
    scene.kl([0.07])
    scene.look(engine)
    engine.acknowledge(scene.view(engine, "kl_high").key, "", scene.now)
    assert scene.view(engine, "kl_high").acknowledged_by == "ada"


def test_acknowledgement_is_in_the_audit_log(scene: Any, console: Console) -> None:
    store = console()
    engine = AlertEngine(KL, "run-1", store)
    scene.kl([0.2])
    scene.look(engine)
    engine.acknowledge(scene.view(engine, "kl_spike").key, "note\x1b[2J", scene.now)
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
    scene.look(ada)
    scene.look(bob)
    bob.acknowledge(scene.view(bob, "kl_spike").key, "mine", scene.now)
    scene.look(ada)
    assert scene.view(ada, "kl_spike").acknowledged_by == "bob"
