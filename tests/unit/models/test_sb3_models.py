"""What is read without running it is what `PPO.load` gives, bit for bit; what cannot be is refused."""

from __future__ import annotations

import io
import pickle
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.backtest.policy import TrainedPolicy
from core.models.foreign import raw_policy
from core.models.problems import DivergedError, MalformedError, ModelProblem, NeedsCodeError, NotWholeError
from core.models.sb3 import read_zip
from core.models.vecnormalize import read_vecnormalize

NewModel = Callable[..., Any]
Saved = Callable[[Any], bytes]
Rezip = Callable[[bytes, dict[str, bytes | None]], bytes]
WithFields = Callable[..., bytes]

SIZE = 6
"""Numbers in an observation of `new_model`."""


def variants() -> dict[str, dict[str, Any]]:
    from torch import nn, optim

    found: dict[str, dict[str, Any]] = {
        activation.__name__: {"activation_fn": activation, "net_arch": [16, 8], "scale": 100.0}
        for activation in (nn.Tanh, nn.ReLU, nn.ELU, nn.LeakyReLU, nn.Sigmoid, nn.SiLU, nn.GELU)
    }
    found["Sigmoid"]["hidden"] = 10.0
    return found | {
        "nothing given": {},
        "nearly equal logits": {"scale": 1e-4},
        "no hidden layer": {"net_arch": []},
        "no policy layer": {"net_arch": {"vf": [4]}},
        "deep": {"net_arch": {"pi": [8, 8, 8], "vf": [4]}, "scale": 50.0},
        "earlier notation": {"net_arch": [{"pi": [8], "vf": [8]}]},
        "not shared": {"share_features_extractor": False, "ortho_init": False},
        "optimiser": {"optimizer_class": optim.RMSprop, "optimizer_kwargs": {"alpha": 0.9}},
    }


@pytest.mark.parametrize("variant", [*variants()])
def test_logits_and_actions_are_those_of_ppo_load(new_model: NewModel, saved: Saved, variant: str) -> None:
    import torch
    from stable_baselines3 import PPO

    data = saved(new_model(seed=3, **variants()[variant]))
    policy = TrainedPolicy(raw_policy(read_zip(data), Path("model.zip")))
    loaded = PPO.load(io.BytesIO(data), device="cpu")
    observations = (np.random.default_rng(1).normal(size=(5000, SIZE)) * 2).astype(np.float32)
    with torch.inference_mode():
        latent = loaded.policy.mlp_extractor.forward_actor(torch.from_numpy(observations))
        expected = loaded.policy.action_net(latent).numpy()
    assert policy.logits(observations).tobytes() == expected.tobytes()
    actions = loaded.predict(observations, deterministic=True)[0]
    assert policy.actions(observations).tolist() == actions.tolist()
    assert len(set(actions.tolist())) > 1, "a policy that always does the same would prove nothing"
    if variant == "nearly equal logits":
        assert (expected.argmax(axis=1) != actions).any(), "the case in which logits alone would differ"


def test_statistics_normalise_as_vec_normalize_does(statistics: bytes) -> None:
    normaliser = pickle.loads(statistics)  # noqa: S301
    found = read_vecnormalize(statistics)
    assert found.enabled and found.clip == 2.5 and found.count == float(normaliser.obs_rms.count)
    observations = (np.random.default_rng(1).normal(size=(5000, SIZE)) * 9).astype(np.float32)
    scaled = (observations - np.array(found.mean)) / np.sqrt(np.array(found.var) + found.epsilon)
    ours = np.clip(scaled, -found.clip, found.clip).astype(np.float32)
    assert ours.tobytes() == normaliser.normalize_obs(observations).tobytes()
    assert (np.abs(ours) == 2.5).any()


def test_statistics_of_rewards_alone_leave_observations_as_they_are(lanes: Any) -> None:
    from stable_baselines3.common.vec_env import VecNormalize

    assert not read_vecnormalize(pickle.dumps(VecNormalize(lanes, norm_obs=False))).enabled


