"""Engines of some rules, and what they tell in short."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.alerts.engine import AlertEngine
from core.alerts.rule import Rule, default_rules


def engine(*names: str, **extra: Rule) -> AlertEngine:
    rules = default_rules()
    return AlertEngine({name: rules[name] for name in names} | extra, "run-1")


def seen(transitions: list[Any]) -> list[tuple[str, str]]:
    return [(each.rule, each.state) for each in transitions]


def shown(alerts: AlertEngine) -> dict[str, str]:
    return {view.rule: view.state for view in alerts.alerts()}


@pytest.fixture(name="engine")
def _engine() -> Callable[..., Any]:
    return engine


@pytest.fixture(name="seen")
def _seen() -> Callable[..., Any]:
    return seen


@pytest.fixture(name="shown")
def _shown() -> Callable[..., Any]:
    return shown
