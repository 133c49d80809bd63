"""Random markets, lanes and actions against what must always hold, and against a plain scalar account."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.config.settings import Reward, Trading
from core.market.model import LOOK_BACK, Universe
from core.trading.features import average_true_range, market_features
from core.trading.simulator import Lanes, Simulator
from core.trading.trades import ExitReason

CANDLES = 40


@dataclass
class Case:
    universe: Universe
    lanes: Lanes
    actions: np.ndarray  # (candles, L)
    trading: Trading


@st.composite
def cases(draw):
    """Two symbols with gaps, jumps and holes; some lanes; actions that trade often."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    size = LOOK_BACK + CANDLES
    wild = draw(st.sampled_from([0.005, 0.03, 0.15]))
    close = 50 * np.cumprod(1 + np.clip(random.normal(0, wild, (2, size)), -0.6, 0.9), axis=1)
    opened = np.roll(close, 1, axis=1) * (1 + random.normal(0, wild / 3, (2, size)))
    opened[:, 0] = close[:, 0]
    high = np.maximum(opened, close) * (1 + np.abs(random.normal(0, wild, (2, size))))
    low = np.minimum(opened, close) * (1 - np.minimum(0.9, np.abs(random.normal(0, wild, (2, size)))))
    holes = random.random((2, size)) < draw(st.sampled_from([0.0, 0.1]))
    for plane in (opened, high, low, close):
        plane[holes] = np.nan
    step = 3_600_000
    universe = Universe(
        ("A", "B"), step, step * np.arange(size, dtype=np.int64), opened, high, low, close,
        np.where(holes, np.nan, 10.0), score_from=LOOK_BACK,
        funding=draw(st.sampled_from([None, 0.001, 0.05])),
    )  # fmt: skip
    if universe.funding is not None:
        due = random.random((2, size)) < 0.3
        universe = replace(universe, funding=due * random.normal(0, universe.funding, (2, size)))
    count = draw(st.integers(1, 7))
    length = draw(st.integers(1, 25))
    start = random.integers(LOOK_BACK, size - length + 1, count)
    actions = random.integers(0, 5, (length, count)) * (random.random((length, count)) < 0.6)
    trading = Trading(
        fee_bp=draw(st.sampled_from([0.0, 4.0, 50.0])),
        slippage_bp=draw(st.sampled_from([0.0, 3.0, 80.0])),
        risk_per_trade=draw(st.sampled_from([0.01, 0.2])),
        max_notional=draw(st.sampled_from([0.5, 1.0, 3.0])),
        stop_atr=draw(st.sampled_from([0.3, 2.0])),
        target_atr=draw(st.sampled_from([0.4, 4.0])),
        trailing_atr=draw(st.sampled_from([0.0, 0.0, 0.2, 1.5])),
        funding=draw(st.sampled_from([True, True, False])),
    )
    return Case(universe, Lanes(random.integers(0, 2, count), start, length), actions, trading)


def run(case: Case, lanes: Lanes, actions: np.ndarray):
    simulator = Simulator(case.universe, market_features(case.universe), lanes, case.trading, Reward())
    first = simulator.reset()
    return simulator, first, [simulator.step(row) for row in actions]


@settings(max_examples=60)
@given(cases())
def test_n_lanes_equal_n_single_runs_bit_for_bit(case):
    simulator, first, steps = run(case, case.lanes, case.actions)
    trades = simulator.trades()
    for lane in range(len(case.lanes.symbol)):
        one = Lanes(case.lanes.symbol[[lane]], case.lanes.start[[lane]], case.lanes.candles)
        single, alone, single_steps = run(case, one, case.actions[:, [lane]])
        assert first[lane].tobytes() == alone[0].tobytes()
        for many, own in zip(steps, single_steps, strict=True):
            for name in ("observations", "rewards", "components", "equity", "exposed", "done", "ruined"):
                assert getattr(many, name)[lane].tobytes() == getattr(own, name)[0].tobytes(), name
        mine = trades.of(trades.lane == lane)
        theirs = single.trades()
        for column in fields(theirs):
            if column.name != "lane":
                assert getattr(mine, column.name).tobytes() == getattr(theirs, column.name).tobytes()


