"""Rows a second through the console's reader and its alert rules, beside Python's own csv module.

`python -m benchmarks.parsing FOLDER` prints one JSON object, in a process of its own. Trap avoided: timing
imports, or a file that is not in the page cache yet.
"""

from __future__ import annotations

import csv
import json
import sys
import time
from pathlib import Path

from core.alerts.engine import AlertEngine
from core.clock import utc_now
from core.config.settings import Settings
from core.telemetry.health import assess
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
    rows = reader.run.series["reward"].rows
    reader.close()
    return rows, seconds


def through_rules(folder: Path) -> float:
    """CPU seconds of the default rules for all rows, read in slices as the console reads them."""
    now = utc_now()
    reader, settings = RunReader(folder, now=now), Settings()
    engine = AlertEngine(settings.alerts, reader.run.info.id)
    seconds = 0.0
    while True:
        reader.poll(now, 0.1)
        began = time.process_time()
        if reader.rules_run is not None:
            engine.update(reader.rules_run, assess(reader.run, settings.health, now), now)
        seconds += time.process_time() - began
        if not reader.reading:
            reader.close()
            return seconds


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
    rates = {"reader": rows / seconds, "csv": plain_rows / plain_seconds}
    json.dump({**rates, "rules": rows / through_rules(folder)}, sys.stdout)
