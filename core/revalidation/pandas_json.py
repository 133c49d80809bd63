"""A table as `DataFrame.to_json` writes it: by columns, its default, or as a list of records.

Numbers keep the text they have in the file, so that they are judged by the same strict reading as a CSV's.
Trap avoided: columns of different lengths, or records with other keys, zipped to the shortest.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from core.revalidation.cells import cell_error
from core.text import visible

INDEX = "index"
"""The name of the index, which a table by columns has as the keys of every column."""

_DECODER = msgspec.json.Decoder(float_hook=str)
_Rows = list[tuple[str, list[str]]]


def json_rows(path: Path, text: str) -> tuple[list[str], _Rows]:
    """The columns' names, and for each row its place (`row 1`) and cells. Raises UnreadableError."""
    try:
        value = _DECODER.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise cell_error(str(path), "JSON", visible(str(error), 120)) from None
    if isinstance(value, dict) and value and all(isinstance(column, dict) for column in value.values()):
        return _by_columns(path, value)
    if isinstance(value, list) and all(isinstance(row, dict) for row in value):
        return _records(path, value)
    what = "an empty object" if value == {} else f"JSON of another form, {visible(text.strip(), 40)!r}"
    raise cell_error(str(path), "a table as DataFrame.to_json writes it, by columns or as records", what)


def _by_columns(path: Path, value: dict[str, dict[str, Any]]) -> tuple[list[str], _Rows]:
    names = [INDEX, *value]
    index = list(next(iter(value.values())))
    for name, column in value.items():
        if list(column) != index:
            got = f"{len(column):,} of {len(index):,}" if len(column) != len(index) else "another order"
            raise cell_error(f"{path}, column {visible(name, 60)}", "the same rows in every column", got)
    columns = [index, *([_text(cell) for cell in column.values()] for column in value.values())]
    return names, [(f"row {row + 1}", list(cells)) for row, cells in enumerate(zip(*columns, strict=True))]


def _records(path: Path, value: list[dict[str, Any]]) -> tuple[list[str], _Rows]:
    names = list(value[0]) if value else ["exit_time", "pnl"]  # a list without a record holds no trade
    rows = []
    for number, record in enumerate(value, 1):
        if set(record) != set(names):
            expected = f"the keys {','.join(visible(name, 30) for name in names)}"
            got = repr(visible(",".join(record), 80))
            raise cell_error(f"{path}, row {number}", expected, got)
        rows.append((f"row {number}", [_text(record[name]) for name in names]))
    return names, rows


def _text(cell: Any) -> str:
    return "" if cell is None else str(cell)
