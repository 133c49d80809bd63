"""A user's own environment: the documented example is judged whole, and what breaks the contract is one
sentence."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import gymnasium
import msgspec
import numpy as np
import pytest

from core.backtest.own_env import OpenEnv, OwnEnvironment, OwnTrade
from core.config.settings import Settings
from core.errors import CancelledError, ConsoleError, UnreadableError, UsageError
from core.market.synthetic import synthetic_universe, write_universe
from core.revalidation.pipeline import Progress, RevalidationRequest, revalidate
from core.revalidation.result import RevalidationResult
from core.revalidation.trade_book import BOOK_NAME, read_book

PAGE = Path(__file__).parents[3] / "docs" / "own-environment.md"
Ask = Callable[..., RevalidationRequest]


@pytest.fixture(scope="module")
def small_market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two symbols of 130 candles: 48 warm-up, then two windows of 40."""
    folder = tmp_path_factory.mktemp("candles")
    write_universe(synthetic_universe(seed=5, symbols=2, candles=130, edge=0.0), folder)
    return folder


@pytest.fixture
def ask(
    request_for: Ask, make_model: Callable[..., Path], small_market: Path, tmp_path: Path
) -> Iterator[Ask]:
    """A request for the page's example, its text changed by `changes`; `model` is the model's arguments."""
    before, folder = list(sys.path), Path.cwd()
    example = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert example is not None

    def make(*changes: tuple[str, str], name: str = "TradingEnv", **model: object) -> RevalidationRequest:
        text = example[1]
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        root = tmp_path / "workspace"
        root.mkdir()
        (root / "own_environment.py").write_text(text)
        settings = Settings()
        settings = msgspec.structs.replace(
            settings,
            trading=msgspec.structs.replace(settings.trading, episode_candles=40),
            revalidation=msgspec.structs.replace(
                settings.revalidation, environment=f"own_environment:{name}"
            ),
        )
        kind = {"names": ("one", "two", "three"), "actions": 3, **model}
        return request_for(
            model_path=make_model(tmp_path / "model", **kind),
            data_dir=small_market,
            settings=settings,
            root=root,
            python_path=(str(root),),
        )

    yield make
    sys.path[:] = before
    sys.modules.pop("own_environment", None)
    os.chdir(folder)


def judge(request: RevalidationRequest) -> RevalidationResult:
    return revalidate(request, lambda _: None, lambda: False)


def said(request: RevalidationRequest, kind: type[ConsoleError] = UnreadableError) -> str:
    with pytest.raises(kind) as caught:
        judge(request)
    assert "\n" not in caught.value.title
    assert not list((request.reports_dir or Path()).glob("*"))
    return caught.value.title


def test_the_pages_example_is_judged_by_the_same_gates_with_its_trades_and_reports(ask):
    request = ask()
    seen: list[Progress] = []
    result = revalidate(request, seen.append, lambda: False)
    assert (result.data["episodes"], result.data["episode_candles"]) == (2, 40)
    assert result.data["environment"] == "own_environment:TradingEnv"
    assert len(str(result.data["environment_sha256"])) == 64
    assert result.metrics["trades"] > 0 and result.metrics["sharpe_ratio"] is not None
    assert result.metrics["coverage_pct"] == 100.0
    assert any("uses up 4 candles before its first step" in warning for warning in result.warnings)
    assert not any("trades sum to" in warning for warning in result.warnings)
    book = read_book(request.reports_dir / BOOK_NAME)
    trades = [trade for each in book.symbols for trade in each.pnl]
    assert len(trades) == result.metrics["trades"]
    assert sum(trades) == pytest.approx(result.metrics["gross_profit"] - result.metrics["gross_loss"])
    assert {side for each in book.symbols for side in each.side} <= {1, -1}
    third = [progress for progress in seen if progress.step == 3 and progress.total]
    assert third[-1].done == third[-1].total == 2 * 2 * 40 + 2 * 82 + 2 * 2 * 40


def test_what_it_does_not_tell_is_missing_and_never_zero(ask):
    result = judge(ask())
    assert result.metrics["exposure_pct"] is None and result.metrics["ambiguous_candles"] is None
    assert set(result.baselines) == {"random"} and result.twice_the_cost is None
    assert result.evidence.placebo_p is None and result.evidence.strength == "weak"
    assert any(
        line.startswith("placebo, twice the cost, buy-and-hold") for line in result.evidence.not_computed
    )
    assert any("not in this program's simulator" in warning for warning in result.warnings)


def test_the_equity_is_the_environments_own_candle_for_candle(ask):
    """A model that is always long earns the candles' moves, less the cost of one trade in each window."""
    request = ask(head_bias=(0.0, 99.0, 0.0), scale=0.0)
    judge(request)
    book_of = {each.symbol: each for each in read_book(request.reports_dir / BOOK_NAME).symbols}
    universe = synthetic_universe(seed=5, symbols=2, candles=130, edge=0.0)
    for row, symbol in enumerate(universe.symbols):
        for start, pnl in zip((49, 90), book_of[symbol].pnl, strict=True):
            move = universe.close[row, start + 39] / universe.close[row, start - 1]
            assert pnl == pytest.approx(10_000 * (move * (1 - 0.0007) ** 2 - 1), rel=1e-9)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('info["equity"] = self.equity', "pass", 'its info has no "equity"'),
        ('info["equity"] = self.equity', 'info["equity"] = float("nan")', '"equity" in info is nan'),
        ("return self.observation(), reward", "return np.zeros(4), reward", "4 numbers; the model reads 3"),
        ("self.at += 1\n", "raise ValueError('at\\nodds')\n", "step raised ValueError: at"),
        ("self.at += 1\n", "raise SystemExit(3)\n", "step raised SystemExit: 3 at own_environment.py:"),
        ("spaces.Discrete(3)", "spaces.Discrete(4)", "its actions are Discrete(4): expected Discrete(3)"),
        ("reward, False, last, info", "reward, False, info", "step did not return (observation, reward,"),
        ("import pyarrow.parquet", "import pyarrow.parcel", "cannot be imported: ModuleNotFoundError"),
        ("class TradingEnv(gymnasium.Env)", "class TradingEnv", "expected a gymnasium.Env"),
        ('"pnl": self.equity - self.before', '"profit": 1.0', 'info["trade"] has no "pnl"'),
        ('{"equity": self.equity}', '{"equity": self.close[0]}', "must start with the same positive capital"),
    ],
)  # fmt: skip
def test_what_breaks_the_contract_is_one_sentence(ask, old, new, words):
    assert words in said(ask((old, new)))


