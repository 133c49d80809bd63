"""A widget drawn by lines that repaints only the cells that changed.

Owns `LineWidget`: a subclass says its rows as spans of (text, tone); `redraw` compares them with what stands
on the screen and refreshes the changed cells of the changed rows. Trap avoided: a whole repaint for one new
digit, which over SSH is most of a dashboard's traffic.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.segment import Segment
from rich.style import Style as RichStyle
from textual.geometry import Region
from textual.strip import Strip
from textual.style import Style
from textual.widget import Widget

from widgets.tone import BRIGHT, RULE, STYLE, ascii_only, safe

Span = tuple[str, str]
"""Text and how it is drawn: a name of `STYLES`, or a style as Textual writes it (`$accent bold`)."""
Row = Sequence[Span]

STYLES: dict[str, str] = {
    **{str(tone): style for tone, style in STYLE.items()},
    "bright": BRIGHT,
    "rule": RULE,
    "accent-bold": "$accent bold",
    "found": "$foreground bold reverse",
    "good-banner": "$success bold reverse",
    "warning-banner": "$warning bold reverse",
    "critical-banner": "$error bold reverse",
    "good-bold": "$success bold",
    "warning-bold": "$warning bold",
    "critical-bold": "$error bold",
}

_UNBROKEN = "\u00a0"
"""A blank at which no row ends."""


class LineWidget(Widget):
    """Base of the widgets that draw their own lines. Text must be printable (`core.text.visible`)."""

    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._rows: list[list[Span]] = []
        self._drawn_for: tuple[int, int] | None = None
        self._rich: dict[str, RichStyle] = {}

    def rows(self, width: int, height: int) -> Sequence[Row]:
        """The widget's content as at most `height` rows of spans; what is too long is cut at `width`."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draw again after a change of data; only what reads differently goes to the terminal."""
        size = self._content_size()
        if not self.is_attached or 0 in size:
            self._drawn_for = None
            return
        if self._drawn_for != size:
            self._drawn_for = None
            self.refresh()
            return
        before = self._rows
        self._rows = self._fitted(size)
        regions = changed_regions(before, self._rows, size[0])
        if regions:
            self.refresh(*regions)

    def render_line(self, y: int) -> Strip:
        size = self._content_size()
        if self._drawn_for != size:
            self._rows = self._fitted(size)
            self._drawn_for = size
        row = self._rows[y] if y < len(self._rows) else []
        return self._strip(row, size[0])

    def notify_style_update(self) -> None:
        self._rich.clear()
        super().notify_style_update()

    def text_lines(self) -> list[str]:
        """What stands on the widget, without styles (for copying and tests)."""
        size = self._content_size()
        rows = self._rows if self._drawn_for == size else self._fitted(size)
        return ["".join(text for text, _ in row).rstrip() for row in rows]

    def _content_size(self) -> tuple[int, int]:
        return self.size.width, self.size.height

    def _fitted(self, size: tuple[int, int]) -> list[list[Span]]:
        width, height = size
        return [merged(row) for row in list(self.rows(width, height))[:height]]

    def _strip(self, row: Row, width: int) -> Strip:
        segments = [Segment(text, self._style(tone)) for text, tone in row]
        return Strip(segments).adjust_cell_length(width, self._style("plain"))

    def _style(self, tone: str) -> RichStyle:
        style = self._rich.get(tone)
        if style is None:
            style = (self.visual_style + Style.parse(STYLES.get(tone, tone))).rich_style
            self._rich[tone] = style
        return style


def merged(row: Row) -> list[Span]:
    """Neighbouring spans of one tone joined, blanks with their neighbour: fewer styles, fewer bytes."""
    out: list[Span] = []
    for text, tone in row:
        if not text:
            continue
        if out and (
            out[-1][1] == tone or (text.isspace() and not _inverse(out[-1][1]) and not _inverse(tone))
        ):
            out[-1] = (out[-1][0] + text, out[-1][1])
        elif out and out[-1][0].isspace() and not _inverse(out[-1][1]) and not _inverse(tone):
            out[-1] = (out[-1][0] + text, tone)
        else:
            out.append((text, tone))
    return out


def _inverse(tone: str) -> bool:
    """Tones whose background shows, so that their blanks are not like other blanks."""
    return tone == "found" or tone.endswith("-banner") or "on $" in tone or "reverse" in tone


def changed_regions(before: Sequence[Row], after: Sequence[Row], width: int) -> list[Region]:
    """For each row that reads differently the smallest region that covers its changed cells."""
    regions = []
    for y in range(max(len(before), len(after))):
        old = before[y] if y < len(before) else []
        new = after[y] if y < len(after) else []
        if old == new:
            continue
        first, last = _changed_cells(old, new, width)
        if last > first:
            regions.append(Region(first, y, last - first, 1))
    return regions


def _changed_cells(old: Row, new: Row, width: int) -> tuple[int, int]:
    old_text = "".join(text for text, _ in old)
    new_text = "".join(text for text, _ in new)
    if cell_len(old_text) != len(old_text) or cell_len(new_text) != len(new_text):
        return 0, width
    old_cells, new_cells = _cells(old, width), _cells(new, width)
    first = next((x for x in range(width) if old_cells[x] != new_cells[x]), width)
    last = next((x for x in range(width - 1, first - 1, -1) if old_cells[x] != new_cells[x]), first - 1)
    return first, last + 1


