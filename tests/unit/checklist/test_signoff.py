"""Sign-off: by phase, in the right role, on a hash that voids it when another decision follows."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from core.checklist import signoff
from core.checklist.day import run_day_list
from core.checklist.signoff import PHASES, sign, sign_off_table
from core.clock import iso, parse_iso
from core.errors import UnreadableError, UsageError
from core.files import sha256_file
from core.operations.decided import decision_on, newest_decision
from core.revalidation.result import Evidence, Hashes, RevalidationResult
from core.telemetry.model import Run, RunInfo

NOW = parse_iso("2026-02-27T17:10:00Z")


@pytest.fixture
def decide(workspace: Any, store: Any) -> Any:
    """`decide("GO")` leaves a report and its entry, as a revalidation does."""

    def make(decision: Any, at: Any = NOW, model: Any = None) -> Any:
        result = RevalidationResult(
            generated_at=iso(at),
            decision=decision,
            decision_text=decision,
            recommendation={"GO": "Deploy", "PARTIAL-GO": "Tune", "NO-GO": "Retrain"}[decision],  # type: ignore[arg-type]
            policy="manual",
            verdicts={"manual": decision},
            gates_passed=4,
            gates=(),
            metrics={"trades": 100},
            evidence=Evidence(),
            symbols=(),
            hashes=Hashes(),
            model=model or {},
        )
        path = workspace.reports / "revalidation_result.json"
        path.write_bytes(msgspec.json.encode(result))
        store.record("decision", decision, {"sha256": sha256_file(path)}, at)
        return path

    return make


def table(workspace: Any, store: Any) -> dict[str, Any]:
    return {each.phase: each for each in sign_off_table(workspace, store)}


def test_the_five_phases_of_the_document_with_their_responsible(workspace: Any, store: Any) -> None:
    phases = table(workspace, store)
    assert tuple(phases) == PHASES
    assert [each.responsible for each in phases.values()] == ["ML", "ML", "ML", "CTO", "SWE"]
    assert {each.status for each in phases.values()} == {"open"}
    assert all(each.problem for each in phases.values()), "nothing has happened, so nothing can be signed"


def test_a_signature_names_role_name_and_the_hash_of_the_decision(
    workspace: Any, store: Any, decide: Any
) -> None:
    path = decide("GO")
    given = sign(workspace, store, "cto-decision", NOW, name="Carla", role="CTO", note="go ahead")
    assert (given.name, given.role, given.operator) == ("Carla", "CTO", "ana")
    assert given.hash == sha256_file(path)
    entry = store.entries("sign_off")[0]
    assert entry.detail["hash"] == given.hash and entry.detail["what"].startswith("decision GO of")
    assert table(workspace, store)["cto_decision"].status == "signed"


def test_the_wrong_role_signs_nothing(workspace: Any, store: Any, decide: Any) -> None:
    decide("GO")
    with pytest.raises(UsageError, match="needs the role CTO; got ML Engineer"):
        sign(workspace, store, "cto_decision", NOW)
    assert store.entries("sign_off") == []
    assert sign(workspace, store, "revalidation", NOW).role == "ML Engineer"


def test_a_decision_that_came_while_the_signer_read_another_is_not_signed_for_it(
    workspace: Any, store: Any, decide: Any
) -> None:
    decide("NO-GO")
    shown = table(workspace, store)["cto_decision"]
    decide("GO", NOW + timedelta(hours=1))
    with pytest.raises(UsageError, match="by now it is about decision GO"):
        sign(workspace, store, "cto_decision", NOW, role="CTO", shown=shown.hash)
    now = table(workspace, store)["cto_decision"]
    assert sign(workspace, store, "cto_decision", NOW, role="CTO", shown=now.hash).hash == now.hash


def test_of_two_who_sign_at_the_same_moment_one_is_told_of_the_other(
    workspace: Any, store: Any, decide: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other signs after this one has looked and before it records."""
    decide("GO")
    looked = signoff.sign_off_table
    others = [lambda: sign(workspace, store, "cto_decision", NOW, name="Carla", role="CTO")]

    def look(*arguments: Any) -> Any:
        found = looked(*arguments)
        if others:
            others.pop()()
        return found

    monkeypatch.setattr(signoff, "sign_off_table", look)
    with pytest.raises(UsageError, match="approved already, by Carla"):
        sign(workspace, store, "cto_decision", NOW, name="Carlo", role="CTO")
    assert [entry.detail["name"] for entry in store.entries("sign_off")] == ["Carla"]


