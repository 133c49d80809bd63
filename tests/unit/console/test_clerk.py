"""The clerk at leaving: what a person asked for is done, what was only looked at is not waited for."""

from __future__ import annotations

import threading
import time

from console.clerk import Clerk
from console.mailbox import Mailbox


def _clerk() -> Clerk:
    clerk = Clerk(None, Mailbox(), lambda: None)
    clerk.start()
    assert clerk.settled.wait(5.0)
    return clerk


def test_leaving_waits_for_a_record_behind_a_look_and_drops_the_looks_after_it() -> None:
    clerk = _clerk()
    began, go_on = threading.Event(), threading.Event()
    done: list[str] = []

    def long_look() -> None:
        began.set()
        go_on.wait(5.0)
        done.append("look under way")

    clerk.submit(long_look, asked=False)
    assert began.wait(60.0)
    clerk.submit(lambda: done.append("tick"))
    clerk.submit(lambda: done.append("later look"), asked=False)
    clerk.stop()
    threading.Timer(0.2, go_on.set).start()
    clerk.join(5.0)
    assert done == ["look under way", "tick"]


def test_leaving_does_not_wait_for_a_look() -> None:
    clerk = _clerk()
    began, never = threading.Event(), threading.Event()

    def endless() -> None:
        began.set()
        never.wait(300.0)

    clerk.submit(endless, asked=False)
    assert began.wait(60.0)
    clerk.stop()
    before = time.monotonic()
    clerk.join(200.0)
    assert time.monotonic() - before < 60.0, "the look would have held it for 200 s"
    never.set()


def test_a_record_that_fails_is_not_waited_for_for_ever() -> None:
    clerk = _clerk()
    clerk.submit(lambda: 1 / 0)
    clerk.stop()
    clerk.join(5.0)
    assert not clerk._thread.is_alive()
