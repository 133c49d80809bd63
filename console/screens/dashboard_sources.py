"""Where the run's numbers come from: a tile in short, and every detail behind `i`, with the machine's.

Trap avoided: a file that was rewritten, or rows that were refused, and nobody is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from console.screens.dashboard_host import host_facts
from core import units
from core.text import visible
from widgets.tiles import Tile
from widgets.tone import Tone

if TYPE_CHECKING:
    from console.screens.base import ConsoleScreen
    from console.snapshot import Snapshot
    from core.telemetry.model import Run, Source

    _Screen = ConsoleScreen
else:
    _Screen = object

Fact = tuple[str, str, Tone]
_NEWS = timedelta(minutes=10)
"""So long an event stands before the count of malformed rows."""
_NEWEST = 5
"""So many events of a source are told with their time."""


def source_tile(run: Run, now: datetime) -> Tile | None:
    """The worst that is so of the run's files, else the newest that happened to them, in a word or two; None
    while no file was found."""
    sources = run.sources
    if not sources:
        return None
    troubled = [source for source in sources if source.trouble is not None]
    if troubled:
        first = troubled[0]
        more = f" +{len(troubled) - 1}" if len(troubled) > 1 else ""
        words = f"{_name(first)} {first.trouble}{more}"
        return Tile("sources", words, tone="critical", short=f"{first.trouble}{more}")
    corrupt = [source for source in sources if "corrupt" in source.events]
    if corrupt:
        return Tile("sources", f"{_name(corrupt[0])} corrupt", tone="critical", short="corrupt")
    malformed = sum(source.malformed for source in sources)
    newest = _newest_event(sources)
    event = f"{newest[1]} {newest[0].strftime('%H:%MZ')}" if newest is not None else ""
    if malformed and (newest is None or now - newest[0] > _NEWS):
        words = f"{units.number(malformed)} malformed row{'s' if malformed != 1 else ''}"
        return Tile("sources", words, tone="warning", short=f"{units.number(malformed)} bad rows")
    if malformed:
        return Tile("sources", f"{event}, {units.number(malformed)} malformed", tone="warning", short=event)
    files = f"{len(sources)} file{'s' if len(sources) != 1 else ''}"
    return Tile("sources", f"{files}, {event}" if event else files, tone="plain", short=event or files)


def _newest_event(sources: Sequence[Source]) -> tuple[datetime, str] | None:
    """What happened last to any of the files; a resume is no event of a file."""
    told = [
        (at, event)
        for source in sources
        for at, event in zip(source.events_at, source.events, strict=False)
        if event != "resumed"
    ]
    return max(told, key=lambda one: one[0], default=None)


def details(snapshot: Snapshot, host_name: str) -> list[Fact]:
    """Every source, what happened to it, and the machine."""
    run = snapshot.run
    facts: list[Fact] = [("run folder", visible(str(run.info.directory)), "plain")]
    if run.history < 1:
        facts.append(("history", f"{units.percent(100 * run.history, 0)} read", "accent"))
    if not run.sources:
        facts.append(("sources", "no file of a run yet", "unknown"))
    for source in run.sources:
        facts += _source(source, run.info.directory)
    facts += [("note", note, "warning") for note in run.notes]
    facts += host_facts(run, snapshot.host, host_name)
    return facts


def _source(source: Source, folder: Path) -> list[Fact]:
    path = source.path
    name = visible(str(path.relative_to(folder) if path.is_relative_to(folder) else path))
    what = f"{source.kind}, {units.number(source.rows)} {'lines' if source.kind == 'log' else 'rows'}"
    if source.kind == "run":
        what = "who the run is"
    metrics = f": {', '.join(visible(one, 40) for one in source.metrics)}" if source.metrics else ""
    facts: list[Fact] = [("source", f"{name}  {what}{metrics}", "plain")]
    if source.trouble is not None:
        facts.append(("", f"{source.trouble} now; what was read stays", "critical"))
    if source.malformed:
        offsets = ", ".join(units.number(offset) for offset in source.malformed_at)
        more = " and more" if source.malformed > len(source.malformed_at) else ""
        rows = f"{units.number(source.malformed)} malformed row{'s' if source.malformed != 1 else ''}"
        facts.append(("", f"{rows}, at byte {offsets}{more}", "warning"))
    if source.events:
        facts.append(("", _events(source), "critical" if "corrupt" in source.events else "accent"))
    return facts


def _events(source: Source) -> str:
    """The newest ones with the time at which they were found; a resume is known by its step instead."""
    told = list(zip(source.events, source.events_at, strict=False))
    resumed = sum(event == "resumed" for event, _ in told)
    rest = [f"{event} {at.strftime('%H:%M:%SZ')}" for event, at in told if event != "resumed"]
    earlier = f"{len(rest) - _NEWEST} earlier, " if len(rest) > _NEWEST else ""
    words = [f"resumed {resumed} time{'s' if resumed != 1 else ''}"] if resumed else []
    if rest:
        words.append(earlier + ", ".join(rest[-_NEWEST:]))
    return "; ".join(words)


def _name(source: Source) -> str:
    return visible(source.path.name, 40)


class SourcesMixin(_Screen):
    """Mixed into the Dashboard."""

    if TYPE_CHECKING:
        _live: Snapshot | None

    def do_run_sources(self) -> None:
        if self._live is None:
            self.console.say("the run has not been read yet", "warning")
            return
        from console.screens.wide_details import WideDetails
        from core.process import this_host

        host = this_host()

        def facts(_now: datetime) -> list[Fact] | None:
            return details(self._live, host) if self._live is not None else None

        self.app.push_screen(WideDetails("Sources and host", facts))
