"""Every sentence of a sensor has a Portuguese form, and each form finds its sentence."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import core.checklist
from core.wording.portuguese import LISTS
from core.wording.portuguese_run import RUN
from core.wording.say import say

TABLE = {**LISTS, **RUN}
HOLE = re.compile(r"\{[a-z]*\}")
CHECKLIST = Path(core.checklist.__file__).parent
SENSORS = (
    *sorted(CHECKLIST.glob("sensors_*.py")),
    *(CHECKLIST / f"{name}.py" for name in ("preflight", "evaluate", "own_checks", "whole_model", "probe")),
    *(CHECKLIST / f"{name}.py" for name in ("context_run", "item")),
    CHECKLIST.parent / "operations" / "decided.py",
)
SAID = ("message", "value", "limit", "hint")
NO_WORDS = {
    "sensor {}",  # a thread's name
    "{} of the candles",
    "Sharpe {}",
}
"""What nobody reads, or reads only inside another sentence."""


def _template(node: ast.AST) -> str | None:
    """A text or f-string with `{}` for what is put in; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None


def _sentences(path: Path) -> Iterator[str]:
    """Each text of more than one word, and each that is given as a reading's message, value or limit."""
    tree = ast.parse(path.read_text())
    passed: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            passed.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            passed |= {id(part) for part in ast.walk(node) if part is not node}
        elif isinstance(node, ast.keyword | ast.Assign):
            names = (
                [node.arg] if isinstance(node, ast.keyword) else [ast.unparse(each) for each in node.targets]
            )
            if set(names) & {"evidence", "_IMPORT", "SMC_FAMILY"}:
                passed |= {id(part) for part in ast.walk(node)}
        elif isinstance(node, ast.AnnAssign | ast.Dict | ast.Compare):
            if isinstance(node, ast.Dict):
                passed |= {id(key) for key in node.keys if key is not None}
            elif isinstance(node, ast.Compare):
                passed |= {id(part) for part in ast.walk(node) if isinstance(part, ast.Constant)}
    for node in ast.walk(tree):
        text = None if id(node) in passed else _template(node)
        words = "" if text is None else text.replace("{}", "")
        if text is not None and " " in text.strip() and re.search("[a-z]{2}", words):
            yield text
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("Reading", "unknown", "Answer"):
            given = [each.value for each in node.keywords if each.arg in SAID]
            given += node.args[:1] if ast.unparse(node.func) == "unknown" else node.args[1:3]
            for text in filter(None, map(_template, given)):
                if re.search("[a-z]{2}", text.replace("{}", "")):
                    yield text


def _bare(template: str) -> str:
    return HOLE.sub("{}", template).strip(" ,;")


FORMS = {_bare(english) for english in TABLE} | NO_WORDS


@pytest.mark.parametrize("path", SENSORS, ids=lambda path: path.stem)
def test_every_sentence_of_a_sensor_has_a_portuguese_form(path: Path) -> None:
    same = re.compile(r"config\.toml.*|exit (0|\{\})|core\.[a-z.]+")
    lacking = {
        text for text in _sentences(path) if _bare(text) not in FORMS and not same.fullmatch(_bare(text))
    }
    assert not lacking, f"core/wording/portuguese.py has no form of {sorted(lacking)}"


def test_every_form_finds_its_sentence_and_keeps_what_stands_in_the_holes() -> None:
    for english, portuguese in TABLE.items():
        holes = HOLE.findall(english)
        parts = [f"7{number}" for number in range(len(holes))]
        assert len(HOLE.findall(portuguese)) == len(holes), english
        said = say(HOLE.sub("{}", english).format(*parts), "pt")
        assert said == portuguese.format(*parts), f"another form is in the way of {english!r}"


def test_what_a_person_wrote_and_what_has_no_form_stay_as_they_are() -> None:
    assert say("kl_spike: approx_kl 0.12 > 0.1", "pt") == "kl_spike: approx_kl 0.12 > 0.1"
    assert say("0.0003 in config.toml [ppo] differs from the approved 0.001", "en").startswith("0.0003 in")
    assert say("3 MB short; nobody knows", "pt") == "3 MB short; nobody knows"
    assert say("", "pt") == ""
    several = "3 GB short; a line of theirs; the log of then is not judged; see the Logs"
    assert say(several, "pt") == "faltam 3 GB; a line of theirs; o log de então não é julgado; veja os Logs"


def test_sentences_in_sentences_are_said_too() -> None:
    reason = "sensed to fail: 0.3 in config.toml [ppo] differs from the approved 0.1"
    text = f"was ticked by the preflight, 2026-02-23T09:00:00Z; un-ticked itself: {reason}"
    assert say(text, "pt") == (
        "foi marcado por o preflight, 2026-02-23T09:00:00Z; desmarcou-se: "
        "lido como falha: 0.3 em config.toml [ppo] difere do aprovado 0.1"
    )
    assert say("median 0.0080; as recorded until 2026-02-24T00:00:00Z", "pt") == (
        "mediana 0.0080; como registrado até 2026-02-24T00:00:00Z"
    )
