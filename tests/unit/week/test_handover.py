"""Handover: everything since this operator last looked, and nothing twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.clock import iso, parse_iso
from core.store.alert_states import TransitionRecord
from core.store.database import Store
from core.store.operator import OperatorIdentity
from core.telemetry.model import Run, RunInfo
from core.week.handover import GROUPS, build_handover
from core.week.timeline import build_timeline

NOW = parse_iso("2026-02-24T18:00:00Z")


@pytest.fixture
def bob(workspace: Any, store: Store) -> Any:
    with Store(workspace.store, OperatorIdentity("bob", "ML Engineer", "box", "")) as opened:
        yield opened


def fire(store: Store, rule: str = "kl_spike", generation: int = 1, at: Any = NOW) -> None:
    record = TransitionRecord(
        rule, "firing", generation, "critical", 4096 * generation, 0.12, at, "approx_kl 0.12 > 0.1", True
    )
    store.save_alert_states("run-1", [record])


def test_each_operator_is_told_what_came_since_the_own_last_look(store: Store, bob: Store) -> None:
    store.tick("daily.2026-02-24.10:00.standup", NOW, "all well")
    assert [each.subject for each in build_handover(bob, NOW).happened] == ["daily.2026-02-24.10:00.standup"]
    bob.mark_look(NOW)
    assert build_handover(bob, NOW).happened == ()
    assert build_handover(bob, NOW).headline == f"nothing happened since {iso(NOW)}"
    assert len(build_handover(store, NOW).happened) == 1, "ana has not looked"
    store.override("preflight.smc", "next week", NOW)
    found = build_handover(bob, NOW)
    assert [(each.group, each.who, each.text) for each in found.happened] == [
        ("overridden", "ana", "next week")
    ]
    assert found.since == iso(NOW)


def test_every_kind_of_thing_stands_in_its_group(store: Store, bob: Store) -> None:
    fire(store)
    store.acknowledge("run-1/kl_spike/1", "looking", NOW)
    store.silence("rule=kl_*", starts_at=NOW, ends_at=NOW + timedelta(hours=1), comment="known", now=NOW)
    store.tick("daily.2026-02-24.10:00.standup", NOW)
    store.untick("daily.2026-02-24.10:00.standup", NOW, "sensed to fail")
    store.not_applicable("preflight.side_data", "none here", NOW)
    store.record("decision", "NO-GO", {"gates_passed": 2}, NOW)
    store.record("sign_off", "cto_decision", {"name": "Carla", "role": "CTO", "verdict": "approved"}, NOW)
    store.record("training_stop", "4711", {"force": False}, NOW)
    store.record("backup", "console-1", {}, NOW)
    store.record("preflight", "FIX", {}, NOW)
    found = build_handover(bob, NOW)
    assert found.counts == {
        "fired": 1,
        "alerts": 2,
        "checklists": 2,
        "preflights": 1,
        "overridden": 1,
        "decisions": 2,
        "training": 1,
        "other": 1,
        "due": 0,
    }
    assert tuple(found.counts) == tuple(group for group, _ in GROUPS)
    fired = found.of("fired")[0]
    assert (fired.subject, fired.severity, fired.what) == ("kl_spike", "critical", "firing")
    assert (
        "1 fired (1 critical)" in found.headline
        and ", 1 ticked, 1 un-ticked, 1 preflight, " in found.headline
    )
    assert found.of("decisions")[1].text == "Carla; CTO; approved"


def test_what_was_recorded_within_the_same_second_as_the_look_is_told_next_time(
    store: Store, bob: Store
) -> None:
    fire(store)
    bob.mark_look(NOW)
    fire(store, generation=2)
    store.tick("a", NOW)
    assert [(each.what, each.subject) for each in build_handover(bob, NOW).happened] == [
        ("resolved", "kl_spike"),
        ("firing", "kl_spike"),
        ("tick", "a"),
    ]
    assert build_handover(bob, NOW).headline.startswith("1 fired (1 critical), 1 resolved, 1 ticked since")


def test_since_a_time_ignores_the_mark(store: Store, bob: Store) -> None:
    store.tick("early", NOW - timedelta(hours=9))
    store.tick("late", NOW - timedelta(hours=1))
    bob.mark_look(NOW)
    found = build_handover(bob, NOW, since=NOW - timedelta(hours=8))
    assert [each.subject for each in found.happened] == ["late"]


def test_an_older_console_of_the_same_operator_never_moves_the_mark_back(store: Store, bob: Store) -> None:
    store.tick("a", NOW)
    bob.mark_look(NOW)
    bob.mark_look(NOW - timedelta(days=1), 0, 0)
    assert build_handover(bob, NOW).since == iso(NOW)
    assert build_handover(bob, NOW).happened == ()


def test_what_fell_due_meanwhile_is_told(workspace: Any, store: Store, bob: Store, make_health: Any) -> None:
    bob.mark_look(parse_iso("2026-02-23T07:00:00Z"))
    run = Run(RunInfo(id="", directory=workspace.logs))
    now = parse_iso("2026-02-23T14:10:00Z")
    week = build_timeline(workspace, run, make_health("ABSENT"), (), store, now)
    due = build_handover(bob, now, timeline=week).of("due")
    told = {each.subject: each.what for each in due}
    assert told["Final pre-training set-up"] == "overdue"
    assert told["START TRAINING"] == "now"
    bob.mark_look(now)
    again = build_handover(bob, now, timeline=week).of("due")
    assert {each.what for each in again} == {"overdue"}, "what waits since before is known"
