"""The four report files: from one result, together or not at all, the earlier ones kept."""

from __future__ import annotations

import csv
import errno
import json
import math
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from core.backtest.summary import Summary
from core.errors import UnreadableError
from core.revalidation.markdown import escape, markdown
from core.revalidation.reports import metrics_csv, read_result, spreadsheet_safe, write_reports
from core.revalidation.result import RevalidationResult, SymbolResult

MakeResult = Callable[..., RevalidationResult]
NAMES = {
    "revalidation_result.json",
    "revalidation_result.md",
    "2026-02-27_decision.json",
    "2026-02-27_metrics.csv",
    "revalidation_result.html",
}


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.is_file()}


def test_five_files_and_their_paths_in_the_report(
    make_result: MakeResult, tmp_path: Path, now: datetime
) -> None:
    written = write_reports(make_result(), tmp_path / "reports", now)
    assert files(tmp_path / "reports") == NAMES
    assert {Path(path).name for path in written.reports} == NAMES
    assert all(Path(path).is_file() for path in written.reports)
    assert read_result(tmp_path / "reports" / "revalidation_result.json") == written
    decision = json.loads((tmp_path / "reports" / "2026-02-27_decision.json").read_text())
    assert decision.pop("date") == "2026-02-27"
    assert decision == json.loads((tmp_path / "reports" / "revalidation_result.json").read_text())


def test_csv_has_the_interface_s_columns_and_plain_numbers(
    make_result: MakeResult, make_summary: Callable[..., Summary]
) -> None:
    text = metrics_csv(make_result(make_summary(sharpe_ratio=-0.25, calmar_ratio=None)))
    rows = list(csv.DictReader(text.splitlines()))
    assert text.splitlines()[0] == (
        "gate,value,comparison,limit,margin,status,interval_low,interval_high,baseline"
    )
    assert len(rows) == 6
    assert (rows[0]["value"], rows[0]["margin"], rows[0]["status"]) == ("-0.25", "-1.25", "FAIL")
    assert (rows[5]["value"], rows[5]["status"]) == ("", "NOT_EVALUABLE")


def test_no_nan_reaches_a_report(make_result: MakeResult, make_summary: Callable[..., Summary]) -> None:
    """A NaN would be null; it must not have been there."""
    result = make_result(make_summary(sortino_ratio=math.nan, recovery_factor=math.inf))
    assert result.metrics["sortino_ratio"] is None and result.metrics["recovery_factor"] is None


def test_the_earlier_report_is_kept_under_its_time(
    make_result: MakeResult, tmp_path: Path, now: datetime
) -> None:
    first = write_reports(make_result(), tmp_path, now)
    later = datetime(2026, 2, 27, 17, 5, tzinfo=UTC)
    write_reports(make_result(generated_at="2026-02-27T17:05:00Z", decision="NO-GO"), tmp_path, later)
    (kept,) = (tmp_path / "history").glob("20260227T160000Z_*")
    assert files(kept) == NAMES
    assert read_result(kept / "revalidation_result.json") == first
    assert read_result(tmp_path / "revalidation_result.json").decision == "NO-GO"
    write_reports(make_result(generated_at="2026-02-27T18:00:00Z"), tmp_path, later)
    assert len(list((tmp_path / "history").iterdir())) == 2


