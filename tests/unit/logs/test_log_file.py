"""One log file by offsets: whole lines both ways, half lines, long lines, what happens to it."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

import core.logs.file as module
from core.logs.file import LogFile, Moved
from core.logs.lines import TEXT_BYTES

Make = Callable[..., LogFile]

CONTENT = st.lists(
    st.one_of(
        st.binary(max_size=12).map(lambda data: data.replace(b"\n", b"")),
        st.integers(20, 300).map(lambda count: b"x" * count),
    ),
    max_size=30,
)


@given(lines=CONTENT, chunk=st.integers(2, 64), half=st.booleans())
def test_forward_and_backward_give_the_same_lines_whatever_the_pieces(
    log_file: Make, lines: list[bytes], chunk: int, half: bool
) -> None:
    """Also with lines longer than a piece, and from every line's start."""
    data = b"".join(line + b"\n" for line in lines) + (b"half" if half else b"")
    saved = module._CHUNK, module._PIECE
    module._CHUNK, module._PIECE = chunk, chunk * 2
    try:
        file = log_file(data, rests=half)
        expected = [line.rstrip(b"\r") for line in lines] + ([b"half"] if half else [])
        forward = list(file.forward(0))
        assert [line.data for line in forward] == [line[:TEXT_BYTES] for line in expected]
        assert list(file.backward(file.visible_end))[::-1] == forward
        for line in forward:
            assert file.line_start(line.start) == line.start
            assert file.line_start(line.end - 1) == line.start
            assert list(file.forward(line.start)) == forward[forward.index(line) :]
            assert list(file.backward(line.start))[::-1] == forward[: forward.index(line)]
    finally:
        module._CHUNK, module._PIECE = saved


def test_half_a_line_waits_until_the_file_rests(log_file: Make) -> None:
    file = log_file(b"whole\nhal")
    assert [line.data for line in file.forward(0)] == [b"whole"]
    assert file.refresh(1.0) is None
    assert file.refresh(2.5) == "grown"
    assert [line.data for line in file.forward(0)] == [b"whole", b"hal"]
    with file.path.open("ab") as stream:
        stream.write(b"f\nnext")
    assert file.refresh(3.0) == "grown"
    assert [line.data for line in file.forward(0)] == [b"whole", b"half"]


def test_a_long_lines_text_is_cut_and_its_extent_is_not(log_file: Make) -> None:
    file = log_file(b"a\n" + b"x" * 3_000_000 + b"\nb\n")
    _first, long, _last = file.forward(0)
    assert (long.start, long.end, len(long.data), long.cut) == (2, 3_000_003, TEXT_BYTES, True)
    assert [line.start for line in file.backward(file.visible_end)] == [3_000_003, 2, 0]


@pytest.mark.parametrize(
    ("content", "change"),
    [
        (b"one\n", "truncated"),
        (b"new words of a file\nthat is longer than it was before\n", "rewritten"),
        (b"one\ntwo\nthrXe\n", "rewritten"),
        (b"one\ntwo\nthree\nfour\n", "grown"),
        (b"one\ntwo\nthree\n", None),
    ],
)
def test_what_happened_to_the_file_is_told_once(log_file: Make, content: bytes, change: str | None) -> None:
    file = log_file(b"one\ntwo\nthree\n")
    file.path.write_bytes(content)
    os.utime(file.path, ns=(1, 1))
    assert file.refresh(1.0) == change
    assert b"".join(line.data + b"\n" for line in file.forward(0)) == content
    assert file.refresh(2.0) is None


def test_a_deleted_file_is_told_and_still_readable(log_file: Make) -> None:
    file = log_file(b"one\n")
    file.path.unlink()
    assert file.refresh(1.0) == "deleted"
    assert [line.data for line in file.forward(0)] == [b"one"]


def test_reading_what_was_cut_away_says_so(log_file: Make) -> None:
    file = log_file(b"one\n" * 100)
    file.path.write_bytes(b"")
    with pytest.raises(Moved):
        list(file.forward(0))


def test_a_folder_or_a_pipe_is_refused(tmp_path: object, log_file: Make) -> None:
    folder = log_file(b"").path.parent
    pipe = folder / "pipe.log"
    os.mkfifo(pipe)
    for path in (folder, pipe):
        with pytest.raises(OSError):
            LogFile(path, "x", 99)
