"""The files of a feed that reads several: how far they were read, and what they hold together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

import msgspec

from core.telemetry.follower import ByteFollower, LineFollower
from core.telemetry.model import Source

Reading = TypeVar("Reading", ByteFollower, LineFollower)


class FollowedFile(msgspec.Struct, Generic[Reading]):
    source: Source
    follower: Reading
    looked: bool = False
    """It was polled since it is followed."""

    @property
    def unread(self) -> bool:
        """There may be more at once."""
        return self.follower.behind or not self.looked


class FollowedFiles:
    """Base of a feed of several files."""

    _files: Sequence[FollowedFile[ByteFollower]] | Sequence[FollowedFile[LineFollower]]

    @property
    def sources(self) -> tuple[Source, ...]:
        return tuple(file.source for file in self._files)

    @property
    def modified(self) -> float | None:
        return max((m for file in self._files if (m := file.follower.modified) is not None), default=None)

    @property
    def behind(self) -> bool:
        return any(file.unread for file in self._files)

    @property
    def place(self) -> tuple[int, int]:
        """(bytes read, bytes there)"""
        places = [(file.follower.offset, file.follower.size) for file in self._files]
        return sum(read for read, _ in places), sum(size for _, size in places)

    @property
    def training(self) -> bool:
        return any(file.source.metrics for file in self._files)

    def close(self) -> None:
        for file in self._files:
            file.follower.close()
