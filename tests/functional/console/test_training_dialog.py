"""`T` on every screen: what runs, what is offered, what is asked, and that nothing happens unconfirmed."""

from __future__ import annotations

import threading
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from console.screens.training_facts import timesteps_of
from core.checklist import preflight
from core.checklist.model import ChecklistResult, ItemResult
from core.errors import UnreadableError
from core.process import ProcessIdentity
from core.training import operate
from core.training.operate import Situation
from core.training.plan import TrainRequest
from core.training.runfile import RunRecord
from core.workspace import open_workspace

IDENTITY = ProcessIdentity(4711, 1.0, "boot", "nonce", "trainer-host")
RECORD = RunRecord(
    id="20260223-140000",
    tag="F12-phase4-final",
    symbols=("OGNUSDT",),
    mode="paper",
    total_timesteps=500_000,
    seed=0,
    hyperparameters={},
    started_at="2026-02-23T14:00:00Z",
    pid=4711,
    host="trainer-host",
    nonce="nonce",
    lanes=16,
    torch_threads=1,
    net_arch=(64, 64),
)
BLOCKED = ChecklistResult(
    name="preflight",
    title="Pre-training checklist",
    status="BLOCKED",
    items=(
        ItemResult(
            id="p.disk", text="Disk", kind="sensed", on_fail="block", state="fail", message="3 GB free"
        ),
        ItemResult(id="p.ram", text="RAM", kind="sensed", on_fail="block", state="pass"),
    ),
)
RUNNING = Situation(("stop", "force"), RECORD, "alive")


