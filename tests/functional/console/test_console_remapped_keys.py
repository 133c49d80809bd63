"""Keys of a person's own: they act, the old ones do not, and every word that names one names the new one."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import console.screens
from console import keyboard, running
from console.app import ConsoleApp
from console.box_keys import BOXES
from console.keymap import changed_keys
from console.opening import Opening, open_console
from console.screens.box import Box
from console.screens.help import HelpScreen
from console.screens.modals import AskText, Confirm, Details
from console.screens.runbook_deed import AskDeed
from console.screens.sign_off import SignOff
from console.screens.training import TrainingDialog
from console.session import ConsoleSession
from console.states import TrainingState
from core.config.loader import ConfigError
from core.training.operate import Situation
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


MOVES = {"move.down": "n,down", "move.up": "ctrl+e", "page.down": "f3", "page.up": "f4", "move.end": "Z"}
MOVES |= {"app.back": "f9", "pane.next": "f6", "text.copy": "Y", "sign.off": "ctrl+o"}
FREED = dict.fromkeys(("metric.next", "item.next_open", "event.next_open", "step.next", "log.next"), "f2")
LETTERS = {"answer.yes": "J", "answer.no": "X", "training.start": "u", "training.stop": "U"}
LETTERS |= {"phase.sign": "D", "item.override": "M", "model.backup": "b", "step.by_hand": "w"}


@pytest.fixture
def colemak() -> None:
    keyboard.use(changed_keys({**MOVES, **FREED, **LETTERS}, Path("config.toml")))


def _box_types(kind: type[Box[Any]] = Box) -> Iterator[type[Box[Any]]]:
    for each in kind.__subclasses__():
        yield each
        yield from _box_types(each)


def test_every_box_does_something_at_each_of_its_keys() -> None:
    for module in pkgutil.iter_modules(console.screens.__path__):
        importlib.import_module(f"console.screens.{module.name}")
    boxes = [each for each in _box_types() if hasattr(each, "BOX")]
    assert {each.BOX for each in boxes} == set(BOXES)
    for box in boxes:
        for action, does in BOXES[box.BOX].items():
            assert hasattr(box, f"action_{does.split('(')[0]}"), f"{action} in {box.__name__}"


async def test_a_list_and_a_text_over_a_screen_move_and_close_by_a_persons_own_keys(
    given: Any, colemak: None
) -> None:
    facts = tuple((f"fact {number}", "words", "plain") for number in range(60))
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.app.push_screen(Details("All of it", facts))
        text = await given.pressed(pilot, "j", "G")
        assert "fact 0 " in text and "n ctrl+e scroll" in text and "f9 close" in text
        assert "fact 0 " not in await given.pressed(pilot, "n")
        assert "fact 0 " in await given.pressed(pilot, "ctrl+e")
        assert "fact 1 " not in await given.pressed(pilot, "f3")
        assert "fact 59" in await given.pressed(pilot, "Z")
        await given.pressed(pilot, "escape")
        assert given.app.screen is not given.app.open_screen
        await given.pressed(pilot, "f9")
        assert given.app.screen is given.app.open_screen
        given.app.push_screen(SignOff(given.session))
        assert "D sign   x reject   f9 close" in await given.pressed(pilot, "S")
        await given.pressed(pilot, "ctrl+o")
        assert given.app.screen is given.app.open_screen


async def test_a_question_is_answered_by_a_persons_own_keys_alone(given: Any, colemak: None) -> None:
    answers: list[Any] = []
    async with given.app.run_test(size=(80, 24)) as pilot:
        for key in ("J", "X", "f9"):
            given.app.push_screen(Confirm("Do it?", (("", "words"),), "do it"), answers.append)
            assert "J or enter do it   f9 no" in await given.pressed(pilot, "y", "n", "escape")
            await given.pressed(pilot, key)
        given.app.push_screen(AskDeed("Stop it?", (), "stop"), answers.append)
        assert "J stop the training   w it was done by hand   f9 no" in await given.pressed(pilot, "h")
        await given.pressed(pilot, "w")
    assert answers == [True, False, False, "by hand"]


async def test_a_field_takes_every_character_whatever_the_keys_and_is_left_by_esc_and_by_a_persons_own_key(
    given: Any, colemak: None
) -> None:
    answers: list[Any] = []
    async with given.app.run_test(size=(80, 24)) as pilot:
        for key in ("escape", "f9", "enter"):
            given.app.push_screen(AskText("Why?"), answers.append)
            assert "JXnZY uwDMb?q" in await given.pressed(pilot, *"JXnZY", "space", *"uwDMb?q")
            await given.pressed(pilot, key)
    assert answers == [None, None, "JXnZY uwDMb?q"]


async def test_the_training_names_and_takes_a_persons_own_letters(
    given: Any, make: Any, colemak: None
) -> None:
    chosen: list[str] = []
    given.session.training.state = TrainingState(situation=Situation(("stop", "fresh"), None, "alive", None))
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.app.push_screen(TrainingDialog(given.session, chosen.append))
        text = await given.pressed(pilot, "s")
        assert "> U  stop" in text and "  f  start afresh" in text and "enter choose   f9 close" in text
        assert "> f  start afresh" in await given.pressed(pilot, "n")
        assert "> U  stop" in await given.pressed(pilot, "f6", "ctrl+e")
        await given.pressed(pilot, "U", "f6", "enter")
    assert chosen == ["stop", "fresh"]


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
