"""Notifications: queued with their transition, leased to one console, retried, given up, never doubled."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from core.config.settings import Notify
from core.errors import UsageError
from core.store.alert_states import TransitionRecord, alert_key
from core.store.connection import connect
from core.store.database import Store
from core.store.operator import OperatorIdentity
from core.store.outbox import Delivery, back_off
from core.store.schema import APPLICATION_ID, MIGRATIONS

NOTIFY = Notify(enabled=True, targets={"ops": "json://127.0.0.1:9/"})
SECOND = timedelta(seconds=1)


@pytest.fixture
def told(path: Path, ada: OperatorIdentity) -> Iterator[Store]:
    with Store(path, ada, NOTIFY) as store:
        yield store


def record(now: datetime, state: str = "firing", **changes: object) -> TransitionRecord:
    values: dict[str, object] = {
        "rule": "kl_spike",
        "state": state,
        "generation": 1,
        "severity": "critical",
        "timestep": 4096,
        "value": 0.2,
        "at": now,
        "message": "approx_kl 0.2",
        "by_row": True,
        "seen_at": now,
    }
    return TransitionRecord(**(values | changes))  # type: ignore[arg-type]


def claim(store: Store, now: datetime, owner: str = "one", **options: object) -> list[Delivery]:
    return store.claim_deliveries(owner, ["ops"], now, **options)  # type: ignore[arg-type]


def test_a_delivery_is_claimed_by_one_console(
    told: Store, path: Path, bob: OperatorIdentity, now: datetime
) -> None:
    told.save_alert_states("r", [record(now)])
    with Store(path, bob, NOTIFY) as other:
        (mine,) = claim(told, now, "one")
        assert claim(other, now, "two") == [] and not other.deliveries_due(now)
        assert told.finish_delivery(mine.id, "one", "", now).status == "sent"
        assert claim(other, now + timedelta(hours=1), "two") == []


def test_a_killed_console_leaves_its_delivery_to_another(told: Store, now: datetime) -> None:
    told.save_alert_states("r", [record(now)])
    assert len(claim(told, now, "killed", lease=60.0)) == 1
    assert claim(told, now + 59 * SECOND, "two") == []
    (again,) = claim(told, now + 60 * SECOND, "two")
    assert again.attempts == 2
    late = told.finish_delivery(again.id, "killed", "timed out", now + 61 * SECOND)
    assert late.status == "waiting" and late.error == "", "it is no longer the killed one's to judge"
    assert told.finish_delivery(again.id, "two", "", now + 61 * SECOND).status == "sent"


def test_a_failure_is_tried_again_with_back_off_until_its_deadline(told: Store, now: datetime) -> None:
    told.save_alert_states("r", [record(now)])
    moment, waits = now, []
    while True:
        found = claim(told, moment)
        assert len(found) == 1
        done = told.finish_delivery(found[0].id, "one", "503", moment)
        if done.status != "waiting":
            break
        assert not told.deliveries_due(done.next_at - SECOND)
        waits.append((done.next_at - moment).total_seconds())
        moment = done.next_at
    assert waits[:4] == [5, 10, 20, 40] and max(waits) <= 600
    assert done.status == "failed" and done.error == "503" and moment == done.deadline
    assert done.deadline - now == timedelta(seconds=NOTIFY.retry_for)
    (entry,) = told.entries("notify_failed")
    assert entry.subject == "r/kl_spike/1" and entry.detail["error"] == "503"
    assert told.outbox_counts()["failed"] == 1 and claim(told, moment + timedelta(days=1)) == []


def test_a_clock_that_is_set_back_holds_no_delivery(told: Store, now: datetime) -> None:
    """Neither one that waits for its first or next try nor one in the hand of a console that was killed."""
    earlier = now - timedelta(hours=3)
    told.save_alert_states("queued", [record(now)])
    told.save_alert_states("tried", [record(now)])
    told.save_alert_states("held", [record(now)])
    held = {each.run_id: each for each in claim(told, now, "killed", lease=60.0)}
    told.finish_delivery(held["tried"].id, "killed", "503", now)
    told.save_alert_states("late", [record(now)])
    assert told.deliveries_due(earlier)
    assert {each.run_id for each in claim(told, earlier, "two")} == {"queued", "tried", "held", "late"}
    assert claim(told, earlier, "three") == [], "they are the second console's now"


def test_back_off_doubles_and_is_bounded() -> None:
    assert [back_off(attempts) for attempts in (1, 2, 3, 50)] == [5, 10, 20, 600]


def test_a_long_outage_of_all_consoles_loses_nothing(told: Store, now: datetime) -> None:
    """Nobody ran for a day: what was never tried is tried."""
    told.save_alert_states("r", [record(now)])
    (found,) = claim(told, now + timedelta(days=1))
    assert told.finish_delivery(found.id, "one", "", now + timedelta(days=1)).status == "sent"


def test_the_end_does_not_overtake_the_firing(told: Store, now: datetime) -> None:
    told.save_alert_states("r", [record(now)])
    (firing,) = claim(told, now)
    told.finish_delivery(firing.id, "one", "503", now)
    told.save_alert_states("r", [record(now, "resolved")])
    assert claim(told, now + SECOND) == []
    (firing,) = claim(told, now + 5 * SECOND)
    assert firing.state == "firing"
    told.finish_delivery(firing.id, "one", "", now)
    assert [each.state for each in claim(told, now + 6 * SECOND)] == ["resolved"]


def test_the_end_of_what_was_not_told_is_not_told(told: Store, now: datetime) -> None:
    told.save_alert_states("r", [record(now, notify=False), record(now, "resolved")])
    assert told.outbox() == []


def test_a_target_that_was_removed_fails_and_says_so(told: Store, now: datetime) -> None:
    told.save_alert_states("r", [record(now)])
    assert told.claim_deliveries("one", ["other"], now) == []
    (left,) = told.outbox()
    assert left.status == "failed" and "no longer in config.toml" in left.error


def test_without_notify_nothing_is_queued(path: Path, ada: OperatorIdentity, now: datetime) -> None:
    with Store(path, ada, Notify(targets={"ops": "json://x"})) as store:
        store.save_alert_states("r", [record(now)])
        assert store.outbox() == []


def test_a_transition_and_its_notification_are_one_transaction(
    told: Store, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the outbox cannot take the row, the transition is not recorded either."""

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("full")

    monkeypatch.setattr("core.store.outbox.queue", full)
    with pytest.raises(sqlite3.OperationalError):
        told.save_alert_states("r", [record(now)])
    assert told.load_alert_states("r") == {}


