"""Rows: what is a number, what is missing, what is refused, and that both paths agree."""

from __future__ import annotations

import contextlib
import math
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.telemetry.follower import Data
from core.telemetry.metrics import evaluation_column
from core.telemetry.rows import Batch, CsvRows, JsonRows, NotANumberError, number

HEADER = b"timestep,reward,kl_divergence,value_loss,policy_entropy\n"


def read(
    data: bytes, rows: CsvRows | JsonRows | None = None
) -> tuple[dict[str, list[tuple[float, float]]], list[int]]:
    """Metric → (timestep, value) rows, and the offsets of what was refused."""
    values: dict[str, list[tuple[float, float]]] = {}
    malformed: list[int] = []
    for batch in (rows or CsvRows()).feed(Data(0, data)):
        malformed += batch.malformed
        for name, column in batch.columns.items():
            places = column.index if column.index is not None else range(len(batch.timesteps))
            found = [
                (batch.timesteps[place], value) for place, value in zip(places, column.values, strict=True)
            ]
            values.setdefault(name, []).extend(found)
    return values, malformed


@pytest.mark.parametrize(
    "cell",
    [
        b"1_000",
        "１２".encode(),
        b"1e400",
        b"-1e999",
        b"0x10",
        b"1,5",
        b"1.2.3",
        b"--1",
        b"abc",
        b"1e",
        b"\xff\xfe",
        b"nan(1)",
        b"infinit",
        b"1 2",
        "٣".encode(),
        b"True",
    ],
)
def test_what_python_would_take_and_a_strict_pattern_does_not(cell: bytes) -> None:
    with pytest.raises(NotANumberError):
        number(cell)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        (b"1", 1.0),
        (b" -2.5 ", -2.5),
        (b"+.5", 0.5),
        (b"3.", 3.0),
        (b"1e-3", 1e-3),
        (b"inf", math.inf),
        (b"-Infinity", -math.inf),
    ],
)
def test_numbers(cell: bytes, value: float) -> None:
    assert number(cell) == value


def test_empty_is_missing_and_nan_is_not() -> None:
    assert number(b"") is None
    assert number(b"  ") is None
    assert math.isnan(number(b"nan") or 0.0)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_that_python_writes_reads_back(value: float) -> None:
    assert number(repr(value).encode()) == value


@given(st.binary(max_size=12))
def test_number_is_total(cell: bytes) -> None:
    """Any bytes give a value, None or NotANumberError."""
    with contextlib.suppress(NotANumberError):
        number(cell)


def test_columns_come_in_any_order_with_their_signs() -> None:
    data = b"train/entropy_loss,time/total_timesteps,rollout/ep_rew_mean\n-1.5,2048,7\n"
    assert read(data) == ({"entropy": [(2048, 1.5)], "reward": [(2048, 7.0)]}, [])


def test_missing_cells_are_no_rows_of_their_metric() -> None:
    values, malformed = read(HEADER + b"2048,,0.01,0.5,1.6\n4096,1.0,,nan,1.5\n")
    assert values["reward"] == [(4096, 1.0)]
    assert values["approx_kl"] == [(2048, 0.01)]
    assert math.isnan(values["value_loss"][1][1])
    assert malformed == []


@pytest.mark.parametrize(
    "row",
    [
        b"2048,1,2,3",
        b"2048,1,2,3,4,5",
        b"2048,1_0,2,3,4",
        b",1,2,3,4",
        b"nan,1,2,3,4",
        b"-5,1,2,3,4",
        b"2048,1e400,2,3,4",
        b"\xff\x00,1,2,3,4",
        b'2048,"1,2,3,4',
    ],
)
def test_a_row_that_cannot_be_trusted_is_refused_whole_and_counted_with_its_offset(row: bytes) -> None:
    good = b"4096,1.0,0.01,0.5,1.6\n"
    values, malformed = read(HEADER + row + b"\n" + good)
    assert values["reward"] == [(4096, 1.0)]
    assert malformed == [len(HEADER)]


def test_a_header_in_the_middle_is_taken_and_not_counted() -> None:
    data = HEADER + b"2048,1,2,3,4\n" + b"timestep,value_loss,reward\n4096,9,8\n"
    values, malformed = read(data)
    assert values["reward"] == [(2048, 1), (4096, 8)]
    assert values["value_loss"] == [(2048, 3), (4096, 9)]
    assert malformed == []


def test_rows_before_any_header_are_refused() -> None:
    assert read(b"2048,1,2\n4096,1,2\n") == ({}, [0, 9])


def test_a_file_with_bom_and_windows_line_ends() -> None:
    assert read(b"\xef\xbb\xbftimestep,reward\r\n1,2\r\n")[0] == {"reward": [(1, 2)]}


def test_quoted_text_with_a_comma_shifts_no_column() -> None:
    data = b'timestep,phase,reward\n1,"warm, up",2\n3,run,4\n'
    assert read(data)[0]["reward"] == [(1, 2), (3, 4)]


def test_unknown_columns_keep_their_visible_name_and_hold_text_without_harm() -> None:
    values, malformed = read(b"timestep,my\x1b[31mcolumn,reward\n1,oops,2\n3,5,4\n")
    assert values["my␛[31mcolumn"] == [(3, 5)]
    assert values["reward"] == [(1, 2), (3, 4)]
    assert malformed == []


