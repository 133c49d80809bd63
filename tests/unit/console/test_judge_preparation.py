"""The console's revalidation is gated by the preparation like the command's."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import console.revalidation
import core.revalidation.reports
import core.revalidation.worker
from console.judge import Judge
from core.errors import RejectedError
from core.store.database import Store
from core.store.operator import OperatorIdentity
from core.workspace import init_workspace


@pytest.fixture
def judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`judged(override)` → the state at the end, whether anything was judged, and the reason given."""
    workspace = init_workspace(tmp_path / "week")
    reasons: list[str] = []
    begun: list[bool] = []

    def prepare(*_given: Any, override: str = "", **_named: Any) -> Any:
        reasons.append(override)
        if not override:
            raise RejectedError("the preparation is BLOCKED; nothing was judged", hint="give a reason")
        return None, {"preparation": "BLOCKED", "override": override}

    def child(*_given: Any) -> Any:
        begun.append(True)
        raise RejectedError("stop here")

    monkeypatch.setattr(console.revalidation, "prepare", prepare)
    monkeypatch.setattr(console.revalidation, "request_for", lambda *_given, **_named: None)
    monkeypatch.setattr(core.revalidation.worker, "run_in_child", child)

    def run(override: str = "") -> Any:
        with Store(workspace.store, OperatorIdentity("ana", "", "", "")) as store:
            judge = Judge(workspace, lambda: store, lambda: None)
            assert judge.start(override)
            judge.join(10)
            return judge.state, bool(begun), reasons[-1]

    return run


def test_a_blocked_preparation_judges_nothing_and_says_why(judged: Any) -> None:
    state, begun, _ = judged()
    assert state.phase == "failed"
    assert "BLOCKED" in state.error.title
    assert not begun


def test_a_reason_lets_it_begin(judged: Any) -> None:
    _, begun, reason = judged("a drill")
    assert begun
    assert reason == "a drill"


def test_an_older_report_on_disk_never_replaces_a_newer_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another console's report is taken where it is newer; a backup put back beside it is not."""
    workspace = init_workspace(tmp_path / "week")
    path = workspace.reports / "revalidation_result.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{}")
    on_disk = ["2026-02-27T16:00:00Z"]
    monkeypatch.setattr(
        core.revalidation.reports, "read_result", lambda _path: SimpleNamespace(generated_at=on_disk[0])
    )
    judge = Judge(workspace, lambda: None, lambda: None)
    for made, shown in (
        ("2026-02-27T16:00:00Z", "2026-02-27T16:00:00Z"),
        ("2026-02-26T16:00:00Z", "2026-02-27T16:00:00Z"),
        ("2026-02-28T16:00:00Z", "2026-02-28T16:00:00Z"),
    ):
        on_disk[0] = made
        judge.look_back(workspace)
        assert judge.state.result is not None and judge.state.result.generated_at == shown
