"""A tick, an override, an acknowledgement: with its reason, in UTC, whole, and there after reopening."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.errors import UsageError
from core.store.database import Store
from core.store.operator import OperatorIdentity
from core.store.schema import APPLICATION_ID, MIGRATIONS


def test_durability_settings(store: Store) -> None:
    """Full synchronisation, rollback journal, 30 s of patience: what an acknowledged write rests on."""
    with store._connections.transaction() as writer:
        assert writer.execute("PRAGMA synchronous").fetchone()[0] == 2
        assert writer.execute("PRAGMA journal_mode").fetchone()[0] == "delete"
        assert writer.execute("PRAGMA busy_timeout").fetchone()[0] == 30_000
        assert writer.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS)


def test_tick_is_there_after_reopening(path: Path, ada: OperatorIdentity, now: datetime) -> None:
    with Store(path, ada) as store:
        given = store.tick("preflight.backup", now, "seen \x1b[31m")
    with Store(path, ada) as store:
        assert store.ticks() == {"preflight.backup": given}
        assert given.state == "ticked" and given.operator == "ada" and given.at == now
        assert "\x1b" not in given.note


def test_override_needs_a_reason(store: Store, now: datetime) -> None:
    with pytest.raises(UsageError, match="needs a reason"):
        store.override("preflight.disk_free", "  ", now)
    assert store.ticks() == {} and store.entries() == []
    store.override("preflight.disk_free", "logs go elsewhere", now)
    assert store.ticks()["preflight.disk_free"].state == "overridden"


def test_untick_keeps_the_reason_and_happens_once(store: Store, now: datetime) -> None:
    assert store.untick("item", now, "fails") is None
    store.tick("item", now)
    assert store.untick("item", now, "disk 3 GB") is not None
    assert store.untick("item", now, "disk 3 GB") is None
    assert store.ticks()["item"].state == "unticked" and store.ticks()["item"].note == "disk 3 GB"
    assert [entry.kind for entry in store.entries()] == ["tick", "untick"]


def test_failed_write_leaves_no_half(store: Store, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tick and its audit entry are one: when the entry cannot be written, the tick is not there."""

    def broken(*_: object) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr("core.store.ticks.append_entry", broken)
    with pytest.raises(RuntimeError):
        store.tick("item", now)
    monkeypatch.undo()
    assert store.ticks() == {}
    store.tick("item", now)
    assert list(store.ticks()) == ["item"]


def test_change_counter_sees_another_console(
    store: Store, path: Path, bob: OperatorIdentity, now: datetime
) -> None:
    before = store.change_counter()
    assert store.change_counter() == before
    with Store(path, bob) as other:
        other.tick("item", now)
    after = store.change_counter()
    assert after != before
    store.tick("item2", now)
    assert store.change_counter() != after


def test_times_must_be_aware(store: Store) -> None:
    with pytest.raises(ValueError, match="naive"):
        store.tick("item", datetime(2026, 2, 23))
    assert store.ticks() == {}


def test_ticks_of_another_zone_are_stored_in_utc(store: Store, now: datetime) -> None:
    from datetime import timezone

    store.tick("item", now.astimezone(timezone(timedelta(hours=-3))))
    assert store.ticks()["item"].at == now and store.ticks()["item"].at.tzinfo is UTC


def test_ticks_of_an_older_database_stay(path: Path, now: datetime, ada: OperatorIdentity) -> None:
    """A store of two migrations ago opens with what people said in it, and takes the newer states."""
    path.parent.mkdir(parents=True)
    older = sqlite3.connect(path)
    for statements in MIGRATIONS[:2]:
        for statement in statements:
            older.execute(statement)
    older.execute("INSERT INTO ticks VALUES ('a', 'overridden', 'bob', '2026-02-23T10:00:00Z', 'why')")
    older.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    older.execute("PRAGMA user_version = 2")
    older.commit()
    older.close()
    with Store(path, ada) as store:
        assert store.ticks()["a"].note == "why"
        store.not_applicable("b", "none here", now)
        assert {name: tick.state for name, tick in store.ticks().items()} == {
            "a": "overridden",
            "b": "not_applicable",
        }
