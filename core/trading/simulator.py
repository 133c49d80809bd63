"""The one simulator that moves money: many lanes advance together, each an episode of one symbol.

A lane decides on the close of candle t; the order fills at the open of t+1. One `step` is one candle:

1. The action fills at the open, with slippage against the trade, and pays the fee.
2. The stop and the target are tried on the candle's high and low, the entry's own candle included. Beyond
   the open they fill there (a gap), else at their price; the stop goes first when both were touched, and
   such a candle is counted. A stop is a market order and slips; a target is a limit order and does not.
3. Funding that falls due in the candle is paid at its close, on the position held then.
4. Equity is marked at the close. On the last candle what is open is closed at that close, `forced_end`.
   A trailing stop moves after the close, so that it works from the next candle on.

Cash follows every fill: a short sale adds its proceeds and holds a negative quantity, so equity is cash +
quantity · price, and a trade's profit is exactly what its fills did to the cash. A missing candle fills and
triggers nothing, an action before or on it is dropped, and the position stands at the last known price.

Traps avoided: a Python loop over lanes; and arithmetic whose last bit depends on how many lanes there are.
Only +, −, ·, / and comparisons are used, so N lanes equal N single runs bit for bit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.config import settings
from core.errors import UsageError
from core.market.model import LOOK_BACK, FloatArray, Universe
from core.trading import bars as column
from core.trading.actions import CLOSE, HOLD, OPEN_LONG, OPEN_SHORT, REDUCE_50
from core.trading.bars import bar_table
from core.trading.lanes import Indices, Lanes, Mask, StepResult
from core.trading.observation import observation_table, write_account
from core.trading.reward import reward_components, reward_scale, total_reward
from core.trading.trades import ExitReason, TradeLog, Trades

__all__ = ["Lanes", "Simulator", "StepResult"]

MAX_REDUCTIONS = 3
"""An eighth of the opened size is the least that REDUCE_50 leaves; after that it is invalid."""

_LEAST_EQUITY = 1e-9


class Simulator:
    """See the module. A lane that is done stands still, its equity unchanged, until `restart`."""

    def __init__(
        self,
        universe: Universe,
        features: NDArray[np.float32],
        lanes: Lanes,
        trading: settings.Trading,
        reward: settings.Reward,
        *,
        keep_trades: bool = True,
        observed: bool = True,
    ) -> None:
        """`features` is `market_features(universe)`, (S, T, F). Without `observed` a step moves the money
        alone: no observations (L, 0), rewards and components 0. Raises UsageError where lanes do not fit."""
        if trading.atr_candles >= LOOK_BACK:
            raise UsageError(
                f"trading.atr_candles is {trading.atr_candles}; expected less than {LOOK_BACK}, "
                "the candles of warm-up"
            )
        self.universe = universe
        self._trading = trading
        self._observed = observed
        self._scale = reward_scale(reward, trading.capital)
        self._fee = trading.fee_bp * 1e-4
        self._slippage = trading.slippage_bp * 1e-4
        self._trails = trading.trailing_atr > 0
        self._trailing = trading.trailing_atr / trading.stop_atr  # in distances to the first stop
        self._funds = trading.funding and universe.funding is not None
        self._lanes = lanes
        self._table = observation_table(features)
        self._bars = bar_table(universe, trading.atr_candles)
        self._log = TradeLog() if keep_trades else None

        count = len(lanes.symbol)
        self._nothing = np.zeros((count, 0), np.float32), np.zeros((count, 4))
        self._symbol = np.zeros(count, np.int64)
        self._row = np.zeros(count, np.int64)  # of the newest closed candle, in the two tables
        self._last_row = np.zeros(count, np.int64)  # of the episode's last candle
        self._done = np.ones(count, np.bool_)
        self._any_done = True
        self.cash = np.zeros(count)
        """(L,) what the account holds beside the position."""
        self.units = np.zeros(count)
        """(L,) the position: positive long, negative short, 0 none."""
        self.fees = np.zeros(count)
        """(L,) paid since the episode's start."""
        self.funding = np.zeros(count)
        """(L,) paid since the episode's start; negative where received."""
        self.equity = np.zeros(count)
        """(L,) at the newest close."""
        self._side = np.zeros(count)
        self._entry = np.zeros(count)
        self._floor = np.full(count, -np.inf)  # a low at or under it leaves: a long's stop, a short's target
        self._ceiling = np.full(count, np.inf)  # a high at or over it leaves: a long's target, a short's stop
        self._distance = np.ones(count)  # from the entry to the first stop, in price
        self._opened = np.ones(count)  # units opened, positive
        self._entry_row = np.zeros(count, np.int64)
        self._reductions = np.zeros(count, np.int64)
        self._cash_before = np.zeros(count)
        self._fees_before = np.zeros(count)
        self._turnover = np.zeros(count)  # what the trade's exits were worth, positive
        self.ambiguous = 0
        """Candles so far that touched stop and target of an open position."""
        self.reset()

    @property
    def count(self) -> int:
        """L."""
        return len(self.units)

    @property
    def index(self) -> Indices:
        """(L,) the newest closed candle of each lane on the universe's axis."""
        return self._row - self._symbol * len(self.universe.time)

    def reset(self) -> NDArray[np.float32]:
        """Start every lane's episode; forgets all trades. Observations (L, D) of the candle before."""
        if self._log:
            self._log.clear()
        self.ambiguous = 0
        return self.restart(np.arange(self.count), self._lanes.symbol, self._lanes.start)

    def restart(
        self, lanes: Indices, symbol: ArrayLike, start: ArrayLike, candles: ArrayLike | None = None
    ) -> NDArray[np.float32]:
        """Start new episodes in `lanes` (k,), of `candles` each (default: as all). Observations (k, D).

        An open position of an unfinished episode is dropped, not traded. Raises UsageError where an episode
        would leave the axis or score a warm-up candle.
        """
        symbol = np.asarray(symbol, np.int64)
        start = np.asarray(start, np.int64)
        length = np.asarray(self._lanes.candles if candles is None else candles, np.int64)
        size, scored = len(self.universe.time), max(1, self.universe.score_from)
        if np.any(start < scored) or np.any(start + length > size) or np.any(length < 1):
            raise UsageError(
                f"episodes of {length.min()} to {length.max()} candles, from candle {start.min()} to "
                f"{(start + length).max()}, do not fit into the scored candles {scored} to {size}"
            )
        if np.any(symbol < 0) or np.any(symbol >= len(self.universe.symbols)):
            raise UsageError(f"a lane names a symbol beyond the universe's {len(self.universe.symbols)}")
        base = symbol * size
        self._symbol[lanes] = symbol
        self._row[lanes] = base + start - 1
        self._last_row[lanes] = base + start + length - 1
        self._done[lanes] = False
        self._any_done = bool(self._done.any())
        self.cash[lanes] = self.equity[lanes] = self._trading.capital
        self.units[lanes] = self._side[lanes] = self.fees[lanes] = self.funding[lanes] = 0.0
        self._floor[lanes], self._ceiling[lanes] = -np.inf, np.inf
        return self._table.take(self._row[lanes], axis=0)

    def step(self, actions: ArrayLike) -> StepResult:
        """Advance every lane by one candle. `actions` has shape (L,), values of `Action`."""
        actions = np.asarray(actions)
        if actions.shape != self._row.shape:
            raise ValueError(f"actions of shape {actions.shape}; expected {self._row.shape}")
        if self._any_done:
            actions = np.where(self._done, HOLD, actions)
            self._row += ~self._done
        else:
            self._row += 1
        bars = self._bars.take(self._row, axis=0)
        waits = actions == HOLD
        waited = waits & (self.units == 0)  # the position at the decision
        invalid = np.zeros(self.count, np.bool_)
        acting = actions.nonzero()[0]
        if acting.size:
            self._act(acting, actions, bars, invalid)
        exposed = self.units != 0
        hit = bars[:, column.LOW] <= self._floor  # False where the candle is missing
        hit |= bars[:, column.HIGH] >= self._ceiling
        if hit.any():
            self._leave_at_levels(hit.nonzero()[0], bars)
        if self._funds:
            due = self.units * bars[:, column.CLOSE] * bars[:, column.FUNDING]
            self.cash -= due
            self.funding += due
        equity = self._mark(bars)
        ruined = equity <= 0
        ends = self._row == self._last_row
        ends |= ruined
        if ends.any():
            equity = self._end(ends, ruined, bars, equity)
        if self._trails:
            self._move_stops(bars[:, column.CLOSE])

        observations, components = self._nothing
        if self._observed:
            observations, components = self._seen(bars, equity, waits, waited, invalid)
        self.equity = equity
        self._done |= ends
        self._any_done = bool(self._done.any())
        return StepResult(
            observations=observations,
            rewards=total_reward(components, self._scale) if self._observed else components[:, 0],
            components=components,
            equity=equity.copy(),
            exposed=exposed,
            done=self._done.copy(),
            ruined=ruined,
        )

    def _seen(
        self, bars: FloatArray, equity: FloatArray, waits: Mask, waited: Mask, invalid: Mask
    ) -> tuple[NDArray[np.float32], FloatArray]:
        """Observations (L, D) at the close and the reward's components (L, 4)."""
        close = bars[:, column.CLOSE]
        profit = self._side * (close - self._entry)  # in price, 0 without a position
        observations = self._table.take(self._row, axis=0)
        size = np.abs(self.units)
        write_account(
            observations,
            side=self._side,
            unrealised_r=profit / self._distance,
            exposure=size * close / np.maximum(equity, _LEAST_EQUITY),
            candles_held=np.abs(self._side) * (self._row - self._entry_row + 1),
            size_left=size / self._opened,
        )
        if self._any_done:
            waited &= ~self._done
        components = reward_components(
            self._scale,
            change=equity - self.equity,
            held_winner=waits & (profit > 0),
            invalid=invalid,
            waited=waited,
        )
        return observations, components

    def trades(self) -> Trades:
        """The trades closed since `reset`, in the order of their closing; empty with `keep_trades=False`."""
        return (self._log or TradeLog()).trades()

    def _mark(self, bars: FloatArray) -> FloatArray:
        return np.asarray(self.cash + self.units * bars[:, column.CLOSE])

    def _act(self, acting: Indices, actions: NDArray[np.int64], bars: FloatArray, invalid: Mask) -> None:
        """Fill the actions of the lanes `acting` at the open; marks the impossible ones in `invalid`."""
        acting = acting[bars[acting, column.TRADABLE] > 0]
        wanted = actions[acting]
        opens = (wanted == OPEN_LONG) | (wanted == OPEN_SHORT)
        reduces = wanted == REDUCE_50
        possible = opens == (self.units[acting] == 0)
        possible &= ~(reduces & (self._reductions[acting] >= MAX_REDUCTIONS))
        invalid[acting] = ~possible
        opening = acting[opens & possible]
        if opening.size:
            self._open(opening, np.where(actions[opening] == OPEN_LONG, 1.0, -1.0), bars)
        closing = acting[(wanted == CLOSE) & possible]
        if closing.size:
            self._close(closing, self._market_price(closing, bars[closing, column.OPEN]), ExitReason.SIGNAL)
        reducing = acting[reduces & possible]
        if reducing.size:
            price = self._market_price(reducing, bars[reducing, column.OPEN])
            self._fill(reducing, -0.5 * self.units[reducing], price)
            self._reductions[reducing] += 1

    def _market_price(self, lanes: Indices, price: FloatArray) -> FloatArray:
        """What leaving the position at `price` gets, slippage against it."""
        return np.asarray(price * (1.0 - self._side[lanes] * self._slippage))

    def _open(self, lanes: Indices, side: FloatArray, bars: FloatArray) -> None:
        """Enter at the open. The size risks `risk_per_trade` of equity down to the stop, and its notional
        with the fee stays within `max_notional` times equity. Without a range to measure nothing opens."""
        trading = self._trading
        distance = trading.stop_atr * bars[lanes, column.ATR]
        possible = distance > 0  # False for NaN
        if not possible.all():
            lanes, side, distance = lanes[possible], side[possible], distance[possible]
        price = bars[lanes, column.OPEN] * (1.0 + side * self._slippage)
        equity = self.cash[lanes]
        units = np.minimum(
            trading.risk_per_trade * equity / distance,
            trading.max_notional * equity / (price * (1.0 + self._fee)),
        )
        stop = price - side * distance
        target = price + side * (distance * (trading.target_atr / trading.stop_atr))
        self._floor[lanes] = np.minimum(stop, target)
        self._ceiling[lanes] = np.maximum(stop, target)
        self._side[lanes] = side
        self._entry[lanes] = price
        self._distance[lanes] = distance
        self._opened[lanes] = units
        self._entry_row[lanes] = self._row[lanes]
        self._reductions[lanes] = 0
        self._cash_before[lanes] = equity
        self._fees_before[lanes] = self.fees[lanes]
        self._fill(lanes, side * units, price)
        self._turnover[lanes] = 0.0

    def _fill(self, lanes: Indices, units: FloatArray, price: FloatArray) -> None:
        """Trade signed `units` (k,) at `price`: the only place that moves cash and pays fees."""
        worth = units * price
        fee = np.abs(worth) * self._fee
        self.cash[lanes] -= worth + fee
        self.fees[lanes] += fee
        self.units[lanes] += units
        self._turnover[lanes] += np.abs(worth)

    def _close(
        self,
        lanes: Indices,
        price: FloatArray,
        reason: ExitReason | NDArray[np.int8],
        ambiguous: Mask | None = None,
    ) -> None:
        """Leave the positions of `lanes` at `price` and log their trades."""
        self._fill(lanes, -self.units[lanes], price)
        if self._log:
            size = len(self.universe.time)
            symbol, opened = self._symbol[lanes], self._opened[lanes]
            pnl = self.cash[lanes] - self._cash_before[lanes]
            self._log.add(
                lane=lanes,
                symbol=symbol,
                side=self._side[lanes].astype(np.int8),
                entry_index=self._entry_row[lanes] - symbol * size,
                exit_index=self._row[lanes] - symbol * size,
                entry_price=self._entry[lanes],
                exit_price=self._turnover[lanes] / opened,
                quantity=opened,
                fees=self.fees[lanes] - self._fees_before[lanes],
                pnl=pnl,
                r_multiple=pnl / (opened * self._distance[lanes]),
                exit_reason=np.full(len(lanes), reason, np.int8),
                ambiguous=np.zeros(len(lanes), np.bool_) if ambiguous is None else ambiguous,
            )
        self.units[lanes] = self._side[lanes] = 0.0
        self._floor[lanes], self._ceiling[lanes] = -np.inf, np.inf

    def _leave_at_levels(self, lanes: Indices, bars: FloatArray) -> None:
        """Close the lanes (k,) whose candle touched their floor or ceiling, the stop before the target."""
        bar = bars[lanes]
        floor, ceiling, side = self._floor[lanes], self._ceiling[lanes], self._side[lanes]
        opened = bar[:, column.OPEN]
        gap_down, gap_up = opened <= floor, opened >= ceiling
        both = (bar[:, column.LOW] <= floor) & (bar[:, column.HIGH] >= ceiling) & ~gap_down & ~gap_up
        long = side > 0
        downward = np.where(both, long, gap_down | (bar[:, column.LOW] <= floor) & ~gap_up)
        stopped = downward == long
        price = np.where(downward, np.minimum(floor, opened), np.maximum(ceiling, opened))
        price *= 1.0 - side * (self._slippage * stopped)
        reason = np.where(stopped, np.int8(ExitReason.STOP), np.int8(ExitReason.TARGET))
        self.ambiguous += int(np.count_nonzero(both))
        self._close(lanes, price, reason, both)

    def _move_stops(self, close: FloatArray) -> None:
        """Draw the stop of every position after its close, never away from it."""
        behind = self._trailing * self._distance
        self._floor = np.where(self._side > 0, np.maximum(self._floor, close - behind), self._floor)
        self._ceiling = np.where(self._side < 0, np.minimum(self._ceiling, close + behind), self._ceiling)

    def _end(self, ends: Mask, ruined: Mask, bars: FloatArray, equity: FloatArray) -> FloatArray:
        """Close at the close what is open in the lanes that end here; the equity with that."""
        leaving = (ends & (self.units != 0)).nonzero()[0]
        if not leaving.size:
            return equity
        reason = np.where(ruined[leaving], np.int8(ExitReason.RUIN), np.int8(ExitReason.FORCED_END))
        self._close(leaving, self._market_price(leaving, bars[leaving, column.CLOSE]), reason)
        return self._mark(bars)
