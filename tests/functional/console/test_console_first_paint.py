"""What opening the console costs: no heavy import before the first values stand, no torch ever."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from core.clock import iso, utc_now
from core.workspace import Workspace

PROGRAM = """
import asyncio, json, sys
from pathlib import Path
from console.app import ConsoleApp
from console.session import ConsoleSession
from core.workspace import open_workspace
import console.follower, console.session

# On a busy machine the first paint may take longer than the patience with which all else begins anyway.
console.session.PATIENCE = console.follower.PATIENCE = 60.0

async def main():
    session = ConsoleSession(open_workspace(Path.cwd(), Path(sys.argv[1])), None)
    app = ConsoleApp(session)
    first = []
    go_on = session.go_on

    def after_the_first_paint():
        first.extend(sorted(sys.modules))
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
            await pilot.pause(0.2)
        for _ in range(200):
            if session.checklists.preflight is not None and session.standup.standup is not None:
                break
            await pilot.pause(0.05)
        evaluated = session.checklists.preflight is not None and session.standup.standup is not None
        later = sorted(sys.modules)
        print(json.dumps({"first": first, "later": later, "text": text, "evaluated": evaluated}))

asyncio.run(main())
"""
AT_FIRST = {"numpy", "pandas", "torch", "stable_baselines3", "gymnasium", "tensorboard", "plotext", "pyarrow"}
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


def test_the_first_values_stand_without_any_heavy_import_and_torch_never_comes(workspace: Workspace) -> None:
    write_run(workspace.logs)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(workspace.root)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr[-3000:]
    seen = json.loads(done.stdout.splitlines()[-1])
    assert "20,480/500,000" in seen["text"] and "1.45" in seen["text"], seen["text"]
    assert not AT_FIRST & set(seen["first"])
    assert seen["evaluated"]
    assert not EVER & set(seen["later"])
