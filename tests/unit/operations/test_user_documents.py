"""The documents for users name only what is there: commands and options, keys, make targets, files, links."""

from __future__ import annotations

import configparser
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console.cli.app import command_tree
from console.keys import KEYS
from core.config.loader import parse_settings

ROOT = Path(__file__).parents[3]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
GUIDES = (
    "first-hour",
    "own-trainer",
    "own-environment",
    "rules",
    "checklists",
    "decision-and-evidence",
    "reliability",
    "architecture",
)
_ARROWS = {"left": "←", "right": "→", "up": "↑", "down": "↓"}


@pytest.fixture(scope="module")
def tree() -> Any:
    return command_tree()


def texts(document: Path) -> tuple[str, list[str]]:
    """(what stands in the shell blocks, the inline codes of the rest)"""
    text = document.read_text(encoding="utf-8")
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.M | re.S)
    rest = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    return "".join(blocks), re.findall(r"`([^`\n]+)`", rest)


def commands(document: Path) -> Iterator[str]:
    block, inline = texts(document)
    yield from (line for line in block.splitlines() if line.startswith("ppo-console"))
    yield from (code for code in inline if re.match(r"ppo-console( |$)", code))


def problem(line: str, tree: Any) -> str:
    """What of a command is not there; empty: all is. Values are not looked at, only names."""
    node = tree
    rest = shlex.split(re.sub(r"[\[\]…]", " ", line), comments=True)[1:]
    while rest:
        word = rest.pop(0)
        if word in getattr(node, "commands", {}):
            node = node.commands[word]
        elif word.startswith("-"):
            options = {name: each for each in node.params for name in (*each.opts, *each.secondary_opts)}
            option = options.get(word.partition("=")[0])
            if option is None and word not in ("--help", "-h"):
                return f"{word} is no option in: {line}"
            if option is not None and not option.is_flag and "=" not in word:
                if not rest:
                    return f"{word} has no value in: {line}"
                rest.pop(0)
        elif not any(each.param_type_name == "argument" for each in node.params):
            return f"{word} is no command in: {line}"
    return ""


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_and_option_is_there(document: Path, tree: Any) -> None:
    assert [found for line in commands(document) if (found := problem(line, tree))] == []


def test_a_wrong_command_option_or_value_would_be_found(tree: Any) -> None:
    for line in ("ppo-console judge", "ppo-console status --colour", "ppo-console alerts silence x --for"):
        assert problem(line, tree)
    assert not problem("ppo-console alerts silence kl_high --comment 'a b' --for 2h  # why", tree)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_key_is_in_the_key_table(document: Path) -> None:
    """A code of one character, or the name of a key."""
    names = {name for key in KEYS for each in key.keys.split(",") for name in (each, _ARROWS.get(each, each))}
    names |= {key.shown for key in KEYS} | {"y"}  # `y` answers a question
    named = re.compile(r"[^\s≤≥]|ctrl\+\w|shift\+\w+|f\d+|enter|esc|tab|space|escape", re.I)
    codes = [code for code in texts(document)[1] if named.fullmatch(code)]
    assert [code for code in codes if code not in names and code.lower() not in names | {"esc", "f1"}] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_target_file_and_link_is_there(document: Path) -> None:
    block, inline = texts(document)
    makefile = (ROOT / "Makefile").read_text()
    wanted = re.findall(r"^make ([a-z-]+)", block, re.M)
    wanted += [code.split()[1] for code in inline if re.match(r"make [a-z-]+", code)]
    missing = [f"make {name}" for name in wanted if not re.search(rf"^{name}:", makefile, re.M)]
    files = [
        code for code in inline if re.match(r"(core|console|widgets|docs|tests|benchmarks)/[\w./-]*\w$", code)
    ]
    missing += [name for name in files if not (ROOT / name).exists()]
    links = re.findall(r"\]\(([^)#]+)", document.read_text(encoding="utf-8"))
    missing += [link for link in links if "://" not in link and not (document.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_configuration_is_accepted(document: Path) -> None:
    for block in re.findall(r"^```toml\n(.*?)^```", document.read_text(encoding="utf-8"), re.M | re.S):
        parse_settings(block, document)


def test_the_systemd_unit_starts_a_command_that_is_there_and_may_write_its_workspace(tree: Any) -> None:
    unit = configparser.ConfigParser(strict=False)
    unit.read(ROOT / "docs" / "systemd" / "ppo-console-watch.service")
    service = unit["Service"]
    program, _, rest = service["ExecStart"].partition(" ")
    assert program.endswith("/ppo-console") and not problem(f"ppo-console {rest}", tree)
    assert service["Type"] == "notify" and service["ReadWritePaths"] == rest.split()[-1]


def test_every_guide_is_there_and_reached_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [name for name in GUIDES if f"(docs/{name}.md)" not in readme] == []


def test_each_screen_has_its_picture_in_the_documents() -> None:
    text = "".join(document.read_text(encoding="utf-8") for document in DOCUMENTS)
    pictures = sorted((ROOT / "docs" / "screenshots").glob("*.svg"))
    assert len(pictures) >= 8
    assert [path.name for path in pictures if f"screenshots/{path.name})" not in text] == []
