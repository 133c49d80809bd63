"""The heartbeat and the Prometheus file: someone notices when the watch dies."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.alerts.engine import AlertEngine
from core.alerts.rule import default_rules
from core.errors import UnreadableError
from core.notify.heartbeat import Heartbeat, read_heartbeat, write_heartbeat
from core.notify.prometheus import exposition, write_metrics
from core.telemetry.health import Health
from core.telemetry.model import Run, RunInfo, Series

NOW = datetime(2026, 2, 23, 14, 0, tzinfo=UTC)
LINE = re.compile(r'[a-z_]+(\{([a-z]+="([^"\\]|\\.)*",?)*\})? (\S+)')


def beat(**changes: object) -> Heartbeat:
    values: dict[str, object] = {
        "at": "2026-02-23T14:00:00Z",
        "started_at": "2026-02-23T13:00:00Z",
        "pid": 7,
        "host": "h",
        "every_seconds": 10.0,
        "run": "r",
        "status": "RUNNING",
        "timestep": 5,
        "firing": 0,
        "critical": 0,
        "acknowledged": 0,
        "waiting": 0,
        "failed": 0,
    }
    return Heartbeat(**(values | changes))  # type: ignore[arg-type]


def test_a_heartbeat_that_stopped_is_dead(tmp_path: Path) -> None:
    path = tmp_path / "watch.json"
    assert read_heartbeat(path) is None
    write_heartbeat(path, beat())
    found = read_heartbeat(path)
    assert found == beat() and found is not None
    assert found.alive(NOW + timedelta(seconds=30)) and not found.alive(NOW + timedelta(seconds=31))
    assert not beat(ended_at="2026-02-23T14:00:00Z").alive(NOW)
    assert found.alive(NOW - timedelta(seconds=30)), "two machines' clocks differ a little"
    assert not found.alive(NOW - timedelta(hours=3)), "the clock was set back: a dead one must not look alive"
    path.write_text("{")
    assert read_heartbeat(path) is None


def run() -> Run:
    found = Run(RunInfo('r"1\\', Path("x"), tag='a"b\\c\nd'))
    for name, values in {"approx_kl": [0.01, 0.2], "value_loss": [math.nan], "loss": [math.inf]}.items():
        series = found.series[name] = Series(name)
        for index, value in enumerate(values):
            series.append(2048.0 * (index + 1), value, NOW.timestamp() + index)
    return found


def test_the_text_is_what_prometheus_reads() -> None:
    here = run()
    engine = AlertEngine(default_rules(), here.info.id)
    health = Health("RUNNING", "ok", steps_per_second=1000.0, step_age_seconds=1.0)
    engine.update(here, health, NOW)
    text = exposition(here, health, engine.alerts(), {"waiting": 1, "failed": 2}, NOW)
    assert text.endswith("\n")
    names: list[str] = []
    for line in text.splitlines():
        if line.startswith("# TYPE"):
            assert line.split()[2] not in names, "a family is declared once"
            names.append(line.split()[2])
        elif not line.startswith("#"):
            match = LINE.fullmatch(line)
            assert match is not None, line
            assert line.split("{")[0].split(" ")[0] == names[-1], "samples stand under their family"
            float(match[4])
    assert 'ppo_metric{run="a\\"b\\\\c\\nd",metric="approx_kl"} 0.2' in text
    assert 'metric="value_loss"} NaN' in text and 'metric="loss"} +Inf' in text
    assert 'rule="kl_spike",severity="critical",acknowledged="false",silenced="false"} 1' in text
    assert 'ppo_notifications{status="failed"} 2' in text
    assert "ppo_run_timesteps_total" not in text, "a missing value has no line"
    assert "ppo_run_steps_per_second{" in text
    over = exposition(here, Health("FINISHED", "ok", steps_per_second=1000.0), engine.alerts(), {}, NOW)
    assert "ppo_run_steps_per_second{" not in over, "its last pace is none of now"


def test_the_file_is_replaced_whole_and_leaves_nothing_beside(tmp_path: Path) -> None:
    path = tmp_path / "ppo.prom"
    write_metrics(path, "a 1\n")
    write_metrics(path, "a 2\n")
    assert path.read_text() == "a 2\n" and list(tmp_path.iterdir()) == [path]
    (tmp_path / "file").write_text("")
    with pytest.raises(UnreadableError, match="could not be written"):
        write_metrics(tmp_path / "file" / "ppo.prom", "a 1\n")
