"""A rule's threshold as it is edited: `0.1`, `12h`, `10 GB`.

Trap avoided: an age typed in hours and taken for seconds.
"""

from __future__ import annotations

import math
import re

from core.alerts.rule import Rule
from core.alerts.view import threshold_of
from core.errors import UsageError
from core.spans import parse_span, span_text
from core.text import visible

_SECONDS = frozenset({"checkpoint_age", "step_age", "absent"})
_BYTES = re.compile(r"(\d+(?:\.\d+)?)\s*(gb|mb)?", re.IGNORECASE | re.ASCII)


def editable(rule: Rule) -> bool:
    """Whether it has a threshold at all: a crash has none."""
    return threshold_of(rule) is not None


def threshold_text(rule: Rule) -> str:
    """The threshold in force, as it is typed."""
    if rule.condition in _SECONDS:
        return span_text(rule.threshold)
    if rule.condition == "disk_free":
        return f"{rule.threshold / 1e9:.15g} GB"
    return f"{rule.threshold:.15g}"


def threshold_example(rule: Rule) -> str:
    """What is expected, in words."""
    if rule.condition in _SECONDS:
        return "a time like 90m, 12h or 1d"
    if rule.condition == "disk_free":
        return "a size like 10 GB or 500 MB"
    return "a number"


def parse_threshold(rule: Rule, text: str) -> float:
    """Raises UsageError for what is no threshold of this rule."""
    text = text.strip().replace("−", "-")
    value: float | None = None
    if rule.condition in _SECONDS:
        value = parse_span(text)
    elif rule.condition == "disk_free":
        if found := _BYTES.fullmatch(text):
            value = float(found[1]) * (1e6 if (found[2] or "gb").lower() == "mb" else 1e9)
    else:
        try:
            value = float(text.removesuffix("%").strip() if rule.condition == "memory_free" else text)
        except ValueError:
            value = None
    if value is None or not math.isfinite(value):
        raise UsageError(f"expected {threshold_example(rule)}, got {visible(text, 40)!r}")
    return value
