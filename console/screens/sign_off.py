"""The sign-off table: five phases, who signed which, in which role, and the hash of what was signed.

Trap avoided: a signature given for something else than was read: what is signed is named with its hash, and
the signer confirms name and role.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from console.keyboard import key_of
from console.screens.box import Form
from console.screens.modals import StandsAlone, box_title, close_key, key_line, scroll_keys
from widgets.row_table import Column, RowTable, TableRow
from widgets.tone import STYLE, Tone, glyph, safe

if TYPE_CHECKING:
    from console.session import ConsoleSession
    from core.checklist.signoff import Phase, Signature, Verdict

_COLUMNS = (
    Column("phase", 24),
    Column("signs", 6),
    Column("status", 12),
    Column("by", 20, grows=True, leaves=1),
)
_TONES: dict[str, Tone] = {
    "signed": "good",
    "rejected": "critical",
    "open": "unknown",
    "not_applicable": "dim",
}


class SignOff(StandsAlone[None]):
    """`enter` signs the phase under the cursor, `x` rejects it."""

    CSS_PATH = ["modals.tcss", "sign_off.tcss"]
    BOX = "the sign-off"

    def __init__(self, session: ConsoleSession) -> None:
        super().__init__()
        self._session = session

    def compose(self) -> ComposeResult:
        with Vertical(classes="question") as box:
            box.border_title = Content.styled("Sign-off", "$accent bold")
            yield RowTable("phases", _COLUMNS, id="phases")
            yield Static(id="facts")
            verdicts = ((key_of(f"phase.{does}"), does) for does in ("sign", "reject"))
            yield Static(key_line(scroll_keys("move"), *verdicts, close_key()), classes="keys")

    def on_mount(self) -> None:
        self._session.week_desk.look("phases")
        self.show_desks()

    @property
    def _table(self) -> RowTable:
        return self.query_one(RowTable)

    @property
    def _phase(self) -> Phase | None:
        found = (each for each in self._session.week_desk.state.phases if each.phase == self._table.selected)
        return next(found, None)

    def show_desks(self) -> None:
        if not self.query("#facts"):
            return
        state = self._session.week_desk.state
        words = state.problem or "The five phases are being read."
        self._table.show([_row(phase) for phase in state.phases], [[(safe(words, 200), "dim")]])
        self._say_facts()

    def _say_facts(self) -> None:
        phase = self._phase
        self.query_one("#facts", Static).update(Content("") if phase is None else _lines(phase_facts(phase)))

    def action_move(self, by: int) -> None:
        self._table.move(by)
        self._say_facts()

    def action_sign(self, verdict: Verdict) -> None:
        phase = self._phase
        if phase is None or phase.problem or phase.status == "not_applicable":
            self.app.bell()
            return
        operator = self._session.operator
        name, role = (operator.name, operator.role) if operator is not None else ("", "")

        def answered(given: Signing | None) -> None:
            if given is not None:
                self._session.week_desk.sign(
                    phase, name=given.name, role=given.role, verdict=verdict, note=given.note
                )
                self.dismiss(None)

        self.app.push_screen(SignForm(phase, verdict, name, role), answered)


def _row(phase: Phase) -> TableRow:
    tone = _TONES[phase.status]
    mark = glyph(tone) if glyph(tone).strip() else "-"
    status = {"not_applicable": "n/a"}.get(phase.status, phase.status)
    by = ""
    if (given := phase.signature) is not None:
        by = _by(given)
        if given.void:
            status, tone, by = "void", "warning", f"was {by}"
    cells = (
        (safe(phase.title, 60), "plain"),
        (safe(phase.responsible, 20), "dim"),
        (f"{mark} {status}", str(tone)),
        (safe(by, 120), "plain"),
    )
    return TableRow(phase.phase, cells)


def _by(given: Signature) -> str:
    return f"{given.name} ({given.role}), {given.at[:16].replace('T', ' ')}Z"


def phase_facts(phase: Phase) -> tuple[tuple[str, str], ...]:
    """What a phase's signature is, or would be, about."""
    facts: list[tuple[str, str]] = []
    given = phase.signature
    if given is not None:
        facts += [("by", _by(given)), ("signed", given.what), ("hash", given.hash)]
        if given.note:
            facts.append(("note", given.note))
        if given.void:
            facts.append(("void", given.void))
    if given is None or given.void:
        if phase.problem:
            facts.append(("cannot be signed", phase.problem))
        else:
            facts += [("would sign", phase.what), ("hash", phase.hash)]
    return tuple(facts)


def _lines(facts: Sequence[tuple[str, str]]) -> Content:
    width = max((len(label) for label, _value in facts), default=0)
    rows = [
        Content.assemble((label.ljust(width + 2), STYLE["dim"]), safe(value, 600)) for label, value in facts
    ]
    return Content("\n").join(rows)


class Signing(NamedTuple):
    name: str
    role: str
    note: str


class SignForm(Form[Signing | None]):
    """Name, role and note; None when left."""

    CSS_PATH = ["modals.tcss", "sign_off.tcss"]

    def __init__(self, phase: Phase, verdict: Verdict, name: str, role: str) -> None:
        super().__init__()
        self._phase, self._verdict = phase, verdict
        self._values = {"name": name, "role": role, "note": ""}

    def compose(self) -> ComposeResult:
        from core.checklist.signoff import objection

        phase, rejects = self._phase, self._verdict == "rejected"
        needs_note = objection(phase, phase.responsible, self._verdict, "") is not None
        tone: Tone = "warning" if rejects else "accent"
        with Vertical(classes="question") as box:
            box.border_title = box_title(f"{'Reject' if rejects else 'Sign'}: {safe(phase.title, 60)}", tone)
            with VerticalScroll(can_focus=False):
                yield Static(
                    _lines((("what", phase.what), ("hash", phase.hash), ("signs", phase.responsible)))
                )
            for field, value in self._values.items():
                need = "may stay empty" if field == "note" and not needs_note else "required"
                yield Static(Content.assemble((field, "bold"), (f"  {need}", STYLE["dim"])), classes="ask")
                yield Input(safe(value, 80), max_length=500, select_on_focus=False, id=f"sign-{field}")
            yield Static("", id="complaint")
            done = "reject" if rejects else "sign"
            yield Static(key_line(("tab", "next"), ("enter", done), ("esc", "leave")), classes="keys")

    def on_mount(self) -> None:
        self.query_one("#sign-name", Input).focus()

    @on(Input.Submitted)
    def _submit(self) -> None:
        """What cannot stand is said here, where all that was typed still stands."""
        from core.checklist.signoff import objection

        given = Signing(*(self.query_one(f"#sign-{field}", Input).value.strip() for field in self._values))
        missing = [field for field in ("name", "role") if not getattr(given, field)]
        refused = objection(self._phase, given.role, self._verdict, given.note)
        words = f"missing: {', '.join(missing)}" if missing else refused.title if refused is not None else ""
        if words:
            words = f"{glyph('warning')} {safe(words, 300)}"
            self.query_one("#complaint", Static).update(Content.styled(words, STYLE["warning"]))
            return
        self.dismiss(given)
