"""Policies that a backtest asks once per candle: the trained one, a random one, buy-and-hold.

A policy maps observations (L, D) to actions (L,). Trap avoided: a network that answers NaN still has an
argmax; such a decision is HOLD here, and it is counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import UnreadableError
from core.models.weights import TORCH_ACTIVATIONS
from core.text import visible
from core.trading.actions import HOLD, OPEN_LONG, Action
from core.trading.observation import difference

if TYPE_CHECKING:
    import torch

    from core.models.arrays import PolicyArrays

_TIE = 1e-5
"""Logits closer than this, relative to 1 + their size, are compared as probabilities."""

Observations = NDArray[np.float32]
Actions = NDArray[np.int64]


class Policy(Protocol):
    """What the engine asks."""

    def actions(self, observations: Observations) -> Actions:
        """One action per lane, (L,), for observations (L, D)."""


class TrainedPolicy:
    """The deterministic policy of a model: normalise as VecNormalize does, MLP in torch, argmax.

    stable-baselines3 normalises in float64, clips, and hands float32 to the network; so does this. Its
    deterministic action has the largest probability, not the largest logit: probabilities round to equal
    where logits are nearly so, and the first of them is chosen. One forward pass serves all lanes. The number
    of torch threads is the process's affair.
    """

    def __init__(self, arrays: PolicyArrays) -> None:
        import torch
        from torch import nn

        activations: dict[str, type[nn.Module]] = {
            ours: getattr(nn, theirs) for theirs, ours in TORCH_ACTIVATIONS.items()
        }
        if arrays.activation not in activations:
            raise UnreadableError(
                f"{arrays.path}: activation {visible(arrays.activation, 40)!r} is not known here; "
                f"expected one of {', '.join(activations)}"
            )
        layers: list[nn.Module] = []
        for weight, bias in arrays.layers:
            layers += [_linear(weight, bias), activations[arrays.activation]()]
        self._network = nn.Sequential(*layers, _linear(*arrays.head)).eval().requires_grad_(False)
        self._torch = torch
        self._mean = np.asarray(arrays.observation_mean, np.float64)
        self._scale = np.sqrt(np.asarray(arrays.observation_var, np.float64) + arrays.epsilon)
        self._clip = float(arrays.clip)
        self.undecided = 0
        """Decisions without a finite logit so far; they became HOLD."""

    def logits(self, observations: Observations) -> NDArray[np.float32]:
        """(L, actions) for observations (L, D)."""
        scaled = np.clip((observations - self._mean) / self._scale, -self._clip, self._clip)
        with self._torch.inference_mode():
            result: NDArray[np.float32] = self._network(
                self._torch.from_numpy(scaled.astype(np.float32))
            ).numpy()
        return result

    def actions(self, observations: Observations) -> Actions:
        logits = self.logits(observations)
        chosen: Actions = logits.argmax(axis=1).astype(np.int64)
        near = self._nearly_equal(logits)
        if near.any():
            chosen[near] = self._most_probable(logits[near])
        finite = np.isfinite(logits)
        if not finite.all():
            broken = ~finite.all(axis=1)
            self.undecided += int(broken.sum())
            chosen[broken] = HOLD
        return chosen

    @staticmethod
    def _nearly_equal(logits: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Rows (L,) whose two largest logits may become one probability."""
        columns = np.ascontiguousarray(logits.T)  # a few long rows are compared five times as fast
        largest = columns.max(axis=0)
        with np.errstate(invalid="ignore"):
            rivals: NDArray[np.bool_] = (columns >= largest - _TIE * (1.0 + np.abs(largest))).sum(axis=0) > 1
        return rivals

    def _most_probable(self, logits: NDArray[np.float32]) -> Actions:
        """As torch's `Categorical(logits=…)` computes probabilities, bit for bit."""
        with self._torch.inference_mode():
            found = self._torch.from_numpy(logits)
            found = found - found.logsumexp(dim=-1, keepdim=True)
            chosen: Actions = self._torch.softmax(found, dim=-1).argmax(dim=1).numpy()
        return chosen


class RandomPolicy:
    """Each of the five actions with equal chance, from a seed."""

    def __init__(self, seed: int, n_actions: int = 5) -> None:
        self._random = np.random.default_rng(seed)
        self._n_actions = n_actions

    def actions(self, observations: Observations) -> Actions:
        return np.asarray(self._random.integers(0, self._n_actions, size=len(observations)), np.int64)


class BuyAndHoldPolicy:
    """Long whenever it is not: with no stop and no target, one purchase."""

    def actions(self, observations: Observations) -> Actions:
        return np.full(len(observations), OPEN_LONG, np.int64)


class RecordedPolicy:
    """Plays recorded actions (S, E, N) again, once per lag (K,), each moved that many candles later.

    The lanes are symbols × (lag, episode), as `run_backtest` with `repeats=K` has them. What a lag moves
    beyond an episode's end stands at its beginning.
    """

    def __init__(self, recorded: NDArray[np.int8], lags: Actions) -> None:
        self._recorded = recorded
        self._lags = lags
        self._candle = 0

    def actions(self, observations: Observations) -> Actions:
        source = (self._candle - self._lags) % self._recorded.shape[2]
        self._candle += 1
        # (S, E, K) → (S, K, E)
        moved = self._recorded[:, :, source].transpose(0, 2, 1)
        return np.ascontiguousarray(moved, np.int64).reshape(-1)


def check_observation(arrays: PolicyArrays, names: tuple[str, ...]) -> None:
    """Refuse a model that does not fit the simulator: observations `names`, five actions.

    Of a foreign model only the number of observations can be compared. Raises UnreadableError.
    """
    got = arrays.feature_names
    if not got and arrays.inputs == len(names):
        _check_actions(arrays)
        return
    if got:
        what = difference(got, names)
    else:
        what = f"expected {len(names)} numbers in an observation, got {arrays.inputs}"
    if what is None:
        return
    raise UnreadableError(
        f"{arrays.path} was trained on other observations: {what}",
        hint=_ELSEWHERE if arrays.foreign else "Train a model on them: ppo-console train --fresh.",
    )


_ELSEWHERE = (
    "A model can only be judged on what it was trained on: name its environment in [revalidation] "
    "(docs/own-environment.md), or backtest it where it was made and judge the result with ppo-console score."
)


def _check_actions(arrays: PolicyArrays) -> None:
    if arrays.manifest.n_actions != len(Action):
        expected = ", ".join(action.name for action in Action)
        raise UnreadableError(
            f"{arrays.path} chooses between {arrays.manifest.n_actions} actions: "
            f"expected {len(Action)} ({expected})",
            hint=_ELSEWHERE,
        )


def _linear(weight: NDArray[np.float32], bias: NDArray[np.float32]) -> torch.nn.Linear:
    import torch

    layer = torch.nn.Linear(weight.shape[1], weight.shape[0])
    layer.load_state_dict(
        {
            "weight": torch.from_numpy(np.array(weight, np.float32)),
            "bias": torch.from_numpy(np.array(bias, np.float32)),
        }
    )
    return layer
