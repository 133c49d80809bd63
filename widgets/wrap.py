"""Text cut into rows of so many cells, character by character: nothing is dropped, blanks stay.

Trap avoided: counting characters where a wide one takes two cells.
"""

from __future__ import annotations

from rich.cells import cell_len


def chopped(text: str, width: int) -> list[str]:
    """`text` in rows of at most `width` cells; an empty text is one empty row."""
    if text.isascii():
        return [text[at : at + width] for at in range(0, len(text), width)] or [""]
    rows, row, used = [], "", 0
    for char in text:
        cells = cell_len(char)
        if used + cells > width:
            rows.append(row)
            row, used = "", 0
        row += char
        used += cells
    return [*rows, row]


def from_cell(text: str, start: int) -> str:
    """`text` from the cell `start` on; half a wide character becomes a blank."""
    if start <= 0:
        return text
    if text.isascii():
        return text[start:]
    used = 0
    for index, char in enumerate(text):
        if used >= start:
            return " " * (used - start) + text[index:]
        used += cell_len(char)
    return " " * max(0, used - start)
