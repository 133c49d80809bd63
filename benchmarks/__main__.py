"""`python -m benchmarks`: measure, and print one table. `--quick` measures each figure fewer times."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from itertools import chain
from pathlib import Path

from benchmarks import backtests, first_values, footprint, keyboard, scale, traffic, trainings
from benchmarks.subjects import Subjects
from benchmarks.table import Line, misses, table, verdicts

_PARTS = {
    "first": first_values.measure,
    "flow": traffic.measure,
    "keys": keyboard.measure,
    "memory": footprint.measure_memory,
    "parse": footprint.measure_parsing,
}
_ENGINE = {"backtest": backtests, "training": trainings}
"""With columns of their own."""
_SCALE = "scale"
_CHOICES = [*_PARTS, *_ENGINE, _SCALE]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions: about three minutes")
    parser.add_argument("--strict", action="store_true", help="exit with 1 when a budget is missed")
    parser.add_argument(
        "--only",
        nargs="+",
        choices=_CHOICES,
        default=_CHOICES,
        metavar="PART",
        help="of " + ", ".join(_CHOICES),
    )
    chosen = parser.parse_args()
    began, load = time.monotonic(), os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="bench-console-") as folder:
        subjects = Subjects(Path(folder), quick=chosen.quick)
        lines: list[Line] = []
        engine: dict[str, list[Line]] = {}
        cost = ""
        broken: list[str] = []
        for part in chosen.only:
            print(f"measuring {part} …", file=sys.stderr, flush=True)
            try:
                if part in _PARTS:
                    lines += _PARTS[part](subjects)
                elif part == _SCALE:
                    cost = scale.measure(quick=subjects.quick)
                else:
                    engine[part] = _ENGINE[part].measure(subjects)
            except (RuntimeError, subprocess.SubprocessError) as error:
                broken.append(f"NOT MEASURED {part}: {error}")
        missed = "\n".join([*broken, misses([*lines, *chain(*engine.values())])]).strip()
    print(
        f"\n{platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, load {load:.1f} → {os.getloadavg()[0]:.1f}, "
        f"{time.monotonic() - began:.0f} s\n"
    )
    if lines:
        print(table(lines))
    for part, found in engine.items():
        print("", table(found, _ENGINE[part].COLUMNS), sep="\n")
    if cost:
        print("", cost, sep="\n")
    if lines or engine:
        print("", verdicts([*lines, *chain(*engine.values())]), sep="\n")
    print("", *subjects.notes, sep="\n")
    if missed:
        print("", missed, sep="\n")
    return 1 if chosen.strict and missed else 0


if __name__ == "__main__":
    sys.exit(main())
