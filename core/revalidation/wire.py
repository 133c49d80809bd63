"""What parent and child of a revalidation say to each other: JSON lines.

The parent writes the request as one line and keeps the pipe open; the child writes progress, then a result or
an error. Trap avoided: an error that crosses a process and loses its class, hence its exit code.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from core.errors import CancelledError, ConsoleError, RejectedError, UnreadableError, UsageError
from core.revalidation.pipeline import Progress, RevalidationRequest
from core.revalidation.result import RevalidationResult
from core.text import visible

_CLASSES: dict[str, type[ConsoleError]] = {
    kind.__name__: kind for kind in (ConsoleError, UnreadableError, UsageError, RejectedError, CancelledError)
}


class ProgressMessage(msgspec.Struct, frozen=True, tag="progress"):
    progress: Progress


class ResultMessage(msgspec.Struct, frozen=True, tag="result"):
    result: RevalidationResult


class ErrorMessage(msgspec.Struct, frozen=True, tag="error"):
    kind: str
    title: str
    hint: str = ""


Message = ProgressMessage | ResultMessage | ErrorMessage


def encode_request(request: RevalidationRequest) -> bytes:
    """One line."""
    return msgspec.json.encode(request, enc_hook=_encode_path) + b"\n"


def decode_request(line: bytes) -> RevalidationRequest:
    """Raises msgspec.MsgspecError."""
    return msgspec.json.decode(line, type=RevalidationRequest, dec_hook=_decode_path)


def encode_message(message: Message) -> bytes:
    """One line."""
    return msgspec.json.encode(message) + b"\n"


def decode_message(line: bytes) -> Message:
    """Raises msgspec.MsgspecError."""
    message: Message = msgspec.json.decode(line, type=Message)
    return message


def error_message(error: ConsoleError) -> ErrorMessage:
    """The nearest class of the error tree that the parent knows."""
    kind = next(kind.__name__ for kind in type(error).__mro__ if kind.__name__ in _CLASSES)
    return ErrorMessage(kind=kind, title=error.title, hint=error.hint)


def error_from(message: ErrorMessage) -> ConsoleError:
    """The error to raise; its text was made printable."""
    return _CLASSES.get(message.kind, ConsoleError)(visible(message.title), hint=visible(message.hint))


def _encode_path(value: Any) -> str:
    if isinstance(value, Path):
        return str(value)
    raise NotImplementedError(f"{type(value).__name__} cannot cross to the child")


def _decode_path(kind: type, value: Any) -> Any:
    if issubclass(kind, Path):
        return Path(value)
    raise NotImplementedError(f"{kind.__name__} cannot come from the parent")
