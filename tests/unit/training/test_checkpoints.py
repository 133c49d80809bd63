"""Which checkpoints count, in what order, and which are removed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np

from core.models.arrays import read_policy
from core.models.artifacts import verify
from core.models.manifest import manifest_name
from core.models.weights import Weights
from core.training.checkpoints import checkpoint_steps, checkpoint_zips, newest_whole, prune

WriteModel = Callable[..., Path]


def names(paths: list[Path]) -> list[str]:
    return [path.name for path in paths]


def test_checkpoints_are_ordered_by_steps_not_by_name(tmp_path: Path, write_model: WriteModel) -> None:
    for steps in (100_000, 50_000, 1_000_000):
        write_model(tmp_path, f"ppo_{steps}_steps", timesteps=steps)
    (tmp_path / "ppo_x_steps.zip").write_text("")
    assert names(checkpoint_zips(tmp_path)) == [
        "ppo_50000_steps.zip",
        "ppo_100000_steps.zip",
        "ppo_1000000_steps.zip",
    ]
    assert checkpoint_steps(Path("best_model.zip")) is None


def test_half_written_foreign_and_diverged_ones_do_not_count(tmp_path: Path, write_model: WriteModel) -> None:
    for steps in (1, 2, 3, 4):
        write_model(
            tmp_path, f"ppo_{steps}_steps", timesteps=steps, run_id="other" if steps == 2 else "run-1"
        )
    (tmp_path / manifest_name("ppo_4_steps")).unlink()
    good = read_policy(tmp_path / "ppo_3_steps")
    diverged = Weights(good.layers, (good.head[0] * np.float32(np.nan), good.head[1]), "tanh")
    write_model(tmp_path, "ppo_3_steps", timesteps=3, weights=diverged)
    found, problems = newest_whole(tmp_path, "run-1")
    assert found is not None and found.manifest.timesteps == 1
    assert ["no export" in problems[0], "not finite" in problems[1], "of other" in problems[2]] == [True] * 3


def test_a_checkpoint_with_another_ones_normalisation_does_not_count(
    tmp_path: Path, write_model: WriteModel
) -> None:
    """Each file is whole and bound by its hash; together they are no policy that could be judged."""
    write_model(tmp_path, "ppo_1_steps", timesteps=1)
    own = verify(tmp_path / "ppo_1_steps").normalisation
    foreign = msgspec.structs.replace(own, names=tuple(f"other {name}" for name in own.names))
    write_model(tmp_path, "ppo_2_steps", timesteps=2, normalisation=foreign)
    found, problems = newest_whole(tmp_path, "run-1")
    assert found is not None and found.manifest.timesteps == 1
    assert len(problems) == 1 and "names in the normalisation" in problems[0]


def test_keep_removes_the_oldest_with_all_their_files(tmp_path: Path, write_model: WriteModel) -> None:
    for steps in (1, 2, 3):
        write_model(tmp_path, f"ppo_{steps}_steps", timesteps=steps)
    assert prune(tmp_path, 0) == 0 and len(checkpoint_zips(tmp_path)) == 3
    assert prune(tmp_path, 2) == 1
    assert names(checkpoint_zips(tmp_path)) == ["ppo_2_steps.zip", "ppo_3_steps.zip"]
    assert not list(tmp_path.glob("ppo_1_*"))
