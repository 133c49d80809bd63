"""How long until the first values stand on the screen, and until the history is whole."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks import causes
from benchmarks.measure import Start, median, start_once
from benchmarks.programs import Program
from benchmarks.screen import Screen
from benchmarks.subjects import BARE, CONSOLE, LEET, TOOLONG, WIDE, Subjects, history_is_whole
from benchmarks.table import Line

_BUDGET = 1.4
"""Times bare Textual, whatever the sizes of the files."""
_HISTORY = 1.0
"""Seconds from the first values to the whole history of a million rows."""


def measure(subjects: Subjects) -> list[Line]:
    wanted: dict[str, tuple[Program | None, Callable[[Screen], bool] | None]] = {
        "bare": (subjects.bare, None),
        "empty": (subjects.console_empty, None),
        "workspace": (subjects.console(), None),
        "million": (subjects.console_million, history_is_whole),
        "tl": (subjects.toolong(subjects.live), None),
        "tl million": (subjects.toolong(subjects.million), None),
        "leet": (subjects.leet, None),
    }
    starts: dict[str, list[Start]] = {
        name: [] for name, (program, _) in wanted.items() if program is not None
    }
    for turn in range(1 + (3 if subjects.quick else 5)):
        for name, (program, whole) in wanted.items():
            if program is not None:
                start = start_once(program, WIDE, whole)
                if turn:  # the first start of each compiles its modules and fills the page cache
                    starts[name].append(start)

    def first(name: str) -> float | None:
        return median([one.first for one in starts.get(name, ())])

    def columns(name: str, **others: str) -> dict[str, float | None]:
        named = {CONSOLE: name, BARE: "bare", TOOLONG: others.get("tl"), LEET: others.get("leet")}
        return {column: first(one) for column, one in named.items() if one is not None and one in starts}

    def ratio(name: str) -> dict[str, float | None]:
        """Each start to the bare one of its own turn, so that a busy second hits both."""
        pairs = zip(starts[name], starts["bare"], strict=True)
        return {CONSOLE: median([one.first / bare.first for one, bare in pairs if one.first and bare.first])}

    def cpu(name: str) -> float | None:
        return median([one.cpu for one in starts[name]])

    def more_cpu(*, to_bare: bool = False) -> float | None:
        """Of the history; `to_bare`: to the start of bare Textual in the same turn, which tells more than
        seconds do where the machine is slow or busy."""
        pairs = zip(starts["million"], starts["bare"], strict=True)
        return median([one.more_cpu / (bare.cpu if to_bare else 1) for one, bare in pairs if one.whole])

    def imports() -> str:
        if first("empty") is None:
            return "it did not come to its first values."
        return causes.extra_imports(
            subjects.console_empty, subjects.bare, (cpu("empty") or 0) - (cpu("bare") or 0)
        )

    def large() -> str:
        if first("million") is None:
            return "it did not come to its first values."
        extra = (cpu("million") or 0) - (cpu("empty") or 0)
        if extra < 0.1:
            return "it starts as slowly as with the empty run."
        return (
            f"{extra:.1f} s of CPU more than with the empty run go by first: the file is read whole before."
        )

    def history() -> str:
        if not waited:
            return "it was not seen whole."
        spent = f"{more_cpu() or 0:.1f} s of CPU, {more_cpu(to_bare=True) or 0:.1f} × a start of bare Textual"
        return f"reading and drawing it takes {spent}; the rest is waiting, for a core too."

    for name, found in starts.items():
        if failed := [one.words for one in found if one.first is None]:
            subjects.notes.append(f"{len(failed)} of {len(found)} starts ({name}) failed: {failed[0]}")
    waited = [
        one.whole - one.first for one in starts["million"] if one.whole is not None and one.first is not None
    ]
    return [
        Line("first values, empty run", "s", columns("empty")),
        Line("first values, empty run", "× bare", ratio("empty"), _BUDGET, (CONSOLE,), cause=imports),
        Line("first values, workspace, 120 rows", "s", columns("workspace", tl="tl", leet="leet")),
        Line(
            "first values, workspace, 120 rows",
            "× bare",
            ratio("workspace"),
            _BUDGET,
            (CONSOLE,),
            cause=imports,
        ),
        Line("first values, 1,000,000 rows", "s", columns("million", tl="tl million")),
        Line("first values, 1,000,000 rows", "× bare", ratio("million"), _BUDGET, (CONSOLE,), cause=large),
        Line(
            "history whole, after first values",
            "s",
            {CONSOLE: median(waited)},
            _HISTORY,
            (CONSOLE,),
            cause=history,
        ),
        Line("CPU from first values to the history", "s", {CONSOLE: more_cpu()}),
        Line("CPU from first values to the history", "× bare start", {CONSOLE: more_cpu(to_bare=True)}),
        Line("CPU until first values, empty run", "s", {CONSOLE: cpu("empty"), BARE: cpu("bare")}),
        Line("CPU until first values, 1,000,000 rows", "s", {CONSOLE: cpu("million")}),
    ]
