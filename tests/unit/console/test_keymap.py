"""`[keys]` of config.toml: strict, kind, and shown wherever a key is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.box_keys import BOXES
from console.keymap import changed_keys, places
from console.keys import KEYS
from core.config.loader import ConfigError, parse_settings

CONFIG = Path("config.toml")
DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "keys.md"


def problems(wanted: dict[str, str]) -> dict[str, list[str]]:
    with pytest.raises(ConfigError) as caught:
        changed_keys(wanted, CONFIG)
    assert caught.value.exit_code == 2
    found: dict[str, list[str]] = {}
    for problem in caught.value.problems:
        found.setdefault(problem.key, []).append(f"{problem.expected} | {problem.got} | {problem.near or ''}")
    return found


def test_all_that_is_wrong_is_said_at_once() -> None:
    found = problems({"alert.aknowledge": "x", "app.help": "ctrl+s,f99,", "alert.silence": "j"})
    assert found['keys."alert.aknowledge"'][0].endswith('keys."alert.acknowledge"')
    assert [words.split(" | ")[1].split(":")[0] for words in found['keys."app.help"']] == [
        "ctrl+s",
        "'f99', which is no key's name",
        "an empty name",
    ]
    assert found['keys."alert.silence"'] == [
        "a key that is free on Alerts | j, which is move.down there (give that one another key too) | "
    ]


def test_a_key_that_not_every_terminal_sends_is_refused() -> None:
    flow_control, prefixes = "ctrl+s ctrl+q ctrl+z ctrl+c", "ctrl+b ctrl+a"
    others = (
        "ctrl+w ctrl+m ctrl+h alt+x ctrl+enter shift+enter ctrl+shift+p ctrl+1 super+k f13 shift+a \u200b"
    )
    for key in (*f"{flow_control} {prefixes} {others}".split(), "", " , "):
        assert problems({"alert.silence": key}), key


def test_two_actions_of_one_screen_never_share_a_key_and_those_of_two_screens_may() -> None:
    assert list(problems({"alert.silence": "D", "alert.logs": "D"})) == ['keys."alert.silence"']
    assert changed_keys({"alert.silence": "D", "chart.whole": "D"}, CONFIG)["chart.whole"].keys == "D"
    swapped = changed_keys({"alert.silence": "a", "alert.acknowledge": "s,ctrl+k"}, CONFIG)
    assert (swapped["alert.silence"].keys, swapped["alert.acknowledge"].keys) == ("a", "s,ctrl+k")


def test_a_changed_row_shows_its_new_keys() -> None:
    row = changed_keys({"move.down": "down,ctrl+e"}, CONFIG)["move.down"]
    assert (row.shown, row.help) == ("↓", "Next row, line or metric (also ctrl+e)")
    zoom = changed_keys({"chart.zoom_in": "+, ="}, CONFIG)["chart.zoom_in"]
    assert (zoom.keys, zoom.shown) == ("plus,equals_sign", "+")


def test_every_default_key_could_be_written_in_the_configuration() -> None:
    changed = changed_keys({key.id: key.keys for key in KEYS}, CONFIG)
    assert {row.id: row.keys for row in changed.values()} == {key.id: key.keys for key in KEYS}


def test_the_loader_takes_ids_with_and_without_quotes_and_only_text() -> None:
    text = '[keys]\n"alert.silence" = "D"\nitem.tick = "t"\n'
    assert parse_settings(text, CONFIG).keys == {"alert.silence": "D", "item.tick": "t"}
    with pytest.raises(ConfigError) as caught:
        parse_settings('keys = 3\n[display]\ntheme = "pink"', CONFIG)
    assert {problem.key for problem in caught.value.problems} == {"keys", "display.theme"}
    with pytest.raises(ConfigError, match=r'keys\."app\.help": expected names of keys'):
        parse_settings("[keys]\napp.help = 5", CONFIG)


def test_no_two_actions_of_a_box_have_a_key_in_common() -> None:
    rows = {key.id: key for key in KEYS}
    for box, actions in BOXES.items():
        keys = [name for action in actions for name in rows[action].keys.split(",")]
        assert len(set(keys)) == len(keys), f"{box}: {sorted(keys)}"


def test_a_key_that_a_box_needs_for_its_own_answer_is_named_with_the_box() -> None:
    moves = {"metric.next": "f2", "item.next_open": "f2", "event.next_open": "f2", "step.next": "f2"}
    found = problems({**moves, "log.next": "f2", "move.down": "n,down"})
    assert [words.split(" | ")[:2] for words in found['keys."move.down"']] == [
        [
            "a key that is free on a question, a judgement's question, a step's question",
            "n, which is answer.no there (give that one another key too)",
        ],
        [
            "a key that is free on the training",
            "n, which is training.start there (give that one another key too)",
        ],
    ]
    assert list(found) == ['keys."move.down"']


def test_the_document_lists_every_action_with_its_keys() -> None:
    listed = [line for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert listed == [f"| `{key.id}` | `{key.keys}` | {key.help} | {places(key)} |" for key in KEYS]
