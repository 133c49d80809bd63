"""`revalidate` and `score`: six gates, both policies, the decision and its reports."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from console.cli.options import (
    CandlesOption,
    EpisodesOption,
    JsonOption,
    WorkspaceOption,
    workspace_around,
    workspace_at,
)
from console.cli.output import ATTENTION, BAD, GOOD, finish, put, put_json, say
from core.clock import utc_now
from core.config.settings import Settings
from core.errors import UsageError

if TYPE_CHECKING:
    from core.revalidation.pipeline import Progress
    from core.revalidation.result import RevalidationResult

PolicyOption = Annotated[
    str | None, typer.Option("--policy", metavar="manual|checklist", help="Which decision policy rules.")
]


_TRUSTED = "the model's code is run in a process of its own; that is in the audit log"


def register(app: typer.Typer) -> None:
    app.command("revalidate", short_help="Judge a model: six gates, decision, reports.")(revalidate)
    app.command("score", short_help="The same six gates for a backtest made elsewhere.")(score)


def decision_code(result: RevalidationResult) -> int:
    """0 GO with strong evidence, 20 NO-GO, else 10."""
    if result.decision == "NO-GO":
        return BAD
    return GOOD if result.decision == "GO" and result.evidence.strength == "strong" else ATTENTION


def revalidate(
    workspace: WorkspaceOption = None,
    model_path: Annotated[
        Path | None, typer.Option("--model-path", metavar="P", help="Default: best_model of the workspace.")
    ] = None,
    data_dir: CandlesOption = None,
    episodes: EpisodesOption = None,
    policy: PolicyOption = None,
    normalisation: Annotated[
        Path | None,
        typer.Option(
            "--normalisation",
            metavar="PATH",
            help="VecNormalize statistics of a model made elsewhere; default: found beside it by name.",
        ),
    ] = None,
    trust: Annotated[
        bool,
        typer.Option(
            "--trust-model",
            help="Where a model is not readable otherwise: run its code, in a process of its own; audited.",
        ),
    ] = False,
    save_report: Annotated[
        bool, typer.Option("--save-report/--no-save-report", help="Write the reports.")
    ] = True,
    override: Annotated[
        str, typer.Option("--override", metavar="REASON", help="Judge although the preparation is BLOCKED.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Judge a model on the backtest data: six gates, decision, reports."""
    from console.revalidation import (
        DEFAULT_MODEL,
        leave_summary,
        prepare,
        record_decision,
        request_for,
        trust_model,
    )
    from console.signals import asked_to_end
    from console.stores import open_store
    from core.revalidation.text import decision_document
    from core.revalidation.worker import run_in_child

    now = utc_now()
    free_standing = model_path is not None and data_dir is not None
    opened = workspace_around(workspace) if free_standing else workspace_at(workspace)
    ruling = check_policy(policy)
    cancelled = threading.Event()
    detail: dict[str, Any] = {}
    with (
        asked_to_end(cancelled),
        open_store(opened) if opened else contextlib.nullcontext() as store,
    ):
        if opened is not None and store is not None:
            preparation, detail = prepare(opened, store, now, model_path=model_path, override=override)
            if preparation is not None and preparation.status != "READY":
                keys = ", ".join(detail["preparation_open"])
                say(f"preparation: {preparation.status}, open: {keys}  (ppo-console checklist preparation)")
        trusted = None
        if trust:
            named = model_path or (opened.models / DEFAULT_MODEL if opened else Path())
            trusted = trust_model(store, named, now, say)
            say(_TRUSTED if trusted else "--trust-model was not needed: the model is read without its code")
        request = request_for(
            opened,
            store,
            now,
            model_path=model_path,
            data_dir=data_dir,
            episodes=episodes,
            policy=ruling,
            save_report=save_report,
            normalisation=normalisation,
            trusted_model=trusted,
        )
        result = run_in_child(request, progress_printer(), cancelled)
        if store is not None:
            record_decision(store, result, utc_now(), detail)
            if opened is not None and result.reports and detail:
                leave_summary(opened, utc_now())
    if as_json:
        put_json(result, now)
    else:
        put(decision_document(result))
        for path in result.reports:
            say(f"report: {path}")
    finish(decision_code(result))


