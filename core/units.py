"""Numbers and times as people read them, one spelling for commands, screens and reports.

Trap avoided: each place rounding its own way, so that two screens show two values of one fact.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

MISSING = "–"


def number(value: float | None, decimals: int = 0) -> str:
    """`212,992` or `0.0080`; a missing value is `–`, a non-finite one `nan` or `inf`."""
    if value is None:
        return MISSING
    if not math.isfinite(value):
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    return f"{value:,.{decimals}f}"


_MOST_DECIMALS = 9


def apart(value: float | None, limit: float | None, decimals: int) -> str:
    """`number` with as many decimals more as keep `value` from reading like a `limit` that it is not: of 1.00
    and at least 1.00 nobody would know that it was missed."""
    if value is not None and limit is not None and math.isfinite(value) and value != limit:
        while decimals < _MOST_DECIMALS and round(value, decimals) == round(limit, decimals):
            decimals += 1
    return number(value, decimals)


def significant(value: float, limit: float | None, digits: int) -> str:
    """`0.1234`: so many significant digits, and more where it would read like a `limit` that it is not."""
    text = f"{value:.{digits}g}"
    while limit is not None and value != limit and digits < _MOST_DECIMALS and float(text) == limit:
        digits += 1
        text = f"{value:.{digits}g}"
    return text


def counted(count: int, one: str, many: str = "") -> str:
    """`1 row`, `8,295 rows`; `many` where it is not `one` with an s."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def finite(value: float | None) -> float | None:
    """None for nan and inf, which JSON has not."""
    return value if value is not None and math.isfinite(value) else None


def percent(value: float | None, decimals: int = 1) -> str:
    """`value` is already in percent: `42.6 %`."""
    return MISSING if value is None else f"{number(value, decimals)} %"


def duration(seconds: float | None) -> str:
    """`8s`, `2m04s`, `3h07m`, `2d04h`: the two largest units."""
    if seconds is None or not math.isfinite(seconds):
        return MISSING
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 86400}d{whole % 86400 // 3600:02d}h"


def duration_apart(seconds: float | None, limit: float | None) -> str:
    """`duration`, down to the second or a part of it where it would read like a `limit` that it is not:
    `2h00m04s`."""
    text = duration(seconds)
    if seconds is None or limit is None or seconds == limit or text != duration(limit) or text == MISSING:
        return text
    whole = max(0, int(seconds))
    part = f"{whole % 60:02d}s"
    if whole == int(limit):
        part = f"{apart(seconds % 60, limit % 60, 1).zfill(4)}s"
    days, hours, minutes = whole // 86400, whole % 86400 // 3600, whole % 3600 // 60
    larger = (f"{days}d" if days else "") + (f"{hours:02d}h" if days else f"{hours}h" if hours else "")
    return f"{larger}{minutes:02d}m{part}" if larger else f"{minutes}m{part}" if minutes else part.lstrip("0")


def age(seconds: float | None) -> str:
    """`8 s`, `4 min`, `3 h`, `2 d`: one unit, for how long ago something was."""
    if seconds is None or not math.isfinite(seconds):
        return MISSING
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    if whole < 86400:
        return f"{whole // 3600} h"
    return f"{whole // 86400} d"


def steps(value: float | None) -> str:
    """A timestep on an axis or in a title: `950`, `100k`, `1.5M`."""
    if value is None:
        return MISSING
    if abs(value) < 1000:
        return f"{value:.0f}"
    if abs(value) < 1_000_000:
        return f"{value / 1000:.1f}".rstrip("0").rstrip(".") + "k"
    return f"{value / 1_000_000:.2f}".rstrip("0").rstrip(".") + "M"


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Cells in columns, a line for each row: the first column stands left, the others right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *rest in rows:
        cells = (cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))
        lines.append("  ".join((first.ljust(widths[0]), *cells)).rstrip())
    return lines


def clock(moment: datetime) -> str:
    """`14:31:07Z`."""
    return moment.strftime("%H:%M:%SZ")


def gigabytes(size: float | None, not_like: float | None = None) -> str:
    """Bytes as `81 GB` (decimal gigabytes), one decimal below ten, and more where it would read like a limit
    of bytes that it is not."""
    if size is None:
        return MISSING
    value = size / 1e9
    return f"{apart(value, None if not_like is None else not_like / 1e9, 1 if value < 10 else 0)} GB"
