"""The quality of the training data as the rule `data_integrity` sees it.

A niced child reads the candles, once per change of the folder: reading them takes the parts of the program
that a console never loads, and seconds. Trap avoided: a check that stops alerting while it runs; `facts`
answers at once with what is known.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import msgspec

from core.alerts.look import DataFacts
from core.child import be_nice, environment, python
from core.clock import iso, parse_iso
from core.errors import ConsoleError
from core.text import visible

_SUFFIXES = (".parquet", ".feather", ".csv", ".json")
_PATIENCE = 300.0
_FILES = 20

Signature = tuple[tuple[str, int, int], ...]


class DataWatch:
    """Watches one folder; use it from one thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: DataFacts | None = None
        self._checked: Signature | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._since: datetime | None = None

    def facts(self, now: datetime) -> DataFacts | None:
        """What the newest check found; None before the first one, and without any candle file."""
        self._collect(now)
        found = signature(self._folder)
        if not found:
            self._known, self._checked = None, None
        elif found != self._checked and self._child is None:
            self._checked = found
            self._start(now)
        return self._known

    def close(self) -> None:
        """End a check that is still running."""
        if self._child is not None:
            self._child.kill()
            self._child.communicate()
            self._child = None

    def _start(self, now: datetime) -> None:
        with contextlib.suppress(OSError):
            self._child = _spawn(self._folder, now)
            self._since = now

    def _collect(self, now: datetime) -> None:
        child = self._child
        if child is None:
            return
        if child.poll() is None:
            if self._since is not None and (now - self._since).total_seconds() > _PATIENCE:
                self.close()
            return
        self._child = None
        self._known = _answer(child, self._folder, now)


def check_data(folder: Path, now: datetime, *, seconds: float = _PATIENCE) -> DataFacts | None:
    """One check, waiting for its answer; None without any candle file. Never raises."""
    if not signature(folder):
        return None
    try:
        child = _spawn(folder, now)
    except OSError as error:
        return DataFacts(folder=str(folder), checked_at=iso(now), problem=str(error.strerror))
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        child.kill()
    return _answer(child, folder, now)


def signature(folder: Path) -> Signature:
    """Names, sizes and times of the candle files: another signature needs another check."""
    found = []
    with contextlib.suppress(OSError):
        for entry in os.scandir(folder):
            if entry.name.endswith(_SUFFIXES):
                with contextlib.suppress(OSError):
                    stat = entry.stat()
                    found.append((entry.name, stat.st_size, stat.st_mtime_ns))
    return tuple(sorted(found))


def _spawn(folder: Path, now: datetime) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        python("core.alerts.data_watch", str(folder), iso(now)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(),
        start_new_session=True,
    )


def _answer(child: subprocess.Popen[bytes], folder: Path, now: datetime) -> DataFacts:
    out, _ = child.communicate()
    try:
        return msgspec.json.decode(out, type=DataFacts)
    except msgspec.DecodeError:
        problem = f"the checking process ended with {child.returncode}"
        return DataFacts(folder=str(folder), checked_at=iso(now), problem=problem)


def look_at(folder: Path, now: datetime) -> DataFacts:
    """The check itself, in the process that calls it. Never raises ConsoleError."""
    from core.market.quality import check_folder

    try:
        report = check_folder(folder, now)
    except ConsoleError as error:
        return DataFacts(folder=str(folder), checked_at=iso(now), problem=visible(error.title, 300))
    faulty = []
    for file in report.files:
        counts = (("gaps", file.gaps), ("NaN", file.nan), ("duplicates", file.duplicates))
        words = ", ".join(f"{count} {word}" for word, count in counts if count)
        if words:
            faulty.append(f"{visible(file.file, 120)}: {words}")
    return DataFacts(
        folder=str(folder),
        checked_at=iso(now),
        gaps=sum(file.gaps for file in report.files),
        nan=sum(file.nan for file in report.files),
        duplicates=sum(file.duplicates for file in report.files),
        files=tuple(faulty[:_FILES]),
    )


def main(arguments: list[str]) -> int:
    """`python -m core.alerts.data_watch FOLDER NOW`: the facts as JSON on stdout."""
    be_nice()
    folder, now = arguments
    sys.stdout.buffer.write(msgspec.json.encode(look_at(Path(folder), parse_iso(now))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
