"""Which rows of a long past are kept, so that a chart of any width shows every extreme.

Per bucket of rows its least and its greatest value, as in a min/max pyramid, so that joining two buckets
needs only what each kept. Trap avoided: nan in a `min`, whose result then depends on the order.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right


def thinned(rows: list[int], values: list[float], starts: list[int], stride: int) -> list[int]:
    """Which places of `rows` (rising row numbers) a bucket of `stride` rows keeps: its least and greatest
    finite value, the first that is not finite, and the first and last row of a segment.

    `starts`: the row numbers at which segments start; a bucket ends where one does.
    """
    kept: list[int] = []
    size = len(rows)
    begin = 0
    coming = bisect_right(starts, rows[0]) if rows else 0
    opened = bool(rows) and coming > 0 and starts[coming - 1] == rows[0]
    while begin < size:
        bound = (rows[begin] // stride + 1) * stride
        border = starts[coming] if coming < len(starts) else math.inf
        end = bisect_left(rows, min(bound, border), begin)
        ended = rows[end - 1] == border - 1
        places = _extremes(values, begin, end)
        if opened:
            places.add(begin)
        if ended:
            places.add(end - 1)
        kept += sorted(places)
        opened = end < size and rows[end] == border
        if opened:
            coming += 1
        begin = end
    return kept


def _extremes(values: list[float], begin: int, end: int) -> set[int]:
    part = values[begin:end]
    if math.isfinite(sum(part)):
        return {begin + part.index(min(part)), begin + part.index(max(part))}
    finite = [place for place in range(begin, end) if math.isfinite(values[place])]
    places = {place for place in range(begin, end) if not math.isfinite(values[place])}
    places = {min(places)} if places else set()
    if finite:
        places.add(min(finite, key=values.__getitem__))
        places.add(max(finite, key=values.__getitem__))
    return places