def test_an_environment_that_hangs_is_ended(tmp_path):
    class Hanging(gymnasium.Env):
        action_space = gymnasium.spaces.Discrete(3)

        def reset(self, **_: object):
            while True:
                pass

    kind = OwnEnvironment("mine:Hanging", lambda _: Hanging(), None, inputs=3, actions=3, seconds=0.05)
    with pytest.raises(UnreadableError, match=r"gave no answer within 0.05 s \(A, episode 1\)"):
        kind.open(tmp_path, "A, episode 1").reset(0)


def test_a_path_that_is_none_is_usage(ask):
    request = ask()
    changed = msgspec.structs.replace(request.settings.revalidation, environment="own_environment")
    settings = msgspec.structs.replace(request.settings, revalidation=changed)
    assert "expected module:Class" in said(replace(request, settings=settings), UsageError)


def test_without_equity_on_reset_the_configured_capital_is_taken_and_that_is_said(ask):
    result = judge(ask(('{"equity": self.equity}', "{}")))
    assert any("reset tells no equity" in warning for warning in result.warnings)


def test_trades_that_do_not_tell_what_was_earned_are_named(ask):
    result = judge(ask(('"pnl": self.equity - self.before', '"pnl": -5_000.0')))
    assert any("trades sum to" in warning for warning in result.warnings)


def test_an_account_that_is_wiped_out_passes_nothing(ask):
    result = judge(
        ask(('info["equity"] = self.equity', 'info["equity"] = 0.0 if self.at > 30 else self.equity'))
    )
    assert result.gates_passed == 0 and result.decision == "NO-GO"


def test_numbers_that_stood_still_in_training_are_named(ask):
    result = judge(ask(observation_var=1e-9))
    assert any(
        "constant while the model was trained" in warning and "two" in warning for warning in result.warnings
    )


def test_it_is_cancelled_between_two_steps(ask, make_counter):
    request = ask()
    with pytest.raises(CancelledError):
        revalidate(request, lambda _: None, make_counter(60))


def test_many_environments_share_one_call_of_the_policy(ask, monkeypatch):
    from core.backtest.policy import TrainedPolicy

    rows: list[int] = []
    plain = TrainedPolicy.actions

    def counted(self: TrainedPolicy, observations: np.ndarray) -> np.ndarray:
        rows.append(len(observations))
        return plain(self, observations)

    monkeypatch.setattr(TrainedPolicy, "actions", counted)
    judge(ask())
    assert rows.count(4) >= 40 and max(rows) == 4


def test_side_data_known_by_the_windows_end_lie_beside_its_candles(ask, small_market, tmp_path):
    data = tmp_path / "with_side"
    shutil.copytree(small_market, data)
    universe = synthetic_universe(seed=5, symbols=2, candles=130, edge=0.0)
    rows = "".join(f"{time},{index}\n" for index, time in enumerate(universe.time.tolist()))
    (data / "side").mkdir()
    (data / "side" / "macro.csv").write_text(f"timestamp,dxy\n{rows}")
    read = (
        "import pandas; side = pandas.read_parquet(Path(folder) / 'side' / 'macro.parquet')\n"
        "        times = pyarrow.parquet.read_table(path)['timestamp'].to_numpy()\n"
        "        assert len(times) < 130 and side['timestamp'].max() == times[-1] + min(4 * 3_600_000, "
        f"{int(universe.time[-1])} - times[-1])\n"
        "        self.observation_space ="
    )
    request = replace(ask(("self.observation_space =", read)), data_dir=data)
    assert judge(request).metrics["coverage_pct"] == 100.0


def trades_of(told: object) -> list[OwnTrade]:
    env = OpenEnv.__new__(OpenEnv)
    env._kind, env._where, env._steps = OwnEnvironment("own:Env", list, None, 3, 3, 1.0), "AAA, episode 1", 7
    return list(env._trades(told))


def test_a_trade_told_in_numpys_numbers_is_the_same_trade():
    told = {"pnl": np.float32(1.5), "side": np.int64(-1), "candles": np.int32(4)}
    assert trades_of(told) == trades_of({"pnl": 1.5, "side": "short", "candles": 4})
    assert trades_of({"pnl": 1.5})[0].candles is None


@pytest.mark.parametrize("candles", [-2, np.array([1, 2]), "long"])
def test_a_trade_held_for_no_number_of_candles_is_refused(candles):
    with pytest.raises(UnreadableError, match=r'"candles" in info\["trade"\] is'):
        trades_of({"pnl": 1.0, "candles": candles})
