"""Helpers of the telemetry tests: event files built record by record, a fixed `now`, the real inputs."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core.telemetry.crc32c import masked_crc32c
from core.telemetry.reader import RunReader

NOW = datetime(2026, 2, 24, 10, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return NOW


def _varint(value: int) -> bytes:
    out = b""
    while True:
        value, byte = value >> 7, value & 0x7F
        if not value:
            return out + bytes((byte,))
        out += bytes((byte | 0x80,))


def _field(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _event(tag: str, step: int, value: float, wall_time: float = 1.0) -> bytes:
    scalar = _field(1, tag.encode()) + b"\x15" + struct.pack("<f", value)
    return b"\x09" + struct.pack("<d", wall_time) + b"\x10" + _varint(step) + _field(5, _field(1, scalar))


def _record(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    return length + struct.pack("<I", masked_crc32c(length)) + data + struct.pack("<I", masked_crc32c(data))


@pytest.fixture
def event() -> Callable[..., bytes]:
    """`event(tag, step, value, wall_time)`: a protobuf Event with one scalar."""
    return _event


@pytest.fixture
def record() -> Callable[[bytes], bytes]:
    """A TFRecord around some bytes."""
    return _record


@pytest.fixture
def scalar_record() -> Callable[..., bytes]:
    """`scalar_record(tag, step, value, wall_time)`: the two above in one."""

    def make(tag: str, step: int, value: float, wall_time: float = 1.0) -> bytes:
        return _record(_event(tag, step, value, wall_time))

    return make


@pytest.fixture
def touch() -> Callable[[Path, datetime], None]:
    """Set a file's modification time."""

    def set_time(path: Path, moment: datetime) -> None:
        os.utime(path, (moment.timestamp(), moment.timestamp()))

    return set_time


@pytest.fixture
def real_data() -> Path:
    """The folder of real inputs beside the project, else the test is skipped."""
    folder = Path(__file__).resolve().parents[3].parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real inputs in ../shared/data are not here")
    return folder


class RunFiles:
    """Writes and reads a run's files, as a trainer and the console do."""

    @staticmethod
    def dashboard_row(step: int, reward: float = 1.0) -> str:
        return f"{step},{reward},0.01,0.5,1.6\n"

    @staticmethod
    def metrics_row(step: int) -> str:
        return f"{step},0.02,0.5,1.6,0.01,0.1\n"

    @staticmethod
    def append(path: Path, text: str) -> None:
        with path.open("a") as stream:
            stream.write(text)

    @staticmethod
    def write_run(folder: Path, **values: Any) -> None:
        run = {
            "id": "20260223-F12",
            "tag": "F12",
            "symbols": ["OGNUSDT"],
            "mode": "paper",
            "total_timesteps": 500_000,
        }
        (folder / "run.json").write_text(json.dumps({**run, "started_at": "2026-02-23T14:00:00Z", **values}))

    @staticmethod
    def opened(target: Path, now: datetime) -> RunReader:
        reader = RunReader(target, now=now)
        reader.poll(now)
        return reader

    @staticmethod
    def steps(reader: RunReader, name: str) -> list[float]:
        return list(reader.run.series[name].timestep) if name in reader.run.series else []

    @staticmethod
    def source(reader: RunReader, name: str) -> Any:
        return next(one for one in reader.run.sources if one.path.name == name)


@pytest.fixture
def files() -> type[RunFiles]:
    return RunFiles


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "ppo_training"
    made.mkdir()
    return made
