"""Whole rules over rows: any cut into polls, and any row left out as quiet, gives what a replay gives."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.alerts import skim
from core.alerts.engine import AlertEngine
from core.alerts.evaluate import ROW_CONDITIONS, RowJudge
from core.alerts.machine import State
from core.alerts.replay import replay
from core.alerts.rule import Rule, default_rules
from core.alerts.track import make_tracks
from core.telemetry.model import Run, RunInfo, Series


def rule(**changes: Any) -> Rule:
    return msgspec.structs.replace(Rule(condition="above", severity="warning"), **changes)


values = st.one_of(
    st.sampled_from([math.nan, math.inf, 0.01, 0.045, 0.05, 0.09, 0.1, 0.5]), st.floats(0, 0.75, width=32)
)


rows = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 500, 2048, 2048, 2048, 30_000, -6000]),
        values,
        values,
        st.one_of(st.just(math.nan), st.floats(-50, 50, width=32)),
        st.sampled_from([1.0, 600.0, math.nan]),
        st.booleans(),
    ),
    max_size=80,
)


stretches = st.lists(
    st.tuples(
        st.sampled_from(
            [[0.001], [0.02], [0.06], [0.3], [0.9], [0.046, 0.06], [math.nan], [math.inf], [0.9, 0.0]]
        ),
        st.sampled_from([[0.5], [0.1], [0.01], [math.nan], [math.nan, math.inf], [0.1, 0.01]]),
        st.sampled_from([[0.0], [1.0, -1.0], [0.0, 8.0], [-30.0], [math.nan], [0.0, 0.2, 0.1, 4.0]]),
        st.integers(1, 30),
        st.sampled_from([2048, 2048, 500, -20_000]),
        st.sampled_from([1.0, 600.0, math.nan]),
    ),
    max_size=8,
)


def rows_of(parts: list[Any]) -> list[Any]:
    """Stretches of rows that are much alike, as a history is; the first row of one may go back in steps."""
    out: list[Any] = []
    for kl, loss, reward, length, gap, seconds in parts:
        for row in range(length):
            step = gap if gap > 0 or not row else 2048
            values = (each[row % len(each)] for each in (kl, loss, reward))
            out.append((step, *values, seconds, True))
    return out


histories = st.one_of(rows, stretches.map(rows_of))


TABLE = default_rules() | {
    "kl_wait": Rule(
        condition="above", metric="approx_kl", threshold=0.3, severity="info", for_steps=4000, for_seconds=1.0
    ),
    "no_improvement": Rule(
        condition="rise_below", metric="reward", threshold=1.0, window_steps=5000, severity="info"
    ),
    "flat": Rule(condition="flat", metric="reward", threshold=5.0, window_seconds=1200, severity="info"),
    "flat_warm": Rule(
        condition="flat",
        metric="reward",
        threshold=0.3,
        resolve_at=0.5,
        window_seconds=600,
        severity="info",
        warm_up_steps=8_000,
    ),
    "rise_timed": Rule(
        condition="rise_below",
        metric="reward",
        threshold=0.0,
        window_seconds=900,
        keep_firing_seconds=300,
        severity="info",
        warm_up_steps=20_000,
        warm_up_seconds=1_500,
    ),
    "climb": Rule(
        condition="slope_above",
        metric="reward",
        threshold=0.001,
        window_steps=5000,
        severity="info",
        warm_up_steps=6_000,
    ),
    "low": Rule(condition="below", metric="reward", threshold=0.0, resolve_at=0.5, severity="info"),
    "wobble": Rule(
        condition="rise_below",
        metric="reward",
        threshold=1.0,
        resolve_at=5.0,
        window_steps=3000,
        keep_firing_steps=9000,
        severity="info",
    ),
    "wobble_timed": Rule(
        condition="slope_above",
        metric="reward",
        threshold=0.0,
        resolve_at=-0.001,
        window_steps=5000,
        keep_firing_seconds=5,
        keep_firing_steps=2048,
        severity="info",
        warm_up_seconds=20,
    ),
    "sunken": Rule(
        condition="below", metric="value_loss", threshold=0.2, severity="info", family="loss", rank=0
    ),
    "sunken_deep": Rule(
        condition="below", metric="value_loss", threshold=0.05, severity="warning", family="loss", rank=1
    ),
    "mixed_kl": Rule(
        condition="above", metric="approx_kl", threshold=0.4, severity="info", family="mixed", rank=0
    ),
    "mixed_reward": Rule(
        condition="below", metric="reward", threshold=-20, severity="warning", family="mixed", rank=1
    ),
    "trend_now": Rule(
        condition="slope_below",
        metric="reward",
        threshold=-0.001,
        resolve_at=0.0,
        window_steps=5000,
        severity="info",
    ),
}


def table_of(history: list[Any]) -> list[tuple[float, float, dict[str, float]]]:
    """(timestep, time, columns) per row; a column is missing only in rows with a step of their own."""
    out = []
    timestep, clock = 0.0, 1000.0
    for index, (gap, kl, loss, reward, seconds, with_loss) in enumerate(history):
        timestep = max(0.0, timestep + gap)
        clock += 0.0 if math.isnan(seconds) else seconds
        alone = gap > 0 and (index + 1 == len(history) or history[index + 1][0] > 0)
        columns = {"approx_kl": kl, "reward": reward}
        if with_loss or not alone:
            columns["value_loss"] = loss
        out.append((timestep, math.nan if math.isnan(seconds) else clock, columns))
    return out


def append(run: Run, row: tuple[float, float, dict[str, float]]) -> None:
    timestep, time, columns = row
    for name, value in columns.items():
        run.series.setdefault(name, Series(name)).append(timestep, value, time)


def advance_all(tracks: list[Any], run: Run) -> list[Any]:
    changes = [change for track in tracks for change in track.advance(run)]
    return sorted(changes, key=lambda change: change.rule)


@settings(max_examples=60)
@given(histories, st.lists(st.integers(1, 9), min_size=1, max_size=6), st.booleans())
def test_replay_equals_any_chunking(history: list[Any], cuts: list[int], known_start: bool) -> None:
    """The same transitions in each rule's order, and the same states at the end."""
    info = RunInfo("r", Path("/"))
    whole, part = Run(info), Run(info)
    if known_start and history:
        for run in (whole, part):
            append(run, (0.0, 1000.0, {"approx_kl": 0.0, "reward": 0.0, "value_loss": 0.0}))
    for row in table_of(history):
        append(whole, row)
    all_states: dict[str, State] = {}
    expected = advance_all(make_tracks(TABLE, all_states), whole)
    states: dict[str, State] = {}
    tracks = make_tracks(TABLE, states)
    found: list[Any] = []
    for index, row in enumerate(table_of(history)):
        append(part, row)
        if index % cuts[index % len(cuts)] == 0:
            found += advance_all(tracks, part)
    found += advance_all(tracks, part)

    def by_rule(changes: list[Any]) -> dict[str, str]:
        return {name: repr([each for each in changes if each.rule == name]) for name in TABLE}

    assert by_rule(found) == by_rule(expected)
    assert repr(states) == repr(all_states)


