"""The key table: what it says is what happens, everywhere it is shown."""

from __future__ import annotations

from typing import Any

import pytest

from console.app import ConsoleApp
from console.keyboard import footer_keys, help_keys
from console.keys import KEYS, handler_name
from console.screens.help import HelpScreen, help_text
from console.screens.modals import Confirm
from console.session import ConsoleSession
from console.states import RevalidationState

SCREENS = (1, 2, 3, 4, 5, 6, 8)


def test_ids_are_unique_and_no_key_means_two_things_on_a_screen() -> None:
    assert len({key.id for key in KEYS}) == len(KEYS)
    for screen in SCREENS:
        names = [name for key in KEYS if key.acts_on(screen) for name in key.keys.split(",")]
        assert len(set(names)) == len(names), f"screen {screen}: {sorted(names)}"


def test_no_action_hangs_on_a_key_that_a_terminal_swallows() -> None:
    """XON/XOFF takes ctrl+s and ctrl+q, tmux and screen their prefixes, a browser ctrl+w, t and n."""
    swallowed = {"ctrl+s", "ctrl+q", "ctrl+b", "ctrl+a", "ctrl+w", "ctrl+t", "ctrl+n", "ctrl+z", "f11"}
    for key in KEYS:
        assert set(key.keys.split(",")) - swallowed, f"{key.id} hangs on {key.keys} alone"


async def test_every_row_has_its_handler_on_each_of_its_screens(given: Any) -> None:
    """No key that the footer or help shows does nothing."""
    async with given.app.run_test(size=(100, 30)) as pilot:
        for number in SCREENS:
            await pilot.press(str(number))
            await pilot.pause()
            screen = given.app.open_screen
            assert screen.number == number
            for key in KEYS:
                if key.acts_on(number):
                    name = handler_name(key.id)
                    assert hasattr(screen, name) or hasattr(given.app, name), f"{key.id} on screen {number}"


async def test_no_screen_handles_an_action_that_the_table_keeps_from_it(given: Any) -> None:
    ids = {handler_name(key.id): key for key in KEYS}
    async with given.app.run_test(size=(100, 30)) as pilot:
        for number in SCREENS:
            await pilot.press(str(number))
            await pilot.pause()
            screen = given.app.open_screen
            for name in dir(type(screen)):
                if name.startswith("do_"):
                    assert name in ids, f"{name} is in no row of the table"
                    assert ids[name].acts_on(number), f"{name} cannot be reached on screen {number}"


def test_the_help_of_a_screen_names_each_of_its_keys() -> None:
    for screen in SCREENS:
        text = help_text(screen).plain
        for _group, keys in help_keys(screen):
            for key in keys:
                assert key.shown in text and key.help in text
        listed = sum(len(keys) for _group, keys in help_keys(screen))
        assert listed == sum(key.acts_on(screen) for key in KEYS)


def test_help_and_quit_stay_in_every_footer() -> None:
    for screen in SCREENS:
        sticky = {key.id for key in footer_keys(screen) if key.sticky}
        assert sticky == {"app.help", "app.quit"}


@pytest.mark.parametrize("keys", ["question_mark", "f1"])
async def test_help_opens_over_the_screen_and_scrolls_to_its_last_line_at_60x15(
    given: Any, keys: str
) -> None:
    async with given.app.run_test(size=(60, 15)) as pilot:
        await pilot.press("3", keys)
        await pilot.pause()
        assert isinstance(given.app.screen, HelpScreen)
        assert "Screens" in given.text() and "Status" not in given.text()
        await pilot.press("G")
        await pilot.pause()
        assert "critical" in given.text()
        await pilot.press("escape")
        await pilot.pause()
        assert given.app.screen is given.app.open_screen


@pytest.mark.parametrize("opener", ["colon", "ctrl+p"])
async def test_the_palette_does_what_the_key_does(given: Any, opener: str) -> None:
    async with given.app.run_test(size=(100, 30)) as pilot:
        await pilot.press(opener)
        await pilot.pause()
        await pilot.press(*"standup: the morn")
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert given.app.open_screen.number == 6


