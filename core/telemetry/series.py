"""One metric of a run: every row up to a cap, and beyond it a reduced past that keeps every extreme.

Owns the arrays and what of them is exact. Traps avoided: a spike that a thinned history lost (each bucket of
rows keeps its least, its greatest and its first value that is not finite); joining a resumed run's steps as
if nothing had happened (a step that goes back starts a new segment); a week's run that fills the memory.
"""

from __future__ import annotations

import math
import operator
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from struct import pack
from typing import TYPE_CHECKING

from core.telemetry.thinning import thinned

if TYPE_CHECKING:
    from core.telemetry.trend import Fit

EXACT_ROWS = 8192
"""The newest rows that always have a point of their own."""
FULL_POINTS = 24_576
"""Up to so many exact points nothing is reduced."""
BUCKETS = 4096
"""Most buckets of the reduced past; when they are full their width doubles."""


class Series:
    """Parallel arrays of points in the order in which the rows were read, never sorted.

    `value` keeps nan and inf (gaps in a chart); `time` is the row's wall time in epoch seconds, nan where
    the source has none. `segments` holds the index at which each segment starts.

    `len` counts points, `rows` the rows ever read. Up to `FULL_POINTS` they are the same. Beyond, the points
    before `exact_from` are what `reduced` kept of the older rows: of each bucket of `stride` rows the least
    and the greatest value and the first one that is not finite; and the first and last row of each segment.
    `minimum`, `maximum`, `last` and `rows` are always exact.

    An object only ever grows, and `len` counts whole points only, so another thread may read the first `len`
    points while the reader appends. A source that starts over, and a past that is reduced, get a new object
    in `Run.series`. Copy what is kept: an array that exports a buffer (`memoryview`, `numpy.frombuffer`)
    cannot grow.
    """

    __slots__ = (
        "_dropped",
        "_finite_high",
        "_finite_low",
        "_last_finite",
        "_reduced",
        "fitted",
        "name",
        "segments",
        "stride",
        "time",
        "timestep",
        "value",
    )

    def __init__(self, name: str) -> None:
        self.name = name
        self.timestep = array("d")
        self.value = array("d")
        self.time = array("d")
        self.segments: list[int] = []
        self.stride = 1
        """Rows in a bucket of the reduced past."""
        self._reduced = array("q")
        """Row numbers of the points before `exact_from`."""
        self._dropped = 0
        """Rows without a point: the row number of an exact point less its index."""
        self._finite_low = math.inf
        self._finite_high = -math.inf
        self._last_finite: float | None = None
        self.fitted: tuple[object, Fit | None] | None = None
        """What `core.telemetry.trend` was asked last about these rows, and its answer."""

    def __len__(self) -> int:
        return len(self.value)

    @property
    def rows(self) -> int:
        """How many rows were read, whatever is kept of them."""
        return self._dropped + len(self.value)

    @property
    def exact_from(self) -> int:
        """The index from which each row has a point of its own; 0 where all have."""
        return len(self._reduced)

    def row_of(self, index: int) -> int:
        """The number, from 0, of the row that the point at `index` stands for; `rows` for the index `len`."""
        return self._reduced[index] if index < len(self._reduced) else index + self._dropped

    def index_of(self, row: int) -> int:
        """The first index whose row is `row` or a later one."""
        if row >= len(self._reduced) + self._dropped:
            return row - self._dropped
        return bisect_left(self._reduced, row)

    def append(self, timestep: float, value: float, time: float = math.nan) -> None:
        """Add one row. A timestep below the last one opens a new segment."""
        if not self.timestep or timestep < self.timestep[-1]:
            self.segments.append(len(self.value))
        if math.isfinite(value):
            self._finite_low = min(self._finite_low, value)
            self._finite_high = max(self._finite_high, value)
            self._last_finite = value
        self.timestep.append(timestep)
        self.time.append(time)
        self.value.append(value)

    def extend(
        self,
        timesteps: Sequence[float],
        values: Sequence[float],
        times: Sequence[float],
        *,
        rising: bool = False,
        finite: bool = False,
    ) -> None:
        """Add many rows at once; the three have one length. `rising`: the timesteps are known not to go back
        among themselves, `finite`: the values are known to be numbers; each saves looking."""
        if len(timesteps) != len(values) or len(times) != len(values):
            raise ValueError("timesteps, values and times differ in length")
        rising = rising or all(map(operator.le, timesteps, timesteps[1:]))
        if not len(timesteps) or not rising or not (finite or math.isfinite(sum(values))):
            for row in zip(timesteps, values, times, strict=True):
                self.append(*row)
            return
        if not self.timestep or timesteps[0] < self.timestep[-1]:
            self.segments.append(len(self.value))
        self._finite_low = min(self._finite_low, min(values))
        self._finite_high = max(self._finite_high, max(values))
        self._last_finite = values[-1]
        _extend(self.timestep, timesteps)
        _extend(self.time, times)
        _extend(self.value, values)

    def cut_exact(self) -> tuple[list[float], list[float]]:
        """Take the timesteps and values of the exact rows out, for `core.telemetry.farpast`."""
        begin = self.exact_from
        taken = self.timestep[begin:].tolist(), self.value[begin:].tolist()
        for column in (self.value, self.timestep, self.time):
            del column[begin:]
        return taken

    def append_reduced(self, rows: array[int], timesteps: list[float], values: list[float]) -> None:
        """Add kept points of older rows, with these row numbers; there are no exact rows meanwhile."""
        self._reduced.extend(rows)
        self._append_finite(timesteps, values)

    def append_exact(self, row: int, timesteps: list[float], values: list[float]) -> None:
        """Put exact rows behind the reduced ones; `row`: the number of the first."""
        self._dropped = row - len(self._reduced)
        self._append_finite(timesteps, values)

    def _append_finite(self, timesteps: list[float], values: list[float]) -> None:
        if not values:
            return
        self._finite_low = min(self._finite_low, min(values))
        self._finite_high = max(self._finite_high, max(values))
        self._last_finite = values[-1]
        _extend(self.timestep, timesteps)
        _extend(self.time, array("d", (math.nan,)) * len(values))
        _extend(self.value, values)

    def open_segment(self, index: int) -> None:
        """Begin a segment at the point `index`, if none begins there: a resume that the steps do not show."""
        place = bisect_left(self.segments, index)
        if place == len(self.segments) or self.segments[place] != index:
            self.segments = [*self.segments[:place], index, *self.segments[place:]]

    def reduced(self, exact: int = EXACT_ROWS, buckets: int = BUCKETS) -> Series:
        """A series of the same rows that keeps at least the newest `exact` of them whole, and of the older
        ones what fits into `buckets` buckets.

        What is kept depends on the rows, the present number of them and the width of the buckets alone, not
        on how often they were reduced. Beyond `buckets` / 2 segments the oldest lose their points.
        """
        edge = self.rows - exact
        if edge <= self.row_of(self.exact_from):
            return self
        starts = [self.row_of(index) for index in self.segments]
        origin = min(edge, starts[-min(len(starts), buckets // 2)])
        segments = bisect_left(starts, edge) - bisect_left(starts, origin)
        stride = self.stride
        while (edge - origin) // stride + segments > buckets:
            stride *= 2
        first = self.index_of(origin)
        again = max(first, self._last_bucket() if stride == self.stride else 0)
        cut = self.index_of(edge)
        rows = [*self._reduced[again:], *range(self.row_of(max(again, self.exact_from)), edge)]
        places = thinned(rows, self.value[again:cut].tolist(), starts, stride)
        kept = Series(self.name)
        kept.stride = stride
        kept._reduced = self._reduced[first:again]
        kept._reduced.extend(map(rows.__getitem__, places))
        kept._dropped = edge - len(kept._reduced)
        kept.timestep = self._kept(self.timestep, first, again, places, cut)
        kept.value = self._kept(self.value, first, again, places, cut)
        kept.time = self._kept(self.time, first, again, places, cut)
        kept.segments = [kept.index_of(start) for start in starts if start >= origin]
        kept._finite_low, kept._finite_high = self._finite_low, self._finite_high
        kept._last_finite = self._last_finite
        return kept

    @staticmethod
    def _kept(column: array[float], first: int, again: int, places: list[int], cut: int) -> array[float]:
        """Points `first` to `again`, of those from `again` on the given places, and the exact ones."""
        part = column[first:again]
        part.extend(map(column[again:cut].__getitem__, places))
        part.extend(column[cut:])
        return part

    def _last_bucket(self) -> int:
        """The index at which the newest reduced bucket begins; rows may be added to it."""
        if not self._reduced:
            return 0
        newest = self._reduced[-1]
        begin = newest // self.stride * self.stride
        segment = self.segments[bisect_right(self.segments, len(self._reduced) - 1) - 1]
        return max(bisect_left(self._reduced, begin), segment)

    def first(self, rows: int) -> Series:
        """A series of the first `rows` rows, as far as they have points."""
        end = self.index_of(min(rows, self.rows))
        kept = Series(self.name)
        kept.stride = self.stride
        kept._reduced = self._reduced[:end]
        kept._dropped = min(rows, self.rows) - end
        kept.timestep, kept.value, kept.time = self.timestep[:end], self.value[:end], self.time[:end]
        kept.segments = self.segments[: bisect_left(self.segments, end)]
        finite = [value for value in kept.value if math.isfinite(value)]
        if finite:
            kept._finite_low, kept._finite_high = min(finite), max(finite)
            kept._last_finite = finite[-1]
        return kept

    @property
    def last(self) -> float | None:
        """The newest value, or None when it is missing or not finite."""
        return self.value[-1] if self.value and math.isfinite(self.value[-1]) else None

    @property
    def last_finite(self) -> float | None:
        """The newest finite value."""
        return self._last_finite

    @property
    def last_timestep(self) -> int | None:
        """The timestep of the newest row."""
        return int(self.timestep[-1]) if self.timestep else None

    @property
    def minimum(self) -> float | None:
        """The least finite value."""
        return None if self._last_finite is None else self._finite_low

    @property
    def maximum(self) -> float | None:
        """The greatest finite value."""
        return None if self._last_finite is None else self._finite_high


def _extend(column: array[float], values: Sequence[float]) -> None:
    if isinstance(values, list):  # packed at once: `fromlist` looks at each value by a format string
        column.frombytes(pack(f"{len(values)}d", *values))
    else:
        column.extend(values)
