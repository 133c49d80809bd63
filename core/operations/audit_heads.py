"""The audit log's heads that stand outside it: in the reports of a workspace's revalidations.

A cut tail leaves a whole chain; only a hash that was written elsewhere tells of it. Trap avoided: comparing
with the newest report alone, which is the one that a person would replace.
"""

from __future__ import annotations

import msgspec

from core.store.audit import Noted
from core.text import visible
from core.workspace import Workspace

_NEWEST = "revalidation_result.json"
_EARLIER = "history"


class _Hashes(msgspec.Struct):
    model: str | None = None


class _Report(msgspec.Struct):
    """What is read of a report, whatever else it holds."""

    audit_head: str | None = None
    hashes: _Hashes = msgspec.field(default_factory=_Hashes)


def noted_heads(workspace: Workspace) -> tuple[list[Noted], list[str]]:
    """What the reports on disk name, the newest first, and why others could not be read."""
    folder = workspace.reports
    paths = [folder / _NEWEST, *sorted((folder / _EARLIER).glob(f"*/{_NEWEST}"), reverse=True)]
    heads: list[Noted] = []
    problems: list[str] = []
    for path in paths:
        shown = workspace.relative(path)
        try:
            report = msgspec.json.decode(path.read_bytes(), type=_Report)
        except FileNotFoundError:
            continue
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            problems.append(f"{shown} could not be read, so it was not compared: {visible(str(error), 200)}")
            continue
        if report.audit_head:
            heads.append(Noted(source=shown, hash=report.audit_head, model=report.hashes.model))
    return heads, problems
