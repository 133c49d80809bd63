"""The alert rules in `config.toml`, read again when the file has changed.

For whoever runs for days: another console edits a threshold, a person the file. Trap avoided: two consoles
that judge one run by different rules, of which one ends what the other has raised.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from core.config.loader import load_settings

if TYPE_CHECKING:
    from core.alerts.rule import Rule


class RulesFile:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, ...] | None = None

    def news(self) -> Mapping[str, Rule] | None:
        """All rules, at first and where the file is another than at the last question; else None.

        Raises UsageError, once for each change, where the file cannot be used: the rules in force then stay.
        """
        signature = self._signature()
        if signature == self._seen:
            return None
        self._seen = signature
        return load_settings(self._path).alerts

    def _signature(self) -> tuple[int, ...]:
        try:
            found = self._path.stat()
        except OSError:
            return ()
        return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
