"""The week's run: how much of it is written after so many seconds, and where its alerts stand.

Everything follows from the number of the row, so that what the console should have seen is known. Trap
avoided: a soak on a smooth run, in which no rule fires, no value is missing and no file is ever rotated.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from benchmarks.runs import STEPS_PER_ROW, BenchRun
from core.clock import from_epoch
from core.files import append_line
from core.training.writers import DASHBOARD_CSV, METRICS_CSV, TRAINING_LOG, log_line

WEEK_SECONDS = 7 * 24 * 3600
WHOLE_MINUTES = 10.0
"""Minutes in which a week goes by; a shorter soak sees a part of it, at the same pace."""
PACE = WEEK_SECONDS / (WHOLE_MINUTES * 60)
ROW_SECONDS = 30.0
"""Seconds of the week for each row, and for each line of the log."""
HISTORY = 26_000
"""Rows of the run before the soak begins: more than the console keeps whole, so that its caps are at work."""
SPIKE_EVERY, SPIKE_ROWS = 300, 6
"""Rows between two spikes of KL, and rows that one lasts."""
NAN_EVERY = 170
ROTATE_EVERY = 4000
"""Rows after which the log begins anew under its name, as logrotate does it."""


def rows_after(seconds: float) -> int:
    """How many rows the run has after so many seconds of the soak."""
    return HISTORY + int(seconds * PACE / ROW_SECONDS)


def is_spike(row: int) -> bool:
    since = row - HISTORY
    return since >= SPIKE_EVERY and since % SPIKE_EVERY < SPIKE_ROWS


def spikes(rows: int) -> int:
    """How many spikes have begun among the first `rows` rows."""
    return max(0, rows - HISTORY) // SPIKE_EVERY


@dataclass(slots=True)
class Week:
    """Appends to `run` what the week holds by then."""

    run: BenchRun

    def write_until(self, seconds: float) -> int:
        """Write up to this moment of the soak; returns the rows written now."""
        wanted = rows_after(seconds) - self.run.rows
        for _ in range(wanted):
            self._row()
        return wanted

    def _row(self) -> None:
        run = self.run
        run.rows += 1
        row, step = run.rows, run.rows * STEPS_PER_ROW
        kl = 0.2 if is_spike(row) else 0.008 + 0.002 * math.sin(row / 40)
        loss = "nan" if row % NAN_EVERY == 0 else f"{0.5 + 0.1 * math.cos(row / 90):.6f}"
        reward = 10 * math.tanh(row / 8000) + math.sin(row / 25)
        log = run.folder / TRAINING_LOG
        if row % ROTATE_EVERY == 0:
            log.rename(log.with_name(f"{TRAINING_LOG}.{row}"))
        append_line(run.folder / METRICS_CSV, f"{step},-0.0123,{loss},2.3,{kl:.6f},0.12")
        append_line(run.folder / DASHBOARD_CSV, f"{step},{reward:.6f},{kl:.6f},{loss},1.1")
        level = "WARNING" if is_spike(row) else "INFO"
        words = f"Step {step}/{run.total_steps} reward {reward:.3f} approx_kl {kl:.4f}"
        append_line(log, log_line(words, from_epoch(time.time()), level))