def check_policy(policy: str | None) -> Literal["manual", "checklist"] | None:
    """The policy's name. Raises UsageError."""
    if policy not in (None, "manual", "checklist"):
        raise UsageError(f"--policy: expected manual or checklist, got {policy!r}")
    return cast("Literal['manual', 'checklist'] | None", policy)


def progress_printer() -> Callable[[Progress], None]:
    """Prints each step once, and the backtest's counter on a terminal."""
    shown: set[int] = set()
    live = sys.stderr.isatty()

    def show(progress: Progress) -> None:
        if progress.step not in shown:
            shown.add(progress.step)
            say(f"[{progress.step}/5] {progress.title}")
        elif progress.message:
            say(f"      {progress.message}")
        if live and progress.total and progress.done < progress.total:
            unit = "candles" if progress.step == 3 else "%"
            sys.stderr.write(f"\r      {progress.done:,}/{progress.total:,} {unit} ")
            sys.stderr.flush()
            if progress.done == progress.total:
                sys.stderr.write("\n")

    return show


def score(
    equity: Annotated[
        Path | None, typer.Option("--equity", metavar="E.csv", help="timestamp,equity, as CSV or JSON.")
    ] = None,
    trades: Annotated[
        Path | None,
        typer.Option("--trades", metavar="T.csv", help="exit_time,pnl and optionally symbol,episode."),
    ] = None,
    freqtrade: Annotated[
        Path | None,
        typer.Option(
            "--freqtrade", metavar="ZIP|JSON", help="A freqtrade result, with its trades and wallet."
        ),
    ] = None,
    strategy: Annotated[
        str | None,
        typer.Option("--strategy", metavar="NAME", help="Of a freqtrade result that holds several."),
    ] = None,
    timeframe: Annotated[
        str | None, typer.Option("--timeframe", metavar="4h", help="Of the equity's rows: 4h, 5m, 1d.")
    ] = None,
    periods_per_year: Annotated[float | None, typer.Option("--periods-per-year", metavar="N", min=1)] = None,
    capital: Annotated[
        float | None, typer.Option("--capital", metavar="AMOUNT", help="Default: the first equity.")
    ] = None,
    policy: PolicyOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """The same six gates for a backtest made elsewhere: two files, a freqtrade result, or what the
    `backtesting` package's stats._equity_curve and stats._trades save with to_csv or to_json."""
    from core.revalidation.score import score as judge
    from core.revalidation.score import score_freqtrade
    from core.revalidation.text import decision_document

    now = utc_now()
    opened = workspace_around(workspace)
    settings = opened.settings if opened else Settings()
    given: dict[str, Any] = {
        "timeframe": timeframe,
        "periods_per_year": periods_per_year,
        "capital": capital,
        "settings": settings,
        "policy": check_policy(policy) or settings.decision.policy,
        "now": now,
    }
    if freqtrade is not None and trades is None:
        result = score_freqtrade(freqtrade, strategy=strategy, equity_file=equity, **given)
    elif freqtrade is None and strategy is None and equity is not None and trades is not None:
        result = judge(equity, trades, **given)
    else:
        named = {"--equity": equity, "--trades": trades, "--freqtrade": freqtrade, "--strategy": strategy}
        got = ", ".join(name for name, value in named.items() if value is not None) or "none of them"
        raise UsageError(
            f"score: expected --equity and --trades, or --freqtrade, got {got}",
            hint="For example: ppo-console score --equity E.csv --trades T.csv --timeframe 4h.",
        )
    if as_json:
        put_json(result, now)
    else:
        put(decision_document(result))
    finish(decision_code(result))