@settings(max_examples=60)
@given(cases())
def test_money_is_conserved_to_the_cent(case):
    """Cash changes only by trades; price moves minus fees and funding explain it; nothing else does."""
    simulator, _, steps = run(case, case.lanes, case.actions)
    trades = simulator.trades()
    count, capital = len(case.lanes.symbol), case.trading.capital
    gross = trades.side * trades.quantity * (trades.exit_price - trades.entry_price)
    by_lane = np.bincount(trades.lane, gross, count)
    fees = np.bincount(trades.lane, trades.fees, count)
    scale = 1 + np.abs(by_lane) / capital
    assert np.all(simulator.units == 0), "an episode ends without a position"
    assert np.abs(simulator.cash - (capital + by_lane - fees - simulator.funding)).max() < 0.005 * scale.max()
    assert np.abs(simulator.fees - fees).max() < 0.005
    assert np.abs(simulator.cash - capital - np.bincount(trades.lane, trades.pnl, count)).max() < 0.005
    assert np.array_equal(steps[-1].equity, simulator.cash)
    assert np.all(np.isfinite(np.stack([step.observations for step in steps])))


@settings(max_examples=40)
@given(cases())
def test_the_ledger_balances_at_every_candle(case):
    """cash + position at the last known close = equity, and the fees ledger never shrinks."""
    simulator = Simulator(case.universe, market_features(case.universe), case.lanes, case.trading, Reward())
    known = np.where(np.isnan(case.universe.close), 0.0, case.universe.close)
    for column in range(1, known.shape[1]):
        gone = np.isnan(case.universe.close[:, column])
        known[gone, column] = known[gone, column - 1]
    fees = simulator.fees.copy()
    for row in case.actions:
        result = simulator.step(row)
        worth = simulator.cash + simulator.units * known[case.lanes.symbol, simulator.index]
        assert np.abs(worth - result.equity).max() < 0.005
        assert np.all(simulator.fees >= fees)
        fees = simulator.fees.copy()


@settings(max_examples=60)
@given(cases())
def test_the_rewards_add_up_to_the_return(case):
    simulator, _, steps = run(case, case.lanes, case.actions)
    earned = sum(step.components[:, 0] for step in steps)
    expected = 100 * (simulator.equity / case.trading.capital - 1)
    assert np.abs(earned - expected).max() < 1e-9 * (1 + np.abs(expected).max())
    for step in steps:
        assert np.all(np.abs(step.rewards) <= 10.0)
        inside = np.abs(step.components.sum(axis=1)) <= 10.0
        assert np.allclose(step.rewards[inside], step.components.sum(axis=1)[inside], atol=1e-12)


