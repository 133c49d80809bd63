"""The demo: synthetic candles, a real training run, a real decision.

Nothing in it is staged but the market, and that says so wherever it is shown. Without a terminal it runs to
the decision by itself; on one it opens the console and leaves the keys to the operator.
"""

from __future__ import annotations

import shlex
import shutil
import sys
import threading
import time
from operator import attrgetter
from pathlib import Path

from console.cli.data import split_text
from console.cli.output import GOOD, put, say
from console.cli.training import follow_training
from core.clock import utc_now
from core.config.edit import TomlValue
from core.errors import UsageError
from core.telemetry.reader import RunReader
from core.workspace import CONFIG_NAME, Workspace, init_workspace, open_workspace

FOLDER = Path("demo-workspace")
"""Where it goes when no folder is named."""
TIMESTEPS = 80_000
SYMBOLS = 8
CANDLES = 8_000
EDGE = 0.5
MARKET_SEED = 7

SETTINGS: dict[str, TomlValue] = {
    "data.test_candles": 5_000,
    "training.checkpoint_every": 20_000,
    "training.evaluate_every": 10_000,
    "checks.disk_free_gb": 2.0,
    "checks.memory_free_gb": 2.0,
}
"""What the demo changes: a short run on a laptop. Gates, alerts and hyperparameters stay the documents'."""


def run_demo(folder: Path, *, timesteps: int | None, fresh: bool, headless: bool) -> int:
    """Run the demo in `folder`. Returns the exit code."""
    interactive = not headless and sys.stdin.isatty() and sys.stdout.isatty()
    existing = (folder / CONFIG_NAME).is_file()
    workspace = _workspace(folder, timesteps or TIMESTEPS)
    if not any(workspace.backtest_data.glob("*.parquet")):
        _make_market(workspace)
    if interactive:
        if fresh or not _has_run(workspace):
            _start(workspace, timesteps, again=existing)
        from console.demo_guide import DemoGuide
        from console.running import run_console
        from console.terminal import require_terminal

        require_terminal()
        code = run_console(workspace, None, demo=DemoGuide(_begin_anew(folder)))
        _farewell(workspace)
        return code
    _preflight(workspace)
    _start(workspace, timesteps, again=existing)
    say("\n== training: a real PPO run in its own process ==")
    code = follow_training(
        workspace, RunReader(workspace.logs, checkpoints=workspace.checkpoints, now=utc_now())
    )
    if code:
        return code
    _check(workspace)
    return _revalidate(workspace)


def _farewell(workspace: Workspace) -> None:
    """What stays when the console closes: the run, the decision, and how to come back."""
    from core.errors import UnreadableError
    from core.revalidation.reports import read_result
    from core.training.control import running_trainer

    put(f"demo workspace: {_from_here(workspace.root)}")
    if (identity := running_trainer(workspace)) is not None:
        put(f"  the training goes on as process {identity.pid}; end it with: {_command(workspace, 'stop')}")
    report = workspace.reports / "revalidation_result.json"
    if report.exists():
        try:
            result = read_result(report)
        except UnreadableError as error:
            put(f"  {error.title}")
        else:
            put(f"  decision: {result.decision_text}, {result.gates_passed} of 6 gates")
            for path in result.reports:
                put(f"  report: {_from_here(Path(path))}")
    put(f"  open it again: {_command(workspace)}")
    put(f"  begin anew:    {_begin_anew(_from_here(workspace.root))}")


def _begin_anew(folder: Path) -> str:
    where = "" if folder == FOLDER else f" {shlex.quote(str(folder))}"
    return f"{_program()} demo --fresh{where}"


def _program() -> str:
    """How this program is called here: by its name where the shell finds it, else by its path."""
    script = sys.argv[0]
    if shutil.which("ppo-console"):
        return "ppo-console"
    return f"{shlex.quote(sys.executable)} -m console" if script.endswith(".py") else shlex.quote(script)


def _command(workspace: Workspace, name: str = "") -> str:
    where = shlex.quote(str(_from_here(workspace.root)))
    return f"{_program()} --workspace {where} {name}".strip()


