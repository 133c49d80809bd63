"""What changes on the open screen while a question stands over it: sent cell by cell, as without one.

Textual marks the whole background screen anew with each of its changes, so that every tick of the clock would
send the terminal's whole content. Trap avoided: a screen that is held still to save those bytes, and shows
the values of an hour ago beside a question that is answered from them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from textual.geometry import Region

if TYPE_CHECKING:
    from textual.screen import Screen


def paint_behind(screen: Screen[None], over: list[Screen[Any]]) -> None:
    """Hand what changed on `screen` to those that stand over it; the top one sends what is seen of it."""
    changed = screen._compositor._dirty_regions.copy()
    screen._compositor._dirty_regions.clear()
    screen._dirty_widgets.clear()
    screen._repaint_regions.clear()
    if not changed or not over:
        return
    for each in over:
        awaited = set(each._repaint_regions)
        each._layout_cache.clear()
        each._set_dirty(*changed)
        each._repaint_regions.clear()
        each._repaint_regions.update(awaited)
    top = over[-1]
    seen = uncovered(changed, [box.region for box in top.children if box.display])
    if seen:
        top._repaint_regions.update(seen)
        top._repaint_required = True
        top.check_idle()


def uncovered(regions: Iterable[Region], boxes: Iterable[Region]) -> set[Region]:
    """The parts of `regions` that no box covers."""
    left = set(regions)
    for box in boxes:
        left = {part for region in left for part in _around(region, region.intersection(box))}
    return left


def _around(region: Region, hole: Region) -> list[Region]:
    """`region` without `hole`, which lies in it: above, beside and below."""
    if not hole:
        return [region]
    parts = (
        Region(region.x, region.y, region.width, hole.y - region.y),
        Region(region.x, hole.y, hole.x - region.x, hole.height),
        Region(hole.right, hole.y, region.right - hole.right, hole.height),
        Region(region.x, hole.bottom, region.width, region.bottom - hole.bottom),
    )
    return [part for part in parts if part]
