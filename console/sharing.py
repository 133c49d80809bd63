"""Copy and export: what `y` and `x` do on every screen. Files are written by the clerk, not on the UI thread.

A screen may bring more than its picture: `export_series()` (the series it shows; else all of the run go with
it) and `export_texts()` (file name → text). Trap avoided: "copied" said where the text was too long for it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from console.messages import WorkDone
from core.clock import utc_now
from widgets.tone import Tone

if TYPE_CHECKING:
    from textual.app import App

    from console.exports import Exporter
    from console.screens.base import ConsoleScreen
    from console.session import ConsoleSession
    from core.telemetry.model import Series

    _App = App[int]
else:
    _App = object


class SharingMixin(_App):
    """Mixed into `ConsoleApp` through `ActionsMixin`."""

    if TYPE_CHECKING:
        session: ConsoleSession

        @property
        def open_screen(self) -> ConsoleScreen: ...
        def say(self, words: str, tone: Tone = "good") -> None: ...

    @property
    def exporter(self) -> Exporter:
        from console.exports import Exporter

        workspace = self.session.workspace
        return Exporter((workspace.root if workspace else Path.cwd()) / "exports", self)

    def screen_text(self) -> str:
        """The open screen as text, as it stands."""
        return self.exporter.screen_text()

    def do_text_copy(self) -> None:
        self.copy_out(self.open_screen.name_shown.lower(), self.open_screen.copy_text())

    def copy_out(self, name: str, text: str) -> None:
        """`text` to the clipboard where the terminal allows it, and always to a file whose path is said."""
        exporter, now = self.exporter, utc_now()
        sent = exporter.copy_to_terminal(text)
        words = "sent to the clipboard," if sent else "too long for the clipboard,"

        def write() -> Path:
            return exporter.write_text(f"copy-{name}", text, now)

        self._write(write, lambda path: f"{words} written to {path}")

    def do_screen_export(self) -> None:
        screen, exporter, now = self.open_screen, self.exporter, utc_now()
        name = screen.name_shown.lower()
        contents = {f"{name}.svg": exporter.svg(), f"{name}.txt": self.screen_text()}
        texts = getattr(screen, "export_texts", None)
        contents.update(texts() if texts is not None else {})
        series = self._series_of(screen)

        def write() -> Path:
            from console import exports

            if series:
                contents["series.csv"] = exports.series_csv(series)
                contents["series.json"] = exports.series_json(series)
            return exporter.write_all(name, contents, now)

        self._write(write, lambda folder: f"exported to {folder}/: {', '.join(sorted(contents))}")

    def _series_of(self, screen: ConsoleScreen) -> list[Series]:
        chosen = getattr(screen, "export_series", None)
        if chosen is not None:
            return list(chosen())
        snapshot = self.session.snapshot
        return list(snapshot.run.series.values()) if snapshot is not None else []

    def _write(self, job: Callable[[], Path], words: Callable[[str], str]) -> None:
        """`words`: what to say of the path, as shown."""
        workspace = self.session.workspace

        def work() -> None:
            path = job()
            shown = workspace.relative(path) if workspace is not None else str(path)
            self.session.mailbox.send(WorkDone(words(shown)))

        self.session.clerk.submit(work)
