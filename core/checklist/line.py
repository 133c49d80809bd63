"""What a checklist is made of before it has a date: lines, sections and lists, in two languages.

Data without behaviour; `core.checklist.build` makes items of it. Trap avoided: a translation that drifts away
from its original; both texts of a line stand side by side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from core.checklist.model import ItemKind, OnFail

Language = Literal["en", "pt"]
Document = Literal["000", "001"]
"""The checklist document, the operations manual."""


class Text(NamedTuple):
    en: str
    pt: str

    def of(self, language: Language) -> str:
        return self.pt if language == "pt" else self.en


def same(text: str) -> Text:
    """A text that both languages share, such as a name."""
    return Text(text, text)


NO_TEXT = same("")


@dataclass(frozen=True, slots=True)
class Line:
    """One box of a document."""

    id: str
    """Unique in its section's part of the list."""
    text: Text
    """May name `{logs}`, `{checkpoints}`, `{models}`, `{reports}`, `{approved}` or `{total}`."""
    kind: ItemKind = "sensed"
    on_fail: OnFail = "fix"
    sensor: str = ""
    """Empty: only a person knows."""
    argument: str = ""
    """What the sensor looks at."""
    owner: str = ""
    """Empty: the section's."""
    action: Text = NO_TEXT
    """What the documents say to do where it fails."""


@dataclass(frozen=True, slots=True)
class Section:
    """Lines that are due together."""

    title: Text
    lines: tuple[Line, ...]
    time: str
    """The key of `[schedule]` that says when: `pre_training`."""
    owner: str
    source: Document
    key: str = ""
    """Tells sections apart that hold lines of the same id: `1h`."""
    index: int | None = None
    """Which of the key's several times; None: it has one."""


@dataclass(frozen=True, slots=True)
class Checklist:
    name: str
    """As in `ppo-console checklist NAME`."""
    title: Text
    sections: tuple[Section, ...]
    dated: bool = True
    """Its items belong to one date, which stands in their ids."""

    def line_ids(self) -> tuple[str, ...]:
        """The stable ids of its lines, as `[checklist.items]` names them."""
        return tuple(line_id(self, section, line) for section in self.sections for line in section.lines)


def line_id(checklist: Checklist, section: Section, line: Line) -> str:
    """`preflight.disk_free`, `launch.1h.speed`."""
    return ".".join(part for part in (checklist.name, section.key, line.id) if part)
