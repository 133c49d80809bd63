"""`visible` makes any text harmless for a terminal."""

from __future__ import annotations

import sys
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from core.text import visible

FORBIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def test_no_code_point_survives_as_a_control_or_format_character() -> None:
    for code in range(sys.maxunicode + 1):
        shown = visible(chr(code))
        assert shown, hex(code)
        assert not any(unicodedata.category(char) in FORBIDDEN for char in shown), hex(code)


def test_escape_sequences_are_shown_not_sent() -> None:
    assert visible("\x1b]52;c;aGk=\x07") == "␛]52;c;aGk=␇"
    assert visible("a\r\nb") == "a␍␊b"
    assert visible("\x9b31m") == "<U+009B>31m"
    assert visible("\u202egnp.exe") == "<U+202E>gnp.exe"


def test_at_most_three_combining_marks_remain() -> None:
    assert visible("e" + "\u0301" * 50) == "e" + "\u0301" * 3


def test_a_long_line_is_cut_and_says_so() -> None:
    assert visible("x" * 10_000_000, limit=10) == "x" * 10 + "…"


@given(st.text(alphabet=st.characters(), max_size=200))
def test_visible_leaves_its_own_output_alone(text: str) -> None:
    once = visible(text)
    assert visible(once, limit=len(once)) == once


@given(st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x7E)))
def test_plain_text_is_unchanged(text: str) -> None:
    assert visible(text) == text
