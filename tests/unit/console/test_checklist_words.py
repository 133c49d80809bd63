"""A list's words: what it amounts to, as the first line and in the list of lists."""

from __future__ import annotations

from console.list_keys import ListKey
from console.screens.checklist_words import answer, details, index_rows
from console.states import ChecklistState
from core.checklist.model import ChecklistResult, ItemResult, ItemState, readiness

KEY = ListKey("2026-02-23", "Mon 23 Feb", None, "2026-02-23T10:00:00Z")


def result(*states: ItemState) -> ChecklistResult:
    items = tuple(
        ItemResult(id=f"i{number}", text="I", kind="sensed", on_fail="fix", state=state)
        for number, state in enumerate(states)
    )
    return ChecklistResult(name="daily", title="Daily", status=readiness(items), items=items)


def row(found: ChecklistResult | None, now: str = "2026-02-24T10:00:00Z") -> tuple[str, str]:
    (each,) = index_rows((KEY,), {KEY.key: found}, now)
    return each.state, each.done


def test_a_day_on_which_nothing_applied_is_not_called_ready() -> None:
    """The run began later: nobody looked at anything."""
    nothing = result("not_applicable", "not_applicable")
    assert row(nothing) == ("n/a", "")
    words, tone = answer(nothing, ChecklistState())
    assert "READY" not in words and tone == "plain"


def test_a_list_tells_how_much_of_what_applies_is_done() -> None:
    assert row(result("pass", "warn", "not_applicable")) == ("READY", "2/2")
    assert row(result("pass", "pending")) == ("FIX", "1/2")
    assert row(None) == ("looking", "")
    assert row(result("pending"), "2026-02-22T10:00:00Z") == ("later", "1")


def test_when_an_item_is_due_is_said_once() -> None:
    due = "2026-02-24T10:00:00Z"
    item = ItemResult(
        id="i", text="I", kind="manual", on_fail="fix", state="pending", due=due, message=f"due {due}"
    )
    assert [fact[:2] for fact in details(item) if "2026-02-24" in fact[1]] == [("due", "2026-02-24 10:00Z")]
