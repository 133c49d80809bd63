"""Lets go of the drawn lines of a question that was answered.

Textual 8.2.8 caches a pair of styles under the cache of lines that asked for it, so that up to 1,024 such
caches outlive their widgets: each opened help left 1.7 MB behind. Trap avoided: a week in tmux that ends with
all its dialogs in memory.
"""

from __future__ import annotations

from textual._styles_cache import StylesCache


def let_go() -> None:
    """Forget the pairs; they cost some microseconds when they are next asked for."""
    clear = getattr(StylesCache.get_inner_outer, "cache_clear", None)
    if clear is not None:
        clear()