class TestEarlierVersions:
    """The same zip as gym, numpy 1 and stable-baselines3 up to 1.2 wrote it."""

    @pytest.fixture
    def gym_spaces(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, dict[str, Any]], bytes]:
        def make(kind: str, fields: dict[str, Any]) -> bytes:
            name = f"gym.spaces.{kind.lower()}"
            module = types.ModuleType(name)
            space = type(kind, (), {"__module__": name})
            setattr(module, kind, space)
            for part in ("gym", "gym.spaces", name):
                monkeypatch.setitem(sys.modules, part, module if part == name else types.ModuleType(part))
            instance = space()
            instance.__dict__.update(fields)
            return earlier_numpy(pickle.dumps(instance, 4))

        return make

    def test_are_read(
        self,
        plain_zip: bytes,
        gym_spaces: Callable[[str, dict[str, Any]], bytes],
        rezip: Rezip,
        with_fields: WithFields,
    ) -> None:
        bound = np.full(SIZE, np.inf, np.float32)
        fields = {"dtype": np.dtype(np.float32), "low": -bound, "high": bound, "np_random": None}
        box = gym_spaces("Box", {**fields, "shape": (SIZE,)})
        discrete = gym_spaces("Discrete", {"n": 5, "shape": (), "dtype": np.dtype(np.int64)})
        data = with_fields(plain_zip, observation_space=box, action_space=discrete)
        data = rezip(data, {"system_info.txt": None, "_stable_baselines3_version": b"1.1.0"})
        now, then = read_zip(plain_zip), read_zip(data)
        assert then.version == "1.1.0" and then.weights.net_arch == now.weights.net_arch == (8, 4)
        assert then.weights.head[0].tobytes() == now.weights.head[0].tobytes()

    def test_statistics_are_read(self, statistics: bytes) -> None:
        assert read_vecnormalize(earlier_numpy(statistics)) == read_vecnormalize(statistics)


def earlier_numpy(data: bytes) -> bytes:
    """numpy 1 had its arrays in `numpy.core`."""
    return data.replace(b"\x8c\x16numpy._core.multiarray", b"\x8c\x15numpy.core.multiarray")


class CustomPolicy:
    """Named by its module in a pickle."""


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        (
            {"policy_class": pickle.dumps(CustomPolicy)},
            NeedsCodeError,
            r"policy_class in data: .*CustomPolicy",
        ),
        ({"policy_class": "CnnPolicy"}, NeedsCodeError, "CnnPolicy"),
        ({"policy_class": None}, NeedsCodeError, "got None"),
        ({"policy_class": {":serialized:": "*"}}, MalformedError, "base64"),
        ({"policy_class": {":serialized:": 5}}, MalformedError, "no whole pickle"),
        ({"policy_class": b"\x80\x04\x8c\x0bcloudpickle0."}, NeedsCodeError, "code in the file itself"),
        ({"policy_kwargs": []}, MalformedError, "expected a dictionary"),
        ({"policy_kwargs": {"net_arch": [8, 5]}}, MalformedError, "expected the shape"),
        ({"policy_kwargs": {"net_arch": [8]}}, MalformedError, "expected the shape"),
        ({"policy_kwargs": {"net_arch": [8, 4, 4]}}, MalformedError, "no such parameter"),
        ({"policy_kwargs": {"net_arch": [8, {"pi": [4]}]}}, NeedsCodeError, "policy and value share"),
        ({"policy_kwargs": {"net_arch": [{"pi": [4]}, 8]}}, NeedsCodeError, "policy and value share"),
        ({"policy_kwargs": {"lstm_hidden_size": 8}}, NeedsCodeError, "lstm_hidden_size"),
        ({"policy_kwargs": {"squash_output": True}}, NeedsCodeError, "squash_output"),
        ({"policy_kwargs": {"activation_fn": "relu"}}, NeedsCodeError, "activation_fn: expected one of"),
        (
            {"policy_kwargs": pickle.dumps({"features_extractor_class": CustomPolicy})},
            NeedsCodeError,
            "FlattenExtractor",
        ),
        ({"use_sde": True}, NeedsCodeError, "use_sde"),
        ({"observation_space": None}, NeedsCodeError, "expected a space"),
        ({"num_timesteps": -1}, MalformedError, "num_timesteps"),
    ],
)
def test_a_zip_with_something_else_in_it_is_refused_and_told_where(
    plain_zip: bytes, with_fields: WithFields, changes: dict[str, Any], kind: type[ModelProblem], words: str
) -> None:
    with pytest.raises(kind, match=words) as caught:
        read_zip(with_fields(plain_zip, **changes))
    assert str(caught.value).isprintable()


def test_other_spaces_are_refused(plain_zip: bytes, with_fields: WithFields) -> None:
    from gymnasium import spaces

    images = spaces.Box(0, 255, (3, 8, 8), np.uint8)
    cases: list[tuple[str, Any, str]] = [
        ("observation_space", images, "3 dimensions"),
        ("observation_space", spaces.Box(0, 255, (SIZE,), np.uint8), "floating numbers"),
        (
            "observation_space",
            spaces.Dict({"a": spaces.Discrete(2)}),
            "Box with one dimension, got Dict|pickle",
        ),
        ("observation_space", spaces.Discrete(4), "Box with one dimension, got Discrete"),
        ("action_space", spaces.Box(-1, 1, (5,)), "Discrete actions, got Box"),
        ("action_space", spaces.Discrete(5, start=1), "from 0"),
        ("action_space", spaces.Discrete(4), "expected the shape"),
        ("observation_space", spaces.Box(-1, 1, (SIZE + 1,)), "expected the shape"),
    ]
    for field, space, words in cases:
        with pytest.raises(ModelProblem, match=words):
            read_zip(with_fields(plain_zip, **{field: pickle.dumps(space)}))


