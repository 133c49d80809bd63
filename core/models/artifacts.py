"""A model on disk: four files bound by hashes, readable without running any code.

Beside `<name>.zip` (stable-baselines3) lie `<name>.policy.npz` (the policy's weights),
`<name>.normalisation.json` and `<name>.manifest.json`, which holds the SHA-256 of the other three. Traps
avoided: unpickling a model to look at it, judging a model with another one's normalisation, and a set torn by
a kill between two renames: a new set is staged whole before the first rename, and readers accept the staged
one wherever the renames stopped.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np

from core.errors import RejectedError, UnreadableError, UsageError
from core.files import atomic_write, read_regular, sync_folder
from core.models.manifest import SCHEMA_VERSION, Manifest, Normalisation, manifest_name, member_names
from core.models.weights import Weights, pack
from core.models.zips import start_words
from core.text import visible

MAX_BYTES = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Verified:
    """The bytes of a set whose hashes agree with its manifest."""

    manifest: Manifest
    zip: bytes
    policy: bytes
    normalisation: Normalisation


def has_export(target: Path) -> bool:
    """Whether any file of this program's export lies beside the zip `target`. Raises OSError."""
    base = target.name.removesuffix(".zip")
    beside = [target.parent / name for name in (manifest_name(base), *member_names(base)[1:])]
    return any(path.exists() or _staged(path).exists() for path in beside)


def model_zip(path: Path) -> Path:
    """The zip that `path` (with or without `.zip`) names.

    Raises UsageError when there is no such file, UnreadableError when its folder is denied.
    """
    target = path if path.name.endswith(".zip") else path.parent / f"{path.name}.zip"
    committed = _staged(target.parent / manifest_name(target.name.removesuffix(".zip")))
    try:
        if target.is_file() or committed.is_file():
            return target
        # There under that very name, without .zip: reading it makes the error say what it is.
        if path.is_file():
            return path
        folder = target.is_dir() or path.is_dir()
    except OSError as error:
        raise UnreadableError(
            f"{path} could not be read: {error.strerror}", hint="Check its permissions."
        ) from error
    if folder:
        raise UsageError(
            f"{path} is a folder; expected a model",
            hint=f"Name a model in it, such as {path / 'best_model'}.",
        )
    raise UsageError(
        f"no model at {target}",
        hint="Train one with `ppo-console train`, or give its path with or without .zip.",
    )


def write_artifacts(
    folder: Path, *, manifest: Manifest, zip_bytes: bytes, weights: Weights, normalisation: Normalisation
) -> Path:
    """Write the set `manifest.name` into `folder`, replacing an earlier one; returns the zip's path.

    `manifest.files` is filled in. At every instant a whole set, the earlier or the new, can be read. Raises
    UnreadableError (numbers that are not finite, no space, no permission); the earlier set then stays, and
    nothing of the new one takes up room.
    """
    _check_finite_statistics(normalisation)
    names = member_names(manifest.name)
    contents = (zip_bytes, pack(weights), _json(normalisation))
    files = {name: hashlib.sha256(data).hexdigest() for name, data in zip(names, contents, strict=True)}
    manifest = msgspec.structs.replace(manifest, files=files)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        finish_interrupted(folder)
        try:
            for name, data in zip(names, contents, strict=True):
                atomic_write(_staged(folder / name), data)
            atomic_write(_staged(folder / manifest_name(manifest.name)), _json(manifest))
        except (OSError, UnreadableError):
            with contextlib.suppress(OSError):
                finish_interrupted(folder)
            raise
        _commit(folder, manifest.name)
    except OSError as error:
        raise UnreadableError(
            f"{folder / manifest.name} could not be saved: {error.strerror}",
            hint="The earlier model is unchanged; check free space and permissions.",
        ) from error
    return folder / names[0]


def finish_interrupted(folder: Path) -> None:
    """Complete or drop what a killed writer left staged in `folder`. Raises OSError."""
    staged = [path for path in folder.glob(".*.staged") if path.is_file()]
    for path in staged:
        name = path.name.removeprefix(".").removesuffix(".staged")
        if name.endswith(".manifest.json"):
            _commit(folder, name.removesuffix(".manifest.json"))
    for path in staged:
        path.unlink(missing_ok=True)


def verify(path: Path) -> Verified:
    """The files of the model at `path`, each read once and checked against the manifest.

    Raises UsageError (no such model), UnreadableError (no zip, no export, denied, malformed) and
    RejectedError (a hash differs).
    """
    target = model_zip(path)
    for pause in (0.05, 0.2):
        try:
            return _load(target)
        except RejectedError:
            time.sleep(pause)  # a writer may be between two renames
    return _load(target)


def read_manifest(path: Path) -> Manifest:
    """The manifest of the model at `path`, without reading the files it binds. Raises as `verify`."""
    return _manifest(model_zip(path))[0]


