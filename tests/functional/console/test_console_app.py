"""The app around the screens: facts arriving, pause, copy, export, questions, every size."""

from __future__ import annotations

import base64
import threading
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from console.screens.modals import Confirm, Details
from core.errors import CancelledError, RejectedError
from core.units import clock
from widgets.run_header import HeaderClock

HOSTILE = "\x1b]52;c;ZXZpbA==\x07\x1b[2J[/red][@click=app.quit]x[/] \u202egpj.exe\u2028 \x9b31m"


async def test_a_new_picture_reaches_header_and_visible_screen(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(120, 30)) as pilot:
        given.give(make.snapshot())
        await pilot.pause()
        first = given.text().splitlines()[0]
        for part in ("F12-phase4-final", "OGNUSDT", "● RUNNING", "122,880/500,000", "pace 2,310/s"):
            assert part in first
        given.give(make.snapshot(make.run(rows=61)))
        await pilot.pause()
        assert "124,928/500,000" in given.text()


async def test_the_clock_ticks_once_a_second_and_repaints_nothing_else(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.give(make.snapshot())
        await pilot.press("2")
        await pilot.pause()
        widget = given.app.open_screen.query_one(HeaderClock)
        before = widget.text
        painted: list[str] = []
        for other in given.app.open_screen.query("*"):
            if other is not widget:
                original = other.refresh

                def spy(*a: Any, _o: Any = original, _w: Any = other, **k: Any) -> Any:
                    painted.append(type(_w).__name__)
                    return _o(*a, **k)

                other.refresh = spy
        await given.until(pilot, lambda: widget.text != before)
        assert len(widget.text) == len(clock(make.now))
        assert painted == []


async def test_pause_holds_the_display_still_and_going_on_shows_the_newest(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(120, 30)) as pilot:
        given.give(make.snapshot())
        await pilot.press("p")
        given.give(make.snapshot(make.run(rows=99)))
        await pilot.pause()
        assert "122,880/500,000" in given.text() and "go on" in given.text()
        assert "paused: p shows what is new" in given.text() or "holds still" in given.text()
        await pilot.press("p")
        await pilot.pause()
        assert "202,752/500,000" in given.text()


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (120, 40), (200, 60), (20, 6), (3, 2), (500, 12)])
async def test_every_screen_draws_at_every_size(given: Any, make: Any, size: tuple[int, int]) -> None:
    """From 60x15 on: status, clock, all tab numbers, the help key. Below, it still draws."""
    async with given.app.run_test(size=size) as pilot:
        given.give(make.snapshot(alerts=[make.alert()]))
        for number in "123456":
            await pilot.press(number)
            await pilot.pause()
            lines = given.text().splitlines()
            assert all(len(line) <= size[0] for line in lines)
            if size[0] >= 60:
                assert "RUNNING" in lines[0] and lines[0].rstrip().endswith("Z")
                assert all(str(tab) in lines[1] for tab in range(1, 7))
                assert "? help" in lines[-1] and "q quit" in lines[-1]


async def test_a_storm_of_resizes_leaves_a_whole_picture(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(120, 40)) as pilot:
        given.give(make.snapshot(alerts=[make.alert()]))
        for number, (width, height) in zip("123456", [(60, 15), (200, 60), (80, 24)] * 2, strict=True):
            await pilot.resize_terminal(width, height)
            await pilot.press(number)
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert "RUNNING" in given.text()


async def test_export_writes_the_screen_as_svg_and_text_and_shows_the_path(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(120, 30)) as pilot:
        given.give(make.snapshot(alerts=[make.alert()]))
        await pilot.press("2", "x")
        await pilot.pause()
        assert "exported to exports/2" in given.text()
    (svg,) = (given.workspace.root / "exports").glob("*/alerts.svg")
    assert svg.read_text().startswith("<svg") and "kl_spike" in svg.with_suffix(".txt").read_text()


