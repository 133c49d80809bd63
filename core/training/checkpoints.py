"""The checkpoints of a run: their names, the newest whole one, how many are kept.

Trap avoided: resuming from the highest number alone, which may be half a model or another run's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from core.errors import ConsoleError
from core.models.arrays import read_policy
from core.models.manifest import Manifest, manifest_name, member_names

_NAME = re.compile(r"ppo_(\d{1,15})_steps")


@dataclass(frozen=True, slots=True)
class Found:
    path: Path
    """The zip."""
    manifest: Manifest


def checkpoint_name(timesteps: int) -> str:
    return f"ppo_{timesteps}_steps"


def checkpoint_steps(path: Path) -> int | None:
    """The timesteps in a checkpoint's file name, None for any other file."""
    match = _NAME.fullmatch(path.name.removesuffix(".zip"))
    return int(match[1]) if match else None


def checkpoint_zips(folder: Path) -> list[Path]:
    """All checkpoints' zips, fewest timesteps first."""
    numbered = [(checkpoint_steps(path), path) for path in folder.glob("ppo_*_steps.zip")]
    return [path for steps, path in sorted((s, p) for s, p in numbered if s is not None)]


def newest_whole(folder: Path, run_id: str) -> tuple[Found | None, list[str]]:
    """The newest checkpoint of `run_id` that could be judged, and why newer ones do not count."""
    problems: list[str] = []
    for path in reversed(checkpoint_zips(folder)):
        try:
            manifest = read_policy(path).manifest
        except ConsoleError as error:
            problems.append(error.title)
            continue
        if manifest.run_id != run_id:
            problems.append(f"{path} is a checkpoint of {manifest.run_id}")
            continue
        return Found(path, manifest), problems
    return None, problems


def prune(folder: Path, keep: int) -> int:
    """Remove all but the newest `keep` checkpoints (0 keeps all), manifests first; returns how many."""
    surplus = checkpoint_zips(folder)[:-keep] if keep else []
    for path in surplus:
        name = path.name.removesuffix(".zip")
        for member in (manifest_name(name), *member_names(name)):
            (folder / member).unlink(missing_ok=True)
    return len(surplus)
