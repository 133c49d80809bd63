"""A model's files: what was written is read, what was changed is refused, a kill leaves a whole set."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

from core.errors import RejectedError, UnreadableError, UsageError
from core.models import artifacts
from core.models.arrays import read_policy
from core.models.artifacts import finish_interrupted, read_manifest
from core.models.manifest import Normalisation, Statistics, manifest_name, member_names
from core.models.weights import Weights, pack

WriteModel = Callable[..., Path]


def test_what_was_written_is_read_with_and_without_zip(tmp_path: Path, write_model: WriteModel) -> None:
    path = write_model(tmp_path)
    for given in (path, tmp_path / "best_model"):
        policy = read_policy(given)
        assert policy.path == path
        assert policy.feature_names == ("return", "volatility", "position")
        assert policy.observation_mean.tolist() == [0.0, 0.1, 0.2], "exact through JSON"
        assert [weight.shape for weight, _ in policy.layers] == [(4, 3), (4, 4)]
        assert policy.head[0].shape == (5, 4)
        assert policy.model_hash == policy.manifest.files["best_model.zip"]
        assert len(policy.normalisation_hash) == 64


def test_without_normalisation_observations_pass_unchanged(tmp_path: Path, write_model: WriteModel) -> None:
    policy = read_policy(write_model(tmp_path, normalised=False))
    observation = np.array([1e6, -3.0, 0.0])
    scaled = (observation - policy.observation_mean) / np.sqrt(policy.observation_var + policy.epsilon)
    assert np.clip(scaled, -policy.clip, policy.clip).tolist() == observation.tolist()


@pytest.mark.parametrize("member", member_names("best_model"))
def test_a_changed_file_is_refused_and_named(tmp_path: Path, write_model: WriteModel, member: str) -> None:
    path = write_model(tmp_path)
    data = bytearray((tmp_path / member).read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / member).write_bytes(data)
    with pytest.raises(RejectedError, match=member) as caught:
        read_policy(path)
    assert caught.value.exit_code == 20


def test_another_models_normalisation_is_refused(tmp_path: Path, write_model: WriteModel) -> None:
    path = write_model(tmp_path)
    other = Normalisation(
        names=("return", "volatility", "position"),
        observations=Statistics(
            enabled=True, mean=(9.0,) * 3, var=(1.0,) * 3, count=1.0, clip=5.0, epsilon=1e-8
        ),
        rewards=Statistics(enabled=True, mean=(0.0,), var=(1.0,), count=1.0, clip=10.0, epsilon=1e-8),
        gamma=0.99,
    )
    write_model(tmp_path, "other", normalisation=other)
    (tmp_path / "other.normalisation.json").replace(tmp_path / "best_model.normalisation.json")
    with pytest.raises(RejectedError, match="normalisation"):
        read_policy(path)


def test_a_zip_without_export_is_refused_with_the_way_out(tmp_path: Path, write_model: WriteModel) -> None:
    path = write_model(tmp_path)
    (tmp_path / manifest_name("best_model")).unlink()
    with pytest.raises(UnreadableError, match="no export") as caught:
        read_policy(path)
    assert "all four files" in caught.value.hint
    assert caught.value.exit_code == 1


@pytest.mark.parametrize("member", member_names("best_model")[1:])
def test_a_missing_member_is_named(tmp_path: Path, write_model: WriteModel, member: str) -> None:
    path = write_model(tmp_path)
    (tmp_path / member).unlink()
    with pytest.raises(UnreadableError, match=f"{member} is missing"):
        read_policy(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"hello\x1b]52;c;AAAA\x07", "starts with"),
        (b"", "an empty file"),
        (b"PK\x03\x04 cut off", "cut off or damaged"),
    ],
)
def test_a_file_that_is_no_model_says_what_it_is(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "model.zip"
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match=words) as caught:
        read_policy(path)
    assert "\x1b" not in caught.value.title and caught.value.exit_code == 1


def test_a_text_file_given_without_zip_says_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a model")
    with pytest.raises(UnreadableError, match="not a model: expected a stable-baselines3 zip"):
        read_policy(path)


def test_a_missing_path_is_a_usage_error_and_a_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no model at") as caught:
        read_policy(tmp_path / "nothing")
    assert caught.value.exit_code == 2
    with pytest.raises(UsageError, match="is a folder"):
        read_policy(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_denied_model_is_unreadable(tmp_path: Path, write_model: WriteModel) -> None:
    path = write_model(tmp_path)
    path.chmod(0)
    with pytest.raises(UnreadableError, match="could not be read"):
        read_policy(path)


def _rebind(folder: Path, member: str, data: bytes) -> None:
    """Replace a member and correct its hash: what a forger with time would do."""
    (folder / member).write_bytes(data)
    path = folder / manifest_name("best_model")
    manifest = json.loads(path.read_bytes())
    manifest["files"][member] = hashlib.sha256(data).hexdigest()
    path.write_text(json.dumps(manifest))


def test_a_pickle_in_the_export_is_never_run(tmp_path: Path, write_model: WriteModel) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
            return (os.mkdir, (str(tmp_path / "exploded"),))

    path = write_model(tmp_path)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        array = io.BytesIO()
        np.lib.format.write_array(array, np.array([Bomb()], dtype=object), allow_pickle=True)
        archive.writestr("head.weight.npy", array.getvalue())
    for data in (stream.getvalue(), pickle.dumps(Bomb())):
        _rebind(tmp_path, "best_model.policy.npz", data)
        with pytest.raises(UnreadableError, match="malformed"):
            read_policy(path)
    assert not (tmp_path / "exploded").exists()


def test_shapes_that_do_not_fit_and_numbers_that_are_not_finite(
    tmp_path: Path, write_model: WriteModel
) -> None:
    path = write_model(tmp_path)
    good = read_policy(path)
    short = Weights(good.layers[:1], good.head, "tanh")
    transposed = Weights(tuple((w.T, b) for w, b in good.layers), good.head, "tanh")
    broken = good.head[0].copy()
    broken[0, 0] = np.nan
    cases: list[tuple[Weights, type[Exception], str]] = [
        (transposed, UnreadableError, "shapes"),
        (Weights(good.layers, (good.head[0][:4], good.head[1][:4]), "tanh"), UnreadableError, "4 actions"),
        (Weights(good.layers, (broken, good.head[1]), "tanh"), RejectedError, "not finite"),
    ]
    for weights, error, words in cases:
        _rebind(tmp_path, "best_model.policy.npz", pack(weights))
        with pytest.raises(error, match=words):
            read_policy(path)
    _rebind(tmp_path, "best_model.policy.npz", pack(short))
    with pytest.raises(UnreadableError, match="net_arch"):  # its layers fit each other: both are 4 wide
        read_policy(path)


def test_a_malformed_manifest_is_unreadable(tmp_path: Path, write_model: WriteModel) -> None:
    path = write_model(tmp_path)
    for text in ("{", "[]", '{"name": 5}', ""):
        (tmp_path / manifest_name("best_model")).write_text(text)
        with pytest.raises(UnreadableError, match="malformed"):
            read_policy(path)


def test_text_in_a_manifest_is_made_harmless(tmp_path: Path, write_model: WriteModel) -> None:
    path = write_model(tmp_path, run_id="run\x1b[31m", weights=None)
    assert "\x1b" not in read_manifest(path).run_id


def test_statistics_that_are_not_finite_are_not_saved(tmp_path: Path, write_model: WriteModel) -> None:
    whole = write_model(tmp_path, seed=1)
    before = read_policy(whole).model_hash
    bad = Normalisation(
        names=("a",),
        observations=Statistics(
            enabled=True, mean=(float("nan"),), var=(1.0,), count=1.0, clip=1.0, epsilon=0.0
        ),
        rewards=Statistics(enabled=True, mean=(0.0,), var=(1.0,), count=1.0, clip=1.0, epsilon=0.0),
        gamma=0.9,
    )
    with pytest.raises(UnreadableError, match="not finite"):
        write_model(tmp_path, seed=2, normalisation=bad)
    assert read_policy(whole).model_hash == before


class Killed(BaseException):
    pass


def test_a_kill_at_any_write_or_rename_leaves_a_whole_set(tmp_path: Path, write_model: WriteModel) -> None:
    """Whatever instant the writer dies at, the old or the new set is read, never a mix or nothing."""
    real_write, real_replace = artifacts.atomic_write, Path.replace
    seen: set[int] = set()
    finished = False
    for survive in range(20):
        folder = tmp_path / str(survive)
        write_model(folder, seed=1, timesteps=1)
        steps = 0

        def count(limit: int = survive) -> None:
            nonlocal steps
            steps += 1
            if steps > limit:
                raise Killed

        def write(path: Path, data: bytes | str) -> None:
            count()
            real_write(path, data)

        def replace(self: Path, target: Path) -> Path:
            if self.name.endswith(".staged"):
                count()
            return real_replace(self, target)

        with mock.patch.object(artifacts, "atomic_write", write), mock.patch.object(Path, "replace", replace):
            try:
                write_model(folder, seed=2, timesteps=2)
                finished = True
            except Killed:
                pass
        found = read_policy(folder / "best_model").manifest.timesteps
        seen.add(found)
        finish_interrupted(folder)
        assert read_policy(folder / "best_model").manifest.timesteps == found
        assert not list(folder.glob(".*.staged"))
        if finished:
            break
    assert finished and seen == {1, 2}


@pytest.mark.parametrize("how", ["file size", "tmpfs"])
def test_a_model_that_does_not_fit_leaves_the_earlier_one_and_takes_no_room(
    tmp_path: Path,
    write_model: WriteModel,
    how: str,
    on_a_full_disk: Callable[[str, Path, Callable[[], object]], str],
) -> None:
    noise = np.random.default_rng(0).normal(size=(300, 300)).astype(np.float32)
    large = Weights(((noise[:, :3], noise[0]), (noise, noise[0])), (noise[:5], noise[0, :5]), "tanh")

    def write() -> None:
        write_model(tmp_path, seed=1, timesteps=1)
        there = sorted(tmp_path.iterdir())
        try:
            write_model(tmp_path, seed=2, timesteps=2, weights=large)
        except UnreadableError:
            assert read_policy(tmp_path / "best_model").manifest.timesteps == 1
            assert sorted(tmp_path.iterdir()) == there, "the part that fitted takes up room"
            raise

    assert on_a_full_disk(how, tmp_path, write).startswith("UnreadableError: ")


def test_the_first_save_killed_before_its_commit_is_no_model(tmp_path: Path, write_model: WriteModel) -> None:
    real = artifacts.atomic_write

    def write(path: Path, data: bytes | str) -> None:
        if "manifest" in path.name:
            raise Killed
        real(path, data)

    with mock.patch.object(artifacts, "atomic_write", write), pytest.raises(Killed):
        write_model(tmp_path)
    with pytest.raises(UsageError, match="no model"):
        read_policy(tmp_path / "best_model")


def test_a_set_copied_under_another_name_still_verifies(tmp_path: Path, write_model: WriteModel) -> None:
    write_model(tmp_path)
    for member in (*member_names("best_model"), manifest_name("best_model")):
        (tmp_path / member).rename(tmp_path / member.replace("best_model", "backup"))
    assert read_policy(tmp_path / "backup").manifest.name == "best_model"


def test_the_same_weights_pack_to_the_same_bytes(tmp_path: Path, write_model: WriteModel) -> None:
    for folder in ("a", "b"):
        write_model(tmp_path / folder)
    first, second = (
        {name: (tmp_path / folder / name).read_bytes() for name in member_names("best_model")[1:]}
        for folder in ("a", "b")
    )
    assert first == second
