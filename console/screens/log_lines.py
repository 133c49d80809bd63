"""What the Logs screen says in words: its answer, the files, what is looked for. Pure.

Trap avoided: "no errors" said while a part of the files is not gone through.
"""

from __future__ import annotations

from collections.abc import Sequence

from console.keyboard import key_of
from core import units
from core.logs.facts import Hunt, Scan, SourceFacts
from core.text import visible
from widgets.lines import Row
from widgets.tone import Tone

ALL = "all"


def answer(scan: Scan) -> tuple[str, Tone]:
    """`2 errors, 1 alert fired in all 5,120 lines`, with its tone; over all files."""
    if not scan.bytes:
        return "no log line yet", "unknown"
    facts = (
        (scan.errors, "error", "errors"),
        (scan.tracebacks, "traceback", "tracebacks"),
        (scan.alerts, "alert fired", "alerts fired"),
        (scan.warnings, "warning", "warnings"),
    )
    parts = [f"{units.number(count)} {one if count == 1 else many}" for count, one, many in facts if count]
    words = ", ".join(parts) or "no error, alert or warning"
    if scan.share < 1:
        read = f"the newest {100 * scan.share:.0f} % of {size(scan.bytes)}"
        tone: Tone = "critical" if scan.errors or scan.tracebacks else "unknown"
        return f"{words} in {read}", tone
    tone = (
        "critical"
        if scan.errors or scan.tracebacks
        else "warning"
        if scan.alerts or scan.warnings
        else "good"
    )
    return f"{words} in all {units.number(scan.lines)} lines", tone


def size(count: float) -> str:
    """`812 bytes`, `4.1 kB`, `1.0 GB`."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= scale:
            return f"{count / scale:.1f} {unit}"
    return f"{count:.0f} bytes"


def files(sources: Sequence[SourceFacts], chosen: str | None, scan: Scan) -> list[Row]:
    """Each file with its lines (its size, while they are counted) and what befell it."""
    counted = scan.share >= 1
    merged = [source for source in sources if source.merged]
    parts: list[Row] = [_file(ALL, merged, chosen is None, counted)]
    parts += [_file(source.name, [source], chosen == source.name, counted) for source in sources]
    return parts


def _file(name: str, sources: Sequence[SourceFacts], chosen: bool, counted: bool) -> Row:
    lines = units.number(sum(source.lines for source in sources))
    amount = lines if counted else size(sum(source.bytes for source in sources))
    row = [(visible(name, 60), "accent-bold" if chosen else "plain"), (f" {amount}", "dim")]
    if name != ALL and sources[0].note:
        row.append((f" {sources[0].note}", "warning"))
    return row


def hunt(mark: str, hunted: Hunt, word: str) -> Row:
    """`/nan 12 found`, `&nan 1 line`, and how far the search is while it goes on."""
    if not hunted.text:
        return []
    text = visible(hunted.text, 24)
    count = units.number(hunted.count)
    word = word if hunted.count == 1 else word.replace("line", "lines")
    going = f", {100 * hunted.share:.0f} % searched" if hunted.share < 1 else ""
    dropped = f", the newest {units.number(hunted.count - hunted.dropped)} by n" if hunted.dropped else ""
    return [(f"{mark}{text}", "accent"), (f" {count} {word}{going}{dropped}", "dim")]


def nothing_with(hunted: Hunt) -> str:
    """Where the lines of a filter would stand."""
    text = visible(hunted.text, 60)
    if hunted.share < 1:
        return f"Looking for lines with “{text}”; {key_of('app.back')} shows all lines."
    return f"No line with “{text}” here; {key_of('app.back')} shows all lines."
