"""The workspace: its folders and their volume, the room on it, the store, and whom alerts reach.

Looks only; it makes no folder and no store. Trap avoided: a network volume under the store, whose locks some
servers only pretend to keep, so that two consoles lose each other's ticks.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from core.doctor.finding import Finding, good, limit
from core.errors import ConsoleError, UsageError
from core.files import nearest
from core.notify.targets import check_targets, resolve
from core.store.audit import verify
from core.text import visible
from core.units import counted, gigabytes
from core.workspace import Workspace

AREA = "workspace"
_MOUNTS = Path("/proc/self/mounts")
_NETWORK = (
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "9p",
    "fuse",
    "ceph",
    "glusterfs",
    "lustre",
    "afs",
    "beegfs",
    "gpfs",
)
_NETWORK_FUSE = ("sshfs", "s3fs", "rclone", "gcsfuse", "goofys", "juicefs", "glusterfs", "ceph", "smbnetfs")
"""As in `fuse.rclone`: other kinds of `fuse.` are of this machine (overlays, pools, encryption)."""


def look(workspace: Workspace, environ: Mapping[str, str], mounts: Path = _MOUNTS) -> Iterator[Finding]:
    yield good(AREA, "folder", f"{visible(str(workspace.root))}, config.toml is valid")
    yield _folders(workspace)
    yield _room(workspace)
    yield _volume(workspace, "run's volume", workspace.logs, mounts)
    yield _volume(workspace, "store's volume", workspace.store, mounts)
    yield _store(workspace)
    yield _targets(workspace, environ)


def _folders(workspace: Workspace) -> Finding:
    wanted = {
        "the run": workspace.logs,
        "checkpoints": workspace.checkpoints,
        "models": workspace.models,
        "reports": workspace.reports,
        "the store": workspace.store.parent,
    }
    denied = [
        f"{name} ({visible(workspace.relative(path))})"
        for name, path in wanted.items()
        if not os.access(nearest(path), os.W_OK | os.X_OK)
    ]
    if denied:
        return limit(
            AREA,
            "permissions",
            "may not be written: " + ", ".join(denied),
            "chown or chmod them for this user, or set other paths in config.toml; reading goes on without",
            "bad",
        )
    return good(AREA, "permissions", f"all {len(wanted)} folders may be written")


def _room(workspace: Workspace) -> Finding:
    needed = workspace.settings.checks.disk_free_gb
    free = shutil.disk_usage(nearest(workspace.logs)).free
    shown = f"{gigabytes(free)} free"
    if free < needed * 1e9:
        return limit(
            AREA,
            "disk",
            f"{shown}, the documents ask for {needed:g} GB",
            "Free some space, or set another volume in [paths].",
        )
    return good(AREA, "disk", f"{shown}, {needed:g} GB asked for")


def volume_kind(path: Path, mounts: Path) -> str | None:
    """The type of the file system that holds `path`, as in `nfs4`; None where the system does not tell."""
    real, best, kind = str(nearest(path).resolve()), "", None
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    for line in lines:
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = fields[1].replace("\\040", " ")
        inside = real == point or real.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, fields[2]
    return kind


def _volume(workspace: Workspace, name: str, path: Path, mounts: Path) -> Finding:
    kind = volume_kind(path, mounts)
    if kind is None:
        return limit(AREA, name, "of a kind the system does not tell", "Keep it on a local disk.", "unknown")
    shown = visible(kind, 40)
    if kind not in _NETWORK and kind.removeprefix("fuse.") not in _NETWORK_FUSE:
        return good(AREA, name, shown)
    if path == workspace.store:
        do = "Set paths.store to a local disk: not every server keeps the locks that two consoles rely on."
    else:
        do = "Nothing: changes made elsewhere are not told here, so the files are looked at twice a second."
    return limit(AREA, name, f"{shown}, over the network", do)


def _store(workspace: Workspace) -> Finding:
    path, name = workspace.store, "store"
    try:
        if not path.exists():
            return good(AREA, name, "none yet: it is made with the first tick or training")
        found = verify(path)
    except ConsoleError as error:
        return limit(AREA, name, visible(error.title, 300), error.hint, "bad")
    except OSError as error:
        shown = f"{visible(workspace.relative(path))}: {error.strerror}"
        return limit(AREA, name, shown, "Check its folder's permissions and its owner.", "bad")
    if not found.whole:
        do = "`ppo-console audit verify` names the entry; keep the file, and ask who changed it."
        return limit(AREA, name, f"the audit log is broken: {found.reason}", do, "bad")
    entries = counted(found.entries, "audit entry", "audit entries")
    return good(AREA, name, f"{entries}, the chain is whole")


def _targets(workspace: Workspace, environ: Mapping[str, str]) -> Finding:
    """An alert for a target whose variable is not set reaches nobody."""
    notify, name = workspace.settings.notify, "notifications"
    if not notify.enabled:
        return limit(AREA, name, "off: alerts reach only who looks", "Name targets in [notify].", "unknown")
    problems = check_targets(notify)
    for target, template in notify.targets.items():
        try:
            resolve(target, template, environ)
        except UsageError as error:
            problems.append(error.title)
    if problems:
        return limit(
            AREA, name, "; ".join(problems), "Mend [notify], or set the variable where `watch` runs."
        )
    return good(AREA, name, f"{counted(len(notify.targets), 'target')}, {notify.severity} and worse")