@dataclass
class Account:
    """The same rules for one lane, written candle by candle with plain numbers."""

    case: Case
    lane: int
    cash: float = 0.0
    units: float = 0.0
    side: int = 0
    equity: list[float] = field(default_factory=list)
    closed: list[tuple[int, int, ExitReason, bool, float]] = field(default_factory=list)

    def play(self) -> None:
        case, trading = self.case, self.case.trading
        symbol = int(case.lanes.symbol[self.lane])
        start = int(case.lanes.start[self.lane])
        series = {name: getattr(case.universe, name)[symbol] for name in ("open", "high", "low", "close")}
        atr = average_true_range(case.universe, trading.atr_candles)[symbol]
        self.cash = trading.capital
        known = [price for price in series["close"][:start] if not np.isnan(price)]
        first_seen = int(np.flatnonzero(~np.isnan(series["close"]))[0])
        last = known[-1] if known else 0.0
        over = False
        for offset in range(case.lanes.candles):
            at = start + offset
            if over:
                self.equity.append(self.equity[-1])
                continue
            there = not np.isnan(series["close"][at])
            decided = not np.isnan(series["close"][at - 1]) and at - 1 - first_seen + 1 >= LOOK_BACK
            if there and decided:
                self._act(int(case.actions[offset, self.lane]), series["open"][at], atr[at - 1], at)
            if there:
                last = series["close"][at]
                if self.side:
                    self._levels(series["open"][at], series["high"][at], series["low"][at], at)
            if trading.funding and case.universe.funding is not None:
                self.cash -= self.units * last * case.universe.funding[symbol, at]
            ruined = self.cash + self.units * last <= 0
            if (ruined or offset == case.lanes.candles - 1) and self.side:
                reason = ExitReason.RUIN if ruined else ExitReason.FORCED_END
                self._leave(self._slipped(last), reason, False, at)
            if trading.trailing_atr and self.side:
                followed = last - self.side * trading.trailing_atr / trading.stop_atr * self.distance
                self.stop = max(self.side * self.stop, self.side * followed) * self.side
            over = ruined
            self.equity.append(self.cash + self.units * last)

    def _slipped(self, price: float) -> float:
        return price * (1 - self.side * self.case.trading.slippage_bp / 10_000)

    def _trade(self, units: float, price: float) -> None:
        self.cash -= units * price + abs(units * price) * self.case.trading.fee_bp / 10_000
        self.units += units

    def _act(self, action: int, opened: float, atr: float, at: int) -> None:
        trading = self.case.trading
        if action in (1, 2) and not self.side and atr > 0:
            side = 1 if action == 1 else -1
            price = opened * (1 + side * trading.slippage_bp / 10_000)
            self.distance = trading.stop_atr * atr
            units = min(
                trading.risk_per_trade * self.cash / self.distance,
                trading.max_notional * self.cash / (price * (1 + trading.fee_bp / 10_000)),
            )
            self.before, self.entry_at, self.cuts, self.side = self.cash, at, 0, side
            self.stop = price - side * self.distance
            self.target = price + side * trading.target_atr * atr
            self._trade(side * units, price)
        elif action == 3 and self.side:
            self._leave(self._slipped(opened), ExitReason.SIGNAL, False, at)
        elif action == 4 and self.side and self.cuts < 3:
            self.cuts += 1
            self._trade(-self.units / 2, self._slipped(opened))

    def _levels(self, opened: float, high: float, low: float, at: int) -> None:
        worst, best = (low, high) if self.side > 0 else (high, low)
        beyond = lambda price, level: self.side * (price - level)  # noqa: E731
        if beyond(opened, self.stop) <= 0:
            self._leave(self._slipped(opened), ExitReason.STOP, False, at)
        elif beyond(opened, self.target) >= 0:
            self._leave(opened, ExitReason.TARGET, False, at)
        elif beyond(worst, self.stop) <= 0:
            self._leave(self._slipped(self.stop), ExitReason.STOP, beyond(best, self.target) >= 0, at)
        elif beyond(best, self.target) >= 0:
            self._leave(self.target, ExitReason.TARGET, False, at)

    def _leave(self, price: float, reason: ExitReason, ambiguous: bool, at: int) -> None:
        self._trade(-self.units, price)
        self.units = 0.0
        self.side = 0
        self.closed.append((self.entry_at, at, reason, ambiguous, self.cash - self.before))


@settings(max_examples=80)
@given(cases())
def test_every_lane_is_a_plain_account_to_the_cent(case):
    simulator, _, steps = run(case, case.lanes, case.actions)
    trades = simulator.trades()
    for lane in range(len(case.lanes.symbol)):
        account = Account(case, lane)
        account.play()
        equity = np.array([step.equity[lane] for step in steps])
        assert np.abs(equity - np.array(account.equity)).max() < 0.005
        mine = trades.of(trades.lane == lane)
        got = list(zip(mine.entry_index, mine.exit_index, mine.exit_reason, mine.ambiguous, strict=True))
        assert got == [closed[:4] for closed in account.closed]
        assert mine.pnl == pytest.approx([closed[4] for closed in account.closed], abs=0.005)


def test_restarted_lanes_forget_and_the_others_go_on():
    random = np.random.default_rng(5)
    price = 100 * np.cumprod(1 + random.normal(0, 0.01, (1, 120)), axis=1)
    universe = Universe(
        ("A",), 60_000, 60_000 * np.arange(120, dtype=np.int64), price, price * 1.01, price * 0.99, price,
        np.ones((1, 120)), score_from=LOOK_BACK,
    )  # fmt: skip
    features = market_features(universe)
    lanes = Lanes(np.array([0, 0]), np.array([60, 60]), 40)
    together = Simulator(universe, features, lanes, Trading(), Reward())
    actions = random.integers(0, 5, (20, 2))
    for row in actions[:10]:
        together.step(row)
    together.restart(np.array([1]), np.array([0]), np.array([70]), 5)
    fresh = Simulator(universe, features, Lanes(np.array([0]), np.array([70]), 5), Trading(), Reward())
    for row in actions[10:15]:
        both, alone = together.step(row), fresh.step(row[1:])
        assert both.equity[1] == alone.equity[0]
        assert both.observations[1].tobytes() == alone.observations[0].tobytes()
    assert both.done.tolist() == [False, True]
