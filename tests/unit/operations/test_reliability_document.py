"""Every promise of the reliability document names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
DOCUMENT = ROOT / "docs" / "reliability.md"


def test_each_named_test_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", DOCUMENT.read_text())
    assert len(named) > 60
    texts = {path: (ROOT / path).read_text() for path, _ in named if (ROOT / path).is_file()}
    missing = [f"{path}::{name}" for path, name in named if f"def {name}(" not in texts.get(path, "")]
    assert missing == []


def test_each_row_of_a_fault_names_a_test() -> None:
    sections = DOCUMENT.read_text().partition("## Open")[0]
    rows = [line for line in sections.splitlines() if line.startswith("| ") and "---" not in line]
    heads = ("| fault |", "| writer |")
    assert [row for row in rows if "::test_" not in row and not row.startswith(heads)] == []
