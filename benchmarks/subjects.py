"""What is measured: the runs on disk, made when first asked for, and the programs that open them."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from benchmarks import programs
from benchmarks.programs import Program
from benchmarks.runs import MILLION, STEPS_PER_ROW, BenchRun, add_model_and_candles, make_run
from benchmarks.screen import Screen
from benchmarks.table import COLUMNS
from benchmarks.terminal import Size
from core.training.writers import TRAINING_LOG
from core.workspace import Workspace, init_workspace

WIDE: Size = (120, 40)
SMALL: Size = (80, 24)
CONSOLE, CONSOLE_SMALL, BARE, TOOLONG, LEET = COLUMNS
BARE_TEXT = "RUNNING"


class Subjects:
    """`notes` says what was left out and why."""

    def __init__(self, folder: Path, *, quick: bool) -> None:
        self.notes: list[str] = []
        self.quick = quick
        self._folder = folder

    # Runs.

    @cached_property
    def workspace(self) -> Workspace:
        """With the documents' default settings."""
        return init_workspace(self._folder / "workspace")

    @cached_property
    def live(self) -> BenchRun:
        """The workspace's run; rows are appended to it."""
        return make_run(self.workspace.logs, "bench-live", rows=120, total_rows=1000)

    @cached_property
    def empty(self) -> BenchRun:
        return make_run(self._folder / "empty", "bench-empty", rows=0, total_rows=1000)

    @cached_property
    def million(self) -> BenchRun:
        return make_run(self._folder / "million", "bench-million", rows=MILLION, total_rows=MILLION)

    def make_judgeable(self) -> None:
        """Candles and a model, enough for a revalidation of some seconds."""
        add_model_and_candles(self.workspace, symbols=20, candles=5_200)

    # Programs.

    @cached_property
    def bare(self) -> Program:
        return programs.bare(BARE_TEXT)

    @cached_property
    def bare_clock(self) -> Program:
        return programs.bare(BARE_TEXT, "--clock")

    def bare_following(self) -> Program:
        return programs.bare(BARE_TEXT, "--clock", "--follow", str(self.live.csv))

    def console(self) -> Program:
        """The console on the workspace as its run is now."""
        return programs.console(self.live.last_step, "--workspace", str(self.workspace.root))

    def console_slow(self) -> Program:
        """For a slow line."""
        return programs.console(self.live.last_step, "--workspace", str(self.workspace.root), "--slow")

    @cached_property
    def console_empty(self) -> Program:
        return programs.console(self.empty.tag, "--run", str(self.empty.folder))

    @cached_property
    def console_million(self) -> Program:
        return programs.console(self.million.last_step, "--run", str(self.million.folder))

    def toolong(self, run: BenchRun) -> Program | None:
        """On the run's CSV; its first screen is the file's beginning."""
        path = self._toolong_path
        return None if path is None else Program("toolong", (path, str(run.csv)), f"{STEPS_PER_ROW},")

    def toolong_log(self) -> Program | None:
        """On the workspace's training log, which it follows."""
        path = self._toolong_path
        log = str(self.live.folder / TRAINING_LOG)
        return None if path is None else Program("toolong", (path, log), "[INFO] ")

    @cached_property
    def _toolong_path(self) -> str | None:
        path = programs.toolong()
        if path is None:
            self.notes.append("toolong: skipped, `tl` is not installed (or name it in BENCH_TL).")
        return path

    @cached_property
    def leet(self) -> Program | None:
        """On a finished run of 120 rows that wandb wrote."""
        found = programs.write_wandb_run(self._folder / "wandb", 120)
        if isinstance(found, str):
            self.notes.append(f"wandb leet: skipped, {found} (or name `wandb` in BENCH_WANDB).")
            return None
        command = (programs.wandb() or "", "leet", "run", str(found))
        return Program("wandb leet", command, "approx_kl", {"HOME": str(self._folder)})


def history_is_whole(screen: Screen) -> bool:
    """The first chart reaches its left end: the cells right of its value axis hold braille dots."""
    return any(
        "\u2801" <= char <= "\u28ff" for y in range(4, screen.rows // 2) for char in screen.row(y)[4:8]
    )