def _from_here(path: Path) -> Path:
    """Relative to the current folder where it lies inside: short enough for a line of a terminal."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _workspace(folder: Path, timesteps: int) -> Workspace:
    if (folder / CONFIG_NAME).is_file():
        workspace = open_workspace(Path.cwd(), folder)
        if not _made_here(workspace):
            raise UsageError(
                f"{workspace.root} is a workspace that the demo did not make",
                hint="Its run is not replaced by a demo: name another folder, ppo-console demo DIR.",
            )
        return workspace
    changes = {
        **SETTINGS,
        "ppo.total_timesteps": timesteps,
        "approved.total_timesteps": timesteps,
    }
    workspace = init_workspace(folder, start=utc_now().date(), changes=changes)
    say(f"demo workspace {workspace.root}")
    return workspace


def _made_here(workspace: Workspace) -> bool:
    """By its synthetic market or, where that was never finished, by the settings."""
    from core.market.synthetic import MARKER

    asked = (attrgetter(key)(workspace.settings) == value for key, value in SETTINGS.items())
    return (workspace.root / "data" / "source" / MARKER).is_file() or all(asked)


def _make_market(workspace: Workspace) -> None:
    from core.backtest.baselines import measure_baselines
    from core.market.split import split_data
    from core.market.synthetic import synthetic_universe, write_universe

    say(f"making a synthetic market: {SYMBOLS} symbols x {CANDLES:,} candles of 4 h, with an edge to learn")
    source = workspace.root / "data" / "source"
    write_universe(synthetic_universe(seed=MARKET_SEED, symbols=SYMBOLS, candles=CANDLES, edge=EDGE), source)
    now = utc_now()
    summary = split_data(source, workspace.train_data, workspace.backtest_data, workspace.settings.data, now)
    say(split_text(summary))
    say("measuring the baselines: a random policy and buy-and-hold on the test candles")
    measure_baselines(workspace, now)


def _has_run(workspace: Workspace) -> bool:
    return (workspace.logs / "run.json").is_file()


def _start(workspace: Workspace, timesteps: int | None, *, again: bool) -> None:
    from console.stores import open_store
    from core.training.archive import archive_run
    from core.training.control import TrainRequest, start_training
    from core.training.operate import start_on_record

    now = utc_now()
    request = TrainRequest(
        symbols=(),
        timesteps=timesteps,
        tag="demo",
        mode="paper",
        seed=None,
        resume=False,
        timestamp=False,
        override=None,
    )
    if again:
        archive_run(workspace, now)
    with (
        open_store(workspace) as store,
        start_on_record(store, now, {"tag": "demo", "timesteps": timesteps}) as begins,
    ):
        start_training(workspace, request, now, before=begins)


def _preflight(workspace: Workspace) -> None:
    from console.cli.checklists import checklist_text
    from console.stores import open_store
    from core.checklist.preflight import record_preflight, run_preflight

    say("\n== preflight ==")
    now = utc_now()
    with open_store(workspace) as store:
        result = run_preflight(workspace, store, now)
        record_preflight(store, result, now)
    put(checklist_text(result))


def _check(workspace: Workspace) -> None:
    from console.facts import read_facts
    from core.operations.progress_check import progress_check

    say("\n== progress check ==")
    now = utc_now()
    facts = read_facts(workspace, None, now)
    put(progress_check(workspace, facts.run, facts.health, facts.alerts, now).text)


def _revalidate(workspace: Workspace) -> int:
    from console.cli.decision import progress_printer
    from console.revalidation import leave_summary, record_decision, request_for
    from console.stores import open_store
    from core.revalidation.text import decision_document
    from core.revalidation.worker import run_in_child

    say("\n== revalidation ==")
    began = time.monotonic()
    with open_store(workspace) as store:
        request = request_for(workspace, store, utc_now())
        result = run_in_child(request, progress_printer(), threading.Event())
        record_decision(store, result, utc_now())
    leave_summary(workspace, utc_now())
    put(decision_document(result))
    seconds = time.monotonic() - began
    put(f"the market is synthetic; the run, the backtest and the gates are real ({seconds:.0f} s)")
    for path in result.reports:
        put(f"report: {_from_here(Path(path))}")
    say(f"\nsee it all in the console: {_command(workspace)}")
    return GOOD