@settings(max_examples=60)
@given(histories)
def test_skipping_quiet_rows_changes_nothing(history: list[Any]) -> None:
    """The fast way over rows at rest, firing or blind finds what judging each row finds."""
    run = Run(RunInfo("r", Path("/")))
    for row in table_of(history):
        append(run, row)
    fast_states: dict[str, State] = {}
    slow_states: dict[str, State] = {}
    with mock.patch.object(skim, "_CHUNK", 8):
        fast = advance_all(make_tracks(TABLE, fast_states), run)
    tracks = make_tracks(TABLE, slow_states)
    for track in tracks:
        track._skip = lambda _run, _started: False  # type: ignore[method-assign]
    slow = advance_all(tracks, run)
    assert repr(fast) == repr(slow) and repr(fast_states) == repr(slow_states)


@pytest.mark.parametrize(
    ("kl", "loss", "reward"),
    [
        pytest.param(lambda row: 0.03 if row % 12 == 0 else 0.008, None, None, id="above the launch limit"),
        pytest.param(lambda row: 0.008 if row < 900 else 0.9 + row % 7, None, None, id="diverged"),
        pytest.param(lambda row: 0.008 if row < 900 else math.nan, None, None, id="no number any more"),
        pytest.param(None, lambda row: 0.3 if row < 900 else math.nan, None, id="exploded"),
        pytest.param(None, None, lambda row: math.sin(row * 1.7), id="a reward that wobbles and never rises"),
        pytest.param(None, None, lambda row: row / 10 + row % 3, id="a reward that rises"),
    ],
)
def test_few_rows_of_a_history_are_judged_one_by_one(
    kl: Any, loss: Any, reward: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever state most of it leaves the default rules in."""
    judged = 0
    by_row = RowJudge.sample

    def counted(self: RowJudge, *arguments: Any) -> Any:
        nonlocal judged
        judged += 1
        return by_row(self, *arguments)

    monkeypatch.setattr(RowJudge, "sample", counted)
    run = Run(RunInfo("r", Path("/")))
    for row in range(12_000):
        columns = {
            "approx_kl": kl(row) if kl else 0.008,
            "value_loss": loss(row) if loss else 0.3,
            "reward": reward(row) if reward else row / 100,
        }
        append(run, (row * 2048.0, 1000.0 + 20 * row, columns))
    advance_all(make_tracks(default_rules(), {}), run)
    per_row = sum(1 for rule in default_rules().values() if rule.condition in ROW_CONDITIONS)
    assert 0 < judged < 0.06 * per_row * 12_000


@settings(max_examples=60)
@given(rows)
def test_live_engine_ends_where_the_replay_ends(history: list[Any]) -> None:
    """Without a store: what `update` told row by row is what `replay` tells."""

    class Health:
        status, reason, step_age_seconds = "RUNNING", "", 1.0

    run = Run(RunInfo("r", Path("/")))
    table = {name: each for name, each in TABLE.items() if name != "gradient_explosion"}
    engine = AlertEngine(table, "r")
    from core.clock import from_epoch

    told = []
    for row in table_of(history):
        append(run, row)
        told += engine.update(run, Health(), from_epoch(1000.0))  # type: ignore[arg-type]
    rowed = [each for each in told if each.rule not in ("crash", "training_hung")]
    key = [(each.rule, each.state, each.timestep, each.value) for each in rowed]
    expected = [(each.rule, each.state, each.timestep, each.value) for each in replay(table, run)]
    assert sorted(map(repr, key)) == sorted(map(repr, expected))