def _cells(row: Row, width: int) -> list[tuple[str, str]]:
    """One (character, tone) per cell; a blank's tone does not matter unless its background shows."""
    cells = [
        (char, tone if char != " " or _inverse(tone) else "") for text, tone in row for char in text[:width]
    ][:width]
    return cells + [(" ", "")] * (width - len(cells))


def fit(text: str, width: int, *, right: bool = False) -> str:
    """`text` in exactly `width` cells: padded, or cut with an ellipsis."""
    if width <= 0:
        return ""
    length = cell_len(text)
    if length > width:
        return set_cell_size(text, width - 1) + ("~" if ascii_only() else "…")
    return " " * (width - length) + text if right else text + " " * (width - length)


def framed(
    title: str,
    value: Row,
    body: Sequence[Row],
    width: int,
    height: int,
    *,
    footer: Row | None = None,
    gutter: int = 1,
    active: bool = False,
) -> list[list[Span]]:
    """`body` in a thin frame of `height` rows: `┌ title ───── value ┐`, `footer` inside the bottom line.

    `gutter` blanks stand between the frame and the body, whose rows are cut or padded to fit. `active`: the
    keys act on this pane.
    """
    rule = "accent" if active else "rule"
    line, corners, side = ("-", "++++", "|") if ascii_only() else ("─", "┌┐└┘", "│")
    if width < 4 or height < 2:
        return [[(fit(safe(title, 300), width), "dim")], *(list(row) for row in body)][:height]
    value_width = sum(cell_len(text) for text, _ in value)
    room = width - 4 - (value_width + 2 if value_width else 0)
    title = safe(title, 300)
    title_text = fit(title, min(cell_len(title), max(0, room)))
    top: list[Span] = [(corners[0] + " ", rule), (title_text, "accent-bold" if active else "bright")]
    used = 2 + cell_len(title_text)
    if value_width and value_width + used + 4 <= width:
        top.append((" " + line * (width - used - value_width - 4) + " ", rule))
        top.extend(value)
        top.append((" " + corners[1], rule))
    else:
        top.append((" " + line * (width - used - 2) + corners[1], rule))
    rows: list[list[Span]] = [top]
    inner = width - 2 - 2 * gutter
    pad = " " * gutter
    for index in range(height - 2):
        row = list(body[index]) if index < len(body) else []
        rows.append([(side + pad, rule), *cut(row, inner), (pad + side, rule)])
    if footer is None:
        rows.append([(corners[2] + line * (width - 2) + corners[3], rule)])
    else:
        rows.append([(corners[2], rule), *cut(footer, width - 2, line), (corners[3], rule)])
    return rows


def with_cursor(body: Sequence[Row], selected: int | None) -> list[list[Span]]:
    """`body` for a frame of gutter 0: a blank at both sides, the row `selected` marked at its left."""
    mark = ">" if ascii_only() else "▸"
    return [
        [(mark, "accent-bold") if index == selected else (" ", "dim"), *row] for index, row in enumerate(body)
    ]


def cut(row: Row, width: int, fill: str = " ") -> list[Span]:
    """`row` in exactly `width` cells: spans past it are cut with an ellipsis, the rest filled."""
    out: list[Span] = []
    left = width
    for text, tone in row:
        length = cell_len(text)
        if length <= left:
            out.append((text, tone))
            left -= length
            continue
        if left > 0:
            out.append((fit(text, left), tone))
            left = 0
        break
    if left > 0:
        out.append((fill * left, "rule" if fill != " " else "dim"))
    return out


def wrapped(text: str, width: int, tone: str = "dim") -> list[list[Span]]:
    """Words in rows of at most `width` cells."""
    return [[(line, tone)] for line in folded(text, width)]


def folded(text: str, width: int, indent: str = "") -> list[str]:
    """Words in rows of at most `width` cells, later ones indented; a percent sign stays beside its number."""
    kept = re.sub(r" (?=%(?:[ ,.;:)]|$))", _UNBROKEN, text)
    rows = textwrap.wrap(kept, max(8, width), subsequent_indent=indent, break_on_hyphens=False)
    return [row.replace(_UNBROKEN, " ") for row in rows]


def wrap_spans(row: Row, width: int, indent: int = 0) -> list[list[Span]]:
    """A row of spans in rows of at most `width` cells, later ones indented: broken at blanks, and inside a
    word that is longer than a row (a path). A percent sign stays beside its number."""
    width = max(8, width)
    indent = min(indent, width // 2)
    rows: list[list[Span]] = [[]]
    used = 0
    for text, tone in row:
        for piece in re.findall(r" +|[^ ]+(?: %(?![^ ,.;:)]))?", text):
            length = cell_len(piece)
            if piece.isspace() and (used + length > width or (len(rows) > 1 and used == indent)):
                continue
            if used + length > width and (length <= width - indent or width - used < 4):
                rows.append([(" " * indent, "dim")] if indent else [])
                used = indent
            while piece:
                part, piece = piece[: _cells_of(piece, width - used)], piece[_cells_of(piece, width - used) :]
                rows[-1].append((part, tone))
                used += cell_len(part)
                if piece:
                    rows.append([(" " * indent, "dim")] if indent else [])
                    used = indent
    return rows


def _cells_of(text: str, room: int) -> int:
    """How many characters of `text` fit in `room` cells; at least one."""
    return max(1, len(chop_cells(text, max(1, room))[0]))
