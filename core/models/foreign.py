"""The one way to a model's policy: with this program's export, or saved by stable-baselines3 alone.

An export is read through its manifest, and a hash that differs is refused. A zip without one is read inertly,
once it is whole; what cannot be verified of it is kept as warnings for the report. Trap avoided: a policy
judged on raw observations, or with another model's statistics, without a word.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from core.errors import RejectedError, UnreadableError, UsageError
from core.files import read_regular
from core.models.arrays import Foreign, PolicyArrays, read_policy
from core.models.artifacts import MAX_BYTES, decode_normalisation, has_export, model_zip
from core.models.manifest import Manifest, Statistics, manifest_name, member_names
from core.models.problems import (
    PLAIN_STATISTICS,
    SAVE_AGAIN,
    WAY_OUT,
    CustomModelError,
    DivergedError,
    MalformedError,
    ModelProblem,
    NeedsCodeError,
    NotWholeError,
)
from core.models.sb3 import Sb3Model, read_zip
from core.models.settle import read_settled
from core.models.vecnormalize import read_vecnormalize
from core.text import visible

MAX_STATISTICS = 1 << 20
AS_THEY_ARE = "no normalisation statistics given: observations are used as they are"

_STEPS = re.compile(r"(.+)_(\d{1,15}_steps)")

Waiting = Callable[[str], None]
"""Told what is waited for."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Read:
    """A zip without an export: its hash and its model, or why that needs its code."""

    path: Path
    data: bytes
    model_hash: str
    model: Sb3Model | NeedsCodeError


def load_model(
    path: Path,
    *,
    normalisation: Path | None = None,
    trusted: str | None = None,
    waiting: Waiting = lambda _: None,
    run_code: Callable[[Read], Sb3Model] | None = None,
) -> PolicyArrays:
    """The policy of the model at `path`, with or without `.zip`.

    `normalisation` names the statistics of a model without an export; else they are looked for beside it.
    `trusted` is the SHA-256 of a file whose code may be run by `run_code`, should that be needed.

    Raises UsageError (no such file), UnreadableError (denied, malformed, not whole), CustomModelError (its
    code would have to be run) and RejectedError (a hash differs, numbers are not finite).
    """
    target = model_zip(path)
    if exported(target):
        if normalisation is not None:
            raise UsageError(
                f"--normalisation: {target} has its own statistics, bound to it by its manifest",
                hint="Leave the option out.",
            )
        base = target.name.removesuffix(".zip")
        beside = [target.parent / name for name in (*member_names(base), manifest_name(base))]
        return _wait(lambda: read_policy(path), beside, (RejectedError, UnreadableError), waiting)
    read = read_foreign(target, waiting)
    model = read.model
    ran: tuple[str, ...] = ()
    if isinstance(model, NeedsCodeError):
        if trusted is None or run_code is None:
            raise CustomModelError(f"{target} cannot be read without running its code: {model}", hint=WAY_OUT)
        if read.model_hash != trusted:
            raise RejectedError(
                f"{target} changed since it was trusted: expected SHA-256 {trusted[:12]}…, "
                f"got {read.model_hash[:12]}…",
                hint="Find out who wrote it, then decide again.",
            )
        model = run_code(read)
        ran = (f"its code was run to read it (--trust-model): SHA-256 {trusted}",)
    found = _statistics(target, model, normalisation, waiting)
    return _assemble(read, model, found, ran)


def exported(target: Path) -> bool:
    """Whether the zip `target` carries this program's export, or a part of one. Raises UnreadableError."""
    try:
        return has_export(target)
    except OSError as error:
        raise _denied(target, error) from error


def read_foreign(target: Path, waiting: Waiting = lambda _: None) -> Read:
    """A zip without an export, once it is whole.

    Raises UnreadableError (denied, malformed, not whole in time) and RejectedError (numbers are not finite).
    """

    def read() -> Read:
        data = _bytes(target, MAX_BYTES)
        digest = hashlib.sha256(data).hexdigest()
        try:
            return Read(target, data, digest, read_zip(data))
        except NeedsCodeError as problem:
            return Read(target, data, digest, problem)

    return _named(target, lambda: _wait(read, [target], (NotWholeError,), waiting))


def statistics_beside(target: Path) -> Path | None:
    """The VecNormalize pickle of the zip `target` by the names that people use, most specific first.

    `model_vecnormalize.pkl`, `prefix_vecnormalize_1000_steps.pkl` as `CheckpointCallback` has it,
    `vecnormalize.pkl` in a folder of the model's name, as the zoo has it, or beside the zip.
    """
    base = target.name.removesuffix(".zip")
    folder = target.parent
    names = [f"{base}{joint}{word}.pkl" for word in ("vecnormalize", "vec_normalize") for joint in "_.-"]
    if steps := _STEPS.fullmatch(base):
        names.append(f"{steps[1]}_vecnormalize_{steps[2]}.pkl")
    names += [f"vecnormalize_{base}.pkl", f"vec_normalize_{base}.pkl"]
    names += [f"{base}/vecnormalize.pkl", "vecnormalize.pkl", "vec_normalize.pkl"]
    return next((folder / name for name in names if (folder / name).is_file()), None)


