"""A titled thin frame: the name at the left of its top line, the latest value and trend at the right.

Trap avoided: a box inside a box. Nothing is drawn inside but the children, which carry no border.
"""

from __future__ import annotations

from textual import events
from textual.containers import Vertical
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from widgets.tone import DIM, RULE, ascii_only, safe


class Panel(Vertical):
    """`Panel("reward", chart, id="reward")`; set `panel.value` to what stands at the title's right."""

    DEFAULT_CSS = """
    Panel { border: round $border-blurred; padding: 0 0; height: 1fr; width: 1fr; }
    Panel:nocolor, Panel.-ascii { border: ascii $border-blurred; }
    Panel.-active { border: round $accent; }
    Panel.-active.-ascii { border: ascii $accent; }
    """

    title_text: reactive[str] = reactive("", init=False)
    value: reactive[Content | str] = reactive("", init=False)
    """At the right end of the top line; a plain string is dimmed."""
    active: reactive[bool] = reactive(False, init=False)
    """The pane that the keys act on."""

    def __init__(
        self,
        title: str,
        *children: Widget,
        value: Content | str = "",
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(*children, id=id, classes=classes)
        self.set_reactive(Panel.title_text, title)
        self.set_reactive(Panel.value, value)
        self.set_class(ascii_only(), "-ascii")

    def on_mount(self) -> None:
        self._write_title()

    def on_resize(self, _event: events.Resize) -> None:
        self._write_title()

    def watch_title_text(self) -> None:
        self._write_title()

    def watch_value(self) -> None:
        self._write_title()

    def watch_active(self, active: bool) -> None:
        self.set_class(active, "-active")
        self._write_title()

    def _write_title(self) -> None:
        room = self.outer_size.width - 4
        name = Content.styled(
            safe(self.title_text, 200), "$accent bold" if self.active else "$foreground bold"
        )
        value = self.value if isinstance(self.value, Content) else Content.styled(safe(self.value, 200), DIM)
        if room < 4:
            self.border_title = ""
            return
        if name.cell_length > room:
            name = name.truncate(room, ellipsis=True)
        gap = room - name.cell_length - value.cell_length - 2
        if not value or gap < 1:
            self.border_title = name
            return
        line = "-" if ascii_only() else "─"
        rule = Content.styled(line * gap, "$accent" if self.active else RULE)
        self.border_title = Content.assemble(name, " ", rule, " ", value)
