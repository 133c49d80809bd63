"""A model made elsewhere, from its zip to a decision; and one whose code a person decides to run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import core
from core.errors import CancelledError, UnreadableError
from core.market.synthetic import synthetic_universe, write_universe
from core.models.trust import run_trusted
from core.trading.observation import OBSERVATION_SIZE
from core.workspace import Workspace, init_workspace

pytestmark = pytest.mark.slow

POLICIES = """
import json, os, socket
from pathlib import Path
import torch
from torch import nn
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor

class Curious(ActorCriticPolicy):
    '''Writes down what its process can see.'''
    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        if "PPO_TEST_MAKING" in os.environ:
            return
        try:
            socket.create_connection(("127.0.0.1", int(Path(__file__).with_name("port").read_text())), 1)
            network = True
        except OSError:
            network = False
        try:
            parent = "TOKEN" in Path(f"/proc/{os.getppid()}/environ").read_text()
        except OSError:
            parent = False
        seen = {"variables": sorted(os.environ), "home": os.environ["HOME"], "folder": os.getcwd(),
                "parent": parent, "network": network}
        Path(__file__).with_name("seen.json").write_text(json.dumps(seen))
        print("noise on stdout")

class Wide(BaseFeaturesExtractor):
    def __init__(self, space):
        super().__init__(space, 7)
        self.net = nn.Sequential(nn.Linear(space.shape[0], 7), nn.Tanh())
    def forward(self, observations):
        return self.net(observations)

class Skips(Wide):
    def forward(self, observations):
        return self.net(observations) + observations[:, :7]

class Endless(ActorCriticPolicy):
    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        while "PPO_TEST_MAKING" not in os.environ:
            pass
"""

Make = Callable[..., Path]


@pytest.fixture(scope="module")
def policies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a module of policies, as a user has one on PYTHONPATH."""
    folder = tmp_path_factory.mktemp("policies")
    (folder / "my_policies.py").write_text(POLICIES)
    return folder


