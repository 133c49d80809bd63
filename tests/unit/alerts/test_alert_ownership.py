"""Owned, silenced, told: what a person says about an alert counts as long as it should, and is on record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from core.alerts.engine import AlertEngine
from core.alerts.rule import default_rules
from core.alerts.view import AlertView, headline
from core.config.settings import Notify
from core.errors import UsageError
from core.store.database import Store
from core.store.operator import OperatorIdentity

RULES = default_rules()
KL = {name: RULES[name] for name in ("kl_high", "kl_spike")}
HOUR = timedelta(hours=1)
NOTIFY = Notify(enabled=True, targets={"ops": "json://127.0.0.1:9/"})

Console = Callable[..., Store]


def look(engine: AlertEngine, scene: Any) -> list[str]:
    return [each.state for each in engine.update(scene.run, scene.health, scene.now)]


def view(engine: AlertEngine, rule: str) -> AlertView:
    return next(each for each in engine.alerts() if each.rule == rule)


def log(scene: Any) -> list[str]:
    return (scene.run.info.directory / "alerts.log").read_text().splitlines()


@pytest.fixture
def told(tmp_path: Any) -> Any:
    """A store whose transitions are told."""
    with Store(tmp_path / "told.sqlite3", OperatorIdentity("ada", "ML", "host", ""), NOTIFY) as store:
        yield store


def test_an_acknowledgement_stands_in_alerts_log_and_audit_log(scene: Any, console: Console) -> None:
    store = console()
    engine = AlertEngine(KL, "run-1", store)
    scene.kl([0.2])
    look(engine, scene)
    engine.acknowledge(view(engine, "kl_spike").key, "lower rate\x1b[2J", scene.now)
    assert log(scene)[-1] == "2026-02-23 14:00:01 [ACK] kl_spike #1 acknowledged by ada: lower rate␛[2J"
    (entry,) = store.entries("acknowledge")
    assert entry.detail["note"] == "lower rate␛[2J" and entry.subject == "run-1/kl_spike/1"


def test_an_acknowledgement_expires(scene: Any, console: Console) -> None:
    engine = AlertEngine(KL, "run-1", console(), acknowledged_for=HOUR.total_seconds())
    scene.kl([0.2])
    look(engine, scene)
    engine.acknowledge(view(engine, "kl_spike").key, "on it", scene.now)
    until = scene.now + HOUR
    assert view(engine, "kl_spike").acknowledged_until == until
    scene.later(3599)
    look(engine, scene)
    assert view(engine, "kl_spike").acknowledged
    scene.later(1)
    look(engine, scene)
    lost = view(engine, "kl_spike")
    assert not lost.acknowledged and lost.acknowledgement_lost == "ada: expired 15:00:01Z"
    engine.acknowledge(lost.key, "still on it", scene.now)
    assert view(engine, "kl_spike").note == "still on it"


def test_a_worse_alert_of_the_family_ends_an_acknowledgement(scene: Any, console: Console) -> None:
    """kl_high was owned; then the KL spiked and came back: what was owned was something milder."""
    engine = AlertEngine(KL, "run-1", console())
    scene.kl([0.07])
    look(engine, scene)
    engine.acknowledge(view(engine, "kl_high").key, "", scene.now)
    assert view(engine, "kl_high").acknowledged
    scene.kl([0.2, 0.07])
    look(engine, scene)
    again = view(engine, "kl_high")
    assert again.generation == 1 and again.firing and not again.acknowledged
    assert again.acknowledgement_lost == "ada: kl_spike has fired since"
    engine.acknowledge(again.key, "", scene.now)
    look(engine, scene)
    assert view(engine, "kl_high").acknowledged


def test_a_rule_that_became_worse_ends_an_acknowledgement(scene: Any, console: Console) -> None:
    engine = AlertEngine(KL, "run-1", console())
    scene.kl([0.07])
    look(engine, scene)
    engine.acknowledge(view(engine, "kl_high").key, "", scene.now)
    worse = KL | {"kl_high": msgspec.structs.replace(KL["kl_high"], severity="critical")}
    again = AlertEngine(worse, "run-1", console("bob"))
    look(again, scene)
    found = view(again, "kl_high")
    assert found.firing and not found.acknowledged


def test_a_silence_shows_its_author_and_its_end_and_ends_by_itself(scene: Any, console: Console) -> None:
    store = console()
    engine = AlertEngine(KL, "run-1", store)
    scene.kl([0.2])
    look(engine, scene)
    store.silence("kl_*", starts_at=scene.now, ends_at=scene.now + HOUR, comment="known", now=scene.now)
    engine.refresh(scene.now)
    quiet = view(engine, "kl_spike")
    assert (quiet.silenced_by, quiet.silenced_until) == ("ada", scene.now + HOUR)
    assert quiet.silence_comment == "known" and "1 silenced" in headline(engine.alerts(), scene.now)
    scene.later(3600)
    look(engine, scene)
    assert not view(engine, "kl_spike").silenced


def test_a_silence_ended_early_is_seen_by_the_other_console(scene: Any, console: Console) -> None:
    store, other = console(), console("bob")
    engine = AlertEngine(KL, "run-1", other)
    scene.kl([0.2])
    look(engine, scene)
    made = store.silence(
        "severity=critical", starts_at=scene.now, ends_at=scene.now + HOUR, comment="x", now=scene.now
    )
    look(engine, scene)
    assert view(engine, "kl_spike").silenced
    store.end_silence(made.id, scene.now)
    look(engine, scene)
    assert not view(engine, "kl_spike").silenced
    with pytest.raises(UsageError, match="over already"):
        store.end_silence(made.id, scene.now)


# What is told


def queued(store: Store) -> list[tuple[str, int, str]]:
    return [(each.rule, each.generation, each.state) for each in reversed(store.outbox())]


def test_each_transition_is_queued_once_whatever_the_consoles(scene: Any, told: Store) -> None:
    engines = [AlertEngine(KL, "run-1", told) for _ in range(3)]
    scene.kl([0.01])
    for engine in engines:
        look(engine, scene)
    scene.kl([0.2])
    for engine in engines:
        look(engine, scene)
    scene.kl([0.01])
    for engine in engines:
        look(engine, scene)
    assert queued(told) == [("kl_spike", 1, "firing"), ("kl_spike", 1, "resolved")]
    newest = told.outbox()[-1]
    assert newest.title == "[CRITICAL] kl_spike firing: run-1"
    assert (
        "approx_kl 0.2 > 0.1 at step 4,096" in newest.body and "ppo-console runbook kl_spike" in newest.body
    )


def test_a_history_that_is_read_afterwards_is_not_told(scene: Any, told: Store) -> None:
    """Opening yesterday's run with two old spikes tells nobody; what still fires is told."""
    scene.kl([0.2, 0.01, 0.3, 0.01, 0.4])
    scene.later(86_400)
    look(AlertEngine(KL, "run-1", told), scene)
    assert queued(told) == [("kl_spike", 3, "firing")]