def test_a_full_disk_keeps_the_earlier_report_whole(
    make_result: MakeResult, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third file does not fit: not one of the four has changed, and no leftover stays."""
    write_reports(make_result(), tmp_path, now)
    before = {name: (tmp_path / name).read_bytes() for name in NAMES}
    synced = 0

    def full(handle: int) -> None:
        nonlocal synced
        synced += 1
        if synced == 3:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UnreadableError, match="No space left") as caught:
        write_reports(make_result(decision="NO-GO"), tmp_path, now)
    assert "unchanged" in caught.value.hint
    assert {name: (tmp_path / name).read_bytes() for name in NAMES} == before
    assert files(tmp_path) == NAMES


def test_a_kill_at_any_instant_leaves_whole_files_and_loses_no_report(
    make_result: MakeResult,
    tmp_path: Path,
    now: datetime,
    kill_at_random: Callable[[Callable[[int], object]], int],
) -> None:
    first = make_result()
    for _ in range(4):
        confirmed = kill_at_random(
            lambda number: write_reports(msgspec.structs.replace(first, seconds=float(number)), tmp_path, now)
        )
        assert read_result(tmp_path / "revalidation_result.json").seconds in (confirmed - 1, confirmed)
        assert (tmp_path / "revalidation_result.html").read_text().rstrip().endswith("</html>")
        assert len((tmp_path / "2026-02-27_metrics.csv").read_text().splitlines()) == 7
        json.loads((tmp_path / "2026-02-27_decision.json").read_bytes())
        kept = {
            json.loads(path.read_bytes())["seconds"]
            for path in tmp_path.glob("history/*/revalidation_result.json")
        }
        assert kept >= set(range(confirmed - 1))


@pytest.mark.parametrize("how", ["file size", "tmpfs"])
def test_a_report_that_does_not_fit_leaves_the_earlier_one(
    make_result: MakeResult,
    tmp_path: Path,
    now: datetime,
    how: str,
    on_a_full_disk: Callable[[str, Path, Callable[[], object]], str],
) -> None:
    def write() -> None:
        for number in range(60):
            longer = ("w" * 40_000,) * number
            try:
                write_reports(make_result(warnings=longer), tmp_path, now)
            except UnreadableError:
                assert len(read_result(tmp_path / "revalidation_result.json").warnings) == number - 1
                assert files(tmp_path) == NAMES
                raise

    said = on_a_full_disk(how, tmp_path, write)
    assert said.startswith("UnreadableError: ") and "could not be written" in said


def test_a_folder_that_is_a_file_is_an_error(make_result: MakeResult, tmp_path: Path, now: datetime) -> None:
    blocked = tmp_path / "reports"
    blocked.write_text("")
    with pytest.raises(UnreadableError, match="could not be written"):
        write_reports(make_result(), blocked, now)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"decision": "MAYBE"}'])
def test_a_broken_report_is_an_error_with_a_way_out(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "revalidation_result.json"
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match="expected a revalidation result"):
        read_result(path)


HOSTILE = "=cmd|' /C calc'!A0 <script>[x](javascript:1)\x1b]0;t\x07 | `a` _b_"


def test_hostile_text_is_text_in_markdown(make_result: MakeResult) -> None:
    row = SymbolResult(
        symbol=HOSTILE, return_pct=1.0, max_drawdown_pct=1.0, win_rate_pct=1.0, profit_factor=None, trades=1
    )
    text = markdown(make_result(symbols=(row,), warnings=(HOSTILE,), model={"path": HOSTILE}))
    assert "\x1b" not in text and "\x07" not in text
    assert "<script>" not in text.replace("\\<", "") and "[x](" not in text
    line = next(line for line in text.splitlines() if line.startswith("| =cmd"))
    assert line.replace("\\|", "").count("|") == 7, "one cell, however many bars it holds"
    assert escape("a|b_c") == "a\\|b\\_c"


def test_a_spreadsheet_does_not_run_a_cell() -> None:
    for text in ("=1+1", "+1", "-1", "@SUM(A1)", " =1"):
        assert spreadsheet_safe(text).startswith("'")
    assert spreadsheet_safe(">=") == ">=" and spreadsheet_safe("sharpe_ratio") == "sharpe_ratio"


def test_markdown_holds_what_a_decision_is_defended_with(make_result: MakeResult) -> None:
    text = markdown(make_result(baselines={"random": {"sharpe_ratio": -3.1}}, audit_head="ab12"))
    for part in ("GO \\(weak evidence\\)", "manual GO (rules)", "checklist GO", "not computed", "-3.1000"):
        assert part in text
    for part in (
        "model SHA-256",
        "config SHA-256",
        "version code",
        "ab12",
        "min\\_trades",
        "17.24",
        "Deploy",
    ):
        assert part in text


def test_report_json_survives_another_decoder(make_result: MakeResult) -> None:
    result = make_result()
    assert json.loads(msgspec.json.encode(result))["gates"][0]["name"] == "sharpe_ratio"
