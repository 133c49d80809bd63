"""Strong or weak, with the reason; and the evidence of a whole revalidation."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from console.cli.decision import decision_code
from core.backtest.summary import Summary
from core.config.settings import Settings
from core.errors import CancelledError
from core.revalidation.decision import decision_text
from core.revalidation.evidence.assess import assess_sample, weakness
from core.revalidation.evidence.trials import UNKNOWN, Trials, find_trials
from core.revalidation.pipeline import Progress, RevalidationRequest, revalidate
from core.revalidation.result import Evidence, RevalidationResult
from core.revalidation.text import evidence_details, evidence_line

RequestFor = Callable[..., RevalidationRequest]

STRONG = Evidence(psr=0.97, placebo_p=0.05, strength="strong")


def test_strong_needs_psr_placebo_and_trades() -> None:
    assert weakness(STRONG, 100, 100) == ()
    for changes, trades, words in (
        ({"psr": 0.9499}, 100, "PSR 0.9499, needs 0.95"),
        ({"placebo_p": 0.055}, 100, "placebo p 0.055, needs 0.05 or less"),
        ({}, 99, "99 closed trades, needs 100"),
        ({"psr": None}, 100, "no PSR"),
        ({"placebo_p": None}, 100, "no placebo test"),
    ):
        assert weakness(msgspec.structs.replace(STRONG, **changes), trades, 100) == (words,)


def test_evidence_is_weak_until_something_says_otherwise() -> None:
    assert Evidence().strength == "weak"
    assert len(weakness(Evidence(), 0, 100)) == 3


@pytest.mark.parametrize(("strength", "code"), [("strong", 0), ("weak", 10)])
def test_a_go_on_weak_evidence_asks_for_attention(
    make_result: Callable[..., RevalidationResult], strength: str, code: int
) -> None:
    evidence = msgspec.structs.replace(STRONG, strength=strength)
    result = make_result(evidence=evidence)
    assert result.decision == "GO" and decision_code(result) == code
    assert decision_text("GO", evidence) == ("GO" if code == 0 else "GO (weak evidence)")


def test_a_revalidation_has_all_its_evidence(request_for: RequestFor) -> None:
    seen: list[Progress] = []
    result = revalidate(request_for(), seen.append, lambda: False)
    evidence = result.evidence
    assert evidence.psr is not None and 0 <= evidence.psr <= 1
    assert evidence.placebo_p == max(evidence.placebo_sharpe_p or 0, evidence.placebo_factor_p or 0)
    assert evidence.placebo_shifts == 199 and evidence.draws == 2000
    assert set(evidence.pass_probability or {}) == {"4", "5", "6"}
    assert evidence.strength == "weak" and "PSR" in evidence.note
    assert evidence.trials is None and evidence.dsr is None
    assert evidence.not_computed == ("DSR: the number of trials is not known",)
    for gate in result.gates:
        assert gate.interval_90 is not None and gate.value is not None, gate.name
        low, high = gate.interval_90
        assert low <= high
    sharpe = result.gates[0]
    assert sharpe.interval_90 is not None and sharpe.value is not None
    assert sharpe.interval_90[0] < sharpe.value < sharpe.interval_90[1]
    assert result.twice_the_cost is not None
    assert float(result.twice_the_cost["total_return_pct"] or 0) < float(
        result.metrics["total_return_pct"] or 0
    )
    assert result.twice_the_cost["trades"] is not None

    folder = request_for().reports_dir
    assert folder is not None
    saved = json.loads((folder / "revalidation_result.json").read_text())
    for key in ("psr", "dsr", "trials", "placebo_p", "pass_probability", "strength"):
        assert key in saved["evidence"]
    assert saved["gates"][0]["interval_90"] == list(sharpe.interval_90)
    text = (folder / "revalidation_result.md").read_text()
    for words in (
        "## Evidence",
        "199 shifts",
        "2,000 resampled histories",
        "twice the cost",
        "test set: judged",
    ):
        assert words in text, words
    csv = (folder / "2026-02-27_metrics.csv").read_text().splitlines()[1].split(",")
    assert csv[6:8] == [str(edge) for edge in sharpe.interval_90]


def test_a_model_that_never_trades_has_no_evidence(
    request_for: RequestFor, make_model: Callable[..., Path], tmp_path: Path
) -> None:
    bias = (100.0, 0.0, 0.0, 0.0, 0.0)
    result = revalidate(
        request_for(model_path=make_model(tmp_path / "idle", head_bias=bias)), lambda _: None, lambda: False
    )
    evidence = result.evidence
    assert evidence.psr is None and evidence.placebo_p is None and evidence.pass_probability is None
    assert evidence.strength == "weak" and evidence.not_computed == ("everything: no trades",)
    assert all(gate.interval_90 is None for gate in result.gates)


def test_the_logged_trials_deflate_the_ratio(request_for: RequestFor, tmp_path: Path) -> None:
    logs = run_folder(tmp_path / "logs", "run-1", (0.5, -1.0, 2.0))
    result = revalidate(request_for(run_folders=(logs,)), lambda _: None, lambda: False)
    evidence = result.evidence
    assert evidence.trials == 3 and evidence.not_computed == ()
    assert evidence.dsr is not None and evidence.psr is not None and evidence.dsr < evidence.psr
    assert evidence.best_by_chance == pytest.approx(1.5 * 0.8496, rel=0.02)
    assert any("among 3 logged trials" in line for line in evidence_details(result))


def run_folder(folder: Path, run_id: str, sharpes: tuple[float | None, ...], counted: int = 0) -> Path:
    """A run's folder with its record and its evaluations."""
    folder.mkdir(parents=True)
    record = {
        "id": run_id,
        "mode": "paper",
        "total_timesteps": 1,
        "seed": 0,
        "hyperparameters": {},
        "started_at": "2026-02-23T14:00:00Z",
        "nonce": "n",
        "lanes": 1,
        "torch_threads": 1,
        "net_arch": [16],
        "trials": counted,
    }
    (folder / "run.json").write_text(json.dumps(record))
    rows = "".join(f"{n},1.0,{'' if s is None else s},5,50,1.1,9\n" for n, s in enumerate(sharpes, 1))
    header = "timestep,mean_reward,sharpe,max_drawdown_pct,win_rate_pct,profit_factor,trades\n"
    (folder / "evaluations.csv").write_text(header + rows)
    return folder


