"""A console on a real workspace with a real store, whose run is given by the test instead of by files."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from textual.worker import Worker

import console.session as session_module
from console.app import ConsoleApp
from console.clerk import Clerk
from console.log_tail import LogTail
from console.session import ConsoleSession
from console.snapshot import Snapshot
from core.alerts.view import AlertView
from core.clock import iso, utc_now
from core.telemetry.health import Health
from core.telemetry.model import Run, RunInfo
from core.workspace import Workspace, init_workspace

NOW = datetime(2026, 2, 24, 10, 0, tzinfo=UTC)


class GivenFollower:
    """Stands where the follower's thread is; `give` publishes a picture."""

    def __init__(self, *arguments: Any) -> None:
        self.target: Path = arguments[0]
        self._publish: Callable[[Snapshot], None] = arguments[-1]
        names = ("training.log", "alerts.log", "daily_summary.log")
        self.logs = tuple(LogTail(name, self.target / name) for name in names)
        self.acknowledged: list[tuple[str, str]] = []
        self.data_facts = None

    def give(self, snapshot: Snapshot) -> None:
        self._publish(snapshot)

    def start(self) -> None: ...

    def wait_first(self, seconds: float) -> None: ...

    def go_on(self) -> None: ...

    def refresh_alerts(self, now: datetime) -> None: ...

    def use_rules(self, rules: Any) -> None: ...

    def stop(self) -> None: ...

    def join(self, timeout: float) -> None: ...

    def acknowledge(self, key: str, note: str, now: datetime) -> None:
        self.acknowledged.append((key, note))


def make_run(rows: int = 60, total: int = 500_000) -> Run:
    info = RunInfo(
        id="20260223-140000",
        directory=Path("logs/ppo_training"),
        tag="F12-phase4-final",
        symbols=("OGNUSDT",),
        mode="paper",
        total_timesteps=total,
        started_at=NOW - timedelta(hours=2),
    )
    run = Run(info)
    from core.telemetry.model import Series

    for name, start, slope in (
        ("reward", -4.0, 0.28),
        ("approx_kl", 0.006, 0.0001),
        ("value_loss", 0.4, -0.005),
        ("entropy", 1.6, -0.006),
        ("policy_loss", -0.02, 0.0001),
        ("clip_fraction", 0.05, 0.0005),
    ):
        series = Series(name)
        for row in range(rows):
            wobble = ((row * 7919) % 13 - 6) * abs(slope) * 0.6
            moment = NOW - timedelta(seconds=2 * (rows - row))
            series.append((row + 1) * 2048, start + slope * row + wobble, moment.timestamp())
        run.series[name] = series
    run.last_row_at = NOW
    run.last_step_at = NOW
    run.process = "alive"
    return run


def make_alert(**changes: Any) -> AlertView:
    fields: dict[str, Any] = {
        "rule": "kl_spike",
        "state": "firing",
        "severity": "critical",
        "value": 0.1234,
        "threshold": 0.1,
        "since_timestep": 198_656,
        "since": NOW - timedelta(minutes=14),
        "metric": "approx_kl",
        "message": "approx_kl 0.1234 > 0.1 at step 198,656",
        "action": "Reduce the learning rate, check the data",
        "runbook": "kl_spike",
        "key": "run/kl_spike/1",
        "generation": 1,
    }
    return AlertView(**{**fields, **changes})


def make_snapshot(run: Run | None = None, alerts: Sequence[AlertView] = (), **changes: Any) -> Snapshot:
    run = run or make_run()
    health = Health(
        status="RUNNING",
        reason="steps advance",
        steps_per_second=2310.0,
        eta_seconds=124.0,
        progress=(run.timestep or 0) / (run.info.total_timesteps or 1),
    )
    snapshot = Snapshot(
        run=run, health=health, alerts=tuple(alerts), host=None, taken_at=NOW, revision=1, problem=None
    )
    return msgspec.structs.replace(snapshot, **changes)


class Shown:
    app: ConsoleApp

    def text(self) -> str:
        """What stands on the visible screen, also under or in a question."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text.rstrip() for strip in strips)

    async def until(self, pilot: Any, condition: Callable[[], Any]) -> None:
        """For what comes from a file, a process or the clock; fails with the screen long after it was due."""
        end = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < end, f"it did not happen; on the screen:\n{self.text()}"
            await pilot.pause(0.02)
        await pilot.pause()  # what stands on the screen follows what came


@dataclass
class Console(Shown):
    app: ConsoleApp
    session: ConsoleSession
    workspace: Workspace
    follower: GivenFollower

    def give(self, snapshot: Snapshot) -> None:
        self.follower.give(snapshot)

    async def opened(self, pilot: Any, snapshot: Snapshot) -> str:
        """The screen's text once it shows `snapshot`."""
        self.give(snapshot)
        await pilot.pause()
        return self.text()

    async def pressed(self, pilot: Any, *keys: str) -> str:
        """The screen's text after `keys`."""
        await pilot.press(*keys)
        await pilot.pause()
        await pilot.pause()
        return self.text()