async def test_copy_sends_osc_52_wrapped_for_tmux_too(
    given: Any, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMUX", "/tmp/tmux-0/default,1,0")
    written: list[str] = []
    async with given.app.run_test(size=(120, 30)) as pilot:
        given.give(make.snapshot(alerts=[make.alert()]))
        await pilot.press("2")
        await pilot.pause()
        monkeypatch.setattr(given.app._driver, "write", written.append)
        await pilot.press("y")
        await pilot.pause()
    plain = next(text for text in written if text.startswith("\x1b]52;c;"))
    assert b"kl_spike" in base64.b64decode(plain[7:-1])
    assert any(text.startswith("\x1bPtmux;\x1b\x1b]52;c;") for text in written)


async def test_hostile_text_crashes_nothing_and_reaches_no_screen(given: Any, make: Any) -> None:
    """From a file that skipped `visible()`: names, alerts, notes, problems, log lines."""
    run = make.run()
    run.info = msgspec.structs.replace(run.info, tag=HOSTILE, symbols=(HOSTILE,), mode=HOSTILE)
    alert = make.alert(
        rule=HOSTILE, message=HOSTILE, action=HOSTILE, runbook=HOSTILE, note=HOSTILE, acknowledged_by=HOSTILE
    )
    async with given.app.run_test(size=(160, 40)) as pilot:
        given.follower.logs[0].extend([HOSTILE])
        given.give(make.snapshot(run, [alert, make.alert(rule=HOSTILE, key="2")], problem=HOSTILE))
        for number in "1234568":
            await pilot.press(number)
            await pilot.pause()
            assert not set(given.text()) & set("\x1b\x07\x9b\u202e\u2028"), f"screen {number}"
        await pilot.press("2", "d")
        await pilot.pause()
        assert isinstance(given.app.screen, Details) and "[/red]" in given.text()
        await pilot.press("escape", "j", "a")
        await pilot.pause()
        assert not set(given.text()) & set("\x1b\x07\x9b\u202e\u2028")
        given.app.say(HOSTILE, "critical")
        await pilot.pause()


async def test_the_line_filter_deletes_what_slipped_through_and_drops_links(given: Any) -> None:
    from textual.content import Content

    async with given.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("2")
        await pilot.pause()
        answer = given.app.open_screen.query_one("#answer")
        answer.text = Content(HOSTILE)
        answer.redraw()
        await pilot.pause()
        strips = given.app.screen._compositor.render_strips()
        assert not set("".join(strip.text for strip in strips)) & set("\x1b\x07\x9b\u202e\u2028")


# Revalidation: the question, the thread, the states.


class Judged:
    """Stands where the child process is driven from."""

    def __init__(self, outcome: Any = None) -> None:
        self.outcome = outcome
        self.started = threading.Event()
        self.cancelled: threading.Event | None = None

    def __call__(self, request: Any, on_progress: Any, cancelled: threading.Event) -> Any:
        self.started.set()
        self.cancelled = cancelled
        if isinstance(self.outcome, Exception):
            raise self.outcome
        if cancelled.wait(60):
            raise CancelledError("cancelled")
        raise AssertionError("nobody cancelled")


def judged_by(monkeypatch: pytest.MonkeyPatch, judged: Judged) -> None:
    monkeypatch.setattr("core.revalidation.worker.run_in_child", judged)
    monkeypatch.setattr("console.revalidation.request_for", lambda *_arguments: None)


async def test_r_asks_first_and_escape_starts_nothing(given: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    judged = Judged()
    judged_by(monkeypatch, judged)
    async with given.app.run_test(size=(100, 30)) as pilot:
        await pilot.press("R")
        await pilot.pause()
        assert isinstance(given.app.screen, Confirm) and "models/ppo_phase4/best_model" in given.text()
        await pilot.press("escape")
        await pilot.pause()
        assert given.session.revalidation.phase == "idle" and not judged.started.is_set()


async def test_a_confirmed_revalidation_runs_in_a_thread_and_escape_cancels_it(
    given: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = Judged()
    judged_by(monkeypatch, judged)
    async with given.app.run_test(size=(100, 30)) as pilot:
        await pilot.press("R", "y")
        await pilot.pause()
        assert given.app.open_screen.number == 5
        assert judged.started.wait(30)
        assert given.session.revalidation.phase == "running"
        await pilot.press("R")
        await pilot.pause()
        assert "running already" in given.text(), "a second one could be started"
        await pilot.press("escape")
        assert judged.cancelled is not None and judged.cancelled.is_set()
        await given.until(pilot, lambda: given.session.revalidation.phase == "cancelled")


async def test_quitting_during_a_revalidation_asks_and_cancels_it(
    given: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = Judged()
    judged_by(monkeypatch, judged)
    async with given.app.run_test(size=(100, 30)) as pilot:
        await pilot.press("R", "y")
        assert judged.started.wait(30)
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert isinstance(given.app.screen, Confirm) and "Leaving cancels it" in given.text()
        await pilot.press("y")
        await pilot.pause()
    assert judged.cancelled is not None and judged.cancelled.wait(30)


async def test_a_failed_revalidation_keeps_its_error(given: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    error = RejectedError("the model does not match its manifest", hint="Train again.")
    judged_by(monkeypatch, Judged(error))
    async with given.app.run_test(size=(120, 30)) as pilot:
        await pilot.press("R", "y")
        await given.until(pilot, lambda: "does not match" in given.text())
        state = given.session.revalidation
        assert state.phase == "failed" and state.error is error
        assert "the model does not match its manifest" in given.text()


async def test_a_failed_job_says_what_to_do_over_the_screen(given: Any) -> None:
    async with given.app.run_test(size=(100, 30)) as pilot:
        given.session.override("preflight.ram", "")
        await given.until(pilot, lambda: isinstance(given.app.screen, Details) and "did not" in given.text())
        assert "It did not work" in given.text() and "reason" in given.text()


async def test_a_note_leaves_the_guides_two_lines_to_be_read(given: Any, make: Any) -> None:
    words = " ".join(f"word{number}" for number in range(14))
    given.app.guide = SimpleNamespace(hint=lambda _state: words)
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.give(make.snapshot())
        await pilot.pause()
        given.app.say("copied to the clipboard")
        await pilot.pause()
        text = given.text()
        assert "copied to the clipboard" in text and "word0 " in text and "word13" in text
