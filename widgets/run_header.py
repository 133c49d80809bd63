"""The header line: which run, how it is, how far, how fast, until when, and the UTC clock.

The clock is a widget of its own, so that a quiet second sends nine cells. Trap avoided: a line that wraps or
cuts its end at 80 columns; the least important parts are left out instead, whole.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content

from core import units
from widgets.content_lines import ContentLines
from widgets.room import BlankLines
from widgets.tone import DIM, STYLE, Tone, ascii_only, safe, status

STATUS_TONE: dict[str, Tone] = {
    "RUNNING": "good",
    "FINISHED": "good",
    "SILENT": "warning",
    "STOPPED": "warning",
    "STALLED": "critical",
    "CRASHED": "critical",
    "ABSENT": "unknown",
}
_BAR_CELLS = 10
_LEAST_EVENT = 10
"""Cells in which an event of the week can still be told from another."""
_EIGHTHS = " ▏▎▍▌▋▊▉█"


class HeaderFacts(msgspec.Struct, frozen=True):
    """What the header says; a part that is not known is None and takes no room."""

    name: str = ""
    """The tag, else the run's id."""
    symbols: tuple[str, ...] = ()
    mode: str | None = None
    status: str = "ABSENT"
    late: bool = False
    timestep: int | None = None
    total: int | None = None
    steps_per_second: float | None = None
    """The pace of the newest rows; what a trainer logs is its mean since it started."""
    eta_seconds: float | None = None
    upcoming: tuple[str, str] = ("", "")
    """The week's next event and the time until then; that time alone, before which the event may be cut."""


def progress_bar(fraction: float, cells: int = _BAR_CELLS) -> Content:
    """`▕████▎     ▏`, in eighths of a cell."""
    fraction = min(1.0, max(0.0, fraction))
    if ascii_only():
        full = round(fraction * cells)
        return Content.assemble("[", ("#" * full, STYLE["accent"]), "." * (cells - full), "]")
    eighths = int(fraction * cells * 8)
    full, part = divmod(eighths, 8)
    filled = "█" * full + (_EIGHTHS[part] if part else "")
    return Content.assemble(("▕", DIM), (filled.ljust(cells), STYLE["accent"]), ("▏", DIM))


class HeaderLine(ContentLines):
    DEFAULT_CSS = "HeaderLine { height: 1; width: 1fr; padding: 0 1; }"

    def __init__(self) -> None:
        super().__init__()
        self.facts = HeaderFacts()

    def show(self, facts: HeaderFacts) -> None:
        if facts != self.facts:
            self.facts = facts
            self.redraw()

    def content(self, width: int, height: int) -> Content:
        return fitted(self.facts, width)


class HeaderClock(ContentLines):
    DEFAULT_CSS = "HeaderClock { height: 1; width: 9; margin: 0 1; }"

    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def show(self, text: str) -> None:
        if text != self.text:
            self.text = text
            self.redraw()

    def content(self, width: int, height: int) -> Content:
        return Content.styled(self.text, DIM)


class RunHeader(BlankLines, Horizontal):
    """`show` takes the facts, `tick` the time."""

    DEFAULT_CSS = "RunHeader { height: 1; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._line = HeaderLine()

    def compose(self) -> ComposeResult:
        yield self._line
        yield HeaderClock()

    def show(self, facts: HeaderFacts) -> None:
        """Also before the line is mounted."""
        self._line.show(facts)

    def tick(self, now: datetime) -> None:
        # A tick may come before the clock is mounted or after it has gone.
        for shown in self.query(HeaderClock):
            shown.show(units.clock(now))


def fitted(facts: HeaderFacts, width: int) -> Content:
    """The line for `width` cells: parts join in order, and the least important leave until they fit."""
    parts = _parts(facts)
    kept = dict(parts)
    if "upcoming" in kept and _length(kept) > width:
        kept = _with_event_cut(kept, facts.upcoming, width)
    for name in ("mode", "bar", "symbols", "speed", "late", "steps", "eta", "percent"):
        if _length(kept) <= width:
            break
        kept.pop(name, None)
    if _length(kept) > width and "name" in kept:
        room = width - (_length(kept) - kept["name"].cell_length)
        kept["name"] = kept["name"].truncate(max(4, room), ellipsis=True)
    line = Content("  ").join(kept.values())
    return line.truncate(width, ellipsis=True) if line.cell_length > width else line


def _with_event_cut(kept: dict[str, Content], upcoming: tuple[str, str], width: int) -> dict[str, Content]:
    """The event's name shortened to the room there is; else no time: without its event it helps nobody.

    Mode and bar make room for the whole name, the percentage says what the bar says; symbols only where else
    it could not be told.
    """
    whole, left = (safe(text, 80) for text in upcoming)
    rest = {name: part for name, part in kept.items() if name != "upcoming"}
    shorter = dict(rest)
    for victim in ("", "mode", "bar", "symbols"):
        shorter.pop(victim, None)
        room = width - _length(shorter) - 2 - len(left) - 1
        event = Content(whole.removesuffix(left).rstrip())
        if room >= event.cell_length or (room >= _LEAST_EVENT and victim in ("bar", "symbols")):
            name = event.truncate(room, ellipsis=True) if room < event.cell_length else event
            return {**shorter, "upcoming": Content.styled(f"{name.plain} {left}", DIM)}
    return rest


def _length(parts: dict[str, Content]) -> int:
    return sum(part.cell_length for part in parts.values()) + 2 * max(0, len(parts) - 1)


def _parts(facts: HeaderFacts) -> dict[str, Content]:
    parts: dict[str, Content] = {}
    name = safe(facts.name, 60)
    parts["name"] = Content.styled(name or "no run", "$foreground bold" if name else DIM)
    if facts.symbols:
        more = f" +{len(facts.symbols) - 1}" if len(facts.symbols) > 1 else ""
        parts["symbols"] = Content.styled(safe(facts.symbols[0], 20) + more, DIM)
    if facts.mode:
        parts["mode"] = Content.styled(safe(facts.mode, 12), DIM)
    parts["status"] = status(STATUS_TONE.get(facts.status, "unknown"), facts.status)
    if facts.late:
        parts["late"] = status("warning", "late")
    if facts.timestep is not None:
        total = f"{facts.total:,}" if facts.total else ""
        text = f"{facts.timestep:,}".rjust(len(total)) + (f"/{total}" if total else " steps")
        parts["steps"] = Content.styled(text, "$foreground")
        if facts.total:
            fraction = facts.timestep / facts.total
            parts["bar"] = progress_bar(fraction)
            parts["percent"] = Content.styled(f"{min(fraction, 1) * 100:4.1f}%", "$foreground bold")
    if facts.steps_per_second is not None and facts.status in ("RUNNING", "STALLED"):
        parts["speed"] = Content.styled(f"pace {units.number(facts.steps_per_second):>5}/s", DIM)
    if facts.eta_seconds is not None and facts.status == "RUNNING":
        parts["eta"] = Content.assemble(("ETA ", DIM), (units.duration(facts.eta_seconds), "$foreground"))
    if facts.upcoming[0]:
        parts["upcoming"] = Content.styled(safe(facts.upcoming[0], 80), DIM)
    return parts
