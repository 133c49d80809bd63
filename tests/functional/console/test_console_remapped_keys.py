"""Keys of a person's own: they act, the old ones do not, and every word that names one names the new one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console import keyboard, running
from console.app import ConsoleApp
from console.opening import Opening, open_console
from console.screens.help import HelpScreen
from console.session import ConsoleSession
from core.config.loader import ConfigError
from core.workspace import init_workspace, open_workspace

OWN = {"screen.alerts": "f2", "alert.acknowledge": "ctrl+k", "runbook.open": "b", "app.help": "U,f1"}
OWN |= {"chart.left": "left", "workspace.save": "Z", "handover.open": "a"}


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    yield
    keyboard.use({})


async def test_a_remapped_key_acts_and_is_shown_in_tabs_footer_help_palette_and_hints(
    workspace: Any, monkeypatch: pytest.MonkeyPatch, given: Any, make: Any
) -> None:
    text = workspace.config.read_text()
    lines = "".join(f'"{action}" = "{keys}"\n' for action, keys in OWN.items())
    workspace.config.write_text(text.replace("[keys]", f"[keys]\n{lines}#", 1))
    session = ConsoleSession(open_workspace(workspace.root, workspace.root), None)
    given.app, given.session, given.follower = ConsoleApp(session), session, session._follower
    async with given.app.run_test(size=(120, 40)) as pilot:
        shown = await given.opened(pilot, make.snapshot(alerts=[make.alert()]))
        assert "f2 Alerts" in shown and "U help" in shown and "ctrl+k ack" in shown
        await given.pressed(pilot, "2", "a")
        assert given.app.open_screen.number == 1
        shown = await given.pressed(pilot, "f2")
        assert given.app.open_screen.number == 2
        assert "b opens it" in shown, shown
        shown = await given.pressed(pilot, "ctrl+k")
        assert given.app.screen is not given.app.open_screen, shown
        await given.pressed(pilot, "escape", "U")
        assert isinstance(given.app.screen, HelpScreen)
        assert "ctrl+k    Acknowledge" in given.text()
        await given.pressed(pilot, "U")
        assert given.app.screen is given.app.open_screen
        await given.pressed(pilot, "colon", *"acknowl")
        await pilot.pause()
        assert "(ctrl+k)" in given.text()


def test_a_wrong_key_ends_in_words_before_a_thread_or_the_terminal_is_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = init_workspace(tmp_path / "own")
    workspace.config.write_text(
        workspace.config.read_text().replace("[keys]", '[keys]\n"app.hlp" = "ctrl+s"', 1)
    )
    monkeypatch.setattr(running, "require_terminal", lambda: None)
    monkeypatch.setattr(running, "ConsoleSession", lambda *_given, **_named: pytest.fail("it was opened"))
    with pytest.raises(ConfigError, match=r"(?s)1 problem.*app\.hlp.*did you mean") as caught:
        running.run_console(open_workspace(workspace.root, workspace.root), None)
    assert caught.value.exit_code == 2


def test_wrong_keys_are_told_together_with_all_else_that_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = init_workspace(tmp_path / "own")
    workspace.config.write_text('[display]\ntheme = "pink"\n[keys]\n"app.hlp" = "ctrl+s"\napp.quit = 3\n')
    monkeypatch.setattr("console.terminal.require_terminal", lambda: None)
    with pytest.raises(ConfigError) as caught:
        open_console(Opening(workspace=workspace.root))
    assert {each.key for each in caught.value.problems} == {
        "display.theme",
        'keys."app.hlp"',
        'keys."app.quit"',
    }
