"""What happened since this operator last looked, over the Dashboard or by its key.

Trap avoided: a panel in the way of a key that was already on its way: any key closes it, and what the key
does on the screen below, it still does; in the panel's first moment also a key that the panel itself knows.
"""

from __future__ import annotations

import textwrap
import time
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from console.keyboard import key_of, table
from console.screens.modals import key_line, scroll_keys
from console.screens.reading import Reading
from core.week.handover import GROUPS
from widgets.tone import DIM, STYLE, Tone, glyph, safe

if TYPE_CHECKING:
    from console.app import ConsoleApp
    from core.week.handover import Group, Handover, Happened

_TONES: dict[Group, Tone] = {"overridden": "warning", "due": "warning", "decisions": "accent"}
_SEVERITIES: dict[str, Tone] = {"critical": "critical", "warning": "warning", "info": "unknown"}
_BOX, _AROUND, _INDENT = 104, 6, 30
"""Cells: of the box as in its style sheet, of its border and padding, before words on a line of their own."""
_MOMENT = 0.7
"""Seconds in which nobody has seen the panel and answered it."""
_CLOSING = ("app.back", "app.quit", "app.leave", "handover.open")
_MOST = 12
"""Lines of a group, the newest; the rest is counted."""


class HandoverPanel(Reading):
    CSS_PATH: ClassVar[list[str]] = ["modals.tcss", "handover.tcss"]  # type: ignore[assignment]
    BOX = "the handover"

    def __init__(self, handover: Handover, *, asked: bool = False) -> None:
        """`asked`: the operator opened it, and every key from then on is for it."""
        super().__init__()
        self.handover = handover
        self.asked = asked
        self.unseen_until = 0.0
        """On the monotonic clock: until then a key was meant for the screen below."""

    def compose(self) -> ComposeResult:
        with Vertical(classes="question") as box:
            box.border_title = Content.styled("Since you last looked", "$accent bold")
            with VerticalScroll(can_focus=False):
                yield Static(id="happened")
            yield Static(
                key_line(scroll_keys(), ("any key", "closes"), (key_of("handover.open"), "shows it again")),
                classes="keys",
            )

    def on_mount(self) -> None:
        if not self.asked:
            self.unseen_until = time.monotonic() + _MOMENT
        self.on_resize()

    def on_resize(self) -> None:
        room = min(_BOX, int(self.app.size.width * 0.96)) - _AROUND
        for shown in self.query("#happened").results(Static):  # not there before it is mounted
            shown.update(handover_text(self.handover, room))

    def on_key(self, event: events.Key) -> None:
        """A key that this panel has no use for, or that came too soon for it, closes it and goes on below."""
        if event.key in self._bindings.key_to_bindings:
            closing = [row.keys for row in table() if row.id in _CLOSING]
            if time.monotonic() >= self.unseen_until or event.key in ",".join(closing).split(","):
                return
        event.stop()
        event.prevent_default()
        self.dismiss(None)
        cast("ConsoleApp", self.app).deal_again(event)


def handover_text(found: Handover, room: int) -> Content:
    """By group, oldest first, in lines of `room` cells; the answer first."""
    lines: list[Content] = [Content.styled(safe(found.headline, 400), "bold")]
    for group, words in GROUPS:
        if events_ := found.of(group):
            lines += [Content(""), Content.styled(f"{words}  {len(events_)}", "$foreground bold")]
            if (more := len(events_) - _MOST) > 0:
                lines.append(Content.styled(f"  {more} earlier ones: ppo-console handover", DIM))
            for each in events_[-_MOST:]:
                lines += _lines(each, _TONES.get(group, "plain"), room)
    return Content("\n").join(lines)


def _lines(each: Happened, tone: Tone, room: int) -> list[Content]:
    """What and whose; the words about it beside them, or below where there is no room."""
    fired = each.what in ("firing", "overdue")
    shown: Tone = _SEVERITIES.get(each.severity, "critical") if fired else tone
    mark = glyph(shown) if fired or tone != "plain" else " "
    line = Content.assemble(
        (f"  {each.at[5:10]} {each.at[11:16]}Z  ", DIM),
        (f"{mark} {each.what.replace('_', ' ')}".ljust(14), STYLE[shown]),
        safe(each.subject, 120),
        (f"  {safe(each.who, 40)}" if each.who else "", DIM),
    )
    text = safe(each.text, 300)
    if not text or text.startswith(f"{each.subject} ("):
        return [line]
    if line.cell_length + 2 + len(text) <= room:
        return [Content.assemble(line, (f"  {text}", DIM))]
    below = textwrap.wrap(text, max(16, room - _INDENT))
    return [line, *(Content.styled(" " * _INDENT + part, DIM) for part in below)]
