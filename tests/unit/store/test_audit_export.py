"""The audit log leaves the store whole, escaped, and with what its check said."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime
from pathlib import Path

from core.store.audit import verify
from core.store.audit_export import audit_export, export_json, export_markdown
from core.store.database import Store


def test_json_holds_every_field_of_every_entry_and_its_hash(store: Store, path: Path, now: datetime) -> None:
    store.tick("daily.standup", now, "all | well")
    store.override("preflight.disk_free", "arrives at noon", now)
    document = json.loads(export_json(audit_export(store.entries(), verify(path), now)))
    assert document["whole"] is True
    assert document["head"] == store.audit_head()[1] == document["entries"][-1]["hash"]
    first = document["entries"][0]
    assert (first["kind"], first["operator"], first["host"], first["client"]) == (
        "tick",
        "ada",
        "trainer-1",
        "10.0.0.7",
    )
    assert first["detail"] == {"note": "all | well"}
    assert document["entries"][1]["previous"] == first["hash"]


def test_markdown_escapes_what_people_wrote(store: Store, path: Path, now: datetime) -> None:
    store.tick("daily.standup", now, "a | b <b>*x*</b>\x1b[31m")
    text = export_markdown(audit_export(store.entries(), verify(path), now))
    row = text.splitlines()[-1]
    assert r"a \| b &lt;b&gt;\*x\*&lt;/b&gt;" in row
    assert "\x1b" not in text
    assert row.count(" | ") == 8
    assert "1 entries, whole" in text


def test_a_broken_log_says_so_in_its_export(store: Store, path: Path, now: datetime) -> None:
    store.tick("daily.standup", now)
    connection = sqlite3.connect(path)
    connection.execute("DROP TRIGGER audit_log_no_update")
    connection.execute("UPDATE audit_log SET operator = 'eve'")
    connection.commit()
    connection.close()
    document = audit_export(store.entries(), verify(path), now)
    assert not document.whole
    assert "BROKEN" in export_markdown(document)
