"""One object: from a firing alert to its chart, log lines, runbook and acknowledgement, and back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from console.app import ConsoleApp
from console.screens.modals import AskText
from console.session import ConsoleSession
from core.clock import iso, utc_now
from core.store.audit import verify
from core.workspace import Workspace

HEADER = "timestep,reward,approx_kl,value_loss,entropy,clip_fraction\n"
STEP = 2048
ROWS = 60
SPIKE = 57
"""The row at which KL crosses 0.1, and stays above."""


def write_run(workspace: Workspace) -> None:
    now = utc_now()
    run = {"id": "r1", "tag": "phase4", "symbols": ["OGNUSDT"], "total_timesteps": 500_000}
    run["started_at"] = iso(now - timedelta(hours=5))
    (workspace.logs / "run.json").write_text(json.dumps(run))
    log = []
    for row in range(1, ROWS + 1):
        at = now - timedelta(minutes=ROWS - row)
        log.append(f"{at:%Y-%m-%d %H:%M:%S} [INFO] Step {row * STEP}/500000 reward 1.0\n")
    (workspace.logs / "training.log").write_text("".join(log))
    write_rows(workspace)


def write_rows(workspace: Workspace, rows: int = ROWS) -> None:
    lines = [
        f"{row * STEP},{row * 0.1:.2f},{0.12 if row >= SPIKE else 0.008},0.4,1.2,0.35\n"
        for row in range(1, rows + 1)
    ]
    (workspace.logs / "training_metrics.csv").write_text(HEADER + "".join(lines))


@pytest.fixture
def opened(workspace: Workspace) -> Iterator[ConsoleApp]:
    write_run(workspace)
    session = ConsoleSession(workspace, None)
    yield ConsoleApp(session)
    session.close()


async def until(pilot: Any, condition: Callable[[], Any], seconds: float = 12) -> None:
    for _ in range(int(seconds / 0.05)):
        if condition():
            return
        await pilot.pause(0.05)
    raise AssertionError(f"it did not happen; on the screen:\n{shown(pilot.app)}")


def shown(app: ConsoleApp) -> str:
    return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips())


def number(app: ConsoleApp) -> int:
    return app.open_screen.number


async def test_the_whole_walk_leads_by_keys_to_one_record_and_back(
    opened: ConsoleApp, workspace: Workspace
) -> None:
    app = opened
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: app.session.snapshot is not None and app.session.snapshot.alerts)
        await pilot.press("2")
        await until(pilot, lambda: "▸ ■ critical kl_spike" in shown(app))

        await pilot.press("enter")
        await until(pilot, lambda: number(app) == 1 and f"at step {SPIKE * STEP:,}" in shown(app))
        chart = shown(app)
        assert "approx_kl 0.12" in chart and "lines: " in chart and "critical kl_spike 0.1" in chart
        assert "kl_spike fired" in chart, "the mark under the cursor"

        await pilot.press("c")
        await until(pilot, lambda: number(app) == 4 and f"Step {SPIKE * STEP}/500000" in shown(app))

        await pilot.press("r")
        await until(pilot, lambda: number(app) == 8 and "approx_kl 0.12, highest 0.12" in shown(app))
        assert "kl_spike fires, nobody has it" in shown(app)
        assert "too many samples hit the clip" in shown(app), "the causes are ranked by the clip fraction"

        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, AskText))
        await pilot.press(*"rate lowered", "enter")
        await until(pilot, lambda: "has it" in shown(app) and "nobody has it" not in shown(app))

        await pilot.press("escape")
        await until(pilot, lambda: number(app) == 4)
        await pilot.press("escape")
        await until(pilot, lambda: number(app) == 1 and f"at step {SPIKE * STEP:,}" in shown(app))
        await pilot.press("escape")
        await until(pilot, lambda: number(app) == 2 and "rate lowered" in shown(app))
        await pilot.press("escape")
        await until(pilot, lambda: number(app) == 1)
        assert not app.open_screen._studied and app.open_screen._replay.moment is None
        store = app.session.clerk.require_store()
        (entry,) = store.entries("acknowledge")
    journal = (workspace.logs / "alerts.log").read_text()
    assert "kl_spike" in journal.splitlines()[0]
    (line,) = [line for line in journal.splitlines() if "[ACK]" in line]
    assert "kl_spike" in line and "rate lowered" in line
    assert "kl_spike" in entry.subject and entry.detail["note"] == "rate lowered"
    assert verify(workspace.store).whole


async def test_the_dashboard_is_as_it_was_after_a_visit(opened: ConsoleApp) -> None:
    app = opened
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.session.snapshot is not None and app.session.snapshot.alerts)
        await pilot.press("j", "h", "plus")
        await pilot.pause(0.1)
        dashboard = app.open_screen
        before = (dashboard._grid.selected, dashboard._look.cursor, dashboard._look.span)
        await pilot.press("2")
        await until(pilot, lambda: "kl_spike" in shown(app))
        await pilot.press("enter")
        await until(pilot, lambda: number(app) == 1 and dashboard._studied)
        assert dashboard._grid.selected == "approx_kl" and dashboard._look.cursor == SPIKE * STEP
        await pilot.press("l", "escape")
        await until(pilot, lambda: number(app) == 2)
        await pilot.press("1")
        await until(pilot, lambda: number(app) == 1)
        assert (dashboard._grid.selected, dashboard._look.cursor, dashboard._look.span) == before
        assert not dashboard._studied


async def test_a_screen_by_its_number_begins_a_new_way(opened: ConsoleApp) -> None:
    app = opened
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: app.session.snapshot is not None and app.session.snapshot.alerts)
        await pilot.press("2", "r")
        await until(pilot, lambda: number(app) == 8)
        await pilot.press("3")
        await until(pilot, lambda: number(app) == 3)
        assert app.trail.empty and not app.trail.alert
        await pilot.press("escape")
        await until(pilot, lambda: number(app) == 1)


async def test_r_on_the_dashboard_is_the_runbook_of_the_worst_alert(opened: ConsoleApp) -> None:
    app = opened
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.session.snapshot is not None and app.session.snapshot.alerts)
        await pilot.press("r")
        await until(pilot, lambda: number(app) == 8 and "The KL divergence spikes" in shown(app))
        await pilot.press("q")
        await until(pilot, lambda: number(app) == 1)


async def test_an_alert_without_a_metric_says_what_leads_on(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.give(make.snapshot(alerts=[make.alert(rule="crash", metric="", runbook="crash")]))
        await pilot.press("2", "enter")
        await pilot.pause()
        assert given.app.open_screen.number == 2
        assert "crash is about no metric" in given.text() and "r what to do" in given.text()
