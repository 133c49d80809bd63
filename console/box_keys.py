"""Which actions of the key table act in the boxes over a screen, and what a box does at each.

Trap avoided: a list over a screen that moves by other keys than the list beneath it, where a person has keys
of their own.
"""

from __future__ import annotations

from textual.binding import Binding, BindingsMap

from console.keyboard import table

_FAR = 10_000_000
_LEAVE = dict.fromkeys(("app.back", "app.quit", "app.leave"), "leave")
_LINE = {"move.down": "move(1)", "move.up": "move(-1)"}
_ENDS = {"move.top": f"move(-{_FAR})", "move.end": f"move({_FAR})"}
_PAGE = {"page.down": "page(1)", "text.on": "page(1)", "page.up": "page(-1)"}
_QUESTION = {**_LEAVE, **_LINE, "answer.yes": "answer(True)", "answer.no": "leave"}
_TEXT = {**_LEAVE, "row.open": "leave", **_LINE, **_ENDS, **_PAGE}

FORM = "a form"
BOXES: dict[str, dict[str, str]] = {
    "a question": {**_QUESTION, "answer.default": "default"},
    "a judgement's question": {
        **_QUESTION,
        "answer.default": "default",
        "item.override": "override",
        "model.backup": "backup",
    },
    "a step's question": {**_QUESTION, "answer.yes": "answer('do')", "step.by_hand": "answer('by hand')"},
    FORM: {"app.back": "leave", "app.leave": "leave"},
    "details": {**_TEXT, "row.details": "leave"},
    "the help": {**_TEXT, "app.help": "leave"},
    "the handover": {**_TEXT, "handover.open": "leave"},
    "a run's sources": {**_TEXT, "run.sources": "leave"},
    "a log line": {**_TEXT, "text.copy": "copy"},
    "a symbol's trades": {
        **_TEXT,
        "pane.next": "symbol(1)",
        "pane.previous": "symbol(-1)",
        "text.copy": "copy",
    },
    "the sign-off": {
        **_LEAVE,
        **_LINE,
        **_ENDS,
        "sign.off": "leave",
        "phase.sign": "sign('approved')",
        "phase.reject": "sign('rejected')",
    },
    "the training": {
        **_LEAVE,
        **_LINE,
        "pane.next": "move(1)",
        "pane.previous": "move(-1)",
        "training.choose": "pick",
        **{f"training.{deed}": f"choose('{deed}')" for deed in ("start", "resume", "fresh", "stop", "force")},
    },
}
"""By the box's name in words: ids of the key table, and the box's action for each."""

_IN_A_FORM = (
    Binding("escape,ctrl+c", "leave", show=False),
    Binding("down", "app.focus_next", show=False),
    Binding("up", "app.focus_previous", show=False),
)
"""Whatever `[keys]` says: a field takes every character, so that a letter cannot leave it."""


def box_bindings(box: str, inherited: BindingsMap) -> BindingsMap:
    """The keys of a box as this person has them, before those of `inherited`."""
    rows = {row.id: row.keys for row in table()}
    own = BindingsMap(Binding(rows[action], does, show=False) for action, does in BOXES[box].items())
    fixed = BindingsMap(_IN_A_FORM if box == FORM else ())
    found = {**inherited.key_to_bindings, **own.key_to_bindings, **fixed.key_to_bindings}
    return BindingsMap.from_keys(found)
