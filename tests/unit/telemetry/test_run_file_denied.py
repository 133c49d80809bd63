"""A `run.json` that is no file or is denied: said at once, an event and a note, never a wait or a silence."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from core.telemetry.archive import list_runs
from core.telemetry.reader import RunReader

ROWS = "timestep,reward\n2048,1.5\n"


pytestmark = pytest.mark.usefixtures("no_hang")


def events(reader: RunReader) -> list[str]:
    return [
        event for source in reader.run.sources if source.path.name == "run.json" for event in source.events
    ]


def notes(reader: RunReader) -> list[str]:
    return [note for note in reader.run.notes if "run.json" in note]


@pytest.mark.parametrize("kind", ["fifo", "device", "folder"])
def test_what_is_no_file_is_denied_and_the_rows_are_read(tmp_path: Path, now: datetime, kind: str) -> None:
    path = tmp_path / "run.json"
    (tmp_path / "convergence_dashboard.csv").write_text(ROWS)
    {"fifo": lambda: os.mkfifo(path), "device": lambda: path.symlink_to("/dev/null"), "folder": path.mkdir}[
        kind
    ]()
    reader = RunReader(tmp_path, now=now)
    reader.poll(now)
    reader.poll(now)
    assert events(reader) == ["denied"]
    assert len(notes(reader)) == 1 and "is no regular file" in notes(reader)[0]
    assert reader.run.series["reward"].last == 1.5


def test_a_denied_record_is_an_event_and_a_note_until_it_is_regained(
    tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Simulated, since tests may run as root."""
    (tmp_path / "run.json").write_text('{"id": "run-1"}')
    real = os.open

    def refuse(path: Any, *rest: Any, **options: Any) -> int:
        if str(path).endswith("run.json"):
            raise PermissionError(13, "Permission denied")
        return real(path, *rest, **options)

    reader = RunReader(tmp_path, now=now)
    monkeypatch.setattr(os, "open", refuse)
    reader.poll(now)
    assert events(reader) == ["denied"]
    assert notes(reader) == ["run.json could not be read: Permission denied."]
    monkeypatch.setattr(os, "open", real)
    assert reader.poll(now)
    assert reader.run.info.id == "run-1" and notes(reader) == []


def test_a_record_that_becomes_denied_is_a_change(tmp_path: Path, now: datetime) -> None:
    path, kept = tmp_path / "run.json", tmp_path / "kept"
    path.write_text('{"id": "run-1"}')
    reader = RunReader(tmp_path, now=now)
    reader.poll(now)
    path.rename(kept)
    os.mkfifo(path)
    assert reader.poll(now) and events(reader) == ["denied"]
    assert reader.run.info.id == "run-1", "what is known stays"
    assert not reader.poll(now)
    path.unlink()
    kept.rename(path)
    assert reader.poll(now) and notes(reader) == []


def test_an_earlier_run_whose_record_is_no_file_is_listed_with_its_problem(
    tmp_path: Path, now: datetime
) -> None:
    folder = tmp_path / "run-a"
    folder.mkdir()
    (folder / "convergence_dashboard.csv").write_text(ROWS)
    os.mkfifo(folder / "run.json")
    (found,) = list_runs(tmp_path, now)
    assert found.problem is not None and "no regular file" in found.problem


def test_a_folder_in_its_place_leaves_no_descriptor_open(tmp_path: Path, now: datetime) -> None:
    (tmp_path / "run.json").mkdir()
    before = len(list(Path("/proc/self/fd").iterdir()))
    reader = RunReader(tmp_path, now=now)
    for _ in range(5):
        reader.poll(now)
    reader.close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
