"""Sends only the changed part of a line: a left crop for Textual's partial updates.

Textual 8.2.8 writes each changed line from its widget's left edge, because `ChopsUpdate.render_segments`
crops only on the right; over SSH that is more than half of a live dashboard's bytes. `install` replaces that
one method, and only where its source is the one this was written for. Trap avoided: a patch that outlives the
code it patched.
"""

from __future__ import annotations

import hashlib
import inspect

from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate

_WRITTEN_FOR = "4c1cdb567e0b8354bd70cb129da78a42314c39eb8aacd5bf21951cbd5aaba0ef"


def install() -> bool:
    """Use the left crop; False where Textual's method is another one by now, which then stays."""
    if ChopsUpdate.render_segments is _render_segments:
        return True
    if _fingerprint() != _WRITTEN_FOR:
        return False
    ChopsUpdate.render_segments = _render_segments  # type: ignore[method-assign]
    return True


def _fingerprint() -> str:
    try:
        source = inspect.getsource(ChopsUpdate.render_segments)
    except (OSError, TypeError):
        return "no source"
    return hashlib.sha256(source.encode()).hexdigest()


def _render_segments(self: ChopsUpdate, console: Console) -> str:
    """The changed spans of each line, each part moved to and written on its own."""
    out: list[str] = []
    for y, x1, x2 in self.spans:
        for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
            left, right = max(x, x1), min(end, x2)
            if strip is None or right <= left:
                continue
            if left > x or right < end:
                strip = strip.crop(left - x, right - x)
            out.append(Control.move_to(left, y).segment.text)
            out.append(strip.render(console))
    return "".join(out)
