"""A zip whose members are the bytes it consists of: stored, unique, nothing before or after them.

stable-baselines3 and torch both write such zips, one inside the other. Traps avoided: a zip cut off after its
inner zip, which opens as that inner zip; members that overlap, declare more than the file holds or appear
twice; names with a path; an index too long to read.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

from core.models.problems import MalformedError, NotWholeError
from core.text import visible

MAX_MEMBERS = 4096
_MAX_INDEX = 1 << 20
_LOCAL, _END, _END64, _LOCATOR = b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_END_SIZE, _END64_SIZE, _LOCATOR_SIZE, _LOCAL_SIZE = 22, 56, 20, 30
TAIL = _END_SIZE + _LOCATOR_SIZE + _END64_SIZE
_CUT = "a zip that is cut off or damaged: its index is not where its end says"
"""As of a zip that is cut off right after the zip inside it."""
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ValueError,
    LookupError,
    OverflowError,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
)
"""What zipfile raises for bytes that are no zip; RuntimeError for an encrypted member."""


class StoredZip:
    """The members of one zip, read by name."""

    def __init__(self, data: bytes) -> None:
        """Raises NotWholeError and MalformedError."""
        index = check_ends(data[:64], data[-TAIL:], len(data))
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except _BROKEN as error:
            raise MalformedError(f"a damaged zip ({type(error).__name__})") from None
        self._members = self._zip.infolist()
        self._check(index)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(member.filename for member in self._members)

    def size(self, name: str) -> int:
        return self._zip.getinfo(name).file_size

    def read(self, name: str, limit: int) -> bytes:
        """A member that is there, of at most `limit` bytes, its checksum verified. Raises MalformedError."""
        member = self._zip.getinfo(name)
        if member.file_size > limit:
            raise MalformedError(
                f"{visible(name, 60)}: expected at most {limit:,} bytes, got {member.file_size:,}"
            )
        try:
            return self._zip.read(member)
        except _BROKEN as error:
            raise MalformedError(f"{visible(name, 60)} is damaged: {type(error).__name__}") from None

    def _check(self, index: int) -> None:
        names = set()
        end = 0
        for member in sorted(self._members, key=lambda member: member.header_offset):
            where = f"the member {visible(member.filename, 60)!r}"
            if member.filename in names:
                raise MalformedError(f"{where} is there twice")
            names.add(member.filename)
            parts = member.filename.split("/")
            if (
                member.filename != member.orig_filename
                or "\\" in member.filename
                or ".." in parts
                or not parts[0]
            ):
                raise MalformedError(f"{where}: a name that leads elsewhere")
            if member.compress_type != zipfile.ZIP_STORED or member.compress_size != member.file_size:
                raise MalformedError(f"{where}: expected it stored as it is, got it compressed")
            if member.header_offset < end:
                raise MalformedError(f"{where} overlaps another member")
            end = member.header_offset + _LOCAL_SIZE + len(member.filename.encode()) + member.file_size
        if end > index:
            raise MalformedError("a member reaches into the zip's index")


def check_ends(head: bytes, tail: bytes, size: int) -> int:
    """Where the index of a zip of `size` bytes begins, once its end says that everything is there.

    `head` are its first bytes, `tail` its last `TAIL` (or all). Raises NotWholeError and MalformedError.
    """
    if not head.startswith(_LOCAL):
        kind = NotWholeError if _LOCAL.startswith(head[:4]) else MalformedError
        raise kind(f"expected a stable-baselines3 zip, got {start_words(head)}")
    at = len(tail) - _END_SIZE
    if at < 0 or tail[at : at + 4] != _END or tail[-2:] != b"\0\0":
        raise NotWholeError(f"a zip that is cut off or damaged: no end in its {size:,} bytes")
    entries, length, start = struct.unpack_from("<10xHII", tail, at)
    if tail[at - _LOCATOR_SIZE : at - _LOCATOR_SIZE + 4] == _LOCATOR and at >= _LOCATOR_SIZE + _END64_SIZE:
        at -= _LOCATOR_SIZE + _END64_SIZE
        points = struct.unpack_from("<Q", tail, at + _END64_SIZE + 8)[0]
        if tail[at : at + 4] != _END64 or points != at + size - len(tail):
            raise NotWholeError(_CUT)
        entries, length, start = struct.unpack_from("<32xQQQ", tail, at)
    if start + length != at + size - len(tail):
        raise NotWholeError(_CUT)
    if entries > MAX_MEMBERS or length > _MAX_INDEX:
        raise MalformedError(f"expected a zip of at most {MAX_MEMBERS:,} members, got {entries:,}")
    return int(start)


def start_words(data: bytes) -> str:
    """What a file is that is no zip, from its first bytes."""
    if not data:
        return "an empty file"
    if data.startswith(b"PK"):
        return "a zip that is cut off or damaged"
    return f"a file that starts with {visible(data[:24].decode('utf-8', 'replace'), 24)!r}"
