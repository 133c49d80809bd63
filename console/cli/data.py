"""`data check`, `data split`, `data leaks` and `data baselines`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.folding import folded
from console.cli.options import JsonOption, WorkspaceOption, workspace_around, workspace_at
from console.cli.output import ATTENTION, BAD, GOOD, finish, put, put_json, say
from core.clock import utc_now

if TYPE_CHECKING:
    from core.config.settings import Settings
    from core.market.quality import DataReport
    from core.market.split import SplitSummary
    from core.workspace import Workspace

_VERDICT_CODES = {"ok": GOOD, "warn": ATTENTION, "reject": BAD}


def register(app: typer.Typer) -> None:
    family = typer.Typer(
        name="data", help="Candles: check them, split them.", rich_markup_mode=None, no_args_is_help=True
    )
    family.command("check", short_help="Gaps, duplicates, disorder, NaN, impossible prices.")(check)
    family.command("split", short_help="Cut candles by time into train and backtest.")(split)
    family.command("leaks", short_help="Whether any feature knows the future.")(leaks)
    family.command("baselines", short_help="Measure a random policy and buy-and-hold.")(baselines)
    app.add_typer(family)


def check(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="DIR", help="A folder of candles or one file; default: the training data."),
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find gaps, duplicates, disorder, NaN, impossible prices and an unfinished last candle."""
    from core.market.quality import check_folder

    now = utc_now()
    source, settings, _ = _source(folder, workspace)
    report = check_folder(source, now, settings.data.coverage)
    if as_json:
        put_json(report, now)
    else:
        put(_report_text(report))
    finish(_VERDICT_CODES[report.verdict])


def _source(folder: Path | None, workspace: Path | None) -> tuple[Path, Settings, Workspace | None]:
    """Whose candles: the folder's, by the settings of the workspace around it, or the training's."""
    from core.config.settings import Settings

    opened = workspace_at(workspace) if folder is None else workspace_around(workspace)
    if folder is None:
        assert opened is not None
        folder = opened.train_data
    return folder, opened.settings if opened else Settings(), opened


def _report_text(report: DataReport) -> str:
    from core.units import number

    lines = [
        f"{'file':<28}{'tf':>5}{'candles':>9}{'gaps':>6}{'dup':>5}{'unord':>6}{'nan':>5}{'bad':>5}  verdict"
    ]
    for file in report.files:
        lines.append(
            f"{file.file:<28}{file.timeframe or '?':>5}{number(file.candles):>9}{file.gaps:>6}"
            f"{file.duplicates:>5}{file.unordered:>6}{file.nan:>5}{file.bad_ohlc:>5}  {file.verdict}"
        )
        for message in (*file.rejections, *file.warnings):
            lines += folded("    ", message)
    lines.append("")
    for message in report.messages:
        lines += folded("", message)
    lines.append(f"verdict: {report.verdict}")
    return "\n".join(lines)


def split(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="A folder of candle files, or one file.")],
    workspace: WorkspaceOption = None,
) -> None:
    """Cut candles by time into data/train and data/backtest, with an embargo between them.

    Measures the baselines on the new test set: a random policy and buy-and-hold through the same engine.
    """
    from core.market.split import split_data

    now = utc_now()
    opened = workspace_at(workspace)
    summary = split_data(source, opened.train_data, opened.backtest_data, opened.settings.data, now)
    put(split_text(summary))
    _measure_baselines(workspace)
    finish(GOOD)


def split_text(summary: SplitSummary) -> str:
    """What was cut, a line for each folder, and what was noticed."""
    lines = [
        f"{name:<9} {record.scored_candles:,} candles to score, {record.score_from} … {record.last}"
        for name, record in (("train", summary.train), ("backtest", summary.backtest))
    ]
    lines = [*folded("symbols   ", ", ".join(summary.symbols)), *lines]
    for warning in summary.warnings:
        lines += folded("warning   ", warning)
    return "\n".join(lines)


def leaks(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="DIR", help="A folder of candles or one file; default: the training data."),
    ] = None,
    environment: Annotated[
        str | None,
        typer.Option(
            "--environment",
            metavar="MODULE:CLASS",
            help="Your own gymnasium environment instead; called with a folder of one symbol's candles.",
        ),
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove the future and compare: every feature at a candle must stay the same, byte for byte.

    Names the feature and the first candle that leaks. Exit 20 when one is found.
    """
    import msgspec

    from core.market.universe import load_universe

    now = utc_now()
    source, settings, opened = _source(folder, workspace)
    universe = load_universe(source, data=settings.data, now=now)
    if environment is not None:
        from core.trading.env_leaks import environment_leaks

        root = opened.root if opened else Path.cwd()
        paths = settings.checklist.python_path if opened else (".",)
        answer = environment_leaks(universe, environment, root=root, python_path=paths)
        found = list(answer.leaks)
        checked = f"{answer.observations:,} observations of {environment} on {', '.join(answer.symbols)}"
    else:
        from core.trading.features import FEATURE_NAMES
        from core.trading.leaks import feature_leaks
        from core.units import counted

        found, candles = feature_leaks(universe)
        symbols = counted(len(universe.symbols), "symbol")
        checked = f"{len(FEATURE_NAMES)} features at {candles} candles of {symbols}"
    verdict = "leak" if found else "ok"
    if as_json:
        put_json(
            {
                "source": str(source),
                "checked": checked,
                "verdict": verdict,
                "leaks": msgspec.to_builtins(found),
            },
            now,
        )
    else:
        put(f"compared: {checked}, with and without what comes after")
        for leak in found:
            place = f"{leak.symbol} at {leak.candle}"
            if environment is not None:
                place = f"data cut after {leak.candle} ({leak.symbol})"
            values = f"{leak.whole} with the future, {leak.cut} without"
            put(f"LEAK {leak.feature}: {place}: {values} ({leak.count} times)")
        put(f"verdict: {verdict}")
    finish(BAD if found else GOOD)


def baselines(workspace: WorkspaceOption = None) -> None:
    """Measure the random-policy and buy-and-hold baselines on the test candles and save them."""
    _measure_baselines(workspace)
    finish(GOOD)


def _measure_baselines(workspace: Path | None) -> None:
    from core.backtest.baselines import measure_baselines
    from core.units import number

    now = utc_now()
    opened = workspace_at(workspace)
    saved = measure_baselines(opened, now)
    for name, metrics in saved.metrics.items():
        put(
            f"baseline {name:<13} Sharpe {number(metrics.get('sharpe_ratio'), 2)}  "
            f"return {number(metrics.get('total_return_pct'), 1)} %  "
            f"drawdown {number(metrics.get('max_drawdown_pct'), 1)} %"
        )
    say(f"saved {opened.relative(saved.path)}")
