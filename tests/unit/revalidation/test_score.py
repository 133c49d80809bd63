"""`score`: the same gates for someone else's backtest, and one clear line for every bad cell."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from core.config.settings import Settings
from core.errors import ConsoleError, UnreadableError, UsageError
from core.revalidation.result import RevalidationResult
from core.revalidation.score import periods_of, score

NOW = datetime(2026, 2, 27, 16, tzinfo=UTC)
START = datetime(2025, 1, 1, tzinfo=UTC)
RANDOM = np.random.default_rng(0)
PNL = np.where(np.arange(120) % 3 == 0, -40.0, 60.0) + RANDOM.normal(0, 1, 120)
EQUITY = 10_000 * np.cumprod(1 + np.concatenate(([0.0], RANDOM.normal(0.002, 0.004, 599))))


def times(count: int, hours: float = 4.0) -> list[str]:
    return [(START + timedelta(hours=hours * i)).strftime("%Y-%m-%dT%H:%M:%SZ") for i in range(count)]


@pytest.fixture
def files(tmp_path: Path):  # type: ignore[no-untyped-def]
    """Writes E.csv and T.csv from values or raw text; returns their paths."""

    def write(equity: object = EQUITY, trades: object = PNL) -> tuple[Path, Path]:
        e, t = tmp_path / "E.csv", tmp_path / "T.csv"
        if isinstance(equity, np.ndarray):
            rows = zip(times(len(equity)), equity, strict=True)
            equity = "timestamp,equity\n" + "".join(f"{at},{float(v)!r}\n" for at, v in rows)
        if isinstance(trades, np.ndarray):
            rows = zip(times(len(trades)), trades, strict=True)
            trades = "exit_time,pnl\n" + "".join(f"{at},{float(v)!r}\n" for at, v in rows)
        e.write_text(str(equity))
        t.write_text(str(trades))
        return e, t

    return write


def judge(paths: tuple[Path, Path], **kwargs: object) -> RevalidationResult:
    given_ = {"timeframe": "4h", "settings": Settings(), "policy": "manual", "now": NOW, **kwargs}
    if "periods_per_year" in kwargs:
        given_["timeframe"] = None
    return score(*paths, **given_)  # type: ignore[arg-type]


def status(result: RevalidationResult) -> dict[str, str]:
    return {gate.name: gate.status for gate in result.gates}


def test_numbers_are_the_definitions(files) -> None:  # type: ignore[no-untyped-def]
    result = judge(files())
    returns = EQUITY[1:] / EQUITY[:-1] - 1
    assert result.metrics["sharpe_ratio"] == pytest.approx(
        returns.mean() / returns.std(ddof=1) * math.sqrt(2190)
    )
    peak = np.maximum.accumulate(EQUITY)
    drawdown = ((peak - EQUITY) / peak).max()
    growth = (EQUITY[-1] / EQUITY[0]) ** (2190 / 599) - 1
    assert result.metrics["max_drawdown_pct"] == pytest.approx(100 * drawdown)
    assert result.metrics["calmar_ratio"] == pytest.approx(growth / drawdown)
    assert result.metrics["win_rate_pct"] == pytest.approx(100 * 80 / 120)
    assert result.metrics["profit_factor"] == pytest.approx(PNL[PNL > 0].sum() / -PNL[PNL < 0].sum())
    assert result.metrics["consecutive_losses"] == 1
    assert set(status(result).values()) == {"PASS"}
    assert result.decision_text == "GO (weak evidence)"
    assert result.curve is not None and len(result.curve.time) <= 400
    assert result.hashes.data and result.hashes.model is None


def test_nothing_is_prepended_unless_a_capital_is_given(files) -> None:  # type: ignore[no-untyped-def]
    assert judge(files()).metrics["total_return_pct"] == pytest.approx(100 * (EQUITY[-1] / EQUITY[0] - 1))
    with_capital = judge(files(), capital=20_000.0)
    assert with_capital.metrics["total_return_pct"] == pytest.approx(100 * (EQUITY[-1] / 20_000 - 1))
    assert (with_capital.metrics["max_drawdown_pct"] or 0) > 40


def test_streams_come_from_symbol_and_episode(files) -> None:  # type: ignore[no-untyped-def]
    """Twelve losses in a row over two symbols are six in each; the symbols get their own rows."""
    rows = [(s, -1.0) for s in ("A", "B") * 6] + [(s, 2.0) for s in ("A", "B") * 10]
    text = "exit_time,pnl,symbol,episode\n" + "".join(
        f"{at},{pnl},{s},1\n" for at, (s, pnl) in zip(times(len(rows)), rows, strict=True)
    )
    result = judge(files(trades=text))
    assert result.metrics["consecutive_losses"] == 6
    assert result.metrics["consecutive_losses_pooled"] == 12
    assert [(row.symbol, row.trades, row.win_rate_pct) for row in result.symbols] == [
        ("A", 16, 62.5),
        ("B", 16, 62.5),
    ]


def test_trades_are_put_in_exit_order(files) -> None:  # type: ignore[no-untyped-def]
    rows = list(zip(times(40), [-1.0, 1.0] * 20, strict=True))
    ordered = rows[::2] + rows[1::2]
    text = "exit_time,pnl\n" + "".join(f"{at},{pnl}\n" for at, pnl in ordered)
    assert judge(files(trades=text)).metrics["consecutive_losses"] == 1


@pytest.mark.parametrize(
    ("timeframe", "periods"),
    [("4h", 2190), ("5m", 105_120), ("1d", 365), ("1w", 365 / 7), ("30s", 1_051_200)],
)
def test_periods_of_a_timeframe(timeframe: str, periods: float) -> None:
    assert periods_of(timeframe, None) == pytest.approx(periods)


@pytest.mark.parametrize("timeframe", ["", "4", "h", "4H", "0h", "-4h", "4h4h", "4 h", "١h", "99999999h"])
def test_a_timeframe_that_is_none_is_refused(timeframe: str) -> None:
    with pytest.raises(UsageError, match="expected a number and one of"):
        periods_of(timeframe, None)


def test_exactly_one_of_timeframe_and_periods(files) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UsageError, match="got neither"):
        periods_of(None, None)
    with pytest.raises(UsageError, match="got both"):
        periods_of("4h", 2190)
    for bad in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(UsageError, match="positive number"):
            periods_of(None, bad)
    a, b = judge(files()), judge(files(), periods_per_year=2190.0)
    assert a.metrics == b.metrics


@pytest.mark.parametrize("capital", [0.0, -5.0, math.nan, math.inf])
def test_a_capital_must_be_positive(files, capital: float) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UsageError, match="positive amount"):
        judge(files(), capital=capital)


def test_no_trades_passes_nothing(files) -> None:  # type: ignore[no-untyped-def]
    result = judge(files(trades="exit_time,pnl\n"))
    assert set(status(result).values()) == {"NOT_EVALUABLE"}
    assert result.decision == "NO-GO" and result.gates_passed == 0


def test_ruin_passes_nothing_and_is_said(files) -> None:  # type: ignore[no-untyped-def]
    equity = EQUITY.copy()
    equity[300] = 0.0
    result = judge(files(equity))
    assert set(status(result).values()) == {"NOT_EVALUABLE"}
    assert "reached 0.00" in (result.gates[0].reason or "")
    assert "NaN" not in msgspec.json.encode(result).decode()


def test_constant_growth_has_no_sharpe_ratio(files) -> None:  # type: ignore[no-untyped-def]
    got = status(judge(files(10_000 * 1.0007 ** np.arange(600))))
    assert got["sharpe_ratio"] == got["calmar_ratio"] == "NOT_EVALUABLE"


def test_no_losing_trade_is_null_with_a_flag(files) -> None:  # type: ignore[no-untyped-def]
    few, many = (judge(files(trades=np.full(n, 5.0) + np.arange(n))) for n in (99, 100))
    for result, expected in ((few, "NOT_EVALUABLE"), (many, "PASS")):
        gate = result.gates[3]
        assert gate.status == expected and gate.value is None and gate.infinite and gate.reason


@pytest.mark.parametrize(("rows", "expected"), [(499, "NOT_EVALUABLE"), (500, "PASS")])
def test_five_hundred_rows_are_the_least(files, rows: int, expected: str) -> None:  # type: ignore[no-untyped-def]
    assert status(judge(files(EQUITY[:rows])))["sharpe_ratio"] == expected


def test_what_looks_wrong_is_warned_of(files) -> None:  # type: ignore[no-untyped-def]
    assert any("4 h apart" in warning for warning in judge(files(), timeframe="1h").warnings)
    late = "exit_time,pnl\n" + "2031-01-01,5.0\n" * 40
    assert any("40 of 40 trades ended outside" in w for w in judge(files(trades=late)).warnings)
    assert any("the trades sum to" in warning for warning in judge(files()).warnings)


@pytest.mark.parametrize(
    ("equity", "line", "words"),
    [
        ("", 1, "an empty file"),
        ("time,value\n1,2\n", 1, "the header timestamp,equity"),
        ("timestamp,equity,equity\n", 1, "the header"),
        ("timestamp,equity\n", 2, "at least one row"),
        ("timestamp,equity\n2025-01-01,ten\n", 2, "a finite number in equity, got 'ten'"),
        ("timestamp,equity\n2025-01-01,10\n2025-01-02,nan\n", 3, "got 'nan'"),
        ("timestamp,equity\n2025-01-01,inf\n", 2, "got 'inf'"),
        ("timestamp,equity\n2025-01-01,1_000\n", 2, "got '1_000'"),
        ("timestamp,equity\n2025-01-01,１２\n", 2, "finite number"),
        ("timestamp,equity\n2025-01-01,1e400\n", 2, "got '1e400'"),
        ("timestamp,equity\n2025-01-01,\n", 2, "got ''"),
        ("timestamp,equity\nyesterday,10\n", 2, "an ISO 8601 time or an epoch in timestamp, got 'yesterday'"),
        ("timestamp,equity\n2025-01-02,10\n2025-01-01,11\n", 3, "later than the line before"),
        ("timestamp,equity\n2025-01-01,10\n2025-01-01,11\n", 3, "later than the line before"),
        ("timestamp,equity\n2025-01-01,10,3\n", 2, "expected 2 cells, got 3"),
        ('timestamp,equity\n2025-01-01,"10\n', 2, "expected CSV"),
        ("timestamp,equity\n2025-01-01,\x1b]52;c;x\x07\n", 2, "␛]52;c;x␇"),
    ],
)
def test_bad_equity_names_line_expected_and_got(files, equity: str, line: int, words: str) -> None:  # type: ignore[no-untyped-def]
    paths = files(equity)
    with pytest.raises(UnreadableError) as caught:
        judge(paths)
    assert f"{paths[0]}, line {line}:" in caught.value.title
    assert words in caught.value.title
    assert caught.value.title.isprintable()


@pytest.mark.parametrize(
    ("trades", "line", "words"),
    [
        ("exit,pnl\n", 1, "the header exit_time,pnl[,symbol,episode]"),
        ("exit_time,pnl\n2025-01-01,5\n2025-01-01,NaN\n", 3, "a finite number in pnl"),
        ("exit_time,pnl\n99999999999999999,5\n", 2, "exit_time"),
    ],
)
def test_bad_trades_name_line_expected_and_got(files, trades: str, line: int, words: str) -> None:  # type: ignore[no-untyped-def]
    paths = files(trades=trades)
    with pytest.raises(UnreadableError) as caught:
        judge(paths)
    assert f"{paths[1]}, line {line}:" in caught.value.title and words in caught.value.title


def test_bytes_that_are_no_text_are_named(files) -> None:  # type: ignore[no-untyped-def]
    paths = files()
    paths[0].write_bytes(b"timestamp,equity\n2025-01-01,10\n\xff\xfe,1\n")
    with pytest.raises(UnreadableError, match="line 3: expected UTF-8 text, got byte 0xff"):
        judge(paths)


def test_a_missing_file_is_usage_a_folder_is_unreadable(files, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UsageError, match="does not exist"):
        judge((tmp_path / "none.csv", files()[1]))
    with pytest.raises(UnreadableError, match="is no regular file"):
        judge((tmp_path, files()[1]))


def test_shapes_people_export_are_read(files) -> None:  # type: ignore[no-untyped-def]
    """A byte order mark, Windows lines, blank lines, other column order, epoch times, more columns."""
    equity = "\ufeffEquity,Timestamp,note\r\n\r\n10000,1735689600,a\r\n10100,1735704000000,b\r\n\r\n"
    result = judge(files(equity))
    assert result.metrics["total_return_pct"] == pytest.approx(1.0)
    assert result.data["first"] == "2025-01-01T00:00:00Z" and result.data["last"] == "2025-01-01T04:00:00Z"


extreme = st.floats(allow_nan=False, allow_infinity=False)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(st.lists(extreme, min_size=1, max_size=12), st.lists(extreme, max_size=12), st.none() | extreme)
def test_no_number_in_the_files_makes_a_number_that_is_none(files, equity, trades, capital) -> None:  # type: ignore[no-untyped-def]
    """At the edge of what a float holds too."""
    lax = msgspec.structs.replace(
        Settings(),
        evidence=msgspec.structs.replace(
            Settings().evidence, min_candles=1, min_trades=1, min_stream_trades=1, strong_trades=1
        ),
    )
    paths = files(np.array(equity), np.array(trades))
    try:
        result = judge(paths, capital=capital, settings=lax)
    except UsageError:
        assert capital is not None and capital <= 0
        return
    text = msgspec.json.encode(result).decode()
    assert msgspec.json.decode(text, type=RevalidationResult) == result, "a NaN would come back as null"
    for gate in result.gates:
        assert gate.status != "PASS" or gate.infinite or (gate.value is not None and gate.margin is not None)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.text(max_size=60), st.text(max_size=60))
def test_whatever_the_files_hold_it_is_a_result_or_a_named_error(files, equity: str, trades: str) -> None:  # type: ignore[no-untyped-def]
    e, t = files()
    e.write_bytes(b"timestamp,equity\n" + equity.encode(errors="surrogatepass"))
    t.write_bytes(b"exit_time,pnl\n" + trades.encode(errors="surrogatepass"))
    try:
        result = judge((e, t))
    except ConsoleError as error:
        assert error.title.isprintable()
        return
    msgspec.json.decode(msgspec.json.encode(result), type=RevalidationResult)


def test_the_evidence_is_what_returns_and_trades_tell(files) -> None:  # type: ignore[no-untyped-def]
    result = judge(files())
    evidence = result.evidence
    assert evidence.psr is not None and evidence.psr > 0.99 and evidence.pass_probability is not None
    for gate in result.gates:
        assert gate.interval_90 is not None and gate.value is not None
        assert gate.interval_90[0] <= gate.value <= gate.interval_90[1], gate.name
    assert evidence.dsr is None and evidence.placebo_p is None and result.twice_the_cost is None
    assert any(what.startswith("DSR: ") for what in evidence.not_computed)
    assert any(what.startswith("placebo and costs: the files") for what in evidence.not_computed)
    assert evidence.strength == "weak" and evidence.note == "no placebo test"


def test_trades_outside_the_equity_s_time_leave_no_history_to_draw(files) -> None:  # type: ignore[no-untyped-def]
    result = judge(files(EQUITY[:100]))
    assert result.evidence.psr is None and all(gate.interval_90 is None for gate in result.gates)
    assert result.evidence.not_computed == ("everything: 20 trades ended outside the equity's time",)


def test_the_capital_given_is_before_the_first_row(files) -> None:  # type: ignore[no-untyped-def]
    trades = "exit_time,pnl,symbol\n" + "".join(f"{at},{5.0},A\n" for at in times(120))
    assert judge(files(trades=trades), capital=10_000.0).evidence.psr is not None
