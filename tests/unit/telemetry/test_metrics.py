"""The table of metric names, and the series they fill."""

from __future__ import annotations

import math
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.telemetry.metrics import METRICS, STATUS_NAMES, canonical, evaluation_column, metric
from core.telemetry.model import Series


def test_the_status_names_are_the_interface() -> None:
    assert set(STATUS_NAMES) == {
        "reward",
        "approx_kl",
        "value_loss",
        "entropy",
        "policy_loss",
        "clip_fraction",
        "explained_variance",
        "learning_rate",
        "steps_per_second",
        "episode_length",
    }


@pytest.mark.parametrize(
    ("column", "name", "factor"),
    [
        ("kl_divergence", "approx_kl", 1),
        ("train/approx_kl", "approx_kl", 1),
        ("policy_entropy", "entropy", 1),
        ("train/entropy_loss", "entropy", -1),
        ("rollout/ep_rew_mean", "reward", 1),
        ("train/policy_gradient_loss", "policy_loss", 1),
        ("time/fps", "steps_per_second", 1),
        ("rollout/ep_len_mean", "episode_length", 1),
        (" reward ", "reward", 1),
        ("eval/mean_reward", "eval_mean_reward", 1),
        ("custom/thing", "custom/thing", 1),
    ],
)
def test_aliases(column: str, name: str, factor: float) -> None:
    assert canonical(column) == (name, factor)


@pytest.mark.parametrize("column", ["timestep", "time/total_timesteps", "time/time_elapsed", "", " ", "17"])
def test_axes_and_nameless_columns_are_no_metrics(column: str) -> None:
    assert canonical(column) is None


def test_no_alias_is_another_metrics_name_or_alias() -> None:
    seen: dict[str, str] = {}
    for entry in METRICS.values():
        for alias in (entry.name, *entry.aliases, *entry.negated):
            assert seen.setdefault(alias, entry.name) == entry.name


def test_an_unknown_metric_has_a_plain_entry_and_a_safe_name() -> None:
    named = canonical("x\x1b]52;c;AAAA\x07[@click=app.quit]")
    assert named is not None and "\x1b" not in named[0] and "\x07" not in named[0]
    assert metric(named[0]).label == named[0]
    assert metric("eval_sharpe").group == "evaluation"
    assert evaluation_column("sharpe") == ("eval_sharpe", 1.0)
    assert evaluation_column("timestep") is None


_ROW = st.tuples(
    st.integers(0, 50).map(float),
    st.one_of(st.floats(width=32), st.sampled_from([math.nan, math.inf, -math.inf])),
)


@given(st.lists(st.lists(_ROW, max_size=8), max_size=6))
def test_extend_is_append_many_times(pieces: list[list[tuple[float, float]]]) -> None:
    one, many = Series("a"), Series("a")
    for piece in pieces:
        for step, value in piece:
            one.append(step, value, step)
        steps = array("d", [step for step, _ in piece])
        many.extend(steps, array("d", [value for _, value in piece]), steps)
    assert one.timestep == many.timestep
    assert one.segments == many.segments
    assert (one.minimum, one.maximum, one.last, one.last_finite) == (
        many.minimum,
        many.maximum,
        many.last,
        many.last_finite,
    )
    assert one.value.tobytes() == many.value.tobytes()


def test_last_is_none_when_the_newest_is_not_finite() -> None:
    series = Series("a")
    series.append(1, 2.0)
    series.append(2, math.nan)
    assert (series.last, series.last_finite, series.last_timestep) == (None, 2.0, 2)
