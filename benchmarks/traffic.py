"""Bytes a second and CPU, quiet and at one row a second, all programs side by side in the same seconds."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from benchmarks import causes
from benchmarks.measure import PATIENCE, SETTLE, Flow, flows, paints
from benchmarks.programs import Program
from benchmarks.subjects import BARE, CONSOLE, CONSOLE_SMALL, LEET, SMALL, TOOLONG, WIDE, Subjects
from benchmarks.table import Line
from benchmarks.terminal import Size, run

_QUIET, _QUIET_CPU = 100.0, 1.0
_LIVE, _LIVE_SLOW_LINE = 2000.0, 1200.0
_SLOW = 0.5
_LOG_PAINTS = 2.0
_LOGS = "4"
_HELP = "?"
"""Opens a box over the screen, which goes on below it."""
_BODY = 4
"""The first row below header, tabs and answer."""
_NOTE = 12.0
"""Seconds until the note of what is on record from before has gone, and the charts have its row again."""
_Opened = dict[str, tuple[Program | None, Size]]
_Found = dict[str, Flow]
"""Without the programs that did not come to their first values, or left."""


def measure(subjects: Subjects) -> list[Line]:
    quiet_seconds, live_seconds = (10, 10) if subjects.quick else (25, 30)
    console, live_run = subjects.console(), subjects.live
    opened: _Opened = {
        CONSOLE: (console, WIDE),
        CONSOLE_SMALL: (console, SMALL),
        BARE: (subjects.bare_clock, WIDE),
        TOOLONG: (subjects.toolong(live_run), WIDE),
        LEET: (subjects.leet, WIDE),
    }
    quiet = _flows(subjects, opened, quiet_seconds, None)
    del opened[LEET]  # its run has ended
    live = _flows(
        subjects, {**opened, BARE: (subjects.bare_following(), WIDE)}, live_seconds, live_run.append
    )
    still = {
        name: quiet[name].rate_without_header for name in (CONSOLE, CONSOLE_SMALL, BARE) if name in quiet
    }
    return [
        _line("quiet, with the clock", "B/s", _rates(quiet), _QUIET, quiet),
        _line("quiet, beside the header's row", "B/s", dict(still), 0.0, quiet),
        Line("quiet, CPU", "% of a core", {**_consoles({}), **_cpu(quiet)}, _QUIET_CPU, cause=_busy(quiet)),
        _line("one row a second", "B/s", _rates(live), _LIVE, live),
        _line("one row a second, slow line's budget", "B/s", _consoles(_rates(live)), _LIVE_SLOW_LINE, live),
        Line("one row a second, CPU", "% of a core", _cpu(live)),
        *_covered_lines(subjects, quiet_seconds, live_seconds),
        _slow_line(subjects, live, live_seconds),
        *_log_lines(subjects, live_seconds),
    ]


def _covered_lines(subjects: Subjects, quiet_seconds: int, live_seconds: int) -> list[Line]:
    """While a box stands over the screen."""
    console = subjects.console()
    opened: _Opened = {CONSOLE: (console, WIDE), CONSOLE_SMALL: (console, SMALL)}
    quiet = _flows(subjects, opened, quiet_seconds, None, _HELP)
    opened = {name: (subjects.console(), size) for name, (_, size) in opened.items()}
    live = _flows(subjects, opened, live_seconds, subjects.live.append, _HELP)
    return [
        _line("quiet, under the help", "B/s", _rates(quiet), _QUIET, quiet),
        _line("one row a second, under the help", "B/s", _rates(live), _LIVE_SLOW_LINE, live),
    ]


def _slow_line(subjects: Subjects, live: _Found, seconds: int) -> Line:
    """`--slow`, as a share of what goes without it."""
    slow = _flows(subjects, {CONSOLE: (subjects.console_slow(), WIDE)}, seconds, subjects.live.append)
    share = None
    if CONSOLE in slow and CONSOLE in live:
        share = slow[CONSOLE].rate / live[CONSOLE].rate
    return Line(
        "one row a second with --slow",
        "× without",
        {CONSOLE: share},
        _SLOW,
        cause=lambda: _rows_sent(slow),
    )


def _log_lines(subjects: Subjects, seconds: int) -> list[Line]:
    """Ten lines a second into a log that stands on the screen."""
    opened: _Opened = {CONSOLE: (subjects.console(), WIDE), TOOLONG: (subjects.toolong_log(), WIDE)}
    rates: dict[str, float | None] = {}
    painted: dict[str, float | None] = {}
    for name, (program, size) in opened.items():
        if program is None:
            continue
        with program.open(size) as terminal:
            if terminal.wait_text(program.marker, PATIENCE) is None:
                continue
            terminal.send(_LOGS if name == CONSOLE else "\x1b[F")
            terminal.run(SETTLE)
            before = terminal.count
            painted[name] = paints(terminal, seconds, subjects.live.log, first_row=_BODY)
            rates[name] = (terminal.count - before) / seconds
    return [
        Line("ten log lines a second", "B/s", rates),
        Line(
            "ten log lines a second, paints",
            "1/s",
            painted,
            _LOG_PAINTS,
            (CONSOLE,),
            cause=lambda: "more than its batches changed rows below the header.",
        ),
    ]


def _line(label: str, unit: str, values: dict[str, float | None], budget: float, found: _Found) -> Line:
    values = {CONSOLE: None, CONSOLE_SMALL: None, **values}
    return Line(label, unit, values, budget, cause=lambda: _rows_sent(found))


def _rows_sent(found: _Found) -> str:
    """Of the console that sent most."""
    consoles = [name for name in (CONSOLE, CONSOLE_SMALL) if name in found]
    if not consoles:
        return "it did not run."
    most = max(consoles, key=lambda name: found[name].rate)
    return f"{most}: {causes.rows_sent(found[most].by_row, found[most].seconds)}"


def _flows(
    subjects: Subjects,
    opened: _Opened,
    seconds: int,
    each_second: Callable[[], None] | None,
    keys: str = "",
) -> _Found:
    """`keys` are pressed before it is measured."""
    there = {name: (program, size) for name, (program, size) in opened.items() if program is not None}
    with ExitStack() as stack:
        terminals = {name: stack.enter_context(program.open(size)) for name, (program, size) in there.items()}
        for name, (program, _) in there.items():
            if terminals[name].wait_text(program.marker, PATIENCE) is None:
                subjects.notes.append(f"{name} did not start: {terminals.pop(name).last_words()}")
        run(list(terminals.values()), _NOTE)
        if keys:
            for terminal in terminals.values():
                terminal.send(keys)
            run(list(terminals.values()), SETTLE)
        found = flows(list(terminals.values()), seconds, each_second)
    return {name: flow for name, flow in zip(terminals, found, strict=True) if flow is not None}


def _rates(found: _Found) -> dict[str, float | None]:
    return {name: flow.rate for name, flow in found.items()}


def _cpu(found: _Found) -> dict[str, float | None]:
    return {name: flow.cpu * 100 for name, flow in found.items()}


def _consoles(values: dict[str, float | None]) -> dict[str, float | None]:
    return {name: values.get(name) for name in (CONSOLE, CONSOLE_SMALL)}


def _busy(found: _Found) -> Callable[[], str]:
    floor = f"{found[BARE].cpu:.1%}" if BARE in found else "nothing that could be measured"
    return lambda: f"bare Textual with a clock takes {floor} here; the rest looks at files each second."
