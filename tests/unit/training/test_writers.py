"""The text files of a run: headers, missing values, cut lines, full disks."""

from __future__ import annotations

import contextlib
import csv
import errno
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import UnreadableError
from core.training import writers
from core.training.writers import HEADERS, CsvWriter, LogWriter, field, log_line

NOW = datetime(2026, 2, 23, 14, 0, tzinfo=UTC)


def test_headers_are_the_documents(tmp_path: Path) -> None:
    expected = {
        "convergence_dashboard.csv": "timestep,reward,kl_divergence,value_loss,policy_entropy",
        "training_metrics.csv": "timestep,policy_loss,value_loss,entropy,approx_kl,clip_fraction",
        "evaluations.csv": "timestep,mean_reward,sharpe,max_drawdown_pct,win_rate_pct,profit_factor,trades,"
        "consecutive_losses,calmar_ratio",
    }
    for name, header in expected.items():
        CsvWriter(tmp_path / name)
        assert (tmp_path / name).read_text() == header + "\n"


def test_missing_is_empty_and_nan_stays_nan(tmp_path: Path) -> None:
    path = tmp_path / "convergence_dashboard.csv"
    writer = CsvWriter(path)
    writer.row((2048, None, math.nan, math.inf, 0.0))
    assert path.read_text().splitlines()[1] == "2048,,nan,inf,0.0"


def test_a_row_of_the_wrong_width_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="5 columns"):
        CsvWriter(tmp_path / "convergence_dashboard.csv").row((1, 2.0))


def test_a_resume_appends_under_the_same_header(tmp_path: Path) -> None:
    path = tmp_path / "convergence_dashboard.csv"
    CsvWriter(path).row((2048, 1.0, None, None, None))
    CsvWriter(path).row((4096, 2.0, 0.01, 0.5, 1.6))
    rows = list(csv.DictReader(path.open()))
    assert [row["timestep"] for row in rows] == ["2048", "4096"]


@pytest.mark.parametrize("torn", ["2048,1.", "2048,1.5,0.01,0.5,1.6"])
def test_a_row_cut_off_by_a_kill_is_taken_out_for_its_last_number_may_be_cut(
    tmp_path: Path, torn: str
) -> None:
    path = tmp_path / "convergence_dashboard.csv"
    CsvWriter(path).row((1024, 0.5, None, None, None))
    with path.open("a") as stream:
        stream.write(torn)
    CsvWriter(path).row((4096, 2.0, None, None, None))
    assert path.read_text().splitlines()[1:] == ["1024,0.5,,,", "4096,2.0,,,"]


def test_a_header_cut_off_by_a_kill_is_written_again(tmp_path: Path) -> None:
    path = tmp_path / "convergence_dashboard.csv"
    path.write_text("timestep,rew")
    CsvWriter(path).row((2048, 1.0, None, None, None))
    assert path.read_text().splitlines() == [",".join(HEADERS[path.name]), "2048,1.0,,,"]


def test_rows_of_a_removed_file_stand_under_its_header(tmp_path: Path) -> None:
    path = tmp_path / "convergence_dashboard.csv"
    writer = CsvWriter(path)
    path.unlink()
    writer.row((2048, 1.0, None, None, None))
    assert path.read_text().splitlines() == [",".join(HEADERS[path.name]), "2048,1.0,,,"]


def test_rows_and_lines_of_a_full_disk_follow_once_there_is_room(
    tmp_path: Path, on_a_full_disk: Callable[[str, Path, Callable[[], object]], str]
) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()

    def write() -> None:
        rows, log = CsvWriter(folder / "convergence_dashboard.csv"), LogWriter(folder / "training.log")
        kept: list[str] = []
        failures = 0
        for number in range(300):
            if number == 100:
                with contextlib.suppress(OSError), (folder / "other").open("wb", buffering=0) as stream:
                    while True:
                        stream.write(b"x" * 4096)
            if number == 200:
                (folder / "other").unlink()
            for append in (
                lambda number=number: rows.row((number, 1.5, 0.25, 0.125, 1.0)),
                lambda number=number: log.write(f"Step {number}", NOW),
            ):
                try:
                    append()
                except OSError:
                    failures += 1
            kept = rows.path.read_text().splitlines()[1:]
            assert all(len(row.split(",")) == 5 for row in kept)
        assert failures > 50, "it was never full"
        assert kept == [f"{number},1.5,0.25,0.125,1.0" for number in range(300)]
        told = [line.split("] ")[1] for line in log.path.read_text().splitlines()]
        assert told == [f"Step {number}" for number in range(300)]

    assert on_a_full_disk("tmpfs", folder, write) == "nothing: it went well"


