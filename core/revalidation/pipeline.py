"""A revalidation from model and candles to a decision with its reports, in the checklist's five steps.

Trap avoided: judging something else than what the report names: hashes are of the bytes that were read, and
candles that change meanwhile are refused.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from core.backtest.baselines import (
    RANDOM,
    baseline_metrics,
    run_baselines,
    save_baselines,
)
from core.backtest.engine import planned_candles
from core.backtest.summary import portfolio_curves, summary_of, symbol_results
from core.config.settings import Settings
from core.errors import CancelledError, RejectedError, UsageError
from core.revalidation.build import build_result
from core.revalidation.curve import backtest_curve
from core.revalidation.evidence.assess import assess
from core.revalidation.evidence.trials import find_trials
from core.revalidation.own import Ran, judge_own
from core.revalidation.previous import last_decision
from core.revalidation.provenance import (
    describe_data,
    describe_model,
    luck_warning,
    lucky_policies,
    warnings_of,
)
from core.revalidation.reports import write_reports
from core.revalidation.result import Hashes, RevalidationResult, SymbolResult
from core.revalidation.text import STEP_TITLES
from core.revalidation.trade_book import trade_book
from core.revalidation.unseen import feature_spread, unseen_warning
from core.text import visible

if TYPE_CHECKING:
    from core.market.model import Universe
    from core.models.arrays import PolicyArrays


CANCELLED = "cancelled: nothing was decided, no report was written"


@dataclass(frozen=True, slots=True)
class RevalidationRequest:
    """What to judge, and what the report must say that only the caller knows."""

    model_path: Path
    """With or without `.zip`."""
    data_dir: Path
    episodes: int
    policy: Literal["manual", "checklist"]
    save_report: bool
    reports_dir: Path | None
    settings: Settings
    config_hash: str | None
    audit_head: str | None
    judged_before: int
    """Decisions already made on these candles."""
    now: datetime
    run_folders: tuple[Path, ...] = ()
    """Where the log of the model's run may lie, or in a folder of it: the trials behind the model."""
    normalisation_path: Path | None = None
    """The statistics of a model that was saved without this program's export."""
    trusted_model: str | None = None
    """The SHA-256 of a model file whose code may be run, should it not be readable otherwise."""
    root: Path | None = None
    """The workspace's folder: a user's own environment is imported and run there."""
    python_path: tuple[str, ...] = ()
    """Absolute folders that it is imported from."""


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """Where a revalidation stands. `total` is 0 where a step is one piece."""

    step: int
    """1 to 5."""
    title: str
    done: int = 0
    total: int = 0
    message: str = ""


OnProgress = Callable[[Progress], None]


def revalidate(
    request: RevalidationRequest, on_progress: OnProgress, cancelled: Callable[[], bool]
) -> RevalidationResult:
    """Judge a model. The reports are on disk when this returns, if they were asked for.

    Raises UsageError (missing paths), UnreadableError (broken model, other observations, denied files),
    RejectedError (hashes that differ, rejected candles, training on the test candles) and CancelledError.
    """
    began = time.perf_counter()

    def step(number: int, done: int = 0, total: int = 0, message: str = "") -> None:
        if cancelled():
            raise CancelledError(CANCELLED)
        title = STEP_TITLES[number - 1]
        on_progress(Progress(step=number, title=title, done=done, total=total, message=visible(message)))

    settings = request.settings
    step(1, message=str(request.model_path))
    arrays = _load_model(request, lambda message: step(1, message=message), cancelled)
    step(2, message=str(request.data_dir))
    universe, data = _load_data(request, arrays)

    step(3)
    own = bool(settings.revalidation.environment)
    run = judge_own if own else _run
    ran = run(request, universe, arrays, lambda done, total: step(3, done, total), cancelled)
    backtest, baselines = ran.backtest, ran.baselines

    step(4)
    summary = summary_of(backtest, settings)
    curves = portfolio_curves(backtest)
    measured = baseline_metrics(baselines, settings)
    lucky = lucky_policies(baselines, settings)
    measured[RANDOM]["policies_with_4_gates"] = lucky
    trials = find_trials(
        arrays.manifest.run_id, arrays.manifest.trials, request.run_folders, arrays.manifest.data_hash
    )
    assessment = assess(
        backtest,
        summary,
        universe,
        settings,
        trials,
        on_progress=lambda done, total: step(4, done, total),
        cancelled=cancelled,
    )
    result = build_result(
        summary,
        settings=settings,
        policy=request.policy,
        now=request.now,
        symbols=[SymbolResult(**row) for row in symbol_results(backtest)],
        curve=backtest_curve(backtest, curves),
        hashes=Hashes(
            model=arrays.model_hash,
            normalisation=arrays.normalisation_hash,
            data=data,
            config=request.config_hash,
        ),
        data={**describe_data(request, universe, backtest), **ran.described},
        assessment=assessment,
        baselines=measured,
        whole_period=summary_of(backtest.whole, settings).metrics if backtest.whole else None,
        model=describe_model(arrays),
        audit_head=request.audit_head,
        warnings=[
            *ran.warnings,
            *warnings_of(request, universe, backtest, arrays, ran.undecided),
            *luck_warning(lucky, len(baselines.random)),
        ],
    )

    step(5, message=str(request.reports_dir or ""))
    previous, unread = last_decision(request.reports_dir, result)
    result = msgspec.structs.replace(
        result,
        previous=previous,
        warnings=(*result.warnings, *([unread] if unread else [])),
        seconds=round(time.perf_counter() - began, 3),
    )
    if request.save_report:
        folder = request.reports_dir
        if folder is None:
            raise UsageError("reports were asked for without a folder to write them to")
        if not own:  # what is saved is this simulator's
            save_baselines(
                folder, data, measured, settings=settings, now=request.now, episodes=request.episodes
            )
        result = write_reports(result, folder, request.now, trade_book(backtest, result))
    return result


