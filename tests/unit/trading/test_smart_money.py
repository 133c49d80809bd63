"""Smart Money Concepts on candles made by hand: each appears at the close that shows it, and not before."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from core.market.model import LOOK_BACK, Universe
from core.market.synthetic import synthetic_universe
from core.trading import smart_money
from core.trading.features import market_features
from core.trading.windows import Array, fill_missing

Bar = tuple[float, float, float, float]
Market = Callable[..., Universe]

FLAT: Bar = (100.0, 100.5, 99.5, 100.0)
PEAK: Bar = (100.0, 103.0, 99.5, 100.0)
"""A high that tops its neighbours."""
TROUGH: Bar = (100.0, 100.5, 97.0, 100.0)


@pytest.fixture
def concepts(market: Market) -> Callable[[Sequence[Bar]], dict[str, list[float]]]:
    """The features of hand-made candles, the warm-up left out; the unit of distance is 1."""

    def of(bars: Sequence[Bar]) -> dict[str, list[float]]:
        universe = market(bars)
        values = smart_money.columns(fill_missing(universe), np.ones(universe.close.shape))
        return {name: column[0, LOOK_BACK:].tolist() for name, column in values.items()}

    return of


Concepts = Callable[[Sequence[Bar]], dict[str, list[float]]]


def test_the_family_is_complete_and_named(concepts: Concepts) -> None:
    assert tuple(concepts([FLAT])) == smart_money.NAMES


def test_a_swing_is_known_two_candles_later(concepts: Concepts) -> None:
    values = concepts([PEAK, FLAT, FLAT, FLAT])
    assert values["swing_high_distance"] == [0.0, 0.0, 3.0, 3.0]
    values = concepts([TROUGH, FLAT, FLAT, FLAT])
    assert values["swing_low_distance"] == [0.0, 0.0, 3.0, 3.0]


def test_distances_are_counted_in_average_ranges(market: Market) -> None:
    universe = market([PEAK, FLAT, TROUGH, FLAT, FLAT])
    filled, shape = fill_missing(universe), universe.close.shape
    one, four = (smart_money.columns(filled, np.full(shape, unit)) for unit in (1.0, 4.0))
    for name in ("swing_high_distance", "swing_low_distance"):
        assert one[name][0, -1] == 3.0 and four[name][0, -1] == 0.75


def test_a_high_that_is_topped_within_two_candles_is_no_swing(concepts: Concepts) -> None:
    higher = (100.0, 104.0, 99.5, 100.0)
    assert concepts([PEAK, FLAT, higher, FLAT])["swing_high_distance"] == [0.0] * 4


def test_a_swing_is_forgotten(concepts: Concepts) -> None:
    distance = concepts([PEAK, *[FLAT] * 20])["swing_high_distance"]
    assert distance[2 : 2 + smart_money._SWING + 1] == [3.0] * (smart_money._SWING + 1)
    assert distance[2 + smart_money._SWING + 1 :] == [0.0] * 4


def test_the_first_close_beyond_a_swing_breaks_structure_once(concepts: Concepts) -> None:
    above = (104.0, 104.5, 103.5, 104.0)
    values = concepts([PEAK, FLAT, FLAT, above, above, FLAT, above])
    broke = values["break_of_structure"]
    assert broke[:4] == [0.0, 0.0, 0.0, 1.0], "at the close, not at the high"
    assert broke[3:] == sorted(broke[3:], reverse=True), "it fades, and the second crossing is no new one"
    assert values["structure_direction"] == [0, 0, 0, 1, 1, 1, 1]
    assert not any(values["change_of_character"])


def test_a_break_against_the_direction_changes_the_character(concepts: Concepts) -> None:
    above, below = (104.0, 104.5, 103.5, 104.0), (96.0, 96.5, 95.5, 96.0)
    values = concepts([PEAK, FLAT, FLAT, above, FLAT, TROUGH, FLAT, FLAT, below, below])
    assert values["change_of_character"][:8] == [0.0] * 8
    assert values["change_of_character"][8] == -1.0
    assert values["structure_direction"][7:] == [1, -1, -1]
    assert values["break_of_structure"][8] > 0, "the break before it still fades"


def test_a_sweep_takes_the_swing_and_closes_back(concepts: Concepts) -> None:
    wick = (100.0, 103.5, 99.5, 100.0)
    values = concepts([PEAK, FLAT, FLAT, wick])
    assert values["liquidity_sweep"] == [0.0, 0.0, 0.0, -1.0]
    assert not any(values["break_of_structure"])
    under = (100.0, 100.5, 96.0, 100.0)
    assert concepts([TROUGH, FLAT, FLAT, under])["liquidity_sweep"][-1] == 1.0


def test_an_order_block_stands_from_the_break_until_a_close_goes_through(concepts: Concepts) -> None:
    against = (100.0, 100.5, 99.0, 99.5)  # the last falling candle: the zone is 99.0 to 100.5
    above = (104.0, 104.5, 103.5, 104.0)
    inside, under = (100.0, 100.4, 99.4, 100.0), (98.0, 98.5, 97.5, 98.0)
    values = concepts([PEAK, FLAT, against, above, inside, under, inside])
    block = values["order_block_bullish"]
    assert block == pytest.approx([0, 0, 0, 1 / (1 + 3.5), 1.0, 0.0, 0.0])
    assert not any(values["order_block_bearish"])


def test_a_fair_value_gap_stands_until_it_is_filled(concepts: Concepts) -> None:
    leap, beyond = (100.0, 103.0, 100.0, 103.0), (103.0, 104.0, 102.0, 103.0)
    back, filled = (102.0, 102.5, 101.0, 101.5), (101.0, 101.5, 100.4, 101.0)
    values = concepts([FLAT, leap, beyond, back, filled])  # the gap is 100.5 to 102.0
    assert values["fair_value_gap_bullish"] == pytest.approx([0.0, 0.0, 0.5, 1.0, 0.0])


def test_upside_down_the_signs_change(concepts: Concepts) -> None:
    random = np.random.default_rng(5)
    closes = 100 + np.cumsum(random.normal(0, 1, 60))
    opens = np.concatenate([[100.0], closes[:-1]])
    highs = np.maximum(opens, closes) + random.random(60)
    lows = np.minimum(opens, closes) - random.random(60)
    bars = list(zip(opens.tolist(), highs.tolist(), lows.tolist(), closes.tolist(), strict=True))
    here = concepts(bars)
    there = concepts([(200 - o, 200 - low, 200 - h, 200 - c) for o, h, low, c in bars])
    for name in ("structure_direction", "break_of_structure", "change_of_character", "liquidity_sweep"):
        assert any(here[name]), name
        assert there[name] == pytest.approx([-value for value in here[name]])
    for one, other in (
        ("swing_high_distance", "swing_low_distance"),
        ("order_block_bullish", "order_block_bearish"),
        ("fair_value_gap_bullish", "fair_value_gap_bearish"),
    ):
        assert any(here[one]), one
        assert there[other] == pytest.approx(here[one])


def test_every_concept_is_the_same_from_its_look_back_alone() -> None:
    """At every candle, not at a few: events are rare, and the rare one is what forgets wrongly."""
    for seed in (1, 2):
        universe = synthetic_universe(seed=seed, symbols=3, candles=200, edge=0.3)
        whole = market_features(universe)
        for at in range(LOOK_BACK - 1, 200):
            alone = market_features(universe.part(at - LOOK_BACK + 1, at + 1, score_from=1))[:, -1]
            assert alone.tobytes() == whole[:, at].tobytes(), at


def test_a_swing_at_its_own_candle_would_be_a_leak(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is usual in packages of these concepts, a swing two candles before it is known, is found."""
    honest = smart_money._swing_level

    def centred(high: Array) -> tuple[Array, np.ndarray]:
        early = np.concatenate([high[:, 2:], high[:, -1:], high[:, -1:]], axis=1)
        return honest(early)

    universe = synthetic_universe(seed=3, symbols=2, candles=120, edge=0.3)
    monkeypatch.setattr(smart_money, "_swing_level", centred)
    whole = market_features(universe)
    cut = [
        market_features(universe.part(0, at + 1, score_from=LOOK_BACK))[:, at] for at in range(LOOK_BACK, 119)
    ]
    assert any(values.tobytes() != whole[:, LOOK_BACK + n].tobytes() for n, values in enumerate(cut))
