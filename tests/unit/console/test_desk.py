"""The slow look behind the checklists: what is asked for while one is under way is not lost."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from console.desk import Desk


def test_a_look_asked_for_during_another_is_made_after_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on, done = threading.Semaphore(0), threading.Semaphore(0), []

    def look(self: Desk, workspace: Any) -> None:
        begun.release()
        assert go_on.acquire(timeout=60)
        done.append(workspace)
        if len(done) == 1:
            raise OSError("a look that fails keeps none of the later ones away")

    monkeypatch.setattr(Desk, "_probe_all", look)
    monkeypatch.setattr(Desk, "evaluate", lambda self: None)
    sent: list[Any] = []
    session: Any = SimpleNamespace(workspace="w", mailbox=SimpleNamespace(send=sent.append))
    desk = Desk(session)
    desk.look()
    assert begun.acquire(timeout=60)
    desk.look()
    desk.look()
    go_on.release()
    assert begun.acquire(timeout=60), "the wish that came meanwhile"
    go_on.release()
    for thread in threading.enumerate():
        if thread.name.endswith("(_probe)"):
            thread.join(5)
    assert done == ["w", "w"] and len(sent) == 1
    desk.look()
    assert begun.acquire(timeout=60), "and the next one begins anew"
    go_on.release()