def _load_model(
    request: RevalidationRequest, waiting: Callable[[str], None], cancelled: Callable[[], bool]
) -> PolicyArrays:
    from core.backtest.policy import check_observation
    from core.models.foreign import load_model
    from core.models.trust import run_trusted
    from core.trading.observation import OBSERVATION_NAMES

    arrays = load_model(
        request.model_path,
        normalisation=request.normalisation_path,
        trusted=request.trusted_model,
        waiting=waiting,
        run_code=lambda read: run_trusted(read.path, read.data, cancelled),
    )
    if not request.settings.revalidation.environment:
        check_observation(arrays, OBSERVATION_NAMES)
    return arrays


def _load_data(request: RevalidationRequest, arrays: PolicyArrays) -> tuple[Universe, str]:
    from core.market.universe import data_hash, load_universe

    data = data_hash(request.data_dir)
    universe = load_universe(request.data_dir, data=request.settings.data, now=request.now)
    if data_hash(request.data_dir) != data:
        raise RejectedError(
            f"{request.data_dir} changed while it was read", hint="Revalidate again when it is quiet."
        )
    if arrays.manifest.data_hash == data:
        raise RejectedError(
            f"{arrays.path} was trained on the very candles in {request.data_dir}",
            hint="Judge it on candles it has not seen: ppo-console data split.",
        )
    return universe, data


def _run(
    request: RevalidationRequest,
    universe: Universe,
    arrays: PolicyArrays,
    progress: Callable[[int, int], None],
    cancelled: Callable[[], bool],
) -> Ran:
    """The model's backtest and the baselines', counted as one piece of work."""
    from core.backtest.fanout import Job, fan_out
    from core.backtest.workers import parse_workers
    from core.trading.features import FEATURE_NAMES, market_features

    settings = request.settings
    workers = parse_workers(settings.revalidation.workers)
    features = market_features(universe)
    plain = planned_candles(universe, episodes=request.episodes, trading=settings.trading)
    own = planned_candles(universe, episodes=request.episodes, trading=settings.trading, whole_period=True)
    total = own + 2 * plain
    [run] = fan_out(
        universe,
        [arrays],
        Job(request.episodes, settings.trading, settings.reward),
        workers,
        features=features,
        on_progress=lambda done, of: progress(own * done // of, total),
        cancelled=cancelled,
    )
    baselines = run_baselines(
        universe,
        settings,
        episodes=request.episodes,
        features=features,
        on_progress=lambda done, _: progress(own + done, total),
        cancelled=cancelled,
    )
    warnings = unseen_warning(arrays, feature_spread(features[:, universe.score_from :]), FEATURE_NAMES)
    return Ran(run.backtest, baselines, run.undecided, warnings)
