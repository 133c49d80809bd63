"""`audit verify` finds a cut end of the log by the heads that stand outside it, and says which."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from console.stores import open_store
from core.workspace import Workspace, init_workspace

NOW = datetime(2026, 2, 26, 16, 0, tzinfo=UTC)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Three ticks, a report that names the third entry as its head, then its decision and one more tick."""
    made = init_workspace(tmp_path / "workspace", start=NOW.date())
    with open_store(made) as store:
        for item in "abc":
            store.tick(item, NOW)
        report = {"audit_head": store.audit_head()[1], "hashes": {"model": "m" * 64}}
        store.record("decision", "NO-GO", {"model": "m" * 64}, NOW)
        store.tick("d", NOW)
    (made.reports / "revalidation_result.json").write_text(json.dumps(report))
    return made


def cut(workspace: Workspace, after: int) -> None:
    """A careful hand: the entries after number `after` go, and their ticks; the protection is put back."""
    with closing(sqlite3.connect(workspace.store)) as raw:
        triggers = raw.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_log'"
        ).fetchall()
        for name, _sql in triggers:
            raw.execute(f"DROP TRIGGER {name}")
        raw.execute(
            "DELETE FROM ticks WHERE item_id IN (SELECT subject FROM audit_log WHERE number > ?)", (after,)
        )
        raw.execute("DELETE FROM audit_log WHERE number > ?", (after,))
        for _name, sql in triggers:
            raw.execute(sql)
        raw.commit()


def test_a_whole_log_says_its_head_and_what_it_was_compared_with(cli: Any, workspace: Workspace) -> None:
    done = cli("audit", "verify", cwd=workspace.root)
    first, second, third = done.stdout.splitlines()
    assert done.returncode == 0 and first.startswith("whole: 5 entries, head 5:")
    assert second == "compared with reports/revalidation/revalidation_result.json: entry 3"
    assert third.startswith("not checked: notifications and lines on their way")
    noted = first.split("head ")[1]
    again = cli("audit", "verify", "--head", noted, cwd=workspace.root)
    assert again.returncode == 0 and "compared with --head: entry 5" in again.stdout
    cut(workspace, 4)
    gone = cli("audit", "verify", "--head", noted, "--json", cwd=workspace.root)
    told = json.loads(gone.stdout)
    assert gone.returncode == 20 and told["broken"] == 5 and "the log was cut" in told["reason"]


def test_a_cut_log_is_found_by_its_reports_alone(cli: Any, workspace: Workspace) -> None:
    cut(workspace, 2)
    done = cli("audit", "verify", cwd=workspace.root)
    assert done.returncode == 20 and done.stdout.startswith("BROKEN at entry 3: ")
    assert "names an entry that is not in the log: the log was cut or replaced" in done.stdout


def test_a_report_whose_decision_was_never_recorded_asks_for_attention_and_is_no_broken_log(
    cli: Any, workspace: Workspace
) -> None:
    """The console was killed between the report and the entry; what it rests on is whole."""
    cut(workspace, 3)
    done = cli("audit", "verify", cwd=workspace.root)
    assert done.returncode == 10 and done.stdout.startswith("whole: 3 entries, head 3:")
    report = "reports/revalidation/revalidation_result.json"
    assert f"whole, but report {report} has no decision entry: " in done.stdout
    told = json.loads(cli("audit", "verify", "--json", cwd=workspace.root).stdout)
    assert told["undecided"] == [report] and told["broken"] is None


def test_without_a_report_it_says_that_a_cut_end_would_not_show(cli: Any, workspace: Workspace) -> None:
    (workspace.reports / "revalidation_result.json").write_text("{")
    done = cli("audit", "verify", cwd=workspace.root)
    assert done.returncode == 0 and "a cut end would not show" in done.stdout
    assert "revalidation_result.json could not be read, so it was not compared" in done.stderr


@pytest.mark.parametrize("head", ["5", "5:xyz", "5:00"])
def test_a_head_that_is_none_is_a_usage_error(cli: Any, workspace: Workspace, head: str) -> None:
    done = cli("audit", "verify", "--head", head, cwd=workspace.root)
    assert done.returncode == 2 and "expected NUMBER:HASH" in done.stderr
