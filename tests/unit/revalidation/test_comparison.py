"""Models side by side: the gates of each as a revalidation has them, and every look counted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from console.revalidation import judged_before, record_comparison
from core.config.settings import Settings
from core.errors import CancelledError, RejectedError, UsageError
from core.market.universe import data_hash, load_universe
from core.revalidation.comparison import Comparison, ComparisonRequest, compare_models, comparison_table

NOW = datetime(2026, 2, 27, tzinfo=UTC)
SETTINGS = Settings()


@pytest.fixture
def compare(market: Path) -> Callable[..., Comparison]:
    def run(*models: Path, settings: Settings = SETTINGS, cancelled: bool = False) -> Comparison:
        universe = load_universe(market, data=settings.data, now=NOW)
        request = ComparisonRequest(models, market, settings, episodes=10, judged_before=2)
        return compare_models(
            request, universe, data_hash(market), lambda done, total: None, lambda: cancelled
        )

    return run


def test_each_model_has_its_gates_in_the_order_given(
    compare: Callable[..., Comparison], model: Path, make_model: Callable[..., Path], tmp_path: Path
) -> None:
    idle = make_model(tmp_path / "idle", head_bias=(9.0, 0.0, 0.0, 0.0, 0.0), scale=0.1)
    found = compare(idle, model)
    assert [one.metrics["trades"] == 0 for one in found.models] == [True, False]
    assert found.models[0].gates_passed == 0
    assert found.models[0].verdicts == {"manual": "NO-GO", "checklist": "NO-GO"}
    assert (found.episodes, found.candles, found.tasks) == (1, 500, 1)
    text = comparison_table(found)
    assert text.splitlines()[1].startswith(str(idle)[:20])
    assert "with these 2 models the candles have been looked at 4 times" in text
    assert "–" in text.splitlines()[1]


def test_every_model_compared_counts_as_a_judgement(
    compare: Callable[..., Comparison], model: Path, market: Path
) -> None:
    class Kept:
        """What a store does with entries."""

        def __init__(self) -> None:
            self.kept: list[Any] = []

        def record(self, kind: str, subject: str, detail: dict[str, Any], now: datetime) -> None:
            self.kept.append(msgspec.defstruct("Entry", [("kind", str), ("detail", dict)])(kind, detail))

        def entries(self, kind: str) -> list[Any]:
            return [entry for entry in self.kept if entry.kind == kind]

    store: Any = Kept()
    store.record("decision", "NO-GO", {"data": data_hash(market)}, NOW)
    record_comparison(store, compare(model, model), NOW)
    assert judged_before(store, data_hash(market)) == 3
    assert judged_before(store, "other") == 0


def test_what_cannot_be_compared_is_refused(
    compare: Callable[..., Comparison],
    model: Path,
    make_model: Callable[..., Path],
    market: Path,
    tmp_path: Path,
) -> None:
    seen = make_model(tmp_path / "seen", data_hash=data_hash(market))
    with pytest.raises(RejectedError, match="was trained on the very candles"):
        compare(model, seen)
    own = msgspec.structs.replace(SETTINGS.revalidation, environment="their.env:Env")
    with pytest.raises(UsageError, match="expected an empty revalidation"):
        compare(model, settings=msgspec.structs.replace(SETTINGS, revalidation=own))
    with pytest.raises(CancelledError):
        compare(model, cancelled=True)
