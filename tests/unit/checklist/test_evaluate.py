"""Ticks, overrides, un-ticking, staleness and time limits."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest

from core.checklist.evaluate import evaluate, sense_within
from core.checklist.item import Item, Reading
from core.checklist.model import readiness
from core.checklist.preflight import record_preflight
from core.errors import UsageError
from core.workspace import Workspace

LOOK = Item("t.look", "Look", "G", kind="sensed_look", on_fail="block", sensor="s")
SENSED = Item("t.sensed", "Sensed", "G", sensor="s")
MANUAL = Item("t.manual", "Manual", "G", kind="manual")


def one(item: Item, reading: Reading, store: Any, now: Any, **options: Any) -> Any:
    return evaluate([item], lambda _: reading, store, now, **options)[0]


def test_a_manual_item_waits_for_a_person(store: Any, now: Any) -> None:
    assert one(MANUAL, Reading("pass"), store, now).state == "pending"
    store.tick("t.manual", now)
    result = one(MANUAL, Reading("pass"), store, now)
    assert (result.state, result.ticked_by, result.ticked_at) == ("pass", "ana", "2026-02-23T08:00:00Z")


def test_what_a_person_ticked_again_meanwhile_is_not_unticked_for_an_older_look(store: Any, now: Any) -> None:
    """Two consoles: one is still sensing what the other's operator has looked at since."""
    store.tick("t.look", now)

    def sense(_item: Item) -> Reading:
        store.tick("t.look", now + timedelta(seconds=30), "looked again")
        return Reading("fail", message="as it was")

    evaluate([LOOK], sense, store, now)
    assert (store.ticks()["t.look"].state, store.ticks()["t.look"].note) == ("ticked", "looked again")


def test_a_required_look_needs_both(store: Any, now: Any) -> None:
    assert one(LOOK, Reading("pass"), store, now).state == "pending"
    store.tick("t.look", now)
    assert one(LOOK, Reading("pass"), store, now).state == "pass"
    assert one(LOOK, Reading("unknown"), store, now).state == "unknown"


def test_a_ticked_item_that_goes_bad_unticks_itself_and_says_so(store: Any, now: Any) -> None:
    """In the store, so that every console sees it; when it is good again, a person has to look again."""
    store.tick("t.look", now)
    bad = one(LOOK, Reading("fail", 3, message="three blockers"), store, now)
    assert bad.state == "fail"
    assert "un-ticked itself" in bad.message
    assert bad.ticked_by is None
    tick = store.ticks()["t.look"]
    assert tick.state == "unticked"
    assert "three blockers" in tick.note
    again = one(LOOK, Reading("pass"), store, now + timedelta(minutes=1))
    assert again.state == "pending"
    assert "three blockers" in again.message
    assert [entry.kind for entry in store.entries()] == ["tick", "untick"]


def test_an_override_is_visible_as_one(store: Any, now: Any) -> None:
    store.override("t.sensed", "disk arrives at noon", now)
    result = one(SENSED, Reading("fail", "40 GB", "≥ 50 GB", message="10 GB short"), store, now)
    assert result.state == "overridden"
    for part in ("ana", "disk arrives at noon", "fail", "10 GB short"):
        assert part in result.message
    assert result.value == "40 GB"
    assert readiness((result,)) == "READY"


def test_an_old_tick_counts_no_more(store: Any, now: Any) -> None:
    store.tick("t.manual", now)
    week = 7 * 86_400.0
    later = now + timedelta(days=8)
    assert one(MANUAL, Reading("pass"), store, now, tick_valid_seconds=week).state == "pass"
    result = one(MANUAL, Reading("pass"), store, later, tick_valid_seconds=week)
    assert result.state == "pending"
    assert "8 d ago" in result.message


@pytest.mark.parametrize("state", ["pass", "fail", "warn"])
def test_stale_is_unknown(now: Any, state: Any) -> None:
    fresh = Reading(state, 1, age_seconds=59, stale_after=60)
    assert one(SENSED, fresh, None, now).state == state
    stale = one(SENSED, Reading(state, 1, age_seconds=61, stale_after=60), None, now)
    assert stale.state == "unknown"
    assert "stale" in stale.message


def test_a_sensor_that_hangs_is_unknown_and_the_others_go_on() -> None:
    def sense(item: Item) -> Reading:
        answers.wait(120)
        return Reading("pass")

    answers = threading.Event()

    began = time.monotonic()
    reading = sense_within(sense, SENSED, 0.05)
    assert time.monotonic() - began < 60, "it was waited for"
    answers.set()
    assert reading.state == "unknown"
    assert "no answer" in reading.message


def test_a_sensor_that_raises_is_its_own_items_unknown(now: Any) -> None:
    def sense(item: Item) -> Reading:
        if item.id == "t.sensed":
            raise ValueError("\x1b[31mboom")
        return Reading("pass")

    broken, fine = evaluate([SENSED, Item("t.other", "O", "G", sensor="s")], sense, None, now)
    assert broken.state == "unknown"
    assert "ValueError: ␛[31mboom" in broken.message
    assert fine.state == "pass"


