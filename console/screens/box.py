"""A box over a screen: its keys are those of the key table, as `[keys]` changes them.

Trap avoided: a box with keys of its own, which no help names and nobody can change.
"""

from __future__ import annotations

from typing import ClassVar

from textual.screen import ModalScreen, ScreenResultType

from console.box_keys import FORM, box_bindings


class Box(ModalScreen[ScreenResultType]):
    """Subclasses name their row of `console.box_keys`."""

    BOX: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self._bindings = box_bindings(self.BOX, self._bindings)

    def action_leave(self) -> None:
        self.dismiss(None)


class Form(Box[ScreenResultType]):
    """A box with fields; None when left."""

    BOX = FORM
