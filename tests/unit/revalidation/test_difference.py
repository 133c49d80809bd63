"""What differs between two decisions: what was judged stands before how it did."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from core.backtest.summary import Summary
from core.errors import UnreadableError, UsageError
from core.revalidation.difference import compare, diff_lines, read_decision
from core.revalidation.reports import write_reports
from core.revalidation.result import Hashes, RevalidationResult

MakeResult = Callable[..., RevalidationResult]


def test_the_same_decision_differs_in_nothing(make_result: MakeResult) -> None:
    diff = compare(make_result(), make_result())
    assert diff.differences == () and diff.same_rules and diff.same_candles is None
    assert diff_lines(diff)[-1] == "nothing differs"


def test_a_gate_that_turned_and_what_it_did_to_the_decision(
    make_result: MakeResult, make_summary: Callable[..., Summary]
) -> None:
    diff = compare(make_result(), make_result(make_summary(win_rate_pct=40.0)))
    by_what = {each.what: each for each in diff.differences}
    assert by_what["decision"].a == "GO (weak evidence)" and by_what["decision"].b == "PARTIAL-GO"
    assert by_what["gates passed"].a == "6" and by_what["under manual"].b == "PARTIAL-GO"
    win_rate = by_what["Win Rate"]
    assert win_rate.kind == "gate" and win_rate.a.startswith("PASS 55.0 %") and "FAIL 40.0 %" in win_rate.b
    assert by_what["win_rate_pct"].kind == "metric"
    assert [line for line in diff_lines(diff)[1:] if line.isupper()] == ["DECISION", "GATE", "METRIC"]


def test_other_candles_and_other_rules_are_said_first(make_result: MakeResult) -> None:
    a = make_result(hashes=Hashes(data="a" * 64))
    rules = {**a.configuration, "gates": {**a.configuration["gates"], "sharpe_ratio": 0.5}}  # type: ignore[dict-item]
    b = msgspec.structs.replace(a, hashes=Hashes(data="b" * 64), configuration=rules)
    diff = compare(a, b)
    assert diff.same_candles is False and not diff.same_rules
    lines = diff_lines(diff)
    assert "not the same candles" in lines[1] and "not the same rules" in lines[2]
    what = [each.what for each in diff.differences]
    assert what == ["hash data", "configuration gates.sharpe_ratio"]


def test_evidence_is_compared(make_result: MakeResult) -> None:
    a = make_result()
    b = make_result(evidence=msgspec.structs.replace(a.evidence, psr=0.97, placebo_p=0.01))
    diff = compare(a, b)
    assert {(each.what, each.a, each.b) for each in diff.differences} == {
        ("psr", "–", "0.97"),
        ("placebo_p", "–", "0.01"),
    }


def test_a_report_its_decision_file_and_its_folder_read_the_same(
    make_result: MakeResult, tmp_path: Path, now: datetime
) -> None:
    write_reports(make_result(), tmp_path, now)
    names = ("revalidation_result.json", "2026-02-27_decision.json", "")
    assert len({read_decision(tmp_path / name).generated_at for name in names}) == 1
    with pytest.raises(UsageError):
        read_decision(tmp_path / "nothing.json")
    with pytest.raises(UnreadableError):
        read_decision(tmp_path / "2026-02-27_metrics.csv")