def test_a_history_that_is_read_in_parts_is_not_told_either(scene: Any, told: Store) -> None:
    scene.kl([0.2, 0.01, 0.3, 0.01, 0.4])
    scene.later(86_400)
    engine = AlertEngine(KL, "run-1", told)
    scene.run.history = 0.4
    look(engine, scene)
    scene.run.history = 1.0
    look(engine, scene)
    assert queued(told) == [("kl_spike", 3, "firing")]


def test_what_came_and_went_while_nobody_looked_is_told_when_it_is_young(scene: Any, told: Store) -> None:
    scene.kl([0.01, 0.2, 0.01])
    scene.later(600)
    look(AlertEngine(KL, "run-1", told), scene)
    assert queued(told) == [("kl_spike", 1, "firing"), ("kl_spike", 1, "resolved")]


def test_a_spike_between_two_looks_is_told(scene: Any, told: Store) -> None:
    engine = AlertEngine(KL, "run-1", told)
    scene.kl([0.01])
    look(engine, scene)
    scene.kl([0.2, 0.01])
    look(engine, scene)
    assert [state for _, _, state in queued(told)] == ["firing", "resolved"]


def test_milder_alerts_than_asked_for_are_not_told(scene: Any, told: Store) -> None:
    rules = {"mine": msgspec.structs.replace(KL["kl_high"], severity="info")}
    scene.kl([0.2])
    look(AlertEngine(rules, "run-1", told), scene)
    assert queued(told) == []


def test_a_pending_alert_is_not_told(scene: Any, told: Store) -> None:
    rules = {"mine": msgspec.structs.replace(KL["kl_high"], for_steps=100_000)}
    scene.kl([0.2])
    assert look(AlertEngine(rules, "run-1", told), scene) == ["pending"]
    assert queued(told) == []
