"""The pipeline from files to decision: what is judged is what the report names."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from core.backtest.baselines import load_baselines
from core.errors import CancelledError, RejectedError, UnreadableError, UsageError
from core.files import sha256_file
from core.market.synthetic import synthetic_universe, write_universe
from core.market.universe import data_hash
from core.revalidation.pipeline import Progress, RevalidationRequest, revalidate
from core.revalidation.result import RevalidationResult
from core.trading.actions import HOLD
from core.trading.observation import OBSERVATION_NAMES

RequestFor = Callable[..., RevalidationRequest]
MakeModel = Callable[..., Path]


def run(request: RevalidationRequest) -> RevalidationResult:
    return revalidate(request, lambda _: None, lambda: False)


def same(result: RevalidationResult) -> RevalidationResult:
    """Without what differs from run to run: paths, time taken, and the decision before it."""
    return msgspec.structs.replace(result, reports=(), seconds=0.0, previous=None)


def test_five_steps_in_order_with_a_counter_that_reaches_its_total(request_for: RequestFor) -> None:
    seen: list[Progress] = []
    result = revalidate(request_for(), seen.append, lambda: False)
    steps = [progress.step for progress in seen]
    assert steps == sorted(steps) and set(steps) == {1, 2, 3, 4, 5}
    for step in (3, 4):
        counted = [progress for progress in seen if progress.step == step and progress.total]
        assert counted[-1].done == counted[-1].total
        assert [p.done for p in counted] == sorted(p.done for p in counted)
    assert result.gates_passed == sum(gate.status == "PASS" for gate in result.gates)


def test_the_report_holds_what_it_must(request_for: RequestFor, market: Path, model: Path) -> None:
    request = request_for()
    result = run(request)
    assert result.hashes.model == sha256_file(model)
    assert result.hashes.data == data_hash(market)
    assert result.hashes.config == "c" * 64 and result.audit_head == "a" * 64
    assert result.hashes.normalisation == sha256_file(model.with_name("best_model.normalisation.json"))
    assert result.model["role"] == "best"
    assert result.data["symbols"] == 3 and result.data["episodes"] == 1
    assert set(result.baselines) == {"random", "buy_and_hold"}
    assert result.gates[0].baseline == result.baselines["random"]["sharpe_ratio"]
    assert result.whole_period is not None and result.curve is not None
    assert [row.symbol for row in result.symbols] == ["SYN01", "SYN02", "SYN03"]
    assert sum(row.trades for row in result.symbols) == result.metrics["trades"]
    assert {"python", "numpy", "torch", "code"} <= set(result.versions)
    assert any("synthetic" in warning for warning in result.warnings)
    assert any("1 of 10 episodes judged" in warning for warning in result.warnings)
    assert request.reports_dir is not None
    saved = json.loads((request.reports_dir / "revalidation_result.json").read_text())
    assert saved["gates_passed"] == result.gates_passed
    assert load_baselines(request.reports_dir, data_hash(market)) == result.baselines


def test_the_same_inputs_give_the_same_numbers(request_for: RequestFor) -> None:
    assert same(run(request_for())) == same(run(request_for()))


def test_another_seed_changes_the_random_baseline_alone(request_for: RequestFor) -> None:
    plain = request_for()
    seeded = msgspec.structs.replace(
        plain.settings, revalidation=msgspec.structs.replace(plain.settings.revalidation, seed=9)
    )
    a, b = run(plain), run(request_for(settings=seeded))
    assert a.metrics == b.metrics
    assert a.baselines["random"] != b.baselines["random"]
    assert a.baselines["buy_and_hold"] == b.baselines["buy_and_hold"]


def test_a_model_that_never_trades_passes_nothing(
    request_for: RequestFor, make_model: MakeModel, tmp_path: Path
) -> None:
    bias = tuple(100.0 if action == HOLD else 0.0 for action in range(5))
    result = run(request_for(model_path=make_model(tmp_path / "idle", head_bias=bias)))
    assert result.gates_passed == 0 and result.decision == "NO-GO"
    assert {gate.status for gate in result.gates} == {"NOT_EVALUABLE"}
    assert result.metrics["trades"] == 0


def test_no_report_when_none_was_asked_for(request_for: RequestFor) -> None:
    request = request_for(save_report=False)
    assert run(request).reports == ()
    assert request.reports_dir is not None and not request.reports_dir.exists()


def test_a_missing_model_is_usage(request_for: RequestFor, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no model at"):
        run(request_for(model_path=tmp_path / "best_model"))


def test_missing_or_empty_data_is_usage(request_for: RequestFor, tmp_path: Path) -> None:
    for folder in (tmp_path / "none", tmp_path):
        with pytest.raises(UsageError):
            run(request_for(data_dir=folder))


def test_a_model_that_does_not_match_its_manifest_is_rejected(
    request_for: RequestFor, model: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "tampered"
    shutil.copytree(model.parent, folder)
    statistics = folder / "best_model.normalisation.json"
    statistics.write_text(statistics.read_text().replace("1.0", "1.5", 1))
    with pytest.raises(RejectedError):
        run(request_for(model_path=folder / "best_model.zip"))


def test_a_model_of_other_features_is_unreadable(
    request_for: RequestFor, make_model: MakeModel, tmp_path: Path
) -> None:
    other = make_model(tmp_path / "other", names=(*OBSERVATION_NAMES[:-1], "moon_phase"))
    with pytest.raises(UnreadableError, match="moon_phase"):
        run(request_for(model_path=other))


def test_training_candles_are_no_test(
    request_for: RequestFor, make_model: MakeModel, market: Path, tmp_path: Path
) -> None:
    cheat = make_model(tmp_path / "cheat", data_hash=data_hash(market))
    with pytest.raises(RejectedError, match="trained on the very candles"):
        run(request_for(model_path=cheat))


def test_a_test_set_judged_too_often_is_no_longer_one(request_for: RequestFor) -> None:
    assert any("no longer a test" in warning for warning in run(request_for(judged_before=3)).warnings)


def test_a_model_named_without_its_ending_whose_run_has_a_hostile_name(
    request_for: RequestFor, make_model: MakeModel, tmp_path: Path
) -> None:
    """It is found, its names are printable, and a test set judged twice before is still one."""
    model = make_model(tmp_path / "m", run_id="\x1b]0;owned\x07[/red]")
    result = run(request_for(model_path=model.with_suffix(""), judged_before=2))
    assert result.hashes.model == sha256_file(model)
    assert "\x1b" not in msgspec.json.decode(msgspec.json.encode(result))["model"]["run"]
    assert not any("no longer a test" in warning for warning in result.warnings)


@pytest.mark.parametrize("step", [1, 2, 3, 4, 5])
def test_cancelling_at_any_step_writes_nothing(request_for: RequestFor, step: int) -> None:
    request = request_for()
    reached = 0

    def on_progress(progress: Progress) -> None:
        nonlocal reached
        reached = progress.step

    with pytest.raises(CancelledError):
        revalidate(request, on_progress, lambda: reached >= step - 1)
    assert request.reports_dir is not None and not request.reports_dir.exists()


def test_more_data_make_more_episodes(request_for: RequestFor, tmp_path: Path) -> None:
    write_universe(synthetic_universe(seed=1, symbols=1, candles=1700, edge=0.0), tmp_path / "long")
    result = run(request_for(data_dir=tmp_path / "long", episodes=3))
    assert result.data["episodes"] == 3
    assert result.metrics["unique_candles"] == 1500
    assert not any("episodes judged" in warning for warning in result.warnings)