def test_a_signature_waits_for_no_quiet_moment_without_end(
    workspace: Any, store: Any, decide: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide("GO")
    monkeypatch.setattr(type(store), "record_after", lambda *_: None)
    with pytest.raises(UnreadableError, match="cto_decision was not signed"):
        sign(workspace, store, "cto_decision", NOW, role="CTO")


def test_another_decision_voids_the_signature(workspace: Any, store: Any, decide: Any) -> None:
    decide("PARTIAL-GO")
    sign(workspace, store, "cto_decision", NOW, role="CTO")
    decide("GO", NOW + timedelta(hours=1))
    phase = table(workspace, store)["cto_decision"]
    assert phase.status == "open"
    assert "another report: decision PARTIAL-GO" in phase.signature.void
    with pytest.raises(UsageError, match="the CTO has not approved this decision"):
        sign(workspace, store, "live_deployment", NOW, role="SWE")


def test_deployment_needs_the_ctos_approval_and_never_follows_a_no_go(
    workspace: Any, store: Any, decide: Any
) -> None:
    decide("GO")
    sign(workspace, store, "cto_decision", NOW, role="CTO", verdict="rejected", note="not yet")
    assert table(workspace, store)["cto_decision"].status == "rejected"
    with pytest.raises(UsageError, match="the CTO has not approved"):
        sign(workspace, store, "live_deployment", NOW, role="SWE")
    sign(workspace, store, "cto_decision", NOW, role="CTO", note="now it is")
    assert sign(workspace, store, "live_deployment", NOW, role="SWE").verdict == "approved"
    decide("NO-GO", NOW + timedelta(hours=1))
    assert table(workspace, store)["live_deployment"].status == "not_applicable"
    with pytest.raises(UsageError, match="NO-GO"):
        sign(workspace, store, "live_deployment", NOW, role="SWE")


def test_a_report_that_is_not_the_recorded_one_cannot_be_signed(
    workspace: Any, store: Any, decide: Any
) -> None:
    path = decide("GO")
    path.write_bytes(path.read_bytes().replace(b'"gates_passed":4', b'"gates_passed":6'))
    assert not newest_decision(workspace, store).good
    with pytest.raises(UsageError, match="not the one that the newest decision"):
        sign(workspace, store, "cto_decision", NOW, role="CTO")


def test_a_rejection_and_an_unready_preflight_need_a_note(workspace: Any, store: Any, decide: Any) -> None:
    decide("GO")
    with pytest.raises(UsageError, match="a rejection needs a note"):
        sign(workspace, store, "cto_decision", NOW, role="CTO", verdict="rejected")
    store.settle("preflight", "FIX", {}, {}, NOW)
    with pytest.raises(UsageError, match="signed with a note only"):
        sign(workspace, store, "pre_training", NOW)
    assert sign(workspace, store, "pre_training", NOW, note="SMC comes later").hash
    with pytest.raises(UsageError, match="approved already"):
        sign(workspace, store, "pre_training", NOW, note="again")


def test_a_fresh_run_voids_what_was_signed_for_the_earlier_one(workspace: Any, store: Any) -> None:
    store.settle("preflight", "READY", {}, {}, NOW)
    sign(workspace, store, "pre_training", NOW)
    store.record("training_start", "1", {}, NOW)
    sign(workspace, store, "daily_monitoring", NOW)
    assert table(workspace, store)["pre_training"].status == "signed"
    store.record("training_start", "2", {"resume": True}, NOW)
    assert table(workspace, store)["daily_monitoring"].status == "signed"
    store.record("training_start", "none", {}, NOW)
    store.record("training_failed", "none", {"failed": "the disk is full"}, NOW)
    assert table(workspace, store)["daily_monitoring"].status == "signed", "nothing was started"
    store.record("training_start", "3", {}, NOW)
    assert {table(workspace, store)[name].status for name in PHASES[:2]} == {"open"}


def test_the_sign_off_list_shows_the_table(workspace: Any, store: Any, decide: Any) -> None:
    decide("GO")
    sign(workspace, store, "cto_decision", NOW, name="Carla", role="CTO")
    result = run_day_list("sign_off", workspace, store, None, NOW)
    states = {item.key: item.state for item in result.items}
    assert states["sign_off.cto_decision"] == "pass"
    assert states["sign_off.revalidation"] == "pending"
    assert next(item for item in result.items if item.state == "pass").value == "approved by Carla (CTO)"


def test_outputs_and_escalation_belong_to_this_runs_decision(workspace: Any, store: Any, decide: Any) -> None:
    def states(name: str, started: Any = None) -> dict[str, str]:
        result = run_day_list(name, workspace, store, None, NOW, started_at=started)
        return {item.key.split(".")[1]: item.state for item in result.items}

    assert set(states("outputs").values()) == {"pending"}
    decide("GO")
    (workspace.reports / "revalidation_result.md").write_text("# report")
    assert states("outputs") == {
        "result_json": "pass",
        "result_md": "pass",
        "decision": "pass",
        "decision_json": "fail",
        "metrics_csv": "fail",
    }
    day_before = (NOW - timedelta(days=1)).timestamp()
    os.utime(workspace.reports / "revalidation_result.md", (day_before, day_before))
    assert states("outputs")["result_md"] == "fail", "left there by an earlier decision"
    (workspace.reports / "revalidation_result.md").write_text("# report")
    assert states("escalation")["training_summary"] == "fail"
    assert states("escalation")["recommendation"] == "pending", "there, and a person hands it over"
    assert set(states("revalidation", NOW + timedelta(days=1)).values()) == {"pending"}, "an earlier run's"
    assert states("revalidation", NOW - timedelta(days=1))["report"] == "pass"


def test_a_decision_on_another_runs_model_is_not_this_runs(workspace: Any, store: Any, decide: Any) -> None:
    """As `ppo-console revalidate --model-path` leaves it while this run trains, or after it."""

    def judged(run_id: str, **model: str) -> Any:
        decide("GO", model=model)
        run = Run(RunInfo(run_id, workspace.logs, started_at=NOW - timedelta(days=1)))
        made = decision_on(workspace, run, NOW)
        shown = run_day_list(
            "revalidation", workspace, store, None, NOW, started_at=run.info.started_at, run_id=run_id
        )
        report = next(item for item in shown.items if item.key.endswith(".report"))
        return report.state, made is not None, report.message

    assert judged("mine", run="mine", role="best_model")[:2] == ("pass", True)
    assert judged("mine", run="not known", role="foreign")[:2] == ("pass", True)
    state, made, words = judged("mine", run="theirs", role="final_model")
    assert (state, made) == ("pending", False) and words.endswith("is on a model of run theirs")


def test_a_decision_on_another_run_signs_nothing_of_this_one(workspace: Any, store: Any, decide: Any) -> None:
    def run_is(run_id: str, started: Any) -> None:
        workspace.logs.mkdir(parents=True, exist_ok=True)
        record = {"id": run_id, "started_at": iso(started)}
        (workspace.logs / "run.json").write_bytes(msgspec.json.encode(record))

    before = NOW - timedelta(days=1)
    decide("GO", model={"run": "theirs", "role": "final_model"})
    run_is("mine", before)
    with pytest.raises(UsageError, match="is on a model of run theirs"):
        sign(workspace, store, "cto_decision", NOW, role="CTO")
    run_is("theirs", before)
    given = sign(workspace, store, "cto_decision", NOW, role="CTO")
    assert given.what.endswith("Z on final_model"), "which model was judged is named"
    assert table(workspace, store)["cto_decision"].status == "signed"
    run_is("theirs", NOW + timedelta(days=1))
    phase = table(workspace, store)["cto_decision"]
    assert phase.status == "open" and phase.signature.void.endswith("is older than the run")
    with pytest.raises(UsageError, match="older than the run"):
        sign(workspace, store, "live_deployment", NOW, role="SWE")
