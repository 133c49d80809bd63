"""Shared by the tests of the run's log files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.logs.book import LogBook
from core.logs.file import LogFile
from core.logs.viewer import LogViewer

NOW = datetime(2026, 2, 24, 10, 0, tzinfo=UTC)


@pytest.fixture
def log_file(tmp_path: Path) -> Iterator[Callable[..., LogFile]]:
    """`log_file(b"...")`: an opened file with these bytes, looked at."""
    opened: list[LogFile] = []

    def make(data: bytes, *, rests: bool = False) -> LogFile:
        path = tmp_path / f"file{len(opened)}.log"
        path.write_bytes(data)
        file = LogFile(path, "training.log", len(opened))
        opened.append(file)
        file.refresh(0.0)
        if rests:
            file.refresh(10.0)
        return file

    yield make
    for file in opened:
        file.close()


class Reading:
    """A viewer of a folder, and a clock that the test moves."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.viewer = LogViewer(LogBook(folder))
        self.clock = 0.0

    def write(self, name: str, lines: list[str] | str, mode: str = "a") -> None:
        text = lines if isinstance(lines, str) else "".join(f"{line}\n" for line in lines)
        with (self.folder / name).open(mode) as stream:
            stream.write(text)

    def look(self, seconds: float = 1.0) -> bool:
        self.clock += seconds
        return self.viewer.refresh(self.clock, NOW)

    def search(self) -> None:
        while self.viewer.work():
            pass

    def settle(self) -> None:
        self.look()
        self.search()
        self.viewer.count()

    @property
    def texts(self) -> list[str]:
        return [line.text for line in self.viewer.window.lines]

    @property
    def at(self) -> str:
        """The line at the cursor."""
        line = self.viewer.line
        return line.text if line is not None else ""


@pytest.fixture
def reading(tmp_path: Path) -> Iterator[Reading]:
    reading = Reading(tmp_path)
    yield reading
    reading.viewer.book.close()
