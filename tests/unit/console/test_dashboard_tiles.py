"""The Dashboard's alert lines: a value against its limit, in as many digits as it needs."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from console.chrome import header_facts
from console.follower import Follower
from console.screens.dashboard_tiles import _host_tiles, alert_lines, tiles
from console.screens.help import help_text
from console.snapshot import Snapshot
from core.alerts.rule import default_rules
from core.alerts.view import AlertView
from core.telemetry.health import Health
from core.telemetry.host import Host, ProcessUse
from core.telemetry.metrics import metric
from core.telemetry.model import Run, RunInfo, Series
from widgets.run_header import fitted

NOW = datetime(2026, 2, 24, 10, 0, tzinfo=UTC)


def line(kl: float | None = None, **changes: Any) -> str:
    fields: dict[str, Any] = {
        "rule": "kl_spike",
        "state": "firing",
        "severity": "critical",
        "value": 0.1234,
        "threshold": 0.1,
        "since_timestep": 198_656,
        "since": None,
        "metric": "approx_kl",
        "message": "",
        "action": "",
        "runbook": "",
        "key": "run/kl_spike/1",
        "generation": 1,
    }
    series = Series("approx_kl")
    if kl is not None:
        series.append(200_704, kl)
    (spans,) = alert_lines(
        [AlertView(**{**fields, **changes})], default_rules(), series={"approx_kl": series}
    )
    return "".join(text for text, _ in spans)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "0.123 > 0.1"),
        ({"rule": "slow", "value": 4321.0, "threshold": 5000.0}, "4,321 < 5,000"),
        ({"rule": "slow", "value": 999.6, "threshold": 12_345.5}, "1,000 < 12,345.5"),
        ({"rule": "checkpoint_age", "value": 46_920.0, "threshold": 43_200.0}, "13h02m > 12h00m"),
        ({"rule": "checkpoint_age", "value": 43_204.0, "threshold": 43_200.0}, "12h00m04s > 12h00m"),
        ({"rule": "slow", "value": 999.6, "threshold": 1_000.0}, "999.6 < 1,000"),
        ({"rule": "disk_low", "value": 9.8e9, "threshold": 1e10}, "9.8 GB < 10"),
        ({"rule": "disk_low", "value": 9.98e9, "threshold": 1e10}, "9.98 GB < 10 GB"),
        ({"value": 0.100004}, "0.100004 > 0.1"),
        ({"rule": "flat_reward", "value": 0.3, "threshold": 0.3}, "0.3 ≤ 0.3"),
        ({"state": "resolved", "message": "not cleared, but the run is FINISHED"}, "ended"),
    ],
)
def test_a_value_and_its_limit_are_told_in_the_rules_unit(changes: Any, words: str) -> None:
    assert words in line(**changes)


@pytest.mark.parametrize(
    ("kl", "words"),
    [
        (0.15, "0.123 > 0.1 @198.7k"),
        (0.1, "0.1, was > 0.1 @198.7k"),
        (0.0912, "0.0912, was > 0.1 @198.7k"),
        (math.nan, "0.123 > 0.1 @198.7k"),
    ],
)
def test_an_alert_that_fires_on_shows_what_its_value_has_become(kl: float, words: str) -> None:
    assert words in line(kl)


def test_the_pace_of_now_and_the_trainers_mean_have_names_of_their_own() -> None:
    run = Run(RunInfo("r1", Path("logs")))
    run.series["steps_per_second"] = Series("steps_per_second")
    run.series["steps_per_second"].append(2048, 411.0)
    health = Health("RUNNING", "steps advance", steps_per_second=2310.0)
    snapshot = Snapshot(run=run, health=health, alerts=(), host=None, taken_at=NOW, revision=1, problem=None)
    labels = [tile.label for tile in tiles(snapshot, [], NOW)]
    header = fitted(header_facts(snapshot), 140).plain
    assert "mean steps/s" in labels and "steps/s" not in labels
    assert "pace 2,310/s" in header and "steps/s" not in header
    assert metric("steps_per_second").label == "Mean speed since start"
    assert "Steps a second over the newest rows" in help_text(1).plain


def test_the_trainers_cpu_is_no_dash_and_is_measured_a_second_later() -> None:
    def host(percent: float | None) -> Host:
        use = ProcessUse(1, percent, 400_000_000)
        return Host(None, 2, 1, 2, 1, disks=(), trainer=use)

    def shown(percent: float | None) -> str:
        return next(tile.value for tile in _host_tiles(host(percent)) if tile.label == "trainer")

    assert (shown(None), shown(96.0)) == ("0.4 GB", "0.4 GB, cpu 95 %")
    follower = object.__new__(Follower)
    follower._host, follower._host_at, follower._began = host(None), 100.0, 0.0
    run = Run(RunInfo("r1", Path("logs")))
    assert not follower._host_is_due(run, 100.9) and follower._host_is_due(run, 101.0)
    follower._host = host(3.0)
    assert not follower._host_is_due(run, 104.9) and follower._host_is_due(run, 105.0)
