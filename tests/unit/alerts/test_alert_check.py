"""A rule that cannot work is told when it is loaded, with what was expected."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from core.alerts.check import check_rules
from core.alerts.rule import Rule

KL = Rule(condition="above", metric="approx_kl", threshold=0.1, severity="warning")


@pytest.mark.parametrize(
    ("changes", "key", "words"),
    [
        ({"metric": "aprox_kl"}, "metric", "did you mean approx_kl?"),
        ({"metric": ""}, "metric", "got none"),
        ({"resolve_at": 0.2}, "resolve_at", "at most threshold = 0.1"),
        ({"condition": "slope_below"}, "window_steps", "more than 0"),
        ({"condition": "slope_below", "window_steps": 9, "resolve_at": 0.0}, "resolve_at", "at least"),
        ({"condition": "flat"}, "window_seconds", "more than 0"),
        ({"condition": "crashed"}, "metric", "expected none"),
        ({"condition": "step_age", "metric": "", "threshold": 0.0}, "threshold", "above 0"),
        ({"condition": "log_pattern", "metric": ""}, "pattern", "got none"),
        ({"condition": "log_pattern", "metric": "", "pattern": "(["}, "pattern", "regular expression"),
        ({"within_seconds": 60.0, "warm_up_seconds": 60.0}, "within_seconds", "never apply"),
        ({"states": ()}, "states", "never apply"),
    ],
)
def test_problem_is_named(changes: dict[str, Any], key: str, words: str) -> None:
    (problem,) = check_rules({"mine": msgspec.structs.replace(KL, **changes)})
    assert problem.startswith(f"alerts.mine.{key}: expected") and words in problem


def test_all_problems_at_once_and_harmless_text() -> None:
    broken = msgspec.structs.replace(KL, metric="x\x1b", resolve_at=5.0)
    problems = check_rules({"a\x1b": broken, "b": broken, "c": KL})
    assert len(problems) == 4 and not any("\x1b" in problem for problem in problems)
