"""TensorBoard event files, read incrementally: framed records, checksums, scalars.

Owns the record framing (length, checksum, data, checksum) and the few protobuf fields that hold a scalar.
Traps avoided: TensorBoard's own loader takes a corrupt record for the end of the file, silently and for ever;
here a cut record waits for its rest, a bad checksum is counted, and reading goes on at the next whole record.
A record that claims more than 16 MB is skipped without being held.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

import msgspec

from core.telemetry.crc32c import masked_crc32c

MAX_RECORD = 16 << 20
"""Longest record that is read; scalars take some 60 bytes."""

_HEADER = 12
_FOOTER = 4
_MAX_STEP = 1 << 53
_FLOAT, _DOUBLE = struct.Struct("<f"), struct.Struct("<d")
# A header's length field: 24 low bits not all zero, 40 high bits zero.
_PLAIN = re.compile(
    rb"\x09(.{8})\x10([\x80-\xff]{0,7}[\x00-\x7f])\x2a([\x00-\x7f])\x0a([\x00-\x7f])\x0a([\x00-\x7f])(.+)\x15(.{4})",
    re.DOTALL,
)
"""An event of one scalar as torch's SummaryWriter lays it out: time, step, summary of (tag, value)."""
_LENGTH_FIELD = re.compile(rb"(?=(?!\0\0\0)[\x00-\xff]{3}\0{5})", re.DOTALL)


class DecodeError(ValueError):
    """A record with a good checksum that is no event."""


class Scalar(msgspec.Struct, frozen=True):
    tag: str
    step: int
    value: float
    """As stored: nan and inf are kept."""
    wall_time: float
    """Epoch seconds."""


class Corrupt(msgspec.Struct, frozen=True):
    """Bytes at `offset` that are no valid record."""

    offset: int


class EventReader:
    """Scalars from the consecutive bytes of one event file."""

    def __init__(self) -> None:
        self.restart()

    def restart(self, offset: int = 0) -> None:
        """The next bytes are those at `offset`: the file's start, or a place in it from where the first whole
        record is looked for."""
        self._buffer = b""
        self._offset = offset
        self._skip = 0
        self._lost = offset > 0

    @property
    def offset(self) -> int:
        """The place of the next bytes in the file."""
        return self._offset + len(self._buffer)

    def feed(self, data: bytes) -> Iterator[Scalar | Corrupt]:
        """Take the next bytes; an unfinished record waits. One `Corrupt` for each damaged stretch."""
        self._buffer += data
        at = 0
        while True:
            if self._skip:
                step = min(self._skip, len(self._buffer) - at)
                at, self._skip = at + step, self._skip - step
            if self._lost:
                found = self._resync(at)
                if found is None:
                    at = max(at, len(self._buffer) - (_HEADER - 1))
                    break
                at, self._lost = found, False
            if len(self._buffer) - at < _HEADER:
                break
            length, checksum = struct.unpack_from("<QI", self._buffer, at)
            if not length or masked_crc32c(self._buffer[at : at + 8]) != checksum:
                yield Corrupt(self._offset + at)
                at, self._lost = at + 1, True
                continue
            if length > MAX_RECORD:
                yield Corrupt(self._offset + at)
                self._skip = _HEADER + length + _FOOTER
                continue
            end = at + _HEADER + length
            if len(self._buffer) < end + _FOOTER:
                break
            record = self._buffer[at + _HEADER : end]
            if masked_crc32c(record) != struct.unpack_from("<I", self._buffer, end)[0]:
                yield Corrupt(self._offset + at)
            else:
                try:
                    yield from decode_event(record)
                except DecodeError:
                    yield Corrupt(self._offset + at)
            at = end + _FOOTER
        self._buffer = self._buffer[at:]
        self._offset += at

    def _resync(self, at: int) -> int | None:
        """Where the next header with a good checksum begins."""
        for match in _LENGTH_FIELD.finditer(self._buffer, at):
            place = match.start()
            if len(self._buffer) - place < _HEADER:
                return None
            length, checksum = struct.unpack_from("<QI", self._buffer, place)
            if length <= MAX_RECORD and masked_crc32c(self._buffer[place : place + 8]) == checksum:
                return place
        return None


def decode_event(record: bytes) -> list[Scalar]:
    """The scalars of one `tensorboard.Event`: old-style `simple_value` and rank-0 float or double tensors.

    Fields as in event.proto and summary.proto. Raises DecodeError.
    """
    plain = _PLAIN.fullmatch(record)
    if plain is not None:
        time, number_of_step, summary, value, length, tag, scalar = plain.groups()
        size = len(tag)
        if length[0] == size and value[0] == size + 7 and summary[0] == size + 9:
            step, _ = _varint(number_of_step, 0)
            if step <= _MAX_STEP:
                name = tag.decode("utf-8", "replace")
                return [Scalar(name, step, _FLOAT.unpack(scalar)[0], _DOUBLE.unpack(time)[0])]
    return _decode_fields(record)


def _decode_fields(record: bytes) -> list[Scalar]:
    wall_time, step = 0.0, 0
    summaries: list[bytes] = []
    for number, value in _fields(record):
        if number == 1 and isinstance(value, bytes) and len(value) == 8:
            (wall_time,) = struct.unpack("<d", value)
        elif number == 2 and isinstance(value, int):
            step = value
        elif number == 5 and isinstance(value, bytes):
            summaries.append(value)
    if not summaries:
        return []
    if step > _MAX_STEP:
        raise DecodeError("step out of range")
    scalars = []
    for summary in summaries:
        for number, value in _fields(summary):
            if number == 1 and isinstance(value, bytes):
                tag, scalar = _summary_value(value)
                if tag and scalar is not None:
                    scalars.append(Scalar(tag, step, scalar, wall_time))
    return scalars


def _summary_value(data: bytes) -> tuple[str, float | None]:
    tag, scalar = "", None
    for number, value in _fields(data):
        if not isinstance(value, bytes):
            continue
        if number == 1:
            tag = value.decode("utf-8", "replace")
        elif number == 2 and len(value) == 4:
            (scalar,) = struct.unpack("<f", value)
        elif number == 8:
            scalar = _tensor(value)
    return tag, scalar


def _tensor(data: bytes) -> float | None:
    """A tensor of one float (dtype 1) or double (dtype 2); None for any other."""
    kind, content, packed = 0, b"", b""
    for number, value in _fields(data):
        if number == 1 and isinstance(value, int):
            kind = value
        elif isinstance(value, bytes) and number == 4:
            content = value
        elif isinstance(value, bytes) and number in (5, 6):
            packed = value
    layout = {1: "<f", 2: "<d"}.get(kind)
    raw = content or packed
    if layout is None or len(raw) != struct.calcsize(layout):
        return None
    return float(struct.unpack(layout, raw)[0])


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """`(field number, value)`: an int for a varint, the raw bytes for anything else."""
    at, end = 0, len(data)
    while at < end:
        key, at = _varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(data, at)
            yield key >> 3, value
            continue
        if kind == 2:
            size, at = _varint(data, at)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise DecodeError(f"wire type {kind}")
        if at + size > end:
            raise DecodeError("field past the end")
        yield key >> 3, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value, shift = 0, 0
    while True:
        if at >= len(data) or shift > 63:
            raise DecodeError("bad varint")
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if not byte & 0x80:
            return value, at
        shift += 7
