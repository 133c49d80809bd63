"""Glyphs as ASCII keep what they mean."""

from __future__ import annotations

from core.glyphs import ERRORS, register


def test_a_limit_that_may_be_met_is_none_to_be_passed() -> None:
    register()
    shown = "Sharpe ≥ 1.0, drawdown ≤ 15 % ± 2 … ✅".encode("ascii", ERRORS)
    assert shown == b"Sharpe >= 1.0, drawdown <= 15 % +- 2 ~ v"