@dataclass(frozen=True, slots=True)
class _Statistics:
    observations: Statistics | None
    names: tuple[str, ...]
    digest: str | None
    warnings: tuple[str, ...]


def _statistics(target: Path, model: Sb3Model, given: Path | None, waiting: Waiting) -> _Statistics:
    path = given or statistics_beside(target)
    if path is None:
        return _Statistics(None, (), None, (AS_THEY_ARE,))
    names: tuple[str, ...] = ()

    def read() -> tuple[str, Statistics]:
        nonlocal names
        data = _bytes(path, MAX_STATISTICS)
        if path.suffix == ".json":
            normalisation = decode_normalisation(data, path)
            names = tuple(visible(name, 100) for name in normalisation.names)
            return hashlib.sha256(data).hexdigest(), normalisation.observations
        return hashlib.sha256(data).hexdigest(), read_vecnormalize(data)

    unfinished = (MalformedError, UnreadableError)
    digest, found = _named(path, lambda: _wait(read, [path], unfinished, waiting), PLAIN_STATISTICS)
    if found.enabled and len(found.mean) != model.observation_size:
        raise UnreadableError(
            f"{path} normalises {len(found.mean)} numbers: expected {model.observation_size}, "
            f"which is what {target.name} reads",
            hint="Name the model's own statistics with --normalisation.",
        )
    warnings = []
    if given is None:
        warnings.append(
            f"normalisation statistics from {path.name}, found by its name: that they belong to the model "
            "cannot be verified"
        )
    if not found.enabled:
        warnings.append(f"{path.name} says that observations were not normalised: they are used as they are")
    return _Statistics(found if found.enabled else None, names, digest, tuple(warnings))


def raw_policy(model: Sb3Model, path: Path) -> PolicyArrays:
    """The policy of `model` on observations as they are."""
    size = model.observation_size
    manifest = Manifest(
        name=visible(path.name.removesuffix(".zip"), 200),
        role="foreign",
        run_id="",
        timesteps=model.timesteps,
        updates=model.updates,
        created_at="",
        files={},
        feature_names=(),
        net_arch=model.weights.net_arch,
        activation=model.weights.activation,
        n_actions=model.n_actions,
        seed=model.seed,
        versions={"stable-baselines3": model.version},
    )
    return PolicyArrays(
        layers=model.weights.layers,
        head=model.weights.head,
        activation=model.weights.activation,
        observation_mean=np.zeros(size),
        observation_var=np.ones(size),
        clip=float("inf"),
        epsilon=0.0,
        feature_names=(),
        manifest=manifest,
        path=path,
    )


def _assemble(read: Read, model: Sb3Model, found: _Statistics, ran: tuple[str, ...]) -> PolicyArrays:
    warnings = (
        *ran,
        "the model was not saved by this program: no manifest says which hash it should have",
        f"that the model's {model.observation_size} observations and {model.n_actions} actions are this "
        "environment's, in the same order, cannot be verified",
        *found.warnings,
    )
    policy = replace(
        raw_policy(model, read.path),
        feature_names=found.names,
        foreign=Foreign(read.model_hash, found.digest, warnings),
    )
    if (statistics := found.observations) is None:
        return policy
    return replace(
        policy,
        observation_mean=np.array(statistics.mean),
        observation_var=np.array(statistics.var),
        clip=statistics.clip,
        epsilon=statistics.epsilon,
    )


def _wait(
    read: Callable[[], _T], paths: list[Path], unfinished: tuple[type[Exception], ...], waiting: Waiting
) -> _T:
    name = visible(paths[0].name, 100)
    return read_settled(
        read,
        paths,
        unfinished,
        lambda waited: waiting(f"{name} is not whole yet; waiting for {waited:.0f} s"),
    )


def _named(path: Path, read: Callable[[], _T], way_out: str = WAY_OUT) -> _T:
    """`read()`, its problem turned into an error about `path`."""
    try:
        return read()
    except NotWholeError as problem:
        raise UnreadableError(
            f"{path} is not a model, or not yet a whole one: {problem}",
            hint="It no longer grows. Copy or save it again, best under another name that is then renamed.",
        ) from None
    except DivergedError as problem:
        raise RejectedError(
            f"{path}: {problem}: the training diverged",
            hint="Judge an earlier checkpoint, and see the runbook for exploding gradients.",
        ) from None
    except NeedsCodeError as problem:
        raise CustomModelError(
            f"{path} cannot be read without running its code: {problem}", hint=way_out
        ) from None
    except ModelProblem as problem:
        raise UnreadableError(f"{path} is not a model: {problem}", hint=SAVE_AGAIN) from None


def _bytes(path: Path, limit: int) -> bytes:
    try:
        return read_regular(path, limit)
    except FileNotFoundError:
        raise UsageError(f"no file at {path}", hint="Give the path of a file that exists.") from None
    except OSError as error:
        raise _denied(path, error) from error


def _denied(path: Path, error: OSError) -> UnreadableError:
    return UnreadableError(f"{path} could not be read: {error.strerror}", hint="Check its permissions.")
