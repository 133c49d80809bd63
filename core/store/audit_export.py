"""The audit log as a document for people who have no console: JSON and Markdown.

Each holds the head and what the check of the chain said. Trap avoided: an export that looks whole although
the log behind it is broken.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from core.clock import iso
from core.store.audit import AuditEntry, AuditReport
from core.text import markdown, visible

_WIDTH = 400


class AuditExport(msgspec.Struct, frozen=True, kw_only=True):
    schema_version: int = 1
    generated_at: str
    store: str
    whole: bool
    reason: str
    """Why it is not whole, or empty."""
    head: str
    entries: tuple[dict[str, Any], ...]
    """All fields of each, with its hash, oldest first."""


def audit_export(entries: Sequence[AuditEntry], report: AuditReport, now: datetime) -> AuditExport:
    rows = tuple(_plain(entry) for entry in entries)
    return AuditExport(
        generated_at=iso(now),
        store=report.path,
        whole=report.whole,
        reason=report.reason,
        head=report.head,
        entries=rows,
    )


def export_json(export: AuditExport) -> str:
    return msgspec.json.format(msgspec.json.encode(export), indent=2).decode() + "\n"


def export_markdown(export: AuditExport) -> str:
    """A table, oldest first; its cells escaped, long details cut (the JSON has them whole)."""
    state = "whole" if export.whole else f"BROKEN: {export.reason}"
    lines = [
        "# Audit log",
        "",
        f"{len(export.entries)} entries, {markdown(state, 2 * _WIDTH)}. Head `{export.head}`. "
        f"Exported {export.generated_at} from {markdown(export.store, 2 * _WIDTH)}.",
        "",
        "| # | time (UTC) | who | role | host | what | about | detail | hash |",
        "|---:|---|---|---|---|---|---|---|---|",
    ]
    for entry in export.entries:
        detail = "; ".join(
            f"{key}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
            for key, value in entry["detail"].items()
            if value not in ("", None, [], {})
        )
        who = entry["operator"] + (f" from {entry['client']}" if entry["client"] else "")
        cells = (who, entry["role"], entry["host"], entry["kind"], entry["subject"], visible(detail, _WIDTH))
        row = " | ".join(markdown(cell, 2 * _WIDTH) for cell in cells)
        lines.append(f"| {entry['number']} | {entry['at']} | {row} | `{entry['hash'][:12]}` |")
    return "\n".join(lines) + "\n"


def _plain(entry: AuditEntry) -> dict[str, Any]:
    return {
        "number": entry.number,
        "at": iso(entry.at),
        "kind": entry.kind,
        "subject": entry.subject,
        "operator": entry.operator,
        "role": entry.role,
        "host": entry.host,
        "client": entry.client,
        "detail": entry.detail,
        "previous": entry.previous,
        "hash": entry.hash,
    }
