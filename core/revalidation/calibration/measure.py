"""How often the configured gates and evidence are wrong: false GO and power, measured on simulated markets.

Agents whose worth is known trade markets whose edge is known, through the same engine, gates and evidence as
a model: an oracle that follows the hidden regimes where they move prices (its edge is real) and where they do
not (it has none), with and without costs; an agent that never trades; one whose account is not a number. Trap
avoided: gates that sound strict and that luck passes every tenth time.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import msgspec
import numpy as np

from core.backtest.engine import Backtest, StreamTrades, cut_windows, run_backtest
from core.backtest.policy import Policy
from core.backtest.summary import Summary, portfolio_curves, summary_of
from core.config.settings import Settings
from core.errors import CancelledError
from core.market.model import LOOK_BACK, Universe
from core.market.synthetic import synthetic_markets
from core.revalidation.calibration.agents import Idle, Oracle
from core.revalidation.calibration.outcomes import POLICIES, Arm, Calibration, Outcome, judge_targets
from core.revalidation.decision import verdict
from core.revalidation.evidence.assess import LEAST_PSR, MOST_PLACEBO_P
from core.revalidation.evidence.bootstrap import resample
from core.revalidation.evidence.placebo import lags, rank_p, run_placebo
from core.revalidation.evidence.ratios import probabilistic_sharpe
from core.revalidation.evidence.sample import Sample, backtest_sample
from core.revalidation.gates import judge_gates

SYMBOLS = 2
EDGE = 0.065
"""In volatilities a candle: with the default costs the oracle's annual Sharpe ratio is about 3."""
_BATCH = 20
"""Markets that are simulated side by side."""

OnProgress = Callable[[int, int, str], None]
"""(done, total, words), in markets."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """One arm to measure: its settings, and which of the dear statistics it computes."""

    name: str
    words: str
    settings: Settings
    placebo: bool
    """Where GO and the rest of the evidence is strong."""
    interval: bool = False
    """Whether the Sharpe ratio's interval holds the true value, which is 0 without edge and costs."""


