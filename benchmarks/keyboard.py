"""From a key to the end of the paint it causes, in rounds: a busy second hits bare Textual too."""

from __future__ import annotations

from benchmarks.measure import PATIENCE, SETTLE, Keys, has_children, press_keys
from benchmarks.subjects import BARE, BARE_TEXT, CONSOLE, CONSOLE_SMALL, SMALL, TOOLONG, WIDE, Subjects
from benchmarks.table import Line
from benchmarks.terminal import Terminal

_MEDIAN, _WORST = 15.0, 50.0
"""Milliseconds: p50 and p99."""
_CHECKLIST = "3"
_BODY = 4
"""The first row below header, tabs, answer and the body's upper frame."""
_ROUNDS = 5


def measure(subjects: Subjects) -> list[Line]:
    count = 60 if subjects.quick else 200
    subjects.make_judgeable()
    console = subjects.console()
    moves: dict[str, Keys] = {}
    switches: dict[str, Keys] = {}
    busy: dict[str, Keys] = {}
    with (
        subjects.bare_clock.open(WIDE) as bare,
        console.open(WIDE) as wide,
        console.open(SMALL) as small,
    ):
        consoles = {CONSOLE: wide, CONSOLE_SMALL: small}
        _wait(bare, BARE_TEXT)
        for terminal in consoles.values():
            _wait(terminal, console.marker)
            for key in "234561":  # each screen is made when it is first opened
                terminal.send(key)
                terminal.run(1.0)
        for _ in range(_ROUNDS):
            _press(switches, BARE, bare, "s", count // 2)
            for name, terminal in consoles.items():
                _press(switches, name, terminal, "21", count // 2)
        for terminal in consoles.values():
            terminal.send(_CHECKLIST)
            terminal.run(1.0)
        for _ in range(_ROUNDS):
            _press(moves, BARE, bare, "k", count)
            for name, terminal in consoles.items():
                _press(moves, name, terminal, "jk", count)
        busy[CONSOLE] = _while_judging(wide, count)
    subjects.notes.append(f"{len(busy[CONSOLE].times)} keys were pressed while a revalidation computed.")
    toolong = subjects.toolong(subjects.live)
    if toolong is not None:
        with toolong.open(WIDE) as terminal:
            _wait(terminal, toolong.marker)
            moves[TOOLONG] = press_keys(terminal, ("\x1b[B", "\x1b[A"), count, first_row=0)
    lost = sum(keys.unanswered for found in (moves, switches, busy) for keys in found.values())
    if lost:
        subjects.notes.append(f"{lost} key(s) were not answered by a paint within 2 s.")
    floor = (
        f"bare Textual needs {moves[BARE].at(0.5):.0f} and {moves[BARE].at(0.99):.0f} ms here for one label"
    )
    return [
        *_lines("next row of a list", moves, f"{floor}."),
        *_lines(
            "another screen",
            switches,
            "a switch styles, lays out and paints a whole screen; bare Textual's have one label.",
        ),
        *_lines("during a revalidation", busy, f"{floor}, without a computing child beside it."),
    ]


def _press(found: dict[str, Keys], name: str, terminal: Terminal, keys: str, count: int) -> None:
    """A round's share of `count`, added to what the rounds before found."""
    first_row = 1 if name == BARE else _BODY
    found[name] = found.get(name, Keys((), 0)) + press_keys(
        terminal, keys, count // _ROUNDS, first_row=first_row
    )


def _lines(what: str, found: dict[str, Keys], cause: str) -> list[Line]:
    return [
        Line(
            f"key to paint, {what}, {word}",
            "ms",
            {name: keys.at(share) for name, keys in found.items()},
            budget,
            cause=lambda: cause,
        )
        for word, share, budget in (("p50", 0.5, _MEDIAN), ("p99", 0.99, _WORST))
    ]


def _wait(terminal: Terminal, marker: str) -> None:
    """Raises RuntimeError for a program that does not come to its first values."""
    if terminal.wait_text(marker, PATIENCE) is None:
        raise RuntimeError(f"no {marker!r} on the screen; it says: {terminal.last_words()}")
    terminal.run(SETTLE)


def _while_judging(terminal: Terminal, count: int) -> Keys:
    """Start a revalidation, and press keys as long as its child computes."""
    terminal.send("R")
    terminal.run(0.5)
    terminal.send("y")
    for _ in range(100):
        terminal.run(0.1)
        if has_children(terminal):
            break
    terminal.send(_CHECKLIST)
    terminal.run(1.0)
    return press_keys(terminal, "jk", count, first_row=_BODY, while_true=lambda: has_children(terminal))
