"""No text of others is read as markup: what takes markup gets `Content`, a literal, or `markup=False`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
FIRST_IS_MARKUP = {"Static", "Label", "Button", "Checkbox", "RadioButton", "Collapsible", "TabPane", "Option"}
FIRST_IS_MARKUP |= {"notify", "add_option", "add_column", "add_leaf", "from_markup"}
TITLES = {"border_title", "border_subtitle", "tooltip"}
MAKERS = {"styled", "assemble", "join", "stylize", "truncate", "Content", "Text"}
"""Of `Content`; beside them every function of ours that says it returns one."""
RETURNS_CONTENT = re.compile(r"def (\w+)\((?:[^()]|\([^()]*\))*\) -> Content:")
CONCERNED = re.compile("|".join(rf"\b{name}\b" for name in sorted(FIRST_IS_MARKUP | TITLES)))


def sources() -> Iterator[tuple[Path, str]]:
    for package in ("console", "widgets"):
        for path in sorted((ROOT / package).rglob("*.py")):
            if "cli" not in path.parts:
                yield path.relative_to(ROOT), path.read_text(encoding="utf-8")


def name_of(called: ast.expr) -> str:
    match called:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def takes_markup(called: ast.expr) -> bool:
    """Also `query_one(…, Static).update(text)`."""
    name = name_of(called)
    return name in FIRST_IS_MARKUP or (name == "update" and "Static" in ast.unparse(called))


def is_content(annotation: ast.expr | None) -> bool:
    return annotation is not None and ast.unparse(annotation) == "Content"


def harmless(value: ast.expr, made: set[str], known: set[str]) -> bool:
    """A literal without brackets, or Content."""
    match value:
        case ast.Constant(value=text):
            return not isinstance(text, str) or "[" not in text
        case ast.Call(func=func):
            return name_of(func) in made
        case ast.IfExp(body=body, orelse=other):
            return harmless(body, made, known) and harmless(other, made, known)
        case ast.Name(id=name):
            return name in known
    return False


def contents(tree: ast.AST, made: set[str]) -> set[str]:
    """Names that hold Content wherever they are assigned or given."""
    good = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg) and is_content(node.annotation)}
    bad: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            names = {target.id for target in node.targets if isinstance(target, ast.Name)}
            (good if harmless(node.value, made, good) else bad).update(names)
    return good - bad


def violations(tree: ast.AST, made: set[str] = MAKERS) -> Iterator[str]:
    known = contents(tree, made)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and takes_markup(node.func) and node.args:
            off = any(
                word.arg == "markup" and isinstance(word.value, ast.Constant) and word.value.value is False
                for word in node.keywords
            )
            if not off and not harmless(node.args[0], made, known):
                yield f"{node.lineno}: {name_of(node.func)}({ast.unparse(node.args[0])})"
        if isinstance(node, ast.Assign) and not harmless(node.value, made, known):
            for target in node.targets:
                if isinstance(target, ast.Attribute) and target.attr in TITLES:
                    yield f"{node.lineno}: {ast.unparse(target)} = {ast.unparse(node.value)}"


def test_no_call_that_takes_markup_is_given_a_plain_string_of_anybody() -> None:
    texts = list(sources())
    made = MAKERS | {name for _path, text in texts for name in RETURNS_CONTENT.findall(text)}
    concerned = [(path, text) for path, text in texts if CONCERNED.search(text)]
    assert len(concerned) > 20
    assert [f"{path}:{each}" for path, text in concerned for each in violations(ast.parse(text), made)] == []


TAKEN = ["Static(run.tag)", 'Static(f"{tag}")', "box.border_title = tag", "Content.from_markup(line)"]
SAFE = ["Static(tag, markup=False)", "Static(Content(tag))", 'Static("words")', "Static()"]


@pytest.mark.parametrize("code", [*TAKEN, 'app.notify("[b]x")'])
def test_the_rule_sees_what_it_is_there_for(code: str) -> None:
    assert list(violations(ast.parse(code)))


@pytest.mark.parametrize("code", SAFE)
def test_the_rule_lets_safe_text_pass(code: str) -> None:
    assert not list(violations(ast.parse(code)))