@pytest.fixture
def make(policies: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Saves an untrained model of this environment's size, with a policy of that module or MlpPolicy."""
    monkeypatch.setenv("PYTHONPATH", f"{Path(core.__file__).parents[1]}:{policies}")
    monkeypatch.setenv("TOKEN", "secret")
    monkeypatch.syspath_prepend(str(policies))

    def save(path: Path, policy: str = "MlpPolicy", extractor: str = "") -> Path:
        import gymnasium
        import my_policies  # type: ignore[import-not-found]
        import numpy as np
        import torch
        from gymnasium import spaces
        from stable_baselines3 import PPO

        class Bare(gymnasium.Env[Any, int]):
            observation_space = spaces.Box(-5, 5, (OBSERVATION_SIZE,), np.float32)
            action_space = spaces.Discrete(5)

        torch.set_num_threads(1)
        arguments: dict[str, Any] = {"net_arch": [8]}
        if extractor:
            arguments["features_extractor_class"] = getattr(my_policies, extractor)
        with monkeypatch.context() as making:
            making.setenv("PPO_TEST_MAKING", "1")
            kind = getattr(my_policies, policy, policy)
            model = PPO(kind, Bare(), n_steps=8, batch_size=8, seed=1, device="cpu", policy_kwargs=arguments)
            with torch.no_grad():
                model.policy.action_net.weight.mul_(100)
            model.save(path)
        return path

    return save


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = init_workspace(tmp_path / "workspace")
    write_universe(synthetic_universe(seed=5, symbols=2, candles=600, edge=0.0), workspace.backtest_data)
    return workspace


def revalidate(workspace: Workspace, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "console", "-w", str(workspace.root), "revalidate", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def audit(workspace: Workspace) -> list[dict[str, Any]]:
    import sqlite3

    with sqlite3.connect(workspace.root / "state" / "console.sqlite3") as store:
        rows = store.execute("SELECT detail FROM audit_log WHERE kind = 'trust_model'").fetchall()
    return [json.loads(detail) for (detail,) in rows]


def test_a_zip_made_elsewhere_is_judged_and_the_report_says_what_is_not_known(
    workspace: Workspace, make: Make, tmp_path: Path
) -> None:
    path = make(tmp_path / "agent.zip")
    done = revalidate(workspace, "--model-path", path, "--json")
    assert done.returncode in (0, 10, 20), done.stderr
    result = json.loads(done.stdout)
    said = " ".join(result["warnings"])
    assert "no normalisation statistics given: observations are used as they are" in said
    assert "same order, cannot be verified" in said and "which candles it was trained on" in said
    assert result["model"]["role"] == "foreign" and len(result["hashes"]["model"]) == 64
    assert result["hashes"]["normalisation"] is None


def test_a_policy_of_its_own_is_refused_until_trusted_which_is_recorded(
    workspace: Workspace, make: Make, tmp_path: Path, policies: Path
) -> None:
    path = make(tmp_path / "agent.zip", "Curious")
    refused = revalidate(workspace, "--model-path", path)
    assert refused.returncode == 1 and not (policies / "seen.json").exists()
    assert "got my_policies.Curious" in refused.stderr and "--trust-model" in refused.stderr
    assert audit(workspace) == []
    done = revalidate(workspace, "--model-path", path, "--trust-model", "--json")
    assert done.returncode in (0, 10, 20), done.stderr
    result = json.loads(done.stdout)
    (entry,) = audit(workspace)
    assert entry["sha256"] == result["hashes"]["model"] and "Curious" in entry["reason"]
    assert any("its code was run" in warning for warning in result["warnings"])
    seen = json.loads((policies / "seen.json").read_text())
    assert "TOKEN" not in seen["variables"] and seen["home"] == seen["folder"] != os.environ["HOME"]
    assert not Path(seen["home"]).exists(), "it is swept"


def test_trust_without_an_audit_log_is_refused(make: Make, tmp_path: Path, workspace: Workspace) -> None:
    path = make(tmp_path / "agent.zip", "Curious")
    command = [sys.executable, "-m", "console", "revalidate", "--trust-model", "--model-path", str(path)]
    command += ["--backtest-data-dir", str(workspace.backtest_data)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 2 and "recorded in a workspace's audit log" in done.stderr


def test_trusted_code_reaches_neither_the_network_nor_its_parents_environment(
    make: Make, tmp_path: Path, policies: Path
) -> None:
    import socket

    try_namespace = [
        sys.executable,
        "-c",
        "import ctypes,sys; sys.exit(ctypes.CDLL(None).unshare(0x50000000) != 0)",
    ]
    if subprocess.run(try_namespace, check=False).returncode:
        pytest.skip("this system allows no namespace")
    path = make(tmp_path / "agent.zip", "Curious")
    with socket.create_server(("127.0.0.1", 0)) as server:
        (policies / "port").write_text(str(server.getsockname()[1]))
        run_trusted(path, path.read_bytes())
    seen = json.loads((policies / "seen.json").read_text())
    assert not seen["network"] and not seen["parent"]


def test_an_export_of_trusted_code_acts_as_its_policy(make: Make, tmp_path: Path) -> None:
    import numpy as np
    from stable_baselines3 import PPO

    from core.backtest.policy import TrainedPolicy
    from core.models.foreign import raw_policy

    path = make(tmp_path / "agent.zip", extractor="Wide")
    model = run_trusted(path, path.read_bytes())
    assert model.weights.net_arch == (7, 8) and model.observation_size == OBSERVATION_SIZE
    observations = np.random.default_rng(3).normal(size=(2000, OBSERVATION_SIZE)).astype(np.float32)
    expected = PPO.load(path, device="cpu").predict(observations, deterministic=True)[0]
    assert TrainedPolicy(raw_policy(model, path)).actions(observations).tolist() == expected.tolist()
    assert len(set(expected.tolist())) > 1


def test_a_network_that_is_more_than_its_layers_is_refused(make: Make, tmp_path: Path) -> None:
    path = make(tmp_path / "agent.zip", extractor="Skips")
    with pytest.raises(UnreadableError, match="do not answer as its policy does") as caught:
        run_trusted(path, path.read_bytes())
    assert "ppo-console score" in caught.value.hint


def test_a_model_whose_module_is_missing_says_so(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make(tmp_path / "agent.zip", "Curious")
    monkeypatch.delenv("PYTHONPATH")
    with pytest.raises(UnreadableError, match="was run, and could not be exported"):
        run_trusted(path, path.read_bytes())


def test_code_that_does_not_end_is_cancelled_with_its_process(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psutil

    from core.models import trust

    path = make(tmp_path / "agent.zip", "Endless")
    asked = iter([False] * 20 + [True] * 100)
    with pytest.raises(CancelledError):
        run_trusted(path, path.read_bytes(), lambda: next(asked))
    monkeypatch.setattr(trust, "TIMEOUT", 1.0)
    with pytest.raises(UnreadableError, match="did not end with a policy within 1 s"):
        run_trusted(path, path.read_bytes())
    left = [child for child in psutil.Process().children() if trust.CHILD in " ".join(child.cmdline())]
    assert left == []
