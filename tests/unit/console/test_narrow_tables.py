"""Tables of a 60 column terminal: a column leaves whole rather than being cut."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from console.screens.alert_rows import RULE_COLUMNS, SILENCE_COLUMNS, TOLD_COLUMNS
from console.screens.sign_off import _COLUMNS, phase_facts
from core.checklist.signoff import Phase, Signature
from widgets.row_table import Column, RowTable, TableRow

_LIST, _BOX = 54, 45
"""Cells of a row at 60 columns: on a screen, in the sign-off's box."""


@pytest.mark.parametrize(
    ("columns", "width", "stay"),
    [
        (RULE_COLUMNS, _LIST, "rule severity state last"),
        (SILENCE_COLUMNS, _LIST, "state silenced ends by"),
        (TOLD_COLUMNS, _LIST, "queued status target alert"),
        (_COLUMNS, _BOX, "phase signs status"),
    ],
)
def test_no_column_is_cut_at_60_columns(columns: Sequence[Column], width: int, stay: str) -> None:
    table = RowTable("table", columns)
    table.show([TableRow("row", tuple((column.name, "plain") for column in columns))])
    (heading,) = table.top_rows(width)
    (row,) = table.item_rows(0, width)
    for line in (heading, row):
        text = "".join(text for text, _ in line)
        assert text.split() == stay.split() and len(text) <= width


def test_who_signed_stands_in_the_details_too() -> None:
    signed = Signature(
        phase="pre_training",
        name="Ana",
        role="ML",
        operator="ana",
        at="2026-02-23T10:00:00Z",
        verdict="approved",
        note="",
        what="preflight READY",
        hash="ab",
    )
    phase = Phase(
        phase="pre_training", title="Pre-Training Setup", responsible="ML", status="signed", signature=signed
    )
    assert ("by", "Ana (ML), 2026-02-23 10:00Z") in phase_facts(phase)
