"""The Runbook screen: what to do about an alert, its checks made, its steps taken and recorded.

Trap avoided: a destructive step behind the key that ticks a harmless one; the console's own deeds ask first,
and enter alone never says yes to them.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.containers import Container

from console.keyboard import key_of
from console.keys import RUNBOOK, Key
from console.runbook_desk import RunbookDesk, find_procedure
from console.screens import runbook_words
from console.screens.list_screen import ListScreen
from console.screens.modals import AskText, Details
from console.screens.runbook_deed import AskDeed
from core.clock import utc_now
from core.runbook.deeds import WORDS
from core.runbook.escalation import EscalationPath
from core.runbook.scenario import Scenario, Step
from widgets.procedure_list import ProcedureList
from widgets.tone import safe

if TYPE_CHECKING:
    from console.runbook_desk import Procedure
    from console.snapshot import Snapshot
    from core.alerts.view import AlertView

_IN_PROCEDURE = {"step.take", "step.next", "runbook.look"}


class Runbook(ListScreen):
    number: ClassVar[int] = RUNBOOK
    name_shown: ClassVar[str] = "Runbook"
    CSS_PATH = "runbook.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._before: list[str] = []
        """The procedures that led to the open one (a scenario to its escalation)."""
        self._placed = ""
        """The procedure whose cursor was put on its first open step."""

    def compose_body(self) -> ComposeResult:
        with Container(id="runbook"):
            yield ProcedureList(id="index")
            yield ProcedureList(id="procedure")

    @property
    def desk(self) -> RunbookDesk:
        return self.session.runbook_desk

    @property
    def _index(self) -> ProcedureList:
        return self.query_one("#index", ProcedureList)

    @property
    def _steps(self) -> ProcedureList:
        return self.query_one("#procedure", ProcedureList)

    @property
    def _procedure(self) -> Procedure | None:
        return find_procedure(self.desk.state.procedure)

    @property
    def acted_on(self) -> ProcedureList:
        return self._steps if self._procedure is not None else self._index

    # Facts.

    def show(self, snapshot: Snapshot) -> None:
        place = self.console.trail.take_runbook()
        if place is not None:
            self._before = []
            self._open(place.procedure)
            if place.procedure and self._procedure is None:
                self.console.say(f"the runbook has no scenario {safe(place.procedure, 80)}", "warning")
        elif self.desk.state.procedure and self.desk.state.looked_at is None:
            self.desk.look()
        self.show_desks()

    def show_desks(self) -> None:
        self._show_all()
        self.console.update_chrome()

    def tick(self, now: datetime) -> None:
        self._show_all()

    def _open(self, name: str) -> None:
        self._placed = ""
        self.desk.open(name)

    def _show_all(self) -> None:
        if not self.is_mounted:
            return
        procedure, state, now = self._procedure, self.desk.state, utc_now()
        picture = self.console.picture
        alerts = picture.alerts if picture is not None else ()
        wide, is_open = self.has_class("-wide"), procedure is not None
        self.set_class(is_open, "-open")
        self._index.display, self._steps.display = wide or not is_open, is_open
        self._index.active, self._steps.active = not is_open, is_open
        self._index.show("runbook", runbook_words.index_items(alerts, narrow=wide and is_open))
        if procedure is not None:
            self._index.select(procedure.id)
        if procedure is None:
            firing = [alert for alert in alerts if alert.firing]
            opens, on_alerts = key_of("procedure.open"), key_of("runbook.open")
            words = f"{opens} opens a scenario, {on_alerts} on Alerts the one of an alert"
            self.answer(
                f"{len(firing)} firing: {words}" if firing else f"nothing is firing: {words}", "plain"
            )
            return
        items = runbook_words.procedure_items(procedure, state, now)
        self._steps.show(safe(procedure.title, 80), items, runbook_words.checked_words(state, now))
        if self._placed != procedure.id:
            self._placed = procedure.id
            following = runbook_words.next_step(procedure, state)
            self._steps.to_start(f"step {following.id}" if following is not None else "")
        self.answer(*runbook_words.answer(procedure, state, self._alert()))

    def _alert(self) -> AlertView | None:
        """The alert in hand, where the open procedure is about it; else the one that leads here."""
        procedure, picture = self._procedure, self.console.picture
        if procedure is None or picture is None:
            return None
        names = {procedure.id, *self._before}
        if (alert := self.console.alert_in_hand()) is not None and (
            alert.runbook in names or isinstance(procedure, EscalationPath)
        ):
            return alert
        return next((alert for alert in picture.alerts if alert.firing and alert.runbook in names), None)

    def hint_words(self, key: Key) -> str:
        is_open = self._procedure is not None
        if key.id in _IN_PROCEDURE and not is_open:
            return ""
        if key.id in ("alert.acknowledge", "alert.logs") and self._alert() is None:
            return ""
        if key.id == "procedure.open" and is_open:
            step = self._step()
            return "" if step is None else "do it" if step.deed is not None else "step"
        return key.words

    # Moving.

    def do_step_next(self) -> None:
        procedure = self._procedure
        if procedure is None:
            return
        step = runbook_words.next_step(procedure, self.desk.state)
        if step is None:
            self.console.say("every step was taken", "good")
        else:
            self._steps.select(f"step {step.id}")
            self._steps.redraw()

    def on_back(self) -> bool:
        """One procedure at a time; the list last, unless it was not what one came from."""
        if self._before:
            self._open(self._before.pop())
        elif self._procedure is not None and self.console.trail.empty:
            self._open("")
        else:
            return False
        self._show_all()
        return True

    # Acting.

    def do_procedure_open(self) -> None:
        """Open the scenario; of a step what will be recorded, which is then asked."""
        if self._procedure is not None:
            self._take(at_once=False)
            return
        self._open(self._index.selected)
        self._show_all()

    def _step(self) -> Step | None:
        procedure, key = self._procedure, self._steps.selected
        if procedure is None or not key.startswith("step "):
            return None
        return next((step for step in procedure.steps if f"step {step.id}" == key), None)

    def do_step_take(self) -> None:
        """Record it; ask for words where its line says something was done, and first where it was taken."""
        self._take(at_once=True)

    def _take(self, *, at_once: bool) -> None:
        """`at_once`: a check that nobody made yet is recorded without a question."""
        step, state = self._step(), self.desk.state
        if self._procedure is None:
            self.console.say(
                f"{key_of('procedure.open')} opens a scenario; its steps are taken there", "warning"
            )
            return
        if step is None:
            self.console.say(f"a step is taken: {key_of('step.next')} goes to the next one", "warning")
            return
        if state.doing:
            self.console.say(f"under way: {state.doing}", "warning")
            return
        alert = self._alert()
        occasion = alert.key if alert is not None else ""
        if step.deed is not None and self.desk.own_workspace is not None:
            self._ask_deed(step, occasion)
        elif at_once and step.kind == "CHECK" and step.id not in state.taken:
            self.desk.take(step, "", occasion)
        else:
            self._ask_note(step, occasion)

    def _ask_note(self, step: Step, occasion: str) -> None:
        facts = [("step", step.text), ("alerts.log", f"[{step.kind}] {step.line}")]
        if (taken := self.desk.state.taken.get(step.id)) is not None:
            facts.append(("taken by", f"{taken.operator}: {taken.note or taken.line}"))

        def answered(note: str | None) -> None:
            if note is not None:
                self.desk.take(step, note, occasion)

        title = "Take the step again" if taken is not None else "Take the step"
        self.app.push_screen(
            AskText(title, tuple(facts), ask="note: what was done, by whom", done="record"), answered
        )

    def _ask_deed(self, step: Step, occasion: str) -> None:
        assert step.deed is not None
        picture = self.console.picture
        run = picture.run.info if picture is not None else None
        facts = [("step", step.text), ("it does", WORDS[step.deed])]
        if run is not None:
            facts.append(("run", f"{run.tag or run.id}, process {run.pid or 'not known'}"))
        facts.append(("alerts.log", f"[ISSUE] {step.line}"))

        def answered(choice: str | None) -> None:
            if choice == "do":
                self.desk.do(step, "", occasion)
            elif choice == "by hand":
                self._ask_note(step, occasion)

        self.app.push_screen(AskDeed(step.text, tuple(facts), step.deed), answered)

    def do_runbook_look(self) -> None:
        self.desk.look()

    def do_escalation_open(self) -> None:
        """The path of the open scenario, or of the alert in hand; without one, the list names them."""
        procedure = self._procedure
        if isinstance(procedure, EscalationPath):
            self.console.say(
                f"this is the escalation: {key_of('step.take')} takes its steps, "
                f"{key_of('text.copy')} copies the text",
                "plain",
            )
            return
        if not isinstance(procedure, Scenario):
            self._index.select("crash")
            self._index.redraw()
            return
        if not procedure.escalation:
            self.console.say(f"the documents name no escalation for {procedure.id}", "warning")
            return
        self._before.append(procedure.id)
        self._open(procedure.escalation)
        self._show_all()

    def do_alert_acknowledge(self) -> None:
        alert = self._alert()
        if alert is None:
            self.console.say("no alert leads here just now", "plain")
            return
        from console.screens.alert_questions import ask_acknowledgement

        ask_acknowledgement(self.console, alert)

    def do_alert_logs(self) -> None:
        alert = self._alert()
        if alert is None:
            self.console.say("no alert leads here just now", "plain")
        else:
            self.console.show_logs_of(alert)

    def do_row_details(self) -> None:
        """What the step's check saw, in full, and what the step writes."""
        step = self._step()
        if step is None:
            self.console.say(f"details are of a step: {key_of('step.next')} goes to the next one", "plain")
            return
        self.app.push_screen(Details("Step", lambda _now: self._step_facts(step)))

    def _step_facts(self, step: Step) -> list[tuple[str, str, str]]:
        state = self.desk.state
        facts = [("", step.text, "bright")]
        if (found := state.sensed.get(step.id)) is not None:
            facts.append(("check", f"{found.state}: {found.text}", "plain"))
            facts += [("", line, "dim") for line in found.lines]
        if step.command:
            facts.append(("command", step.command, "plain"))
        facts.append(("alerts.log", f"[{step.kind}] {step.line}", "plain"))
        if (taken := state.taken.get(step.id)) is not None:
            facts.append(("taken", f"{taken.operator}, {taken.at:%Y-%m-%d %H:%M:%SZ} {taken.note}", "plain"))
        return facts

    def copy_text(self) -> str:
        procedure = self._procedure
        if procedure is None:
            return self.console.screen_text()
        return runbook_words.as_text(procedure, self.desk.state)
