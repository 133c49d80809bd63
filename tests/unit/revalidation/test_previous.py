"""A decision is compared with the last one, and says whether the two can be compared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from core.revalidation.previous import last_decision
from core.revalidation.reports import JSON_NAME, write_reports
from core.revalidation.result import Hashes, RevalidationResult
from core.revalidation.text import decision_document, previous_lines

Make = Callable[..., RevalidationResult]


@pytest.fixture
def before(make_result: Make, make_summary: Callable, tmp_path: Path, now) -> Path:
    summary = make_summary(sharpe_ratio=0.4)
    write_reports(make_result(summary, hashes=Hashes(model="m", data="d")), tmp_path, now)
    return tmp_path


def compared(folder: Path, result: RevalidationResult) -> list[str]:
    previous, unread = last_decision(folder, result)
    assert unread == ""
    return previous_lines(msgspec.structs.replace(result, previous=previous))


def test_the_last_decision_and_how_its_gates_moved_stand_in_the_new_one(before, make_result):
    lines = compared(before, make_result(hashes=Hashes(model="n", data="d")))
    assert "PARTIAL-GO" in lines[0] and "5 of 6 gates" in lines[0]
    assert "(another model, the same candles, the same rules)" in lines[0]
    assert lines[1] == "since then: Sharpe 0.40 FAIL -> 1.50 PASS"


def test_other_candles_and_rules_are_said(before, make_result):
    lines = compared(before, make_result(hashes=Hashes(model="m", data="e"), configuration={"gates": {}}))
    assert "(the same model, other candles, other rules)" in lines[0]


def test_without_one_there_is_nothing_to_compare(make_result, tmp_path):
    assert compared(tmp_path, make_result()) == []
    assert "last decision" not in decision_document(make_result())


def test_one_that_cannot_be_read_is_said(make_result, tmp_path):
    (tmp_path / JSON_NAME).write_text("{")
    previous, unread = last_decision(tmp_path, make_result())
    assert previous is None and "could not be read" in unread
