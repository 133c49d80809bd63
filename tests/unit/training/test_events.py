"""A full disk ends no training through TensorBoard's event files."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.training.events import event_writer


class Output:
    """An event file that fails while `full` says so."""

    def __init__(self, full: list[bool]) -> None:
        self.full = full
        self.steps: list[int] = []

    def write(self, key_values: dict[str, Any], key_excluded: object, step: int = 0) -> None:
        if self.full[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.steps.append(step)

    def close(self) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_said_once_and_a_new_event_file_is_begun_once_there_is_room(tmp_path: Path) -> None:
    full, made, said = [False], list[Output](), list[str]()

    def create(folder: Path) -> Output:
        (folder / f"events.out.tfevents.{len(made)}").touch()
        made.append(Output(full))
        return made[-1]

    writer = event_writer(tmp_path, said.append, create)
    for step in range(1, 301):
        full[0] = 100 <= step < 200
        writer.write({}, {}, step)
    writer.close()
    assert said == [
        "TensorBoard's event file could not be written: No space left on device; the CSV files go on",
        f"TensorBoard's event file is written again from step {made[-1].steps[0]} on",
    ]
    assert made[0].steps == list(range(1, 100))
    assert made[-1].steps == list(range(made[-1].steps[0], 301)) and made[-1].steps[0] < 200 + 64
    assert len(made) < 12, "each try leaves a file: they become rare"
    names = [path.name for path in tmp_path.iterdir()]
    assert names == [f"events.out.tfevents.{len(made) - 1}"], "empty files of failed tries stay behind"


def test_the_library_s_own_writer_which_dies_of_a_failed_write_is_survived(
    tmp_path: Path, on_a_full_disk: Callable[[str, Path, Callable[[], object]], str]
) -> None:
    said: list[str] = []

    def write() -> None:
        writer = event_writer(tmp_path, said.append)
        values = {f"train/{number}": 0.5 for number in range(400)}
        excluded = dict.fromkeys(values, ("",))
        while len(said) < 2:
            writer.write(values, excluded, 1)
        writer.close()
        assert "could not be written: File too large" in said[0] and "written again" in said[1]

    assert on_a_full_disk("file size", tmp_path, write) == "nothing: it went well"
