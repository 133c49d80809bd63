"""Room for other widgets: its own background is one blank line, drawn once.

Trap avoided: Textual styles each line of a container apart, two milliseconds for forty lines that its
children then cover. Only for what has no border, padding or text of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.style import Style
from textual.containers import Container
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

if TYPE_CHECKING:
    _Widget = Widget
else:
    _Widget = object


class BlankLines(_Widget):
    """Mixed in before a container or a screen."""

    def render_lines(self, crop: Region) -> list[Strip]:
        background = self.background_colors[1]
        line = Strip.blank(crop.width, Style.from_color(bgcolor=background.rich_color))
        for line_filter in self.get_line_filters():
            line = line.apply_filter(line_filter, background)
        return [line] * crop.height


class Room(BlankLines, Container):
    """Its children one below the other, unless a style sheet says otherwise."""
