"""Textual's `Content` drawn by lines, so that only the cells that changed are sent to the terminal.

Owns `ContentLines`: a subclass makes a `Content`; its styled stretches become the spans of a `LineWidget`.
Trap avoided: a header that is sent whole, with all its styles, for one new digit.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from textual.content import Content

from widgets.lines import LineWidget, Row, Span


class ContentLines(LineWidget):
    """`content` says what stands here; call `redraw` after a change of what it is made from."""

    def content(self, width: int, height: int) -> Content:
        """At most `height` lines of at most `width` cells."""
        raise NotImplementedError

    def rows(self, width: int, height: int) -> Sequence[Row]:
        return [spans(line) for line in self.content(width, height).split("\n", allow_blank=True)]


def spans(content: Content) -> list[Span]:
    """One line as (text, style) stretches; where styles lie over one another they are joined."""
    text = content.plain
    edges = sorted({0, len(text), *(edge for span in content.spans for edge in (span.start, span.end))})
    out: list[Span] = []
    for start, end in itertools.pairwise(edges):
        over = [str(span.style) for span in content.spans if span.start <= start and end <= span.end]
        out.append((text[start:end], " ".join(over) or "plain"))
    return out