def test_trials_are_the_rows_of_the_model_s_own_run(tmp_path: Path) -> None:
    run_folder(tmp_path / "logs", "another", (1.0,))
    run_folder(tmp_path / "runs" / "b", "mine", (1.0, None, 3.0))
    places = (tmp_path / "logs", tmp_path / "runs", tmp_path / "absent")
    assert find_trials("mine", 2, places) == Trials(3, (1.0, 3.0))
    assert find_trials("another", 0, places) == Trials(1, (1.0,))
    assert find_trials("nobody", 4, places) == Trials(4)
    assert find_trials("nobody", 0, places) == UNKNOWN


def test_a_broken_log_leaves_the_model_s_own_count(tmp_path: Path) -> None:
    tmp_path.joinpath("run.json").write_text("{")
    assert find_trials("mine", 7, (tmp_path,)) == Trials(7)


@pytest.mark.parametrize("calls", [700, 1300, 1800])
def test_evidence_is_cancelled_between_candles(request_for: RequestFor, calls: int) -> None:
    """Three parts of 500 candles each follow the backtest; each looks at every candle."""
    request = request_for()
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += step == 4
        return asked > calls

    step = 0

    def on_progress(progress: Progress) -> None:
        nonlocal step
        step = progress.step

    with pytest.raises(CancelledError):
        revalidate(request, on_progress, cancelled)
    assert request.reports_dir is not None and not request.reports_dir.exists()


def test_without_a_sample_nothing_is_computed(make_summary: Callable[..., Summary]) -> None:
    found = assess_sample(None, make_summary(), Settings(), "12 trades ended outside the equity's time")
    assert found.evidence.not_computed == ("everything: 12 trades ended outside the equity's time",)
    assert found.evidence.strength == "weak" and found.intervals == {}


def test_the_line_tells_what_is_known_and_what_is_not(make_result: Callable[..., RevalidationResult]) -> None:
    line = evidence_line(make_result(evidence=msgspec.structs.replace(STRONG, dsr=None)))
    assert line == "evidence: strong · PSR 0.97 · DSR – · placebo p 0.050 · 200 trades"
    details = evidence_details(make_result(data={"judged_before": 2}))
    assert "not computed: everything: made by hand" in details
    assert "test set: judged 2 times before" in details
    assert "test set: judged for the first time" in evidence_details(make_result(data={"judged_before": 0}))


def test_other_runs_on_the_same_candles_were_tries_too(tmp_path: Path) -> None:
    for name, sharpes, candles in (("mine", (1.0, 2.0), "a"), ("seed2", (3.0,), "a"), ("older", (9.0,), "b")):
        folder = run_folder(tmp_path / name, name, sharpes)
        record = json.loads((folder / "run.json").read_text())
        data = {"folder": "", "hash": candles, "first": "", "last": "", "timeframe": "4h", "candles": 1}
        record["data"] = {**data, "validation_candles": 1}
        (folder / "run.json").write_text(json.dumps(record))
    assert find_trials("mine", 2, (tmp_path,)) == Trials(3, (1.0, 2.0, 3.0), 2)
    assert find_trials("lost", 4, (tmp_path,), "a") == Trials(7, (1.0, 2.0, 3.0), 3)
    assert find_trials("lost", 0, (tmp_path,), "a") == UNKNOWN