@pytest.mark.parametrize(
    "member", ["data", "policy.pth", "policy.optimizer.pth", "pytorch_variables.pth", "system_info.txt"]
)
def test_a_zip_without_a_member_is_not_whole(plain_zip: bytes, rezip: Rezip, member: str) -> None:
    with pytest.raises(NotWholeError, match=f"without {member}"):
        read_zip(rezip(plain_zip, {member: None}))


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff", b"[" * 100_000, b"9" * 10_000])
def test_data_that_are_no_json_object_are_refused(plain_zip: bytes, rezip: Rezip, data: bytes) -> None:
    with pytest.raises(MalformedError, match=r"data: expected (a )?JSON"):
        read_zip(rezip(plain_zip, {"data": data}))


def test_weights_that_are_not_finite_are_told_as_such(new_model: NewModel, saved: Saved) -> None:
    import torch

    model = new_model()
    with torch.no_grad():
        model.policy.action_net.weight[1, 2] = float("nan")
    with pytest.raises(DivergedError, match=r"action_net\.weight holds numbers that are not finite"):
        read_zip(saved(model))


def test_parameters_must_be_those_of_the_network(new_model: NewModel, plain_zip: bytes, rezip: Rezip) -> None:
    import torch

    state = new_model(net_arch=[8, 4]).policy.state_dict()
    layer = "mlp_extractor.policy_net.0.weight"
    cases: list[tuple[dict[str, Any], type[ModelProblem], str]] = [
        ({"log_std": torch.zeros(5)}, NeedsCodeError, "log_std"),
        (
            {"mlp_extractor.shared_net.0.weight": torch.zeros(8, SIZE)},
            NeedsCodeError,
            "policy and value share",
        ),
        ({"mlp_extractor.policy_net.4.weight": torch.zeros(8, 8)}, MalformedError, "layers of net_arch, got"),
        ({layer: None}, MalformedError, "no such parameter"),
        ({layer: state[layer].double()}, NeedsCodeError, "float32, got float64"),
        ({layer: state[layer].half()}, NeedsCodeError, "HalfStorage"),
        ({layer: state[layer].T.contiguous().T}, NeedsCodeError, "one after the other"),
        ({layer: state[layer].T}, ModelProblem, "expected"),
        ({layer: 5}, NeedsCodeError, "expected a plain tensor"),
    ]
    for changes, kind, words in cases:
        stream = io.BytesIO()
        torch.save({k: v for k, v in {**state, **changes}.items() if v is not None}, stream)
        with pytest.raises(kind, match=words):
            read_zip(rezip(plain_zip, {"policy.pth": stream.getvalue()}))
    legacy = io.BytesIO()
    torch.save(state, legacy, _use_new_zipfile_serialization=False)
    with pytest.raises(MalformedError, match=r"policy\.pth"):
        read_zip(rezip(plain_zip, {"policy.pth": legacy.getvalue()}))


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        (lambda n: n.__setattr__("clip_obs", 0.0), MalformedError, "above 0"),
        (lambda n: n.__setattr__("epsilon", float("nan")), MalformedError, "finite"),
        (lambda n: n.__setattr__("norm_obs", 1), MalformedError, "true or false"),
        (lambda n: n.obs_rms.__setattr__("var", -n.obs_rms.var), MalformedError, "variance"),
        (lambda n: n.obs_rms.__setattr__("mean", n.obs_rms.mean * np.nan), DivergedError, "not finite"),
        (lambda n: n.obs_rms.__setattr__("mean", n.obs_rms.mean[:2]), MalformedError, r"obs_rms\.var"),
        (lambda n: n.obs_rms.__setattr__("mean", n.obs_rms.mean.astype("f4")), MalformedError, "float64"),
        (lambda n: n.__setattr__("obs_rms", {"a": n.obs_rms}), NeedsCodeError, "RunningMeanStd, got dict"),
        (lambda n: n.__setattr__("norm_obs_keys", ["a"]), NeedsCodeError, "dictionary"),
        (lambda n: n.__delattr__("obs_rms"), MalformedError, "the field obs_rms"),
    ],
)
def test_statistics_that_make_no_sense_are_refused(
    statistics: bytes, change: Callable[[Any], None], kind: type[ModelProblem], words: str
) -> None:
    normaliser = pickle.loads(statistics)  # noqa: S301
    normaliser.__dict__.update(class_attributes={}, returns=None)
    change(normaliser)
    with pytest.raises(kind, match=words):
        read_vecnormalize(pickle.dumps(normaliser))


def test_a_pickle_of_something_else_is_no_statistics() -> None:
    for value in ({}, CustomPolicy(), 5):
        with pytest.raises(NeedsCodeError, match="expected a VecNormalize"):
            read_vecnormalize(pickle.dumps(value))
