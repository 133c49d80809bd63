"""Whether a model on disk is whole, told without the libraries that load it.

Trap avoided: *the checkpoint is there* for one that a full disk cut in half.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import msgspec

from core.files import sha256_file
from core.models.manifest import Manifest, manifest_name, member_names
from core.text import visible


def model_problem(path: Path) -> tuple[bool | None, str]:
    """Whether the model's files match its manifest, and the words; None where it has none to compare."""
    name = path.name.removesuffix(".zip")
    try:
        if not zipfile.is_zipfile(path):
            return False, f"{path.name} is no whole zip"
        manifest = msgspec.json.decode((path.parent / manifest_name(name)).read_bytes(), type=Manifest)
        for recorded, actual in zip(member_names(manifest.name), member_names(name), strict=True):
            if manifest.files.get(recorded) != sha256_file(path.parent / actual):
                return False, f"{actual} does not match its manifest"
    except FileNotFoundError as error:
        missing = Path(error.filename).name if error.filename else "a file"
        if missing.endswith(".manifest.json"):
            return None, "it has no manifest, so its hashes are not compared"
        return False, f"{missing} is missing"
    except OSError as error:
        return None, f"it could not be read: {error.strerror}"
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return False, f"its manifest is malformed: {visible(str(error), 120)}"
    return True, "its hashes match its manifest"
