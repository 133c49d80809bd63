"""Rows a second through the console's reader, beside Python's own csv module, in a process of its own.

`python -m benchmarks.parsing FOLDER` prints one JSON object. Trap avoided: timing imports, or a file that is
not in the page cache yet.
"""

from __future__ import annotations

import csv
import json
import sys
import time
from pathlib import Path

from core.clock import utc_now
from core.telemetry.reader import RunReader
from core.training.writers import DASHBOARD_CSV


def through_reader(folder: Path) -> tuple[int, float]:
    """(rows, CPU seconds)."""
    now = utc_now()
    reader = RunReader(folder, now=now)
    began = time.process_time()
    while reader.poll(now):
        pass
    seconds = time.process_time() - began
    rows = len(reader.run.series["reward"])
    reader.close()
    return rows, seconds


def through_csv(path: Path) -> tuple[int, float]:
    rows = 0
    began = time.process_time()
    with path.open(newline="") as stream:
        lines = csv.reader(stream)
        next(lines)
        for line in lines:
            _ = [float(cell) for cell in line]
            rows += 1
    return rows, time.process_time() - began


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    (folder / DASHBOARD_CSV).read_bytes()
    rows, seconds = through_reader(folder)
    plain_rows, plain_seconds = through_csv(folder / DASHBOARD_CSV)
    json.dump({"reader": rows / seconds, "csv": plain_rows / plain_seconds}, sys.stdout)