def test_rows_and_lines_given_up_on_a_disk_that_stays_full_are_counted_where_they_are_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writers, "MAX_WAITING", 3)
    rows, log = CsvWriter(tmp_path / "convergence_dashboard.csv"), LogWriter(tmp_path / "training.log")
    written = writers.append_lines

    def full(path: Path, lines: object, heading: str = "") -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def one(number: int) -> None:
        for append in (
            lambda: rows.row((number, 1.5, None, None, None)),
            lambda: log.write(f"Step {number}", NOW + timedelta(minutes=number)),
        ):
            with contextlib.suppress(OSError):
                append()

    one(0)
    monkeypatch.setattr(writers, "append_lines", full)
    for number in range(1, 6):
        one(number)
    assert rows.lost == 0, "nothing is told of a gap before the rows behind it stand"
    monkeypatch.setattr(writers, "append_lines", written)
    one(6)
    assert rows.lost == 3
    one(7)
    assert rows.lost == 0
    assert [row.split(",")[0] for row in rows.path.read_text().splitlines()[1:]] == list("04567")
    assert log.path.read_text().splitlines() == [
        "2026-02-23 14:00:00 [INFO] Step 0",
        "2026-02-23 14:04:00 [WARNING] 3 lines that stood here are lost: too many waited while training.log "
        "could not be written",
        *(f"2026-02-23 14:0{number}:00 [INFO] Step {number}" for number in (4, 5, 6, 7)),
    ]


def test_a_resume_keeps_the_shorter_header_that_the_evaluations_began_with(tmp_path: Path) -> None:
    path = tmp_path / "evaluations.csv"
    header = "timestep,mean_reward,sharpe,max_drawdown_pct,win_rate_pct,profit_factor,trades"
    path.write_text(f"{header}\n1000,1.0,1.2,9.0,51.0,1.7,60\n")
    CsvWriter(path).row((2000, 1.5, 1.3, 8.0, 52.0, None, 61, 3.0, 2.5))
    lines = path.read_text().splitlines()
    assert lines == [header, "1000,1.0,1.2,9.0,51.0,1.7,60", "2000,1.5,1.3,8.0,52.0,,61"]
    with pytest.raises(ValueError, match="9 columns"):
        CsvWriter(path).row((3000, 1.5, 1.3, 8.0, 52.0, None, 61))


def test_another_header_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "evaluations.csv"
    for theirs in ("a,b\n", "a,b\n1,2"):
        path.write_text(theirs)
        with pytest.raises(UnreadableError, match="another header"):
            CsvWriter(path)
        assert path.read_text() == theirs


@given(st.floats())
def test_a_number_reads_back_the_same(value: float) -> None:
    back = float(field(value))
    assert back == value or (math.isnan(back) and math.isnan(value))


def test_log_lines_are_utc_and_one_line(tmp_path: Path) -> None:
    log = LogWriter(tmp_path / "training.log")
    there = NOW.astimezone(timezone(timedelta(hours=-3)))
    log.write("Step 2048/500000", there)
    log.write("two\nlines \x1b[31m", NOW, "WARNING")
    lines = (tmp_path / "training.log").read_text().splitlines()
    assert lines[0] == "2026-02-23 14:00:00 [INFO] Step 2048/500000"
    assert len(lines) == 2 and "\x1b" not in lines[1]
    assert re.fullmatch(r"2026-02-23 14:00:00 \[WARNING\] two␊lines ␛\[31m", lines[1])


def test_a_traceback_stands_at_the_end_of_the_log(tmp_path: Path) -> None:
    log = LogWriter(tmp_path / "training.log")
    log.traceback('Traceback (most recent call last):\n  File "x"\nValueError: bad\n', NOW)
    lines = (tmp_path / "training.log").read_text().splitlines()
    assert lines == [
        log_line("Training crashed: ValueError: bad", NOW, "ERROR"),
        "Traceback (most recent call last):",
        '  File "x"',
        "ValueError: bad",
    ]
