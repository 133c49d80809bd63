"""`models/ppo_phase4` copied to `models/ppo_phase4_BACKUP_27FEV`, as in the manual, each hash verified.

Trap avoided: a backup that overwrites an earlier one, or one that is half there when the disk fills.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from datetime import datetime
from pathlib import Path

import msgspec

from core.clock import iso
from core.errors import RejectedError, UnreadableError, UsageError
from core.files import TEMPORARY, sha256_file, sync_folder
from core.revalidation.text import day as day_of
from core.store.database import Store
from core.workspace import Workspace

MANIFEST = "backup.json"


class ModelBackup(msgspec.Struct, frozen=True, kw_only=True):
    """`backup.json` in the copy."""

    schema_version: int = 1
    generated_at: str
    source: str
    operator: str
    files: dict[str, str]
    """Path in the folder → SHA-256, of source and copy alike."""


def backup_models(workspace: Workspace, store: Store | None, now: datetime) -> tuple[Path, ModelBackup, bool]:
    """The copy, its manifest, and whether it was made now: False where an earlier one holds the same files.

    Raises UsageError where there is no model, RejectedError where a file changed meanwhile, UnreadableError.
    """
    source = workspace.models
    files = _hashes(source)
    if not files:
        raise UsageError(f"{workspace.relative(source)} holds no model; nothing to back up")
    earlier, _others = matching_backup(workspace)
    if earlier is not None:
        return *earlier, False
    who = str(store.operator) if store is not None else ""
    manifest = ModelBackup(
        generated_at=iso(now), source=workspace.relative(source), operator=who, files=files
    )
    target = _copy(source, manifest, now)
    if store is not None:
        detail = {"folder": workspace.relative(target), "files": len(files), "hashes": files}
        store.record("model_backup", target.name, detail, now)
    return target, manifest, True


def matching_backup(workspace: Workspace) -> tuple[tuple[Path, ModelBackup] | None, int]:
    """The newest backup whose files are the models' as they are now, hashes compared; and how many others.

    Raises UnreadableError.
    """
    files = _hashes(workspace.models) if workspace.models.is_dir() else {}
    backups = read_backups(workspace)
    for path, manifest in backups:
        if files and manifest.files == files and _hashes(path) == files:
            return (path, manifest), len(backups) - 1
    return None, len(backups)


def read_backups(workspace: Workspace) -> list[tuple[Path, ModelBackup]]:
    """Every backup with a readable manifest, the newest first."""
    found = []
    for path in workspace.models.parent.glob(f"{workspace.models.name}_BACKUP*/{MANIFEST}"):
        try:
            found.append((path.parent, msgspec.json.decode(path.read_bytes(), type=ModelBackup)))
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            continue
    return sorted(found, key=lambda each: each[1].generated_at, reverse=True)


def _hashes(folder: Path) -> dict[str, str]:
    """Of every file of a models' folder but temporary ones and a backup's manifest."""
    try:
        paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
        return {
            str(path.relative_to(folder)): sha256_file(path)
            for path in paths
            if not path.name.startswith(".") and path.relative_to(folder) != Path(MANIFEST)
        }
    except OSError as error:
        raise UnreadableError(f"{folder} could not be read: {error.strerror}") from error


def _copy(source: Path, manifest: ModelBackup, now: datetime) -> Path:
    parent = source.parent
    try:
        temporary = Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=parent))
        try:
            for name in manifest.files:
                target = temporary / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source / name, target)
                with target.open("rb+") as stream:
                    os.fsync(stream.fileno())
            if _hashes(temporary) != manifest.files:
                raise RejectedError(
                    f"the copy of {source} does not match it: a file changed while it was copied",
                    hint="Nothing was left behind. End the training first, then try again.",
                )
            data = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
            (temporary / MANIFEST).write_bytes(data + b"\n")
            temporary.chmod(0o755)
            return _name(temporary, source, now)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    except OSError as error:
        raise UnreadableError(
            f"the models could not be backed up to {parent}: {error.strerror}",
            hint="Nothing was left behind; check free space and permissions.",
        ) from error


def _name(temporary: Path, source: Path, now: datetime) -> Path:
    """Renamed to the manual's name, or one with the time where that is taken. Never over another folder."""
    base = f"{source.name}_BACKUP_{day_of(now).replace(' ', '')}"
    for name in (base, f"{base}_{now:%H%M%S}"):
        target = source.parent / name
        if not target.exists():
            temporary.rename(target)
            sync_folder(source.parent)
            return target
    raise UnreadableError(f"{source.parent / base} and its namesake of this second are there already")
