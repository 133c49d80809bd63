"""One thing the doctor looked at, and how the whole is judged.

Trap avoided: a limit that nobody can act on. Whatever is not good says what to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

State = Literal["good", "attention", "bad", "unknown"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """`bad`: does not work here. `attention`: works with a limit. `unknown`: not seen or not there."""

    area: str
    name: str
    state: State
    value: str
    """What was found, in words; printable."""
    do: str = ""
    """What to do about it; given wherever the state is not good."""


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    state: State
    """The worst of the findings; what is unknown does not count."""
    findings: tuple[Finding, ...]


def diagnose(findings: Sequence[Finding]) -> Diagnosis:
    states = {finding.state for finding in findings}
    worst: State = "bad" if "bad" in states else "attention" if "attention" in states else "good"
    return Diagnosis(state=worst, findings=tuple(findings))


def good(area: str, name: str, value: str) -> Finding:
    return Finding(area=area, name=name, state="good", value=value)


def limit(area: str, name: str, value: str, do: str, state: State = "attention") -> Finding:
    return Finding(area=area, name=name, state=state, value=value, do=do)
