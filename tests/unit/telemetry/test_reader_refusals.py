"""What cannot be read is said: what, why, and what was expected."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from core.errors import UnreadableError, UsageError
from core.telemetry.reader import RunReader

DASHBOARD = "timestep,reward,kl_divergence,value_loss,policy_entropy\n"
METRICS = "timestep,policy_loss,value_loss,entropy,approx_kl,clip_fraction\n"


def test_a_missing_path_is_a_usage_error(tmp_path: Path, now: datetime) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        RunReader(tmp_path / "nothing", now=now)


@pytest.mark.parametrize("name", ["model.zip", "notes.txt", "run.parquet"])
def test_a_file_that_is_no_run_is_a_usage_error(tmp_path: Path, now: datetime, name: str) -> None:
    (tmp_path / name).write_bytes(b"PK\x03\x04")
    with pytest.raises(UsageError, match="is no run"):
        RunReader(tmp_path / name, now=now)


def test_a_csv_without_a_timestep_says_what_it_got(tmp_path: Path, now: datetime) -> None:
    path = tmp_path / "equity.csv"
    path.write_text("timestamp,equity\n1,2\n")
    with pytest.raises(UnreadableError, match="timestamp,equity"):
        RunReader(path, now=now)


def test_a_denied_folder_is_unreadable(folder: Path, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulated, since tests may run as root."""

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(UnreadableError, match="Permission denied"):
        RunReader(folder, now=now)


def test_a_denied_file_in_the_folder_is_an_event_until_it_is_regained(
    files: Any, folder: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "convergence_dashboard.csv").write_text(DASHBOARD + files.dashboard_row(2048))
    (folder / "training_metrics.csv").write_text(METRICS + files.metrics_row(2048))
    real = os.open

    def refuse(path: Any, *rest: Any, **options: Any) -> int:
        if str(path).endswith("convergence_dashboard.csv"):
            raise PermissionError(13, "Permission denied")
        return real(path, *rest, **options)

    monkeypatch.setattr(os, "open", refuse)
    reader = files.opened(folder, now)
    reader.poll(now)
    assert files.source(reader, "convergence_dashboard.csv").events == ["denied"]
    assert files.steps(reader, "approx_kl") == [2048] and "reward" not in reader.run.series
    monkeypatch.setattr(os, "open", real)
    reader.poll(now)
    assert files.steps(reader, "reward") == [2048]