def test_a_hyperparameter_changed_after_the_tick_unticks(
    preflight: Any, workspace: Workspace, store: Any, now: Any
) -> None:
    """A sensed item that a person ticked as seen is un-ticked too."""
    store.tick("preflight.ppo.gamma", now)
    preflight(store)
    assert preflight.item("ppo.gamma").state == "pass"
    text = workspace.config.read_text(encoding="utf-8")
    workspace.config.write_text(text.replace("gamma = 0.99", "gamma = 0.9", 1), encoding="utf-8")
    preflight(store)
    assert preflight.item("ppo.gamma").state == "fail"
    assert "un-ticked itself" in preflight.item("ppo.gamma").message
    assert store.ticks()["preflight.ppo.gamma"].state == "unticked"


def test_no_blockers_unticks_when_a_blocker_appears(
    preflight: Any, workspace: Workspace, store: Any, now: Any
) -> None:
    store.tick("preflight.setup_no_blockers", now)
    preflight(store)
    assert preflight.item("setup_no_blockers").state == "pass"
    preflight(store, train=None, backtest=None, environment=None, baseline=None)
    assert preflight.item("setup_no_blockers").state == "unknown"
    assert store.ticks()["preflight.setup_no_blockers"].state == "ticked"
    workspace.models.rmdir()
    workspace.models.write_text("")
    assert preflight(store).status == "BLOCKED"
    assert preflight.item("setup_no_blockers").state == "fail"
    assert store.ticks()["preflight.setup_no_blockers"].state == "unticked"


def test_not_applicable_needs_a_reason_and_stays_a_persons_word(store: Any, now: Any) -> None:
    with pytest.raises(UsageError, match="needs a reason"):
        store.not_applicable("t.sensed", " ", now)
    store.not_applicable("t.sensed", "no GPU here", now)
    result = one(SENSED, Reading("fail", message="no GPU"), store, now)
    assert result.state == "not_applicable"
    for part in ("ana", "no GPU here", "sensed: fail"):
        assert part in result.message
    assert readiness((result,)) == "READY"
    assert [entry.kind for entry in store.entries()] == ["not_applicable"]


def test_a_tick_that_rested_on_another_value_unticks_itself_and_says_which(store: Any, now: Any) -> None:
    store.tick("t.look", now, evidence="candles aa")
    assert one(LOOK, Reading("pass", evidence="candles aa"), store, now).state == "pass"
    changed = one(LOOK, Reading("pass", evidence="candles bb"), store, now)
    assert changed.state == "pending"
    assert "it rested on candles aa, now it is candles bb" in changed.message
    assert store.ticks()["t.look"].state == "unticked"
    assert [entry.kind for entry in store.entries()] == ["tick", "untick"]


def test_a_hyperparameter_changed_after_a_recorded_preflight_unticks_and_is_audited(
    preflight: Any, workspace: Workspace, store: Any, now: Any
) -> None:
    """Also where the approved value was changed with it, so that the item itself still holds."""
    record_preflight(store, preflight(store), now)
    assert store.ticks()["preflight.ppo.gamma"].sensed
    assert preflight(store).items[10].ticked_by is None, "a sensor's tick is no person's"
    text = workspace.config.read_text(encoding="utf-8")
    workspace.config.write_text(text.replace("gamma = 0.99", "gamma = 0.9"), encoding="utf-8")
    preflight(store)
    item = preflight.item("ppo.gamma")
    assert item.state == "warn"
    assert "it rested on gamma 0.99, now it is gamma 0.9" in item.message
    assert store.entries("untick")[0].subject == "preflight.ppo.gamma"
    preflight(store)
    assert len(store.entries("untick")) == 1, "said once in the audit log"
    assert "un-ticked" in preflight.item("ppo.gamma").message, "and shown until the next recorded preflight"
    record_preflight(store, preflight(store), now)
    preflight(store)
    assert "un-ticked" not in preflight.item("ppo.gamma").message


def test_ready_is_taken_back_when_what_was_looked_at_changes(
    preflight: Any, workspace: Workspace, store: Any, now: Any
) -> None:
    preflight(store)
    for name in ("setup_checks", "setup_no_blockers", "setup_ready"):
        store.tick(f"preflight.{name}", now, evidence=preflight.item(name).evidence)
    assert preflight(store).status == "READY"
    text = workspace.config.read_text(encoding="utf-8")
    workspace.config.write_text(text.replace("gamma = 0.99", "gamma = 0.9"), encoding="utf-8")
    assert preflight(store).status == "FIX"
    assert {preflight.item(name).state for name in ("setup_checks", "setup_ready")} == {"pending"}


def test_an_old_look_of_the_slow_sensors_is_unknown(preflight: Any, now: Any) -> None:
    preflight(None, looked_at="2026-02-23T07:30:00Z")
    assert (preflight.item("train_data").state, preflight.item("train_data").age_seconds) == ("pass", 1800)
    preflight(None, looked_at="2026-02-23T06:30:00Z")
    assert preflight.item("train_data").state == "unknown"
    assert "stale" in preflight.item("train_data").message