def test_one_metric_named_twice_is_one_column() -> None:
    assert read(b"timestep,approx_kl,kl_divergence\n1,0.1,0.2\n")[0] == {"approx_kl": [(1, 0.1)]}


def test_evaluations_have_their_own_names() -> None:
    rows = CsvRows(evaluation_column)
    assert read(b"timestep,mean_reward,sharpe\n1,2,3\n", rows)[0] == {
        "eval_mean_reward": [(1, 2)],
        "eval_sharpe": [(1, 3)],
    }


_CELL = st.one_of(
    st.integers(-5, 10**7).map(str),
    st.floats(allow_nan=False, width=32).map(str),
    st.sampled_from(["", "nan", "inf", "1_0", "x", "1e400", "-.5", "2.", "+3"]),
    st.text(alphabet=string.printable.replace("\n", "").replace("\r", "").replace('"', ""), max_size=4),
)


@given(st.lists(st.lists(_CELL, min_size=1, max_size=5), max_size=30))
def test_the_fast_path_and_the_row_path_agree(table: list[list[str]]) -> None:
    """The same lines at once and one by one give the same rows and refuse the same lines."""
    header = b"timestep,reward,train/entropy_loss\n"
    lines = [",".join(row).encode() + b"\n" for row in table]
    together, one_by_one = CsvRows(), CsvRows()
    list(together.feed(Data(0, header)))
    list(one_by_one.feed(Data(0, header)))
    at_once = list(together.feed(Data(0, b"".join(lines))))
    singly, offset = [], 0
    for line in lines:
        singly.append(one_by_one._slow(line, offset))
        offset += len(line)
    assert _flat(at_once) == _flat(singly)


def _flat(batches: list[Batch]) -> tuple[list[str], list[int]]:
    rows: list[str] = []
    for batch in batches:
        for name, column in sorted(batch.columns.items()):
            places = column.index if column.index is not None else range(len(batch.timesteps))
            rows += [
                f"{name} {batch.timesteps[place]!r} {value!r}"
                for place, value in zip(places, column.values, strict=True)
            ]
    return sorted(rows), [offset for batch in batches for offset in batch.malformed]


def test_progress_json_with_nan_and_hostile_lines() -> None:
    data = (
        b'{"time/total_timesteps": 2048, "train/approx_kl": NaN, "rollout/ep_rew_mean": 3}\n'
        b'{"time/total_timesteps": 4096, "train/approx_kl": 0.5}\n'
        b"not json\n[1]\n\n"
        b'{"train/approx_kl": 1}\n'
        b'{"time/total_timesteps": 1e400, "train/approx_kl": 1}\n' + b"[" * 100_000 + b"\n"
    )
    values, malformed = read(data, JsonRows())
    assert values["reward"] == [(2048, 3)]
    assert math.isnan(values["approx_kl"][0][1])
    assert values["approx_kl"][1] == (4096, 0.5)
    assert len(malformed) == 5


def test_an_overflowing_number_among_many_plain_rows_is_refused() -> None:
    """The fast path hands such a piece to the row path; sums that overflow by themselves are no fault."""
    rows = CsvRows()
    read(b"timestep,reward\n", rows)
    assert read(b"1,2\n2,1e400\n3,4\n", rows) == ({"reward": [(1, 2), (3, 4)]}, [4])
    assert read(b"4,1.7e308\n5,1.7e308\n", rows) == ({"reward": [(4, 1.7e308), (5, 1.7e308)]}, [])


def test_rows_with_empty_cells_take_a_fast_path_that_agrees_with_the_row_path() -> None:
    """As stable-baselines3 leaves them: evaluation columns are empty but for a few rows."""
    lines = [
        f"{row / 7:.5f},{'' if row % 3 else row},{2048 * row},{'' if row % 5 else '0.5'}\n".encode()
        for row in range(400)
    ]
    header = b"reward,approx_kl,timestep,value_loss\n"
    fast = CsvRows()
    list(fast.feed(Data(0, header)))
    (batch,) = fast.feed(Data(len(header), b"".join(lines)))
    assert batch.finite and not batch.malformed, "no line was looked at by itself"
    assert read(b"".join(lines), fast) == read(header + b"".join(line + b"#\n" for line in lines))
    missing_step = header + b"1,2,2048,3\n1,2,,3\n"
    assert read(missing_step)[1] == [len(header) + 11]


def test_a_malformed_row_slows_down_only_the_rows_around_it(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[bytes] = []
    by_row = CsvRows._line

    def counted(self: CsvRows, line: bytes, *rest: Any) -> bool:
        looked_at.append(line)
        return by_row(self, line, *rest)

    monkeypatch.setattr(CsvRows, "_line", counted)
    lines = [f"{row * 64},{row % 501}.25\n".encode() for row in range(20_000)]
    lines[7_000] = b"448000,1_0\n"
    values, malformed = read(b"timestep,reward\n" + b"".join(lines))
    assert len(values["reward"]) == 19_999
    assert malformed == [len(b"timestep,reward\n") + sum(map(len, lines[:7_000]))]
    assert len(looked_at) < 1_000


def test_one_line_longer_than_a_piece_is_refused_alone() -> None:
    long = b"1," + b"x" * 300_000 + b"\n"
    values, malformed = read(b"timestep,reward\n" + long + b"2,3\n" + long)
    assert (values, malformed) == ({"reward": [(2, 3)]}, [16, 16 + len(long) + 4])
