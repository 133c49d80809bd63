"""Changed bytes never become code: while mutants are read, nothing is imported, run or opened."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import core

PROGRAM = Path(__file__).parent / "read_mutants.py"


def read_mutants(tmp_path: Path, plain_zip: bytes, statistics: bytes, count: int, seed: int) -> str:
    (tmp_path / "model.zip").write_bytes(plain_zip)
    (tmp_path / "statistics.pkl").write_bytes(statistics)
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(tmp_path), str(count), str(seed)],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(Path(core.__file__).parents[1]), "OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert not (tmp_path / "exploded").exists()
    return done.stdout


def test_the_watch_sees_what_it_should_see(tmp_path: Path, plain_zip: bytes, statistics: bytes) -> None:
    """With unpickling in place of the inert reader the same program fails."""
    with pytest.raises(AssertionError, match="find_class while a mutant was read"):
        read_mutants(tmp_path, plain_zip, statistics, count=-1, seed=0)


def test_mutants_cause_nothing(tmp_path: Path, plain_zip: bytes, statistics: bytes) -> None:
    said = read_mutants(tmp_path, plain_zip, statistics, count=1_200, seed=1)
    assert "refused" in said and "read" in said


@pytest.mark.slow
def test_many_mutants_cause_nothing(tmp_path: Path, plain_zip: bytes, statistics: bytes) -> None:
    read_mutants(tmp_path, plain_zip, statistics, count=4_000, seed=2)
