"""What stands in a table beside the audit log is what the log says, or `verify` says what is not."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.store.alert_states import TransitionRecord, alert_key
from core.store.audit import verify
from core.store.database import Store
from core.store.operator import OperatorIdentity

NOW = datetime(2026, 2, 24, 10, 0, 30, 123456, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store in which everything that leaves a tick or an acknowledgement has happened."""
    made = tmp_path / "console.sqlite3"
    with Store(made, OperatorIdentity("ana\x07", "ML Engineer", "box", "")) as store:
        store.tick("a", NOW, " seen ", "weight 1")
        store.tick("b", NOW)
        store.untick("b", NOW, "sensed to fail")
        store.override("c", "a spare disk", NOW)
        store.not_applicable("d", "no GPU here", NOW)
        seen = {"a": "weight 2", "e": "lr 3"}
        store.settle("preflight", "FIX", {"seen": seen}, seen, NOW)
        store.record("override", "preflight", {"reason": "the night run", "status": "BLOCKED"}, NOW)
        at = NOW - timedelta(minutes=3)
        fired = TransitionRecord("kl_spike", "firing", 1, "critical", 4096, 0.12, at, "KL 0.12 > 0.1", True)
        (placed,) = store.save_alert_states("run", [fired])
        store.acknowledge(alert_key("run", "kl_spike", placed.generation), "known", NOW)
        for hours in (1, 2):
            ends = NOW + timedelta(hours=hours)
            store.silence("rule=kl_*", starts_at=NOW, ends_at=ends, comment=" a test\x07 ", now=NOW)
        store.end_silence(2, NOW)
    return made


def test_all_that_is_written_reads_the_same_in_log_and_tables(path: Path) -> None:
    assert verify(path).reason == ""


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE ticks SET state = 'ticked' WHERE item_id = 'b'", "the tick of b is not what its entry says"),
        ("UPDATE ticks SET evidence = 'weight 3' WHERE item_id = 'a'", "the tick of a is not"),
        ("UPDATE ticks SET sensed = 0 WHERE item_id = 'e'", "the tick of e is not"),
        ("DELETE FROM ticks WHERE item_id = 'c'", "the tick of c is gone"),
        ("INSERT INTO ticks VALUES ('z', 'ticked', 'eve', '2026-02-24T10:00:00Z', '', '', 0)", "in no entry"),
        ("UPDATE ticks SET at = 'yesterday' WHERE item_id = 'a'", "cannot be read"),
        ("UPDATE acknowledgements SET operator = 'eve'", "the acknowledgement of"),
        (
            "UPDATE alert_transitions SET value = '0.02'",
            "alert transition 1 (kl_spike #1 firing of run) is not",
        ),
        ("UPDATE silences SET ends_at = '2027-01-01T00:00:00Z' WHERE id = 1", "the silence of 1 is not what"),
        ("UPDATE silences SET ended_at = NULL WHERE id = 2", "the silence of 2 is not what"),
        ("DROP INDEX alert_lines_waiting", "the index alert_lines_waiting is gone"),
        ("ALTER TABLE silences ADD COLUMN mine TEXT", "the table silences is not as it was made"),
        ("PRAGMA application_id = 7", "mark is not that of a ppo-console store"),
        ("PRAGMA user_version = 2", "the table alert_transitions is not as it was made"),
        ("DROP TRIGGER audit_log_no_update", "protection was removed: audit_log_no_update"),
        (
            "DROP TRIGGER audit_log_no_delete; CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log "
            "WHEN 0 BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END",
            "protection was removed: audit_log_no_delete",
        ),
    ],
)
def test_what_a_hand_changed_beside_the_log_is_said(path: Path, statement: str, said: str) -> None:
    with closing(sqlite3.connect(path)) as raw:
        raw.executescript(statement)
    report = verify(path)
    assert said in report.reason and not report.whole


def test_one_changed_byte_of_a_tick_is_found(path: Path) -> None:
    content = path.read_bytes()
    places = [found.start() for found in re.finditer(rb"lr 3", content)]
    assert len(places) == 2, "in the entry and in the table"
    for at in places:
        path.write_bytes(content[:at] + b"lr 4" + content[at + 4 :])
        assert not verify(path).whole


def test_an_older_store_stays_whole_before_and_after_its_tables_are_renewed(path: Path) -> None:
    """Its transitions have no hash, and none is made up for them."""
    with closing(sqlite3.connect(path)) as raw:
        raw.executescript("ALTER TABLE alert_transitions DROP COLUMN hash; PRAGMA user_version = 3")
    assert verify(path).reason == ""
    with Store(path, OperatorIdentity("ana", "ML Engineer", "box", "")) as store:
        fired = TransitionRecord("reward_drop", "firing", 1, "warning", 9, None, NOW, "fell", True)
        store.save_alert_states("run", [fired])
    assert verify(path).reason == ""
    with closing(sqlite3.connect(path)) as raw:
        hashes = [bool(row[0]) for row in raw.execute("SELECT hash FROM alert_transitions ORDER BY id")]
    assert hashes == [False, True]


def test_an_acknowledgement_of_a_first_version_which_kept_no_severity_is_no_forgery(path: Path) -> None:
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("UPDATE acknowledgements SET severity = ''")
    assert verify(path).reason == ""
