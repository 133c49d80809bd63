"""`python -m benchmarks.soak`: the console over a compressed week; a plot, a verdict, an exit code.

The console runs in a pseudo-terminal and is used by a script: every second another screen, a list, the
help. Exit code 0: all limits are held; 20: not.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import psutil

from benchmarks.runs import BenchRun, make_run
from benchmarks.soak.plot import plot
from benchmarks.soak.samples import PATIENCE_MS, Check, Sample, judge
from benchmarks.soak.week import HISTORY, ROW_SECONDS, WEEK_SECONDS, WHOLE_MINUTES, Week, spikes
from benchmarks.terminal import Terminal
from core.workspace import Workspace, init_workspace

SIZE = (120, 40)
SCRIPT = """
1 tab enter escape + 0    2 j tab tab    3 right right j    4 g G F
5 6 j 7 j 8 enter escape    1 [ [ escape ? escape
"""
_CODES = {"tab": "\t", "enter": "\r", "escape": "\x1b", "right": "\x1b[C"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=WHOLE_MINUTES, help="Default: 10, a whole week.")
    parser.add_argument(
        "--out", type=Path, default=Path("build/soak"), help="Folder of the plot and samples."
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ppo-soak-") as folder:
        samples, checks = soak(Path(folder) / "week", options.minutes * 60)
    options.out.mkdir(parents=True, exist_ok=True)
    title = f"{options.minutes:g} minutes, {options.minutes / WHOLE_MINUTES * 7:.1f} days of the week"
    (options.out / "soak.svg").write_text(plot(samples, title), encoding="utf-8")
    (options.out / "soak.json").write_text(json.dumps([asdict(each) for each in samples]), encoding="utf-8")
    for check in checks:
        print(f"{'ok  ' if check.met else 'MISS'} {check.name:26} {check.got:>22}   {check.limit}")
    good = all(check.met for check in checks)
    print(f"{'all limits are held' if good else 'not all limits are held'}; {options.out / 'soak.svg'}")
    return 0 if good else 20


def soak(folder: Path, seconds: float) -> tuple[list[Sample], list[Check]]:
    """The samples of a soak in a new workspace at `folder`, and the verdict on them."""
    workspace = init_workspace(folder)
    total = HISTORY + int(WEEK_SECONDS / ROW_SECONDS)
    week = Week(make_run(workspace.logs, "soak", rows=0, total_rows=total))
    week.write_until(0)
    with Terminal((sys.executable, "-m", "console"), SIZE, folder=folder) as terminal:
        if terminal.wait_text("soak", 60) is None:
            return [], [Check("the console opens", terminal.last_words(), "the run's name", False)]
        samples = list(_watch(terminal, workspace, week, seconds))
        checks = [*judge(samples), *_truth(terminal, workspace, week.run)]
    return samples, checks


def _watch(terminal: Terminal, workspace: Workspace, week: Week, seconds: float) -> list[Sample]:
    """Write, press, measure, until the time is over or the console has left."""
    process = psutil.Process(terminal.pid)
    samples: list[Sample] = []
    keys = itertools.cycle(SCRIPT.split())
    began = time.monotonic()
    while (at := time.monotonic() - began) < seconds and not terminal.ended:
        before = terminal.count
        week.write_until(at)
        lag = _press(terminal, next(keys))
        for _ in range(8):
            week.write_until(min(seconds, time.monotonic() - began))
            terminal.run(0.1)
        with contextlib.suppress(psutil.Error, OSError), process.oneshot():
            sample = Sample(
                at=at,
                memory=process.memory_info().rss / 1e6,
                handles=process.num_fds(),
                threads=process.num_threads(),
                count=round((terminal.count - before) / (time.monotonic() - began - at)),
                lag=lag,
                store=_on_disk(workspace),
            )
            samples.append(sample)
        if len(samples) % 30 == 0 and samples:
            words = f"{at:5.0f} s  {samples[-1].memory:6.1f} MB  {week.run.rows:,} rows"
            print(words, file=sys.stderr, flush=True)
    return samples


def _press(terminal: Terminal, key: str) -> float | None:
    """Press it; of a key that opens a screen the milliseconds until that is seen below the header."""
    seen = terminal.screen.below(1)
    pressed = terminal.send(_CODES.get(key, key))
    if not key.isdigit() or key == "0":
        return None
    painted = terminal.wait(lambda screen: screen.below(1) != seen, PATIENCE_MS / 1000)
    return PATIENCE_MS if painted is None else (painted - pressed) * 1000


def _on_disk(workspace: Workspace) -> float:
    paths = (workspace.store, workspace.logs / "alerts.log")
    return sum(path.stat().st_size for path in paths if path.exists()) / 1e6


def _truth(terminal: Terminal, workspace: Workspace, run: BenchRun) -> list[Check]:
    """After the last row: the console shows it, told each spike once, and leaves clean."""
    for key in ("\x1b", "\x1b", "1"):
        terminal.send(key)
        terminal.run(0.3)
    shown = terminal.wait(lambda screen: run.last_step in screen.text(), 15)
    now_there = shown is not None or run.last_step in terminal.screen.text()
    journal = workspace.logs / "alerts.log"
    lines = journal.read_text(encoding="utf-8").splitlines() if journal.exists() else []
    fired = sum("kl_spike #" in line and " firing" in line for line in lines)
    ended = sum("kl_spike #" in line and " resolved" in line for line in lines)
    expected = spikes(run.rows)
    terminal.send("q")
    terminal.wait(lambda screen: False, 10)
    return [
        Check("the last row is shown", run.last_step if now_there else "not", run.last_step, now_there),
        Check("spikes told", f"{fired} fired, {ended} ended", f"{expected} written", fired == expected),
        Check("the console leaves on q", "yes" if terminal.ended else "no", "yes", terminal.ended),
    ]


if __name__ == "__main__":
    sys.exit(main())
