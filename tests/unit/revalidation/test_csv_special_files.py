"""Equity and trades that are a FIFO or a device: refused at once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.errors import UnreadableError
from core.revalidation import csv_input
from core.revalidation.csv_input import read_equity, read_trades

pytestmark = pytest.mark.usefixtures("no_hang")


def test_a_fifo_or_a_device_is_refused_at_once(tmp_path: Path) -> None:
    pipe = tmp_path / "E.csv"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/null")):
        for read in (read_equity, read_trades):
            with pytest.raises(UnreadableError, match=f"{path} is no regular file"):
                read(path)


def test_a_file_above_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_input, "MAX_BYTES", 20)
    path = tmp_path / "E.csv"
    path.write_text("timestamp,equity\n2025-01-01T00:00:00Z,1\n")
    with pytest.raises(UnreadableError, match="larger than 20 bytes"):
        read_equity(path)
