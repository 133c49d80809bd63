"""What opening the console costs: no heavy import before the first values stand, no torch ever."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.clock import iso, utc_now
from core.workspace import init_workspace

PROGRAM = """
import asyncio, json, sys
from pathlib import Path
from console.app import ConsoleApp
from console.session import ConsoleSession
from core.workspace import open_workspace
import console.follower, console.session

# On a busy machine the first paint may take longer than the patience with which all else begins anyway.
console.session.PATIENCE = console.follower.PATIENCE = 60.0

def slotted_dataclasses():
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in ("core", "widgets", "console"):
            for each in vars(module).values():
                if isinstance(each, type) and each.__module__ == name:
                    if "__dataclass_fields__" in vars(each) and "__slots__" in vars(each):
                        yield f"{name}.{each.__name__}"

async def main():
    session = ConsoleSession(open_workspace(Path.cwd(), Path(sys.argv[1])), None)
    app = ConsoleApp(session)
    first, slotted, hidden = [], [], []
    go_on = session.go_on

    def after_the_first_paint():
        first.extend(sorted(sys.modules))
        slotted.extend(slotted_dataclasses())
        hidden.extend(repr(widget) for widget in app.screen.walk_children() if not widget.display)
        go_on()

    session.go_on = after_the_first_paint
    async with app.run_test(size=(80, 24)) as pilot:
        for _ in range(200):
            await pilot.pause(0.05)
            strips = app.screen._compositor.render_strips()
            text = "\\n".join(strip.text for strip in strips)
            if "20,480/500,000" in text and "1.45" in text:
                break
        assert first, "all else begins once the first values stand"
        for key in "234561":
            await pilot.press(key)
            await pilot.pause()
        for _ in range(200):
            if session.checklists.preflight is not None and session.standup.standup is not None:
                break
            await pilot.pause(0.05)
        evaluated = session.checklists.preflight is not None and session.standup.standup is not None
        later = sorted(sys.modules)
        seen = {"first": first, "later": later, "text": text, "evaluated": evaluated}
        print(json.dumps({**seen, "slotted": slotted, "hidden": hidden}))

asyncio.run(main())
"""
NOT_AT_FIRST = {
    *("numpy", "pandas", "torch", "stable_baselines3", "gymnasium", "tensorboard", "plotext", "pyarrow"),
    *("sqlite3", "psutil", "watchfiles", "typer", "apprise", "tomllib"),
    *("core.store", "core.checklist", "core.operations", "core.week", "core.runbook", "core.logs"),
    *("core.notify", "core.revalidation"),
    *("core.alerts.engine", "core.telemetry.host", "core.telemetry.eventfeed", "core.telemetry.monitorfeed"),
    *("console.cli", "console.exports", "console.screens.modals"),
    *(f"console.screens.{name}" for name in ("alerts", "checklist", "logs", "revalidate", "standup", "help")),
}
"""Each costs from one to hundreds of milliseconds; a bare Textual app has none of them."""
EVER = {"pandas", "torch", "stable_baselines3", "gymnasium", "tensorboard", "pyarrow"}


def write_run(logs: Path) -> None:
    now = utc_now()
    run = {
        "id": "20260223-140000-f12",
        "tag": "F12-phase4-final",
        "symbols": ["OGNUSDT"],
        "mode": "paper",
        "total_timesteps": 500_000,
        "started_at": iso(now - timedelta(minutes=1)),
    }
    (logs / "run.json").write_text(json.dumps(run))
    rows = [f"{2048 * (i + 1)},{1 + i * 0.05:.2f},0.008,0.2,1.5" for i in range(10)]
    header = "timestep,reward,kl_divergence,value_loss,policy_entropy"
    (logs / "convergence_dashboard.csv").write_text("\n".join([header, *rows]) + "\n")


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    workspace = init_workspace(tmp_path_factory.mktemp("first") / "workspace")
    write_run(workspace.logs)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(workspace.root)], capture_output=True, text=True, timeout=180
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_the_first_values_stand_without_any_heavy_import_and_torch_never_comes(seen: dict[str, Any]) -> None:
    assert "20,480/500,000" in seen["text"] and "1.45" in seen["text"], seen["text"]
    assert not NOT_AT_FIRST & set(seen["first"])
    assert seen["evaluated"]
    assert not EVER & set(seen["later"])


def test_the_first_paint_waits_for_no_slotted_dataclass(seen: dict[str, Any]) -> None:
    """Making one costs a millisecond; a `msgspec.Struct` a tenth of it."""
    assert seen["slotted"] == []


def test_the_first_paint_waits_for_no_hidden_widget(seen: dict[str, Any]) -> None:
    """Each costs a millisecond or two; what a key opens is mounted afterwards."""
    assert seen["hidden"] == []