async def test_numbers_switch_screens_which_are_made_once(given: Any) -> None:
    async with given.app.run_test(size=(100, 30)) as pilot:
        await pilot.press("3")
        first = given.app.open_screen
        await pilot.press("2", "1", "3")
        assert given.app.open_screen is first


async def test_q_goes_back_to_the_dashboard_and_then_quits(given: Any) -> None:
    app: ConsoleApp = given.app
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("6", "q")
        await pilot.pause()
        assert app.open_screen.number == 1
        await pilot.press("q")
        await pilot.pause()
    assert app.return_code == 0


async def test_ctrl_c_quits_as_interrupted_from_any_screen(given: Any) -> None:
    async with given.app.run_test(size=(100, 30)) as pilot:
        await pilot.press("4", "ctrl+c")
        await pilot.pause()
    assert given.app.return_value == 130


async def test_a_key_of_another_screen_does_nothing(given: Any) -> None:
    async with given.app.run_test(size=(100, 30)) as pilot:
        await pilot.press("2", "space", "c", "e")
        await pilot.pause()
        assert given.app.screen is given.app.open_screen


@pytest.mark.parametrize("number", [1, 2, 3, 4, 6, 8])
async def test_a_key_pressed_before_anything_is_loaded_says_a_word(
    given: Any, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the run nor the store has been read, and never is: each key of the screen still answers."""
    app = given.app
    monkeypatch.setattr(app.session.clerk, "submit", lambda *_given, **_named: None)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press(str(number))
        for key in KEYS:
            name = handler_name(key.id)
            if not key.acts_on(number) or not hasattr(app.open_screen, name) or key.id == "app.back":
                continue
            said = app._says
            await app.action_do(key.id)
            await pilot.pause()
            asked = app.screen is not app.open_screen or app.open_screen.number != number
            if key.id != "run.overlay":  # acts on the list that `o` opened, which says what it holds
                assert asked or app._says > said, f"{key.id} on screen {number} was silent"
            while app.screen is not app.open_screen:
                await pilot.press("escape")
            if app.open_screen.number != number:
                await pilot.press(str(number))


async def test_revalidate_without_a_workspace_says_what_is_missing(given: Any, tmp_path: Any) -> None:
    given.app = ConsoleApp(ConsoleSession(None, tmp_path))
    async with given.app.run_test(size=(100, 30)) as pilot:
        await pilot.press("R")
        await pilot.pause()
        assert "cannot revalidate: a workspace says which model" in given.text()
        assert given.app.screen is given.app.open_screen


@pytest.mark.parametrize(
    ("loses", "key", "answer"),
    [
        (False, "y", True),
        (False, "enter", True),
        (False, "escape", False),
        (True, "y", True),
        (True, "enter", False),
        (True, "escape", False),
        (True, "q", False),
        (True, "n", False),
    ],
)
async def test_enter_takes_the_choice_that_loses_nothing(
    given: Any, loses: bool, key: str, answer: bool
) -> None:
    answers: list[bool | None] = []
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.app.push_screen(Confirm("Do it?", (("", "words"),), "do it", loses=loses), answers.append)
        await pilot.pause()
        assert ("y or enter do it" in given.text()) is not loses
        assert ("enter or esc no" in given.text()) is loses
        await pilot.press(key)
        await pilot.pause()
    assert answers == [answer]


async def test_enter_neither_drops_a_note_nor_ends_a_running_judgement(
    given: Any, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The two questions whose yes gives something up are answered with y alone."""
    async with given.app.run_test(size=(100, 30)) as pilot:
        given.give(make.snapshot())
        await pilot.press("6")
        await pilot.pause()
        given.session.edit_standup(note="mine")
        await pilot.press("f5", "enter")
        await pilot.pause()
        assert given.session.standup.standup.note == "mine"
        monkeypatch.setattr(given.session._judge, "state", RevalidationState(phase="running"))
        await pilot.press("ctrl+c", "enter")
        await pilot.pause()
        assert given.app.return_code is None and given.app.screen is given.app.open_screen
