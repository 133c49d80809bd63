"""What `T` does on every screen: the training's dialog, its questions, and the deed.

Trap avoided: a key that starts or ends hours of work at once. Each deed is chosen, then
confirmed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.keyboard import key_of
from widgets.tone import Tone

if TYPE_CHECKING:
    from textual.app import App

    from console.session import ConsoleSession
    from core.training.operate import Deed
    from core.training.plan import TrainRequest

    _App = App[int]
else:
    _App = object


class TrainingMixin(_App):
    """Mixed into `ConsoleApp` through `ActionsMixin`."""

    if TYPE_CHECKING:
        session: ConsoleSession

        def say(self, words: str, tone: Tone = "good") -> None: ...

    def do_training_control(self) -> None:
        if self.session.workspace is None:
            self.say(
                f"training needs a workspace: {key_of('workspace.save')} saves this run as one", "warning"
            )
            return
        from console.screens.training import TrainingDialog

        self.session.training.look()
        self.push_screen(TrainingDialog(self.session, self._training_chosen))

    def _training_chosen(self, deed: Deed) -> None:
        if deed in ("stop", "force"):
            self._ask_stop(force=deed == "force")
            return
        from console.screens.training_form import TrainingForm

        def answered(request: TrainRequest | None) -> None:
            if request is not None:
                self._ask_start(request, fresh=deed == "fresh")

        self.push_screen(TrainingForm(self.session, deed), answered)

    def _ask_start(self, request: TrainRequest, *, fresh: bool) -> None:
        from console.screens.modals import Confirm
        from console.screens.training_facts import start_facts

        facts = start_facts(self.session, request, fresh=fresh)
        yes = "resume it" if request.resume else "start it"

        def answered(sure: bool | None) -> None:
            if sure:
                self.session.training.start(request, fresh=fresh)

        title = "Resume the training?" if request.resume else "Start a new training run?"
        self.push_screen(Confirm(title, facts, yes), answered)

    def _ask_stop(self, *, force: bool) -> None:
        from console.screens.modals import Confirm
        from console.screens.training_facts import stop_facts

        facts = stop_facts(self.session, force=force)
        title = "Stop the training by force?" if force else "Stop the training?"

        def answered(sure: bool | None) -> None:
            if sure:
                self.session.training.stop(force=force)

        yes = "end it" if force else "stop it"
        self.push_screen(Confirm(title, facts, yes, no="let it run", loses=True), answered)
