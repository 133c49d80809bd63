"""Searching and counting block by block: the whole file, once, whatever the blocks and the growth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import core.logs.index as index_module
import core.logs.matches as module
from core.logs.file import LogFile
from core.logs.index import LogIndex
from core.logs.matches import Matches, Offsets, text_finder
from core.logs.seek import offset_of_step, offset_of_time

Make = Callable[..., LogFile]
WORDS = (b"needle", b"NEEDLE needle", b"", b"hay", b"Needl", b"[ERROR] x", b"x" * 40, b"[WARNING] needle")


def all_of(matches: Matches) -> list[int]:
    out, place = [], matches.at_or_after(0)
    while place is not None:
        out.append(place)
        place = matches.at_or_after(place + 1)
    return out


def backward_of(matches: Matches, end: int) -> list[int]:
    out, place = [], matches.before(end)
    while place is not None:
        out.append(place)
        place = matches.before(place)
    return out


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    def cut(size: int) -> None:
        monkeypatch.setattr(module, "BLOCK", size)
        monkeypatch.setattr(index_module, "BLOCK", size)

    return cut


@given(
    before=st.lists(st.sampled_from(WORDS), max_size=30),
    after=st.lists(st.sampled_from(WORDS), max_size=10),
    block=st.integers(8, 100),
    data=st.data(),
)
def test_every_matching_line_is_found_once_also_while_the_file_grows(
    log_file: Make, small_blocks: Any, before: list[bytes], after: list[bytes], block: int, data: Any
) -> None:
    small_blocks(block)
    file = log_file(b"".join(word + b"\n" for word in before))
    matches, index = Matches(file, text_finder("Needle")), LogIndex(file)
    for _ in range(data.draw(st.integers(0, 8))):
        matches.work()
        index.work()
    with file.path.open("ab") as stream:
        stream.writelines(word + b"\n" for word in after)
    file.refresh(1.0)
    while matches.work() or index.work():
        pass
    expected, errors, warnings, offset = [], 0, 0, 0
    for word in before + after:
        if b"needle" in word.lower():
            expected.append(offset)
        errors += b"ERROR" in word
        warnings += b"WARNING" in word
        offset += len(word) + 1
    assert all_of(matches) == expected and matches.count == len(expected)
    assert backward_of(matches, offset) == expected[::-1]
    assert matches.done and matches.share == 1.0
    assert index.lines == len(before + after)
    assert (index.errors.count, index.warnings.count) == (errors, warnings)
    numbers = [number for number, word in enumerate(before + after) if b"needle" in word.lower()]
    for place, number in zip(expected, numbers, strict=True):
        assert index.line_number(place) == number


def test_the_newest_are_known_first(log_file: Make, small_blocks: Any) -> None:
    small_blocks(1000)
    file = log_file(b"needle\n" * 1000)
    matches = Matches(file, text_finder("needle"))
    matches.work()
    assert 0 < matches.count < 200 and matches.before(file.end) == file.end - 7
    assert 0 < matches.share < 0.2 and not matches.done


def test_a_file_that_starts_over_is_searched_again(log_file: Make) -> None:
    file = log_file(b"needle\n" * 10)
    matches, index = Matches(file, text_finder("needle")), LogIndex(file)
    while matches.work() or index.work():
        pass
    file.path.write_bytes(b"hay\nneedle\n")
    file.refresh(1.0)
    assert not matches.done
    while matches.work() or index.work():
        pass
    assert (all_of(matches), index.lines) == ([4], 2)


def test_more_matches_than_are_kept_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CAP", 100)
    offsets = Offsets()
    for block in range(20, 0, -1):
        offsets.add([block * 100 + place for place in range(0, 100, 10)], newer=False)
    assert (offsets.count, offsets.dropped) == (200, 100)
    assert offsets.before(10**9) == 2090 and offsets.before(1100) is None


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        ("nan", b"value NaN here", True),
        ("é", "CAFÉ".encode(), True),
        ("日本", "日本語".encode(), True),
        ("␛]0", b"\x1b]0;title", True),
        ("[/red", b"x [/red] y", True),
        ("a.c", b"abc", False),
    ],
)
def test_a_text_is_looked_for_as_it_is_seen(text: str, line: bytes, found: bool) -> None:
    assert bool(list(text_finder(text)(line, len(line)))) is found


def test_a_time_is_found_by_few_reads(log_file: Make) -> None:
    lines = [f"2026-02-24 {h:02d}:{m:02d}:00 [INFO] x\n  more\n" for h in range(10) for m in range(60)]
    file = log_file("".join(lines).encode())
    size = len(lines[0])
    from datetime import UTC, datetime

    def at(*parts: int) -> float:
        return datetime(2026, 2, 24, *parts, tzinfo=UTC).timestamp()

    assert offset_of_time(file, at(0, 0)) == 0
    assert offset_of_time(file, at(3, 30)) == size * 210
    assert offset_of_time(file, at(3, 30) + 1) == size * 211
    assert offset_of_time(file, at(23)) == file.visible_end


def test_a_step_is_where_the_run_last_stood_at_it(log_file: Make) -> None:
    """A resume goes back: the newer passage over a step counts, else the older one."""
    numbers = [*range(0, 1000, 100), *range(500, 800, 100)]
    lines = [b"2026-02-24 10:00:00 [INFO] Step %d/1000\n" % number for number in numbers]
    file = log_file(b"".join(lines))

    def line_of(step: int) -> int | None:
        offset = offset_of_step(file, step, lambda: False)
        if offset is None:
            return None
        return next(i for i in range(len(lines)) if len(b"".join(lines[:i])) == offset)

    assert line_of(600) == 11, "the newer passage"
    assert line_of(650) == 11
    assert line_of(900) == 9, "only the older passage came so far"
    assert line_of(100) == 1
    assert line_of(10**6) == 12, "after all: the newest"
    assert offset_of_step(log_file(b"no step\n"), 5, lambda: False) is None
