"""What leaves the console: the screen as SVG and text, series as CSV and JSON, text into the clipboard.

Traps avoided: a copy that only exists in a clipboard the terminal may not grant (the text is a file too); a
cell from a file that a spreadsheet runs as a formula; an SVG that a browser would fetch fonts for or that a
hostile line breaks.
"""

from __future__ import annotations

import base64
import io
import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.clock import from_epoch
from core.errors import UnreadableError
from core.files import atomic_write

if TYPE_CHECKING:
    from textual.app import App

    from core.telemetry.model import Series

CLIPBOARD_LIMIT = 74_000
"""Bytes of base64 that terminals take in one OSC 52."""
_SCREEN_CHUNK = 240
"""GNU screen passes strings of at most 256 bytes on."""
_FONT_FACES = re.compile(r"@font-face\s*\{[^}]*\}\s*")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


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
        """The screen as SVG that fetches nothing."""
        return harmless_svg(self._app.export_screenshot(title="ppo-console"))

    def write_all(self, name: str, contents: Mapping[str, str | bytes], now: datetime) -> Path:
        """One export's files in a folder of their own, `TIME-NAME`; returns it. Raises UnreadableError."""
        folder = self._fresh(f"{now.strftime('%Y%m%d-%H%M%S')}-{name}", "")
        for name, content in contents.items():
            atomic_write(folder / name, content)
        return folder

    def write_text(self, name: str, text: str, now: datetime) -> Path:
        """`NAME-TIME.txt`. Raises UnreadableError."""
        path = self._fresh(f"{name}-{now.strftime('%Y%m%d-%H%M%S')}", ".txt")
        atomic_write(path, text)
        return path

    def copy_to_terminal(self, text: str) -> bool:
        """Send `text` to the terminal's clipboard; False where it is too long for that."""
        driver = self._app._driver
        encoded = base64.b64encode(text.encode("utf-8", "replace")).decode()
        if driver is None or len(encoded) > CLIPBOARD_LIMIT:
            return False
        for sequence in clipboard_sequences(encoded, os.environ):
            driver.write(sequence)
        return True

    def _fresh(self, stem: str, suffix: str) -> Path:
        """A path that is not there yet: two exports of one second do not overwrite each other."""
        try:
            for number in range(1, 1000):
                path = self._folder / f"{stem}{f'-{number}' if number > 1 else ''}{suffix}"
                if not path.exists():
                    return path
        except OSError as error:
            raise UnreadableError(
                f"{self._folder} cannot be written: {error.strerror}", hint="Check its permissions."
            ) from error
        raise UnreadableError(f"{self._folder} is full of {stem}*", hint="Move earlier exports away.")


def clipboard_sequences(encoded: str, environ: Mapping[str, str]) -> Iterator[str]:
    """OSC 52 for the terminal itself, and once more wrapped for the tmux or GNU screen around it."""
    sequence = f"\x1b]52;c;{encoded}\x07"
    if environ.get("STY"):
        for start in range(0, len(sequence), _SCREEN_CHUNK):
            yield f"\x1bP{sequence[start : start + _SCREEN_CHUNK]}\x1b\\"
        return
    yield sequence
    if environ.get("TMUX") or environ.get("TERM", "").startswith("tmux"):
        yield "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"


def harmless_svg(svg: str) -> str:
    """Without web fonts, and without characters that no XML may hold."""
    return _NOT_XML.sub("\ufffd", _FONT_FACES.sub("", svg))


# Series.


def series_csv(series: Iterable[Series]) -> str:
    """One row per point: `metric,segment,timestep,time,value`, in the order of the rows.

    A resume opens a segment. `time` is UTC or empty; nan and inf are written as such.
    """
    import csv

    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(("metric", "segment", "timestep", "time", "value"))
    for one in series:
        name = cell(one.name)
        writer.writerows(
            (name, segment, f"{timestep:.0f}", time or "", repr(value))
            for segment, timestep, time, value in _points(one)
        )
    return stream.getvalue()


def series_json(series: Sequence[Series]) -> str:
    """Per metric parallel lists `segment`, `timestep`, `time`, `value`; what is not finite is null.

    `rows` is how many rows were read: more than there are points where the past is reduced to its extremes.
    """
    import json

    told: dict[str, object] = {}
    for one in series:
        points = list(_points(one))
        told[one.name] = {
            "rows": one.rows,
            "segment": [point[0] for point in points],
            "timestep": [round(point[1]) for point in points],
            "time": [point[2] for point in points],
            "value": [point[3] if math.isfinite(point[3]) else None for point in points],
        }
    return json.dumps({"series": told}, allow_nan=False, separators=(",", ":")) + "\n"


def _points(series: Series) -> Iterator[tuple[int, float, str | None, float]]:
    """(segment, timestep, time as text, value); a timestep that is no number is left out."""
    length = len(series)
    bounds = [*series.segments[1:], length]
    segment = 0
    for index in range(length):
        while index >= bounds[segment] and segment < len(bounds) - 1:
            segment += 1
        if math.isfinite(series.timestep[index]):
            yield segment, series.timestep[index], _time(series.time[index]), series.value[index]


def _time(epoch: float) -> str | None:
    if not math.isfinite(epoch):
        return None
    try:
        return from_epoch(epoch).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return None


def cell(text: str) -> str:
    """A text cell that no spreadsheet takes for a formula."""
    return "'" + text if text.startswith(_FORMULA) else text