def _load(target: Path) -> Verified:
    manifest, staged = _manifest(target)
    base = target.name.removesuffix(".zip")
    contents: list[bytes] = []
    for recorded, actual in zip(member_names(manifest.name), member_names(base), strict=True):
        path = target.parent / actual
        data = (_read(_staged(path)) if staged else None) or _read(path)
        if data is None:
            raise UnreadableError(
                f"{path} is missing: the model {target.name} is not whole",
                hint="Copy all four files of a model together.",
            )
        expected, got = manifest.files.get(recorded), hashlib.sha256(data).hexdigest()
        if got != expected:
            raise RejectedError(
                f"{path} does not match its manifest: expected SHA-256 {(expected or 'none')[:12]}…, "
                f"got {got[:12]}…",
                hint="The file was changed or belongs to another model; restore the set or train again.",
            )
        contents.append(data)
    return Verified(manifest, contents[0], contents[1], decode_normalisation(contents[2], target))


def _manifest(target: Path) -> tuple[Manifest, bool]:
    """The manifest beside the zip `target`, and whether it is one that a writer has staged."""
    path = target.parent / manifest_name(target.name.removesuffix(".zip"))
    staged = _read(_staged(path))
    data = _read(path) if staged is None else staged
    zip_path = target if target.is_file() else _staged(target)
    _check_zip(zip_path, target)
    if data is None:
        raise UnreadableError(
            f"{target} has no export: {path.name} is missing, and with it the hashes of its files",
            hint="Copy all four files of a model together; the zip alone, in a folder of its own, is read as "
            "a model made elsewhere.",
        )
    manifest = _decode(data, Manifest, target)
    cleaned = msgspec.structs.replace(
        manifest,
        name=visible(manifest.name, 200),
        run_id=visible(manifest.run_id, 200),
        tag=None if manifest.tag is None else visible(manifest.tag, 200),
        created_at=visible(manifest.created_at, 40),
        feature_names=tuple(visible(name, 100) for name in manifest.feature_names),
        symbols=tuple(visible(symbol, 40) for symbol in manifest.symbols),
        activation=visible(manifest.activation, 40),
        versions={visible(key, 40): visible(value, 80) for key, value in manifest.versions.items()},
    )
    return cleaned, staged is not None


def _check_zip(path: Path, target: Path) -> None:
    try:
        with path.open("rb") as stream:
            start = stream.read(40)
        if zipfile.is_zipfile(path):
            return
    except OSError as error:
        raise UnreadableError(
            f"{target} could not be read: {error.strerror}", hint="Check its permissions."
        ) from error
    raise UnreadableError(
        f"{target} is not a model: expected a stable-baselines3 zip, got {start_words(start)}",
        hint="Name the zip that training saved, such as best_model.zip.",
    )


def _read(path: Path) -> bytes | None:
    """The file's bytes; None when it does not exist."""
    try:
        return read_regular(path, MAX_BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UnreadableError(
            f"{path} could not be read: {error.strerror}", hint="Check its permissions."
        ) from error


def _staged(path: Path) -> Path:
    return path.parent / f".{path.name}.staged"


def _commit(folder: Path, name: str) -> None:
    """Rename what is staged over the real files, the manifest last."""
    for member in (*member_names(name), manifest_name(name)):
        with contextlib.suppress(FileNotFoundError):
            _staged(folder / member).replace(folder / member)
    sync_folder(folder)


def _json(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"


_S = TypeVar("_S", bound=msgspec.Struct)


class _Version(msgspec.Struct):
    schema_version: int = SCHEMA_VERSION


def decode_normalisation(data: bytes, source: Path) -> Normalisation:
    """A `<name>.normalisation.json`. Raises UnreadableError; `source` is only named in it."""
    normalisation = _decode(data, Normalisation, source)
    _check_finite_statistics(normalisation)
    return normalisation


def _decode(data: bytes, kind: type[_S], target: Path) -> _S:
    try:
        version = msgspec.json.decode(data, type=_Version).schema_version
        if version != SCHEMA_VERSION:
            raise UnreadableError(
                f"schema_version in the {kind.__name__.lower()} of {target}: "
                f"expected {SCHEMA_VERSION}, got {version}",
                hint="It was saved by another version of this program; use that one, or train again.",
            )
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableError(
            f"the {kind.__name__.lower()} of {target} is malformed: {visible(str(error), 200)}",
            hint="Restore the model's files from a copy, or train again.",
        ) from error


def _check_finite_statistics(normalisation: Normalisation) -> None:
    for label, found in (("observations", normalisation.observations), ("rewards", normalisation.rewards)):
        mean, var = np.array(found.mean), np.array(found.var)
        if mean.shape != var.shape or not (np.isfinite(mean).all() and np.isfinite(var).all()):
            raise UnreadableError(
                f"the normalisation statistics of {label} are not finite numbers of one shape",
                hint="Check the training data with `ppo-console data check`.",
            )
        if (var < 0).any() or not math.isfinite(found.count):
            raise UnreadableError(f"the normalisation statistics of {label} are out of range")
        for name, value in (("clip", found.clip), ("epsilon", found.epsilon)):
            if not (math.isfinite(value) and value > 0):
                raise UnreadableError(
                    f"{name} in the normalisation statistics of {label}: "
                    f"expected a number above 0, got {value:g}"
                )
