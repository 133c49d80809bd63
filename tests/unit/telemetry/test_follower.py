"""The follower at each single fault: what it says and what it goes on with."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.telemetry.follower import MAX_LINE, Break, Data, LineFollower, Skipped


def look(follower: LineFollower) -> tuple[list[bytes], list[str], list[Skipped]]:
    lines: list[bytes] = []
    events: list[str] = []
    skipped: list[Skipped] = []
    for item in follower.poll():
        if isinstance(item, Data):
            lines += item.data.split(b"\n")[:-1]
        elif isinstance(item, Break):
            events.append(item.event)
        else:
            skipped.append(item)
    return lines, events, skipped


def test_half_a_line_waits_for_its_end(tmp_path: Path) -> None:
    path = tmp_path / "f"
    follower = LineFollower(path)
    assert look(follower) == ([], [], [])
    path.write_bytes(b"one\ntw")
    assert look(follower)[0] == [b"one"]
    with path.open("ab") as stream:
        stream.write(b"o\n")
    assert look(follower)[0] == [b"two"]


def test_offsets_are_places_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"one\ntw")
    follower = LineFollower(path)
    assert [item.offset for item in follower.poll() if isinstance(item, Data)] == [0]
    with path.open("ab") as stream:
        stream.write(b"o\nthree\n")
    found = [item for item in follower.poll() if isinstance(item, Data)]
    assert [(item.offset, item.data) for item in found] == [(4, b"two\nthree\n")]


def test_a_file_that_never_was_is_not_missing_and_one_that_went_is(tmp_path: Path) -> None:
    path = tmp_path / "f"
    follower = LineFollower(path)
    assert look(follower)[1] == []
    path.write_bytes(b"a\n")
    assert look(follower) == ([b"a"], [], [])
    path.unlink()
    assert look(follower)[1] == ["missing"]
    assert look(follower)[1] == []
    path.write_bytes(b"b\n")
    assert look(follower) == ([b"b"], ["replaced"], [])


def test_an_empty_replacement_keeps_the_old_file_until_the_writer_moves(tmp_path: Path) -> None:
    path = tmp_path / "f"
    old = path.open("ab", buffering=0)
    old.write(b"a\n")
    follower = LineFollower(path)
    assert look(follower)[0] == [b"a"]
    path.rename(tmp_path / "f.1")
    path.write_bytes(b"")
    assert look(follower)[1] == ["missing"]
    old.write(b"late\n")
    assert look(follower) == ([b"late"], [], [])
    path.write_bytes(b"new\n")
    assert look(follower) == ([b"new"], ["replaced"], [])


def test_a_rewrite_in_place_is_read_from_the_start_once_it_holds_still(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"a,b\n1,2\n")
    follower = LineFollower(path)
    look(follower)
    with path.open("rb+") as stream:  # same inode, a longer header, as stable-baselines3 does it
        stream.write(b"a,b,c\n1,2,\n3,4,5\n")
    assert look(follower) == ([], ["rewritten"], [])
    assert look(follower) == ([b"a,b,c", b"1,2,", b"3,4,5"], [], [])


def test_a_rewrite_that_is_caught_half_way_yields_no_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "f"
    old = b"a,b\n" + b"".join(b"%d,%d\n" % (row, row) for row in range(4000))
    new = b"a,b,c\n" + b"".join(b"%d,%d,\n" % (row, row) for row in range(4000))
    path.write_bytes(old)
    follower = LineFollower(path)
    look(follower)
    seen: list[bytes] = []
    with path.open("rb+") as stream:
        for start in range(0, len(new), 8192):  # the writer's buffer, with a look between two flushes
            stream.write(new[start : start + 8192])
            stream.flush()
            os.utime(path, ns=(start, start))
            seen += look(follower)[0]
    assert set(seen) <= set(new.split(b"\n")[:-1])
    for _ in range(3):
        seen += look(follower)[0]
    assert seen == new.split(b"\n")[:-1]


def test_the_same_rows_written_again_and_one_more_is_growth(tmp_path: Path) -> None:
    """`DataFrame.to_csv` over the same file each time."""
    path = tmp_path / "f"
    path.write_bytes(b"h\n1\n2\n")
    follower = LineFollower(path)
    look(follower)
    path.write_bytes(b"h\n1\n2\n3\n")
    assert look(follower) == ([b"3"], [], [])


def test_truncation_drops_the_waiting_half_line(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"one\nhalf")
    follower = LineFollower(path)
    look(follower)
    path.write_bytes(b"x\n")
    assert look(follower) == ([b"x"], ["truncated"], [])


def test_a_half_line_in_a_replaced_file_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"one\nhalf")
    follower = LineFollower(path)
    look(follower)
    fresh = tmp_path / "g"
    fresh.write_bytes(b"x\n")
    fresh.replace(path)
    assert look(follower) == ([b"x"], ["replaced"], [Skipped(4, 4)])


def test_a_line_of_ten_megabytes_is_skipped_and_its_neighbours_are_not(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"before\n" + b"x" * (10 * MAX_LINE) + b"\nafter\n")
    assert look(LineFollower(path)) == ([b"before", b"after"], [], [Skipped(7, 10 * MAX_LINE + 1)])


def test_permission_lost_and_regained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulated, since tests may run as root: opening fails, and later does not."""
    path = tmp_path / "f"
    path.write_bytes(b"a\n")
    follower = LineFollower(path)
    real = os.open

    def refuse(*_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    assert look(follower) == ([], ["denied"], [])
    assert look(follower) == ([], [], [])
    monkeypatch.setattr(os, "open", real)
    assert look(follower) == ([b"a"], [], [])


def test_a_read_error_is_denied_once_and_nothing_is_read_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network file system that fails for a while (ESTALE, EIO) and returns."""
    path = tmp_path / "f"
    path.write_bytes(b"a\n")
    follower = LineFollower(path)
    assert look(follower)[0] == [b"a"]
    real = os.pread

    def fail(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "pread", fail)
    assert look(follower) == ([], ["denied"], [])
    assert look(follower) == ([], [], [])
    monkeypatch.setattr(os, "pread", real)
    with path.open("ab") as stream:
        stream.write(b"b\n")
    assert look(follower) == ([b"b"], [], [])


def test_what_is_no_file_is_denied_and_never_blocks(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    assert look(LineFollower(tmp_path / "pipe"))[1] == ["denied"]
    assert look(LineFollower(tmp_path / "folder"))[1] == ["denied"]


def test_a_tail_begins_with_a_whole_line_and_still_sees_truncation(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"".join(b"line %d\n" % number for number in range(10_000)))
    follower = LineFollower(path, tail=100)
    lines, events, skipped = look(follower)
    assert lines[-1] == b"line 9999"
    assert 5 < len(lines) < 15 and all(line.startswith(b"line ") for line in lines)
    assert (events, skipped) == ([], [])
    path.write_bytes(b"anew\n")
    assert look(follower) == ([b"anew"], ["truncated"], [])


def test_a_refilled_file_with_the_same_beginning_is_seen_by_its_end(tmp_path: Path) -> None:
    """Truncated and filled beyond its old size between two looks, the first kilobyte unchanged."""
    path = tmp_path / "f"
    same = b"".join(b"same line %d\n" % number for number in range(100))
    path.write_bytes(same + b"old 1\nold 2\n")
    follower = LineFollower(path)
    look(follower)
    path.write_bytes(same + b"new line 1\nnew line 2\nnew line 3\n")
    assert look(follower) == ([], ["rewritten"], [])
    assert look(follower)[0][-3:] == [b"new line 1", b"new line 2", b"new line 3"]


def test_a_header_changed_in_place_is_seen_although_the_end_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "f"
    rows = b"".join(b"%06d,1\n" % number for number in range(500))
    path.write_bytes(b"timestep,aaa\n" + rows)
    follower = LineFollower(path)
    look(follower)
    with path.open("rb+") as stream:
        stream.write(b"timestep,bbb\n")
    assert look(follower)[1] == ["rewritten"]
    assert look(follower)[0][0] == b"timestep,bbb"
