"""A write is whole or not at all."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import UnreadableError
from core.files import append_line, append_lines, atomic_write, read_regular, replacing, sweep_leftovers


def test_a_failed_write_keeps_the_old_file_and_leaves_nothing(tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    atomic_write(target, "old")
    with pytest.raises(RuntimeError), replacing(target) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


def test_a_write_under_a_file_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnreadableError, match="could not be written"):
        atomic_write(tmp_path / "file" / "report.json", "x")


def test_leftovers_of_killed_writers_are_swept_once_old(tmp_path: Path) -> None:
    (tmp_path / ".ppo-tmp-abc").write_text("half")
    (tmp_path / "kept").write_text("")
    now = (tmp_path / ".ppo-tmp-abc").stat().st_mtime
    assert sweep_leftovers(tmp_path, now=now + 10) == 0
    assert sweep_leftovers(tmp_path, now=now + 4000) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_two_writers_never_interleave_lines(tmp_path: Path) -> None:
    log = tmp_path / "alerts.log"

    def write(mark: str) -> None:
        for _ in range(200):
            append_line(log, mark * 300)

    threads = [threading.Thread(target=write, args=(mark,)) for mark in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = log.read_text().splitlines()
    assert len(lines) == 400
    assert all(line in ("a" * 300, "b" * 300) for line in lines)


@pytest.mark.parametrize("how", ["file size", "tmpfs"])
def test_a_line_that_does_not_fit_is_taken_back_whole(
    tmp_path: Path, how: str, on_a_full_disk: Callable[[str, Path, Callable[[], object]], str]
) -> None:
    log = tmp_path / "alerts.log"

    def write() -> None:
        for number in range(1000):
            try:
                append_line(log, f"{number:04} {'x' * 1000}")
            except OSError:
                text = log.read_text()
                assert text.endswith("x\n") and len(text.splitlines()) == number > 200
                raise

    assert on_a_full_disk(how, tmp_path, write).startswith("OSError: ")


def test_a_file_that_was_removed_begins_with_its_heading_again(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    append_lines(path, ("1",), "step")
    append_lines(path, ("2",), "step")
    path.unlink()
    append_lines(path, ("3", "4"), "step")
    assert path.read_text() == "step\n3\n4\n"


def test_a_fifo_does_not_block_and_a_device_does_not_fill_memory(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "run.json")
    for path in (tmp_path / "run.json", Path("/dev/zero")):
        with pytest.raises(UnreadableError, match="no regular file"):
            read_regular(path, 1000)
    (tmp_path / "big").write_bytes(b"x" * 11)
    assert read_regular(tmp_path / "big", 11) == b"x" * 11
    with pytest.raises(UnreadableError, match="larger than 10 bytes"):
        read_regular(tmp_path / "big", 10)
