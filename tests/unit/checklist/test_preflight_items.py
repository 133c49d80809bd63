"""Each preflight item passes, fails and stays unknown for the right reasons."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from core.checklist.build import items_of
from core.checklist.catalogue_preflight import HYPERPARAMETERS, REWARD_COMPONENTS, SETUP_SENSORS
from core.checklist.facts import BaselineFacts, EnvironmentFacts
from core.checklist.preflight import SENSORS, SETUP
from core.checklist.sensors_data import SIDE_DATA
from core.config.edit import changed_text
from core.config.settings import Hyperparameters, Settings
from core.workspace import Workspace

ITEMS = items_of("preflight", Settings())


def change_config(workspace: Workspace, **changes: Any) -> None:
    """Edit `config.toml` on disk: `ppo__gamma=0.9`."""
    wanted = {key.replace("__", "."): value for key, value in changes.items()}
    text = workspace.config.read_text(encoding="utf-8")
    workspace.config.write_text(changed_text(text, wanted, workspace.config), encoding="utf-8")


def test_every_line_of_the_document_is_an_item() -> None:
    """Infrastructure, configuration, environment, data and baseline, line by line, and no id twice."""
    assert len([item for item in ITEMS if not item.id.startswith("preflight.setup_")]) == 7 + 12 + 7 + 5 + 1
    assert len({item.id for item in ITEMS}) == len(ITEMS)
    assert {item.argument for item in ITEMS if item.sensor == "hyperparameter"} == set(HYPERPARAMETERS)
    assert tuple(msgspec.structs.asdict(Hyperparameters())) == HYPERPARAMETERS


def test_every_sensor_named_by_an_item_exists() -> None:
    assert {item.sensor for item in ITEMS} - SETUP_SENSORS == set(SENSORS) - {"own_check"}
    assert set(SETUP) == SETUP_SENSORS


def test_a_good_workspace_needs_only_the_person(preflight: Any) -> None:
    """All sensed items hold, and it is still FIX: nobody has looked."""
    result = preflight()
    open_items = {item.id: item.state for item in result.items if item.state != "pass"}
    assert open_items == {
        "preflight.side_data": "warn",
        "preflight.setup_checks": "pending",
        "preflight.setup_no_blockers": "pending",
        "preflight.setup_ready": "pending",
    }
    assert result.status == "FIX"


def test_ready_only_after_the_three_ticks(preflight: Any, store: Any, now: Any) -> None:
    for name in ("checks", "no_blockers"):
        store.tick(f"preflight.setup_{name}", now)
    assert preflight(store).status == "FIX"
    store.tick("preflight.setup_ready", now)
    assert preflight(store).status == "READY"


def test_nothing_known_is_never_ready(preflight: Any, store: Any, now: Any) -> None:
    """A child process that said nothing leaves its items UNKNOWN with the reason, whatever is ticked."""
    for name in ("checks", "no_blockers", "ready"):
        store.tick(f"preflight.setup_{name}", now)
    result = preflight(
        store, environment=None, train=None, backtest=None, baseline=None, missing="no answer within 60 s"
    )
    assert result.status == "FIX"
    for name in ("environment", "reward.r_pnl", "train_data", "test_data", "smc", "baseline"):
        assert preflight.item(name).state == "unknown"
        assert "no answer within 60 s" in preflight.item(name).message
    assert preflight.item("no_gaps").state == "unknown"


@pytest.mark.parametrize(
    ("name", "attribute"),
    [
        ("folder_logs", "logs"),
        ("folder_checkpoints", "checkpoints"),
        ("folder_models", "models"),
        ("folder_reports", "reports"),
    ],
)
def test_folders(preflight: Any, workspace: Workspace, name: str, attribute: str) -> None:
    """There: pass. Missing: to be fixed. A file in its place: blocked."""
    path: Path = getattr(workspace, attribute)
    preflight()
    assert preflight.item(name).state == "pass"
    path.rmdir()
    assert preflight().status == "FIX"
    assert (preflight.item(name).state, preflight.item(name).on_fail) == ("fail", "fix")
    path.write_text("")
    assert preflight().status == "BLOCKED"


def test_a_folder_without_the_right_to_write_blocks(
    preflight: Any, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.checklist.sensors_setup.os.access", lambda path, _: path != workspace.models)
    assert preflight().status == "BLOCKED"
    assert preflight.item("folder_models").value == "not writable"


def test_tensorboard_folder_is_made_at_start(preflight: Any, workspace: Workspace) -> None:
    """As the document says: not there yet is ready, as long as it can be made."""
    preflight()
    assert preflight.item("folder_tensorboard").state == "pass"
    workspace.logs.rmdir()
    preflight()
    assert preflight.item("folder_tensorboard").state == "fail"


@pytest.mark.parametrize(
    ("free", "state", "on_fail"), [(60.0, "pass", "fix"), (49.9, "fail", "fix"), (1.5, "fail", "block")]
)
def test_disk(
    preflight: Any,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    free: float,
    state: str,
    on_fail: str,
) -> None:
    """50 GB as documented; under 2 GB no run can live."""
    change_config(workspace, checks__disk_free_gb=50.0)
    usage = type("Usage", (), {"free": int(free * 1e9)})()
    monkeypatch.setattr(psutil, "disk_usage", lambda _path: usage)
    preflight()
    item = preflight.item("disk_free")
    assert (item.state, item.on_fail, item.limit) == (state, on_fail, "≥ 50 GB")


@pytest.mark.parametrize(("free", "state"), [(16.0, "pass"), (15.9, "fail")])
def test_memory(
    preflight: Any, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, free: float, state: str
) -> None:
    change_config(workspace, checks__memory_free_gb=16.0)
    memory = type("Memory", (), {"available": int(free * 1e9)})()
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
    preflight()
    assert preflight.item("memory_free").state == state


def test_a_sensor_that_raises_is_unknown(preflight: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: str) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(psutil, "disk_usage", broken)
    preflight()
    item = preflight.item("disk_free")
    assert item.state == "unknown"
    assert "Input/output error" in item.message


@pytest.mark.parametrize("name", HYPERPARAMETERS)
def test_a_changed_hyperparameter_is_caught(preflight: Any, workspace: Workspace, name: str) -> None:
    """On disk, after the program read its settings; ten block, another total of steps is to be fixed."""
    preflight()
    assert preflight.item(f"ppo.{name}").state == "pass"
    change = {"n_steps": 4096, "batch_size": 128, "n_epochs": 11, "total_timesteps": 20_000}.get(name, 0.5001)
    change_config(workspace, **{f"ppo__{name}": change})
    result = preflight()
    item = preflight.item(f"ppo.{name}")
    assert item.state == "fail"
    assert item.value == change
    assert item.limit == getattr(Hyperparameters(), name)
    assert result.status == ("FIX" if name == "total_timesteps" else "BLOCKED")


def test_timesteps_of_the_command_are_compared(preflight: Any) -> None:
    preflight(timesteps=20_000)
    item = preflight.item("ppo.total_timesteps")
    assert (item.state, item.value, item.source) == ("fail", 20_000, "--timesteps")


def test_an_approved_value_that_left_the_documents_is_said(preflight: Any, workspace: Workspace) -> None:
    change_config(workspace, ppo__gamma=0.95, approved__gamma=0.95)
    preflight()
    item = preflight.item("ppo.gamma")
    assert item.state == "warn"
    assert "0.99" in item.message


def test_a_broken_configuration_blocks_and_its_values_are_unknown(
    preflight: Any, workspace: Workspace
) -> None:
    workspace.config.write_text("[ppo]\nlerning_rate = 1\n", encoding="utf-8")
    assert preflight().status == "BLOCKED"
    assert "lerning_rate" in preflight.item("config_loads").message
    for name in (*(f"ppo.{each}" for each in HYPERPARAMETERS), "reward_clip", "normalise"):
        assert preflight.item(name).state == "unknown"


def test_environment_that_does_not_import_blocks(preflight: Any) -> None:
    assert preflight(environment=EnvironmentFacts(error="ImportError: no gymnasium")).status == "BLOCKED"
    assert preflight.item("environment").message == "ImportError: no gymnasium"
    assert preflight.item("reward.r_pnl").state == "unknown"


@pytest.mark.parametrize("name", REWARD_COMPONENTS)
def test_reward_components(preflight: Any, workspace: Workspace, good: dict[str, Any], name: str) -> None:
    """Absent from the code or weighted 0: it is not there."""
    others = tuple(each for each in REWARD_COMPONENTS if each != name)
    assert preflight(environment=EnvironmentFacts(reward_components=others)).status == "BLOCKED"
    assert preflight.item(f"reward.{name}").value == "absent"
    change_config(workspace, **{f"reward__{name.removeprefix('r_')}": 0.0})
    assert preflight().status == "BLOCKED"
    assert preflight.item(f"reward.{name}").value == "weight 0"


def test_reward_clip_is_ten(preflight: Any, workspace: Workspace) -> None:
    change_config(workspace, reward__reward_clip=5.0)
    assert preflight().status == "BLOCKED"
    assert (preflight.item("reward_clip").value, preflight.item("reward_clip").limit) == (5.0, 10.0)


@pytest.mark.parametrize("off", ["observations", "rewards"])
def test_vecnormalize_needs_both(preflight: Any, workspace: Workspace, off: str) -> None:
    change_config(workspace, **{f"normalise__{off}": False})
    assert preflight().status == "BLOCKED"
    assert preflight.item("normalise").state == "fail"


def test_training_data(preflight: Any, good: dict[str, Any]) -> None:
    """Missing or rejected blocks; a remark of the quality report warns."""
    assert preflight(train=type(good["train"])(error="data/train holds no candles")).status == "BLOCKED"
    rejected = type(good["train"])(verdict="reject", problems=("A.csv: 3 rows hold NaN",))
    assert preflight(train=rejected).status == "BLOCKED"
    assert "NaN" in preflight.item("train_data").message
    preflight(train=msgspec.structs.replace(good["train"], synthetic=True))
    assert preflight.item("train_data").state == "warn"
    assert "synthetic" in preflight.item("train_data").message


def test_test_data(preflight: Any, good: dict[str, Any]) -> None:
    """500 scored candles; fewer are to be fixed, none or an overlap with training blocks."""
    facts = good["backtest"]
    preflight(backtest=msgspec.structs.replace(facts, scored=500))
    assert preflight.item("test_data").state == "pass"
    assert preflight(backtest=msgspec.structs.replace(facts, scored=499)).status == "FIX"
    assert "1 candles short" in preflight.item("test_data").message
    assert preflight(backtest=type(facts)(error="none")).status == "BLOCKED"
    overlap = msgspec.structs.replace(good["train"], last=facts.first_scored)
    assert preflight(train=overlap).status == "BLOCKED"
    assert "overlaps" in preflight.item("test_data").message
    preflight(train=None)
    assert preflight.item("test_data").state == "unknown"


def test_gaps(preflight: Any, good: dict[str, Any]) -> None:
    gapped = msgspec.structs.replace(good["train"], gaps=2, verdict="warn", problems=("ADA.feather: 2 gaps",))
    assert preflight(train=gapped).status == "FIX"
    item = preflight.item("no_gaps")
    assert (item.state, item.value, item.message) == ("fail", 2, "ADA.feather: 2 gaps")


def test_side_data_and_smc_say_the_truth(preflight: Any, good: dict[str, Any]) -> None:
    """Neutral values warn; features without the SMC family fail until someone overrides that."""
    preflight(environment=msgspec.structs.replace(good["environment"], features=("return_1", "rsi_14")))
    assert preflight.item("side_data").state == "warn"
    assert "neutral" in preflight.item("side_data").message
    assert (preflight.item("smc").state, preflight.item("smc").value) == ("fail", "0 of 6 concepts")
    some = tuple(name for name in good["environment"].features if name not in ("choch", "fvg_up"))
    preflight(environment=msgspec.structs.replace(good["environment"], features=some))
    assert preflight.item("smc").state == "fail"
    assert "lacks change of character, fair-value gaps;" in preflight.item("smc").message
    preflight(train=msgspec.structs.replace(good["train"], silent=("choch", "return_1")))
    assert preflight.item("smc").state == "warn"
    assert preflight.item("smc").message.endswith("training candles: choch")
    preflight()
    assert (preflight.item("smc").state, preflight.item("smc").message) == ("pass", "")


def test_side_data_count_where_both_sides_know_them(preflight: Any, good: dict[str, Any]) -> None:
    """All six: pass. Some: neutral values warn. What only training or only the test knows: to be fixed."""
    every = dict.fromkeys(SIDE_DATA, 1.0)

    def given(train: dict[str, float], test: dict[str, float]) -> Any:
        preflight(
            train=msgspec.structs.replace(good["train"], side=train),
            backtest=msgspec.structs.replace(good["backtest"], side=test),
        )
        return preflight.item("side_data")

    assert (given(every, every).state, given(every, every).value) == ("pass", "6 of 6")
    some = {**every, "dxy": 0.5}
    assert given(some, some).state == "warn"
    assert "dxy 50 % of the candles" in given(some, some).message
    assert given(every, {}).state == "fail"
    assert given({}, {"dxy": 1.0}).message.endswith("only: dxy")


def test_baseline(preflight: Any) -> None:
    assert preflight(baseline=BaselineFacts()).status == "FIX"
    assert "data baselines" in preflight.item("baseline").message
    preflight(baseline=BaselineFacts(error="broken file"))
    assert preflight.item("baseline").state == "unknown"
    preflight()
    assert preflight.item("baseline").value == "Sharpe -1.50"


def test_texts_name_the_documents_values() -> None:
    texts = {item.argument: item.text for item in ITEMS if item.sensor == "hyperparameter"}
    assert texts["learning_rate"] == "learning_rate = 0.0003"
    assert texts["total_timesteps"] == "total_timesteps = 500000"


def test_ids_are_stable_words() -> None:
    assert all(re.fullmatch(r"preflight\.[a-z_.]+", item.id) for item in ITEMS)


def test_settings_defaults_are_the_approved_ones() -> None:
    assert Settings().ppo == Settings().approved
