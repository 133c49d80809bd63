"""The Logs screen's reader, its work done step by step: what the screen knows late changes nothing."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from textual.message import Message

from console.log_news import At, LogNews, LogSaid
from console.log_reader import LogReader
from core.logs.target import Target

LINES = [f"2026-02-24 09:{minute:02d}:00 [INFO] Step {minute * 2048}/500000\n" for minute in range(60)]


class Stepped:
    """A reader without its thread: `drain` does what was asked."""

    def __init__(self, folder: Path) -> None:
        self.got: list[Message] = []
        self.folder = folder
        self.reader = LogReader(folder, self.got.append)

    def write(self, *lines: str) -> None:
        with (self.folder / "training.log").open("a") as stream:
            stream.writelines(lines)

    def drain(self) -> None:
        while not self.reader._requests.empty():
            request = self.reader._requests.get()
            assert request is not None
            self.reader._guarded(request)

    def look(self) -> None:
        self.reader.look()
        self.drain()

    def search(self) -> None:
        while self.reader._more:
            self.reader._guarded(self.reader._search)

    def at(self, **changes: Any) -> At:
        """Where a screen is that drew the newest picture."""
        window = self.reader.picture.window
        seen = At(window.epoch, window.jump, window.target or 0, self.reader.picture.following)
        return seen._replace(**changes)

    @property
    def line(self) -> str:
        picture = self.reader.picture
        assert picture.window.target is not None
        return picture.window.lines[picture.window.target - picture.window.base].text


@pytest.fixture
def stepped(tmp_path: Path) -> Stepped:
    made = Stepped(tmp_path)
    made.write(*LINES)
    made.look()
    return made


def test_a_screen_that_has_not_drawn_the_jump_yet_does_not_undo_it(stepped: Stepped) -> None:
    before = stepped.at()
    stepped.reader.at = before
    stepped.reader.go_to(Target(step=40_960))
    stepped.drain()
    assert "Step 40960/" in stepped.line and not stepped.reader.picture.following
    stepped.reader.at = before
    stepped.write("2026-02-24 10:00:00 [INFO] newest\n")
    stepped.look()
    assert "Step 40960/" in stepped.line and not stepped.reader.picture.following


def test_a_reader_who_left_the_end_is_heard_also_while_lines_pour_in(stepped: Stepped) -> None:
    late = stepped.at(following=False)
    stepped.write("2026-02-24 10:00:00 [INFO] a\n")
    stepped.look()
    stepped.reader.at = late
    stepped.write("2026-02-24 10:00:01 [INFO] b\n")
    stepped.look()
    assert not stepped.reader.picture.following


def test_two_jumps_in_a_row_are_two_jumps(stepped: Stepped) -> None:
    stepped.write(*(f"2026-02-24 10:{minute:02d}:00 [ERROR] e{minute}\n" for minute in range(10)))
    stepped.look()
    stepped.search()
    stepped.reader.at = stepped.at()
    for _ in range(3):
        stepped.reader.next_fault(-1)
    stepped.drain()
    assert stepped.line.endswith("e6")


def test_a_quiet_look_tells_nothing_and_one_message_is_under_way(stepped: Stepped) -> None:
    stepped.search()
    stepped.reader.received()
    count = len(stepped.got)
    for _ in range(5):
        stepped.look()
        stepped.search()
    assert len(stepped.got) == count
    for number in range(5):
        stepped.write(f"2026-02-24 10:00:0{number} [INFO] x\n")
        stepped.look()
    assert [type(message) for message in stepped.got[count:]] == [LogNews]


def test_a_file_that_shrinks_under_the_reading_is_looked_at_again(stepped: Stepped) -> None:
    stepped.reader.at = stepped.at()
    (stepped.folder / "training.log").write_text("2026-02-24 11:00:00 [INFO] short\n")
    stepped.reader.to_start()
    stepped.drain()
    assert [line.text for line in stepped.reader.picture.window.lines][-1].endswith("short")


def test_nothing_unforeseen_ends_the_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    got: list[Message] = []
    told = threading.Event()

    def post(message: Message) -> None:
        got.append(message)
        if isinstance(message, LogSaid):
            told.set()

    reader = LogReader(tmp_path, post)
    monkeypatch.setattr(reader._viewer, "to_start", lambda: 1 / 0)
    reader.start()
    try:
        reader.look()
        reader.to_start()
        assert told.wait(5.0)
        words = next(message.words for message in got if isinstance(message, LogSaid))
        assert "ZeroDivisionError" in words
        (tmp_path / "training.log").write_text(LINES[0])
        end = time.monotonic() + 60.0
        while not reader.picture.window.lines and time.monotonic() < end:
            reader.look()
            time.sleep(0.02)
        assert reader.picture.window.lines
    finally:
        reader.stop()
        reader.join(5.0)
    assert not reader._thread.is_alive()


def test_a_new_request_ends_a_long_search_for_a_step(
    stepped: Stepped, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def go_to(target: Target, cancelled: Any) -> bool:
        asked.append(cancelled())
        stepped.reader.to_end()
        asked.append(cancelled())
        return False

    monkeypatch.setattr(stepped.reader._viewer, "go_to", go_to)
    stepped.reader.go_to(Target(step=1))
    stepped.drain()
    assert asked == [False, True]
    assert stepped.reader.picture.following


def test_a_typed_time_is_of_the_day_of_the_line(stepped: Stepped) -> None:
    stepped.reader.at = stepped.at()
    stepped.reader.go_to_typed("09:30")
    stepped.drain()
    assert stepped.line == LINES[30].rstrip()
    assert datetime.fromtimestamp(stepped.reader.picture.window.lines[0].time, UTC).hour == 9
