"""*This rule would have fired N times*: with other thresholds, before they are saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.alerts.data_watch import DataWatch, check_data
from core.alerts.last_value import last_value
from core.alerts.look import Scene
from core.alerts.replay import replay, replay_count, save_rule, with_threshold
from core.alerts.rule import Rule, default_rules
from core.config.loader import load_settings
from core.errors import UsageError
from core.store.database import Store
from core.store.operator import OperatorIdentity
from core.workspace import init_workspace, open_workspace

RULES = default_rules()


def spikes(scene: Any) -> None:
    for _ in range(5):
        scene.kl([0.01, 0.08, 0.01, 0.2, 0.01])


@pytest.mark.parametrize(("threshold", "count"), [(0.5, 0), (0.2, 0), (0.1, 5), (0.07, 10)])
def test_count_with_an_edited_threshold(scene: Any, threshold: float, count: int) -> None:
    spikes(scene)
    changes = {"kl_spike": with_threshold(RULES["kl_spike"], threshold)}
    assert replay_count(RULES, scene.run, changes) == {"kl_spike": count}


def test_the_margin_to_resolve_keeps_its_side_past_zero() -> None:
    """A reward's limit moves from −50 to 20: resolved above 24, not refused for 16."""
    rule = Rule(condition="below", severity="warning", metric="reward", threshold=-50.0, resolve_at=-40.0)
    moved = {threshold: with_threshold(rule, threshold)["resolve_at"] for threshold in (-100.0, 0.0, 20.0)}
    assert moved == {-100.0: -80.0, 0.0: 0.0, 20.0: 24.0}
    from_zero = Rule(
        condition="above", severity="warning", metric="approx_kl", threshold=0.0, resolve_at=-0.01
    )
    assert with_threshold(from_zero, 0.1)["resolve_at"] == 0.09


def test_the_rules_of_the_family_count_too(scene: Any) -> None:
    """kl_high is inhibited while kl_spike fires, so a lower kl_spike changes kl_high's count."""
    spikes(scene)
    before = replay_count(RULES, scene.run, {"kl_high": {}})
    after = replay_count(
        RULES, scene.run, {"kl_high": {}, "kl_spike": with_threshold(RULES["kl_spike"], 0.06)}
    )
    assert before == {"kl_high": 5} and after["kl_high"] == 0 and after["kl_spike"] == 10


def test_without_changes_it_is_the_replay(scene: Any) -> None:
    spikes(scene)
    firings = [each for each in replay(RULES, scene.run) if each.state == "firing"]
    counts = replay_count(RULES, scene.run, {name: {} for name in RULES})
    for name, count in counts.items():
        if count is not None:
            assert count == sum(each.rule == name for each in firings)
    assert counts["crash"] is None and counts["training_hung"] is None


def test_a_rule_that_cannot_work_is_refused(scene: Any) -> None:
    with pytest.raises(UsageError, match="resolve_at"):
        replay_count(RULES, scene.run, {"kl_spike": {"threshold": 0.05}})
    with pytest.raises(UsageError, match="no rule kl_spikes"):
        replay_count(RULES, scene.run, {"kl_spikes": {}})
    with pytest.raises(UsageError, match=r"alerts\.kl_spike"):
        replay_count(RULES, scene.run, {"kl_spike": {"threshold": "much"}})


def test_an_edited_rule_is_saved_with_the_comments_kept(tmp_path: Path, scene: Any) -> None:
    workspace = init_workspace(tmp_path / "w")
    before = workspace.config.read_text()
    with Store(workspace.store, OperatorIdentity("ada", "ML", "host", "")) as store:
        save_rule(workspace, store, "kl_spike", with_threshold(RULES["kl_spike"], 0.2), scene.now)
        (entry,) = store.entries("rule")
    assert entry.detail == {
        "before": {"threshold": 0.1, "resolve_at": 0.09},
        "after": {"threshold": 0.2, "resolve_at": 0.18},
    }
    after = workspace.config.read_text()
    assert after.count("#") == before.count("#")
    saved = load_settings(workspace.config).alerts["kl_spike"]
    assert (saved.threshold, saved.resolve_at) == (0.2, 0.18)
    with pytest.raises(UsageError):
        save_rule(open_workspace(workspace.root), None, "kl_spike", {"resolve_at": 9.0}, scene.now)
    assert workspace.config.read_text() == after


