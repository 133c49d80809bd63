"""What `W` does on every screen: the run that is looked at becomes a workspace, where the console goes on.

Trap avoided: a folder half made while the screen stands still; it is made by the clerk, and asked for first.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.workspace import CONFIG_NAME
from widgets.tone import Tone

if TYPE_CHECKING:
    from textual.app import App

    from console.session import ConsoleSession

    _App = App[int]
else:
    _App = object


_WHAT = (
    "config.toml and the workspace's folders are made; the run stays where it is. Ticks, acknowledgements, "
    "standup and revalidation are then at hand, and alerts.log is kept in the run's folder."
)


class WorkspaceMixin(_App):
    """Mixed into `ConsoleApp` through `ActionsMixin`."""

    if TYPE_CHECKING:
        session: ConsoleSession

        def say(self, words: str, tone: Tone = "good") -> None: ...

    def do_workspace_save(self) -> None:
        workspace, run = self.session.workspace, self.session.target.resolve()
        if workspace is not None and run == workspace.logs.resolve():
            self.say(f"this run has its workspace: {workspace.root}", "warning")
            return
        from console.screens.modals import AskText

        facts = (
            ("run", str(run)),
            ("", _WHAT),
        )
        ask = AskText(
            "Save this run as a workspace",
            facts,
            ask="folder",
            value=str(Path.cwd() / f"{run.stem}-workspace"),
            required=True,
            done="save and go on there",
            refuse=_refused,
        )
        self.push_screen(ask, self._save_workspace)

    def _save_workspace(self, folder: str | None) -> None:
        if not folder:
            return
        from console.messages import WorkspaceSaved
        from core.clock import utc_now
        from core.operations.adopt import adopt_run

        session = self.session

        def job() -> None:
            made = adopt_run(Path(folder), session.target, utc_now())
            session.mailbox.send(WorkspaceSaved(made.root))

        session.clerk.submit(job)


def _refused(folder: str) -> str:
    """What is seen at once is said in the question, where the path still stands."""
    root = Path(folder).expanduser()
    if root.is_file():
        return f"{root} is a file; expected a folder"
    return f"{root} is a workspace already; choose another folder" if (root / CONFIG_NAME).exists() else ""
