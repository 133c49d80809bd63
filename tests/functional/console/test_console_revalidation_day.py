"""Revalidation day by keys: preparation gates the judgement, phases are signed on a hash, models copied."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

import core.revalidation.worker as worker_module
from console.screens.modals import AskText
from console.screens.revalidate_start import StartJudgement
from console.screens.sign_off import SignForm, SignOff
from console.stores import open_store
from core.checklist.model import ChecklistResult, ItemResult
from core.clock import utc_now
from core.errors import CancelledError


def item(key: str, state: Any, on_fail: Any = "fix", message: str = "") -> ItemResult:
    return ItemResult(
        id=key, key=key, text=key.split(".")[1], kind="sensed", on_fail=on_fail, state=state, message=message
    )


@pytest.fixture
def preparation(monkeypatch: pytest.MonkeyPatch) -> Callable[[ChecklistResult], None]:
    def use(result: ChecklistResult) -> None:
        monkeypatch.setattr("core.checklist.day.run_day_list", lambda *_given, **_named: result)

    return use


BLOCKED = ChecklistResult(
    name="preparation",
    title="Preparation",
    status="BLOCKED",
    items=(
        item("preparation.training_completed", "fail", "block", "the training is RUNNING"),
        item("preparation.backup", "pending"),
        item("preparation.data", "pass"),
    ),
)


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set once the child process would have been started; it judges nothing."""
    began = threading.Event()

    def run(*_given: object) -> None:
        began.set()
        raise CancelledError("cancelled")

    monkeypatch.setattr(worker_module, "run_in_child", run)
    return began


async def seen(given: Any, pilot: Any, words: str) -> str:
    await given.until(pilot, lambda: words in given.text())
    return str(given.text())


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_what_is_blocked_is_said_and_judged_only_with_a_reason_which_is_recorded(
    given: Any, make: Any, preparation: Any, judged: threading.Event, size: tuple[int, int]
) -> None:
    preparation(BLOCKED)
    async with given.app.run_test(size=size) as pilot:
        given.give(make.snapshot())
        await pilot.press("5", "R")
        text = await seen(given, pilot, "BLOCKED: 1 of 3")
        assert "training_completed: the training is RUNNING" in text and "open: backup" in text
        await pilot.press("y", "enter")
        await pilot.pause()
        assert isinstance(given.app.screen, StartJudgement) and not judged.is_set()
        await pilot.press("O")
        await pilot.pause()
        assert isinstance(given.app.screen, AskText)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(given.app.screen, AskText), "an empty reason was taken"
        await pilot.press(*"a rehearsal", "enter")
        await pilot.pause()
        assert given.app.open_screen.number == 5 and judged.wait(5)
    with open_store(given.workspace) as store:
        (entry,) = store.entries("override")
        assert entry.subject == "preparation" and entry.detail["reason"] == "a rehearsal"


async def test_a_ready_preparation_asks_for_no_reason(
    given: Any, make: Any, preparation: Any, judged: threading.Event
) -> None:
    ready = ChecklistResult(name="p", title="P", status="READY", items=BLOCKED.items[2:])
    preparation(ready)
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.give(make.snapshot())
        await pilot.press("5", "R")
        await seen(given, pilot, "READY: 1 of 1")
        await pilot.press("enter")
        assert judged.wait(5)
    with open_store(given.workspace) as store:
        assert store.entries("override") == []


async def test_a_phase_is_signed_with_name_and_role_on_the_hash_of_what_is_signed(
    given: Any, make: Any
) -> None:
    with open_store(given.workspace) as store:
        entry = store.record("preflight", "READY", {}, utc_now())
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.give(make.snapshot())
        await pilot.press("5", "S")
        text = await seen(given, pilot, "Pre-Training Setup")
        assert "Live Deployment" in text and "would sign" in text
        assert entry.hash in "".join(part.strip(" │") for part in text.splitlines())
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(given.app.screen, SignForm) and entry.hash in given.text().replace("\n", "")
        given.app.screen.query_one("#sign-name").value = ""
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(given.app.screen, SignForm) and "missing: name" in given.text()
        await pilot.press(*"Ada", "tab", "ctrl+u", *"Chef", "tab", *"all green", "enter")
        assert "needs the role ML; got Chef" in given.text() and "all green" in given.text()
        await pilot.press("shift+tab", "ctrl+u", *"ML Engineer", "enter")
        await seen(given, pilot, "approved by Ada (ML Engineer): preflight READY")
        await pilot.press("S")
        text = await seen(given, pilot, "Ada (ML Engineer)")
        assert "● signed" in text and "all green" in text
        await pilot.press("enter", "enter")
        await seen(given, pilot, "approved already, by Ada")
        await pilot.press("escape")
        await pilot.press("j", "enter")
        await pilot.pause()
        assert isinstance(given.app.screen, SignOff), "what cannot be signed was asked for"
        assert "cannot be signed" in given.text() and "no training was started" in given.text()
    with open_store(given.workspace) as store:
        (signed,) = store.entries("sign_off")
        assert signed.detail["hash"] == entry.hash and signed.detail["name"] == "Ada"


async def test_the_models_are_backed_up_by_a_key_and_the_hashes_are_said(given: Any, make: Any) -> None:
    given.workspace.models.mkdir(parents=True, exist_ok=True)
    (given.workspace.models / "best_model.zip").write_bytes(b"a model")
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.give(make.snapshot())
        await pilot.press("5", "B")
        await seen(given, pilot, "Back up the models?")
        await pilot.press("y")
        await seen(given, pilot, "1 hashes verified")
    (copy,) = given.workspace.models.parent.glob("*_BACKUP_*/best_model.zip")
    assert copy.read_bytes() == b"a model"