@pytest.fixture(autouse=True)
def no_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    """The slow sensors' child process is not what these tests are about."""
    from core.checklist import probe

    monkeypatch.setattr(probe, "run_probe", lambda *_given, **_named: probe.Facts(missing="not looked"))


@pytest.fixture(autouse=True)
def at_rest(quiet: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key was dealt with when the clerk and the desks' threads, too, have done what it asked for."""
    owed: dict[str, int] = {}
    submit = Clerk.submit

    def counted(clerk: Clerk, job: Callable[[], None], *, asked: bool = True) -> None:
        name = f"clerk {id(clerk)}"
        quiet.busy[name] = lambda: owed[name] > 0 and clerk._thread.is_alive()
        owed[name] = owed.get(name, 0) + 1

        def work() -> None:
            try:
                job()
            finally:
                owed[name] -= 1

        submit(clerk, work, asked=asked)

    monkeypatch.setattr(Clerk, "submit", counted)
    looking: list[object] = []
    run_threaded = Worker._run_threaded

    async def in_a_thread(worker: Worker[Any]) -> Any:
        looking.append(worker)
        try:
            return await run_threaded(worker)
        finally:
            looking.remove(worker)

    monkeypatch.setattr(Worker, "_run_threaded", in_a_thread)
    quiet.busy["workers"] = lambda: bool(looking)
    for name in ("week", "(_probe)"):
        quiet.busy[name] = partial(_lives, name)


def _lives(name: str) -> bool:
    return any(thread.name.endswith(name) for thread in threading.enumerate())


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return init_workspace(tmp_path / "workspace", start=NOW.date())


@pytest.fixture
def given(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Console:
    """A console whose run the test gives; everything else is real."""
    monkeypatch.setattr(session_module, "Follower", GivenFollower)
    session = ConsoleSession(workspace, None)
    follower = session._follower
    assert isinstance(follower, GivenFollower)
    return Console(ConsoleApp(session), session, workspace, follower)


HEADER = "timestep,reward,approx_kl,value_loss,entropy,clip_fraction\n"
ROWS, SPIKE, STEP = 60, 57, 2048


class Live(Shown):
    """A console on real files: a run of 60 rows whose KL crosses 0.1 at row 57 and stays there."""

    spike = SPIKE * STEP

    def __init__(self, workspace: Workspace, target: Path | None = None) -> None:
        self.workspace = workspace
        if not (workspace.logs / "run.json").exists():
            self._write()
        self.session = ConsoleSession(None if target else workspace, target)
        self.app = ConsoleApp(self.session)

    def _write(self) -> None:
        now, logs = utc_now(), self.workspace.logs
        run = {"id": "r1", "tag": "phase4", "symbols": ["OGNUSDT"], "total_timesteps": 500_000}
        run["started_at"] = iso(now - timedelta(hours=5))
        (logs / "run.json").write_text(json.dumps(run))
        lines = [
            f"{now - timedelta(minutes=ROWS - row):%Y-%m-%d %H:%M:%S} [INFO] Step {row * STEP}/500000\n"
            for row in range(1, ROWS + 1)
        ]
        (logs / "training.log").write_text("".join(lines))
        rows = [
            f"{row * STEP},{row * 0.1:.2f},{0.12 if row >= SPIKE else 0.008},0.4,1.2,0.35\n"
            for row in range(1, ROWS + 1)
        ]
        (logs / "training_metrics.csv").write_text(HEADER + "".join(rows))

    def hold_back(self, rows: int) -> list[str]:
        """Take the newest rows out of the file; `append` writes them as a trainer would."""
        path = self.workspace.logs / "training_metrics.csv"
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(lines[:-rows]))
        return lines[-rows:]

    def append(self, lines: Sequence[str]) -> None:
        with (self.workspace.logs / "training_metrics.csv").open("a") as stream:
            stream.writelines(lines)

    @property
    def number(self) -> int:
        return self.app.open_screen.number

    @property
    def alerts(self) -> Sequence[AlertView]:
        return self.session.snapshot.alerts if self.session.snapshot is not None else ()

    @property
    def journal(self) -> str:
        path = self.workspace.logs / "alerts.log"
        return path.read_text() if path.exists() else ""


@pytest.fixture
def live(workspace: Workspace) -> Iterator[Live]:
    console = Live(workspace)
    yield console
    console.session.close()


@pytest.fixture
def live_on() -> Iterator[Callable[..., Live]]:
    """Consoles on a workspace of the test's own, closed at its end."""
    made: list[Live] = []

    def make_live(workspace: Workspace, target: Path | None = None) -> Live:
        made.append(Live(workspace, target))
        return made[-1]

    yield make_live
    for each in made:
        each.session.close()


@pytest.fixture
def make() -> Any:
    """The builders, for tests that need their own run or alerts."""

    class Make:
        run = staticmethod(make_run)
        alert = staticmethod(make_alert)
        snapshot = staticmethod(make_snapshot)
        now = NOW

    return Make