def test_an_edit_is_on_record_before_it_is_in_force(
    tmp_path: Path, scene: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = init_workspace(tmp_path / "w")
    with Store(workspace.store, OperatorIdentity("ada", "ML", "host", "")) as store:

        def full(*given: object) -> None:
            assert len(store.entries("rule")) == 1
            raise UsageError("the disk is full")

        monkeypatch.setattr("core.config.edit.edit_config", full)
        with pytest.raises(UsageError, match="full"):
            save_rule(workspace, store, "kl_spike", {"threshold": 0.2}, scene.now)
        (undone,) = store.entries("rule_not_saved")
    assert (undone.subject, undone.detail) == ("kl_spike", {"failed": "the disk is full"})


def test_last_values_are_those_the_rules_are_judged_by(scene: Any) -> None:
    for index in range(60):
        scene.row(reward=index * 2.048, approx_kl=0.01 * (index % 3))
    here = Scene(scene.run, scene.health, scene.now)
    assert last_value(RULES["kl_spike"], here) == pytest.approx(0.02)
    assert last_value(RULES["negative_reward_trend"], here) == pytest.approx(0.001)
    assert last_value(RULES["no_improvement"], here) == pytest.approx(51.2)
    assert last_value(RULES["training_hung"], here) == 1.0
    assert last_value(RULES["disk_low"], here) is None and last_value(RULES["crash"], here) is None


def test_a_last_value_reads_only_the_window(scene: Any) -> None:
    """A jump long ago does not count, and the newest window gives what the whole history gives."""
    scene.row(reward=1e9)
    for index in range(3000):
        scene.row(reward=index * 2.048)
    rule = Rule(condition="slope_below", metric="reward", window_steps=5000, severity="info")
    assert last_value(rule, Scene(scene.run, scene.health, scene.now)) == pytest.approx(0.001)


# The training data


def candles(folder: Path, *times: int, symbol: str = "OGNUSDT") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["open_time,open,high,low,close,volume"]
    lines += [f"{1_700_000_000_000 + hour * 14_400_000},1,2,0.5,1.5,10" for hour in times]
    (folder / f"{symbol}_4h.csv").write_text("\n".join(lines) + "\n")


def test_faults_of_the_training_data_are_found_by_a_child(tmp_path: Path, scene: Any) -> None:
    folder = tmp_path / "train"
    assert check_data(folder, scene.now) is None
    candles(folder, *range(20))
    whole = check_data(folder, scene.now)
    assert whole is not None and whole.problem == "" and whole.faults == 0
    candles(folder, *range(10), 12, 13, 14)
    candles(folder, *range(10), 10, 10, symbol="ADAUSDT")
    faulty = check_data(folder, scene.now)
    assert faulty is not None and (faulty.gaps, faulty.duplicates) == (1, 1)
    assert set(faulty.files) == {"OGNUSDT_4h.csv: 1 gaps", "ADAUSDT_4h.csv: 1 duplicates"}


def test_the_watch_of_the_data_never_waits_and_looks_once_per_change(tmp_path: Path, scene: Any) -> None:
    import time

    folder = tmp_path / "train"
    candles(folder, 0, 1, 2, 5, 6)
    watch = DataWatch(folder)
    try:
        begun = time.monotonic()
        assert watch.facts(scene.now) is None and watch._child is not None, "the child was waited for"
        found = None
        while found is None and time.monotonic() - begun < 60:
            time.sleep(0.05)
            found = watch.facts(scene.now)
        assert found is not None and found.gaps == 1
        assert watch.facts(scene.now) is found and watch._child is None
    finally:
        watch.close()