@pytest.fixture
def deeds(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was asked of the training; `situation` is what a look finds."""

    class Deeds(list[Any]):
        situation = Situation(("start",))
        fault: Exception | None = None
        held = threading.Event()

    done = Deeds()
    done.held = threading.Event()
    done.held.set()

    def launch(
        workspace: Any, store: Any, request: Any, judged: Any, now: datetime, **named: Any
    ) -> ProcessIdentity:
        done.append(("start", request, named["fresh"], judged.status))
        return IDENTITY

    def end(workspace: Any, store: Any, now: datetime, **named: Any) -> str:
        done.append(("stop", named["force"]))
        assert done.situation.record is None or named["expected"] == done.situation.record.process
        named["say"]("asking process 4711 to save and end")
        done.held.wait(5)
        if done.fault is not None:
            raise done.fault
        return "killed" if named["force"] else "stopped"

    monkeypatch.setattr(preflight, "run_preflight", lambda *given, **named: BLOCKED)
    monkeypatch.setattr(operate, "look", lambda workspace, now: done.situation)
    monkeypatch.setattr(operate, "check_start", lambda *given, **named: None)
    monkeypatch.setattr(operate, "launch", launch)
    monkeypatch.setattr(operate, "end", end)
    return done


async def pressed(given: Any, pilot: Any, *keys: str, wait: str = "") -> str:
    """The screen after the keys, once `wait` stands on it."""
    for key in keys:
        await pilot.press(key)
        await pilot.pause()
    await given.until(pilot, lambda: wait in given.text())
    return str(given.text())


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (120, 40)])
async def test_it_stands_whole_on_every_size(
    given: Any, make: Any, deeds: Any, size: tuple[int, int]
) -> None:
    deeds.situation = RUNNING
    async with given.app.run_test(size=size) as pilot:
        given.give(make.snapshot(make.run()))
        text = await pressed(given, pilot, "T", wait="stop")
        assert "RUNNING, process 4711 on trainer-host" in text
        assert "F12-phase4-final" in text and "122,880 of 500,000 (24.6 %)" in text
        assert "> s  stop" in text and "K  force stop" in text and "esc close" in text


async def test_a_stop_is_confirmed_and_its_end_is_said(given: Any, make: Any, deeds: Any) -> None:
    deeds.situation = RUNNING
    deeds.held.clear()
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.give(make.snapshot(make.run()))
        await pressed(given, pilot, "4", "T", wait="> s  stop")
        text = await pressed(given, pilot, "s", wait="Stop the training?")
        assert "122,880 of 500,000" in text and "> s  stop" not in text
        await pressed(given, pilot, "escape", wait="> s  stop")
        assert deeds == []
        text = await pressed(given, pilot, "s", "y", wait="stopping: asking process 4711 to save and end")
        assert deeds == [("stop", False)] and "K  force stop" in text and "s  stop" not in text
        deeds.held.set()
        text = await pressed(given, pilot, wait="the training is stopped: it saved and ended clean")
        assert "Training" not in text.splitlines()[5]


async def test_a_stop_that_hangs_can_be_forced_meanwhile(given: Any, make: Any, deeds: Any) -> None:
    deeds.situation = RUNNING
    deeds.held.clear()
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.give(make.snapshot(make.run()))
        await pressed(given, pilot, "T", wait="> s  stop")
        await pressed(given, pilot, "s", "y", wait="stopping")
        await pressed(given, pilot, "K", wait="by force?")
        await pressed(given, pilot, "y", wait="stopping")
        assert deeds == [("stop", False), ("stop", True)]
        deeds.held.set()
        await pressed(given, pilot, wait="it was killed")


async def test_a_dialog_that_is_closed_leaves_the_stop_going_on(given: Any, make: Any, deeds: Any) -> None:
    deeds.situation = RUNNING
    deeds.held.clear()
    deeds.fault = UnreadableError("process 4711 is still running 60 s after SIGTERM", hint="Wait.")
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.give(make.snapshot(make.run()))
        await pressed(given, pilot, "T", wait="> s  stop")
        await pressed(given, pilot, "s", "y", wait="stopping")
        await pressed(given, pilot, "escape")
        deeds.held.set()
        text = await pressed(given, pilot, wait="It did not work")
        assert "process 4711 is still running 60 s after SIGTERM" in text


async def test_a_failed_deed_is_said_in_the_dialog(given: Any, make: Any, deeds: Any) -> None:
    deeds.situation = RUNNING
    deeds.fault = UnreadableError("process 4711 may not be signalled", hint="Stop it as its user.")
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.give(make.snapshot(make.run()))
        await pressed(given, pilot, "T", wait="> s  stop")
        text = await pressed(given, pilot, "s", "y", wait="may not be signalled")
        assert "Stop it as its user." in text and "> s  stop" in text


async def test_a_start_asks_for_what_it_needs_and_confirms(given: Any, make: Any, deeds: Any) -> None:
    async with given.app.run_test(size=(80, 24)) as pilot:
        text = await pressed(given, pilot, "T", wait="preflight  ■ BLOCKED")
        assert "■ Disk: 3 GB free" in text and "no run yet" in text and "> n  start" in text
        text = await pressed(given, pilot, "n", wait="Start a new run")
        assert "500,000" in text and "required: BLOCKED" in text
        await pressed(given, pilot, *"OGNUSDT", "enter")
        field = given.app.screen.query_one("#timesteps", Input)
        field.value = "lots"
        await pressed(
            given, pilot, "enter", *"F12", "enter", *"drill", "enter", wait="expected a whole number"
        )
        field.value = "50k"
        text = await pressed(given, pilot, "enter", "enter", "enter", wait="Start a new training run?")
        assert "F12" in text and "OGNUSDT" in text and "50,000" in text and "drill" in text
        assert deeds == []
        await pressed(given, pilot, "y", wait="the training runs as process 4711")
        request = TrainRequest(symbols=("OGNUSDT",), timesteps=50_000, tag="F12", override="drill")
        assert deeds == [("start", request, False, "BLOCKED")]


async def test_blocked_without_a_reason_does_not_go_on(given: Any, make: Any, deeds: Any) -> None:
    async with given.app.run_test(size=(80, 24)) as pilot:
        await pressed(given, pilot, "T", wait="preflight  ■ BLOCKED")
        await pressed(given, pilot, "n", wait="Start a new run")
        await pressed(
            given, pilot, "enter", "enter", "enter", "enter", wait="a reason to start anyway is required"
        )
        await pressed(given, pilot, "escape", "escape")
        assert deeds == []


async def test_a_resume_keeps_the_runs_symbols_and_asks_for_a_higher_total(
    given: Any, make: Any, deeds: Any
) -> None:
    deeds.situation = Situation(("resume", "fresh"), RECORD, "gone", 122_880)
    async with given.app.run_test(size=(80, 24)) as pilot:
        text = await pressed(given, pilot, "T", wait="preflight  ■ BLOCKED")
        assert "left no word how it ended" in text and "checkpoint at step 122,880" in text
        text = await pressed(given, pilot, "r", wait="Resume the run")
        assert "empty: as configured" not in text
        field = given.app.screen.query_one("#timesteps", Input)
        field.value = "100k"
        await pressed(given, pilot, "enter", *"go", "enter", wait="give a higher total")
        field.value = "600k"
        await pressed(given, pilot, "enter", "enter", wait="Resume the training?")
        await pressed(given, pilot, "enter", wait="the training goes on as process 4711")
        assert deeds[0][1] == TrainRequest(timesteps=600_000, resume=True, override="go")


async def test_starting_afresh_says_where_the_old_run_goes(given: Any, make: Any, deeds: Any) -> None:
    deeds.situation = Situation(("resume", "fresh"), RECORD, "gone", 122_880)
    async with given.app.run_test(size=(80, 24)) as pilot:
        await pressed(given, pilot, "T", wait="preflight  ■ BLOCKED")
        text = await pressed(given, pilot, "j", "enter", wait="Start afresh")
        assert "OGNUSDT" in text and "F12-phase4-final" in text
        keys = ["enter", "enter", "enter", *"again", "enter"]
        text = await pressed(given, pilot, *keys, wait="Start a new training run?")
        assert "moves to logs/runs/20260223-140000" in text
        await pressed(given, pilot, "y", wait="the training runs")
        assert deeds[0][2] is True


def test_steps_as_people_write_them() -> None:
    assert [timesteps_of(text) for text in ("500000", "500,000", "500k", "1.5M", " 2_048 ")] == [
        500_000,
        500_000,
        500_000,
        1_500_000,
        2048,
    ]
    assert [timesteps_of(text) for text in ("", "0", "-5", "many", "1e5", "9" * 20)] == [None] * 6


@pytest.fixture
def foreign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A console on a run outside any workspace, as `--run PATH` opens it."""
    from console.app import ConsoleApp
    from console.session import ConsoleSession

    run = tmp_path / "sb3"
    run.mkdir()
    (run / "progress.csv").write_text("time/total_timesteps,train/approx_kl\n2048,0.01\n4096,0.02\n")
    monkeypatch.chdir(tmp_path)
    return ConsoleApp(ConsoleSession(None, run))


def shown(app: Any) -> str:
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


async def until(pilot: Any, words: str) -> None:
    end = time.monotonic() + 60
    while words not in shown(pilot.app):
        assert time.monotonic() < end, shown(pilot.app)
        await pilot.pause(0.02)


async def test_without_a_workspace_it_says_why_not_and_what_helps(foreign: Any) -> None:
    async with foreign.run_test(size=(80, 24)) as pilot:
        await pilot.press("T")
        await until(pilot, "training needs a workspace: W saves this run as one")


async def test_a_foreign_run_is_saved_as_a_workspace_in_which_the_console_goes_on(
    foreign: Any, tmp_path: Path
) -> None:
    async with foreign.run_test(size=(80, 24)) as pilot:
        await pilot.press("W")
        await until(pilot, "Save this run as a workspace")
        assert foreign.screen.query_one(Input).value == str(tmp_path / "sb3-workspace")
        await pilot.press("escape", "W")
        await until(pilot, "Save this run as a workspace")
        foreign.screen.query_one(Input).value = str(tmp_path / "sb3")
        await pilot.press("enter")
        await until(pilot, "lies in the run's own folder")
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "config.toml").touch()
        await pilot.press("escape", "W")
        await until(pilot, "Save this run as a workspace")
        foreign.screen.query_one(Input).value = str(tmp_path / "mine")
        await pilot.press("enter")
        await until(pilot, "is a workspace already")
        foreign.screen.query_one(Input).value = str(tmp_path / "sb3-workspace")
        await pilot.press("enter")
        end = time.monotonic() + 60
        while foreign.reopen is None and time.monotonic() < end:
            await pilot.pause(0.02)
    assert foreign.reopen == tmp_path / "sb3-workspace"
    assert open_workspace(tmp_path, foreign.reopen).logs == tmp_path / "sb3"


async def test_a_run_that_has_its_workspace_says_so(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.give(make.snapshot(make.run()))
        await pressed(given, pilot, "W", wait="this run has its workspace")
