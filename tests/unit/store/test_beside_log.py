"""What stands in a table beside the audit log is what the log says, or `verify` says what is not."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.clock import iso
from core.store.alert_states import TRANSITION_COLUMNS, TransitionRecord, alert_key, transition_hash
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
        ended, again = replace(fired, state="resolved"), replace(fired, generation=2, timestep=8192)
        store.save_alert_states("run", [ended, again])
        store.acknowledge(alert_key("run", "kl_spike", placed.generation), "known", NOW)
        for step in ("look", "ask"):
            store.take_step("run", "kl_spike", step, "", NOW, note=" seen\x07 ")
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
        ("UPDATE alert_transitions SET hash = ''", "alert transition 1 (kl_spike #1 firing of run) is not"),
        (
            "DELETE FROM alert_transitions WHERE id = 1",
            "alert transition 1 is gone: it was taken out by hand",
        ),
        ("DELETE FROM alert_transitions WHERE id = 3", "alert transition 3 is gone"),
        ("DELETE FROM alert_transitions", "alert transition 1 is gone"),
        (
            "INSERT INTO alert_transitions SELECT 4, 'mine', rule, generation, state, key, severity, "
            "timestep, value, at, message, rule_hash, '' FROM alert_transitions WHERE id = 1",
            "alert transition 4 (kl_spike #1 firing of mine) is not what was recorded",
        ),
        ("DELETE FROM steps_taken WHERE id = 1", "the step of kl_spike/look of run is gone"),
        (
            "UPDATE steps_taken SET operator = 'eve' WHERE id = 2",
            "the step of kl_spike/ask of run is not what",
        ),
        (
            "INSERT INTO steps_taken SELECT 3, run_id, occasion, procedure, 'done', operator, at, note, line "
            "FROM steps_taken WHERE id = 1",
            "the step of kl_spike/done of run is in no entry of the log",
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


OLDER = ("", "UPDATE alert_transitions SET hash = ''", "ALTER TABLE alert_transitions DROP COLUMN hash")


@pytest.mark.parametrize("made_by", OLDER, ids=["no entry", "no hash", "no column"])
def test_an_older_store_stays_whole_and_its_new_transitions_are_guarded(tmp_path: Path, made_by: str) -> None:
    """An older version kept no entry of its transitions, the first ones no hash; none is made up for them."""
    path, operator = tmp_path / "console.sqlite3", OperatorIdentity("ana", "ML Engineer", "box", "")
    first = TransitionRecord("kl_spike", "firing", 1, "critical", 4096, 0.12, NOW, "KL 0.12 > 0.1", True)
    Store(path, operator).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        row = ("run", "kl_spike", 1, "firing", "run/kl_spike/1", "critical", 4096, "0.12", iso(NOW), "KL", "")
        values = (*row, transition_hash(row))
        raw.execute(
            f"INSERT INTO alert_transitions ({TRANSITION_COLUMNS}, hash) VALUES ({', '.join('?' * 12)})",
            values,
        )
        raw.executescript(made_by)
        raw.execute(f"PRAGMA user_version = {3 if 'DROP' in made_by else 4}")
    before = verify(path)
    assert before.whole
    assert any("alert" in each and "an older version" in each for each in before.unchecked)
    with Store(path, operator) as store:
        store.save_alert_states("run", [first, replace(first, rule="reward_drop")])
    after = verify(path)
    assert after.whole
    assert "1 of 2 alert transitions, which an older version recorded" in after.unchecked
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("DELETE FROM alert_transitions WHERE id = 2")
    assert verify(path).reason == "alert transition 2 is gone: it was taken out by hand"


def test_a_transition_that_an_older_console_beside_this_one_records_is_no_forgery(path: Path) -> None:
    row = ("run", "reward_drop", 1, "firing", "key", "warning", 1, None, iso(NOW), "fell", "")
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute(
            f"INSERT INTO alert_transitions ({TRANSITION_COLUMNS}, hash) VALUES ({', '.join('?' * 12)})",
            (*row, transition_hash(row)),
        )
    assert verify(path).unchecked[0] == "1 of 4 alert transitions, which an older version recorded"


def test_what_no_entry_tells_of_is_named_as_unchecked(path: Path) -> None:
    (left,) = verify(path).unchecked
    assert left.startswith("notifications and lines on their way")


def test_an_acknowledgement_of_a_first_version_which_kept_no_severity_is_no_forgery(path: Path) -> None:
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("UPDATE acknowledgements SET severity = ''")
    assert verify(path).reason == ""
