"""Run records and models that are no files, lie about themselves or disagree: each is refused in one line."""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import UnreadableError
from core.models.arrays import read_policy
from core.models.artifacts import read_manifest
from core.models.manifest import manifest_name
from core.models.weights import Weights, pack
from core.training.runfile import MAX_BYTES, read_run

WriteModel = Callable[..., Path]


pytestmark = pytest.mark.usefixtures("no_hang")


def test_a_run_record_that_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "run.json")
    with pytest.raises(UnreadableError, match="no regular file"):
        read_run(tmp_path)
    (tmp_path / "run.json").unlink()
    (tmp_path / "run.json").symlink_to("/dev/null")
    with pytest.raises(UnreadableError, match="no regular file"):
        read_run(tmp_path)


def test_a_run_record_above_the_limit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_bytes(b" " * (MAX_BYTES + 1))
    with pytest.raises(UnreadableError, match="larger than"):
        read_run(tmp_path)


@pytest.mark.parametrize("member", ["best_model.policy.npz", "best_model.manifest.json"])
def test_a_member_that_is_a_fifo_is_refused_at_once(
    tmp_path: Path, write_model: WriteModel, member: str
) -> None:
    path = write_model(tmp_path)
    (tmp_path / member).unlink()
    os.mkfifo(tmp_path / member)
    with pytest.raises(UnreadableError, match=f"{member} is no regular file"):
        read_policy(path)


def rebind(folder: Path, member: str, data: bytes) -> None:
    """Replace a member and correct its hash."""
    (folder / member).write_bytes(data)
    change(folder / manifest_name("best_model"), files={member: hashlib.sha256(data).hexdigest()})


def change(path: Path, **values: Any) -> None:
    content = json.loads(path.read_bytes())
    for key, value in values.items():
        content[key] = content[key] | value if isinstance(value, dict) else value
    path.write_text(json.dumps(content))


def renormalised(folder: Path, **values: Any) -> None:
    name = "best_model.normalisation.json"
    change(folder / name, **values)
    rebind(folder, name, (folder / name).read_bytes())


def npy(header: str, body: bytes = b"\0" * 16) -> bytes:
    text = header.encode()
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + body


def shaped(shape: str) -> bytes:
    return npy(f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            shaped("(1000000, 1000000, 1000000)"),
            r"head.weight.npy .* declares the shape \(1000000, .*holds 16",
        ),
        (shaped("(" + "9" * 40 + ",)"), "declares the shape"),
        (shaped("(200000, 100000)"), "declares the shape"),
        (shaped("(5,)"), "declares the shape"),
        (shaped("(-2, -2)"), "malformed: ValueError"),
        (shaped("(0, " + "9" * 40 + ")"), "declares the shape|malformed"),
        (npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,"), "malformed"),
        (npy("{'descr': '<f4', (((((("), "malformed"),
        (npy("{'descr': '|V0', 'fortran_order': False, 'shape': (9999999999,), }", b""), "malformed"),
        (b"\x93NUMPY\x07\x00", "malformed"),
        (b"", "malformed"),
    ],
)
def test_a_lying_or_broken_header_is_unreadable_before_memory_is_taken(
    tmp_path: Path, write_model: WriteModel, content: bytes, words: str
) -> None:
    path = write_model(tmp_path)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("head.weight.npy", content)
    rebind(tmp_path, "best_model.policy.npz", stream.getvalue())
    with pytest.raises(UnreadableError, match=words):
        read_policy(path)


def test_a_bias_of_another_type_is_named(tmp_path: Path, write_model: WriteModel) -> None:
    path = write_model(tmp_path)
    good = read_policy(path)
    wide = Weights(good.layers, (good.head[0], good.head[1].astype(np.float64)), "tanh")
    rebind(tmp_path, "best_model.policy.npz", pack(wide))
    with pytest.raises(UnreadableError, match=r"the bias of layer 2 of .* is float64, expected float32"):
        read_policy(path)


def test_another_schema_is_refused_before_anything_else_of_it(
    tmp_path: Path, write_model: WriteModel
) -> None:
    path = write_model(tmp_path)
    renormalised(tmp_path, schema_version=9)
    with pytest.raises(UnreadableError, match=r"schema_version in the normalisation .*expected 1, got 9"):
        read_policy(path)
    change(tmp_path / manifest_name("best_model"), schema_version=2, net_arch=None)
    for read in (read_policy, read_manifest):
        with pytest.raises(UnreadableError, match=r"schema_version in the manifest .*expected 1, got 2"):
            read(path)


def test_a_net_arch_that_its_weights_do_not_have_is_refused(tmp_path: Path, write_model: WriteModel) -> None:
    path = write_model(tmp_path)
    change(tmp_path / manifest_name("best_model"), net_arch=[64, 64])
    with pytest.raises(UnreadableError, match=r"net_arch .*expected \[4, 4\].*got \[64, 64\]"):
        read_policy(path)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["return", "position", "volatility"], "expected 'volatility' at place 2, got 'position'"),
        (["return"], "expected the 3 feature_names of its manifest, got 1"),
    ],
)
def test_statistics_of_other_observations_are_refused(
    tmp_path: Path, write_model: WriteModel, names: list[str], words: str
) -> None:
    path = write_model(tmp_path)
    renormalised(tmp_path, names=names)
    with pytest.raises(UnreadableError, match=f"names in the normalisation .*{words}"):
        read_policy(path)


@pytest.mark.parametrize("part", ["observations", "rewards"])
@pytest.mark.parametrize("field", ["clip", "epsilon"])
@pytest.mark.parametrize("value", [0.0, -10.0])
def test_a_clip_or_epsilon_not_above_zero_is_refused(
    tmp_path: Path, write_model: WriteModel, part: str, field: str, value: float
) -> None:
    path = write_model(tmp_path)
    renormalised(tmp_path, **{part: {field: value}})
    words = f"{field} in the normalisation statistics of {part}: expected a number above 0, got {value:g}"
    with pytest.raises(UnreadableError, match=words):
        read_policy(path)
