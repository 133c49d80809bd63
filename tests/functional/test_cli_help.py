"""The program's help says what each command does, in whole words."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize("group", [(), ("alerts",), ("audit",), ("data",), ("model",)])
def test_no_line_of_the_help_is_cut(cli: Any, group: tuple[str, ...]) -> None:
    """Typer shortens a long first sentence to its first words and three dots."""
    done = cli(*group, "--help")
    listed = done.stdout.partition("Commands:")[2].splitlines()
    assert done.returncode == 0 and len(listed) > 2
    assert [line for line in listed if line.rstrip().endswith("...")] == []
