"""What could not be read on the command line, in the words of every other error: where, expected, got.

Traps avoided: a library's words about its own types; and an empty path, as a variable gives that is not set,
taken for the folder that one stands in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.errors import ConsoleError, UnreadableError, UsageError
from core.text import visible

_EXPECTED = {
    "int_parsing": "a whole number",
    "int_parsing_size": "a smaller number",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
}
"""By pydantic's name of what is wrong."""


def in_words(error: Any) -> ConsoleError:
    """Typer's exception as ours. Its parts: the command's context, the parameter, and pydantic's errors."""
    if error.message.endswith(" is not readable."):  # Typer looks at a path before the command does
        return UnreadableError(visible(_title(error), 400), hint="Check its permissions and its owner.")
    context = getattr(error, "ctx", None)
    command = "ppo-console" if context is None else str(context.command_path)
    return UsageError(visible(_title(error), 400), hint=f"{command} -h shows what it takes.")


def _title(error: Any) -> str:
    parameter = getattr(error, "param", None)
    if parameter is None:
        words = str(error.format_message()).rstrip(".")
        return words[:1].lower() + words[1:]
    where = max(parameter.opts, key=len) if parameter.param_type_name == "option" else parameter.metavar
    found: list[dict[str, Any]] = getattr(error.__cause__, "errors", list)()
    if not found:
        words = str(error.message).rstrip(".")
        return f"{where} is missing" if hasattr(error, "param_type") else f"{where}: {words}"
    first = found[0]
    if first["type"] == "value_error":
        return f"{where}: {first['msg'].removeprefix('Value error, ').rstrip('.')}"
    expected = _EXPECTED.get(first["type"], "").format(**first.get("ctx", {}))
    got = visible(str(first["input"]), 80)
    return (
        f"{where}: expected {expected}, got {got!r}" if expected else f"{where}: {first['msg']}; got {got!r}"
    )


def refuse_empty_paths(command: Any, arguments: Sequence[str]) -> None:
    """Raises UsageError for an empty path or name; the texts of other options may well be empty."""
    of_paths = _options_of_paths(command)
    hint = "Where it comes from a variable: is that set?"
    for before, argument in zip(("", *arguments), arguments, strict=False):
        option = argument[:-1] if argument.endswith("=") else "" if argument else before
        if option in of_paths:
            raise UsageError(f"{option}: expected a path, got an empty text", hint=hint)
        if not argument and not before.startswith("-"):
            raise UsageError("an argument is empty; expected a name or a path", hint=hint)


def _options_of_paths(command: Any) -> set[str]:
    """Of the command and all below it."""
    own = {option for each in command.params if each.type_descriptor.is_path for option in each.opts}
    return own.union(*(_options_of_paths(each) for each in getattr(command, "commands", {}).values()))