# Silences


def silence(store: Store, now: datetime, matcher: str = "kl_*", hours: float = 1.0, **changes: object) -> int:
    options: dict[str, object] = {
        "starts_at": now,
        "ends_at": now + timedelta(hours=hours),
        "comment": "known",
    }
    return store.silence(matcher, now=now, **(options | changes)).id  # type: ignore[arg-type]


def test_a_silenced_alert_waits_and_is_told_when_it_still_fires(told: Store, now: datetime) -> None:
    silence(told, now)
    told.save_alert_states("r", [record(now)])
    assert claim(told, now + SECOND) == []
    (held,) = told.outbox()
    assert held.status == "waiting" and held.error.startswith("silenced by ada until")
    assert not told.deliveries_due(now + timedelta(minutes=59))
    (due,) = claim(told, now + timedelta(hours=1))
    assert due.state == "firing" and due.deadline > now + timedelta(hours=1, minutes=59)


def test_a_silenced_alert_that_ended_meanwhile_is_never_told(told: Store, now: datetime) -> None:
    silence(told, now)
    told.save_alert_states("r", [record(now)])
    claim(told, now + SECOND)
    told.save_alert_states("r", [record(now, "resolved")])
    assert claim(told, now + timedelta(hours=2)) == []
    assert claim(told, now + timedelta(hours=3)) == []
    assert told.outbox_counts()["cancelled"] == 2


@pytest.mark.parametrize(
    ("matcher", "hits"),
    [
        ("kl_spike", True),
        ("kl_*", True),
        ("rule=kl_* severity=critical", True),
        ("rule=kl_* severity=warning", False),
        ("run=r*", True),
        ("run=other", False),
        ("disk_*", False),
    ],
)
def test_a_silence_matches_what_it_names(told: Store, now: datetime, matcher: str, hits: bool) -> None:
    silence(told, now, matcher)
    (made,) = told.silences()
    assert made.matches("kl_spike", "critical", "run-1") == (hits if matcher != "run=r*" else True)
    assert made.active(now) and not made.active(now + timedelta(hours=1)) and not made.active(now - SECOND)


@pytest.mark.parametrize(
    ("matcher", "changes", "words"),
    [
        ("", {}, "needs a matcher"),
        ("color=red", {}, "expected rule=GLOB"),
        ("rule=a rule=b", {}, "each once"),
        ("kl_*", {"comment": "  "}, "needs a comment"),
        ("kl_*", {"ends_at": datetime.fromisoformat("2026-02-23T13:00:00+00:00")}, "ends after"),
        ("kl_*", {"ends_at": datetime.fromisoformat("2026-04-23T13:00:00+00:00")}, "at most"),
    ],
)
def test_a_silence_that_cannot_be_is_refused(
    told: Store, now: datetime, matcher: str, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        silence(told, now, matcher, **changes)
    assert told.silences() == [] and told.entries("silence") == []


def test_silences_and_steps_are_audited(told: Store, now: datetime) -> None:
    number = silence(told, now)
    told.end_silence(number, now)
    taken = told.take_step("r", "crash", "stop", "2026 [ISSUE] x", now, note="n\x1b", occasion="r/crash/1")
    assert [entry.kind for entry in told.entries()] == ["silence", "silence_end", "step"]
    assert told.steps_taken("r") == [taken] and told.steps_taken("other") == []
    assert "\x1b" not in taken.note and told.entries("step")[0].subject == "crash/stop"


# An older database


def test_a_store_of_the_first_version_is_brought_up_to_date(
    path: Path, ada: OperatorIdentity, now: datetime
) -> None:
    """Its acknowledgements stay, without an end, as they were given."""
    path.parent.mkdir(parents=True)
    old = connect(path)
    for statement in MIGRATIONS[0]:
        old.execute(statement)
    old.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    old.execute("PRAGMA user_version = 1")
    key = alert_key("r", "kl_spike", 1)
    old.execute("INSERT INTO acknowledgements VALUES (?, 'ada', '2026-02-23T14:00:00Z', 'on it')", (key,))
    old.close()
    with Store(path, ada) as store:
        kept = store.acknowledgements()[key]
        assert kept.note == "on it" and kept.expires_at is None and kept.severity == ""
        assert store.silences() == [] and store.outbox() == []
