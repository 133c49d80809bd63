"""The open screen as SVG and text on disk, and text into the terminal's clipboard.

Trap avoided: a copy that only exists in a clipboard the terminal may not grant. The text is a file too.
"""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.clock import utc_now
from core.files import atomic_write

if TYPE_CHECKING:
    from textual.app import App

_CLIPBOARD_LIMIT = 74_000
"""Bytes of base64 that terminals take in one OSC 52."""


class Exporter:
    """Writes into `folder`, with names that sort by time."""

    def __init__(self, folder: Path, app: App[Any]) -> None:
        self._folder = folder
        self._app = app

    def screen_text(self) -> str:
        """The screen's cells as lines, without styles."""
        strips = self._app.screen_stack[0]._compositor.render_strips()
        return "\n".join(strip.text.rstrip() for strip in strips) + "\n"

    def svg(self) -> str:
        """The screen as SVG."""
        return self._app.export_screenshot(title="ppo-console")

    def write_screen(self, name: str, svg: str, text: str) -> Path:
        """`NAME-TIME.svg` and `.txt`; returns the SVG's path. Raises UnreadableError."""
        path = self._path(name, ".svg")
        atomic_write(path, svg)
        atomic_write(path.with_suffix(".txt"), text)
        return path

    def write_text(self, name: str, text: str) -> Path:
        """`NAME-TIME.txt`. Raises UnreadableError."""
        path = self._path(name, ".txt")
        atomic_write(path, text)
        return path

    def copy_to_terminal(self, text: str) -> None:
        """OSC 52; inside tmux also wrapped, for a tmux that passes it through."""
        driver = self._app._driver
        encoded = base64.b64encode(text.encode()).decode()
        if driver is None or len(encoded) > _CLIPBOARD_LIMIT:
            return
        sequence = f"\x1b]52;c;{encoded}\x07"
        driver.write(sequence)
        if os.environ.get("TMUX"):
            driver.write("\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\")

    def _path(self, name: str, suffix: str) -> Path:
        return self._folder / f"{name}-{utc_now().strftime('%Y%m%d-%H%M%S')}{suffix}"
