"""A backup of what people recorded: the store, copied while it is in use and verified, and the configuration.

Trap avoided: copying a database file that is being written, which gives a broken copy on some other day.
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
from core.store.audit import verify
from core.store.database import Store
from core.workspace import CONFIG_NAME, Workspace

FOLDER = "backups"
STORE_NAME = "console.sqlite3"
MANIFEST = "backup.json"


class BackupManifest(msgspec.Struct, frozen=True, kw_only=True):
    schema_version: int = 1
    generated_at: str
    workspace: str
    operator: str
    entries: int
    """Of the audit log."""
    head: str
    files: dict[str, str]
    """File name → SHA-256."""


def make_backup(
    workspace: Workspace, store: Store, now: datetime, folder: Path | None = None
) -> tuple[Path, BackupManifest]:
    """A new folder `console-TIME` in `folder` (else `backups/` of the workspace), whole or not at all.

    Raises RejectedError where the copied audit log is broken, UsageError where the folder is taken, and
    UnreadableError; nothing is then left behind.
    """
    parent = folder or workspace.root / FOLDER
    target = parent / f"console-{now:%Y%m%dT%H%M%SZ}"
    try:
        parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=parent))
    except OSError as error:
        raise UnreadableError(f"{parent} could not be written: {error.strerror}") from error
    try:
        manifest = _fill(temporary, workspace, store, now)
        if target.exists():
            raise UsageError(f"{target} is there already", hint="Wait a second, or name another folder.")
        temporary.chmod(0o755)
        temporary.rename(target)
        sync_folder(parent)
    except OSError as error:
        raise UnreadableError(
            f"the backup could not be written to {parent}: {error.strerror}",
            hint="Nothing was left there; check free space and permissions.",
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    store.record("backup", target.name, {"folder": target, "head": manifest.head}, now)
    return target, manifest


def _fill(folder: Path, workspace: Workspace, store: Store, now: datetime) -> BackupManifest:
    copy = folder / STORE_NAME
    store.copy_to(copy)
    report = verify(copy)
    if not report.whole:
        raise RejectedError(
            f"the audit log is broken, so no backup was made: {report.reason}",
            hint="See: ppo-console audit verify",
        )
    shutil.copyfile(workspace.config, folder / CONFIG_NAME)
    names = (STORE_NAME, CONFIG_NAME)
    manifest = BackupManifest(
        generated_at=iso(now),
        workspace=str(workspace.root),
        operator=str(store.operator),
        entries=report.entries,
        head=report.head,
        files={name: sha256_file(folder / name) for name in names},
    )
    (folder / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
    for name in (*names, MANIFEST):
        with (folder / name).open("rb+") as stream:
            os.fsync(stream.fileno())
    sync_folder(folder)
    return manifest
