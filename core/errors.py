"""The one error tree a user can meet: what, where, expected, got, what to do.

Trap avoided: errors turned into ``None``. A function that cannot answer raises one of these; only
``console`` turns them into a line on stderr and an exit code.
"""

from __future__ import annotations

from collections.abc import Collection


class ConsoleError(Exception):
    """Something the user can act on. `title` says what and where in one line, `hint` what to do."""

    exit_code = 1

    def __init__(self, title: str, *, hint: str = "") -> None:
        super().__init__(title)
        self.title = title
        self.hint = hint


class UnreadableError(ConsoleError):
    """Something given could not be read or is invalid: a broken model, a denied folder. Exit code 1."""


class UsageError(ConsoleError):
    """Usage or configuration: an unknown key, a missing path, no terminal. Exit code 2."""

    exit_code = 2


def no_such(
    kind: str, name: str, known: Collection[str], otherwise: str = "", *, also: Collection[str] = ()
) -> UsageError:
    """`name` is none of `known`: which there are and, as the hint, the nearest of them and of `also`."""
    import difflib

    from core.text import visible

    near = difflib.get_close_matches(name.strip().lower(), [*known, *also], n=1)
    return UsageError(
        f"no {kind} {visible(name, 80)}; expected one of {', '.join(known)}",
        hint=f"Did you mean {near[0]}?" if near else otherwise,
    )


class RejectedError(ConsoleError):
    """Judged bad: rejected data, a blocked start, a model that does not match its manifest. Exit code 20."""

    exit_code = 20


class CancelledError(ConsoleError):
    """The user interrupted the work. Exit code 130."""

    exit_code = 130
