"""What a reader of the logs sees: merged by time, moved, filtered, searched, whatever befalls the files."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import core.logs.pager as pager_module
from core.logs.book import NAMES
from core.logs.target import Target
from core.logs.whole import BYTES, read_whole
from core.logs.window import LINES, WINDOW_BYTES, end_of, line_time, read_backward, read_forward

START = datetime(2026, 2, 24, 9, tzinfo=UTC)


def line(second: int, words: str) -> str:
    return f"{(START + timedelta(seconds=second)).strftime('%Y-%m-%d %H:%M:%S')} [INFO] {words}"


def never() -> bool:
    return False


@settings(max_examples=60)
@given(
    files=st.lists(
        st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=25), min_size=3, max_size=3
    ),
    page=st.integers(1, 7),
)
def test_paging_through_merged_files_either_way_gives_each_line_once_in_the_order_of_time(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[tuple[int, int]]], page: int
) -> None:
    """Several files with many equal times; continuation lines never leave their line."""
    from core.logs.book import LogBook

    folder = tmp_path_factory.mktemp("logs")
    expected: list[tuple[int, int, int, list[str]]] = []
    for number, (name, entries) in enumerate(zip(NAMES, files, strict=True)):
        clock, text = 0, []
        for index, (gap, more) in enumerate(entries):
            clock += gap
            group = [line(clock, f"{number}.{index}"), *(f"  {number}.{index}.{m}" for m in range(more))]
            expected.append((clock, number, index, group))
            text += group
        (folder / name).write_text("".join(f"{row}\n" for row in text))
    book = LogBook(folder)
    book.refresh(0.0, START)
    try:
        whole = [row for _, _, _, group in sorted(expected, key=lambda each: each[:3]) for row in group]
        for direction in (1, -1):
            got: list[str] = []
            opened = book.files(None)
            cut = {} if direction > 0 else end_of(opened)
            for _ in range(500):
                read = read_forward if direction > 0 else read_backward
                lines, cut, done = read(opened, cut, page)
                texts = [each.text for each in lines]
                got = got + texts if direction > 0 else texts + got
                if done:
                    break
            assert got == whole
    finally:
        book.close()


@settings(max_examples=40)
@given(moves=st.lists(st.sampled_from(["up", "down", "top", "end", "write", "write", "time"]), max_size=25))
def test_whatever_the_moves_the_window_is_a_piece_of_the_stream(
    tmp_path_factory: pytest.TempPathFactory, moves: list[str]
) -> None:
    """In order, without a gap, bounded, with line numbers that are right."""
    from core.logs.book import LogBook
    from core.logs.viewer import LogViewer

    folder = tmp_path_factory.mktemp("logs")
    saved = pager_module.AROUND, pager_module._MORE
    pager_module.AROUND, pager_module._MORE = 10, 15
    stream = [line(number, f"x{number}") for number in range(200)]
    path = folder / "training.log"
    path.write_text("".join(f"{row}\n" for row in stream))
    viewer = LogViewer(LogBook(folder))
    try:
        for tick, move in enumerate(["write", *moves]):
            if move == "write":
                row = line(200 + tick, f"new{tick}")
                stream.append(row)
                with path.open("a") as out:
                    out.write(row + "\n")
                viewer.refresh(float(tick), START)
                while viewer.work():
                    pass
                viewer.count()
            elif move in ("up", "down"):
                viewer.following = False
                viewer.extend(1 if move == "down" else -1)
            elif move == "top":
                viewer.to_start()
            elif move == "end":
                viewer.to_end()
            else:
                viewer.go_to(Target(time=START + timedelta(seconds=100)), never)
            texts = [each.text for each in viewer.window.lines]
            at = stream.index(texts[0])
            assert texts == stream[at : at + len(texts)]
            assert viewer.window.number == at and viewer.window.total == len(stream)
            if viewer.window.at_end and move != "write":
                assert texts[-1] == stream[-1]
    finally:
        pager_module.AROUND, pager_module._MORE = saved
        viewer.book.close()


def test_a_window_holds_few_lines_however_far_it_goes(reading: Any) -> None:
    reading.write("training.log", [line(number // 10, f"x{number} " + "y" * 3000) for number in range(6000)])
    reading.look()
    reading.viewer.following = False
    for direction in (-1, 1):
        for _ in range(40):
            reading.viewer.extend(direction)
            window = reading.viewer.window
            assert len(window.lines) <= LINES
            assert sum(len(each.text) for each in window.lines) <= 1.5 * WINDOW_BYTES
    assert reading.viewer.window.at_end and reading.texts[-1].startswith(line(599, "x5999"))


def test_a_traceback_that_arrives_in_pieces_joins_its_line(reading: Any) -> None:
    reading.write("training.log", [line(1, "a"), "2026-02-24 09:00:02 [ERROR] crashed"])
    reading.write("alerts.log", [line(3, "crash #1 firing: traceback")])
    reading.settle()
    reading.viewer.following = False
    reading.viewer.cursor = reading.viewer.window.base
    for part in ("Traceback (most recent call last):\n", "  File x\n", "ValueError: nan\n"):
        reading.write("training.log", part)
        reading.settle()
    assert [text.split()[-1] for text in reading.texts] == ["a", "crashed", "last):", "x", "nan", "traceback"]
    assert [each.level for each in reading.viewer.window.lines[1:5]] == ["error"] * 4
    scan = reading.viewer.scan
    assert (scan.errors, scan.tracebacks, scan.alerts, scan.lines, scan.share) == (1, 1, 1, 6, 1.0)


def test_a_file_without_times_stands_alone(reading: Any) -> None:
    reading.write("training.log", [line(1, "a")])
    reading.write("trainer.out", ["Segmentation fault", "core dumped"])
    reading.settle()
    assert reading.texts == [line(1, "a")]
    assert [line_time(each) for each in reading.viewer.window.lines] == [START + timedelta(seconds=1)]
    reading.viewer.choose("trainer.out")
    assert reading.texts == ["Segmentation fault", "core dumped"]
    assert [line_time(each) for each in reading.viewer.window.lines] == [None, None]


def test_a_file_that_appears_later_is_merged(reading: Any) -> None:
    reading.write("training.log", [line(1, "a"), line(5, "b")])
    reading.look()
    reading.write("alerts.log", [line(3, "kl_high #1 firing")])
    assert reading.look()
    assert [text.split()[-1] for text in reading.texts] == ["a", "firing", "b"]


def test_rotated_parts_are_read_before_the_live_file(reading: Any) -> None:
    reading.write("training.log.2", [line(1, "oldest")])
    reading.write("training.log.1", [line(2, "older")])
    reading.write("training.log", [line(3, "newest")])
    reading.settle()
    texts = [text for text in reading.texts if "[INFO]" in text]
    assert [text.split()[-1] for text in texts] == ["oldest", "older", "newest"]
    assert "training.log.2, an earlier part of training.log" in reading.texts


@pytest.mark.parametrize("following", [True, False])
def test_rotation_truncation_rewriting_and_deletion_are_visible_and_lose_no_line(
    reading: Any, following: bool
) -> None:
    path = reading.folder / "training.log"
    reading.write("training.log", [line(n, f"a{n}") for n in range(5)])
    reading.settle()

    def look() -> None:
        reading.viewer.following = following
        reading.settle()

    path.rename(reading.folder / "training.log.1")
    look()
    reading.write("training.log", [line(10, "b")])
    look()
    assert [t.split()[-1] for t in reading.texts if "[INFO]" in t] == ["a0", "a1", "a2", "a3", "a4", "b"]
    assert any("took the place" in text for text in reading.texts)
    reading.write("training.log", [line(11, "c")], "w")
    os.utime(path, ns=(1, 1))
    look()
    assert any("training.log was rewritten at 10:00:00Z" in text for text in reading.texts)
    assert not any(text.endswith("b") for text in reading.texts)
    reading.write("training.log", "", "w")
    look()
    reading.write("training.log", [line(12, "d")])
    look()
    assert any("training.log was truncated at 10:00:00Z" in text for text in reading.texts)
    path.unlink()
    look()
    assert "deleted 10:00:00Z" in [source.note for source in reading.viewer.sources]
    assert any(text.endswith("[INFO] d") for text in reading.texts), "small and deleted: still readable"


def test_a_denied_file_is_said(reading: Any) -> None:
    reading.write("training.log", [line(1, "a")])
    (reading.folder / "alerts.log").mkdir()
    reading.settle()
    assert reading.texts == [line(1, "a")]
    assert reading.viewer.sources[1].note.startswith("cannot be read")


def test_a_filter_keeps_groups_whole_and_grows_with_the_file(reading: Any) -> None:
    reading.write("training.log", [line(1, "a"), line(2, "b kl"), "  trace", line(3, "c"), "  kl below"])
    reading.settle()
    reading.viewer.filter("KL")
    reading.search()
    reading.viewer.fill()
    assert [text.split()[-1] for text in reading.texts] == ["kl", "trace", "c", "below"]
    reading.write("training.log", [line(4, "d"), line(5, "kl again")])
    reading.look()
    assert reading.texts[-1].endswith("kl again") and not any(t.endswith(" d") for t in reading.texts)
    assert reading.viewer.filtered.count == 3
    reading.viewer.filter("")
    assert len(reading.texts) == 7


def test_a_jump_waits_for_the_search_and_does_not_take_a_later_hit_for_the_next(reading: Any) -> None:
    rows = [line(n // 100, f"x{n} " + "y" * 80) for n in range(20_000)]
    rows[100] += " needle"
    rows[19_900] += " needle"
    reading.write("training.log", rows)
    reading.look()
    reading.viewer.to_start()
    reading.viewer.find("needle")
    assert reading.viewer.jump_found(1) is None, "only the newest part is searched"
    reading.search()
    assert reading.viewer.jump_found(1) and reading.at.startswith(line(1, "x100 "))
    assert reading.viewer.jump_found(1) and reading.at.startswith(line(199, "x19900 "))
    assert reading.viewer.jump_found(1) and reading.viewer.wrapped and "x100 " in reading.at
    reading.viewer.find("nothing")
    assert reading.viewer.jump_found(-1) is None
    reading.search()
    assert reading.viewer.jump_found(-1) is False


def test_going_to_a_row_of_a_chart_finds_its_step_at_its_time(reading: Any) -> None:
    """A resumed run passes a step twice; the time says which is meant."""
    rows = [line(n, f"Step {n * 100}/9999") for n in range(20)]
    rows += [line(100 + n, f"Step {1000 + n * 100}/9999") for n in range(20)]
    reading.write("training.log", rows)
    reading.settle()
    assert reading.viewer.go_to(Target(step=1500, time=START + timedelta(seconds=15)), never)
    assert reading.at == line(15, "Step 1500/9999")
    assert reading.viewer.go_to(Target(step=1500, time=START + timedelta(seconds=105)), never)
    assert reading.at == line(105, "Step 1500/9999")


def test_a_line_in_full_has_its_group_and_a_bound(reading: Any) -> None:
    reading.write("training.log", [line(1, "a"), "  b" + "\t" + "x" * 10, line(2, "y" * (BYTES + 5000))])
    reading.look()
    (file,) = [each for each in reading.viewer.files if each.source == "training.log"]
    first, _second, third = file.forward(0)
    whole = read_whole(file, first.start)
    assert whole.lines == (line(1, "a"), "  b    " + "x" * 10) and whole.cut == 0
    whole = read_whole(file, third.start)
    assert len(whole.lines[0]) == BYTES and whole.cut == third.end - third.start - BYTES


def test_nothing_hostile_leaves_the_reader(reading: Any) -> None:
    data = b"2026-02-24 09:00:00 [INFO] \x1b]52;c;aGk=\x07 \x9b31m \xe2\x80\xae\xff\n\x00\n\xed\xa0\x80\n"
    (reading.folder / "training.log").write_bytes(data)
    reading.settle()
    assert len(reading.texts) == 3
    assert not set("".join(reading.texts)) & set("\x1b\x07\x9b\u202e\x00")


@pytest.mark.slow
def test_a_large_file_opens_at_once_and_stays_in_bounded_memory(tmp_path: Path) -> None:
    """300 MB: first window, a jump by time, the first step and a whole search, in a process of its own."""
    import subprocess
    import sys

    row = "2026-02-24 %02d:%02d:%02d [INFO] Step %d/900000000 reward=-12.3 approx_kl=0.012 value_loss=0.05\n"
    path = tmp_path / "training.log"
    with path.open("w") as out:
        number = 0
        while out.tell() < 300_000_000:
            out.writelines(
                row % (number // 360_000 % 24, number // 6000 % 60, number // 100 % 60, number)
                for number in range(number, number + 50_000)
            )
            number += 50_000
        out.write("2026-02-25 00:00:00 [ERROR] the end\n")
    script = """
import resource, sys, time
from datetime import UTC, datetime
from pathlib import Path
from core.logs.book import LogBook
from core.logs.target import Target
from core.logs.viewer import LogViewer
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
begun = time.process_time()
viewer = LogViewer(LogBook(Path(sys.argv[1])))
viewer.refresh(0.0, datetime.now(UTC))
print(time.process_time() - begun)
assert viewer.window.lines[-1].text.endswith("the end")
begun = time.process_time()
viewer.go_to(Target(time=datetime(2026, 2, 24, 1, 30, tzinfo=UTC)), lambda: False)
print(time.process_time() - begun)
assert viewer.line.text.startswith("2026-02-24 01:30:00")
viewer.find("no such text")
while viewer.work():
    pass
assert viewer.scan.share == 1.0 and viewer.scan.errors == 1
assert viewer.jump_found(-1) is False
assert viewer.go_to(Target(step=0), lambda: False) and "Step 0/" in viewer.line.text
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True
    )
    opened, sought, grown = map(float, done.stdout.split())
    assert opened < 0.3 and sought < 0.3, f"{opened:.3f} s to open, {sought:.3f} s to a time"
    assert grown < 30, f"{grown:.0f} MB more"
