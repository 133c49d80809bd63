"""The standup: the document's template, filled from facts, stored and written."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from core.errors import UnreadableError
from core.operations.facts import gather
from core.operations.progress_check import progress_check
from core.operations.standup import Standup, build_standup, save_standup
from core.operations.standup_entries import confidence_entry, tuning
from core.revalidation.result import RevalidationResult
from core.runbook.escalation import PATHS
from core.telemetry.model import Run, RunInfo
from core.training.evaluation_rows import Evaluation, read_evaluations

START = datetime.fromisoformat("2026-02-23T14:00:00+00:00")
NOW = START + timedelta(hours=20)  # the 24th, 10:00


def test_the_documents_layout_filled(
    workspace: Any, make_run: Any, make_health: Any, write_evaluations: Any
) -> None:
    write_evaluations((100_000, 1.2, 9.0, 51.0, 1.7, 60))
    text = build_standup(workspace, make_run(), make_health(), (), NOW).text()
    assert text.splitlines() == [
        "DATE: 2026-02-24",
        "TIME: 10:00 UTC",
        "RESPONSIBLE: ML Engineer",
        "",
        "YESTERDAYS PROGRESS:",
        "- Training status: 122.9k / 500k timesteps (24.6%), RUNNING, +122.9k in 24 h ✅",
        "- Reward trend: positive (INCREASING, last 31.0000) ✅",
        "- KL divergence: 0.0080, < 0.05 (median 0.0080) ✅",
        "- Last checkpoint: ppo_100000_steps.zip (age: 3.7 hours) ✅",
        "- Issues: None",
        "",
        "TODAYS PLAN:",
        "- Continue training (target: 147.5k more steps)",
        "- Monitor convergence every 4 hours",
        "- Any tuning needed? No",
        "",
        "BLOCKERS:",
        "- None",
        "",
        "CONFIDENCE LEVEL:",
        "- On track for 5-6/6 gates: ⚠️ Medium (4 of 6 gates passed, validation at step 100k; "
        "not evaluated there: consecutive losses, Calmar; "
        "on an unknown number of candles of the 500 a gate needs)",
    ]


def test_without_data_it_says_what_is_missing(workspace: Any, make_health: Any) -> None:
    """Nothing is invented: no number stands where none is known."""
    run = Run(RunInfo(id="", directory=workspace.logs))
    health = make_health("ABSENT", "No run was found.", steps_per_second=None)
    standup = build_standup(workspace, run, health, (), NOW)
    text = standup.text()
    assert "- Training status: no timestep known (ABSENT) ❔" in text
    assert "- Reward trend: unknown" in text
    assert "- KL divergence: unknown" in text
    assert "- Issues: unknown ❔" in text
    assert "- training is ABSENT: No run was found." in text
    assert "❔ unknown: no evaluation on the validation slice yet" in text
    missing = " ".join(standup.missing)
    for name in (
        "training status",
        "reward trend",
        "KL divergence",
        "last checkpoint",
        "issues",
        "confidence",
    ):
        assert name in missing
    assert "NOT KNOWN:" in text


@pytest.mark.parametrize(
    ("slope", "words"), [(0.001, "positive ✅"), (0.0, "flat ⚠️"), (-0.001, "negative ❌")]
)
def test_reward_words(workspace: Any, make_run: Any, make_health: Any, slope: float, words: str) -> None:
    run = make_run(reward=lambda row: slope * 2048 * row)
    entry = build_standup(workspace, run, make_health(), (), NOW).reward
    word, glyph = words.split()
    assert str(entry).startswith(word)
    assert str(entry).endswith(glyph)


@pytest.mark.parametrize(
    ("kl", "glyph", "words"), [(0.02, "✅", "< 0.05"), (0.07, "⚠️", "0.05-0.1"), (0.3, "❌", "> 0.1")]
)
def test_kl_classes(
    workspace: Any, make_run: Any, make_health: Any, kl: float, glyph: str, words: str
) -> None:
    entry = build_standup(workspace, make_run(kl=lambda _: kl), make_health(), (), NOW).kl
    assert words in entry.text
    assert str(entry).endswith(glyph)


def test_the_target_is_pace_until_tomorrow_at_most_what_is_left(
    workspace: Any, make_run: Any, make_health: Any
) -> None:
    run = make_run()
    quick = build_standup(workspace, run, make_health(steps_per_second=2000.0), (), NOW)
    assert quick.plan.text == "Continue training (target: 377.1k more steps, to the end)"
    blind = build_standup(workspace, run, make_health(steps_per_second=None), (), NOW)
    assert "unknown" in blind.plan.text
    done = build_standup(workspace, run, make_health("FINISHED"), (), NOW)
    assert done.plan.text == "Training is complete: prepare the revalidation"
    crashed = build_standup(workspace, run, make_health("CRASHED", "Process 4711 is gone."), (), NOW)
    assert crashed.blockers == ("training is CRASHED: Process 4711 is gone.",)
    assert "find the cause" in crashed.plan.text


def test_after_a_crash_or_a_stop_there_is_nothing_to_monitor_and_the_runbook_rules(
    workspace: Any, make_run: Any, make_health: Any
) -> None:
    def said(status: Any) -> str:
        monitoring: str = build_standup(workspace, make_run(), make_health(status), (), NOW).monitoring
        return monitoring

    assert said("RUNNING") == said("STALLED") == "Monitor convergence every 4 hours"
    assert said("STOPPED") == "Nothing to monitor while the training is STOPPED"
    path = PATHS["crash"]
    assert path.rule.removesuffix(".").lower() in said("CRASHED") and path.people[-1] in said("CRASHED")


def test_issues_and_tuning_come_from_alerts_and_tables(
    workspace: Any, make_run: Any, make_health: Any, make_alert: Any
) -> None:
    run = make_run(kl=lambda _: 0.3)
    text = build_standup(workspace, run, make_health(), (make_alert("kl_spike"),), NOW).text()
    assert "- Issues: ⚠️ kl_spike: approx_kl 0.12 > 0.1" in text
    assert "- Any tuning needed? Yes (KL 0.3 > 0.1: reduce the learning rate, check the data)" in text


def test_a_decision_that_asks_for_tuning_or_retraining_is_tuning_needed(
    workspace: Any, make_run: Any, make_health: Any
) -> None:
    facts = gather(workspace, make_run(), make_health("FINISHED"), (), NOW, NOW)
    judged = {"NO-GO": "Retrain", "PARTIAL-GO": "Tune", "GO": "Deploy"}
    found = {
        decision: tuning(
            facts,
            workspace.settings.checks,
            cast(RevalidationResult, SimpleNamespace(decision=decision, recommendation=follows)),
        )
        for decision, follows in judged.items()
    }
    assert found == {"NO-GO": "judged NO-GO: Retrain", "PARTIAL-GO": "judged PARTIAL-GO: Tune", "GO": ""}


@pytest.mark.parametrize(
    ("evaluation", "word"),
    [
        (None, "unknown"),
        (
            Evaluation(
                1000, sharpe=2.0, max_drawdown_pct=5.0, win_rate_pct=60.0, profit_factor=2.0, trades=29
            ),
            "unknown",
        ),
        (
            Evaluation(
                1000, sharpe=2.0, max_drawdown_pct=5.0, win_rate_pct=60.0, profit_factor=2.0, trades=30
            ),
            "Medium",
        ),
        (
            Evaluation(
                1000, sharpe=0.9, max_drawdown_pct=5.0, win_rate_pct=60.0, profit_factor=2.0, trades=30
            ),
            "Medium",
        ),
        (
            Evaluation(
                1000, sharpe=0.9, max_drawdown_pct=16.0, win_rate_pct=60.0, profit_factor=2.0, trades=30
            ),
            "Low",
        ),
        (
            Evaluation(
                1000, sharpe=None, max_drawdown_pct=5.0, win_rate_pct=60.0, profit_factor=None, trades=90
            ),
            "Low",
        ),
        (Evaluation(1000, sharpe=2.0, max_drawdown_pct=5.0, win_rate_pct=60.0, profit_factor=2.0), "unknown"),
    ],
)
def test_confidence_comes_from_the_validation_slice(
    workspace: Any, evaluation: Evaluation | None, word: str
) -> None:
    entry = confidence_entry(evaluation, 500, workspace.settings)
    assert entry.text.startswith(word)
    assert (entry.mark == "unknown") == (word == "unknown")


@pytest.mark.parametrize("candles", [None, 499])
def test_confidence_on_few_candles_is_never_high(workspace: Any, candles: int | None) -> None:
    evaluation = Evaluation(
        1000,
        sharpe=7.0,
        max_drawdown_pct=1.0,
        win_rate_pct=60.0,
        profit_factor=2.0,
        trades=36,
        consecutive_losses=3.0,
        calmar_ratio=9.0,
    )
    entry = confidence_entry(evaluation, candles, workspace.settings)
    assert entry.text.startswith("Medium (6 of 6 gates passed")
    assert "of the 500 a gate needs" in entry.text


@pytest.mark.parametrize(
    ("losses", "calmar", "words"),
    [
        ("5.0", "2.0", "High (6 of 6 gates passed"),
        ("5.5", "2.0", "Medium (5 of 6 gates passed, validation at step 100k; missed: consecutive losses)"),
        (
            "5.5",
            "1.9",
            "Low (4 of 6 gates passed, validation at step 100k; missed: consecutive losses, Calmar)",
        ),
        ("3.0", "", "High (5 of 6 gates passed, validation at step 100k; not evaluated there: Calmar)"),
    ],
)
def test_confidence_counts_all_six_gates_where_the_evaluation_has_them(
    workspace: Any, losses: str, calmar: str, words: str
) -> None:
    (workspace.logs / "evaluations.csv").write_text(
        "timestep,mean_reward,sharpe,max_drawdown_pct,win_rate_pct,profit_factor,trades,"
        f"consecutive_losses,calmar_ratio\n100000,1.0,1.2,9.0,51.0,1.7,60,{losses},{calmar}\n"
    )
    (evaluation,), _ = read_evaluations(workspace.logs)
    assert confidence_entry(evaluation, 500, workspace.settings).text.startswith(words)


def test_it_is_written_and_recorded(workspace: Any, store: Any, make_run: Any, make_health: Any) -> None:
    standup = build_standup(workspace, make_run(), make_health(), (), NOW)
    standup = msgspec.structs.replace(standup, note="disk swap at noon", operator="ana")
    path = save_standup(workspace, store, standup, NOW)
    assert path == workspace.root / "reports" / "standups" / "2026-02-24.md"
    written = path.read_text(encoding="utf-8")
    assert written == standup.markdown()
    assert "disk swap at noon" in written
    (entry,) = store.entries("standup")
    assert (entry.subject, entry.operator) == ("2026-02-24", "ana")
    assert entry.detail["file"] == "reports/standups/2026-02-24.md"
    assert entry.detail["sha256"] == hashlib.sha256(written.encode()).hexdigest()
    assert entry.detail["standup"]["note"] == "disk swap at noon"


def test_a_second_standup_replaces_the_file_and_keeps_both_records(
    workspace: Any, store: Any, make_run: Any, make_health: Any
) -> None:
    standup = build_standup(workspace, make_run(), make_health(), (), NOW)
    save_standup(workspace, store, standup, NOW)
    path = save_standup(workspace, store, msgspec.structs.replace(standup, note="again"), NOW)
    assert "again" in path.read_text(encoding="utf-8")
    assert len(store.entries("standup")) == 2


def test_nothing_is_recorded_that_could_not_be_written(
    workspace: Any, store: Any, make_run: Any, make_health: Any
) -> None:
    standup = build_standup(workspace, make_run(), make_health(), (), NOW)
    (workspace.root / "reports" / "standups").write_text("in the way")
    with pytest.raises(UnreadableError):
        save_standup(workspace, store, standup, NOW)
    assert store.entries("standup") == []


def test_hostile_text_does_not_reach_markdown(workspace: Any, make_run: Any, make_health: Any) -> None:
    standup = build_standup(workspace, make_run(), make_health(), (), NOW)
    standup = msgspec.structs.replace(
        standup, note="<script>alert(1)</script> [x](http://y) \x1b]0;t\x07 `a` # b\n# c"
    )
    written = standup.markdown()
    assert "<script" not in written
    assert "\x1b" not in written
    assert "\n# c" not in written
    assert "\\[x\\]" in written


def test_the_documents_glyphs_survive_in_markdown(
    workspace: Any, make_run: Any, make_health: Any, make_alert: Any
) -> None:
    standup = build_standup(workspace, make_run(), make_health(), (make_alert("kl_high", "warning"),), NOW)
    assert "Issues: ⚠️ kl\\_high" in standup.markdown()
    assert "U+" not in standup.markdown()


def test_no_tuning_is_not_said_where_nothing_of_it_was_measured(
    workspace: Any, make_run: Any, make_health: Any
) -> None:
    """Neither a finite KL nor enough rows for a trend."""
    blind = build_standup(workspace, make_run(2, kl=lambda _: float("nan")), make_health(), (), NOW)
    assert "Any tuning needed? unknown ❔" in blind.text()
    seen = build_standup(workspace, make_run(), make_health(), (), NOW)
    assert "Any tuning needed? No" in seen.text()


def test_no_issue_is_not_said_while_the_rules_have_not_seen_the_whole_run(
    workspace: Any, make_run: Any, make_health: Any
) -> None:
    run = make_run()
    run.history = 0.4
    standup = build_standup(workspace, run, make_health(), None, NOW)
    assert not standup.issues_known and "Issues: unknown ❔" in standup.text()
    assert progress_check(workspace, run, make_health(), None, NOW).lines[-1] == "🔔 Alerts: unknown"


def test_a_past_moment_uses_what_was_known_then(workspace: Any, make_run: Any, make_health: Any) -> None:
    run = make_run(120)
    standup = build_standup(workspace, run, make_health(), (), NOW + timedelta(days=1), moment=NOW)
    assert standup.training.text.startswith("122.9k / 500k")
    assert standup.date == "2026-02-24"


def test_a_standup_stored_before_a_person_could_write_the_plan_is_read(
    workspace: Any, make_run: Any, make_health: Any
) -> None:
    built = build_standup(workspace, make_run(), make_health(), (), NOW)
    stored = msgspec.to_builtins(built)
    del stored["own_plan"], stored["own_monitoring"]
    assert msgspec.convert(stored, Standup) == built
