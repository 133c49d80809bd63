"""The report files of one result, written together, the earlier ones kept.

All of them are complete on disk under temporary names before the first takes its place, the JSON last: a full
disk or a kill leaves the earlier report. Trap avoided: an overwritten decision that nobody can look up again.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import os
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from core.clock import from_epoch, parse_iso
from core.errors import UnreadableError
from core.files import replacing, sweep_leftovers, sync_folder
from core.revalidation.markdown import markdown
from core.revalidation.result import RevalidationResult
from core.revalidation.result_page import result_page
from core.revalidation.trade_book import BOOK_NAME, TradeBook
from core.text import visible

JSON_NAME = "revalidation_result.json"
MARKDOWN_NAME = "revalidation_result.md"
PAGE_NAME = "revalidation_result.html"
HISTORY = "history"
CSV_HEADER = (
    "gate",
    "value",
    "comparison",
    "limit",
    "margin",
    "status",
    "interval_low",
    "interval_high",
    "baseline",
)


class ReportPaths(NamedTuple):
    """Where each file of one decision lies, in the order they are written."""

    result_json: Path
    result_md: Path
    decision_json: Path
    metrics_csv: Path
    page: Path


def report_paths(folder: Path, now: datetime) -> ReportPaths:
    """The files of a decision made at `now`, two of them named by its date."""
    date = now.strftime("%Y-%m-%d")
    return ReportPaths(
        result_json=folder / JSON_NAME,
        result_md=folder / MARKDOWN_NAME,
        decision_json=folder / f"{date}_decision.json",
        metrics_csv=folder / f"{date}_metrics.csv",
        page=folder / PAGE_NAME,
    )


def write_reports(
    result: RevalidationResult, folder: Path, now: datetime, book: TradeBook | None = None
) -> RevalidationResult:
    """Write all of them, and the `book`, into `folder`; returns `result` with their paths in `reports`.

    Raises UnreadableError; the earlier report is then unchanged.
    """
    paths: tuple[Path, ...] = report_paths(folder, now)
    if book is not None:
        paths = (*paths, folder / BOOK_NAME)
    result = msgspec.structs.replace(result, reports=tuple(str(path) for path in paths))
    result_json = _json(result)
    contents = [result_json, markdown(result).encode(), _decision_json(result), metrics_csv(result).encode()]
    contents.append(result_page(result, book).encode())
    if book is not None:
        contents.append(msgspec.json.encode(book) + b"\n")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        sweep_leftovers(folder, now=now.timestamp())
        with contextlib.ExitStack() as staged:
            for path, content in zip(paths, contents, strict=True):
                temporary = staged.enter_context(replacing(path))
                with temporary.open("wb") as stream:
                    stream.write(content)
                    stream.flush()
                    os.fsync(stream.fileno())
            _keep_earlier(paths)
    except OSError as error:
        raise UnreadableError(
            f"the report could not be written to {folder}: {error.strerror}",
            hint="The earlier report is unchanged; check free space and permissions.",
        ) from error
    return result


def read_result(path: Path) -> RevalidationResult:
    """A saved `revalidation_result.json`. Raises UnreadableError."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=RevalidationResult)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UnreadableError(
            f"{path} could not be read: expected a revalidation result, got {visible(str(error), 200)}",
            hint="Revalidate again; earlier reports lie in its history folder.",
        ) from error


def metrics_csv(result: RevalidationResult) -> str:
    """One row per gate; an empty cell where there is no value."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(CSV_HEADER)
    for gate in result.gates:
        low, high = gate.interval_90 or (None, None)
        cells: tuple[str | float | None, ...] = (
            gate.name,
            gate.value,
            gate.comparison,
            gate.limit,
            gate.margin,
            gate.status,
            low,
            high,
            gate.baseline,
        )
        writer.writerow([spreadsheet_safe(cell) if isinstance(cell, str) else cell for cell in cells])
    return stream.getvalue()


def spreadsheet_safe(text: str) -> str:
    """A text cell that a spreadsheet would run gets a leading apostrophe."""
    shown = visible(text)
    return f"'{shown}" if shown.lstrip()[:1] in ("=", "+", "-", "@") else shown


def _json(result: RevalidationResult) -> bytes:
    return msgspec.json.format(msgspec.json.encode(result), indent=2) + b"\n"


def _decision_json(result: RevalidationResult) -> bytes:
    """The result with the day of the decision before it."""
    plain = {"date": result.generated_at[:10], **msgspec.to_builtins(result)}
    return msgspec.json.format(msgspec.json.encode(plain), indent=2) + b"\n"


def _keep_earlier(paths: tuple[Path, ...]) -> None:
    """Link what lies at `paths` into a folder of `history/`, named by the earlier result's time and hash."""
    present = [path for path in paths if path.is_file()]
    if not present:
        return
    content = present[0].read_bytes()
    made = from_epoch(present[0].stat().st_mtime)
    with contextlib.suppress(msgspec.MsgspecError, ValueError, TypeError, KeyError):
        made = parse_iso(msgspec.json.decode(content)["generated_at"])
    folder = paths[0].parent / HISTORY / f"{made:%Y%m%dT%H%M%SZ}_{hashlib.sha256(content).hexdigest()[:8]}"
    folder.mkdir(parents=True, exist_ok=True)
    for path in present:
        with contextlib.suppress(FileExistsError):
            os.link(path, folder / path.name)
    sync_folder(folder)
