"""Lengths of time as a person types them: `45s`, `90m`, `2h`, `1h30m`, `1d12h`.

Trap avoided: `30` silently taken for minutes by one place and for seconds by another; a unit is needed.
"""

from __future__ import annotations

import re

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_CENTURY = 36_525 * 86_400
"""Longer is a slip, and no calendar reaches as far."""
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd])", re.ASCII)
_WHOLE = re.compile(r"(?:\d+(?:\.\d+)?\s*[smhd]\s*)+", re.ASCII)


def parse_span(text: str) -> float | None:
    """Seconds, at most a century's; None for anything else."""
    text = text.strip().lower()
    if not _WHOLE.fullmatch(text):
        return None
    seconds = sum(float(part[1]) * _UNITS[part[2]] for part in _PART.finditer(text))
    return seconds if seconds <= _CENTURY else None


def span_text(seconds: float) -> str:
    """As it would be typed, exactly: `12h`, `1h30m`, `0.5s`."""
    left, out = seconds, ""
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60)):
        if left >= size and (whole := int(left // size)):
            out += f"{whole}{unit}"
            left -= whole * size
    return out + (f"{left:g}s" if left or not out else "")
