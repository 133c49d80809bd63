"""Reading a run loads nothing heavy: the first screen does not wait for numpy or pandas."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HEAVY = (
    "numpy",
    "pandas",
    "torch",
    "tensorboard",
    "stable_baselines3",
    "gymnasium",
    "pyarrow",
    "textual",
    "rich",
)
PROGRAM = """
import sys, pathlib
from core.clock import utc_now
from core.config.settings import Settings
from core.telemetry import health, host, metrics, reader, status, trend
now = utc_now()
found = reader.RunReader(pathlib.Path(sys.argv[1]), now=now)
found.poll(now)
status.build_status(found.run, health.assess(found.run, Settings().health, now), [], now).json()
host.host_metrics([])
print(*(name for name in sys.argv[2:] if name in sys.modules))
"""


def test_a_whole_status_loads_no_heavy_library(tmp_path: Path) -> None:
    (tmp_path / "progress.csv").write_text("time/total_timesteps,train/approx_kl\n1,2\n")
    root = Path(__file__).resolve().parents[3]
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path), *HEAVY],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ran.stdout.split() == []