def calibrate(
    settings: Settings,
    *,
    markets: int,
    seed: int = 0,
    edge: float = EDGE,
    thorough: bool = False,
    on_progress: OnProgress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Calibration:
    """Judge `markets` markets of each kind with these settings.

    `thorough` also runs the placebo where the edge is real and checks the bootstrap's intervals where the
    truth is known; that takes most of the time. Raises CancelledError.
    """
    began = time.perf_counter()
    free = msgspec.structs.replace(
        settings, trading=msgspec.structs.replace(settings.trading, fee_bp=0.0, slippage_bp=0.0)
    )
    kinds = (
        (0.0, _Kind("no_edge", "no edge, with costs", settings, True)),
        (0.0, _Kind("no_edge_no_costs", "no edge, without costs", free, True, thorough)),
        (edge, _Kind("planted_edge", "a real edge, with costs", settings, thorough)),
    )
    found: dict[str, list[Outcome]] = {kind.name: [] for _, kind in kinds}
    counter = _Counter(markets * len(kinds), on_progress, cancelled)
    for planted in dict.fromkeys(edge for edge, _ in kinds):
        for first in range(0, markets, _BATCH):
            counter.say("making markets")
            # The same markets with and without costs: what differs is the costs.
            drawn = _Markets(settings, seed + first, min(_BATCH, markets - first), planted)
            for kind in (kind for edge, kind in kinds if edge == planted):
                found[kind.name] += drawn.judge(kind, counter)
    counter.say("done")
    arms = [
        Arm(name=kind.name, words=kind.words, outcomes=tuple(found[kind.name]), placebo_run=kind.placebo)
        for _, kind in kinds
    ]
    arms += _broken_agents(settings, seed, counter)
    return Calibration(
        markets=markets,
        episodes=settings.revalidation.episodes,
        candles=settings.trading.episode_candles,
        symbols=SYMBOLS,
        edge=edge,
        seed=seed,
        policy=settings.decision.policy,
        sharpe_limit=settings.gates.sharpe_ratio,
        arms=tuple(arms),
        targets=judge_targets(arms, settings.decision.policy),
        seconds=round(time.perf_counter() - began, 1),
    )


class _Counter:
    """Progress in markets, and the place where a calibration is cancelled."""

    def __init__(
        self, total: int, on_progress: OnProgress | None, cancelled: Callable[[], bool] | None
    ) -> None:
        self.done = 0
        self._total, self._on_progress, self._cancelled = total, on_progress, cancelled

    def say(self, words: str) -> None:
        self.look()
        if self._on_progress is not None:
            self._on_progress(self.done, self._total, words)

    def look(self, *_: int) -> None:
        """Raises CancelledError."""
        if self._cancelled is not None and self._cancelled():
            raise CancelledError("the calibration was cancelled; no report was written")


class _Markets:
    """Some markets side by side, and what an agent does in them."""

    def __init__(self, settings: Settings, seed: int, count: int, edge: float) -> None:
        episodes, candles = settings.revalidation.episodes, settings.trading.episode_candles
        self.count, self._episodes = count, episodes
        scored = episodes * candles
        self.universe, self.regimes = synthetic_markets(
            seed=seed, markets=count, symbols=SYMBOLS, candles=LOOK_BACK + scored, edge=edge
        )
        self.starts, _, _ = cut_windows(LOOK_BACK, scored, episodes, candles)

    def oracle(self) -> Oracle:
        return Oracle(self.regimes, self.starts)

    def run(self, settings: Settings, policy: Policy, counter: _Counter) -> Backtest:
        return run_backtest(
            self.universe,
            policy,
            episodes=self._episodes,
            trading=settings.trading,
            reward=settings.reward,
            features=np.zeros((len(self.universe.symbols), len(self.universe.time), 0), np.float32),
            whole_period=False,
            record=True,
            on_progress=counter.look,
        )

    def judge(self, kind: _Kind, counter: _Counter) -> list[Outcome]:
        """One outcome per market."""
        counter.say(kind.words)
        run = self.run(kind.settings, self.oracle(), counter)
        found = []
        for market in range(self.count):
            mine = slice(market * SYMBOLS, (market + 1) * SYMBOLS)
            found.append(_outcome(_of(run, mine), self.universe.of_symbols(mine), kind, counter))
            counter.done += 1
            counter.say(kind.words)
        return found


def _outcome(backtest: Backtest, universe: Universe, kind: _Kind, counter: _Counter) -> Outcome:
    settings = kind.settings
    summary = summary_of(backtest, settings)
    gates = judge_gates(summary, settings.gates, settings.evidence)
    outcome = Outcome(
        sharpe=summary.metrics["sharpe_ratio"],
        trades=summary.trades,
        passed=tuple(gate.status == "PASS" for gate in gates),
    )
    if summary.trades == 0 or summary.broken is not None:
        return outcome
    sample = backtest_sample(backtest, portfolio_curves(backtest))
    psr = probabilistic_sharpe(sample.returns.reshape(-1))
    covered = _covers_zero(sample, settings, counter) if kind.interval else None
    outcome = msgspec.structs.replace(outcome, psr=psr, covered=covered)
    go = any(verdict(outcome.gates, policy) == "GO" for policy in POLICIES)
    enough = summary.trades >= settings.evidence.strong_trades
    if not (kind.placebo and go and enough and psr is not None and psr >= LEAST_PSR):
        return outcome
    p = _placebo_p(backtest, universe, settings, summary, counter)
    return msgspec.structs.replace(outcome, placebo_p=p, strong=p <= MOST_PLACEBO_P)


def _placebo_p(
    backtest: Backtest, universe: Universe, settings: Settings, summary: Summary, counter: _Counter
) -> float:
    placebo = run_placebo(
        universe,
        backtest,
        lags(backtest.candles, settings.revalidation.seed),
        trading=settings.trading,
        reward=settings.reward,
        on_progress=counter.look,
    )
    sharpe, factor = summary.metrics["sharpe_ratio"], summary.metrics["profit_factor"]
    return max(
        1.0 if sharpe is None else rank_p(sharpe, placebo.sharpe),
        rank_p(math.inf if factor is None else factor, placebo.factor),
    )


def _covers_zero(sample: Sample, settings: Settings, counter: _Counter) -> bool:
    draws = resample(
        sample,
        limits=settings.gates,
        evidence=settings.evidence,
        statistic=settings.decision.statistic,
        enough_candles=True,
        seed=settings.revalidation.seed,
        on_progress=counter.look,
    )
    interval = draws.interval("sharpe_ratio")
    return interval is not None and interval[0] <= 0.0 <= interval[1]


def _broken_agents(settings: Settings, seed: int, counter: _Counter) -> list[Arm]:
    """An agent that never trades, and one whose account is not a number: one market each."""
    markets = _Markets(settings, seed, 1, 0.0)
    idle = markets.run(settings, Idle(), counter)
    traded = markets.run(settings, markets.oracle(), counter)
    lost = replace(traded, equity=np.full_like(traded.equity, np.nan))
    kinds = (("never_trades", "an agent that never trades"), ("not_a_number", "an account that is no number"))
    arms = []
    for (name, words), run in zip(kinds, (idle, lost), strict=True):
        outcome = _outcome(run, markets.universe, _Kind(name, words, settings, True), counter)
        arms.append(Arm(name=name, words=words, outcomes=(outcome,)))
    return arms


def _of(backtest: Backtest, chosen: slice) -> Backtest:
    """The backtest of some neighbouring symbols."""
    trades = backtest.trades
    mine = (trades.symbol >= chosen.start) & (trades.symbol < chosen.stop)
    columns = {column.name: getattr(trades, column.name)[mine] for column in fields(StreamTrades)}
    columns["symbol"] = columns["symbol"] - chosen.start
    return replace(
        backtest,
        symbols=backtest.symbols[chosen],
        equity=backtest.equity[chosen],
        exposed=None if backtest.exposed is None else backtest.exposed[chosen],
        actions=None if backtest.actions is None else backtest.actions[chosen],
        trades=StreamTrades(**columns),
    )
