"""All checklists of the two documents by name.

Trap avoided: a box of a document that no list holds: `docs/coverage.md` names every line, a test compares.
"""

from __future__ import annotations

from core.checklist.catalogue_daily import CHECK_IN, DAILY, LAUNCH, SECOND
from core.checklist.catalogue_preflight import PREFLIGHT
from core.checklist.catalogue_revalidation import ESCALATION, OUTPUTS, PREPARATION, REVALIDATION, SIGN_OFF
from core.checklist.line import Checklist
from core.errors import no_such

CHECKLISTS: dict[str, Checklist] = {
    checklist.name: checklist
    for checklist in (
        PREFLIGHT,
        LAUNCH,
        DAILY,
        CHECK_IN,
        SECOND,
        PREPARATION,
        REVALIDATION,
        OUTPUTS,
        ESCALATION,
        SIGN_OFF,
    )
}
"""In the order of the week."""

OF_A_DAY = ("launch", "daily", "check_in", "second")
"""Lists of every day of the training; the dated others belong to revalidation day."""

LINE_IDS: frozenset[str] = frozenset(each for one in CHECKLISTS.values() for each in one.line_ids())


def checklist_named(name: str) -> Checklist:
    """By its name; a dash counts as an underscore. Raises UsageError with the nearest name."""
    wanted = name.strip().lower().replace("-", "_")
    if wanted in CHECKLISTS:
        return CHECKLISTS[wanted]
    raise no_such("checklist", name, CHECKLISTS, "`ppo-console checklist` lists them.")
