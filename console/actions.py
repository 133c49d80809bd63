"""What the keys do that no screen handles itself: switching, questions, leaving.

Trap avoided: an `app.py` of a thousand lines. The methods are named after the key table's ids.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.handover_keys import HandoverMixin
from console.incident import IncidentMixin
from console.keyboard import key_of
from console.keys import ALERTS, CHECKLIST, DASHBOARD, LOGS, REVALIDATE, RUNBOOK, STANDUP, TIMELINE
from console.training_keys import TrainingMixin
from console.workspace_keys import WorkspaceMixin
from core import units
from core.text import visible
from widgets.answer import Answer
from widgets.tone import Tone

if TYPE_CHECKING:
    from console.screens.base import ConsoleScreen
    from console.session import ConsoleSession
    from console.snapshot import Snapshot

INTERRUPTED = 130


class ActionsMixin(IncidentMixin, TrainingMixin, WorkspaceMixin, HandoverMixin):
    """Mixed into `ConsoleApp`."""

    if TYPE_CHECKING:
        session: ConsoleSession
        paused: bool
        held: Snapshot | None

        @property
        def open_screen(self) -> ConsoleScreen: ...
        def update_chrome(self) -> None: ...
        def draw_all(self) -> None: ...
        def say(self, words: str, tone: Tone = "good") -> None: ...

    # Screens.

    def do_screen_dashboard(self) -> None:
        self.open_number(DASHBOARD)

    def do_screen_alerts(self) -> None:
        self.open_number(ALERTS)

    def do_screen_checklist(self) -> None:
        self.open_number(CHECKLIST)

    def do_screen_logs(self) -> None:
        self.open_number(LOGS)

    def do_screen_revalidate(self) -> None:
        self.open_number(REVALIDATE)

    def do_screen_standup(self) -> None:
        self.open_number(STANDUP)

    def do_screen_timeline(self) -> None:
        self.open_number(TIMELINE)

    def do_screen_runbook(self) -> None:
        self.open_number(RUNBOOK)

    # Work.

    def do_revalidate_start(self) -> None:
        why_not = self.session.can_revalidate()
        if why_not is not None:
            self.say(f"cannot revalidate: {why_not}", "warning")
            return
        state = self.session.revalidation
        workspace = self.session.workspace
        shown = workspace.relative if workspace is not None else str
        from console.screens.judged import zip_of
        from console.screens.revalidate_start import StartJudgement

        facts = [
            ("model", shown(zip_of(state.model_path)) if state.model_path else units.MISSING),
            ("data", shown(state.data_dir) if state.data_dir else units.MISSING),
            ("episodes", f"{state.episodes}, or as many as the candles hold; and the whole period"),
            ("rule", f"{state.policy} policy decides; both verdicts are reported"),
        ]
        if workspace is not None and (own := workspace.settings.revalidation.environment):
            facts.insert(2, ("in", f"your own environment {visible(own, 80)}"))
        snapshot = self.session.snapshot
        if snapshot is not None and snapshot.health.status == "RUNNING":
            facts.append(("note", "training is still running: the model may change after this judgement"))

        question = StartJudgement(self.session, tuple(facts))

        def answered(yes: bool | None) -> None:
            if yes:
                self.session.start_revalidation(question.reason)
                self.open_number(REVALIDATE)

        self.push_screen(question, answered)

    def do_sign_off(self) -> None:
        """The five phases: who signed what."""
        if self.session.workspace is None:
            self.say(
                f"nothing can be signed without a workspace: {key_of('workspace.save')} makes one", "warning"
            )
            return
        from console.screens.sign_off import SignOff

        self.push_screen(SignOff(self.session))

    def do_model_backup(self) -> None:
        workspace = self.session.workspace
        if workspace is None:
            self.say("there are no models to back up without a workspace", "warning")
            return
        from console.screens.modals import Confirm

        models = workspace.relative(workspace.models)
        facts = (("copy", models), ("to", f"{models}_BACKUP_…, each file's hash verified"))

        def answered(yes: bool | None) -> None:
            if yes:
                self.session.week_desk.backup()
                self.say("the models are being copied", "plain")

        self.push_screen(Confirm("Back up the models?", facts, "back up"), answered)

    def do_display_redraw(self) -> None:
        self.draw_all()

    def do_display_pause(self) -> None:
        self.paused = not self.paused
        self.held = self.session.snapshot if self.paused else None
        if self.paused:
            self.say("the display holds still; following and alerting go on", "warning")
            return
        self.say("the display follows again", "good")
        if self.session.snapshot is not None:
            self.open_screen.show(self.session.snapshot)

    # Program.

    def do_app_help(self) -> None:
        from console.screens.help import HelpScreen

        screen = self.open_screen
        answer = screen.query_one("#answer", Answer)
        self.push_screen(HelpScreen(screen.number, screen.name_shown, lambda: answer.text))

    def do_app_palette(self) -> None:
        self.action_command_palette()

    def do_app_back(self) -> None:
        self.go_back()

    def do_app_quit(self) -> None:
        """Back first; on the Dashboard, out."""
        if not self.go_back():
            self._leave(0)

    def do_app_leave(self) -> None:
        self._leave(INTERRUPTED)

    def _leave(self, code: int) -> None:
        if not self.session.revalidation.busy:
            self.exit(code)
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.exit(code)

        from console.screens.modals import Confirm

        self.push_screen(
            Confirm(
                "A revalidation is running",
                (("", "Leaving cancels it; nothing will have been decided."),),
                "cancel it and quit",
                no="stay",
                loses=True,
            ),
            answered,
        )
