"""A pickle stream as plain values and named records: nothing is imported, called or instantiated.

`pickletools.genops` cuts the stream into instructions; those that pickling plain objects needs are followed,
any other is refused. Traps avoided: a memo or a nesting that grows without bound, dictionary keys chosen to
collide, and the text of an untrusted value in a message (only type names are said).
"""

from __future__ import annotations

import encodings.raw_unicode_escape  # noqa: F401 - genops looks it up: here, not in the middle of a stream
import pickletools
from dataclasses import dataclass, field
from typing import Any

from core.models.problems import MalformedError, NeedsCodeError
from core.text import visible

MAX_BYTES = 1 << 20
MAX_OPCODES = 200_000
_MAX_KEY = 1 << 31
_PROTOCOL = 5


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Name:
    """`module.attribute` that the stream wants imported."""

    name: str


@dataclass(slots=True, eq=False, repr=False)
class Record:
    """A call that the stream asks for, not made: what, with which arguments, then which state and items."""

    name: str
    arguments: tuple[Any, ...]
    state: Any = None
    items: list[tuple[Any, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Reference:
    """A persistent id: torch's reference to a storage."""

    id: Any


def describe(value: Any) -> str:
    """A value in a few printable words; never its content."""
    match value:
        case Name(name):
            return visible(name, 100)
        case Record(name=name):
            return f"a call of {visible(name, 100)}"
        case str():
            return f"the text {visible(value, 40)!r}"
        case bool() | None:
            return str(value)
        case int() | float() if abs(value) < 1e15:
            return str(value)
    return type(value).__name__.lower()


class _Mark:
    """Where a group of values begins on the stack."""


_MARK = _Mark()
_VALUES = frozenset(
    (
        "BININT",
        "BININT1",
        "BININT2",
        "LONG1",
        "BINFLOAT",
        "SHORT_BINUNICODE",
        "BINUNICODE",
        "BINUNICODE8",
        "SHORT_BINBYTES",
        "BINBYTES",
        "BINBYTES8",
        "BYTEARRAY8",
        "SHORT_BINSTRING",
        "BINSTRING",
    )
)
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_BROKEN = (ValueError, IndexError, KeyError, TypeError, OverflowError, EOFError, MemoryError)
"""What pickletools raises for bytes that are no pickle."""


def decode(
    data: bytes, *, references: bool = False, max_bytes: int = MAX_BYTES, max_opcodes: int = MAX_OPCODES
) -> Any:
    """The value of a pickle stream. `references` allows persistent ids, as torch's files have them.

    Raises MalformedError, and NeedsCodeError for an instruction outside the list.
    """
    if len(data) > max_bytes:
        raise MalformedError(f"expected a pickle of at most {max_bytes:,} bytes, got {len(data):,}")
    machine = _Machine(references)
    try:
        for count, (opcode, argument, position) in enumerate(pickletools.genops(data)):
            if count >= max_opcodes:
                raise MalformedError(f"expected a pickle of at most {max_opcodes:,} instructions")
            if opcode.name == "STOP":
                if position != len(data) - 1:
                    raise MalformedError("a pickle with bytes after its end")
                return machine.result()
            machine.follow(opcode.name, argument, position or 0)
    except _BROKEN as error:
        raise MalformedError(f"no whole pickle: {type(error).__name__}") from None
    raise MalformedError("no whole pickle: it has no end")


class _Machine:
    """The stack and the memo of one stream."""

    def __init__(self, references: bool) -> None:
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        self._references = references

    def result(self) -> Any:
        value = self._pop()
        if self._stack:
            raise MalformedError("a pickle with values left over")
        return value

    def follow(self, name: str, argument: Any, position: int) -> None:
        stack = self._stack
        if name in _VALUES:
            stack.append(bytes(argument) if isinstance(argument, bytearray) else argument)
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name == "MEMOIZE":
            self._memo[len(self._memo)] = self._top()
        elif name in ("BINPUT", "LONG_BINPUT"):
            self._memo[argument] = self._top()
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(self._memo[argument])
        elif name == "MARK":
            stack.append(_MARK)
        elif name == "EMPTY_DICT":
            stack.append({})
        elif name == "EMPTY_LIST":
            stack.append([])
        elif name == "EMPTY_TUPLE":
            stack.append(())
        elif name == "TUPLE":
            stack.append(tuple(self._group()))
        elif name in ("TUPLE1", "TUPLE2", "TUPLE3"):
            stack.append(tuple([self._pop() for _ in range(int(name[-1]))][::-1]))
        elif name in ("SETITEM", "SETITEMS"):
            self._set_items(self._group() if name == "SETITEMS" else [self._pop(), self._pop()][::-1])
        elif name in ("APPEND", "APPENDS"):
            self._append(self._group() if name == "APPENDS" else [self._pop()])
        elif name == "PROTO":
            if argument > _PROTOCOL:
                raise MalformedError(f"expected a pickle protocol up to {_PROTOCOL}, got {argument}")
        elif name != "FRAME":
            self._name_or_call(name, argument, position)

    def _name_or_call(self, name: str, argument: Any, position: int) -> None:
        """The instructions that unpickling would run code for."""
        if name == "GLOBAL":
            self._stack.append(Name(argument.replace(" ", ".", 1)))
        elif name == "STACK_GLOBAL":
            attribute, module = self._pop(), self._pop()
            if type(attribute) is not str or type(module) is not str:
                raise MalformedError("a pickle that names no importable thing")
            self._stack.append(Name(f"{module}.{attribute}"))
        elif name in ("REDUCE", "NEWOBJ"):
            arguments, called = self._pop(), self._pop()
            if type(called) is not Name or type(arguments) is not tuple:
                raise NeedsCodeError(f"a pickle that calls {describe(called)} at byte {position}")
            self._stack.append(Record(called.name, arguments))
        elif name == "BUILD":
            state, target = self._pop(), self._top()
            if type(target) is not Record or target.state is not None:
                raise NeedsCodeError(f"a pickle that sets the state of {describe(target)} at byte {position}")
            target.state = state
        elif name == "BINPERSID" and self._references:
            self._stack.append(Reference(self._pop()))
        else:
            raise NeedsCodeError(f"a pickle with the instruction {name} at byte {position}")

    def _top(self) -> Any:
        if not self._stack or self._stack[-1] is _MARK:
            raise MalformedError("a pickle that takes from an empty stack")
        return self._stack[-1]

    def _pop(self) -> Any:
        value = self._top()
        self._stack.pop()
        return value

    def _group(self) -> list[Any]:
        """What was pushed since the last mark, which goes too."""
        for start in range(len(self._stack) - 1, -1, -1):
            if self._stack[start] is _MARK:
                values = self._stack[start + 1 :]
                del self._stack[start:]
                return values
        raise MalformedError("a pickle that ends a group it did not begin")

    def _set_items(self, flat: list[Any]) -> None:
        if len(flat) % 2:
            raise MalformedError("a pickle with a key that has no value")
        pairs = list(zip(flat[::2], flat[1::2], strict=True))
        target = self._top()
        if type(target) is Record:
            target.items.extend(pairs)
            return
        if type(target) is not dict:
            raise MalformedError(f"a pickle that sets items of {describe(target)}")
        for key, value in pairs:
            if type(key) is not str and not (type(key) is int and abs(key) < _MAX_KEY):
                raise NeedsCodeError(f"a pickle with {describe(key)} as a dictionary's key")
            target[key] = value

    def _append(self, values: list[Any]) -> None:
        target = self._top()
        if type(target) is not list:
            raise MalformedError(f"a pickle that appends to {describe(target)}")
        target.extend(values)
