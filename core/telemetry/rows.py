"""Bytes to typed rows: CSV in any column order, JSON lines, numbers by a strict pattern.

Owns what counts as a number and which rows are refused. Traps avoided: `float()` takes `1_000`, `１２` and
`1e400`; a missing value is no NaN; a torn line with one field too few would shift every column.

A piece of whole rows of plain numbers (and empty cells) takes a fast path: read as one JSON array, whose
grammar for numbers is a part of the strict pattern. Any other piece is read row by row.
"""

from __future__ import annotations

import json
import math
import re
from array import array
from collections.abc import Callable, Iterator, Sequence
from itertools import repeat

import msgspec

from core.telemetry.follower import Data
from core.telemetry.metrics import ELAPSED_COLUMNS, TIMESTEP_COLUMNS, canonical, is_known

Naming = Callable[[str], "tuple[str, float] | None"]

_NUMBER = re.compile(rb"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_SPECIAL = re.compile(rb"([+-]?)(nan|inf|infinity)", re.IGNORECASE)
_NUMERIC = b"0123456789+-.eE"
_NUMBERS = msgspec.json.Decoder(list[float])
_SPARSE = msgspec.json.Decoder(list[float | None])
_GAPS = ((b",,", b",null,"), (b",,", b",null,"), (b",\n", b",null\n"), (b"\n,", b"\nnull,"))
_PIECE = 1 << 16
"""Bytes that are tried as a whole."""
_SMALL = 1 << 13
"""Bytes that are read row by row where they cannot be read as a whole."""
_MAX_STEP = 2.0**53
_MAX_COLUMNS = 512
_BLANK = b" \t\r"


class NotANumberError(ValueError):
    """A cell that is neither a number, nor nan or inf, nor empty."""


def number(cell: bytes) -> float | None:
    """The value of a cell; None when it is empty. Raises NotANumberError.

    Decimal ASCII only, and a decimal beyond the range of a float is refused, not turned into infinity.
    """
    cell = cell.strip(_BLANK)
    if not cell:
        return None
    if _NUMBER.fullmatch(cell):
        value = float(cell)
        if math.isinf(value):
            raise NotANumberError(cell[:40])
        return value
    special = _SPECIAL.fullmatch(cell)
    if special is None:
        raise NotANumberError(cell[:40])
    return float(cell)


class Batch(msgspec.Struct):
    """Rows in file order. A column's `index` names its rows in `timesteps`; None means all of them."""

    timesteps: list[float] = msgspec.field(default_factory=list)
    elapsed: Sequence[float] = msgspec.field(default_factory=list)
    """Seconds since the trainer's loop began, nan where the source does not say; as long as `timesteps`."""
    finite: bool = False
    """Every value is known to be finite."""
    rising: bool = False
    """The timesteps are known not to go back."""
    columns: dict[str, Column] = msgspec.field(default_factory=dict)
    malformed: list[int] = msgspec.field(default_factory=list)
    """Offsets of the rows that were refused."""

    def column(self, name: str) -> Column:
        return self.columns.setdefault(name, Column())


class Column(msgspec.Struct):
    values: list[float] = msgspec.field(default_factory=list)
    index: list[int] | None = msgspec.field(default_factory=list)


class CsvRows:
    """Rows of a CSV with a header. A new header may come anywhere: the file was started again."""

    def __init__(self, naming: Naming = canonical) -> None:
        self._naming = naming
        self.header: tuple[str, ...] | None = None
        self._width = 0
        self._step = -1
        self._elapsed = -1
        self._plan: list[tuple[int, str, float]] = []

    @classmethod
    def header_is_usable(cls, line: bytes) -> bool:
        """Whether this line is a header that names a timestep and a metric of the table."""
        cells = _cells(line.strip(_BLANK))
        return cells is not None and cls._is_header(cells) and any(is_known(_name(cell)) for cell in cells)

    def feed(self, lines: Data) -> Iterator[Batch]:
        """Batches of rows from whole lines."""
        start, end = 0, len(lines.data)
        if not self._width and end:  # the header, without which no line after it is plain
            start = lines.data.find(b"\n") + 1
            yield self._slow(lines.data[:start], lines.offset)
        while start < end:
            stop = end if end - start <= _PIECE else _line_end(lines.data, start, start + _PIECE)
            yield from self._batches(lines.data[start:stop], lines.offset + start)
            start = stop

    def _batches(self, piece: bytes, offset: int) -> Iterator[Batch]:
        """A piece that is not plain is halved until what is not plain in it is small."""
        if (batch := self._fast(piece)) is not None:
            yield batch
            return
        half = len(piece) if len(piece) <= _SMALL else _line_end(piece, 0, len(piece) // 2)
        if half == len(piece):
            yield self._slow(piece, offset)
        else:
            yield from self._batches(piece[:half], offset)
            yield from self._batches(piece[half:], offset + half)

    def _fast(self, piece: bytes) -> Batch | None:
        """Every line plain and as wide as the header, or None."""
        if not self._width:
            return None
        if b"\r" in piece:
            piece = piece.replace(b"\r\n", b"\n")
        between = piece.translate(None, _NUMERIC)
        rows = len(between) // self._width
        if between != (b"," * (self._width - 1) + b"\n") * rows:
            return None
        try:
            cells = _NUMBERS.decode(b"[%b0]" % piece.replace(b"\n", b","))
        except msgspec.DecodeError:
            return self._sparse(piece)
        cells.pop()  # the 0 behind the last comma
        steps = cells[self._step :: self._width]
        rising = steps == sorted(steps)
        least, most = (steps[0], steps[-1]) if rising else (min(steps), max(steps))
        if least < 0 or most > _MAX_STEP:
            return None
        batch = Batch(steps, finite=True, rising=rising)
        batch.elapsed = cells[self._elapsed :: self._width] if self._elapsed >= 0 else _missing(rows)
        for place, name, factor in self._plan:
            values = cells[place :: self._width]
            if factor != 1.0:
                values = list(map(float.__mul__, values, repeat(factor)))
            batch.columns[name] = Column(values, None)
        return batch

    def _sparse(self, piece: bytes) -> Batch | None:
        """As `_fast`, with empty cells."""
        if self._width < 2 or b"\n\n" in piece:
            return None
        text = b"\n" + piece
        for gap, filled in _GAPS:
            text = text.replace(gap, filled)
        try:
            cells = _SPARSE.decode(b"[%b]" % text[1:-1].replace(b"\n", b","))
        except msgspec.DecodeError:
            return None
        steps = cells[self._step :: self._width]
        if None in steps or min(steps) < 0 or max(steps) > _MAX_STEP:  # type: ignore[type-var, operator]
            return None
        batch = Batch(steps, finite=True)  # type: ignore[arg-type]
        if self._elapsed >= 0:
            elapsed = cells[self._elapsed :: self._width]
            batch.elapsed = [math.nan if cell is None else cell for cell in elapsed]
        else:
            batch.elapsed = _missing(len(steps))
        for place, name, factor in self._plan:
            column = cells[place :: self._width]
            index = [row for row, cell in enumerate(column) if cell is not None]
            if index:
                values = [cell * factor for cell in column if cell is not None]
                batch.columns[name] = Column(values, None if len(index) == len(column) else index)
        return batch

    def _slow(self, piece: bytes, offset: int) -> Batch:
        batch, elapsed = Batch(), list[float]()
        batch.elapsed = elapsed
        for line in piece.split(b"\n")[:-1]:
            if not self._line(line, batch, elapsed):
                batch.malformed.append(offset)
            offset += len(line) + 1
        return batch

    def _line(self, line: bytes, batch: Batch, elapseds: list[float]) -> bool:
        """Take one line into `batch`; False when it is refused. Blank and comment lines are nothing."""
        line = line.strip(_BLANK)
        if not line or line.startswith(b"#"):
            return True
        cells = _cells(line)
        if cells is None:
            return False
        if self._is_header(cells):
            return self._take_header(cells)
        if not self._width or self._step < 0 or len(cells) != self._width:
            return False
        try:
            step = number(cells[self._step])
            row = [(name, factor, self._value(cells[place], name)) for place, name, factor in self._plan]
            elapsed = number(cells[self._elapsed]) if self._elapsed >= 0 else None
        except NotANumberError:
            return False
        if step is None or not 0 <= step <= _MAX_STEP:
            return False
        for name, factor, value in row:
            if value is not None:
                column = batch.column(name)
                assert column.index is not None
                column.index.append(len(batch.timesteps))
                column.values.append(value * factor)
        batch.timesteps.append(step)
        elapseds.append(math.nan if elapsed is None else elapsed)
        return True

    @staticmethod
    def _value(cell: bytes, name: str) -> float | None:
        """A cell's value. Text in a column that the table does not know is no fault: it is left out."""
        try:
            return number(cell)
        except NotANumberError:
            if is_known(name):
                raise
            return None

    @staticmethod
    def _is_header(cells: list[bytes]) -> bool:
        """A header names a timestep column, and no cell of it is a number."""
        names = [_name(cell) for cell in cells]
        return any(name in TIMESTEP_COLUMNS for name in names) and not any(
            _NUMBER.fullmatch(cell.strip(_BLANK)) for cell in cells
        )

    def _take_header(self, cells: list[bytes]) -> bool:
        if len(cells) > _MAX_COLUMNS:
            return False
        header = tuple(_name(cell) for cell in cells)
        self.header, self._width, self._plan = header, len(header), []
        self._step = min(header.index(name) for name in TIMESTEP_COLUMNS if name in header)
        self._elapsed = next((header.index(name) for name in ELAPSED_COLUMNS if name in header), -1)
        taken: set[str] = set()
        for place, column in enumerate(header):
            known = self._naming(column)
            if known is not None and known[0] not in taken and place != self._step:
                taken.add(known[0])
                self._plan.append((place, *known))
        return True


class JsonRows:
    """Rows of stable-baselines3's `progress.json`: one object a line."""

    def __init__(self, naming: Naming = canonical) -> None:
        self._naming = naming

    def feed(self, lines: Data) -> Iterator[Batch]:
        batch, elapsed = Batch(), list[float]()
        batch.elapsed = elapsed
        offset = lines.offset
        for line in lines.data.split(b"\n")[:-1]:
            if line.strip(_BLANK) and not self._line(line, batch, elapsed):
                batch.malformed.append(offset)
            offset += len(line) + 1
        yield batch

    def _line(self, line: bytes, batch: Batch, elapseds: list[float]) -> bool:
        try:
            row = json.loads(line, parse_float=_strict, parse_int=_strict)
        except (ValueError, RecursionError):
            return False
        if not isinstance(row, dict):
            return False
        step = next((row[name] for name in TIMESTEP_COLUMNS if name in row), None)
        if not isinstance(step, float) or not 0 <= step <= _MAX_STEP:
            return False
        elapsed = next((row[name] for name in ELAPSED_COLUMNS if name in row), None)
        taken: set[str] = set()
        for key, value in row.items():
            known = self._naming(key)
            if known is None or known[0] in taken or not isinstance(value, float):
                continue
            taken.add(known[0])
            column = batch.column(known[0])
            assert column.index is not None
            column.index.append(len(batch.timesteps))
            column.values.append(value * known[1])
        batch.timesteps.append(step)
        elapseds.append(elapsed if isinstance(elapsed, float) else math.nan)
        return True


def _line_end(data: bytes, start: int, near: int) -> int:
    """The end of the last line that ends before `near`, else of the first one from `start` on."""
    return data.rfind(b"\n", start, near) + 1 or data.find(b"\n", start) + 1


def _missing(rows: int) -> array[float]:
    return array("d", (math.nan,)) * rows


def _strict(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise NotANumberError(text[:40])
    return value


def _cells(line: bytes) -> list[bytes] | None:
    """The fields of a line; quoted ones only where there are quotes. None for bytes that are no CSV."""
    if b'"' not in line:
        return line.split(b",")
    import csv
    import io

    try:
        rows = list(csv.reader(io.StringIO(line.decode("utf-8", "replace")), strict=True))
    except csv.Error:
        return None
    return [cell.encode() for cell in rows[0]] if len(rows) == 1 else None


def _name(cell: bytes) -> str:
    return cell.removeprefix(b"\xef\xbb\xbf").strip(b" \t\r").decode("utf-8", "replace")
