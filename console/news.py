"""What the workers bring: each message says that something changed, and the open screen is shown it.

Trap avoided: news that comes while the program leaves and meets a screen whose widgets are gone; it is drawn
on `_drawn` alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.app import App
from textual.driver import Driver

from console.messages import (
    ChecklistsChanged,
    DesksChanged,
    RevalidationChanged,
    SnapshotArrived,
    StandupChanged,
    TrainingChanged,
    WorkDone,
    WorkFailed,
    WorkspaceSaved,
)
from widgets.screen_tabs import ScreenTabs
from widgets.tone import Tone

if TYPE_CHECKING:
    from console.screens.base import ConsoleScreen
    from console.session import ConsoleSession


class NewsMixin(App[int]):
    """Mixed into `ConsoleApp`."""

    if TYPE_CHECKING:
        session: ConsoleSession
        paused: bool
        reopen: Path | None

        @property
        def _drawn(self) -> ConsoleScreen | None: ...
        def update_chrome(self) -> None: ...
        def say(self, words: str, tone: Tone = "good") -> None: ...
        def open_number(self, number: int) -> None: ...

    @on(ScreenTabs.Chosen)
    def _tab_clicked(self, event: ScreenTabs.Chosen) -> None:
        self.open_number(event.number)

    @on(SnapshotArrived)
    def _snapshot_arrived(self) -> None:
        self.session.mailbox.received(SnapshotArrived)
        snapshot = self.session.snapshot
        if snapshot is None or self.paused:
            return
        self.update_chrome()
        if (screen := self._drawn) is not None:
            screen.show(snapshot)

    @on(RevalidationChanged)
    def _revalidation_changed(self) -> None:
        self.session.mailbox.received(RevalidationChanged)
        self.update_chrome()
        if (screen := self._drawn) is not None:
            screen.show_revalidation(self.session.revalidation)

    @on(ChecklistsChanged)
    def _checklists_changed(self) -> None:
        self.session.mailbox.received(ChecklistsChanged)
        self.update_chrome()
        if (screen := self._drawn) is not None:
            screen.show_checklists(self.session.checklists)

    @on(StandupChanged)
    def _standup_changed(self) -> None:
        self.session.mailbox.received(StandupChanged)
        if (screen := self._drawn) is not None:
            screen.show_standup(self.session.standup)

    @on(TrainingChanged)
    def _training_changed(self) -> None:
        self.session.mailbox.received(TrainingChanged)
        for screen in self.screen_stack:
            if (show := getattr(screen, "show_training", None)) is not None:
                show()

    @on(WorkspaceSaved)
    def _workspace_saved(self, message: WorkspaceSaved) -> None:
        self.reopen = message.root
        self.exit(0)

    @on(DesksChanged)
    def _desks_changed(self) -> None:
        self.session.mailbox.received(DesksChanged)
        if (screen := self._drawn) is not None:
            screen.show_desks()
        for over in self.screen_stack[1:]:
            if (show := getattr(over, "show_desks", None)) is not None:
                show()

    @on(Driver.SignalResume)
    def _come_back(self) -> None:
        """The console was stopped and goes on: the terminal holds nothing of it any more."""
        if self._drawn is not None:
            self.refresh(layout=True)

    @on(WorkDone)
    def _work_done(self, message: WorkDone) -> None:
        self.say(message.words, "good")

    @on(WorkFailed)
    def _work_failed(self, message: WorkFailed) -> None:
        """Above the footer; in full over the screen where the operator waits for it."""
        error = message.error
        self.say(error.title, "critical")
        if message.asked and self._drawn is not None and self.screen is self._drawn:
            from console.screens.modals import Details

            facts = (("", error.title, "plain"), ("", error.hint, "plain"))
            self.push_screen(Details("It did not work", facts))
