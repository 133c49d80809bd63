"""Comparison with earlier runs: the list, overlays with letters, the pinned one, hidden, broken folders."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def archived(workspace: Any, name: str, *, rows: int = 60, level: float = 1.0, **info: Any) -> Path:
    """An earlier run as the trainer leaves it."""
    folder: Path = workspace.archive / name
    folder.mkdir(parents=True)
    record = {"schema_version": 1, "id": name, "total_timesteps": 500_000, **info}
    (folder / "run.json").write_text(json.dumps(record))
    lines = ["timestep,reward,kl_divergence,value_loss,policy_entropy"]
    lines += [f"{(row + 1) * 2048},{level + row / 10},0.01,0.5,1.2" for row in range(rows)]
    (folder / "convergence_dashboard.csv").write_text("\n".join(lines) + "\n")
    (folder / "evaluations.csv").write_text(
        "timestep,mean_reward,sharpe,max_drawdown_pct,win_rate_pct,profit_factor,trades\n"
        "10000,1.0,0.25,10,50,1.1,30\n20000,1.5,0.61,9,51,1.2,31\n30000,1.2,0.4,9,51,1.2,31\n"
    )
    return folder


def loaded(screen: Any) -> bool:
    library = screen._library
    return library is None or (library.listed and all(map(library.is_loaded, screen._overlaid)))


async def pressed(given: Any, pilot: Any, *keys: str) -> str:
    """The screen once the library's thread has nothing more to do."""
    for key in keys:
        await pilot.press(key)
        await pilot.pause()
        await given.until(pilot, lambda: loaded(given.app.open_screen))
        await pilot.pause()
    return str(given.text())


async def test_runs_are_listed_newest_first_with_their_outcome(given: Any, make: Any) -> None:
    archived(given.workspace, "r1", tag="F12-phase2", outcome="finished", started_at="2026-02-20T10:00:00Z")
    archived(given.workspace, "r2", tag="F12-phase3", outcome="crashed", started_at="2026-02-22T10:00:00Z")
    (given.workspace.archive / "r3").mkdir()
    (given.workspace.archive / "r4").mkdir()
    (given.workspace.archive / "r4" / "run.json").write_text('{"id": "r4", ')
    async with given.app.run_test(size=(120, 40)) as pilot:
        await given.opened(pilot, make.snapshot())
        text = await pressed(given, pilot, "o")
        assert text.splitlines()[2].strip().startswith("3 earlier runs, none overlaid; enter overlays")
        assert text.index("F12-phase3") < text.index("F12-phase2") < text.index(" r4 ")
        assert "● finished  122,880 steps  Sharpe 0.61" in text
        assert "■ crashed  122,880 steps  Sharpe 0.61" in text
        assert "run.json could not be read as a run" in text and " r3 " not in text
        assert "2026-02-22 10:00Z" in text
        text = await pressed(given, pilot, "escape")
        assert "┌ now" in text


async def test_overlay_pin_and_hide(given: Any, make: Any) -> None:
    archived(given.workspace, "r1", tag="F12-phase2", outcome="finished", started_at="2026-02-20T10:00:00Z")
    archived(given.workspace, "r2", tag="F12-phase3", outcome="stopped", started_at="2026-02-22T10:00:00Z")
    async with given.app.run_test(size=(120, 40)) as pilot:
        await given.opened(pilot, make.snapshot(make.run(rows=60)))
        text = await pressed(given, pilot, "o", "enter", "j", "space")
        assert "overlaid: A F12-phase3, B F12-phase2" in text.splitlines()[2]
        assert "┌ reward  with A B" in text
        body = text.splitlines()[4:]
        assert any("A" in line[:60] for line in body)
        text = await pressed(given, pilot, "P")
        assert "F12-phase2 is pinned" in text and "B★" in text
        text = await pressed(given, pilot, "escape", "enter")
        assert "A F12-phase3 6.9 @122.9k" in text
        assert "B F12-phase2 6.9 @122.9k (this run " in text
        text = await pressed(given, pilot, "escape", "H")
        assert "with A" not in text and "hidden" in text
        text = await pressed(given, pilot, "H")
        assert "┌ reward  with A B" in text and "overlaid ───" in text
        text = await pressed(given, pilot, "o", "enter")
        assert "with A " in text and "with A B" not in text


async def test_a_run_that_is_longer_than_this_one_fits_on_the_axis(given: Any, make: Any) -> None:
    archived(given.workspace, "r1", rows=300, tag="long", started_at="2026-02-20T10:00:00Z")
    run = make.run(rows=10, total=0)
    run.info = type(run.info)(id="x", directory=run.info.directory)
    async with given.app.run_test(size=(120, 40)) as pilot:
        await given.opened(pilot, make.snapshot(run))
        text = await pressed(given, pilot, "o", "enter", "escape")
        assert " 1M ┘" in text or " 600k ┘" in text or " 1000k ┘" in text


async def test_without_earlier_runs_the_list_says_how_one_comes(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(80, 24)) as pilot:
        await given.opened(pilot, make.snapshot())
        text = await pressed(given, pilot, "o")
        assert "No earlier run yet" in text and "--fresh" in text and "logs/runs" in text
        assert text.splitlines()[2].strip() == "no earlier run to compare with; esc closes"
        assert text.count("no earlier run to compare with") == 1
        assert "enter" not in text.splitlines()[-1]
        text = await pressed(given, pilot, "enter")
        assert text.count("no earlier run to compare with") == 2, "what enter would do is said to be undoable"
        text = await pressed(given, pilot, "enter", "P", "H")
        assert "no run is overlaid" in text


async def test_at_60x15_the_list_takes_the_whole_room(given: Any, make: Any) -> None:
    archived(given.workspace, "r1", tag="F12-phase2", outcome="finished", started_at="2026-02-20T10:00:00Z")
    async with given.app.run_test(size=(60, 15)) as pilot:
        await given.opened(pilot, make.snapshot())
        text = await pressed(given, pilot, "o")
        assert "● finished  122,880 steps  Sharpe 0.61" in text and "┌ reward" not in text
        assert text.splitlines()[2].strip() == "1 earlier run, none overlaid", "no key's word is cut"
        assert "enter overlay" in text.splitlines()[-1]
        text = await pressed(given, pilot, "enter", "escape")
        assert "┌ reward  with A" in text


async def test_a_key_of_the_list_says_where_the_list_is(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(120, 40)) as pilot:
        await given.opened(pilot, make.snapshot())
        assert "o lists the earlier runs" in await pressed(given, pilot, "space")
