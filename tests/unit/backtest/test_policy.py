"""Policies: the trained one computes what stable-baselines3 computes; a NaN never trades."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.backtest.policy import BuyAndHoldPolicy, RandomPolicy, TrainedPolicy, check_observation
from core.errors import UnreadableError
from core.models.arrays import PolicyArrays
from core.models.manifest import Manifest
from core.trading.actions import HOLD, OPEN_LONG

NAMES = ("a", "b", "c")


@pytest.fixture
def arrays() -> PolicyArrays:
    random = np.random.default_rng(0)

    def layer(out: int, into: int) -> tuple[np.ndarray, np.ndarray]:
        return random.normal(size=(out, into)).astype(np.float32), random.normal(size=out).astype(np.float32)

    return PolicyArrays(
        layers=(layer(8, 3), layer(8, 8)),
        head=layer(5, 8),
        activation="tanh",
        observation_mean=np.array([0.5, -1.0, 2.0]),
        observation_var=np.array([1.0, 4.0, 0.25]),
        clip=3.0,
        epsilon=1e-8,
        feature_names=NAMES,
        manifest=Manifest(
            name="m",
            role="best",
            run_id="r",
            timesteps=1,
            updates=1,
            created_at="",
            files={},
            feature_names=NAMES,
            net_arch=(8, 8),
            activation="tanh",
            n_actions=5,
        ),
        path=Path("m.zip"),
    )


def test_logits_are_those_of_the_documented_forward_pass(arrays: PolicyArrays) -> None:
    observations = np.random.default_rng(1).normal(0, 5, (200, 3)).astype(np.float32)
    value = (observations - arrays.observation_mean) / np.sqrt(arrays.observation_var + arrays.epsilon)
    value = np.clip(value, -3, 3)
    for weight, bias in arrays.layers:
        value = np.tanh(value @ weight.T + bias)
    expected = value @ arrays.head[0].T + arrays.head[1]
    policy = TrainedPolicy(arrays)
    assert policy.logits(observations) == pytest.approx(expected, abs=2e-5)
    assert (policy.actions(observations) == expected.argmax(axis=1)).all()
    assert len(set(policy.actions(observations).tolist())) > 1


@pytest.mark.slow
def test_the_exported_policy_acts_as_stable_baselines3_does() -> None:
    """A real PPO model over a real VecNormalize, on observations far outside its statistics too."""
    import gymnasium
    from stable_baselines3 import PPO
    from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

    from core.training.export import normalisation_of, policy_weights

    normaliser = VecNormalize(DummyVecEnv([lambda: gymnasium.make("CartPole-v1")]), clip_obs=5.0)
    model = PPO("MlpPolicy", normaliser, n_steps=256, seed=0, device="cpu")
    model.learn(512)
    weights = policy_weights(model)
    statistics = normalisation_of(normaliser, ("x", "v", "angle", "spin")).observations
    policy = TrainedPolicy(
        PolicyArrays(
            layers=weights.layers,
            head=weights.head,
            activation=weights.activation,
            observation_mean=np.array(statistics.mean),
            observation_var=np.array(statistics.var),
            clip=statistics.clip,
            epsilon=statistics.epsilon,
            feature_names=("x", "v", "angle", "spin"),
            manifest=None,  # type: ignore[arg-type]
            path=Path("m.zip"),
        )
    )
    observations = np.random.default_rng(2).normal(0, 3, (5000, 4)).astype(np.float32)
    theirs, _ = model.predict(normaliser.normalize_obs(observations), deterministic=True)
    assert (policy.actions(observations) == theirs).all()


def test_a_decision_without_a_number_is_hold_and_counted(arrays: PolicyArrays) -> None:
    policy = TrainedPolicy(arrays)
    observations = np.zeros((4, 3), np.float32)
    observations[2] = np.nan
    assert policy.actions(observations)[2] == HOLD
    assert policy.undecided == 1
    weight = arrays.head[0].copy()
    weight[2] = np.nan  # OPEN_SHORT: argmax alone would choose it
    broken = TrainedPolicy(replace(arrays, head=(weight, arrays.head[1])))
    assert (broken.actions(np.ones((6, 3), np.float32)) == HOLD).all()
    assert broken.undecided == 6


def test_an_unknown_activation_is_refused_by_name(arrays: PolicyArrays) -> None:
    with pytest.raises(UnreadableError, match="swish"):
        TrainedPolicy(replace(arrays, activation="swish"))


def test_a_model_of_other_observations_is_refused(arrays: PolicyArrays) -> None:
    check_observation(arrays, NAMES)
    with pytest.raises(UnreadableError, match=r"expected 4 numbers in an observation, got 3: it lacks d$"):
        check_observation(arrays, (*NAMES, "d"))
    with pytest.raises(UnreadableError, match="number 2 of its observation: expected x, got b"):
        check_observation(arrays, ("a", "x", "c"))


def test_random_choices_come_from_the_seed_and_cover_all_actions() -> None:
    observations = np.zeros((1000, 3), np.float32)
    chosen = RandomPolicy(7).actions(observations)
    assert (chosen == RandomPolicy(7).actions(observations)).all()
    assert (chosen != RandomPolicy(8).actions(observations)).any()
    assert set(chosen.tolist()) == {0, 1, 2, 3, 4}


def test_buy_and_hold_always_wants_to_be_long() -> None:
    assert (BuyAndHoldPolicy().actions(np.zeros((3, 2), np.float32)) == OPEN_LONG).all()
