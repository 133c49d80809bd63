"""What a start or resume asks for: symbols, timesteps, a tag, and the reason where the preflight is BLOCKED.

Trap avoided: a number of steps misread; what is no number is said beside the field, nothing is guessed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from console.screens.box import Form
from console.screens.modals import key_line
from console.screens.training import WIDTH
from console.screens.training_facts import Fact, preflight_facts, timesteps_of
from console.screens.wide_details import fact_lines
from core import units
from core.training.plan import TrainRequest
from widgets.tone import STYLE, glyph, safe

if TYPE_CHECKING:
    from console.session import ConsoleSession
    from core.training.operate import Deed

_TITLES: dict[str, str] = {
    "start": "Start a new run",
    "fresh": "Start afresh",
    "resume": "Resume the run",
}


class TrainingForm(Form[TrainRequest | None]):
    """Enter goes to the next field, in the last one on to the confirmation; None when left."""

    CSS_PATH = ["modals.tcss", "training.tcss"]

    def __init__(self, session: ConsoleSession, deed: Deed) -> None:
        super().__init__()
        self._session, self._deed = session, deed
        situation = session.training.state.situation
        self._situation = situation
        self._record = situation.record if situation is not None else None

    def compose(self) -> ComposeResult:
        with Vertical(classes="question") as box:
            box.border_title = Content.styled(_TITLES[self._deed], "$accent bold")
            with VerticalScroll(can_focus=False):
                yield Static(id="facts")
            for name, value, note in self._fields():
                with Horizontal(classes="field", id=f"field-{name}"):
                    yield Static(name, classes="label", markup=False)
                    yield Input(safe(value, 300), max_length=300, select_on_focus=False, id=name)
                    yield Static(note, classes="note", markup=False)
            yield Static("", id="complaint")
            keys = (("enter", "next, then confirm"), ("↑ ↓", "fields"), ("esc", "leave"))
            yield Static(key_line(*keys), classes="keys")

    def _fields(self) -> list[tuple[str, str, str]]:
        """Name, what stands there at first, what may stand there."""
        workspace, record = self._session.workspace, self._record
        assert workspace is not None
        settings = workspace.settings
        reason = ("reason", "", "required: BLOCKED")
        if self._deed == "resume":
            total = record.total_timesteps if record is not None else settings.ppo.total_timesteps
            return [("timesteps", units.number(total), "in total, as 500k or 1M"), reason]
        symbols = ", ".join(record.symbols if record is not None else settings.training.symbols)
        return [
            ("symbols", symbols, "empty: as configured"),
            ("timesteps", units.number(settings.ppo.total_timesteps), "as 500k or 1M"),
            ("tag", (record.tag or "") if record is not None else "", "a name for the run"),
            reason,
        ]

    def on_mount(self) -> None:
        self.show_training()
        self.query(Input).first().focus()

    def show_training(self) -> None:
        """The preflight moved."""
        if not self.query("#facts"):
            return
        state = self._session.training.state
        facts: list[Fact] = []
        if self._deed == "resume" and self._situation is not None:
            step = units.number(self._situation.checkpoint)
            facts.append(("from", f"the checkpoint at step {step}, with its symbols", "plain"))
        facts += preflight_facts(state)
        self.query_one("#facts", Static).update(fact_lines(facts, self.app.size.width, WIDTH))
        self.query_one("#field-reason").display = self._blocked

    @property
    def _blocked(self) -> bool:
        preflight = self._session.training.state.preflight
        return preflight is not None and preflight.status == "BLOCKED"

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        shown = [field for field in self.query(Input) if field.parent is not None and field.parent.display]
        place = shown.index(event.input)
        if place + 1 < len(shown):
            shown[place + 1].focus()
        else:
            self._finish()

    def _finish(self) -> None:
        request = self._request()
        if isinstance(request, TrainRequest):
            self.dismiss(request)
            return
        name, words = request
        self.query_one(f"#{name}", Input).focus()
        complaint = Content.styled(f"{glyph('warning')} {words}", STYLE["warning"])
        self.query_one("#complaint", Static).update(complaint)

    def _request(self) -> TrainRequest | tuple[str, str]:
        """What was asked for; else the field that is wrong, and why."""

        def text(name: str) -> str:
            found = self.query(f"#{name}")
            return found.first(Input).value.strip() if found else ""

        timesteps = timesteps_of(text("timesteps"))
        if timesteps is None:
            return "timesteps", "timesteps: expected a whole number, as 500000, 500k or 1M"
        resume = self._deed == "resume"
        reached = self._situation.checkpoint if self._situation is not None else None
        if resume and reached is not None and timesteps <= reached:
            return "timesteps", f"the run has reached {units.number(reached)}: give a higher total"
        if self._blocked and not text("reason"):
            return "reason", "the preflight is BLOCKED: a reason to start anyway is required"
        return TrainRequest(
            symbols=tuple(part.strip() for part in text("symbols").split(",") if part.strip()),
            timesteps=timesteps,
            tag=text("tag") or None,
            resume=resume,
            override=text("reason") if self._blocked else None,
        )
